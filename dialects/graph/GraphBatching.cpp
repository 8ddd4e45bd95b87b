// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Batching rules, in the order of the op files: the op for all lanes at once, the lane axis in front. A combination without a closed form
// runs in a loop over the lanes.

#include "costate/dialects/graph/Axes.h"
#include "costate/dialects/interfaces/Rules.h"

using namespace mlir;
using namespace costate;
using namespace costate::graph;

/// Axes one further to the right.
static SmallVector<int64_t> shifted(ArrayRef<int64_t> axes) {
  return llvm::map_to_vector(axes, [](int64_t axis) { return axis + 1; });
}

/// The same, with the lane axis 0 in front.
static SmallVector<int64_t> withLane(ArrayRef<int64_t> axes) {
  SmallVector<int64_t> result{0};
  llvm::append_range(result, shifted(axes));
  return result;
}

static Dims withSize(DimAttr size, ArrayRef<DimAttr> shape) {
  Dims result{size};
  llvm::append_range(result, shape);
  return result;
}

static ArrayAttr withSize(Batching &b, DimAttr size, ArrayAttr shape) { return toArrayAttr(b.builder.getContext(), withSize(size, toDims(shape))); }

/// The result type of a lane with the lane axis in front.
static RankedTensorType batchedType(Batching &b, Value result) {
  auto type = cast<RankedTensorType>(result.getType());
  SmallVector<int64_t> shape{b.size().extent()};
  llvm::append_range(shape, type.getShape());
  return RankedTensorType::get(shape, type.getElementType());
}

/// Moves axis `from` to the front.
static Value moveToFront(Batching &b, Value value, int64_t from) {
  SmallVector<int64_t> permutation{from};
  llvm::append_range(permutation, complement(from, cast<RankedTensorType>(value.getType()).getRank()));
  return b.transpose(value, permutation);
}

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

template <typename Op>
static void batchElementwise(Op op, Batching &b) {
  SmallVector<Value> operands = llvm::map_to_vector(op->getOperands(), [&](Value operand) { return b.batched(operand); });
  b.set(b.create<Op>(TypeRange(batchedType(b, op.getResult())), operands, op->getAttrs()));
}

#define ELEMENTWISE_BATCH(Op)                                                                                                   \
  void Op::batch(Batching &b) { batchElementwise(*this, b); }
COSTATE_ELEMENTWISE_OPS(ELEMENTWISE_BATCH)
#undef ELEMENTWISE_BATCH

//===----------------------------------------------------------------------===//
// Reductions: the axes move one place to the right
//===----------------------------------------------------------------------===//

#define AXES_BATCH(Op)                                                                                                          \
  void Op::batch(Batching &b) { b.set(b.create<Op>(batchedType(b, getResult()), b.batched(getOperand()), shifted(getAxes()))); }
AXES_BATCH(ReduceSumOp)
AXES_BATCH(ReduceProdOp)
AXES_BATCH(ReduceMaxOp)
AXES_BATCH(ReduceMinOp)
AXES_BATCH(LogSumExpOp)
AXES_BATCH(SoftmaxOp)
AXES_BATCH(ReverseOp)
#undef AXES_BATCH

void ArgmaxOp::batch(Batching &b) { b.set(b.create<ArgmaxOp>(batchedType(b, getResult()), b.batched(getOperand()), getAxis() + 1)); }

void ArgminOp::batch(Batching &b) { b.set(b.create<ArgminOp>(batchedType(b, getResult()), b.batched(getOperand()), getAxis() + 1)); }

void CumsumOp::batch(Batching &b) {
  b.set(b.create<CumsumOp>(batchedType(b, getResult()), b.batched(getOperand()), getAxis() + 1, getReverse()));
}

void CummaxOp::batch(Batching &b) {
  b.set(b.create<CummaxOp>(batchedType(b, getResult()), b.batched(getOperand()), getAxis() + 1, getReverse()));
}

void LinearRecurrenceOp::batch(Batching &b) {
  b.set(b.create<LinearRecurrenceOp>(batchedType(b, getResult()), b.batched(getFactor()), b.batched(getTerm()), getAxis() + 1, getReverse()));
}

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

