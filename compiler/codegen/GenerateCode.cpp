// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/codegen/GenerateCode.h"

#include "costate/compiler/codegen/CInterface.h"
#include "costate/compiler/codegen/CompileKernels.h"
#include "costate/compiler/codegen/EmitDescriptor.h"
#include "costate/compiler/codegen/HashKernel.h"
#include "costate/compiler/codegen/HostObject.h"
#include "costate/compiler/codegen/Linker.h"
#include "costate/compiler/codegen/Passes.h"
#include "costate/compiler/codegen/WorkQueue.h"
#include "costate/dialects/kernel/Kernel.h"
#include "costate/dialects/optim/Optim.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

#include <algorithm>
#include <chrono>
#include <deque>
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

/// The objects of all kernels: from the cache where it has one, else compiled in tasks of a queue. No symbol is in two objects: an object from
/// the cache that holds a kernel that is there already is not taken.
class KernelObjects {
public:
  KernelObjects(const std::map<std::string, kernel::DefineOp> &kernels, const CodegenOptions &options, WorkQueue &queue,
                CodegenStatistics &statistics)
      : options(options), statistics(statistics) {
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
    if (!missing.empty())
      compilation.emplace(missing, CompileKernelsOptions{options.target.halide(), 0, kernelSymbolPrefix.str()}, queue);
  }

  /// Once the queue has finished.
  FailureOr<std::vector<KernelObject>> take() {
    if (!compilation)
      return std::move(objects);
    FailureOr<std::vector<KernelObject>> compiled = compilation->take();
    if (failed(compiled))
      return failure();
    statistics.kernelSeconds = compilation->seconds();
    for (KernelObject &object : *compiled) {
      if (options.cache)
        for (StringRef symbol : object.symbols)
          (void)options.cache->store(kernelKey(options, symbol.substr(kernelSymbolPrefix.size())), toCacheEntry(object));
      objects.push_back(std::move(object));
    }
    return std::move(objects);
  }

private:
  const CodegenOptions &options;
  CodegenStatistics &statistics;
  std::vector<KernelObject> objects;
  std::optional<KernelCompilation> compilation;
};

/// What `roots` reach, as a module of its own.
OwningOpRef<ModuleOp> extract(ModuleOp module, SymbolTable &symbols, std::vector<Operation *> roots) {
  OwningOpRef<ModuleOp> part = cast<ModuleOp>(module->cloneWithoutRegions());
  part->getBodyRegion().emplaceBlock();
  llvm::SetVector<Operation *> reached(roots.begin(), roots.end());
  for (size_t i = 0; i < reached.size(); ++i) {
    part->getBody()->push_back(reached[i]->clone());
    if (auto uses = SymbolTable::getSymbolUses(reached[i]))
      for (SymbolTable::SymbolUse use : *uses)
        if (Operation *definition = symbols.lookup(use.getSymbolRef().getRootReference()))
          reached.insert(definition);
  }
  return part;
}

/// The host code: an object of each entry, compiled in tasks of a queue, and one of what a user calls. An LLVM module lives in a context of
/// its own, because those of one context cannot be compiled at the same time.
class HostObjects {
public:
  HostObjects(const ModelDescription &model, const CodegenOptions &options, CodegenStatistics &statistics)
      : model(model), options(options), statistics(statistics) {}

  /// Brings `module` to LLVM IR, entry by entry, and adds the tasks.
  LogicalResult start(ModuleOp module, const CInterface &interface, WorkQueue &queue) {
    Timer timer;
    PassManager passes(module.getContext());
    addHostPasses(passes, options.target.hasFma(), options.trace);
    if (failed(passes.run(module)))
      return failure();
    registerBuiltinDialectTranslation(*module.getContext());
    registerLLVMDialectTranslation(*module.getContext());
    SymbolTable symbols(module);
    for (const EntryDescription &entry : model.entries)
      if (failed(addEntry(module, symbols, entry, queue)))
        return failure();
    Part &part = parts.emplace_back();
    part.name = model.name;
    part.code = std::make_unique<llvm::Module>(model.name, part.context);
    interface.emitFunctions(*part.code, emitDescriptor(model, options.target, *part.code));
    compile(part, std::min(options.optimize, 1));
    statistics.hostSeconds = timer.seconds();
    return success();
  }

  /// Once the queue has finished.
  FailureOr<std::vector<Member>> take(Location location) {
    std::vector<Member> members;
    for (Part &part : parts) {
      if (!part.object.ok())
        return emitError(location, std::string(part.object.status().message()));
      if (options.cache && !part.key.empty() && part.code)
        (void)options.cache->store(part.key, *part.object);
      statistics.hostSeconds += part.seconds;
      members.push_back({part.name + ".o", std::move(*part.object)});
    }
    std::rotate(members.begin(), members.end() - 1, members.end()); // what a user calls comes first
    return members;
  }

private:
  struct Part {
    std::string name, key;
    llvm::LLVMContext context;
    std::unique_ptr<llvm::Module> code; // null if the cache had the object
    absl::StatusOr<std::string> object;
    double seconds = 0;
  };

