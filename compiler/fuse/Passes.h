// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Passes of the fuse phase; Passes.td documents each.
#ifndef COSTATE_COMPILER_FUSE_PASSES_H
#define COSTATE_COMPILER_FUSE_PASSES_H

#include "costate/dialects/kernel/Kernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"

#include <memory>

namespace costate::fuse {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "costate/compiler/fuse/Passes.h.inc"

struct FuseOptions {
  /// "NAME=NUMBER": likely extents of dimensions; 32 without.
  std::vector<std::string> hints;
  /// "auto", or "loops" or "halide" for every kernel.
  std::string executor = "auto";
  /// Whether kernels may take turns chunk by chunk (InterleaveCalls); if not, each call of a kernel is one call.
  bool interleave = true;
  /// Tests stream small values too.
  StreamRowsOptions streaming = {};
};

/// The phase: entries on tensors to kernels and entries on buffers.
void addFusePasses(mlir::OpPassManager &passes, const FuseOptions &options);

/// Makes the phase known to tools as the pass pipeline `fuse`, with options `hints`, `executor` and `interleave`.
void registerFusePipeline();

} // namespace costate::fuse

#endif // COSTATE_COMPILER_FUSE_PASSES_H
