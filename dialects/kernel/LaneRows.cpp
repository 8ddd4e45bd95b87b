// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/dialects/kernel/LaneRows.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace costate::kernel {

/// Lanes that still fit into registers, two of f64 to a register of the oldest machines.
static constexpr int64_t kMostLanes = 64;

bool dependsOn(Value value, Value variable) {
  Operation *op = value.getDefiningOp();
  return value == variable || (op && llvm::any_of(op->getOperands(), [&](Value operand) { return dependsOn(operand, variable); }));
}

bool isDense(Value index, Value variable) {
  if (index == variable)
    return true;
  if (auto sum = index.getDefiningOp<arith::AddIOp>())
    return (isDense(sum.getLhs(), variable) && !dependsOn(sum.getRhs(), variable)) || (isDense(sum.getRhs(), variable) && !dependsOn(sum.getLhs(), variable));
  auto difference = index.getDefiningOp<arith::SubIOp>();
  return difference && isDense(difference.getLhs(), variable) && !dependsOn(difference.getRhs(), variable);
}

bool masksLanes(UpdateOp update) {
  Value predicate = update.getWrite().getPredicate();
  return predicate && dependsOn(predicate, update.getVariables().back());
}

/// Is `predicate` p < size, with p dense along `variable` and size independent of it? Then the first lanes are those inside.
static bool boundsLanes(Value predicate, Value variable) {
  auto isInside = predicate.getDefiningOp<arith::CmpIOp>();
  return isInside && isInside.getPredicate() == arith::CmpIPredicate::slt && isDense(isInside.getLhs(), variable) && !dependsOn(isInside.getRhs(), variable);
}

/// Can all lanes of `op` be one operation on vectors, also with lanes whose values nobody wants?
static bool isElementwise(Operation *op) {
  if (isa<arith::DivSIOp, arith::DivUIOp, arith::CeilDivSIOp, arith::CeilDivUIOp, arith::FloorDivSIOp, arith::RemSIOp, arith::RemUIOp>(op))
    return false; // by zero they trap
  return isa_and_nonnull<arith::ArithDialect, math::MathDialect>(op->getDialect()) && OpTrait::hasElementwiseMappableTraits(op);
}

/// A vector of bits is packed, a buffer of them is not.
static bool isOfBits(Type buffer) { return cast<BufferType>(buffer).getElementType().isInteger(1); }

/// Is the body the same for all values of its variable `last`, but for which contiguous elements it reads?
static bool hasLanes(Block &body, Value last, UpdateOp update, ValueRange self) {
  llvm::DenseSet<Value> varies = {last};
  auto isVarying = [&](Value value) { return varies.contains(value); };
  bool isMasked = update && masksLanes(update);
  for (Operation &op : body.without_terminator()) {
    if (llvm::none_of(op.getOperands(), isVarying))
      continue;
    if (auto load = dyn_cast<LoadOp>(op); load && !llvm::is_contained(self, load.getBuffer())) {
      Value index = load.getIndices().back();
      if (isOfBits(load.getBuffer().getType()) || llvm::any_of(load.getIndices().drop_back(), isVarying) || !isDense(isMasked ? update.withoutClamp(index) : index, last))
        return false;
    } else if (!load && !isElementwise(&op)) {
      return false;
    }
    varies.insert(op.getResults().begin(), op.getResults().end());
  }
  return !isMasked || boundsLanes(update.getWrite().getPredicate(), last);
}

bool hasLanes(StageOp stage) {
  if (stage.getRank() == 0 || stage.isUndef() || llvm::any_of(stage.getResultTypes(), isOfBits))
    return false;
  Block &definition = stage.getDefinition().front();
  return hasLanes(definition, definition.getArguments().back(), {}, {}) && llvm::all_of(stage.getUpdateOps(), [&](UpdateOp update) {
    return llvm::equal(update.getWrite().getIndices(), update.getVariables()) && hasLanes(update.getBody().front(), update.getVariables().back(), update, stage.getSelf());
  });
}

