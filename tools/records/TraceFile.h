// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Traces: what happened when, as events in JSON that chrome://tracing and Perfetto show.
#ifndef COSTATE_TOOLS_RECORDS_TRACE_FILE_H
#define COSTATE_TOOLS_RECORDS_TRACE_FILE_H

#include "costate/compiler/api/Executable.h"
#include "costate/runtime/Trainer.h"

namespace costate::records {

/// Something that took time: nanoseconds of the clock of costate_trace_event.
struct Span {
  std::string name;
  int64_t begin, end;
};

/// Writes the compilation of a model, then spans and the calls of kernels in them. manifest: of a model that was compiled with traces. origin: when the
/// compilation had ended. The file is the old or the new one, whole. Errors: IO.
runtime::Status writeTrace(const std::string &path, const CompileReport &report, const std::string &manifest, int64_t origin,
                           std::span<const costate_trace_event> events, std::span<const Span> spans = {});

/// What a training run does: in its first steps, and in the first evaluation after an epoch. It outlives the context.
class RunTrace {
public:
  static constexpr int64_t mostSteps = 20;
  static constexpr size_t mostCalls = 1 << 16;

  /// Begins now: the model has been compiled, with traces.
  explicit RunTrace(std::string path);
  /// Writes down the calls of kernels on this context.
  void start(costate_context *context);
  void step(const runtime::StepReport &report, bool isLastOfEpoch);
  void epoch(const runtime::EpochReport &report);
  /// Will nothing more be written down?
  bool isComplete() const { return !isOn && steps == mostSteps; }
  /// Writes the file, and says so on stdout. Errors: those of writeTrace.
  runtime::Status write(const CompileReport &report, const std::string &manifest);

private:
  void resume();
  void pause();

  std::string path;
  costate_context *context = nullptr;
  std::vector<costate_trace_event> room;
  std::vector<Span> spans;
  size_t calls = 0, missed = 0; // written to the room; for which there was none
  int64_t origin, steps = 0, evaluations = 0, pausedAt = 0, skipped = 0;
  bool isOn = false;
};

} // namespace costate::records

#endif // COSTATE_TOOLS_RECORDS_TRACE_FILE_H
