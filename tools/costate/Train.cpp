// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// costate train: compiles the model, then epochs of batches through its entry `train_step`.
#include "costate/runtime/Trainer.h"
#include "costate/runtime/data/Dataset.h"
#include "costate/tools/costate/Commands.h"
#include "costate/tools/records/RunRecords.h"
#include "costate/tools/records/TraceFile.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include <nlohmann/json.hpp>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <optional>
#include <unistd.h>

namespace costate::tool {

namespace {

using runtime::Metric;
using runtime::Result;

struct TrainFlags {
  CompilerFlags compiler;
  HandleFlags handle;
  DataFlags data;
  std::string save, log, checkpoint, best, trace;
  std::optional<int64_t> epochs, batch;
  std::optional<double> split, validation;
  int64_t checkpointEvery = 0, patience = 0;
  records::RecordOptions records;
  bool noShuffle = false, json = false, resume = false;
};

/// The data of a run; all but `train` may be absent.
struct Splits {
  std::optional<costate_dataset> train, validation, test;
};

/// Does the file hold an array NAME_split for any array that the entry takes from the caller?
bool hasSplit(const runtime::ArrayFile &file, const costate_entry_info &entry, const char *split) {
  for (int64_t i = 0; i < entry.num_args; ++i)
    if (entry.args[i].role == COSTATE_INPUT || entry.args[i].role == COSTATE_TARGET)
      if (file.has(absl::StrCat(entry.args[i].name, "_", split)))
        return true;
  return false;
}

/// What the classes of a column of text are: "y: 0 = setosa, 1 = versicolor".
void printLabels(const runtime::ArrayFile &file, const costate_entry_info &entry) {
  for (int64_t i = 0; i < entry.num_args; ++i) {
    std::vector<std::string> labels = file.labels(entry.args[i].name);
    for (size_t k = 0; k < labels.size(); ++k)
      std::printf("%s%zu = %s%s", k ? ", " : absl::StrCat(entry.args[i].name, ": ").c_str(), k, labels[k].c_str(), k + 1 == labels.size() ? "\n" : "");
  }
}

Result<Splits> openData(const costate_model_info &info, const costate_entry_info &entry, const TrainFlags &flags, costate_context *context) {
  Result<runtime::ArrayFile> file = flags.data.open();
  if (!file.ok())
    return file.status();
  printLabels(*file, entry);
  Splits splits;
  auto open = [&](const char *split, std::optional<costate_dataset> &out) -> runtime::Status {
    Result<costate_dataset> dataset = costate_dataset::open(info, entry, *file, split);
    if (!dataset.ok())
      return dataset.status();
    out = std::move(*dataset);
    out->context = context;
    return out->samples ? runtime::Status() : runtime::invalidArgument('\'', flags.data.file, "': requires at least one sample, but has none");
  };
  auto takeOut = [&](const char *flag, double share, std::optional<costate_dataset> &out) -> runtime::Status {
    int64_t samples = splits.train->samples;
    out = splits.train->takeOut(share, flags.handle.seed);
    if (out->samples == 0 || splits.train->samples == 0)
      return runtime::invalidArgument('\'', flags.data.file, "': ", flag, " requires a share that leaves samples on both sides, but of ", samples, " samples ",
                                      out->samples ? "it takes all" : "it takes none");
    return {};
  };
  if (flags.split) {
    COSTATE_RETURN_IF_ERROR(open("", splits.train));
    COSTATE_RETURN_IF_ERROR(takeOut("--split", 1 - *flags.split, splits.test));
  } else {
    COSTATE_RETURN_IF_ERROR(open("train", splits.train));
    if (hasSplit(*file, entry, "test"))
      COSTATE_RETURN_IF_ERROR(open("test", splits.test));
  }
  if (flags.validation)
    COSTATE_RETURN_IF_ERROR(takeOut("--val", *flags.validation, splits.validation));
  return splits;
}

std::string line(const std::vector<Metric> &train, const std::vector<Metric> &validation, const std::vector<Metric> &test) {
  std::string text;
  for (const Metric &metric : train)
    absl::StrAppendFormat(&text, "  %s %.5g", metric.name, metric.value);
  for (const Metric &metric : validation)
    absl::StrAppendFormat(&text, "  val_%s %.5g", metric.name, metric.value);
  for (const Metric &metric : test)
    absl::StrAppendFormat(&text, "  test_%s %.5g", metric.name, metric.value);
  return text;
}

/// A line on stderr that is written over while an epoch runs; nothing where stderr is no terminal.
class Progress {
public:
  explicit Progress(int64_t perEpoch) : shown(isatty(STDERR_FILENO)), perEpoch(perEpoch) {}

