// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Plugins that the program holds itself: names, modules, hooks, caches. tests/tools/plugin.test has those of libraries.
#include "costate/compiler/api/Compiler.h"
#include "costate/compiler/api/Plugin.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace costate {
namespace {

using testing::HasSubstr;

constexpr char model[] = R"(model m {
  input x : f32[batch, 4]
  predict y = 2*x
})";

mlir::FailureOr<importer::Value> doubled(importer::Elaborator &e, const importer::BuiltinCall &call) {
  mlir::FailureOr<importer::Tensor> x = importer::floatArgument(e, call, 0);
  return failed(x) ? mlir::FailureOr<importer::Value>(mlir::failure()) : importer::Value(e.b.binary<graph::AddOp>(*x, *x));
}

constexpr importer::Builtin doubledTable[] = {{"doubled", "x", doubled}};
constexpr importer::Builtin softmaxTable[] = {{"softmax", "x", doubled}};
constexpr StandardFile fourTimes[] = {{"own/four.costate", "fn four_times(x) = doubled(doubled(x))"}};

const Plugin withFunction = {.name = "function", .builtins = doubledTable};
const Plugin withModule = {.name = "module", .modules = fourTimes};

absl::StatusOr<std::string> lower(const Plugins &plugins, const std::string &text) {
  return Session({}, plugins).lower({"m.costate", text}, Phase::Import);
}

/// The message that a model gets where the library has this module too.
std::string messageOfModule(llvm::StringRef text) {
  StandardFile module{"own/module.costate", text};
  Plugin plugin{.name = "plugin", .modules = module};
  Plugins plugins;
  EXPECT_TRUE(plugins.add(plugin).ok());
  return std::string(lower(plugins, model).status().message());
}

TEST(PluginsTest, GivesFunctionsAndModules) {
  Plugins plugins;
  ASSERT_TRUE(plugins.add(withFunction).ok());
  ASSERT_TRUE(plugins.add(withModule).ok());
  constexpr char checks[] = R"(check "four times" { expect four_times([1.0, 2.0]) ~= [4, 8] within 0 })";
  absl::StatusOr<CheckProgram> program = Session({}, plugins).compileChecks({"checks.costate", checks});
  ASSERT_TRUE(program.ok()) << program.status();
  EXPECT_EQ(program->checks.front().title, "four times");
  EXPECT_TRUE(Session({}, plugins).compileChecks({"checks.costate", checks + std::string("\nfn four_times(x) = x")}).ok()); // one's own hides it
  EXPECT_THAT(std::string(lower({}, "model m {\n predict y = doubled([1.0])\n}").status().message()), HasSubstr("unknown name 'doubled'"));
}

TEST(PluginsTest, RefusesNamesTwice) {
  Plugins plugins;
  ASSERT_TRUE(plugins.add(withFunction).ok());
  EXPECT_EQ(plugins.add(withFunction).message(), "requires plugins of different names, but 'function' is there already");
  const Plugin again = {.name = "again", .builtins = doubledTable}, language = {.name = "language", .builtins = softmaxTable};
  EXPECT_THAT(std::string(plugins.add(again).message()), HasSubstr("plugin 'again' requires a name of its own for its function 'doubled'"));
  EXPECT_THAT(std::string(plugins.add(language).message()), HasSubstr("plugin 'language' requires a name of its own for its function 'softmax'"));
}

TEST(PluginsTest, LocatesFaultsOfModules) {
  std::string redeclared = messageOfModule("fn mse(x) = x");
  EXPECT_THAT(redeclared, HasSubstr("own/module.costate:1:4: error: 'mse' is declared already\n  fn mse(x) = x\n     ^"));
  EXPECT_THAT(redeclared, HasSubstr("std/losses.costate:"));
  EXPECT_THAT(messageOfModule("fn softmax(x) = x"),
              HasSubstr("own/module.costate:1:4: error: requires a name in the library that no built-in function has, but got 'softmax'"));
  EXPECT_THAT(messageOfModule("fn f(x = x"), HasSubstr("own/module.costate:1:"));
}

TEST(PluginsTest, HooksSeeEveryCompilation) {
  const Plugin marking = {.name = "marking", .addHooks = [](Pipeline &pipeline) {
                            pipeline.addAfter(Phase::Import, [](Phase, mlir::ModuleOp module) {
                              module->setAttr("optim.epochs", mlir::Builder(module.getContext()).getI64IntegerAttr(77));
                              return mlir::success();
                            });
                          }};
  const Plugin failing = {.name = "failing", .addHooks = [](Pipeline &pipeline) {
                            pipeline.addBefore(Phase::Fuse, [](Phase, mlir::ModuleOp module) -> mlir::LogicalResult { return module.emitError("not this one"); });
                          }};
  Plugins plugins;
  ASSERT_TRUE(plugins.add(marking).ok());
  absl::StatusOr<std::string> marked = lower(plugins, model);
  ASSERT_TRUE(marked.ok()) << marked.status();
  EXPECT_THAT(*marked, HasSubstr("optim.epochs = 77"));
  ASSERT_TRUE(plugins.add(failing).ok());
  EXPECT_TRUE(lower(plugins, model).ok());
  EXPECT_THAT(std::string(Session({}, plugins).compile({"m.costate", model}).status().message()), HasSubstr("not this one"));
}

TEST(PluginsTest, CachesAreApart) {
  Options options;
  options.cacheDirectory = std::filesystem::temp_directory_path() / ("costate-plugins-" + std::to_string(getpid()));
  Plugins function, both;
  ASSERT_TRUE(function.add(withFunction).ok() && both.add(withFunction).ok() && both.add(withModule).ok());
  for (const Plugins &plugins : {Plugins(), function, both})
    for (bool again : {false, true}) {
      CompileReport report;
      ASSERT_TRUE(Session(options, plugins).package({"m.costate", model}, &report).ok());
      EXPECT_EQ(report.fromCache, again);
    }
  std::filesystem::remove_all(options.cacheDirectory);
}

TEST(PluginsTest, RefusesWhatIsNoLibrary) {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("costate-plugins-" + std::to_string(getpid()) + ".so");
  Plugins plugins;
  EXPECT_TRUE(absl::IsNotFound(plugins.load(path)));
  std::ofstream(path) << "text";
  absl::Status status = plugins.load(path);
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("cannot load plugin '" + path.string() + "'"));
  EXPECT_EQ(plugins.identity(), Plugins().identity());
  std::filesystem::remove(path);
}

} // namespace
} // namespace costate
