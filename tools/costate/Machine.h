// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// What a call of a kernel should take on this machine.
#ifndef COSTATE_TOOLS_COSTATE_MACHINE_H
#define COSTATE_TOOLS_COSTATE_MACHINE_H

#include "costate/compiler/pipeline/Explain.h"
#include "costate/tools/costate/Commands.h"

#include <map>

namespace costate::tool {

/// Microseconds of a call, all its times together.
struct Prediction {
  double wall = 0;        ///< the work alone, on all threads: no call can take less
  double time = 0;        ///< the work on the threads that it is scheduled for, and what calls and parallel loops cost
  const char *bound = ""; ///< what most of that is: "flops", "bytes" or "calls"
};

/// Rates and costs are measured, bandwidths when they are first asked for.
class Machine {
public:
  /// For f64 the peak is half of that for f32. seconds: to measure a bandwidth.
  Machine(costate_context *context, bool isF64, double seconds);

  Prediction predict(const ExplainedCall &call);
  /// "2 threads, multiply-add peak 356 GFLOP/s, ..."
  std::string text() const;

private:
  double bandwidth(int threads, int64_t bytes);

  int threads;
  double peak; // GFLOP/s of a thread
  double seconds;
  double callCost, loopCost;                            // microseconds
  std::map<std::pair<int, int64_t>, double> bandwidths; // GB/s by threads and bytes
};

} // namespace costate::tool

#endif // COSTATE_TOOLS_COSTATE_MACHINE_H
