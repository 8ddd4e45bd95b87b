// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef COSTATE_TESTS_SCHEDULES_RANDOM_SCHEDULE_H
#define COSTATE_TESTS_SCHEDULES_RANDOM_SCHEDULE_H

#include "costate/dialects/kernel/Kernel.h"

#include <random>

namespace costate::tests {

/// Replaces the schedule of `kernel` by a random one that verifies. What the verifier lets through may not change a result.
void setRandomSchedule(kernel::DefineOp kernel, std::mt19937 &random);

} // namespace costate::tests

#endif // COSTATE_TESTS_SCHEDULES_RANDOM_SCHEDULE_H
