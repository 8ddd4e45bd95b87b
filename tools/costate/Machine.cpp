// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/tools/costate/Machine.h"

#include "costate/tools/costate/RandomCall.h"
#include "costate/tools/costate/Trace.h"
#include "costate/tools/costate/Walls.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include <algorithm>
#include <bit>

namespace costate::tool {

constexpr int repeats = 1001;

static double median(std::vector<double> samples) {
  std::nth_element(samples.begin(), samples.begin() + samples.size() / 2, samples.end());
  return samples[samples.size() / 2];
}

/// Microseconds that are written down for a kernel that does nothing.
static double measureCall(costate_context *context) {
  Trace trace(context);
  std::vector<double> samples;
  for (int i = 0; i < repeats; ++i) {
    trace.clear();
    costate_trace_begin(context, 0);
    costate_trace_end(context, 0);
    samples.push_back(double(trace.events().front().end - trace.events().front().begin) * 1e-3);
  }
  return median(std::move(samples));
}

/// Microseconds of a loop for all threads, which are awake, that does nothing.
static double measureLoop(costate_context *context) {
  std::vector<double> samples;
  for (int i = 0; i < repeats; ++i) {
    double start = now();
    costate_parallel_for(context, [](costate_context *, int64_t, void *) -> int32_t { return COSTATE_OK; }, costate_context_threads(context), nullptr);
    samples.push_back(1e6 * (now() - start));
  }
  return median(std::move(samples));
}

Machine::Machine(costate_context *context, bool isF64, double seconds)
    : threads(costate_context_threads(context)), peak(multiplyAddPeak() / (isF64 ? 2 : 1)), seconds(seconds), callCost(measureCall(context)),
      loopCost(threads > 1 ? measureLoop(context) : 0) {}

std::string Machine::text() const {
  std::string text = absl::StrFormat("%d threads, multiply-add peak %.0f GFLOP/s, a call %.2f us", threads, peak * threads, callCost);
  return threads > 1 ? absl::StrFormat("%s, a parallel loop %.2f us", text, loopCost) : text;
}

double Machine::bandwidth(int users, int64_t bytes) {
  // A pass that is shorter than some microseconds is lost in what it takes to start it, on several threads more so: there each is as fast as if alone.
  constexpr int64_t least = 1 << 16, leastShared = 1 << 20, most = 1 << 30;
  if (users > 1 && bytes < leastShared)
    return users * bandwidth(1, bytes / users);
  int64_t size = std::bit_ceil<uint64_t>(std::clamp(bytes, least, most));
  auto [found, isNew] = bandwidths.try_emplace({users, size});
  if (isNew)
    found->second = streamBandwidth(users, size / 3, {.read = 2, .update = 0, .write = 1}, seconds);
  return found->second;
}

Prediction Machine::predict(const ExplainedCall &call) {
  auto flops = [&](int users) { return call.operations / (peak * users) * 1e-3; };
  auto bytes = [&](int users) { return call.bytes / bandwidth(users, call.bytes) * 1e-3; };
  int users = call.isParallel ? threads : 1;
  double times = std::max<int64_t>(call.times, 1), work = std::max(flops(users), bytes(users)), rest = callCost + (call.isParallel ? loopCost : 0);
  return {times * std::max(flops(threads), bytes(threads)), times * (work + rest), rest > work ? "calls" : flops(users) > bytes(users) ? "flops" : "bytes"};
}

} // namespace costate::tool
