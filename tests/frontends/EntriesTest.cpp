// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Entries of a model's own, run by the oracle, and what stands in them and in steps: parameters as values, predictions within training.
#include "costate/tests/frontends/OracleModel.h"

namespace costate {
namespace {

/// An entry of the model's own trains as so many steps do, with states of its own; what it does not change it leaves alone.
TEST(EntriesTest, TrainAsStepsDo) {
  Model model(R"(
model m {
  input x : f32[3]
  param w : f32[3] = ones()
  state seen = 0.0
  loss = sum(x*w) + 0.5*sumsq(w)
  minimize loss with momentum(lr=0.1)
  entry fit(xs : f32[n, 3], rounds=2, rate=0.1) {
    before = loss
    start = params
    for k in 0..rounds {
      l = mean(xs @ w) + 0.5*sumsq(w)
      update params with momentum(lr=rate) from grad(l, params)
    }
    seen <- seen + 1
    moved = norm(params - start)
    before, 2*xs, moved
  }
  entry look(k : i64) { w, k + 1 }
}
)");
  Numbers w(3, 1.0), m(3, 0.0), xs = {1, 2, 3, -1, 0, 4};
  auto matrix = Array::of(oracle::Kind::f64, {2, 3}, xs), x = Array::of(oracle::Kind::f64, {3}, Numbers{1, 1, 1});
  for (int call = 1; call <= 3; ++call) {
    double before = 0;
    for (int i = 0; i < 3; ++i)
      before += w[i] + 0.5*w[i]*w[i];
    Numbers start = w;
    for (int round = 0; round < 4; ++round)
      for (int i = 0; i < 3; ++i) {
        m[i] = 0.9*m[i] + (xs[i] + xs[3 + i])/2 + w[i];
        w[i] -= 0.05*m[i];
      }
    model.run("fit", {{"x", x}, {"xs", matrix}, {"fit_rounds", Array::scalar(oracle::Kind::f64, 4)}, {"fit_rate", Array::scalar(oracle::Kind::f64, 0.05)}});
    EXPECT_NEAR(model.values.at("before").at(0), before, 1e-12);
    EXPECT_EQ(model.values.at("result_2").at(5), 8);
    EXPECT_EQ(model.values.at("seen").at(0), call);
    for (int i = 0; i < 3; ++i)
      start[i] -= w[i];
    EXPECT_NEAR(model.values.at("moved").at(0), normOf(start), 1e-12);
    EXPECT_THAT(model.first("params", 3), testing::Pointwise(testing::DoubleNear(1e-12), w));
  }
  EXPECT_EQ(model.values.at("params.momentum.m").at(0), 0); // that of `minimize`
  model.run("look", {{"k", Array::of(oracle::Kind::i64, {}, std::vector<int64_t>{6})}});
  EXPECT_EQ(model.values.at("result_2").at(0), 7);
  EXPECT_NEAR(model.values.at("w").at(2), w[2], 1e-12);
}

/// What only an update in a loop or branch asks for is an argument all the same.
TEST(EntriesTest, TakeInputsOfUpdatesInLoops) {
  Model model(R"(
model m {
  input x : f32[2]
  param w : f32[2] = ones()
  loss = sum(x*w) + 0.5*sumsq(w)
  entry fit(rounds=3) {
    for k in 0..rounds {
      if k > 0 { update params with sgd(lr=0.1) from grad(loss, params) }
    }
  }
}
)");
  Numbers x = {2, -1}, w(2, 1.0);
  for (int round = 1; round < 3; ++round)
    for (int i = 0; i < 2; ++i)
      w[i] -= 0.1 * (x[i] + w[i]);
  model.run("fit", {{"x", Array::of(oracle::Kind::f64, {2}, x)}, {"fit_rounds", Array::scalar(oracle::Kind::f64, 3)}});
  EXPECT_THAT(model.first("params", 2), testing::Pointwise(testing::DoubleNear(1e-12), w));
}

/// Inside of training an expression as a prediction has it: nets neither drop nor count, and keep their states; definitions of the model too.
TEST(EntriesTest, EvaluateWithinTraining) {
  Model model(R"(
model m {
  input x : f32[2]
  net f = batch_norm(2)
  p = dropout(f(reshape(x, [1, 2])), 0.5)
  entry fit() {
    update f with sgd(lr=0.0) from grad(sum(f([[1.0, 2.0], [3.0, 6.0]])**2), f)
    trained = f([[1.0, 2.0], [3.0, 6.0]])
    seen = evaluating(f([[100.0, 100.0], [300.0, 300.0]]))
    again = evaluating(p)
    seen, again, trained
  }
  step {
    inner = sumsq(f(stack([x, 2*x])))
    update f with sgd(lr=0.0) from grad(inner, f)
  }
}
)");
  auto x = Array::of(oracle::Kind::f64, {2}, Numbers{2, 3});
  model.run("fit", {{"x", x}});
  // As at the start: average 0, variance 1.
  for (int i = 0; i < 4; ++i)
    EXPECT_NEAR(model.values.at("seen").at(i), i < 2 ? 100 : 300, 1e-2);
  EXPECT_NEAR(model.values.at("again").at(0), 2, 1e-4);
  EXPECT_NEAR(model.values.at("again").at(1), 3, 1e-4);
  EXPECT_NEAR(model.values.at("trained").at(0), -1, 1e-4);
  EXPECT_NEAR(model.values.at("f.average").at(1), 0.4, 1e-9); // of the training batch alone
  model.run("train_step", {{"x", x}});
}

/// What lies between the parameters of a set belongs to none: it counts in no sum, no order and no size, whatever rules and arithmetic make of it.
TEST(EntriesTest, SetsAreTheirElements) {
  Model model(R"(
optimizer shift(lr) { param <- param - lr*(grad + 1) }
model m {
  param a : f32[3] = ones()
  param b : f32[5] = full(value=2.0)
  param c : f32[] = full(value=-7.0)
  entry look() {
    update params with shift(lr=1.0) from grad(sum(log(params**2 + 1)), params)
    w = params
    big = 2*w + 100
    sumsq(w), sum(big), mean(w), max(-abs(w) - 1), min(big), size(w), sort(w), w[3:], any(w == 0), all(big != 100), prod(w/w), logsumexp(0*w), w @ w, norm(grad(sum(log(w)), w)) > 0, top_k(big, 1)[0]
  }
}
)");
  model.run("look", {});
  // The new values: w - 2 w/(w**2 + 1) - 1.
  Numbers w = {-1, -1, -1, 0.2, 0.2, 0.2, 0.2, 0.2, -7.72};
  double squares = 0, sum = 0;
  for (double value : w)
    squares += value*value, sum += value;
  auto value = [&](int k, int64_t i = 0) { return model.values.at("result_" + std::to_string(k)).at(i); };
  EXPECT_NEAR(value(1), squares, 1e-12);
  EXPECT_NEAR(value(2), 2*sum + 900, 1e-12);
  EXPECT_NEAR(value(3), sum/9, 1e-12);
  EXPECT_NEAR(value(4), -1.2, 1e-12);
  EXPECT_NEAR(value(5), 100 - 15.44, 1e-12);
  EXPECT_EQ(value(6), 9);
  EXPECT_NEAR(value(7, 0), -7.72, 1e-12);
  EXPECT_NEAR(value(7, 8), 0.2, 1e-12);
  EXPECT_THAT(model.values.at("result_8").shape, testing::ElementsAre(6));
  EXPECT_NEAR(value(8, 5), -7.72, 1e-12);
  EXPECT_EQ(value(9), 0);
  EXPECT_EQ(value(10), 1);
  EXPECT_NEAR(value(11), 1, 1e-12);
  EXPECT_NEAR(value(12), std::log(9.0), 1e-12);
  EXPECT_NEAR(value(13), squares, 1e-12);
  EXPECT_NEAR(value(15), 100.4, 1e-12);
}

/// Parameters as values: kept, changed, averaged and put back, in loops and branches too. What is frozen stays.
TEST(EntriesTest, ParametersAreRebound) {
  Model model(R"(
model m {
  param a : f32[3] = ones()
  param b : f32[2] = full(value=3.0)
  freeze "b"
  state worst = 0.0
  loss = sum(a**2)
  entry walk(k=3, back=0.0) {
    start = params
    best = params
    for i in 0..k {
      update params with sgd(lr=0.25) from grad(loss, params)
      if i == 1 {
        best <- params
        worst <- loss
        params <- 2*params + 1
      }
    }
    last = a[0]
    params <- 0.5*(params + best)
    if back > 0 { params <- start }
    last
  }
}
)");
  auto walk = [&](double trips, double back) {
    model.run("walk", {{"walk_k", Array::scalar(oracle::Kind::f64, trips)}, {"walk_back", Array::scalar(oracle::Kind::f64, back)}});
  };
  auto place = [&](llvm::StringRef name) {
    auto arena = mlir::cast<optim::ArenaOp>(model.module->lookupSymbol("params"));
    for (const ArenaLeaf &leaf : arena.getArenaLeaves())
      if (leaf.name == name)
        return leaf.offset;
    return int64_t(-1);
  };
  walk(3, 1); // 1, .5, .25 -> 1.5, .75; and back
  EXPECT_EQ(model.values.at("last").at(0), 0.75);
  EXPECT_EQ(model.values.at("worst").at(0), 3*0.0625);
  EXPECT_EQ(model.values.at("params").at(place("a") + 2), 1);
  walk(3, 0);
  EXPECT_EQ(model.values.at("params").at(place("a") + 2), 0.5*(0.75 + 0.25));
  EXPECT_EQ(model.values.at("params").at(place("b") + 1), 3);
}

/// A call whose objective is not finite changes nothing, whatever its trips have done before.
TEST(EntriesTest, ChangeNothingWithoutAnObjective) {
  Model model(R"(
model m {
  param w : f32[2] = ones()
  state calls = 0.0
  entry climb(rounds=5) {
    for k in 0..rounds {
      l = sum(log(1.35 - w))
      update params with sgd(lr=0.1) from grad(l, params)
    }
    calls <- calls + 1
  }
}
)");
  model.run("climb", {{"climb_rounds", Array::scalar(oracle::Kind::f64, 0)}});
  EXPECT_EQ(model.values.at("calls").at(0), 1);
  model.run("climb", {});
  EXPECT_EQ(model.values.at("calls").at(0), 1);
  EXPECT_EQ(model.first("params", 2), (Numbers{1, 1}));
}

/// Of the step of the model an entry keeps nothing: without an objective of its own what it changes stands, though the model has one.
TEST(EntriesTest, KnowNothingOfTheStep) {
  Model model(R"(
model m {
  input x : f32[3]
  param w : f32[3] = ones()
  net f = batch_norm(3)
  state calls = 0.0
  loss = sum(log(w))
  step {
    if calls > 2 { update params with sgd(lr=0.1) from grad(loss, params) }
    calls <- calls + 1
  }
  entry count() { calls <- calls + 1 }
  entry set(v : f32) { params <- 0*params + v }
}
)");
  model.run("count", {});
  EXPECT_EQ(model.values.at("calls").at(0), 1);
  model.run("set", {{"v", Array::scalar(oracle::Kind::f64, -1)}});
  EXPECT_EQ(model.first("params", 3), (Numbers{-1, -1, -1}));
  model.run("count", {});
  EXPECT_EQ(model.values.at("calls").at(0), 2);
}

} // namespace
} // namespace costate
