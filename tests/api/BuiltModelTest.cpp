// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A model that the program builds, through a session: it trains as its text does, and its mistakes are mistakes at calls of this program.
#include "costate/compiler/api/Compiler.h"
#include "costate/frontends/GraphBuilder.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include <cmath>

namespace costate {
namespace {

using build::Expr;
using testing::HasSubstr;

constexpr char text[] = R"(
model sine {
  input  x : f32[batch, 1]
  target y : f32[batch]
  net f = mlp([1, 8, 8, 1], activation=tanh)
  prediction = f(x)[:, 0]
  predict value = prediction
  minimize mse(prediction, y) with adam(lr=1e-2)
}
)";

std::string built() {
  GraphBuilder b;
  Expr mse = b.name("mse"), adam = b.name("adam");
  b.defineModel("sine", [&] {
    Expr x = b.input("x", {"f32", {"batch", 1}});
    Expr y = b.target("y", {"f32", {"batch"}});
    Expr f = b.net("f", b.call("mlp", {b.list({1, 8, 8, 1}), {"activation", "tanh"}}));
    Expr prediction = b.bind("prediction", f(x).at({build::slice(), 0}));
    b.predict("value", prediction);
    b.minimize(mse(prediction, y), adam({"lr", 1e-2}));
  });
  return b.finish();
}

/// The losses of 100 steps from seed 0.
std::vector<float> losses(const ModelSource &source) {
  std::vector<float> losses;
  absl::StatusOr<Executable> executable = Session().compile(source);
  EXPECT_TRUE(executable.ok()) << executable.status();
  costate_context *context = nullptr;
  if (!executable.ok() || costate_context_create(1, &context))
    return losses;
  constexpr int64_t rows = 32;
  absl::StatusOr<Executable::Model> model = executable->createModel(context, {rows});
  EXPECT_TRUE(model.ok()) << model.status();
  std::vector<float> x(rows), y(rows);
  for (int64_t i = 0; i < rows; ++i) {
    x[i] = float(i) / rows * 6 - 3;
    y[i] = std::sin(x[i]);
  }
  for (int step = 0; model.ok() && step < 100; ++step) {
    void *arrays[] = {x.data(), y.data(), &losses.emplace_back()};
    EXPECT_EQ(costate_model_invoke(model->get(), costate_model_entry(model->get(), "train_step"), arrays, &rows), COSTATE_OK)
        << costate_context_last_error(context);
  }
  model = absl::UnknownError("destroyed before its context");
  costate_context_destroy(context);
  return losses;
}

TEST(BuiltModelTest, TrainsAsItsTextDoes) {
  std::vector<float> expected = losses({"sine.costate", text});
  ASSERT_EQ(expected.size(), 100u);
  EXPECT_LT(expected.back(), 0.5f * expected.front());
  EXPECT_EQ(losses({"sine", built()}), expected);
}

TEST(BuiltModelTest, LocatesMistakesInTheProgram) {
  GraphBuilder b;
  b.defineModel("m", [&] { b.predict("y", matmul(b.input("x", {"f32", {"n", 4}}), b.param("w", {"f32", {3, 2}}, b.call("zeros")))); });
  absl::StatusOr<Executable> executable = Session().compile({"m", b.finish()});
  EXPECT_EQ(executable.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(executable.status().message()),
              HasSubstr(std::string(__FILE__) + ":" + std::to_string(__LINE__ - 4) + ":50: error: '@' requires equal inner dimensions, but got 4 and 3"));
}

TEST(BuiltModelTest, TheBinaryFormOfATextIsAFixedPoint) {
  Session session;
  absl::StatusOr<std::string> bytes = session.modelFile({"sine.costate", text});
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  absl::StatusOr<std::string> again = session.modelFile({"elsewhere.costatem", *bytes});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, *bytes);
}

} // namespace
} // namespace costate
