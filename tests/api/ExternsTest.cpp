// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// C functions that a program gives to sessions: with data of their own, of the right prototype, found when code is loaded.
#include "costate/compiler/api/Compiler.h"
#include "costate/compiler/api/costate_compiler.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include <atomic>
#include <filesystem>
#include <unistd.h>

namespace costate {
namespace {

using testing::HasSubstr;

constexpr char model[] = R"(
extern fn shifted(x : f32[n], by : f64) -> f32[n]
model m {
  input x : f32[n]
  predict y = 2*shifted(x + 1, 0.5)
}
)";

struct Shift {
  float factor = 1;
  std::atomic<int> calls = 0;
};

int32_t shifted(costate_context *, const float *x, double by, float *result, int64_t n, void *data) {
  Shift *shift = static_cast<Shift *>(data);
  for (int64_t i = 0; i < n; ++i)
    result[i] = shift->factor * (x[i] + float(by));
  ++shift->calls;
  return 0;
}

int32_t inDouble(costate_context *, const double *, double, double *, int64_t, void *) { return 0; }

int32_t refusing(costate_context *context, const float *x, double, float *, int64_t, void *) {
  return *x < 0 ? COSTATE_NON_FINITE : costate_fail(context, COSTATE_IO, "the disk is full");
}

/// Results of `predict`, or the message.
struct Prediction {
  std::vector<float> y;
  int32_t code;
  std::string message;
};

Prediction predict(const costate_model_info *info, std::vector<float> x) {
  costate_context *context = nullptr;
  costate_context_create(1, &context);
  Prediction prediction{std::vector<float>(x.size()), 0, ""};
  costate_model *handle = nullptr;
  int64_t n = x.size();
  void *arrays[] = {x.data(), prediction.y.data()};
  prediction.code = costate_model_create(context, info, &n, &handle);
  if (prediction.code == COSTATE_OK)
    prediction.code = costate_model_invoke(handle, costate_model_entry(handle, "predict"), arrays, &n);
  prediction.message = costate_context_last_error(context);
  costate_model_destroy(handle);
  costate_context_destroy(context);
  return prediction;
}

absl::StatusOr<Executable> compileWith(const Externs &externs, Options options = {}) {
  options.optimize = 0;
  return Session(options, {}, externs).compile({"m.costate", model});
}

TEST(ExternsTest, AreLookedForWhenTheirEntryIsCompiled) {
  constexpr char trained[] = R"(
extern fn shifted(x : f32[n], by : f64) -> f32[n]
model m {
  input  x : f32[n]
  target y : f32[n]
  param  w : f32 = 1.0
  predict p = 2*shifted(x + 1, 0.5)
  minimize mse(w*x, y) with sgd(lr=0.1)
})";
  Options options;
  options.optimize = 0;
  options.entries = {"train_step"};
  Shift shift;
  Externs externs;
  ASSERT_TRUE(externs.add("shifted", &shifted, &shift).ok());
  absl::StatusOr<Executable> with = Session(options, {}, externs).compile({"m.costate", trained});
  ASSERT_TRUE(with.ok()) << with.status();
  EXPECT_THAT(predict(&with->info(), {0, 1}).y, testing::ElementsAre(3, 5));
  EXPECT_GT(shift.calls, 0);
  absl::StatusOr<Executable> without = Session(options).compile({"m.costate", trained});
  ASSERT_TRUE(without.ok()) << without.status();
  Prediction failed = predict(&without->info(), {0, 1});
  EXPECT_EQ(failed.code, COSTATE_NOT_FOUND);
  EXPECT_THAT(failed.message, HasSubstr("shifted"));
}

TEST(ExternsTest, GivesEachSessionItsOwnFunctionAndData) {
  Shift one, other{.factor = -2};
  Externs ones, others;
  ASSERT_TRUE(ones.add("shifted", &shifted, &one).ok());
  ASSERT_TRUE(others.add("shifted", &shifted, &other).ok());
  absl::StatusOr<Executable> first = compileWith(ones), second = compileWith(others);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(predict(&first->info(), {1, 2}).y, (std::vector<float>{5, 7}));
  EXPECT_EQ(predict(&second->info(), {1, 2}).y, (std::vector<float>{-10, -14}));
  EXPECT_EQ(one.calls, 1);
  EXPECT_EQ(other.calls, 1);
}

