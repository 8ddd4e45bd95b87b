// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Subscripts, as NumPy reads them: indices, slices, arrays of indices.
#include "costate/frontends/Elaborator.h"

namespace costate::importer {

using namespace syntax;
using graph::ComparisonDirection;
using graph::DimAttr;
using graph::Dims;
using llvm::ArrayRef;
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;

/// lo:hi:step within an extent, as Python reads it. A bound counts from the end if it is negative.
static FailureOr<std::array<DimAttr, 2>> sliceBounds(Elaborator &e, const IndexExpr::Subscript &s, DimAttr extent, int64_t step,
                                                     const Binding *scope) {
  DimAttr zero = e.b.dim(0);
  auto bound = [&](const ExprPtr &expr, DimAttr absent) -> FailureOr<DimAttr> {
    if (!expr)
      return absent;
    FailureOr<Value> value = e.evaluate(*expr, scope);
    if (failed(value))
      return failure();
    if (auto dim = value->as<Dimension>())
      return *dim;
    auto number = value->as<Number>();
    if (!number || !number->isInteger)
      return e.error(expr->range) << "requires bounds of a slice that are known at import, but got " << describe(*value);
    DimAttr dim = e.b.dim(number->integer);
    if (number->integer < 0)
      dim = dim + extent;
    // Python clips bounds of a known extent; of another, the program must say what it means.
    if (std::optional<int64_t> n = extent.constant())
      dim = e.b.dim(std::clamp<int64_t>(*dim.constant(), 0, *n));
    return dim;
  };
  FailureOr<DimAttr> lo = bound(s.first, zero), hi = failed(lo) ? lo : bound(s.last, extent);
  if (failed(hi))
    return failure();
  if (lo->constant() && hi->constant() && *hi->constant() < *lo->constant())
    hi = *lo;
  DimAttr size = step == 1 ? *hi - *lo : DimAttr::ceilDiv(*hi - *lo, e.b.dim(step));
  return std::array<DimAttr, 2>{*lo, size};
}

FailureOr<Tensor> Elaborator::toIndices(const Value &value, DimAttr extent, SourceRange where) {
  std::function<FailureOr<Value>(const Value &)> wrap = [&](const Value &v) -> FailureOr<Value> {
    auto number = v.as<Number>();
    if (number && number->isInteger && extent.constant()) {
      int64_t i = number->integer < 0 ? number->integer + *extent.constant() : number->integer;
      if (i < 0 || i >= *extent.constant())
        return error(where) << "requires an index below " << extent.str() << ", but got " << number->integer;
      return Value(Number::of(i));
    }
    auto list = v.as<List>();
    if (!list)
      return v;
    std::vector<Value> wrapped;
    for (const Value &element : *list) {
      FailureOr<Value> index = wrap(element);
      if (failed(index))
        return failure();
      wrapped.push_back(*index);
    }
    return makeList(std::move(wrapped));
  };
  FailureOr<Tensor> indices = toTensor(wrap(value), where);
  if (failed(indices))
    return failure();
  if (!indices->elementType().isSignlessInteger(32) && !indices->elementType().isSignlessInteger(64))
    return error(where) << "requires an index of type i32 or i64, but got " << describe(value)
                        << (indices->elementType().isInteger(1) ? "; 'where(condition, a, b)' chooses by a condition" : "");
  return indices;
}

namespace {

/// Arrays of indices among subscripts. As in NumPy they are repeated to one shape, whose axes stand where the first of them does; or in front, if slices
/// part them from each other or from single indices.
struct IndexArrays {
  std::vector<Tensor> indices;
  std::vector<SourceRange> where;
  llvm::SmallVector<int64_t> axes;    // of what the other subscripts leave
  llvm::SmallVector<bool> subscripts; // which are indices, single ones or arrays
  std::optional<int64_t> place;       // among the axes, of the first of them

