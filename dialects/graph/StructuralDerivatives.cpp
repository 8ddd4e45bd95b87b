// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Derivatives of the ops that are neither elementwise nor factorizations, in the order of the op files. Most are linear: the pushforward repeats the
// op on the tangent, the pullback is its transpose.

#include "costate/dialects/graph/Axes.h"
#include "costate/dialects/interfaces/Rules.h"

using namespace mlir;
using namespace costate;
using namespace costate::graph;

using Direction = ComparisonDirection;

/// An op of the same kind and attributes on other operands.
template <typename Op>
static Value again(Op op, Emitter &e, ValueRange operands) {
  return e.create<Op>(op->getResultTypes(), operands, op->getAttrs())->getResult(0);
}

/// The axes from `begin` on, `count` of them.
static SmallVector<int64_t> axesFrom(int64_t begin, int64_t count) { return llvm::to_vector(llvm::seq<int64_t>(begin, begin + count)); }

/// Pushforward of an op that is linear in operand 0 and has no other active operand.
template <typename Op>
static void pushLinear(Op op, Pushforward &p) {
  SmallVector<Value> operands(op->getOperands());
  if (Value t = p.tangent(operands[0])) {
    operands[0] = t;
    p.set(again(op, p, operands));
  }
}

#define NO_DERIVATIVE(Op)                                                                                                       \
  void Op::pullback(Pullback &) {}                                                                                              \
  void Op::pushforward(Pushforward &) {}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

void ReduceSumOp::pullback(Pullback &p) { p.accumulate(getOperand(), p.spread(p.cotangent(), getAxes(), getOperand())); }

void ReduceSumOp::pushforward(Pushforward &p) { pushLinear(*this, p); }

/// d prod / d x_i: the product of the others, prod_j (i = j ? 1 : x_j), which is right at zeros and whose own derivative is right there. It takes
/// n^2 multiplications for n factors: a quotient would take 2n, and be 0/0 where two factors vanish.
static Value productOfOthers(ReduceProdOp op, Emitter &e) {
  Value x = op.getOperand();
  Dims shape = e.dims(x); // i runs over the axes of the product where they are, j over the same once more behind all others
  int64_t rank = shape.size();
  SmallVector<int64_t> places = axesFrom(0, rank), added = axesFrom(rank, op.getAxes().size());
  for (auto [place, axis] : llvm::zip_equal(added, op.getAxes())) {
    places[axis] = place;
    shape.push_back(shape[axis]);
  }
  // `places` must ascend: the axes of j stand behind all others, so x is transposed to have them there.
  SmallVector<int64_t> order = axesFrom(0, rank);
  llvm::sort(order, [&](int64_t a, int64_t b) { return places[a] < places[b]; });
  Value factors = e.broadcast(e.transpose(x, order), take(places, order), shape);
  Value isSame;
  for (auto [place, axis] : llvm::zip_equal(added, op.getAxes())) {
    Type i32 = e.builder.getI32Type();
    Value equal = e.compare(Direction::EQ, e.iota(axis, shape, i32), e.iota(place, shape, i32));
    isSame = isSame ? e.create<AndOp>(equal.getType(), isSame, equal).getResult() : equal;
  }
  if (!isSame) // a product of one factor
    return e.splat(1.0, x);
  Value others = e.select(isSame, e.splat(1.0, factors), factors);
  return e.create<ReduceProdOp>(x.getType(), others, added);
}

void ReduceProdOp::pullback(Pullback &p) {
  p.accumulate(getOperand(), p.mul(p.spread(p.cotangent(), getAxes(), getOperand()), productOfOthers(*this, p)));
}

void ReduceProdOp::pushforward(Pushforward &p) {
  if (Value t = p.tangent(getOperand()))
    p.set(p.sum(p.mul(t, productOfOthers(*this, p)), getAxes()));
}

