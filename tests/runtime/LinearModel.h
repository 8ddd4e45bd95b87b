// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A model as the compiler would emit it, written by hand: y ~ x @ w + b, squared loss, momentum. It has every kind of slot, role and axis.
#ifndef COSTATE_TESTS_RUNTIME_LINEARMODEL_H
#define COSTATE_TESTS_RUNTIME_LINEARMODEL_H

#include "costate/runtime/costate.h"

#include <cmath>
#include <string>
#include <vector>

namespace costate::linear {

// One dimension, `batch`. Slots: the arena f (w [3] at 0, b [] at 16), its momentum, and a step counter.
inline constexpr int64_t kW = 3, kB = 16, kArena = 32;
inline constexpr int64_t w_shape[] = {3}, arena_shape[] = {kArena};
inline constexpr costate_leaf_info leaves[] = {{"f.w", 1, w_shape, 0}, {"f.b", 0, nullptr, kB}};
inline constexpr costate_slot_info slots[] = {{"f", COSTATE_F32, COSTATE_PARAM, kArena, 1, arena_shape, 2, leaves},
                                              {"f.m", COSTATE_F32, COSTATE_STATE, kArena, 1, arena_shape, 2, leaves},
                                              {"t", COSTATE_I64, COSTATE_STATE, 1, 0, nullptr, 0, nullptr}};
inline constexpr costate_hyper_info hypers[] = {{"lr", 0.125, COSTATE_F32, 0}, {"beta", 0.0, COSTATE_F64, 0}, {"steps", 5, COSTATE_I32, 0}};
inline constexpr const char *dim_names[] = {"batch"};

inline constexpr int64_t x_shape[] = {-1, 3}, y_shape[] = {-1}, odd_shape[] = {COSTATE_COMPOUND_AXIS};
inline constexpr costate_array_info f{"f", COSTATE_PARAM, COSTATE_F32, 1, arena_shape, 0}, m{"f.m", COSTATE_STATE, COSTATE_F32, 1, arena_shape, 1},
    t{"t", COSTATE_STATE, COSTATE_I64, 0, nullptr, 2}, seed{"seed", COSTATE_SEED, COSTATE_I64, 0, nullptr, -1},
    lr{"lr", COSTATE_HYPER, COSTATE_F32, 0, nullptr, 0}, beta{"beta", COSTATE_HYPER, COSTATE_F64, 0, nullptr, 1},
    x{"x", COSTATE_INPUT, COSTATE_F32, 2, x_shape, -1}, y{"y", COSTATE_TARGET, COSTATE_F32, 1, y_shape, -1},
    loss{"loss", COSTATE_METRIC, COSTATE_F32, 0, nullptr, -1}, error{"error", COSTATE_METRIC, COSTATE_F64, 0, nullptr, -1},
    prediction{"p", COSTATE_OUTPUT, COSTATE_F32, 1, y_shape, -1}, odd{"odd", COSTATE_OUTPUT, COSTATE_F32, 1, odd_shape, -1},
    batch{"batch", COSTATE_DIM, COSTATE_I64, 0, nullptr, 0};

inline float predict(const float *f, const float *x) { return x[0] * f[0] + x[1] * f[1] + x[2] * f[2] + f[kB]; }

// init(seed) -> f, m, t
inline constexpr costate_array_info init_args[] = {seed}, init_results[] = {f, m, t};
inline int32_t init(costate_context *, void *const *args, const int64_t *, void *) {
  float *f = static_cast<float *>(args[1]);
  for (int i = 0; i < kW; ++i)
    f[i] = static_cast<float>(*static_cast<int64_t *>(args[0]) + i);
  f[kB] = 0.5f;
  std::fill_n(static_cast<float *>(args[2]), kArena, 0.0f);
  *static_cast<int64_t *>(args[3]) = 0;
  return COSTATE_OK;
}

// train_step(f, m, t, lr, beta, x, y) -> loss, error. The workspace holds the residuals; its first word counts the calls of a handle.
inline constexpr costate_array_info train_args[] = {f, m, t, lr, beta, x, y}, train_results[] = {loss, error};
inline int64_t trainWorkspace(const int64_t *dims) { return 64 + 4 * dims[0]; }
inline int32_t trainStep(costate_context *context, void *const *args, const int64_t *dims, void *workspace) {
  float *f = static_cast<float *>(args[0]), *m = static_cast<float *>(args[1]);
  float lr = *static_cast<float *>(args[3]);
  double beta = *static_cast<double *>(args[4]);
  const float *x = static_cast<float *>(args[5]), *y = static_cast<float *>(args[6]);
  if (reinterpret_cast<uintptr_t>(workspace) % COSTATE_ALIGNMENT != 0)
    return costate_fail(context, COSTATE_INTERNAL, "workspace is not aligned");
  ++*static_cast<int64_t *>(workspace);
  float *residual = static_cast<float *>(workspace) + 16;
  double sum = 0, absolute = 0, gradient[4] = {};
  for (int64_t i = 0; i < dims[0]; ++i) {
    residual[i] = predict(f, x + 3 * i) - y[i];
    sum += residual[i] * residual[i];
    absolute += std::fabs(residual[i]);
    for (int j = 0; j < 3; ++j)
      gradient[j] += 2.0 * residual[i] * x[3 * i + j] / dims[0];
    gradient[3] += 2.0 * residual[i] / dims[0];
  }
  *static_cast<float *>(args[7]) = static_cast<float>(sum / dims[0]);
  *static_cast<double *>(args[8]) = absolute / dims[0];
  if (!std::isfinite(sum))
    return COSTATE_OK; // parameters and states stay: the contract of a generated step
  ++*static_cast<int64_t *>(args[2]);
  for (int j = 0; j < 4; ++j) {
    int at = j < 3 ? j : kB;
    m[at] = static_cast<float>(beta * m[at] + gradient[j]);
    f[at] -= lr * m[at];
  }
  return COSTATE_OK;
}

// evaluate(f, x, y) -> loss, error
inline constexpr costate_array_info evaluate_args[] = {f, x, y};
inline int32_t evaluate(costate_context *, void *const *args, const int64_t *dims, void *) {
  const float *f = static_cast<float *>(args[0]), *x = static_cast<float *>(args[1]), *y = static_cast<float *>(args[2]);
  double sum = 0, absolute = 0;
  for (int64_t i = 0; i < dims[0]; ++i) {
    double residual = predict(f, x + 3 * i) - y[i];
    sum += residual * residual;
    absolute += std::fabs(residual);
  }
  *static_cast<float *>(args[3]) = static_cast<float>(sum / dims[0]);
  *static_cast<double *>(args[4]) = absolute / dims[0];
  return COSTATE_OK;
}

// predict(f, x) -> p[batch], odd[2 * batch + 1]
inline constexpr costate_array_info predict_args[] = {f, x}, predict_results[] = {prediction, odd};
inline void predictExtents(const int64_t *dims, int64_t *extents) {
  const int64_t all[] = {kArena, dims[0], 3, dims[0], 2 * dims[0] + 1};
  std::copy(std::begin(all), std::end(all), extents);
}
inline int32_t predictEntry(costate_context *, void *const *args, const int64_t *dims, void *) {
  for (int64_t i = 0; i < dims[0]; ++i)
    static_cast<float *>(args[2])[i] = predict(static_cast<float *>(args[0]), static_cast<float *>(args[1]) + 3 * i);
  for (int64_t i = 0; i < 2 * dims[0] + 1; ++i)
    static_cast<float *>(args[3])[i] = static_cast<float>(i);
  return COSTATE_OK;
}

// sample(batch by value) -> p[batch]; fails for batch 7, without a message for batch 8
inline constexpr costate_array_info sample_args[] = {batch}, sample_results[] = {prediction};
inline int32_t sample(costate_context *context, void *const *args, const int64_t *dims, void *) {
  if (dims[0] == 7)
    return costate_fail(context, COSTATE_INVALID_ARGUMENT, "seven is refused");
  if (dims[0] == 8)
    return COSTATE_INTERNAL;
  std::fill_n(static_cast<float *>(args[1]), dims[0], 42.0f);
  return COSTATE_OK;
}

inline constexpr int64_t train_dims[] = {5, 0}, evaluate_dims[] = {1, 0}, sample_dims[] = {0, -1}, no_dims[] = {-1, -1};
inline constexpr costate_entry_info entries[] = {
    {"init", 1, init_args, 3, init_results, init, nullptr, nullptr, no_dims},
    {"train_step", 7, train_args, 2, train_results, trainStep, trainWorkspace, nullptr, train_dims},
    {"evaluate", 3, evaluate_args, 2, train_results, evaluate, nullptr, nullptr, evaluate_dims},
    {"predict", 2, predict_args, 2, predict_results, predictEntry, nullptr, predictExtents, evaluate_dims},
    {"sample", 1, sample_args, 1, sample_results, sample, nullptr, nullptr, sample_dims},
};
inline constexpr costate_model_info info = {
    COSTATE_ABI_VERSION, 0, "linear", "0.1.0", 0, 1, dim_names, 3, slots, 3, hypers, 5, entries, 0, nullptr, nullptr};
inline constexpr int64_t kTrainStep = 1, kEvaluate = 2;

} // namespace costate::linear

#endif // COSTATE_TESTS_RUNTIME_LINEARMODEL_H
