// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/frontends/TensorBuilder.h"

#include <cmath>

namespace costate::importer {

using graph::DimAttr;
using graph::Dims;
using graph::typeOf;
using llvm::ArrayRef;

Dims TensorBuilder::staticDims(ArrayRef<int64_t> shape) {
  return llvm::map_to_vector(shape, [&](int64_t extent) { return dim(extent); });
}

Dims TensorBuilder::without(ArrayRef<DimAttr> dims, ArrayRef<int64_t> axes) {
  Dims rest;
  for (auto [axis, dim] : llvm::enumerate(dims))
    if (!llvm::is_contained(axes, int64_t(axis)))
      rest.push_back(dim);
  return rest;
}

//===----------------------------------------------------------------------===//
// Values from nothing
//===----------------------------------------------------------------------===//

mlir::Attribute TensorBuilder::element(mlir::Type type, const Number &number) {
  if (mlir::isa<mlir::FloatType>(type))
    return builder.getFloatAttr(type, number.real);
  if (type.isInteger(1))
    return builder.getIntegerAttr(type, number.real != 0);
  return builder.getIntegerAttr(type, number.isInteger ? number.integer : int64_t(number.real));
}

Tensor TensorBuilder::constant(mlir::Type type, const Number &number) { return constant(type, {}, number); }

Tensor TensorBuilder::constant(mlir::Type type, ArrayRef<int64_t> shape, ArrayRef<Number> numbers) {
  auto tensorType = mlir::RankedTensorType::get(shape, type);
  auto elements = llvm::map_to_vector(numbers, [&](const Number &n) { return element(type, n); });
  auto value = mlir::DenseElementsAttr::get(tensorType, elements);
  return {graph::ConstantOp::create(builder, location, tensorType, value), staticDims(shape), {}};
}

Tensor TensorBuilder::full(mlir::Type type, ArrayRef<DimAttr> dims, const Number &number) {
  return broadcast(constant(type, number), dims);
}

Tensor TensorBuilder::extent(DimAttr dim) {
  return {graph::ExtentOp::create(builder, location, mlir::RankedTensorType::get({}, builder.getI64Type()), dim), {}, {}};
}

Tensor TensorBuilder::size(const Tensor &x) {
  Tensor count = extent(graph::product(builder.getContext(), x.dims));
  if (isOpen(x.dims))
    count.value.getDefiningOp()->setAttr(kSizeAttr, builder.getUnitAttr());
  return count;
}

Tensor TensorBuilder::iota(mlir::Type type, ArrayRef<DimAttr> dims, int64_t axis) {
  return {graph::IotaOp::create(builder, location, typeOf(dims, type), axis, attr(dims)), Dims(dims), {}};
}

Tensor TensorBuilder::random(graph::Distribution distribution, mlir::Type type, const Tensor &key, int64_t site,
                             ArrayRef<DimAttr> dims) {
  Dims all(key.dims);
  all.append(dims.begin(), dims.end());
  return {graph::RandomOp::create(builder, location, typeOf(all, type), distribution, key.value, site, attr(dims)), all, {}};
}

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

Tensor TensorBuilder::compare(graph::ComparisonDirection direction, const Tensor &a, const Tensor &b) {
  mlir::Type type = typeOf(a.dims, builder.getI1Type());
  return {graph::CompareOp::create(builder, location, type, direction, a.value, b.value), a.dims, a.arena ? a.arena : b.arena};
}

Tensor TensorBuilder::select(const Tensor &condition, const Tensor &a, const Tensor &b) {
  Tensor result = like(a.arena ? a : b, graph::SelectOp::create(builder, location, a.value.getType(), condition.value, a.value, b.value));
  if (!result.arena)
    result.arena = condition.arena;
  return result;
}

Tensor TensorBuilder::convert(const Tensor &x, mlir::Type type) {
  if (x.elementType() == type)
    return x;
  return like(x, graph::ConvertOp::create(builder, location, typeOf(x.dims, type), x.value));
}

//===----------------------------------------------------------------------===//
// Shape
//===----------------------------------------------------------------------===//

Tensor TensorBuilder::broadcast(const Tensor &x, ArrayRef<DimAttr> dims) {
  llvm::SmallVector<int64_t> places;
  for (int64_t i = 0; i < x.rank(); ++i)
    places.push_back(int64_t(dims.size()) - x.rank() + i);
  return broadcast(x, places, dims);
}

Tensor TensorBuilder::broadcast(const Tensor &x, ArrayRef<int64_t> places, ArrayRef<DimAttr> dims) {
  if (ArrayRef<DimAttr>(x.dims) == dims)
    return x;
  mlir::Type type = typeOf(dims, x.elementType());
  return {graph::BroadcastInDimOp::create(builder, location, type, x.value, places, attr(dims)), Dims(dims), {}};
}

Tensor TensorBuilder::reshape(const Tensor &x, ArrayRef<DimAttr> dims) {
  if (ArrayRef<DimAttr>(x.dims) == dims)
    return x;
  return {graph::ReshapeOp::create(builder, location, typeOf(dims, x.elementType()), x.value, attr(dims)), Dims(dims), {}};
}

Tensor TensorBuilder::transpose(const Tensor &x, ArrayRef<int64_t> permutation) {
  Dims dims;
  for (int64_t axis : permutation)
    dims.push_back(x.dims[axis]);
  if (llvm::is_sorted(permutation))
    return x;
  return {graph::TransposeOp::create(builder, location, typeOf(dims, x.elementType()), x.value, permutation), dims, {}};
}

Tensor TensorBuilder::slice(const Tensor &x, ArrayRef<DimAttr> starts, ArrayRef<DimAttr> sizes, ArrayRef<int64_t> strides) {
  mlir::Type type = typeOf(sizes, x.elementType());
  return {graph::SliceOp::create(builder, location, type, x.value, attr(starts), attr(sizes), strides), Dims(sizes), {}};
}

Tensor TensorBuilder::dynamicSlice(const Tensor &x, ArrayRef<Tensor> starts, ArrayRef<DimAttr> sizes) {
  auto values = llvm::map_to_vector(starts, [](const Tensor &t) { return t.value; });
  mlir::Type type = typeOf(sizes, x.elementType());
  return {graph::DynamicSliceOp::create(builder, location, type, x.value, values, attr(sizes)), Dims(sizes), {}};
}

Tensor TensorBuilder::dynamicUpdateSlice(const Tensor &x, const Tensor &update, ArrayRef<Tensor> starts) {
  auto values = llvm::map_to_vector(starts, [](const Tensor &t) { return t.value; });
  return {graph::DynamicUpdateSliceOp::create(builder, location, x.value.getType(), x.value, update.value, values), x.dims, {}};
}

Tensor TensorBuilder::concatenate(ArrayRef<Tensor> parts, int64_t axis) {
  auto values = llvm::map_to_vector(parts, [](const Tensor &t) { return t.value; });
  Dims dims = parts.front().dims;
  for (const Tensor &part : parts.drop_front())
    dims[axis] = dims[axis] + part.dims[axis];
  mlir::Type type = typeOf(dims, parts.front().elementType());
  return {graph::ConcatenateOp::create(builder, location, type, values, axis), dims, {}};
}

Tensor TensorBuilder::pad(const Tensor &x, const Tensor &value, ArrayRef<int64_t> low, ArrayRef<int64_t> high) {
  Dims lows = staticDims(low), highs = staticDims(high), dims;
  for (auto [dim, l, h] : llvm::zip_equal(x.dims, lows, highs))
    dims.push_back(dim + l + h);
  llvm::SmallVector<int64_t> interior(x.rank(), 0);
  return {graph::PadOp::create(builder, location, typeOf(dims, x.elementType()), x.value, value.value, attr(lows), attr(highs), interior),
          dims,
          {}};
}

Tensor TensorBuilder::reverse(const Tensor &x, ArrayRef<int64_t> axes) {
  return {graph::ReverseOp::create(builder, location, x.value.getType(), x.value, axes), x.dims, {}};
}

//===----------------------------------------------------------------------===//
// Contraction, reduction, indexing
//===----------------------------------------------------------------------===//

Tensor TensorBuilder::convolution(const Tensor &x, const Tensor &kernel, ArrayRef<int64_t> strides, ArrayRef<int64_t> low,
                                  ArrayRef<int64_t> high, ArrayRef<int64_t> dilation) {
  Dims dims = {x.dims.front()};
  for (auto [axis, stride] : llvm::enumerate(strides)) {
    int64_t window = (*kernel.dims[axis].constant() - 1) * dilation[axis] + 1;
    dims.push_back(dim((*x.dims[axis + 1].constant() + low[axis] + high[axis] - window) / stride + 1));
  }
  dims.push_back(kernel.dims.back());
  llvm::SmallVector<int64_t> ones(strides.size(), 1);
  return {graph::ConvolutionOp::create(builder, location, typeOf(dims, x.elementType()), x.value, kernel.value, strides, low, high, ones, dilation),
          dims,
          {}};
}

Tensor TensorBuilder::dot(const Tensor &a, const Tensor &b, ArrayRef<int64_t> aBatch, ArrayRef<int64_t> bBatch,
                          ArrayRef<int64_t> aContracted, ArrayRef<int64_t> bContracted) {
  Dims dims;
  for (int64_t axis : aBatch)
    dims.push_back(a.dims[axis]);
  for (auto [axis, dim] : llvm::enumerate(a.dims))
    if (!llvm::is_contained(aBatch, int64_t(axis)) && !llvm::is_contained(aContracted, int64_t(axis)))
      dims.push_back(dim);
  for (auto [axis, dim] : llvm::enumerate(b.dims))
    if (!llvm::is_contained(bBatch, int64_t(axis)) && !llvm::is_contained(bContracted, int64_t(axis)))
      dims.push_back(dim);
  mlir::Type type = typeOf(dims, a.elementType());
  return {graph::DotGeneralOp::create(builder, location, type, a.value, b.value, aBatch, bBatch, aContracted, bContracted), dims, {}};
}

Tensor TensorBuilder::softmax(const Tensor &x, ArrayRef<int64_t> axes) {
  return {graph::SoftmaxOp::create(builder, location, x.value.getType(), x.value, axes), x.dims, {}};
}

Tensor TensorBuilder::linearRecurrence(const Tensor &a, const Tensor &b, int64_t axis, bool reverse) {
  return {graph::LinearRecurrenceOp::create(builder, location, b.value.getType(), a.value, b.value, axis, reverse), b.dims, {}};
}

Tensor TensorBuilder::gather(const Tensor &x, const Tensor &indices, int64_t batchDims) {
  Dims dims(indices.dims);
  dims.append(x.dims.begin() + batchDims + 1, x.dims.end());
  mlir::Type type = typeOf(dims, x.elementType());
  return {graph::GatherOp::create(builder, location, type, x.value, indices.value, batchDims), dims, {}};
}

std::vector<Tensor> TensorBuilder::sort(ArrayRef<Tensor> operands, int64_t axis) {
  auto values = llvm::map_to_vector(operands, [](const Tensor &t) { return t.value; });
  auto op = graph::SortOp::create(builder, location, mlir::TypeRange(mlir::ValueRange(values)), values, axis);
  std::vector<Tensor> sorted;
  for (auto [operand, result] : llvm::zip_equal(operands, op->getResults()))
    sorted.push_back({result, operand.dims, {}});
  return sorted;
}

std::pair<Tensor, Tensor> TensorBuilder::topK(const Tensor &x, DimAttr k) {
  Dims dims = x.dims;
  dims.back() = k;
  auto op = graph::TopKOp::create(builder, location, typeOf(dims, x.elementType()), typeOf(dims, builder.getI32Type()), x.value, k);
  return {{op.getValues(), dims, {}}, {op.getIndices(), dims, {}}};
}

Tensor TensorBuilder::foldIn(const Tensor &key, const Tensor &data) { return binary<graph::FoldInOp>(key, data); }

//===----------------------------------------------------------------------===//
// Parameter sets
//===----------------------------------------------------------------------===//

Tensor TensorBuilder::leaf(const Tensor &arena, llvm::StringRef path, ArrayRef<int64_t> shape) {
  auto symbol = mlir::SymbolRefAttr::get(arena.arena.getAttr(), {mlir::FlatSymbolRefAttr::get(builder.getContext(), path)});
  auto type = mlir::RankedTensorType::get(shape, arena.elementType());
  return {graph::LeafOp::create(builder, location, type, arena.value, symbol), staticDims(shape), {}};
}

Tensor TensorBuilder::pack(const ParameterSet &set, ArrayRef<Tensor> leaves) {
  llvm::SmallVector<llvm::StringRef> names;
  for (const ParameterSet::Leaf &leaf : set.leaves)
    if (leaf.tied.empty())
      names.push_back(leaf.path);
  return pack(set, names, leaves);
}

Tensor TensorBuilder::pack(const ParameterSet &set, ArrayRef<llvm::StringRef> paths, ArrayRef<Tensor> leaves) {
  auto values = llvm::map_to_vector(leaves, [](const Tensor &t) { return t.value; });
  Dims dims = {dim(set.size)};
  mlir::Type type = typeOf(dims, leaves.front().elementType());
  return {graph::PackOp::create(builder, location, type, set.symbol, builder.getStrArrayAttr(paths), values), dims, set.symbol};
}

/// i lies in one of the ranges; neighbours are one comparison
Tensor TensorBuilder::inside(const ParameterSet &set, ArrayRef<ParameterSet::Range> ranges) {
  Dims dims = {dim(set.size)};
  mlir::Type type = builder.getIntegerType(set.size < (int64_t(1) << 31) ? 32 : 64);
  Tensor place = iota(type, dims, 0);
  auto compareWith = [&](graph::ComparisonDirection direction, int64_t bound) {
    return compare(direction, place, full(type, dims, Number::of(bound)));
  };
  std::optional<Tensor> result;
  for (size_t i = 0; i < ranges.size();) {
    int64_t begin = ranges[i].begin, end = ranges[i].end;
    for (++i; i < ranges.size() && ranges[i].begin == end; ++i)
      end = ranges[i].end;
    Tensor within = compareWith(graph::ComparisonDirection::LT, end);
    if (begin > 0)
      within = binary<graph::AndOp>(compareWith(graph::ComparisonDirection::GE, begin), within);
    result = result ? binary<graph::OrOp>(*result, within) : within;
  }
  return *result;
}

Tensor TensorBuilder::piecewise(const ParameterSet &set, const Tensor &base, ArrayRef<std::pair<int64_t, Tensor>> values) {
  Dims dims = {dim(set.size)};
  Tensor result = broadcast(base, dims);
  for (const auto &[group, value] : values) {
    std::vector<ParameterSet::Range> ranges;
    llvm::copy_if(set.ranges, std::back_inserter(ranges), [&](const ParameterSet::Range &range) { return range.group == group; });
    if (!ranges.empty())
      result = select(inside(set, ranges), broadcast(value, dims), result);
  }
  result.arena = set.symbol;
  return result;
}

Tensor TensorBuilder::frozen(const ParameterSet &set) {
  std::vector<ParameterSet::Range> ranges;
  llvm::copy_if(set.ranges, std::back_inserter(ranges), [](const ParameterSet::Range &range) { return range.frozen; });
  return inside(set, ranges);
}

} // namespace costate::importer
