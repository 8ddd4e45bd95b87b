// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sums that go through the same elements in the same order become one stage with several results: its loop reads and computes once what they share, such as
// the mean and the mean square of a row, or what exceeds a threshold and how many.
#include "costate/compiler/fuse/Passes.h"
#include "costate/dialects/kernel/Kernel.h"

#include "mlir/IR/Dominance.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/CSE.h"

using namespace mlir;
using namespace costate::kernel;

namespace costate::fuse {

#define GEN_PASS_DEF_JOINSUMS
#include "costate/compiler/fuse/Passes.h.inc"

namespace {

/// Results of a stage, at most: each has its accumulators in registers.
constexpr unsigned kMostResults = 4;

/// Are two values of bodies with like arguments computed alike?
bool areAlike(Value a, Value b) {
  if (a == b)
    return true;
  auto first = dyn_cast<BlockArgument>(a), second = dyn_cast<BlockArgument>(b);
  if (first || second)
    return first && second && isa<UpdateOp>(first.getOwner()->getParentOp()) && isa<UpdateOp>(second.getOwner()->getParentOp()) &&
           first.getArgNumber() == second.getArgNumber();
  Operation *one = a.getDefiningOp(), *other = b.getDefiningOp();
  return one->getName() == other->getName() && one->getAttrDictionary() == other->getAttrDictionary() && one->getResultTypes() == other->getResultTypes() &&
         cast<OpResult>(a).getResultNumber() == cast<OpResult>(b).getResultNumber() && one->getNumOperands() == other->getNumOperands() &&
         llvm::all_of_zip(one->getOperands(), other->getOperands(), areAlike);
}

/// Has the stage sums at each of its points, and nothing else?
bool hasSums(StageOp stage) {
  auto kernel = cast<DefineOp>(stage->getParentOp());
  std::vector<UpdateOp> updates = stage.getUpdateOps();
  return !updates.empty() && !stage.isUndef() && !kernel.isOutputStage(stage) && stage.getNumResults() < kMostResults &&
         llvm::all_of(updates, [](UpdateOp update) { return !update.getContract() && llvm::equal(update.getWrite().getIndices(), update.getVariables()); });
}

bool goAlike(UpdateOp a, UpdateOp b) {
  Value first = a.getWrite().getPredicate(), second = b.getWrite().getPredicate();
  return a.getMixedDomain() == b.getMixedDomain() && (first && second ? areAlike(first, second) : !first && !second);
}

/// Is some element read by both?
bool readAlike(UpdateOp a, UpdateOp b) {
  auto own = b.getStage().getSelf();
  return llvm::any_of(a.getBody().getOps<LoadOp>(), [&](LoadOp one) {
    return llvm::any_of(b.getBody().getOps<LoadOp>(), [&](LoadOp other) { return !llvm::is_contained(own, other.getBuffer()) && areAlike(one, other); });
  });
}

/// The stages between `first` and `last`, and `last`, that need `first`.
llvm::SmallDenseSet<Operation *> findDependent(StageOp first, StageOp last) {
  llvm::SmallDenseSet<Operation *> dependent = {first};
  for (Operation *op = first->getNextNode(); op != last->getNextNode(); op = op->getNextNode())
    op->walk([&](LoadOp load) {
      if (Operation *read = load.getBuffer().getDefiningOp(); read && dependent.contains(read))
        dependent.insert(op);
    });
  return dependent;
}

/// Where a stage that is `a` and `b`, which comes later, can stand: at one of them. Null if nowhere.
Operation *findPlace(StageOp a, StageOp b) {
  auto kernel = cast<DefineOp>(a->getParentOp());
  for (Operation *op = a; op != b; op = op->getNextNode())
    if (auto between = dyn_cast<StageOp>(op); between && kernel.isTiedStage(between)) // it changes what others read
      return nullptr;
  llvm::SmallDenseSet<Operation *> dependent = findDependent(a, b);
  if (dependent.contains(b))
    return nullptr;
  if (dependent.size() == 1)
    return b;
  bool isReady = true; // for `b` at `a`
  b->walk([&](Operation *op) {
    for (Value operand : op->getOperands())
      if (Operation *definition = operand.getDefiningOp(); definition && definition->getBlock() == a->getBlock() && !definition->isBeforeInBlock(a))
        isReady = false;
  });
  return isReady ? a.getOperation() : nullptr;
}

bool canJoin(StageOp a, StageOp b) {
  std::vector<UpdateOp> ours = a.getUpdateOps(), theirs = b.getUpdateOps();
  return a.getMixedExtents() == b.getMixedExtents() && ours.size() == theirs.size() && a.getNumResults() + b.getNumResults() <= kMostResults &&
         llvm::all_of_zip(ours, theirs, goAlike) && readAlike(ours.front(), theirs.front());
}

StageOp join(StageOp a, StageOp b, Operation *place) {
  IRRewriter builder(a.getContext());
  builder.setInsertionPoint(place);
  SmallVector<Type> types;
  for (StageOp stage : {a, b})
    for (Type type : stage.getResultTypes())
      types.push_back(cast<BufferType>(type).getElementType());
  // The values of the bodies one after the other.
  auto copy = [](OpBuilder &inner, Block &body, IRMapping &mapping, ValueRange yielded, SmallVector<Value> &values) {
    for (Operation &op : body.without_terminator())
      inner.clone(op, mapping);
    for (Value value : yielded)
      values.push_back(mapping.lookupOrDefault(value));
  };
  auto joined = StageOp::create(builder, builder.getFusedLoc({a.getLoc(), b.getLoc()}), a.getStageName(), a.getMixedExtents(), types,
                                [&](OpBuilder &inner, Location, ValueRange variables) {
                                  SmallVector<Value> values;
                                  for (StageOp stage : {a, b}) {
                                    Block &body = stage.getDefinition().front();
                                    IRMapping mapping;
                                    mapping.map(body.getArguments(), variables);
                                    copy(inner, body, mapping, body.getTerminator()->getOperands(), values);
                                  }
                                  return values;
                                });
  for (auto [ours, theirs] : llvm::zip_equal(a.getUpdateOps(), b.getUpdateOps()))
    joined.addUpdate(builder, ours.getMixedDomain(), /*contract=*/false, [&](OpBuilder &inner, Location loc, ValueRange self, ValueRange variables, ValueRange reduction) {
      SmallVector<Value> values;
      Value predicate;
      for (UpdateOp update : {ours, theirs}) {
        IRMapping mapping;
        mapping.map(update.getVariables(), variables);
        mapping.map(update.getReductionVariables(), reduction);
        mapping.map(update.getStage().getSelf(), self.slice(values.size(), update.getStage().getNumResults()));
        copy(inner, update.getBody().front(), mapping, update.getWrite().getValues(), values);
        predicate = update.getWrite().getPredicate() ? mapping.lookupOrDefault(update.getWrite().getPredicate()) : Value();
      }
      WriteOp::create(inner, loc, values, variables, predicate);
    });
  a->replaceAllUsesWith(joined.getResults().take_front(a.getNumResults()));
  b->replaceAllUsesWith(joined.getResults().drop_front(a.getNumResults()));
  a->erase();
  b->erase();
  DominanceInfo dominance(joined);
  eliminateCommonSubExpressions(builder, dominance, joined);
  return joined;
}

/// Joins two stages, if there are such.
bool joinOne(DefineOp kernel) {
  SmallVector<StageOp> sums;
  for (StageOp stage : kernel.getStageOps())
    if (hasSums(stage))
      sums.push_back(stage);
  for (auto [number, a] : llvm::enumerate(sums))
    for (StageOp b : ArrayRef(sums).drop_front(number + 1))
      if (canJoin(a, b))
        if (Operation *place = findPlace(a, b)) {
          join(a, b, place);
          return true;
        }
  return false;
}

struct JoinSums : impl::JoinSumsBase<JoinSums> {
  void runOnOperation() override {
    for (auto kernel : getOperation().getOps<DefineOp>())
      while (joinOne(kernel))
        ;
  }
};

} // namespace

} // namespace costate::fuse
