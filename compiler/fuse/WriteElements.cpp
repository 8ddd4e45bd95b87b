// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The value of a tensor at an index: a load if it is in memory, else an expression of elements of the operands. Broadcasts, transposes,
// slices, pads and gathers are index maps here and leave nothing behind.
#include "costate/compiler/fuse/KernelWriter.h"

#include "costate/compiler/fuse/ScalarMath.h"
#include "costate/dialects/graph/Graph.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace costate::graph;

namespace costate::fuse {

Value KernelWriter::element(Value tensor, ValueRange indices) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (llvm::is_contained(type.getShape(), 0))
    return zero(arithmeticType(type.getElementType())); // of an empty part: nothing is there to read, and something else is chosen
  std::vector<void *> key;
  for (Value index : indices) {
    // Constants are made anew at each use; equal ones name one element.
    IntegerAttr constant;
    key.push_back(matchPattern(index, m_Constant(&constant)) ? const_cast<void *>(constant.getAsOpaquePointer()) : index.getAsOpaquePointer());
  }
  Value &known = computed[{tensor.getAsOpaquePointer(), key}];
  if (known)
    return known;
  Operation *op = tensor.getDefiningOp();
  bool isInPlace = op && !stages.contains(tensor) && (!isAvailable(tensor) || llvm::is_contained(bundle, op));
  if (isInPlace)
    return computed[{tensor.getAsOpaquePointer(), key}] = computeElement(op, indices);
  return known = type.getRank() == 0 ? scalar(tensor) : load(tensor, indices);
}

Value KernelWriter::computeElement(Operation *op, ValueRange indices) {
  if (op->hasTrait<Elementwise>()) {
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(element(operand, indices));
    Value value = emitScalar(b, op, operands);
    failed |= !value;
    return value ? value : zero(cast<RankedTensorType>(op->getResult(0).getType()).getElementType());
  }
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](ConstantOp op) -> Value {
        return emitSplat(b, op.getLoc(), op.getValue());
      })
      .Case([&](BroadcastInDimOp op) {
        Dims from = dimensions.of(op.getOperand()), to = toDims(op.getShape());
        Indices at;
        for (auto [axis, place] : llvm::enumerate(op.getDims()))
          at.push_back(from[axis] == to[place] ? indices[place] : index(int64_t(0)));
        return element(op.getOperand(), at);
      })
      .Case([&](TransposeOp op) {
        Indices at(indices.size());
        for (auto [place, axis] : llvm::enumerate(op.getPermutation()))
          at[axis] = indices[place];
        return element(op.getOperand(), at);
      })
      .Case([&](ReshapeOp op) {
        return element(op.getOperand(), reshapedIndices(dimensions.of(op.getOperand()), toDims(op.getShape()), indices));
      })
      .Case([&](SliceOp op) {
        Indices at;
        for (auto [start, stride, place] : llvm::zip_equal(toDims(op.getStarts()), op.getStrides(), indices))
          at.push_back(add(multiply(place, index(stride)), index(start)));
        return element(op.getOperand(), at);
      })
      .Case([&](DynamicSliceOp op) {
        Dims from = dimensions.of(op.getOperand()), sizes = toDims(op.getSizes());
        Indices at;
        for (auto [axis, start] : llvm::enumerate(op.getStarts()))
          at.push_back(from[axis] == sizes[axis] ? indices[axis] : add(clampedStart(start, from[axis], sizes[axis]), indices[axis]));
        return element(op.getOperand(), at);
      })
      .Case([&](PadOp op) { return elementOfPad(op, indices); })
      .Case([&](ConcatenateOp op) { return elementOfConcatenate(op, indices); })
      .Case([&](ReverseOp op) {
        Dims dims = dimensions.of(op.getOperand());
        Indices at(indices.begin(), indices.end());
        for (int64_t axis : op.getAxes())
          at[axis] = subtract(subtract(index(dims[axis]), index(1)), indices[axis]);
        return element(op.getOperand(), at);
      })
      .Case([&](IotaOp op) -> Value {
        Type type = arithmeticType(op.getType().getElementType());
        Value place = indices[op.getAxis()];
        if (isa<IntegerType>(type))
          return arith::IndexCastOp::create(b, loc, type, place);
        return arith::SIToFPOp::create(b, loc, type, arith::IndexCastOp::create(b, loc, b.getI64Type(), place));
      })
      .Case([&](GatherOp op) -> Value {
        int64_t shared = op.getBatchDims(), rank = op.getIndices().getType().getRank();
        Dims dims = dimensions.of(op.getOperand());
        auto [row, isInside] = place(op.getIndices(), indices.take_front(rank), dims[shared]);
        Indices at(indices.take_front(shared));
        at.push_back(row);
        llvm::append_range(at, indices.drop_front(rank));
        Value value = element(op.getOperand(), at);
        return isInside ? arith::SelectOp::create(b, loc, isInside, value, zero(value.getType())) : value;
      })
      .Case([&](RandomOp op) { return elementOfRandom(op, indices); });
}

std::pair<Value, Value> KernelWriter::place(Value places, ValueRange indices, DimAttr dim) {
  Value at = arith::IndexCastOp::create(b, loc, b.getIndexType(), element(places, indices)), extent = index(dim), isInside;
  llvm::ConstantRange range = rangeOf(places, dimensions);
  if (!dim.constant() || range.getSignedMin().isNegative() || range.getSignedMax().sge(*dim.constant()))
    isInside = both(arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, at, index(int64_t(0))), isLess(at, extent));
  return {clamp(at, subtract(extent, index(1))), isInside}; // clamped even then: Halide asks for bounds
}

