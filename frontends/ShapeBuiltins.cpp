// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Built-in functions of shapes: making, arranging and indexing tensors; sizes and lists, which are known at import.
#include "costate/frontends/Builtins.h"

#include <cmath>

namespace costate::importer {

using graph::DimAttr;
using graph::Dims;
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;

namespace {

//===----------------------------------------------------------------------===//
// Tensors from nothing
//===----------------------------------------------------------------------===//

template <int64_t value> FailureOr<Value> filled(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Dims> dims = shapeArgument(e, call, 0);
  FailureOr<mlir::Type> type = typeArgument(e, call, 1, e.real);
  return failed(dims) || failed(type) ? FailureOr<Value>(failure()) : Value(e.b.full(*type, *dims, Number::of(value)));
}

/// full(shape, value, dtype): value may be a scalar tensor
FailureOr<Value> full(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Dims> dims = shapeArgument(e, call, 0);
  if (failed(dims))
    return failure();
  // As in NumPy, zeros are real but full([2], 3) holds integers: without a type it is that of the value.
  FailureOr<mlir::Type> type = typeArgument(e, call, 2, mlir::Type());
  if (failed(type))
    return failure();
  FailureOr<Tensor> value = e.toTensor(call[1].value, call[1].where, *type);
  if (failed(value))
    return failure();
  if (value->rank() != 0)
    return argumentError(e, call, 1, "a scalar");
  return Value(e.b.broadcast(*value, *dims));
}

template <int64_t value> FailureOr<Value> filledLike(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = tensorArgument(e, call, 0, /*keepsLayout=*/true);
  if (failed(x))
    return failure();
  Tensor result = e.b.full(x->elementType(), x->dims, Number::of(value));
  result.arena = x->arena;
  return Value(result);
}

FailureOr<Value> arange(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Dims> dims = shapeArgument(e, call, 0);
  if (failed(dims))
    return failure();
  if (dims->size() != 1)
    return argumentError(e, call, 0, "one size");
  return Value(e.b.iota(e.b.builder.getI32Type(), *dims, 0));
}

/// one_hot(x, n): a new last axis of extent n, 1 where its index is x
FailureOr<Value> oneHot(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = tensorArgument(e, call, 0);
  FailureOr<Dims> classes = shapeArgument(e, call, 1);
  if (failed(x) || failed(classes))
    return failure();
  if (classes->size() != 1)
    return argumentError(e, call, 1, "one size");
  if (!x->elementType().isSignlessInteger(32) && !x->elementType().isSignlessInteger(64))
    return argumentError(e, call, 0, "indices of type i32 or i64");
  Dims dims = x->dims;
  dims.push_back(classes->front());
  llvm::SmallVector<int64_t> places = llvm::to_vector(llvm::seq<int64_t>(0, x->rank()));
  Tensor indices = e.b.iota(x->elementType(), dims, x->rank());
  Tensor hot = e.b.compare(graph::ComparisonDirection::EQ, e.b.broadcast(*x, places, dims), indices);
  return Value(e.b.convert(hot, e.real));
}

/// inspect(x, name): x, which is shown whenever it is computed
FailureOr<Value> inspect(Elaborator &e, const BuiltinCall &call) {
  if (call.given(1) && !call[1].value.is<llvm::StringRef>())
    return argumentError(e, call, 1, "a name in quotes");
  std::string name = call.given(1) ? call[1].value.as<llvm::StringRef>()->str() : call[0].expr ? syntax::spell(*call[0].expr) : "value";
  if (failed(e.show(name, call[0].value, call.where())))
    return failure();
  return call[0].value;
}

//===----------------------------------------------------------------------===//
// Arrangement
//===----------------------------------------------------------------------===//

/// reshape(x, shape): one size may be -1, which takes what is left
FailureOr<Value> reshape(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = tensorArgument(e, call, 0);
  if (failed(x))
    return failure();
  auto list = call[1].value.as<List>();
  std::vector<Value> sizes = list ? std::vector<Value>(list->begin(), list->end()) : std::vector<Value>{call[1].value};
  mlir::MLIRContext *context = e.real.getContext();
  auto isOpen = [](const Value &v) { return v.as<Number>() && v.as<Number>()->isInteger && v.as<Number>()->integer == -1; };
  int64_t open = llvm::find_if(sizes, isOpen) - sizes.begin();
  if (llvm::count_if(sizes, isOpen) > 1)
    return argumentError(e, call, 1, "sizes with at most one -1");
  bool hasOpen = open < int64_t(sizes.size());
  if (hasOpen)
    sizes[open] = Number::of(int64_t(1));
  FailureOr<Dims> dims = e.evaluateShape(makeList(sizes), call[1].where);
  if (failed(dims))
    return failure();
  DimAttr have = graph::product(context, x->dims), known = graph::product(context, *dims);
  if (hasOpen) {
    // The extent left over must be exact: [batch, 8] to [-1, 4] is 2 * batch, to [-1, 3] it is an error.
    // Sizes with names cancel one by one, and what then is left of the new ones must be a number.
    Dims left = x->dims, divisors;
    for (auto [i, dim] : llvm::enumerate(*dims)) {
      auto same = dim.constant() ? left.end() : llvm::find(left, dim);
      if (same != left.end())
        left.erase(same);
      else if (int64_t(i) != open)
        divisors.push_back(dim);
    }
    std::optional<DimAttr> rest;
    DimAttr divisor = graph::product(context, divisors);
    if (divisor.constant() && *divisor.constant() > 0) {
      DimAttr quotient = DimAttr::floorDiv(graph::product(context, left), divisor);
      if (quotient * known == have)
        rest = quotient;
    }
    if (!rest)
      return e.error(call.where()) << "'reshape' requires sizes that divide " << have.str() << ", but got " << describe(call[1].value);
    (*dims)[open] = *rest;
  } else if (have != known) {
    return e.error(call.where()) << "'reshape' requires as many elements as " << typeName(*x) << " has, but got "
                                 << describe(call[1].value);
  }
  return Value(e.b.reshape(*x, *dims));
}

/// transpose(x, axes?): without axes, reverses their order
FailureOr<Value> transpose(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = tensorArgument(e, call, 0);
  if (failed(x))
    return failure();
  llvm::SmallVector<int64_t> permutation;
  if (!call.given(1)) {
    permutation = llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(0, x->rank())));
    return Value(e.b.transpose(*x, permutation));
  }
  auto list = call[1].value.as<List>();
  if (!list || int64_t(list->size()) != x->rank())
    return argumentError(e, call, 1, "a list of " + llvm::Twine(x->rank()) + " axes");
  for (const Value &value : *list) {
    auto number = value.as<Number>();
    int64_t axis = number && number->isInteger ? number->integer + (number->integer < 0 ? x->rank() : 0) : -1;
    if (axis < 0 || axis >= x->rank() || llvm::is_contained(permutation, axis))
      return argumentError(e, call, 1, "a permutation of the axes");
    permutation.push_back(axis);
  }
  return Value(e.b.transpose(*x, permutation));
}

