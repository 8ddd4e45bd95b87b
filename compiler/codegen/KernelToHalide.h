// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// A kernel as a Halide pipeline: its stages become Funcs (KernelToHalide.cpp), its directives Halide's (ScheduleToHalide.cpp).
#ifndef COSTATE_COMPILER_CODEGEN_KERNEL_TO_HALIDE_H
#define COSTATE_COMPILER_CODEGEN_KERNEL_TO_HALIDE_H

#include "costate/dialects/kernel/Kernel.h"

#include <Halide.h>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace costate::codegen {

/// What went wrong, and where; the caller turns it into a diagnostic (conversions run on several threads).
struct HalideFailure {
  mlir::Location location;
  std::string message;
};

/// One stage in Halide. Definition 0 is the pure definition, definition k + 1 is update k.
struct HalideStage {
  Halide::Func func;
  std::vector<Halide::Expr> extents; ///< of the pure variables, in our order
  /// The number of Halide's update that holds definition 0, 1, ...; -1 for Halide's pure definition, and nothing for a definition that
  /// Halide has no code for: an undefined one, or one that copies a tied input onto itself.
  std::vector<std::optional<int>> updates;
  /// The loop variables of each definition by our names; splits and fusions add to them.
  std::vector<std::map<std::string, Halide::VarOrRVar>> variables;

  /// Halide's handle of a definition, to apply a directive to; undefined if there is no code for it.
  std::optional<Halide::Stage> getDefinition(std::optional<int64_t> update);
};

struct HalideKernel {
  Halide::Pipeline pipeline;
  std::vector<Halide::Argument> arguments; ///< inputs in declared order without tied ones; Halide appends the outputs
  std::map<std::string, HalideStage> stages;
};

/// What an update marked `contract` may fuse: the sum of the stage's own value and a product of two elements in memory. Everything else is IEEE, products with
/// zeros from beyond an edge too: LLVM would take zero times anything for zero.
llvm::SmallPtrSet<mlir::Operation *, 2> findContraction(kernel::UpdateOp update);

/// Translates the stages of `kernel`. Halide's dimensions run the other way: its first is our last. Throws Halide's errors.
std::variant<HalideKernel, HalideFailure> buildStages(kernel::DefineOp kernel);

/// Applies the directives of `kernel` to its translation. Throws Halide's errors.
void applySchedule(kernel::DefineOp kernel, HalideKernel &translated);

} // namespace costate::codegen

#endif // COSTATE_COMPILER_CODEGEN_KERNEL_TO_HALIDE_H