/// 1/m at the m places where the extremum is taken, 0 elsewhere.
template <typename Op>
static Value shareOfExtremum(Op op, Emitter &e) {
  Value x = op.getOperand();
  Value hit = e.compare(Direction::EQ, x, e.spread(op, op.getAxes(), x));
  Value ones = e.select(hit, e.splat(1.0, x), e.zerosLike(x));
  return e.div(ones, e.spread(e.sum(ones, op.getAxes()), op.getAxes(), x));
}

#define EXTREMUM_DERIVATIVES(Op)                                                                                                \
  void Op::pullback(Pullback &p) {                                                                                              \
    p.accumulate(getOperand(), p.mul(p.spread(p.cotangent(), getAxes(), getOperand()), shareOfExtremum(*this, p)));             \
  }                                                                                                                             \
  void Op::pushforward(Pushforward &p) {                                                                                        \
    if (Value t = p.tangent(getOperand()))                                                                                      \
      p.set(p.sum(p.mul(t, shareOfExtremum(*this, p)), getAxes()));                                                             \
  }
EXTREMUM_DERIVATIVES(ReduceMaxOp)
EXTREMUM_DERIVATIVES(ReduceMinOp)
#undef EXTREMUM_DERIVATIVES

/// d logsumexp / d x = exp(x - y): the softmax, whose exponentials are those of the value.
static Value weights(LogSumExpOp op, Emitter &e) {
  return e.create<SoftmaxOp>(op.getOperand().getType(), op.getOperand(), op.getAxes());
}

void LogSumExpOp::pullback(Pullback &p) {
  p.accumulate(getOperand(), p.mul(p.spread(p.cotangent(), getAxes(), getOperand()), weights(*this, p)));
}

void LogSumExpOp::pushforward(Pushforward &p) {
  if (Value t = p.tangent(getOperand()))
    p.set(p.sum(p.mul(t, weights(*this, p)), getAxes()));
}

/// The Jacobian diag(y) - y y^T, which is symmetric.
static Value softmaxJacobian(SoftmaxOp op, Emitter &e, Value t) {
  Value weighted = e.mul(op, t);
  return e.sub(weighted, e.mul(op, e.spread(e.sum(weighted, op.getAxes()), op.getAxes(), op)));
}

void SoftmaxOp::pullback(Pullback &p) { p.accumulate(getOperand(), softmaxJacobian(*this, p, p.cotangent())); }

void SoftmaxOp::pushforward(Pushforward &p) {
  if (Value t = p.tangent(getOperand()))
    p.set(softmaxJacobian(*this, p, t));
}

NO_DERIVATIVE(ArgmaxOp)
NO_DERIVATIVE(ArgminOp)

void CumsumOp::pullback(Pullback &p) {
  p.accumulate(getOperand(), p.create<CumsumOp>(getType(), p.cotangent(), getAxis(), !getReverse()));
}

void CumsumOp::pushforward(Pushforward &p) { pushLinear(*this, p); }

/// The element that a running op has seen just before, or will see just after, each of `x`; 0 where there is none.
static Value neighbour(Emitter &e, Value x, int64_t axis, bool before, bool reverse) {
  Dims shape = e.dims(x), low(shape.size(), e.dim(0)), high = low, starts = low;
  SmallVector<int64_t> interior(shape.size(), 0), strides(shape.size(), 1);
  bool isInFront = before != reverse;
  (isInFront ? low : high)[axis] = e.dim(1);
  if (!isInFront)
    starts[axis] = e.dim(1);
  Value zero = e.splat(0.0, {}, getElementTypeOrSelf(x.getType()));
  return e.slice(e.pad(x, zero, low, high, interior), starts, shape, strides);
}

static Value recur(Emitter &e, Value factor, Value term, int64_t axis, bool reverse) {
  return e.create<LinearRecurrenceOp>(term.getType(), factor, term, axis, reverse);
}