/// The last two axes in each other's place, as NumPy 2 has it.
FailureOr<Value> matrixTranspose(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = tensorArgument(e, call, 0);
  if (failed(x))
    return failure();
  if (x->rank() < 2)
    return argumentError(e, call, 0, "a tensor of at least two axes");
  auto permutation = llvm::to_vector(llvm::seq<int64_t>(0, x->rank()));
  std::swap(permutation[x->rank() - 2], permutation[x->rank() - 1]);
  return Value(e.b.transpose(*x, permutation));
}

FailureOr<Value> broadcastTo(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = tensorArgument(e, call, 0);
  FailureOr<Dims> dims = shapeArgument(e, call, 1);
  if (failed(x) || failed(dims))
    return failure();
  bool fits = x->rank() <= int64_t(dims->size());
  for (int64_t i = 1; fits && i <= x->rank(); ++i) {
    DimAttr from = x->dims[x->rank() - i], to = (*dims)[dims->size() - i];
    fits = from == to || from.constant() == 1;
  }
  if (!fits)
    return argumentError(e, call, 1, "a shape to which " + typeName(*x) + " can be repeated");
  return Value(e.b.broadcast(*x, *dims));
}

FailureOr<Value> expandDims(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = tensorArgument(e, call, 0);
  FailureOr<int64_t> axis = failed(x) ? FailureOr<int64_t>(failure()) : axisArgument(e, call, 1, x->rank() + 1);
  if (failed(axis))
    return failure();
  Dims dims = x->dims;
  dims.insert(dims.begin() + *axis, e.b.dim(1));
  return Value(e.b.reshape(*x, dims));
}

