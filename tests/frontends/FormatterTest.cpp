// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/frontends/Formatter.h"
#include "costate/frontends/StandardLibrary.h"

#include "llvm/ADT/StringExtras.h"
#include "gtest/gtest.h"

#include <random>

namespace costate {
namespace {

class FormatterTest : public testing::Test {
protected:
  /// The layout of a text, which must be its own.
  std::string layout(llvm::StringRef text) {
    auto once = [&](llvm::StringRef text) {
      SourceFile source("t", text);
      Diagnostics diagnostics(context);
      mlir::FailureOr<std::string> formatted = format(source, diagnostics);
      EXPECT_TRUE(mlir::succeeded(formatted)) << text.str();
      return mlir::succeeded(formatted) ? *formatted : "";
    };
    std::string formatted = once(text);
    EXPECT_EQ(once(formatted), formatted) << text.str();
    return formatted;
  }
  /// The layout of one statement.
  std::string line(llvm::StringRef text) { return llvm::StringRef(layout(text)).rtrim('\n').str(); }

  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
};

TEST_F(FormatterTest, OperatorsHaveTheirBlanks) {
  EXPECT_EQ(line("fn f( x,axis = -1,y:f32[ n,.. ]=2 ) ->f32[n]=x+ -y**2"), "fn f(x, axis=-1, y : f32[n, ..] = 2) -> f32[n] = x + -y**2");
  EXPECT_EQ(line("y=a*b/c+a * b-a* b"), "y = a*b/c + a * b - a * b"); // products as they are, the same on both sides
  EXPECT_EQ(line("y=a@b %c//d"), "y = a @ b % c//d");
  EXPECT_EQ(line("y = x [ 1 : , None , : n-1 , .. ] . w"), "y = x[1:, None, :n - 1, ..].w");
  EXPECT_EQ(line("y = [k+1 for k in 0 .. n - 1 if k>0]+[ - 1 ]"), "y = [k + 1 for k in 0..n-1 if k > 0] + [-1]");
  EXPECT_EQ(line("y=x|>f|>g (1)"), "y = x |> f |> g(1)");
  EXPECT_EQ(line("y = not( a )and - b<c or(d)"), "y = not (a) and -b < c or (d)");
  EXPECT_EQ(line("y = (a,b)->{h=a;h*b}"), "y = (a, b) -> { h = a; h*b }");
  EXPECT_EQ(line("y = if a{b}else{}"), "y = if a { b } else {}");
  EXPECT_EQ(line("a=1;b=2"), "a = 1;  b = 2");
  EXPECT_EQ(line("x,y<-y,x"), "x, y <- y, x");
  EXPECT_EQ(line("w = f . layers . 0 . w ( 1 )"), "w = f.layers.0.w(1)");
}

TEST_F(FormatterTest, WordsThatMayBeNamesAreOnesByTheirBlanks) {
  EXPECT_EQ(line("minimize -loss with adam(lr=1)"), "minimize -loss with adam(lr=1)");
  EXPECT_EQ(line("n = batch - 1"), "n = batch - 1");
  EXPECT_EQ(line("n = batch-1"), "n = batch - 1");
  EXPECT_EQ(line("y = max(a) + step (b)"), "y = max(a) + step (b)");
  EXPECT_EQ(line("y = (for k in 0..n carry a=0,b=1 { a <- a+1 })"), "y = (for k in 0..n carry a = 0, b = 1 { a <- a + 1 })");
}

TEST_F(FormatterTest, TokensThatWouldBeOneStayApart) {
  EXPECT_EQ(line("y = + + x"), "y = + +x");
  EXPECT_EQ(line("f(a = = b)"), "f(a= =b)"); // no program, but the same one as before
}

TEST_F(FormatterTest, BlocksIndentByTwo) {
  EXPECT_EQ(layout("model m {\nstep {\n    if a {\n update f with sgd(lr=1)\n   from g\n }\n  # last\n}\n      }\n"), R"(model m {
  step {
    if a {
      update f with sgd(lr=1)
        from g
    }
    # last
  }
}
)");
  EXPECT_EQ(layout("fn f(x) = x\n      vjp (dy) -> dy\nfn g(x) =\n x\n"), "fn f(x) = x\n  vjp (dy) -> dy\nfn g(x) =\n  x\n");
  EXPECT_EQ(layout("check \"c\" {\ny = map(r -> {\nr*r\n}, x)\n}\n"), "check \"c\" {\n  y = map(r -> {\n    r*r\n  }, x)\n}\n");
  EXPECT_EQ(layout("fn f(a) {\ny = for k in 0..3\ncarry x = a,\nz = 1 {\nx <- z\n}\ny\n}\n"),
            "fn f(a) {\n  y = for k in 0..3\n      carry x = a,\n      z = 1 {\n    x <- z\n  }\n  y\n}\n");
  EXPECT_EQ(layout("fn f(a) {\ny = for k in 0..3\ntape sqrt\ncarry x = a {\nx <- 2*x\n}\ny\n}\n"),
            "fn f(a) {\n  y = for k in 0..3\n      tape sqrt\n      carry x = a {\n    x <- 2*x\n  }\n  y\n}\n");
  EXPECT_EQ(layout("fn f(x) {\nif x { 1 }\n    else { 2 }\n}\n"), "fn f(x) {\n  if x { 1 }\n  else { 2 }\n}\n");
}

TEST_F(FormatterTest, ListsGoOnUnderTheirElements) {
  EXPECT_EQ(layout("y=stack([a,\n b])\n"), "y = stack([a,\n           b])\n");
  EXPECT_EQ(layout("y = stack(\na,\nb\n)\n"), "y = stack(\n  a,\n  b\n)\n");
  // Under which one the author says: here that of the outer list, which moves.
  EXPECT_EQ(layout("y=f([a,\n     b], [c],\n    d)\n"), "y = f([a,\n       b], [c],\n      d)\n");
  EXPECT_EQ(layout("fn f() = g(1),\n         g(2)\n"), "fn f() = g(1),\n         g(2)\n");
}

TEST_F(FormatterTest, ColumnsStay) {
  constexpr llvm::StringLiteral kept = R"(model m {
  input  x : f32[batch, 64]  # comments
  target y : i32[batch]      # too
  state count : f64    = 0
  state total : f64[n] = zeros()
  h      = x
  logits = f(h)

  a = 1;   b = 2
  cc = 1;  d = 2
}
)";
  EXPECT_EQ(layout(kept), kept);
  // One blank behind the longest is what all need; more of them stay where they make a column.
  EXPECT_EQ(layout("m  = 1\nab = 2\nc = 3\n"), "m  = 1\nab = 2\nc = 3\n");
}

