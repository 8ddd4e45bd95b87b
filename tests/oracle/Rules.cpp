// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rules of elementwise ops and reductions, in terms of Algebra.h, and the table of all rules.

#include "costate/tests/oracle/Evaluator.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace costate::oracle {

namespace {

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

/// One of two values, chosen by `first(x, y)`; the derivative follows the choice, evenly where both are equal, not at all where one is NaN.
Node choose(const Node &x, const Node &y, function_ref<bool(double, double)> first) {
  Array chosen(Kind::i1, x->shape), equal(Kind::i1, x->shape), unordered(Kind::i1, x->shape);
  for (int64_t i = 0, n = x->size(); i < n; ++i) {
    chosen.integers[i] = x->isReal() ? first(x->reals[i], y->reals[i]) : first(1, 0) == (x->integers[i] > y->integers[i]);
    equal.integers[i] = x->at(i) == y->at(i);
    unordered.integers[i] = std::isnan(x->at(i)) || std::isnan(y->at(i));
  }
  Node isFirst(chosen), isTie(equal), isNan(unordered);
  return Tape::record(*where(isFirst, x.detached(), y.detached()), {x, y}, [=](size_t i, const Nodes &, const Node &, const Node &ct) {
    Node zero = like(ct, 0), half = scale(ct, 0.5);
    Node share = i == 0 ? where(isFirst, ct, zero) : where(isFirst, zero, ct);
    return where(isNan, zero, where(isTie, half, share));
  });
}

Node maximum(const Node &x, const Node &y) {
  return choose(x, y, [](double a, double b) { return std::isnan(a) || (!std::isnan(b) && (a > b || (a == b && !std::signbit(a)))); });
}

Node minimum(const Node &x, const Node &y) {
  return choose(x, y, [](double a, double b) { return std::isnan(a) || (!std::isnan(b) && (a < b || (a == b && std::signbit(a)))); });
}

/// sign(x), constant: a zero keeps its sign, NaN stays.
Node sign(const Node &x) {
  Array result(x->kind, x->shape);
  for (int64_t i = 0, n = x->size(); i < n; ++i) {
    if (x->isReal())
      result.reals[i] = x->reals[i] > 0 ? 1 : x->reals[i] < 0 ? -1 : x->reals[i];
    else
      result.integers[i] = wrap(x->kind, x->integers[i] > 0 ? 1 : x->integers[i] < 0 ? -1 : 0);
  }
  return result;
}

Node abs(const Node &x) {
  if (!x->isReal())
    return where(mask(x, [](double v) { return v < 0; }), neg(x), x);
  Node slope = sign(x); // of a zero: zero of either sign
  Array value = *x;
  for (double &v : value.reals)
    v = std::fabs(v);
  return Tape::record(std::move(value), {x}, [=](size_t, const Nodes &, const Node &, const Node &ct) { return mul(ct, slope); });
}

/// A function whose derivative is 0.
Node steps(const Node &x, double (*f)(double)) {
  Array result = *x;
  for (double &v : result.reals)
    v = f(v);
  return result;
}

template <typename Function>
Node bitwise(const Node &x, const Node &y, Function f) {
  Array result(x->kind, x->shape);
  for (size_t i = 0; i < result.integers.size(); ++i)
    result.integers[i] = wrap(x->kind, f(x->integers[i], y->integers[i]));
  return result;
}

Node compare(graph::ComparisonDirection direction, const Node &x, const Node &y) {
  auto holds = [&](auto a, auto b) {
    switch (direction) {
    case graph::ComparisonDirection::EQ:
      return a == b;
    case graph::ComparisonDirection::NE:
      return a != b;
    case graph::ComparisonDirection::GE:
      return a >= b;
    case graph::ComparisonDirection::GT:
      return a > b;
    case graph::ComparisonDirection::LE:
      return a <= b;
    case graph::ComparisonDirection::LT:
      return a < b;
    }
    llvm_unreachable("all directions are handled");
  };
  Array result(Kind::i1, x->shape); // ui8 and i1 are held without sign, so one comparison serves all integers
  for (int64_t i = 0, n = x->size(); i < n; ++i)
    result.integers[i] = x->isReal() ? holds(x->reals[i], y->reals[i]) : holds(x->integers[i], y->integers[i]);
  return result;
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

/// The axes that stay first, then one axis of all that are reduced.
Node rows(const Node &x, ArrayRef<int64_t> axes) {
  int64_t rank = x->shape.size();
  Shape kept = complement(axes, rank), order = kept, strides = stridesOf(x->shape), shape, sorted;
  order.append(axes.begin(), axes.end());
  for (int64_t axis : order)
    sorted.push_back(x->shape[axis]);
  Node transposed = takeBy(x, sorted, [&](ArrayRef<int64_t> index) {
    int64_t from = 0;
    for (int64_t i = 0; i < rank; ++i)
      from += index[i] * strides[order[i]];
    return from;
  });
  shape = without(x->shape, axes);
  int64_t inner = 1;
  for (int64_t axis : axes)
    inner *= x->shape[axis];
  shape.push_back(inner);
  return reshape(transposed, shape);
}

double least(Kind kind) {
  switch (kind) {
  case Kind::i1:
  case Kind::u8:
    return 0;
  case Kind::i8:
    return -128;
  case Kind::i32:
    return std::numeric_limits<int32_t>::min();
  case Kind::i64:
    return double(std::numeric_limits<int64_t>::min());
  default:
    return -std::numeric_limits<double>::infinity();
  }
}

Node extreme(Kind kind, ArrayRef<int64_t> shape, bool isMax) {
  if (isReal(kind))
    return Array::full(kind, shape, isMax ? least(kind) : -least(kind));
  Array result = Array::full(kind, shape, 0);
  int64_t low = int64_t(least(kind)), high = kind == Kind::i1 ? 1 : kind == Kind::u8 ? 255 : -(low + 1);
  std::fill(result.integers.begin(), result.integers.end(), isMax ? low : high);
  return result;
}

} // namespace

/// The extreme of each row; its cotangent is shared evenly among the elements that attain it.
Node reduceExtreme(const Node &x, ArrayRef<int64_t> axes, bool isMax) {
  Node row = rows(x, axes);
  int64_t axis = row->shape.size() - 1, extent = row->shape.back();
  Array best = *extreme(row->kind, without(row->shape, {axis}), isMax);
  for (int64_t i = 0, n = best.size(); i < n; ++i)
    for (int64_t j = 0; j < extent; ++j) {
      if (best.isReal()) {
        double v = row->reals[i * extent + j], &b = best.reals[i];
        bool isBetter = std::isnan(v) || (!std::isnan(b) && (isMax ? v > b || (v == b && std::signbit(b)) : v < b || (v == b && std::signbit(v))));
        b = isBetter ? v : b;
      } else {
        int64_t v = row->integers[i * extent + j], &b = best.integers[i];
        b = isMax ? std::max(b, v) : std::min(b, v);
      }
    }
  if (!row.isTracked())
    return best;
  Array share(row->kind, row->shape);
  for (int64_t i = 0, n = best.size(); i < n; ++i) {
    auto attains = [&](int64_t j) {
      double v = row->reals[i * extent + j];
      return v == best.reals[i] || (std::isnan(v) && std::isnan(best.reals[i]));
    };
    int64_t ties = llvm::count_if(llvm::seq<int64_t>(0, extent), attains);
    for (int64_t j = 0; j < extent; ++j)
      share.reals[i * extent + j] = attains(j) ? 1.0 / ties : 0;
  }
  Node shares(share);
  Shape labels, out;
  for (int64_t i = 0; i <= axis; ++i)
    labels.push_back(i);
  out.assign(labels.begin(), labels.end() - 1);
  return Tape::record(std::move(best), {row}, [=](size_t, const Nodes &, const Node &, const Node &ct) { return einsum(shares, labels, ct, out, labels); });
}

namespace {

/// The maximum of each row as a constant, 0 where it is not finite: what may be subtracted before exp.
Node shiftOf(const Node &row) {
  Array shift = *reduceExtreme(row.detached(), {int64_t(row->shape.size()) - 1}, true);
  for (double &v : shift.reals)
    v = std::isfinite(v) ? v : 0;
  return shift;
}

Node alongRows(const Node &perRow, const Node &row) {
  Shape dims;
  for (size_t i = 0; i + 1 < row->shape.size(); ++i)
    dims.push_back(i);
  return broadcast(perRow, dims, row->shape);
}

/// Each maximum by itself, over the elements up to it.
Node cummax(const Node &x, int64_t axis, bool reverse) {
  int64_t extent = x->shape[axis];
  Nodes elements, maxima;
  for (int64_t i = 0; i < extent; ++i)
    elements.push_back(at(x, axis, i));
  for (int64_t i = 0; i < extent; ++i) {
    Nodes some = reverse ? Nodes(elements.begin() + i, elements.end()) : Nodes(elements.begin(), elements.begin() + i + 1);
    maxima.push_back(reduceExtreme(stack(some, x->kind, some.front()->shape), {0}, true));
  }
  return join(maxima, x->kind, x->shape, axis);
}

Node recurrence(const Node &a, const Node &b, int64_t axis, bool reverse) {
  int64_t extent = a->shape[axis];
  Nodes elements(extent);
  for (int64_t step = 0; step < extent; ++step) {
    int64_t i = reverse ? extent - 1 - step : step;
    elements[i] = at(b, axis, i);
    if (step > 0)
      elements[i] = add(mul(at(a, axis, i), elements[reverse ? i + 1 : i - 1]), elements[i]);
  }
  return join(elements, a->kind, a->shape, axis);
}

Node logsumexp(const Node &x, ArrayRef<int64_t> axes) {
  Node row = rows(x, axes), shift = shiftOf(row);
  Node total = sum(exp(sub(row, alongRows(shift, row))), {int64_t(row->shape.size()) - 1});
  return add(shift, log(total));
}

/// Rows are normalized where they stand: `broadcast` puts the kept axes back.
Node softmax(const Node &x, ArrayRef<int64_t> axes) {
  Shape kept = complement(axes, x->shape.size());
  Array top = *reduceExtreme(x.detached(), axes, true); // -inf - (-inf) is NaN here, as 0/0
  Node e = exp(sub(x, broadcast(Node(top), kept, x->shape)));
  return div(e, broadcast(sum(e, axes), kept, x->shape));
}

Node product(const Node &x, ArrayRef<int64_t> axes) {
  Node row = rows(x, axes);
  int64_t axis = row->shape.size() - 1;
  Node result = Array::full(row->kind, without(row->shape, {axis}), 1);
  for (int64_t j = 0; j < row->shape[axis]; ++j)
    result = mul(result, at(row, axis, j));
  return result;
}

Node argExtreme(const Node &x, int64_t axis, bool isMax, Kind kind) {
  Node row = rows(x, {axis});
  int64_t extent = row->shape.back();
  Array result(kind, without(x->shape, {axis}));
  for (int64_t i = 0, n = result.size(); i < n; ++i) {
    int64_t best = 0;
    for (int64_t j = 1; j < extent; ++j) {
      bool isBetter;
      if (row->isReal()) {
        double v = row->reals[i * extent + j], b = row->reals[i * extent + best];
        isBetter = !std::isnan(b) && (std::isnan(v) || (isMax ? v > b : v < b));
      } else {
        int64_t v = row->integers[i * extent + j], b = row->integers[i * extent + best];
        isBetter = isMax ? v > b : v < b;
      }
      best = isBetter ? j : best;
    }
    result.integers[i] = wrap(kind, best);
  }
  return result;
}

} // namespace

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

LogicalResult sameShapes(Operation *op, const Nodes &in) {
  for (const Node &node : in)
    if (node->shape != in.front()->shape)
      return op->emitOpError() << "requires operands of one shape at run time, but got " << toString(*in.front()) << " and " << toString(*node);
  return success();
}

static FailureOr<Nodes> applyElementwise(Operation *op, const Nodes &in, Kind kind) {
  if (failed(sameShapes(op, in)))
    return failure();
  Node result = llvm::TypeSwitch<Operation *, Node>(op)
      .Case([&](graph::AddOp) { return add(in[0], in[1]); })
      .Case([&](graph::SubtractOp) { return sub(in[0], in[1]); })
      .Case([&](graph::MultiplyOp) { return mul(in[0], in[1]); })
      .Case([&](graph::DivideOp) { return div(in[0], in[1]); })
      .Case([&](graph::RemainderOp) { return remainder(in[0], in[1]); })
      .Case([&](graph::MaximumOp) { return maximum(in[0], in[1]); })
      .Case([&](graph::MinimumOp) { return minimum(in[0], in[1]); })
      .Case([&](graph::PowerOp) { return power(in[0], in[1]); })
      .Case([&](graph::Atan2Op) { return atan2(in[0], in[1]); })
      .Case([&](graph::NegateOp) { return neg(in[0]); })
      .Case([&](graph::AbsOp) { return abs(in[0]); })
      .Case([&](graph::SignOp) { return sign(in[0]); })
      .Case([&](graph::ExponentialOp) { return exp(in[0]); })
      .Case([&](graph::ExponentialMinusOneOp) { return expm1(in[0]); })
      .Case([&](graph::LogOp) { return log(in[0]); })
      .Case([&](graph::LogPlusOneOp) { return log1p(in[0]); })
      .Case([&](graph::SqrtOp) { return sqrt(in[0]); })
      .Case([&](graph::RsqrtOp) { return div(like(in[0], 1), sqrt(in[0])); })
      .Case([&](graph::TanhOp) { return tanh(in[0]); })
      .Case([&](graph::LogisticOp) { return logistic(in[0]); })
      .Case([&](graph::ErfOp) { return erf(in[0]); })
      .Case([&](graph::SineOp) { return sin(in[0]); })
      .Case([&](graph::CosineOp) { return cos(in[0]); })
      .Case([&](graph::FloorOp) { return steps(in[0], std::floor); })
      .Case([&](graph::CeilOp) { return steps(in[0], std::ceil); })
      .Case([&](graph::RoundNearestEvenOp) { return steps(in[0], std::nearbyint); })
      .Case([&](graph::AndOp) { return bitwise(in[0], in[1], std::bit_and<int64_t>()); })
      .Case([&](graph::OrOp) { return bitwise(in[0], in[1], std::bit_or<int64_t>()); })
      .Case([&](graph::XorOp) { return bitwise(in[0], in[1], std::bit_xor<int64_t>()); })
      .Case([&](graph::NotOp) { return bitwise(in[0], in[0], [](int64_t x, int64_t) { return ~x; }); })
      .Case([&](graph::CompareOp compareOp) { return compare(compareOp.getDirection(), in[0], in[1]); })
      .Case([&](graph::SelectOp) { return where(in[0], in[1], in[2]); })
      .Case([&](graph::ConvertOp) { return cast(in[0], kind); })
      .Case([&](graph::StopGradientOp) { return in[0].detached(); })
      .Case([&](graph::FoldInOp) { return foldIn(in[0], in[1]); })
      .Default([](Operation *) { return Node(); });
  if (!result)
    return op->emitOpError() << "has no rule in the oracle";
  return Nodes{result};
}

static FailureOr<Nodes> applyReduction(Operation *op, const Nodes &in, Kind kind) {
  auto arg = [&](int64_t axis, bool isMax) -> FailureOr<Nodes> {
    if (in[0]->shape[axis] == 0)
      return op->emitOpError() << "requires an extent above 0, but got " << toString(*in[0]);
    return Nodes{argExtreme(in[0], axis, isMax, kind)};
  };
  return llvm::TypeSwitch<Operation *, FailureOr<Nodes>>(op)
      .Case([&](graph::ReduceSumOp o) { return Nodes{sum(in[0], o.getAxes())}; })
      .Case([&](graph::ReduceProdOp o) { return Nodes{product(in[0], o.getAxes())}; })
      .Case([&](graph::ReduceMaxOp o) { return Nodes{reduceExtreme(in[0], o.getAxes(), true)}; })
      .Case([&](graph::ReduceMinOp o) { return Nodes{reduceExtreme(in[0], o.getAxes(), false)}; })
      .Case([&](graph::LogSumExpOp o) { return Nodes{logsumexp(in[0], o.getAxes())}; })
      .Case([&](graph::SoftmaxOp o) { return Nodes{softmax(in[0], o.getAxes())}; })
      .Case([&](graph::ArgmaxOp o) { return arg(o.getAxis(), true); })
      .Case([&](graph::ArgminOp o) { return arg(o.getAxis(), false); })
      .Case([&](graph::CumsumOp o) { return Nodes{cumsum(in[0], o.getAxis(), o.getReverse())}; })
      .Case([&](graph::CummaxOp o) { return Nodes{cummax(in[0], o.getAxis(), o.getReverse())}; })
      .Case([&](graph::LinearRecurrenceOp o) { return Nodes{recurrence(in[0], in[1], o.getAxis(), o.getReverse())}; })
      .Default([](Operation *) { return Nodes(); });
}

FailureOr<Nodes> applyRule(Evaluator &evaluator, Operation *op, const Nodes &in, const Frame &frame) {
  Kind kind = evaluator.kindOf(op->getResult(0).getType());
  if (op->hasTrait<graph::Elementwise>())
    return applyElementwise(op, in, kind);
  FailureOr<Nodes> results = applyReduction(op, in, kind);
  if (succeeded(results) && results->empty())
    results = applyLayout(op, in, frame, kind);
  if (succeeded(results) && results->empty())
    results = applyIndexing(evaluator, op, in, frame, kind);
  if (succeeded(results) && results->empty())
    results = applyLinear(op, in, frame, kind);
  if (succeeded(results) && results->empty())
    results = applyFactorization(op, in);
  if (succeeded(results) && results->empty())
    return op->emitOpError() << "has no rule in the oracle";
  return results;
}

} // namespace costate::oracle
