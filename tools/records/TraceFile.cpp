// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/tools/records/TraceFile.h"

#include "costate/runtime/data/ArrayFile.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace costate::records {

using Json = nlohmann::ordered_json;
using runtime::text;

runtime::Status writeTrace(const std::string &path, const CompileReport &report, const std::string &manifest, int64_t origin,
                           std::span<const costate_trace_event> events, std::span<const Span> spans) {
  constexpr int compiler = 1, model = 2; // rows of the picture
  Json list = Json::array();
  for (auto [row, name] : {std::pair(compiler, "compiler"), std::pair(model, "model")})
    list.push_back({{"name", "thread_name"}, {"ph", "M"}, {"pid", 1}, {"tid", row}, {"args", {{"name", name}}}});
  auto add = [&](int row, const std::string &name, double begin, double duration, Json arguments) { // microseconds
    list.push_back({{"name", name}, {"ph", "X"}, {"pid", 1}, {"tid", row}, {"ts", begin}, {"dur", duration}, {"args", std::move(arguments)}});
  };
  // The parts of a compilation follow each other.
  double compiled = 0;
  auto part = [&](const std::string &name, double seconds, Json arguments = Json::object()) {
    add(compiler, name, compiled, seconds * 1e6, std::move(arguments));
    compiled += seconds * 1e6;
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
  auto run = [&](const std::string &name, int64_t begin, int64_t end, Json arguments) {
    add(model, name, compiled + double(begin - origin) * 1e-3, double(end - begin) * 1e-3, std::move(arguments));
  };
  for (const Span &span : spans)
    run(span.name, span.begin, span.end, Json::object());
  const Json calls = Json::parse(manifest)["calls"];
  for (const costate_trace_event &event : events) {
    Json call = calls[event.call];
    std::string name = call["name"];
    call.erase("name");
    run(name, event.begin, event.end, std::move(call));
  }
  std::string file = Json{{"traceEvents", std::move(list)}, {"displayTimeUnit", "ns"}}.dump() + "\n";
  std::span<const std::byte> bytes = std::as_bytes(std::span(file));
  return runtime::writeFileAtomically(path, {&bytes, 1});
}

static int64_t nanoseconds(runtime::TimePoint time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

RunTrace::RunTrace(std::string path) : path(std::move(path)), room(mostCalls), origin(nanoseconds(std::chrono::steady_clock::now())) {}

void RunTrace::start(costate_context *runs) {
  context = runs;
  resume();
}

void RunTrace::resume() {
  costate_context_trace(context, room.data() + calls, room.size() - calls);
  isOn = true;
}

void RunTrace::pause() {
  if (!isOn)
    return;
  size_t count = costate_context_trace_count(context), kept = std::min(count, room.size() - calls);
  costate_context_trace(context, nullptr, 0);
  calls += kept;
  missed += count - kept;
  isOn = false;
}

void RunTrace::step(const runtime::StepReport &report, bool isLastOfEpoch) {
  if (steps < mostSteps) {
    if (steps == 0)
      spans.push_back({"data file, parameters", origin, nanoseconds(report.asked)});
    spans.push_back({"data", nanoseconds(report.asked), nanoseconds(report.ready)});
    spans.push_back({text("step ", report.step), nanoseconds(report.ready), nanoseconds(report.done)});
    if (++steps == mostSteps) {
      pause();
      pausedAt = nanoseconds(report.done);
    }
  } else if (evaluations == 0) {
    ++skipped;
  }
  if (!isOn && evaluations == 0 && isLastOfEpoch) {
    if (skipped > 0)
      spans.push_back({text(skipped, " more steps"), pausedAt, nanoseconds(report.done)});
    resume();
  }
}

void RunTrace::epoch(const runtime::EpochReport &report) {
  if (isOn && report.validation.size() + report.test.size() > 0) {
    spans.push_back({"evaluation", nanoseconds(report.trained), nanoseconds(report.evaluated)});
    ++evaluations;
  }
  if (steps == mostSteps)
    pause();
}

runtime::Status RunTrace::write(const CompileReport &report, const std::string &manifest) {
  pause();
  COSTATE_RETURN_IF_ERROR(writeTrace(path, report, manifest, origin, std::span(room).first(calls), spans));
  std::printf("wrote '%s' for Perfetto: %lld step%s, %lld evaluation%s, %zu calls of kernels%s\n", path.c_str(), static_cast<long long>(steps), steps == 1 ? "" : "s",
              static_cast<long long>(evaluations), evaluations == 1 ? "" : "s", calls, missed ? text(" (", missed, " more had no room)").c_str() : "");
  return {};
}

} // namespace costate::records
