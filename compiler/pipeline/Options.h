// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// What a caller may choose about a compilation; values only.
#ifndef COSTATE_COMPILER_PIPELINE_OPTIONS_H
#define COSTATE_COMPILER_PIPELINE_OPTIONS_H

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace costate {

enum class Phase { Import, Solve, Differentiate, Fuse, Schedule, Codegen };

constexpr Phase allPhases[] = {Phase::Import, Phase::Solve, Phase::Differentiate, Phase::Fuse, Phase::Schedule, Phase::Codegen};

/// "import", "solve", ...
const char *phaseName(Phase phase);
std::optional<Phase> parsePhase(std::string_view name);

/// The type that `f32` of a model is compiled as.
enum class Real { F32, F64 };

/// What the rules of schedules choose, where a search tries something else; 0: the rule. Results do not depend on it.
struct ScheduleChoices {
  /// Of a tile of a product of matrices: rows, and vectors of columns.
  int64_t tileRows = 0, tileVectors = 0;
  /// Tiles side by side in a packed panel.
  int64_t panelTiles = 0;
  /// Operations of a task, about.
  int64_t taskOperations = 0;
};

struct Options {
  Real real = Real::F32;
  /// The first phase to run, on IR that meets the contract of the phase before; a model text starts with import.
  Phase from = Phase::Import;
  /// Which of the models of a file; empty: the only one.
  std::string model;
  /// "host" or a level of the x86-64 psABI (codegen/Target.h).
  std::string target = "host";
  /// Likely extents of named dimensions, instead of those that the model gives (`dim NAME hint SIZE`): cost rules and schedules read them, results
  /// never depend on them.
  std::map<std::string, int64_t> hints;
  ScheduleChoices schedules;
  /// A file of kernels with schedules (ExplainedKernel::text); kernels that it does not have are scheduled by rule. Empty: all are.
  std::string scheduleFile;
  /// Entries that have code when a compilation of a model returns; each of the others is compiled when it is called for the first time. Results do not
  /// depend on it. Empty, or of names that the model has none of: all.
  std::set<std::string> entries;
  /// LLVM's effort, 0 to 3. At 0 no kernel goes to Halide.
  int optimize = 2;
  /// Threads of the compiler itself; 0: one a CPU.
  int threads = 0;
  /// Folder of compiled objects; empty: none is read or written. Bound in bytes.
  std::string cacheDirectory;
  uint64_t cacheBytes = uint64_t(512) << 20;
  /// Whether the times of kernels can be written down while the model runs (costate_context_trace).
  bool trace = false;
  /// The solver of a `problem` shows what it has after each iteration (costate_context_set_printer).
  bool watch = false;
  /// Folder that gets the module after each phase, as NUMBER-PHASE.mlir; empty: none.
  std::string dumpDirectory;

  /// Traces number the calls of a whole model, dumps show it, and IR on buffers comes as it is.
  bool defersEntries() const { return !entries.empty() && !trace && dumpDirectory.empty() && from <= Phase::Fuse; }
  /// A package from the cache has nothing to dump.
  bool usesCachedPackages() const { return dumpDirectory.empty(); }
};

} // namespace costate

#endif // COSTATE_COMPILER_PIPELINE_OPTIONS_H