// Both sides vary: the lanes are a batch axis. One side varies: they are a free axis of that side, wherever the result has it.
void DotGeneralOp::batch(Batching &b) {
  Value lhs = b.get(getLhs()), rhs = b.get(getRhs());
  bool left = b.isBatched(getLhs()), right = b.isBatched(getRhs());
  if (left && right) {
    b.set(b.dot(lhs, rhs, withLane(getLhsBatching()), withLane(getRhsBatching()), shifted(getLhsContracting()), shifted(getRhsContracting())));
    return;
  }
  auto axes = [](ArrayRef<int64_t> list, bool shift) { return shift ? shifted(list) : SmallVector<int64_t>(list); };
  Value product = b.dot(lhs, rhs, axes(getLhsBatching(), left), axes(getRhsBatching(), right), axes(getLhsContracting(), left),
                        axes(getRhsContracting(), right));
  int64_t place = getLhsBatching().size() + (left ? 0 : lhsFree().size());
  b.set(moveToFront(b, product, place));
}

// Images that vary are more images; kernels that vary are more output channels.
void ConvolutionOp::batch(Batching &b) {
  bool left = b.isBatched(getLhs()), right = b.isBatched(getRhs());
  if (left && right)
    return b.loopOverLanes(*this);
  auto convolve = [&](Value lhs, Value rhs, ArrayRef<DimAttr> shape) {
    return b.create<ConvolutionOp>(typeOf(shape, getType().getElementType()), lhs, rhs, getStrides(), getLow(), getHigh(), getLhsDilation(),
                                   getRhsDilation());
  };
  Dims lane = b.dims(getResult());
  if (left) {
    Value images = b.get(getLhs());
    Dims whole = b.dims(images), merged(ArrayRef(whole).drop_front());
    merged[0] = whole[0] * whole[1];
    lane[0] = merged[0];
    Dims result = b.dims(getResult());
    b.set(b.reshape(convolve(b.reshape(images, merged), b.get(getRhs()), lane), withSize(b.size(), result)));
    return;
  }
  Value kernels = b.get(getRhs()); // [lanes, r..., c, o] -> [r..., c, lanes, o] -> [r..., c, lanes * o]
  int64_t rank = lane.size();
  SmallVector<int64_t> permutation = llvm::to_vector(llvm::seq<int64_t>(1, rank));
  permutation.append({0, rank});
  Value moved = b.transpose(kernels, permutation);
  Dims whole = b.dims(moved), merged(ArrayRef(whole).drop_back());
  merged.back() = whole[rank - 1] * whole[rank];
  Dims all = lane;
  all.back() = merged.back();
  Value result = convolve(b.get(getLhs()), b.reshape(moved, merged), all);
  Dims apart(ArrayRef(all).drop_back());
  apart.append({whole[rank - 1], whole[rank]});
  b.set(moveToFront(b, b.reshape(result, apart), rank - 1));
}

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

// no operand varies with the lane: these are never asked
void ConstantOp::batch(Batching &b) { b.loopOverLanes(*this); }
void ExtentOp::batch(Batching &b) { b.loopOverLanes(*this); }
void IotaOp::batch(Batching &b) { b.loopOverLanes(*this); }

void BroadcastInDimOp::batch(Batching &b) {
  b.set(b.broadcast(b.batched(getOperand()), withLane(getDims()), withSize(b.size(), toDims(getShape()))));
}

void ReshapeOp::batch(Batching &b) { b.set(b.reshape(b.batched(getOperand()), withSize(b.size(), toDims(getShape())))); }

void TransposeOp::batch(Batching &b) { b.set(b.transpose(b.batched(getOperand()), withLane(getPermutation()))); }

void SliceOp::batch(Batching &b) {
  SmallVector<int64_t> strides{1};
  llvm::append_range(strides, getStrides());
  b.set(b.slice(b.batched(getOperand()), withSize(b.dim(0), toDims(getStarts())), withSize(b.size(), toDims(getSizes())), strides));
}