FailureOr<Value> squeeze(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = tensorArgument(e, call, 0);
  FailureOr<int64_t> axis = failed(x) ? FailureOr<int64_t>(failure()) : axisArgument(e, call, 1, x->rank());
  if (failed(axis))
    return failure();
  if (x->dims[*axis].constant() != 1)
    return argumentError(e, call, 1, "an axis of extent 1 of " + typeName(*x));
  return Value(e.b.reshape(*x, TensorBuilder::without(x->dims, *axis)));
}

/// The elements of a list as tensors of one type.
FailureOr<std::vector<Tensor>> parts(Elaborator &e, const BuiltinCall &call) {
  auto list = call[0].value.as<List>();
  if (!list || list->size() == 0)
    return argumentError(e, call, 0, "a list of tensors");
  std::vector<Tensor> tensors;
  mlir::Type type;
  for (const Value &element : *list) {
    FailureOr<Tensor> tensor = e.toTensor(element, call[0].where);
    if (failed(tensor))
      return failure();
    type = type ? e.promote(type, tensor->elementType()) : tensor->elementType();
    tensors.push_back(e.withoutGaps(*tensor));
  }
  for (Tensor &tensor : tensors) {
    if (tensor.rank() != tensors[0].rank())
      return e.error(call[0].where) << "'" << call.builtin.name << "' requires tensors of one rank, but got " << typeName(tensors[0])
                                    << " and " << typeName(tensor);
    tensor = e.b.convert(tensor, type);
  }
  return tensors;
}

FailureOr<Value> concatenate(Elaborator &e, const BuiltinCall &call) {
  FailureOr<std::vector<Tensor>> tensors = parts(e, call);
  if (failed(tensors))
    return failure();
  const Tensor &first = tensors->front();
  FailureOr<int64_t> axis = call.given(1) ? axisArgument(e, call, 1, first.rank()) : FailureOr<int64_t>(0);
  if (failed(axis))
    return failure();
  if (first.rank() == 0)
    return argumentError(e, call, 0, "tensors with axes; 'stack' joins scalars");
  for (const Tensor &tensor : *tensors)
    if (TensorBuilder::without(tensor.dims, *axis) != TensorBuilder::without(first.dims, *axis))
      return e.error(call[0].where) << "'concatenate' requires equal shapes but for axis " << *axis << ", but got " << typeName(first)
                                    << " and " << typeName(tensor);
  return Value(e.b.concatenate(*tensors, *axis));
}

FailureOr<Value> stack(Elaborator &e, const BuiltinCall &call) {
  FailureOr<std::vector<Tensor>> tensors = parts(e, call);
  if (failed(tensors))
    return failure();
  FailureOr<int64_t> axis = call.given(1) ? axisArgument(e, call, 1, tensors->front().rank() + 1) : FailureOr<int64_t>(0);
  if (failed(axis))
    return failure();
  for (Tensor &tensor : *tensors)
    if (tensor.dims != tensors->front().dims)
      return e.error(call[0].where) << "'stack' requires equal shapes, but got " << typeName(tensors->front()) << " and "
                                    << typeName(tensor);
  Dims dims = tensors->front().dims;
  dims.insert(dims.begin() + *axis, e.b.dim(1));
  for (Tensor &tensor : *tensors)
    tensor = e.b.reshape(tensor, dims);
  return Value(e.b.concatenate(*tensors, *axis));
}

/// pad(x, [[low, high], ...], value=0)
FailureOr<Value> pad(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = tensorArgument(e, call, 0);
  if (failed(x))
    return failure();
  auto widths = call[1].value.as<List>();
  llvm::SmallVector<int64_t> low, high;
  auto count = [](const Value &v) { return v.as<Number>() && v.as<Number>()->isInteger ? v.as<Number>()->integer : -1; };
  for (size_t i = 0; widths && i < widths->size(); ++i)
    if (auto pair = (*widths)[i].as<List>(); pair && pair->size() == 2) {
      low.push_back(count((*pair)[0]));
      high.push_back(count((*pair)[1]));
    }
  auto isNegative = [](int64_t n) { return n < 0; };
  if (int64_t(low.size()) != x->rank() || llvm::any_of(low, isNegative) || llvm::any_of(high, isNegative))
    return argumentError(e, call, 1, "a list of " + llvm::Twine(x->rank()) + " pairs [low, high] that are not negative");
  FailureOr<Tensor> value = scalarArgument(e, call, 2, x->elementType(), Number::of(int64_t(0)));
  return failed(value) ? FailureOr<Value>(failure()) : Value(e.b.pad(*x, *value, low, high));
}

