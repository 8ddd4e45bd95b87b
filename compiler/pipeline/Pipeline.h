// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// The phases of the compiler, in order, each followed by the check of its contract (Contracts.h).
#ifndef COSTATE_COMPILER_PIPELINE_PIPELINE_H
#define COSTATE_COMPILER_PIPELINE_PIPELINE_H

#include "costate/compiler/pipeline/Options.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LogicalResult.h"

#include <functional>
#include <vector>

namespace mlir {
class DialectRegistry;
class OpPassManager;
} // namespace mlir

namespace costate {

/// Everything that a context needs to hold modules of any phase: our dialects, upstream's, and their external models.
void registerDialects(mlir::DialectRegistry &registry);

/// Makes the passes of every phase known by their flags; for costate-opt.
void registerPasses();

/// The likely extents of names in `module`: those chosen, else the model's own (`optim.hints`).
std::map<std::string, int64_t> likelyExtents(mlir::ModuleOp module, const Options &options);

class Pipeline {
public:
  /// Called with the module before or after a phase; a failure stops the pipeline.
  using Hook = std::function<llvm::LogicalResult(Phase, mlir::ModuleOp)>;

  explicit Pipeline(Options options) : options(std::move(options)) {}

  /// Plugins and tools attach to phases, never to passes. Hooks run in the order they were added; those after a phase run after the
  /// check of its contract, and the contract is checked again behind them.
  void addBefore(Phase phase, Hook hook) { before.push_back({phase, std::move(hook)}); }
  void addAfter(Phase phase, Hook hook) { after.push_back({phase, std::move(hook)}); }

  /// Runs the phases from `from` to `to`, both included, on a module that meets the contract of the phase before `from`. Import has no
  /// passes: the frontends do it; here it is the check alone. Codegen leaves the LLVM dialect (code: codegen/GenerateCode.h).
  /// Fails with diagnostics; where a contract is broken the message is `internal error after phase NAME: ...`, located at the op.
  llvm::LogicalResult run(mlir::ModuleOp module, Phase from, Phase to);

  /// Seconds spent in each phase by the last `run`.
  const std::vector<std::pair<Phase, double>> &times() const { return seconds; }

private:
  llvm::LogicalResult runPasses(mlir::ModuleOp module, Phase phase);
  llvm::LogicalResult callHooks(const std::vector<std::pair<Phase, Hook>> &hooks, Phase phase, mlir::ModuleOp module);
  llvm::LogicalResult dump(mlir::ModuleOp module, Phase phase);

  Options options;
  std::vector<std::pair<Phase, Hook>> before, after;
  std::vector<std::pair<Phase, double>> seconds;
};

} // namespace costate

#endif // COSTATE_COMPILER_PIPELINE_PIPELINE_H