/// 1 where x is the maximum `best` of it and others, 0 elsewhere. A NaN is one, too, so that something is whatever x holds.
static Value attains(Emitter &e, Value x, Value best) {
  Value isEqual = e.compare(Direction::EQ, x, best), isNan = e.compare(Direction::NE, x, x);
  return e.select(e.create<OrOp>(isEqual.getType(), isEqual, isNan), e.splat(1.0, x), e.zerosLike(x));
}

namespace {

/// Of running maxima: the places that attain their own maximum, whether a maximum goes on from the place before, and how many places share it so far.
struct Attained {
  Value hit, goesOn, count;

  Attained(CummaxOp op, Emitter &e) {
    hit = attains(e, op.getOperand(), op.getResult());
    goesOn = attains(e, neighbour(e, op.getResult(), op.getAxis(), /*before=*/true, op.getReverse()), op.getResult());
    count = recur(e, goesOn, hit, op.getAxis(), op.getReverse());
  }
};

} // namespace

// The places that share y[i] are those that attain a maximum in the run of equal y up to i: sums within runs are recurrences with factors 0 and 1.
void CummaxOp::pullback(Pullback &p) {
  Attained places(*this, p);
  Value share = p.div(p.cotangent(), places.count);
  Value next = neighbour(p, places.goesOn, getAxis(), /*before=*/false, getReverse());
  p.accumulate(getOperand(), p.mul(places.hit, recur(p, next, share, getAxis(), !getReverse())));
}

void CummaxOp::pushforward(Pushforward &p) {
  if (Value t = p.tangent(getOperand())) {
    Attained places(*this, p);
    p.set(p.div(recur(p, places.goesOn, p.mul(places.hit, t), getAxis(), getReverse()), places.count));
  }
}

// The cotangent of what y[i] is sums up the other way: d[i] = ct[i] + a[i+1] d[i+1]. It is that of b[i], and times y[i-1] that of a[i].
void LinearRecurrenceOp::pullback(Pullback &p) {
  Value next = neighbour(p, getFactor(), getAxis(), /*before=*/false, getReverse());
  Value d = recur(p, next, p.cotangent(), getAxis(), !getReverse());
  p.accumulate(getTerm(), d);
  if (p.isActive(getFactor()))
    p.accumulate(getFactor(), p.mul(d, neighbour(p, getResult(), getAxis(), /*before=*/true, getReverse())));
}

void LinearRecurrenceOp::pushforward(Pushforward &p) {
  Value sum = p.tangent(getTerm());
  if (Value t = p.tangent(getFactor())) {
    Value part = p.mul(t, neighbour(p, getResult(), getAxis(), /*before=*/true, getReverse()));
    sum = sum ? p.add(part, sum) : part;
  }
  if (sum)
    p.set(recur(p, getFactor(), sum, getAxis(), getReverse()));
}

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

// With result [b, m, n]: dlhs[b, m, k] = sum_n ct[b, m, n] rhs[b, n, k], then its axes go where lhs has them; likewise drhs.
void DotGeneralOp::pullback(Pullback &p) {
  SmallVector<int64_t> lhsFree = this->lhsFree(), rhsFree = this->rhsFree();
  int64_t batch = getLhsBatching().size(), m = lhsFree.size(), n = rhsFree.size();
  auto restore = [&](Value value, ArrayRef<int64_t> batching, ArrayRef<int64_t> free, ArrayRef<int64_t> contracting) {
    SmallVector<int64_t> places(batching); // axis i of value belongs at places[i]
    llvm::append_range(places, free);
    llvm::append_range(places, contracting);
    SmallVector<int64_t> permutation(places.size());
    for (auto [from, to] : llvm::enumerate(places))
      permutation[to] = from;
    return p.transpose(value, permutation);
  };
  // A contraction leaves the other side's contracted axes in that side's order; they belong at the partner axes, so partners are sorted alike.
  auto partners = [](ArrayRef<int64_t> mine, ArrayRef<int64_t> other) {
    SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, other.size()));
    llvm::sort(order, [&](int64_t a, int64_t b) { return other[a] < other[b]; });
    return take(mine, order);
  };
  Value ct = p.cotangent();
  if (p.isActive(getLhs())) {
    Value d = p.dot(ct, getRhs(), axesFrom(0, batch), getRhsBatching(), axesFrom(batch + m, n), rhsFree);
    p.accumulate(getLhs(), restore(d, getLhsBatching(), lhsFree, partners(getLhsContracting(), getRhsContracting())));
  }
  if (p.isActive(getRhs())) {
    Value d = p.dot(ct, getLhs(), axesFrom(0, batch), getLhsBatching(), axesFrom(batch, m), lhsFree);
    p.accumulate(getRhs(), restore(d, getRhsBatching(), rhsFree, partners(getRhsContracting(), getLhsContracting())));
  }
}

