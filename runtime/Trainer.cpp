// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/runtime/Trainer.h"

#include "costate/runtime/Descriptor.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

namespace costate::runtime {

namespace {

using Clock = std::chrono::steady_clock;

double seconds(Clock::time_point from, Clock::time_point to) { return std::chrono::duration<double>(to - from).count(); }

/// The code of a call on the model's context, with its message.
Status statusOf(const costate_model *model, int32_t code) {
  if (code == COSTATE_OK)
    return {};
  return {static_cast<costate_code>(code), costate_context_last_error(costate_model_context(model))};
}

/// Calls an entry whose results are scalars, and perhaps arrays for which the caller has memory.
class MetricCall {
public:
  static Result<MetricCall> bind(costate_model *model, const char *name, bool mayHaveRows = false) {
    const costate_model_info &info = *costate_model_get_info(model);
    MetricCall call;
    call.model = model;
    call.entry = findEntry(info, name);
    if (call.entry < 0)
      return noSuchEntry(info, name);
    const costate_entry_info &entry = info.entries[call.entry];
    for (int64_t i = 0; i < entry.num_args; ++i)
      call.numArrays += isUserPointer(entry.args[i].role);
    for (int64_t i = 0; i < entry.num_results; ++i) {
      const costate_array_info &result = entry.results[i];
      if (!isUserPointer(result.role))
        continue;
      if (mayHaveRows && result.role == COSTATE_OUTPUT) {
        call.order.push_back(-1);
        continue;
      }
      if (result.rank != 0 || costate_type_size(result.type) < 4)
        return unimplemented("entry '", name, "' returns '", result.name, "' of type ", signatureText(info, result),
                             "; training and evaluation take scalars of 4 or 8 bytes");
      call.order.push_back(static_cast<int64_t>(call.metrics.size()));
      call.metrics.push_back({result.name, 0, result.type});
    }
    call.cells.resize(call.metrics.size());
    call.dims.resize(info.num_dims);
    return call;
  }

  /// Runs the entry on a batch. Allocates in the first call only. outputs: memory for its arrays.
  Status run(costate_dataset *data, void *const *arrays, int64_t rows, std::span<void *const> outputs = {}) {
    costate_dataset_dims(data, rows, dims.data());
    return run(arrays, outputs);
  }
  /// The same where `dimensions()` have been set.
  Status run(void *const *arrays, std::span<void *const> outputs = {}) {
    user.assign(arrays, arrays + numArrays);
    for (int64_t cell : order) {
      user.push_back(cell < 0 ? outputs.front() : &cells[cell]);
      outputs = outputs.subspan(cell < 0);
    }
    if (int32_t code = costate_model_invoke(model, entry, user.data(), dims.data()))
      return statusOf(model, code);
    for (size_t i = 0; i < metrics.size(); ++i)
      metrics[i].value = load(metrics[i].type, &cells[i]);
    return {};
  }

  std::span<const Metric> values() const { return metrics; }
  std::span<int64_t> dimensions() { return dims; }

private:
  static double load(int32_t type, const int64_t *cell) {
    auto as = [cell](auto value) {
      std::memcpy(&value, cell, sizeof value);
      return static_cast<double>(value);
    };
    switch (type) {
    case COSTATE_F32: return as(float());
    case COSTATE_F64: return as(double());
    case COSTATE_I32: return as(int32_t());
    default: return as(int64_t());
    }
  }

