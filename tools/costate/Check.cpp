// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// costate check: machine code against the reference interpreter. Both draw the parameters from the seed, then run every entry once on the first
// samples of the data, in f64. A step's new parameters and states depend on all its gradients, which the oracle has from its own tape.
#include "costate/compiler/api/Compiler.h"
#include "costate/compiler/pipeline/Pipeline.h"
#include "costate/frontends/Diagnostics.h"
#include "costate/frontends/Importer.h"
#include "costate/runtime/Descriptor.h"
#include "costate/runtime/data/Dataset.h"
#include "costate/tests/oracle/Oracle.h"
#include "costate/tools/costate/Commands.h"

#include "absl/strings/str_cat.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdio>
#include <deque>
#include <filesystem>

namespace costate::tool {

namespace {

struct CheckFlags {
  CompilerFlags compiler;
  DataFlags data;
  int64_t seed = 0, batch = 8;
  double within = 1e-9;
};

oracle::Kind kindOf(int32_t type) {
  switch (type) {
  case COSTATE_F32:
  case COSTATE_F64:
    return oracle::Kind::f64;
  case COSTATE_I32:
    return oracle::Kind::i32;
  case COSTATE_I64:
    return oracle::Kind::i64;
  case COSTATE_I8:
    return oracle::Kind::i8;
  case COSTATE_U8:
    return oracle::Kind::u8;
  case COSTATE_I1:
    return oracle::Kind::i1;
  case COSTATE_BF16:
    return oracle::Kind::bf16;
  default:
    return oracle::Kind::f16;
  }
}

oracle::Array toOracle(const void *data, int32_t type, llvm::ArrayRef<int64_t> shape) {
  oracle::Array array(kindOf(type), shape);
  runtime::withElementType(type, [&]<typename T>(T) {
    const T *elements = static_cast<const T *>(data);
    for (int64_t i = 0; i < array.size(); ++i)
      if (array.isReal())
        array.reals[i] = static_cast<double>(elements[i]);
      else
        array.integers[i] = static_cast<int64_t>(elements[i]);
  });
  return array;
}

/// The memory of results of one call.
struct ResultMemory {
  std::vector<std::vector<char>> bytes;
  std::vector<std::vector<int64_t>> shapes;
  std::vector<costate_array> arrays;

  ResultMemory(const costate_entry_info &entry, const std::vector<int64_t> &extents, int64_t place) {
    for (int64_t i = 0; i < entry.num_results; place += entry.results[i++].rank) {
      const costate_array_info &info = entry.results[i];
      if (info.role != COSTATE_METRIC && info.role != COSTATE_OUTPUT)
        continue;
      shapes.emplace_back(extents.begin() + place, extents.begin() + place + info.rank);
      bytes.emplace_back(costate_type_size(info.type) * oracle::count(shapes.back()));
    }
    for (int64_t i = 0, k = 0; i < entry.num_results; ++i) {
      const costate_array_info &info = entry.results[i];
      if (info.role != COSTATE_METRIC && info.role != COSTATE_OUTPUT)
        continue;
      arrays.push_back({bytes[k].data(), info.type, static_cast<int32_t>(info.rank), shapes[k].data()});
      ++k;
    }
  }
};

/// One model in both forms.
class Comparison {
public:
  Comparison(const CheckFlags &flags, mlir::ModuleOp module, costate_model *model, costate_dataset *data, runtime::ArrayFile *file, const Externs &externs)
      : flags(flags), module(module), model(model), info(*costate_model_get_info(model)), data(data), file(file),
        reference(module, optionsFor(model, externs)) {}

