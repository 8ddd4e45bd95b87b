// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/dialects/graph/Axes.h"
#include "costate/dialects/graph/Graph.h"

using namespace mlir;
using namespace costate;
using namespace costate::graph;

LogicalResult RandomOp::verify() {
  RankedTensorType result = getResult().getType();
  SmallVector<int64_t> shape(getKey().getType().getShape());
  llvm::append_range(shape, typeOf(toDims(getShape()), result.getElementType()).getShape());
  if (failed(verifyShape(*this, result, shape))) // C1
    return failure();
  bool isBits = getDistribution() == Distribution::bits;
  if (isBits ? !result.getElementType().isInteger(32) : !isa<FloatType>(result.getElementType())) // C2
    return emitOpError() << "requires " << (isBits ? "i32" : "a float") << " for '" << stringifyDistribution(getDistribution()) << "', but got "
                         << result.getElementType();
  return success();
}

Dims RandomOp::inferDimensions(unsigned, DimensionsOf of) {
  Dims dims = of(getKey());
  llvm::append_range(dims, toDims(getShape()));
  return dims;
}