  costate_model *model = nullptr;
  int64_t entry = -1, numArrays = 0;
  std::vector<Metric> metrics;
  std::vector<int64_t> order, cells, dims; // order: of results, the number of a metric, or -1 for an array
  std::vector<void *> user;
};

/// The metrics of a split as a whole: the entry `summarize`, which takes rows of the data and of results of `evaluate`, those of all batches together.
class SplitSummary {
public:
  /// Makes room for the rows of `data`. Nothing if the model has no such metrics.
  static Result<std::optional<SplitSummary>> bind(costate_model *model, costate_dataset *data) {
    const costate_model_info &info = *costate_model_get_info(model);
    const int64_t index = findEntry(info, "summarize"), source = findEntry(info, "evaluate");
    if (index < 0 || source < 0)
      return std::optional<SplitSummary>();
    Result<MetricCall> call = MetricCall::bind(model, "summarize");
    if (!call.ok())
      return call.status();
    SplitSummary summary;
    summary.model = model;
    summary.call = std::move(*call);
    const costate_entry_info &entry = info.entries[index], &evaluate = info.entries[source];
    const int64_t samples = costate_dataset_size(data);
    std::span<int64_t> dims = summary.call.dimensions();
    costate_dataset_dims(data, std::min<int64_t>(samples, 1), dims.data());
    for (int64_t i = 0; i < entry.num_args; ++i)
      if (const costate_array_info &argument = entry.args[i];
          isUserPointer(argument.role) && argument.rank > 0 && dimensionOf(argument.shape[0]) >= 0)
        dims[dimensionOf(argument.shape[0])] = samples;
    std::vector<int64_t> extents;
    for (int64_t i = 0; i < numArrays(entry); ++i)
      extents.resize(extents.size() + arrayAt(entry, i).rank);
    costate_entry_extents(&entry, dims.data(), extents.data());
    std::span<const int64_t> rest = extents;
    for (int64_t i = 0; i < entry.num_args; ++i) {
      const costate_array_info &argument = entry.args[i];
      std::span<const int64_t> shape = rest.first(argument.rank);
      rest = rest.subspan(argument.rank);
      if (!isUserPointer(argument.role))
        continue;
      Column column;
      column.rowBytes = argument.rank > 0 ? elementCount(shape.subspan(1)) * costate_type_size(argument.type) : 0;
      column.bytes.resize(samples * column.rowBytes);
      int64_t given = 0, made = 0;
      for (int64_t k = 0; k < evaluate.num_args; ++k) {
        if (isUserPointer(evaluate.args[k].role) && std::string_view(evaluate.args[k].name) == argument.name)
          column.given = given;
        given += isUserPointer(evaluate.args[k].role);
      }
      for (int64_t k = 0; k < evaluate.num_results; ++k) {
        if (evaluate.results[k].role == COSTATE_OUTPUT && std::string_view(evaluate.results[k].name) == argument.name)
          column.made = made;
        made += evaluate.results[k].role == COSTATE_OUTPUT;
      }
      summary.outputs.resize(made);
      if (column.rowBytes <= 0 || (column.given < 0) == (column.made < 0))
        return invalidArgument("entry 'summarize' requires '", argument.name, "' to be rows of an argument or a result of 'evaluate'");
      summary.columns.push_back(std::move(column));
    }
    return std::optional(std::move(summary));
  }

  /// Where `evaluate` is to write the rows of a batch that begins with this sample.
  std::span<void *const> memory(int64_t first) {
    for (Column &column : columns)
      if (column.made >= 0)
        outputs[column.made] = column.bytes.data() + first * column.rowBytes;
    return outputs;
  }
  /// Keeps what it was given for them.
  void add(void *const *arrays, int64_t first, int64_t rows) {
    for (Column &column : columns)
      if (column.given >= 0)
        std::memcpy(column.bytes.data() + first * column.rowBytes, arrays[column.given], rows * column.rowBytes);
  }
  Result<std::span<const Metric>> finish() {
    COSTATE_RETURN_IF_ERROR(statusOf(model, costate_model_reserve(model, call.dimensions().data())));
    std::vector<void *> arrays;
    for (Column &column : columns)
      arrays.push_back(column.bytes.data());
    COSTATE_RETURN_IF_ERROR(call.run(arrays.data()));
    return call.values();
  }

private:
  struct Column {
    int64_t given = -1, made = -1; // the number among the arguments, or among the arrays that `evaluate` makes
    int64_t rowBytes = 0;
    std::vector<std::byte> bytes;
  };

  costate_model *model = nullptr;
  MetricCall call;
  std::vector<Column> columns;
  std::vector<void *> outputs;
};

/// Means of metrics over samples: a batch counts as many times as it has rows.
class SampleMeans {
public:
  void add(std::span<const Metric> metrics, int64_t rows) {
    if (sums.empty()) {
      sums.assign(metrics.begin(), metrics.end());
      for (Metric &sum : sums)
        sum.value = 0;
    }
    for (size_t i = 0; i < metrics.size(); ++i)
      sums[i].value += metrics[i].value * static_cast<double>(rows);
    samples += rows;
  }
  std::vector<Metric> means() const {
    std::vector<Metric> out = sums;
    for (Metric &mean : out)
      mean.value /= static_cast<double>(samples);
    return out;
  }

