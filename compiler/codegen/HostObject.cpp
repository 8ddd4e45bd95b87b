// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/codegen/HostObject.h"

#include "absl/strings/str_cat.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/IR/Verifier.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/Target/TargetOptions.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"
#include "llvm/Transforms/Utils/CodeExtractor.h"

#include <mutex>

namespace costate::codegen {

absl::StatusOr<std::unique_ptr<llvm::TargetMachine>> createTargetMachine(const Target &target, int optimize) {
  static std::once_flag registered;
  std::call_once(registered, [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
  });
  llvm::Triple triple(target.triple);
  std::string error;
  const llvm::Target *backend = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!backend)
    return absl::InternalError(absl::StrCat("cannot generate code for ", target.triple, ": ", error));
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  auto level = static_cast<llvm::CodeGenOptLevel>(optimize);
  std::unique_ptr<llvm::TargetMachine> machine(backend->createTargetMachine(triple, "x86-64", target.llvmFeatures(), options,
                                                                            llvm::Reloc::PIC_, llvm::CodeModel::Small, level));
  if (!machine)
    return absl::InternalError(absl::StrCat("cannot generate code for ", target.triple));
  return machine;
}

static llvm::OptimizationLevel pipelineLevel(int optimize) {
  switch (optimize) {
  case 0:
    return llvm::OptimizationLevel::O0;
  case 1:
    return llvm::OptimizationLevel::O1;
  case 2:
    return llvm::OptimizationLevel::O2;
  default:
    return llvm::OptimizationLevel::O3;
  }
}

/// Moves pieces of blocks that are long into functions of their own: LLVM selects instructions for a block as a whole, in a time that grows with the
/// square of its length, and the entry of a model with thousands of parameters is one block of calls.
static void cutLongBlocks(llvm::Module &module) {
  constexpr size_t kPiece = 1024, kLong = 8 * kPiece; // instructions
  llvm::SmallVector<llvm::BasicBlock *> longBlocks;
  for (llvm::Function &function : module)
    for (llvm::BasicBlock &block : function)
      if (block.size() > kLong)
        longBlocks.push_back(&block);
  for (llvm::BasicBlock *block : longBlocks) {
    llvm::SmallVector<llvm::BasicBlock *> pieces; // but the first, which may hold allocas and phis, and the last, which may return
    for (llvm::BasicBlock *rest = block; rest->size() > 2 * kPiece;) {
      rest = rest->splitBasicBlock(std::next(rest->begin(), kPiece));
      pieces.push_back(rest);
    }
    llvm::CodeExtractorAnalysisCache analyses(*block->getParent());
    for (llvm::BasicBlock *piece : llvm::ArrayRef(pieces).drop_back()) {
      llvm::CodeExtractor extractor(piece);
      if (extractor.isEligible())
        extractor.extractCodeRegion(analyses);
    }
  }
}

absl::StatusOr<std::string> emitObject(llvm::Module &module, const Target &target, int optimize) {
  absl::StatusOr<std::unique_ptr<llvm::TargetMachine>> machine = createTargetMachine(target, optimize);
  if (!machine.ok())
    return machine.status();
  module.setTargetTriple((*machine)->getTargetTriple());
  module.setDataLayout((*machine)->createDataLayout());
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", "x86-64");
    function.addFnAttr("target-features", target.llvmFeatures());
    function.addFnAttr("tune-cpu", target.isHost() ? llvm::sys::getHostCPUName() : "generic");
    // Without this LLVM halves the registers of a 512-bit machine for fear of a slower clock, which current ones do not have.
    function.addFnAttr("prefer-vector-width", std::to_string(8 * target.vectorBytes()));
    function.addFnAttr(llvm::Attribute::NoUnwind);
  }
  std::string problems;
  llvm::raw_string_ostream stream(problems);
  if (llvm::verifyModule(module, &stream))
    return absl::InternalError(absl::StrCat("generated LLVM IR does not verify: ", problems));

  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = tuning.SLPVectorization = optimize >= 2;
  tuning.LoopUnrolling = optimize >= 3; // the ten exponentials of a row, each written out, took a third of the time for nothing that was measured
  llvm::PassBuilder builder(machine->get(), tuning);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(pipelineLevel(optimize)).run(module, modules);
  cutLongBlocks(module);

  llvm::SmallString<0> object;
  llvm::raw_svector_ostream objectStream(object);
  llvm::legacy::PassManager emission;
  if ((*machine)->addPassesToEmitFile(emission, objectStream, nullptr, llvm::CodeGenFileType::ObjectFile))
    return absl::InternalError(absl::StrCat("cannot emit an object for ", target.triple));
  emission.run(module);
  return std::string(object);
}

} // namespace costate::codegen
