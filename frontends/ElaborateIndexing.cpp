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
using mlir::LogicalResult;
using mlir::success;

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

/// The number of a place among those of several axes, or -1 where an index that may do so lies outside of its own, and so would lead to another row.
/// All indices have this shape, or can be repeated to it.
static Tensor rowOf(TensorBuilder &b, ArrayRef<DimAttr> extents, ArrayRef<Tensor> indices, ArrayRef<bool> mayLeave, const Dims &shape, mlir::Type type) {
  DimAttr count = graph::product(b.builder.getContext(), extents);
  if (!count.constant() || *count.constant() > std::numeric_limits<int32_t>::max())
    type = b.builder.getI64Type();
  Tensor minusOne = b.full(type, shape, Number::of(int64_t(-1))), zero = b.full(type, shape, Number::of(int64_t(0)));
  std::optional<Tensor> row, isInside;
  for (auto [dim, array, mayBeOutside] : llvm::zip_equal(extents, indices, mayLeave)) {
    Tensor index = b.broadcast(b.convert(array, type), shape), extent = b.broadcast(b.convert(b.extent(dim), type), shape);
    row = row ? b.binary<graph::AddOp>(b.multiply(*row, extent), index) : index;
    if (!mayBeOutside)
      continue;
    Tensor fits = b.binary<graph::AndOp>(b.compare(ComparisonDirection::GE, index, zero), b.compare(ComparisonDirection::LT, index, extent));
    isInside = isInside ? b.binary<graph::AndOp>(*isInside, fits) : fits;
  }
  return isInside ? b.select(*isInside, *row, minusOne) : *row;
}

namespace {

/// Arrays of indices among subscripts. As in NumPy they are repeated to one shape, whose axes stand where the first of them does; or in front, if slices
/// part them from each other or from single indices.
struct IndexArrays {
  std::vector<Tensor> indices;
  std::vector<SourceRange> where;
  Dims shape; // of all of them
  llvm::SmallVector<int64_t> axes;    // of what the other subscripts leave
  llvm::SmallVector<bool> subscripts; // which are indices, single ones or arrays
  std::optional<int64_t> place;       // among the axes, of the first of them

  void addPlace(size_t axis) {
    subscripts.back() = true;
    place = place ? *place : int64_t(axis);
  }
  LogicalResult add(Elaborator &e, const Tensor &array, SourceRange range, int64_t axis) {
    FailureOr<Dims> both = indices.empty() ? FailureOr<Dims>(array.dims) : e.broadcastDims("[]", {indices.front().value, shape, {}}, array, range);
    if (failed(both))
      return failure();
    shape = *both;
    indices.push_back(array);
    axes.push_back(axis);
    return success();
  }
  mlir::Type type(Elaborator &e) const {
    mlir::Type type = e.b.builder.getI32Type();
    for (const Tensor &array : indices)
      type = e.promote(type, array.elementType());
    return type;
  }
  bool areParted() const {
    ArrayRef<bool> all(subscripts);
    return llvm::is_contained(all.drop_while([](bool isIndex) { return !isIndex; }).drop_while([](bool isIndex) { return isIndex; }), true);
  }
  /// Where their axes stand among the others.
  int64_t firstAxis() const { return areParted() ? 0 : *place; }
};

/// The elements of `x` at some indices of some axes.
Value gatherAt(Elaborator &e, const Tensor &x, const IndexArrays &arrays) {
  TensorBuilder &b = e.b;
  llvm::SmallVector<int64_t> order = arrays.axes;
  for (int64_t axis = 0; axis < x.rank(); ++axis)
    if (!llvm::is_contained(arrays.axes, axis))
      order.push_back(axis);
  Tensor rows = b.transpose(x, order), row = arrays.indices.front();
  if (size_t count = arrays.indices.size(); count > 1) { // one axis instead of several
    ArrayRef<DimAttr> dims(rows.dims);
    row = rowOf(b, dims.take_front(count), arrays.indices, llvm::SmallVector<bool>(count, true), arrays.shape, arrays.type(e));
    Dims merged = {graph::product(b.builder.getContext(), dims.take_front(count))};
    merged.append(dims.begin() + count, dims.end());
    rows = b.reshape(rows, merged);
  }
  Tensor chosen = b.gather(rows, row, 0);
  // The axes of the indices stand in front now.
  int64_t rank = arrays.shape.size(), place = arrays.firstAxis();
  llvm::SmallVector<int64_t> permutation;
  for (int64_t i = 0; i < place; ++i)
    permutation.push_back(rank + i);
  for (int64_t i = 0; i < rank; ++i)
    permutation.push_back(i);
  for (int64_t i = rank + place; i < chosen.rank(); ++i)
    permutation.push_back(i);
  return b.transpose(chosen, permutation);
}

/// What subscripts choose of a tensor: of each axis a part, one place, or what an array of indices names.
struct Selection {
  Dims starts, sizes;
  llvm::SmallVector<int64_t> strides;
  std::vector<std::optional<Tensor>> dynamic;      // per axis: an index known at run time
  Dims kept;                                       // axes of what is chosen, before arrays of indices take their place
  llvm::SmallVector<std::optional<int64_t>> from;  // of which axis each of them is; of none, if it is new
  IndexArrays arrays;
  bool isStatic = false, isDynamic = false; // some part, some index known at run time

