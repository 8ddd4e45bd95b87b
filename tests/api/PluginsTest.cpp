// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Plugins that the program holds itself: names, modules, hooks, caches. tests/tools/plugin.test has those of libraries.
#include "costate/compiler/api/Compiler.h"
#include "costate/compiler/api/Plugin.h"
#include "costate/dialects/graph/Emitter.h"

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

/// 2 x, with the rules that every op needs and none besides.
struct TwiceOp : mlir::Op<TwiceOp, mlir::OpTrait::OneOperand, mlir::OpTrait::OneResult, mlir::OpTrait::ZeroRegions,
                          mlir::OpTrait::ZeroSuccessors, Dimensioned::Trait, Expandable::Trait> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TwiceOp)
  using Op::Op;
  static llvm::StringRef getOperationName() { return "test.twice"; }
  static llvm::ArrayRef<llvm::StringRef> getAttributeNames() { return {}; }
  graph::Dims inferDimensions(unsigned, DimensionsOf of) { return of(getOperand()); }
  llvm::SmallVector<mlir::Value> expand(graph::Emitter &e) { return {e.add(getOperand(), getOperand())}; }
};

struct TestDialect : mlir::Dialect {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TestDialect)
  explicit TestDialect(mlir::MLIRContext *context) : Dialect("test", context, mlir::TypeID::get<TestDialect>()) {
    addOperations<TwiceOp>();
  }
  static llvm::StringRef getDialectNamespace() { return "test"; }
};

mlir::FailureOr<importer::Value> twice(importer::Elaborator &e, const importer::BuiltinCall &call) {
  mlir::FailureOr<importer::Tensor> x = importer::floatArgument(e, call, 0);
  if (failed(x))
    return mlir::failure();
  mlir::OperationState state(e.b.location, "test.twice", x->value, x->value.getType());
  return importer::Value(importer::Tensor{e.b.builder.create(state)->getResult(0), x->dims, {}});
}

constexpr importer::Builtin twiceTable[] = {{"twice", "x", twice}};

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
  EXPECT_TRUE(
      Session({}, plugins).compileChecks({"checks.costate", checks + std::string("\nfn four_times(x) = x")}).ok()); // one's own hides it
  EXPECT_THAT(std::string(lower({}, "model m {\n predict y = doubled([1.0])\n}").status().message()), HasSubstr("unknown name 'doubled'"));
}

TEST(PluginsTest, RefusesNamesTwice) {
  Plugins plugins;
  ASSERT_TRUE(plugins.add(withFunction).ok());
  EXPECT_EQ(plugins.add(withFunction).message(), "requires plugins of different names, but 'function' is there already");
  const Plugin again = {.name = "again", .builtins = doubledTable}, language = {.name = "language", .builtins = softmaxTable};
  EXPECT_THAT(std::string(plugins.add(again).message()), HasSubstr("plugin 'again' requires a name of its own for its function 'doubled'"));
  EXPECT_THAT(std::string(plugins.add(language).message()),
              HasSubstr("plugin 'language' requires a name of its own for its function 'softmax'"));
}

TEST(PluginsTest, LocatesFaultsOfModules) {
  std::string redeclared = messageOfModule("fn mse(x) = x");
  EXPECT_THAT(redeclared, HasSubstr("own/module.costate:1:4: error: 'mse' is declared already\n  fn mse(x) = x\n     ^"));
  EXPECT_THAT(redeclared, HasSubstr("std/losses.costate:"));
  EXPECT_THAT(messageOfModule("fn softmax(x) = x"),
              HasSubstr("own/module.costate:1:4: error: requires a name in the library that no built-in function has, but got 'softmax'"));
  EXPECT_THAT(messageOfModule("fn f(x = x"), HasSubstr("own/module.costate:1:"));
}

TEST(PluginsTest, AsksOpsForRules) {
  const Plugin withOp = {
      .name = "op", .registerDialects = [](mlir::DialectRegistry &registry) { registry.insert<TestDialect>(); }, .builtins = twiceTable};
  Plugins plugins;
  ASSERT_TRUE(plugins.add(withOp).ok());
  auto predict = [&](const std::string &expression) {
    return Session({}, plugins)
        .lower({"m.costate", "model m {\n  input x : f32[batch, 4]\n  predict y = " + expression + "\n}"}, Phase::Fuse);
  };
  absl::StatusOr<std::string> plain = predict("twice(x)"), batched = predict("map(row -> twice(row), x)");
  ASSERT_TRUE(plain.ok() && batched.ok()) << plain.status() << batched.status();
  EXPECT_THAT(*plain, testing::Not(HasSubstr("scf.for")));
  EXPECT_THAT(*batched, HasSubstr("scf.for")); // over the lanes, for want of a rule
  EXPECT_THAT(std::string(predict("grad(v -> sum(twice(v)), x)").status().message()),
              HasSubstr("m.costate:3:29: error: requires a derivative rule of 'test.twice'"));
}

TEST(PluginsTest, HooksSeeEveryCompilation) {
  const Plugin marking = {.name = "marking", .addHooks = [](Pipeline &pipeline) {
                            pipeline.addAfter(Phase::Import, [](Phase, mlir::ModuleOp module) {
                              module->setAttr("optim.epochs", mlir::Builder(module.getContext()).getI64IntegerAttr(77));
                              return mlir::success();
                            });
                          }};
  const Plugin failing = {.name = "failing", .addHooks = [](Pipeline &pipeline) {
                            pipeline.addBefore(Phase::Fuse, [](Phase, mlir::ModuleOp module) -> mlir::LogicalResult {
                              return module.emitError("not this one");
                            });
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
