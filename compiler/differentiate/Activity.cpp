// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/compiler/differentiate/Activity.h"

#include "costate/compiler/differentiate/Expander.h"
#include "costate/dialects/graph/Graph.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Transforms/RegionUtils.h"

using namespace mlir;

namespace costate::differentiate {

bool Activity::mark(Value value) { return isFloat(value.getType()) && active.insert(value).second; }

bool Activity::markPairs(ValueRange from, ValueRange to) {
  bool changed = false;
  for (auto [source, target] : llvm::zip_equal(from, to))
    if (contains(source))
      changed |= mark(target);
  return changed;
}

void Activity::propagate(Block &block) {
  for (Operation &op : block)
    visit(op);
}

void Activity::visit(Operation &op) {
  if (isa<graph::StopGradientOp>(op))
    return;
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    markPairs(loop.getInitArgs(), loop.getRegionIterArgs());
    do
      propagate(*loop.getBody());
    while (markPairs(loop.getYieldedValues(), loop.getRegionIterArgs())); // a carry may become active in a later trip
    markPairs(loop.getRegionIterArgs(), loop.getResults());
    return;
  }
  if (auto loop = dyn_cast<scf::WhileOp>(op)) {
    markPairs(loop.getInits(), loop.getBeforeArguments());
    do {
      propagate(*loop.getBeforeBody());
      markPairs(loop.getConditionOp().getArgs(), loop.getAfterArguments());
      propagate(*loop.getAfterBody());
    } while (markPairs(loop.getYieldOp().getResults(), loop.getBeforeArguments()));
    markPairs(loop.getConditionOp().getArgs(), loop.getResults());
    return;
  }
  if (auto branch = dyn_cast<scf::IfOp>(op)) {
    for (Region *region : branch.getRegions())
      if (!region->empty()) {
        propagate(region->front());
        markPairs(region->front().getTerminator()->getOperands(), branch.getResults());
      }
    return;
  }
  if (llvm::any_of(op.getOperands(), [&](Value operand) { return contains(operand); }))
    for (Value result : op.getResults())
      mark(result);
}

llvm::SetVector<Value> capturesOf(Operation *op) {
  llvm::SetVector<Value> captures;
  getUsedValuesDefinedAbove(op->getRegions(), captures);
  return captures;
}

} // namespace costate::differentiate
