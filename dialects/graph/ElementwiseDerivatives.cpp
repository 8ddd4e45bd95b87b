// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of partial derivatives. Along one operand an elementwise op is a diagonal linear map t -> (df/dx) t, which is its own
// transpose: one function an op serves both directions. A null result is zero.

#include "costate/dialects/interfaces/Rules.h"

using namespace mlir;
using namespace costate;
using namespace costate::graph;

using Direction = ComparisonDirection;

//===----------------------------------------------------------------------===//
// Partials: (df / d operand i) * t
//===----------------------------------------------------------------------===//

static Value partial(AddOp, Emitter &, unsigned, Value t) { return t; }

static Value partial(SubtractOp, Emitter &e, unsigned i, Value t) { return i == 0 ? t : e.neg(t); }

static Value partial(MultiplyOp op, Emitter &e, unsigned i, Value t) { return e.mul(t, i == 0 ? op.getRhs() : op.getLhs()); }

// d(x/y) = dx/y - (x/y)/y dy
static Value partial(DivideOp op, Emitter &e, unsigned i, Value t) {
  Value scaled = e.div(t, op.getRhs());
  return i == 0 ? scaled : e.neg(e.mul(scaled, op));
}

// x - y*trunc(x/y), trunc(x/y) = (x - rem)/y constant between jumps
static Value partial(RemainderOp op, Emitter &e, unsigned i, Value t) {
  if (i == 0)
    return t;
  Value quotient = e.div(op.getLhs(), op.getRhs());
  Value truncated = e.select(e.compare(Direction::LT, quotient, 0.0), e.unary<CeilOp>(quotient), e.unary<FloorOp>(quotient));
  return e.neg(e.mul(t, truncated));
}

/// The larger (or smaller) side takes all, equal sides half each.
static Value shareOfExtremum(Emitter &e, Direction wins, Value mine, Value other, Value t) {
  Value half = e.select(e.compare(Direction::EQ, mine, other), e.mul(t, 0.5), e.zerosLike(t));
  return e.select(e.compare(wins, mine, other), t, half);
}

static Value partial(MaximumOp op, Emitter &e, unsigned i, Value t) {
  return shareOfExtremum(e, Direction::GT, op->getOperand(i), op->getOperand(1 - i), t);
}

static Value partial(MinimumOp op, Emitter &e, unsigned i, Value t) {
  return shareOfExtremum(e, Direction::LT, op->getOperand(i), op->getOperand(1 - i), t);
}

// d(x**y) = y x**(y-1) dx + log(x) x**y dy; y = 0 gives 0 dx, and x = 0 gives 0 dy, whatever the other factor
static Value partial(PowerOp op, Emitter &e, unsigned i, Value t) {
  Value x = op.getLhs(), y = op.getRhs(), zero = e.zerosLike(t);
  if (i == 0) {
    Value slope = e.mul(y, e.create<PowerOp>(x.getType(), x, e.add(y, -1.0)));
    return e.select(e.compare(Direction::EQ, y, 0.0), zero, e.mul(t, slope));
  }
  Value isZero = e.compare(Direction::EQ, x, 0.0);
  Value base = e.select(isZero, e.splat(1.0, x), x);
  return e.select(isZero, zero, e.mul(t, e.mul(e.unary<LogOp>(base), op)));
}

// atan2(y, x): d = (x dy - y dx) / (x^2 + y^2)
static Value partial(Atan2Op op, Emitter &e, unsigned i, Value t) {
  Value y = op.getLhs(), x = op.getRhs();
  Value scaled = e.div(t, e.add(e.square(x), e.square(y)));
  return i == 0 ? e.mul(scaled, x) : e.neg(e.mul(scaled, y));
}

static Value partial(NegateOp, Emitter &e, unsigned, Value t) { return e.neg(t); }

static Value partial(AbsOp op, Emitter &e, unsigned, Value t) { return e.mul(t, e.unary<SignOp>(op.getOperand())); }

static Value partial(SignOp, Emitter &, unsigned, Value) { return {}; }

