// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The oracle against what needs no oracle: finite differences, closed forms, known answers.

#include "costate/dialects/Dialects.h"
#include "costate/tests/oracle/Algebra.h"
#include "costate/tests/oracle/Check.h"
#include "costate/tests/oracle/Gradients.h"
#include "costate/tests/oracle/Oracle.h"
#include "costate/tests/oracle/Philox.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include <cmath>

namespace costate::oracle {
namespace {

using check::randomArray;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

//===----------------------------------------------------------------------===//
// Functions of the algebra
//===----------------------------------------------------------------------===//

struct Function {
  const char *name;
  Node (*of)(const Nodes &);
  std::vector<Array> inputs;
};

Array smooth(std::initializer_list<int64_t> shape, double low = 0.5, double high = 1.5, uint64_t seed = 3) {
  return randomArray(Kind::f64, Shape(shape), low, high, seed);
}

std::vector<Function> functions() {
  Array x = smooth({2, 3}), y = smooth({2, 3}, 1.6, 2.5, 4), s = smooth({2, 3}, -1, 1, 5);
  return {
      {"add", [](const Nodes &in) { return add(in[0], in[1]); }, {x, y}},
      {"sub", [](const Nodes &in) { return sub(in[0], in[1]); }, {x, y}},
      {"mul", [](const Nodes &in) { return mul(in[0], in[1]); }, {x, y}},
      {"div", [](const Nodes &in) { return div(in[0], in[1]); }, {x, y}},
      {"neg", [](const Nodes &in) { return neg(in[0]); }, {x}},
      {"scale", [](const Nodes &in) { return scale(in[0], -2.5); }, {x}},
      {"remainder", [](const Nodes &in) { return remainder(in[0], in[1]); }, {smooth({4}, 2.2, 2.8), smooth({4}, 0.9, 1.05)}},
      {"where", [](const Nodes &in) { return where(mask(in[1], [](double v) { return v > 2; }), in[0], in[1]); }, {x, y}},
      {"exp", [](const Nodes &in) { return exp(in[0]); }, {s}},
      {"expm1", [](const Nodes &in) { return expm1(in[0]); }, {s}},
      {"log", [](const Nodes &in) { return log(in[0]); }, {x}},
      {"log1p", [](const Nodes &in) { return log1p(in[0]); }, {x}},
      {"sqrt", [](const Nodes &in) { return sqrt(in[0]); }, {x}},
      {"tanh", [](const Nodes &in) { return tanh(in[0]); }, {s}},
      {"logistic", [](const Nodes &in) { return logistic(in[0]); }, {s}},
      {"erf", [](const Nodes &in) { return erf(in[0]); }, {s}},
      {"sin", [](const Nodes &in) { return sin(in[0]); }, {s}},
      {"cos", [](const Nodes &in) { return cos(in[0]); }, {s}},
      {"power", [](const Nodes &in) { return power(in[0], in[1]); }, {x, s}},
      {"atan2", [](const Nodes &in) { return atan2(in[0], in[1]); }, {x, s}},
      {"take", [](const Nodes &in) { return takeBy(in[0], {4}, [](llvm::ArrayRef<int64_t> i) { return i[0] == 2 ? -1 : (5 * i[0]) % 6; }); }, {x}},
      {"put", [](const Nodes &in) {
         auto places = std::make_shared<std::vector<int64_t>>(std::vector<int64_t>{0, 2, 2, -1, 1, 0});
         return put(in[0], places, {3});
       },
       {x}},
      {"reshape", [](const Nodes &in) { return reshape(in[0], {3, 2}); }, {x}},
      {"broadcast", [](const Nodes &in) { return broadcast(in[0], {0, 2}, {2, 4, 3}); }, {x}},
      {"at", [](const Nodes &in) { return at(in[0], 1, 2); }, {x}},
      {"stack", [](const Nodes &in) { return stack({in[0], in[1], in[0]}, Kind::f64, {2, 3}); }, {x, y}},
      {"sum", [](const Nodes &in) { return sum(in[0], {0}); }, {x}},
      {"cumsum", [](const Nodes &in) { return cumsum(in[0], 1, true); }, {x}},
      {"einsum", [](const Nodes &in) { return einsum(in[0], {0, 1, 2}, in[1], {2, 3, 0}, {0, 3, 1}); }, {smooth({2, 3, 4}), smooth({4, 2, 2})}},
      {"cast", [](const Nodes &in) { return cast(in[0], Kind::f64); }, {x}},
  };
}

class AlgebraTest : public testing::TestWithParam<Function> {};

TEST_P(AlgebraTest, AgreesWithDifferences) {
  const Function &f = GetParam();
  auto once = [&](const Nodes &in) -> llvm::FailureOr<Nodes> { return Nodes{f.of(in)}; };
  EXPECT_THAT(checkGradient(once, f.inputs).error, IsEmpty());
}

/// The gradient is a function too, of the inputs and of a cotangent; so is its gradient.
TEST_P(AlgebraTest, AgreesWithDifferencesInSecondAndThirdOrder) {
  const Function &f = GetParam();
  auto gradient = [](auto inner) {
    return [inner](const Nodes &in) -> llvm::FailureOr<Nodes> {
      Nodes at;
      for (const Node &x : in)
        at.push_back(Tape::variable(x));
      Nodes outputs = *inner(at), seeds;
      for (const Node &output : outputs)
        seeds.push_back(sin(like(output, 0.75)));
      Nodes gradients = pullback(outputs, seeds, at);
      for (size_t i = 0; i < in.size(); ++i)
        gradients[i] = mul(gradients[i] ? gradients[i] : like(in[i], 0), in[i]); // depends on every input
      return gradients;
    };
  };
  auto once = [&f](const Nodes &in) -> llvm::FailureOr<Nodes> { return Nodes{f.of(in)}; };
  auto twice = gradient(once);
  auto thrice = gradient(twice);
  EXPECT_THAT(checkGradient(twice, f.inputs).error, IsEmpty());
  EXPECT_THAT(checkGradient(thrice, f.inputs, 1e-6).error, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Functions, AlgebraTest, testing::ValuesIn(functions()),
                         [](const testing::TestParamInfo<Function> &info) { return std::string(info.param.name); });

TEST(GradientsTest, FindsAWrongRule) {
  auto wrong = [](const Nodes &in) -> llvm::FailureOr<Nodes> {
    Array value = *exp(in[0].detached());
    return Nodes{Tape::record(value, {in[0]}, [](size_t, const Nodes &, const Node &, const Node &ct) { return ct; })};
  };
  EXPECT_THAT(checkGradient(wrong, {smooth({3})}).error, HasSubstr("requires a derivative of"));
}

TEST(GradientsTest, FindsARuleThatIsNotLinear) {
  auto wrong = [](const Nodes &in) -> llvm::FailureOr<Nodes> {
    return Nodes{Tape::record(*in[0], {in[0]}, [](size_t, const Nodes &, const Node &, const Node &ct) { return add(ct, mul(ct, scale(ct, 1e-12))); })};
  };
  auto very = [](const Nodes &in) -> llvm::FailureOr<Nodes> {
    return Nodes{Tape::record(*in[0], {in[0]}, [](size_t, const Nodes &, const Node &, const Node &ct) { return mul(ct, ct); })};
  };
  EXPECT_THAT(checkGradient(wrong, {smooth({3})}).error, IsEmpty());
  EXPECT_THAT(checkGradient(very, {smooth({3})}).error, HasSubstr("requires"));
}

TEST(TapeTest, ReleasesALongChainWithoutRecursion) {
  Node x = Tape::variable(Array::scalar(Kind::f64, 1)), y = x;
  for (int i = 0; i < 1000000; ++i)
    y = add(y, x);
  EXPECT_EQ((*pullback({y}, {Array::scalar(Kind::f64, 1)}, {x})[0]).reals[0], 1000001);
}

TEST(PhiloxTest, GivesTheKnownAnswers) { // of Random123's test vectors
  EXPECT_THAT(philox({0, 0, 0, 0}, 0), ElementsAre(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
  EXPECT_THAT(philox({~0u, ~0u, ~0u, ~0u}, ~0ull), ElementsAre(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
  EXPECT_THAT(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0x299f31d0a4093822ull),
              ElementsAre(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1));
}

//===----------------------------------------------------------------------===//
// Arrays
//===----------------------------------------------------------------------===//

TEST(ArrayTest, TellsDifferences) {
  Array a = Array::of(Kind::f64, {3}, std::vector<double>{1, NAN, -0.0}), b = a;
  EXPECT_THAT(difference(a, b, 0, 0), IsEmpty());
  b.reals[2] = 0.0;
  EXPECT_THAT(difference(a, b, 0, 0), IsEmpty());
  EXPECT_THAT(difference(a, b, 0, 0, true), HasSubstr("requires 0 at [2], but got -0"));
  b.reals[0] = 1 + 1e-6;
  EXPECT_THAT(difference(a, b, 1e-5, 0), IsEmpty());
  EXPECT_THAT(difference(a, b, 1e-7, 0), HasSubstr("1 of 3 elements"));
  b.reals[1] = INFINITY;
  EXPECT_THAT(difference(a, b, 1, 1), HasSubstr("requires inf at [1], but got nan"));
  EXPECT_THAT(difference(a, Array(Kind::f64, {1, 3}), 1, 1), HasSubstr("requires shape [1, 3], but got [3]"));
  EXPECT_THAT(difference(a, Array(Kind::i32, {3}), 1, 1), HasSubstr("requires elements of i32"));
}

//===----------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------===//

class OracleTest : public testing::Test {
protected:
  OracleTest() {
    mlir::DialectRegistry registry;
    registerAllDialects(registry);
    registry.insert<mlir::arith::ArithDialect, mlir::func::FuncDialect, mlir::scf::SCFDialect, mlir::tensor::TensorDialect>();
    context.appendDialectRegistry(registry);
  }

  llvm::FailureOr<std::vector<Array>> run(const char *text, llvm::ArrayRef<Array> inputs, Options options = {}) {
    mlir::ScopedDiagnosticHandler collect(&context, [&](mlir::Diagnostic &diagnostic) { messages += diagnostic.str() + "\n"; });
    module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    if (!module)
      return mlir::failure();
    return Oracle(*module, options).run("main", inputs);
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::string messages;
};

TEST_F(OracleTest, RoundsToF32OnDemand) {
  const char *text = R"(
    func.func @main(%x: tensor<f32>) -> tensor<f32> {
      %tiny = graph.constant dense<1.0e-9> : tensor<f32>
      %a = graph.add %x, %tiny : tensor<f32>
      %y = graph.subtract %a, %x : tensor<f32>
      return %y : tensor<f32>
    })";
  auto wide = run(text, {Array::scalar(Kind::f64, 1)});
  ASSERT_TRUE(mlir::succeeded(wide)) << messages;
  EXPECT_NEAR((*wide)[0].reals[0], 1e-9, 1e-15);
  auto narrow = run(text, {Array::scalar(Kind::f32, 1)}, {.keepF32 = true});
  ASSERT_TRUE(mlir::succeeded(narrow)) << messages;
  EXPECT_EQ((*narrow)[0].reals[0], 0);
}

// d/dx of the body's derivative: the rule itself is differentiated.
TEST_F(OracleTest, DifferentiatesACustomRule) {
  const char *text = R"(
    func.func @main(%x: tensor<f64>) -> (tensor<f64>, tensor<f64>) {
      %one = graph.constant dense<1.0> : tensor<f64>
      %d, %dd = graph.vjp @slope(%x) wrt [0] from(%one) : (tensor<f64>, tensor<f64>) -> (tensor<f64>, tensor<f64>)
      return %d, %dd : tensor<f64>, tensor<f64>
    }
    func.func private @slope(%x: tensor<f64>) -> tensor<f64> {
      %one = graph.constant dense<1.0> : tensor<f64>
      %y, %d = graph.vjp @f(%x) wrt [0] from(%one) : (tensor<f64>, tensor<f64>) -> (tensor<f64>, tensor<f64>)
      return %d : tensor<f64>
    }
    func.func private @f(%x: tensor<f64>) -> tensor<f64> attributes {graph.vjp = @rule} {
      return %x : tensor<f64>
    }
    func.func private @rule(%x: tensor<f64>, %ct: tensor<f64>) -> tensor<f64> {
      %s = graph.sine %x : tensor<f64>
      %d = graph.multiply %ct, %s : tensor<f64>
      return %d : tensor<f64>
    })";
  auto results = run(text, {Array::scalar(Kind::f64, 0.5)});
  ASSERT_TRUE(mlir::succeeded(results)) << messages;
  EXPECT_DOUBLE_EQ((*results)[0].reals[0], std::sin(0.5));
  EXPECT_DOUBLE_EQ((*results)[1].reals[0], std::cos(0.5));
}

// An argument that is given twice has two gradients, and an inner derivative does not see the outer variable.
TEST_F(OracleTest, KeepsPerturbationsApart) {
  const char *text = R"(
    func.func @main(%x: tensor<f64>) -> tensor<f64> {
      %one = graph.constant dense<1.0> : tensor<f64>
      %y, %d = graph.vjp @outer(%x) wrt [0] from(%one) : (tensor<f64>, tensor<f64>) -> (tensor<f64>, tensor<f64>)
      return %d : tensor<f64>
    }
    func.func private @outer(%x: tensor<f64>) -> tensor<f64> {
      %one = graph.constant dense<1.0> : tensor<f64>
      %p, %d = graph.vjp @product(%x, %x) wrt [1] from(%one) : (tensor<f64>, tensor<f64>, tensor<f64>) -> (tensor<f64>, tensor<f64>)
      %y = graph.multiply %x, %d : tensor<f64>
      return %y : tensor<f64>
    }
    func.func private @product(%a: tensor<f64>, %b: tensor<f64>) -> tensor<f64> {
      %y = graph.multiply %a, %b : tensor<f64>
      return %y : tensor<f64>
    })";
  auto results = run(text, {Array::scalar(Kind::f64, 3)});
  ASSERT_TRUE(mlir::succeeded(results)) << messages;
  EXPECT_DOUBLE_EQ((*results)[0].reals[0], 6); // x * (d(ab)/db at a = x) = x^2
}

TEST_F(OracleTest, RefusesShapesThatDoNotFit) {
  const char *text = R"(
    func.func @main(%x: tensor<?xf64> {graph.dims = [#graph.dim<n>]}, %y: tensor<?xf64> {graph.dims = [#graph.dim<n>]}) -> tensor<?xf64> {
      %z = graph.add %x, %y : tensor<?xf64>
      return %z : tensor<?xf64>
    })";
  EXPECT_TRUE(mlir::failed(run(text, {Array(Kind::f64, {2}), Array(Kind::f64, {3})})));
  EXPECT_THAT(messages, HasSubstr("requires an axis of argument 1 to be n = 2, but got 3"));
}

TEST_F(OracleTest, NamesAnOpWithoutARule) {
  const char *text = R"(
    func.func @main(%x: f64) -> f64 {
      %y = arith.negf %x : f64
      return %y : f64
    })";
  EXPECT_TRUE(mlir::failed(run(text, {Array::scalar(Kind::f64, 1)})));
  EXPECT_THAT(messages, HasSubstr("'arith.negf' op has no rule in the oracle"));
}

TEST_F(OracleTest, ChecksTheDimensionsThatAnOpInfers) {
  const char *text = R"(
    func.func @main(%x: tensor<?xf64> {graph.dims = [#graph.dim<n>]}) -> tensor<?xf64> {
      %y = graph.slice %x starts [0] sizes [n - 3] strides [1] : tensor<?xf64> -> tensor<?xf64>
      return %y : tensor<?xf64>
    })";
  EXPECT_TRUE(mlir::failed(run(text, {Array(Kind::f64, {2})})));
  EXPECT_THAT(messages, HasSubstr("requires extents not to be negative, but n - 3 is -1"));
}

//===----------------------------------------------------------------------===//
// What a program tells its caller
//===----------------------------------------------------------------------===//

TEST_F(OracleTest, ShowsWhatIsPrintedAndRefusesWhatIsNotAllowed) {
  const char *text = R"(
    func.func @main(%x: tensor<2xf64>, %limit: tensor<f64>) -> tensor<f64> {
      %s = graph.reduce_sum %x axes [0] : tensor<2xf64> -> tensor<f64>
      report.print "s" %s : tensor<f64>
      %holds = graph.compare LT, %s, %limit : tensor<f64>
      report.require %holds, "requires s < limit" got %s, %limit : tensor<i1>, tensor<f64>, tensor<f64>
      report.print "x" %x : tensor<2xf64>
      return %s : tensor<f64>
    })";
  std::vector<std::string> shown;
  Options options;
  options.printer = [&](llvm::StringRef name, const Array &value) { shown.push_back(name.str() + " " + std::to_string(value.reals.back())); };
  Array x = Array::of(Kind::f64, {2}, std::vector<double>{1, 2});
  EXPECT_TRUE(mlir::succeeded(run(text, {x, Array::scalar(Kind::f64, 4)}, options))) << messages;
  EXPECT_TRUE(mlir::failed(run(text, {x, Array::scalar(Kind::f64, 2.5)}, options)));
  EXPECT_THAT(messages, HasSubstr("requires s < limit, but got 3"));
  EXPECT_THAT(shown, ElementsAre("s 3.000000", "x 2.000000", "s 3.000000"));
}

} // namespace
} // namespace costate::oracle