  /// Number of entries with a difference; prints a line a result.
  absl::StatusOr<int> run() {
    int failures = 0;
    for (int64_t i = 0; i < info.num_entries; ++i) {
      absl::StatusOr<bool> agrees = info.entries[i].name == llvm::StringRef("init") ? compareInit(info.entries[i]) : compareCall(info.entries[i]);
      if (!agrees.ok())
        return agrees.status();
      failures += !*agrees;
    }
    return failures;
  }

private:
  /// C functions of the program are the same on both sides.
  static oracle::Options optionsFor(costate_model *model, const Externs &externs) {
    oracle::Options options;
    options.findFunction = [&externs,
                            context = costate_model_context(model)](llvm::StringRef name) -> std::optional<oracle::ProgramFunction> {
      if (std::optional<Externs::Function> function = externs.find(name.str()))
        return oracle::ProgramFunction{function->address, context, function->data};
      return std::nullopt;
    };
    return options;
  }
  absl::Status error(int32_t code) { return runtimeStatus(code, costate_model_context(model)); }

  mlir::func::FuncOp function(const costate_entry_info &entry) { return module.lookupSymbol<mlir::func::FuncOp>(entry.name); }

  oracle::Array slot(int64_t index) {
    costate_array array;
    costate_model_array(model, info.slots[index].name, &array);
    return toOracle(array.data, array.type, {array.shape, static_cast<size_t>(array.rank)});
  }

  int64_t slotNamed(llvm::StringRef name) {
    for (int64_t i = 0; i < info.num_slots; ++i)
      if (info.slots[i].name == name)
        return i;
    return -1;
  }

  bool report(const char *entry, llvm::StringRef result, const oracle::Array &found, const oracle::Array &wanted) {
    std::string text = oracle::difference(found, wanted, flags.within, flags.within);
    std::printf("%s  %s: %s%s%s\n", text.empty() ? "pass" : "FAIL", entry, result.str().c_str(), text.empty() ? "" : ": ", text.c_str());
    return text.empty();
  }

  absl::StatusOr<bool> compareInit(const costate_entry_info &entry) {
    if (absl::Status status = error(costate_model_seed(model, flags.seed)); !status.ok())
      return status;
    mlir::FailureOr<std::vector<oracle::Array>> wanted = reference.run("init", {oracle::Array::of(oracle::Kind::i64, {}, std::vector<int64_t>{flags.seed})});
    if (failed(wanted))
      return absl::InternalError("the oracle cannot run entry 'init'");
    bool agrees = true;
    mlir::func::FuncOp init = function(entry);
    for (unsigned result = 0; result < init.getNumResults(); ++result) {
      auto name = init.getResultAttrOfType<mlir::StringAttr>(result, "optim.name");
      if (int64_t index = name ? slotNamed(name.getValue()) : -1; index >= 0)
        agrees &= report(entry.name, name.getValue(), slot(index), (*wanted)[result]);
    }
    return agrees;
  }