void DotGeneralOp::pushforward(Pushforward &p) {
  Value sum;
  if (Value t = p.tangent(getLhs()))
    sum = again(*this, p, {t, getRhs()});
  if (Value t = p.tangent(getRhs())) {
    Value part = again(*this, p, {getLhs(), t});
    sum = sum ? p.add(sum, part) : part;
  }
  p.set(sum);
}

static int64_t dilate(int64_t extent, int64_t dilation) { return extent == 0 ? 0 : (extent - 1) * dilation + 1; }

/// A convolution with result type deduced from its operands.
static Value convolve(Emitter &e, Value lhs, Value rhs, ArrayRef<int64_t> strides, ArrayRef<int64_t> low, ArrayRef<int64_t> high,
                      ArrayRef<int64_t> lhsDilation, ArrayRef<int64_t> rhsDilation) {
  Dims shape = e.dims(lhs), kernel = e.dims(rhs);
  for (size_t i = 0; i < strides.size(); ++i) {
    int64_t room = dilate(*shape[i + 1].constant(), lhsDilation[i]) + low[i] + high[i] - dilate(*kernel[i].constant(), rhsDilation[i]);
    shape[i + 1] = e.dim(room < 0 ? 0 : room / strides[i] + 1);
  }
  shape.back() = kernel.back();
  return e.create<ConvolutionOp>(typeOf(shape, getElementTypeOrSelf(lhs.getType())), lhs, rhs, strides, low, high, lhsDilation, rhsDilation);
}

// dlhs: the dilated cotangent against the reversed kernel with its channels exchanged, strided by lhs_dilation.
// drhs: lhs (channels as images, images as channels) against the cotangent as a kernel; strides and rhs_dilation change places.
void ConvolutionOp::pullback(Pullback &p) {
  Value ct = p.cotangent();
  int64_t spatial = getStrides().size();
  ArrayRef<int64_t> in = getLhs().getType().getShape().drop_front(), out = getType().getShape().drop_front();
  ArrayRef<int64_t> kernel = getRhs().getType().getShape();
  SmallVector<int64_t> low(spatial), high(spatial);
  if (p.isActive(getLhs())) {
    Value reversed = p.transposeMatrix(p.create<ReverseOp>(getRhs().getType(), getRhs(), axesFrom(0, spatial)));
    for (int64_t i = 0; i < spatial; ++i) {
      int64_t reach = dilate(kernel[i], getRhsDilation()[i]);
      low[i] = reach - 1 - getLow()[i];
      high[i] = (in[i] - 1) * getLhsDilation()[i] + reach - dilate(out[i], getStrides()[i]) - low[i];
    }
    p.accumulate(getLhs(), convolve(p, ct, reversed, getLhsDilation(), low, high, getStrides(), getRhsDilation()));
  }
  if (p.isActive(getRhs())) {
    SmallVector<int64_t> exchange = axesFrom(0, spatial + 2); // [n, s..., c] <-> [c, s..., n]
    std::swap(exchange.front(), exchange.back());
    SmallVector<int64_t> toKernel = axesFrom(1, spatial); // [n, s..., o] -> [s..., n, o]; [c, s..., o] -> [s..., c, o]
    toKernel.append({0, spatial + 1});
    for (int64_t i = 0; i < spatial; ++i) {
      low[i] = getLow()[i];
      high[i] = (kernel[i] - 1) * getRhsDilation()[i] + dilate(out[i], getStrides()[i]) - dilate(in[i], getLhsDilation()[i]) - low[i];
    }
    Value d = convolve(p, p.transpose(getLhs(), exchange), p.transpose(ct, toKernel), getRhsDilation(), low, high, getLhsDilation(), getStrides());
    p.accumulate(getRhs(), p.transpose(d, toKernel));
  }
}

