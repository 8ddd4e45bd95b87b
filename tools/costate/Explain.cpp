// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// costate explain: what the compiled model is and what the compiler decided.
#include "costate/compiler/api/Compiler.h"
#include "costate/runtime/Descriptor.h"
#include "costate/tools/costate/Machine.h"
#include "costate/tools/costate/RandomCall.h"
#include "costate/tools/costate/Trace.h"
#include "costate/tools/records/TraceFile.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <optional>

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
      if (runtime::isUserArgument(entry.args[j].role))
        absl::StrAppend(&arguments, arguments.empty() ? "" : ", ", signature(info, entry.args[j]));
    for (int64_t j = 0; j < entry.num_results; ++j)
      if (entry.results[j].role == COSTATE_METRIC || entry.results[j].role == COSTATE_OUTPUT)
        absl::StrAppend(&results, results.empty() ? "" : ", ", signature(info, entry.results[j]));
    std::printf("  entry %s(%s)%s%s\n", entry.name, arguments.c_str(), results.empty() ? "" : " -> ", results.c_str());
  }
}

/// "1.2M"; with a gap, "45.6 k" for a unit to follow.
std::string scaled(double value, const char *gap = "") {
  constexpr const char *units[] = {"", "k", "M", "G", "T"};
  int unit = 0;
  for (; value >= 999.95 && unit < 4; ++unit)
    value /= 1000;
  return absl::StrFormat("%.*f%s%s", unit == 0 ? 0 : 1, value, gap, units[unit]);
}
std::string bytesText(double bytes) { return scaled(bytes, " ") + "B"; }

/// "batch=32, rows=7"
std::string dimsText(const costate_model_info &info, const std::vector<int64_t> &dims) {
  std::string text;
  for (int64_t i = 0; i < info.num_dims; ++i)
    absl::StrAppend(&text, i ? ", " : "", info.dim_names[i], "=", dims[i]);
  return text;
}

/// What an entry is made of: "2 halide, 5 loops; workspace 57.9 kB".
void printSummary(const ExplainedEntry &entry) {
  std::map<std::string, int> counts;
  for (const ExplainedCall &call : entry.calls)
    ++counts[call.executor];
  std::string summary;
  for (const auto &[executor, count] : counts)
    absl::StrAppend(&summary, summary.empty() ? "" : ", ", count, " ", executor);
  std::printf("  entry %s: %s", entry.name.c_str(), summary.empty() ? "no kernels" : summary.c_str());
  if (entry.workspace > 0)
    std::printf("; workspace %s", bytesText(entry.workspace).c_str());
  std::printf("\n");
}

std::string timesText(const ExplainedCall &call) {
  return call.times < 0 ? "in a loop: " : call.times > 1 ? absl::StrCat(call.times, " times: ") : "";
}

/// The calls in their order, and why each is run by whom it is.
void printDecisions(const ExplainedEntry &entry, const std::string &dims) {
  std::string at = dims.empty() ? "" : " at " + dims;
  for (const ExplainedCall &call : entry.calls) {
    std::printf("    %-6s  %s\n            %s", call.executor.c_str(), call.text.c_str(), timesText(call).c_str());
    if (!call.reason.empty())
      std::printf("%s operations%s, %s; ", scaled(call.operations).c_str(), at.c_str(), call.reason.c_str());
    std::printf("%s\n", bytesText(call.bytes).c_str());
  }
}

/// What was measured, beside what was predicted.
struct Times {
  double us, operations, bytes;
  std::optional<Prediction> predicted; // not for a function of the runtime, nor in a loop whose trips are not known
  std::string what;

  double lost() const { return us - (predicted ? predicted->time : 0); }
};

void printRow(std::array<std::string, 10> columns, const std::string &what) {
  constexpr int widths[] = {12, 12, 7, 7, 9, 8, 8, -6, 10, 9};
  std::printf("   ");
  for (size_t i = 0; i < columns.size(); ++i)
    std::printf(" %*s", widths[i], columns[i].c_str());
  std::printf("  %s\n", what.c_str());
}

