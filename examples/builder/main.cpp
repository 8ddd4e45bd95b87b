// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds models by calls instead of text: polynomials of growing degree, each fitted to a sine in this process.
#include "costate/compiler/api/Compiler.h"
#include "costate/frontends/GraphBuilder.h"

#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

using costate::build::Expr;

/// y = w0 + x (w1 + x (w2 + ...)), with a parameter for each coefficient.
static std::string polynomial(int degree) {
  costate::GraphBuilder b;
  Expr mse = b.name("mse"), adam = b.name("adam");
  b.defineModel("polynomial", [&] {
    Expr x = b.input("x", {"f32", {"batch"}});
    Expr y = b.target("y", {"f32", {"batch"}});
    Expr value = b.param("w" + std::to_string(degree), {"f32"}, 0.0);
    for (int k = degree - 1; k >= 0; --k)
      value = b.param("w" + std::to_string(k), {"f32"}, 0.0) + x * value;
    Expr prediction = b.predict("prediction", value);
    b.minimize(mse(prediction, y), adam({"lr", 1e-2}));
  });
  return b.finish(); // also what a file NAME.costatem holds
}

static bool fit(const costate::Session &session, costate_context *context, int degree) {
  absl::StatusOr<costate::Executable> executable = session.compile({"polynomial", polynomial(degree)});
  if (!executable.ok()) {
    std::fprintf(stderr, "%s\n", std::string(executable.status().message()).c_str());
    return false;
  }
  constexpr int64_t n = 128;
  absl::StatusOr<costate::Executable::Model> model = executable->createModel(context, {n});
  if (!model.ok())
    return false;
  std::vector<float> x(n), y(n);
  for (int64_t i = 0; i < n; ++i) {
    x[i] = float(i) / n * 4 - 2;
    y[i] = std::sin(x[i]);
  }
  float loss = 0;
  void *arrays[] = {x.data(), y.data(), &loss};
  for (int i = 0; i < 2000; ++i)
    if (costate_model_invoke(model->get(), costate_model_entry(model->get(), "train_step"), arrays, &n)) {
      std::fprintf(stderr, "%s\n", costate_context_last_error(context));
      return false;
    }
  std::printf("degree %d: loss %.6f\n", degree, loss);
  return true;
}

int main() {
  costate::Session session;
  costate_context *context = nullptr;
  if (costate_context_create(/*threads=*/1, &context))
    return 1;
  bool fitted = fit(session, context, 1) && fit(session, context, 3) && fit(session, context, 5);
  costate_context_destroy(context);
  return fitted ? 0 : 1;
}
