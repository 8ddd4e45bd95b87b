// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Datasets, batches and the training loop, on the hand-written linear model; and JSON.
#include "costate/runtime/Json.h"
#include "costate/runtime/Model.h"
#include "costate/runtime/Trainer.h"
#include "costate/runtime/data/Dataset.h"

#include "LinearModel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <list>
#include <numeric>
#include <set>
#include <sstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace costate;
using namespace costate::runtime;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

class DataTest : public testing::Test {
protected:
  void SetUp() override { ASSERT_EQ(costate_context_create(1, &context), COSTATE_OK); }
  void TearDown() override {
    costate_dataset_destroy(dataset);
    costate_context_destroy(context);
  }

  /// y = x @ [1, 2, 3] + 4 on `train` and `test` samples; x[i, 0] = i tells the rows apart.
  void writeData(int64_t train, int64_t test) {
    std::vector<NamedView> views;
    for (auto [split, count] : {std::pair<std::string, int64_t>{"_train", train}, {"_test", test}}) {
      std::vector<double> &x = storage.emplace_back(), &y = storage.emplace_back();
      for (int64_t i = 0; i < count; ++i) {
        double row[] = {double(i), double(i % 2), double(i % 3)};
        x.insert(x.end(), row, row + 3);
        y.push_back(row[0] + 2 * row[1] + 3 * row[2] + 4);
      }
      views.push_back({"x" + split, COSTATE_F64, {count, 3}, x.data()});
      views.push_back({"y" + split, COSTATE_F64, {count}, y.data()});
    }
    ASSERT_TRUE(writeNpz(path, views).ok());
  }
  int32_t open(const char *split = "train") {
    costate_dataset_destroy(dataset);
    return costate_dataset_open(context, &linear::info, "train_step", path.c_str(), split, &dataset);
  }
  /// Rows (by x[i, 0]) of the next batch.
  std::vector<int> nextRows(costate_batches *batches) {
    void *const *arrays;
    int64_t count;
    EXPECT_EQ(costate_batches_next(batches, &arrays, &count), COSTATE_OK);
    const float *x = static_cast<const float *>(arrays[0]), *y = static_cast<const float *>(arrays[1]);
    std::vector<int> rows;
    for (int64_t i = 0; i < count; ++i) {
      rows.push_back(static_cast<int>(x[3 * i]));
      EXPECT_EQ(y[i], x[3 * i] + 2 * x[3 * i + 1] + 3 * x[3 * i + 2] + 4); // x and y stay together
    }
    return rows;
  }
  std::vector<int> epochRows(costate_batches *batches) {
    std::vector<int> rows;
    for (int64_t i = 0; i < costate_batches_count(batches); ++i) {
      std::vector<int> next = nextRows(batches);
      rows.insert(rows.end(), next.begin(), next.end());
    }
    return rows;
  }
  costate_batches *batches(int64_t size, int64_t seed, bool shuffle) {
    costate_batches *out = nullptr;
    EXPECT_EQ(costate_batches_create(dataset, size, seed, shuffle, &out), COSTATE_OK) << message();
    return out;
  }
  std::string message() const { return costate_context_last_error(context); }

  costate_context *context = nullptr;
  costate_dataset *dataset = nullptr;
  std::list<std::vector<double>> storage;
  std::string folder = [] {
    std::string name = testing::TempDir() + "/costate-XXXXXX";
    return std::string(::mkdtemp(name.data()));
  }();
  std::string path = folder + "/data.npz";
};

// ==== Dataset =======================================================================================================================

TEST_F(DataTest, OpensASplitInTheModelsTypes) {
  writeData(10, 3);
  ASSERT_EQ(open(), COSTATE_OK) << message();
  EXPECT_EQ(costate_dataset_size(dataset), 10);
  EXPECT_EQ(dataset->arrays[0].type, COSTATE_F32); // the file has f64
  int64_t dims[1];
  costate_dataset_dims(dataset, 6, dims);
  EXPECT_EQ(dims[0], 6);
  ASSERT_EQ(open("test"), COSTATE_OK);
  EXPECT_EQ(costate_dataset_size(dataset), 3);
}

