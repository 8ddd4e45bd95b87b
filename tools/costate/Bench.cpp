// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// costate bench: how long a call of each entry takes, and how much memory it needs.
#include "costate/tools/costate/RandomCall.h"

#include "absl/strings/str_cat.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <fstream>

namespace costate::tool {

namespace {

struct BenchFlags {
  CompilerFlags compiler;
  HandleFlags handle;
  std::string entry;
  DimFlags sizes;
  double seconds = 0.5;
  bool json = false;
};

/// Microseconds of one call, of many samples.
struct Timing {
  std::string entry;
  double median, fastest, slow; // slow: of ten samples, nine are faster
  int64_t calls;
  int64_t extraBytes; // that the process needed at most, beside what it held before and the arrays of the call
};

/// Bytes of this process in memory: `VmRSS` now, `VmHWM` at most. 0 where the system does not say.
int64_t residentBytes(std::string_view key) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (int64_t kibibytes; word.starts_with(key) && status >> kibibytes)
      return kibibytes * 1024;
  return 0;
}

/// From here on `VmHWM` forgets what was before, such as the compiler.
void forgetPeak() { std::ofstream("/proc/self/clear_refs") << 5; }

/// `held`: bytes that the process held before the handle grew to these dimensions.
absl::StatusOr<Timing> measure(const Handle &handle, const costate_model_info &info, int64_t number, const std::vector<int64_t> &dims,
                               double seconds, int64_t held) {
  RandomCall call(info, number, dims);
  held += call.bytes();
  forgetPeak();

  // A sample is long enough for the clock; samples last at least as long as asked for, after a tenth of that to warm up.
  int32_t code = COSTATE_OK;
  auto sample = [&](int64_t calls) {
    double start = now();
    for (int64_t i = 0; i < calls && code == COSTATE_OK; ++i)
      code = call.invoke(handle.model.get());
    return (now() - start) / calls;
  };
  int64_t calls = 1;
  double begin = now(), once = sample(1);
  while (code == COSTATE_OK && now() - begin < seconds / 10)
    once = std::min(once, sample(1));
  calls = std::max<int64_t>(1, static_cast<int64_t>(200e-6 / std::max(once, 1e-9)));
  std::vector<double> samples;
  for (begin = now(); code == COSTATE_OK && (samples.size() < 5 || now() - begin < seconds) && !interruptFlag();)
    samples.push_back(1e6 * sample(calls));
  if (code != COSTATE_OK)
    return handle.check(code);
  if (samples.empty())
    return absl::CancelledError("interrupted");
  std::sort(samples.begin(), samples.end());
  return Timing{info.entries[number].name, samples[samples.size() / 2], samples.front(), samples[samples.size() * 9 / 10],
                calls * static_cast<int64_t>(samples.size()), std::max<int64_t>(0, residentBytes("VmHWM") - held)};
}

int bench(const BenchFlags &given) {
  BenchFlags flags = given;
  if (absl::Status status = flags.sizes.addHints(flags.compiler); !status.ok())
    return report(status);
  if (!flags.entry.empty())
    flags.compiler.options.entries = {flags.entry};
  absl::StatusOr<Executable> executable = flags.compiler.compile();
  if (!executable.ok())
    return report(executable.status());
  const costate_model_info &info = executable->info();
  absl::StatusOr<std::vector<int64_t>> dims = flags.sizes.of(*executable);
  if (!dims.ok())
    return report(dims.status());
  absl::StatusOr<Handle> handle = flags.handle.create(*executable);
  if (!handle.ok())
    return report(handle.status());
  const int64_t held = residentBytes("VmRSS");
  if (absl::Status status = handle->check(costate_model_reserve(handle->model.get(), dims->data())); !status.ok())
    return report(status);

  setInterruptible();
  nlohmann::ordered_json summary{{"compile_s", executable->report().total}, {"threads", costate_context_threads(handle->context.get())}};
  bool found = false;
  for (int64_t i = 0; i < info.num_entries; ++i) {
    if (flags.entry.empty() ? std::string(info.entries[i].name) == "init" : flags.entry != info.entries[i].name)
      continue;
    found = true;
    absl::StatusOr<Timing> timing = measure(*handle, info, i, *dims, flags.seconds, held);
    if (!timing.ok())
      return report(timing.status());
    std::printf("%-12s median %.2f us  fastest %.2f us  nine of ten below %.2f us  extra memory %.1f MiB  (%lld calls)\n", timing->entry.c_str(),
                timing->median, timing->fastest, timing->slow, timing->extraBytes / 1048576.0, static_cast<long long>(timing->calls));
    summary[timing->entry] = {
        {"median_us", timing->median}, {"fastest_us", timing->fastest}, {"p90_us", timing->slow}, {"extra_bytes", timing->extraBytes}};
  }
  if (!found)
    return report(absl::NotFoundError(absl::StrCat("model '", info.name, "' has no entry '", flags.entry, "'")));
  if (flags.json)
    std::printf("%s\n", summary.dump().c_str());
  return success;
}

} // namespace

void addBench(CLI::App &command, Action &action) {
  auto flags = std::make_shared<BenchFlags>();
  flags->compiler.addTo(command);
  flags->handle.addTo(command);
  command.add_option("--entry", flags->entry, "Only this entry (default: all but init)");
  flags->sizes.addTo(command);
  command.add_option("--seconds", flags->seconds, "Time for each entry")->check(positiveNumber())->capture_default_str();
  command.add_flag("--json", flags->json, "The last line is a JSON object");
  command.callback([flags, &action] { action = [flags] { return bench(*flags); }; });
}

} // namespace costate::tool
