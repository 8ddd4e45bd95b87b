// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/dialects/graph/Axes.h"
#include "costate/dialects/graph/Graph.h"

using namespace mlir;
using namespace costate;
using namespace costate::graph;

//===----------------------------------------------------------------------===//
// constant, extent, iota
//===----------------------------------------------------------------------===//

Dims ConstantOp::inferDimensions(unsigned, DimensionsOf) { return {}; }

Dims ExtentOp::inferDimensions(unsigned, DimensionsOf) { return {}; }

LogicalResult IotaOp::verify() {
  int64_t axis = getAxis();
  if (failed(verifyInRange(*this, "axis", axis, getShape().size()))) // C1
    return failure();
  return verifyShape(*this, getResult().getType(), getShape()); // C2
}

Dims IotaOp::inferDimensions(unsigned, DimensionsOf) { return toDims(getShape()); }

//===----------------------------------------------------------------------===//
// broadcast_in_dim
//===----------------------------------------------------------------------===//

LogicalResult BroadcastInDimOp::verify() {
  RankedTensorType from = getOperand().getType();
  if (failed(verifyCount(*this, "dims", getDims().size(), from.getRank(), "axis")) ||
      failed(verifyAscending(*this, "dims", getDims(), getShape().size()))) // C1
    return failure();
  Dims shape = toDims(getShape());
  for (auto [axis, dim] : llvm::enumerate(getDims()))
    if (int64_t extent = from.getDimSize(axis); extent != 1 && !mayEqual(extent, shape[dim].extent())) // C2
      return emitOpError() << "requires axis " << axis << " of extent 1 or " << shape[dim].str() << ", but got " << extent;
  return verifyShape(*this, getResult().getType(), getShape()); // C3
}

Dims BroadcastInDimOp::inferDimensions(unsigned, DimensionsOf) { return toDims(getShape()); }

//===----------------------------------------------------------------------===//
// reshape
//===----------------------------------------------------------------------===//

LogicalResult ReshapeOp::verify() {
  RankedTensorType from = getOperand().getType(), to = getResult().getType();
  if (from.hasStaticShape() && to.hasStaticShape() && from.getNumElements() != to.getNumElements()) // C1
    return emitOpError() << "requires as many elements as the operand has (" << from.getNumElements() << "), but got " << to.getNumElements();
  return verifyShape(*this, to, getShape()); // C2
}

Dims ReshapeOp::inferDimensions(unsigned, DimensionsOf) { return toDims(getShape()); }

//===----------------------------------------------------------------------===//
// transpose
//===----------------------------------------------------------------------===//

LogicalResult TransposeOp::verify() {
  RankedTensorType from = getOperand().getType();
  ArrayRef<int64_t> permutation = getPermutation();
  if (failed(verifyCount(*this, "permutation", permutation.size(), from.getRank(), "axis")) ||
      failed(verifyInRange(*this, "permutation", permutation, from.getRank())))
    return failure();
  llvm::SmallDenseSet<int64_t> seen(permutation.begin(), permutation.end());
  if (seen.size() != permutation.size()) // C1
    return emitOpError() << "requires 'permutation' to name each axis once";
  return verifyShape(*this, getResult().getType(), take(from.getShape(), permutation)); // C2
}

Dims TransposeOp::inferDimensions(unsigned, DimensionsOf of) { return take(of(getOperand()), getPermutation()); }

//===----------------------------------------------------------------------===//
// slice
//===----------------------------------------------------------------------===//

LogicalResult SliceOp::verify() {
  RankedTensorType from = getOperand().getType();
  for (auto [name, count] : {std::pair<StringRef, size_t>{"starts", getStarts().size()},
                             {"sizes", getSizes().size()},
                             {"strides", getStrides().size()}}) // C1
    if (failed(verifyCount(*this, name, count, from.getRank(), "axis")))
      return failure();
  Dims starts = toDims(getStarts()), sizes = toDims(getSizes());
  for (int64_t axis = 0; axis < from.getRank(); ++axis) {
    if (getStrides()[axis] < 1) // C1
      return emitOpError() << "requires 'strides' to be positive, but got " << getStrides()[axis];
    std::optional<int64_t> start = starts[axis].constant(), size = sizes[axis].constant();
    if ((start && *start < 0) || (size && *size < 0))
      return emitOpError() << "requires 'starts' and 'sizes' not to be negative, but got " << starts[axis].str() << " and " << sizes[axis].str();
    if (start && size && *size > 0 && !from.isDynamicDim(axis) &&
        *start + (*size - 1) * getStrides()[axis] >= from.getDimSize(axis)) // C2
      return emitOpError() << "requires the last element of axis " << axis << " to lie in [0, " << from.getDimSize(axis) << "), but got "
                           << *start + (*size - 1) * getStrides()[axis];
  }
  return verifyShape(*this, getResult().getType(), getSizes()); // C3
}