/// Elements from `begin` to `end` of an axis
Tensor between(Elaborator &e, const Tensor &x, int64_t axis, DimAttr begin, DimAttr end) {
  Dims starts(x.rank(), e.b.dim(0)), sizes = x.dims;
  starts[axis] = begin;
  sizes[axis] = end - begin;
  return e.b.slice(x, starts, sizes, llvm::SmallVector<int64_t>(x.rank(), 1));
}

FailureOr<Value> flip(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = tensorArgument(e, call, 0);
  auto axes = failed(x) ? FailureOr<llvm::SmallVector<int64_t>>(failure()) : axesArgument(e, call, 1, x->rank());
  return failed(axes) ? FailureOr<Value>(failure()) : Value(e.b.reverse(*x, *axes));
}

/// roll(x, shift, axis): element i goes to place i + shift, around the end. A shift with names in it goes around less than once.
FailureOr<Value> roll(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = tensorArgument(e, call, 0);
  FailureOr<int64_t> axis = failed(x) ? FailureOr<int64_t>(failure()) : axisArgument(e, call, 2, x->rank());
  FailureOr<DimAttr> shift = failed(axis) ? FailureOr<DimAttr>(failure()) : integerArgument(e, call, 1);
  if (failed(shift))
    return failure();
  DimAttr extent = x->dims[*axis], zero = e.b.dim(0);
  bool isForward = shift->lowerBound().value_or(-1) >= 0;
  if (!shift->constant() && !(isForward && (extent - *shift).lowerBound().value_or(-1) >= 0))
    return argumentError(e, call, 1, "known at import to lie between 0 and " + extent.str());
  if (extent.constant() && shift->constant()) { // in either direction less than once around
    shift = *extent.constant() == 0 ? zero : e.b.dim(*shift->constant() % *extent.constant());
    isForward = *shift->constant() >= 0;
  }
  if (*shift == zero)
    return Value(*x);
  DimAttr cut = isForward ? extent - *shift : zero - *shift;
  return Value(e.b.concatenate({between(e, *x, *axis, cut, extent), between(e, *x, *axis, zero, cut)}, *axis));
}

/// diff(x, axis=-1): x[i + 1] - x[i]
FailureOr<Value> diff(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = tensorArgument(e, call, 0);
  FailureOr<int64_t> axis = failed(x) ? FailureOr<int64_t>(failure()) : lastAxisArgument(e, call, 1, *x);
  if (failed(axis))
    return failure();
  DimAttr extent = x->dims[*axis], one = e.b.dim(1);
  if (extent.constant() == 0)
    return argumentError(e, call, 0, "a tensor with elements along axis " + llvm::Twine(*axis));
  if (x->elementType().isInteger(1))
    x = e.b.convert(*x, e.b.builder.getI32Type());
  return Value(e.b.binary<graph::SubtractOp>(between(e, *x, *axis, one, extent), between(e, *x, *axis, e.b.dim(0), extent - one)));
}

//===----------------------------------------------------------------------===//
// Indexing
//===----------------------------------------------------------------------===//

/// `axis` moved to place `to`, the others in their order
llvm::SmallVector<int64_t> moved(int64_t rank, int64_t axis, int64_t to) {
  llvm::SmallVector<int64_t> permutation;
  for (int64_t i = 0; i < rank; ++i)
    if (i != axis)
      permutation.push_back(i);
  permutation.insert(permutation.begin() + to, axis);
  return permutation;
}

