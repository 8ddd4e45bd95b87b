// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/api/Compiler.h"

#include "costate/compiler/codegen/CInterface.h"
#include "costate/compiler/codegen/GenerateCode.h"
#include "costate/compiler/pipeline/Pipeline.h"
#include "costate/dialects/graph/CNames.h"
#include "costate/dialects/graph/Dimensions.h"
#include "costate/dialects/graph/Graph.h"
#include "costate/dialects/optim/Optim.h"
#include "costate/frontends/Diagnostics.h"
#include "costate/frontends/Importer.h"
#include "costate/frontends/ModelFile.h"
#include "costate/runtime/Status.h"

#include "absl/strings/str_cat.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/Path.h"
#include <nlohmann/json.hpp>

#include <chrono>
#include <set>
#include <thread>

namespace costate {

namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// A context for one compilation, whose diagnostics become text.
class Compilation {
public:
  Compilation(const ModelSource &source, const Session &session)
      : source(source), session(session), extensions(session.plugins().languageExtensions()),
        context(registry(), mlir::MLIRContext::Threading::DISABLED), stream(messages), printer(context, stream) {
    for (const LanguageExtension &extension : extensions)
      for (const StandardFile &file : extension.modules)
        printer.addSource(file.name, file.text);
    printer.addSource(source.name, source.text, source.imports);
    context.printOpOnDiagnostic(false); // a place in the model says more than an op in generic form
    session.plugins().loadDialects(context);
  }

  bool isIr() const { return llvm::StringRef(source.name).ends_with(".mlir"); }
  mlir::OwningOpRef<mlir::ModuleOp> import(Subject subject = Subject::Model) {
    // A file of schedules that cannot be read is the user's mistake, as a model is.
    if (const std::string &file = session.options().scheduleFile; !file.empty() && !mlir::parseSourceFile<mlir::ModuleOp>(file, &context)) {
      mlir::emitError(mlir::UnknownLoc::get(&context)) << "requires a file of kernels with schedules, but cannot read '" << file << "' as one";
      return {};
    }
    if (isIr())
      return mlir::parseSourceString<mlir::ModuleOp>(source.text, &context, source.name);
    mlir::OwningOpRef<mlir::ModuleOp> module =
        importModel(source.text, source.name, context,
                    {session.options().real == Real::F64, session.options().model, subject == Subject::Checks, extensions, source.imports,
                     nullptr, session.options().watch});
    if (module && failed(checkHints(*module)))
      return {};
    if (module)
      rememberHints(*module);
    return module;
  }
  /// The phases, with the hooks of plugins.
  Pipeline pipeline() const {
    Pipeline phases(session.options());
    session.plugins().addHooks(phases);
    return phases;
  }
  std::unique_ptr<ModelFile> read() {
    Diagnostics diagnostics(context);
    return readModelFile(source.text, source.name, diagnostics, source.imports);
  }
  absl::Status userError() { return absl::InvalidArgumentError(take()); }
  absl::Status internalError() { return absl::InternalError(take()); }

private:
  /// A hint for a dimension that no entry has would be without effect.
  mlir::LogicalResult checkHints(mlir::ModuleOp module) {
    std::set<std::string> names;
    for (auto function : module.getOps<mlir::func::FuncOp>())
      for (unsigned argument = 0; argument < function.getNumArguments(); ++argument)
        if (auto dims = function.getArgAttrOfType<mlir::ArrayAttr>(argument, graph::kDimsAttr); dims && function->hasAttr("optim.entry"))
          for (auto dim : dims.getAsRange<graph::DimAttr>())
            dim.walkSymbols([&](llvm::StringRef name) { names.insert(name.str()); });
    for (const auto &[name, extent] : session.options().hints)
      if (!names.contains(name)) {
        auto given = module->getAttrOfType<mlir::StringAttr>("optim.model");
        return mlir::emitError(mlir::UnknownLoc::get(&context)) << "model '" << (given ? given.getValue() : source.name) << "' has no dimension '" << name << "'; it has "
                                                                << runtime::listNames(std::vector(names.begin(), names.end()));
      }
    return mlir::success();
  }
  /// For what reads the module later: its manifest names them.
  void rememberHints(mlir::ModuleOp module) {
    mlir::Builder builder(module.getContext());
    mlir::NamedAttrList hints;
    for (const auto &[name, extent] : likelyExtents(module, session.options()))
      hints.append(name, builder.getI64IntegerAttr(extent));
    if (!hints.empty())
      module->setAttr("optim.hints", hints.getDictionary(module.getContext()));
  }
  static const mlir::DialectRegistry &registry() {
    static const mlir::DialectRegistry dialects = [] {
      mlir::DialectRegistry all;
      registerDialects(all);
      return all;
    }();
    return dialects;
  }
  std::string take() {
    while (!messages.empty() && messages.back() == '\n')
      messages.pop_back();
    return std::move(messages);
  }