  /// The sums so far as a text, and from it: those of so many samples and of these metrics, or it is none.
  std::string print() const {
    std::string out = text(samples);
    for (const Metric &sum : sums)
      out += text(' ', sum.name, ' ', sum.type, ' ', sum.value);
    return out;
  }
  bool parse(const std::string &from, int64_t rows, std::span<const Metric> metrics) {
    std::istringstream words(from);
    if (!(words >> samples) || samples != rows)
      return false;
    for (const Metric &metric : metrics.first(rows > 0 ? metrics.size() : 0)) {
      Metric &sum = sums.emplace_back();
      std::string value;
      if (!(words >> sum.name >> sum.type >> value) || sum.name != metric.name || sum.type != metric.type)
        return false;
      auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), sum.value);
      if (error != std::errc() || end != value.data() + value.size())
        return false;
    }
    return (words >> std::ws).eof();
  }

private:
  std::vector<Metric> sums;
  int64_t samples = 0;
};

/// Where a run stands: what a checkpoint holds beside the model, as notes of the handle.
class RunNotes {
public:
  /// `plan`: what decides the order of batches; a run can only go on under the same.
  RunNotes(costate_model *model, std::string plan) : model(model), plan(std::move(plan)) {}

  int64_t step = 0; // updates made since the start of the run
  int64_t bestEpoch = -1;
  double bestLoss = 0;
  std::string sums; // of the epoch that has begun

  Status save(const std::string &path) {
    for (auto [key, value] : {std::pair("train.plan", plan), std::pair("train.step", text(step)),
                              std::pair("train.best", text(bestEpoch, ' ', bestLoss)), std::pair("train.sums", sums)})
      COSTATE_RETURN_IF_ERROR(statusOf(model, costate_model_set_note(model, key, value.c_str())));
    return statusOf(model, costate_model_save(model, path.c_str(), COSTATE_SAVE_PARAMS | COSTATE_SAVE_STATES));
  }

  Status load(const std::string &path) {
    COSTATE_RETURN_IF_ERROR(statusOf(model, costate_model_load(model, path.c_str(), COSTATE_SAVE_PARAMS | COSTATE_SAVE_STATES)));
    auto note = [&](const char *key) {
      const char *value = costate_model_note(model, key);
      return std::string(value ? value : "");
    };
    if (note("train.plan") != plan)
      return invalidArgument('\'', path, "': requires a checkpoint of the same run (", plan, "), but got one of (", note("train.plan"),
                             ")");
    std::istringstream steps(note("train.step")), best(note("train.best"));
    std::string loss;
    if (!(steps >> step) || !(best >> bestEpoch >> loss) ||
        std::from_chars(loss.data(), loss.data() + loss.size(), bestLoss).ec != std::errc() || step < 0 || bestEpoch < -1 ||
        bestEpoch > step)
      return invalidArgument('\'', path, "': requires the position of a run");
    sums = note("train.sums");
    return {};
  }

private:
  costate_model *model;
  std::string plan;
};