  void step(const runtime::StepReport &at) {
    if (!shown || std::chrono::steady_clock::now() < next)
      return;
    next = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
    constexpr int width = 24;
    int done = perEpoch ? static_cast<int>(width * (at.batch + 1) / perEpoch) : width;
    std::fprintf(stderr, "\r[%s%s] epoch %lld  step %lld\x1b[K", std::string(done, '#').c_str(), std::string(width - done, '.').c_str(),
                 static_cast<long long>(at.epoch + 1), static_cast<long long>(at.step + 1));
  }
  void clear() {
    if (shown)
      std::fprintf(stderr, "\r\x1b[K");
  }

private:
  bool shown;
  int64_t perEpoch;
  std::chrono::steady_clock::time_point next{};
};

int64_t defaultOf(const nlohmann::json &manifest, const char *name, int64_t otherwise) {
  return manifest["defaults"].value(name, otherwise);
}

nlohmann::json number(double value) { return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr); }

int train(TrainFlags flags) {
  for (auto [given, flag, needed, needs] : {std::tuple(flags.resume, "--resume", !flags.checkpoint.empty(), "--checkpoint FILE"),
                                            std::tuple(flags.checkpointEvery > 0, "--checkpoint-every", !flags.checkpoint.empty(), "--checkpoint FILE"),
                                            std::tuple(!flags.best.empty(), "--best", flags.validation.has_value(), "--val SHARE"),
                                            std::tuple(flags.patience > 0, "--patience", flags.validation.has_value(), "--val SHARE")})
    if (given && !needed)
      return report(absl::InvalidArgumentError(absl::StrCat(flag, " requires ", needs)));
  flags.compiler.options.trace = !flags.trace.empty();
  flags.compiler.options.entries = {"prepare", "train_step"}; // until the first epoch ends
  flags.compiler.nextEntries = {"evaluate"};
  absl::StatusOr<Executable> executable = flags.compiler.compile();
  if (!executable.ok())
    return report(executable.status());
  std::optional<records::RunTrace> trace;
  if (!flags.trace.empty())
    trace.emplace(flags.trace);

  nlohmann::json manifest = nlohmann::json::parse(executable->manifest());
  const costate_model_info &info = executable->info();
  flags.data.addDefault(*executable, flags.compiler.model);
  if (flags.data.file.empty())
    return report(absl::InvalidArgumentError("training requires data: give --data FILE, or `data \"FILE\"` in the model"));

  absl::StatusOr<Handle> handle = flags.handle.create(*executable);
  if (!handle.ok())
    return report(handle.status());
  costate_model *model = handle->model.get();
  int64_t entry = costate_model_entry(model, "train_step");
  if (entry < 0)
    return report(absl::InvalidArgumentError(absl::StrCat("training requires a model with a loss to minimize, but '", info.name, "' has none")));
  Result<Splits> splits = openData(info, info.entries[entry], flags, handle->context.get());
  if (!splits.ok())
    return report(splits.status());

  runtime::TrainOptions options;
  options.epochs = flags.epochs.value_or(defaultOf(manifest, "epochs", 1));
  options.batch = flags.batch.value_or(defaultOf(manifest, "batch", 32));
  options.seed = flags.handle.seed;
  options.shuffle = !flags.noShuffle;
  options.log = flags.log;
  options.checkpoint = flags.checkpoint;
  options.checkpointEvery = flags.checkpointEvery;
  std::error_code unreadable; // what opening it says is better than what an exception would say
  options.resume = flags.resume && (std::filesystem::exists(flags.checkpoint, unreadable) || unreadable);
  if (flags.resume && !options.resume)
    std::printf("no checkpoint '%s' yet: starting from the beginning\n", flags.checkpoint.c_str());
  options.onResume = [&] { (void)flags.handle.setHypers(*handle); }; // as they were set before
  options.prepare = flags.handle.params.empty(); // a file of parameters has what it was prepared to
  options.best = flags.best;
  options.patience = flags.patience;
  options.interrupt = &interruptFlag();
  costate_dataset &data = *splits->train;
  const int64_t samples = std::clamp<int64_t>(options.batch, 1, data.samples), batchesAnEpoch = (data.samples + samples - 1) / samples;
  Progress progress(batchesAnEpoch);
  records::RunRecords records(model, flags.records, batchesAnEpoch);
  if (runtime::Status status = records.open(); !status.ok())
    return report(status);
  double firstStep = 0;
  options.onStep = [&](const runtime::StepReport &at) {
    if (firstStep == 0)
      firstStep = secondsSinceProcessStart();
    progress.step(at);
    records.step(at);
    if (trace)
      trace->step(at, at.batch + 1 == batchesAnEpoch);
  };
  options.onEpoch = [&](const runtime::EpochReport &at) {
    progress.clear();
    std::printf("epoch %lld/%lld%s  (%.3f s)\n", static_cast<long long>(at.epoch + 1), static_cast<long long>(options.epochs),
                line(at.train, at.validation, at.test).c_str(), at.seconds);
    std::fflush(stdout);
    if (trace) {
      trace->epoch(at);
      if (trace->isComplete()) {
        COSTATE_RETURN_IF_ERROR(trace->write(executable->report(), executable->manifest()));
        trace.reset();
      }
    }
    return records.epoch(at);
  };
  const CompileReport &cost = executable->report();
  if (cost.fromCache)
    std::printf("compiled '%s' in %.3f s, from the cache\n", info.name, cost.total);
  else
    std::printf("compiled '%s' in %.3f s: import %.3f, phases %.3f, code %.3f (work: %d kernels, %d cached, %.3f; host code %.3f), link %.3f\n",
                info.name, cost.total, cost.import, cost.phases, cost.code, cost.kernels, cost.cachedKernels, cost.halide, cost.llvm, cost.link);
  std::fflush(stdout);

  setInterruptible();
  if (trace)
    trace->start(handle->context.get());
  auto pointer = [](std::optional<costate_dataset> &split) { return split ? &*split : nullptr; };
  runtime::Trainer trainer(model, &data, pointer(splits->validation), pointer(splits->test));
  runtime::TrainResult result = trainer.run(options);
  progress.clear();
  runtime::Status recorded = records.finish();
  if (trace && recorded.ok())
    recorded = trace->write(cost, executable->manifest());
  costate_code code = result.status.code();
  bool isWhole = code == COSTATE_OK || code == COSTATE_NON_FINITE || code == COSTATE_INTERRUPTED || code == COSTATE_REQUIREMENT; // some steps of training
  if (!flags.save.empty() && isWhole)
    if (absl::Status status = handle->check(costate_model_save(model, flags.save.c_str(), COSTATE_SAVE_PARAMS)); !status.ok())
      return report(status);
  for (const runtime::Status &status : {result.status, recorded})
    if (!status.ok())
      return report(status);

  if (result.bestEpoch >= 0)
    std::printf("%sleast val_loss %.5g, of epoch %lld\n",
                result.ranOutOfPatience ? absl::StrCat("stopped: no lesser val_loss in ", flags.patience, " epochs; ").c_str() : "", result.bestLoss,
                static_cast<long long>(result.bestEpoch + 1));
  const runtime::TrainTimes &times = result.times;
  std::printf("trained %lld steps of %.2f us%s\n", static_cast<long long>(result.steps), result.stepMicroseconds(),
              line(result.train, result.validation, result.test).c_str());
  const double later = executable->laterSeconds(); // of `evaluate`
  std::printf("time: compile %.3f s, first step %.2f s after the process started, steps %.3f s, data %.3f s, evaluation %.3f s\n",
              cost.total + later, firstStep, times.firstStep + times.steps, times.data, times.evaluation - later);
  if (flags.json) {
    nlohmann::ordered_json json;
    for (const Metric &metric : result.train)
      json["train_" + metric.name] = number(metric.value);
    for (const Metric &metric : result.validation)
      json["val_" + metric.name] = number(metric.value);
    for (const Metric &metric : result.test)
      json["test_" + metric.name] = number(metric.value);
    if (result.bestEpoch >= 0) {
      json["best_epoch"] = result.bestEpoch + 1;
      json["best_val_loss"] = number(result.bestLoss);
    }
    json["steps"] = result.steps;
    json["compile_s"] = cost.total + later;
    json["cached"] = cost.fromCache;
    json["first_step_s"] = firstStep;
    json["step_us"] = number(result.stepMicroseconds());
    std::printf("%s\n", json.dump().c_str());
  }
  return success;
}

} // namespace

