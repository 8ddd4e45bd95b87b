// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// costate run: one call of an entry on arrays from files. costate solve: that of `solve`, and whether it has solved the problem.
#include "costate/runtime/Descriptor.h"
#include "costate/runtime/data/ArrayFile.h"
#include "costate/runtime/data/Dataset.h"
#include "costate/tools/costate/Commands.h"
#include "costate/tools/records/LinePlot.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"

#include <cmath>
#include <cstdio>
#include <cstring>
#include <map>
#include <optional>

namespace costate::tool {

namespace {

using runtime::Array;
using runtime::Result;

struct RunFlags {
  CompilerFlags compiler;
  HandleFlags handle;
  DataFlags data;
  std::string entry, save;
  std::vector<std::string> inputs, outputs;
  std::optional<double> tolerance; // of the residual of a problem
  bool watch = false;
  std::string plot, history;
};

/// "label = i32[4] [7, 2, 1, 0]", as values are shown that a model prints.
std::string textOf(const char *name, const costate_array &array) {
  std::string text(costate_array_text(name, &array, nullptr, 0) + 1, 0);
  costate_array_text(name, &array, text.data(), text.size());
  text.pop_back();
  return text;
}

/// The number that a float array without axes is.
std::optional<double> floatOf(const costate_array &scalar) {
  if (scalar.rank != 0)
    return std::nullopt;
  if (scalar.type == COSTATE_F64)
    return *static_cast<const double *>(scalar.data);
  if (scalar.type == COSTATE_F32)
    return *static_cast<const float *>(scalar.data);
  return std::nullopt;
}

/// What a solver shows while it runs: the numbers of each name, in their order.
class SolverHistory {
public:
  explicit SolverHistory(bool isShown) : isShown(isShown) {}

  /// A costate_printer_fn, whose user is a history. What is no number goes to stderr, as the model wants it.
  static void take(void *user, const char *name, const costate_array *value) {
    auto &history = *static_cast<SolverHistory *>(user);
    std::optional<double> number = floatOf(*value);
    if (number)
      history.seriesOf(name).values.push_back(*number);
    if (number && !history.isShown)
      return;
    std::fprintf(stderr, "%s\n", textOf(name, *value).c_str());
  }

  records::LinePlot picture(std::string title) const {
    records::LinePlot plot{std::move(title), "iteration", {}};
    for (const Series &one : series) {
      records::Panel &panel = plot.panels.emplace_back(records::Panel{one.name, /*mayBeLogarithmic=*/true, {}});
      records::Curve &curve = panel.curves.emplace_back(records::Curve{one.name, int(plot.panels.size()) - 1, records::Stroke::Line, {}});
      size_t last = one.values.size() - 1, stride = last / 2000 + 1; // no picture shows more
      for (size_t i = 0; i < last; i += stride)
        curve.points.push_back({double(i + 1), one.values[i]});
      curve.points.push_back({double(last + 1), one.values[last]});
    }
    return plot;
  }

  /// A line of names, then one an iteration; a number that is not there is left out.
  std::string csv() const {
    size_t count = 0;
    std::string text = "iteration";
    for (const Series &one : series) {
      absl::StrAppend(&text, ",\"", absl::StrReplaceAll(one.name, {{"\"", "\"\""}}), "\"");
      count = std::max(count, one.values.size());
    }
    for (size_t i = 0; i < count; ++i) {
      absl::StrAppend(&text, "\n", i + 1);
      for (const Series &one : series) {
        char number[32] = "";
        if (i < one.values.size())
          std::snprintf(number, sizeof number, "%.17g", one.values[i]);
        absl::StrAppend(&text, ",", number);
      }
    }
    return text + "\n";
  }
  bool empty() const { return series.empty(); }

private:
  struct Series {
    std::string name;
    std::vector<double> values;
  };
  Series &seriesOf(const char *name) {
    auto found = std::find_if(series.begin(), series.end(), [&](const Series &one) { return one.name == name; });
    return found != series.end() ? *found : series.emplace_back(Series{name, {}});
  }

