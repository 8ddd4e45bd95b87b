// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Handles: life cycle, names, calls and their checks, files.
#include "costate/runtime/Model.h"
#include "costate/runtime/data/ArrayFile.h"

#include "LinearModel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <dirent.h>
#include <fcntl.h>
#include <fstream>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

using namespace costate;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

class ModelTest : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_EQ(costate_context_create(1, &context), COSTATE_OK);
    const int64_t dims[] = {4};
    ASSERT_EQ(costate_model_create(context, &linear::info, dims, &model), COSTATE_OK) << costate_context_last_error(context);
  }
  void TearDown() override {
    costate_model_destroy(model);
    costate_context_destroy(context);
  }

  float *param(const char *name) {
    costate_array array{};
    EXPECT_EQ(costate_model_array(model, name, &array), COSTATE_OK) << message();
    return static_cast<float *>(array.data);
  }
  std::vector<float> w() { return {param("f.w"), param("f.w") + 3}; }
  std::string message() const { return costate_context_last_error(context); }

  int32_t step(int64_t batch, float *loss = nullptr) {
    std::vector<float> x(3 * std::abs(batch), 1.0f), y(std::abs(batch), 2.0f);
    float l;
    double e;
    void *user[] = {x.data(), y.data(), loss ? loss : &l, &e};
    return costate_model_invoke(model, linear::kTrainStep, user, &batch);
  }

  static std::string temporaryFolder() {
    std::string folder = testing::TempDir() + "/costate-XXXXXX";
    return ::mkdtemp(folder.data());
  }
  static std::vector<std::string> listFolder(const std::string &folder) {
    std::vector<std::string> out;
    DIR *directory = ::opendir(folder.c_str());
    while (dirent *entry = ::readdir(directory))
      if (entry->d_name[0] != '.')
        out.push_back(entry->d_name);
    ::closedir(directory);
    return out;
  }

  costate_context *context = nullptr;
  costate_model *model = nullptr;
};

// A copy of the descriptor that a test breaks.
struct Broken {
  costate_model_info info = linear::info;
  std::vector<costate_entry_info> entries{std::begin(linear::entries), std::end(linear::entries)};
  std::vector<costate_slot_info> slots{std::begin(linear::slots), std::end(linear::slots)};
  const costate_model_info *get() {
    info.entries = entries.data();
    info.slots = slots.data();
    return &info;
  }
};

// ==== Life cycle ====================================================================================================================

TEST_F(ModelTest, CreateDrawsParametersWithSeedZero) { EXPECT_THAT(w(), ElementsAre(0, 1, 2)); }

TEST_F(ModelTest, SeedDrawsAnew) {
  ASSERT_EQ(step(1), COSTATE_OK);
  ASSERT_EQ(costate_model_seed(model, 10), COSTATE_OK);
  EXPECT_THAT(w(), ElementsAre(10, 11, 12));
  EXPECT_EQ(*param("f.b"), 0.5f);
  costate_array t;
  ASSERT_EQ(costate_model_array(model, "t", &t), COSTATE_OK);
  EXPECT_EQ(*static_cast<int64_t *>(t.data), 0);
}

TEST_F(ModelTest, MemoryIsAlignedAndPaddingZero) {
  costate_array arena;
  ASSERT_EQ(costate_model_array(model, "f", &arena), COSTATE_OK);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(arena.data) % COSTATE_ALIGNMENT, 0u);
  EXPECT_EQ(arena.rank, 1);
  EXPECT_EQ(arena.shape[0], linear::kArena);
  EXPECT_EQ(static_cast<float *>(arena.data)[5], 0);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(model->workspace.data()) % COSTATE_ALIGNMENT, 0u);
}