/// take(x, indices, axis=0): result[.., i.., ..] = x[.., indices[i..], ..]
FailureOr<Value> take(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = tensorArgument(e, call, 0);
  if (failed(x))
    return failure();
  if (x->rank() == 0)
    return argumentError(e, call, 0, "a tensor with axes");
  FailureOr<int64_t> axis = call.given(2) ? axisArgument(e, call, 2, x->rank()) : FailureOr<int64_t>(0);
  if (failed(axis))
    return failure();
  FailureOr<Tensor> indices = e.toIndices(call[1].value, x->dims[*axis], call[1].where);
  if (failed(indices))
    return failure();
  Tensor rows = e.b.gather(e.b.transpose(*x, moved(x->rank(), *axis, 0)), *indices, 0);
  // The axes of the indices stand in front now; they belong where `axis` was.
  llvm::SmallVector<int64_t> permutation;
  int64_t n = indices->rank();
  for (int64_t i = 0; i < *axis; ++i)
    permutation.push_back(n + i);
  for (int64_t i = 0; i < n; ++i)
    permutation.push_back(i);
  for (int64_t i = *axis; i < x->rank() - 1; ++i)
    permutation.push_back(n + i);
  return Value(e.b.transpose(rows, permutation));
}

/// take_along_axis(x, indices, axis): result[i.., j, k..] = x[i.., indices[i.., j, k..], k..]
FailureOr<Value> takeAlongAxis(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = tensorArgument(e, call, 0);
  FailureOr<int64_t> axis = failed(x) ? FailureOr<int64_t>(failure()) : axisArgument(e, call, 2, x->rank());
  if (failed(axis))
    return failure();
  FailureOr<Tensor> indices = e.toIndices(call[1].value, x->dims[*axis], call[1].where);
  if (failed(indices))
    return failure();
  if (indices->rank() != x->rank() || TensorBuilder::without(indices->dims, *axis) != TensorBuilder::without(x->dims, *axis))
    return argumentError(e, call, 1, "indices with the shape of " + typeName(*x) + " but for axis " + llvm::Twine(*axis));
  int64_t last = x->rank() - 1;
  llvm::SmallVector<int64_t> there = moved(x->rank(), *axis, last), back = moved(x->rank(), last, *axis);
  return Value(e.b.transpose(e.b.gather(e.b.transpose(*x, there), e.b.transpose(*indices, there), last), back));
}

/// Rows of x and what is to be written to them, of one type: updates[i.., r..] for row indices[i..].
struct Scatter {
  Tensor x, indices, updates;
};

FailureOr<Scatter> scatterArguments(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = tensorArgument(e, call, 0);
  if (failed(x))
    return failure();
  if (x->rank() == 0)
    return argumentError(e, call, 0, "a tensor with axes");
  FailureOr<Tensor> indices = e.toIndices(call[1].value, x->dims[0], call[1].where);
  // A number, or numbers in a list, take the type of x, unless that would cut them.
  mlir::Type wanted = hasTensor(call[2].value) || !mlir::isa<mlir::FloatType>(x->elementType()) ? mlir::Type() : x->elementType();
  FailureOr<Tensor> updates = failed(indices) ? indices : e.toTensor(call[2].value, call[2].where, wanted);
  if (failed(updates))
    return failure();
  Dims dims = indices->dims;
  dims.append(x->dims.begin() + 1, x->dims.end());
  bool fits = updates->rank() <= int64_t(dims.size());
  for (int64_t i = 1; fits && i <= updates->rank(); ++i) {
    DimAttr from = updates->dims[updates->rank() - i];
    fits = from == dims[dims.size() - i] || from.constant() == 1;
  }
  if (!fits)
    return argumentError(e, call, 2, typeName(updates->elementType(), dims) + ", or what can be repeated to it");
  mlir::Type type = e.promote(x->elementType(), updates->elementType());
  return Scatter{e.b.convert(*x, type), *indices, e.b.broadcast(e.b.convert(*updates, type), dims)};
}

/// scatter_add(x, ids, updates): x with each update added to the row that its index names
FailureOr<Value> scatterAdd(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Scatter> s = scatterArguments(e, call);
  return failed(s) ? FailureOr<Value>(failure()) : Value(e.b.scatter<graph::ScatterAddOp>(s->x, s->indices, s->updates));
}

/// scatter(x, ids, updates): x with rows replaced; of several for one row, the last
FailureOr<Value> scatterSet(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Scatter> s = scatterArguments(e, call);
  return failed(s) ? FailureOr<Value>(failure()) : Value(e.b.scatter<graph::ScatterOp>(s->x, s->indices, s->updates));
}