  std::vector<Series> series;
  const bool isShown; // also as lines on stderr
};

runtime::Status writeText(const std::string &path, const std::string &text) {
  std::span<const std::byte> bytes = std::as_bytes(std::span(text));
  return runtime::writeFileAtomically(path, {&bytes, 1});
}

/// FILE, or FILE:ARRAY for a file with several arrays; a number, where one is wanted.
Result<Array> readArray(const std::string &place, const std::string &name, const costate_array_info &argument) {
  double number;
  if (argument.rank == 0 && absl::SimpleAtod(place, &number)) {
    Array array;
    array.type = COSTATE_F64;
    array.data = runtime::Buffer(sizeof number);
    std::memcpy(array.data.data(), &number, sizeof number);
    return array;
  }
  size_t colon = place.rfind(':');
  Result<runtime::ArrayFile> file = runtime::ArrayFile::open(place.substr(0, colon));
  if (!file.ok())
    return file.status();
  if (colon != std::string::npos)
    return file->read(place.substr(colon + 1));
  std::vector<std::string> names = file->names();
  return file->read(names.size() == 1 ? names.front() : name);
}

const costate_entry_info *findEntry(const costate_model_info &info, const std::string &name) {
  for (int64_t i = 0; i < info.num_entries; ++i)
    if (info.entries[i].name == name)
      return &info.entries[i];
  return nullptr;
}

/// A float scalar among the results, by its name.
std::optional<double> scalarAmong(const costate_entry_info &entry, const std::vector<costate_array> &results, const char *name) {
  for (int64_t i = 0; i < entry.num_results; ++i) {
    if (std::strcmp(entry.results[i].name, name) == 0)
      return floatOf(results[i]);
  }
  return std::nullopt;
}

/// What a solver has left is told, after it has been written.
absl::Status checkSolved(const costate_entry_info &entry, const std::vector<costate_array> &results, double tolerance) {
  std::optional<double> objective = scalarAmong(entry, results, "objective"), residual = scalarAmong(entry, results, "residual");
  if (!objective || !residual)
    return absl::InvalidArgumentError(
        "costate solve requires a problem, or an entry 'solve' with results 'objective' and 'residual', which are floats");
  if (!std::isfinite(*objective))
    return absl::FailedPreconditionError(absl::StrCat("requires a problem with a least value, but its objective has become ", *objective,
                                                      "; it may be unbounded, or not defined where the solver has been"));
  if (!(*residual <= tolerance))
    return absl::FailedPreconditionError(absl::StrCat("requires a solution with a residual of at most ", tolerance,
                                                      " (--tolerance), but the solver has stopped at ", *residual,
                                                      "; the problem may have no solution, or the solver may want more steps"));
  return absl::OkStatus();
}

int run(const RunFlags &flags) {
  std::map<std::string, std::string> inputs, outputs;
  for (auto [flag, texts, bindings] : {std::tuple("--input", &flags.inputs, &inputs), std::tuple("--output", &flags.outputs, &outputs)})
    for (const std::string &text : *texts) {
      absl::StatusOr<Binding> binding = Binding::parse(text, flag);
      if (!binding.ok())
        return report(binding.status());
      (*bindings)[binding->name] = binding->value;
    }
  CompilerFlags compiler = flags.compiler;
  compiler.options.entries = {flags.entry.empty() ? "predict" : flags.entry};
  const bool isFollowed = flags.watch || !flags.plot.empty() || !flags.history.empty();
  compiler.options.watch = isFollowed;
  absl::StatusOr<Executable> executable = compiler.compile();
  if (!executable.ok())
    return report(executable.status());
  const costate_model_info &info = executable->info();
  std::string name = !flags.entry.empty() ? flags.entry : info.num_entries == 1 ? info.entries[0].name : "predict";
  const costate_entry_info *entry = findEntry(info, name);
  if (!entry) {
    std::vector<std::string> names;
    for (int64_t i = 0; i < info.num_entries; ++i)
      names.push_back(info.entries[i].name);
    return report(absl::NotFoundError(absl::StrCat("model '", info.name, "' has no entry '", name, "'; --entry may be ", absl::StrJoin(names, ", "))));
  }

  absl::StatusOr<Handle> handle = flags.handle.create(*executable);
  if (!handle.ok())
    return report(handle.status());
  costate_model *model = handle->model.get();

  DataFlags data = flags.data;
  data.addDefault(*executable, flags.compiler.model);
  std::optional<runtime::ArrayFile> file; // opened when it is needed
  std::vector<Array> arrays;
  std::vector<const costate_array_info *> taken; // which arguments they are
  for (int64_t i = 0; i < entry->num_args; ++i) {
    const costate_array_info &argument = entry->args[i];
    if (!runtime::isUserArgument(argument.role))
      continue;
    auto input = inputs.find(argument.name);
    if (argument.role == COSTATE_ROWS && input == inputs.end()) {
      arrays.emplace_back(); // when it is known how many there are
      taken.push_back(&argument);
      continue;
    }
    if (input == inputs.end() && data.file.empty())
      return report(absl::InvalidArgumentError(absl::StrCat("entry '", name, "' requires --input ", argument.name, "=FILE")));
    if (input == inputs.end() && !file) {
      Result<runtime::ArrayFile> opened = data.open();
      if (!opened.ok())
        return report(opened.status());
      file = std::move(*opened);
    }
    Result<Array> array = input == inputs.end() ? file->read(argument.name) : readArray(input->second, argument.name, argument);
    if (!array.ok())
      return report(array.status());
    std::string place = input == inputs.end() ? absl::StrCat("'", data.file, "', array '", argument.name, "'") : absl::StrCat("'", input->second, "'");
    Result<Array> converted = runtime::convertArray(std::move(*array), argument.type, place);
    if (!converted.ok())
      return report(converted.status());
    arrays.push_back(std::move(*converted));
    taken.push_back(&argument);
    if (input != inputs.end())
      inputs.erase(input);
  }
  for (size_t i = 0; i < arrays.size(); ++i) {
    if (!arrays[i].shape.empty() || taken[i]->role != COSTATE_ROWS)
      continue;
    size_t other = 0;
    while (other < arrays.size() && (arrays[other].shape.empty() || taken[other]->rank == 0 || taken[other]->shape[0] != taken[i]->shape[0]))
      ++other;
    if (other == arrays.size())
      return report(absl::InvalidArgumentError(absl::StrCat("entry '", name, "' requires --input ", taken[i]->name, "=FILE")));
    Result<Array> numbers = runtime::numberSamples(arrays[other].shape[0], taken[i]->type, absl::StrCat("rows '", taken[i]->name, "'"));
    if (!numbers.ok())
      return report(numbers.status());
    arrays[i] = std::move(*numbers);
  }
  if (!inputs.empty())
    return report(absl::InvalidArgumentError(absl::StrCat("entry '", name, "' has no input '", inputs.begin()->first, "'")));

  auto view = [](Array &array) {
    return costate_array{array.data.data(), array.type, static_cast<int32_t>(array.shape.size()), array.shape.data()};
  };
  std::vector<costate_array> arguments, results;
  for (Array &array : arrays)
    arguments.push_back(view(array));
  std::vector<int64_t> dims(info.num_dims);
  if (absl::Status status = handle->check(costate_model_bind(model, entry - info.entries, arguments.data(), arguments.size(), dims.data())); !status.ok())
    return report(status);
  if (absl::Status status = handle->check(costate_model_reserve(model, dims.data())); !status.ok())
    return report(status);

  int64_t axes = 0, place = 0;
  for (int64_t i = 0; i < entry->num_args; ++i)
    place += entry->args[i].rank;
  axes = place;
  for (int64_t i = 0; i < entry->num_results; ++i)
    axes += entry->results[i].rank;
  std::vector<int64_t> extents(axes + 1);
  costate_entry_extents(entry, dims.data(), extents.data());
  std::vector<Array> filled;
  filled.reserve(entry->num_results);
  for (int64_t i = 0; i < entry->num_results; place += entry->results[i++].rank) {
    const costate_array_info &result = entry->results[i];
    Array array;
    array.type = result.type;
    array.shape.assign(extents.begin() + place, extents.begin() + place + result.rank);
    array.data = runtime::Buffer(runtime::elementCount(array.shape) * costate_type_size(result.type)); // negative: more than any memory has
    filled.push_back(std::move(array));
    results.push_back(view(filled.back()));
  }
  SolverHistory history(flags.watch);
  if (isFollowed)
    costate_context_set_printer(handle->context.get(), SolverHistory::take, &history);
  if (absl::Status status =
          handle->check(costate_model_call(model, name.c_str(), arguments.data(), arguments.size(), results.data(), results.size()));
      !status.ok())
    return report(status);
  if (!flags.save.empty())
    if (absl::Status status = handle->check(costate_model_save(model, flags.save.c_str(), COSTATE_SAVE_PARAMS)); !status.ok())
      return report(status);

  for (int64_t i = 0; i < entry->num_results; ++i) {
    const costate_array_info &result = entry->results[i];
    auto output = outputs.find(result.name);
    if (output == outputs.end()) {
      std::printf("%s\n", textOf(result.name, results[i]).c_str());
      continue;
    }
    if (!absl::EndsWith(output->second, ".npy"))
      return report(absl::InvalidArgumentError(absl::StrCat("--output requires a file named .npy, but got '", output->second, "'")));
    runtime::Status status = runtime::writeNpy(output->second, {result.name, filled[i].type, filled[i].shape, filled[i].data.data()});
    if (!status.ok())
      return report(status);
    outputs.erase(output);
  }
  if (!outputs.empty())
    return report(absl::InvalidArgumentError(absl::StrCat("entry '", name, "' has no output '", outputs.begin()->first, "'")));
  if (isFollowed && history.empty())
    return report(absl::FailedPreconditionError("requires a solver with a parameter 'watch' that prints numbers to follow, but nothing was printed; a solver that "
                                                "begins at a solution takes no steps"));
  if (!flags.plot.empty())
    if (runtime::Status status = writeText(flags.plot, history.picture(info.name).toSvg()); !status.ok())
      return report(status);
  if (!flags.history.empty())
    if (runtime::Status status = writeText(flags.history, history.csv()); !status.ok())
      return report(status);
  if (flags.tolerance)
    if (absl::Status status = checkSolved(*entry, results, *flags.tolerance); !status.ok())
      return report(status);
  return success;
}

} // namespace

static std::shared_ptr<RunFlags> addCall(CLI::App &command, Action &action) {
  auto flags = std::make_shared<RunFlags>();
  flags->compiler.addTo(command);
  flags->handle.addTo(command);
  command.add_option("--input", flags->inputs, "NAME=FILE or NAME=FILE:ARRAY (.npy, .npz, .csv, .safetensors), NAME=NUMBER for a number");
  flags->data.addTo(command, "File with the inputs that no --input names (default: what the model says)");
  command.add_option("--save", flags->save, "Write the parameters here after the call (.safetensors)")->check(fileNamed(".safetensors"));
  command.add_option("--output", flags->outputs, "NAME=FILE (.npy); results without one are printed");
  command.callback([flags, &action] { action = [flags] { return run(*flags); }; });
  return flags;
}

void addRun(CLI::App &command, Action &action) {
  std::shared_ptr<RunFlags> flags = addCall(command, action);
  command.add_option("--entry", flags->entry, "Entry to call (default: predict, or the only one)");
}

void addSolve(CLI::App &command, Action &action) {
  std::shared_ptr<RunFlags> flags = addCall(command, action);
  flags->entry = "solve";
  flags->tolerance = 1e-5;
  command
      .add_option("--tolerance", *flags->tolerance, "Exit with 1 where more than this is missing of the conditions that a solution obeys")
      ->capture_default_str();
  command.add_flag("--watch", flags->watch, "Show the objective and the residual after each iteration of the solver, on stderr");
  command.add_option("--plot", flags->plot, "Picture of them by iteration (.svg)")->check(fileNamed(".svg"));
  command.add_option("--history", flags->history, "Table of them by iteration (.csv)")->check(fileNamed(".csv"));
}

} // namespace costate::tool