void ConvolutionOp::pushforward(Pushforward &p) {
  Value sum;
  if (Value t = p.tangent(getLhs()))
    sum = again(*this, p, {t, getRhs()});
  if (Value t = p.tangent(getRhs())) {
    Value part = again(*this, p, {getLhs(), t});
    sum = sum ? p.add(sum, part) : part;
  }
  p.set(sum);
}

/// The transform of two parts, of which null ones are zero; nothing if both are.
static std::array<Value, 2> transform(Emitter &e, Value re, Value im, bool inverse) {
  if (!re && !im)
    return {};
  auto parts = e.create<FftOp>(re ? re : e.zerosLike(im), im ? im : e.zerosLike(re), inverse);
  return {parts.getResultRe(), parts.getResultIm()};
}

// The matrix of the transform is symmetric, so its adjoint is its conjugate: the other direction.
void FftOp::pullback(Pullback &p) {
  auto [re, im] = transform(p, p.cotangent(0), p.cotangent(1), !getInverse());
  p.accumulate(getRe(), re);
  p.accumulate(getIm(), im);
}

void FftOp::pushforward(Pushforward &p) {
  auto [re, im] = transform(p, p.tangent(getRe()), p.tangent(getIm()), getInverse());
  p.set(re, 0);
  p.set(im, 1);
}

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

NO_DERIVATIVE(ConstantOp)
NO_DERIVATIVE(ExtentOp)
NO_DERIVATIVE(IotaOp)

void BroadcastInDimOp::pullback(Pullback &p) {
  Dims from = p.dims(getOperand()), to = toDims(getShape());
  SmallVector<int64_t> repeated = complement(getDims(), to.size());
  for (auto [axis, place] : llvm::enumerate(getDims()))
    if (from[axis] != to[place])
      repeated.push_back(place);
  llvm::sort(repeated);
  p.accumulate(getOperand(), p.reshape(p.sum(p.cotangent(), repeated), from));
}

void BroadcastInDimOp::pushforward(Pushforward &p) { pushLinear(*this, p); }

void ReshapeOp::pullback(Pullback &p) { p.accumulate(getOperand(), p.reshape(p.cotangent(), p.dims(getOperand()))); }

void ReshapeOp::pushforward(Pushforward &p) { pushLinear(*this, p); }

void TransposeOp::pullback(Pullback &p) {
  SmallVector<int64_t> inverse(getPermutation().size());
  for (auto [to, from] : llvm::enumerate(getPermutation()))
    inverse[from] = to;
  p.accumulate(getOperand(), p.transpose(p.cotangent(), inverse));
}

void TransposeOp::pushforward(Pushforward &p) { pushLinear(*this, p); }

static Value scalarZero(Emitter &e, Value like) { return e.splat(0.0, {}, getElementTypeOrSelf(like.getType())); }

void SliceOp::pullback(Pullback &p) {
  Dims starts = toDims(getStarts()), sizes = toDims(getSizes()), high;
  SmallVector<int64_t> interior;
  for (auto [axis, n] : llvm::enumerate(p.dims(getOperand()))) {
    interior.push_back(getStrides()[axis] - 1);
    DimAttr spanned = sizes[axis];
    if (interior.back())
      spanned = DimAttr::max(p.dim(0), spanned + (spanned - p.dim(1)) * p.dim(interior.back()));
    high.push_back(n - starts[axis] - spanned);
  }
  p.accumulate(getOperand(), p.pad(p.cotangent(), scalarZero(p, getOperand()), starts, high, interior));
}

