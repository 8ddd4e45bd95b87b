// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/fuse/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace costate::fuse {

void addFusePasses(OpPassManager &passes, const FuseOptions &options) {
  SmallVector<std::string> hints(options.hints.begin(), options.hints.end());
  passes.addPass(createSymbolDCEPass()); // functions that requests alone have called
  passes.addPass(createExpandGraph());
  passes.addPass(createSimplifyGraph());
  passes.addPass(createPlaceScalars());
  passes.addPass(createFormKernels({hints}));
  passes.addPass(createGraphToKernel({hints}));
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addPass(createAssignExecutors({options.executor})); // while a function of math still counts as one
  passes.addPass(createBufferize({hints}));
  passes.addPass(createExpandMath());
  passes.addPass(createMergeKernels());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
}

} // namespace costate::fuse
