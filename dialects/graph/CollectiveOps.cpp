// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Collectives: verifiers, derivatives, and what the map that binds their axis makes of them.

#include "costate/dialects/graph/Axes.h"
#include "costate/dialects/graph/Graph.h"
#include "costate/dialects/interfaces/Rules.h"

using namespace mlir;
using namespace costate;
using namespace costate::graph;

/// The operand of all lanes under another map: the same op with the axis of those lanes in front.
template <typename Op, typename... Attributes> static void carryLanes(Op op, Batching &b, Attributes... attributes) {
  Value operand = b.get(op.getOperand());
  Dims dims = b.dims(op.getResult());
  dims.insert(dims.begin(), b.size());
  b.set(b.create<Op>(typeOf(dims, op.getType().getElementType()), operand, attributes...));
}

/// [.., k, ..], of which axis `axis` is k = n * m, as [.., n, m, ..].
static Value splitAxis(Emitter &e, Value value, int64_t axis, DimAttr n, DimAttr m) {
  Dims dims = e.dims(value);
  dims[axis] = m;
  dims.insert(dims.begin() + axis, n);
  return e.reshape(value, dims);
}

/// Axis `from` moved to where `to` is.
static Value moveAxis(Emitter &e, Value value, int64_t from, int64_t to) {
  SmallVector<int64_t> permutation = llvm::to_vector(llvm::seq<int64_t>(0, cast<RankedTensorType>(value.getType()).getRank()));
  permutation.erase(permutation.begin() + from);
  permutation.insert(permutation.begin() + to, from);
  return e.transpose(value, permutation);
}

//===----------------------------------------------------------------------===//
// all_reduce
//===----------------------------------------------------------------------===//

LogicalResult AllReduceOp::verify() {
  if (getCombination() == Combination::add && getType().getElementType().isInteger(1)) // C1
    return emitOpError() << "requires numbers for 'add', but got " << getType();
  return success();
}

Dims AllReduceOp::inferDimensions(unsigned, DimensionsOf of) { return of(getOperand()); }

static Value allSum(Emitter &e, Value value, StringRef axisName) {
  return e.create<AllReduceOp>(value.getType(), Combination::add, value, axisName);
}

/// 1/m in the m lanes that have the extremum, 0 in the others.
static Value shareOfExtremum(AllReduceOp op, Emitter &e) {
  Value x = op.getOperand();
  Value ones = e.convert(e.compare(ComparisonDirection::EQ, x, op), op.getType().getElementType());
  return e.div(ones, allSum(e, ones, op.getAxisName()));
}

void AllReduceOp::pullback(Pullback &p) {
  Value total = allSum(p, p.cotangent(), getAxisName());
  p.accumulate(getOperand(), getCombination() == Combination::add ? total : p.mul(total, shareOfExtremum(*this, p)));
}

void AllReduceOp::pushforward(Pushforward &p) {
  if (Value t = p.tangent(getOperand()))
    p.set(allSum(p, getCombination() == Combination::add ? t : p.mul(t, shareOfExtremum(*this, p)), getAxisName()));
}

void AllReduceOp::batch(Batching &b) {
  if (!b.binds(getAxisName())) {
    Value operand = b.get(getOperand());
    return b.set(b.create<AllReduceOp>(operand.getType(), getCombination(), operand, getAxisName()));
  }
  Value all = b.batched(getOperand());
  int64_t lanes[] = {0};
  switch (getCombination()) {
  case Combination::add: return b.setUniform(b.create<ReduceSumOp>(getType(), all, lanes));
  case Combination::max: return b.setUniform(b.create<ReduceMaxOp>(getType(), all, lanes));
  case Combination::min: return b.setUniform(b.create<ReduceMinOp>(getType(), all, lanes));
  }
}

//===----------------------------------------------------------------------===//
// all_gather, reduce_scatter: each the transpose of the other
//===----------------------------------------------------------------------===//

/// C1, C2: along `axis`, the result has the extent `whole` of the larger of the two, or `size` times less.
static LogicalResult verifyBlocks(Operation *op, RankedTensorType parts, RankedTensorType whole, int64_t axis, DimAttr size) {
  if (failed(verifyInRange(op, "axis", axis, parts.getRank())))
    return failure();
  SmallVector<int64_t> shape(parts.getShape());
  shape[axis] = size.constant() && !ShapedType::isDynamic(shape[axis]) ? shape[axis] * *size.constant() : ShapedType::kDynamic;
  if (whole.getRank() == parts.getRank() &&
      llvm::all_of(llvm::zip_equal(whole.getShape(), shape), [](auto pair) { return mayEqual(std::get<0>(pair), std::get<1>(pair)); }))
    return success();
  return op->emitOpError() << "requires " << size.str() << " blocks " << parts << " along axis " << axis << " for the whole, but got "
                           << whole;
}

LogicalResult AllGatherOp::verify() { return verifyBlocks(*this, getOperand().getType(), getType(), getAxis(), getSize()); }

Dims AllGatherOp::inferDimensions(unsigned, DimensionsOf of) {
  Dims dims = of(getOperand());
  dims[getAxis()] = dims[getAxis()] * getSize();
  return dims;
}

static Value gatherAll(Emitter &e, Value operand, Type type, int64_t axis, StringRef axisName, DimAttr size) {
  return e.create<AllGatherOp>(type, operand, axis, axisName, size);
}

static Value reduceAndScatter(Emitter &e, Value operand, Type type, int64_t axis, StringRef axisName, DimAttr size) {
  return e.create<ReduceScatterOp>(type, operand, axis, axisName, size);
}

