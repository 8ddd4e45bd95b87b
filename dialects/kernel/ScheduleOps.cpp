// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// The directives of a schedule. Each is checked against the loop nests that the directives before it leave (LoopNests.cpp).
#include "costate/dialects/kernel/LoopNests.h"

using namespace mlir;

namespace costate::kernel {

LogicalResult verifySchedule(DefineOp kernel) {
  if (!kernel.isScheduled())
    return success();
  LoopNests nests(kernel);
  for (Operation &directive : kernel.getSchedule().front())
    if (failed(nests.apply(&directive)))
      return failure();
  return nests.finish();
}

} // namespace costate::kernel

#define GET_OP_CLASSES
#include "costate/dialects/kernel/ScheduleOps.cpp.inc"
