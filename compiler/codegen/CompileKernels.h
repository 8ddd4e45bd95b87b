// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Kernels to object code, by Halide.
///
/// ABI of a compiled kernel @k:
///
///     int32_t <prefix>k(costate_context *context, <inputs>, <outputs>);
///
/// Inputs stand in declared order: an `index` is int32_t; f32, f64, i32, i64 are float, double, int32_t, int64_t; i1 is bool (one byte, 0 or
/// 1); a buffer is a `struct halide_buffer_t *` (HalideRuntime.h). A tied input has no argument: its output holds it. Outputs follow in
/// declared order, each a `struct halide_buffer_t *`. In a buffer the caller fills `host`, `type`, `dimensions` and, for each dimension, min = 0,
/// extent and stride; Halide's dimensions are ours in reverse, so dim[0] has stride 1. Arrays are dense, row-major; extents and offsets are below
/// 2^31. Returns 0, or the code of a failed allocation or task. Shapes are not checked: who calls has proved them.
///
/// Objects refer to halide_do_par_for, halide_malloc and halide_free, which libcostate_rt defines, to memset, memcpy and libm.
#ifndef COSTATE_COMPILER_CODEGEN_COMPILE_KERNELS_H
#define COSTATE_COMPILER_CODEGEN_COMPILE_KERNELS_H

#include "costate/compiler/codegen/WorkQueue.h"
#include "costate/dialects/kernel/Kernel.h"

#include <memory>
#include <string>
#include <vector>

namespace costate::codegen {

struct CompileKernelsOptions {
  /// A Halide target without the features that the ABI fixes: `host`, or an architecture, system and instruction sets such as
  /// `x86-64-linux-avx2-fma-f16c`.
  std::string target = "host";
  /// Threads that compile; 0 means one a CPU. The objects do not depend on it.
  unsigned threads = 0;
  /// Put before each kernel's name to make its symbol.
  std::string symbolPrefix;
};

struct KernelObject {
  std::vector<std::string> symbols; ///< the kernels it defines
  std::string bytes;                ///< a relocatable object file
};

/// Compiles kernels with their schedules as tasks of a queue; small ones share an object, because a module of its own costs more than its code.
class KernelCompilation {
public:
  /// Reads the kernels now, so that their IR may go once this returns, and adds the tasks to `queue`.
  KernelCompilation(llvm::ArrayRef<kernel::DefineOp> kernels, const CompileKernelsOptions &options, WorkQueue &queue);

  /// The objects, once the queue has finished; kernels stand in them in order. On failure a diagnostic stands at each op that cannot be
  /// compiled.
  mlir::FailureOr<std::vector<KernelObject>> take();

  /// Seconds that the tasks took, all threads together.
  double seconds() const;

private:
  struct State;
  std::shared_ptr<State> state;
};

/// Keeps Halide's warnings off stderr: they speak of kernels, which no user has written. The hook is one for the whole process, so it is for programs
/// to call, before they compile, and not for libraries.
void ignoreHalideWarnings();

/// All of it at once, on `options.threads` threads.
mlir::FailureOr<std::vector<KernelObject>> compileKernels(llvm::ArrayRef<kernel::DefineOp> kernels, const CompileKernelsOptions &options);

/// Is `target` one that Halide knows and this build can compile for? The message says what is wrong with it.
bool isKernelTarget(llvm::StringRef target, std::string &message);

} // namespace costate::codegen

#endif // COSTATE_COMPILER_CODEGEN_COMPILE_KERNELS_H
