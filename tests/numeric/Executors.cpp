// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/tests/numeric/Executors.h"

#include "costate/compiler/pipeline/Pipeline.h"
#include "costate/tests/oracle/Oracle.h"

using namespace mlir;

namespace costate::numeric {

using oracle::Array;

namespace {

/// The oracle on IR after a phase.
class Interpreted : public Program {
public:
  explicit Interpreted(OwningOpRef<ModuleOp> owned) : module(std::move(owned)), interpreter(*module) {}

  FailureOr<std::vector<Array>> run(StringRef entry, ArrayRef<Array> inputs, ArrayRef<Array>, const llvm::StringMap<int64_t> &names) override {
    return interpreter.run(entry, inputs, names);
  }

private:
  OwningOpRef<ModuleOp> module;
  oracle::Oracle interpreter;
};

FailureOr<std::unique_ptr<Program>> interpret(ModuleOp imported, Phase phase) {
  OwningOpRef<ModuleOp> module = imported.clone();
  if (failed(Pipeline(Options()).run(*module, Phase::Solve, phase)))
    return failure();
  return std::unique_ptr<Program>(std::make_unique<Interpreted>(std::move(module)));
}

} // namespace

std::vector<Executor> allExecutors() {
  return {{"differentiated", false, [](ModuleOp module) { return interpret(module, Phase::Differentiate); }}};
}

} // namespace costate::numeric