TEST_F(DataTest, FallsBackToTheBareName) {
  const double x[] = {1, 2, 3, 4, 5, 6}, y[] = {1, 2};
  const NamedView views[] = {{"x", COSTATE_F64, {2, 3}, x}, {"y", COSTATE_F64, {2}, y}};
  ASSERT_TRUE(writeNpz(path, views).ok());
  EXPECT_EQ(open("train"), COSTATE_OK);
  EXPECT_EQ(open(nullptr), COSTATE_OK);
  EXPECT_EQ(costate_dataset_size(dataset), 2);
}

TEST_F(DataTest, ReadsCsv) {
  path = folder + "/data.csv";
  std::ofstream(path) << "x.0,x.1,x.2,y\n0,1,2,3\n4,5,6,7\n";
  ASSERT_EQ(open(), COSTATE_OK) << message();
  EXPECT_EQ(costate_dataset_size(dataset), 2);
}

TEST_F(DataTest, NamesWhatIsMissingOrDoesNotFit) {
  const double x[] = {1, 2, 3, 4, 5, 6};
  auto complaint = [&](std::vector<NamedView> views, int32_t code) {
    EXPECT_TRUE(writeNpz(path, views).ok());
    EXPECT_EQ(open(), code);
    EXPECT_EQ(dataset, nullptr);
    return message().substr(path.size() + 2);
  };
  EXPECT_EQ(complaint({{"X_train", COSTATE_F64, {2, 3}, x}, {"y_train", COSTATE_F64, {2}, x}}, COSTATE_NOT_FOUND),
            ": requires array 'x_train' or 'x' for input 'x', but the file has 'X_train' and 'y_train'; did you mean 'X_train'?");
  EXPECT_EQ(complaint({{"x", COSTATE_F64, {2, 3}, x}}, COSTATE_NOT_FOUND), ": requires array 'y_train' or 'y' for target 'y', but the file has 'x'");
  EXPECT_EQ(complaint({{"x", COSTATE_F64, {3, 2}, x}, {"y", COSTATE_F64, {2}, x}}, COSTATE_INVALID_ARGUMENT),
            ": array 'x' requires f32[batch, 3] for input 'x', but got f64[3, 2]");
  EXPECT_EQ(complaint({{"x", COSTATE_F64, {6}, x}, {"y", COSTATE_F64, {2}, x}}, COSTATE_INVALID_ARGUMENT),
            ": array 'x' requires f32[batch, 3] for input 'x', but got f64[6]");
  EXPECT_EQ(complaint({{"x", COSTATE_F64, {2, 3}, x}, {"y_train", COSTATE_F64, {3}, x}}, COSTATE_INVALID_ARGUMENT),
            ": array 'y_train' requires f32[batch] with batch = 2 as in 'x' for target 'y', but got f64[3]");
  const int32_t large[] = {1, 1 << 30, (1 << 30) + 1};
  EXPECT_EQ(complaint({{"x", COSTATE_I32, {1, 3}, large}, {"y", COSTATE_F64, {1}, x}}, COSTATE_INVALID_ARGUMENT),
            ": array 'x' requires values of type f32, but element 2 (i32) is 1073741825");
  EXPECT_EQ(costate_dataset_open(context, &linear::info, "train", path.c_str(), "", &dataset), COSTATE_NOT_FOUND);
  EXPECT_THAT(message(), HasSubstr("has no entry 'train'"));
  EXPECT_EQ(costate_dataset_open(context, &linear::info, "sample", path.c_str(), "", &dataset), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(message(), "entry 'sample' requires an input or target with a named dimension on axis 0, to cut data into batches");
}

TEST_F(DataTest, RowsTellWhereSamplesStandInTheFile) {
  writeData(10, 3);
  const int64_t shape[] = {-1}, other[] = {4};
  const costate_array_info ids{"ids", COSTATE_ROWS, COSTATE_I32, 1, shape, -1};
  const costate_array_info args[] = {ids, linear::x, linear::y};
  costate_entry_info entry = linear::info.entries[0];
  entry.args = args;
  entry.num_args = 3;
  Result<ArrayFile> file = ArrayFile::open(path);
  ASSERT_TRUE(file.ok());
  Result<costate_dataset> opened = costate_dataset::open(linear::info, entry, *file, "train");
  ASSERT_TRUE(opened.ok()) << opened.status().message();
  costate_dataset all = std::move(*opened);
  all.context = context;
  costate_dataset taken = all.takeOut(0.3, /*seed=*/5);
  EXPECT_EQ(taken.samples, 3);
  for (costate_dataset *part : {&all, &taken})
    for (bool shuffle : {false, true}) {
      costate_batches batches(*part, 4, /*seed=*/1, shuffle);
      for (int64_t i = 0; i < 2 * batches.count(); ++i) {
        int64_t count;
        std::span<void *const> arrays = batches.next(count);
        for (int64_t k = 0; k < count; ++k)
          EXPECT_EQ(static_cast<const int32_t *>(arrays[0])[k], static_cast<const float *>(arrays[1])[3 * k]);
      }
    }

  const costate_array_info wrong[] = {{"ids", COSTATE_ROWS, COSTATE_I32, 1, other, -1}, linear::x, linear::y};
  entry.args = wrong;
  opened = costate_dataset::open(linear::info, entry, *file, "train");
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.status().message(), "rows 'ids' require dimension 'batch', along which data is cut into batches, but have type i32[4]");
}