// The functions are no part of what is cached.
TEST(ExternsTest, LinksAModelFromTheCacheWhenItIsLoaded) {
  Shift shift{.factor = 3};
  Externs externs;
  ASSERT_TRUE(externs.add("shifted", &shifted, &shift).ok());
  Options options;
  std::filesystem::path folder = std::filesystem::temp_directory_path() / ("costate-externs-" + std::to_string(getpid()));
  options.cacheDirectory = folder.string();
  EXPECT_EQ(compileWith({}, options).status().code(), absl::StatusCode::kNotFound);
  absl::StatusOr<Executable> cached = compileWith(externs, options);
  ASSERT_TRUE(cached.ok()) << cached.status();
  EXPECT_TRUE(cached->report().fromCache);
  EXPECT_EQ(predict(&cached->info(), {0}).y, std::vector<float>{9});
  std::filesystem::remove_all(folder);
}

TEST(ExternsTest, SaysWhatIsMissingOrHasAnotherPrototype) {
  constexpr char prototype[] = "int32_t shifted(costate_context *context, const float *x, double by, float *result, int64_t n, void *data)";
  EXPECT_EQ(std::string(compileWith({}).status().message()),
            std::string("model 'm' requires a function '") + prototype +
                "' at m.costate:2:11, which neither a library given by --extern nor the program has");
  Externs externs;
  ASSERT_TRUE(externs.add("shifted", &inDouble).ok());
  absl::StatusOr<Executable> executable = compileWith(externs);
  EXPECT_EQ(executable.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(executable.status().message()),
            std::string("model 'm' requires a function '") + prototype +
                "' at m.costate:2:11, but got one of (costate_context *, const double *, double, double *, int64_t, void *)");
  EXPECT_EQ(std::string(externs.add("shifted", &shifted).message()),
            "requires functions of different names, but 'shifted' is there already");
  EXPECT_EQ(std::string(externs.addUnchecked("nothing", nullptr).message()), "requires a function 'nothing', but its pointer is NULL");
  EXPECT_THAT(std::string(externs.load("no_such_library.so").message()), HasSubstr("cannot load library 'no_such_library.so': "));
}

TEST(ExternsTest, EndsTheCallWithWhatTheFunctionSays) {
  Externs externs;
  ASSERT_TRUE(externs.add("shifted", &refusing).ok());
  absl::StatusOr<Executable> executable = compileWith(externs);
  ASSERT_TRUE(executable.ok()) << executable.status();
  Prediction told = predict(&executable->info(), {1});
  EXPECT_EQ(told.code, COSTATE_IO);
  EXPECT_EQ(told.message, "'shifted' at m.costate:2:11: the disk is full");
  Prediction number = predict(&executable->info(), {-2});
  EXPECT_EQ(number.code, COSTATE_NON_FINITE);
  EXPECT_EQ(number.message, "'shifted' at m.costate:2:11 returned 4");
}

TEST(ExternsTest, DescribesWhatAModelCalls) {
  Shift shift;
  Externs externs;
  ASSERT_TRUE(externs.add("shifted", &shifted, &shift).ok());
  absl::StatusOr<Executable> executable = compileWith(externs);
  ASSERT_TRUE(executable.ok()) << executable.status();
  const costate_model_info &info = executable->info();
  ASSERT_EQ(info.num_externs, 1);
  EXPECT_STREQ(info.externs[0].symbol, "shifted");
  EXPECT_STREQ(info.externs[0].place, "m.costate:2:11");
  EXPECT_EQ(*info.externs[0].data, &shift);
  EXPECT_EQ(parametersOf(info.externs[0].prototype), "costate_context *, const float *, double, float *, int64_t, void *");
}

TEST(ExternsTest, AreGivenFromCToo) {
  Shift shift{.factor = 0.5};
  costate_compiler *compiler = nullptr;
  costate_program *program = nullptr;
  ASSERT_EQ(costate_compiler_create(&compiler), COSTATE_OK);
  EXPECT_EQ(costate_compiler_compile(compiler, "m.costate", model, sizeof model - 1, &program), COSTATE_NOT_FOUND);
  EXPECT_THAT(costate_compiler_last_error(compiler), HasSubstr("requires a function 'int32_t shifted("));
  ASSERT_EQ(costate_compiler_extern(compiler, "shifted", reinterpret_cast<void (*)()>(&shifted), &shift), COSTATE_OK);
  EXPECT_EQ(costate_compiler_extern(compiler, "shifted", nullptr, nullptr), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(costate_compiler_set(compiler, "extern", "no_such_library.so"), COSTATE_INVALID_ARGUMENT);
  ASSERT_EQ(costate_compiler_compile(compiler, "m.costate", model, sizeof model - 1, &program), COSTATE_OK)
      << costate_compiler_last_error(compiler);
  costate_compiler_destroy(compiler);
  EXPECT_EQ(predict(costate_program_info(program), {3}).y, std::vector<float>{4.5});
  costate_program_destroy(program);
}

} // namespace
} // namespace costate
