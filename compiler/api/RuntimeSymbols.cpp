// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/api/RuntimeSymbols.h"

#include "costate/runtime/costate.h"

#include "HalideRuntime.h"

#include <cmath>
#include <cstring>

namespace costate {

namespace {

template <typename F>
constexpr F *as(F *function) {
  return function;
}

} // namespace

absl::Span<const RuntimeSymbol> runtimeSymbols() {
#define SYMBOL(name) {#name, reinterpret_cast<void *>(&name)}
#define LIBM(name)                                                                                                                     \
  {#name, reinterpret_cast<void *>(as<double(double)>(&std::name))}, { #name "f", reinterpret_cast<void *>(as<float(float)>(&std::name)) }
  static const RuntimeSymbol symbols[] = {
      // Wrappers of the C header.
      SYMBOL(costate_model_create), SYMBOL(costate_model_destroy), SYMBOL(costate_model_reserve), SYMBOL(costate_model_seed),
      SYMBOL(costate_model_set), SYMBOL(costate_model_load), SYMBOL(costate_model_save), SYMBOL(costate_model_invoke),
      SYMBOL(costate_model_context), SYMBOL(costate_fail),
      // Extern kernels.
      SYMBOL(costate_cholesky_f32), SYMBOL(costate_cholesky_f64), SYMBOL(costate_triangular_solve_f32),
      SYMBOL(costate_triangular_solve_f64), SYMBOL(costate_argsort_f32), SYMBOL(costate_argsort_f64), SYMBOL(costate_argsort_i32),
      SYMBOL(costate_argsort_i64), SYMBOL(costate_take_along_b1), SYMBOL(costate_take_along_b2), SYMBOL(costate_take_along_b4),
      SYMBOL(costate_take_along_b8), SYMBOL(costate_top_k_f32), SYMBOL(costate_top_k_f64), SYMBOL(costate_top_k_i32),
      SYMBOL(costate_top_k_i64),
      // What Halide's objects call.
      SYMBOL(halide_do_par_for), SYMBOL(halide_malloc), SYMBOL(halide_free), SYMBOL(halide_error),
      // What LLVM may put in place of a loop or an instruction that the target lacks.
      SYMBOL(memcpy), SYMBOL(memmove), SYMBOL(memset), SYMBOL(memcmp), LIBM(floor), LIBM(ceil), LIBM(trunc), LIBM(rint), LIBM(nearbyint),
      LIBM(round),
      {"fma", reinterpret_cast<void *>(as<double(double, double, double)>(&std::fma))},
      {"fmaf", reinterpret_cast<void *>(as<float(float, float, float)>(&std::fma))},
      {"fmod", reinterpret_cast<void *>(as<double(double, double)>(&std::fmod))},
      {"fmodf", reinterpret_cast<void *>(as<float(float, float)>(&std::fmod))},
  };
#undef LIBM
#undef SYMBOL
  return symbols;
}

} // namespace costate
