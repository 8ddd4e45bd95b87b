// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// costate explain: what the compiled model is and what the compiler decided.
#include "costate/tools/costate/RandomCall.h"
#include "costate/tools/costate/Trace.h"
#include "costate/tools/costate/Walls.h"
#include "costate/tools/records/TraceFile.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include <algorithm>
#include <cstdio>
#include <map>

namespace costate::tool {

namespace {

struct ExplainFlags {
  CompilerFlags compiler;
  HandleFlags handle;
  DimFlags sizes;
  bool measure = false;
  std::string trace;
  double seconds = 0.5;
};

std::string signature(const costate_model_info &info, const costate_array_info &array) {
  std::string text = absl::StrCat(array.name, ": ", costate_type_name(array.type));
  for (int64_t axis = 0; axis < array.rank; ++axis) {
    int64_t extent = array.shape[axis];
    absl::StrAppend(&text, axis == 0 ? "[" : ", ");
    if (extent >= 0)
      absl::StrAppend(&text, extent);
    else if (extent == COSTATE_COMPOUND_AXIS)
      absl::StrAppend(&text, "...");
    else
      absl::StrAppend(&text, info.dim_names[-1 - extent]);
  }
  return absl::StrCat(text, array.rank > 0 ? "]" : "");
}

void printInterface(const costate_model_info &info) {
  std::printf("model '%s'\n", info.name);
  for (int64_t i = 0; i < info.num_slots; ++i) {
    const costate_slot_info &slot = info.slots[i];
    std::printf("  %s %s: %s, %lld elements, %lld tensors\n", slot.role == COSTATE_PARAM ? "param" : slot.role == COSTATE_BUFFER ? "buffer" : "state", slot.name,
                costate_type_name(slot.type), static_cast<long long>(slot.size), static_cast<long long>(std::max<int64_t>(slot.num_leaves, 1)));
  }
  for (int64_t i = 0; i < info.num_hypers; ++i)
    std::printf("  hyper %s = %g\n", info.hypers[i].name, info.hypers[i].default_value);
  for (int64_t i = 0; i < info.num_entries; ++i) {
    const costate_entry_info &entry = info.entries[i];
    std::string arguments, results;
    for (int64_t j = 0; j < entry.num_args; ++j)
      if (entry.args[j].role == COSTATE_INPUT || entry.args[j].role == COSTATE_TARGET || entry.args[j].role == COSTATE_DIM)
        absl::StrAppend(&arguments, arguments.empty() ? "" : ", ", signature(info, entry.args[j]));
    for (int64_t j = 0; j < entry.num_results; ++j)
      if (entry.results[j].role == COSTATE_METRIC || entry.results[j].role == COSTATE_OUTPUT)
        absl::StrAppend(&results, results.empty() ? "" : ", ", signature(info, entry.results[j]));
    std::printf("  entry %s(%s)%s%s\n", entry.name, arguments.c_str(), results.empty() ? "" : " -> ", results.c_str());
  }
}

std::string bytesText(int64_t bytes) {
  const char *units[] = {"B", "kB", "MB", "GB"};
  double value = bytes;
  int unit = 0;
  for (; value >= 1000 && unit < 3; ++unit)
    value /= 1000;
  return absl::StrFormat("%.*f %s", unit == 0 ? 0 : 1, value, units[unit]);
}

/// What the machine can do at most.
struct Walls {
  double peak;      ///< GFLOP/s
  double bandwidth; ///< GB/s for as much memory as an entry uses
};

void printEntry(const ExplainedEntry &entry, size_t first, const Measured *measured, const Walls *walls) {
  std::map<std::string, int> counts;
  for (const ExplainedCall &call : entry.calls)
    ++counts[call.executor];
  std::string summary;
  for (const auto &[executor, count] : counts)
    absl::StrAppend(&summary, summary.empty() ? "" : ", ", count, " ", executor);
  std::printf("  entry %s: %s", entry.name.c_str(), summary.empty() ? "no kernels" : summary.c_str());
  if (entry.workspace > 0)
    std::printf("; workspace %s", bytesText(entry.workspace).c_str());
  if (measured)
    std::printf("; %.2f us a call, of memory at %.1f GB/s", measured->entry, walls->bandwidth);
  std::printf("\n");
  if (measured)
    std::printf("    %10s %6s %9s %8s %8s\n", "us", "share", "GFLOP/s", "GB/s", "of wall");
  for (size_t i = 0; i < entry.calls.size(); ++i) {
    const ExplainedCall &call = entry.calls[i];
    if (measured) {
      double us = measured->calls[first + i], runs = std::max<int64_t>(call.times, 1);
      double least = runs * std::max(call.operations / walls->peak, call.bytes / walls->bandwidth) * 1e-3;
      auto rate = [&](double amount) { return us > 0 ? runs * amount / us * 1e-3 : 0; };
      std::printf("    %10.2f %5.1f%% %9.1f %8.1f %7.0f%%", us, measured->entry > 0 ? 100 * us / measured->entry : 0, rate(call.operations),
                  rate(call.bytes), us > 0 ? 100 * least / us : 0);
    }
    std::printf("    %-6s  %s\n", call.executor.c_str(), call.text.c_str());
    std::string times = call.times < 0 ? "in a loop: " : call.times > 1 ? absl::StrCat(call.times, " times: ") : "";
    if (!measured)
      std::printf("            %s%s%s\n", times.c_str(), call.reason.empty() ? "" : absl::StrCat("about ", call.operations, " operations, ", call.reason, "; ").c_str(), bytesText(call.bytes).c_str());
  }
  for (const std::string &copy : entry.copies)
    std::printf("    copy    %s\n", copy.c_str());
}

int explain(ExplainFlags flags) {
  bool isMeasured = flags.measure || !flags.trace.empty();
  flags.compiler.options.trace = isMeasured;
  if (absl::Status status = flags.sizes.addHints(flags.compiler); !status.ok())
    return report(status);
  absl::StatusOr<Session> session = flags.compiler.session();
  if (!session.ok())
    return report(session.status());
  absl::StatusOr<ModelSource> source = ModelSource::read(flags.compiler.model);
  if (!source.ok())
    return report(source.status());
  absl::StatusOr<Executable> executable = session->compile(*source);
  if (!executable.ok())
    return report(executable.status());
  const costate_model_info &info = executable->info();
  absl::StatusOr<std::vector<int64_t>> dims = flags.sizes.of(info);
  if (!dims.ok())
    return report(dims.status());
  absl::StatusOr<Explanation> explanation = session->explain(*source);
  if (!explanation.ok())
    return report(explanation.status());
  printInterface(info);

  absl::StatusOr<Handle> handle = absl::NotFoundError("");
  double peak = 0;
  size_t calls = 0;
  for (const ExplainedEntry &entry : explanation->entries)
    calls += entry.calls.size();
  if (isMeasured) {
    handle = flags.handle.create(*executable);
    if (!handle.ok())
      return report(handle.status());
    if (absl::Status status = handle->check(costate_model_reserve(handle->model.get(), dims->data())); !status.ok())
      return report(status);
    setInterruptible();
    peak = multiplyAddPeak() * costate_context_threads(handle->context.get());
    std::printf("  machine: %d threads, multiply-add peak %.0f GFLOP/s\n", costate_context_threads(handle->context.get()), peak);
  }
  std::vector<costate_trace_event> events;
  size_t first = 0;
  for (const ExplainedEntry &entry : explanation->entries) {
    if (isMeasured && entry.name != "init") {
      absl::StatusOr<Measured> measured = measureCalls(*handle, info, entry, *dims, calls, flags.seconds, &events);
      if (!measured.ok())
        return report(measured.status());
      int64_t bytes = 0; // that a call touches
      for (const ExplainedCall &call : entry.calls)
        bytes = std::max(bytes, call.bytes);
      constexpr int64_t mostBytes = 1 << 30, worthThreads = 1 << 20;
      int threads = bytes < worthThreads ? 1 : costate_context_threads(handle->context.get());
      Walls walls{peak, streamBandwidth(threads, std::min(bytes, mostBytes) / 3, {.read = 2, .update = 0, .write = 1}, flags.seconds / 10)};
      printEntry(entry, first, &*measured, &walls);
    } else {
      printEntry(entry, first, nullptr, nullptr);
    }
    first += entry.calls.size();
  }
  for (const ExplainedKernel &kernel : explanation->kernels) {
    std::printf("  kernel @%s:%s\n", kernel.name.c_str(), kernel.stages.c_str());
    for (const std::string &directive : kernel.schedule)
      std::printf("    %s\n", directive.c_str());
  }
  if (!flags.trace.empty())
    if (runtime::Status status = records::writeTrace(flags.trace, executable->report(), executable->manifest(), events.empty() ? 0 : events.front().begin, events);
        !status.ok())
      return report(status);
  return success;
}

} // namespace

void addExplain(CLI::App &app, Action &action) {
  CLI::App &command = *app.add_subcommand("explain", "Print a model's interface, its kernels, their executors and schedules");
  auto flags = std::make_shared<ExplainFlags>();
  flags->compiler.addTo(command);
  flags->handle.addTo(command);
  flags->sizes.addTo(command);
  command.add_flag("--measure", flags->measure, "Run each entry on random data, and print what each kernel takes beside what the machine can do");
  command.add_option("--seconds", flags->seconds, "Time for each entry")->check(positiveNumber())->capture_default_str();
  command.add_option("--trace", flags->trace, "Measure, and write the compilation and a call of each entry here, for chrome://tracing or Perfetto (.json)");
  command.callback([flags, &action] { action = [flags] { return explain(*flags); }; });
}

} // namespace costate::tool