Value KernelWriter::clampedStart(Value start, DimAttr extent, DimAttr size) {
  Value at = arith::IndexCastOp::create(b, loc, b.getIndexType(), element(start, {}));
  return clamp(at, subtract(index(extent), index(size)));
}

Value KernelWriter::elementOfPad(Operation *op, ValueRange indices) {
  auto pad = cast<PadOp>(op);
  Dims from = dimensions.of(pad.getOperand()), low = toDims(pad.getLow()), high = toDims(pad.getHigh());
  DimAttr none = DimAttr::get(op->getContext(), int64_t(0));
  Indices at(indices.begin(), indices.end());
  Value isInside;
  for (size_t axis = 0; axis < from.size(); ++axis) {
    int64_t step = pad.getInterior()[axis] + 1;
    if (low[axis] == none && high[axis] == none && step == 1)
      continue;
    Value offset = subtract(indices[axis], index(low[axis]));
    isInside = both(isInside, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, offset, index(int64_t(0))));
    Value place = clamp(offset, subtract(multiply(index(from[axis]), index(step)), index(1)));
    at[axis] = divide(place, index(step));
    isInside = both(isInside, isLess(offset, multiply(index(from[axis]), index(step))));
    if (step != 1)
      isInside = both(isInside, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, remainder(place, index(step)), index(int64_t(0))));
  }
  Value value = element(pad.getOperand(), at);
  return isInside ? Value(arith::SelectOp::create(b, loc, isInside, value, element(pad.getValue(), {}))) : value;
}

Value KernelWriter::elementOfConcatenate(Operation *op, ValueRange indices) {
  auto join = cast<ConcatenateOp>(op);
  int64_t axis = join.getAxis();
  Value result, start = index(int64_t(0));
  for (Value operand : join.getOperands()) {
    DimAttr extent = dimensions.of(operand)[axis];
    Indices at(indices.begin(), indices.end());
    Value offset = subtract(indices[axis], start);
    at[axis] = join.getNumOperands() == 1 ? offset : clamp(offset, subtract(index(extent), index(1)));
    Value value = element(operand, at);
    result = result ? Value(arith::SelectOp::create(b, loc, isLess(indices[axis], start), result, value)) : value;
    start = add(start, index(extent));
  }
  return result;
}

/// The result's axes are those of the key, then those of `shape`; the counter is the flat index within one key.
Value KernelWriter::elementOfRandom(Operation *op, ValueRange indices) {
  auto random = cast<RandomOp>(op);
  size_t keyRank = random.getKey().getType().getRank();
  Value key = element(random.getKey(), indices.take_front(keyRank)), flat = index(int64_t(0));
  for (auto [place, dim] : llvm::zip_equal(indices.drop_front(keyRank), toDims(random.getShape())))
    flat = add(multiply(flat, index(dim)), place);
  return emitRandom(b, op, key, arith::IndexCastOp::create(b, loc, b.getI64Type(), flat));
}

/// Indices of the operand of a reshape. Runs of axes with equal products are flattened and cut anew; a run of one axis each stays as it is.
KernelWriter::Indices KernelWriter::reshapedIndices(ArrayRef<DimAttr> from, ArrayRef<DimAttr> to, ValueRange indices) {
  Indices at(from.size());
  for (AxisRun run : matchAxes(from, to)) {
    Value flat = index(int64_t(0));
    for (unsigned axis = run.firstTo; axis < run.lastTo; ++axis)
      flat = add(multiply(flat, index(to[axis])), indices[axis]);
    for (unsigned axis = run.lastFrom; axis > run.firstFrom; --axis) {
      bool isFirst = axis - 1 == run.firstFrom;
      at[axis - 1] = isFirst ? flat : remainder(flat, index(from[axis - 1]));
      if (!isFirst)
        flat = divide(flat, index(from[axis - 1]));
    }
  }
  return at;
}

/// Element of the image at output position `variables` and kernel position `reduction`: zero between dilated elements and outside.
Value KernelWriter::elementOfImage(Operation *op, ValueRange variables, ValueRange reduction) {
  auto convolution = cast<ConvolutionOp>(op);
  Dims image = dimensions.of(convolution.getLhs()), kernel = dimensions.of(convolution.getRhs()), out = dimensions.of(convolution.getResult());
  Indices at{variables.front()};
  Value isInside;
  for (size_t axis = 0; axis + 2 < image.size(); ++axis) {
    int64_t stride = convolution.getStrides()[axis], low = convolution.getLow()[axis], step = convolution.getLhsDilation()[axis],
            dilation = convolution.getRhsDilation()[axis];
    Value place = add(multiply(variables[axis + 1], index(stride)), multiply(reduction[axis], index(dilation)));
    place = subtract(place, index(low));
    int64_t last = (*out[axis + 1].constant() - 1) * stride + (*kernel[axis].constant() - 1) * dilation - low;
    int64_t bound = (*image[axis + 1].constant() - 1) * step;
    if (low > 0)
      isInside = both(isInside, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, place, index(int64_t(0))));
    if (last > bound)
      isInside = both(isInside, isLess(place, index(bound + 1)));
    if (low > 0 || last > bound)
      place = clamp(place, index(bound));
    if (step != 1)
      isInside = both(isInside, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, remainder(place, index(step)), index(int64_t(0))));
    at.push_back(divide(place, index(step)));
  }
  at.push_back(reduction.back());
  Value value = element(convolution.getLhs(), at);
  return isInside ? Value(arith::SelectOp::create(b, loc, isInside, value, zero(value.getType()))) : value;
}

} // namespace costate::fuse