  /// Visits what the chosen tensor has as axes, in order: those that are kept, with the axis that each is of, and those of arrays of indices.
  void visitChosen(llvm::function_ref<void(std::optional<int64_t> axis)> visitKept, llvm::function_ref<void()> visitArrays) const {
    int64_t others = 0;
    for (auto [number, axis] : llvm::enumerate(from)) {
      if (llvm::is_contained(arrays.axes, int64_t(number)))
        continue;
      if (!arrays.indices.empty() && others == arrays.firstAxis())
        visitArrays();
      visitKept(axis);
      ++others;
    }
    if (!arrays.indices.empty() && others == arrays.firstAxis())
      visitArrays();
  }
  Dims chosen(DimAttr one) const {
    Dims dims;
    visitChosen([&](std::optional<int64_t> axis) { dims.push_back(axis ? sizes[*axis] : one); }, [&] { dims.append(arrays.shape); });
    return dims;
  }

  size_t axes() const { return strides.size(); }
  void addAxis(DimAttr start, DimAttr size, int64_t stride, bool isKept) {
    if (isKept) {
      from.push_back(int64_t(axes()));
      kept.push_back(size);
    }
    starts.push_back(start);
    sizes.push_back(size);
    strides.push_back(stride);
    dynamic.push_back(std::nullopt);
  }
};

} // namespace

static FailureOr<int64_t> stepOf(Elaborator &e, const IndexExpr::Subscript &s, const Binding *scope) {
  if (!s.step)
    return int64_t(1);
  FailureOr<Number> step = e.evaluateNumber(*s.step, scope, "the step of a slice");
  if (failed(step))
    return failure();
  if (!step->isInteger || step->integer < 1)
    return e.error(s.step->range) << "requires the step of a slice to be a positive integer, but got " << describe(*step)
                                  << (step->isInteger && step->integer == -1 ? "; 'flip' reverses an axis" : "");
  return step->integer;
}

/// An index into a list, as Python counts.
static FailureOr<int64_t> placeInList(Elaborator &e, const Number &number, int64_t size, SourceRange where) {
  int64_t i = number.integer < 0 ? number.integer + size : number.integer;
  if (i < 0 || i >= size)
    return e.error(where) << "requires an index into a list of " << size << ", but got " << number.integer;
  return i;
}

