// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/frontends/Scopes.h"
#include "costate/frontends/Parser.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace costate {
namespace {

/// Tells of each name on which line it stands, and on which it is bound: "x 3:2"; "x 3:-" if nothing of the text binds it.
struct Uses : NameWalker {
  void use(const syntax::Name &name, const syntax::Name *binder) override {
    auto line = [](SourceRange range) { return std::to_string(range.file->position(range.begin).line); };
    found.push_back(name.text.str() + " " + line(name.range) + ":" + (binder ? line(binder->range) : "-"));
  }
  void rebind(const syntax::Name &name, const syntax::Name *binder) override { use(name, binder); }
  void bind(const syntax::Name &name, SourceRange where, uint32_t end) override {
    EXPECT_LE(where.end, end) << name.text.str();
    EXPECT_TRUE(name.range.file->text().slice(name.range.begin, name.range.end) == name.text);
  }
  std::vector<std::string> found;
};

std::vector<std::string> usesIn(llvm::StringRef text) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  Diagnostics diagnostics(context);
  SourceFile source("t", text);
  std::unique_ptr<syntax::File> file = parse(source, diagnostics);
  EXPECT_TRUE(file) << text.str();
  Uses uses;
  if (file)
    uses.walk(*file);
  return uses.found;
}

using testing::ElementsAre;

TEST(ScopesTest, BodiesSeeWhatStandsBefore) {
  EXPECT_THAT(usesIn(R"(fn f(a,
     b=a) {
  h = a + b
  h <- h*g
  h
}
)"),
              ElementsAre("a 2:1", "a 3:1", "b 3:2", "h 4:3", "h 4:3", "g 4:-", "h 5:4"));
}

TEST(ScopesTest, TypesBindSizes) {
  EXPECT_THAT(usesIn(R"(net n(k)(
    x : f32[b, k], y : f32[b]) -> f32[b, m] {
  param w : f32[k, 2*k] = ones([m])
  x @ w
}
)"),
              ElementsAre("k 2:1", "b 2:2", "b 2:2", "k 3:1", "k 3:1", "ones 3:-", "m 3:2", "x 4:2", "w 4:3"));
}

TEST(ScopesTest, LoopsAndLambdasEndTheirNames) {
  EXPECT_THAT(usesIn(R"(fn f(x) {
  a = for k in 0..x carry x = x {
    x <- x + k
  }
  b = [k*x for k in x if k > 0]
  c = (x, k) ->
    x + k
  k
}
)"),
              ElementsAre("x 2:1", "x 2:1", "x 3:2", "x 3:2", "k 3:2", "x 5:1", "k 5:5", "k 5:5", "x 5:1", "x 7:6", "k 7:6", "k 8:-"));
}

TEST(ScopesTest, BranchesRebindNamesAround) {
  EXPECT_THAT(usesIn(R"(fn f(x, c) {
  y = x
  if c {
    y <- x
  }
  each e in x { y <- e }
  y
}
)"),
              ElementsAre("x 2:1", "c 3:1", "y 4:2", "x 4:1", "y 4:2", "x 6:1", "y 6:4", "e 6:6", "y 7:4"));
}

TEST(ScopesTest, ModelsHaveStepsAndEntries) {
  EXPECT_THAT(usesIn(R"(model m {
  input x : f32[n]
  net f = dense(3, 4)
  group g = "*.b"
  dim n hint 3
  step {
    d = grad(f(x), f)
    while norm(d) > 1 max 3 { update f with adam(lr=1), g(lr=0) from d }
  }
  entry fit(x2 : f32[n], d=0.5) { d, x2 }
  minimize sum(f(x)) over f with adam(d)
}
)"),
              ElementsAre("dense 3:-", "n 5:2", "grad 7:-", "f 7:3", "x 7:2", "f 7:3", "norm 8:-", "d 8:7", "f 8:3", "adam 8:-", "g 8:4",
                          "d 8:7", "n 10:2", "d 10:10", "x2 10:10", "sum 11:-", "f 11:3", "x 11:2", "f 11:3", "adam 11:-", "d 11:-"));
}

TEST(ScopesTest, ChecksAndDerivativeRules) {
  EXPECT_THAT(usesIn(R"(fn f(x) = x
  vjp (dy) -> dy*x
extern fn g(x : f32[n]) -> f32[n, k]
check "c" {
  fn h(a) = a + b
  expect h(1) ~= a within t
}
)"),
              ElementsAre("x 1:1", "dy 2:2", "x 2:1", "n 3:3", "a 5:5", "b 5:-", "h 6:5", "a 6:-", "t 6:-"));
}

} // namespace
} // namespace costate
