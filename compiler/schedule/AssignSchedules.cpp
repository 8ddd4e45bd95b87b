// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Gives every kernel for Halide a schedule by rule: contractions first, because they rewrite stages; then all other stages.
#include "costate/compiler/codegen/HashKernel.h"
#include "costate/compiler/schedule/Passes.h"
#include "costate/compiler/schedule/Rules.h"

using namespace mlir;
using namespace costate::kernel;

namespace costate::schedule {

#define GEN_PASS_DEF_ASSIGNSCHEDULES
#include "costate/compiler/schedule/Passes.h.inc"

namespace {

void assignSchedule(DefineOp kernel, const Machine &machine) {
  std::string source = codegen::hashKernel(kernel);
  bool rewritten = false;
  llvm::DenseSet<Operation *> scheduled;
  kernel.getOrCreateSchedule();
  for (StageOp stage : kernel.getStageOps())
    rewritten |= tileContraction(kernel, stage, machine, scheduled);
  rewritten |= scheduleStages(kernel, machine, scheduled);
  if (rewritten)
    kernel->setAttr("kernel.source", StringAttr::get(kernel.getContext(), source));
}

struct AssignSchedules : impl::AssignSchedulesBase<AssignSchedules> {
  using AssignSchedulesBase::AssignSchedulesBase;

  void runOnOperation() override {
    Machine machine{vectorBytes, tileRows, tileVectors, panelTiles};
    if (taskOperations > 0)
      machine.taskOperations = taskOperations;
    llvm::DenseSet<StringAttr> called;
    getOperation().walk([&](CallOp call) {
      if (call.getExecutor() == Executor::Halide)
        called.insert(call.getCalleeAttr().getAttr());
    });
    for (auto kernel : getOperation().getOps<DefineOp>())
      if (!kernel.isScheduled() && (all || called.contains(kernel.getSymNameAttr())))
        assignSchedule(kernel, machine);
  }
};

} // namespace
} // namespace costate::schedule
