// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reverse mode records all carries of a loop. What an adjoint is linear in (a buffer that a loop fills, a sum, a tape of a loop that is differentiated
// once more) it never reads, and then the tape is written for nothing. It is not dead code to anybody who looks at uses alone, for each trip hands it to
// the next. So: what is returned, reported or decides where control flow goes is needed, and what that is made of; the carries of loops that are not go.

#include "costate/compiler/differentiate/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;

namespace costate::differentiate {

#define GEN_PASS_DEF_DROPCARRIES
#include "costate/compiler/differentiate/Passes.h.inc"

namespace {

bool isControl(Operation *op) { return isa<scf::ForOp, scf::WhileOp, scf::IfOp>(op); }

class Needed {
public:
  explicit Needed(func::FuncOp function) {
    function.walk([&](Operation *op) {
      if (auto loop = dyn_cast<scf::ForOp>(op))
        add({loop.getLowerBound(), loop.getUpperBound(), loop.getStep()});
      else if (auto branch = dyn_cast<scf::IfOp>(op))
        add(branch.getCondition());
      else if (auto condition = dyn_cast<scf::ConditionOp>(op))
        add(condition.getCondition());
      else if (!isa<scf::WhileOp, scf::YieldOp>(op) && !isMemoryEffectFree(op))
        add(op->getOperands());
      else if (isa<func::ReturnOp>(op))
        add(op->getOperands());
    });
    while (!pending.empty())
      follow(pending.pop_back_val());
  }

  bool contains(Value value) const { return values.contains(value); }

private:
  void add(ValueRange more) {
    for (Value value : more)
      if (values.insert(value).second)
        pending.push_back(value);
  }

  /// Adds what a value is made of.
  void follow(Value value) {
    if (auto argument = dyn_cast<BlockArgument>(value))
      return followArgument(argument);
    Operation *op = value.getDefiningOp();
    unsigned number = cast<OpResult>(value).getResultNumber();
    if (auto loop = dyn_cast<scf::ForOp>(op))
      add({loop.getInitArgs()[number], loop.getYieldedValues()[number]});
    else if (auto loop = dyn_cast<scf::WhileOp>(op))
      add(loop.getConditionOp().getArgs()[number]);
    else if (auto branch = dyn_cast<scf::IfOp>(op))
      for (Region *region : branch.getRegions())
        add(region->front().getTerminator()->getOperand(number));
    else
      add(op->getOperands());
  }

  void followArgument(BlockArgument argument) {
    Operation *parent = argument.getOwner()->getParentOp();
    unsigned number = argument.getArgNumber();
    if (auto loop = dyn_cast<scf::ForOp>(parent)) {
      if (argument != loop.getInductionVar())
        add({loop.getInitArgs()[number - 1], loop.getYieldedValues()[number - 1]});
    } else if (auto loop = dyn_cast<scf::WhileOp>(parent)) {
      if (argument.getOwner() == loop.getBeforeBody())
        add({loop.getInits()[number], loop.getYieldOp().getResults()[number]});
      else
        add(loop.getConditionOp().getArgs()[number]);
    }
  }

  llvm::DenseSet<Value> values;
  SmallVector<Value> pending;
};

using Places = SmallVector<unsigned>;

/// Places i for which one of the lists has a value that is needed.
Places placesOf(const Needed &needed, ValueRange values, ValueRange others = {}) {
  Places places;
  for (unsigned i = 0; i < values.size(); ++i)
    if (needed.contains(values[i]) || (!others.empty() && needed.contains(others[i])))
      places.push_back(i);
  return places;
}

SmallVector<Value> take(ValueRange values, const Places &places) {
  return llvm::map_to_vector(places, [&](unsigned i) { return values[i]; });
}

void eraseArguments(Block &block, const Places &kept, unsigned first) {
  BitVector dead(block.getNumArguments());
  for (unsigned i = first; i < block.getNumArguments(); ++i)
    dead[i] = !llvm::is_contained(kept, i - first);
  block.eraseArguments(dead);
}

/// A loop or branch that has values which nothing needs.
struct Narrowing {
  Operation *op;
  Places results, carries; // that stay; of a `for` both are the same

