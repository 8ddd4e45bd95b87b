// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/compiler/differentiate/Dependence.h"

#include "costate/compiler/differentiate/Expander.h"
#include "costate/dialects/graph/Graph.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace costate::differentiate {

bool Dependence::mark(Value value) { return mayDepend(value) && dependent.insert(value).second; }

bool Dependence::markAll(ValueRange values) {
  bool changed = false;
  for (Value value : values)
    changed |= mark(value);
  return changed;
}

bool Dependence::markPairs(ValueRange from, ValueRange to) {
  bool changed = false;
  for (auto [source, target] : llvm::zip_equal(from, to))
    if (contains(source))
      changed |= mark(target);
  return changed;
}

void Dependence::propagate(Block &block) {
  for (Operation &op : block)
    propagate(op);
}

void Dependence::propagate(Operation &op) {
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    markPairs(loop.getInitArgs(), loop.getRegionIterArgs());
    do
      propagate(*loop.getBody());
    while (markPairs(loop.getYieldedValues(), loop.getRegionIterArgs())); // a carry may become dependent in a later trip
    markPairs(loop.getRegionIterArgs(), loop.getResults());
    return;
  }
  if (auto loop = dyn_cast<scf::WhileOp>(op)) {
    markPairs(loop.getInits(), loop.getBeforeArguments());
    bool changed;
    do {
      propagate(*loop.getBeforeBody());
      changed = false;
      if (contains(loop.getConditionOp().getCondition())) { // how many trips there are depends, so all that they leave does
        changed = markAll(loop.getBeforeArguments());
        markAll(loop.getAfterArguments());
        markAll(loop.getResults());
      }
      markPairs(loop.getConditionOp().getArgs(), loop.getAfterArguments());
      propagate(*loop.getAfterBody());
      changed |= markPairs(loop.getYieldOp().getResults(), loop.getBeforeArguments());
    } while (changed);
    markPairs(loop.getConditionOp().getArgs(), loop.getResults());
    return;
  }
  if (auto branch = dyn_cast<scf::IfOp>(op)) {
    for (Region *region : branch.getRegions())
      if (!region->empty()) {
        propagate(region->front());
        markPairs(region->front().getTerminator()->getOperands(), branch.getResults());
      }
    if (contains(branch.getCondition()))
      markAll(branch.getResults());
    return;
  }
  std::optional<bool> decided = decide(op);
  if (decided ? *decided : llvm::any_of(op.getOperands(), [&](Value operand) { return contains(operand); }))
    markAll(op.getResults());
}

bool Activity::mayDepend(Value value) { return isFloat(value.getType()); }

std::optional<bool> Activity::decide(Operation &op) { return isa<graph::StopGradientOp>(op) ? std::optional(false) : std::nullopt; }

std::optional<bool> Variation::decide(Operation &op) {
  auto collective = dyn_cast<Collective>(op);
  if (collective && !axisName.empty() && collective.getAxisName() == axisName)
    return !collective.isReplicated();
  return mentions(op) ? std::optional(true) : std::nullopt;
}

llvm::SetVector<Value> capturesOf(Operation *op) {
  llvm::SetVector<Value> captures;
  getUsedValuesDefinedAbove(op->getRegions(), captures);
  return captures;
}

} // namespace costate::differentiate