  LogicalResult addEntry(ModuleOp module, SymbolTable &symbols, const EntryDescription &entry, WorkQueue &queue) {
    std::vector<Operation *> roots;
    for (StringRef suffix : {"", ".workspace", ".extents"})
      if (Operation *function = symbols.lookup("entry." + entry.name + suffix.str());
          function && (!entry.isDeferred || suffix == ".extents"))
        roots.push_back(function);
    if (roots.empty())
      return success();
    OwningOpRef<ModuleOp> entryModule = extract(module, symbols, roots);
    // What takes nothing from the caller, as init, is not called once a step.
    bool once = llvm::none_of(entry.arguments, [](const ArrayDescription &argument) {
      return argument.role == COSTATE_INPUT || argument.role == COSTATE_TARGET || argument.role == COSTATE_ROWS || argument.role == COSTATE_DIM;
    });
    int optimize = once ? std::min(options.optimize, 1) : options.optimize;
    Part &part = parts.emplace_back();
    part.name = absl::StrCat(model.name, ".", entry.name);
    part.key = contentKey({"host", compilerIdentity(), options.target.key(), std::to_string(optimize), model.name, print(*entryModule)});
    if (options.cache)
      if (std::optional<std::string> object = options.cache->find(part.key)) {
        part.object = std::move(*object);
        return success();
      }
    part.code = translateModuleToLLVMIR(*entryModule, part.context, part.name);
    if (!part.code)
      return module.emitError("cannot translate host code to LLVM IR");
    llvm::SmallPtrSet<llvm::Function *, 4> visible;
    for (Operation *root : roots)
      visible.insert(part.code->getFunction(SymbolTable::getSymbolName(root).getValue()));
    for (llvm::Function &function : *part.code) {
      if (function.isDeclaration())
        continue;
      if (!visible.contains(&function)) {
        function.setLinkage(llvm::GlobalValue::InternalLinkage);
        continue;
      }
      function.setName(entrySymbol(model, function.getName()));
      function.setVisibility(llvm::GlobalValue::HiddenVisibility);
    }
    nameProgramFunctions(*part.code);
    queue.add(part.code->getInstructionCount(), [this, &part, optimize] { compile(part, optimize); });
    return success();
  }

  /// A function of the program gets the name that the program knows it by, which nothing in the module keeps from it; what goes with it belongs to the model.
  void nameProgramFunctions(llvm::Module &code) {
    for (const ExternDescription &description : model.externs) {
      std::string name = kernel::kProgramPrefix.str() + description.symbol;
      llvm::Function *function = code.getFunction(name);
      if (!function)
        continue;
      if (llvm::GlobalValue *other = code.getNamedValue(description.symbol))
        other->setName("private." + description.symbol);
      function->setName(description.symbol);
      llvm::GlobalVariable *data = code.getNamedGlobal(name + ".data");
      data->setName(entrySymbol(model, data->getName()));
      data->setVisibility(llvm::GlobalValue::HiddenVisibility);
    }
  }

  void compile(Part &part, int optimize) {
    Timer timer;
    part.object = emitObject(*part.code, options.target, optimize);
    part.seconds = timer.seconds();
  }

  const ModelDescription &model;
  const CodegenOptions &options;
  CodegenStatistics &statistics;
  std::deque<Part> parts; // which tasks refer to
};

} // namespace

/// The signature is all that counts of a deferred entry.
static void dropBodies(ModuleOp module) {
  for (func::FuncOp entry : entriesOf(module))
    if (entry->hasAttr(optim::kDeferredAttr)) {
      Block &block = entry.getBody().front();
      auto builder = OpBuilder::atBlockEnd(&block);
      block.clear();
      func::ReturnOp::create(builder, entry.getLoc());
    }
}

FailureOr<Package> generateCode(ModuleOp module, StringRef name, const CodegenOptions &options, CodegenStatistics *statistics) {
  CodegenStatistics ignored;
  CodegenStatistics &numbers = statistics ? *statistics : ignored;
  module.getContext()->loadDialect<graph::GraphDialect>(); // static shapes become dimensions too
  FailureOr<ModelDescription> model = describeModel(module, name);
  if (failed(model))
    return failure();
  dropBodies(module);
  if (options.target.hasFma()) {
    PassManager passes(module.getContext());
    passes.addPass(createFuseMultiplyAdds());
    if (failed(passes.run(module)))
      return failure();
  }
  FailureOr<std::map<std::string, kernel::DefineOp>> kernels = nameKernelsByContent(module);
  if (failed(kernels))
    return failure();

  CInterface interface(*model);
  HostObjects host(*model, options, numbers);
  WorkQueue queue(options.threads); // ends before what its tasks refer to
  KernelObjects compiledKernels(*kernels, options, queue, numbers);
  if (failed(host.start(module, interface, queue)))
    return failure();
  queue.finish();

  Package package;
  package.name = name.str();
  FailureOr<std::vector<Member>> hostMembers = host.take(module.getLoc());
  FailureOr<std::vector<KernelObject>> kernelMembers = compiledKernels.take();
  if (failed(hostMembers) || failed(kernelMembers))
    return failure();
  package.objects = std::move(*hostMembers);
  std::vector<std::string> symbols;
  for (auto [number, object] : llvm::enumerate(*kernelMembers)) {
    symbols.insert(symbols.end(), object.symbols.begin(), object.symbols.end());
    package.objects.push_back({absl::StrCat(package.name, ".kernels.", number, ".o"), std::move(object.bytes)});
  }
  Timer linking;
  absl::StatusOr<std::string> library = linkLibrary(package.name, package.objects);
  if (!library.ok())
    return module.emitError(std::string(library.status().message()));
  package.library = std::move(*library);
  numbers.linkSeconds = linking.seconds();
  package.header = interface.header();
  package.manifest = writeManifest(*model, options.target, symbols);
  return package;
}

} // namespace costate::codegen