// ==== Batches =======================================================================================================================

TEST_F(DataTest, BatchesInOrderUseTheIncompleteLastOne) {
  writeData(10, 1);
  ASSERT_EQ(open(), COSTATE_OK);
  costate_batches *all = batches(4, 0, false);
  EXPECT_EQ(costate_batches_count(all), 3);
  for (int epoch = 0; epoch < 2; ++epoch) {
    EXPECT_EQ(costate_batches_epoch(all), epoch);
    EXPECT_THAT(nextRows(all), ElementsAre(0, 1, 2, 3));
    EXPECT_THAT(nextRows(all), ElementsAre(4, 5, 6, 7));
    EXPECT_EQ(costate_batches_epoch(all), epoch);
    EXPECT_THAT(nextRows(all), ElementsAre(8, 9));
  }
  costate_batches_destroy(all);
  all = batches(1000, 0, false); // larger than the data
  EXPECT_EQ(costate_batches_count(all), 1);
  EXPECT_EQ(nextRows(all).size(), 10u);
  costate_batches_destroy(all);
}

TEST_F(DataTest, ShuffledEpochsArePermutationsOfSeedAndEpoch) {
  writeData(100, 1);
  ASSERT_EQ(open(), COSTATE_OK);
  costate_batches *a = batches(7, 1, true), *b = batches(32, 1, true), *other = batches(7, 2, true);
  std::vector<int> first = epochRows(a), second = epochRows(a), sorted = first;
  EXPECT_EQ(epochRows(b), first); // the size of a batch does not matter
  EXPECT_EQ(epochRows(b), second);
  EXPECT_NE(first, second);
  EXPECT_NE(epochRows(other), first);
  std::sort(sorted.begin(), sorted.end());
  std::vector<int> all(100);
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(sorted, all);
  EXPECT_NE(first, all);
  for (costate_batches *batches : {a, b, other})
    costate_batches_destroy(batches);
}

TEST_F(DataTest, ShuffleIsUniform) { // each of the 6 orders of 3 samples about 1000 times in 6000 epochs: 5 sigma are 145
  writeData(3, 1);
  ASSERT_EQ(open(), COSTATE_OK);
  costate_batches *all = batches(3, 9, true);
  std::map<std::vector<int>, int> counts;
  for (int epoch = 0; epoch < 6000; ++epoch)
    ++counts[nextRows(all)];
  EXPECT_EQ(counts.size(), 6u);
  for (const auto &[order, count] : counts)
    EXPECT_NEAR(count, 1000, 145);
  costate_batches_destroy(all);
}

TEST_F(DataTest, BatchesRefuseImpossibleSizes) {
  writeData(3, 0);
  ASSERT_EQ(open(), COSTATE_OK);
  costate_batches *out;
  EXPECT_EQ(costate_batches_create(dataset, 0, 0, 0, &out), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(message(), "batches require a size >= 1, but got 0");
  ASSERT_EQ(open("test"), COSTATE_OK) << message();
  EXPECT_EQ(costate_batches_create(dataset, 1, 0, 0, &out), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(message(), "batches require at least one sample, but the data has none");
}

// ==== Training ======================================================================================================================

class TrainerTest : public DataTest {
protected:
  void SetUp() override {
    DataTest::SetUp();
    writeData(10, 3);
    ASSERT_EQ(open("test"), COSTATE_OK);
    test = std::exchange(dataset, nullptr);
    ASSERT_EQ(open(), COSTATE_OK);
    ASSERT_EQ(costate_model_create(context, &linear::info, nullptr, &model), COSTATE_OK);
    ASSERT_EQ(costate_model_set(model, "lr", 0.005), COSTATE_OK);
    options.batch = 4;
    options.epochs = 3;
  }
  void TearDown() override {
    costate_model_destroy(model);
    costate_dataset_destroy(test);
    DataTest::TearDown();
  }
  TrainResult train() { return Trainer(model, dataset, nullptr, test).run(options); }
  std::vector<std::string> logLines() {
    std::ifstream in(options.log);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);)
      lines.push_back(line);
    return lines;
  }
  std::vector<float> parameters() {
    costate_array arena;
    EXPECT_EQ(costate_model_array(model, "f", &arena), COSTATE_OK);
    return {static_cast<float *>(arena.data), static_cast<float *>(arena.data) + linear::kArena};
  }

  costate_dataset *test = nullptr;
  costate_model *model = nullptr;
  TrainOptions options;
};