/// The log of --log: a header, then a row a step, with digits that read back as the same number.
class StepLog {
public:
  /// Creates the file, or, to go on with step `from`, keeps the rows of the steps before: they stay where they are, for a run may be killed at any time.
  Status open(const std::string &name, int64_t from) {
    path = name;
    struct stat there;
    bool isKept = from > 0 && ::stat(name.c_str(), &there) == 0 && S_ISREG(there.st_mode);
    if (isKept) {
      std::ifstream old(name);
      off_t kept = 0;
      int64_t row = -1;                                                                  // the header
      for (std::string text; row < from && std::getline(old, text) && !old.eof(); ++row) // a line without its end is not whole
        kept += static_cast<off_t>(text.size()) + 1;
      hasHeader = row >= 0;
      if (::truncate(name.c_str(), kept) != 0)
        return failed("write", errno);
    }
    file.reset(std::fopen(name.c_str(), isKept ? "a" : "w"));
    return file ? Status() : failed("create", errno);
  }
  void write(int64_t step, std::span<const Metric> metrics) {
    if (!file)
      return;
    line.clear();
    if (!std::exchange(hasHeader, true)) {
      line = "step";
      for (const Metric &metric : metrics)
        line += ',' + metric.name;
      line += '\n';
    }
    line += text(step);
    for (const Metric &metric : metrics) {
      line += ',';
      if (metric.type == COSTATE_F32)
        append(line, static_cast<float>(metric.value));
      else
        append(line, metric.value);
    }
    line += '\n';
    note(std::fwrite(line.data(), 1, line.size(), file.get()) == line.size());
  }
  /// What a checkpoint says was logged is in the file.
  Status flush() {
    note(!file || std::fflush(file.get()) == 0);
    return written();
  }
  Status close() {
    note(!file || std::fclose(file.release()) == 0);
    return written();
  }

private:
  void note(bool isWritten) {
    if (!isWritten && !error)
      error = errno;
  }
  Status written() const { return error ? failed("write", error) : Status(); }
  Status failed(const char *what, int code) const { return ioError('\'', path, "': cannot ", what, " the file: ", std::strerror(code)); }

  struct Close {
    void operator()(std::FILE *file) const { std::fclose(file); }
  };
  std::unique_ptr<std::FILE, Close> file;
  std::string path, line;
  bool hasHeader = false;
  int error = 0; // errno of the first write that failed
};

struct DestroyBatches {
  void operator()(costate_batches *batches) const { costate_batches_destroy(batches); }
};
using BatchesPointer = std::unique_ptr<costate_batches, DestroyBatches>;

Status createBatches(const costate_model *model, costate_dataset *data, int64_t batch, int64_t seed, bool shuffle, BatchesPointer &out) {
  costate_batches *batches = nullptr;
  int32_t code = costate_batches_create(data, batch, seed, shuffle, &batches);
  out.reset(batches);
  return statusOf(model, code);
}

bool raised(const std::atomic<bool> *flag) { return flag && flag->load(std::memory_order_relaxed); }

/// The metric that a run must not let go: `loss`.
const Metric *nonFiniteLoss(std::span<const Metric> metrics) {
  for (const Metric &metric : metrics)
    if (metric.name == "loss" && !std::isfinite(metric.value))
      return &metric;
  return nullptr;
}

} // namespace

double TrainResult::stepMicroseconds() const {
  return steps > 1 ? times.steps / static_cast<double>(steps - 1) * 1e6 : times.firstStep * 1e6;
}

Status Trainer::reserve(costate_dataset *data, int64_t batch) {
  std::vector<int64_t> dims(costate_model_get_info(model)->num_dims);
  costate_dataset_dims(data, std::min(batch, costate_dataset_size(data)), dims.data());
  return statusOf(model, costate_model_reserve(model, dims.data()));
}

TrainResult Trainer::run(const TrainOptions &options) {
  TrainResult result;
  result.status = [&]() -> Status {
    if (options.epochs < 0)
      return invalidArgument("training requires 'epochs' to be >= 0, but got ", options.epochs);
    COSTATE_RETURN_IF_ERROR(trainSteps(options, result));
    if (findEntry(*costate_model_get_info(model), "evaluate") < 0)
      return {};
    for (auto [data, metrics] : {std::pair{train, &result.train}, std::pair{validation, &result.validation}, std::pair{test, &result.test}})
      COSTATE_RETURN_IF_ERROR(evaluateInto(data, options, result, *metrics));
    return {};
  }();
  return result;
}

/// Evaluates on `data` unless it is null.
Status Trainer::evaluateInto(costate_dataset *data, const TrainOptions &options, TrainResult &result, std::vector<Metric> &metrics) {
  if (!data)
    return {};
  Clock::time_point start = Clock::now();
  Result<std::vector<Metric>> means = evaluate(data, options.batch, options.interrupt);
  if (!means.ok())
    return means.status();
  metrics = std::move(*means);
  result.times.evaluation += seconds(start, Clock::now());
  return {};
}

