// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/frontends/Parser.h"
#include "costate/frontends/StandardLibrary.h"
#include "costate/frontends/SyntaxRules.h"

#include "llvm/Support/raw_ostream.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include <random>

namespace costate {
namespace {

using namespace syntax;
using testing::HasSubstr;
using testing::Not;

/// An expression with all its parentheses.
std::string show(const Expr &e) {
  auto list = [](const std::vector<ExprPtr> &elements) {
    std::string s;
    for (const ExprPtr &element : elements)
      s += (s.empty() ? "" : " ") + show(*element);
    return s;
  };
  switch (e.kind) {
  case Expr::Number:
  case Expr::String:
  case Expr::Bool:
  case Expr::Reference:
    return e.range.text().str();
  case Expr::List:
    return "[" + list(llvm::cast<ListExpr>(e).elements) + "]";
  case Expr::Tuple:
    return "(tuple " + list(llvm::cast<TupleExpr>(e).elements) + ")";
  case Expr::Unary: {
    auto &u = llvm::cast<UnaryExpr>(e);
    return "(" + u.op.text.str() + " " + show(*u.operand) + ")";
  }
  case Expr::Binary: {
    auto &b = llvm::cast<BinaryExpr>(e);
    return "(" + b.op.text.str() + " " + show(*b.lhs) + " " + show(*b.rhs) + ")";
  }
  case Expr::Call: {
    auto &c = llvm::cast<CallExpr>(e);
    std::string s = "(" + show(*c.callee);
    for (auto &a : c.arguments)
      s += " " + (a.name ? a.name->text.str() + "=" : "") + show(*a.value);
    return s + ")";
  }
  case Expr::Index: {
    auto &i = llvm::cast<IndexExpr>(e);
    std::string s = show(*i.base) + "[";
    for (auto &sub : i.subscripts) {
      if (&sub != &i.subscripts.front())
        s += ", ";
      if (sub.kind == IndexExpr::Subscript::Rest)
        s += "..";
      if (sub.first)
        s += show(*sub.first);
      if (sub.kind == IndexExpr::Subscript::Slice)
        s += ":";
      if (sub.last)
        s += show(*sub.last);
      if (sub.step)
        s += ":" + show(*sub.step);
    }
    return s + "]";
  }
  case Expr::Member: {
    auto &m = llvm::cast<MemberExpr>(e);
    return show(*m.base) + "." + m.member.text.str();
  }
  case Expr::Loop:
  case Expr::Branch:
    return e.range.text().str();
  case Expr::Comprehension: {
    auto &c = llvm::cast<ComprehensionExpr>(e);
    std::string s = "[" + show(*c.element) + " for";
    for (auto &n : c.names)
      s += " " + n.text.str();
    return s + " in " + show(*c.list) + (c.condition ? " if " + show(*c.condition) : "") + "]";
  }
  case Expr::Lambda: {
    auto &l = llvm::cast<LambdaExpr>(e);
    std::string s = "(";
    for (auto &n : l.parameters)
      s += n.text.str() + " ";
    return s + "-> " + show(*l.body.value()) + ")";
  }
  }
  return "";
}

class ParserTest : public testing::Test {
protected:
  /// Parses `text` as file "t"; `messages` holds all that was reported, as a user would see it.
  std::unique_ptr<File> parseText(llvm::StringRef text) {
    messages.clear();
    llvm::raw_string_ostream stream(messages);
    DiagnosticPrinter printer(context, stream);
    printer.addSource("t", text);
    sources.push_back(std::make_unique<SourceFile>("t", text));
    Diagnostics diagnostics(context);
    std::unique_ptr<File> file = parse(*sources.back(), diagnostics);
    EXPECT_EQ(file == nullptr, diagnostics.errorCount() > 0) << text.str();
    return file;
  }

  std::string expression(llvm::StringRef text) {
    auto file = parseText(("fn f(x) = " + text + "\n").str());
    if (!file)
      return messages;
    return show(*llvm::cast<ResultStmt>(*file->fns[0]->body.statements[0]).value);
  }

  std::string errorsOf(llvm::StringRef text) {
    EXPECT_EQ(parseText(text), nullptr) << text.str();
    return messages;
  }