TEST_F(TrainerTest, RunsAllStepsAndLowersTheLoss) {
  std::vector<int64_t> steps, rows;
  std::vector<EpochReport> epochs;
  options.onStep = [&](const StepReport &report) {
    steps.push_back(report.step);
    rows.push_back(report.rows);
  };
  options.onEpoch = [&](const EpochReport &report) {
    epochs.push_back(report);
    return Status();
  };
  options.epochs = 200;
  TrainResult result = train();
  ASSERT_TRUE(result.status.ok()) << result.status.message();
  EXPECT_EQ(result.steps, 600);
  EXPECT_EQ(result.epochs, 200);
  EXPECT_EQ(steps.back(), 599);
  EXPECT_THAT(std::vector<int64_t>(rows.begin(), rows.begin() + 3), ElementsAre(4, 4, 2));
  ASSERT_EQ(epochs.size(), 200u);
  EXPECT_LT(epochs.back().train[0].value, 0.1 * epochs.front().train[0].value);
  EXPECT_EQ(epochs.back().test[0].name, "loss");
  EXPECT_EQ(epochs.back().test[0].value, result.test[0].value);
  EXPECT_EQ(result.train[1].name, "error");
  EXPECT_GT(result.stepMicroseconds(), 0);
}

TEST_F(TrainerTest, SaysWhenEachPartBeganAndEnded) {
  TimePoint last = std::chrono::steady_clock::now();
  auto follows = [&](TimePoint time) {
    EXPECT_GE(time, last);
    last = time;
  };
  options.onStep = [&](const StepReport &report) {
    for (TimePoint time : {report.asked, report.ready, report.done})
      follows(time);
  };
  options.onEpoch = [&](const EpochReport &report) {
    follows(report.trained);
    follows(report.evaluated);
    return Status();
  };
  ASSERT_TRUE(train().status.ok());
}

TEST_F(TrainerTest, EndsWithTheFailureOfAReport) {
  options.epochs = 5;
  options.onEpoch = [&](const EpochReport &report) { return report.epoch == 2 ? Status(COSTATE_IO, "no room") : Status(); };
  TrainResult result = train();
  EXPECT_EQ(result.status.code(), COSTATE_IO);
  EXPECT_EQ(result.status.message(), "no room");
  EXPECT_EQ(result.epochs, 3);
}

TEST_F(TrainerTest, EqualsTheLoopOfACProgram) {
  options.log = folder + "/steps.csv";
  options.seed = 11;
  ASSERT_TRUE(train().status.ok());
  std::vector<float> trained = parameters();

  costate_model *other;
  const int64_t dims[] = {4};
  ASSERT_EQ(costate_model_create(context, &linear::info, dims, &other), COSTATE_OK);
  costate_model_set(other, "lr", 0.005);
  costate_batches *all = batches(4, 11, true);
  std::vector<std::string> lines{"step,loss,error"};
  for (int step = 0; step < 9; ++step) {
    void *const *arrays;
    int64_t rows;
    costate_batches_next(all, &arrays, &rows);
    float loss;
    double error;
    void *user[] = {arrays[0], arrays[1], &loss, &error};
    ASSERT_EQ(costate_model_invoke(other, linear::kTrainStep, user, &rows), COSTATE_OK);
    lines.push_back(text(step, ',', loss, ',', error));
  }
  EXPECT_EQ(logLines(), lines);
  EXPECT_EQ(std::memcmp(other->slots[0].data(), trained.data(), trained.size() * sizeof(float)), 0);
  costate_batches_destroy(all);
  costate_model_destroy(other);
}

