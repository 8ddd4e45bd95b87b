// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Built-in functions that draw random numbers.
#include "costate/frontends/Builtins.h"

namespace costate::importer {

using graph::ComparisonDirection;
using graph::Dims;
using graph::Distribution;
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;

namespace {

/// What a call draws from. With a key, the draws are functions of the key alone; without one, of the seed, the step and the place in the program.
struct Source {
  Elaborator &e;
  Tensor key;
  bool isGiven;
  int64_t count = 0;

  Tensor draw(Distribution distribution, mlir::Type type, llvm::ArrayRef<graph::DimAttr> dims) {
    return e.b.random(distribution, type, key, isGiven ? count++ : e.nextSite(), dims);
  }
  Tensor uniform(llvm::ArrayRef<graph::DimAttr> dims) { return draw(Distribution::uniform, e.real, dims); }
  /// Integers of 64 bits, each from 0 to 2^32 - 1.
  Tensor words(llvm::ArrayRef<graph::DimAttr> dims) {
    mlir::Type i64 = e.b.builder.getI64Type();
    Tensor bits = e.b.convert(draw(Distribution::bits, e.b.builder.getI32Type(), dims), i64);
    return e.b.binary<graph::AndOp>(bits, e.b.full(i64, dims, Number::of(int64_t(0xFFFFFFFF))));
  }
};

FailureOr<Source> sourceArgument(Elaborator &e, const BuiltinCall &call, size_t i) {
  if (!call.given(i))
    return Source{e, e.currentKey(), false};
  FailureOr<Tensor> key = scalarArgument(e, call, i, e.b.builder.getI64Type(), Number::of(int64_t(0)));
  return failed(key) ? FailureOr<Source>(failure()) : Source{e, *key, true};
}

template <Distribution distribution> FailureOr<Tensor> draw(Elaborator &e, const BuiltinCall &call, size_t keyArgument) {
  FailureOr<Dims> dims = shapeArgument(e, call, 0);
  FailureOr<Source> source = failed(dims) ? FailureOr<Source>(failure()) : sourceArgument(e, call, keyArgument);
  return failed(source) ? FailureOr<Tensor>(failure()) : source->draw(distribution, e.real, *dims);
}

/// normal(shape, mean=0, std=1, key)
FailureOr<Value> normal(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = draw<Distribution::normal>(e, call, 3);
  if (failed(x))
    return failure();
  if (call.given(2)) {
    FailureOr<Tensor> std = scalarArgument(e, call, 2, e.real, Number::of(1.0));
    if (failed(std))
      return failure();
    x = e.b.multiply(*x, e.b.broadcast(*std, x->dims));
  }
  if (call.given(1)) {
    FailureOr<Tensor> mean = scalarArgument(e, call, 1, e.real, Number::of(0.0));
    if (failed(mean))
      return failure();
    x = e.b.binary<graph::AddOp>(*x, e.b.broadcast(*mean, x->dims));
  }
  return Value(*x);
}

/// uniform(shape, low=0, high=1, key)
FailureOr<Value> uniform(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = draw<Distribution::uniform>(e, call, 3);
  FailureOr<Tensor> low = failed(x) ? x : scalarArgument(e, call, 1, e.real, Number::of(0.0));
  FailureOr<Tensor> high = failed(low) ? low : scalarArgument(e, call, 2, e.real, Number::of(1.0));
  if (failed(high))
    return failure();
  if (!call.given(1) && !call.given(2))
    return Value(*x);
  Tensor width = e.b.binary<graph::SubtractOp>(*high, *low);
  return Value(e.b.binary<graph::AddOp>(e.b.multiply(*x, e.b.broadcast(width, x->dims)), e.b.broadcast(*low, x->dims)));
}

/// bernoulli(shape, p, key): true with probability p
FailureOr<Value> bernoulli(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = draw<Distribution::uniform>(e, call, 2);
  FailureOr<Tensor> p = failed(x) ? x : scalarArgument(e, call, 1, e.real, Number::of(0.5));
  if (failed(p))
    return failure();
  return Value(e.b.compare(ComparisonDirection::LT, *x, e.b.broadcast(*p, x->dims)));
}

/// rademacher(shape, key): -1 or 1, each with probability 1/2
FailureOr<Value> rademacher(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = draw<Distribution::uniform>(e, call, 1);
  if (failed(x))
    return failure();
  auto full = [&](double value) { return e.b.full(e.real, x->dims, Number::of(value)); };
  return Value(e.b.select(e.b.compare(ComparisonDirection::LT, *x, full(0.5)), full(-1), full(1)));
}

/// exponential(shape, key): density exp(-x) for x >= 0
FailureOr<Value> exponential(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = draw<Distribution::uniform>(e, call, 1);
  if (failed(x))
    return failure();
  return Value(e.b.unary<graph::NegateOp>(e.b.unary<graph::LogPlusOneOp>(e.b.unary<graph::NegateOp>(*x))));
}

/// -log(-log(u)). A draw of 0 stands for all below 2^-24: taken from the middle of them, no draw is infinite.
Tensor gumbelOf(Elaborator &e, const Tensor &u) {
  auto minusLog = [&](const Tensor &x) { return e.b.unary<graph::NegateOp>(e.b.unary<graph::LogOp>(x)); };
  return minusLog(minusLog(e.b.binary<graph::MaximumOp>(u, e.b.full(u.elementType(), u.dims, Number::of(0x1p-25)))));
}

/// gumbel(shape, key): distribution function exp(-exp(-x))
FailureOr<Value> gumbel(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> x = draw<Distribution::uniform>(e, call, 1);
  return failed(x) ? FailureOr<Value>(failure()) : Value(gumbelOf(e, *x));
}

/// categorical(logits, axis=-1, key): an index with the probability that softmax gives it, as the place of the largest of logits + gumbel
FailureOr<Value> categorical(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> logits = floatArgument(e, call, 0);
  if (failed(logits))
    return failure();
  FailureOr<int64_t> axis = lastAxisArgument(e, call, 1, *logits);
  FailureOr<Source> source = failed(axis) ? FailureOr<Source>(failure()) : sourceArgument(e, call, 2);
  if (failed(source))
    return failure();
  Tensor noise = e.b.convert(gumbelOf(e, source->uniform(logits->dims)), logits->elementType());
  return Value(e.b.argReduce<graph::ArgmaxOp>(e.b.binary<graph::AddOp>(*logits, noise), *axis));
}

/// An integer, known at import or not, as a scalar of 64 bits.
FailureOr<Tensor> wholeArgument(Elaborator &e, const BuiltinCall &call, size_t i) {
  auto number = call[i].value.as<Number>();
  auto tensor = heldTensor(call[i].value);
  if ((number && !number->isInteger) || (tensor && !tensor->elementType().isInteger()))
    return argumentError(e, call, i, "an integer");
  return scalarArgument(e, call, i, e.b.builder.getI64Type(), Number::of(int64_t(0)));
}

/// randint(low, high, shape, key): low + floor(w (high - low) / 2^32), w of 32 random bits. No number is likelier than another by more than
/// (high - low) / 2^32.
FailureOr<Value> randint(Elaborator &e, const BuiltinCall &call) {
  FailureOr<Tensor> low = wholeArgument(e, call, 0), high = failed(low) ? low : wholeArgument(e, call, 1);
  FailureOr<Dims> dims = failed(high) ? FailureOr<Dims>(failure()) : shapeArgument(e, call, 2);
  if (failed(dims))
    return failure();
  auto least = call[0].value.as<Number>(), end = call[1].value.as<Number>();
  for (size_t i : {0, 1})
    if (auto number = call[i].value.as<Number>(); number && !llvm::isInt<32>(number->integer - int64_t(i)))
      return argumentError(e, call, i, i ? "at most 2**31" : "at least -2**31");
  if (least && end && (least->integer >= end->integer || end->integer - least->integer > int64_t(1) << 31))
    return argumentError(e, call, 1, "above 'low' by at most 2**31");
  FailureOr<Source> source = sourceArgument(e, call, 3);
  if (failed(source))
    return failure();
  Tensor words = source->words(*dims), width = e.b.binary<graph::SubtractOp>(*high, *low);
  Tensor scaled = e.b.multiply(words, e.b.broadcast(width, *dims));
  Tensor steps = e.b.binary<graph::DivideOp>(scaled, e.b.full(scaled.elementType(), *dims, Number::of(int64_t(1) << 32)));
  return Value(e.b.convert(e.b.binary<graph::AddOp>(steps, e.b.broadcast(*low, *dims)), e.b.builder.getI32Type()));
}

/// permutation(n, key): 0 .. n - 1 in a random order, that of random keys of 63 bits
FailureOr<Value> permutation(Elaborator &e, const BuiltinCall &call) {
  if (call[0].value.is<List>() || call[0].value.is<Tensor>())
    return argumentError(e, call, 0, "a size") << "; 'x[permutation(len(x))]' shuffles the rows of x";
  FailureOr<Dims> dims = shapeArgument(e, call, 0);
  if (failed(dims))
    return failure();
  FailureOr<Source> source = sourceArgument(e, call, 1);
  if (failed(source))
    return failure();
  Tensor high = source->words(*dims), low = source->words(*dims);
  Tensor shifted = e.b.multiply(high, e.b.full(high.elementType(), *dims, Number::of(int64_t(1) << 31)));
  Tensor keys = e.b.binary<graph::XorOp>(shifted, low);
  return Value(e.b.sort({keys, e.b.iota(e.b.builder.getI32Type(), *dims, 0)}, 0)[1]);
}

constexpr Builtin table[] = {
    {"normal", "shape, mean?, std?, key?", normal},
    {"uniform", "shape, low?, high?, key?", uniform},
    {"bernoulli", "shape, p?, key?", bernoulli},
    {"rademacher", "shape, key?", rademacher},
    {"exponential", "shape, key?", exponential},
    {"gumbel", "shape, key?", gumbel},
    {"categorical", "logits, axis?, key?", categorical},
    {"randint", "low, high, shape, key?", randint},
    {"permutation", "n, key?", permutation},
};

} // namespace

llvm::ArrayRef<Builtin> randomBuiltins() { return table; }

} // namespace costate::importer
