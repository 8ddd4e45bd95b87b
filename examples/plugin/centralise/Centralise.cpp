// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Gradient centralisation (Yong et al. 2020, arXiv:2004.01461): from the gradient of every weight its mean over the inputs is taken, output by output.
// A pass at a phase, for every model and every optimizer: after import, a gradient of a training step is a result of `graph.vjp`.
#include "costate/compiler/api/Plugin.h"
#include "costate/dialects/graph/Emitter.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;
using namespace costate;
using namespace costate::graph;

namespace {

/// The gradient of a parameter set with centralised leaves, for all who read it. Inputs are all axes but the last.
void centralise(Value gradient, FlatSymbolRefAttr arenaName, ArenaLayout arena) {
  OpBuilder builder(gradient.getContext());
  builder.setInsertionPointAfterValue(gradient);
  Dimensions dimensions;
  Emitter e(builder, gradient.getLoc(), dimensions);
  SmallVector<Value> leaves;
  SmallVector<Attribute> names;
  llvm::SmallPtrSet<Operation *, 8> readers;
  for (const ArenaLeaf &leaf : arena.getArenaLeaves()) {
    if (leaf.tied)
      continue;
    auto name = builder.getStringAttr(leaf.name);
    auto symbol = SymbolRefAttr::get(arenaName.getAttr(), {FlatSymbolRefAttr::get(name)});
    Value g = e.create<LeafOp>(RankedTensorType::get(leaf.shape, arena.getArenaElementType()), gradient, symbol);
    readers.insert(g.getDefiningOp());
    if (leaf.shape.size() > 1) {
      SmallVector<int64_t> inputs = llvm::to_vector(llvm::seq<int64_t>(0, leaf.shape.size() - 1));
      Value mean = e.mul(e.sum(g, inputs), double(leaf.shape.back()) / leaf.size());
      g = e.sub(g, e.spread(mean, inputs, g));
    }
    leaves.push_back(g);
    names.push_back(name);
  }
  Value packed = e.create<PackOp>(gradient.getType(), arenaName, builder.getArrayAttr(names), leaves);
  gradient.replaceAllUsesExcept(packed, readers);
}

struct CentraliseGradients : PassWrapper<CentraliseGradients, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(CentraliseGradients)
  StringRef getArgument() const override { return "centralise-gradients"; }
  StringRef getDescription() const override { return "takes the mean over inputs from the gradients of a training step"; }

  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    auto step = symbols.lookup<func::FuncOp>("train_step");
    if (!step)
      return;
    step.walk([&](VjpOp vjp) {
      auto function = symbols.lookup<func::FuncOp>(vjp.getCallee());
      for (auto [i, argument] : llvm::enumerate(vjp.getWrt()))
        if (auto arena = function.getArgAttrOfType<FlatSymbolRefAttr>(argument, "optim.arena"))
          centralise(vjp->getResult(function.getNumResults() + i), arena, cast<ArenaLayout>(symbols.lookup(arena.getValue())));
    });
  }
};

LogicalResult runAfterImport(Phase, ModuleOp module) {
  PassManager passes(module.getContext());
  passes.addPass(std::make_unique<CentraliseGradients>());
  return passes.run(module);
}

} // namespace

const Plugin costate_plugin = {.name = "centralise",
                               .registerPasses = [] { PassRegistration<CentraliseGradients>(); },
                               .addHooks = [](Pipeline &pipeline) { pipeline.addAfter(Phase::Import, runAfterImport); }};