Status Trainer::prepare(const TrainOptions &options) {
  const costate_model_info &info = *costate_model_get_info(model);
  if (findEntry(info, "prepare") < 0)
    return {};
  Result<MetricCall> call = MetricCall::bind(model, "prepare");
  if (!call.ok())
    return call.status();
  BatchesPointer batches;
  COSTATE_RETURN_IF_ERROR(createBatches(model, train, options.batch, 0, false, batches));
  std::vector<std::pair<costate_array, std::vector<std::byte>>> before;
  for (int64_t i = 0; i < info.num_slots; ++i)
    if (const costate_slot_info &slot = info.slots[i]; slot.role == COSTATE_BUFFER) {
      costate_array array;
      COSTATE_RETURN_IF_ERROR(statusOf(model, costate_model_array(model, slot.name, &array)));
      auto *bytes = static_cast<const std::byte *>(array.data);
      before.emplace_back(array, std::vector(bytes, bytes + slot.size * costate_type_size(slot.type)));
    }
  Status status;
  for (int64_t i = 0, count = costate_batches_count(batches.get()); status.ok() && i < count; ++i) {
    void *const *arrays;
    int64_t rows;
    costate_batches_next(batches.get(), &arrays, &rows);
    status = raised(options.interrupt) ? Status(COSTATE_INTERRUPTED, "interrupted before the first step") : call->run(train, arrays, rows);
  }
  if (!status.ok())
    for (const auto &[array, bytes] : before)
      std::memcpy(array.data, bytes.data(), bytes.size());
  return status;
}

Status Trainer::trainSteps(const TrainOptions &options, TrainResult &result) {
  BatchesPointer batches;
  COSTATE_RETURN_IF_ERROR(createBatches(model, train, options.batch, options.seed, options.shuffle, batches));
  COSTATE_RETURN_IF_ERROR(reserve(train, options.batch));
  Result<MetricCall> call = MetricCall::bind(model, "train_step");
  if (!call.ok())
    return call.status();
  RunNotes run(model, text(costate_dataset_size(train), " samples in batches of ", options.batch,
                           options.shuffle ? ", shuffled with seed " : ", in order", options.shuffle ? text(options.seed) : ""));
  SampleMeans means;
  if (options.resume) {
    COSTATE_RETURN_IF_ERROR(run.load(options.checkpoint));
    COSTATE_RETURN_IF_ERROR(statusOf(model, costate_batches_seek(batches.get(), run.step)));
    const int64_t samples = costate_dataset_size(train),
                  rows = run.step % costate_batches_count(batches.get()) * std::min(options.batch, samples);
    if (!means.parse(run.sums, rows, call->values()))
      return invalidArgument('\'', options.checkpoint, "': requires sums over ", rows, " samples of the metrics of this model, but got '",
                             run.sums, '\'');
    result.bestEpoch = run.bestEpoch;
    result.bestLoss = run.bestLoss;
    if (options.onResume)
      options.onResume();
  } else if (options.prepare) {
    COSTATE_RETURN_IF_ERROR(prepare(options));
  }
  StepLog log;
  if (!options.log.empty())
    COSTATE_RETURN_IF_ERROR(log.open(options.log, run.step));
  auto save = [&]() -> Status {
    if (options.checkpoint.empty())
      return {};
    COSTATE_RETURN_IF_ERROR(log.flush());
    run.sums = means.print();
    return run.save(options.checkpoint);
  };

  int64_t batchesAnEpoch = costate_batches_count(batches.get());
  for (int64_t epoch = run.step / batchesAnEpoch; epoch < options.epochs; ++epoch) {
    if (options.patience > 0 && run.bestEpoch >= 0 && epoch - run.bestEpoch > options.patience) {
      result.ranOutOfPatience = true;
      break;
    }
    Clock::time_point start = Clock::now(), before = start;
    for (int64_t batch = run.step % batchesAnEpoch; batch < batchesAnEpoch; ++batch) {
      if (raised(options.interrupt)) {
        COSTATE_RETURN_IF_ERROR(save());
        COSTATE_RETURN_IF_ERROR(log.close());
        return {COSTATE_INTERRUPTED, text("interrupted after ", run.step, " steps")};
      }
      void *const *arrays;
      int64_t rows;
      costate_batches_next(batches.get(), &arrays, &rows);
      Clock::time_point ready = Clock::now();
      result.times.data += seconds(before, ready);
      Status status = call->run(train, arrays, rows);
      if (status.code() == COSTATE_REQUIREMENT) {
        COSTATE_RETURN_IF_ERROR(log.close());
        return {COSTATE_REQUIREMENT, text(status.message(), "; in step ", run.step, " (epoch ", epoch + 1, ", batch ", batch + 1, ")")};
      }
      COSTATE_RETURN_IF_ERROR(std::move(status));
      Clock::time_point done = Clock::now();
      (result.steps == 0 ? result.times.firstStep : result.times.steps) += seconds(ready, done);

      log.write(run.step, call->values());
      if (const Metric *loss = nonFiniteLoss(call->values())) {
        COSTATE_RETURN_IF_ERROR(log.close());
        return {COSTATE_NON_FINITE, text("training requires a finite loss, but got ", loss->value, " at step ", run.step, " (epoch ",
                                         epoch + 1, ", batch ", batch + 1, "); the parameters are those before this step")};
      }
      means.add(call->values(), rows);
      if (options.onStep)
        options.onStep({run.step, epoch, batch, rows, call->values(), before, ready, done});
      ++result.steps;
      ++run.step;
      if (options.checkpointEvery > 0 && run.step % options.checkpointEvery == 0 && batch + 1 < batchesAnEpoch)
        COSTATE_RETURN_IF_ERROR(save());
      before = Clock::now();
    }
    ++result.epochs;
    EpochReport report{epoch, means.means(), {}, {}, 0, Clock::now(), {}};
    means = {};
    COSTATE_RETURN_IF_ERROR(evaluateInto(validation, options, result, report.validation));
    COSTATE_RETURN_IF_ERROR(evaluateInto(test, options, result, report.test));
    report.evaluated = Clock::now();
    for (const Metric &metric : report.validation)
      if (metric.name == "loss" && std::isfinite(metric.value) && (run.bestEpoch < 0 || metric.value < run.bestLoss)) {
        result.bestEpoch = run.bestEpoch = epoch;
        result.bestLoss = run.bestLoss = metric.value;
        if (!options.best.empty())
          COSTATE_RETURN_IF_ERROR(statusOf(model, costate_model_save(model, options.best.c_str(), COSTATE_SAVE_PARAMS)));
      }
    COSTATE_RETURN_IF_ERROR(save());
    report.seconds = seconds(start, Clock::now());
    if (options.onEpoch)
      COSTATE_RETURN_IF_ERROR(options.onEpoch(report));
  }
  return log.close();
}

