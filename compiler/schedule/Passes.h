// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Passes of the schedule phase; Passes.td documents each.
#ifndef COSTATE_COMPILER_SCHEDULE_PASSES_H
#define COSTATE_COMPILER_SCHEDULE_PASSES_H

#include "costate/dialects/kernel/Kernel.h"
#include "mlir/Pass/Pass.h"

#include <memory>

namespace costate::schedule {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "costate/compiler/schedule/Passes.h.inc"

} // namespace costate::schedule

#endif // COSTATE_COMPILER_SCHEDULE_PASSES_H
