// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a host brings: memory, which may end, and loops on its own threads. Compiled models on both: tests/api/HostedModelTest.cpp.
#include "costate/runtime/Model.h"
#include "costate/runtime/data/Dataset.h"

#include "HostAllocator.h"
#include "LinearModel.h"

#include <HalideRuntime.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

using namespace costate;
using namespace costate::runtime;

namespace {

/// Runs loops on threads that it starts for each, the last items first.
struct HostThreads {
  int threads = 3, loops = 0, depth = 0;

  static void run(void *pool, int64_t count, void (*body)(void *, int64_t), void *closure) {
    HostThreads &self = *static_cast<HostThreads *>(pool);
    ++self.loops;
    ASSERT_EQ(self.depth++, 0) << "loops are not nested";
    std::vector<std::thread> running;
    for (int t = 0; t < self.threads; ++t)
      running.emplace_back([=, &self] {
        for (int64_t i = count - 1 - t; i >= 0; i -= self.threads)
          body(closure, i);
      });
    for (std::thread &thread : running)
      thread.join();
    --self.depth;
  }
};

costate_context_options optionsOf(HostAllocator *allocator, HostThreads *threads) {
  costate_context_options options{};
  options.threads = 1;
  if (allocator) {
    options.allocate = HostAllocator::allocate;
    options.release = HostAllocator::release;
    options.memory = allocator;
  }
  if (threads) {
    options.threads = threads->threads;
    options.parallel_for = HostThreads::run;
    options.pool = threads;
  }
  return options;
}

/// Everything that takes memory: a handle, more of it, steps, batches, kernels of the runtime, Halide's own. The codes of all calls, OK or not; the parameters.
std::vector<float> use(costate_context *context, costate_dataset *data, std::vector<int32_t> &codes) {
  auto ok = [&](int32_t code) {
    codes.push_back(code);
    return code == COSTATE_OK;
  };
  costate_model *model = nullptr;
  if (!ok(costate_model_create(context, &linear::info, nullptr, &model)))
    return {};
  int64_t rows = 4;
  std::vector<float> parameters;
  costate_batches *batches = nullptr;
  if (ok(costate_model_reserve(model, &rows)) && ok(costate_batches_create(data, rows, 3, 1, &batches)))
    for (int i = 0; i < 5; ++i) {
      void *const *arrays;
      float loss;
      double error;
      costate_batches_next(batches, &arrays, &rows);
      void *user[] = {arrays[0], arrays[1], &loss, &error};
      ok(costate_model_invoke(model, linear::kTrainStep, user, &rows));
    }
  costate_batches_destroy(batches);
  std::vector<double> keys(1 << 16), matrix(9, 0.0);
  std::vector<int32_t> order(keys.size());
  std::iota(keys.rbegin(), keys.rend(), 0.0);
  context->error.clear();
  if (ok(costate_argsort_f64(context, keys.data(), order.data(), 8, keys.size() / 8, 1)))
    EXPECT_EQ(order[0], int(keys.size() / 8) - 1);
  context->error.clear();
  void *memory = halide_malloc(context, 100000); // a kernel would not ask whether it is null
  EXPECT_NE(memory, nullptr);
  std::memset(memory, 1, 100000);
  halide_free(context, memory);
  ok(costate_context_last_code(context));
  costate_array array;
  if (ok(costate_model_array(model, "f", &array)))
    parameters.assign(static_cast<float *>(array.data), static_cast<float *>(array.data) + linear::kArena);
  costate_model_destroy(model);
  return parameters;
}

class HostTest : public testing::Test {
protected:
  /// Ten samples, which lie in the system's memory.
  costate_dataset dataIn(costate_context *context) {
    costate_dataset data;
    data.context = context;
    data.arrays.push_back({COSTATE_F32, {10, 3}, Buffer(10 * 3 * 4)});
    data.arrays.push_back({COSTATE_F32, {10}, Buffer(10 * 4)});
    data.sliced = {true, true};
    data.dims = {10};
    data.sampleDimension = 0;
    data.samples = 10;
    for (Array &array : data.arrays)
      for (int64_t i = 0; i < array.size(); ++i)
        reinterpret_cast<float *>(array.data.data())[i] = static_cast<float>(i % 7) / 7;
    return data;
  }
  std::vector<float> run(const costate_context_options &options, std::vector<int32_t> &codes) {
    costate_context *context = nullptr;
    EXPECT_EQ(costate_context_create_with(&options, &context), COSTATE_OK);
    costate_dataset data = dataIn(context);
    std::vector<float> parameters = use(context, &data, codes);
    costate_context_destroy(context);
    return parameters;
  }
  std::vector<float> reference() {
    std::vector<int32_t> codes;
    return run(optionsOf(nullptr, nullptr), codes);
  }
};

TEST_F(HostTest, AllMemoryComesFromTheHostAndReturns) {
  HostAllocator allocator;
  std::vector<int32_t> codes;
  EXPECT_EQ(run(optionsOf(&allocator, nullptr), codes), reference());
  EXPECT_THAT(codes, testing::Each(COSTATE_OK));
  EXPECT_GE(allocator.calls, 3 + 1 + 2 + 2); // slots, workspace, batches, kernels
  EXPECT_EQ(allocator.blocks.size(), 0u);
  EXPECT_EQ(allocator.wrong, 0);
}

TEST_F(HostTest, EachAllocationThatFailsIsAnErrorAndNothingElse) {
  std::vector<float> expected = reference();
  int failing = 1;
  for (;; ++failing) {
    ASSERT_LT(failing, 100);
    HostAllocator allocator;
    allocator.failing = failing;
    std::vector<int32_t> codes;
    std::vector<float> parameters = run(optionsOf(&allocator, nullptr), codes);
    EXPECT_EQ(allocator.blocks.size(), 0u);
    EXPECT_EQ(allocator.wrong, 0);
    if (allocator.calls < failing) { // none has failed
      EXPECT_THAT(codes, testing::Each(COSTATE_OK));
      EXPECT_EQ(parameters, expected);
      break;
    }
    EXPECT_THAT(codes, testing::Contains(COSTATE_OUT_OF_MEMORY)) << failing;
    EXPECT_THAT(codes, testing::Each(testing::AnyOf(COSTATE_OK, COSTATE_OUT_OF_MEMORY))) << failing;
  }
  EXPECT_GT(failing, 8);
}

TEST_F(HostTest, AContextKnowsItsOwnHostOnly) {
  HostAllocator one, two;
  two.failing = 2;
  costate_context *contexts[2] = {};
  costate_model *models[2] = {};
  for (int i : {0, 1}) {
    costate_context_options options = optionsOf(i == 0 ? &one : &two, nullptr);
    ASSERT_EQ(costate_context_create_with(&options, &contexts[i]), COSTATE_OK);
  }
  EXPECT_EQ(costate_model_create(contexts[0], &linear::info, nullptr, &models[0]), COSTATE_OK);
  EXPECT_EQ(costate_model_create(contexts[1], &linear::info, nullptr, &models[1]), COSTATE_OUT_OF_MEMORY);
  EXPECT_STREQ(costate_context_last_error(contexts[1]), "out of memory");
  EXPECT_STREQ(costate_context_last_error(contexts[0]), "");
  EXPECT_EQ(two.blocks.size(), 0u);
  EXPECT_EQ(one.blocks.size(), 4u); // three slots and a workspace
  costate_array array;
  ASSERT_EQ(costate_model_array(models[0], "f.w", &array), COSTATE_OK);
  EXPECT_TRUE(one.owns(array.data));
  costate_model_destroy(models[0]);
  for (costate_context *context : contexts)
    costate_context_destroy(context);
  EXPECT_EQ(one.blocks.size(), 0u);
}

TEST_F(HostTest, LoopsRunOnTheThreadsOfTheHost) {
  HostThreads threads;
  costate_context_options options = optionsOf(nullptr, &threads);
  costate_context *context = nullptr;
  ASSERT_EQ(costate_context_create_with(&options, &context), COSTATE_OK);
  EXPECT_EQ(costate_context_threads(context), 3);
  std::vector<std::atomic<int>> visits(8 * 8);
  auto outer = [](costate_context *context, int64_t index, void *closure) -> int32_t {
    auto inner = [](costate_context *, int64_t index, void *closure) -> int32_t { return ++static_cast<std::atomic<int> *>(closure)[index], COSTATE_OK; };
    return costate_parallel_for(context, inner, 8, static_cast<std::atomic<int> *>(closure) + 8 * index);
  };
  EXPECT_EQ(costate_parallel_for(context, outer, 8, visits.data()), COSTATE_OK);
  EXPECT_EQ(threads.loops, 1); // the loops inside run on their caller
  for (std::atomic<int> &count : visits)
    EXPECT_EQ(count, 1);

  // Of the items that ran the lowest decides; later ones are skipped. The pool goes on.
  std::atomic<int> ran{0};
  auto failing = [](costate_context *, int64_t index, void *closure) -> int32_t {
    ++*static_cast<std::atomic<int> *>(closure);
    return index > 90 ? static_cast<int32_t>(index) : COSTATE_OK;
  };
  int32_t code = costate_parallel_for(context, failing, 100, &ran);
  EXPECT_TRUE(code > 90 && code < 100) << code;
  EXPECT_LT(ran, 100);
  auto task = [](void *, int index, uint8_t *data) -> int { return *reinterpret_cast<std::atomic<int> *>(data) += index, 0; };
  ran = 0;
  EXPECT_EQ(halide_do_par_for(context, task, 10, 5, reinterpret_cast<uint8_t *>(&ran)), 0);
  EXPECT_EQ(ran, 10 + 11 + 12 + 13 + 14);
  EXPECT_EQ(threads.loops, 3);
  costate_context_destroy(context);

  std::vector<int32_t> codes;
  EXPECT_EQ(run(options, codes), reference());
}

TEST_F(HostTest, RefusesHalfAnAllocator) {
  HostAllocator allocator;
  costate_context_options options = optionsOf(&allocator, nullptr);
  options.release = nullptr;
  costate_context *context = nullptr;
  EXPECT_EQ(costate_context_create_with(&options, &context), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(context, nullptr);
}

} // namespace
