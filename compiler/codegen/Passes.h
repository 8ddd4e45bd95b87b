// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Passes of the codegen phase; Passes.td documents each.
#ifndef COSTATE_COMPILER_CODEGEN_PASSES_H
#define COSTATE_COMPILER_CODEGEN_PASSES_H

#include "mlir/Pass/Pass.h"

#include <memory>

namespace costate::codegen {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "costate/compiler/codegen/Passes.h.inc"

/// Stands before the name of a kernel in the symbol of its C function (CompileKernels.h has its signature).
inline constexpr llvm::StringLiteral kernelSymbolPrefix = "costate_kernel_";

/// Attribute of a function whose calls are loops over its first argument, shared by threads.
inline constexpr llvm::StringLiteral kTasksAttr = "codegen.tasks";

/// From entries on buffers to the LLVM dialect. fma: the target has an instruction for a product and a sum. trace: the times of kernels are written down.
void addHostPasses(mlir::OpPassManager &passes, bool fma, bool trace);

} // namespace costate::codegen

#endif // COSTATE_COMPILER_CODEGEN_PASSES_H
