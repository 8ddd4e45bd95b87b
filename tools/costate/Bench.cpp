// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// costate bench: how long a call of each entry takes.
#include "costate/runtime/Descriptor.h"
#include "costate/runtime/Memory.h"
#include "costate/tools/costate/Commands.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>

namespace costate::tool {

namespace {

struct BenchFlags {
  CompilerFlags compiler;
  HandleFlags handle;
  std::string entry;
  std::vector<std::string> dims;
  double seconds = 0.5;
  bool json = false;
};

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// Microseconds of one call, of many samples.
struct Timing {
  std::string entry;
  double median, fastest, slow; // slow: of ten samples, nine are faster
  int64_t calls;
};

/// Numbers from the standard normal distribution; integers are 0 and 1 in turn, which any two classes have.
void fill(runtime::Buffer &data, int32_t type, std::mt19937 &random) {
  std::normal_distribution<double> normal;
  auto elements = [&](auto *begin, auto next) { std::generate_n(begin, data.size() / sizeof(*begin), next); };
  int64_t number = 0;
  switch (type) {
  case COSTATE_F32:
    return elements(reinterpret_cast<float *>(data.data()), [&] { return static_cast<float>(normal(random)); });
  case COSTATE_F64:
    return elements(reinterpret_cast<double *>(data.data()), [&] { return normal(random); });
  case COSTATE_I32:
    return elements(reinterpret_cast<int32_t *>(data.data()), [&] { return static_cast<int32_t>(number++ % 2); });
  case COSTATE_I64:
    return elements(reinterpret_cast<int64_t *>(data.data()), [&] { return number++ % 2; });
  default:
    return elements(reinterpret_cast<uint8_t *>(data.data()), [&] { return static_cast<uint8_t>(number++ % 2); });
  }
}

absl::StatusOr<Timing> measure(const Handle &handle, const costate_model_info &info, int64_t number, const std::vector<int64_t> &dims,
                               double seconds) {
  const costate_entry_info &entry = info.entries[number];
  int64_t axes = 0;
  for (int64_t i = 0; i < runtime::numArrays(entry); ++i)
    axes += runtime::arrayAt(entry, i).rank;
  std::vector<int64_t> extents(axes + 1);
  costate_entry_extents(&entry, dims.data(), extents.data());
  std::vector<runtime::Buffer> buffers;
  std::vector<void *> user;
  std::mt19937 random(0);
  for (int64_t i = 0, place = 0; i < runtime::numArrays(entry); place += runtime::arrayAt(entry, i++).rank) {
    const costate_array_info &array = runtime::arrayAt(entry, i);
    if (!runtime::isUserPointer(array.role))
      continue;
    int64_t bytes = costate_type_size(array.type);
    for (int64_t axis = 0; axis < array.rank; ++axis)
      bytes *= extents[place + axis];
    buffers.emplace_back(bytes);
    fill(buffers.back(), array.type, random);
    user.push_back(buffers.back().data());
  }

  // A sample is long enough for the clock; samples last at least as long as asked for, after a tenth of that to warm up.
  int32_t code = COSTATE_OK;
  auto sample = [&](int64_t calls) {
    double start = now();
    for (int64_t i = 0; i < calls && code == COSTATE_OK; ++i)
      code = costate_model_invoke(handle.model.get(), number, user.data(), dims.data());
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
  return Timing{entry.name, samples[samples.size() / 2], samples.front(), samples[samples.size() * 9 / 10],
                calls * static_cast<int64_t>(samples.size())};
}

int bench(const BenchFlags &given) {
  BenchFlags flags = given;
  std::vector<std::pair<std::string, int64_t>> sizes;
  for (const std::string &text : flags.dims) {
    absl::StatusOr<Binding> binding = Binding::parse(text, "--dim");
    if (!binding.ok())
      return report(binding.status());
    int64_t size;
    if (!absl::SimpleAtoi(binding->value, &size) || size < 0)
      return report(absl::InvalidArgumentError(absl::StrCat("--dim requires an extent, but got '", binding->value, "'")));
    sizes.emplace_back(binding->name, size);
    flags.compiler.hints.push_back(text); // plan for what is measured
  }
  absl::StatusOr<Session> session = flags.compiler.session();
  if (!session.ok())
    return report(session.status());
  absl::StatusOr<Executable> executable = session->compileFile(flags.compiler.model);
  if (!executable.ok())
    return report(executable.status());
  const costate_model_info &info = executable->info();
  std::vector<int64_t> dims(info.num_dims, 32);
  for (const auto &[name, size] : sizes) {
    int64_t place = std::find_if(info.dim_names, info.dim_names + info.num_dims, [&](const char *dim) { return dim == name; }) - info.dim_names;
    if (place == info.num_dims)
      return report(absl::NotFoundError(absl::StrCat("model '", info.name, "' has no dimension '", name, "'")));
    dims[place] = size;
  }
  absl::StatusOr<Handle> handle = flags.handle.create(*executable);
  if (!handle.ok())
    return report(handle.status());
  if (absl::Status status = handle->check(costate_model_reserve(handle->model.get(), dims.data())); !status.ok())
    return report(status);

  setInterruptible();
  nlohmann::ordered_json summary{{"compile_s", executable->report().total}, {"threads", costate_context_threads(handle->context.get())}};
  bool found = false;
  for (int64_t i = 0; i < info.num_entries; ++i) {
    if (flags.entry.empty() ? std::string(info.entries[i].name) == "init" : flags.entry != info.entries[i].name)
      continue;
    found = true;
    absl::StatusOr<Timing> timing = measure(*handle, info, i, dims, flags.seconds);
    if (!timing.ok())
      return report(timing.status());
    std::printf("%-12s median %.2f us  fastest %.2f us  nine of ten below %.2f us  (%lld calls)\n", timing->entry.c_str(), timing->median,
                timing->fastest, timing->slow, static_cast<long long>(timing->calls));
    summary[timing->entry] = {{"median_us", timing->median}, {"fastest_us", timing->fastest}, {"p90_us", timing->slow}};
  }
  if (!found)
    return report(absl::NotFoundError(absl::StrCat("model '", info.name, "' has no entry '", flags.entry, "'")));
  if (flags.json)
    std::printf("%s\n", summary.dump().c_str());
  return success;
}

} // namespace

void addBench(CLI::App &app, Action &action) {
  CLI::App &command = *app.add_subcommand("bench", "Measure calls of a model's entries on random data");
  auto flags = std::make_shared<BenchFlags>();
  flags->compiler.addTo(command);
  flags->handle.addTo(command);
  command.add_option("--entry", flags->entry, "Only this entry (default: all but init)");
  command.add_option("--dim", flags->dims, "NAME=EXTENT: size of a dimension, which the compiler plans for too (default: 32)");
  command.add_option("--seconds", flags->seconds, "Time for each entry")->check(CLI::PositiveNumber)->capture_default_str();
  command.add_flag("--json", flags->json, "The last line is a JSON object");
  command.callback([flags, &action] { action = [flags] { return bench(*flags); }; });
}

} // namespace costate::tool