TEST_F(TrainerTest, MetricsWeighSamplesNotBatches) {
  // batches of 4, 4 and 2 against one batch of 10: the same means
  Trainer trainer(model, dataset, nullptr, test);
  Result<std::vector<Metric>> uneven = trainer.evaluate(dataset, 4), whole = trainer.evaluate(dataset, 10);
  ASSERT_TRUE(uneven.ok() && whole.ok());
  EXPECT_NEAR((*uneven)[0].value, (*whole)[0].value, 1e-5 * (*whole)[0].value);
  EXPECT_NEAR((*uneven)[1].value, (*whole)[1].value, 1e-12 * (*whole)[1].value);
  Result<std::vector<Metric>> tail = trainer.evaluate(test, 4);
  EXPECT_NE((*tail)[1].value, (*whole)[1].value);
}

TEST_F(TrainerTest, NonFiniteLossStopsWithTheStepAndKeepsParameters) {
  options.log = folder + "/steps.csv";
  options.shuffle = false;
  reinterpret_cast<float *>(dataset->arrays[1].data.data())[5] = NAN; // in the second batch
  TrainResult result = train();
  EXPECT_EQ(result.status.code(), COSTATE_NON_FINITE);
  EXPECT_EQ(result.status.message(),
            "training requires a finite loss, but got nan at step 1 (epoch 1, batch 2); the parameters are those before this step");
  EXPECT_EQ(result.steps, 1);
  EXPECT_EQ(result.epochs, 0);
  EXPECT_TRUE(result.train.empty());
  EXPECT_EQ(logLines().size(), 3u); // the header, the good step and the bad one
  for (float parameter : parameters())
    EXPECT_TRUE(std::isfinite(parameter));
}

TEST_F(TrainerTest, InterruptStopsBeforeTheNextStep) {
  std::atomic<bool> flag{false};
  options.interrupt = &flag;
  options.onStep = [&](const StepReport &report) { flag = report.step == 4; };
  TrainResult result = train();
  EXPECT_EQ(result.status.code(), COSTATE_INTERRUPTED);
  EXPECT_EQ(result.status.message(), "interrupted after 5 steps");
  EXPECT_EQ(result.steps, 5);
}

/// A checkpoint in the middle of the second epoch of batches of 4, with some of its notes changed.
class ResumeTest : public TrainerTest {
protected:
  void SetUp() override {
    TrainerTest::SetUp();
    options.checkpoint = folder + "/c.safetensors";
    options.log = folder + "/steps.csv";
    std::atomic<bool> flag{false};
    options.interrupt = &flag;
    options.onStep = [&](const StepReport &report) { flag = report.step == 4; };
    ASSERT_EQ(train().status.code(), COSTATE_INTERRUPTED);
    options.interrupt = nullptr;
    options.onStep = {};
    options.resume = true;
  }
  /// The message of a run that goes on from it.
  std::string resume(const char *key, const char *value) {
    EXPECT_EQ(costate_model_set_note(model, key, value), COSTATE_OK);
    EXPECT_EQ(costate_model_save(model, options.checkpoint.c_str(), COSTATE_SAVE_PARAMS | COSTATE_SAVE_STATES), COSTATE_OK);
    std::string words = train().status.message(), where = "'" + options.checkpoint + "': requires ";
    return words.starts_with(where) ? words.substr(where.size()) : words;
  }
};

TEST_F(ResumeTest, GoesOnOnlyWithSumsOfTheSameMetrics) {
  const std::string sums = costate_model_note(model, "train.sums");
  ASSERT_THAT(sums, testing::StartsWith("8 loss 0 "));
  // As of a model that had another metric, or fewer.
  for (std::string other : {"8 loss 0 1.5", "8 loss 0 1.5 wrong 1 2", "8 loss 1 1.5 error 1 2", "8 loss 0 1.5 error 1 2 more 1 3",
                            "9 loss 0 1.5 error 1 2", "8 loss 0 1.5x error 1 2", "8", "", "-8", "99999999999999999999"})
    EXPECT_EQ(resume("train.sums", other.c_str()), "sums over 8 samples of the metrics of this model, but got '" + other + "'");
  EXPECT_EQ(resume("train.sums", sums.c_str()), "");
}