  const ModelSource &source;
  const Session &session;
  std::vector<LanguageExtension> extensions;
  mlir::MLIRContext context;
  std::string messages;
  llvm::raw_string_ostream stream;
  DiagnosticPrinter printer;
};

constexpr llvm::StringLiteral checkAttribute = "optim.check";

std::vector<mlir::func::FuncOp> checksOf(mlir::ModuleOp module) {
  std::vector<mlir::func::FuncOp> checks;
  for (auto function : module.getOps<mlir::func::FuncOp>())
    if (function->hasAttr(checkAttribute))
      checks.push_back(function);
  return checks;
}

/// A model is compiled without its checks.
void keepModel(mlir::ModuleOp module) {
  for (mlir::func::FuncOp check : checksOf(module))
    check.erase();
}

/// Checks become the entries; what they do not call is dropped later, as any private function.
void keepChecks(mlir::ModuleOp module) {
  mlir::Builder builder(module.getContext());
  for (auto function : module.getOps<mlir::func::FuncOp>())
    if (function->removeAttr("optim.entry"))
      function.setPrivate();
  for (mlir::func::FuncOp check : checksOf(module)) {
    check->setAttr("optim.entry", builder.getUnitAttr());
    for (unsigned result = 0; result < check.getNumResults(); ++result) {
      std::string name = (result % 2 == 0 ? "actual." : "expected.") + std::to_string(result / 2);
      check.setResultAttr(result, "optim.role", builder.getStringAttr("output"));
      check.setResultAttr(result, "optim.name", builder.getStringAttr(name));
    }
  }
}

/// Leaves code to be made for the entries in `wanted` alone: what others compute becomes zeros, so that the phases have nothing to do for them, and see
/// their signatures. The descriptor does not depend on what is wanted.
void deferEntries(mlir::ModuleOp module, const std::set<std::string> &wanted) {
  std::vector<mlir::func::FuncOp> others;
  bool isAnyWanted = false;
  for (auto function : module.getOps<mlir::func::FuncOp>())
    if (function->hasAttr(optim::kEntryAttr)) {
      if (wanted.contains(function.getName().str()))
        isAnyWanted = true;
      else
        others.push_back(function);
    }
  if (!isAnyWanted)
    return;
  for (mlir::func::FuncOp entry : others) {
    mlir::Block &block = entry.getBody().front();
    std::vector<graph::Dims> shapes;
    graph::Dimensions dimensions;
    for (mlir::Value result : block.getTerminator()->getOperands())
      shapes.push_back(dimensions.of(result));
    block.clear();
    auto b = mlir::OpBuilder::atBlockEnd(&block);
    llvm::SmallVector<mlir::Value> results;
    for (auto [number, type] : llvm::enumerate(entry.getResultTypes())) {
      if (auto tied = entry.getResultAttrOfType<mlir::IntegerAttr>(number, optim::kTiedAttr)) {
        results.push_back(entry.getArgument(tied.getInt()));
        continue;
      }
      mlir::Type element = mlir::cast<mlir::RankedTensorType>(type).getElementType();
      auto zero = mlir::DenseElementsAttr::get(mlir::RankedTensorType::get({}, element), b.getZeroAttr(element));
      results.push_back(graph::ConstantOp::create(b, entry.getLoc(), zero));
      if (!shapes[number].empty())
        results.back() = graph::BroadcastInDimOp::create(b, entry.getLoc(), type, results.back(), llvm::ArrayRef<int64_t>(),
                                                         graph::toArrayAttr(module.getContext(), shapes[number]));
    }
    mlir::func::ReturnOp::create(b, entry.getLoc(), results);
    entry->setAttr(optim::kDeferredAttr, b.getUnitAttr());
  }
}

/// Says in the manifest of code that was compiled with traces what the numbers of costate_trace_event.call mean.
void addCalls(std::string &manifest, const Explanation &explanation) {
  nlohmann::ordered_json json = nlohmann::ordered_json::parse(manifest), calls = nlohmann::ordered_json::array();
  for (const ExplainedEntry &entry : explanation.entries)
    for (const ExplainedCall &call : entry.calls)
      calls.push_back({{"entry", entry.name},
                       {"name", call.text.substr(0, call.text.find('('))},
                       {"executor", call.executor},
                       {"operations", call.operations},
                       {"bytes", call.bytes}});
  json["calls"] = std::move(calls);
  manifest = json.dump(2) + "\n";
}

/// The model's own name, else the file's, as a C identifier.
std::string modelName(mlir::ModuleOp module, const ModelSource &source) {
  std::string name;
  if (auto given = module->getAttrOfType<mlir::StringAttr>("optim.model"))
    name = given.str();
  else
    name = llvm::sys::path::stem(source.name).str();
  for (char &c : name)
    if (!llvm::isAlnum(c))
      c = '_';
  if (name.empty() || llvm::isDigit(name[0]) || graph::isReservedInC(name))
    name = "model_" + name;
  return name;
}

} // namespace

