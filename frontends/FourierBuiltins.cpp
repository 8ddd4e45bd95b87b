// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Built-in functions that make and take apart complex values, and Fourier transforms along one axis. What is made of them is in std/complex.costate and
// std/fourier.costate.
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
// Parts
//===----------------------------------------------------------------------===//

FailureOr<Value> makeComplex(Elaborator &e, const BuiltinCall &call) {
  return e.joinParts(call[0].value, call.given(1) ? call[1].value : Value(Number::of(0.0)), call.where());
}

/// A real value is its own real part and its own conjugate.
FailureOr<Value> real(Elaborator &e, const BuiltinCall &call) {
  return isComplex(call[0].value) ? e.partOf(call[0].value, /*isImaginary=*/false, call[0].where) : FailureOr<Value>(call[0].value);
}

FailureOr<Value> imag(Elaborator &e, const BuiltinCall &call) { return e.partOf(call[0].value, /*isImaginary=*/true, call[0].where); }

FailureOr<Value> conj(Elaborator &e, const BuiltinCall &call) {
  if (!isComplex(call[0].value))
    return call[0].value;
  FailureOr<Value> re = e.partOf(call[0].value, /*isImaginary=*/false, call[0].where), im = imag(e, call);
  im = failed(im) ? im : e.unary("-", *im, call.where());
  return failed(re) || failed(im) ? FailureOr<Value>(failure()) : e.joinParts(*re, *im, call.where());
}

FailureOr<Value> isComplexObject(Elaborator &, const BuiltinCall &call) { return Value(isComplex(call[0].value)); }

//===----------------------------------------------------------------------===//
// Fourier transforms: f(x, n?, axis=-1, norm="backward")
//===----------------------------------------------------------------------===//

/// What NumPy's functions do to one axis, which stands last here.
struct Transform {
  Tensor re, im;
  DimAttr length; // of the transform
  int64_t axis;   // where the last axis of the result belongs
  mlir::StringRef norm;
};

bool isKnownBelow(DimAttr a, DimAttr b) { return (b - a).lowerBound().value_or(-1) >= 0; } // a <= b

/// Parts of the last axis: the first `extent` elements, and all with as many zeros behind them.
Tensor cut(Elaborator &e, const Tensor &x, DimAttr extent) {
  Dims sizes = x.dims;
  sizes.back() = extent;
  return e.b.slice(x, Dims(x.rank(), e.b.dim(0)), sizes, llvm::SmallVector<int64_t>(x.rank(), 1));
}
Tensor filled(Elaborator &e, const Tensor &x, DimAttr count) {
  Dims zeros = x.dims;
  zeros.back() = count;
  return e.b.concatenate({x, e.b.full(x.elementType(), zeros, Number::of(int64_t(0)))}, x.rank() - 1);
}

/// The last axis cut off, or filled with zeros, to `extent`. Where names leave open which of the two, it is filled as far as it must be, and cut.
Tensor resized(Elaborator &e, const Tensor &x, DimAttr extent) {
  DimAttr before = x.dims.back(), missing = extent - before;
  if (isKnownBelow(extent, before))
    return extent == before ? x : cut(e, x, extent);
  if (isKnownBelow(before, extent))
    return filled(e, x, missing);
  return cut(e, filled(e, x, DimAttr::max(missing, e.b.dim(0))), extent);
}

Tensor moved(Elaborator &e, const Tensor &x, int64_t from, int64_t to) {
  auto permutation = llvm::to_vector(llvm::seq<int64_t>(0, x.rank()));
  permutation.erase(permutation.begin() + from);
  permutation.insert(permutation.begin() + to, from);
  return e.b.transpose(x, permutation);
}

FailureOr<Transform> arguments(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Value> array = isComplex(call[0].value) ? e.toArray(call[0].value, call[0].where) : FailureOr<Value>(floatArgument(e, call, 0));
  if (failed(array))
    return failure();
  auto complex = array->as<Complex>();
  Tensor re = *(complex ? complex->re() : *array).as<Tensor>();
  Tensor im = complex ? *complex->im().as<Tensor>() : e.b.full(re.elementType(), re.dims, Number::of(int64_t(0)));
  FailureOr<int64_t> axis = lastAxisArgument(e, call, 2, re);
  if (failed(axis))
    return failure();
  DimAttr length = re.dims[*axis];
  if (call.given(1)) {
    FailureOr<Dims> given = shapeArgument(e, call, 1);
    if (failed(given))
      return failure();
    if (given->size() != 1)
      return argumentError(e, call, 1, "one size");
    length = given->front();
  }
  mlir::StringRef norm = "backward";
  if (call.given(3)) {
    auto text = call[3].value.as<llvm::StringRef>();
    if (!text || !llvm::is_contained({"backward", "ortho", "forward"}, *text))
      return argumentError(e, call, 3, "\"backward\", \"ortho\" or \"forward\"");
    norm = *text;
  }
  int64_t last = re.rank() - 1;
  return Transform{moved(e, re, *axis, last), moved(e, im, *axis, last), length, *axis, norm};
}

