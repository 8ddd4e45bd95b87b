// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// What a training run leaves to look at: an event file for TensorBoard, a plot.
#ifndef COSTATE_TOOLS_RECORDS_RUN_RECORDS_H
#define COSTATE_TOOLS_RECORDS_RUN_RECORDS_H

#include "costate/runtime/Trainer.h"
#include "costate/tools/records/EventFile.h"
#include "costate/tools/records/LinePlot.h"

#include <chrono>

namespace costate::records {

/// A quantity of each step, as at most 512 means of equally many steps in a row: a run may have any number of steps.
class StepMeans {
public:
  void add(Point step);
  std::vector<Point> points() const;

private:
  struct Sum {
    double x = 0, y = 0;
    int64_t steps = 0;
  };
  std::vector<Sum> sums;
  int64_t width = 1;
};

/// What would take too long after each of many short steps or epochs.
class EverySecond {
public:
  /// Did a second pass since it was last true?
  bool isDue() {
    std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now();
    return now >= next && (next = now + std::chrono::seconds(1), true);
  }

private:
  std::chrono::steady_clock::time_point next{};
};

struct RecordOptions {
  std::string events; ///< folder; empty: none
  int64_t eventsEvery = 10;
  std::string plot; ///< file; empty: none
};

class RunRecords {
public:
  RunRecords(const costate_model *model, RecordOptions options, int64_t batchesAnEpoch)
      : model(model), options(std::move(options)), batchesAnEpoch(batchesAnEpoch) {}

  /// Creates the event file. Errors: IO.
  runtime::Status open();
  void step(const runtime::StepReport &report);
  /// Errors: IO, also of what was written in the steps.
  runtime::Status epoch(const runtime::EpochReport &report);
  /// However the run has ended. Errors: IO.
  runtime::Status finish();

private:
  /// Of one metric, by epochs: its means while they go on, and after them.
  struct History {
    std::string name;
    StepMeans steps;
    std::vector<Point> validation, test;
  };
  History &historyOf(const std::string &metric);
  LinePlot picture() const;
  runtime::Status writePlot() const;

  const costate_model *model;
  RecordOptions options;
  int64_t batchesAnEpoch;
  std::optional<EventFile> events;
  std::vector<Scalar> scalars; // of an event, here for its memory
  std::vector<History> histories;
  bool hasBegun = false;
  EverySecond flushes, plots;
};

} // namespace costate::records

#endif // COSTATE_TOOLS_RECORDS_RUN_RECORDS_H