void AllGatherOp::pullback(Pullback &p) {
  p.accumulate(getOperand(), reduceAndScatter(p, p.cotangent(), getOperand().getType(), getAxis(), getAxisName(), getSize()));
}

void AllGatherOp::pushforward(Pushforward &p) {
  if (Value t = p.tangent(getOperand()))
    p.set(gatherAll(p, t, getType(), getAxis(), getAxisName(), getSize()));
}

void AllGatherOp::batch(Batching &b) {
  if (!b.binds(getAxisName()))
    return carryLanes(*this, b, getAxis() + 1, getAxisName(), getSize());
  Dims whole = b.dims(getOperand());
  whole[getAxis()] = whole[getAxis()] * b.size();
  b.setUniform(b.reshape(moveAxis(b, b.batched(getOperand()), 0, getAxis()), whole));
}

LogicalResult ReduceScatterOp::verify() {
  std::optional<int64_t> size = getSize().constant();
  int64_t axis = getAxis();
  if (succeeded(verifyInRange(*this, "axis", axis, getOperand().getType().getRank())) && size && *size > 0)
    if (int64_t extent = getOperand().getType().getDimSize(axis); !ShapedType::isDynamic(extent) && extent % *size != 0)
      return emitOpError() << "requires an extent of axis " << axis << " that " << *size << " divides, but got " << extent;
  return verifyBlocks(*this, getType(), getOperand().getType(), axis, getSize());
}

Dims ReduceScatterOp::inferDimensions(unsigned, DimensionsOf of) {
  Dims dims = of(getOperand());
  dims[getAxis()] = DimAttr::floorDiv(dims[getAxis()], getSize());
  return dims;
}

Dims ReduceScatterOp::requirements(DimensionsOf of) { // no remainder
  DimAttr extent = of(getOperand())[getAxis()];
  return {DimAttr::floorDiv(extent, getSize()) * getSize() - extent};
}

void ReduceScatterOp::pullback(Pullback &p) {
  p.accumulate(getOperand(), gatherAll(p, p.cotangent(), getOperand().getType(), getAxis(), getAxisName(), getSize()));
}

void ReduceScatterOp::pushforward(Pushforward &p) {
  if (Value t = p.tangent(getOperand()))
    p.set(reduceAndScatter(p, t, getType(), getAxis(), getAxisName(), getSize()));
}

void ReduceScatterOp::batch(Batching &b) {
  if (!b.binds(getAxisName()))
    return carryLanes(*this, b, getAxis() + 1, getAxisName(), getSize());
  Value total = b.sum(b.batched(getOperand()), {0});
  b.set(moveAxis(b, splitAxis(b, total, getAxis(), b.size(), b.dims(getResult())[getAxis()]), getAxis(), 0));
}

//===----------------------------------------------------------------------===//
// collective_permute
//===----------------------------------------------------------------------===//

LogicalResult CollectivePermuteOp::verify() {
  if (getSources().size() != getTargets().size()) // C1
    return emitOpError() << "requires as many sources as targets, but got " << getSources().size() << " and " << getTargets().size();
  for (auto [name, lanes] : {std::pair("from", getSources()), std::pair("to", getTargets())}) {
    llvm::DenseSet<int64_t> seen;
    for (int64_t lane : lanes)
      if (lane < 0 || !seen.insert(lane).second) // C2
        return emitOpError() << "requires lanes in '" << name << "' that differ and are not negative, but got " << lane
                             << (lane < 0 ? "" : " twice");
  }
  return success();
}

Dims CollectivePermuteOp::inferDimensions(unsigned, DimensionsOf of) { return of(getOperand()); }

void CollectivePermuteOp::pullback(Pullback &p) {
  p.accumulate(getOperand(), p.create<CollectivePermuteOp>(getType(), p.cotangent(), getTargets(), getSources(), getAxisName()));
}

void CollectivePermuteOp::pushforward(Pushforward &p) {
  if (Value t = p.tangent(getOperand()))
    p.set(p.create<CollectivePermuteOp>(getType(), t, getSources(), getTargets(), getAxisName()));
}

void CollectivePermuteOp::batch(Batching &b) {
  if (!b.binds(getAxisName()))
    return carryLanes(*this, b, getSources(), getTargets(), getAxisName());
  // For each target, 1 more than its source; 0 is no lane.
  SmallVector<int32_t> sources(getTargets().empty() ? 0 : 1 + *llvm::max_element(getTargets()), 0);
  for (auto [source, target] : llvm::zip_equal(getSources(), getTargets()))
    sources[target] = source + 1;
  Type i32 = b.builder.getI32Type();
  Value table = b.create<ConstantOp>(DenseElementsAttr::get(RankedTensorType::get({int64_t(sources.size())}, i32), ArrayRef(sources)));
  Value from = b.add(b.gather(table, b.iota(0, {b.size()}, i32), 0), -1.0);
  b.set(b.gather(b.batched(getOperand()), from, 0));
}

//===----------------------------------------------------------------------===//
// axis_index
//===----------------------------------------------------------------------===//

LogicalResult AxisIndexOp::verify() {
  if (getType().getRank() != 0) // C1
    return emitOpError() << "requires a scalar, but got " << getType();
  return success();
}

Dims AxisIndexOp::inferDimensions(unsigned, DimensionsOf) { return {}; }

/// Asked by the map of its axis alone, for it has no operand.
void AxisIndexOp::batch(Batching &b) { b.set(b.iota(0, {b.size()}, getType().getElementType())); }
