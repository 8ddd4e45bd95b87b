// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/tests/numeric/Executors.h"

#include "costate/compiler/api/LoadedLibrary.h"
#include "costate/compiler/codegen/GenerateCode.h"
#include "costate/compiler/fuse/Passes.h"
#include "costate/compiler/pipeline/Pipeline.h"
#include "costate/runtime/data/Array.h"
#include "costate/tests/schedules/RandomSchedule.h"

#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace costate::numeric {

using oracle::Array;

namespace {

/// The oracle on IR after a phase.
class Interpreted : public Program {
public:
  Interpreted(OwningOpRef<ModuleOp> owned, const Externs &externs)
      : module(std::move(owned)), functions(externs), interpreter(*module, optionsWith(functions)) {}

  FailureOr<std::vector<Array>> run(StringRef entry, ArrayRef<Array> inputs, ArrayRef<Array>, const llvm::StringMap<int64_t> &names) override {
    return interpreter.run(entry, inputs, names);
  }

private:
  OwningOpRef<ModuleOp> module;
  Externs functions;
  oracle::Oracle interpreter;
};

FailureOr<std::unique_ptr<Program>> interpret(ModuleOp imported, Phase phase, const Externs &externs) {
  OwningOpRef<ModuleOp> module = inF64(imported);
  if (failed(Pipeline(Options()).run(*module, Phase::Solve, phase)))
    return failure();
  return std::unique_ptr<Program>(std::make_unique<Interpreted>(std::move(module), externs));
}

//===----------------------------------------------------------------------===//
// Machine code
//===----------------------------------------------------------------------===//

template <typename T>
std::vector<char> packAs(const Array &array) {
  std::vector<char> bytes(std::max<size_t>(1, array.size() * sizeof(T))); // no null pointer for an empty array
  auto *data = reinterpret_cast<T *>(bytes.data());
  for (int64_t i = 0; i < array.size(); ++i)
    data[i] = array.isReal() ? T(array.reals[i]) : T(array.integers[i]);
  return bytes;
}

template <typename T>
void unpackAs(const std::vector<char> &bytes, Array &array) {
  auto *data = reinterpret_cast<const T *>(bytes.data());
  for (int64_t i = 0; i < array.size(); ++i) {
    if (array.isReal())
      array.reals[i] = double(data[i]);
    else
      array.integers[i] = int64_t(data[i]);
  }
}

/// Code in this process, called through a handle of the runtime.
class Compiled : public Program {
public:
  Compiled(std::unique_ptr<LoadedLibrary> code) : code(std::move(code)) { costate_context_create(1, &context); }
  ~Compiled() override {
    costate_model_destroy(model);
    costate_context_destroy(context);
  }

  FailureOr<std::vector<Array>> run(StringRef name, ArrayRef<Array> inputs, ArrayRef<Array> like, const llvm::StringMap<int64_t> &names) override {
    const costate_model_info *info = code->info();
    std::vector<int64_t> dims;
    for (int64_t i = 0; i < info->num_dims; ++i)
      dims.push_back(names.lookup(info->dim_names[i]));
    int32_t status = model ? costate_model_reserve(model, dims.data()) : costate_model_create(context, info, dims.data(), &model);
    if (status != COSTATE_OK)
      return fail();
    int64_t index = costate_model_entry(model, name.str().c_str());
    if (index < 0)
      return fail();
    const costate_entry_info &entry = info->entries[index];
    std::vector<Array> found;
    for (const Array &result : like)
      found.emplace_back(result.kind, result.shape);
    std::vector<std::vector<char>> buffers;
    std::vector<costate_array> arguments, results;
    auto add = [&](std::vector<costate_array> &list, const Array &array, int32_t type) {
      buffers.push_back(runtime::withElementType(type, [&](auto zero) { return packAs<decltype(zero)>(array); }));
      list.push_back({buffers.back().data(), type, int32_t(array.shape.size()), array.shape.data()});
    };
    for (auto [i, input] : llvm::enumerate(inputs))
      add(arguments, input, entry.args[i].type);
    for (auto [i, result] : llvm::enumerate(found))
      add(results, result, entry.results[i].type);
    if (costate_model_call(model, entry.name, arguments.data(), arguments.size(), results.data(), results.size()) != COSTATE_OK)
      return fail();
    for (auto [i, result] : llvm::enumerate(found))
      runtime::withElementType(entry.results[i].type, [&](auto zero) { unpackAs<decltype(zero)>(buffers[inputs.size() + i], result); });
    return found;
  }

private:
  LogicalResult fail() {
    llvm::errs() << costate_context_last_error(context) << "\n";
    return failure();
  }