/// segment_f(x, ids, count): f of the rows of x that have the same index, for the indices below count
struct Segments {
  Tensor x, indices;
  Dims dims;
};

FailureOr<Segments> segmentArguments(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = tensorArgument(e, call, 0);
  FailureOr<Dims> count = failed(x) ? FailureOr<Dims>(failure()) : shapeArgument(e, call, 2);
  if (failed(count))
    return failure();
  if (x->rank() == 0)
    return argumentError(e, call, 0, "a tensor with axes");
  if (count->size() != 1)
    return argumentError(e, call, 2, "one size");
  FailureOr<Tensor> indices = e.toIndices(call[1].value, count->front(), call[1].where);
  if (failed(indices))
    return failure();
  if (indices->rank() != 1 || indices->dims[0] != x->dims[0])
    return argumentError(e, call, 1, "an index for each of the " + x->dims[0].str() + " rows of 'x'");
  if (x->elementType().isInteger(1))
    x = e.b.convert(*x, e.b.builder.getI32Type());
  Dims dims = x->dims;
  dims[0] = count->front();
  return Segments{*x, *indices, dims};
}

Tensor segmentSums(Elaborator &e, const Segments &s) {
  return e.b.scatter<graph::ScatterAddOp>(e.b.full(s.x.elementType(), s.dims, Number::of(int64_t(0))), s.indices, s.x);
}

FailureOr<Value> segmentSum(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Segments> s = segmentArguments(e, call);
  return failed(s) ? FailureOr<Value>(failure()) : Value(segmentSums(e, *s));
}

/// Of no rows, 0.
FailureOr<Value> segmentMean(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Segments> s = segmentArguments(e, call);
  if (failed(s))
    return failure();
  if (!mlir::isa<mlir::FloatType>(s->x.elementType()))
    s->x = e.b.convert(s->x, e.real);
  Tensor sums = segmentSums(e, *s);
  Tensor ones = e.b.full(sums.elementType(), {s->x.dims[0]}, Number::of(int64_t(1)));
  Tensor counts = segmentSums(e, {ones, s->indices, {s->dims[0]}});
  Tensor divisors = e.b.binary<graph::MaximumOp>(counts, e.b.full(sums.elementType(), counts.dims, Number::of(int64_t(1))));
  return Value(e.b.binary<graph::DivideOp>(sums, e.b.broadcast(divisors, {0}, sums.dims)));
}

/// Of no rows, the other end of the numbers: -inf or the least integer for a maximum.
template <bool isMax> FailureOr<Value> segmentExtremum(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Segments> s = segmentArguments(e, call);
  if (failed(s))
    return failure();
  mlir::Type type = s->x.elementType();
  // A minimum is the maximum of what is larger where x is smaller.
  auto mirror = [&](const Tensor &x) { return isMax ? x : e.b.mirror(x); };
  return Value(mirror(e.b.scatter<graph::ScatterMaxOp>(e.b.full(type, s->dims, extremeOf(type, /*isLargest=*/false)), s->indices, mirror(s->x))));
}

//===----------------------------------------------------------------------===//
// Sizes and lists
//===----------------------------------------------------------------------===//

Value toSize(DimAttr dim) { return dim.constant() ? Value(Number::of(*dim.constant())) : Value(dim); }

/// Argument 0 for its shape: of a complex value, one of the parts.
FailureOr<Tensor> shapedArgument(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Value> part = e.partOf(call[0].value, /*isImaginary=*/false, call[0].where);
  FailureOr<Tensor> x = e.toTensor(part, call[0].where);
  return failed(x) ? x : FailureOr<Tensor>(e.withoutGaps(*x));
}

FailureOr<Value> shape(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = shapedArgument(e, call);
  if (failed(x))
    return failure();
  std::vector<Value> sizes;
  for (DimAttr dim : x->dims)
    sizes.push_back(toSize(dim));
  return makeList(std::move(sizes));
}

FailureOr<Value> ndim(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = shapedArgument(e, call);
  return failed(x) || failed(e.requireShape(x->dims, call.where())) ? FailureOr<Value>(failure()) : Value(Number::of(x->rank()));
}

