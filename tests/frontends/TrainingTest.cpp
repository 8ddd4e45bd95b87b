// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs imported training steps by the oracle: optimizers of the library against their formulas in plain C++, what a step
// leaves unchanged, what `init` draws.
#include "costate/tests/frontends/OracleModel.h"

namespace costate {
namespace {

/// The gradient of this loss is x, whatever w is.
std::string linear(const std::string &optimizer) {
  return "model m {\n  input x : f32[3]\n  param w : f32[3] = ones()\n  minimize sum(x*w) with " + optimizer + "\n}\n";
}

const std::vector<Numbers> gradients = {{1, -2, 0.5}, {0.25, 3, -1}, {-4, 1e-3, 2}, {0, 1, 1}};

/// Steps through the gradients twice; `rule` changes the parameters by reference, given the gradient and the number of the step.
void expectRule(const std::string &optimizer, const std::function<void(Numbers &, const Numbers &, int)> &rule) {
  Model model(linear(optimizer));
  Numbers w(3, 1.0);
  for (size_t t = 1; t <= 2*gradients.size(); ++t) {
    const Numbers &gradient = gradients[(t - 1) % gradients.size()];
    rule(w, gradient, int(t));
    EXPECT_THAT(model.step(gradient), testing::Pointwise(testing::DoubleNear(1e-12), w)) << optimizer << ", step " << t;
  }
}

TEST(TrainingTest, Sgd) {
  expectRule("sgd(lr=0.1)", [](Numbers &w, const Numbers &g, int) {
    for (int i = 0; i < 3; ++i)
      w[i] -= 0.1*g[i];
  });
  expectRule("sgd(lr=0.1, weight_decay=0.5)", [](Numbers &w, const Numbers &g, int) {
    for (int i = 0; i < 3; ++i)
      w[i] -= 0.1*(g[i] + 0.5*w[i]);
  });
}

TEST(TrainingTest, Momentum) {
  Numbers m(3, 0.0);
  expectRule("momentum(lr=0.1)", [m](Numbers &w, const Numbers &g, int) mutable {
    for (int i = 0; i < 3; ++i) {
      m[i] = 0.9*m[i] + g[i];
      w[i] -= 0.1*m[i];
    }
  });
  expectRule("momentum(lr=0.1, beta=0.8, nesterov=true)", [m](Numbers &w, const Numbers &g, int) mutable {
    for (int i = 0; i < 3; ++i) { // as torch.optim.SGD
      m[i] = 0.8*m[i] + g[i];
      w[i] -= 0.1*(g[i] + 0.8*m[i]);
    }
  });
}

TEST(TrainingTest, Nesterov) {
  Numbers m(3, 0.0);
  expectRule("nesterov(lr=0.1, beta=0.8)", [m](Numbers &w, const Numbers &g, int) mutable {
    for (int i = 0; i < 3; ++i) {
      m[i] = 0.8*m[i] + g[i];
      w[i] -= 0.1*(g[i] + 0.8*m[i]);
    }
  });
}

TEST(TrainingTest, Adam) {
  for (double decay : {0.0, 0.1}) {
    Numbers m(3, 0.0), v(3, 0.0);
    std::string optimizer = decay == 0 ? "adam(lr=0.01)" : "adamw(lr=0.01, weight_decay=0.1)";
    expectRule(optimizer, [m, v, decay](Numbers &w, const Numbers &g, int t) mutable {
      for (int i = 0; i < 3; ++i) {
        m[i] = 0.9*m[i] + 0.1*g[i];
        v[i] = 0.999*v[i] + 0.001*g[i]*g[i];
        double mHat = m[i] / (1 - std::pow(0.9, t)), vHat = v[i] / (1 - std::pow(0.999, t));
        w[i] = w[i]*(1 - 0.01*decay) - 0.01*mHat / (std::sqrt(vHat) + 1e-8);
      }
    });
  }
}

/// A rule for one element, with up to three states that begin at `start`, as the paper or optax writes it.
using ElementRule = std::function<void(double &w, double g, int t, std::array<double, 3> &state)>;
void expectElementRule(const std::string &optimizer, double start, const ElementRule &rule) {
  std::array<std::array<double, 3>, 3> states;
  states.fill({start, start, start});
  expectRule(optimizer, [states, &rule](Numbers &w, const Numbers &g, int t) mutable {
    for (int i = 0; i < 3; ++i)
      rule(w[i], g[i], t, states[i]);
  });
}

TEST(TrainingTest, VariantsOfAdam) {
  auto moments = [](double g, std::array<double, 3> &s) {
    s[0] = 0.9*s[0] + 0.1*g;
    s[1] = 0.999*s[1] + 0.001*g*g;
  };
  expectElementRule("nadam(lr=0.01)", 0, [&](double &w, double g, int t, auto &s) {
    moments(g, s);
    double ahead = 0.9*s[0] / (1 - std::pow(0.9, t + 1)) + 0.1*g / (1 - std::pow(0.9, t));
    w -= 0.01*ahead / (std::sqrt(s[1] / (1 - std::pow(0.999, t))) + 1e-8);
  });
  expectElementRule("amsgrad(lr=0.01)", 0, [&](double &w, double g, int t, auto &s) {
    moments(g, s);
    s[2] = std::max(s[2], s[1] / (1 - std::pow(0.999, t)));
    w -= 0.01*s[0] / (1 - std::pow(0.9, t)) / (std::sqrt(s[2]) + 1e-8);
  });
  // With beta2 = 0.9 the variance is known from the sixth step on; with the default not in these eight.
  for (double beta2 : {0.9, 0.999})
    expectElementRule("radam(lr=0.01, beta2=" + std::to_string(beta2) + ")", 0, [&](double &w, double g, int t, auto &s) {
      s[0] = 0.9*s[0] + 0.1*g;
      s[1] = beta2*s[1] + (1 - beta2)*g*g;
      double limit = 2 / (1 - beta2) - 1, power = std::pow(beta2, t), rho = limit - 2*t*power / (1 - power);
      double step = s[0] / (1 - std::pow(0.9, t));
      if (rho >= 5) {
        double rate = std::sqrt((rho - 4)*(rho - 2)*limit / ((limit - 4)*(limit - 2)*rho));
        step *= rate / (std::sqrt(s[1] / (1 - power)) + 1e-8);
      }
      w -= 0.01*step;
    });
}

TEST(TrainingTest, AdaptiveRules) {
  // The first steps are clipped, and so is none of the later ones.
  expectElementRule("sophia(lr=0.01, curvature=20.0, weight_decay=0.2)", 0, [](double &w, double g, int, auto &s) {
    s[0] = 0.965*s[0] + 0.035*g;
    w -= 0.01*0.2*w + 0.01*std::clamp(s[0] / (0.01*20), -1.0, 1.0);
  });
  expectElementRule("rmsprop(lr=0.01)", 0, [](double &w, double g, int, auto &s) {
    s[0] = 0.9*s[0] + 0.1*g*g;
    w -= 0.01*g / std::sqrt(s[0] + 1e-8);
  });
  expectElementRule("adagrad(lr=0.01)", 0.1, [](double &w, double g, int, auto &s) {
    s[0] += g*g;
    w -= 0.01*g / std::sqrt(s[0] + 1e-7);
  });
  expectElementRule("adadelta()", 0, [](double &w, double g, int, auto &s) {
    s[0] = 0.9*s[0] + 0.1*g*g;
    double step = std::sqrt(s[1] + 1e-6) / std::sqrt(s[0] + 1e-6)*g;
    s[1] = 0.9*s[1] + 0.1*step*step;
    w -= step;
  });
  expectElementRule("lion(lr=0.01, weight_decay=0.1)", 0, [](double &w, double g, int, auto &s) {
    double u = 0.9*s[0] + 0.1*g;
    w -= 0.01*((u > 0) - (u < 0) + 0.1*w);
    s[0] = 0.99*s[0] + 0.01*g;
  });
}

TEST(TrainingTest, DropoutIsForTraining) {
  const int n = 64;
  const Numbers x(n, 3);
  Model model("model m {\n  input x : f32[64]\n  param w : f32[64] = ones()\n  predict y = dropout(x, rate=0.25)\n"
              "  minimize sum(dropout(x, rate=0.25)*w) with sgd(lr=1)\n}\n");
  std::map<std::string, Array> input = {{"x", Array::of(oracle::Kind::f64, {n}, x)}};
  model.run("predict", input);
  EXPECT_EQ(model.first("y", n), x);
  model.run("evaluate", input);
  EXPECT_DOUBLE_EQ(model.values.at("loss").at(0), 3 * n);
  // The gradient is what was kept, 3 / 0.75; another choice in each step.
  auto kept = [&](const Numbers &before, const Numbers &after) {
    Numbers gradient;
    for (int i = 0; i < n; ++i)
      gradient.push_back(before[i] - after[i]);
    EXPECT_THAT(gradient, testing::Each(testing::AnyOf(testing::DoubleEq(0), testing::DoubleEq(4))));
    return std::count(gradient.begin(), gradient.end(), 0.0);
  };
  Numbers start = model.first("params", n), one = model.step(x), two = model.step(x);
  EXPECT_THAT(kept(start, one), testing::AllOf(testing::Gt(4), testing::Lt(32)));
  EXPECT_THAT(kept(one, two), testing::AllOf(testing::Gt(4), testing::Lt(32)));
  Numbers first, second;
  for (int i = 0; i < n; ++i) {
    first.push_back(start[i] - one[i]);
    second.push_back(one[i] - two[i]);
  }
  EXPECT_NE(first, second);
}

TEST(TrainingTest, NormsAndEmbeddings) {
  Model model("model m {\n  input x : f32[2, 4]\n  net a = layer_norm(4)\n  net b = rms_norm(4)\n  net e = embedding(3, 2)\n"
              "  predict centred = a(x)\n  predict scaled = b(x)\n  predict rows = e([2, 0])\n  predict table = e.table\n"
              "  minimize sum(a(x)) + sum(b(x)) + sum(e([1])) with sgd(lr=0.1)\n}\n");
  const Numbers x = {1, 2, -3, 4, 0.5, 0.5, 0.25, -2};
  model.run("predict", {{"x", Array::of(oracle::Kind::f64, {2, 4}, x)}});
  Numbers centred, scaled;
  for (int row = 0; row < 2; ++row) {
    double mean = 0, variance = 0, square = 0;
    for (int i = 0; i < 4; ++i) {
      mean += x[4*row + i] / 4;
      square += x[4*row + i]*x[4*row + i] / 4;
    }
    for (int i = 0; i < 4; ++i)
      variance += (x[4*row + i] - mean)*(x[4*row + i] - mean) / 4;
    for (int i = 0; i < 4; ++i) {
      centred.push_back((x[4*row + i] - mean) / std::sqrt(variance + 1e-5));
      scaled.push_back(x[4*row + i] / std::sqrt(square + 1e-5));
    }
  }
  EXPECT_THAT(model.first("centred", 8), testing::Pointwise(testing::DoubleNear(1e-12), centred));
  EXPECT_THAT(model.first("scaled", 8), testing::Pointwise(testing::DoubleNear(1e-12), scaled));
  Numbers table = model.first("table", 6);
  EXPECT_THAT(model.first("rows", 4), testing::ElementsAre(table[4], table[5], table[0], table[1]));
}

/// A model whose input has two columns, given row by row.
Array rows(const std::vector<Numbers> &data) {
  Numbers all;
  for (const Numbers &row : data)
    all.insert(all.end(), row.begin(), row.end());
  return Array::of(oracle::Kind::f64, {int64_t(data.size()), 2}, all);
}

TEST(TrainingTest, ConstantsOfTheDataArePrepared) {
  Model model("model m {\n  input x : f32[n, 2]\n  param w : f32[2] = ones()\n  net s = standardize(2)\n  net r = min_max_scale(2)\n"
              "  predict z = s(x)\n  predict u = r(x)\n  minimize mean(s(x)*w) with sgd(lr=0.0)\n}\n");
  const std::vector<std::vector<Numbers>> batches = {{{1, 5}, {2, 5}, {6, 5}}, {{-3, 5}}, {{4, 5}, {8, 5}}};
  Numbers column;
  for (const std::vector<Numbers> &batch : batches) {
    model.run("prepare", {{"x", rows(batch)}});
    for (const Numbers &row : batch)
      column.push_back(row[0]);
    // After each batch, the moments are those of all rows so far.
    double mean = 0, variance = 0, count = double(column.size());
    for (double x : column)
      mean += x/count;
    for (double x : column)
      variance += (x - mean)*(x - mean)/count;
    EXPECT_THAT(model.first("s.average", 2), testing::Pointwise(testing::DoubleNear(1e-14), Numbers{mean, 5}));
    EXPECT_THAT(model.first("s.variance", 2), testing::Pointwise(testing::DoubleNear(1e-13), Numbers{variance, 0}));
    EXPECT_EQ(model.values.at("s.count").at(0), count);
    model.run("predict", {{"x", rows({{10, 6}, {-3, 5}})}});
    double deviation = std::sqrt(variance);
    EXPECT_THAT(model.first("z", 4), testing::Pointwise(testing::DoubleNear(1e-12), Numbers{(10 - mean)/deviation, 1, (-3 - mean)/deviation, 0}));
  }
  EXPECT_THAT(model.first("u", 4), testing::Pointwise(testing::DoubleNear(1e-12), Numbers{13.0/11, 1, 0, 0}));
  // A step of training changes none of it.
  model.run("train_step", {{"x", rows({{100, 100}})}});
  EXPECT_EQ(model.values.at("s.count").at(0), double(column.size()));
  EXPECT_EQ(model.values.at("r.high").at(0), 8);
}

TEST(TrainingTest, OnlyPreparedStatesHaveAnEntry) {
  const char *text = "fn f(x) = if preparing() { x } else { 2*x }\nnet c(k)(x) {\n  state n = 0.0\n  if %s() { n <- n + 1 }\n  x + n - n\n}\n"
                     "model m {\n  input x : f32[3]\n  param w : f32[3] = ones()\n  net a = c(1)\n"
                     "  minimize sum(f(a(x))*w) with sgd(lr=0.0)\n}\n";
  for (auto [condition, expected] : {std::pair("training", false), std::pair("preparing", true)}) {
    std::string filled = text;
    filled.replace(filled.find("%s"), 2, condition);
    Model model(filled);
    EXPECT_EQ(bool(model.module->lookupSymbol("prepare")), expected) << condition;
    model.step({1, 2, 3});
    EXPECT_EQ(model.values.at("a.n").at(0), expected ? 0 : 1);
  }
}

TEST(TrainingTest, GroupNorm) {
  Model model("model m {\n  input x : f32[2, 3, 4]\n  net g = group_norm(4, 2)\n  predict y = g(x)\n  minimize sum(g(x)) with sgd(lr=0.1)\n}\n");
  Numbers x, expected(24);
  for (int i = 0; i < 24; ++i)
    x.push_back(std::sin(1.7*i) + 0.1*i);
  model.run("predict", {{"x", Array::of(oracle::Kind::f64, {2, 3, 4}, x)}});
  for (int sample = 0; sample < 2; ++sample)
    for (int group = 0; group < 2; ++group) {
      std::vector<int> places;
      for (int place = 0; place < 3; ++place)
        for (int channel = 0; channel < 2; ++channel)
          places.push_back(12*sample + 4*place + 2*group + channel);
      double mean = 0, variance = 0;
      for (int i : places)
        mean += x[i] / 6;
      for (int i : places)
        variance += (x[i] - mean)*(x[i] - mean) / 6;
      for (int i : places)
        expected[i] = (x[i] - mean) / std::sqrt(variance + 1e-5);
    }
  EXPECT_THAT(model.first("y", 24), testing::Pointwise(testing::DoubleNear(1e-12), expected));
}

TEST(TrainingTest, RatesFollowTheStep) {
  expectRule("sgd(lr=0.1*cosine(t, 5, end=0.2))", [](Numbers &w, const Numbers &g, int t) {
    double rate = 0.1*(0.2 + 0.8*0.5*(1 + std::cos(M_PI*std::min(t / 5.0, 1.0))));
    for (int i = 0; i < 3; ++i)
      w[i] -= rate*g[i];
  });
}

TEST(TrainingTest, GradientsAreClipped) {
  Model model("model m {\n  input x : f32[3]\n  param w : f32[3] = ones()\n  loss = sum(x*w)\n"
              "  step { update params with sgd(lr=1) from clip_by_norm(grad(loss, params), 1.0) }\n}\n");
  EXPECT_THAT(model.step({0, 3, -4}), testing::Pointwise(testing::DoubleNear(1e-12), Numbers{1, 0.4, 1.8}));
  EXPECT_THAT(model.step({0.5, 0, 0}), testing::Pointwise(testing::DoubleNear(1e-12), Numbers{0.5, 0.4, 1.8}));
}

TEST(TrainingTest, GradientsAreClippedByParameter) {
  Model model("model m {\n  input x : f32[3]\n  param w : f32[3] = ones()\n  param v : f32[2] = ones()\n  hyper limit = 1.0\n"
              "  loss = sum(x*w) + 0.5*sum(v)\n"
              "  step { update params with sgd(lr=1) from clip_each_by_norm(grad(loss, params), limit) }\n}\n");
  auto arena = mlir::cast<optim::ArenaOp>(model.module->lookupSymbol("params"));
  model.step({0, 3, -4});
  for (const ArenaLeaf &leaf : arena.getArenaLeaves()) {
    Numbers expected = leaf.name == "w" ? Numbers{1, 0.4, 1.8} : Numbers{0.5, 0.5};
    for (size_t i = 0; i < expected.size(); ++i)
      EXPECT_NEAR(model.values.at("params").at(leaf.offset + i), expected[i], 1e-12) << leaf.name.str() << "[" << i << "]";
  }
}

TEST(TrainingTest, AnAverageOfTheWeightsPredicts) {
  Model model("model m {\n  input x : f32[3]\n  param w : f32[3] = ones()\n  state shadow = params\n  y = sum(x*w*w)\n"
              "  predict now = y\n  predict smooth = value(y, params, at=shadow)\n"
              "  step {\n    update params with sgd(lr=0.1) from grad(y, params)\n    shadow <- 0.9*shadow + 0.1*params\n  }\n}\n");
  Numbers w(3, 1.0), shadow(3, 1.0);
  for (int t = 0; t < 3; ++t) {
    Numbers x = {1, 2, -3.0 + t};
    model.step(x);
    double now = 0, smooth = 0;
    for (int i = 0; i < 3; ++i) {
      w[i] -= 0.1*2*x[i]*w[i];
      shadow[i] = 0.9*shadow[i] + 0.1*w[i];
      now += x[i]*w[i]*w[i];
      smooth += x[i]*shadow[i]*shadow[i];
    }
    model.run("predict", {{"x", Array::of(oracle::Kind::f64, {3}, x)}});
    EXPECT_NEAR(model.values.at("now").at(0), now, 1e-12);
    EXPECT_NEAR(model.values.at("smooth").at(0), smooth, 1e-12);
  }
}

TEST(TrainingTest, HyperParametersAreArguments) {
  Model model(linear("sgd(lr=0.1)"));
  model.run("train_step", {{"x", Array::of(oracle::Kind::f64, {3}, Numbers{1, 1, 1})}, {"lr", Array::scalar(oracle::Kind::f64, 0.5)}});
  EXPECT_THAT(model.first("params", 3), testing::Each(0.5));
}

TEST(TrainingTest, AStepThatIsNotFiniteChangesNothing) {
  Model model(linear("momentum(lr=0.1)"));
  model.step({1, 2, 3});
  auto before = model.values;
  for (double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    model.step({1, bad, 3});
    for (const char *name : {"params", "params.momentum.m", "t"})
      EXPECT_EQ(oracle::difference(model.values.at(name), before.at(name), 0, 0), "") << name << " after " << bad;
  }
  model.step({1, 2, 3});
  EXPECT_EQ(model.values.at("t").integer(), 2);
}

TEST(TrainingTest, MetricsComeBeforeTheUpdate) {
  Model model(linear("sgd(lr=0.1)"));
  model.step({1, 2, 3});
  EXPECT_EQ(model.values.at("loss").at(0), 6); // of w = 1
  model.run("evaluate", {{"x", Array::of(oracle::Kind::f64, {3}, Numbers{1, 2, 3})}});
  EXPECT_NEAR(model.values.at("loss").at(0), 6 - 0.1*(1 + 4 + 9), 1e-12);
}

TEST(TrainingTest, RulesOfWholeParameters) {
  Numbers m(3, 0.0), v(3, 0.0);
  expectRule("lamb(lr=0.1, weight_decay=0.01)", [m, v](Numbers &w, const Numbers &g, int t) mutable {
    Numbers step(3);
    for (int i = 0; i < 3; ++i) {
      m[i] = 0.9*m[i] + 0.1*g[i];
      v[i] = 0.999*v[i] + 0.001*g[i]*g[i];
      step[i] = m[i] / (1 - std::pow(0.9, t)) / (std::sqrt(v[i] / (1 - std::pow(0.999, t))) + 1e-6) + 0.01*w[i];
    }
    double ratio = normOf(w) > 0 && normOf(step) > 0 ? normOf(w) / normOf(step) : 1;
    for (int i = 0; i < 3; ++i)
      w[i] -= 0.1*ratio*step[i];
  });
  expectRule("lars(lr=0.5, weight_decay=0.1, trust=0.02)", [m](Numbers &w, const Numbers &g, int) mutable {
    Numbers step(3);
    for (int i = 0; i < 3; ++i)
      step[i] = g[i] + 0.1*w[i];
    double ratio = normOf(w) > 0 && normOf(step) > 0 ? 0.02*normOf(w) / normOf(step) : 1;
    for (int i = 0; i < 3; ++i) {
      m[i] = 0.9*m[i] + 0.5*ratio*step[i];
      w[i] -= m[i];
    }
  });
}

TEST(TrainingTest, SizeIsThatOfTheParameter) {
  Model model("optimizer o(lr) { param <- param - lr*grad/size(param) }\n" + linear("o(lr=0.6)"));
  EXPECT_THAT(model.step({1, 2, -3}), testing::Pointwise(testing::DoubleNear(1e-12), Numbers{0.8, 0.6, 1.6}));
}

/// Leaves of several pieces and of sizes that fill no block, one of them empty; a group with a rate of its own, a frozen leaf, a tied one. Between leaves lies what the
/// rule makes of zeros, here numbers that would be seen: they count nowhere.
TEST(TrainingTest, EachParameterIsAWhole) {
  Model model(R"(
optimizer centred(lr, scale=1) {
  state m = zeros_like(param)
  m     <- m + cos(grad)
  param <- param - lr*(grad - mean(grad)) - scale*sum(m)/size(param)
}
model m {
  input x : f32[5003]
  param a : f32[5003] = ones()
  param b : f32[2, 3] = ones()
  param c : f32[4] = full(value=2.0)
  param d : f32[5003] = ones()
  param e : f32[0] = ones()
  group fast = "b"
  freeze "c"
  tie "d" to "a"
  minimize sum(x*(a + d)) + 3*sum(b[0]) + sum(c) + sum(e) with centred(lr=0.5, scale=0.125), fast(lr=0.25)
}
)");
  std::map<std::string, int64_t> place;
  auto arena = mlir::cast<optim::ArenaOp>(model.module->lookupSymbol("params"));
  for (const ArenaLeaf &leaf : arena.getArenaLeaves())
    place[leaf.name.str()] = leaf.offset;
  Numbers x(5003), a(5003, 1.0), b(6, 1.0), mOfA(5003, 0.0), mOfB(6, 0.0);
  auto step = [](Numbers &w, Numbers &m, const Numbers &g, double rate) {
    double mean = 0, sum = 0;
    for (size_t i = 0; i < w.size(); ++i) {
      mean += g[i] / w.size();
      sum += m[i] += std::cos(g[i]);
    }
    for (size_t i = 0; i < w.size(); ++i)
      w[i] -= rate*(g[i] - mean) + 0.125*sum / w.size();
  };
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 5003; ++i)
      x[i] = std::sin(i + 2.0*round);
    Numbers gradient(5003), ofB = {3, 3, 3, 0, 0, 0};
    for (int i = 0; i < 5003; ++i)
      gradient[i] = 2*x[i];
    step(a, mOfA, gradient, 0.5);
    step(b, mOfB, ofB, 0.25);
    model.run("train_step", {{"x", Array::of(oracle::Kind::f64, {5003}, x)}});
    auto expectLeaf = [&](const char *name, const Numbers &expected) {
      for (size_t i = 0; i < expected.size(); ++i)
        EXPECT_NEAR(model.values.at("params").at(place[name] + i), expected[i], 1e-12) << name << "[" << i << "], round " << round;
    };
    expectLeaf("a", a);
    expectLeaf("b", b);
    expectLeaf("c", Numbers(4, 2.0));
  }
}

