// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/dialects/graph/Axes.h"
#include "costate/dialects/graph/Graph.h"

using namespace mlir;
using namespace costate;
using namespace costate::graph;

//===----------------------------------------------------------------------===//
// gather, scatter, scatter_add, scatter_max
//===----------------------------------------------------------------------===//

/// operand [b..., a, r...] and indices [b..., i...] give [b..., i..., r...].
template <typename List>
static auto gatheredShape(const List &operand, const List &indices, int64_t batchDims) {
  auto shape = llvm::to_vector(llvm::ArrayRef(indices));
  llvm::append_range(shape, llvm::ArrayRef(operand).drop_front(batchDims + 1));
  return shape;
}

static LogicalResult verifyIndexed(Operation *op, RankedTensorType operand, RankedTensorType indices, RankedTensorType rows, int64_t batchDims) {
  if (batchDims < 0 || batchDims >= operand.getRank() || batchDims > indices.getRank()) // C1
    return op->emitOpError() << "requires 'batch_dims' below the operand's rank and up to the indices' (" << operand.getRank() << ", "
                             << indices.getRank() << "), but got " << batchDims;
  for (int64_t axis = 0; axis < batchDims; ++axis)
    if (!mayEqual(operand.getDimSize(axis), indices.getDimSize(axis))) // C2
      return op->emitOpError() << "requires equal extents of batch axis " << axis << ", but got " << operand.getDimSize(axis) << " and "
                               << indices.getDimSize(axis);
  return verifyShape(op, rows, gatheredShape(operand.getShape(), indices.getShape(), batchDims));
}

LogicalResult GatherOp::verify() {
  return verifyIndexed(*this, getOperand().getType(), getIndices().getType(), getResult().getType(), getBatchDims());
}

Dims GatherOp::inferDimensions(unsigned, DimensionsOf of) { return gatheredShape(of(getOperand()), of(getIndices()), getBatchDims()); }

#define SCATTER(Op)                                                                                                             \
  LogicalResult Op::verify() {                                                                                                  \
    return verifyIndexed(*this, getOperand().getType(), getIndices().getType(), getUpdates().getType(), getBatchDims());        \
  }                                                                                                                             \
  Dims Op::inferDimensions(unsigned, DimensionsOf of) { return of(getOperand()); }
SCATTER(ScatterOp)
SCATTER(ScatterAddOp)
SCATTER(ScatterMaxOp)
#undef SCATTER

//===----------------------------------------------------------------------===//
// dynamic_slice, dynamic_update_slice
//===----------------------------------------------------------------------===//

static LogicalResult verifyStarts(Operation *op, ValueRange starts, int64_t rank) { // C1
  if (failed(verifyCount(op, "starts", starts.size(), rank, "axis")))
    return failure();
  for (Value start : starts)
    if (cast<RankedTensorType>(start.getType()).getRank() != 0)
      return op->emitOpError() << "requires scalar starts, but got " << start.getType();
  return success();
}

LogicalResult DynamicSliceOp::verify() {
  RankedTensorType from = getOperand().getType();
  if (failed(verifyStarts(*this, getStarts(), from.getRank())) ||
      failed(verifyCount(*this, "sizes", getSizes().size(), from.getRank(), "axis"))) // C1
    return failure();
  for (auto [size, extent] : llvm::zip_equal(toDims(getSizes()), from.getShape()))
    if (size.constant() && !ShapedType::isDynamic(extent) && *size.constant() > extent)
      return emitOpError() << "requires sizes up to the operand's extents, but got " << size.str() << " of " << extent;
  return verifyShape(*this, getResult().getType(), getSizes()); // C2
}

Dims DynamicSliceOp::inferDimensions(unsigned, DimensionsOf) { return toDims(getSizes()); }

/// A block fits into a tensor.
static Dims fitting(ArrayRef<DimAttr> sizes, ArrayRef<DimAttr> extents) {
  return llvm::map_to_vector(llvm::zip_equal(sizes, extents), [](auto pair) { return std::get<1>(pair) - std::get<0>(pair); });
}

Dims DynamicSliceOp::requirements(DimensionsOf of) { return fitting(toDims(getSizes()), of(getOperand())); }

LogicalResult DynamicUpdateSliceOp::verify() {
  RankedTensorType into = getOperand().getType(), update = getUpdate().getType();
  if (failed(verifyStarts(*this, getStarts(), into.getRank()))) // C1
    return failure();
  bool fits = update.getRank() == into.getRank() && llvm::all_of(llvm::zip_equal(update.getShape(), into.getShape()), [](auto pair) {
                auto [size, extent] = pair;
                return ShapedType::isDynamic(size) || ShapedType::isDynamic(extent) || size <= extent;
              });
  if (!fits) // C2
    return emitOpError() << "requires an update that fits into " << into << ", but got " << update;
  return success();
}

Dims DynamicUpdateSliceOp::inferDimensions(unsigned, DimensionsOf of) { return of(getOperand()); }

Dims DynamicUpdateSliceOp::requirements(DimensionsOf of) { return fitting(of(getUpdate()), of(getOperand())); }

//===----------------------------------------------------------------------===//
// sort, top_k
//===----------------------------------------------------------------------===//

LogicalResult SortOp::verify() {
  if (getOperands().empty()) // C1
    return emitOpError() << "requires at least one operand";
  auto key = cast<RankedTensorType>(getOperands().front().getType());
  for (Value operand : getOperands())
    if (failed(verifyCompatibleShape(operand.getType(), key))) // C1
      return emitOpError() << "requires operands of one shape, but got " << key << " and " << operand.getType();
  int64_t axis = getAxis();
  if (failed(verifyInRange(*this, "axis", axis, key.getRank()))) // C2
    return failure();
  if (getOperands().getTypes() != getOutputs().getTypes()) // C3
    return emitOpError() << "requires results of the operands' types";
  return success();
}

Dims SortOp::inferDimensions(unsigned, DimensionsOf of) { return of(getOperands().front()); }

LogicalResult TopKOp::verify() {
  RankedTensorType from = getOperand().getType();
  if (from.getRank() == 0)
    return emitOpError() << "requires an operand of rank >= 1";
  int64_t last = from.getShape().back();
  std::optional<int64_t> k = getK().constant();
  if (k && (*k < 0 || (!ShapedType::isDynamic(last) && *k > last))) // C1
    return emitOpError() << "requires 'k' in [0, " << last << "], but got " << *k;
  SmallVector<int64_t> shape(from.getShape()); // C2
  shape.back() = getK().extent();
  if (failed(verifyShape(*this, getValues().getType(), shape)))
    return failure();
  return verifyShape(*this, getIndices().getType(), shape);
}

Dims TopKOp::inferDimensions(unsigned, DimensionsOf of) {
  Dims dims = of(getOperand());
  dims.back() = getK();
  return dims;
}

Dims TopKOp::requirements(DimensionsOf of) { return {getK(), of(getOperand()).back() - getK()}; } // C1
