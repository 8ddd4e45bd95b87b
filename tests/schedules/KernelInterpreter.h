// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// The meaning of stages, point by point: every op is evaluated by its upstream folder, which shares no code with a code generator.
#ifndef COSTATE_TESTS_SCHEDULES_KERNEL_INTERPRETER_H
#define COSTATE_TESTS_SCHEDULES_KERNEL_INTERPRETER_H

#include "costate/tests/schedules/KernelValue.h"

namespace costate::tests {

/// The outputs of `kernel`, whose arguments are `inputs`. Ignores the schedule. Stops the test on an op that cannot be folded.
std::vector<KernelValue> interpret(kernel::DefineOp kernel, llvm::ArrayRef<KernelValue> inputs);

} // namespace costate::tests

#endif // COSTATE_TESTS_SCHEDULES_KERNEL_INTERPRETER_H