TEST(TrainingTest, GroupsFrozenAndTied) {
  Model model(R"(
model m {
  input x : f32[3]
  param a : f32[3] = ones()
  param b : f32[3] = ones()
  param c : f32[3] = ones()
  param d : f32[3] = full(value=7.0)
  group slow = "b"
  freeze "c"
  tie "d" to "a"
  minimize sum(x*a) + sum(x*b) + sum(x*c) + sum(x*d) with sgd(lr=0.5, weight_decay=0.1), slow(lr=0.25)
}
)");
  std::map<std::string, int64_t> place;
  auto arena = mlir::cast<optim::ArenaOp>(model.module->lookupSymbol("params"));
  for (const ArenaLeaf &leaf : arena.getArenaLeaves())
    place[leaf.name.str()] = leaf.offset;
  EXPECT_EQ(place["a"], place["d"]);
  model.step({1, 2, 3});
  auto leaf = [&](const char *name) {
    Numbers numbers;
    for (int i = 0; i < 3; ++i)
      numbers.push_back(model.values.at("params").at(place[name] + i));
    return numbers;
  };
  auto near = [](Numbers numbers) { return testing::Pointwise(testing::DoubleNear(1e-12), numbers); };
  EXPECT_THAT(leaf("a"), near({1 - 0.5*2.1, 1 - 0.5*4.1, 1 - 0.5*6.1})); // two uses, two gradients
  EXPECT_THAT(leaf("b"), near({1 - 0.25*1.1, 1 - 0.25*2.1, 1 - 0.25*3.1}));
  EXPECT_THAT(leaf("c"), near({1, 1, 1}));
}

