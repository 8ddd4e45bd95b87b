// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A compiled model on a host's memory and threads: the bits of one on the library's own, and an error for each allocation that fails, in Halide's kernels too.
#include "costate/compiler/api/Compiler.h"
#include "costate/tests/runtime/HostAllocator.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include <cmath>
#include <thread>

namespace costate {
namespace {

constexpr int64_t kRows = 96;

// Products, a convolution, a factorization, a sort and a long reduction: every kind of kernel that takes memory of its own.
const char *const kModel = R"(model hosted {
  input  x : f32[batch, 64]
  target y : i32[batch]
  net c = conv2d(1, 8)
  net f = mlp([8*16, 200, 10], activation=tanh)
  image  = max_pool(relu(c(reshape(x, [batch, 8, 8, 1]))))
  logits = f(reshape(image, [batch, 8*16]))
  order  = sort(x, axis=-1)
  gram   = transpose(order) @ order / batch + 2*one_hot(arange(64), 64)
  metric spread = sum(cholesky(gram))
  minimize mean(cross_entropy(logits, y)) with adam(lr=1e-2)
}
)";

/// Starts threads for each loop.
void runOnThreads(void *, int64_t count, void (*body)(void *, int64_t), void *closure) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t)
    threads.emplace_back([=] {
      for (int64_t i = t; i < count; i += 3)
        body(closure, i);
    });
  for (std::thread &thread : threads)
    thread.join();
}

class HostedModelTest : public testing::Test {
protected:
  static void SetUpTestSuite() {
    Options options;
    options.optimize = 2;
    options.hints["batch"] = kRows;
    absl::StatusOr<Executable> compiled = Session(options).compile({"hosted.costate", kModel});
    ASSERT_TRUE(compiled.ok()) << compiled.status();
    executable = new Executable(std::move(*compiled));
  }
  static void TearDownTestSuite() { delete std::exchange(executable, nullptr); }

  /// Three steps and their losses, and the parameters at the end; the codes of all calls.
  static std::string train(const costate_context_options &options, std::vector<int32_t> &codes) {
    costate_context *context = nullptr;
    EXPECT_EQ(costate_context_create_with(&options, &context), COSTATE_OK);
    std::string bits;
    costate_model *model = nullptr;
    codes.push_back(costate_model_create(context, &executable->info(), &kRows, &model));
    if (model) {
      std::vector<float> x(kRows * 64);
      std::vector<int32_t> y(kRows);
      for (size_t i = 0; i < x.size(); ++i)
        x[i] = std::sin(float(i));
      for (size_t i = 0; i < y.size(); ++i)
        y[i] = int32_t(i % 10);
      for (int step = 0; step < 3; ++step) {
        float metrics[2] = {};
        void *user[] = {x.data(), y.data(), &metrics[0], &metrics[1]};
        codes.push_back(costate_model_invoke(model, costate_model_entry(model, "train_step"), user, &kRows));
        bits.append(reinterpret_cast<const char *>(metrics), sizeof metrics);
        EXPECT_TRUE(codes.back() != COSTATE_OK || std::isfinite(metrics[0] + metrics[1]));
      }
      costate_array params;
      EXPECT_EQ(costate_model_array(model, "f.layers.0.w", &params), COSTATE_OK);
      bits.append(static_cast<const char *>(params.data), 128 * 200 * sizeof(float));
    }
    costate_model_destroy(model);
    costate_context_destroy(context);
    return bits;
  }
  static costate_context_options optionsOf(HostAllocator &allocator) {
    costate_context_options options{};
    options.threads = 2;
    options.allocate = HostAllocator::allocate;
    options.release = HostAllocator::release;
    options.memory = &allocator;
    return options;
  }
  static std::string reference() {
    std::vector<int32_t> codes;
    costate_context_options options{};
    options.threads = 1;
    std::string bits = train(options, codes);
    EXPECT_THAT(codes, testing::Each(COSTATE_OK));
    return bits;
  }

  static Executable *executable;
};
Executable *HostedModelTest::executable = nullptr;

TEST_F(HostedModelTest, HasTheSameBits) {
  std::string expected = reference();
  HostAllocator allocator;
  costate_context_options options = optionsOf(allocator);
  options.parallel_for = runOnThreads;
  std::vector<int32_t> codes;
  EXPECT_TRUE(train(options, codes) == expected);
  EXPECT_THAT(codes, testing::Each(COSTATE_OK));
  EXPECT_EQ(allocator.blocks.size(), 0u);
  EXPECT_EQ(allocator.wrong, 0);
}

TEST_F(HostedModelTest, EachAllocationThatFailsIsOutOfMemory) {
  std::string expected = reference();
  int inSteps = 0;
  for (int failing = 1;; ++failing) {
    ASSERT_LT(failing, 1000);
    HostAllocator allocator;
    allocator.failing = failing;
    std::vector<int32_t> codes;
    std::string bits = train(optionsOf(allocator), codes);
    EXPECT_EQ(allocator.blocks.size(), 0u);
    EXPECT_EQ(allocator.wrong, 0);
    if (allocator.calls < failing) {
      EXPECT_THAT(codes, testing::Each(COSTATE_OK));
      EXPECT_TRUE(bits == expected);
      break;
    }
    EXPECT_THAT(codes, testing::Contains(COSTATE_OUT_OF_MEMORY)) << failing;
    EXPECT_THAT(codes, testing::Each(testing::AnyOf(COSTATE_OK, COSTATE_OUT_OF_MEMORY))) << failing;
    inSteps += codes.size() > 1;
  }
  EXPECT_GT(inSteps, 0);
}

TEST_F(HostedModelTest, TwoContextsDoNotKnowOfEachOther) {
  std::string expected = reference(), bits[2];
  HostAllocator allocators[2];
  allocators[1].failing = 3;
  std::vector<int32_t> codes[2];
  std::thread other([&] { bits[1] = train(optionsOf(allocators[1]), codes[1]); });
  bits[0] = train(optionsOf(allocators[0]), codes[0]);
  other.join();
  EXPECT_TRUE(bits[0] == expected);
  EXPECT_THAT(codes[0], testing::Each(COSTATE_OK));
  EXPECT_THAT(codes[1], testing::Contains(COSTATE_OUT_OF_MEMORY));
}

} // namespace
} // namespace costate
