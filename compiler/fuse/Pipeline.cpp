// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/fuse/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace costate::fuse {

void addFusePasses(OpPassManager &passes, const FuseOptions &options) {
  SmallVector<std::string> hints(options.hints.begin(), options.hints.end());
  // Functions and loops have one block: there is no control flow between blocks to simplify.
  auto structured = GreedyRewriteConfig().setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled);
  passes.addPass(createSymbolDCEPass()); // functions that requests alone have called
  passes.addPass(createExpandGraph());
  passes.addPass(createSimplifyGraph());
  passes.addPass(createMergeReports());
  passes.addPass(createRequireExtents());
  passes.addPass(createStreamRows(options.streaming));
  passes.addPass(createBlockContractions({hints}));
  passes.addPass(createPlaceScalars());
  passes.addPass(createFormKernels({hints}));
  passes.addPass(createGraphToKernel({hints}));
  passes.addPass(createCanonicalizerPass(structured));
  passes.addPass(createCSEPass());
  passes.addPass(createJoinSums());
  passes.addPass(createAssignExecutors({options.executor})); // while a function of math still counts as one
  passes.addPass(createExposeStages());
  passes.addPass(createBufferize({hints}));
  passes.addPass(createMergeKernels()); // while kernels are short
  passes.addPass(createExpandMath());
  passes.addPass(createCanonicalizerPass(structured));
  passes.addPass(createCSEPass());
  if (options.interleave)
    passes.addPass(createInterleaveCalls()); // where places in memory are constants
}

namespace {

struct PipelineOptions : PassPipelineOptions<PipelineOptions> {
  ListOption<std::string> hints{*this, "hints", llvm::cl::desc("likely extents of dimensions, each NAME=NUMBER; 32 without")};
  Option<std::string> executor{*this, "executor", llvm::cl::desc("auto, or loops or halide for every call"), llvm::cl::init("auto")};
  Option<bool> interleave{*this, "interleave", llvm::cl::desc("whether kernels take turns chunk by chunk"), llvm::cl::init(true)};
};

} // namespace

void registerFusePipeline() {
  PassPipelineRegistration<PipelineOptions>("fuse", "graph to kernels, tensors to planned memory", [](OpPassManager &passes, const PipelineOptions &options) {
    addFusePasses(passes, {std::vector<std::string>(options.hints.begin(), options.hints.end()), options.executor, options.interleave});
  });
}

} // namespace costate::fuse