void SliceOp::pushforward(Pushforward &p) { pushLinear(*this, p); }

void PadOp::pullback(Pullback &p) {
  Value ct = p.cotangent();
  Dims sizes = p.dims(getOperand());
  if (p.isActive(getOperand())) {
    SmallVector<int64_t> strides = llvm::map_to_vector(getInterior(), [](int64_t n) { return n + 1; });
    p.accumulate(getOperand(), p.slice(ct, toDims(getLow()), sizes, strides));
  }
  if (p.isActive(getValue())) {
    Type boolean = p.builder.getI1Type();
    Value inside = p.pad(p.splat(1.0, sizes, boolean), p.splat(0.0, {}, boolean), toDims(getLow()), toDims(getHigh()), getInterior());
    p.accumulate(getValue(), p.sum(p.select(inside, p.zerosLike(ct), ct)));
  }
}

void PadOp::pushforward(Pushforward &p) {
  Value inner = p.tangent(getOperand()), outer = p.tangent(getValue());
  if (inner || outer)
    p.set(again(*this, p, {p.tangentOrZero(getOperand()), p.tangentOrZero(getValue())}));
}

void ConcatenateOp::pullback(Pullback &p) {
  Dims starts(p.dims(getResult()).size(), p.dim(0));
  SmallVector<int64_t> strides(starts.size(), 1);
  for (Value operand : getOperands()) {
    Dims sizes = p.dims(operand);
    if (p.isActive(operand))
      p.accumulate(operand, p.slice(p.cotangent(), starts, sizes, strides));
    starts[getAxis()] = starts[getAxis()] + sizes[getAxis()];
  }
}

void ConcatenateOp::pushforward(Pushforward &p) {
  if (llvm::any_of(getOperands(), [&](Value operand) { return bool(p.tangent(operand)); }))
    p.set(again(*this, p, llvm::map_to_vector(getOperands(), [&](Value operand) { return p.tangentOrZero(operand); })));
}

void ReverseOp::pullback(Pullback &p) { p.accumulate(getOperand(), p.create<ReverseOp>(getType(), p.cotangent(), getAxes())); }

void ReverseOp::pushforward(Pushforward &p) { pushLinear(*this, p); }

//===----------------------------------------------------------------------===//
// Indexing
//===----------------------------------------------------------------------===//

void GatherOp::pullback(Pullback &p) {
  p.update(getOperand(), [&](Value sum) {
    return p.scatterAdd(sum ? sum : p.zerosLike(getOperand()), getIndices(), p.cotangent(), getBatchDims());
  });
}

void GatherOp::pushforward(Pushforward &p) { pushLinear(*this, p); }

/// Which updates stay: that of the highest number among those of a place. An index outside reads 0 here, as its cotangent is.
static Value staysOf(ScatterOp op, Emitter &e) {
  Dims indices = e.dims(op.getIndices()), places(e.dims(op.getOperand()));
  size_t shared = op.getBatchDims();
  Dims inner(ArrayRef(indices).drop_front(shared)), numbers(ArrayRef(indices).take_front(shared));
  places.truncate(shared + 1);
  numbers.push_back(product(op.getContext(), inner));
  Type i32 = e.builder.getI32Type();
  Value number = e.reshape(e.iota(shared, numbers, i32), indices), none = e.splat(-1, places, i32);
  Value last = e.create<ScatterMaxOp>(none.getType(), none, op.getIndices(), number, op.getBatchDims());
  Value stays = e.compare(Direction::EQ, e.gather(last, op.getIndices(), op.getBatchDims()), number);
  return e.broadcast(stays, llvm::to_vector(llvm::seq<int64_t>(0, indices.size())), e.dims(op.getUpdates()));
}

