// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/tests/numeric/ZeroRules.h"

#include "costate/dialects/interfaces/Interfaces.h"
#include "costate/dialects/interfaces/Rules.h"

#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;

namespace costate::numeric {

static bool isFloat(Value value) { return isa<FloatType>(getElementTypeOrSelf(value.getType())); }

static void pullZero(const Differentiable::Concept *, Operation *, Pullback &) {}

static void pullOne(const Differentiable::Concept *, Operation *op, Pullback &p) {
  for (Value operand : op->getOperands())
    if (isFloat(operand))
      p.accumulate(operand, p.splat(1.0, operand));
}

static void pushZero(const Differentiable::Concept *, Operation *, Pushforward &) {}

static void pushOne(const Differentiable::Concept *, Operation *op, Pushforward &p) {
  for (auto [i, result] : llvm::enumerate(op->getResults()))
    if (isFloat(result))
      p.set(p.splat(1.0, result), i);
}

static void batchZero(const Batchable::Concept *, Operation *op, Batching &b) {
  auto collective = dyn_cast<Collective>(op);
  for (auto [i, result] : llvm::enumerate(op->getResults())) {
    graph::Dims shape = b.dims(result);
    if (collective && collective.isReplicated() && b.binds(collective.getAxisName())) {
      b.setUniform(b.splat(0.0, shape, getElementTypeOrSelf(result.getType())), i);
      continue;
    }
    shape.insert(shape.begin(), b.size());
    b.set(b.splat(0.0, shape, getElementTypeOrSelf(result.getType())), i);
  }
}

/// Puts zeros in the place of every op of this name.
static void zeroValues(ModuleOp module, StringRef name) {
  SmallVector<Operation *> ops;
  module.walk([&](Operation *op) {
    if (op->getName().getStringRef() == name)
      ops.push_back(op);
  });
  for (Operation *op : ops) {
    OpBuilder builder(op);
    graph::Dimensions dimensions;
    graph::Emitter e(builder, op->getLoc(), dimensions);
    op->replaceAllUsesWith(llvm::map_to_vector(op->getResults(), [&](Value result) { return e.zerosLike(result); }));
    op->erase();
  }
}

/// Runs `prepare` while a method of an op's interface is another function.
template <typename Interface, typename Method>
static FailureOr<std::unique_ptr<Program>> prepareWith(const Executor &executor, ModuleOp module, OperationName name, Method Interface::Concept::*method,
                                                       Method other) {
  auto *rules = name.getInterface<Interface>();
  if (!rules)
    return executor.prepare(module);
  llvm::SaveAndRestore<Method> replaced(rules->*method, other);
  return executor.prepare(module);
}

Executor withFault(const Executor &executor, StringRef op, Fault fault) {
  auto prepare = [executor, op = op.str(), fault](ModuleOp module) -> FailureOr<std::unique_ptr<Program>> {
    OperationName name(op, module.getContext());
    switch (fault) {
    case Fault::ZeroValue: {
      OwningOpRef<ModuleOp> changed(module.clone());
      zeroValues(*changed, op);
      return executor.prepare(*changed);
    }
    case Fault::ZeroVjp:
      return prepareWith<Differentiable>(executor, module, name, &Differentiable::Concept::pullback, pullZero);
    case Fault::OneVjp:
      return prepareWith<Differentiable>(executor, module, name, &Differentiable::Concept::pullback, pullOne);
    case Fault::ZeroJvp:
      return prepareWith<Differentiable>(executor, module, name, &Differentiable::Concept::pushforward, pushZero);
    case Fault::OneJvp:
      return prepareWith<Differentiable>(executor, module, name, &Differentiable::Concept::pushforward, pushOne);
    case Fault::ZeroBatch:
      return prepareWith<Batchable>(executor, module, name, &Batchable::Concept::batch, batchZero);
    }
    llvm_unreachable("every fault has a case");
  };
  return {executor.name, executor.isF32, executor.isSlow, prepare};
}

} // namespace costate::numeric