TEST_F(FormatterTest, ColumnsAreMadeAgainAfterAnEdit) {
  EXPECT_EQ(layout("m     <- a\nweights <- b\n"), "m       <- a\nweights <- b\n"); // it was 'param'
  EXPECT_EQ(layout("m     <- a\np <- b\n"), "m <- a\np <- b\n");
  EXPECT_EQ(layout("x    = 1\n"), "x = 1\n"); // no column
  EXPECT_EQ(layout("x = 1    # a\nlonger = 2  # b\ny = 3    # c\n"), "x = 1    # a\nlonger = 2  # b\ny = 3    # c\n");
  EXPECT_EQ(layout("x=a+b+c  # a\ny = 3    # b\n           # of its own\n"), "x = a + b + c # a\ny = 3         # b\n# of its own\n");
  EXPECT_EQ(layout("x=a+b+c  # a\ny = 3    # b\n         # goes on\n"), "x = a + b + c # a\ny = 3         # b\n              # goes on\n");
}

TEST_F(FormatterTest, BlanksAndEmptyLinesAreFew) {
  EXPECT_EQ(layout("\n\n# a \t\r\n\n\n\nx = 1  \r\n\n\n"), "# a\n\nx = 1\n");
  EXPECT_EQ(layout(""), "");
  EXPECT_EQ(layout("\n \n"), "");
  EXPECT_EQ(layout("\xef\xbb\xbfx = 1"), "x = 1\n");
}

TEST_F(FormatterTest, WideCharactersCountAsTheyLook) {
  EXPECT_EQ(layout("print(\"\u00e4\", a)    # a\nprint(\"ab\", a)   # b\n"), "print(\"\u00e4\", a)    # a\nprint(\"ab\", a)   # b\n");
}

TEST_F(FormatterTest, RefusesWhatHasNoTokens) {
  mlir::ScopedDiagnosticHandler silent(&context, [](mlir::Diagnostic &) { return mlir::success(); });
  SourceFile source("t", "x = 1 $ 2");
  Diagnostics diagnostics(context);
  EXPECT_TRUE(mlir::failed(format(source, diagnostics)));
  EXPECT_EQ(diagnostics.errorCount(), 1u);
}

/// Whatever blanks a text has, it keeps its tokens (or `format` fails), and its layout is its own layout.
TEST_F(FormatterTest, AnyBlanksHaveALayout) {
  std::mt19937 random(1);
  for (const StandardFile &file : standardLibrary())
    for (int round = 0; round < 8; ++round) {
      std::string text;
      bool isText = false, isComment = false;
      for (char c : file.text) {
        text += c;
        isText ^= c == '"' && !isComment;
        isComment = c != '\n' && (isComment || (c == '#' && !isText));
        if (c == '\n')
          text.append(random() % 3, ' ').append(random() % 4 == 0 ? random() % 20 : 0, ' ').append(random() % 8 == 0, '\n');
        else if (!isText && !isComment && (c == ' ' || c == ',' || c == '(' || c == '{'))
          text.append(random() % 3 == 0 ? random() % 9 : 0, ' ');
      }
      layout(text);
    }
}

} // namespace
} // namespace costate
