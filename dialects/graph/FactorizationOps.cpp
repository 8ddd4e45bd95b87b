// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/dialects/graph/Axes.h"
#include "costate/dialects/graph/Graph.h"

using namespace mlir;
using namespace costate;
using namespace costate::graph;

static LogicalResult verifySquare(Operation *op, RankedTensorType type) {
  if (type.getRank() < 2 || !mayEqual(type.getShape().back(), type.getShape().drop_back().back()))
    return op->emitOpError() << "requires square matrices, but got " << type;
  return success();
}

LogicalResult CholeskyOp::verify() { return verifySquare(*this, getOperand().getType()); } // C1

Dims CholeskyOp::inferDimensions(unsigned, DimensionsOf of) { return of(getOperand()); }

LogicalResult TriangularSolveOp::verify() {
  RankedTensorType a = getA().getType(), b = getB().getType();
  if (failed(verifySquare(*this, a)))
    return failure();
  bool fits = a.getRank() == b.getRank() && llvm::all_of(llvm::zip_equal(a.getShape().drop_back(), b.getShape().drop_back()), [](auto pair) {
                return mayEqual(std::get<0>(pair), std::get<1>(pair));
              });
  if (!fits) // C1
    return emitOpError() << "requires 'b' to have the leading extents of 'a', but got " << a << " and " << b;
  return success();
}

Dims TriangularSolveOp::inferDimensions(unsigned, DimensionsOf of) { return of(getB()); }
