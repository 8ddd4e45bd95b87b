// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A model that is compiled entry by entry, as entries are called, is the model that is compiled whole: the same interface, the same bits.
#include "costate/compiler/api/Compiler.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <thread>
#include <unistd.h>

namespace costate {
namespace {

using Names = std::set<std::string>;
using testing::HasSubstr;
namespace fs = std::filesystem;

/// Has all roles, results with expressions as extents, and a constant of the data.
constexpr char everything[] = R"(model everything {
  input  x : f32[batch, 3]
  target y : f32[batch]
  hyper  rate = 0.05
  net scale = standardize(3)
  net f = mlp([3, 8, 1], activation=tanh)
  state average = 0.0
  h = f(scale(x))[:, 0]
  loss = mse(h, y)
  metric error = mean(abs(h - y))
  predict value = h
  predict twice = concatenate([h, h], axis=0)
  step {
    average <- 0.9*average + 0.1*loss
    update f with adam(lr=rate) from grad(loss, f)
  }
})";

Options with(Names entries, int optimize = 0) {
  Options options;
  options.entries = std::move(entries);
  options.optimize = optimize;
  return options;
}

class ContextTest : public testing::Test {
protected:
  void SetUp() override { ASSERT_EQ(costate_context_create(2, &context), COSTATE_OK); }
  void TearDown() override { costate_context_destroy(context); }

  costate_context *context = nullptr;
};

/// Calls every entry of `everything`, and gives what they return and leave behind as bytes, or what went wrong.
std::string useAll(const Executable &executable, costate_context *context) {
  constexpr int64_t rows = 16;
  std::vector<float> x(3 * rows), y(rows), value(rows), twice(2 * rows);
  for (size_t i = 0; i < x.size(); ++i)
    x[i] = std::sin(1.5f * i);
  for (size_t i = 0; i < y.size(); ++i)
    y[i] = x[3 * i] * x[3 * i + 1];
  absl::StatusOr<Executable::Model> model = executable.createModel(context, {rows});
  if (!model.ok())
    return model.status().ToString();
  std::string bytes;
  auto call = [&](const char *entry, std::vector<void *> user, std::vector<std::span<float>> results) {
    if (costate_model_invoke(model->get(), costate_model_entry(model->get(), entry), user.data(), &rows) != COSTATE_OK)
      bytes += costate_context_last_error(context);
    for (std::span<float> result : results)
      bytes.append(reinterpret_cast<const char *>(result.data()), result.size_bytes());
  };
  float metrics[2];
  call("prepare", {x.data(), y.data()}, {});
  for (int i = 0; i < 3; ++i)
    call("train_step", {x.data(), y.data(), &metrics[0], &metrics[1]}, {metrics});
  call("evaluate", {x.data(), y.data(), &metrics[0], &metrics[1]}, {metrics});
  call("predict", {x.data(), value.data(), twice.data()}, {value, twice});
  call("train_step", {x.data(), y.data(), &metrics[0], &metrics[1]}, {metrics});
  for (const costate_slot_info &slot : std::span(executable.info().slots, executable.info().num_slots)) {
    costate_array array;
    costate_model_array(model->get(), slot.name, &array);
    bytes.append(static_cast<const char *>(array.data), slot.size * costate_type_size(slot.type));
  }
  return bytes;
}

using DeferredEntriesTest = ContextTest;

TEST_F(DeferredEntriesTest, GiveTheSameBits) {
  for (int optimize : {0, 2}) {
    absl::StatusOr<Executable> whole = Session(with({}, optimize)).compile({"everything.costate", everything});
    ASSERT_TRUE(whole.ok()) << whole.status();
    const std::string expected = useAll(*whole, context);
    ASSERT_GT(expected.size(), 5 * 8u + 3 * 16 * 4) << expected;
    EXPECT_EQ(whole->laterSeconds(), 0);
    for (const Names &entries :
         {Names{"train_step"}, Names{"predict", "evaluate"}, Names{"prepare", "train_step", "evaluate", "predict"}}) {
      absl::StatusOr<Executable> some = Session(with(entries, optimize)).compile({"everything.costate", everything});
      ASSERT_TRUE(some.ok()) << some.status();
      EXPECT_TRUE(useAll(*some, context) == expected) << optimize << *entries.begin() << useAll(*some, context);
      EXPECT_EQ(some->laterSeconds() > 0, entries.size() < 4);
      double seconds = some->laterSeconds();
      EXPECT_TRUE(useAll(*some, context) == expected) << "by another handle";
      EXPECT_EQ(some->laterSeconds(), seconds);
    }
  }
}

/// What a package says of its model; it has as much code as was asked for.
nlohmann::json interfaceOf(const ModelSource &source, const Options &options, size_t *bytes = nullptr) {
  absl::StatusOr<codegen::Package> package = Session(options).package(source);
  if (!package.ok())
    return package.status().ToString();
  nlohmann::json manifest = nlohmann::json::parse(package->manifest);
  manifest.erase("kernels");
  manifest["header"] = package->header;
  if (bytes)
    *bytes = package->library.size();
  return manifest;
}

TEST(DeferredInterfaceTest, DoesNotDependOnTheEntries) {
  std::vector<ModelSource> sources{{"everything.costate", everything}};
  for (const auto &file : fs::directory_iterator(COSTATE_SOURCE "/examples"))
    if (file.path().extension() == ".costate")
      sources.push_back(*ModelSource::read(file.path()));
  ASSERT_GE(sources.size(), 8u);
  for (const ModelSource &source : sources) {
    size_t whole = 0, some = 0, none = 0;
    const nlohmann::json expected = interfaceOf(source, with({}), &whole);
    ASSERT_TRUE(expected.contains("slots")) << source.name << ": " << expected;
    EXPECT_EQ(interfaceOf(source, with({"train_step"}), &some), expected) << source.name;
    EXPECT_LT(some, whole) << source.name;
    EXPECT_EQ(interfaceOf(source, with({"train"}), &none), expected) << source.name; // no such entry: all
    EXPECT_EQ(none, whole) << source.name;
  }
}