void ScatterOp::pullback(Pullback &p) {
  Value ct = p.cotangent();
  if (p.isActive(getOperand()))
    p.accumulate(getOperand(), p.create<ScatterOp>(getType(), ct, getIndices(), p.zerosLike(getUpdates()), getBatchDims()));
  if (p.isActive(getUpdates()))
    p.accumulate(getUpdates(), p.select(staysOf(*this, p), p.gather(ct, getIndices(), getBatchDims()), p.zerosLike(getUpdates())));
}

void ScatterOp::pushforward(Pushforward &p) {
  if (p.tangent(getOperand()) || p.tangent(getUpdates()))
    p.set(p.create<ScatterOp>(getType(), p.tangentOrZero(getOperand()), getIndices(), p.tangentOrZero(getUpdates()), getBatchDims()));
}

void ScatterAddOp::pullback(Pullback &p) {
  p.accumulate(getOperand(), p.cotangent());
  if (p.isActive(getUpdates()))
    p.accumulate(getUpdates(), p.gather(p.cotangent(), getIndices(), getBatchDims()));
}

void ScatterAddOp::pushforward(Pushforward &p) {
  if (p.tangent(getOperand()) || p.tangent(getUpdates()))
    p.set(p.scatterAdd(p.tangentOrZero(getOperand()), getIndices(), p.tangentOrZero(getUpdates()), getBatchDims()));
}

namespace {

/// 1 for the elements of the operand and of the updates that attain the maximum of their place, 0 for others, and how many there are.
struct Largest {
  Value ofOperand, ofUpdates, count;

  Largest(ScatterMaxOp op, Emitter &e) {
    ofOperand = attains(e, op.getOperand(), op.getResult());
    ofUpdates = attains(e, op.getUpdates(), e.gather(op.getResult(), op.getIndices(), op.getBatchDims()));
    count = e.scatterAdd(ofOperand, op.getIndices(), ofUpdates, op.getBatchDims());
  }
};

} // namespace

void ScatterMaxOp::pullback(Pullback &p) {
  Largest largest(*this, p);
  Value share = p.div(p.cotangent(), largest.count);
  p.accumulate(getOperand(), p.mul(share, largest.ofOperand));
  if (p.isActive(getUpdates()))
    p.accumulate(getUpdates(), p.mul(p.gather(share, getIndices(), getBatchDims()), largest.ofUpdates));
}

void ScatterMaxOp::pushforward(Pushforward &p) {
  if (!p.tangent(getOperand()) && !p.tangent(getUpdates()))
    return;
  Largest largest(*this, p);
  Value own = p.mul(p.tangentOrZero(getOperand()), largest.ofOperand), other = p.mul(p.tangentOrZero(getUpdates()), largest.ofUpdates);
  p.set(p.div(p.scatterAdd(own, getIndices(), other, getBatchDims()), largest.count));
}

void DynamicSliceOp::pullback(Pullback &p) {
  p.update(getOperand(), [&](Value sum) {
    Value block = p.cotangent();
    if (sum)
      block = p.add(p.create<DynamicSliceOp>(getType(), sum, getStarts(), getSizes()), block);
    return p.create<DynamicUpdateSliceOp>(getOperand().getType(), sum ? sum : p.zerosLike(getOperand()), block, getStarts());
  });
}

void DynamicSliceOp::pushforward(Pushforward &p) { pushLinear(*this, p); }

void DynamicUpdateSliceOp::pullback(Pullback &p) {
  Value ct = p.cotangent();
  if (p.isActive(getOperand()))
    p.accumulate(getOperand(), p.create<DynamicUpdateSliceOp>(getType(), ct, p.zerosLike(getUpdate()), getStarts()));
  if (p.isActive(getUpdate())) {
    ArrayAttr sizes = toArrayAttr(getContext(), p.dims(getUpdate()));
    p.accumulate(getUpdate(), p.create<DynamicSliceOp>(getUpdate().getType(), ct, getStarts(), sizes));
  }
}