Session::Session(Options options, Plugins plugins, Externs externs)
    : chosen(std::move(options)), added(std::move(plugins)), functions(std::move(externs)) {
  if (chosen.threads <= 0)
    chosen.threads = std::max(1u, std::thread::hardware_concurrency());
}

absl::StatusOr<codegen::Package> Session::package(const ModelSource &source, CompileReport *report) const {
  CompileReport ignored;
  return package(source, Subject::Model, report ? *report : ignored);
}

absl::StatusOr<codegen::Package> Session::package(const ModelSource &source, Subject subject, CompileReport &numbers) const {
  double start = now();
  absl::StatusOr<codegen::Target> target = codegen::Target::named(chosen.target);
  if (!target.ok())
    return target.status();
  codegen::ObjectCache cache(chosen.cacheDirectory, chosen.cacheBytes);
  absl::StatusOr<PackageKey> key = packageKey(source, subject, chosen, added.identity(), codegen::compilerIdentity());
  if (!key.ok())
    return key.status();
  if (chosen.usesCachedPackages())
    if (std::optional<codegen::Package> package = key->find(cache)) {
      numbers.fromCache = true;
      numbers.total = now() - start;
      return std::move(*package);
    }

  Compilation compilation(source, *this);
  mlir::OwningOpRef<mlir::ModuleOp> module = compilation.import(subject);
  if (!module)
    return compilation.userError();
  subject == Subject::Model ? keepModel(*module) : keepChecks(*module);
  if (chosen.defersEntries())
    deferEntries(*module, chosen.entries);
  numbers.import = now() - start;
  std::string name = modelName(*module, source);
  Pipeline pipeline = compilation.pipeline();
  if (failed(pipeline.run(*module, chosen.from, Phase::Schedule)))
    return compilation.internalError();
  numbers.phases = now() - start - numbers.import;
  for (auto [phase, seconds] : pipeline.times())
    numbers.phaseSeconds.emplace_back(phaseName(phase), seconds);
  Explanation explanation;
  if (chosen.trace)
    explanation = explainDecisions(*module, likelyExtents(*module, chosen));
  codegen::CodegenStatistics statistics;
  mlir::FailureOr<codegen::Package> package = codegen::generateCode(
      *module, name, {*target, chosen.optimize, chosen.threads, cache.enabled() ? &cache : nullptr, chosen.trace}, &statistics);
  if (failed(package))
    return compilation.internalError();
  if (chosen.trace)
    addCalls(package->manifest, explanation);
  numbers.link = statistics.linkSeconds;
  numbers.code = now() - start - numbers.import - numbers.phases - numbers.link;
  numbers.kernels = statistics.kernels;
  numbers.cachedKernels = statistics.cachedKernels;
  numbers.halide = statistics.kernelSeconds;
  numbers.llvm = statistics.hostSeconds;
  if (cache.enabled())
    cache.store(key->own, package->serialize()).IgnoreError();
  numbers.total = now() - start;
  return std::move(*package);
}

absl::StatusOr<Executable> Session::compile(const ModelSource &source) const { return compile(source, Subject::Model); }

absl::StatusOr<Executable> Session::compile(const ModelSource &source, Subject subject) const {
  Session first = *this;
  EntrySource rest;
  if (chosen.defersEntries()) {
    first.chosen.entries.insert("init"); // which creating a handle calls
    rest = [session = *this, source, subject](const std::string &entry) mutable {
      session.chosen.entries = {entry};
      CompileReport ignored;
      return session.package(source, subject, ignored);
    };
  }
  CompileReport report;
  absl::StatusOr<codegen::Package> compiled = first.package(source, subject, report);
  if (!compiled.ok())
    return compiled.status();
  return Executable::load(*compiled, report, functions, std::move(rest));
}