TEST_F(DeferredEntriesTest, ComeOnceForAllThreads) {
  absl::StatusOr<Executable> whole = Session(with({})).compile({"everything.costate", everything});
  absl::StatusOr<Executable> some = Session(with({"init"})).compile({"everything.costate", everything});
  ASSERT_TRUE(whole.ok() && some.ok());
  const std::string expected = useAll(*whole, context);
  std::vector<std::string> results(4);
  std::vector<std::thread> threads;
  for (std::string &result : results)
    threads.emplace_back([&] {
      costate_context *own = nullptr;
      costate_context_create(1, &own);
      result = useAll(*some, own);
      costate_context_destroy(own);
    });
  for (std::thread &thread : threads)
    thread.join();
  for (const std::string &result : results)
    EXPECT_TRUE(result == expected);
}

/// The library's own functions make handles that load, too.
TEST_F(DeferredEntriesTest, AreCalledByFunctionsOfTheHeader) {
  absl::StatusOr<Executable> some = Session(with({"train_step"})).compile({"everything.costate", everything});
  ASSERT_TRUE(some.ok()) << some.status();
  auto *create = reinterpret_cast<int32_t (*)(costate_context *, const int64_t *, costate_model **)>(*some->function("everything_create"));
  auto *predict =
      reinterpret_cast<int32_t (*)(costate_model *, const float *, int64_t, float *, float *)>(*some->function("everything_predict"));
  const int64_t rows = 2;
  costate_model *model = nullptr;
  ASSERT_EQ(create(context, &rows, &model), COSTATE_OK) << costate_context_last_error(context);
  const float x[] = {1, 2, 3, 4, 5, 6};
  float value[2] = {}, twice[4] = {};
  EXPECT_EQ(predict(model, x, rows, value, twice), COSTATE_OK) << costate_context_last_error(context);
  EXPECT_NE(value[0], 0);
  EXPECT_EQ(twice[2], value[0]);
  costate_model_destroy(model);
}

TEST_F(DeferredEntriesTest, AreFoundInTheCache) {
  const std::string folder = (fs::path(testing::TempDir()) / ("costate-deferred-" + std::to_string(getpid()))).string();
  fs::remove_all(folder);
  auto compile = [&](Names entries) {
    Options options = with(std::move(entries), 2);
    options.cacheDirectory = folder;
    return Session(options).compile({"everything.costate", everything});
  };
  absl::StatusOr<Executable> cold = compile({"train_step"});
  ASSERT_TRUE(cold.ok()) << cold.status();
  const std::string expected = useAll(*cold, context);
  absl::StatusOr<Executable> warm = compile({"train_step"});
  ASSERT_TRUE(warm.ok()) << warm.status();
  EXPECT_TRUE(warm->report().fromCache);
  EXPECT_TRUE(useAll(*warm, context) == expected);
  EXPECT_LT(warm->laterSeconds(), cold->laterSeconds());
  absl::StatusOr<Executable> other = compile({"predict"});
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_FALSE(other->report().fromCache); // with `init`, it is another package than the one that came later
  EXPECT_EQ(other->report().kernels, other->report().cachedKernels);
  EXPECT_TRUE(useAll(*other, context) == expected);
  fs::remove_all(folder);
}

/// What goes wrong then is an error of the call, and the next call tries again.
TEST_F(DeferredEntriesTest, MayFail) {
  absl::StatusOr<codegen::Package> package = Session(with({"init", "train_step"})).package({"everything.costate", everything});
  ASSERT_TRUE(package.ok()) << package.status();
  std::vector<std::string> asked;
  absl::Status answer = absl::CancelledError("interrupted");
  absl::StatusOr<Executable> some = Executable::load(*package, {}, {}, [&](const std::string &entry) -> absl::StatusOr<codegen::Package> {
    asked.push_back(entry);
    if (answer.ok())
      return *package; // which has the model, but not this entry
    return answer;
  });
  ASSERT_TRUE(some.ok()) << some.status();
  absl::StatusOr<Executable::Model> model = some->createModel(context, {2});
  ASSERT_TRUE(model.ok()) << model.status();
  float x[6] = {}, value[2], twice[4];
  void *user[] = {x, value, twice};
  const int64_t rows = 2;
  auto predict = [&] { return costate_model_invoke(model->get(), costate_model_entry(model->get(), "predict"), user, &rows); };
  EXPECT_EQ(predict(), COSTATE_INTERRUPTED);
  EXPECT_STREQ(costate_context_last_error(context), "interrupted");
  answer = absl::InvalidArgumentError("bad luck");
  EXPECT_EQ(predict(), COSTATE_INVALID_ARGUMENT);
  EXPECT_STREQ(costate_context_last_error(context), "bad luck");
  answer = absl::OkStatus();
  EXPECT_EQ(predict(), COSTATE_INTERNAL);
  EXPECT_STREQ(costate_context_last_error(context), "requires a package with code of entry 'predict'");
  EXPECT_THAT(asked, testing::ElementsAre("predict", "predict", "predict"));

  absl::StatusOr<Executable> alone = Executable::load(*package, {});
  ASSERT_TRUE(alone.ok()) << alone.status();
  model = alone->createModel(context, {2});
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_EQ(predict(), COSTATE_INTERNAL);
  EXPECT_STREQ(costate_context_last_error(context), "requires code of entry 'predict', which the package does not have");
}

} // namespace
} // namespace costate