static Value partial(ExponentialOp op, Emitter &e, unsigned, Value t) { return e.mul(t, op); }

static Value partial(ExponentialMinusOneOp op, Emitter &e, unsigned, Value t) { return e.mul(t, e.unary<ExponentialOp>(op.getOperand())); }

static Value partial(LogOp op, Emitter &e, unsigned, Value t) { return e.div(t, op.getOperand()); }

static Value partial(LogPlusOneOp op, Emitter &e, unsigned, Value t) { return e.div(t, e.add(op.getOperand(), 1.0)); }

static Value partial(SqrtOp op, Emitter &e, unsigned, Value t) { return e.div(t, e.mul(op, 2.0)); }

// d x^(-1/2) = -1/2 x^(-3/2) = -1/2 r / x
static Value partial(RsqrtOp op, Emitter &e, unsigned, Value t) { return e.mul(t, e.mul(e.div(op, op.getOperand()), -0.5)); }

static Value partial(TanhOp op, Emitter &e, unsigned, Value t) { return e.mul(t, e.sub(1.0, e.square(op))); }

static Value partial(LogisticOp op, Emitter &e, unsigned, Value t) { return e.mul(t, e.mul(op, e.sub(1.0, op))); }

// 2/sqrt(pi) exp(-x^2)
static Value partial(ErfOp op, Emitter &e, unsigned, Value t) {
  return e.mul(t, e.mul(e.unary<ExponentialOp>(e.neg(e.square(op.getOperand()))), 1.1283791670955126));
}

static Value partial(SineOp op, Emitter &e, unsigned, Value t) { return e.mul(t, e.unary<CosineOp>(op.getOperand())); }

static Value partial(CosineOp op, Emitter &e, unsigned, Value t) { return e.neg(e.mul(t, e.unary<SineOp>(op.getOperand()))); }

static Value partial(FloorOp, Emitter &, unsigned, Value) { return {}; }

static Value partial(CeilOp, Emitter &, unsigned, Value) { return {}; }

static Value partial(RoundNearestEvenOp, Emitter &, unsigned, Value) { return {}; }

static Value partial(SelectOp op, Emitter &e, unsigned i, Value t) {
  Value zero = e.zerosLike(t);
  return i == 1 ? e.select(op.getPred(), t, zero) : e.select(op.getPred(), zero, t);
}

// between float types the identity, rounded; forward from operand to result type, backward the other way
static Value partial(ConvertOp op, Emitter &e, unsigned, Value t) {
  bool isForward = t.getType() == op.getOperand().getType();
  return e.convert(t, isForward ? op.getType().getElementType() : op.getOperand().getType().getElementType());
}

static Value partial(StopGradientOp, Emitter &, unsigned, Value) { return {}; }

// integers carry no derivative
template <typename Op>
static Value partial(Op, Emitter &, unsigned, Value) {
  return {};
}

//===----------------------------------------------------------------------===//
// Both directions from the table
//===----------------------------------------------------------------------===//

template <typename Op>
static void pullbackByTable(Op op, Pullback &p) {
  Value ct = p.cotangent();
  if (!ct)
    return;
  for (auto [i, operand] : llvm::enumerate(op->getOperands()))
    if (p.isActive(operand))
      p.accumulate(operand, partial(op, p, i, ct));
}

template <typename Op>
static void pushforwardByTable(Op op, Pushforward &p) {
  Value sum;
  for (auto [i, operand] : llvm::enumerate(op->getOperands()))
    if (Value t = p.tangent(operand))
      if (Value part = partial(op, p, i, t))
        sum = sum ? p.add(sum, part) : part;
  p.set(sum);
}

#define ELEMENTWISE_DERIVATIVES(Op)                                                                                             \
  void Op::pullback(Pullback &p) { pullbackByTable(*this, p); }                                                                \
  void Op::pushforward(Pushforward &p) { pushforwardByTable(*this, p); }
COSTATE_ELEMENTWISE_OPS(ELEMENTWISE_DERIVATIVES)
#undef ELEMENTWISE_DERIVATIVES
