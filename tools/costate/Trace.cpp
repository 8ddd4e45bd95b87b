// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/tools/costate/Trace.h"

#include "costate/tools/costate/RandomCall.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace costate::tool {

bool Trace::grow() {
  size_t count = costate_context_trace_count(context);
  if (count <= room.size())
    return false;
  room.resize(count);
  clear();
  return true;
}

absl::Span<const costate_trace_event> Trace::events() const {
  return absl::MakeConstSpan(room.data(), std::min<size_t>(costate_context_trace_count(context), room.size()));
}

static double median(std::vector<double> &samples) {
  std::sort(samples.begin(), samples.end());
  return samples.empty() ? 0 : samples[samples.size() / 2];
}

absl::StatusOr<Measured> measureCalls(const Handle &handle, const costate_model_info &info, const ExplainedEntry &entry, const std::vector<int64_t> &dims,
                                      size_t calls, double seconds, std::vector<costate_trace_event> *first) {
  int64_t number = costate_model_entry(handle.model.get(), entry.name.c_str());
  RandomCall call(info, number, dims);
  Trace trace(handle.context.get());
  std::vector<std::vector<double>> samples(calls);
  std::vector<double> whole;
  double begin = now();
  for (int64_t i = 0; i < 8 || (now() - begin < seconds && !interruptFlag()); ++i) {
    trace.clear();
    double start = now();
    if (int32_t code = call.invoke(handle.model.get()); code != COSTATE_OK)
      return handle.check(code);
    if (trace.grow() || i < 3)
      continue; // to warm up, and to learn how many calls there are
    whole.push_back(1e6 * (now() - start));
    std::vector<double> sums(calls);
    for (const costate_trace_event &event : trace.events())
      sums[event.call] += double(event.end - event.begin) * 1e-3;
    for (size_t k = 0; k < calls; ++k)
      samples[k].push_back(sums[k]);
    if (first && whole.size() == 1)
      first->insert(first->end(), trace.events().begin(), trace.events().end());
  }
  Measured measured;
  for (std::vector<double> &times : samples)
    measured.calls.push_back(median(times));
  measured.entry = median(whole);
  return measured;
}

absl::Status writeTrace(const std::string &path, const CompileReport &report, const Explanation &explanation, absl::Span<const costate_trace_event> events) {
  using Json = nlohmann::ordered_json;
  constexpr int compiler = 1, model = 2; // rows of the picture
  Json list = Json::array();
  auto name = [&](int row, const char *text) {
    list.push_back({{"name", "thread_name"}, {"ph", "M"}, {"pid", 1}, {"tid", row}, {"args", {{"name", text}}}});
  };
  name(compiler, "compiler");
  name(model, "model");
  // Microseconds. The parts of a compilation follow each other.
  double at = 0;
  auto part = [&](const std::string &text, double seconds, Json arguments = Json::object()) {
    list.push_back({{"name", text}, {"ph", "X"}, {"pid", 1}, {"tid", compiler}, {"ts", at}, {"dur", seconds * 1e6}, {"args", std::move(arguments)}});
    at += seconds * 1e6;
  };
  if (report.fromCache) {
    part("from the cache", report.total);
  } else {
    part("import", report.import);
    for (const auto &[phase, seconds] : report.phaseSeconds)
      part(phase, seconds);
    part("code", report.code, {{"kernels", report.kernels}, {"cached", report.cachedKernels}, {"halide_s", report.halide}, {"host_code_s", report.llvm}});
    part("link", report.link);
  }
  std::vector<const ExplainedCall *> calls;
  std::vector<const ExplainedEntry *> entryOf;
  for (const ExplainedEntry &entry : explanation.entries)
    for (const ExplainedCall &call : entry.calls) {
      calls.push_back(&call);
      entryOf.push_back(&entry);
    }
  for (const costate_trace_event &event : events) {
    const ExplainedCall &call = *calls.at(event.call);
    list.push_back({{"name", call.text.substr(0, call.text.find('('))},
                    {"ph", "X"},
                    {"pid", 1},
                    {"tid", model},
                    {"ts", at + double(event.begin - events.front().begin) * 1e-3},
                    {"dur", double(event.end - event.begin) * 1e-3},
                    {"args", {{"entry", entryOf[event.call]->name}, {"executor", call.executor}, {"operations", call.operations}, {"bytes", call.bytes}}}});
  }
  std::string text = Json{{"traceEvents", std::move(list)}, {"displayTimeUnit", "ns"}}.dump() + "\n";
  std::span<const std::byte> bytes = std::as_bytes(std::span(text));
  runtime::Status status = runtime::writeFileAtomically(path, {&bytes, 1});
  return status.ok() ? absl::OkStatus() : absl::InternalError(status.message());
}

} // namespace costate::tool