  void addPlace(size_t axis) {
    subscripts.back() = true;
    place = place ? *place : int64_t(axis);
  }
  void add(const Tensor &array, SourceRange range, int64_t axis) {
    indices.push_back(array);
    where.push_back(range);
    axes.push_back(axis);
  }
  bool areParted() const {
    ArrayRef<bool> all(subscripts);
    return llvm::is_contained(all.drop_while([](bool isIndex) { return !isIndex; }).drop_while([](bool isIndex) { return isIndex; }), true);
  }
};

/// The elements of `x` at some indices of some axes.
FailureOr<Value> gatherAt(Elaborator &e, const Tensor &x, const IndexArrays &arrays) {
  TensorBuilder &b = e.b;
  std::vector<Tensor> indices = arrays.indices;
  Dims shape = indices.front().dims;
  for (auto [array, where] : llvm::drop_begin(llvm::zip_equal(indices, arrays.where))) {
    FailureOr<Dims> both = e.broadcastDims("[]", {indices.front().value, shape, {}}, array, where);
    if (failed(both))
      return failure();
    shape = *both;
  }
  llvm::SmallVector<int64_t> order = arrays.axes;
  for (int64_t axis = 0; axis < x.rank(); ++axis)
    if (!llvm::is_contained(arrays.axes, axis))
      order.push_back(axis);
  Tensor rows = b.transpose(x, order), row = indices.front();
  if (indices.size() > 1) {
    // One axis instead of several: an index outside of its own must not lead to the next row.
    DimAttr count = b.dim(1);
    for (int64_t axis : arrays.axes)
      count = count * x.dims[axis];
    bool isSmall = count.constant() && *count.constant() <= std::numeric_limits<int32_t>::max();
    mlir::Type type = isSmall ? b.builder.getI32Type() : b.builder.getI64Type();
    for (const Tensor &array : indices)
      type = e.promote(type, array.elementType());
    Tensor minusOne = b.full(type, shape, Number::of(int64_t(-1))), zero = b.full(type, shape, Number::of(int64_t(0)));
    std::optional<Tensor> isInside;
    for (auto [axis, array] : llvm::zip_equal(arrays.axes, indices)) {
      Tensor index = b.broadcast(b.convert(array, type), shape), extent = b.broadcast(b.convert(b.extent(x.dims[axis]), type), shape);
      Tensor fits = b.binary<graph::AndOp>(b.compare(ComparisonDirection::GE, index, zero), b.compare(ComparisonDirection::LT, index, extent));
      row = isInside ? b.binary<graph::AddOp>(b.multiply(row, extent), index) : index;
      isInside = isInside ? b.binary<graph::AndOp>(*isInside, fits) : fits;
    }
    row = b.select(*isInside, row, minusOne);
    Dims merged = {count};
    merged.append(rows.dims.begin() + indices.size(), rows.dims.end());
    rows = b.reshape(rows, merged);
  }
  Tensor chosen = b.gather(rows, row, 0);
  // The axes of the indices stand in front now.
  int64_t rank = shape.size(), place = arrays.areParted() ? 0 : *arrays.place;
  llvm::SmallVector<int64_t> permutation;
  for (int64_t i = 0; i < place; ++i)
    permutation.push_back(rank + i);
  for (int64_t i = 0; i < rank; ++i)
    permutation.push_back(i);
  for (int64_t i = rank + place; i < chosen.rank(); ++i)
    permutation.push_back(i);
  return Value(b.transpose(chosen, permutation));
}

} // namespace

FailureOr<Value> Elaborator::index(const IndexExpr &e, const Value &base, const Binding *scope) {
  using Subscript = IndexExpr::Subscript;
  auto constantStep = [&](const Subscript &s) -> FailureOr<int64_t> {
    if (!s.step)
      return int64_t(1);
    FailureOr<Number> step = evaluateNumber(*s.step, scope, "the step of a slice");
    if (failed(step))
      return failure();
    if (!step->isInteger || step->integer < 1)
      return error(s.step->range) << "requires the step of a slice to be a positive integer, but got " << describe(*step)
                                  << (step->isInteger && step->integer == -1 ? "; 'flip' reverses an axis" : "");
    return step->integer;
  };

  if (auto list = base.as<List>(); list && e.subscripts.size() == 1) {
    const Subscript &s = e.subscripts[0];
    int64_t size = list->size();
    if (failed(requireShape(*list, e.range)))
      return failure();
    if (s.kind == Subscript::Slice) {
      FailureOr<int64_t> step = constantStep(s);
      auto bounds = failed(step) ? FailureOr<std::array<DimAttr, 2>>(failure()) : sliceBounds(*this, s, b.dim(size), *step, scope);
      if (failed(bounds))
        return failure();
      std::vector<Value> part;
      for (int64_t i = 0; i < *(*bounds)[1].constant(); ++i)
        part.push_back((*list)[*(*bounds)[0].constant() + i * *step]);
      return makeList(std::move(part));
    }
    FailureOr<Value> element = s.first ? evaluate(*s.first, scope) : FailureOr<Value>(Value());
    if (failed(element))
      return failure();
    if (auto number = element->as<Number>(); number && number->isInteger) {
      int64_t i = number->integer < 0 ? number->integer + size : number->integer;
      if (i < 0 || i >= size)
        return error(s.range) << "requires an index into a list of " << size << ", but got " << number->integer;
      return (*list)[i];
    }
  }
  FailureOr<Value> array = toArray(base, e.base->range);
  if (failed(array))
    return failure();
  auto complex = array->as<Complex>();
  std::optional<Tensor> x = withoutGaps(*(complex ? complex->re() : *array).as<Tensor>());

  // `..` stands for the axes that no other subscript names; without one it is understood at the end.
  size_t rests = llvm::count_if(e.subscripts, [](const Subscript &s) { return s.kind == Subscript::Rest; });
  size_t named = e.subscripts.size() - rests - llvm::count_if(e.subscripts, [](const Subscript &s) { return s.kind == Subscript::New; });
  if (rests > 1 || named > size_t(x->rank()))
    return error(e.range) << "requires at most " << x->rank() << " subscripts and one '..', but got " << named + rests;

  b.location = location(e.range);
  Dims starts, sizes, kept;
  llvm::SmallVector<int64_t> strides;
  std::vector<std::optional<Tensor>> dynamic; // per axis: an index known at run time
  bool isDynamic = false, isStatic = false;
  IndexArrays arrays;
  auto whole = [&] {
    starts.push_back(b.dim(0));
    sizes.push_back(x->dims[strides.size()]);
    kept.push_back(sizes.back());
    strides.push_back(1);
    dynamic.push_back(std::nullopt);
  };
  for (const Subscript &s : e.subscripts) {
    arrays.subscripts.push_back(false);
    if (s.kind == Subscript::Rest) {
      for (size_t i = named; i < size_t(x->rank()); ++i)
        whole();
      continue;
    }
    if (s.kind == Subscript::New) {
      kept.push_back(b.dim(1));
      continue;
    }
    DimAttr extent = x->dims[strides.size()];
    if (s.kind == Subscript::Slice) {
      FailureOr<int64_t> step = constantStep(s);
      auto bounds = failed(step) ? FailureOr<std::array<DimAttr, 2>>(failure()) : sliceBounds(*this, s, extent, *step, scope);
      if (failed(bounds))
        return failure();
      starts.push_back((*bounds)[0]);
      sizes.push_back((*bounds)[1]);
      kept.push_back(sizes.back());
      strides.push_back(*step);
      dynamic.push_back(std::nullopt);
      isStatic |= sizes.back() != extent;
      continue;
    }
    FailureOr<Value> value = evaluate(*s.first, scope);
    if (failed(value))
      return failure();
    arrays.addPlace(kept.size());
    bool isList = value->is<List>() || (value->is<Tensor>() && value->as<Tensor>()->rank() > 0);
    if (isList) {
      FailureOr<Tensor> indices = toIndices(*value, extent, s.range);
      if (failed(indices))
        return failure();
      whole();
      arrays.add(*indices, s.range, kept.size() - 1);
      continue;
    }
    strides.push_back(1);
    sizes.push_back(b.dim(1));
    if (auto number = value->as<Number>(); number && number->isInteger) {
      DimAttr i = b.dim(number->integer);
      if (number->integer < 0)
        i = i + extent;
      if (i.constant() && extent.constant() && (*i.constant() < 0 || *i.constant() >= *extent.constant()))
        return error(s.range) << "requires an index below " << extent.str() << ", but got " << number->integer;
      starts.push_back(i);
      dynamic.push_back(std::nullopt);
      isStatic = true;
      continue;
    }
    FailureOr<Tensor> position = toIndices(*value, extent, s.range);
    if (failed(position))
      return failure();
    // A negative index counts from the end, also when it is known at run time only.
    Tensor n = b.convert(b.extent(extent), position->elementType());
    Tensor isNegative = b.compare(ComparisonDirection::LT, *position, b.constant(position->elementType(), Number::of(int64_t(0))));
    starts.push_back(b.dim(0));
    dynamic.push_back(b.select(isNegative, b.binary<graph::AddOp>(*position, n), *position));
    isDynamic = true;
  }
  while (strides.size() < size_t(x->rank()))
    whole();

  auto choose = [&](Tensor part) -> FailureOr<Value> {
    if (isStatic) {
      Dims cut = sizes;
      for (auto [axis, position] : llvm::enumerate(dynamic))
        if (position)
          cut[axis] = x->dims[axis];
      part = b.slice(part, starts, cut, strides);
    }
    if (isDynamic) {
      mlir::Type type = b.builder.getI32Type();
      for (const auto &position : dynamic)
        if (position)
          type = promote(type, position->elementType());
      std::vector<Tensor> offsets;
      for (const auto &position : dynamic)
        offsets.push_back(position ? b.convert(*position, type) : b.constant(type, Number::of(int64_t(0))));
      part = b.dynamicSlice(part, offsets, sizes);
    }
    part = b.reshape(part, kept);
    return arrays.indices.empty() ? FailureOr<Value>(part) : gatherAt(*this, part, arrays);
  };
  FailureOr<Value> part = choose(*x);
  FailureOr<Value> imaginary = !complex || failed(part) ? part : choose(*complex->im().as<Tensor>());
  return !complex || failed(imaginary) ? imaginary : makeComplex(*part, *imaginary);
}

} // namespace costate::importer
