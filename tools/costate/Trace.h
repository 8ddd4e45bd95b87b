// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Times of kernels, and of what stands around them.
#ifndef COSTATE_TOOLS_COSTATE_TRACE_H
#define COSTATE_TOOLS_COSTATE_TRACE_H

#include "costate/compiler/pipeline/Explain.h"
#include "costate/tools/costate/Commands.h"

namespace costate::tool {

/// Room for the calls of kernels of a context; while it lives, they are written down.
class Trace {
public:
  explicit Trace(costate_context *context) : context(context), room(1024) { clear(); }
  ~Trace() { costate_context_trace(context, nullptr, 0); }
  Trace(const Trace &) = delete;
  Trace &operator=(const Trace &) = delete;

  /// Those that had room, of all that there were.
  absl::Span<const costate_trace_event> events() const;
  void clear() { costate_context_trace(context, room.data(), room.size()); }
  /// Makes room for as many as there were, if some had none, and forgets them all.
  bool grow();

private:
  costate_context *context;
  std::vector<costate_trace_event> room;
};

/// Microseconds in each call, by its number, and in the whole entry: medians.
struct Measured {
  std::vector<double> calls;
  double entry = 0;
};

/// Runs an entry of a model that was compiled with traces, for so many seconds. calls: of all entries. first: gets the events of one call of the entry.
absl::StatusOr<Measured> measureCalls(const Handle &handle, const costate_model_info &info, const ExplainedEntry &entry, const std::vector<int64_t> &dims,
                                      size_t calls, double seconds, std::vector<costate_trace_event> *first = nullptr);

} // namespace costate::tool

#endif // COSTATE_TOOLS_COSTATE_TRACE_H
