// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/dialects/graph/Axes.h"
#include "costate/dialects/graph/Emitter.h"

#include <limits>

using namespace mlir;
using namespace costate;
using namespace costate::graph;

//===----------------------------------------------------------------------===//
// reduce_sum, reduce_prod, reduce_max, reduce_min, logsumexp
//===----------------------------------------------------------------------===//

static LogicalResult verifyReduction(Operation *op, RankedTensorType from, RankedTensorType to, ArrayRef<int64_t> axes) {
  if (failed(verifyAscending(op, "axes", axes, from.getRank()))) // C1
    return failure();
  return verifyShape(op, to, take(from.getShape(), complement(axes, from.getRank()))); // C2
}

#define REDUCTION(Op)                                                                                                           \
  LogicalResult Op::verify() { return verifyReduction(*this, getOperand().getType(), getResult().getType(), getAxes()); }          \
  Dims Op::inferDimensions(unsigned, DimensionsOf of) {                                                                         \
    return take(of(getOperand()), complement(getAxes(), getOperand().getType().getRank()));                                     \
  }
REDUCTION(ReduceSumOp)
REDUCTION(ReduceProdOp)
REDUCTION(ReduceMaxOp)
REDUCTION(ReduceMinOp)
REDUCTION(LogSumExpOp)
#undef REDUCTION

/// m = max(x), or 0 where that is not finite; e = exp(x - m); s = sum(e).
struct Exponentials {
  Value isFinite, m, e, s;
};

static Exponentials exponentials(Emitter &b, Value x, ArrayRef<int64_t> axes) {
  Exponentials of;
  Value largest = b.create<ReduceMaxOp>(typeOf(take(b.dims(x), complement(axes, b.dims(x).size())), getElementTypeOrSelf(x)), x, axes);
  of.isFinite = b.compare(ComparisonDirection::LT, b.unary<AbsOp>(largest), std::numeric_limits<double>::infinity());
  of.m = b.select(of.isFinite, largest, b.zerosLike(largest));
  of.e = b.unary<ExponentialOp>(b.sub(x, b.spread(of.m, axes, x)));
  of.s = b.sum(of.e, axes);
  return of;
}

// m + log(s): rows of -inf give -inf, an infinity gives inf, a NaN stays
SmallVector<Value> LogSumExpOp::expand(Emitter &b) {
  Exponentials of = exponentials(b, getOperand(), getAxes());
  return {b.add(of.m, b.unary<LogOp>(of.s))};
}

//===----------------------------------------------------------------------===//
// softmax
//===----------------------------------------------------------------------===//

LogicalResult SoftmaxOp::verify() { return verifyAscending(*this, "axes", getAxes(), getOperand().getType().getRank()); } // C1

Dims SoftmaxOp::inferDimensions(unsigned, DimensionsOf of) { return of(getOperand()); }

// e * (1/s), with one division a row, and NaN where the maximum is not finite
SmallVector<Value> SoftmaxOp::expand(Emitter &b) {
  Exponentials of = exponentials(b, getOperand(), getAxes());
  Value share = b.select(of.isFinite, b.div(1.0, of.s), b.splat(std::numeric_limits<double>::quiet_NaN(), of.s));
  return {b.mul(of.e, b.spread(share, getAxes(), getOperand()))};
}

//===----------------------------------------------------------------------===//
// argmax, argmin
//===----------------------------------------------------------------------===//

#define ARG_REDUCTION(Op)                                                                                                       \
  LogicalResult Op::verify() {                                                                                                  \
    int64_t rank = getOperand().getType().getRank(), axis = getAxis();                                                          \
    if (failed(verifyInRange(*this, "axis", axis, rank))) /* C1 */                                                              \
      return failure();                                                                                                         \
    return verifyShape(*this, getResult().getType(), take(getOperand().getType().getShape(), complement(axis, rank))); /* C2 */ \
  }                                                                                                                             \
  Dims Op::inferDimensions(unsigned, DimensionsOf of) {                                                                         \
    int64_t axis = getAxis();                                                                                                   \
    return take(of(getOperand()), complement(axis, getOperand().getType().getRank()));                                          \
  }
ARG_REDUCTION(ArgmaxOp)
ARG_REDUCTION(ArgminOp)
#undef ARG_REDUCTION

//===----------------------------------------------------------------------===//
// cumsum, cummax, linear_recurrence
//===----------------------------------------------------------------------===//

#define CUMULATIVE(Op)                                                                                                          \
  LogicalResult Op::verify() {                                                                                                  \
    int64_t axis = getAxis();                                                                                                   \
    return verifyInRange(*this, "axis", axis, getType().getRank()); /* C1 */                                                    \
  }                                                                                                                             \
  Dims Op::inferDimensions(unsigned, DimensionsOf of) { return of((*this)->getOperand(0)); }
CUMULATIVE(CumsumOp)
CUMULATIVE(CummaxOp)
CUMULATIVE(LinearRecurrenceOp)
#undef CUMULATIVE
