// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/pipeline/Contracts.h"

#include "costate/dialects/graph/Graph.h"
#include "costate/dialects/kernel/Kernel.h"
#include "costate/dialects/optim/Optim.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace costate {

static InFlightDiagnostic broken(Operation *op, Phase phase) {
  return op->emitError() << "internal error after phase " << phaseName(phase) << ": ";
}

/// "'graph.sort' is left in @step"
static LogicalResult left(Operation *op, Phase phase) {
  InFlightDiagnostic diagnostic = broken(op, phase) << "'" << op->getName() << "' is left";
  if (auto function = op->getParentOfType<func::FuncOp>())
    diagnostic << " in @" << function.getName();
  return diagnostic;
}

static bool isEntry(func::FuncOp function) { return function->hasAttr("optim.entry"); }

/// Visits every op but the module until `check` fails on one.
static LogicalResult everyOp(ModuleOp module, function_ref<LogicalResult(Operation *)> check) {
  WalkResult result = module.getBody()->walk([&](Operation *op) { return failed(check(op)) ? WalkResult::interrupt() : WalkResult::advance(); });
  return failure(result.wasInterrupted());
}

/// Any dialect may keep an op whole as long as fuse can ask it for its composition.
static LogicalResult onlyTensorOps(ModuleOp module, Phase phase) {
  static constexpr StringRef dialects[] = {"arith", "func", "graph", "optim", "report", "scf", "tensor", "ub"};
  return everyOp(module, [&](Operation *op) -> LogicalResult {
    return isa<Expandable>(op) || llvm::is_contained(dialects, op->getName().getDialectNamespace()) ? success() : left(op, phase);
  });
}

static LogicalResult onlyDialects(ModuleOp module, Phase phase, ArrayRef<StringRef> dialects) {
  return everyOp(module, [&](Operation *op) -> LogicalResult {
    return llvm::is_contained(dialects, op->getName().getDialectNamespace()) ? success() : left(op, phase);
  });
}

static LogicalResult hasEntry(ModuleOp module, Phase phase) {
  if (llvm::any_of(module.getOps<func::FuncOp>(), isEntry))
    return success();
  if (phase == Phase::Import) // nothing was lost on the way: there was none
    return module.emitError("requires a model, but found none");
  return broken(module, phase) << "no function is an entry";
}

static LogicalResult checkImport(ModuleOp module, Phase phase) {
  if (failed(hasEntry(module, phase)) || failed(onlyTensorOps(module, phase)))
    return failure();
  return everyOp(module, [&](Operation *op) -> LogicalResult {
    return isa<UnknownLoc>(op->getLoc()) ? broken(op, phase) << "'" << op->getName() << "' has no location" : success();
  });
}

static LogicalResult checkSolve(ModuleOp module, Phase phase) {
  // The optim dialect keeps arenas.
  return onlyTensorOps(module, phase);
}

static LogicalResult checkDifferentiate(ModuleOp module, Phase phase) {
  if (failed(onlyTensorOps(module, phase)))
    return failure();
  return everyOp(module, [&](Operation *op) -> LogicalResult {
    if (isa<graph::VjpOp, graph::JvpOp, graph::MapRequestOp, graph::StopGradientOp, Collective>(op))
      return left(op, phase);
    auto function = op->getParentOfType<func::FuncOp>();
    if (isa<func::CallOp>(op) && function && isEntry(function))
      return left(op, phase);
    return success();
  });
}

static LogicalResult checkFuse(ModuleOp module, Phase phase) {
  if (failed(onlyDialects(module, phase, {"arith", "builtin", "func", "kernel", "math", "memref", "optim", "scf", "ub"}))) // builtin: casts of the sign alone
    return failure();
  return everyOp(module, [&](Operation *op) -> LogicalResult {
    if (isa<memref::AllocOp, memref::DeallocOp>(op))
      return left(op, phase);
    if (isa<kernel::DefineOp>(op->getParentOp()) || op->getParentOfType<kernel::DefineOp>())
      return success();
    if (llvm::any_of(op->getResultTypes(), llvm::IsaPred<TensorType>))
      return broken(op, phase) << "a tensor is left, the result of '" << op->getName() << "'";
    return success();
  });
}

static LogicalResult checkSchedule(ModuleOp module, Phase phase) {
  if (failed(checkFuse(module, phase)))
    return failure();
  SymbolTable symbols(module);
  return everyOp(module, [&](Operation *op) -> LogicalResult {
    auto call = dyn_cast<kernel::CallOp>(op);
    if (!call)
      return success();
    if (!call.getExecutor())
      return broken(op, phase) << "no executor is chosen for kernel @" << call.getCallee();
    auto define = symbols.lookup<kernel::DefineOp>(call.getCallee());
    if (call.getExecutor() == kernel::Executor::Halide && define && !define.isScheduled())
      return broken(define, phase) << "kernel @" << define.getSymName() << " has no schedule";
    return success();
  });
}

static LogicalResult checkCodegen(ModuleOp module, Phase phase) { return onlyDialects(module, phase, {"llvm"}); }

LogicalResult checkContract(ModuleOp module, Phase phase) {
  switch (phase) {
  case Phase::Import:
    return checkImport(module, phase);
  case Phase::Solve:
    return checkSolve(module, phase);
  case Phase::Differentiate:
    return checkDifferentiate(module, phase);
  case Phase::Fuse:
    return checkFuse(module, phase);
  case Phase::Schedule:
    return checkSchedule(module, phase);
  case Phase::Codegen:
    return checkCodegen(module, phase);
  }
  llvm_unreachable("a phase");
}

} // namespace costate
