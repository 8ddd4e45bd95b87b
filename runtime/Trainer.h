// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The training loop of `costate train`: epochs of batches through the entry `train_step`, metrics over whole splits through `evaluate`. It
// uses nothing but costate.h, so a C program that calls the same functions in the same order computes the same bits.
#ifndef COSTATE_RUNTIME_TRAINER_H
#define COSTATE_RUNTIME_TRAINER_H

#include "costate/runtime/Status.h"

#include <atomic>
#include <chrono>
#include <functional>

namespace costate::runtime {

/// A scalar that an entry returned, or its mean over samples.
struct Metric {
  std::string name;
  double value = 0;
  int32_t type = COSTATE_F32; // of the scalar; decides how many digits a log needs
};

using TimePoint = std::chrono::steady_clock::time_point;

struct StepReport {
  int64_t step, epoch, batch; // from 0; batch counts within the epoch
  int64_t rows;
  std::span<const Metric> metrics; // of this batch, before the update
  TimePoint asked, ready, done;    // for the batch; it was there; the call returned
};

struct EpochReport {
  int64_t epoch;             // from 0
  std::vector<Metric> train; // means over the samples of the epoch, each before its update
  std::vector<Metric> validation, test; // by `evaluate` after the epoch; empty without such data
  double seconds;
  TimePoint trained, evaluated; // after the last step; after `evaluate`
};

struct TrainOptions {
  int64_t epochs = 1;
  int64_t batch = 32;
  int64_t seed = 0;     // of the batches' order; the model's seed is the handle's
  bool shuffle = true;
  std::string log;      // .csv file with one row a step: step, then metrics before the update; empty: none
  /// File that holds the whole run (parameters, states, position), written after each epoch, each `checkpointEvery` steps if that is not 0, and
  /// when the run is interrupted; empty: none. With `resume` the run goes on from there, and the log from its row: the bits are those of a run
  /// that was never stopped.
  std::string checkpoint;
  int64_t checkpointEvery = 0;
  bool resume = false;
  /// File for the parameters with the least loss on validation data; empty: none. With `patience` > 0 the run ends after as many epochs without a
  /// lesser one.
  std::string best;
  int64_t patience = 0;
  const std::atomic<bool> *interrupt = nullptr; // read before each step; true stops the run
  /// Whether the entry `prepare`, if the model has one, sees all training batches once before the first step, in the order of the file: not where the
  /// parameters come from a run that has done so. With `resume` it never does. If the pass does not end, what it changes is as it was.
  bool prepare = true;
  std::function<void()> onResume; // after a checkpoint has been read
  std::function<void(const StepReport &)> onStep;
  std::function<Status(const EpochReport &)> onEpoch; // a failure ends the run
};

/// Seconds, by what they were spent on.
struct TrainTimes {
  double firstStep = 0; // apart from the rest: it may compile or page in
  double steps = 0;     // all other steps
  double data = 0;
  double evaluation = 0;
};

struct TrainResult {
  /// Ok; NonFinite if a loss was (the parameters are those before that step); Interrupted; or what a call returned.
  Status status;
  int64_t steps = 0; // updates made by this call
  int64_t epochs = 0; // completed
  std::vector<Metric> train, validation, test; // by `evaluate` at the end; empty if the run stopped early
  /// Of the least loss on validation data; the epoch is -1 without such data.
  int64_t bestEpoch = -1;
  double bestLoss = 0;
  bool ranOutOfPatience = false;
  TrainTimes times;

  /// Mean of all steps but the first, in microseconds; of the first if it is the only one.
  double stepMicroseconds() const;
};

class Trainer {
public:
  /// The model and the data outlive the trainer; `validation` and `test` may be null. The data was opened for `train_step` (`evaluate` has the same arguments).
  Trainer(costate_model *model, costate_dataset *train, costate_dataset *validation, costate_dataset *test)
      : model(model), train(train), validation(validation), test(test) {}

  /// Reserves the handle for the batches, then trains and evaluates.
  TrainResult run(const TrainOptions &options);

  /// Means of the metrics of `evaluate` over all samples, in batches of at most `batch`. Errors: NotFound without such an entry;
  /// Unimplemented if it returns arrays; Interrupted.
  Result<std::vector<Metric>> evaluate(costate_dataset *data, int64_t batch, const std::atomic<bool> *interrupt = nullptr);

private:
  Status reserve(costate_dataset *data, int64_t batch);
  Status prepare(const TrainOptions &options);
  Status trainSteps(const TrainOptions &options, TrainResult &result);
  Status evaluateInto(costate_dataset *data, const TrainOptions &options, TrainResult &result, std::vector<Metric> &metrics);

  costate_model *model;
  costate_dataset *train, *validation, *test;
};

} // namespace costate::runtime

#endif // COSTATE_RUNTIME_TRAINER_H