TEST_F(ResumeTest, GoesOnOnlyFromAPosition) {
  for (const char *step : {"-1", "x", "99999999999999999999"})
    EXPECT_EQ(resume("train.step", step), "the position of a run");
  ASSERT_EQ(costate_model_set_note(model, "train.step", "5"), COSTATE_OK);
  for (const char *best : {"9223372036854775807 1", "-2 1", "0", "x 1"})
    EXPECT_EQ(resume("train.best", best), "the position of a run");
}

TEST_F(ResumeTest, RowsOfTheLogAreNeverOutOfTheFile) {
  const std::vector<std::string> rows = logLines();
  ASSERT_EQ(rows.size(), 6u);
  std::ofstream(options.log, std::ios::app) << "5,as of a run that was killed behind its checkpoint\n6,and in a row";
  struct stat before, after;
  ASSERT_EQ(::stat(options.log.c_str(), &before), 0);
  // As if it were killed here: a child ends before it writes anything.
  options.onStep = [](const StepReport &) { ::_exit(0); };
  const pid_t child = ::fork();
  if (child == 0) {
    train();
    ::_exit(1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  EXPECT_EQ(logLines(), rows);
  ASSERT_EQ(::stat(options.log.c_str(), &after), 0);
  EXPECT_EQ(after.st_ino, before.st_ino);
  options.onStep = {};
  ASSERT_TRUE(train().status.ok());
  EXPECT_EQ(logLines().size(), 10u);
  EXPECT_THAT(logLines()[6], testing::StartsWith("5,"));
}

TEST_F(TrainerTest, ReportsWhatItCannotDo) {
  options.log = folder + "/missing/steps.csv";
  EXPECT_EQ(train().status.message(), "'" + options.log + "': cannot create the file: No such file or directory");
  options = TrainOptions();
  options.epochs = -1;
  EXPECT_EQ(train().status.message(), "training requires 'epochs' to be >= 0, but got -1");
  options.epochs = 1;
  options.batch = 0;
  EXPECT_EQ(train().status.message(), "batches require a size >= 1, but got 0");
}

TEST_F(TrainerTest, ZeroEpochsOnlyEvaluate) {
  options.epochs = 0;
  TrainResult result = train();
  ASSERT_TRUE(result.status.ok());
  EXPECT_EQ(result.steps, 0);
  EXPECT_EQ(result.train.size(), 2u);
  EXPECT_EQ(result.test.size(), 2u);
}

// The linear model with a buffer, of which the entry `prepare` makes the sum of x[:, 0], and x[0, 0] of its last call.
namespace prepared {
constexpr int64_t seen_shape[] = {2};
const std::vector<costate_slot_info> slots = [] {
  std::vector<costate_slot_info> all(std::begin(linear::slots), std::end(linear::slots));
  all.push_back({"seen", COSTATE_F32, COSTATE_BUFFER, 2, 1, seen_shape, 0, nullptr});
  return all;
}();
constexpr costate_array_info args[] = {{"seen", COSTATE_BUFFER, COSTATE_F32, 1, seen_shape, 3}, linear::x, linear::y};
constexpr int64_t dims[] = {1, 0};
int32_t prepare(costate_context *context, void *const *args, const int64_t *dims, void *) {
  float *seen = static_cast<float *>(args[0]);
  const float *x = static_cast<float *>(args[1]);
  for (int64_t i = 0; i < dims[0]; ++i)
    seen[0] += x[3 * i];
  seen[1] = x[0];
  return x[0] == -1 ? costate_fail(context, COSTATE_INVALID_ARGUMENT, "-1 is refused") : COSTATE_OK;
}
const std::vector<costate_entry_info> entries = [] {
  std::vector<costate_entry_info> all(std::begin(linear::entries), std::end(linear::entries));
  all.push_back({"prepare", 3, args, 0, nullptr, prepare, nullptr, nullptr, dims});
  return all;
}();
const costate_model_info info = [] {
  costate_model_info all = linear::info;
  all.num_slots = slots.size();
  all.slots = slots.data();
  all.num_entries = entries.size();
  all.entries = entries.data();
  return all;
}();
} // namespace prepared

class PrepareTest : public TrainerTest {
protected:
  void SetUp() override {
    TrainerTest::SetUp();
    costate_model_destroy(std::exchange(model, nullptr));
    ASSERT_EQ(costate_model_create(context, &prepared::info, nullptr, &model), COSTATE_OK) << message();
    ASSERT_EQ(costate_model_set(model, "lr", 0.005), COSTATE_OK);
  }
  std::vector<float> seen() {
    costate_array array;
    EXPECT_EQ(costate_model_array(model, "seen", &array), COSTATE_OK);
    return {static_cast<float *>(array.data), static_cast<float *>(array.data) + 2};
  }
};

TEST_F(PrepareTest, SeesAllBatchesOnceInTheOrderOfTheFile) {
  options.seed = 9; // the steps are shuffled
  bool before = false;
  options.onStep = [&](const StepReport &report) { before |= report.step == 0 && seen()[0] == 45; };
  ASSERT_TRUE(train().status.ok());
  EXPECT_TRUE(before);
  EXPECT_THAT(seen(), ElementsAre(45, 8)); // batches of 4, 4 and 2
  options.prepare = false;
  ASSERT_TRUE(train().status.ok());
  EXPECT_THAT(seen(), ElementsAre(45, 8));
}

TEST_F(PrepareTest, IsNotRepeatedByARunThatGoesOn) {
  options.checkpoint = folder + "/c.safetensors";
  options.epochs = 1;
  ASSERT_TRUE(train().status.ok());
  ASSERT_EQ(costate_model_seed(model, 0), COSTATE_OK);
  options.resume = true;
  options.epochs = 2;
  ASSERT_TRUE(train().status.ok());
  EXPECT_THAT(seen(), ElementsAre(45, 8));
}

TEST_F(PrepareTest, ChangesNothingUnlessItEnds) {
  options.checkpoint = folder + "/c.safetensors";
  std::atomic<bool> flag{true};
  options.interrupt = &flag;
  TrainResult result = train();
  EXPECT_EQ(result.status.code(), COSTATE_INTERRUPTED);
  EXPECT_EQ(result.status.message(), "interrupted before the first step");
  options.interrupt = nullptr;
  reinterpret_cast<float *>(dataset->arrays[0].data.data())[8 * 3] = -1; // in the last batch
  EXPECT_EQ(train().status.message(), "-1 is refused");
  EXPECT_THAT(seen(), ElementsAre(0, 0));
  EXPECT_NE(::access(options.checkpoint.c_str(), F_OK), 0);
}

// ==== JSON ==========================================================================================================================

TEST(JsonTest, PrintsWhatItParses) {
  for (const char *same :
       {"null", "true", "[]", "{}", "[1,-2,9223372036854775807]", "[-0,0]", "{\"a\":{\"b\":[\"x\\u000a\\\"\\\\\"]},\"c\":0.1}", "-1e-07"}) {
    Result<Json> json = Json::parse(same);
    ASSERT_TRUE(json.ok()) << json.status().message();
    EXPECT_EQ(json->print(), same);
  }
  EXPECT_EQ(Json::parse(" { \"k\" : [ 1 , 2.50 ] } ")->print(), "{\"k\":[1,2.5]}");
  EXPECT_EQ(*Json::parse("\"\\u00e9\\ud83d\\ude00\\n\"")->asString(), "\xC3\xA9\xF0\x9F\x98\x80\n");
  EXPECT_EQ(Json(NAN).print(), "null");
  EXPECT_EQ(Json(Json::Object{{"loss", 0.5}, {"steps", 3}}).find("steps")->print(), "3");
}

TEST(JsonTest, SaysWhereATextIsWrong) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "byte 0: requires a value, but the text ends"},
      {"[1,", "byte 3: requires a value, but the text ends"},
      {"[1 2]", "byte 3: requires ',' or ']', but got '2'"},
      {"{\"a\" 1}", "byte 5: requires ':', but got '1'"},
      {"{1:2}", "byte 1: requires a string, but got '1'"},
      {"{\"a\":1,\"a\":2}", "byte 7: requires different keys, but got 'a' again"},
      {"nul", "byte 0: requires a value, but got 'n'"},
      {"1.5.2", "byte 0: requires a number, but got '1'"},
      {"\"abc", "byte 4: requires '\"', but the text ends"},
      {"\"a\nb\"", "byte 2: requires an escaped control character, but got byte value 10"},
      {"\"\\ud800\"", "byte 7: requires four hexadecimal digits of a character, but got '\"'"},
      {"1 x", "byte 2: requires the end of the text, but got 'x'"},
  };
  for (const auto &[words, message] : cases)
    EXPECT_EQ(Json::parse(words).status().message(), message) << words;
  EXPECT_EQ(Json::parse(std::string(100000, '[')).status().message(), "byte 65: requires at most 64 nested values");
}

} // namespace
