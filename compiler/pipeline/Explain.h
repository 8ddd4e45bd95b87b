// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// What the compiler decided about a program.
#ifndef COSTATE_COMPILER_PIPELINE_EXPLAIN_H
#define COSTATE_COMPILER_PIPELINE_EXPLAIN_H

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace mlir {
class ModuleOp;
}

namespace costate {

/// A call of a kernel or of a function of the runtime. Numbers are for dimensions at their hints.
struct ExplainedCall {
  std::string executor; ///< "halide", "loops" or "extern"
  std::string text;     ///< "@name(f32[?, 64], ...) -> f32[?, 128]"
  std::string reason;   ///< why this executor
  int64_t times = 1;    ///< in a call of the entry, by the loops around it; -1: that is known at run time only
  int64_t operations = 0; ///< of one time; 0 for functions of the runtime
  bool isParallel = false; ///< does its schedule have a loop for threads?
  int64_t bytes = 0;      ///< of the arrays that it reads and writes, each counted once
};

struct ExplainedEntry {
  std::string name;
  std::vector<ExplainedCall> calls; ///< in order; numbered on through all entries they are costate_trace_event.call
  int64_t workspace = 0;            ///< bytes
  std::vector<std::string> copies;  ///< arrays that are copied from one place to another
};

struct ExplainedKernel {
  std::string name, stages;
  std::vector<std::string> schedule; ///< its directives
  std::string text;                  ///< stages and schedule, as Options::scheduleFile takes them
};

struct Explanation {
  std::vector<ExplainedEntry> entries;
  std::vector<ExplainedKernel> kernels; ///< that Halide compiles
  std::vector<std::string> problems;    ///< "model.costate:12:9: a problem with ..., solved by ...", "...: derivatives by ...", in the order of import
};

/// Describes a module after phase schedule, with names at `hints` (32 without).
Explanation explainDecisions(mlir::ModuleOp module, const std::map<std::string, int64_t> &hints);

} // namespace costate

#endif // COSTATE_COMPILER_PIPELINE_EXPLAIN_H