FailureOr<Transform> requireLength(Elaborator &e, const BuiltinCall &call, FailureOr<Transform> t) {
  std::optional<int64_t> n = failed(t) ? std::nullopt : t->length.constant();
  if (n && *n < 1)
    return e.error(call.where()) << "'" << call.builtin.name << "' requires a length of at least 1, but got " << *n;
  return t;
}

/// The transform of `t`, whose last axis has its length. Cut to `kept`, as all of it is rarely wanted of a real array, it is scaled and moved back.
std::pair<Tensor, Tensor> emit(Elaborator &e, const Transform &t, bool isInverse, DimAttr kept) {
  auto op = graph::FftOp::create(e.b.builder, e.b.location, t.re.value, t.im.value, isInverse);
  bool isOrthonormal = t.norm == "ortho", isScaled = isOrthonormal || (t.norm == "backward") == isInverse;
  auto finish = [&](mlir::Value part) {
    Tensor y{part, t.re.dims, {}};
    if (kept != t.length)
      y = cut(e, y, kept);
    if (isScaled) {
      mlir::Type type = y.elementType();
      std::optional<int64_t> n = t.length.constant();
      Tensor factor = n ? e.b.constant(type, Number::of(isOrthonormal ? 1 / std::sqrt(double(*n)) : 1 / double(*n)))
                        : e.b.convert(e.b.extent(t.length), type);
      if (!n)
        factor =
            isOrthonormal ? e.b.unary<graph::RsqrtOp>(factor) : e.b.binary<graph::DivideOp>(e.b.constant(type, Number::of(1.0)), factor);
      y = e.b.multiply(y, e.b.broadcast(factor, y.dims));
    }
    return moved(e, y, y.rank() - 1, t.axis);
  };
  return {finish(op.getResultRe()), finish(op.getResultIm())};
}

template <bool isInverse> FailureOr<Value> fft(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Transform> t = requireLength(e, call, arguments(e, call));
  if (failed(t))
    return failure();
  for (Tensor *part : {&t->re, &t->im})
    *part = resized(e, *part, t->length);
  auto [re, im] = emit(e, *t, isInverse, t->length);
  return importer::makeComplex(re, im);
}

/// The first n // 2 + 1 coefficients of a real array; the others are their conjugates.
FailureOr<Value> rfft(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Transform> t = requireLength(e, call, arguments(e, call));
  if (failed(t))
    return failure();
  for (Tensor *part : {&t->re, &t->im})
    *part = resized(e, *part, t->length);
  auto [re, im] = emit(e, *t, /*isInverse=*/false, DimAttr::floorDiv(t->length, e.b.dim(2)) + e.b.dim(1));
  return importer::makeComplex(re, im);
}

/// The real array of n elements, 2 (m - 1) if n is not given, that has these m coefficients. Those that are not there are conjugates of those that are, and the
/// sum with a conjugate is twice the real part; only coefficient 0 and, if n is even, n / 2 stand alone.
FailureOr<Value> irfft(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Transform> t = arguments(e, call);
  if (failed(t))
    return failure();
  DimAttr one = e.b.dim(1), two = e.b.dim(2);
  if (!call.given(1))
    t->length = two * (t->length - one);
  t = requireLength(e, call, t);
  if (failed(t))
    return failure();
  DimAttr half = DimAttr::floorDiv(t->length, two) + one;
  mlir::Type index = e.b.builder.getI64Type(), type = t->re.elementType();
  Tensor k = e.b.iota(index, {half}, 0), zero = e.b.full(index, {half}, Number::of(int64_t(0)));
  Tensor length = e.b.broadcast(e.b.extent(t->length), {half}), twice = e.b.binary<graph::AddOp>(k, k);
  auto equal = [&](const Tensor &a, const Tensor &b) { return e.b.compare(graph::ComparisonDirection::EQ, a, b); };
  Tensor isAlone = e.b.binary<graph::OrOp>(equal(k, zero), equal(twice, length));
  Tensor weights = e.b.select(isAlone, e.b.full(type, {half}, Number::of(1.0)), e.b.full(type, {half}, Number::of(2.0)));
  for (Tensor *part : {&t->re, &t->im}) {
    Tensor coefficients = resized(e, *part, half);
    *part = filled(e, e.b.multiply(coefficients, e.b.broadcast(weights, coefficients.dims)), t->length - half);
  }
  return Value(emit(e, *t, /*isInverse=*/true, t->length).first);
}

constexpr Builtin table[] = {
    {"complex", "re, im?", makeComplex},
    {"real", "z*", real},
    {"imag", "z*", imag},
    {"conj", "z*", conj},
    {"iscomplexobj", "z*", isComplexObject},
    {"fft", "x*, n?, axis?, norm?", fft<false>},
    {"ifft", "x*, n?, axis?, norm?", fft<true>},
    {"rfft", "x, n?, axis?, norm?", rfft},
    {"irfft", "x*, n?, axis?, norm?", irfft},
};

} // namespace

llvm::ArrayRef<Builtin> fourierBuiltins() { return table; }

} // namespace costate::importer