  mlir::MLIRContext context;
  std::vector<std::unique_ptr<SourceFile>> sources;
  std::string messages;
};

TEST_F(ParserTest, BindsOperatorsAsPython) {
  EXPECT_EQ(expression("a + b*c"), "(+ a (* b c))");
  EXPECT_EQ(expression("a - b - c"), "(- (- a b) c)");
  EXPECT_EQ(expression("-x**2"), "(- (** x 2))");
  EXPECT_EQ(expression("a**-b**c"), "(** a (- (** b c)))");
  EXPECT_EQ(expression("-a*b"), "(* (- a) b)");
  EXPECT_EQ(expression("not a == b and c"), "(and (not (== a b)) c)");
  EXPECT_EQ(expression("a or b and c < d + e"), "(or a (and b (< c (+ d e))))");
  EXPECT_EQ(expression("x @ w + b"), "(+ (@ x w) b)");
  EXPECT_EQ(expression("0..n+1"), "(.. 0 (+ n 1))");
  EXPECT_EQ(expression("a // b % c"), "(% (// a b) c)");
}

TEST_F(ParserTest, ReadsCallsIndicesAndMembers) {
  EXPECT_EQ(expression("sum(x, axis=-1)"), "(sum x axis=(- 1))");
  EXPECT_EQ(expression("dense(3, 4)(x)"), "((dense 3 4) x)");
  EXPECT_EQ(expression("x[i, 1:3, ::2, .., -1]"), "x[i, 1:3, ::2, .., (- 1)]");
  EXPECT_EQ(expression("f.layers.0.w"), "f.layers.0.w");
  EXPECT_EQ(expression("[64, 128][-1]"), "[64 128][(- 1)]");
  EXPECT_EQ(expression("(a, b)"), "(tuple a b)");
  EXPECT_EQ(expression("a, b"), "(tuple a b)");
  EXPECT_EQ(expression("[dense(n, m) for n, m in zip(s, t)]"), "[(dense n m) for n m in (zip s t)]");
  EXPECT_EQ(expression("grad(v -> f(x, v), th)"), "(grad (v -> (f x v)) th)");
  EXPECT_EQ(expression("(a, b) -> a*b"), "(a b -> (* a b))");
}

TEST_F(ParserTest, ReadsNumbers) {
  auto number = [&](llvm::StringRef text) -> const NumberExpr & {
    static std::unique_ptr<File> file;
    file = parseText(("fn f(x) = " + text + "\n").str());
    return llvm::cast<NumberExpr>(*llvm::cast<ResultStmt>(*file->fns[0]->body.statements[0]).value);
  };
  EXPECT_EQ(number("1_000").integer, 1000);
  EXPECT_FALSE(number("1e-3").isInteger);
  EXPECT_EQ(number("1e-3").real, 1e-3);
  EXPECT_EQ(number("2.5E+1").real, 25.0);
}

TEST_F(ParserTest, ContinuesLinesInsideBracketsAndAfterOperators) {
  auto file = parseText("fn f(x,\n     y) {\n  a = x +\n      y\n  b = (x\n   - y)   # a comment\n\n  a * b; \n}\n");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->fns[0]->body.statements.size(), 3u);
}

TEST_F(ParserTest, ReadsAModel) {
  auto file = parseText(R"(
model digits {
  input  x : f32[batch, 64];  target y : i32[batch]
  data   "data/digits.npz"
  epochs 30
  batch 32
  dim batch hint 8
  hyper  rate = 0.1
  param  w : f32[64, 10] = zeros()
  net    f = mlp([64, 128, 10], activation=relu)
  batch = 3
  metric accuracy = mean(label == y)
  predict label = argmax(f(x), axis=-1)
  group biases = "*.b", "f.norm.*"
  freeze "f.layers.0.*"
  tie "f.decoder" to "f.encoder"
  minimize mean(cross_entropy(f(x), y)) over f with adamw(lr=1e-3), biases(lr=0)
  step { g = grad(loss, f);  update f with sgd(lr=0.1) from g }
}
)");
  ASSERT_TRUE(file) << messages;
  std::vector<Stmt::Kind> kinds;
  for (auto &s : file->models[0]->body.statements)
    kinds.push_back(s->kind);
  EXPECT_THAT(kinds, testing::ElementsAre(Stmt::Declare, Stmt::Declare, Stmt::Setting, Stmt::Setting, Stmt::Setting, Stmt::Dim,
                                          Stmt::Declare, Stmt::Declare, Stmt::Bind, Stmt::Bind, Stmt::Bind, Stmt::Bind,
                                          Stmt::Group, Stmt::Freeze, Stmt::Tie, Stmt::Minimize, Stmt::Step));
}

TEST_F(ParserTest, KeywordsOfStatementsAreNamesElsewhere) {
  auto file = parseText("optimizer sgd(lr) {\n  state m = zeros_like(param)\n  param <- param - lr*grad\n}\n");
  ASSERT_TRUE(file) << messages;
  EXPECT_TRUE(llvm::isa<DeclareStmt>(*file->optimizers[0]->body.statements[0]));
  EXPECT_TRUE(llvm::isa<RebindStmt>(*file->optimizers[0]->body.statements[1]));
}

TEST_F(ParserTest, ReadsTheOtherDeclarations) {
  auto file = parseText(R"(
net dense(n, m)(x : f32[.., n]) -> f32[.., m] {
  param w : f32[n, m] = glorot_uniform()
  require n == m
  x @ w
}
net mlp(sizes, activation=relu)(x) {
  net layers = [dense(n, m) for n, m in zip(sizes[:-1], sizes[1:])]
  h = x
  each layer in layers[:-1] { h <- activation(layer(h)) }
  layers[-1](h)
}
fn binarize(x, o : f32) = sign(x)

  vjp (dy) -> dy * (1/o), zeros_like(o)
check "identity" { expect a + b ~= c within 1e-6 }
)");
  ASSERT_TRUE(file) << messages;
  EXPECT_EQ(file->nets.size(), 2u);
  ASSERT_TRUE(file->fns[0]->vjp);
  EXPECT_EQ(file->fns[0]->vjp->gradients.size(), 2u);
  EXPECT_EQ(file->checks[0]->title, "identity");
  EXPECT_FALSE(file->nets[0]->inputs[0].type->axes[0].size);
}

TEST_F(ParserTest, PrintsTheSourceLineAndACaret) {
  EXPECT_EQ(errorsOf("fn f(x) {\n\ty = (x + 1\n}\n"), "t:3:1: error: expected ')', but found '}'\n"
                                                     "  }\n"
                                                     "  ^\n"
                                                     "t:2:6: note: to match this '('\n"
                                                     "  \ty = (x + 1\n"
                                                     "  \t    ^\n");
}

TEST_F(ParserTest, NamesWhatIsWrong) {
  struct Case {
    const char *text, *message;
  };
  const Case cases[] = {
      {"modell m { }", "t:1:1: error: expected 'model', 'problem', 'net', 'fn', 'extern fn', 'optimizer', 'check', 'import' or 'name = value', but "
                       "found 'modell'; did you mean 'model'?"},
      {"model { }", "t:1:7: error: expected a name after 'model', but found '{'"},
      {"model m {\n  x = \n}", "expected an expression, but found '}'"},
      {"model m {\n  x = 3", "t:2:8: error: expected '}', but found the end of the file"},
      {"fn f(x) = x ^ 2", "t:1:13: error: '^' is not an operator here; '**' is the power"},
      {"fn f(x) = x && x", "'&&' is not an operator here; write 'and'"},
      {"fn f(x) = x | x", "'|' is not an operator here; write 'or'"},
      {"fn f(x) = !x", "'!' is not an operator here; write 'not'"},
      {"fn f(x) = (x ? 1 : 2)", "'?' is not an operator here; write 'where(condition, a, b)'"},
      {"fn f(x) = x <- 1", "'<-' is not an operator here; '<-' rebinds names; write 'a < -b' to compare"},
      {"fn f(x) = x |> 2", "t:1:16: error: requires a function or a call after '|>'; the pipe is read last, so put it in parentheses"},
      {"fn f(x) = x |> relu + 1", "t:1:16: error: requires a function or a call after '|>'"},
      {"net f(n)(x) { param w : f32[n] out 1 = zeros() }", "expected 'axis' after 'out', but found '1'"},
      {"fn f(x) = a < b < c", "t:1:17: error: requires one comparison at a time; write 'a < b and b < c'"},
      {"fn f(x) = x.(", "expected a name after '.'"},
      {"fn f(x) = 2x", "t:1:12: error: requires a space or an operator after a number, but found 'x'"},
      {"fn f(x) = 99999999999999999999", "requires an integer below 2**63, but got 99999999999999999999"},
      {"fn f(x) = \"abc", "requires '\"' at the end of a string, but the line ends"},
      {"fn f(x) = 'abc'", "requires '\"' around a string, but found a single quote"},
      {"fn f(x) = x \xc3\x97 2", "requires '*', but found '\xc3\x97', which looks like it"},
      {"fn f(x) = x \x01 2", "requires names, numbers and operators, but found byte 0x1"},
      {"fn f(x) = g(a=1, 2)", "t:1:18: error: requires arguments without a name to come before those with one"},
      {"fn f(x) = x[]", "requires an index or a slice between '[' and ']'"},
      {"fn f(x) = (x", "expected ')', but found the end of the file"},
      {"fn f(x) return x", "expected '=' or '{' before the body of a fn, but found 'return'"},
      {"fn f(x) {\n  return x\n}", "t:2:3: error: 'return' is not a statement; the last line of a body is its value"},
      {"fn f(x) {\n  let y = x\n y\n}", "'let' is not a statement; write 'name = value'"},
      {"fn f(x) {\n  y += 1\n y\n}", "'+=' is not an operator here; write 'name <- name ...'"},
      {"fn f(x) {\n  f(x) = 1\n}", "requires a name on the left of '=', but found an expression"},
      {"fn f(x) {\n  x + 1\n  x\n}", "t:2:3: error: requires a name for a value that is not the last of the body: write 'name = ...'"},
      {"fn f(x) {\n  for i in x { }\n x\n}", "requires a range, as in 'for i in 0..n'; 'each' repeats over a list"},
      {"fn f(x) = for i in 0..3 { }", "carry"},
      {"fn f(x) {\n  y = 1\n  for i in 0..3 carry z = x {\n    y <- y + z\n  }\n}",
       "t:4:5: error: requires 'y' among the carries of the loop, as in 'carry y = y': a trip hands nothing else to the next"},
      {"fn f(x) = for i in 0..3 carry z = x { z }",
       "requires a statement, but found a value that nothing uses; 'name <- ...' passes it on"},
      {"fn f(x) = while x > 0 carry z = x { z <- z - 1 }", "max"},
      {"fn f(x) {\n  if x { }\n x\n}", "requires a value at the end of both branches, or of none: then they rebind names by '<-', print or require something"},
      {"fn f(x) {\n  x[0] = 1\n x\n}", "requires a name on the left of '=', but found an expression; write 'x[0] <- value'"},
      {"fn f(x) {\n  x[0][1] <- 1\n x\n}", "requires a name and an index in brackets on the left of '<-', but found 'x[0][1]'"},
      {"fn f(x) {\n  x[0], y <- 1, 2\n x\n}", "requires a name"},
      {"fn f(x) = if x { 1 }", "requires 'else { ... }' with a value, as the other branch has"},
      {"fn f(x) = if x { 1 } else { y <- 2 }", "requires a value at the end of both branches"},
      {"fn f(x) {\n  else { }\n x\n}", "it follows the '}' of an 'if'"},
      {"import std", "t:1:8: error: expected the path of a file in quotes after 'import', as in \"losses.costate\", but found 'std'"},
      {"def f(x): x", "'def' is not a statement; write 'fn name(...) { ... }'"},
      {"solver s(x) { }", "'solver' is not a statement; write 'fn name(f, x) { ... }', with the parts of a problem that it takes"},
      {"fn f(x) {\n  state m = 1\n  x\n}",
       "t:2:3: error: requires 'state' to stand in a model, a net or an optimizer, but found it in a fn"},
      {"model m {\n  expect a ~= b within 1\n}", "requires 'expect' to stand in a check, but found it in a model"},
      {"model m {\n  update f with sgd(1) from g\n}", "requires 'update' to stand in a step, but found it in a model"},
      {"model m {\n  rows x\n}", "t:2:8: error: requires a type for rows 'x', such as 'rows x : i32[batch]'"},
      {"model m {\n  input x\n}", "t:2:9: error: requires a type for input 'x', such as 'input x : f32[batch, 64]'"},
      {"model m {\n  input x : f32[3] = zeros()\n}", "requires input 'x' to have no value: each call gives it one"},
      {"model m {\n  param w : f32[3]\n}", "requires an initial value for param 'w', such as '= zeros()'"},
      {"model m {\n  data digits\n}", "expected a file name in quotes after 'data', but found 'digits'"},
      {"model m {\n  epochs 1.5\n}", "expected a positive integer after 'epochs', but found '1.5'"},
      {"model m {\n  dim batch 3\n}", "expected 'hint' after the name of the dimension, but found '3'"},
      {"model m {\n  minimize x\n}", "expected 'with' and an optimizer after the objective, but found the end of the line"},
      {"model m {\n  step { update f with a }\n}", "expected 'from' and a gradient after the optimizer, but found '}'"},
      {"model m {\n  net f(n)(x) { x }\n}", "requires the definition of net 'f' to stand outside of models and nets"},
      {"net f(n) { x }", "requires two parameter lists, net f(sizes)(inputs), but found '{' after the first"},
      {"fn f(x : f32[n) = x", "expected ']', but found ')'"},
      {"fn f(x) = x\nvjp dy -> dy", "expected '(' after 'vjp', but found 'dy'"},
      {"model m {\n  group g = b\n}", "expected the path of params in quotes, such as \"*.b\", but found 'b'"},
      {"model m {\n  tie \"a\" \"b\"\n}", "expected 'to' after the path, but found '\"b\"'"},
      {"model m {\n  minimize x with a, b\n}",
       "requires the name of a group with arguments, such as biases(weight_decay=0), but found 'b'"},
      {"check \"c\" {\n  expect a within 1\n}", "expected '~=' between the actual and the expected value"},
      {"check c { }", "expected a title in quotes after 'check', but found 'c'"},
      {"net f(n)(x) {\n  each i in x { i }\n  x\n}", "requires a statement, but found a value that nothing uses"},
      {"fn f(x) = a b", "expected 'model', 'problem', 'net', 'fn', 'extern fn', 'optimizer', 'check', 'import' or 'name = value', but found 'b'"},
  };
  for (const Case &c : cases)
    EXPECT_THAT(errorsOf(c.text), HasSubstr(c.message)) << c.text;
}

TEST_F(ParserTest, GoesOnAfterAnError) {
  std::string errors = errorsOf("model m {\n  x = )\n  y = 1 +\n}\nfn f(x) = ]\nfn g(x) = x\n");
  EXPECT_THAT(errors, HasSubstr("t:2:7: error"));
  EXPECT_THAT(errors, HasSubstr("t:4:1: error"));
  EXPECT_THAT(errors, HasSubstr("t:5:11: error"));
}

TEST_F(ParserTest, StopsAfterManyErrors) {
  std::string text = "model m {\n";
  for (int i = 0; i < 1000; ++i)
    text += "  x = )\n";
  EXPECT_EQ(llvm::StringRef(errorsOf(text)).count("error:"), 20u);
}

TEST_F(ParserTest, RefusesDeepNesting) {
  const unsigned n = 100000;
  auto repeat = [](const char *part) {
    std::string s;
    for (unsigned i = 0; i < n; ++i)
      s += part;
    return s;
  };
  const std::string nested = "requires at most 200 nested";
  EXPECT_THAT(errorsOf("fn f(x) = " + repeat("(") + "x"), HasSubstr(nested));
  EXPECT_THAT(errorsOf("fn f(x) = " + repeat("[") + "x"), HasSubstr(nested));
  EXPECT_THAT(errorsOf("fn f(x) = " + repeat("-") + "x"), HasSubstr(nested));
  EXPECT_THAT(errorsOf("fn f(x) = " + repeat("not ") + "x"), HasSubstr(nested));
  EXPECT_THAT(errorsOf("fn f(x) = " + repeat("x -> ") + "x"), HasSubstr(nested));
  EXPECT_THAT(errorsOf("fn f(x) = x" + repeat("**x")), HasSubstr(nested));
  EXPECT_THAT(errorsOf("fn f(x) = x" + repeat(" + x")), HasSubstr(nested));
  EXPECT_THAT(errorsOf("fn f(x) = x" + repeat("(1)")), HasSubstr(nested));
  EXPECT_THAT(errorsOf("fn f(x) = x" + repeat(".w")), HasSubstr(nested));
  EXPECT_THAT(errorsOf("fn f(x) { " + repeat("each i in x {")), HasSubstr(nested));
}

/// Of a text with errors the statements that can be read, and what stands behind a block that is not closed.
TEST_F(ParserTest, ReadsParts) {
  auto namesIn = [](const Block &body) {
    std::string names;
    for (const StmtPtr &statement : body.statements)
      if (auto *bind = llvm::dyn_cast<BindStmt>(statement.get()))
        names += bind->names[0].text;
      else if (auto *step = llvm::dyn_cast<StepStmt>(statement.get()))
        names += "(" + std::to_string(step->body.statements.size()) + ")";
    return names;
  };
  auto part = [&](llvm::StringRef text, bool keepsFaults = false) {
    sources.push_back(std::make_unique<SourceFile>("t", text));
    Diagnostics diagnostics(context);
    mlir::ScopedDiagnosticHandler handler(&context, [](mlir::Diagnostic &) { return ADD_FAILURE(), mlir::success(); });
    std::unique_ptr<File> file = parsePart(*sources.back(), diagnostics, keepsFaults);
    EXPECT_EQ(diagnostics.errorCount(), 0u);
    return file;
  };
  auto file = part("model m {\n  a = 1\n  b = (2\n}\nfn f(x) = x +\nfn g(x) = x\ncheck \"c\" { d = 1 }\n");
  ASSERT_EQ(file->models.size(), 1u);
  EXPECT_EQ(namesIn(file->models[0]->body), "a");
  EXPECT_EQ(file->fns.size(), 1u);
  EXPECT_EQ(namesIn(file->checks.at(0)->body), "d");

  file = part("model m {\n  a = 1\n  step {\n    g = a\n    update f with o(1) from g\n\nfn f(x) = x\n");
  EXPECT_EQ(namesIn(file->models.at(0)->body), "a(2)");
  EXPECT_EQ(file->models[0]->body.range.end, sources.back()->text().find("fn f"));
  EXPECT_EQ(file->fns.size(), 1u);

  const char *faulty = "fn f(x) {\n  g = y -> { a = y }\n  g\n}\n"; // the body of a lambda has a value
  EXPECT_EQ(part(faulty)->fns.at(0)->body.statements.size(), 1u);
  EXPECT_EQ(part(faulty, /*keepsFaults=*/true)->fns.at(0)->body.statements.size(), 2u);
}

/// Every word that begins something does so in its places and is told elsewhere where it stands.
TEST_F(ParserTest, KnowsItsWords) {
  for (const Word &word : words()) {
    std::string before = word.text == "extern" ? "extern fn" : word.text.str(), error;
    if (word.places & AtTop)
      EXPECT_THAT(errorsOf(before + " 1"), Not(HasSubstr("expected 'model'"))) << before;
    for (auto [place, open] :
         {std::pair(InModel, "model m {"), {InNet, "net n()() {"}, {InOptimizer, "optimizer o() {"}, {InCheck, "check \"c\" {"}})
      if (word.kind == Word::Begin && word.text != "print")
        EXPECT_EQ(errorsOf(open + ("\n" + before) + " a b }").find("to stand in") == std::string::npos &&
                      errorsOf(open + ("\n" + before) + " a b }").find("to stand at") == std::string::npos,
                  (word.places & place) != 0)
            << before << " in " << open;
  }
  EXPECT_EQ(findWord("relu"), nullptr);
}

/// Every prefix and many mutations of a valid text: read or refused with a message, never a crash.
TEST_F(ParserTest, SurvivesDamagedText) {
  std::string valid;
  for (const StandardFile &file : standardLibrary())
    valid += file.text.take_front(1500);
  valid += R"(
model m { input x : f32[batch, 64]; net f = mlp([64, 10]); y = f(x)[0, 1:2, ..]
  minimize mean(cross_entropy(f(x), [1, 2])) with adamw(lr=1e-3) }
fn g(x) = (a, b) -> x**-2 @ "s" vjp (dy) -> not dy
)";
  auto parseParts = [&] {
    Diagnostics diagnostics(context);
    for (bool keepsFaults : {false, true})
      EXPECT_TRUE(parsePart(*sources.back(), diagnostics, keepsFaults));
  };
  for (size_t i = 0; i < valid.size(); ++i) {
    parseText(valid.substr(0, i));
    if (i % 16 == 0)
      parseParts();
  }
  std::mt19937 random(1);
  const std::string bytes = "(){}[]<-=~.,;:\"#\n*@ax1\xff";
  for (int i = 0; i < 2000; ++i) {
    std::string text = valid;
    for (int k = 0; k < 3; ++k) {
      size_t at = random() % text.size();
      switch (random() % 3) {
      case 0:
        text[at] = bytes[random() % bytes.size()];
        break;
      case 1:
        text.erase(at, random() % 20);
        break;
      case 2:
        text.insert(at, text.substr(random() % text.size(), random() % 20));
        break;
      }
    }
    parseText(text);
    parseParts();
  }
}

TEST(NearestNameTest, ForgivesFewEdits) {
  EXPECT_EQ(nearestName("rellu", {"gelu", "relu", "silu"}), "relu");
  EXPECT_EQ(nearestName("crossentropy", {"cross_entropy", "mse"}), "cross_entropy");
  EXPECT_EQ(nearestName("True", {"true", "tree"}), "true");
  EXPECT_EQ(nearestName("x", {"y", "z"}), "");
  EXPECT_EQ(nearestName("accuracy", {"loss", "label"}), "");
}

} // namespace
} // namespace costate