Result<std::vector<Metric>> Trainer::evaluate(costate_dataset *data, int64_t batch, const std::atomic<bool> *interrupt) {
  Result<std::optional<SplitSummary>> summary = SplitSummary::bind(model, data);
  if (!summary.ok())
    return summary.status();
  Result<MetricCall> call = MetricCall::bind(model, "evaluate", /*mayHaveRows=*/summary->has_value());
  if (!call.ok())
    return call.status();
  BatchesPointer batches;
  COSTATE_RETURN_IF_ERROR(createBatches(model, data, batch, 0, false, batches));
  COSTATE_RETURN_IF_ERROR(reserve(data, batch));
  SampleMeans means;
  int64_t samples = 0;
  for (int64_t i = 0, count = costate_batches_count(batches.get()); i < count; ++i) {
    if (raised(interrupt))
      return Status(COSTATE_INTERRUPTED, "interrupted during evaluation");
    void *const *arrays;
    int64_t rows;
    costate_batches_next(batches.get(), &arrays, &rows);
    COSTATE_RETURN_IF_ERROR(call->run(data, arrays, rows, *summary ? (*summary)->memory(samples) : std::span<void *const>()));
    means.add(call->values(), rows);
    if (*summary)
      (*summary)->add(arrays, samples, rows);
    samples += rows;
  }
  std::vector<Metric> metrics = means.means();
  if (*summary) {
    Result<std::span<const Metric>> whole = (*summary)->finish();
    if (!whole.ok())
      return whole.status();
    metrics.insert(metrics.end(), whole->begin(), whole->end());
  }
  return metrics;
}

} // namespace costate::runtime