TEST_F(ModelTest, RefusesAnotherInterfaceVersion) {
  Broken broken;
  broken.info.abi_version = 7;
  costate_model *other = model;
  EXPECT_EQ(costate_model_create(context, broken.get(), nullptr, &other), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(other, nullptr);
  EXPECT_THAT(message(), HasSubstr("requires version 7 of the runtime's interface, but this libcostate_rt"));
}

TEST_F(ModelTest, RefusesCpuWithoutInstructions) {
  Broken broken;
  broken.info.isa_mask = uint64_t(1) << 40;
  costate_model *other;
  EXPECT_EQ(costate_model_create(context, broken.get(), nullptr, &other), COSTATE_UNIMPLEMENTED);
  EXPECT_THAT(message(), HasSubstr("requires a CPU with an unknown extension, which this one lacks"));
}

TEST_F(ModelTest, RefusesBrokenDescriptors) {
  costate_model *other;
  auto refused = [&](Broken broken) {
    EXPECT_EQ(costate_model_create(context, broken.get(), nullptr, &other), COSTATE_INTERNAL);
    return message();
  };
  Broken broken;
  broken.entries[1].fn = nullptr;
  EXPECT_EQ(refused(broken), "descriptor of entry 'train_step' has no code");
  broken = Broken();
  broken.info.num_slots = 1;
  EXPECT_EQ(refused(broken), "descriptor of entry 'init' refers to state 1 of 1");
  broken = Broken();
  broken.slots[0].size = 8;
  EXPECT_EQ(refused(broken), "descriptor of slot 'f' has 8 elements, but its shape does not");
  broken = Broken();
  broken.entries[3].extents = nullptr;
  EXPECT_EQ(refused(broken), "descriptor of entry 'predict' has a compound axis in 'odd' and no function for extents");
  broken = Broken();
  const int64_t beyond[] = {9, 0};
  broken.entries[1].dim_sources = beyond;
  EXPECT_EQ(refused(broken), "descriptor of entry 'train_step' binds dimension 'batch' to axis 0 of argument 9");
  broken = Broken();
  broken.entries[1].workspace_size = [](const int64_t *) -> int64_t { return -5; };
  EXPECT_EQ(refused(broken), "entry 'train_step' asks for a workspace of -5 bytes");
}

// The code of `train_step` and `evaluate` comes when they are called.
struct Loading : Broken {
  std::vector<int64_t> asked;
  int32_t code = COSTATE_OK;
  costate_size_fn workspaceSize = linear::trainWorkspace;
  costate_entry_loader loader = {
      [](void *closure, costate_context *context, int64_t entry, costate_entry_fn *fn, costate_size_fn *size) -> int32_t {
        auto *self = static_cast<Loading *>(closure);
        self->asked.push_back(entry);
        if (self->code != COSTATE_OK)
          return costate_fail(context, self->code, "no code today");
        *fn = linear::entries[entry].fn;
        *size = entry == linear::kTrainStep ? self->workspaceSize : nullptr;
        return COSTATE_OK;
      },
      this};
  Loading() {
    for (int64_t entry : {linear::kTrainStep, linear::kEvaluate})
      entries[entry].fn = nullptr, entries[entry].workspace_size = nullptr;
    info.loader = &loader;
  }
};

TEST_F(ModelTest, LoadsCodeInTheFirstCall) {
  Loading loading;
  costate_model_destroy(model);
  ASSERT_EQ(costate_model_create(context, loading.get(), std::array<int64_t, 1>{4}.data(), &model), COSTATE_OK);
  EXPECT_THAT(loading.asked, ElementsAre());
  EXPECT_LT(model->workspace.size(), 100);
  loading.code = COSTATE_UNIMPLEMENTED;
  EXPECT_EQ(step(4), COSTATE_UNIMPLEMENTED);
  EXPECT_EQ(message(), "no code today");
  loading.code = COSTATE_OK;
  loading.workspaceSize = [](const int64_t *) -> int64_t { return INT64_MAX / 4; };
  EXPECT_EQ(step(4), COSTATE_OUT_OF_MEMORY);
  loading.workspaceSize = [](const int64_t *) -> int64_t { return -5; };
  EXPECT_EQ(step(4), COSTATE_INTERNAL);
  EXPECT_EQ(message(), "entry 'train_step' asks for a workspace of -5 bytes");
  loading.workspaceSize = linear::trainWorkspace;
  EXPECT_THAT(w(), ElementsAre(0, 1, 2));
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(step(4), COSTATE_OK) << message();
  EXPECT_EQ(loading.asked.size(), 4u);
  EXPECT_THAT(loading.asked, Each(linear::kTrainStep));
  EXPECT_GE(model->workspace.size(), linear::trainWorkspace(std::array<int64_t, 1>{4}.data()));
  std::vector<float> loaded = w();

  costate_model_destroy(model);
  ASSERT_EQ(costate_model_create(context, &linear::info, std::array<int64_t, 1>{4}.data(), &model), COSTATE_OK);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(step(4), COSTATE_OK);
  EXPECT_EQ(w(), loaded);
}

TEST_F(ModelTest, ReportsWorkspaceThatNoMachineHas) {
  Broken broken;
  broken.entries[1].workspace_size = [](const int64_t *) -> int64_t { return INT64_MAX / 4; };
  costate_model *other;
  EXPECT_EQ(costate_model_create(context, broken.get(), nullptr, &other), COSTATE_OUT_OF_MEMORY);
  EXPECT_EQ(message(), "out of memory");
}

// 4 n^3 is 2^65 bytes, and 0 in 64 bits.
TEST_F(ModelTest, ReportsWorkspaceThatWrapsAround) {
  Broken broken;
  broken.entries[1].workspace_size = [](const int64_t *dims) { return static_cast<int64_t>(4 * uint64_t(dims[0]) * uint64_t(dims[0]) * uint64_t(dims[0])); };
  costate_model *other;
  for (int64_t n : {int64_t(1) << 21, (int64_t(1) << 21) + 1, int64_t(2642246), int64_t(INT32_MAX)})
    EXPECT_EQ(costate_model_create(context, broken.get(), &n, &other), COSTATE_OUT_OF_MEMORY) << n;
  const int64_t n = 100;
  ASSERT_EQ(costate_model_create(context, broken.get(), &n, &other), COSTATE_OK);
  EXPECT_GE(other->workspace.size(), 4 * n * n * n);
  EXPECT_LT(other->workspace.size(), 4 * n * n * n + 100);
  costate_model_destroy(other);
}

TEST_F(ModelTest, ReserveRaisesAndNeverLowers) {
  EXPECT_EQ(step(4), COSTATE_OK);
  EXPECT_EQ(step(5), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(message(), "entry 'train_step' requires dimension 'batch' to be at most 4, the size reserved, but got 5; costate_model_reserve raises it");
  EXPECT_EQ(costate_context_last_code(context), COSTATE_INVALID_ARGUMENT);
  const int64_t small[] = {2}, large[] = {333}, negative[] = {-1};
  ASSERT_EQ(costate_model_reserve(model, small), COSTATE_OK);
  EXPECT_EQ(step(4), COSTATE_OK);
  EXPECT_EQ(message(), "");
  ASSERT_EQ(costate_model_reserve(model, large), COSTATE_OK);
  EXPECT_EQ(step(333), COSTATE_OK);
  EXPECT_EQ(costate_model_reserve(model, negative), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(message(), "model 'linear' requires dimension 'batch' to be >= 0, but got -1");
  EXPECT_EQ(step(-1), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(message(), "entry 'train_step' requires dimension 'batch' to be >= 0, but got -1");
}

TEST_F(ModelTest, WorkspaceIsZeroAtFirstAndKeptBetweenCalls) {
  for (int i = 0; i < 3; ++i)
    ASSERT_EQ(step(4), COSTATE_OK);
  EXPECT_EQ(*reinterpret_cast<int64_t *>(model->workspace.data()), 3);
}

// ==== Names =========================================================================================================================

TEST_F(ModelTest, FindsLeavesSlotsAndStates) {
  costate_array array;
  ASSERT_EQ(costate_model_array(model, "f.w", &array), COSTATE_OK);
  EXPECT_EQ(array.type, COSTATE_F32);
  EXPECT_EQ(array.shape[0], 3);
  float *arena = param("f");
  EXPECT_EQ(array.data, arena);
  EXPECT_EQ(param("f.b"), arena + linear::kB);
  EXPECT_EQ(param("f.m/f.b"), param("f.m") + linear::kB);
  EXPECT_EQ(costate_model_array(model, "f.x", &array), COSTATE_NOT_FOUND);
  EXPECT_EQ(message(), "model 'linear' has no parameter or state 'f.x'; did you mean 'f.w'?");
}

TEST_F(ModelTest, SetsHyperParameters) {
  double value = 0;
  ASSERT_EQ(costate_model_get(model, "lr", &value), COSTATE_OK);
  EXPECT_EQ(value, 0.125);
  ASSERT_EQ(costate_model_set(model, "lr", 0), COSTATE_OK);
  ASSERT_EQ(step(4), COSTATE_OK);
  EXPECT_THAT(w(), ElementsAre(0, 1, 2)); // a rate of zero moves nothing
  ASSERT_EQ(costate_model_set(model, "beta", 0.3), COSTATE_OK);
  ASSERT_EQ(costate_model_get(model, "beta", &value), COSTATE_OK);
  EXPECT_EQ(value, 0.3); // an f64: not rounded
  EXPECT_EQ(costate_model_set(model, "LR", 1), COSTATE_NOT_FOUND);
  EXPECT_EQ(message(), "model 'linear' has no hyper-parameter 'LR'; it has 'lr', 'beta' and 'steps'; did you mean 'lr'?");
  EXPECT_EQ(costate_model_set(model, "steps", 1.5), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(message(), "hyper-parameter 'steps' requires a value of type i32, but got 1.5");
  EXPECT_EQ(costate_model_set(model, "steps", 3e9), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(costate_model_set(model, "steps", NAN), COSTATE_INVALID_ARGUMENT);
  ASSERT_EQ(costate_model_set(model, "steps", -7), COSTATE_OK);
  ASSERT_EQ(costate_model_get(model, "steps", &value), COSTATE_OK);
  EXPECT_EQ(value, -7);
}

// ==== Calls =========================================================================================================================

TEST_F(ModelTest, InvokeTrains) {
  float first, last = 0;
  ASSERT_EQ(step(4, &first), COSTATE_OK);
  EXPECT_EQ(first, 2.25f); // (0 + 1 + 2 + 0.5 - 2)^2
  for (int i = 0; i < 20; ++i)
    ASSERT_EQ(step(4, &last), COSTATE_OK);
  EXPECT_LT(last, 1e-6f);
}

TEST_F(ModelTest, InvokeRefusesUnknownEntries) {
  int64_t dims[] = {1};
  EXPECT_EQ(costate_model_invoke(model, 5, nullptr, dims), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(message(), "model 'linear' requires an entry in [0, 5), but got 5");
  EXPECT_EQ(costate_model_invoke(model, -1, nullptr, dims), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(costate_model_entry(model, "evaluate"), linear::kEvaluate);
  EXPECT_EQ(costate_model_entry(model, "evaluat"), -1);
}

class CallTest : public ModelTest {
protected:
  int32_t predict(costate_array input, costate_array p, costate_array odd) {
    costate_array results[] = {p, odd};
    return costate_model_call(model, "predict", &input, 1, results, 2);
  }
  float x[12] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1}, p[4], odd[9];
  const int64_t xShape[2] = {4, 3}, pShape[1] = {4}, oddShape[1] = {9}, wrong[2] = {4, 2}, three[1] = {3};
  costate_array input{x, COSTATE_F32, 2, xShape}, prediction{p, COSTATE_F32, 1, pShape}, compound{odd, COSTATE_F32, 1, oddShape};
};

TEST_F(CallTest, BindsDimensionsAndFillsResults) {
  ASSERT_EQ(predict(input, prediction, compound), COSTATE_OK) << message();
  EXPECT_THAT(p, ElementsAre(0.5f, 1.5f, 2.5f, 3.5f));
  EXPECT_EQ(odd[8], 8);
}

TEST_F(CallTest, ChecksShapesTypesAndCounts) {
  costate_array bad = input;
  bad.shape = wrong;
  EXPECT_EQ(predict(bad, prediction, compound), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(message(), "input 'x' requires f32[batch, 3], but got f32[4, 2]");
  bad = input;
  bad.type = COSTATE_F64;
  EXPECT_EQ(predict(bad, prediction, compound), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(message(), "input 'x' requires f32[batch, 3], but got f64[4, 3]");
  bad = input;
  bad.rank = 1;
  EXPECT_EQ(predict(bad, prediction, compound), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(message(), "input 'x' requires f32[batch, 3], but got f32[4]");
  bad = input;
  bad.data = nullptr;
  EXPECT_EQ(predict(bad, prediction, compound), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(message(), "input 'x' requires memory for f32[4, 3], but its pointer is null");
  bad = prediction;
  bad.shape = three;
  EXPECT_EQ(predict(input, bad, compound), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(message(), "output 'p' requires f32[batch] with batch = 4 from axis 0 of 'x', but got f32[3]");
  bad = compound;
  bad.shape = pShape;
  EXPECT_EQ(predict(input, prediction, bad), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(message(), "output 'odd' requires f32[?] with 9 at axis 0, but got f32[4]");
  EXPECT_EQ(costate_model_call(model, "predict", nullptr, 0, nullptr, 0), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(message(), "entry 'predict' requires 1 arrays, but got 0");
  EXPECT_EQ(costate_model_call(model, "predict", &input, 1, &prediction, 1), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(message(), "entry 'predict' requires 2 results, but got 1");
  EXPECT_EQ(costate_model_call(model, "predit", nullptr, 0, nullptr, 0), COSTATE_NOT_FOUND);
  EXPECT_EQ(message(), "model 'linear' has no entry 'predit'; it has 'init', 'train_step', 'evaluate', 'predict' and 'sample'; did you mean 'predict'?");
}

TEST_F(CallTest, ChecksThatArraysAgree) {
  costate_array args[] = {input, {p, COSTATE_F32, 1, three}};
  EXPECT_EQ(costate_model_call(model, "evaluate", args, 2, nullptr, 0), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(message(), "target 'y' requires f32[batch] with batch = 4 from axis 0 of 'x', but got f32[3]");
}

TEST_F(CallTest, TakesDimensionsByValue) {
  int64_t n = 4;
  costate_array arg{&n, COSTATE_I64, 0, nullptr};
  ASSERT_EQ(costate_model_call(model, "sample", &arg, 1, &prediction, 1), COSTATE_OK) << message();
  EXPECT_THAT(p, testing::Each(42.0f));
  n = -2;
  EXPECT_EQ(costate_model_call(model, "sample", &arg, 1, &prediction, 1), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(message(), "entry 'sample' requires dimension 'batch' to be >= 0, but got -2 from the value of 'batch'");
}

TEST_F(CallTest, HandsOnWhatTheEntryReports) {
  const int64_t dims[] = {10};
  ASSERT_EQ(costate_model_reserve(model, dims), COSTATE_OK);
  std::vector<float> out(8);
  void *user[] = {out.data()};
  int64_t n = 7;
  EXPECT_EQ(costate_model_invoke(model, 4, user, &n), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(message(), "seven is refused");
  n = 8;
  EXPECT_EQ(costate_model_invoke(model, 4, user, &n), COSTATE_INTERNAL);
  EXPECT_EQ(message(), "entry 'sample' failed: internal error");
  n = 3;
  EXPECT_EQ(costate_model_invoke(model, 4, user, &n), COSTATE_OK);
  EXPECT_EQ(costate_context_last_code(context), COSTATE_OK);
}

TEST_F(CallTest, PointersAndNamesMayNotBeNull) {
  std::vector<float> x(6, 1.0f), y(2, 2.0f);
  float loss;
  double error;
  int64_t rows = 2;
  ASSERT_EQ(costate_model_reserve(model, &rows), COSTATE_OK);
  void *all[] = {x.data(), y.data(), &loss, &error};
  for (auto [place, words] : {std::pair(0, "input 'x', f32[2, 3]"), std::pair(1, "target 'y', f32[2]"), std::pair(3, "metric 'error', f64")}) {
    std::vector<void *> user(std::begin(all), std::end(all));
    user[place] = nullptr;
    EXPECT_EQ(costate_model_invoke(model, linear::kTrainStep, user.data(), &rows), COSTATE_INVALID_ARGUMENT);
    EXPECT_EQ(message(), std::string("entry 'train_step' requires memory for ") + words + ", but its pointer is NULL");
  }
  EXPECT_EQ(costate_model_invoke(model, linear::kTrainStep, all, &rows), COSTATE_OK);
  // An array without elements needs no memory.
  rows = 0;
  void *empty[] = {nullptr, nullptr, &loss, &error};
  EXPECT_EQ(costate_model_invoke(model, linear::kTrainStep, empty, &rows), COSTATE_OK) << message();

  costate_array array;
  double value;
  EXPECT_EQ(costate_model_set(model, nullptr, 1), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(message(), "requires the name of a hyper-parameter, but got NULL");
  EXPECT_EQ(costate_model_get(model, nullptr, &value), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(costate_model_array(model, nullptr, &array), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(costate_model_call(model, nullptr, nullptr, 0, nullptr, 0), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(message(), "requires the name of an entry, but got NULL");
  EXPECT_EQ(costate_model_call(model, "evaluate", nullptr, 2, nullptr, 2), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(message(), "entry 'evaluate' requires 2 arrays, but got 0");
  EXPECT_EQ(costate_model_save(model, nullptr, COSTATE_SAVE_PARAMS), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(message(), "requires the path of a file, but got NULL");
  EXPECT_EQ(costate_model_load(model, nullptr, COSTATE_SAVE_PARAMS), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(costate_model_set_note(model, nullptr, "x"), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(costate_model_note(model, nullptr), nullptr);
  EXPECT_EQ(costate_model_entry(model, nullptr), -1);
  costate_dataset *dataset;
  EXPECT_EQ(costate_dataset_open(context, &linear::info, "train_step", nullptr, nullptr, &dataset), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(costate_dataset_open(context, &linear::info, nullptr, "x.npz", nullptr, &dataset), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(costate_fail(context, COSTATE_IO, nullptr), COSTATE_IO);
}

// ==== Files =========================================================================================================================

class SaveTest : public ModelTest {
protected:
  std::string folder = temporaryFolder(), path = folder + "/m.safetensors";
};

TEST_F(SaveTest, ParametersComeBackByName) {
  param("f.w")[1] = 77;
  *param("f.b") = -3;
  ASSERT_EQ(costate_model_save(model, path.c_str(), COSTATE_SAVE_PARAMS), COSTATE_OK) << message();
  auto file = runtime::ArrayFile::open(path);
  ASSERT_TRUE(file.ok());
  EXPECT_THAT(file->names(), testing::UnorderedElementsAre("f.w", "f.b"));
  EXPECT_TRUE(file->read("f.b")->shape.empty());
  ASSERT_EQ(costate_model_seed(model, 5), COSTATE_OK);
  ASSERT_EQ(costate_model_load(model, path.c_str(), COSTATE_SAVE_PARAMS), COSTATE_OK) << message();
  EXPECT_THAT(w(), ElementsAre(0, 77, 2));
  EXPECT_EQ(*param("f.b"), -3);
  EXPECT_EQ(model->seed, 5);
}

TEST_F(SaveTest, CheckpointResumesBitForBit) {
  ASSERT_EQ(costate_model_set(model, "beta", 0.9), COSTATE_OK);
  ASSERT_EQ(costate_model_seed(model, 123), COSTATE_OK);
  step(3);
  ASSERT_EQ(costate_model_save(model, path.c_str(), COSTATE_SAVE_PARAMS | COSTATE_SAVE_STATES), COSTATE_OK);
  float expected, got;
  step(4);
  step(4, &expected);
  ASSERT_EQ(costate_model_seed(model, 1), COSTATE_OK);
  ASSERT_EQ(costate_model_load(model, path.c_str(), COSTATE_SAVE_PARAMS | COSTATE_SAVE_STATES), COSTATE_OK) << message();
  EXPECT_EQ(model->seed, 123);
  step(4);
  step(4, &got);
  EXPECT_EQ(got, expected);
}

TEST_F(SaveTest, CheckpointWithAHyperParameterOfAnotherTypeChangesNothing) {
  ASSERT_EQ(costate_model_set(model, "steps", 749), COSTATE_OK);
  ASSERT_EQ(costate_model_save(model, path.c_str(), COSTATE_SAVE_PARAMS | COSTATE_SAVE_STATES), COSTATE_OK);
  auto content = runtime::readFile(path);
  ASSERT_TRUE(content.ok());
  std::string bytes(reinterpret_cast<const char *>((*content)->bytes.data()), (*content)->bytes.size());
  const size_t place = bytes.find("749");
  ASSERT_NE(place, std::string::npos);
  bytes.replace(place, 3, "7.5");
  std::ofstream(path, std::ios::binary) << bytes;
  ASSERT_EQ(costate_model_seed(model, 30), COSTATE_OK);
  EXPECT_EQ(costate_model_load(model, path.c_str(), COSTATE_SAVE_PARAMS | COSTATE_SAVE_STATES), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(message(), "'" + path + "': hyper-parameter 'steps' requires a value of type i32, but got 7.5");
  EXPECT_THAT(w(), ElementsAre(30, 31, 32));
  EXPECT_EQ(model->seed, 30);
}

// A writer takes no file of another for abandoned that lives under the name of one that has been renamed.
TEST_F(SaveTest, ManyMayWriteOneFile) {
  std::vector<std::thread> writers;
  std::atomic<int> failures{0};
  for (int writer = 0; writer < 4; ++writer)
    writers.emplace_back([&] {
      const float value = 1;
      const std::vector<runtime::NamedView> views{{"w", COSTATE_F32, {}, &value}};
      for (int i = 0; i < 200; ++i)
        failures += !runtime::writeSafetensors(path, views).ok();
    });
  for (std::thread &writer : writers)
    writer.join();
  EXPECT_EQ(failures, 0);
  EXPECT_THAT(listFolder(folder), ElementsAre("m.safetensors"));
}

TEST_F(SaveTest, ReplacesTheFileAndLeavesNoOther) {
  std::ofstream(path) << "old";
  ASSERT_EQ(costate_model_save(model, path.c_str(), COSTATE_SAVE_PARAMS), COSTATE_OK);
  EXPECT_THAT(listFolder(folder), ElementsAre("m.safetensors"));
  EXPECT_TRUE(runtime::ArrayFile::open(path).ok());
}

TEST_F(SaveTest, FailedSaveKeepsTheOldFile) {
  std::string inside = folder + "/missing/m.safetensors";
  EXPECT_EQ(costate_model_save(model, inside.c_str(), COSTATE_SAVE_PARAMS), COSTATE_IO);
  EXPECT_EQ(message(), "'" + inside + "': cannot create the file: No such file or directory");
  // A directory in the place of the target: writing succeeds, renaming fails.
  ASSERT_EQ(::mkdir(path.c_str(), 0777), 0);
  EXPECT_EQ(costate_model_save(model, path.c_str(), COSTATE_SAVE_PARAMS), COSTATE_IO);
  EXPECT_THAT(message(), HasSubstr("cannot write the file"));
  EXPECT_THAT(listFolder(folder), ElementsAre("m.safetensors"));
  EXPECT_EQ(costate_model_save(model, path.c_str(), 0), COSTATE_INVALID_ARGUMENT);
}

TEST_F(SaveTest, WritesToWhatIsNoFileInsteadOfReplacingIt) {
  ASSERT_EQ(::mkfifo(path.c_str(), 0666), 0);
  int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  EXPECT_EQ(costate_model_save(model, path.c_str(), COSTATE_SAVE_PARAMS), COSTATE_OK);
  char bytes[4096];
  EXPECT_GT(::read(reader, bytes, sizeof bytes), 8);
  ::close(reader);
  struct stat status;
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_TRUE(S_ISFIFO(status.st_mode));
}

TEST_F(SaveTest, LoadConvertsFloatsAndChangesNothingOnFailure) {
  const double w[] = {5, 6, 7}, b = 8;
  std::vector<runtime::NamedView> views{{"f.w", COSTATE_F64, {3}, w}};
  ASSERT_TRUE(runtime::writeSafetensors(path, views).ok());
  EXPECT_EQ(costate_model_load(model, path.c_str(), COSTATE_SAVE_PARAMS), COSTATE_NOT_FOUND);
  EXPECT_EQ(message(), "'" + path + "': requires array 'f.b', but the file has 'f.w'; did you mean 'f.w'?");
  EXPECT_THAT(this->w(), ElementsAre(0, 1, 2));
  views.push_back({"f.b", COSTATE_F64, {1}, &b});
  ASSERT_TRUE(runtime::writeSafetensors(path, views).ok());
  EXPECT_EQ(costate_model_load(model, path.c_str(), COSTATE_SAVE_PARAMS), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(message(), "'" + path + "': array 'f.b' requires f32, but got f64[1]");
  EXPECT_THAT(this->w(), ElementsAre(0, 1, 2));
  views.back().shape = {};
  views.push_back({"unknown", COSTATE_F64, {}, &b});
  ASSERT_TRUE(runtime::writeSafetensors(path, views).ok());
  ASSERT_EQ(costate_model_load(model, path.c_str(), COSTATE_SAVE_PARAMS), COSTATE_OK) << message();
  EXPECT_THAT(this->w(), ElementsAre(5, 6, 7));
  EXPECT_EQ(costate_model_load(model, path.c_str(), COSTATE_SAVE_STATES), COSTATE_INVALID_ARGUMENT);
  EXPECT_THAT(message(), HasSubstr("requires metadata 'costate.seed' of a checkpoint"));
  EXPECT_EQ(costate_model_load(model, (path + "x").c_str(), COSTATE_SAVE_PARAMS), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(costate_model_load(model, (folder + "/no.safetensors").c_str(), COSTATE_SAVE_PARAMS), COSTATE_NOT_FOUND);
  EXPECT_THAT(message(), HasSubstr("cannot open the file: No such file or directory"));
}

} // namespace