TEST(TrainingTest, LaterStepsSeeWhatEarlierOnesChanged) {
  Model model(R"(
net scalar()(x) { param w : f32[1] = full(value=2.0)
                  w*x }
model m {
  input x : f32[1]
  net f = scalar()
  net g = scalar()
  loss = sum(f(x)*g(x))
  state seen = 0.0
  step { before = grad(loss, f)
         update f with sgd(lr=0.5) from before
         seen <- sum(before)
         update g with sgd(lr=0.5) from grad(loss, g) }
}
)");
  model.step({1}, "f");
  EXPECT_EQ(model.first("f", 1)[0], 2 - 0.5*2); // the gradient is g = 2
  EXPECT_EQ(model.first("g", 1)[0], 2 - 0.5*1); // at the new f = 1
  EXPECT_EQ(model.values.at("seen").at(0), 2);  // a value that the step had bound stays
}

/// A model of three params `w`, from 1, and a step with these lines.
std::string stepOf(const std::string &declarations, const std::string &lines) {
  return "model m {\n  input x : f32[3]\n  param w : f32[3] = ones()\n" + declarations + "\n  step {\n" + lines + "\n  }\n}\n";
}

auto near(const Numbers &numbers) { return testing::Pointwise(testing::DoubleNear(1e-12), numbers); }

