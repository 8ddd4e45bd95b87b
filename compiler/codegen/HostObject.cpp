// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/codegen/HostObject.h"

#include "costate/compiler/codegen/StatusConversion.h"

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

/// LLVM's pipelines spend most of their time on what host code does not have: calls to inline, branches to thread, memory to follow. Of their passes these
/// leave steps as fast as -O2 does, in less than half of its time, and instructions are selected faster, for there are fewer. Only loops of a few iterations
/// are unrolled: the ten exponentials of a row, each written out, took a third of the time for nothing that was measured.
static std::string pipelineOf(int optimize) {
  if (optimize == 0 || optimize == 3)
    return absl::StrCat("default<O", optimize, ">");
  const char *combine = "instcombine<no-verify-fixpoint>,"; // as LLVM's pipelines have it; to verify is to abort
  const char *vectorize = "loop-vectorize,loop-unroll<full-unroll-max=8;no-partial;no-runtime;no-peeling>,slp-vectorizer,";
  return absl::StrCat("function(sroa,early-cse,simplifycfg,", combine, "loop-mssa(loop-rotate,licm),gvn,loop(loop-idiom,indvars),",
                      optimize == 2 ? vectorize : "", combine, "simplifycfg)");
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
  tuning.LoopVectorization = tuning.SLPVectorization = true; // of -O3
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
  llvm::ModulePassManager passes;
  if (llvm::Error error = builder.parsePassPipeline(passes, pipelineOf(optimize)))
    return toStatus(std::move(error), "cannot make LLVM's pipeline");
  passes.run(module, modules);
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