  std::unique_ptr<LoadedLibrary> code;
  costate_context *context = nullptr;
  costate_model *model = nullptr;
};

/// Machine code in which every kernel is run by `executor`, "loops" or "halide". Kernels are scheduled by rule, or at random: what a schedule may
/// say is then drawn, the same in each run of a program. streaming: which values are computed in chunks of rows.
FailureOr<std::unique_ptr<Program>> compile(OwningOpRef<ModuleOp> module, StringRef executor, const Externs &externs, bool atRandom = false,
                                            const fuse::StreamRowsOptions &streaming = {}) {
  Options options;
  options.optimize = 1;
  Pipeline pipeline(options);
  fuse::FuseOptions fuseOptions;
  fuseOptions.executor = executor;
  fuseOptions.streaming = streaming;
  PassManager passes(module->getContext());
  fuse::addFusePasses(passes, fuseOptions);
  // Remarks of the passes are for people who read one program.
  ScopedDiagnosticHandler quiet(module->getContext(), [](Diagnostic &diagnostic) { return success(diagnostic.getSeverity() == DiagnosticSeverity::Remark); });
  if (failed(pipeline.run(*module, Phase::Solve, Phase::Differentiate)) || failed(passes.run(*module)))
    return failure();
  std::mt19937 random;
  if (atRandom)
    for (auto kernel : module->getOps<kernel::DefineOp>())
      tests::setRandomSchedule(kernel, random);
  if (failed(pipeline.run(*module, Phase::Schedule, Phase::Schedule)))
    return failure();
  codegen::CodegenOptions codegenOptions;
  absl::StatusOr<codegen::Target> target = codegen::Target::named("host");
  if (!target.ok())
    return module->emitError() << target.status().ToString();
  codegenOptions.target = *target;
  codegenOptions.optimize = options.optimize;
  FailureOr<codegen::Package> package = codegen::generateCode(*module, "program", codegenOptions);
  if (failed(package))
    return failure();
  absl::StatusOr<std::unique_ptr<LoadedLibrary>> code = LoadedLibrary::load(*package, externs);
  if (!code.ok())
    return module->emitError() << code.status().ToString();
  return std::unique_ptr<Program>(std::make_unique<Compiled>(std::move(*code)));
}

} // namespace

OwningOpRef<ModuleOp> inF64(ModuleOp module) {
  OwningOpRef<ModuleOp> wide(module.clone());
  Type f64 = Float64Type::get(module.getContext());
  AttrTypeReplacer replacer;
  replacer.addReplacement([&](Float32Type) -> Type { return f64; });
  replacer.addReplacement([&](DenseElementsAttr elements) -> std::optional<std::pair<Attribute, WalkResult>> {
    if (!elements.getElementType().isF32())
      return std::nullopt;
    SmallVector<llvm::APFloat> values;
    for (llvm::APFloat value : elements.getValues<llvm::APFloat>()) {
      bool inexact;
      value.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &inexact);
      values.push_back(value);
    }
    return std::make_pair(Attribute(DenseElementsAttr::get(elements.getType().clone(f64), values)), WalkResult::skip());
  });
  replacer.recursivelyReplaceElementsIn(*wide, /*replaceAttrs=*/true, /*replaceLocs=*/false, /*replaceTypes=*/true);
  return wide;
}

oracle::Options optionsWith(const Externs &externs) {
  oracle::Options options;
  options.findFunction = [&](StringRef name) -> std::optional<oracle::ProgramFunction> {
    if (std::optional<Externs::Function> function = externs.find(name.str()))
      return oracle::ProgramFunction{function->address, nullptr, function->data};
    return std::nullopt;
  };
  return options;
}

std::vector<Executor> allExecutors(bool compiled, bool random, const Externs &externs) {
  std::vector<Executor> executors{
      {"differentiated", false, false, [=](ModuleOp module) { return interpret(module, Phase::Differentiate, externs); }}};
  if (compiled) {
    auto asWritten = [](ModuleOp module) { return OwningOpRef<ModuleOp>(module.clone()); };
    executors.push_back({"loops in f64", false, false, [=](ModuleOp module) { return compile(inF64(module), "loops", externs); }});
    executors.push_back({"loops", true, false, [=](ModuleOp module) { return compile(asWritten(module), "loops", externs); }});
    executors.push_back({"halide", true, true, [=](ModuleOp module) { return compile(asWritten(module), "halide", externs); }});
    if (random) {
      constexpr fuse::StreamRowsOptions small{/*large=*/32, /*rows=*/2};
      executors.push_back(
          {"streamed", false, false, [=](ModuleOp module) { return compile(inF64(module), "loops", externs, false, small); }});
      executors.push_back(
          {"random schedules", true, true, [=](ModuleOp module) { return compile(asWritten(module), "halide", externs, true); }});
    }
  }
  return executors;
}

} // namespace costate::numeric
