// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Layers of equal shape give equal kernels, and so do equal updates: each is compiled once.
#include "costate/compiler/fuse/Passes.h"

#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace costate::fuse {

#define GEN_PASS_DEF_MERGEKERNELS
#include "costate/compiler/fuse/Passes.h.inc"

namespace {

/// What tells kernels apart: the text without name and hints. SSA names are positions there, and locations are not printed.
std::string textOf(kernel::DefineOp define) {
  StringAttr name = define.getSymNameAttr();
  auto hints = define.getHintsAttr();
  define.setSymName("kernel");
  define.removeHintsAttr();
  std::string text;
  llvm::raw_string_ostream stream(text);
  define->print(stream, OpPrintingFlags().useLocalScope().assumeVerified());
  define.setSymNameAttr(name);
  if (hints)
    define.setHintsAttr(hints);
  return text;
}

struct MergeKernels : impl::MergeKernelsBase<MergeKernels> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    DenseMap<StringAttr, StringRef> called; // each by one call, for whose executor it is scheduled
    module.walk([&](kernel::CallOp call) {
      std::optional<kernel::Executor> executor = call.getExecutor();
      called[call.getCalleeAttr().getAttr()] = executor ? kernel::stringifyExecutor(*executor) : StringRef();
    });
    llvm::StringMap<StringAttr> kept;
    DenseMap<StringAttr, StringAttr> renamed;
    for (auto define : llvm::make_early_inc_range(module.getOps<kernel::DefineOp>())) {
      if (auto executor = called.find(define.getSymNameAttr()); executor != called.end()) {
        std::string key = (executor->second + textOf(define)).str();
        auto [place, isNew] = kept.try_emplace(key, define.getSymNameAttr());
        if (isNew)
          continue;
        renamed[define.getSymNameAttr()] = place->second;
      }
      define.erase();
    }
    module.walk([&](kernel::CallOp call) {
      if (StringAttr name = renamed.lookup(call.getCalleeAttr().getAttr()))
        call.setCalleeAttr(FlatSymbolRefAttr::get(name));
    });
  }
};

} // namespace

} // namespace costate::fuse
