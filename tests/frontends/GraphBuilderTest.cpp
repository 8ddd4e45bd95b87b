// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Models from calls: the IR of the text that says the same, and errors at the calls.
#include "costate/frontends/GraphBuilder.h"
#include "costate/frontends/Diagnostics.h"
#include "costate/frontends/Importer.h"

#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include <cmath>

namespace costate {
namespace {

using build::Expr;
using build::newAxis;
using build::rest;
using build::slice;
using build::Type;
using testing::HasSubstr;

/// What importing prints: the module without its locations, or the errors.
std::string imported(llvm::StringRef bytes, llvm::ArrayRef<ImportedText> imports = {}) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  std::string text;
  llvm::raw_string_ostream stream(text);
  DiagnosticPrinter printer(context, stream);
  printer.addSource("built", bytes, imports);
  if (mlir::OwningOpRef<mlir::ModuleOp> module = importModel(bytes, "built", context, {.imports = imports}))
    module->print(stream);
  return text;
}

std::string importedFile(const std::string &path) {
  auto file = llvm::MemoryBuffer::getFile(COSTATE_SOURCE + path);
  EXPECT_TRUE(bool(file)) << path;
  return file ? imported((*file)->getBuffer()) : std::string();
}

TEST(GraphBuilderTest, BuildsMetricsOfASplit) {
  GraphBuilder b;
  b.defineModel("m", [&] {
    Expr x = b.input("x", {"f32", {"batch", 4}});
    Expr f = b.net("f", b.call("dense", {4, 1}));
    Expr made = b.bind("made", f(x));
    b.splitMetric("total", b.call("sum", {made}));
    b.minimize(b.call("mean", {made}), b.call("sgd", {{"lr", 0.1}}));
  });
  EXPECT_EQ(imported(b.finish()), imported(R"(
model m {
  input x : f32[batch, 4]
  net f = dense(4, 1)
  made = f(x)
  metric total = sum(made) over split
  minimize mean(made) with sgd(lr=0.1)
})"));
}

TEST(GraphBuilderTest, BuildsDigits) {
  GraphBuilder b;
  Expr mean = b.name("mean"), argmax = b.name("argmax"), crossEntropy = b.name("cross_entropy"), adamw = b.name("adamw");
  b.defineModel("digits", [&] {
    Expr x = b.input("x", {"f32", {"batch", 64}});
    Expr y = b.target("y", {"i32", {"batch"}});
    b.data("data/digits.npz");
    b.epochs(30);
    b.batch(32);
    Expr f = b.net("f", b.call("mlp", {b.list({64, 128, 10}), {"activation", "relu"}}));
    Expr logits = b.bind("logits", f(x));
    Expr label = b.predict("label", argmax(logits, {"axis", -1}));
    b.metric("accuracy", mean(label == y));
    b.minimize(mean(crossEntropy(logits, y)), adamw({"lr", 1e-3}, {"weight_decay", 1e-2}));
  });
  EXPECT_EQ(imported(b.finish()), importedFile("/examples/digits.costate"));
}

/// The calls for tests/frontends/Inputs/everything.costate.
void buildEverything(GraphBuilder &b) {
  Expr sum = b.name("sum"), grad = b.name("grad"), dense = b.name("dense"), f = b.name("f"), g = b.name("g"), o = b.name("o");
  Expr x = b.name("x"), axis = b.name("axis"), k = b.name("k"), w = b.name("w");

  b.defineFn("f", {{"x", Type("f32", {"n"})}, {"axis", -1}}, Type("f32", {rest}), [&] {
    b.require(b.name("n") > 1, "more than one");
    Expr y = b.bind("y", b.lambda({"a", "b"}, b.name("a") * "b"));
    Expr square = b.bind("square", b.function({"a"}, [&] { return b.bind("s", b.name("a")) * "a"; }));
    Expr z = b.bindEach({"z", "k", "trips"}, b.whileLoop(sum(x) > 1, 10, {{"x", x}, {"k", 0}}, [&] {
      b.rebindEach({x, "k"}, b.tuple({x / 2, k + 1}));
    }, build::Tape::None))[0];
    b.bind("w", b.forLoop("i", 0, 3, {{"w", z}}, [&] {
      b.when(axis < 0, [&] { b.rebind(w, -w); }, [&] { b.rebind(w, power(w, 2)); });
    }, build::Tape::Sqrt));
    Expr e = b.name("e");
    return y(square(w).at({rest, newAxis, slice(0, 1)}), b.comprehension(e, {"e"}, b.list({1, 2}), !(e == 2))[0]);
  });
  b.defineFn("g", {"x"}, [&] { b.result(b.branch(true, [&] { return x; }, [&] { return -x; })); });
  b.defineVjp({"dy"}, {"dy"});
  b.defineFn("turn", {{"z", Type("complex64", {rest})}}, Type("complex64", {rest}), [&] { b.result(b.name("z") * b.imaginary(-2.5)); });
  b.defineExternFn("host", {{"x", Type("f32", {"n"})}, {"k", Type("i32"), 2}}, {{"f32", {"n"}}, {"f64", {"n", 2}}}, "h_f32");
  b.defineVjp({"dy", "dz"}, {"dy"});
  b.defineNet("n", {"k"}, {{"x", Type("f32", {rest, "k"})}}, [&] {
    Expr w = b.param("w", {"f32", {"k"}}, b.call("ones"), 0);
    Expr s = b.state("s", 0.0);
    Expr v = b.param("v", {"f32", {"k"}}, b.call("zeros"));
    Expr inner = b.net("inner", dense(k, 1));
    b.each({"e"}, b.list({1, 2}), [&] { b.rebind(x, x + "e"); });
    b.rebind(s, s + 1);
    b.rebindAt(x, {rest, 0}, s);
    b.print("s", s);
    return x * w + v + inner(x);
  });
  b.defineOptimizer("o", {"lr", build::fixed({"m", 1})}, [&] {
    Expr param = b.name("param"), step = b.name("lr") * "grad";
    b.when(b.name("m") > 1, [&] { b.rebind(param, param - step); }, [&] { b.rebind(param, param + b.name("m") * "lr" * "grad"); });
  });
  b.defineCheck("c", [&] {
    b.expect(g(2), 2, 0);
    b.expect(b.call("turn", {b.list({1, b.imaginary(2)})}), 5, 10);
    b.expect(f(b.list({1.0, 2.0})).at({0, 0}), 0, 10);
    b.expect(b.name("host")(b.list({1.0, 2.0}))[1], 0, 10);
    Expr inner = b.net("inner", dense(2, 1));
    Expr v = b.param("v", {"f32", {2}}, b.call("ones"));
    b.when(true, [&] { b.expectRelative(inner(v), 0, 1e-3); });
    b.expectThat(g(2) < 3);
  });
  b.defineModel("m", [&] {
    Expr x = b.input("x", {"f32", {"batch", 2}});
    b.target("y", {"f32", {"batch"}});
    Expr ids = b.rows("ids", {"i32", {"batch"}}), seen = b.state("seen", b.call("zeros", {b.list({8})}));
    b.data("d.npz");
    b.epochs(3);
    b.batch(2);
    b.dim("batch", 4);
    Expr h = b.hyper("h", 0.5);
    Expr first = b.net("a", b.call("n", {2})), second = b.net("b", b.call("n", {2}));
    Expr g1 = b.group("g1", {"a.*"});
    b.freeze({"a.inner.b"});
    b.tie("a.v", "a.w");
    Expr loss = b.bind("loss", sum(first(x) + second(x)) + h);
    b.predict("p", first(x));
    b.metric("q", loss);
    b.step([&] { b.update({first, "b"}, {o({"lr", 0.1}), {g1({"lr", 0.2})}}, grad(loss, b.tuple({first, second}))); });
    b.step([&] { b.rebindAt(seen, {ids}, loss); });
    b.step([&] {
      auto update = [&] { b.update({second}, o({"lr", 0.1}), grad(loss, second)); };
      b.when(h > 1, [&] { b.forLoop("i", 0, 2, update); }, [&] { b.whileLoop(loss > 1, 3, update); });
      b.when(b.name("t") > 3, update);
      Expr c = b.name("c");
      b.each({"c"}, b.list({first, second}), [&] { b.update({c}, o({"lr", 0.1}), grad(loss, c)); });
      b.require(b.binary(">", 2, 1));
    });
    b.minimize(loss, o({"lr", 0.1}), {first});
    b.entry("all", {}, [&] { return b.scan("i", 0, 3, {{"c", 0}}, [&] {
      b.rebind("c", b.name("c") + 1);
      return b.name("c") * 2;
    }, build::Tape::Sqrt); });
    b.entry("fit", {{"xs", Type("f32", {"n", 2})}, {"rounds", 3}, {"rate", 0.1}}, [&] {
      Expr l = b.bind("l", sum(second(b.name("xs"))));
      b.forLoop("i", 0, b.name("rounds"), [&] { b.update({second}, o(b.name("rate")), grad(l, second)); });
      return b.tuple({l, b.name("xs") * 2});
    });
  });
}

TEST(GraphBuilderTest, BuildsEverything) {
  GraphBuilder b;
  buildEverything(b);
  EXPECT_EQ(imported(b.finish()), importedFile("/tests/frontends/Inputs/everything.costate"));
}

/// Every operator, index and number, against a text.
TEST(GraphBuilderTest, BuildsOperatorsAndNumbers) {
  GraphBuilder b;
  Expr x = b.name("x"), y = b.name("y"), where = b.name("where"), f = b.name("f");
  b.defineFn("f", {"x", "y", {"bias", Type("f32", {3}), b.call("zeros", {b.list({3})})}}, Type("f32", {rest}), [&] {
    Expr a = b.bind("a", x + 1 - y * 2 / (x % 3));
    Expr c = b.bind("c", matmul(x, y) - floorDivide(x, 2.5e-3) + power(-x, power(y, 2)));
    Expr d = b.bind("d", where((x > 0 && x <= y) || !(x < 1 || x >= 2) || x != 3, a, -1e-3));
    Expr e = b.bind("e", where(d == -2, "nan", INFINITY) * -INFINITY + b.name("pi") + 9007199254740993);
    return e + c + "bias" + b.list({2, 3}).at({1}) + x[slice({}, -1)][0] + x.at({slice(0, {}, 2), rest})[0];
  });
  b.defineNet("n", {{"size", 3}}, {"x"}, Type("f32", {rest}), [&] {
    b.state("s", {"f32", {power(b.name("size"), 2) - 6}}, b.call("zeros"));
    Expr layers = b.net("layers", b.comprehension(b.call("dense", {"size", "k"}), {"i", "k"}, b.call("zip", {b.range(0, 2), b.list({3, 3})}), true));
    return layers[1](layers.member("0")(x)) + layers.member("1.b");
  });
  b.defineModel("m", [&] {
    Expr x = b.input("x", {"f32", {3}}), h = b.hyper("h", 2);
    Expr n = b.net("n1", b.call("n"));
    b.bindEach({"p", "q"}, b.tuple({n(x), f(x, x) + h}));
    b.predict("r", b.name("p") + "q");
  });
  std::string module = imported(b.finish());
  EXPECT_THAT(module, testing::StartsWith("module"));
  EXPECT_EQ(module, imported(R"(
fn f(x, y, bias : f32[3] = zeros([3])) -> f32[..] {
  a = x + 1 - y*2/(x % 3)
  c = x @ y - x // 2.5e-3 + (-x)**(y**2)
  d = where(x > 0 and x <= y or not (x < 1 or x >= 2) or x != 3, a, -1e-3)
  e = where(d == -2, nan, inf)*-inf + pi + 9007199254740993
  e + c + bias + [2, 3][1] + x[:-1][0] + x[0::2, ..][0]
}
net n(size=3)(x) -> f32[..] {
  state s : f32[size**2 - 6] = zeros()
  net layers = [dense(size, k) for i, k in zip(0..2, [3, 3]) if true]
  layers[1](layers.0(x)) + layers.1.b
}
model m {
  input x : f32[3]
  hyper h = 2
  net n1 = n()
  p, q = n1(x), f(x, x) + h
  predict r = p + q
}
)"));
}

TEST(GraphBuilderTest, MayBuildAnotherModel) {
  GraphBuilder b;
  buildEverything(b);
  std::string first = b.finish();
  EXPECT_EQ(imported(b.finish()), imported(""));
  buildEverything(b);
  EXPECT_EQ(b.finish(), first);
}

//===----------------------------------------------------------------------===//
// Mistakes
//===----------------------------------------------------------------------===//

/// "FILE:LINE:" of a line of this file.
std::string at(unsigned line) { return std::string(__FILE__) + ":" + std::to_string(line) + ":"; }

TEST(GraphBuilderTest, LocatesErrorsAtCalls) {
  GraphBuilder b;
  unsigned line = 0;
  b.defineModel("m", [&] {
    Expr x = b.input("x", {"f32", {"batch", 4}});
    Expr w = b.param("w", {"f32", {3, 2}}, b.call("zeros"));
    line = __LINE__ + 1;
    b.bind("h", matmul(x, w));
  });
  std::string errors = imported(b.finish());
  EXPECT_THAT(errors, HasSubstr(at(line)));
  EXPECT_THAT(errors, HasSubstr("error: '@' requires equal inner dimensions, but got 4 and 3\n"));
  EXPECT_THAT(errors, HasSubstr(at(line - 3)));
  EXPECT_THAT(errors, HasSubstr("note: 'x' is f32[batch, 4] here\n"));
}

TEST(GraphBuilderTest, SaysWhatTheTextWouldSay) {
  GraphBuilder b, other;
  Expr earlier = b.call("f");
  b.finish();
  auto inModel = [&](std::function<void()> statements) {
    b.defineModel("m", [&] { statements(); });
    return imported(b.finish());
  };
  auto inFn = [&](std::function<void()> statements) {
    b.defineFn("f", {"x"}, [&] {
      statements();
      b.result("x");
    });
    return imported(b.finish());
  };
  struct Case {
    std::string errors;
    const char *message;
  };
  Case cases[] = {
      {inModel([&] { b.input("two words", {"f32", {3}}); }), "requires a name of letters, digits and '_', but got 'two words'"},
      {inModel([&] { b.input("x", {"f32", {"3n"}}); }), "requires a name of letters, digits and '_', but got '3n'"},
      {inModel([&] { b.data("a\"b"); }), "requires a string without quotes and line ends"},
      {inModel([&] { b.epochs(-1); }), "requires a positive integer after 'epochs', but got '-1'"},
      {inModel([&] { b.expect(1, 1, 0); }), "requires 'expect' to stand in a check, but found it in a model"},
      {inModel([&] { b.param("w", {"f32", {3}}, {}); }), "requires an initial value for param 'w', such as '= zeros()'"},
      {inModel([&] { b.minimize(1, {"sgd", {"biases"}}); }), "requires the name of a group with arguments, such as biases(weight_decay=0), but found 'biases'"},
      {inModel([&] { b.freeze({}); }), "requires at least one path of params"},
      {inModel([&] { b.bind("y", INT64_MIN); }), "requires a number without a sign"},
      {inModel([&] { b.bind("y", other.call("x")); }), "requires an expression of this builder and the model it is building"},
      {inModel([&] { b.bind("y", earlier + 1); }), "requires an expression of this builder and the model it is building"}, // of a model that is finished
      {inModel([&] { b.bind("y", {}); }), "requires a value"},
      {inModel([&] { b.bind("y", Expr()(1)[2]); }), "requires an expression of this builder and the model it is building"},
      {inModel([&] { b.rebind(b.call("f"), 1); }), "requires a name"},
      {inFn([&] { b.result(1); }), "requires a name for a value that is not the last of the body: write 'name = ...'"},
      {inFn([&] { b.bind("y", b.call("f", {{"a", 1}, 2})); }), "requires arguments without a name to come before those with one"},
      {inFn([&] { b.bind("y", b.call("f").at({})); }), "requires at least one index or slice"},
      {inFn([&] { b.bind("y", b.call("f").member("")); }), "requires a name of letters, digits and '_', but got ''"},
      {inFn([&] { b.bind("y", b.binary("|>", 1, 2)); }), "requires an operator of the language between two operands, but got '|>'"},
      {inFn([&] { b.bind("y", b.unary("+", 1)); }), "requires '-' or 'not' before an operand, but got '+'"},
      {inFn([&] { b.bind("y", b.lambda({}, 1)); }), "requires at least one parameter"},
      {inFn([&] { b.bind("y", b.function({"a"}, [&] { b.bind("z", 1); })); }), "requires a value at the end of the body of a function"},
      {inFn([&] { b.rebindEach({}, 1); }), "requires at least one name"},
      {inFn([&] { b.rebindEach({"x", "x"}, b.tuple({1, 2})); }), "requires names that differ, but got 'x' twice"},
      {inFn([&] { b.bind("y", b.forLoop("i", 0, 3, {}, [] {})); }), "requires at least one carry of a loop"},
      {inFn([&] { b.bind("y", b.forLoop("i", 0, 3, {{"z", 0}}, [&] { b.rebind("x", 1); })); }), "requires 'x' among the carries of the loop"},
      {inFn([&] { b.bind("y", b.forLoop("i", 0, {}, {{"z", 0}}, [] {})); }), "requires a value"},
      {inFn([&] { b.bind("y", b.branch(true, [&] { b.result(1); }, [] {})); }), "requires a value at the end of both branches"},
      {inFn([&] { b.when(true, [] {}); }), "requires a value at the end of both branches, or of none: then they rebind names by '<-', print or require something"},
      {inFn([&] { b.when(true, [&] { b.result(1); }, [&] { b.result(1); }); }), "requires branches of a statement 'if' without a value"},
      {inFn([&] { b.rebindAt(b.call("f"), {0}, 1); }), "requires a name"},
      {inFn([&] { b.rebindAt("x", {}, 1); }), "requires at least one index or slice"},
      {inFn([&] { b.bind("y", 1); b.rebindAt(b.name("y"), {0}, {}); }), "requires a value"},
  };
  for (const Case &c : cases) {
    EXPECT_THAT(c.errors, HasSubstr(std::string("error: ") + c.message)) << c.message;
    EXPECT_THAT(c.errors, HasSubstr(__FILE__)) << c.message;
  }

  unsigned line = __LINE__ + 1;
  b.input("x", {"f32", {3}});
  EXPECT_THAT(imported(b.finish()), HasSubstr(at(line)));
  b.input("x", {"f32", {3}});
  EXPECT_THAT(imported(b.finish()), HasSubstr("requires a statement to stand in the body of a definition"));
  b.defineVjp({"dy"}, {1});
  EXPECT_THAT(imported(b.finish()), HasSubstr("requires a fn before its derivative"));
}

TEST(GraphBuilderTest, IsFinishedAfterItsBodies) {
  GraphBuilder b;
  std::string early;
  b.defineModel("m", [&] {
    early = b.finish();
    b.predict("y", b.input("x", {"f32", {"n"}}) + 1);
  });
  EXPECT_THAT(imported(early), HasSubstr("requires a model to be finished after its bodies"));
  EXPECT_EQ(imported(b.finish()), imported("model m {\n  input x : f32[n]\n  predict y = x + 1\n}\n"));
}

TEST(GraphBuilderTest, ImportsWhatTheProgramGives) {
  const std::vector<ImportedText> files = {
      {"parts/losses.costate", "from \"scale.costate\" import scale\nfn loss(x) = scale*mean(x*x)\nfn other(x) = x"},
      {"parts/scale.costate", "scale = 2"}};
  GraphBuilder b;
  Expr losses = b.importFile("parts/losses.costate", "l");
  std::vector<Expr> others = b.importNames("parts/losses.costate", {"other"});
  Expr size = b.bind("size", 3);
  b.bindEach({"low", "high"}, b.list({1, 2}));
  b.defineModel("m", [&] {
    Expr x = b.input("x", {"f32", {"n", size}});
    b.predict("y", losses.member("loss")(others[0](x)) + b.name("high"));
  });
  EXPECT_EQ(imported(b.finish(), files), imported("import \"parts/losses.costate\" as l\nfrom \"parts/losses.costate\" import other\n"
                                                  "size = 3\nlow, high = [1, 2]\n"
                                                  "model m {\n  input x : f32[n, size]\n  predict y = l.loss(other(x)) + high\n}\n",
                                                  files));
  unsigned line = __LINE__ + 1;
  b.importFile("none.costate", "none");
  EXPECT_THAT(imported(b.finish(), files), HasSubstr("GraphBuilderTest.cpp:" + std::to_string(line)));
  b.importFile("none.costate", "none");
  EXPECT_THAT(imported(b.finish(), files), HasSubstr("requires the text of 'none.costate', which was not given with that of the model"));
  b.importNames("parts/losses.costate", {});
  EXPECT_THAT(imported(b.finish(), files), HasSubstr("requires at least one name"));
}

TEST(GraphBuilderTest, BoundsDepthAndSize) {
  GraphBuilder b;
  auto build = [&](unsigned times, auto next) {
    b.defineFn("f", {"x"}, [&] {
      Expr e = b.name("x");
      for (unsigned i = 0; i < times; ++i)
        e = next(e);
      return e;
    });
    return imported(b.finish());
  };
  EXPECT_THAT(build(100, [](Expr e) { return e + 1; }), testing::StartsWith("module"));
  EXPECT_THAT(build(300, [](Expr e) { return e + 1; }), HasSubstr("requires at most 200 nested operations in one expression"));
  EXPECT_THAT(build(100000, [](Expr e) { return e + 1; }), HasSubstr("beyond the limits of one"));
  EXPECT_THAT(build(100, [](Expr e) { return e + e; }), HasSubstr("beyond the limits of one")); // 2**100 terms
}

TEST(GraphBuilderTest, BodiesEndWhereTheProgramThrows) {
  GraphBuilder b;
  b.defineModel("digits", [&] {
    try {
      b.step([] { throw 1; });
    } catch (int) {
    }
    b.predict("y", b.input("x", {"f32", {"n"}}) + 1);
  });
  EXPECT_EQ(imported(b.finish()), imported("model digits {\n  input x : f32[n]\n  predict y = x + 1\n}\n"));
}

} // namespace
} // namespace costate