bool isLaneRow(StageOp stage) {
  auto kernel = cast<DefineOp>(stage->getParentOp());
  unsigned rank = stage.getRank();
  if (rank == 0 || stage->use_empty())
    return false;
  SmallVector<OpFoldResult> extents = stage.getMixedExtents();
  std::optional<int64_t> lanes = getConstantIntValue(extents.back());
  if (!lanes || *lanes < 4 || *lanes > kMostLanes || !llvm::isPowerOf2_64(*lanes))
    return false;

  // One stage reads it, in its definition: row i at point i.
  StageOp reader;
  for (Operation *user : stage->getUsers()) {
    auto load = dyn_cast<LoadOp>(user);
    auto place = load ? dyn_cast<StageOp>(load->getParentOp()) : StageOp();
    if (!place || (reader && place != reader))
      return false;
    reader = place;
  }
  ValueRange variables = reader.getDefinition().getArguments();
  bool byRows = reader.getRank() == rank;
  if (reader.getRank() + !byRows != rank || (byRows && !isLaneRow(reader)))
    return false;
  ArrayRef<OpFoldResult> leading = ArrayRef(extents).drop_back();
  if (leading != ArrayRef(reader.getMixedExtents()).take_front(rank - 1))
    return false;
  for (Operation *user : stage->getUsers()) {
    ValueRange indices = cast<LoadOp>(user).getIndices();
    if (indices.drop_back() != variables.take_front(rank - 1))
      return false;
    Value last = indices.back();
    if (byRows) { // a slice of it
      auto sum = last.getDefiningOp<arith::AddIOp>();
      if (last != variables.back() && !(sum && sum.getLhs() == variables.back() && getConstantIntValue(sum.getRhs())))
        return false;
    } else if (!getConstantIntValue(last)) {
      return false;
    }
  }
  // What it reads may not be written before it is read.
  for (Operation *op = stage; op != reader->getNextNode(); op = op->getNextNode())
    if (auto between = dyn_cast<StageOp>(op); between && kernel.isTiedStage(between))
      return false;

  return hasLanes(stage);
}

/// Collects lanes `first`, `first` + `step`, ... of a join of `count` lanes by the operation of `like`.
static bool collectLanes(Value value, Operation *like, int64_t first, int64_t step, int64_t count, MutableArrayRef<LoadOp> lanes) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return false;
  if (count == 1) {
    auto load = dyn_cast<LoadOp>(op);
    if (!load || load.getIndices().empty() || getConstantIntValue(load.getIndices().back()) != first)
      return false;
    lanes[first] = load;
    return true;
  }
  return op->getName() == like->getName() && op->getAttrDictionary() == like->getAttrDictionary() && op->getNumOperands() == 2 &&
         collectLanes(op->getOperand(0), like, first, 2 * step, count / 2, lanes) && collectLanes(op->getOperand(1), like, first + step, 2 * step, count / 2, lanes);
}

SmallVector<LoadOp> getJoinedLanes(Value value) {
  Operation *root = value.getDefiningOp();
  int64_t count = 1;
  for (Operation *op = root; op && op->getName() == root->getName() && op->getNumOperands() == 2 && count <= kMostLanes; op = op->getOperand(0).getDefiningOp())
    count *= 2;
  SmallVector<LoadOp> lanes(count);
  if (count < 4 || count > kMostLanes || !collectLanes(value, root, 0, 1, count, lanes))
    return {};
  auto buffer = cast<BufferType>(lanes.front().getBuffer().getType());
  bool isRow = llvm::all_of(lanes, [&](LoadOp lane) {
    return lane.getBuffer() == lanes.front().getBuffer() && lane.getIndices().drop_back() == lanes.front().getIndices().drop_back();
  });
  return isRow && buffer.getShape().back() == count ? lanes : SmallVector<LoadOp>();
}

} // namespace costate::kernel
