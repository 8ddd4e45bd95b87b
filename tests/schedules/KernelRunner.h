// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Compiles a kernel through Halide, loads it into this process with the runtime, and calls it.
#ifndef COSTATE_TESTS_SCHEDULES_KERNEL_RUNNER_H
#define COSTATE_TESTS_SCHEDULES_KERNEL_RUNNER_H

#include "costate/tests/schedules/KernelValue.h"

#include <memory>

struct costate_context;

namespace llvm::orc {
class LLJIT;
} // namespace llvm::orc

namespace costate::tests {

class KernelRunner {
public:
  ~KernelRunner();
  /// Null if the kernel does not compile; the diagnostics are those of compileKernels.
  static std::unique_ptr<KernelRunner> create(kernel::DefineOp kernel, unsigned threads = 1);

  /// Calls the kernel. Outputs have the shapes of `like`, which also gives tied outputs their first values by way of `inputs`.
  std::vector<KernelValue> run(llvm::ArrayRef<KernelValue> inputs, llvm::ArrayRef<KernelValue> like);

  /// The kernel's address, and the context to pass it (compiler/codegen/CompileKernels.h says how).
  void *getAddress() const { return address; }
  costate_context *getContext() const { return context; }
  /// Seconds of processor time that compiling took.
  double getCompileSeconds() const { return compileSeconds; }

private:
  KernelRunner() = default;

  kernel::DefineOp kernel;
  std::unique_ptr<llvm::orc::LLJIT> jit;
  void *address = nullptr;
  int32_t (*call)(void *context, void **arguments) = nullptr; ///< reads each argument from its pointer
  costate_context *context = nullptr;
  double compileSeconds = 0;
};

} // namespace costate::tests

#endif // COSTATE_TESTS_SCHEDULES_KERNEL_RUNNER_H