  /// Hands on what stays, and nothing else.
  void cutTerminators() const {
    for (Region &region : op->getRegions()) {
      Operation *terminator = region.front().getTerminator();
      if (auto condition = dyn_cast<scf::ConditionOp>(terminator))
        condition.getArgsMutable().assign(take(condition.getArgs(), results));
      else
        terminator->setOperands(take(terminator->getOperands(), isa<scf::WhileOp>(op) ? carries : results));
    }
  }

  /// Puts an op in the place of the old one, once nothing computes what goes.
  void apply() const {
    OpBuilder builder(op);
    SmallVector<Value> kept = take(op->getResults(), results);
    TypeRange types = ValueRange(kept).getTypes();
    Operation *narrower;
    if (auto loop = dyn_cast<scf::ForOp>(op)) {
      eraseArguments(*loop.getBody(), carries, 1);
      narrower = scf::ForOp::create(builder, loop.getLoc(), loop.getLowerBound(), loop.getUpperBound(), loop.getStep(),
                                    take(loop.getInitArgs(), carries));
    } else if (auto loop = dyn_cast<scf::WhileOp>(op)) {
      eraseArguments(*loop.getBeforeBody(), carries, 0);
      eraseArguments(*loop.getAfterBody(), results, 0);
      narrower = scf::WhileOp::create(builder, loop.getLoc(), types, take(loop.getInits(), carries));
    } else {
      auto branch = cast<scf::IfOp>(op);
      narrower = scf::IfOp::create(builder, branch.getLoc(), types, branch.getCondition(), /*addThenBlock=*/false, /*addElseBlock=*/false);
    }
    for (auto [from, to] : llvm::zip_equal(op->getRegions(), narrower->getRegions()))
      to.takeBody(from);
    narrower->setDiscardableAttrs(op->getDiscardableAttrDictionary());
    for (auto [before, after] : llvm::zip_equal(kept, narrower->getResults()))
      before.replaceAllUsesWith(after);
    op->dropAllUses(); // by what goes, such as the start of a carry of another loop
    op->erase();
    if (isOpTriviallyDead(narrower))
      narrower->erase();
  }
};

void dropCarries(func::FuncOp function) {
  Needed needed(function);
  SmallVector<Narrowing> narrowings; // what stands in another comes first
  function.walk([&](Operation *op) {
    Narrowing narrowing{op, {}, {}};
    if (auto loop = dyn_cast<scf::ForOp>(op))
      narrowing.results = narrowing.carries = placesOf(needed, loop.getRegionIterArgs(), loop.getResults());
    else if (auto loop = dyn_cast<scf::WhileOp>(op))
      narrowing = {op, placesOf(needed, loop.getAfterArguments(), loop.getResults()), placesOf(needed, loop.getBeforeArguments())};
    else if (isa<scf::IfOp>(op))
      narrowing.results = placesOf(needed, op->getResults());
    else
      return;
    auto loop = dyn_cast<scf::WhileOp>(op);
    if (narrowing.results.size() < op->getNumResults() || (loop && narrowing.carries.size() < loop.getInits().size()))
      narrowings.push_back(std::move(narrowing));
  });
  for (const Narrowing &narrowing : narrowings)
    narrowing.cutTerminators();
  SmallVector<Operation *> dead;
  function.walk([&](Operation *op) {
    bool isKept = isControl(op) || op->hasTrait<OpTrait::IsTerminator>() || !isMemoryEffectFree(op) || op == function;
    if (!isKept && llvm::none_of(op->getResults(), [&](Value result) { return needed.contains(result); }))
      dead.push_back(op);
  });
  for (Operation *op : dead)
    op->dropAllUses();
  for (Operation *op : dead)
    op->erase();
  for (const Narrowing &narrowing : narrowings)
    narrowing.apply();
}

struct DropCarriesPass : impl::DropCarriesBase<DropCarriesPass> {
  void runOnOperation() override { dropCarries(getOperation()); }
};

} // namespace

} // namespace costate::differentiate
