// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/tests/random/Draft.h"

#include "costate/tests/oracle/Check.h"

#include <cmath>

using namespace mlir;
using namespace costate::graph;

namespace costate::random {

int64_t Draft::extent(DimAttr d) {
  return *d.evaluate([&](StringRef name) -> std::optional<int64_t> { return extents.lookup(name); });
}

int64_t Draft::size(const Dims &dims) {
  int64_t n = 1;
  for (DimAttr d : dims)
    n *= extent(d);
  return n;
}

DimAttr Draft::randomDim() {
  return pick<DimAttr>({dim("n"), dim("m"), dim(int64_t(1)), dim(int64_t(2)), dim(int64_t(3)), dim(int64_t(0))}, {8, 6, 2, 4, 4, 1});
}

Dims Draft::randomDims(int64_t lowRank, int64_t highRank) {
  Dims dims;
  for (int64_t i = between(lowRank, highRank); i > 0; --i)
    dims.push_back(randomDim());
  return dims;
}

SmallVector<int64_t> Draft::randomAxes(size_t rank) {
  SmallVector<int64_t> axes;
  for (size_t i = 0; i < rank; ++i)
    if (chance(0.5))
      axes.push_back(i);
  return axes;
}

Dims Draft::without(const Dims &dims, ArrayRef<int64_t> axes) {
  Dims rest;
  for (size_t i = 0; i < dims.size(); ++i)
    if (!llvm::is_contained(axes, int64_t(i)))
      rest.push_back(dims[i]);
  return rest;
}

Entry Draft::argument(const Dims &dims, double low, double high, Type element) {
  element = element ? element : real;
  Value value = block->addArgument(typeOf(dims, element), loc());
  argumentDims.push_back(dims);
  oracle::Shape shape;
  for (DimAttr d : dims)
    shape.push_back(extent(d));
  oracle::Array input = check::randomArray(oracle::kindOf(element, false), shape, low, high, engine());
  if (isSpecial && input.isReal())
    for (double &x : input.reals)
      if (chance(0.3))
        x = pick<double>({0.0, -0.0, INFINITY, -INFINITY, NAN, NAN});
  inputs.push_back(std::move(input));
  return {value, dims, low, high};
}

std::optional<Entry> Draft::find(function_ref<bool(const Entry &)> filter) {
  std::vector<const Entry *> found;
  for (const Entry &e : pool)
    if (filter(e))
      found.push_back(&e);
  if (found.empty())
    return std::nullopt;
  size_t last = found.size() - 1;
  return *found[chance(0.5) ? last : between(0, last)];
}

Entry Draft::anyReal() {
  if (auto found = find([&](const Entry &e) { return isBase(e); }); found && chance(0.9))
    return *found;
  return keep(argument(randomDims(0, 3), -2, 2));
}

Entry Draft::realOfRank(int64_t rank) {
  if (auto found = find([&](const Entry &e) { return isBase(e) && int64_t(e.dims.size()) >= rank && size(e.dims) <= 60; }))
    return *found;
  return keep(argument(randomDims(rank, 3), -2, 2));
}

Entry Draft::like(const Entry &x) {
  auto isOther = [&](const Entry &e) { return isBase(e) && e.dims == x.dims && (e.value != x.value || chance(0.1)); };
  if (auto found = find(isOther); found && chance(0.8))
    return *found;
  return keep(argument(x.dims, -2, 2));
}

Value Draft::splat(double value, const Dims &dims, Type element) {
  auto scalar = RankedTensorType::get({}, element);
  Attribute attr = isa<FloatType>(element) ? Attribute(builder.getFloatAttr(element, value)) : builder.getIntegerAttr(element, int64_t(value));
  Value constant = create<ConstantOp>(DenseElementsAttr::get(scalar, attr));
  return dims.empty() ? constant : create<BroadcastInDimOp>(typeOf(dims, element), constant, ArrayRef<int64_t>{}, shapeAttr(dims));
}

Entry Draft::bounded(Entry x, double limit) {
  if (x.low >= -limit && x.high <= limit)
    return x;
  Entry t = unary<TanhOp>(x, -1, 1);
  return limit >= 1 ? t : binary<MultiplyOp>(t, {splat(limit, t.dims, real), t.dims, limit, limit}, -limit, limit);
}

Entry Draft::positive(Entry x) {
  if (x.low >= 0.25 && x.high <= 4)
    return x;
  Entry y = unary<LogisticOp>(x, 0, 1);
  return binary<AddOp>(y, {splat(0.5, y.dims, real), y.dims, 0.5, 0.5}, 0.5, 1.5);
}

} // namespace costate::random