  absl::StatusOr<bool> compareCall(const costate_entry_info &entry) {
    // The arrays of the batch by the names of the arguments of `train_step`, for which the data was opened.
    std::vector<oracle::Array> inputs;
    std::vector<costate_array> arguments;
    std::vector<std::vector<int64_t>> shapes;
    shapes.reserve(entry.num_args);
    for (int64_t i = 0; i < entry.num_args; ++i) {
      const costate_array_info &argument = entry.args[i];
      switch (argument.role) {
      case COSTATE_PARAM:
      case COSTATE_STATE:
      case COSTATE_BUFFER:
        inputs.push_back(slot(argument.index));
        break;
      case COSTATE_HYPER: {
        double value = 0;
        costate_model_get(model, argument.name, &value);
        inputs.push_back(oracle::Array::scalar(kindOf(argument.type), value));
        break;
      }
      case COSTATE_SEED:
        inputs.push_back(oracle::Array::of(oracle::Kind::i64, {}, std::vector<int64_t>{flags.seed}));
        break;
      default: {
        runtime::Result<const runtime::Array *> found = arrayFor(argument);
        if (!found.ok())
          return absl::InvalidArgumentError(found.status().message());
        const runtime::Array *array = *found;
        if (!array)
          return absl::InvalidArgumentError(absl::StrCat("checking entry '", entry.name, "' requires data for '", argument.name,
                                                         "': give --data FILE, or `data \"FILE\"` in the model"));
        shapes.push_back(array->shape);
        arguments.push_back({const_cast<std::byte *>(array->data.data()), array->type, static_cast<int32_t>(array->shape.size()), shapes.back().data()});
        inputs.push_back(toOracle(array->data.data(), array->type, array->shape));
      }
      }
    }
    int64_t index = &entry - info.entries;
    std::vector<int64_t> dims(info.num_dims);
    if (absl::Status status = error(costate_model_bind(model, index, arguments.data(), arguments.size(), dims.data())); !status.ok())
      return status;
    if (absl::Status status = error(costate_model_reserve(model, dims.data())); !status.ok())
      return status;
    int64_t axes = 0, place = 0;
    for (int64_t i = 0; i < entry.num_args; ++i)
      place += entry.args[i].rank;
    axes = place;
    for (int64_t i = 0; i < entry.num_results; ++i)
      axes += entry.results[i].rank;
    std::vector<int64_t> extents(axes + 1);
    costate_entry_extents(&entry, dims.data(), extents.data());
    ResultMemory results(entry, extents, place);
    mlir::FailureOr<std::vector<oracle::Array>> wanted = reference.run(entry.name, inputs);
    if (failed(wanted))
      return absl::InternalError(absl::StrCat("the oracle cannot run entry '", entry.name, "'"));
    if (absl::Status status = error(costate_model_call(model, entry.name, arguments.data(), arguments.size(), results.arrays.data(), results.arrays.size()));
        !status.ok())
      return status;
    bool agrees = true;
    mlir::func::FuncOp source = function(entry);
    for (unsigned result = 0, untied = 0; result < source.getNumResults(); ++result) {
      if (auto tied = source.getResultAttrOfType<mlir::IntegerAttr>(result, "optim.tied")) {
        const costate_array_info &argument = entry.args[tied.getInt()];
        agrees &= report(entry.name, argument.name, slot(argument.index), (*wanted)[result]);
        continue;
      }
      const costate_array &array = results.arrays[untied++];
      auto name = source.getResultAttrOfType<mlir::StringAttr>(result, "optim.name");
      if (name && array.rank > 0) {
        auto *bytes = static_cast<const std::byte *>(array.data);
        runtime::Array &kept = resultOf[name.getValue()] = {array.type, {array.shape, array.shape + array.rank}, {}};
        kept.data = runtime::Buffer(oracle::count(kept.shape) * costate_type_size(array.type));
        std::copy_n(bytes, kept.data.size(), kept.data.data());
      }
      agrees &= report(entry.name, name ? name.getValue() : "result", toOracle(array.data, array.type, {array.shape, static_cast<size_t>(array.rank)}),
                       (*wanted)[result]);
    }
    return agrees;
  }

  /// Of the batch; else the first rows of what the file has under this name, or what another entry has made under it. A number that nobody gives is 1.
  /// Null where there is nothing.
  runtime::Result<const runtime::Array *> arrayFor(const costate_array_info &argument) {
    if (data) {
      const costate_entry_info &step = info.entries[costate_model_entry(model, "train_step")];
      for (int64_t i = 0, k = 0; i < step.num_args; ++i) {
        if (!runtime::isData(step.args[i].role))
          continue;
        if (step.args[i].name == llvm::StringRef(argument.name))
          return &data->arrays[k];
        ++k;
      }
    }
    runtime::Array array;
    if (file && llvm::is_contained(file->names(), argument.name)) {
      runtime::Result<runtime::Array> read = file->read(argument.name);
      if (!read.ok())
        return read.status();
      array = std::move(*read);
      if (argument.rank > 0 && argument.shape[0] < 0 && !array.shape.empty())
        array.shape[0] = std::min(array.shape[0], flags.batch);
    } else if (auto result = resultOf.find(argument.name); result != resultOf.end()) {
      return &result->second;
    } else if (argument.rank == 0) {
      array.type = COSTATE_F64;
      array.data = runtime::Buffer(sizeof(double));
      *reinterpret_cast<double *>(array.data.data()) = 1;
    } else {
      return nullptr;
    }
    runtime::Result<runtime::Array> converted = runtime::convertArray(std::move(array), argument.type, absl::StrCat("array '", argument.name, "'"));
    if (!converted.ok())
      return converted.status();
    return &made.emplace_back(std::move(*converted));
  }

