// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/pipeline/Pipeline.h"

#include "costate/compiler/codegen/Passes.h"
#include "costate/compiler/codegen/Target.h"
#include "costate/compiler/differentiate/Passes.h"
#include "costate/compiler/fuse/Passes.h"
#include "costate/compiler/pipeline/Contracts.h"
#include "costate/compiler/schedule/Passes.h"
#include "costate/dialects/Dialects.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/Extensions/InlinerExtension.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>

using namespace mlir;

namespace costate {

void registerDialects(DialectRegistry &registry) {
  registerAllDialects(registry);
  registry.insert<affine::AffineDialect, arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect, LLVM::LLVMDialect,
                  math::MathDialect, memref::MemRefDialect, scf::SCFDialect, tensor::TensorDialect, ub::UBDialect>();
  func::registerInlinerExtension(registry);
}

void registerPasses() {
  codegen::registerCodegenPasses();
  differentiate::registerDifferentiatePasses();
  fuse::registerFusePasses();
  fuse::registerFusePipeline();
  schedule::registerSchedulePasses();
}

std::map<std::string, int64_t> likelyExtents(ModuleOp module, const Options &options) {
  std::map<std::string, int64_t> likely = options.hints;
  if (auto given = module->getAttrOfType<DictionaryAttr>("optim.hints"))
    for (NamedAttribute hint : given)
      if (auto extent = dyn_cast<IntegerAttr>(hint.getValue()))
        likely.try_emplace(hint.getName().str(), extent.getInt());
  return likely;
}

static void addFusePasses(OpPassManager &passes, ModuleOp module, const Options &options) {
  fuse::FuseOptions fuseOptions;
  for (auto &[name, value] : likelyExtents(module, options))
    fuseOptions.hints.push_back(name + "=" + std::to_string(value));
  if (options.optimize == 0)
    fuseOptions.executor = "loops";
  fuseOptions.interleave = !options.trace; // times are those of whole kernels
  fuse::addFusePasses(passes, fuseOptions);
}

static void addPasses(OpPassManager &passes, ModuleOp module, Phase phase, const Options &options) {
  absl::StatusOr<codegen::Target> target = codegen::Target::named(options.target);
  switch (phase) {
  case Phase::Import:
    return;
  case Phase::Solve:
    return;
  case Phase::Differentiate:
    passes.addPass(differentiate::createExpandRequests());
    passes.addPass(createCanonicalizerPass(GreedyRewriteConfig().setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled)));
    passes.addPass(createCSEPass());
    passes.addNestedPass<func::FuncOp>(differentiate::createDropCarries());
    return;
  case Phase::Fuse:
    return addFusePasses(passes, module, options);
  case Phase::Schedule: {
    schedule::AssignSchedulesOptions rules;
    if (target.ok())
      rules.vectorBytes = target->vectorBytes();
    rules.tileRows = options.schedules.tileRows;
    rules.tileVectors = options.schedules.tileVectors;
    rules.panelTiles = options.schedules.panelTiles;
    rules.taskOperations = options.schedules.taskOperations;
    if (!options.scheduleFile.empty())
      passes.addPass(schedule::createReplaySchedules({options.scheduleFile}));
    passes.addPass(schedule::createAssignSchedules(rules));
    return;
  }
  case Phase::Codegen:
    return codegen::addHostPasses(passes, target.ok() && target->hasFma(), options.trace);
  }
}

LogicalResult Pipeline::runPasses(ModuleOp module, Phase phase) {
  PassManager passes(module.getContext());
  passes.enableVerifier();
  addPasses(passes, module, phase, options);
  return passes.run(module);
}

LogicalResult Pipeline::callHooks(const std::vector<std::pair<Phase, Hook>> &hooks, Phase phase, ModuleOp module) {
  for (auto &[at, hook] : hooks)
    if (at == phase && failed(hook(phase, module)))
      return failure();
  return success();
}

LogicalResult Pipeline::dump(ModuleOp module, Phase phase) {
  if (options.dumpDirectory.empty())
    return success();
  std::string path = options.dumpDirectory + "/" + std::to_string(static_cast<int>(phase)) + "-" + phaseName(phase) + ".mlir";
  std::error_code code = llvm::sys::fs::create_directories(options.dumpDirectory);
  if (!code) {
    llvm::raw_fd_ostream stream(path, code);
    if (!code)
      module.print(stream, OpPrintingFlags().enableDebugInfo(false));
  }
  if (code)
    return module.emitError() << "cannot write '" << path << "': " << code.message();
  return success();
}

LogicalResult Pipeline::run(ModuleOp module, Phase from, Phase to) {
  seconds.clear();
  for (Phase phase : allPhases) {
    if (phase < from || phase > to)
      continue;
    auto start = std::chrono::steady_clock::now();
    if (failed(callHooks(before, phase, module)) || failed(runPasses(module, phase)) || failed(checkContract(module, phase)))
      return failure();
    bool hooked = llvm::any_of(after, [&](auto &hook) { return hook.first == phase; });
    if (hooked && (failed(callHooks(after, phase, module)) || failed(checkContract(module, phase))))
      return failure();
    seconds.emplace_back(phase, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    if (failed(dump(module, phase)))
      return failure();
  }
  return success();
}

} // namespace costate