// A fill that varies with the lane is chosen where a pad of the mask says outside.
void PadOp::batch(Batching &b) {
  Dims low = withSize(b.dim(0), toDims(getLow())), high = withSize(b.dim(0), toDims(getHigh()));
  SmallVector<int64_t> interior{0};
  llvm::append_range(interior, getInterior());
  Value operand = b.batched(getOperand());
  if (!b.isBatched(getValue())) {
    b.set(b.pad(operand, b.get(getValue()), low, high, interior));
    return;
  }
  Type element = getType().getElementType(), boolean = b.builder.getI1Type();
  Value padded = b.pad(operand, b.splat(0.0, {}, element), low, high, interior);
  Value inside = b.pad(b.splat(1.0, b.dims(operand), boolean), b.splat(0.0, {}, boolean), low, high, interior);
  b.set(b.select(inside, padded, b.broadcast(b.get(getValue()), {0}, b.dims(padded))));
}

void ConcatenateOp::batch(Batching &b) {
  b.set(b.concatenate(llvm::map_to_vector(getOperands(), [&](Value operand) { return b.batched(operand); }), getAxis() + 1));
}

//===----------------------------------------------------------------------===//
// Indexing
//===----------------------------------------------------------------------===//

void GatherOp::batch(Batching &b) {
  if (!b.isBatched(getOperand()) && getBatchDims() == 0)
    b.set(b.gather(b.get(getOperand()), b.get(getIndices()), 0));
  else
    b.set(b.gather(b.batched(getOperand()), b.batched(getIndices()), getBatchDims() + 1));
}

void ScatterAddOp::batch(Batching &b) {
  b.set(b.scatterAdd(b.batched(getOperand()), b.batched(getIndices()), b.batched(getUpdates()), getBatchDims() + 1));
}

/// Lanes do not meet: each has rows of its own.
template <typename Op> static void batchScatter(Op op, Batching &b) {
  b.set(b.create<Op>(batchedType(b, op.getResult()), b.batched(op.getOperand()), b.batched(op.getIndices()), b.batched(op.getUpdates()),
                     op.getBatchDims() + 1));
}

void ScatterOp::batch(Batching &b) { batchScatter(*this, b); }

void ScatterMaxOp::batch(Batching &b) { batchScatter(*this, b); }

/// Starts with a zero for the lane axis in front.
static SmallVector<Value> withLaneStart(Batching &b, ValueRange starts) {
  SmallVector<Value> result;
  for (Value start : starts)
    result.push_back(b.get(start));
  Type type = starts.empty() ? Type(b.builder.getI64Type()) : getElementTypeOrSelf(starts.front().getType());
  result.insert(result.begin(), b.splat(0.0, {}, type));
  return result;
}

void DynamicSliceOp::batch(Batching &b) {
  if (llvm::any_of(getStarts(), [&](Value start) { return b.isBatched(start); }))
    return b.loopOverLanes(*this);
  b.set(b.create<DynamicSliceOp>(batchedType(b, getResult()), b.batched(getOperand()), withLaneStart(b, getStarts()),
                                 withSize(b, b.size(), getSizes())));
}

void DynamicUpdateSliceOp::batch(Batching &b) {
  if (llvm::any_of(getStarts(), [&](Value start) { return b.isBatched(start); }))
    return b.loopOverLanes(*this);
  b.set(b.create<DynamicUpdateSliceOp>(batchedType(b, getResult()), b.batched(getOperand()), b.batched(getUpdate()),
                                       withLaneStart(b, getStarts())));
}

void SortOp::batch(Batching &b) {
  SmallVector<Value> operands = llvm::map_to_vector(getOperands(), [&](Value operand) { return b.batched(operand); });
  auto sorted = b.create<SortOp>(ValueRange(operands).getTypes(), operands, getAxis() + 1);
  for (auto [i, output] : llvm::enumerate(sorted.getOutputs()))
    b.set(output, i);
}

void TopKOp::batch(Batching &b) {
  auto top = b.create<TopKOp>(batchedType(b, getValues()), batchedType(b, getIndices()), b.batched(getOperand()), getK());
  b.set(top.getValues(), 0);
  b.set(top.getIndices(), 1);
}

void FftOp::batch(Batching &b) {
  auto parts = b.create<FftOp>(b.batched(getRe()), b.batched(getIm()), getInverse());
  b.set(parts.getResultRe(), 0);
  b.set(parts.getResultIm(), 1);
}

//===----------------------------------------------------------------------===//
// Factorizations, random numbers: leading axes are batch axes already
//===----------------------------------------------------------------------===//

