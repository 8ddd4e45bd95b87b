// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// costate tune: compiles the model with other choices than those of the rules, measures each kernel, and writes the schedules that were fastest.
#include "costate/compiler/api/Compiler.h"
#include "costate/tools/costate/RandomCall.h"
#include "costate/tools/costate/Trace.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include <cstdio>
#include <map>

namespace costate::tool {

namespace {

struct TuneFlags {
  CompilerFlags compiler;
  HandleFlags handle;
  DimFlags sizes;
  std::string output;
  double seconds = 0.3;
};

/// One thing at a time is not what the rule says.
std::vector<std::pair<std::string, ScheduleChoices>> choices() {
  std::vector<std::pair<std::string, ScheduleChoices>> all = {{"by rule", {}}};
  for (int64_t rows : {4, 8, 12})
    all.emplace_back(absl::StrCat("tiles of ", rows, " rows"), ScheduleChoices{.tileRows = rows});
  for (auto [vectors, rows] : {std::pair(1, 12), std::pair(2, 8), std::pair(2, 12), std::pair(3, 8)})
    all.emplace_back(absl::StrFormat("tiles of %d rows by %d vectors", rows, vectors), ScheduleChoices{.tileRows = rows, .tileVectors = vectors});
  for (int64_t tiles : {1, 2, 8})
    all.emplace_back(absl::StrCat("panels of ", tiles, " tiles"), ScheduleChoices{.panelTiles = tiles});
  for (int shift : {14, 16, 20, 22})
    all.emplace_back(absl::StrCat("tasks of 2^", shift, " operations"), ScheduleChoices{.taskOperations = int64_t(1) << shift});
  return all;
}

struct Best {
  double us;
  std::string choice, text;
};

/// Microseconds of all calls of each kernel, by its name.
absl::StatusOr<std::map<std::string, double>> measureKernels(const TuneFlags &flags, const Session &session, const ModelSource &source,
                                                             const Explanation &explanation) {
  absl::StatusOr<Executable> executable = session.compile(source);
  if (!executable.ok())
    return executable.status();
  const costate_model_info &info = executable->info();
  absl::StatusOr<std::vector<int64_t>> dims = flags.sizes.of(*executable);
  if (!dims.ok())
    return dims.status();
  absl::StatusOr<Handle> handle = flags.handle.create(*executable);
  if (!handle.ok())
    return handle.status();
  if (absl::Status status = handle->check(costate_model_reserve(handle->model.get(), dims->data())); !status.ok())
    return status;
  std::map<std::string, double> times;
  size_t calls = 0, first = 0;
  for (const ExplainedEntry &entry : explanation.entries)
    calls += entry.calls.size();
  for (const ExplainedEntry &entry : explanation.entries) {
    if (entry.name != "init") {
      absl::StatusOr<Measured> measured = measureCalls(*handle, info, entry, *dims, calls, flags.seconds);
      if (!measured.ok())
        return measured.status();
      for (size_t i = 0; i < entry.calls.size(); ++i)
        if (entry.calls[i].executor == "halide")
          times[entry.calls[i].text.substr(1, entry.calls[i].text.find('(') - 1)] += measured->calls[first + i];
    }
    first += entry.calls.size();
  }
  return times;
}

int tune(TuneFlags flags) {
  flags.compiler.options.trace = true;
  if (absl::Status status = flags.sizes.addHints(flags.compiler); !status.ok())
    return report(status);
  absl::StatusOr<ModelSource> source = ModelSource::read(flags.compiler.model);
  if (!source.ok())
    return report(source.status());
  setInterruptible();
  std::map<std::string, Best> best;
  std::map<std::string, double> byRule;
  for (const auto &[name, choice] : choices()) {
    if (interruptFlag())
      return report(absl::CancelledError("interrupted; no file is written"));
    flags.compiler.options.schedules = choice;
    absl::StatusOr<Session> session = flags.compiler.session();
    if (!session.ok())
      return report(session.status());
    absl::StatusOr<Explanation> explanation = session->explain(*source);
    if (!explanation.ok())
      return report(explanation.status());
    // What has been measured is not measured again.
    bool isNew = false;
    for (const ExplainedKernel &kernel : explanation->kernels)
      isNew |= !best.contains(kernel.name) || best[kernel.name].text != kernel.text;
    if (!isNew)
      continue;
    absl::StatusOr<std::map<std::string, double>> times = measureKernels(flags, *session, *source, *explanation);
    if (!times.ok())
      return report(times.status());
    double total = 0;
    for (const ExplainedKernel &kernel : explanation->kernels) {
      auto time = times->find(kernel.name);
      if (time == times->end())
        continue; // of init
      total += time->second;
      auto [entry, isFirst] = best.try_emplace(kernel.name, Best{time->second, name, kernel.text});
      if (isFirst)
        byRule[kernel.name] = time->second;
      else if (constexpr double margin = 0.97; time->second < margin * entry->second.us)
        entry->second = {time->second, name, kernel.text};
    }
    std::printf("%-32s %12.2f us in kernels\n", name.c_str(), total);
    std::fflush(stdout);
  }
  std::string text;
  for (const auto &[kernel, chosen] : best) {
    std::printf("@%s: %.2f us by rule, %.2f us with %s\n", kernel.c_str(), byRule[kernel], chosen.us, chosen.choice.c_str());
    absl::StrAppend(&text, chosen.text);
  }
  std::span<const std::byte> bytes = std::as_bytes(std::span(text));
  if (runtime::Status status = runtime::writeFileAtomically(flags.output, {&bytes, 1}); !status.ok())
    return report(status);
  std::printf("wrote %s: for --schedule\n", flags.output.c_str());
  return success;
}

} // namespace

void addTune(CLI::App &command, Action &action) {
  auto flags = std::make_shared<TuneFlags>();
  flags->compiler.addTo(command);
  flags->handle.addTo(command);
  flags->sizes.addTo(command);
  command.add_option("--seconds", flags->seconds, "Time for each entry and choice")->check(positiveNumber())->capture_default_str();
  command.add_option("-o,--output", flags->output, "File for the schedules")->required();
  command.callback([flags, &action] { action = [flags] { return tune(*flags); }; });
}

} // namespace costate::tool