Dims SliceOp::inferDimensions(unsigned, DimensionsOf) { return toDims(getSizes()); }

Dims SliceOp::requirements(DimensionsOf of) { // C2
  Dims required;
  DimAttr one = DimAttr::get(getContext(), int64_t(1));
  for (auto [start, size, stride, extent] : llvm::zip_equal(toDims(getStarts()), toDims(getSizes()), getStrides(), of(getOperand()))) {
    required.push_back(start);
    required.push_back(extent - start - (size - one) * DimAttr::get(getContext(), stride) - one);
  }
  return required;
}

//===----------------------------------------------------------------------===//
// pad
//===----------------------------------------------------------------------===//

/// low + max(0, n + (n - 1) * interior) + high, per axis.
static Dims paddedDims(PadOp op, ArrayRef<DimAttr> from) {
  MLIRContext *context = op.getContext();
  Dims dims, low = toDims(op.getLow()), high = toDims(op.getHigh());
  DimAttr one = DimAttr::get(context, int64_t(1)), zero = DimAttr::get(context, int64_t(0));
  for (auto [axis, n] : llvm::enumerate(from)) {
    DimAttr inner = n;
    if (int64_t interior = op.getInterior()[axis])
      inner = DimAttr::max(zero, n + (n - one) * DimAttr::get(context, interior));
    dims.push_back(low[axis] + inner + high[axis]);
  }
  return dims;
}

LogicalResult PadOp::verify() {
  RankedTensorType from = getOperand().getType();
  for (auto [name, count] : {std::pair<StringRef, size_t>{"low", getLow().size()},
                             {"high", getHigh().size()},
                             {"interior", getInterior().size()}}) // C1
    if (failed(verifyCount(*this, name, count, from.getRank(), "axis")))
      return failure();
  if (getValue().getType().getRank() != 0)
    return emitOpError() << "requires 'value' to be a scalar, but got " << getValue().getType();
  auto isNegative = [](DimAttr dim) { return dim.constant().value_or(0) < 0; };
  if (llvm::any_of(toDims(getLow()), isNegative) || llvm::any_of(toDims(getHigh()), isNegative) ||
      llvm::any_of(getInterior(), [](int64_t n) { return n < 0; })) // C1
    return emitOpError() << "requires 'low', 'high' and 'interior' not to be negative";
  Dims unknown = llvm::map_to_vector(from.getShape(), [&](int64_t extent) {
    return ShapedType::isDynamic(extent) ? DimAttr::get(getContext(), "?") : DimAttr::get(getContext(), extent);
  });
  return verifyShape(*this, getResult().getType(), typeOf(paddedDims(*this, unknown), from.getElementType()).getShape()); // C2
}

Dims PadOp::inferDimensions(unsigned, DimensionsOf of) { return paddedDims(*this, of(getOperand())); }

//===----------------------------------------------------------------------===//
// concatenate
//===----------------------------------------------------------------------===//

LogicalResult ConcatenateOp::verify() {
  if (getOperands().empty()) // C1
    return emitOpError() << "requires at least one operand";
  auto result = getResult().getType();
  int64_t axis = getAxis(), sum = 0;
  if (failed(verifyInRange(*this, "axis", axis, result.getRank())))
    return failure();
  for (Value operand : getOperands()) { // C2
    auto type = cast<RankedTensorType>(operand.getType());
    if (type.getElementType() != result.getElementType() || type.getRank() != result.getRank())
      return emitOpError() << "requires operands of the result's element type and rank, but got " << type << " and " << result;
    for (int64_t i = 0; i < type.getRank(); ++i)
      if (i != axis && !mayEqual(type.getDimSize(i), result.getDimSize(i)))
        return emitOpError() << "requires equal extents of axis " << i << ", but got " << type.getDimSize(i) << " and " << result.getDimSize(i);
    sum = type.isDynamicDim(axis) || ShapedType::isDynamic(sum) ? ShapedType::kDynamic : sum + type.getDimSize(axis);
  }
  if (!mayEqual(sum, result.getDimSize(axis)))
    return emitOpError() << "requires extents of axis " << axis << " to sum to " << result.getDimSize(axis) << ", but got " << sum;
  return success();
}

Dims ConcatenateOp::inferDimensions(unsigned, DimensionsOf of) {
  Dims dims = of(getOperands().front());
  for (Value operand : getOperands().drop_front())
    dims[getAxis()] = dims[getAxis()] + of(operand)[getAxis()];
  return dims;
}

//===----------------------------------------------------------------------===//
// reverse
//===----------------------------------------------------------------------===//

LogicalResult ReverseOp::verify() { return verifyAscending(*this, "axes", getAxes(), getOperand().getType().getRank()); } // C1

Dims ReverseOp::inferDimensions(unsigned, DimensionsOf of) { return of(getOperand()); }
