// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/dialects/graph/Emitter.h"

#include "costate/dialects/graph/Axes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace costate::graph {

static Type elementType(Value value) { return getElementTypeOrSelf(value.getType()); }

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

Value Emitter::add(Value a, Value b) { return create<AddOp>(a.getType(), a, b); }

Value Emitter::sub(Value a, Value b) { return create<SubtractOp>(a.getType(), a, b); }

Value Emitter::mul(Value a, Value b) { return create<MultiplyOp>(a.getType(), a, b); }

Value Emitter::div(Value a, Value b) { return create<DivideOp>(a.getType(), a, b); }

Value Emitter::neg(Value a) { return unary<NegateOp>(a); }

Value Emitter::compare(ComparisonDirection direction, Value a, Value b) {
  Type type = cast<RankedTensorType>(a.getType()).clone(builder.getI1Type());
  return create<CompareOp>(type, direction, a, b);
}

Value Emitter::select(Value pred, Value a, Value b) { return create<SelectOp>(a.getType(), pred, a, b); }

Value Emitter::convert(Value a, Type type) {
  if (elementType(a) == type)
    return a;
  return create<ConvertOp>(cast<RankedTensorType>(a.getType()).clone(type), a);
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

Value Emitter::splat(double value, Value like) { return splat(value, dims(like), elementType(like)); }

Value Emitter::splat(double value, ArrayRef<DimAttr> shape, Type type) {
  Attribute element = isa<FloatType>(type) ? Attribute(builder.getFloatAttr(type, value)) : Attribute(builder.getIntegerAttr(type, int64_t(value)));
  RankedTensorType result = typeOf(shape, type);
  if (result.hasStaticShape())
    return create<ConstantOp>(result, cast<ElementsAttr>(DenseElementsAttr::get(result, element)));
  auto scalar = RankedTensorType::get({}, type);
  return broadcast(create<ConstantOp>(scalar, cast<ElementsAttr>(DenseElementsAttr::get(scalar, element))), {}, shape);
}

Value Emitter::broadcast(Value a, ArrayRef<int64_t> places, ArrayRef<DimAttr> shape) {
  if (places.size() == shape.size() && dims(a) == Dims(shape))
    return a;
  return create<BroadcastInDimOp>(typeOf(shape, elementType(a)), a, places, toArrayAttr(builder.getContext(), shape));
}

Value Emitter::spread(Value a, ArrayRef<int64_t> axes, Value like) {
  Dims shape = dims(like);
  return broadcast(a, complement(axes, shape.size()), shape);
}

Value Emitter::reshape(Value a, ArrayRef<DimAttr> shape) {
  if (dims(a) == Dims(shape))
    return a;
  return create<ReshapeOp>(typeOf(shape, elementType(a)), a, toArrayAttr(builder.getContext(), shape));
}

Value Emitter::transpose(Value a, ArrayRef<int64_t> permutation) {
  if (llvm::equal(permutation, llvm::seq<int64_t>(0, permutation.size())))
    return a;
  return create<TransposeOp>(typeOf(take(dims(a), permutation), elementType(a)), a, permutation);
}

Value Emitter::transposeMatrix(Value a) {
  int64_t rank = cast<RankedTensorType>(a.getType()).getRank();
  SmallVector<int64_t> permutation = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  std::swap(permutation[rank - 1], permutation[rank - 2]);
  return transpose(a, permutation);
}

Value Emitter::slice(Value a, ArrayRef<DimAttr> starts, ArrayRef<DimAttr> sizes, ArrayRef<int64_t> strides) {
  MLIRContext *context = builder.getContext();
  return create<SliceOp>(typeOf(sizes, elementType(a)), a, toArrayAttr(context, starts), toArrayAttr(context, sizes), strides);
}

Value Emitter::pad(Value a, Value value, ArrayRef<DimAttr> low, ArrayRef<DimAttr> high, ArrayRef<int64_t> interior) {
  MLIRContext *context = builder.getContext();
  Dims shape;
  for (auto [axis, n] : llvm::enumerate(dims(a))) {
    DimAttr inner = interior[axis] ? DimAttr::max(dim(0), n + (n - dim(1)) * dim(interior[axis])) : n;
    shape.push_back(low[axis] + inner + high[axis]);
  }
  return create<PadOp>(typeOf(shape, elementType(a)), a, value, toArrayAttr(context, low), toArrayAttr(context, high), interior);
}

Value Emitter::concatenate(ValueRange parts, int64_t axis) {
  Dims shape = dims(parts.front());
  for (Value part : parts.drop_front())
    shape[axis] = shape[axis] + dims(part)[axis];
  return create<ConcatenateOp>(typeOf(shape, elementType(parts.front())), parts, axis);
}

Value Emitter::iota(int64_t axis, ArrayRef<DimAttr> shape, Type type) {
  return create<IotaOp>(typeOf(shape, type), axis, toArrayAttr(builder.getContext(), shape));
}

//===----------------------------------------------------------------------===//
// Sums and products
//===----------------------------------------------------------------------===//

Value Emitter::sum(Value a, ArrayRef<int64_t> axes) {
  if (axes.empty())
    return a;
  Dims shape = dims(a);
  return create<ReduceSumOp>(typeOf(take(shape, complement(axes, shape.size())), elementType(a)), a, axes);
}

Value Emitter::sum(Value a) { return sum(a, llvm::to_vector(llvm::seq<int64_t>(0, cast<RankedTensorType>(a.getType()).getRank()))); }

Value Emitter::dot(Value a, Value b, ArrayRef<int64_t> aBatching, ArrayRef<int64_t> bBatching, ArrayRef<int64_t> aContracting,
                   ArrayRef<int64_t> bContracting) {
  Dims left = dims(a), right = dims(b), shape = take(left, aBatching);
  auto appendFree = [&](const Dims &from, ArrayRef<int64_t> batching, ArrayRef<int64_t> contracting) {
    SmallVector<int64_t> bound(batching);
    llvm::append_range(bound, contracting);
    llvm::append_range(shape, take(from, complement(bound, from.size())));
  };
  appendFree(left, aBatching, aContracting);
  appendFree(right, bBatching, bContracting);
  return create<DotGeneralOp>(typeOf(shape, elementType(a)), a, b, aBatching, bBatching, aContracting, bContracting);
}

Value Emitter::matmul(Value a, Value b) {
  int64_t rank = cast<RankedTensorType>(a.getType()).getRank();
  SmallVector<int64_t> leading = llvm::to_vector(llvm::seq<int64_t>(0, rank - 2));
  return dot(a, b, leading, leading, {rank - 1}, {rank - 2});
}

Value Emitter::compareIndices(ComparisonDirection direction, Value like) {
  Dims shape = dims(like);
  int64_t rank = shape.size();
  Type type = builder.getI32Type();
  return compare(direction, iota(rank - 2, shape, type), iota(rank - 1, shape, type));
}

Value Emitter::onDiagonal(Value like) { return compareIndices(ComparisonDirection::EQ, like); }

Value Emitter::triangle(Value a, bool isLower, double diagonal) {
  Value kept = select(compareIndices(isLower ? ComparisonDirection::GE : ComparisonDirection::LE, a), a, zerosLike(a));
  if (diagonal == 1.0)
    return kept;
  return select(onDiagonal(a), diagonal == 0.0 ? zerosLike(a) : mul(a, diagonal), kept);
}

//===----------------------------------------------------------------------===//
// Indexing
//===----------------------------------------------------------------------===//

Value Emitter::gather(Value a, Value indices, int64_t batchDims) {
  Dims shape = dims(indices), operand = dims(a);
  llvm::append_range(shape, ArrayRef(operand).drop_front(batchDims + 1));
  return create<GatherOp>(typeOf(shape, elementType(a)), a, indices, batchDims);
}

Value Emitter::scatterAdd(Value a, Value indices, Value updates, int64_t batchDims) {
  return create<ScatterAddOp>(a.getType(), a, indices, updates, batchDims);
}

//===----------------------------------------------------------------------===//
// Host scalars
//===----------------------------------------------------------------------===//

Value Emitter::index(int64_t value) { return arith::ConstantIndexOp::create(builder, loc, value); }

Value Emitter::index(DimAttr dim) {
  if (std::optional<int64_t> value = dim.constant())
    return index(*value);
  Value extent = create<ExtentOp>(RankedTensorType::get({}, builder.getI64Type()), dim);
  return create<arith::IndexCastOp>(builder.getIndexType(), create<tensor::ExtractOp>(extent, ValueRange()));
}

Value Emitter::fromIndex(Value index) {
  Value scalar = create<arith::IndexCastOp>(builder.getI64Type(), index);
  return create<tensor::FromElementsOp>(RankedTensorType::get({}, builder.getI64Type()), scalar);
}

/// The starts of a block of one lane.
static SmallVector<Value> laneStarts(Emitter &e, Value index, size_t rank) {
  Value first = isa<IndexType>(index.getType()) ? e.fromIndex(index) : index;
  SmallVector<Value> starts(rank, e.zerosLike(first));
  starts[0] = first;
  return starts;
}

Value Emitter::readLane(Value a, Value index) {
  Dims whole = dims(a), sizes = whole;
  sizes[0] = dim(1);
  Value block = create<DynamicSliceOp>(typeOf(sizes, elementType(a)), a, laneStarts(*this, index, sizes.size()),
                                       toArrayAttr(builder.getContext(), sizes));
  return reshape(block, ArrayRef(whole).drop_front());
}

Value Emitter::writeLane(Value a, Value lane, Value index) {
  Dims sizes = dims(a);
  sizes[0] = dim(1);
  return create<DynamicUpdateSliceOp>(a.getType(), a, reshape(lane, sizes), laneStarts(*this, index, sizes.size()));
}

} // namespace costate::graph