void DynamicUpdateSliceOp::pushforward(Pushforward &p) {
  if (p.tangent(getOperand()) || p.tangent(getUpdate()))
    p.set(p.create<DynamicUpdateSliceOp>(getType(), p.tangentOrZero(getOperand()), p.tangentOrZero(getUpdate()), getStarts()));
}

namespace {

/// The permutation that a sort applies, as indices along the sorted axis, and the exchange that brings this axis to the end.
struct SortOrder {
  Value indices;
  SmallVector<int64_t> exchange;
  int64_t batchDims;

  SortOrder(SortOp op, Emitter &e) {
    Value key = op.getOperands().front();
    Dims shape = e.dims(key);
    Value positions = e.iota(op.getAxis(), shape, e.builder.getI32Type());
    auto sort = e.create<SortOp>(TypeRange{key.getType(), positions.getType()}, ValueRange{key, positions}, op.getAxis());
    batchDims = shape.size() - 1;
    exchange = axesFrom(0, shape.size());
    std::swap(exchange[op.getAxis()], exchange[batchDims]);
    indices = e.transpose(sort.getResult(1), exchange);
  }
};

} // namespace

void SortOp::pullback(Pullback &p) {
  std::optional<SortOrder> order;
  for (auto [i, operand] : llvm::enumerate(getOperands())) {
    Value ct = p.cotangent(i);
    if (!ct || !p.isActive(operand))
      continue;
    if (!order)
      order.emplace(*this, p);
    Value moved = p.transpose(ct, order->exchange);
    Value d = p.scatterAdd(p.zerosLike(moved), order->indices, moved, order->batchDims);
    p.accumulate(operand, p.transpose(d, order->exchange));
  }
}

void SortOp::pushforward(Pushforward &p) {
  std::optional<SortOrder> order;
  for (auto [i, operand] : llvm::enumerate(getOperands())) {
    Value t = p.tangent(operand);
    if (!t)
      continue;
    if (!order)
      order.emplace(*this, p);
    p.set(p.transpose(p.gather(p.transpose(t, order->exchange), order->indices, order->batchDims), order->exchange), i);
  }
}

void TopKOp::pullback(Pullback &p) {
  if (Value ct = p.cotangent(0))
    p.accumulate(getOperand(), p.scatterAdd(p.zerosLike(getOperand()), getIndices(), ct, getOperand().getType().getRank() - 1));
}

void TopKOp::pushforward(Pushforward &p) {
  if (Value t = p.tangent(getOperand()))
    p.set(p.gather(t, getIndices(), getOperand().getType().getRank() - 1), 0);
}

//===----------------------------------------------------------------------===//
// Random numbers, parameter sets
//===----------------------------------------------------------------------===//

NO_DERIVATIVE(RandomOp)
#undef NO_DERIVATIVE

void LeafOp::pullback(Pullback &p) { p.accumulateLeaf(getArena(), getLeaf(), p.cotangent()); }

void LeafOp::pushforward(Pushforward &p) { pushLinear(*this, p); }

void PackOp::pullback(Pullback &p) {
  for (auto [name, leaf] : llvm::zip_equal(getNames(), getLeaves()))
    if (p.isActive(leaf)) {
      auto path = SymbolRefAttr::get(getArenaAttr().getAttr(), FlatSymbolRefAttr::get(cast<StringAttr>(name)));
      p.accumulate(leaf, p.create<LeafOp>(leaf.getType(), p.cotangent(), path));
    }
}

void PackOp::pushforward(Pushforward &p) {
  if (llvm::any_of(getLeaves(), [&](Value leaf) { return bool(p.tangent(leaf)); }))
    p.set(again(*this, p, llvm::map_to_vector(getLeaves(), [&](Value leaf) { return p.tangentOrZero(leaf); })));
}
