// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Halide's code is the fastest for large index spaces, but compiles slowly; loops compile fast and are as good where there is little to do.
#include "costate/compiler/fuse/Access.h"
#include "costate/compiler/fuse/Passes.h"
#include "costate/dialects/graph/Graph.h"
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
    // What is only changed in places will be changed where it lies.
    bool isChanged = !stage.getUpdateOps().empty() && llvm::all_of(stage->getResults(), [&](OpResult result) { return define.getCopiedInput(result); });
    if (!stage.isUndef() && !isChanged)
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
    return !role || llvm::is_contained({"input", "target", "rows", "param", "state"}, role.getValue());
  });
}

/// Halide's indices have 32 bits.
constexpr int64_t kMostElements = std::numeric_limits<int32_t>::max();

/// The elements of each array that this call of a kernel reads, writes or keeps in between.
SmallVector<graph::DimAttr> countElements(kernel::CallOp call, kernel::DefineOp define, graph::Dimensions &dimensions) {
  SmallVector<graph::DimAttr> counts;
  auto count = [&](ArrayRef<graph::DimAttr> dims) { counts.push_back(graph::product(call.getContext(), dims)); };
  for (Value operand : call.getOperands())
    if (isa<RankedTensorType>(operand.getType()))
      count(dimensions.of(operand));
  auto given = call->getAttrOfType<ArrayAttr>(kExtentsAttr);
  auto dimOf = [&](OpFoldResult extent) {
    if (std::optional<int64_t> size = getConstantIntValue(extent))
      return graph::DimAttr::get(call.getContext(), *size);
    auto argument = dyn_cast<BlockArgument>(cast<Value>(extent));
    return argument && given ? dyn_cast<graph::DimAttr>(given[argument.getArgNumber()]) : graph::DimAttr();
  };
  for (kernel::StageOp stage : define.getStageOps()) {
    auto dims = llvm::map_to_vector(stage.getMixedExtents(), dimOf);
    if (llvm::all_of(dims, [](graph::DimAttr dim) { return bool(dim); }))
      count(dims);
  }
  return counts;
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
      graph::Dimensions dimensions;
      Requirements requirements(function);
      function.walk([&](kernel::CallOp call) {
        kernel::DefineOp define = call.getKernel(symbols);
        int64_t work = countOperations(define);
        bool isLarge = executor == "auto" ? work > most : executor == "halide";
        std::string reason = executor == "auto" ? llvm::formatv("{0} {1}", isLarge ? "more than" : "at most", most).str() : "as asked for";
        SmallVector<graph::DimAttr> counts = isLarge ? countElements(call, define, dimensions) : SmallVector<graph::DimAttr>();
        if (llvm::any_of(counts, [](graph::DimAttr count) { return count.lowerBound().value_or(0) > kMostElements; })) {
          isLarge = false;
          reason = "an array of 2**31 elements or more";
        } else {
          for (graph::DimAttr count : counts)
            requirements.add(graph::DimAttr::get(&getContext(), kMostElements) - count, call.getLoc());
        }
        call.setExecutor(isLarge ? kernel::Executor::Halide : kernel::Executor::Loops);
        call->setAttr("operations", IntegerAttr::get(IntegerType::get(&getContext(), 64), work));
        call->setAttr("reason", StringAttr::get(&getContext(), reason));
      });
      if (function->hasAttr(optim::kEntryAttr))
        requirements.write();
    }
  }
};

} // namespace

} // namespace costate::fuse
