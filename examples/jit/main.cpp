// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compiles a model inside this process and trains it on numbers of its own.
#include "costate/compiler/api/Compiler.h"

#include <cmath>
#include <cstdio>
#include <vector>

static constexpr const char *model = R"(
  model sine {
    input  x : f32[batch, 1]
    target y : f32[batch]
    net f = mlp([1, 32, 32, 1], activation=tanh)
    prediction = f(x)[:, 0]
    predict value = prediction
    minimize mse(prediction, y) with adam(lr=1e-2)
  }
)";

int main() {
  costate::Session session;
  absl::StatusOr<costate::Executable> executable = session.compile({"sine.costate", model});
  if (!executable.ok()) {
    std::fprintf(stderr, "%s\n", std::string(executable.status().message()).c_str());
    return 1;
  }
  costate_context *context = nullptr;
  if (costate_context_create(/*threads=*/1, &context))
    return 1;
  {
    constexpr int64_t n = 128;
    absl::StatusOr<costate::Executable::Model> handle = executable->createModel(context, {n});
    if (!handle.ok())
      return 1;
    std::vector<float> x(n), y(n);
    for (int64_t i = 0; i < n; ++i) {
      x[i] = float(i) / n * 6 - 3;
      y[i] = std::sin(x[i]);
    }
    int64_t step = costate_model_entry(handle->get(), "train_step");
    float loss = 0;
    void *arrays[] = {x.data(), y.data(), &loss}; // inputs and targets, then metrics
    for (int i = 0; i < 1000; ++i)
      if (costate_model_invoke(handle->get(), step, arrays, &n)) {
        std::fprintf(stderr, "%s\n", costate_context_last_error(context));
        return 1;
      }
    std::printf("loss %.6f\n", loss);
  }
  costate_context_destroy(context);
}
