// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a user reads after a mistake: each message of the importer, with its place.
#include "costate/frontends/Diagnostics.h"
#include "costate/frontends/Importer.h"
#include "costate/frontends/StandardLibrary.h"

#include "llvm/Support/raw_ostream.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include <random>

namespace costate {
namespace {

using testing::HasSubstr;

/// What importing `text` prints; empty if it succeeds.
std::string errorsOf(const std::string &text) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  std::string messages;
  llvm::raw_string_ostream stream(messages);
  DiagnosticPrinter printer(context, stream);
  printer.addSource("t", text);
  mlir::OwningOpRef<mlir::ModuleOp> module = importModel(text, "t", context);
  EXPECT_EQ(!module, !messages.empty()) << text << messages;
  return messages;
}

struct Case {
  const char *text, *message;
};

void expectErrors(llvm::ArrayRef<Case> cases) {
  for (const Case &c : cases)
    EXPECT_THAT(errorsOf(c.text), HasSubstr(c.message)) << c.text;
}

/// A model with an input x : f32[batch, 4] and a target y : i32[batch], and these lines.
std::string model(const std::string &lines) { return "model m {\n  input x : f32[batch, 4]\n  target y : i32[batch]\n" + lines + "\n}\n"; }

/// A check with these lines.
std::string check(const std::string &lines) { return "check \"c\" {\n" + lines + "\n}\n"; }

TEST(ImportErrorsTest, ShowsWhereOperandsWereDeclared) {
  EXPECT_EQ(errorsOf(model("  param w : f32[3, 2] = zeros()\n  h = x @ w")),
            "t:5:9: error: '@' requires equal inner dimensions, but got 4 and 3\n"
            "    h = x @ w\n"
            "          ^\n"
            "t:2:9: note: 'x' is f32[batch, 4] here\n"
            "    input x : f32[batch, 4]\n"
            "          ^\n"
            "t:4:9: note: 'w' is f32[3, 2] here\n"
            "    param w : f32[3, 2] = zeros()\n"
            "          ^\n");
}

TEST(ImportErrorsTest, ShowsTheCallsThatLeadToAShape) {
  std::string errors = errorsOf("fn inner(a, b) = a + b\n"
                                "fn outer(a) {\n"
                                "  c = zeros([5])\n"
                                "  inner(a, c)\n"
                                "}\n" +
                                model("  h = outer(x)"));
  EXPECT_THAT(errors, HasSubstr("t:1:20: error: '+' requires equal shapes, or 1 where they differ, but got f32[batch, 4] and "
                                "f32[5]: 4 is not 5"));
  EXPECT_THAT(errors, HasSubstr("t:4:3: note: in the call of 'inner'"));
  EXPECT_THAT(errors, HasSubstr("t:9:7: note: in the call of 'outer'"));
}

TEST(ImportErrorsTest, BlamesTheArgumentForATypeOfTheLibrary) {
  std::string errors = errorsOf(model("  loss = mean(cross_entropy(x, x))"));
  EXPECT_THAT(errors, HasSubstr("t:4:32: error: requires 'label' to be i32[..], but got f32[batch, 4]"));
  EXPECT_THAT(errors, HasSubstr("note: its type is declared here\n  fn cross_entropy("));
  EXPECT_THAT(errors, HasSubstr("t:4:15: note: in the call of 'cross_entropy'"));
}

TEST(ImportErrorsTest, UnknownNames) {
  expectErrors({
      {"check \"c\" { a = rellu(1.0) }", "t:1:17: error: unknown name 'rellu'; did you mean 'relu'?"},
      {"check \"c\" { a = qqqqqqq }", "unknown name 'qqqqqqq'\n"},
      {"check \"c\" { a = np.sum(1.0) }", "unknown name 'np'; names of NumPy and JAX need no prefix here"},
      {"check \"c\" { a = True }", "unknown name 'True'; write 'true'"},
      {"check \"c\" { a = False }", "unknown name 'False'; write 'false'"},
      {"check \"c\" { a = None }", "unknown name 'None'; leave the argument out"},
      {"model m { input x : float[batch] }", "requires one type here, f32 or f64; 'float' stands for either in the parameters and results of fns and nets"},
      {"model m { input x : f33[batch] }", "; did you mean 'f32'?"},
      {"model m { net f = dens(2, 3) }", "unknown name 'dens'; did you mean 'dense'?"},
      {"check \"c\" { a <- 1 }", "requires 'a' to be bound before '<-'; write 'a = ...' first"},
  });
}

TEST(ImportErrorsTest, Arguments) {
  expectErrors({
      {"check \"c\" { a = relu() }", "t:1:17: error: requires an argument 'x' of 'relu'"},
      {"check \"c\" { a = relu(1, 2) }", "t:1:25: error: requires at most 1 arguments of 'relu', but got 2"},
      {"check \"c\" { a = relu(1, x=2) }", "requires one value for the argument 'x' of 'relu', but got two"},
      {"check \"c\" { a = sum([1], axes=0) }", "'sum' has no argument 'axes'; did you mean 'axis'?"},
      {"check \"c\" { a = sum([1], dim=0) }", "'sum' has no argument 'dim'; it has 'x', 'axis', 'keepdims'"},
      {"check \"c\" { a = softmax([1.0]) }", "requires an argument 'axis' of 'softmax'"},
      {"check \"c\" { a = sum([1.0], axis=1) }", "'sum' requires 'axis' to be an axis of a tensor of rank 1, but got 1"},
      {"check \"c\" { a = sum([[1.0]], axis=[0, 0]) }", "'sum' requires 'axis' to be axes that differ, but got [0, 0]"},
      {"check \"c\" { a = sum([1.0], axis=0.5) }", "'sum' requires 'axis' to be an integer known at import, but got 0.5"},
      {"check \"c\" { a = sum([1.0], keepdims=1) }", "'sum' requires 'keepdims' to be true or false, but got 1"},
      {"check \"c\" { a = 3(4) }", "requires a function or a net before '(', but got 3"},
      {"check \"c\" { a = astype([1], 3) }", "'astype' requires 'type' to be a type, such as f32 or i32, but got 3"},
      {"check \"c\" { a = full([2], [1, 2]) }", "'full' requires 'value' to be a scalar, but got [1, 2]"},
      {"check \"c\" { a = max(1, 2, axis=0) }", "'max' requires two values or an axis, but got both"},
      {"check \"c\" { a = normal([2], std=[1, 2]) }", "'normal' requires 'std' to be a scalar, but got [1, 2]"},
      {"check \"c\" { a = zip(1, [2]) }", "'zip' requires 'a' to be a list, but got 1"},
      {"check \"c\" { a = enumerate(1) }", "'enumerate' requires 'list' to be a list, but got 1"},
      {"check \"c\" { a = len(1.0) }", "'len' requires 'x' to be a list or a tensor with axes, but got 1"},
  });
}

TEST(ImportErrorsTest, Shapes) {
  expectErrors({
      {"check \"c\" { a = zeros([2, 3]) + zeros([4]) }", "t:1:31: error: '+' requires equal shapes, or 1 where they differ, but got "
                                                        "f32[2, 3] and f32[4]: 3 is not 4"},
      {"check \"c\" { a = zeros([2, 3]) @ 2.0 }", "'@' requires operands with axes, but got f32[2, 3] and f32[]"},
      {"check \"c\" { a = zeros([2, 3, 4]) @ zeros([5, 4, 3]) }", "'@' requires equal leading dimensions, or 1 where they differ"},
      {"check \"c\" { a = zeros([-1]) }", "requires sizes not to be negative, but got -1"},
      {"check \"c\" { a = zeros([1.5]) }", "requires sizes that are integers known at import, but got 1.5"},
      {"check \"c\" { a = reshape(zeros([6]), [4, -1]) }", "'reshape' requires sizes that divide 6, but got [4, -1]"},
      {"check \"c\" { a = reshape(zeros([6]), [-1, -1]) }", "'reshape' requires 'shape' to be sizes with at most one -1"},
      {"check \"c\" { a = reshape(zeros([6]), [4]) }", "'reshape' requires as many elements as f32[6] has, but got [4]"},
      {"check \"c\" { a = transpose(zeros([2, 3]), [0, 0]) }", "'transpose' requires 'axes' to be a permutation of the axes"},
      {"check \"c\" { a = transpose(zeros([2, 3]), [0]) }", "'transpose' requires 'axes' to be a list of 2 axes, but got [0]"},
      {"check \"c\" { a = broadcast_to(zeros([2]), [3]) }", "a shape to which f32[2] can be repeated, but got [3]"},
      {"check \"c\" { a = squeeze(zeros([2]), 0) }", "'squeeze' requires 'axis' to be an axis of extent 1 of f32[2], but got 0"},
      {"check \"c\" { a = concatenate([zeros([2, 3]), zeros([2, 4])]) }", "'concatenate' requires equal shapes but for axis 0"},
      {"check \"c\" { a = concatenate([1.0]) }", "tensors with axes; 'stack' joins scalars"},
      {"check \"c\" { a = concatenate(3) }", "'concatenate' requires 'tensors' to be a list of tensors, but got 3"},
      {"check \"c\" { a = concatenate([[1], [[2]]]) }", "'concatenate' requires tensors of one rank, but got i32[1] and i32[1, 1]"},
      {"check \"c\" { a = stack([zeros([2]), zeros([3])]) }", "'stack' requires equal shapes, but got f32[2] and f32[3]"},
      {"check \"c\" { a = pad(zeros([2]), [1, 1]) }", "'pad' requires 'widths' to be a list of 1 pairs [low, high]"},
      {"check \"c\" { a = take_along_axis(zeros([2, 3]), [1, 2], 1) }", "indices with the shape of f32[2, 3] but for axis 1"},
      {"check \"c\" { a = take([1.0, 2.0], 0.5) }", "requires an index of type i32 or i64, but got 0.5"},
      {"check \"c\" { a = one_hot([0.5], 2) }", "'one_hot' requires 'x' to be indices of type i32 or i64, but got [0.5]"},
      {"check \"c\" { a = [[1, 2], [3]] + 1.0 }", "requires a list of numbers, or of lists of equal lengths"},
      {"check \"c\" { a = [zeros([2]), zeros([3])] + 1 }", "requires tensors of one shape in a list, but got f32[2] and f32[3]"},
      {"check \"c\" { a = cholesky(zeros([2, 3])) }", "'cholesky' requires 'a' to be square matrices, but got f32[2, 3]"},
      {"check \"c\" { a = conv(zeros([4, 3]), zeros([3, 1])) }", "'conv' requires 'x' to be images [n, spatial.., channels] of static spatial extents"},
      {"check \"c\" { a = conv(zeros([1, 4, 3]), zeros([2, 2, 1])) }", "'conv' requires 'kernel' to be kernels [spatial.., 3, channels]"},
      {"check \"c\" { a = conv(zeros([1, 4, 3]), zeros([5, 3, 1])) }", "kernels that fit into the padded images"},
      {"check \"c\" { a = conv(zeros([1, 4, 3]), zeros([2, 3, 1]), stride=0) }", "'stride' to be a positive integer, or a list of 1, but got 0"},
      {"check \"c\" { a = conv(zeros([1, 4, 3]), zeros([2, 3, 1]), padding=\"full\") }", "\"valid\", \"same\" or a list of 1 pairs"},
      {"check \"c\" { a = solve_triangular(zeros([2, 2]), zeros([3, 1])) }", "matrices with as many rows as f32[2, 2] has"},
      {"check \"c\" { a = solve(zeros([2, 3]), zeros([2])) }", "'solve' requires 'a' to be square matrices, but got f32[2, 3]"},
      {"check \"c\" { a = solve(zeros([2, 2]), zeros([3])) }", "'solve' requires 'b' to be a vector or matrices with as many rows as f32[2, 2] has, but got f32[3]"},
      {"check \"c\" { a = solve(zeros([4, 2, 2]), zeros([3, 2, 1])) }", "'solve' requires equal shapes, or 1 where they differ, but got f32[4] and f32[3]"},
      {"check \"c\" { a = lu(zeros([2, 3])) }", "'lu' requires 'a' to be square matrices, but got f32[2, 3]"},
      {"check \"c\" { a = eigh(zeros([3])) }", "'eigh' requires 'a' to be square matrices, but got f32[3]"},
      {"check \"c\" { a = qr(zeros([3])) }", "'qr' requires 'a' to be matrices, but got f32[3]"},
      {"check \"c\" { a = svd(zeros([3])) }", "'svd' requires 'a' to be matrices, but got f32[3]"},
      {"check \"c\" { a = svd(zeros([3, 2]), full_matrices=true) }", "'svd' requires 'full_matrices' to be false, but got true"},
      {"check \"c\" { a = top_k(zeros([2]), 3) }", "between 0 and the extent of the last axis, 2, but got 3"},
      {"check \"c\" { a = astype([1, 300], u8) + astype([1], u8)*300 }", "requires an integer that fits u8, but got 300"},
  });
}

TEST(ImportErrorsTest, Indices) {
  expectErrors({
      {"check \"c\" { a = [1, 2][2] }", "requires an index into a list of 2, but got 2"},
      {"check \"c\" { a = zeros([2])[2] }", "requires an index below 2, but got 2"},
      {"check \"c\" { a = zeros([2])[[0, 2]] }", "requires an index below 2, but got 2"},
      {"check \"c\" { a = zeros([2])[-3] }", "requires an index below 2, but got -3"},
      {"check \"c\" { a = zeros([2])[0, 1] }", "requires at most 1 subscripts and one '..', but got 2"},
      {"check \"c\" { a = zeros([2])[::0] }", "requires the step of a slice to be a positive integer, but got 0"},
      {"check \"c\" { a = zeros([2])[0.5] }", "requires an index of type i32 or i64, but got 0.5"},
      {"check \"c\" { a = zeros([4])[argmax([1.0], 0):] }", "requires bounds of a slice that are known at import, but got"},
      {"check \"c\" { a = zeros([4, 4])[:, [1, 4]] }", "requires an index below 4, but got 4"},
      {"check \"c\" { a = zeros([4]).sum() }", "a tensor has no member 'sum'; functions stand before their arguments: 'sum(zeros([4]))'"},
      {"check \"c\" { a = 3 .shape }", "requires a net or an imported file before '.', but got 3"},
      {"check \"c\" { a, b = [1, 2, 3] }", "requires 2 values for 2 names, but got [1, 2, 3]"},
      {"check \"c\" { each i in 3 { } }", "requires a list after 'in', but got 3"},
      {"check \"c\" { each i, j in [1] { } }", "requires elements of 2 parts, but got 1"},
      {"check \"c\" { a = [i for i in 3] }", "requires a list after 'in', but got 3"},
  });
}

TEST(ImportErrorsTest, NumbersAtImport) {
  expectErrors({
      {"check \"c\" { a = 1 // 0 }", "requires a divisor other than 0"},
      {"check \"c\" { a = 9223372036854775807 + 1 }", "requires integers below 2**63, but 9223372036854775807 + 1 exceeds them"},
      {"check \"c\" { a = 10**100 }", "requires integers below 2**63"},
      {"check \"c\" { a = 0..10000000 }", "requires at most 1000000 elements, but got 10000000"},
      {"check \"c\" { a = 0..1.5 }", "requires integers around '..', but got 0 and 1.5"},
      {"check \"c\" { a = \"s\" + 1 }", "requires a tensor, but got \"s\""},
      {"check \"c\" { a = 1\n a = 2 }", "'a' is bound already; '<-' rebinds it"},
  });
  EXPECT_THAT(errorsOf(model("  h = where(batch == 3, x, x)")), HasSubstr("requires sizes that can be compared at import, but got batch and 3"));
}

TEST(ImportErrorsTest, FnsAndCalls) {
  expectErrors({
      {"fn f(x) = f(x)\ncheck \"c\" { a = f(1.0) }", "requires at most 64 calls inside each other; does 'f' call itself?"},
      {"fn f(x) { y = x }\ncheck \"c\" { a = f(1.0) }", "requires a value at the end of fn 'f'"},
      {"fn f(x) = x\nfn f(y) = y", "t:2:4: error: 'f' is declared already"},
      {"fn f(x : f32[n], y : f32[n]) = x\ncheck \"c\" { a = f(zeros([2]), zeros([3])) }",
       "t:2:31: error: requires 'y' to be f32[n], but got f32[3]"},
      {"fn f(x : f32[n], y : f32[n]) = x\ncheck \"c\" { a = f(zeros([2]), zeros([3])) }", "note: 'n' is 2 here"},
      {"fn f(x : f32[.., ..]) = x\ncheck \"c\" { a = f(zeros([2])) }", "requires at most one '..' in the type of 'x'"},
      {"fn f(x : f32[.., n]) -> f32[n] = x\ncheck \"c\" { a = f(zeros([2, 3])) }", "requires the result of 'f' to be f32[n], but got f32[2, 3]"},
      {"fn f(x, n) {\n require n > 3\n x\n}\ncheck \"c\" { a = f(1.0, 2) }", "t:2:2: error: requires n > 3, but got 2 and 3"},
      {"fn f(x) {\n require x > 3\n x\n}\ncheck \"c\" { a = f([1.0]) }", "requires one truth value, but got bool[1]"},
      {"fn f(x) = x\n  vjp (dy, dz) -> dy\ncheck \"c\" { a = f(zeros([1])) }", "requires one cotangent for each of the 1 float results of 'f', but got 2"},
      {"fn f(x) = x\n  vjp (dy) -> dy, dy\ncheck \"c\" { a = f(zeros([1])) }", "requires at most one gradient for each of the 1 parameters of 'f'"},
      {"fn f(x) = x\n  vjp (dy) -> zeros([3])\ncheck \"c\" { a = f(zeros([1])) }", "requires the gradient of 'x' to be f32[1], but got f32[3]"},
      {"check \"c\" { a = 1 }", "requires an 'expect' in check \"c\""},
      {"check \"c\" { expect 1 ~= 1 within 0\n 3 }", "requires a statement in a check, but found a value"},
      {"check \"c\" { expect 1 ~= 1 within -1 }", "requires the tolerance not to be negative, but got -1"},
      {"check \"c\" { expect 1 ~= 1 within zeros([]) }", "requires the tolerance to be a number known at import, but got f32[]"},
  });
}

TEST(ImportErrorsTest, Derivatives) {
  expectErrors({
      {"check \"c\" { z = zeros([3]); a = grad(z, z) }",
       "'grad' requires a float scalar, but got f32[3]; 'vjp(e, v, from=ct)' takes a cotangent of any shape"},
      {"check \"c\" { z = [1, 2]; a = grad(sum(z), z) }", "'grad' requires a float variable, but 'z' is i32[2]"},
      {"check \"c\" { z = zeros([3]); w = zeros([3]); a = grad(sum(z), w) }",
       "'grad' requires an expression that depends on 'w', but 'sum(z)' does not"},
      {"check \"c\" { z = zeros([3]); a = grad(sum(z), 3) }", "'grad' requires the name of a value, a param or a net, but got '3'"},
      {"check \"c\" { z = zeros([3]); a = grad(sum(z), [z, z]) }", "'grad' requires variables that differ, but got 'z' twice"},
      {"check \"c\" { z = zeros([3]); a = grad(sum(z), z, at=zeros([2])) }", "requires 'at' to be f32[3], as 'z' is, but got f32[2]"},
      {"check \"c\" { z = zeros([3]); a = grad(sum(z), [z], at=z) }", "requires one point per variable in 'at', but got f32[3]"},
      {"check \"c\" { z = zeros([3]); a = jvp(z, z, along=1.0) }", "requires a tangent of type f32[3], but got f32[]"},
      {"check \"c\" { z = zeros([3]); a = jvp(z, [z], along=z) }", "requires one tangent per variable in 'along', but got f32[3]"},
      {"check \"c\" { z = zeros([3]); a = jvp(z > 0, z, along=z) }", "'jvp' requires a float expression, but got bool[3]"},
      {"check \"c\" { a = map(relu(1.0), [1.0]) }", "'map' requires a function x -> e, but got 'relu(1)'"},
      {"check \"c\" { a = map(where, [1.0]) }", "'map' requires a function of as many arguments as it is given values, 1, but got one of 3"},
      {"check \"c\" { a = map(v -> v, 1.0) }", "'map' requires tensors with equal first axes, but got f32[]"},
      {"check \"c\" { a = map((v, w) -> v, ([1], [1, 2])) }", "'map' requires tensors with equal first axes, but got i32[1] and i32[2]"},
      {"check \"c\" { a = map((v, w) -> v, [1]) }", "requires one tensor per argument of the function, 2, but got [1]"},
      {"check \"c\" { a = grad((v, w) -> v, 1.0) }", "'grad' requires a value for each argument of the function, 2, but got 1.0"},
      {"check \"c\" { a = grad(v -> v, (1.0, 2.0)) }", "'grad' requires a value for each argument of the function, 1, but got [1.0, 2.0]"},
      {"check \"c\" { x = 1.0; a = jvp(v -> v, x, along=1.0, at=x) }",
       "requires no 'at' beside a function: jvp(v -> e, p, along=t) is the derivative at p"},
      {"check \"c\" { a = grad(v -> v, 1.0, at=2.0) }", "requires no 'at' beside a function"},
  });
}

TEST(ImportErrorsTest, Nets) {
  const std::string uses = model("  net f = n(2)\n  h = f(x)");
  auto net = [&](const std::string &body) { return "net n(k)(x) {\n" + body + "\n}\n" + uses; };
  EXPECT_THAT(errorsOf(net("param w : f32[m] = zeros()\n x")), HasSubstr("requires sizes of a param that are numbers at import, but 'm' is none"));
  EXPECT_THAT(errorsOf(net("param w : i32[k] = zeros()\n x")), HasSubstr("requires params of type f32 or f64, but got i32"));
  EXPECT_THAT(errorsOf(net("param w : f32[k] = zeros([3])\n x")), HasSubstr("requires the initial value of 'f.w' to be f32[2], but got f32[3]"));
  EXPECT_THAT(errorsOf(net("each i in 0..2 {\n param w : f32[k] = zeros()\n }\n x")), HasSubstr("requires params and nets outside of 'each'"));
  EXPECT_THAT(errorsOf(net("y = x")), HasSubstr("requires a value at the end of net 'n'"));
  EXPECT_THAT(errorsOf(net("net g = n(k)\n g(x)")), HasSubstr("requires at most 64 calls inside each other; does 'n' call itself?"));
  EXPECT_THAT(errorsOf(net("param w : f32[1000000, 1000000, 1000] = zeros()\n x")), HasSubstr("requires at most 2**40 parameters"));
  EXPECT_THAT(errorsOf(model("  net f = relu")), HasSubstr("requires a net with its sizes, such as dense(64, 10), but got fn 'relu'"));
  EXPECT_THAT(errorsOf(model("  net f = dense")), HasSubstr("requires a net with its sizes, such as dense(64, 10), but got net 'dense' without sizes"));
  EXPECT_THAT(errorsOf(model("  h = dense(4, 3)(x)")), HasSubstr("requires a net with parameters; bind it first: 'net name = dense(4, 3)'"));
  EXPECT_THAT(errorsOf(model("  net f = dense(4, 3)\n  h = f.v")), HasSubstr("'f' has no param, state or net 'v'"));
  EXPECT_THAT(errorsOf(model("  net f = mlp([4, 3])\n  h = f.layers.1")), HasSubstr("requires an index into a list of 1, but got 1"));
  EXPECT_THAT(errorsOf(model("  net f = dense(5, 3)\n  h = f(x)")), HasSubstr("t:5:9: error: requires 'x' to be f32[.., n], but got f32[batch, 4]"));
  EXPECT_THAT(errorsOf(model("  net f = dense(sum(x), 3)")), HasSubstr("requires 'n' of net 'dense' to be known at import, but got f32[]"));
  EXPECT_THAT(errorsOf("net n(k : f32)(x) { x }\n" + uses), HasSubstr("requires no type for 'k', which is known at import"));
}

TEST(ImportErrorsTest, Models) {
  EXPECT_THAT(errorsOf("model a { }\nmodel b { }"), HasSubstr("t:2:7: error: requires a choice among the models of the file: --model-name a or b"));
  EXPECT_THAT(errorsOf("model a { }\nmodel a { }"), HasSubstr("t:2:7: error: requires models of different names, but got 'a' twice"));
  EXPECT_THAT(errorsOf(model("  x = 3")), HasSubstr("t:4:3: error: 'x' is bound already"));
  EXPECT_THAT(errorsOf(model("  batch = 3")), HasSubstr("'batch' is bound already"));
  EXPECT_THAT(errorsOf(model("  h <- 3")), HasSubstr("requires '<-' to stand in a step; write 'step { h <- ... }'"));
  EXPECT_THAT(errorsOf(model("  sum(x)")), HasSubstr("requires a name for a value: write 'name = ...'"));
  EXPECT_THAT(errorsOf(model("  epochs 3\n  epochs 4")), HasSubstr("requires 'epochs' once in a model"));
  EXPECT_THAT(errorsOf(model("  epochs 0")), HasSubstr("requires 'epochs' to be positive, but got 0"));
  EXPECT_THAT(errorsOf(model("  dim rows hint 3")), HasSubstr("requires the name of a dimension that an input has introduced, but got 'rows'"));
  EXPECT_THAT(errorsOf(model("  dim batch hint 0")), HasSubstr("requires a positive size after 'hint', but got 0"));
  EXPECT_THAT(errorsOf(model("  hyper a = x")), HasSubstr("requires hyper 'a' to be a number known at import, but got f32[batch, 4]"));
  EXPECT_THAT(errorsOf(model("  hyper a : i32 = 1")), HasSubstr("requires no type for hyper 'a'"));
  EXPECT_THAT(errorsOf(model("  state s = x")), HasSubstr("requires sizes of a state that are numbers at import, but got f32[batch, 4]"));
  EXPECT_THAT(errorsOf(model("  metric a = x")), HasSubstr("requires 'a' to be a scalar, but got f32[batch, 4]; take its mean, perhaps"));
  EXPECT_THAT(errorsOf(model("  predict p = x[:, 0] + y")), HasSubstr("requires a value for 'y' in 'predict', which is called without it"));
  EXPECT_THAT(errorsOf("model m { input x : f32[2*n] }"), HasSubstr("unknown name 'n'"));
  EXPECT_THAT(errorsOf("model m { input x : f32[..] }"), HasSubstr("requires no '..' in the type of input 'x'"));
}

TEST(ImportErrorsTest, Steps) {
  const std::string net = "  net f = dense(4, 3)\n  loss = mean(cross_entropy(f(x), y))\n";
  EXPECT_THAT(errorsOf(model("  minimize mean(x) with sgd(lr=1)")), HasSubstr("requires a param or a net to minimize over, but the model has none"));
  EXPECT_THAT(errorsOf(model(net + "  minimize loss with relu")), HasSubstr("requires an optimizer with its arguments, such as adam(lr=1e-3), but got fn 'relu'"));
  EXPECT_THAT(errorsOf(model(net + "  minimize loss with sgd")), HasSubstr("but got optimizer 'sgd' without arguments"));
  EXPECT_THAT(errorsOf(model(net + "  minimize loss with sgd()")), HasSubstr("requires an argument 'lr' of 'sgd'"));
  EXPECT_THAT(errorsOf(model(net + "  minimize f(x) with sgd(lr=1)")), HasSubstr("requires 'loss' to be a scalar, but got f32[batch, 3]"));
  EXPECT_THAT(errorsOf(model(net + "  minimize loss over g with sgd(lr=1)")),
              HasSubstr("requires the name of a net, or 'params' for the params of the model, but got 'g'"));
  EXPECT_THAT(errorsOf(model(net + "  minimize loss over f, f with sgd(lr=1)")), HasSubstr("requires parameter sets that differ, but got 'f' twice"));
  EXPECT_THAT(errorsOf(model(net + "  step { update f with sgd(lr=1) from loss }")), HasSubstr("requires a gradient of 'f', but got f32[]"));
  EXPECT_THAT(errorsOf(model(net + "  step { update f with sgd(lr=1) from [1.0, 2.0] }")),
              HasSubstr("requires a gradient for each of the 1 parameter sets, but got [1.0, 2.0]"));
  EXPECT_THAT(errorsOf(model(net + "  step { x <- x }")), HasSubstr("requires a state or a name of this step before '<-', but got 'x'"));
  EXPECT_THAT(errorsOf(model(net + "  param w : f32[2] = zeros()\n  step { w <- w }")), HasSubstr("'update' trains params, and 'params <- start' gives all of them"));
  EXPECT_THAT(errorsOf(model(net + "  state s = 0.0\n  step { s <- x }")), HasSubstr("requires the new value of 's' to be f32[], but got f32[batch, 4]"));
  EXPECT_THAT(errorsOf(model(net + "  step { sum(x) }")), HasSubstr("requires a statement in a step, but found a value"));

  auto withOptimizer = [&](const std::string &body) {
    return "optimizer o(lr) {\n" + body + "\n}\n" + model(net + "  minimize loss with o(lr=1)");
  };
  EXPECT_THAT(errorsOf(withOptimizer("m = lr*grad")), HasSubstr("requires optimizer 'o' to change its parameters: 'param <- ...'"));
  EXPECT_THAT(errorsOf(withOptimizer("param <- param - arange(size(param))*grad")),
              HasSubstr("t:2:37: error: '*' requires equal shapes, or 1 where they differ, but got f32[12] and f32[4, 3]"));
  EXPECT_THAT(errorsOf(withOptimizer("param <- zeros([3])")), HasSubstr("requires 'param' to stay f32[4, 3], but got f32[3]"));
  EXPECT_THAT(errorsOf(withOptimizer("param")), HasSubstr("requires '<-' to say what the optimizer changes, but found a value"));
  EXPECT_THAT(errorsOf(withOptimizer("state m = arange(3)\nparam <- param - grad")), HasSubstr("requires state 'm' of an optimizer to be f32, but got i32[3]"));
  EXPECT_THAT(errorsOf(withOptimizer("state m = zeros([3])\nm <- grad\nparam <- param - grad")), HasSubstr("requires 'm' to stay f32[3], but got f32[4, 3]"));
  EXPECT_THAT(errorsOf(model(net + "  net g = dense(4, 3)\n  step { e = f + g }")),
              HasSubstr("'+' requires values of one parameter set, but got 'f' and 'g'"));
}

TEST(ImportErrorsTest, GroupsFrozenAndTied) {
  const std::string net = "  net f = mlp([4, 4, 3])\n  loss = mean(cross_entropy(f(x), y))\n";
  const std::string minimize = "\n  minimize loss with sgd(lr=1)";
  EXPECT_THAT(errorsOf(model(net + "  group g = \"*.q\"")), HasSubstr("requires the path of a param, but nothing matches '*.q'"));
  EXPECT_THAT(errorsOf(model(net + "  freeze \"f.layers.0.v\"")), HasSubstr("nothing matches 'f.layers.0.v'; did you mean 'f.layers.0.w'?"));
  EXPECT_THAT(errorsOf(model(net + "  tie \"f.v\" to \"f.layers.0.w\"")), HasSubstr("nothing matches 'f.v'"));
  EXPECT_THAT(errorsOf(model(net + "  tie \"f.layers.0.w\" to \"f.v\"")), HasSubstr("requires another param of 'f' that is not tied itself, but got 'f.v'"));
  EXPECT_THAT(errorsOf(model(net + "  tie \"f.layers.0.w\" to \"f.layers.0.b\"")), HasSubstr("requires tied params of one shape, but got f32[4, 4] and f32[4]"));
  EXPECT_THAT(errorsOf(model(net + "  group g = \"*.b\"\n  group g = \"*.w\"")), HasSubstr("requires groups of different names, but got 'g' twice"));
  EXPECT_THAT(errorsOf(model(net + "  group biases = \"*.b\"" + minimize + ", biasses(lr=2)")), HasSubstr("requires the name of a group, but got 'biasses'; did you mean 'biases'?"));
  EXPECT_THAT(errorsOf(model(net + "  group g = \"*.b\"" + minimize + ", g(rate=2)")), HasSubstr("'sgd' has no argument 'rate'"));
  EXPECT_THAT(errorsOf(model(net + "  group g = \"*.b\"" + minimize + ", g(lr=loss)")), HasSubstr("requires a number for a group, but got f32[]"));
}

TEST(ImportErrorsTest, DeepEvaluationIsRefused) {
  std::string text;
  for (int i = 0; i < 60; ++i)
    text += "fn f" + std::to_string(i) + "(x) = " + std::string(30, '-') + "f" + std::to_string(i + 1) + "(x)\n";
  text += "fn f60(x) = x\n" + check("a = f0(zeros([1]))");
  EXPECT_THAT(errorsOf(text), HasSubstr("requires at most 1000 nested evaluations; split the expression or the calls"));
}

/// A long chain of definitions is no deep recursion, differentiated or not.
TEST(ImportErrorsTest, LongChainsAreFine) {
  std::string lines = "x0 = zeros([4])\n";
  for (int i = 0; i < 3000; ++i)
    lines += "x" + std::to_string(i + 1) + " = x" + std::to_string(i) + " + 1\n";
  EXPECT_EQ(errorsOf(check(lines + "expect grad(sum(x3000), x0) ~= ones([4]) within 0")), "");
}

/// Damaged models are refused with a message or imported, never a crash.
TEST(ImportErrorsTest, SurvivesDamagedModels) {
  std::string valid = model("  net f = mlp([4, 8, 3])\n  state s = 0.0\n  hyper a = 0.5\n  h = f(x)[:, 0:2]\n"
                            "  metric m = mean(argmax(f(x), axis=-1) == y)\n  loss = mean(cross_entropy(f(x), y)) + a*sum(h**2)\n"
                            "  step { g = grad(loss, f); s <- s + norm(g)\n update f with adam(lr=1e-3) from grad(loss, f, at=f + a*g) }");
  ASSERT_EQ(errorsOf(valid), "");
  std::mt19937 random(1);
  const std::string bytes = "(){}[]<-=~.,;:\"\n*@/%ax1 ";
  for (int i = 0; i < 300; ++i) {
    std::string text = valid;
    size_t at = random() % text.size();
    switch (i % 3) {
    case 0:
      text[at] = bytes[random() % bytes.size()];
      break;
    case 1:
      text.erase(at, 1 + random() % 6);
      break;
    case 2:
      text.insert(at, text.substr(random() % text.size(), 1 + random() % 8));
      break;
    }
    errorsOf(text);
  }
}

TEST(ImportErrorsTest, ParamsAfterTheirCopy) {
  EXPECT_THAT(errorsOf(model("  param w : f32[4] = ones()\n  state s = zeros_like(params)\n  param v : f32[4] = ones()")),
              HasSubstr("t:6:9: error: requires param 'v' to stand before the states that are made of 'params'"));
}

TEST(ImportErrorsTest, Leafwise) {
  auto step = [](const std::string &e) {
    return "model m {\n  input x : f32[4]\n  param w : f32[4] = ones()\n  loss = sum(x*w)\n  step { update params with sgd(lr=1) from " + e + " }\n}\n";
  };
  EXPECT_EQ(errorsOf(step("leafwise(g -> g/norm(g), grad(loss, params))")), "");
  EXPECT_THAT(errorsOf(step("leafwise(g -> g, x)")), HasSubstr("'leafwise' requires a parameter set, or a gradient or state of its layout, but got f32[4]"));
  EXPECT_THAT(errorsOf(step("leafwise(abs(t), grad(loss, params))")), HasSubstr("'leafwise' requires a function x -> e, but got 'abs(t)'"));
  EXPECT_THAT(errorsOf(step("leafwise(g -> g + ones([3]), grad(loss, params))")), HasSubstr("'+' requires equal shapes, or 1 where they differ, but got f32[4] and f32[3]"));
  EXPECT_THAT(errorsOf(step("leafwise(g -> sum(g, axis=1), grad(loss, params))")), HasSubstr("'sum' requires 'axis' to be"));
}

TEST(ImportErrorsTest, StatesOfNets) {
  auto model = [](const std::string &state, const std::string &body, const std::string &use) {
    return "net n()(x : f32[.., 4]) {\n  state s : f32[4] = " + state + "\n  " + body + "\n  x - s\n}\n" +
           "model m {\n  input x : f32[batch, 4]\n  param w : f32[4] = ones()\n  net f = n()\n  minimize sum(" + use + "*w) with sgd(lr=0.1)\n}\n";
  };
  EXPECT_EQ(errorsOf(model("zeros()", "s <- 0.5*s", "f(x)")), "");
  EXPECT_THAT(errorsOf(model("zeros([3])", "s <- s", "f(x)")), HasSubstr("requires state 's' to be f32[4], but got f32[3]"));
  EXPECT_THAT(errorsOf(model("zeros()", "s <- mean(x)", "f(x)")), HasSubstr("requires state 's' to stay f32[4], but got f32[]"));
  EXPECT_THAT(errorsOf(model("zeros()", "s <- 2*s", "map(r -> f(r), x)")), HasSubstr("requires nets without state in 'map', but a call changes 's'"));
  EXPECT_THAT(errorsOf(model("zeros()", "s <- 2*s", "(for k in 0..2 carry h = x { h <- f(h) })")),
              HasSubstr("requires nets without state in a loop, but a call changes 's'"));
  EXPECT_THAT(errorsOf(model("zeros()", "s <- 2*s", "f.q")), HasSubstr("'f' has no param, state or net 'q'"));
}

/// What a pass remarks about a program is no matter of its author, unless it belongs to an error.
TEST(ImportErrorsTest, ShowsRemarksOfErrorsAlone) {
  mlir::MLIRContext context;
  std::string messages;
  llvm::raw_string_ostream stream(messages);
  DiagnosticPrinter printer(context, stream);
  mlir::Location where = mlir::UnknownLoc::get(&context);
  mlir::emitRemark(where) << "copies";
  EXPECT_EQ(messages, "");
  mlir::emitError(where) << "wrong";
  mlir::emitRemark(where) << "in answer to this request";
  EXPECT_EQ(messages, "error: wrong\nremark: in answer to this request\n");
}

TEST(ImportErrorsTest, Control) {
  expectErrors({
      {"check \"c\" {\n  x = for k in 0..3 carry h = ones([2]) { h <- concatenate([h, h]) }\n  expect x ~= 0 within 1\n}",
       "requires 'h' to stay f32[2] from trip to trip, but got f32[4]"},
      {"check \"c\" {\n  x = for k in 0..3 carry h = 1 { h <- 0.5 }\n  expect x ~= 0 within 1\n}",
       "requires 'h' to stay i32[] from trip to trip, but got f32[]"},
      {"check \"c\" {\n  x = for k in 0..2.5 carry h = 1.0 { h <- h }\n  expect x ~= 0 within 1\n}", "to be an integer, but got 2.5"},
      {"check \"c\" {\n  x, n = while [1.0, 2.0] > 1 max 3 carry h = 1.0 { h <- h }\n  expect x ~= 0 within 1\n}",
       "requires one truth value, but got bool[2]; 'where(condition, a, b)' chooses element by element"},
      {"check \"c\" {\n  x, n = while true max -1 carry h = 1.0 { h <- h }\n  expect x ~= 0 within 1\n}",
       "requires the number of trips at most to be an integer >= 0, but got -1"},
      {"check \"c\" {\n  x = ones([1])\n  y = if x[0] > 0 { x } else { ones([2]) }\n  expect y ~= 0 within 1\n}",
       "requires equal shapes in both branches, but got f32[1] and f32[2]"},
      {"check \"c\" {\n  x = [1.0]\n  y = if x { 1 } else { 2 }\n  expect y ~= 0 within 1\n}", "requires one truth value, but got f32[1]"},
      {"check \"c\" {\n  if true { y <- 1 }\n  expect 1 ~= 1 within 1\n}", "requires 'y' to be bound before the branches; write 'y = ...' first"},
  });
}

} // namespace
} // namespace costate
