// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// The codegen phase as a whole: a scheduled module to a package of objects.
#ifndef COSTATE_COMPILER_CODEGEN_GENERATECODE_H
#define COSTATE_COMPILER_CODEGEN_GENERATECODE_H

#include "costate/compiler/codegen/ObjectCache.h"
#include "costate/compiler/codegen/Package.h"
#include "costate/compiler/codegen/Target.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LogicalResult.h"

namespace costate::codegen {

struct CodegenOptions {
  Target target;
  /// LLVM's effort on the host code, 0 to 3; at most 1 is spent on entries that take nothing from the caller.
  int optimize = 2;
  /// Threads that compile; at least 1. The package does not depend on it.
  int threads = 1;
  /// Where objects are looked up and kept; null: nowhere.
  const ObjectCache *cache = nullptr;
  /// Whether the times of kernels can be written down (costate_context_trace).
  bool trace = false;
};

/// What code generation did, for reports.
struct CodegenStatistics {
  /// Halide kernels of the model after equal ones are merged, and how many of them the cache had.
  int kernels = 0, cachedKernels = 0;
  /// Seconds of work on Halide kernels and on host code, all threads together.
  double kernelSeconds = 0, hostSeconds = 0;
  /// Seconds of linking.
  double linkSeconds = 0;
};

/// Takes a module after phase schedule, with loop kernels inlined, to objects, library, header and manifest. Equal kernels become one object; kernels
/// and entries compile on `threads` threads. Consumes the module: afterwards it is in the LLVM dialect. Fails with diagnostics on the module's context.
mlir::FailureOr<Package> generateCode(mlir::ModuleOp module, llvm::StringRef name, const CodegenOptions &options,
                                      CodegenStatistics *statistics = nullptr);

} // namespace costate::codegen

#endif // COSTATE_COMPILER_CODEGEN_GENERATECODE_H
