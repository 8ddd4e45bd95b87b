// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/codegen/GenerateCode.h"

#include "costate/compiler/codegen/CInterface.h"
#include "costate/compiler/codegen/EmitDescriptor.h"
#include "costate/compiler/codegen/HostObject.h"
#include "costate/compiler/codegen/Passes.h"
#include "costate/dialects/kernel/Kernel.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

#include <atomic>
#include <chrono>
#include <map>
#include <thread>

using namespace mlir;

namespace costate::codegen {

namespace {

class Timer {
public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); }

private:
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
};

template <typename T>
std::string print(T op) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  op->print(stream, OpPrintingFlags().useLocalScope());
  return text;
}

/// Kernels that Halide runs get the name of their content, so that equal ones are one; the names are the symbols of the objects.
LogicalResult nameKernelsByContent(ModuleOp module, const Target &target, std::map<std::string, kernel::DefineOp> &kernels) {
  llvm::DenseSet<StringRef> called;
  module.walk([&](kernel::CallOp call) {
    if (call.getExecutor() == kernel::Executor::Halide)
      called.insert(call.getCallee());
  });
  SymbolTable symbols(module);
  for (auto define : llvm::make_early_inc_range(module.getOps<kernel::DefineOp>())) {
    if (!called.contains(define.getSymName()))
      continue;
    StringAttr old = define.getSymNameAttr();
    define.setSymName("kernel");
    std::string name = contentKey({compilerIdentity(), target.key(), print(define)});
    define.setSymNameAttr(old);
    if (failed(SymbolTable::replaceAllSymbolUses(old, StringAttr::get(module.getContext(), name), module)))
      return define.emitError("requires uses of the kernel that can be renamed");
    if (kernels.try_emplace(name, define).second)
      define.setSymName(name);
    else
      define.erase();
  }
  return success();
}

FailureOr<std::string> compileHost(ModuleOp module, const ModelDescription &model, const CInterface &interface, const CodegenOptions &options) {
  std::string key = contentKey({"host", compilerIdentity(), options.target.key(), std::to_string(options.optimize), model.name, print(module)});
  if (options.cache)
    if (std::optional<std::string> object = options.cache->find(key))
      return *object;
  PassManager passes(module.getContext());
  addHostPasses(passes);
  if (failed(passes.run(module)))
    return failure();
  registerBuiltinDialectTranslation(*module.getContext());
  registerLLVMDialectTranslation(*module.getContext());
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> code = translateModuleToLLVMIR(module, context, model.name);
  if (!code)
    return module.emitError("cannot translate host code to LLVM IR");
  for (llvm::Function &function : *code)
    if (!function.isDeclaration())
      function.setLinkage(llvm::GlobalValue::InternalLinkage);
  interface.emitFunctions(*code, emitDescriptor(model, options.target, *code));
  absl::StatusOr<std::string> object = emitObject(*code, options.target, options.optimize);
  if (!object.ok())
    return module.emitError(std::string(object.status().message()));
  if (options.cache)
    (void)options.cache->store(key, *object);
  return std::move(*object);
}

} // namespace

FailureOr<Package> generateCode(ModuleOp module, StringRef name, const CodegenOptions &options, CodegenStatistics *statistics) {
  CodegenStatistics ignored;
  CodegenStatistics &numbers = statistics ? *statistics : ignored;
  module.getContext()->loadDialect<graph::GraphDialect>(); // static shapes become dimensions too
  FailureOr<ModelDescription> model = describeModel(module, name);
  if (failed(model))
    return failure();
  std::map<std::string, kernel::DefineOp> kernels;
  if (failed(nameKernelsByContent(module, options.target, kernels)))
    return failure();

  Timer kernelTimer;
  Package package;
  package.name = name.str();
  std::vector<std::string> kernelNames;
  for (auto &[symbol, define] : kernels)
    kernelNames.push_back(symbol);
  numbers.kernels = kernels.size();
  numbers.kernelSeconds = kernelTimer.seconds();

  Timer hostTimer;
  CInterface interface(*model);
  FailureOr<std::string> host = compileHost(module, *model, interface, options);
  if (failed(host))
    return failure();
  package.objects.insert(package.objects.begin(), Member{package.name + ".o", std::move(*host)});
  numbers.hostSeconds = hostTimer.seconds();

  package.header = interface.header();
  package.manifest = writeManifest(*model, options.target, kernelNames);
  return package;
}

} // namespace costate::codegen