  const CheckFlags &flags;
  mlir::ModuleOp module;
  costate_model *model;
  const costate_model_info &info;
  costate_dataset *data;
  runtime::ArrayFile *file;
  std::deque<runtime::Array> made;          // of what calls have got
  llvm::StringMap<runtime::Array> resultOf; // of entries before: `evaluate` makes rows for `summarize`
  oracle::Oracle reference;
};

int check(CheckFlags flags) {
  flags.compiler.real = "f64";
  absl::StatusOr<Session> session = flags.compiler.session();
  if (!session.ok())
    return report(session.status());
  absl::StatusOr<ModelSource> source = ModelSource::read(flags.compiler.model);
  if (!source.ok())
    return report(source.status());
  absl::StatusOr<Executable> executable = session->compile(*source);
  if (!executable.ok())
    return report(executable.status());
  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::MLIRContext mlirContext(registry, mlir::MLIRContext::Threading::DISABLED);
  DiagnosticPrinter printer(mlirContext, llvm::errs());
  printer.addSource(source->name, source->text, source->imports);
  session->plugins().loadDialects(mlirContext);
  mlir::OwningOpRef<mlir::ModuleOp> module =
      importModel(source->text, source->name, mlirContext,
                  {true, session->options().model, /*checksOnly=*/false, session->plugins().languageExtensions(), source->imports});
  // What a plugin makes of the program at its import is what both sides run.
  Pipeline pipeline(session->options());
  session->plugins().addHooks(pipeline);
  if (!module || failed(pipeline.run(*module, Phase::Import, Phase::Import)))
    return userError;

  absl::StatusOr<Context> context = createContext(1);
  if (!context.ok())
    return report(context.status());
  absl::StatusOr<Executable::Model> model = executable->createModel(context->get());
  if (!model.ok())
    return report(model.status());
  nlohmann::json manifest = nlohmann::json::parse(executable->manifest());
  flags.data.addDefault(*executable, flags.compiler.model);
  std::optional<runtime::ArrayFile> file;
  std::optional<costate_dataset> data;
  if (!flags.data.file.empty()) {
    runtime::Result<runtime::ArrayFile> opened = flags.data.open();
    if (!opened.ok())
      return report(opened.status());
    file = std::move(*opened);
  }
  if (int64_t step = costate_model_entry(model->get(), "train_step"); file && step >= 0) {
    runtime::Result<costate_dataset> batch = costate_dataset::open(executable->info(), executable->info().entries[step], *file, "train");
    if (!batch.ok())
      return report(batch.status());
    data = std::move(*batch);
    data->keepFirst(flags.batch);
  }
  absl::StatusOr<int> failures =
      Comparison(flags, *module, model->get(), data ? &*data : nullptr, file ? &*file : nullptr, session->externs()).run();
  if (!failures.ok())
    return report(failures.status());
  return *failures ? userError : success;
}

} // namespace

void addCheck(CLI::App &command, Action &action) {
  auto flags = std::make_shared<CheckFlags>();
  flags->compiler.addTo(command);
  flags->data.addTo(command, "Data file (default: the model's)");
  command.add_option("--batch", flags->batch, "Samples to run on")->check(integer(1))->capture_default_str();
  command.add_option("--seed", flags->seed, "Of parameters and draws")->check(integer())->capture_default_str();
  command.add_option("--within", flags->within, "Largest difference, relative and absolute")->check(positiveNumber())->capture_default_str();
  command.callback([flags, &action] { action = [flags] { return check(*flags); }; });
}

} // namespace costate::tool
