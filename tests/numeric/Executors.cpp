// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/tests/numeric/Executors.h"

#include "costate/compiler/pipeline/Pipeline.h"
#include "costate/tests/oracle/Oracle.h"

#include "mlir/IR/AttrTypeSubElements.h"

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
  OwningOpRef<ModuleOp> module = inF64(imported);
  if (failed(Pipeline(Options()).run(*module, Phase::Solve, phase)))
    return failure();
  return std::unique_ptr<Program>(std::make_unique<Interpreted>(std::move(module)));
}

} // namespace

OwningOpRef<ModuleOp> inF64(ModuleOp module) {
  OwningOpRef<ModuleOp> wide(module.clone());
  Type f64 = Float64Type::get(module.getContext());
  AttrTypeReplacer replacer;
  replacer.addReplacement([&](Float32Type) -> Type { return f64; });
  replacer.addReplacement([&](DenseElementsAttr elements) -> std::optional<std::pair<Attribute, WalkResult>> {
    if (!elements.getElementType().isF32())
      return std::nullopt;
    SmallVector<llvm::APFloat> values;
    for (llvm::APFloat value : elements.getValues<llvm::APFloat>()) {
      bool inexact;
      value.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &inexact);
      values.push_back(value);
    }
    return std::make_pair(Attribute(DenseElementsAttr::get(elements.getType().clone(f64), values)), WalkResult::skip());
  });
  replacer.recursivelyReplaceElementsIn(*wide, /*replaceAttrs=*/true, /*replaceLocs=*/false, /*replaceTypes=*/true);
  return wide;
}

std::vector<Executor> allExecutors() {
  return {{"differentiated", false, [](ModuleOp module) { return interpret(module, Phase::Differentiate); }}};
}

} // namespace costate::numeric
