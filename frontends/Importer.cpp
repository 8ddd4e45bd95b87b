// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/frontends/Importer.h"

#include "costate/dialects/optim/Optim.h"
#include "costate/frontends/ModelElaborator.h"
#include "costate/frontends/ModelFile.h"
#include "costate/frontends/Parser.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/MathExtras.h"

namespace costate {

using namespace importer;
using namespace syntax;
using mlir::failed;
using mlir::failure;
using mlir::LogicalResult;
using mlir::success;

namespace importer {

Elaborator::Elaborator(mlir::ModuleOp module, Diagnostics &diagnostics, const ImportOptions &options)
    : b(module.getContext()), module(module), diagnostics(diagnostics), observer(options.observer), watch(options.watch), builtins(builtinTables()) {
  for (const LanguageExtension &extension : options.extensions)
    builtins.push_back(extension.builtins);
  mlir::MLIRContext *context = module.getContext();
  single = options.realIsF64 ? mlir::Type(mlir::Float64Type::get(context)) : mlir::Type(mlir::Float32Type::get(context));
  real = single;
  for (llvm::StringRef entry : {"init", "train_step", "evaluate", "predict"})
    functionNames[entry] = 1; // a fn of that name gets a number
}

/// A public function without arguments, whose results are pairs of an actual and an expected value.
LogicalResult Elaborator::elaborateCheck(const CheckDecl &check, unsigned number) {
  Building building(*this, FunctionScope::Entry, "check." + std::to_string(number), check.range, /*isPrivate=*/false);
  const Binding *scope = nullptr;
  for (const StmtPtr &statement : check.body.statements) {
    if (llvm::isa<ResultStmt>(*statement))
      return error(statement->range) << "requires a statement in a check, but found a value; write 'expect a ~= b within 1e-6'";
    if (failed(evaluateStatement(*statement, scope)))
      return failure();
  }
  if (current->expectations.empty())
    return error(check.range) << "requires an 'expect' in check \"" << check.title << "\"";
  std::vector<Value> results;
  llvm::SmallVector<mlir::Attribute> tolerances, conditions;
  llvm::SmallVector<bool> areRelative;
  for (const Expectation &expectation : current->expectations) {
    results.push_back(expectation.actual);
    results.push_back(expectation.expected);
    tolerances.push_back(b.builder.getF64FloatAttr(expectation.tolerance));
    areRelative.push_back(expectation.isRelative);
    conditions.push_back(b.builder.getStringAttr(expectation.condition));
  }
  mlir::func::FuncOp func = finish(makeList(std::move(results))).func;
  func->setAttr("optim.check", b.builder.getStringAttr(check.title));
  func->setAttr("optim.within", b.builder.getArrayAttr(tolerances));
  func->setAttr("optim.relative", b.builder.getDenseBoolArrayAttr(areRelative));
  func->setAttr("optim.conditions", b.builder.getArrayAttr(conditions));
  return success();
}

} // namespace importer

namespace {

/// The model that is wanted, or null where a file has none or none is.
llvm::FailureOr<const ModelDecl *> chooseModel(const File &file, Elaborator &elaborator, const ImportOptions &options) {
  std::vector<llvm::StringRef> names;
  for (const auto &model : file.models) {
    for (llvm::StringRef name : names)
      if (name == model->name.text)
        return elaborator.error(model->name.range) << "requires models of different names, but got '" << name << "' twice";
    names.push_back(model->name.text);
    if (options.model == model->name.text)
      return model.get();
  }
  if (names.empty() || (options.model.empty() && names.size() == 1))
    return names.empty() ? static_cast<const ModelDecl *>(nullptr) : file.models.front().get();
  if (options.checksOnly && options.model.empty())
    return static_cast<const ModelDecl *>(nullptr);
  Failure failure = elaborator.error(file.models[options.model.empty()]->name.range);
  if (options.model.empty())
    return std::move(failure) << "requires a choice among the models of the file: --model-name " << llvm::join(names, " or ");
  return std::move(failure) << "requires the name of a model of the file, " << llvm::join(names, " or ") << ", but got '" << options.model << "'";
}

LogicalResult importFile(const File &file, Elaborator &elaborator, const ImportOptions &options) {
  llvm::FailureOr<const ModelDecl *> model = chooseModel(file, elaborator, options);
  bool isRight = succeeded(model) && (!*model || succeeded(ModelElaborator(elaborator, **model).run()));
  if (!elaborator.explanations.empty()) {
    mlir::Builder builder(elaborator.module.getContext());
    llvm::SmallVector<llvm::StringRef> lines(elaborator.explanations.begin(), elaborator.explanations.end());
    elaborator.module->setAttr(optim::kProblemsAttr, builder.getStrArrayAttr(lines));
  }
  unsigned number = 0;
  for (const auto &check : file.checks)
    if (isRight || options.observer) // which is told of each
      isRight &= succeeded(elaborator.elaborateCheck(*check, number++));
  return success(isRight);
}

/// Every size in bytes is a 64-bit number from here on.
LogicalResult checkSizes(mlir::ModuleOp module) {
  constexpr int64_t most = int64_t(1) << 40;
  auto check = [](mlir::Value value) -> LogicalResult {
    auto type = mlir::dyn_cast<mlir::RankedTensorType>(value.getType());
    int64_t elements = 1;
    for (int64_t extent : type ? type.getShape() : llvm::ArrayRef<int64_t>())
      if (!mlir::ShapedType::isDynamic(extent) && llvm::MulOverflow(elements, extent, elements))
        elements = INT64_MAX;
    if (elements <= most)
      return success();
    graph::Dims dims;
    for (int64_t extent : type.getShape())
      dims.push_back(mlir::ShapedType::isDynamic(extent) ? graph::DimAttr::get(value.getContext(), "..") : graph::DimAttr::get(value.getContext(), extent));
    return mlir::emitError(value.getLoc()) << "requires tensors of at most 2**40 elements, but got " << typeName(type.getElementType(), dims);
  };
  mlir::WalkResult walk = module.walk([&](mlir::Operation *op) {
    for (mlir::Value result : op->getResults())
      if (failed(check(result)))
        return mlir::WalkResult::interrupt();
    for (mlir::Region &region : op->getRegions())
      for (mlir::Block &block : region)
        for (mlir::Value argument : block.getArguments())
          if (failed(check(argument)))
            return mlir::WalkResult::interrupt();
    return mlir::WalkResult::advance();
  });
  return failure(walk.wasInterrupted());
}

/// Arenas first, then entries, then the functions they use: the order in which one reads.
LogicalResult tidy(mlir::ModuleOp module) {
  mlir::PassManager passes(module.getContext(), mlir::ModuleOp::getOperationName());
  passes.enableVerifier(false);
  passes.addPass(mlir::createSymbolDCEPass());
  if (failed(passes.run(module)))
    return failure();
  llvm::SmallVector<mlir::Operation *> arenas, entries;
  for (mlir::Operation &op : *module.getBody()) {
    if (llvm::isa<optim::ArenaOp>(op))
      arenas.push_back(&op);
    else if (llvm::cast<mlir::func::FuncOp>(op).isPublic())
      entries.push_back(&op);
  }
  for (mlir::Operation *op : llvm::reverse(entries))
    op->moveBefore(module.getBody(), module.getBody()->begin());
  for (mlir::Operation *op : arenas) // they were made front to back, each in front of the last
    op->moveBefore(module.getBody(), module.getBody()->begin());
  return success();
}

/// A file of a library and its tree; the tree is null after a message.
struct LibraryFile {
  LibraryFile(const StandardFile &file, Diagnostics &diagnostics)
      : source(std::make_unique<SourceFile>(file.name, file.text)), tree(parse(*source, diagnostics)) {}
  std::unique_ptr<const SourceFile> source;
  std::unique_ptr<const File> tree;
};

/// The standard library, read by the first import of a process: an editor and a fuzzer import again and again, and an import changes no tree.
const std::vector<LibraryFile> &standardTrees(Diagnostics &diagnostics) {
  static const std::vector<LibraryFile> files = [&] {
    std::vector<LibraryFile> files;
    for (const StandardFile &file : standardLibrary())
      files.emplace_back(file, diagnostics);
    return files;
  }();
  return files;
}

} // namespace

mlir::OwningOpRef<mlir::ModuleOp> importModel(llvm::StringRef text, llvm::StringRef fileName, mlir::MLIRContext &context,
                                              const ImportOptions &options) {
  context.loadDialect<graph::GraphDialect, optim::OptimDialect, report::ReportDialect, mlir::func::FuncDialect, mlir::scf::SCFDialect>();
  Diagnostics diagnostics(context);
  std::unique_ptr<ModelFile> model = readModelFile(text, fileName, diagnostics, options.imports);
  std::optional<Diagnostics::Silence> isPart; // what is wrong with it has been said
  if (!model && options.observer && !isModelFile(text)) {
    model = readPart(text, fileName, diagnostics, options.imports);
    isPart.emplace(diagnostics);
  }
  if (!model)
    return {};
  auto module = mlir::OwningOpRef<mlir::ModuleOp>(
      mlir::ModuleOp::create(mlir::FileLineColLoc::get(&context, model->sources.front()->name(), 1, 1)));
  Elaborator elaborator(*module, diagnostics, options);
  if (failed(elaborator.addModel(*model)))
    return {};
  for (const LibraryFile &file : standardTrees(diagnostics))
    if (!file.tree || failed(elaborator.addLibraryFile(*file.tree, *file.source)))
      return {};
  std::vector<LibraryFile> extensions;
  for (const LanguageExtension &extension : options.extensions)
    for (const StandardFile &file : extension.modules) {
      extensions.emplace_back(file, diagnostics);
      if (!extensions.back().tree || failed(elaborator.addLibraryFile(*extensions.back().tree, *extensions.back().source)))
        return {};
    }
  if (failed(importFile(model->tree, elaborator, options)) || isPart || failed(tidy(*module)) || failed(checkSizes(*module)) ||
      failed(mlir::verify(*module)))
    return {};
  return module;
}

} // namespace costate