absl::StatusOr<Executable> Session::compileFile(const std::string &path) const {
  absl::StatusOr<ModelSource> source = ModelSource::read(path);
  if (!source.ok())
    return source.status();
  return compile(*source);
}

absl::StatusOr<std::vector<ModelCheck>> Session::findChecks(const ModelSource &source) const {
  std::vector<ModelCheck> checks;
  Compilation compilation(source, *this);
  mlir::OwningOpRef<mlir::ModuleOp> module = compilation.import(Subject::Checks);
  if (!module)
    return compilation.userError();
  for (mlir::func::FuncOp check : checksOf(*module)) {
    ModelCheck &described = checks.emplace_back();
    described.title = check->getAttrOfType<mlir::StringAttr>(checkAttribute).str();
    described.entry = check.getName().str();
    auto tolerances = check->getAttrOfType<mlir::ArrayAttr>("optim.within").getAsValueRange<mlir::FloatAttr>();
    auto conditions = check->getAttrOfType<mlir::ArrayAttr>("optim.conditions").getAsValueRange<mlir::StringAttr>();
    auto areRelative = check->getAttrOfType<mlir::DenseBoolArrayAttr>("optim.relative").asArrayRef();
    for (auto [tolerance, isRelative, condition] : llvm::zip_equal(tolerances, areRelative, conditions))
      described.expectations.push_back({tolerance.convertToDouble(), isRelative, condition.str()});
  }
  if (checks.empty())
    return absl::NotFoundError(absl::StrCat("'", source.name, "' has no check blocks"));
  return checks;
}

absl::StatusOr<CheckProgram> Session::compileChecks(const ModelSource &source) const {
  absl::StatusOr<std::vector<ModelCheck>> checks = findChecks(source);
  if (!checks.ok())
    return checks.status();
  absl::StatusOr<Executable> code = compile(source, Subject::Checks);
  if (!code.ok())
    return code.status();
  return CheckProgram{std::move(*code), std::move(*checks)};
}

absl::StatusOr<codegen::Package> Session::packageChecks(const ModelSource &source) const {
  absl::StatusOr<std::vector<ModelCheck>> checks = findChecks(source);
  if (!checks.ok())
    return checks.status();
  CompileReport ignored;
  absl::StatusOr<codegen::Package> package = this->package(source, Subject::Checks, ignored);
  if (!package.ok())
    return package.status();
  auto manifest = nlohmann::ordered_json::parse(package->manifest);
  for (const ModelCheck &check : *checks) {
    auto expectations = nlohmann::ordered_json::array();
    for (const ModelCheck::Expectation &expectation : check.expectations)
      expectations.push_back({{"within", expectation.tolerance}, {"relative", expectation.isRelative}});
    manifest["checks"].push_back({{"title", check.title}, {"entry", check.entry}, {"expectations", expectations}});
  }
  package->manifest = manifest.dump(2, ' ', /*ensure_ascii=*/false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  return package;
}

absl::StatusOr<std::string> Session::modelFile(const ModelSource &source) const {
  Compilation compilation(source, *this);
  if (compilation.isIr())
    return absl::InvalidArgumentError(absl::StrCat("requires a model, but '", source.name, "' is IR"));
  std::unique_ptr<ModelFile> model = compilation.read();
  if (!model)
    return compilation.userError();
  return writeModelFile(*model);
}

absl::StatusOr<std::string> Session::lower(const ModelSource &source, Phase last) const {
  Compilation compilation(source, *this);
  mlir::OwningOpRef<mlir::ModuleOp> module = compilation.import();
  if (!module)
    return compilation.userError();
  keepModel(*module);
  if (failed(compilation.pipeline().run(*module, chosen.from, last)))
    return compilation.internalError();
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream);
  return text + "\n";
}

absl::StatusOr<Explanation> Session::explain(const ModelSource &source) const {
  Compilation compilation(source, *this);
  mlir::OwningOpRef<mlir::ModuleOp> module = compilation.import();
  if (!module)
    return compilation.userError();
  keepModel(*module);
  if (failed(compilation.pipeline().run(*module, chosen.from, Phase::Schedule)))
    return compilation.internalError();
  return explainDecisions(*module, likelyExtents(*module, chosen));
}

} // namespace costate
