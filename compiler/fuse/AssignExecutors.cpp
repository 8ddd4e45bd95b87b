// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Halide's code is the fastest for large index spaces, but compiles slowly; loops compile fast and are as good where there is little to do.
#include "costate/compiler/fuse/Passes.h"
#include "costate/dialects/optim/Optim.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace costate::fuse {

#define GEN_PASS_DEF_ASSIGNEXECUTORS
#include "costate/compiler/fuse/Passes.h.inc"

namespace {

/// Operations of a body, loads and constants left out. Functions of `math` count as the short series that they become.
int64_t countOperations(Region &region) {
  int64_t count = 0;
  for (Operation &op : region.front())
    if (isa<math::MathDialect>(op.getDialect()) && !isa<math::AbsFOp, math::AbsIOp>(op))
      count += 16;
    else if (!isa<arith::ConstantOp, kernel::LoadOp, kernel::YieldOp, kernel::WriteOp>(op) &&
             !llvm::all_of(op.getResultTypes(), llvm::IsaPred<IndexType>))
      count += 1;
  return std::max<int64_t>(count, 1);
}

int64_t countOperations(kernel::DefineOp define) {
  int64_t total = 0;
  for (kernel::StageOp stage : define.getStageOps()) {
    int64_t points = 1;
    for (OpFoldResult extent : stage.getMixedExtents())
      points *= define.getHint(extent);
    if (!stage.isUndef())
      total += points * countOperations(stage.getDefinition());
    for (kernel::UpdateOp update : stage.getUpdateOps()) {
      int64_t updates = 1;
      for (auto [dim, extent] : llvm::enumerate(stage.getMixedExtents()))
        if (update.isFree(dim))
          updates *= define.getHint(extent);
      for (OpFoldResult extent : update.getMixedDomain())
        updates *= define.getHint(extent);
      total += updates * countOperations(update.getBody());
    }
  }
  return total;
}

/// Is the function an entry that is called once, as `init` is? It takes nothing from its caller and changes nothing.
bool runsOnce(func::FuncOp function) {
  return function->hasAttr(optim::kEntryAttr) && llvm::none_of(llvm::seq(function.getNumArguments()), [&](unsigned i) {
    auto role = function.getArgAttrOfType<StringAttr>(i, optim::kRoleAttr);
    return !role || llvm::is_contained({"input", "target", "param", "state"}, role.getValue());
  });
}

/// How many times the work of a step must be done at once before it is worth the same time of compilation.
constexpr int64_t kOnce = 1000;

struct AssignExecutors : impl::AssignExecutorsBase<AssignExecutors> {
  using AssignExecutorsBase::AssignExecutorsBase;

  void runOnOperation() override {
    if (executor != "auto" && executor != "loops" && executor != "halide") {
      getOperation().emitError() << "requires 'executor' to be auto, loops or halide, but got '" << executor << "'";
      return signalPassFailure();
    }
    SymbolTableCollection symbols;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      int64_t most = runsOnce(function) ? threshold * kOnce : threshold;
      function.walk([&](kernel::CallOp call) {
        int64_t work = countOperations(call.getKernel(symbols));
        bool isLarge = executor == "auto" ? work > most : executor == "halide";
        call.setExecutor(isLarge ? kernel::Executor::Halide : kernel::Executor::Loops);
        std::string reason = executor == "auto" ? llvm::formatv("{0} {1}", isLarge ? "more than" : "at most", most).str() : "as asked for";
        call->setAttr("operations", IntegerAttr::get(IntegerType::get(&getContext(), 64), work));
        call->setAttr("reason", StringAttr::get(&getContext(), reason));
      });
    }
  }
};

} // namespace

} // namespace costate::fuse