void addTrain(CLI::App &command, Action &action) {
  auto flags = std::make_shared<TrainFlags>();
  flags->compiler.addTo(command);
  flags->data.addTo(command, "Data file (.npz, .csv, .safetensors) with arrays NAME_train and NAME_test for each input and target NAME");
  command.add_option("--split", flags->split, "The data file holds arrays NAME; this share of the samples trains, the rest tests")
      ->check(share());
  command.add_option("--epochs", flags->epochs, "Passes over the data (default: the model's, else 1)")->check(integer(0));
  command.add_option("--batch", flags->batch, "Samples a step (default: the model's, else 32)")->check(integer(1));
  flags->handle.addTo(command);
  command.add_option("--save", flags->save, "Write the parameters here at the end (.safetensors)")->check(fileNamed(".safetensors"));
  command.add_option("--checkpoint", flags->checkpoint, "Write the whole run here after each epoch and when it is interrupted (.safetensors)")->check(fileNamed(".safetensors"));
  command.add_option("--checkpoint-every", flags->checkpointEvery, "And each so many steps")->check(integer(1));
  command.add_flag("--resume", flags->resume, "Go on from the file of --checkpoint if it is there: to the same bits as a run that was never stopped");
  command.add_option("--val", flags->validation, "Keep this share of the training samples for validation")->check(share());
  command.add_option("--best", flags->best, "Write the parameters with the least validation loss here (.safetensors)")->check(fileNamed(".safetensors"));
  command.add_option("--patience", flags->patience, "End after so many epochs without a lesser validation loss")->check(integer(1));
  command.add_option("--log", flags->log, "Write a row a step here: step, loss and metrics before the update (.csv)");
  command.add_option("--tensorboard", flags->records.events, "Write an event file for TensorBoard into this folder: metrics of each epoch, and of steps");
  command.add_option("--tensorboard-every", flags->records.eventsEvery, "Of each so many steps, with the hyper-parameters")
      ->check(integer(1))
      ->capture_default_str();
  command.add_option("--plot", flags->records.plot, "Draw loss and metrics of the run here, after each epoch but not twice a second (.svg)")->check(fileNamed(".svg"));
  command.add_option("--trace", flags->trace,
                     absl::StrCat("Write the compilation, the first ", records::RunTrace::mostSteps, " steps and an evaluation here, for chrome://tracing or Perfetto (.json)"))
      ->check(fileNamed(".json"));
  command.add_flag("--no-shuffle", flags->noShuffle, "Keep the order of the file");
  command.add_flag("--json", flags->json, "End with one line of JSON");
  command.callback([flags, &action] { action = [flags] { return train(*flags); }; });
}

} // namespace costate::tool