/// An op of one operand whose results all have the lane axis in front.
template <typename Op>
static void batchFactors(Op op, Batching &b) {
  SmallVector<Type> types = llvm::map_to_vector(op->getResults(), [&](Value result) -> Type { return batchedType(b, result); });
  auto factors = b.create<Op>(types, b.batched(op.getOperand()));
  for (auto [i, factor] : llvm::enumerate(factors->getResults()))
    b.set(factor, i);
}

void CholeskyOp::batch(Batching &b) { batchFactors(*this, b); }
void LuOp::batch(Batching &b) { batchFactors(*this, b); }
void QrOp::batch(Batching &b) { batchFactors(*this, b); }
void EighOp::batch(Batching &b) { batchFactors(*this, b); }
void SvdOp::batch(Batching &b) { batchFactors(*this, b); }

void TriangularSolveOp::batch(Batching &b) {
  b.set(b.create<TriangularSolveOp>(batchedType(b, getResult()), b.batched(getA()), b.batched(getB()), getTranspose(), getUpper(), getUnit()));
}

// Right sides that vary are more columns of one: A is factorized once.
void SolveOp::batch(Batching &b) {
  if (b.isBatched(getA())) {
    b.set(b.create<SolveOp>(batchedType(b, getResult()), b.get(getA()), b.batched(getB()), getTranspose()));
    return;
  }
  int64_t rank = getB().getType().getRank();
  SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(1, rank)); // [lanes, ..., n, m] -> [..., n, lanes, m] -> [..., n, lanes * m]
  order.append({0, rank});
  Value columns = b.transpose(b.get(getB()), order);
  Dims apart = b.dims(columns), merged(ArrayRef(apart).drop_back());
  merged.back() = apart[rank - 1] * apart[rank];
  Value right = b.reshape(columns, merged);
  auto solved = b.create<SolveOp>(right.getType(), b.get(getA()), right, getTranspose());
  b.set(moveToFront(b, b.reshape(solved, apart), rank - 1));
}

void RandomOp::batch(Batching &b) {
  b.set(b.create<RandomOp>(batchedType(b, getResult()), getDistribution(), b.batched(getKey()), getSite(), getShape()));
}

//===----------------------------------------------------------------------===//
// Parameter sets: a set per lane is a matrix, a leaf is a range of its columns
//===----------------------------------------------------------------------===//

static ArenaLayout layoutOf(Operation *op, StringAttr arena) {
  return cast<ArenaLayout>(SymbolTable::lookupNearestSymbolFrom(op, arena));
}

static ArenaLeaf leafOf(ArenaLayout layout, StringRef name) {
  for (const ArenaLeaf &leaf : layout.getArenaLeaves())
    if (leaf.name == name)
      return leaf;
  llvm_unreachable("verified: the leaf exists");
}

void LeafOp::batch(Batching &b) {
  ArenaLeaf leaf = leafOf(layoutOf(*this, getLeaf().getRootReference()), getLeaf().getLeafReference());
  Value columns = b.slice(b.batched(getArena()), {b.dim(0), b.dim(leaf.offset)}, {b.size(), b.dim(leaf.size())}, {1, 1});
  b.set(b.reshape(columns, withSize(b.size(), b.dims(getResult()))));
}

void PackOp::batch(Batching &b) {
  ArenaLayout layout = layoutOf(*this, getArenaAttr().getAttr());
  SmallVector<std::pair<int64_t, Value>> parts; // offset, [lanes, size]
  for (auto [name, leaf] : llvm::zip_equal(getNames(), getLeaves())) {
    ArenaLeaf place = leafOf(layout, cast<StringAttr>(name).getValue());
    parts.push_back({place.offset, b.reshape(b.batched(leaf), {b.size(), b.dim(place.size())})});
  }
  llvm::sort(parts, [](const auto &a, const auto &c) { return a.first < c.first; });
  SmallVector<Value> pieces;
  int64_t end = 0;
  auto fillTo = [&](int64_t offset) {
    if (offset > end)
      pieces.push_back(b.splat(0.0, {b.size(), b.dim(offset - end)}, getType().getElementType()));
  };
  for (auto [offset, part] : parts) {
    fillTo(offset);
    pieces.push_back(part);
    end = offset + cast<RankedTensorType>(part.getType()).getDimSize(1);
  }
  fillTo(layout.getArenaSize());
  b.set(b.concatenate(pieces, 1));
}