void printRow(const Times &row, double whole) {
  auto text = [](const char *unit, int decimals, bool isKnown, double value) { return isKnown ? absl::StrFormat("%.*f%s", decimals, value, unit) : "-"; };
  bool isTime = row.us > 0, isPredicted = row.predicted.has_value();
  Prediction predicted = row.predicted.value_or(Prediction());
  printRow({text(" us", 2, true, row.us), text(" us", 2, isPredicted, predicted.time), text("x", 1, isPredicted && isTime, row.us / predicted.time),
            text("%", 1, whole > 0, 100 * row.us / whole), text("", 1, isTime && row.operations > 0, row.operations / row.us * 1e-3),
            text("", 1, isTime, row.bytes / row.us * 1e-3), text("%", 0, isPredicted && isTime, 100 * predicted.wall / row.us), predicted.bound,
            row.operations > 0 ? scaled(row.operations) : "-", bytesText(row.bytes)},
           row.what);
}

/// The calls of an entry, those first that take the most time beyond what they should. us: of each.
void printTimes(const ExplainedEntry &entry, absl::Span<const double> us, double whole, Machine &machine, const std::string &dims) {
  std::vector<Times> rows;
  Times sum{0, 0, 0, Prediction(), "all kernels"};
  for (size_t i = 0; i < entry.calls.size(); ++i) {
    const ExplainedCall &call = entry.calls[i];
    double times = std::max<int64_t>(call.times, 1);
    const Times &row = rows.emplace_back(us[i], times * call.operations, times * call.bytes,
                                         call.operations > 0 && call.times >= 0 ? std::optional(machine.predict(call)) : std::nullopt,
                                         absl::StrCat(call.executor, " ", timesText(call), call.text));
    bool isPredicted = sum.predicted && row.predicted;
    sum = {sum.us + row.us, sum.operations + row.operations, sum.bytes + row.bytes,
           isPredicted ? std::optional(Prediction{sum.predicted->wall + row.predicted->wall, sum.predicted->time + row.predicted->time}) : std::nullopt,
           sum.what};
  }
  std::stable_sort(rows.begin(), rows.end(), [](const Times &a, const Times &b) { return a.lost() > b.lost(); });
  printRow({"measured", "predicted", "ratio", "share", "GFLOP/s", "GB/s", "of wall", "bound", "operations", "memory"}, "kernel");
  for (const Times &row : rows)
    printRow(row, whole);
  printRow(sum, whole);
  printRow({absl::StrFormat("%.2f us", whole)}, dims.empty() ? "a call" : absl::StrCat("a call at ", dims));
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
  absl::StatusOr<std::vector<int64_t>> dims = flags.sizes.of(*executable);
  if (!dims.ok())
    return report(dims.status());
  absl::StatusOr<Explanation> explanation = session->explain(*source);
  if (!explanation.ok())
    return report(explanation.status());
  printInterface(info);
  for (const std::string &problem : explanation->problems)
    std::printf("  problem %s\n", problem.c_str());

  absl::StatusOr<Handle> handle = absl::NotFoundError("");
  std::optional<Machine> machine;
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
    machine.emplace(handle->context.get(), flags.compiler.real == "f64", flags.seconds / 10);
    std::printf("  machine: %s\n", machine->text().c_str());
  }
  std::vector<costate_trace_event> events;
  size_t first = 0;
  for (const ExplainedEntry &entry : explanation->entries) {
    printSummary(entry);
    if (isMeasured && entry.name != "init") {
      absl::StatusOr<Measured> measured = measureCalls(*handle, info, entry, *dims, calls, flags.seconds, &events);
      if (!measured.ok())
        return report(measured.status());
      printTimes(entry, absl::MakeConstSpan(measured->calls).subspan(first, entry.calls.size()), measured->entry, *machine, dimsText(info, *dims));
    } else {
      printDecisions(entry, dimsText(info, *dims));
    }
    for (const std::string &copy : entry.copies)
      std::printf("    copy    %s\n", copy.c_str());
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

void addExplain(CLI::App &command, Action &action) {
  auto flags = std::make_shared<ExplainFlags>();
  flags->compiler.addTo(command);
  flags->handle.addTo(command);
  flags->sizes.addTo(command);
  command.add_flag("--measure", flags->measure, "Run each entry on random data, and print what each kernel takes beside what it should take on this machine");
  command.add_option("--seconds", flags->seconds, "Time for each entry")->check(positiveNumber())->capture_default_str();
  command.add_option("--trace", flags->trace, "Measure, and write the compilation and a call of each entry here, for chrome://tracing or Perfetto (.json)");
  command.callback([flags, &action] { action = [flags] { return explain(*flags); }; });
}

} // namespace costate::tool