FailureOr<Value> size(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = shapedArgument(e, call);
  if (failed(x))
    return failure();
  return e.b.isOpen(x->dims) ? Value(RuntimeNumber{e.b.size(*x)}) : toSize(graph::product(e.real.getContext(), x->dims));
}

FailureOr<Value> len(Elaborator &e, const BuiltinCall &call) {
  if (auto list = call[0].value.as<List>())
    return failed(e.requireShape(*list, call.where())) ? FailureOr<Value>(failure()) : Value(Number::of(int64_t(list->size())));
  FailureOr<Tensor> x = shapedArgument(e, call);
  if (failed(x) || failed(e.requireShape(x->dims, call.where())))
    return failure();
  if (x->rank() == 0)
    return argumentError(e, call, 0, "a list or a tensor with axes");
  return toSize(x->dims[0]);
}

FailureOr<Value> zip(Elaborator &e, const BuiltinCall &call) {
  std::vector<List> lists;
  for (size_t i = 0; i < call.arguments.size() && call.given(i); ++i) {
    auto list = call[i].value.as<List>();
    if (!list)
      return argumentError(e, call, i, "a list");
    if (failed(e.requireShape(*list, call.where())))
      return failure();
    lists.push_back(*list);
  }
  size_t length = llvm::min_element(lists, [](const List &a, const List &b) { return a.size() < b.size(); })->size();
  std::vector<Value> tuples;
  for (size_t i = 0; i < length; ++i) {
    std::vector<Value> tuple;
    for (const List &list : lists)
      tuple.push_back(list[i]);
    tuples.push_back(makeList(std::move(tuple)));
  }
  return makeList(std::move(tuples));
}

FailureOr<Value> enumerate(Elaborator &e, const BuiltinCall &call) {
  auto list = call[0].value.as<List>();
  if (!list)
    return argumentError(e, call, 0, "a list");
  if (failed(e.requireShape(*list, call.where())))
    return failure();
  std::vector<Value> pairs;
  for (size_t i = 0; i < list->size(); ++i)
    pairs.push_back(makeList({Number::of(int64_t(i)), (*list)[i]}));
  return makeList(std::move(pairs));
}

constexpr Builtin table[] = {
    // tensors from nothing
    {"zeros", "shape, dtype+?", filled<0>},
    {"ones", "shape, dtype?", filled<1>, false, "complex_ones"},
    {"full", "shape, value+, dtype+?", full},
    {"zeros_like", "x+", filledLike<0>},
    {"ones_like", "x", filledLike<1>, false, "complex_ones_like"},
    {"arange", "n", arange},
    {"inspect", "x*, name?", inspect},
    {"one_hot", "x, n", oneHot},
    // arrangement
    {"reshape", "x+, shape", reshape},
    {"transpose", "x+, axes?", transpose},
    {"matrix_transpose", "x+", matrixTranspose},
    {"broadcast_to", "x+, shape", broadcastTo},
    {"expand_dims", "x+, axis", expandDims},
    {"squeeze", "x+, axis", squeeze},
    {"concatenate", "tensors+, axis?", concatenate},
    {"stack", "tensors+, axis?", stack},
    {"pad", "x+, widths, value+?", pad},
    {"flip", "x+, axis?", flip},
    {"roll", "x+, shift, axis", roll},
    {"diff", "x+, axis?", diff},
    // indexing
    {"take", "x+, indices, axis?", take},
    {"take_along_axis", "x+, indices, axis", takeAlongAxis},
    {"scatter", "x+, ids, updates+", scatterSet},
    {"scatter_add", "x+, ids, updates+", scatterAdd},
    {"segment_sum", "x+, ids, count", segmentSum},
    {"segment_mean", "x+, ids, count", segmentMean},
    {"segment_max", "x, ids, count", segmentExtremum<true>},
    {"segment_min", "x, ids, count", segmentExtremum<false>},
    // sizes and lists
    {"shape", "x*", shape},
    {"ndim", "x*", ndim},
    {"size", "x*", size},
    {"len", "x*", len},
    {"zip", "a*, b*, c*?, d*?", zip},
    {"enumerate", "list*", enumerate},
};

} // namespace

llvm::ArrayRef<Builtin> shapeBuiltins() { return table; }

} // namespace costate::importer
