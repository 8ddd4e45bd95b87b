// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Built-in functions of numbers: elementwise, reductions, convolution, order, derivatives.
#include "costate/frontends/Builtins.h"

#include <cmath>

namespace costate::importer {

using graph::ComparisonDirection;
using graph::Dims;
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;

namespace {

bool isFloat(const Tensor &x) { return mlir::isa<mlir::FloatType>(x.elementType()); }

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

/// A function of a real number. Of a number known at import the result is one, too: it has no type yet.
template <typename Op, double (*fold)(double)> FailureOr<Value> real(Elaborator &e, const BuiltinCall &call) {
  if (auto number = call[0].value.as<Number>())
    return Value(Number::of(fold(number->real)));
  FailureOr<Tensor> x = e.toOperand(call[0].value, call[0].where, /*isReal=*/true);
  return failed(x) ? FailureOr<Value>(failure()) : e.toResult(e.b.unary<Op>(*x), {&call[0].value});
}

/// One that keeps integers.
template <typename Op, double (*fold)(double)> FailureOr<Value> numeric(Elaborator &e, const BuiltinCall &call) {
  if (auto number = call[0].value.as<Number>()) {
    double result = fold(number->real);
    return Value(number->isInteger ? Number::of(int64_t(result)) : Number::of(result));
  }
  FailureOr<Tensor> x = e.toOperand(call[0].value, call[0].where, /*isReal=*/false);
  if (failed(x))
    return failure();
  if (x->elementType().isInteger(1))
    x = e.b.convert(*x, e.b.builder.getI32Type());
  return e.toResult(e.b.unary<Op>(*x), {&call[0].value});
}

/// Rounding leaves integers alone.
template <typename Op, double (*fold)(double)> FailureOr<Value> rounding(Elaborator &e, const BuiltinCall &call) {
  auto tensor = heldTensor(call[0].value);
  if (tensor && !isFloat(*tensor))
    return call[0].value;
  return real<Op, fold>(e, call);
}

double rsqrt(double x) { return 1 / std::sqrt(x); }
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double signOf(double x) { return x > 0 ? 1 : x < 0 ? -1 : x; }

template <typename Op, bool toReal> FailureOr<Value> binary(Elaborator &e, const BuiltinCall &call) {
  auto pair = e.align(call.builtin.name, call[0].value, call[1].value, call.where(), call[0].where, call[1].where,
                      toReal ? e.real : mlir::Type());
  if (failed(pair))
    return failure();
  return e.toResult(e.b.binary<Op>(pair->first, pair->second), {&call[0].value, &call[1].value});
}

/// max(x, axis=..) reduces, max(x, y) compares, max([1, 2]) is known at import.
/// The larger or the smaller of two numbers known at import; a NaN, if one is.
const Value &extremumOf(const Value &x, const Value &y, bool isMax) {
  double a = x.as<Number>()->real, b = y.as<Number>()->real;
  return std::isnan(a) || (!std::isnan(b) && (a < b) != isMax) ? x : y;
}

template <typename Reduce, typename Elementwise, bool isMax> FailureOr<Value> extremum(Elaborator &e, const BuiltinCall &call) {
  if (call.given(1)) {
    if (call.given(2) || call.given(3))
      return e.error(call.where()) << "'" << call.builtin.name << "' requires two values or an axis, but got both";
    if (call[0].value.is<Number>() && call[1].value.is<Number>())
      return extremumOf(call[0].value, call[1].value, isMax);
    return binary<Elementwise, false>(e, call);
  }
  auto list = call[0].value.as<List>();
  bool isKnown = list && list->size() && llvm::all_of(*list, [](const Value &v) { return v.is<Number>(); });
  if (isKnown && !call.given(2) && !call.given(3)) {
    const Value *best = list->begin();
    for (const Value &v : *list)
      best = &extremumOf(*best, v, isMax);
    return *best;
  }
  FailureOr<Tensor> x = tensorArgument(e, call, 0, /*keepsLayout=*/true);
  if (failed(x))
    return failure();
  x = e.fillGaps(*x, extremeOf(x->elementType(), /*isLargest=*/!isMax));
  auto axes = axesArgument(e, call, 2, x->rank());
  FailureOr<bool> keep = flagArgument(e, call, 3, false);
  if (failed(axes) || failed(keep))
    return failure();
  Tensor y = e.b.reduce<Reduce>(*x, *axes);
  if (!*keep)
    return Value(y);
  Dims dims = x->dims;
  for (int64_t axis : *axes)
    dims[axis] = e.b.dim(1);
  return Value(e.b.reshape(y, dims));
}

FailureOr<Value> isFinite(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = floatArgument(e, call, 0, /*keepsLayout=*/true);
  if (failed(x))
    return failure();
  Tensor infinity = e.b.full(x->elementType(), x->dims, Number::of(HUGE_VAL));
  return Value(e.b.compare(ComparisonDirection::LT, e.b.unary<graph::AbsOp>(*x), infinity));
}

FailureOr<Value> isNan(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = floatArgument(e, call, 0, /*keepsLayout=*/true);
  return failed(x) ? FailureOr<Value>(failure()) : Value(e.b.compare(ComparisonDirection::NE, *x, *x));
}

/// where(condition, a, b): a choice among the two at import if the condition is known then.
FailureOr<Value> where(Elaborator &e, const BuiltinCall &call) {
  if (auto known = call[0].value.as<bool>())
    return call[*known ? 1 : 2].value;
  FailureOr<Tensor> condition = tensorArgument(e, call, 0, /*keepsLayout=*/true);
  if (failed(condition))
    return failure();
  auto pair = e.align("where", call[1].value, call[2].value, call.where(), call[1].where, call[2].where);
  if (failed(pair))
    return failure();
  auto result = [&](const Tensor &x) { return e.toResult(x, {&call[1].value, &call[2].value}); };
  if (condition->rank() > 0) // an array of numbers is a tensor
    for (Tensor *x : {&pair->first, &pair->second})
      *x = *e.toTensor(result(*x), call.where());
  FailureOr<Dims> dims = e.broadcastDims("where", *condition, pair->first, call.where());
  if (failed(dims))
    return failure();
  Tensor flags = e.b.broadcast(e.b.convert(*condition, e.b.builder.getI1Type()), *dims);
  Tensor chosen = e.b.select(flags, e.b.broadcast(pair->first, *dims), e.b.broadcast(pair->second, *dims));
  return condition->rank() > 0 ? Value(chosen) : result(chosen);
}

/// training(): is this part of train_step, and not of evaluate or predict? Known at import: each of them is built on its own.
FailureOr<Value> training(Elaborator &e, const BuiltinCall &) { return Value(e.mode == Elaborator::Mode::Train); }

/// preparing(): is this part of prepare, which sees the training data once before the first step? A model that asks has such an entry.
FailureOr<Value> preparing(Elaborator &e, const BuiltinCall &) {
  e.asksForPreparing = true;
  return Value(e.mode == Elaborator::Mode::Prepare);
}

FailureOr<Value> stopGradient(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = e.toOperand(call[0].value, call[0].where, /*isReal=*/false);
  return failed(x) ? FailureOr<Value>(failure()) : e.toResult(e.b.unary<graph::StopGradientOp>(*x), {&call[0].value});
}

bool hasPoint(const Value &value) {
  auto number = value.as<Number>();
  auto list = value.as<List>();
  return number ? !number->isInteger : list && llvm::any_of(*list, hasPoint);
}

FailureOr<Value> asType(Elaborator &e, const BuiltinCall &call) {
  FailureOr<mlir::Type> type = typeArgument(e, call, 1, mlir::Type());
  if (failed(type))
    return failure();
  bool isCut = type->isIntOrIndex() && hasPoint(call[0].value); // which is said here, and refused elsewhere
  FailureOr<Tensor> x = e.toTensor(call[0].value, call[0].where, isCut ? e.b.builder.getF64Type() : *type);
  return failed(x) ? FailureOr<Value>(failure()) : Value(e.b.convert(*x, *type));
}

/// dtype(x): the type of the elements, for astype, zeros and full
FailureOr<Value> dtype(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Value> x = e.toArray(call[0].value, call[0].where);
  return failed(x) ? FailureOr<Value>(failure()) : Value(arrayType(*x).element);
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

Tensor restoreAxes(Elaborator &e, const Tensor &reduced, const Tensor &x, llvm::ArrayRef<int64_t> axes) {
  Dims dims = x.dims;
  for (int64_t axis : axes)
    dims[axis] = e.b.dim(1);
  return e.b.reshape(reduced, dims);
}

/// f(x, axis?, keepdims?)
template <typename Emit> FailureOr<Value> reduction(Elaborator &e, const BuiltinCall &call, const Tensor &x, Emit emit) {
  auto axes = axesArgument(e, call, 1, x.rank());
  FailureOr<bool> keep = flagArgument(e, call, 2, false);
  if (failed(axes) || failed(keep) || (call.given(1) && failed(e.requireShape(x.dims, call.where()))))
    return failure();
  Tensor y = emit(x, *axes);
  return Value(*keep ? restoreAxes(e, y, x, *axes) : y);
}

template <typename Op> FailureOr<Value> sumOrProduct(Elaborator &e, const BuiltinCall &call) {
  constexpr bool isSum = std::is_same_v<Op, graph::ReduceSumOp>;
  // Of sizes and numbers in a list the result is known at import.
  auto list = call[0].value.as<List>();
  auto isKnown = [](const Value &v) { return v.is<Number>() || v.is<Dimension>(); };
  if (list && !call.given(1) && !call.given(2) && llvm::all_of(*list, isKnown)) {
    Value total = Number::of(int64_t(isSum ? 0 : 1));
    for (const Value &element : *list) {
      FailureOr<Value> next = e.binary(isSum ? "+" : "*", total, element, call.where(), call[0].where, call[0].where);
      if (failed(next))
        return failure();
      total = *next;
    }
    return total;
  }
  FailureOr<Tensor> x = tensorArgument(e, call, 0, /*keepsLayout=*/true);
  if (failed(x))
    return failure();
  if (x->elementType().isInteger(1))
    x = e.b.convert(*x, e.b.builder.getI32Type());
  x = e.fillGaps(*x, Number::of(int64_t(isSum ? 0 : 1)));
  return reduction(e, call, *x, [&](const Tensor &t, llvm::ArrayRef<int64_t> axes) { return e.b.reduce<Op>(t, axes); });
}

FailureOr<Value> mean(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = floatArgument(e, call, 0);
  if (failed(x))
    return failure();
  return reduction(e, call, *x, [&](const Tensor &t, llvm::ArrayRef<int64_t> axes) {
    graph::DimAttr count = e.b.dim(1);
    for (int64_t axis : axes)
      count = count * t.dims[axis];
    Tensor sum = e.b.reduce<graph::ReduceSumOp>(t, axes);
    Tensor n = count.constant() ? e.b.constant(t.elementType(), Number::of(*count.constant()))
                                : e.b.convert(e.b.isOpen(t.dims) ? e.b.size(t) : e.b.extent(count), t.elementType());
    return e.b.binary<graph::DivideOp>(sum, e.b.broadcast(n, sum.dims));
  });
}

/// any, all: of truth values
template <typename Op> FailureOr<Value> quantifier(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = tensorArgument(e, call, 0, /*keepsLayout=*/true);
  if (failed(x))
    return failure();
  Tensor flags = e.b.convert(e.b.convert(*x, e.b.builder.getI1Type()), e.b.builder.getI32Type());
  flags = e.fillGaps(flags, Number::of(int64_t(std::is_same_v<Op, graph::ReduceMinOp>)));
  FailureOr<Value> result =
      reduction(e, call, flags, [&](const Tensor &t, llvm::ArrayRef<int64_t> axes) { return e.b.reduce<Op>(t, axes); });
  if (failed(result))
    return failure();
  const Tensor &y = *result->as<Tensor>();
  // Of nothing, the extremum of integers is the other end of their range: only the sign tells.
  Tensor zero = e.b.full(y.elementType(), y.dims, Number::of(int64_t(0)));
  return Value(e.b.compare(ComparisonDirection::GT, y, zero));
}

FailureOr<Value> logSumExp(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = floatArgument(e, call, 0);
  if (failed(x))
    return failure();
  return reduction(e, call, *x,
                   [&](const Tensor &t, llvm::ArrayRef<int64_t> axes) { return e.b.reduce<graph::LogSumExpOp>(t, axes); });
}

/// softmax and log_softmax need an axis: over all of them is hardly ever meant.
FailureOr<Value> softmax(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = floatArgument(e, call, 0);
  auto axes = failed(x) ? FailureOr<llvm::SmallVector<int64_t>>(failure()) : axesArgument(e, call, 1, x->rank());
  return failed(axes) ? FailureOr<Value>(failure()) : Value(e.b.softmax(*x, *axes));
}

FailureOr<Value> logSoftmax(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = floatArgument(e, call, 0);
  auto axes = failed(x) ? FailureOr<llvm::SmallVector<int64_t>>(failure()) : axesArgument(e, call, 1, x->rank());
  if (failed(axes))
    return failure();
  Tensor normalizer = restoreAxes(e, e.b.reduce<graph::LogSumExpOp>(*x, *axes), *x, *axes);
  return Value(e.b.binary<graph::SubtractOp>(*x, e.b.broadcast(normalizer, x->dims)));
}

template <typename Op> FailureOr<Value> argExtremum(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = tensorArgument(e, call, 0);
  FailureOr<int64_t> axis = failed(x) ? FailureOr<int64_t>(failure()) : axisArgument(e, call, 1, x->rank());
  return failed(axis) ? FailureOr<Value>(failure()) : Value(e.b.argReduce<Op>(*x, *axis));
}

/// f(x, axis, reverse=false): of the elements up to each
template <typename Emit> FailureOr<Value> cumulative(Elaborator &e, const BuiltinCall &call, Emit emit) {
  FailureOr<Tensor> x = tensorArgument(e, call, 0);
  FailureOr<int64_t> axis = failed(x) ? FailureOr<int64_t>(failure()) : axisArgument(e, call, 1, x->rank());
  FailureOr<bool> reverse = flagArgument(e, call, 2, false);
  if (failed(axis) || failed(reverse))
    return failure();
  if (x->elementType().isInteger(1))
    x = e.b.convert(*x, e.b.builder.getI32Type());
  return Value(emit(*x, *axis, *reverse));
}

FailureOr<Value> cumsum(Elaborator &e, const BuiltinCall &call) {
  return cumulative(e, call, [&](const Tensor &x, int64_t axis, bool reverse) { return e.b.cumulative<graph::CumsumOp>(x, axis, reverse); });
}

FailureOr<Value> cummax(Elaborator &e, const BuiltinCall &call) {
  return cumulative(e, call, [&](const Tensor &x, int64_t axis, bool reverse) { return e.b.cumulative<graph::CummaxOp>(x, axis, reverse); });
}

FailureOr<Value> cummin(Elaborator &e, const BuiltinCall &call) {
  return cumulative(e, call, [&](const Tensor &x, int64_t axis, bool reverse) {
    return e.b.mirror(e.b.cumulative<graph::CummaxOp>(e.b.mirror(x), axis, reverse));
  });
}

/// y[i] = x[i] y[i-1] + b[i], where b is x[0] at the first place and -0, which adds nothing to any number, behind it
FailureOr<Value> cumprod(Elaborator &e, const BuiltinCall &call) {
  return cumulative(e, call, [&](const Tensor &x, int64_t axis, bool reverse) {
    mlir::Type i32 = e.b.builder.getI32Type();
    Tensor first = reverse ? e.b.convert(e.b.extent(x.dims[axis] - e.b.dim(1)), i32) : e.b.constant(i32, Number::of(int64_t(0)));
    Tensor isFirst = e.b.compare(ComparisonDirection::EQ, e.b.iota(i32, x.dims, axis), e.b.broadcast(first, x.dims));
    Tensor none = e.b.full(x.elementType(), x.dims, isFloat(x) ? Number::of(-0.0) : Number::of(int64_t(0)));
    return e.b.linearRecurrence(x, e.b.select(isFirst, x, none), axis, reverse);
  });
}

/// linear_recurrence(a, b, axis, reverse=false): y[i] = a[i] y[i-1] + b[i], from y[0] = b[0]
FailureOr<Value> linearRecurrence(Elaborator &e, const BuiltinCall &call) {
  auto pair = e.align(call.builtin.name, call[0].value, call[1].value, call.where(), call[0].where, call[1].where, e.b.builder.getI32Type());
  FailureOr<int64_t> axis = failed(pair) ? FailureOr<int64_t>(failure()) : axisArgument(e, call, 2, pair->first.rank());
  FailureOr<bool> reverse = flagArgument(e, call, 3, false);
  if (failed(axis) || failed(reverse))
    return failure();
  return Value(e.b.linearRecurrence(pair->first, pair->second, *axis, *reverse));
}

//===----------------------------------------------------------------------===//
// Convolution, order, derivatives
//===----------------------------------------------------------------------===//

/// One positive integer for each of `count` axes: a number for all of them, or a list.
FailureOr<llvm::SmallVector<int64_t>> eachAxis(Elaborator &e, const BuiltinCall &call, size_t i, int64_t count) {
  llvm::SmallVector<int64_t> numbers;
  auto list = call[i].value.as<List>();
  std::vector<Value> values(count, call.given(i) ? call[i].value : Value(Number::of(int64_t(1))));
  if (list)
    values.assign(list->begin(), list->end());
  for (const Value &value : values)
    if (auto number = value.as<Number>(); number && number->isInteger && number->integer > 0)
      numbers.push_back(number->integer);
  if (int64_t(numbers.size()) != count)
    return argumentError(e, call, i, "a positive integer, or a list of " + llvm::Twine(count));
  return numbers;
}

/// A sliding window along one axis: how far it reaches, and the places it may stand on.
struct Window {
  int64_t extent, reach, stride;
  int64_t low = 0, high = 0; // padding
};

/// "valid" (no padding), "same" (as many places as strides fit into the extent) or a list of pairs [low, high].
mlir::LogicalResult paddingArgument(Elaborator &e, const BuiltinCall &call, size_t i, llvm::MutableArrayRef<Window> windows) {
  auto text = call[i].value.as<llvm::StringRef>();
  if (!call.given(i) || (text && *text == "valid"))
    return mlir::success();
  if (text && *text == "same") {
    for (Window &window : windows) {
      int64_t places = llvm::divideCeil(window.extent, window.stride);
      int64_t total = std::max<int64_t>((places - 1) * window.stride + window.reach - window.extent, 0);
      window.low = total / 2;
      window.high = total - window.low;
    }
    return mlir::success();
  }
  auto pairs = call[i].value.as<List>();
  size_t good = 0;
  for (auto [window, value] : llvm::zip(windows, pairs ? llvm::ArrayRef(pairs->begin(), pairs->end()) : llvm::ArrayRef<Value>())) {
    auto pair = value.as<List>();
    auto low = pair && pair->size() == 2 ? (*pair)[0].as<Number>() : nullptr, high = low ? (*pair)[1].as<Number>() : nullptr;
    if (!low || !high || !low->isInteger || !high->isInteger || low->integer < 0 || high->integer < 0)
      break;
    window.low = low->integer;
    window.high = high->integer;
    ++good;
  }
  if (!pairs || good != windows.size() || good != pairs->size())
    return argumentError(e, call, i, "\"valid\", \"same\" or a list of " + llvm::Twine(windows.size()) + " pairs [low, high] that are not negative");
  return mlir::success();
}

/// conv(x, kernel, stride=1, padding="valid", dilation=1): x is [n, spatial.., c], the kernel [spatial.., c, o].
FailureOr<Value> conv(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = floatArgument(e, call, 0), kernel = floatArgument(e, call, 1);
  if (failed(x) || failed(kernel))
    return failure();
  int64_t count = x->rank() - 2;
  auto isStatic = [](llvm::ArrayRef<graph::DimAttr> dims) { return llvm::all_of(dims, [](graph::DimAttr dim) { return dim.constant(); }); };
  if (count < 1 || !isStatic(llvm::ArrayRef(x->dims).slice(1, count)))
    return argumentError(e, call, 0, "images [n, spatial.., channels] of static spatial extents");
  if (kernel->rank() != x->rank() || !isStatic(llvm::ArrayRef(kernel->dims).take_front(count)) || kernel->dims[count] != x->dims.back())
    return argumentError(e, call, 1, "kernels [spatial.., " + x->dims.back().str() + ", channels] with " + llvm::Twine(count) + " static spatial axes");
  auto strides = eachAxis(e, call, 2, count), dilation = eachAxis(e, call, 4, count);
  if (failed(strides) || failed(dilation))
    return failure();
  llvm::SmallVector<Window> windows;
  for (int64_t axis = 0; axis < count; ++axis)
    windows.push_back({*x->dims[axis + 1].constant(), (*kernel->dims[axis].constant() - 1) * (*dilation)[axis] + 1, (*strides)[axis]});
  if (failed(paddingArgument(e, call, 3, windows)))
    return failure();
  if (llvm::any_of(windows, [](const Window &w) { return w.extent + w.low + w.high < w.reach; }))
    return argumentError(e, call, 1, "kernels that fit into the padded images");
  auto low = llvm::map_to_vector(windows, [](const Window &w) { return w.low; }), high = llvm::map_to_vector(windows, [](const Window &w) { return w.high; });
  mlir::Type type = e.promote(x->elementType(), kernel->elementType());
  return Value(e.b.convolution(e.b.convert(*x, type), e.b.convert(*kernel, type), *strides, low, high, *dilation));
}

/// sort(x, axis=-1, descending=false); argsort gives the order instead, as indices. Either is stable, and NaN counts as larger than every number.
template <bool isOrder> FailureOr<Value> sort(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = tensorArgument(e, call, 0);
  FailureOr<int64_t> axis = failed(x) ? FailureOr<int64_t>(failure()) : lastAxisArgument(e, call, 1, *x);
  FailureOr<bool> descending = flagArgument(e, call, 2, false);
  if (failed(axis) || failed(descending))
    return failure();
  // From the back, equal elements keep their order if what is sorted stands the other way round, too.
  auto turn = [&](const Tensor &t) { return *descending ? e.b.reverse(t, *axis) : t; };
  std::vector<Tensor> operands = {turn(*x)};
  if (isOrder)
    operands.push_back(turn(e.b.iota(e.b.builder.getI32Type(), x->dims, *axis)));
  return Value(turn(e.b.sort(operands, *axis).back()));
}

FailureOr<Value> topK(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = tensorArgument(e, call, 0);
  FailureOr<graph::DimAttr> k = integerArgument(e, call, 1);
  if (failed(x) || failed(k))
    return failure();
  if (x->rank() == 0)
    return argumentError(e, call, 0, "a tensor with axes");
  if (failed(e.requireShape(x->dims, call.where())))
    return failure();
  auto isNegative = [](graph::DimAttr dim) { return dim.constant() && *dim.constant() < 0; };
  if (isNegative(*k) || isNegative(x->dims.back() - *k))
    return argumentError(e, call, 1, "between 0 and the extent of the last axis, " + x->dims.back().str());
  auto [values, indices] = e.b.topK(*x, *k);
  return makeTuple({values, indices});
}

FailureOr<Value> grad(Elaborator &e, const BuiltinCall &call) { return e.grad(call); }
FailureOr<Value> vjp(Elaborator &e, const BuiltinCall &call) { return e.vjp(call); }
FailureOr<Value> jvp(Elaborator &e, const BuiltinCall &call) { return e.jvp(call); }
FailureOr<Value> map(Elaborator &e, const BuiltinCall &call) { return e.map(call); }
FailureOr<Value> valueAt(Elaborator &e, const BuiltinCall &call) { return e.valueAt(call); }
FailureOr<Value> implicit(Elaborator &e, const BuiltinCall &call) { return e.implicit(call); }
FailureOr<Value> evaluating(Elaborator &e, const BuiltinCall &call) { return e.evaluating(call); }
FailureOr<Value> leafwise(Elaborator &e, const BuiltinCall &call) { return e.leafwise(call); }

constexpr Builtin table[] = {
    // elementwise
    {"abs", "x", numeric<graph::AbsOp, std::fabs>, false, "complex_abs"},
    {"sign", "x", numeric<graph::SignOp, signOf>},
    {"exp", "x", real<graph::ExponentialOp, std::exp>, false, "complex_exp"},
    {"expm1", "x", real<graph::ExponentialMinusOneOp, std::expm1>},
    {"log", "x", real<graph::LogOp, std::log>, false, "complex_log"},
    {"log1p", "x", real<graph::LogPlusOneOp, std::log1p>},
    {"sqrt", "x", real<graph::SqrtOp, std::sqrt>, false, "complex_sqrt"},
    {"rsqrt", "x", real<graph::RsqrtOp, rsqrt>},
    {"tanh", "x", real<graph::TanhOp, std::tanh>},
    {"logistic", "x", real<graph::LogisticOp, sigmoid>},
    {"erf", "x", real<graph::ErfOp, std::erf>},
    {"sin", "x", real<graph::SineOp, std::sin>, false, "complex_sin"},
    {"cos", "x", real<graph::CosineOp, std::cos>, false, "complex_cos"},
    {"floor", "x", rounding<graph::FloorOp, std::floor>},
    {"ceil", "x", rounding<graph::CeilOp, std::ceil>},
    {"round", "x", rounding<graph::RoundNearestEvenOp, std::nearbyint>},
    {"maximum", "x, y", binary<graph::MaximumOp, false>},
    {"minimum", "x, y", binary<graph::MinimumOp, false>},
    {"arctan2", "y, x", binary<graph::Atan2Op, true>},
    {"isfinite", "x", isFinite, false, "complex_isfinite"},
    {"isnan", "x", isNan, false, "complex_isnan"},
    {"where", "condition, x+, y+", where},
    {"astype", "x+, type+", asType},
    {"dtype", "x*", dtype},
    {"stop_gradient", "x+", stopGradient},
    {"training", "", training},
    {"preparing", "", preparing},
    // reductions
    {"sum", "x+, axis?, keepdims?", sumOrProduct<graph::ReduceSumOp>},
    {"prod", "x, axis?, keepdims?", sumOrProduct<graph::ReduceProdOp>},
    {"mean", "x+, axis?, keepdims?", mean},
    {"max", "x, y?, axis?, keepdims?", extremum<graph::ReduceMaxOp, graph::MaximumOp, true>},
    {"min", "x, y?, axis?, keepdims?", extremum<graph::ReduceMinOp, graph::MinimumOp, false>},
    {"any", "x, axis?, keepdims?", quantifier<graph::ReduceMaxOp>},
    {"all", "x, axis?, keepdims?", quantifier<graph::ReduceMinOp>},
    {"logsumexp", "x, axis?, keepdims?", logSumExp},
    {"softmax", "x, axis", softmax},
    {"log_softmax", "x, axis", logSoftmax},
    {"argmax", "x, axis", argExtremum<graph::ArgmaxOp>},
    {"argmin", "x, axis", argExtremum<graph::ArgminOp>},
    {"cumsum", "x+, axis, reverse?", cumsum},
    {"cumprod", "x, axis, reverse?", cumprod},
    {"cummax", "x, axis, reverse?", cummax},
    {"cummin", "x, axis, reverse?", cummin},
    {"linear_recurrence", "a, b, axis, reverse?", linearRecurrence},
    // convolution, order, derivatives
    {"conv", "x, kernel, stride?, padding?, dilation?", conv},
    {"sort", "x, axis?, descending?", sort<false>},
    {"argsort", "x, axis?, descending?", sort<true>},
    {"top_k", "x, k", topK},
    {"grad", "e, v*, at*?", grad, /*lazy=*/true},
    {"vjp", "e, v*, from*, at*?", vjp, /*lazy=*/true},
    {"jvp", "e, v*, along*, at*?", jvp, /*lazy=*/true},
    {"map", "f, x*, axis_name?, replicated?", map, /*lazy=*/true},
    {"value", "e, v*, at*", valueAt, /*lazy=*/true},
    {"evaluating", "e", evaluating, /*lazy=*/true},
    {"leafwise", "f, set", leafwise, /*lazy=*/true},
    {"implicit", "residual, x, solver?", implicit},
};

} // namespace

llvm::ArrayRef<Builtin> mathBuiltins() { return table; }

} // namespace costate::importer
