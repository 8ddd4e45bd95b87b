// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/tools/costate/Trace.h"

#include "costate/tools/costate/RandomCall.h"

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

} // namespace costate::tool
