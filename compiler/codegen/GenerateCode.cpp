// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/codegen/GenerateCode.h"

#include "costate/compiler/codegen/CInterface.h"
#include "costate/compiler/codegen/CompileKernels.h"
#include "costate/compiler/codegen/EmitDescriptor.h"
#include "costate/compiler/codegen/HashKernel.h"
#include "costate/compiler/codegen/HostObject.h"
#include "costate/compiler/codegen/Passes.h"
#include "costate/dialects/kernel/Kernel.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

#include <chrono>
#include <map>
#include <set>

using namespace mlir;

namespace costate::codegen {

namespace {

class Timer {
public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(); }

private:
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
};

std::string print(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream, OpPrintingFlags().useLocalScope());
  return text;
}

/// The kernels that Halide runs, by name; each gets the name of its content, so that equal ones become one.
FailureOr<std::map<std::string, kernel::DefineOp>> nameKernelsByContent(ModuleOp module) {
  llvm::StringSet<> called;
  module.walk([&](kernel::CallOp call) {
    if (call.getExecutor() == kernel::Executor::Halide)
      called.insert(call.getCallee());
  });
  std::map<std::string, kernel::DefineOp> kernels;
  for (auto define : llvm::make_early_inc_range(module.getOps<kernel::DefineOp>())) {
    if (!called.contains(define.getSymName()))
      continue;
    std::string name = hashKernel(define);
    if (failed(SymbolTable::replaceAllSymbolUses(define, StringAttr::get(module.getContext(), name), module)))
      return define.emitError("requires uses of the kernel that can be renamed");
    if (kernels.try_emplace(name, define).second)
      define.setSymName(name);
    else
      define.erase();
  }
  return kernels;
}

std::string kernelKey(const CodegenOptions &options, StringRef kernel) {
  return contentKey({"kernel", compilerIdentity(), options.target.key(), kernel});
}

/// A cached kernel is the object that holds it, perhaps with others, behind the list of their symbols.
std::string toCacheEntry(const KernelObject &object) { return absl::StrCat(absl::StrJoin(object.symbols, "\n"), "\n\n", object.bytes); }

std::optional<KernelObject> fromCacheEntry(const std::string &entry) {
  size_t end = entry.find("\n\n");
  if (end == std::string::npos)
    return std::nullopt;
  return KernelObject{absl::StrSplit(entry.substr(0, end), '\n'), entry.substr(end + 2)};
}

/// An object for every kernel, from the cache where it has one. No symbol is in two objects: an object from the cache that holds a kernel that
/// is there already is not taken.
FailureOr<std::vector<KernelObject>> kernelObjects(const std::map<std::string, kernel::DefineOp> &kernels, const CodegenOptions &options,
                                                   CodegenStatistics &statistics) {
  std::vector<KernelObject> objects;
  std::set<std::string> covered;
  std::vector<kernel::DefineOp> missing;
  for (auto &[name, define] : kernels) {
    if (covered.contains(kernelSymbolPrefix.str() + name))
      continue;
    std::optional<KernelObject> object;
    if (options.cache)
      if (std::optional<std::string> entry = options.cache->find(kernelKey(options, name)))
        object = fromCacheEntry(*entry);
    if (object && llvm::none_of(object->symbols, [&](const std::string &symbol) { return covered.contains(symbol); })) {
      covered.insert(object->symbols.begin(), object->symbols.end());
      objects.push_back(std::move(*object));
    } else {
      missing.push_back(define);
    }
  }
  llvm::erase_if(missing, [&](kernel::DefineOp define) { return covered.contains((kernelSymbolPrefix + define.getSymName()).str()); });
  statistics.kernels = kernels.size();
  statistics.cachedKernels = kernels.size() - missing.size();
  if (missing.empty())
    return objects;
  CompileKernelsOptions compile;
  compile.target = options.target.halide();
  compile.threads = options.threads;
  compile.symbolPrefix = kernelSymbolPrefix.str();
  FailureOr<std::vector<KernelObject>> compiled = compileKernels(missing, compile);
  if (failed(compiled))
    return failure();
  for (KernelObject &object : *compiled) {
    if (options.cache)
      for (StringRef symbol : object.symbols)
        (void)options.cache->store(kernelKey(options, symbol.substr(kernelSymbolPrefix.size())), toCacheEntry(object));
    objects.push_back(std::move(object));
  }
  return objects;
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
  FailureOr<std::map<std::string, kernel::DefineOp>> kernels = nameKernelsByContent(module);
  if (failed(kernels))
    return failure();

  Package package;
  package.name = name.str();
  Timer kernelTimer;
  FailureOr<std::vector<KernelObject>> compiled = kernelObjects(*kernels, options, numbers);
  if (failed(compiled))
    return failure();
  std::vector<std::string> symbols;
  for (auto [number, object] : llvm::enumerate(*compiled)) {
    symbols.insert(symbols.end(), object.symbols.begin(), object.symbols.end());
    package.objects.push_back({absl::StrCat(package.name, ".kernels.", number, ".o"), std::move(object.bytes)});
  }
  numbers.kernelSeconds = kernelTimer.seconds();

  Timer hostTimer;
  CInterface interface(*model);
  FailureOr<std::string> host = compileHost(module, *model, interface, options);
  if (failed(host))
    return failure();
  package.objects.insert(package.objects.begin(), Member{package.name + ".o", std::move(*host)});
  numbers.hostSeconds = hostTimer.seconds();

  package.header = interface.header();
  package.manifest = writeManifest(*model, options.target, symbols);
  return package;
}

} // namespace costate::codegen
