// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Takes stages and schedules of equal kernels from a file of kernels.
#include "costate/compiler/codegen/HashKernel.h"
#include "costate/compiler/schedule/Passes.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

#include <map>

using namespace mlir;
using namespace costate::kernel;

namespace costate::schedule {

#define GEN_PASS_DEF_REPLAYSCHEDULES
#include "costate/compiler/schedule/Passes.h.inc"

namespace {

/// The hash of the stages that a kernel was made from: its own without its schedule, unless a rule has rewritten them.
std::string hashOfSource(DefineOp kernel) {
  if (auto source = kernel->getAttrOfType<StringAttr>("kernel.source"))
    return source.str();
  OwningOpRef<DefineOp> stages = kernel.clone();
  stages->getSchedule().getBlocks().clear();
  return codegen::hashKernel(*stages);
}

struct ReplaySchedules : impl::ReplaySchedulesBase<ReplaySchedules> {
  using ReplaySchedulesBase::ReplaySchedulesBase;

  void runOnOperation() override {
    OwningOpRef<ModuleOp> written = parseSourceFile<ModuleOp>(file, &getContext());
    if (!written) {
      getOperation().emitError("requires a file of schedules, but cannot read '") << file << "'";
      return signalPassFailure();
    }
    std::map<std::string, DefineOp> schedules;
    for (auto kernel : written->getOps<DefineOp>())
      if (kernel.isScheduled())
        schedules.try_emplace(hashOfSource(kernel), kernel);
    for (auto kernel : getOperation().getOps<DefineOp>()) {
      auto found = schedules.find(codegen::hashKernel(kernel));
      if (kernel.isScheduled() || found == schedules.end())
        continue;
      OwningOpRef<DefineOp> copy = found->second.clone();
      kernel.getStages().takeBody(copy->getStages());
      kernel.getSchedule().takeBody(copy->getSchedule());
      if (Attribute source = copy->getOperation()->getAttr("kernel.source"))
        kernel->setAttr("kernel.source", source);
    }
  }
};

} // namespace
} // namespace costate::schedule