TEST(TrainingTest, AnUpdateInABranchCountsByItself) {
  Model model(stepOf("  loss = sum(x*w)", "if t % 2 == 0 { update params with adam(0.01) from grad(loss, params) }"));
  Numbers w(3, 1.0), m(3, 0.0), v(3, 0.0);
  for (int t = 1; t <= 8; ++t) {
    const Numbers &g = gradients[(t - 1) % gradients.size()];
    for (int i = 0; i < 3 && t % 2 == 0; ++i) {
      m[i] = 0.9*m[i] + (1 - 0.9)*g[i];
      v[i] = 0.999*v[i] + (1 - 0.999)*g[i]*g[i];
      w[i] -= 0.01*(m[i]/(1 - std::pow(0.9, t/2))) / (std::sqrt(v[i]/(1 - std::pow(0.999, t/2))) + 1e-8);
    }
    EXPECT_THAT(model.step(g), near(w)) << "step " << t;
  }
  EXPECT_EQ(model.values.at("params.adam.t").at(0), 4);
  EXPECT_EQ(model.values.at("t").at(0), 8);
}

TEST(TrainingTest, EachTripSeesTheParametersOfTheOneBefore) {
  Model model(stepOf("  loss = 0.5*sum(x*w**2)", "for k in 0..3 { update params with nadam(0.1) from grad((1 + k)*loss, params) }"));
  Numbers w(3, 1.0), m(3, 0.0), v(3, 0.0);
  for (int t = 0; t < 2; ++t) {
    for (int k = 0; k < 3; ++k)
      for (int i = 0, n = 3*t + k + 1; i < 3; ++i) {
        double g = (1 + k)*gradients[t][i]*w[i];
        m[i] = 0.9*m[i] + (1 - 0.9)*g;
        v[i] = 0.999*v[i] + (1 - 0.999)*g*g;
        double ahead = 0.9*m[i]/(1 - std::pow(0.9, n + 1)) + (1 - 0.9)*g/(1 - std::pow(0.9, n));
        w[i] -= 0.1*ahead/(std::sqrt(v[i]/(1 - std::pow(0.999, n))) + 1e-8);
      }
    EXPECT_THAT(model.step(gradients[t]), near(w));
  }
}

