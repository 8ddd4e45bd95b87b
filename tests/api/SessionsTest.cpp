// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sessions in one process do not know of each other: what two of them compile and train at once is what each makes alone, bit for bit.
#include "costate/compiler/api/Compiler.h"
#include "costate/compiler/api/costate_compiler.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>
#include <unistd.h>

namespace costate {
namespace {

using testing::HasSubstr;

/// A model of x : f32[batch, 8] and y : f32[batch], and how it is compiled and trained.
struct Job {
  ModelSource source;
  Options options;
  int threads, steps;
};

Job job(const char *name, const char *body, Options options, int threads) {
  std::string text = std::string("model ") + name + " {\n  input  x : f32[batch, 8]\n  target y : f32[batch]\n" + body + "}\n";
  return {{std::string(name) + ".costate", text}, options, threads, 40};
}

/// Different in every respect: layers, optimizer, random draws, element type, optimization, threads of compiler and runtime.
std::vector<Job> jobs() {
  Options fast, precise;
  fast.optimize = 2;
  fast.threads = 2;
  fast.hints["batch"] = 64;
  precise.optimize = 0;
  precise.threads = 1;
  precise.real = Real::F64;
  return {job("smooth",
              "  net f = mlp([8, 32, 32, 1], activation=tanh)\n  h = f(x)[:, 0]\n  predict p = h\n"
              "  minimize mse(h, y) with adam(lr=1e-2)\n",
              fast, 2),
          job("noisy",
              "  net f = mlp([8, 16, 1])\n  net n = layer_norm(8)\n  state s = 0.0\n  h = f(dropout(n(x), 0.2))[:, 0]\n  loss = mean(huber(h, y))\n"
              "  step {\n    s <- 0.9*s + 0.1*loss\n    update f, n with momentum(lr=0.05) from grad(loss, [f, n])\n  }\n",
              precise, 1)};
}

/// Losses of all steps and the parameters at the end, as bytes; what failed in words.
std::string train(const Executable &executable, const Job &job, int64_t seed) {
  costate_context *context = nullptr;
  if (costate_context_create(job.threads, &context) != COSTATE_OK)
    return "no context";
  constexpr int64_t rows = 64;
  std::string bytes;
  {
    absl::StatusOr<Executable::Model> model = executable.createModel(context, {rows});
    if (!model.ok())
      return model.status().ToString();
    costate_model_seed(model->get(), seed);
    auto run = [&]<typename T>(T) {
      std::vector<T> x(rows * 8), y(rows);
      for (int64_t i = 0; i < rows * 8; ++i)
        x[i] = std::sin(static_cast<T>(i + seed));
      for (int64_t i = 0; i < rows; ++i)
        y[i] = x[8 * i] * x[8 * i + 1];
      int64_t step = costate_model_entry(model->get(), "train_step");
      for (int i = 0; i < job.steps; ++i) {
        T loss = 0;
        void *arrays[] = {x.data(), y.data(), &loss};
        if (costate_model_invoke(model->get(), step, arrays, &rows) != COSTATE_OK) {
          bytes = costate_context_last_error(context);
          return;
        }
        bytes.append(reinterpret_cast<const char *>(&loss), sizeof loss);
      }
    };
    job.options.real == Real::F64 ? run(double()) : run(float());
    const costate_model_info &info = executable.info();
    for (int64_t i = 0; i < info.num_slots; ++i) {
      costate_array array;
      costate_model_array(model->get(), info.slots[i].name, &array);
      bytes.append(static_cast<const char *>(array.data), info.slots[i].size * costate_type_size(array.type));
    }
  }
  costate_context_destroy(context);
  return bytes;
}

std::string compileAndTrain(const Job &job) {
  absl::StatusOr<Executable> executable = Session(job.options).compile(job.source);
  return executable.ok() ? train(*executable, job, 1) : executable.status().ToString();
}

/// Runs everything at once.
void together(const std::vector<std::function<void()>> &tasks) {
  std::vector<std::thread> threads;
  for (const auto &task : tasks)
    threads.emplace_back(task);
  for (std::thread &thread : threads)
    thread.join();
}

TEST(SessionsTest, TrainAtOnceAsAlone) {
  std::vector<Job> both = jobs();
  std::vector<std::string> alone;
  for (const Job &job : both)
    alone.push_back(compileAndTrain(job));
  ASSERT_EQ(alone[0].size() % 4, 0u) << alone[0];
  ASSERT_GT(alone[0].size(), 40 * 4 + 32 * 32 * 4u) << alone[0];
  ASSERT_GT(alone[1].size(), 40 * 8 + 16 * 8 * 8u) << alone[1];
  for (int round = 0; round < 3; ++round) {
    std::vector<std::string> results(both.size());
    together({[&] { results[0] = compileAndTrain(both[0]); }, [&] { results[1] = compileAndTrain(both[1]); }});
    EXPECT_TRUE(results == alone) << "round " << round;
  }
}

/// One session, one cold cache and one executable each are used by several threads, with handles and contexts of their own.
TEST(SessionsTest, ShareASessionACacheAndCode) {
  std::string folder = (std::filesystem::path(testing::TempDir()) / ("costate-sessions-" + std::to_string(getpid()))).string();
  std::filesystem::remove_all(folder);
  Job job = jobs()[0];
  std::string alone = compileAndTrain(job);
  job.options.cacheDirectory = folder;
  Session session(job.options);
  std::vector<absl::StatusOr<Executable>> executables(3, absl::UnknownError(""));
  together({[&] { executables[0] = session.compile(job.source); }, [&] { executables[1] = session.compile(job.source); },
            [&] { executables[2] = Session(job.options).compile(job.source); }});
  for (const absl::StatusOr<Executable> &executable : executables) {
    ASSERT_TRUE(executable.ok()) << executable.status();
    EXPECT_TRUE(train(*executable, job, 1) == alone);
  }
  std::vector<std::string> results(4);
  std::vector<std::function<void()>> tasks;
  for (size_t i = 0; i < results.size(); ++i)
    tasks.push_back([&, i] { results[i] = train(*executables[0], job, static_cast<int64_t>(i % 2)); });
  together(tasks);
  EXPECT_TRUE(results[1] == alone);
  EXPECT_TRUE(results[3] == alone);
  EXPECT_TRUE(results[0] == results[2]);
  EXPECT_FALSE(results[0] == alone);
  absl::StatusOr<Executable> warm = session.compile(job.source);
  ASSERT_TRUE(warm.ok());
  EXPECT_TRUE(warm->report().fromCache);
  EXPECT_TRUE(train(*warm, job, 1) == alone);
  std::filesystem::remove_all(folder);
}

/// Mistakes in one session are reported there, while another compiles.
TEST(SessionsTest, KeepTheirErrorsApart) {
  Job good = jobs()[1];
  std::string alone = compileAndTrain(good), result;
  std::vector<std::string> messages[2];
  auto fail = [&](int which, const char *body) {
    for (int i = 0; i < 20; ++i)
      messages[which].push_back(std::string(Session().compile(job("bad", body, {}, 1).source).status().message()));
  };
  together({[&] { result = compileAndTrain(good); }, [&] { fail(0, "  h = x @ zeros([3, 2])\n"); }, [&] { fail(1, "  h = rellu(x)\n"); }});
  EXPECT_TRUE(result == alone);
  for (const std::string &message : messages[0])
    EXPECT_EQ(message, "bad.costate:4:9: error: '@' requires equal inner dimensions, but got 8 and 3\n    h = x @ zeros([3, 2])\n          ^\n"
                       "bad.costate:2:10: note: 'x' is f32[batch, 8] here\n    input  x : f32[batch, 8]\n           ^");
  for (const std::string &message : messages[1])
    EXPECT_EQ(message, "bad.costate:4:7: error: unknown name 'rellu'; did you mean 'relu'?\n    h = rellu(x)\n        ^");
}

/// The same in C: what is missing is an error like any other.
/// An array without elements needs no memory, also where a kernel takes it and another by a select.
TEST(SessionsTest, PartsMayBeEmpty) {
  Options options;
  options.cacheDirectory.clear();
  options.hints = {{"n", 1 << 15}, {"m", 1 << 15}, {"k", 1 << 15}}; // a kernel of Halide's
  absl::StatusOr<Executable> executable = Session(options).compile({"join.costate", "model join {\n  input x : f32[n, 3]\n  input y : f32[m, 3]\n"
                                                                   "  input i : i32[k]\n"
                                                                   "  predict both = 2*concatenate([x, y])\n  predict rows = 2*x[i]\n}\n"});
  ASSERT_TRUE(executable.ok()) << executable.status();
  costate_context *context = nullptr;
  ASSERT_EQ(costate_context_create(1, &context), COSTATE_OK);
  {
    int64_t dims[] = {0, 2, 1};
    absl::StatusOr<Executable::Model> model = executable->createModel(context, dims);
    ASSERT_TRUE(model.ok()) << model.status();
    std::vector<float> y = {1, 2, 3, 4, 5, 6}, both(6), rows(3, 7);
    int32_t places[] = {5};
    void *arrays[] = {nullptr, y.data(), places, both.data(), rows.data()};
    EXPECT_EQ(costate_model_invoke(model->get(), costate_model_entry(model->get(), "predict"), arrays, dims), COSTATE_OK);
    EXPECT_EQ(both, (std::vector<float>{2, 4, 6, 8, 10, 12}));
    EXPECT_EQ(rows, (std::vector<float>{0, 0, 0}));
  }
  costate_context_destroy(context);
}

TEST(CompilerInterfaceTest, NamesAndModelsMayNotBeNull) {
  costate_compiler *compiler = nullptr;
  ASSERT_EQ(costate_compiler_create(&compiler), COSTATE_OK);
  costate_program *program = nullptr;
  auto refused = [&](int32_t code) {
    EXPECT_EQ(code, COSTATE_INVALID_ARGUMENT);
    EXPECT_EQ(program, nullptr);
    return std::string(costate_compiler_last_error(compiler));
  };
  EXPECT_EQ(refused(costate_compiler_set(compiler, nullptr, "1")), "requires the name of an option, but got NULL");
  EXPECT_EQ(refused(costate_compiler_set(compiler, "threads", nullptr)), "requires the value of an option, but got NULL");
  EXPECT_EQ(refused(costate_compiler_compile(compiler, nullptr, "", 0, &program)), "requires the name of a model, but got NULL");
  EXPECT_EQ(refused(costate_compiler_compile(compiler, "m.costate", nullptr, 5, &program)), "requires a model, but got NULL");
  EXPECT_EQ(refused(costate_compiler_compile(compiler, "m.costate", "", -1, &program)), "requires the size of a model, but got -1");
  EXPECT_EQ(refused(costate_compiler_compile_file(compiler, nullptr, &program)), "requires the path of a file, but got NULL");
  constexpr char model[] = "model m { input x : f32[n]; predict y = 2*x }";
  ASSERT_EQ(costate_compiler_compile(compiler, "m.costate", model, sizeof model - 1, &program), COSTATE_OK)
      << costate_compiler_last_error(compiler);
  EXPECT_NE(costate_program_function(program, "m_predict"), nullptr);
  EXPECT_EQ(costate_program_function(program, nullptr), nullptr);
  costate_program_destroy(program);
  costate_compiler_destroy(compiler);
}

/// What an entry `f` of a model makes of 3.
float valueOf(const costate_model_info &info) {
  costate_context *context = nullptr;
  costate_model *model = nullptr;
  EXPECT_EQ(costate_context_create(1, &context), COSTATE_OK);
  EXPECT_EQ(costate_model_create(context, &info, nullptr, &model), COSTATE_OK);
  float x = 3, y = 0;
  void *arrays[] = {&x, &y};
  EXPECT_EQ(costate_model_invoke(model, costate_model_entry(model, "f"), arrays, nullptr), COSTATE_OK);
  costate_model_destroy(model);
  costate_context_destroy(context);
  return y;
}

/// Files that a model imports are given with its text; of a file they are read where they are not given.
TEST(SessionsTest, ImportWhatTheProgramGives) {
  const std::string text = "import \"parts/scale.costate\" as s\nmodel m { entry f(x : f32) { s.scale*x } }\n", two = "scale = 2\n",
                    five = "scale = 5\n";
  Options options;
  options.optimize = 0;
  Session session(options);
  absl::StatusOr<Executable> alone = session.compile({"models/m.costate", text});
  EXPECT_EQ(alone.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(alone.status().message(),
              HasSubstr("models/m.costate:1:8: error: requires the text of 'models/parts/scale.costate', which was not given"));
  absl::StatusOr<Executable> doubled = session.compile({"models/m.costate", text, {{"models/parts/scale.costate", two}}});
  ASSERT_TRUE(doubled.ok()) << doubled.status();
  EXPECT_EQ(valueOf(doubled->info()), 6);

  std::filesystem::path folder = testing::TempDir() + "/imports" + std::to_string(getpid());
  std::filesystem::create_directories(folder / "parts");
  std::string path = folder / "m.costate";
  std::ofstream(path) << text;
  std::ofstream(folder / "parts/scale.costate") << two;
  costate_compiler *compiler = nullptr;
  costate_program *program = nullptr;
  auto compiled = [&](int32_t code) {
    EXPECT_EQ(code, COSTATE_OK) << costate_compiler_last_error(compiler);
    float value = code == COSTATE_OK ? valueOf(*costate_program_info(program)) : 0;
    if (code == COSTATE_OK)
      costate_program_destroy(program);
    return value;
  };
  ASSERT_EQ(costate_compiler_create(&compiler), COSTATE_OK);
  EXPECT_EQ(costate_compiler_set(compiler, "optimize", "0"), COSTATE_OK);
  EXPECT_EQ(costate_compiler_compile(compiler, path.c_str(), text.data(), text.size(), &program),
            COSTATE_INVALID_ARGUMENT); // no file is read
  EXPECT_EQ(compiled(costate_compiler_compile_file(compiler, path.c_str(), &program)), 6);
  std::string given = folder / "./parts/scale.costate";
  EXPECT_EQ(costate_compiler_import(compiler, given.c_str(), two.data(), two.size()), COSTATE_OK);
  EXPECT_EQ(costate_compiler_import(compiler, given.c_str(), five.data(), five.size()), COSTATE_OK);
  EXPECT_EQ(compiled(costate_compiler_compile(compiler, path.c_str(), text.data(), text.size(), &program)), 15);
  EXPECT_EQ(compiled(costate_compiler_compile_file(compiler, path.c_str(), &program)), 15);
  EXPECT_EQ(costate_compiler_import(compiler, nullptr, two.data(), two.size()), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(costate_compiler_import(compiler, given.c_str(), nullptr, 0), COSTATE_INVALID_ARGUMENT);
  EXPECT_EQ(costate_compiler_import(compiler, given.c_str(), two.data(), -1), COSTATE_INVALID_ARGUMENT);
  costate_compiler_destroy(compiler);
  std::filesystem::remove_all(folder);
}

} // namespace
} // namespace costate