static FailureOr<Selection> select(Elaborator &e, const IndexExpr &expr, const Tensor &x, const Binding *scope) {
  using Subscript = IndexExpr::Subscript;
  TensorBuilder &b = e.b;
  // `..` stands for the axes that no other subscript names; without one it is understood at the end.
  size_t rests = llvm::count_if(expr.subscripts, [](const Subscript &s) { return s.kind == Subscript::Rest; });
  size_t named = expr.subscripts.size() - rests - llvm::count_if(expr.subscripts, [](const Subscript &s) { return s.kind == Subscript::New; });
  if (rests > 1 || named > size_t(x.rank()))
    return e.error(expr.range) << "requires at most " << x.rank() << " subscripts and one '..', but got " << named + rests;

  b.location = e.location(expr.range);
  Selection selected;
  IndexArrays &arrays = selected.arrays;
  DimAttr zero = b.dim(0), one = b.dim(1);
  auto whole = [&] { selected.addAxis(zero, x.dims[selected.axes()], 1, /*isKept=*/true); };
  for (const Subscript &s : expr.subscripts) {
    arrays.subscripts.push_back(false);
    if (s.kind == Subscript::Rest) {
      for (size_t i = named; i < size_t(x.rank()); ++i)
        whole();
      continue;
    }
    if (s.kind == Subscript::New) {
      selected.kept.push_back(one);
      selected.from.push_back(std::nullopt);
      continue;
    }
    DimAttr extent = x.dims[selected.axes()];
    if (s.kind == Subscript::Slice) {
      FailureOr<int64_t> step = stepOf(e, s, scope);
      auto bounds = failed(step) ? FailureOr<std::array<DimAttr, 2>>(failure()) : sliceBounds(e, s, extent, *step, scope);
      if (failed(bounds))
        return failure();
      auto [start, size] = *bounds;
      selected.addAxis(start, size, *step, /*isKept=*/true);
      selected.isStatic |= size != extent;
      continue;
    }
    FailureOr<Value> value = e.evaluate(*s.first, scope);
    if (failed(value))
      return failure();
    arrays.addPlace(selected.kept.size());
    bool isList = value->is<List>() || (value->is<Tensor>() && value->as<Tensor>()->rank() > 0);
    if (isList) {
      FailureOr<Tensor> indices = e.toIndices(*value, extent, s.range);
      if (failed(indices) || failed(arrays.add(e, *indices, s.range, selected.kept.size())))
        return failure();
      whole();
      continue;
    }
    if (auto number = value->as<Number>(); number && number->isInteger) {
      DimAttr i = b.dim(number->integer);
      if (number->integer < 0)
        i = i + extent;
      if (i.constant() && extent.constant() && (*i.constant() < 0 || *i.constant() >= *extent.constant()))
        return e.error(s.range) << "requires an index below " << extent.str() << ", but got " << number->integer;
      selected.addAxis(i, one, 1, /*isKept=*/false);
      selected.isStatic = true;
      continue;
    }
    FailureOr<Tensor> position = e.toIndices(*value, extent, s.range);
    if (failed(position))
      return failure();
    // A negative index counts from the end, also when it is known at run time only.
    Tensor n = b.convert(b.extent(extent), position->elementType());
    Tensor isNegative = b.compare(ComparisonDirection::LT, *position, b.constant(position->elementType(), Number::of(int64_t(0))));
    selected.addAxis(zero, one, 1, /*isKept=*/false);
    selected.dynamic.back() = b.select(isNegative, b.binary<graph::AddOp>(*position, n), *position);
    selected.isDynamic = true;
  }
  while (selected.axes() < size_t(x.rank()))
    whole();
  return selected;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

FailureOr<Value> Elaborator::index(const IndexExpr &e, const Value &base, const Binding *scope) {
  using Subscript = IndexExpr::Subscript;
  if (auto list = base.as<List>(); list && e.subscripts.size() == 1) {
    const Subscript &s = e.subscripts[0];
    if (failed(requireShape(*list, e.range)))
      return failure();
    if (s.kind == Subscript::Slice) {
      FailureOr<int64_t> step = stepOf(*this, s, scope);
      auto bounds = failed(step) ? FailureOr<std::array<DimAttr, 2>>(failure()) : sliceBounds(*this, s, b.dim(list->size()), *step, scope);
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
      FailureOr<int64_t> i = placeInList(*this, *number, list->size(), s.range);
      return failed(i) ? FailureOr<Value>(failure()) : FailureOr<Value>((*list)[*i]);
    }
  }
  FailureOr<Value> array = toArray(base, e.base->range);
  if (failed(array))
    return failure();
  auto complex = array->as<Complex>();
  Tensor x = withoutGaps(*(complex ? complex->re() : *array).as<Tensor>());
  FailureOr<Selection> selected = select(*this, e, x, scope);
  if (failed(selected))
    return failure();

  auto choose = [&](Tensor part) -> Value {
    if (selected->isStatic) {
      Dims cut = selected->sizes;
      for (auto [axis, position] : llvm::enumerate(selected->dynamic))
        if (position)
          cut[axis] = x.dims[axis];
      part = b.slice(part, selected->starts, cut, selected->strides);
    }
    if (selected->isDynamic) {
      mlir::Type type = b.builder.getI32Type();
      for (const auto &position : selected->dynamic)
        if (position)
          type = promote(type, position->elementType());
      std::vector<Tensor> offsets;
      for (const auto &position : selected->dynamic)
        offsets.push_back(position ? b.convert(*position, type) : b.constant(type, Number::of(int64_t(0))));
      part = b.dynamicSlice(part, offsets, selected->sizes);
    }
    part = b.reshape(part, selected->kept);
    return selected->arrays.indices.empty() ? Value(part) : gatherAt(*this, part, selected->arrays);
  };
  return complex ? makeComplex(choose(x), choose(*complex->im().as<Tensor>())) : choose(x);
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

/// A block at a place that is known from sizes.
static Tensor writeBlock(TensorBuilder &b, const Tensor &x, const Selection &selected, const Tensor &values) {
  auto starts = llvm::map_to_vector(selected.starts, [&](DimAttr start) { return b.extent(start); });
  return b.dynamicUpdateSlice(x, b.reshape(values, selected.sizes), starts);
}

/// Whatever else: a place for each element that is written. The axes from the first to the last that is not taken whole become one, and the axes in
/// front of them are shared.
static Tensor writeScattered(Elaborator &e, const Tensor &x, const Selection &selected, const Tensor &values) {
  TensorBuilder &b = e.b;
  const IndexArrays &arrays = selected.arrays;
  auto arrayOf = [&](int64_t axis) -> const Tensor * {
    for (auto [kept, array] : llvm::zip_equal(arrays.axes, arrays.indices))
      if (selected.from[kept] == axis)
        return &array;
    return nullptr;
  };
  auto isWhole = [&](int64_t axis) {
    return selected.sizes[axis] == x.dims[axis] && selected.strides[axis] == 1 && !selected.dynamic[axis] && !arrayOf(axis) &&
           llvm::is_contained(selected.from, std::optional(axis));
  };
  int64_t first = 0, last = x.rank() - 1;
  while (isWhole(first))
    ++first;
  while (isWhole(last))
    --last;

  // The indices: the axes that arrays have in common, then those of slices.
  Dims shape = arrays.shape;
  llvm::SmallVector<std::optional<int64_t>> own; // of each axis among them
  for (int64_t axis = first; axis <= last; ++axis) {
    bool isSliced = !arrayOf(axis) && llvm::is_contained(selected.from, std::optional(axis));
    own.push_back(isSliced ? std::optional<int64_t>(shape.size()) : std::nullopt);
    if (isSliced)
      shape.push_back(selected.sizes[axis]);
  }
  mlir::Type type = arrays.type(e);
  for (const auto &position : selected.dynamic)
    if (position)
      type = e.promote(type, position->elementType());
  for (DimAttr extent : ArrayRef(x.dims).slice(first, last + 1 - first))
    if (!extent.constant() || *extent.constant() > std::numeric_limits<int32_t>::max())
      type = b.builder.getI64Type();
  std::vector<Tensor> indices;
  llvm::SmallVector<bool> mayLeave;
  for (int64_t axis = first; axis <= last; ++axis) {
    const Tensor *array = arrayOf(axis);
    mayLeave.push_back(array || selected.dynamic[axis]);
    if (array) {
      Tensor common = b.broadcast(b.convert(*array, type), arrays.shape);
      indices.push_back(b.broadcast(common, llvm::to_vector(llvm::seq<int64_t>(0, common.rank())), shape));
    } else if (selected.dynamic[axis]) {
      indices.push_back(b.broadcast(b.convert(*selected.dynamic[axis], type), shape));
    } else {
      Tensor start = b.broadcast(b.convert(b.extent(selected.starts[axis]), type), shape);
      auto place = own[axis - first];
      Tensor stride = b.full(type, shape, Number::of(selected.strides[axis]));
      indices.push_back(place ? b.binary<graph::AddOp>(b.multiply(b.iota(type, shape, *place), stride), start) : start);
    }
  }
  ArrayRef<DimAttr> extents = ArrayRef(x.dims).slice(first, last + 1 - first);
  Tensor row = extents.size() == 1 ? indices.front() : rowOf(b, extents, indices, mayLeave, shape, type);
  Dims shared(ArrayRef(x.dims).take_front(first)), merged = shared, places = shared;
  merged.push_back(graph::product(b.builder.getContext(), extents));
  merged.append(x.dims.begin() + last + 1, x.dims.end());
  places.append(shape);
  llvm::SmallVector<int64_t> behind;
  for (int64_t axis = first; axis < int64_t(places.size()); ++axis)
    behind.push_back(axis);
  row = b.broadcast(row, behind, places);

  // The values stand as what is read there does. Wanted are the shared axes, those of the indices, and the rest.
  llvm::SmallVector<int64_t> order(places.size() + x.rank() - last - 1, -1);
  Dims standing;
  auto stand = [&](int64_t place, DimAttr dim) {
    order[place] = standing.size();
    standing.push_back(dim);
  };
  selected.visitChosen(
      [&](std::optional<int64_t> axis) {
        if (axis)
          stand(*axis < first ? *axis : *axis > last ? int64_t(places.size()) + *axis - last - 1 : first + *own[*axis - first], selected.sizes[*axis]);
      },
      [&] {
        for (auto [number, dim] : llvm::enumerate(arrays.shape))
          stand(first + number, dim);
      });
  Tensor updates = b.transpose(b.reshape(values, standing), order);
  return b.reshape(b.scatter<graph::ScatterOp>(b.reshape(x, merged), row, updates, first), x.dims);
}

FailureOr<Value> Elaborator::write(const WriteExpr &e, const Binding *scope) {
  auto &place = llvm::cast<IndexExpr>(*e.place);
  FailureOr<Value> base = evaluate(*place.base, scope), value = failed(base) ? base : evaluate(*e.value, scope);
  if (failed(value))
    return failure();
  SourceRange where = e.value->range;
  if (auto list = base->as<List>(); list && place.subscripts.size() == 1 && place.subscripts[0].kind == IndexExpr::Subscript::Element) {
    FailureOr<Value> element = evaluate(*place.subscripts[0].first, scope);
    if (failed(element))
      return failure();
    if (auto number = element->as<Number>(); number && number->isInteger) {
      FailureOr<int64_t> i = placeInList(*this, *number, list->size(), place.subscripts[0].range);
      if (failed(i))
        return failure();
      std::vector<Value> elements(list->begin(), list->end());
      elements[*i] = *value;
      return makeList(std::move(elements));
    }
  }
  auto refuse = [&](llvm::StringRef got) { return error(place.base->range) << "requires a tensor before '[' on the left of '<-', but got " << got; };
  if (base->is<Number>() || base->is<bool>())
    return refuse(describe(*base));
  FailureOr<Value> array = toArray(*base, place.base->range);
  if (failed(array))
    return failure();
  auto complex = array->as<Complex>();
  Tensor x = *(complex ? complex->re() : *array).as<Tensor>();
  if (x.arena)
    return refuse("a parameter set");
  FailureOr<Selection> selected = select(*this, place, x, scope);
  if (failed(selected))
    return failure();

  // What is written has the type of x, or one that x has room for, and can be repeated to what is read there.
  Dims wanted = selected->chosen(b.dim(1));
  mlir::Type type = x.elementType();
  auto refuseValue = [&](const std::string &got) {
    mlir::Type whole = complex ? mlir::Type(mlir::ComplexType::get(type)) : type;
    return error(where) << "requires " << typeName(whole, wanted) << " for '" << spell(place) << "', or what can be repeated to it, but got " << got;
  };
  if (isComplex(*value) && !complex)
    return refuseValue(describe(*value));
  std::vector<Tensor> parts;
  for (bool isImaginary : {false, true}) {
    if (isImaginary && !complex)
      continue;
    FailureOr<Value> part = complex ? partOf(*value, isImaginary, where) : value;
    bool hasType = succeeded(part) && hasTensor(*part) && !part->is<RuntimeNumber>();
    FailureOr<Tensor> given = failed(part) ? FailureOr<Tensor>(failure()) : toTensor(*part, where, hasType ? mlir::Type() : type);
    if (failed(given))
      return failure();
    bool fits = given->rank() <= int64_t(wanted.size()) && promote(type, given->elementType()) == type;
    for (int64_t i = 1; fits && i <= given->rank(); ++i) {
      DimAttr from = given->dims[given->rank() - i];
      fits = from == wanted[wanted.size() - i] || from.constant() == 1;
    }
    if (!fits)
      return refuseValue(complex ? describe(*value) : typeName(*given));
    parts.push_back(*given);
  }
  // What stands at a place known from sizes must be there, as where it is read.
  for (auto [start, size, stride, extent] : llvm::zip_equal(selected->starts, selected->sizes, selected->strides, x.dims))
    if (size != extent) {
      requireNotNegative(start, place.range);
      requireNotNegative(extent - start - (size - b.dim(1)) * b.dim(stride) - b.dim(1), place.range);
    }
  b.location = location(e.range);
  bool isBlock = selected->arrays.indices.empty() && !selected->isDynamic && llvm::all_of(selected->strides, [](int64_t stride) { return stride == 1; });
  auto put = [&](const Value &into, const Tensor &given) -> Value {
    Tensor values = b.broadcast(b.convert(given, type), wanted);
    if (isBlock && !selected->isStatic)
      return b.reshape(values, x.dims);
    return isBlock ? writeBlock(b, *into.as<Tensor>(), *selected, values) : writeScattered(*this, *into.as<Tensor>(), *selected, values);
  };
  return complex ? makeComplex(put(complex->re(), parts[0]), put(complex->im(), parts[1])) : put(*array, parts[0]);
}

} // namespace costate::importer