TEST(TrainingTest, AWhileGoesOnByWhatItChanges) {
  Model model(stepOf("  loss = 0.5*sum(x*w**2)\n  state trips = 0.0", R"(
    rate = 0.1
    while loss > 0.5 max 10 {
      update params with sgd(rate) from grad(loss, params)
      trips <- trips + 1
      rate <- 0.9*rate
    })"));
  Numbers w(3, 1.0), x = {3, 2, 1};
  auto loss = [&] { return 0.5*(x[0]*w[0]*w[0] + x[1]*w[1]*w[1] + x[2]*w[2]*w[2]); };
  int trips = 0;
  for (double rate = 0.1; loss() > 0.5 && trips < 10; ++trips, rate *= 0.9)
    for (int i = 0; i < 3; ++i)
      w[i] -= rate*x[i]*w[i];
  EXPECT_THAT(model.step(x), near(w));
  EXPECT_EQ(model.values.at("trips").at(0), trips);
  EXPECT_GT(trips, 2);
  Numbers same = model.step({1e-3, 1e-3, 1e-3}); // no trip at all
  EXPECT_THAT(same, near(w));
  model.step({-1, -1, -1});
  EXPECT_EQ(model.values.at("trips").at(0), trips);
}

TEST(TrainingTest, BranchesRebindStatesAndNames) {
  Model model(stepOf("  loss = sum(x*w)\n  state hits = 0.0\n  state last = 0.0", R"(
    rate = 1
    if loss > 0 {
      seen = 2*loss
      hits <- hits + 1
      if t % 2 == 0 { rate <- 0.25 } else { last <- seen }
    } else { rate <- 0.5; hits <- hits - 0.5 }
    if training() and 1 < 2 { rate <- 2*rate } else { rate <- 100; update params with adam(1) from grad(loss, params) }
    update params with sgd(0.1*rate) from grad(loss, params))"));
  Numbers w(3, 1.0);
  double hits = 0, last = 0;
  for (int t = 1; t <= 6; ++t) {
    const Numbers &x = gradients[(t - 1) % gradients.size()];
    double loss = x[0]*w[0] + x[1]*w[1] + x[2]*w[2], rate = loss > 0 ? (t % 2 == 0 ? 0.25 : 1) : 0.5;
    hits += loss > 0 ? 1 : -0.5;
    last = loss > 0 && t % 2 ? 2*loss : last;
    for (int i = 0; i < 3; ++i)
      w[i] -= 0.1*2*rate*x[i];
    EXPECT_THAT(model.step(x), near(w));
    EXPECT_NEAR(model.values.at("hits").at(0), hits, 1e-12);
    EXPECT_NEAR(model.values.at("last").at(0), last, 1e-12);
  }
  EXPECT_FALSE(model.values.contains("params.adam.m")); // of a branch that is known not to be taken
}

TEST(TrainingTest, PartsRebindComplexNames) {
  Model model(stepOf("  loss = sum(x*w)\n  state real_part = 0.0\n  state imag_part = 0.0", R"(
    z = complex(w[0], x[1])
    if loss > 0 { z <- 2j*z } else { z <- conj(z) + 1 }
    for k in 0..2 {
      update params with sgd(0.1) from grad(loss, params)
      z <- z*z/2 + w[1]*1j
    }
    while abs(z) < 20 max 5 { z <- (1 + 1j)*z }
    real_part, imag_part <- real(z), imag(z))"));
  Numbers w(3, 1.0);
  using Complex = std::complex<double>;
  for (const Numbers &x : gradients) {
    double loss = x[0] * w[0] + x[1] * w[1] + x[2] * w[2];
    Complex z(w[0], x[1]), i(0, 1);
    z = loss > 0 ? 2.0 * i * z : std::conj(z) + 1.0;
    for (int k = 0; k < 2; ++k) {
      for (int j = 0; j < 3; ++j)
        w[j] -= 0.1 * x[j];
      z = z * z / 2.0 + w[1] * i;
    }
    for (int k = 0; k < 5 && std::abs(z) < 20; ++k)
      z *= 1.0 + i;
    EXPECT_THAT(model.step(x), near(w));
    EXPECT_NEAR(model.values.at("real_part").at(0), z.real(), 1e-9);
    EXPECT_NEAR(model.values.at("imag_part").at(0), z.imag(), 1e-9);
  }
}

TEST(TrainingTest, SharpnessAwareEachSecondStep) {
  Model model(stepOf("  loss = sum(x*w**3)", R"(
    g = grad(loss, params)
    if t % 2 == 0 { g <- grad(loss, params, at = params + 0.05*g/norm(g)) }
    update params with sgd(0.1) from g)"));
  Numbers w(3, 1.0), x = {0.5, -0.25, 1};
  for (int t = 1; t <= 4; ++t) {
    Numbers g(3), at = w;
    double square = 0;
    for (int i = 0; i < 3; ++i)
      square += 9*x[i]*x[i]*std::pow(w[i], 4);
    for (int i = 0; i < 3 && t % 2 == 0; ++i)
      at[i] += 0.05*3*x[i]*w[i]*w[i]/std::sqrt(square);
    for (int i = 0; i < 3; ++i)
      w[i] -= 0.1*3*x[i]*at[i]*at[i];
    EXPECT_THAT(model.step(x), near(w)) << "step " << t;
  }
}

/// A step whose objectives are not all finite leaves everything as it is, wherever they stand.
TEST(TrainingTest, PartsThatAreNotFiniteChangeNothing) {
  const std::string head = "  param v : f32[3] = ones()\n  state count = 0\n  loss = sum(x*w) + 0*sum(v)\n  bad = sum(w/x)\n";
  const std::vector<std::string> lines = {
      "if t > 0 { update params with adam(0.1) from grad(bad, params); count <- count + 1 }",
      "update params with adam(0.1) from grad(loss, params)\n if t > 0 { count <- count + 1; g = grad(bad, params) }",
      "if t > 0 { update params with adam(0.1) from grad(loss, params) }\n if t > 0 { update params with sgd(0.1) from grad(bad, params) }",
      "if t > 0 { if t < 5 { update params with adam(0.1) from grad(loss, params) }; count <- count + 1 }\n g = grad(bad, params)",
      "if t > 0 { if t < 5 { update params with adam(0.1) from grad(loss, params) }; count <- count + 1; g = grad(bad, params) }",
      "for k in 0..3 { count <- count + 1; if k == 1 { update params with adam(0.1) from grad(bad, params) }\n"
      " else { update params with sgd(0.1) from grad(loss, params) } }",
      "count <- 1\n while count < 5 max 3 { count <- count + 1; update params with adam(0.1) from grad(if count > 2 { bad } else { loss }, params) }",
  };
  for (const std::string &text : lines) {
    Model model(stepOf(head, text));
    model.step({1, 2, 3});
    auto before = model.values;
    EXPECT_EQ(before.at("t").at(0), 1) << text;
    EXPECT_EQ(before.at("count").at(0) > 0 || before.at("params.adam.m").at(0) != 0, true) << text;
    model.step({1, 0, 3});
    for (const auto &[name, value] : before) {
      if (name == "loss")
        continue;
      for (int64_t i = 0; i < value.size(); ++i)
        EXPECT_EQ(model.values.at(name).at(i), value.at(i)) << name << "[" << i << "] of: " << text;
    }
    model.step({1, 2, 3});
    EXPECT_EQ(model.values.at("t").at(0), 2) << text;
  }
}

/// What a step has not evaluated a branch draws as the step would; each trip draws its own numbers, and so does what a branch draws by itself.
TEST(TrainingTest, DrawsOfParts) {
  Model model(stepOf("  z = normal([3])\n  loss = sum(z*w)\n  state a = 0.0; state b = 0.0; state c = 0.0; state d = 0.0; state h = 0.0; state i = 0.0", R"(
    if t > 0 { a <- sum(z*x); h <- sum(normal([3])) }
    i <- sum(normal([3]))
    for k in 0..2 { c <- d; d <- sum(z*x); b <- b + sum(z) }
    b <- sum(z*x))"));
  model.step({1, 2, 3});
  EXPECT_EQ(model.values.at("a").at(0), model.values.at("b").at(0));
  EXPECT_NE(model.values.at("c").at(0), model.values.at("d").at(0));
  EXPECT_NE(model.values.at("c").at(0), model.values.at("b").at(0));
  EXPECT_NE(model.values.at("h").at(0), model.values.at("i").at(0));
  EXPECT_NE(model.values.at("a").at(0), 0);
  EXPECT_NE(model.values.at("c").at(0), 0);
}

/// A net with state: the last call that was evaluated decides, also in parts.
TEST(TrainingTest, StatesOfNetsInParts) {
  Model model(R"(
net counter()(x) { param w : f32[1] = ones()
                   state n = 0.0
                   state s = 0.0
                   n <- n + 1
                   s <- sum(x)
                   w*x }
model m {
  input x : f32[1]
  net f = counter()
  metric loss = sum(x)
  state seen = 0.0
  step {
    if t % 2 == 0 { update f with sgd(0.5) from grad(sum(f(x)), f) }
    for k in 0..3 { if k < t - 2 { seen <- sum(f((1 + k)*x)) } }
  }
}
)");
  model.step({4}, "f");
  EXPECT_EQ(model.values.at("f.n").at(0), 0); // no call at all
  model.step({4}, "f");
  EXPECT_EQ(model.values.at("f.n").at(0), 1);
  EXPECT_EQ(model.values.at("f.s").at(0), 4);
  model.step({4}, "f");
  EXPECT_EQ(model.values.at("f.n").at(0), 2);
  EXPECT_EQ(model.values.at("f.s").at(0), 4); // the first trip alone
  EXPECT_EQ(model.values.at("seen").at(0), 4*(1 - 0.5*4));
  model.step({4}, "f");
  EXPECT_EQ(model.values.at("f.s").at(0), 8);
}

TEST(TrainingTest, InitialValuesDependOnSeedAndPathOnly) {
  const std::string head = "model m {\n  input x : f32[3]\n  param w : f32[3] = normal()\n";
  const std::string tail = "  minimize sum(x*w) with sgd(lr=1)\n}\n";
  Model one(head + tail), other(head + "  param v : f32[5] = normal()\n" + tail);
  EXPECT_EQ(one.first("params", 3), other.first("params", 3));
  EXPECT_NE(other.first("params", 9)[0], other.first("params", 9)[8]); // leaves start at multiples of 64 bytes, here of f64
  Numbers before = one.first("params", 3);
  one.seed = 2;
  one.run("init", {});
  EXPECT_NE(one.first("params", 3), before);
}

} // namespace
} // namespace costate
