// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Dense factorizations and solves, one matrix an item. Inner loops run along rows and update them in place (axpy): they vectorise without
// reordering a sum, and every sum is taken in the order of k.
#include "costate/runtime/Context.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

using namespace costate::runtime;

/// l <- Cholesky factor of the lower triangle of a; l may be a. Works on u = l', whose rows are contiguous, in the upper triangle of l.
template <typename T>
static void choleskyOne(const T *a, T *l, int64_t n) {
  for (int64_t i = 0; i < n; ++i) // reads below the diagonal, writes above it: safe in place
    for (int64_t j = 0; j <= i; ++j)
      l[j * n + i] = a[i * n + j];
  bool isDefinite = true;
  for (int64_t k = 0; k < n; ++k) {
    T *row = l + k * n;
    isDefinite &= row[k] > 0;
    T pivot = std::sqrt(row[k]);
    row[k] = pivot;
    for (int64_t j = k + 1; j < n; ++j)
      row[j] /= pivot;
    for (int64_t i = k + 1; i < n; ++i) {
      T *below = l + i * n;
      T factor = row[i];
      for (int64_t j = i; j < n; ++j)
        below[j] -= factor * row[j];
    }
  }
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = i + 1; j < n; ++j) {
      l[j * n + i] = l[i * n + j];
      l[i * n + j] = 0;
    }
  if (!isDefinite) // the whole factor, for the part in front of the first bad pivot is no factor of anything
    for (int64_t i = 0; i < n; ++i)
      std::fill(l + i * n, l + i * n + i + 1, std::numeric_limits<T>::quiet_NaN());
}

template <typename T>
static int32_t cholesky(costate_context *context, const T *a, T *l, int64_t batch, int64_t n) {
  return parallelFor(context, batch, batch * n * n * n / 3, [=](int64_t b) -> int32_t {
    choleskyOne(a + b * n * n, l + b * n * n, n);
    return COSTATE_OK;
  });
}

/// Substitution, forward if op(a) is lower triangular, else backward; x holds b on entry.
template <typename T>
static void substitute(const T *a, T *x, int64_t n, int64_t m, bool lower, bool transpose, bool unit) {
  bool forward = lower != transpose;
  for (int64_t step = 0; step < n; ++step) {
    int64_t i = forward ? step : n - 1 - step;
    T *row = x + i * m;
    for (int64_t solved = 0; solved < step; ++solved) {
      int64_t k = forward ? solved : n - 1 - solved;
      T factor = transpose ? a[k * n + i] : a[i * n + k];
      const T *above = x + k * m;
      for (int64_t j = 0; j < m; ++j)
        row[j] -= factor * above[j];
    }
    if (unit)
      continue;
    T pivot = a[i * n + i];
    for (int64_t j = 0; j < m; ++j)
      row[j] /= pivot;
  }
}

/// The same of one column, with the same bits: every element of x takes its terms in the same order, but several elements take theirs at once, for one alone
/// waits for each of its own.
template <typename T>
static void substituteOne(const T *a, T *x, int64_t n, bool lower, bool transpose, bool unit) {
  bool forward = lower != transpose;
  auto at = [=](int64_t step) { return forward ? step : n - 1 - step; };
  if (transpose) {
    for (int64_t step = 0; step < n; ++step) {
      int64_t k = at(step);
      const T *row = a + k * n; // op(a) has it as a column
      if (!unit)
        x[k] /= row[k];
      T factor = x[k];
      for (int64_t i = forward ? k + 1 : 0, end = forward ? n : k; i < end; ++i)
        x[i] -= row[i] * factor;
    }
    return;
  }
  constexpr int64_t width = 8;
  for (int64_t begin = 0; begin < n; begin += width) {
    int64_t rows = std::min(width, n - begin);
    T sums[width] = {};
    const T *row[width];
    for (int64_t r = 0; r < width; ++r) {
      row[r] = a + at(begin + std::min(r, rows - 1)) * n;
      sums[r] = x[at(begin + std::min(r, rows - 1))];
    }
    for (int64_t step = 0; step < begin; ++step) {
      int64_t k = at(step);
      T factor = x[k];
      for (int64_t r = 0; r < width; ++r)
        sums[r] -= row[r][k] * factor;
    }
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t before = 0; before < r; ++before)
        sums[r] -= row[r][at(begin + before)] * sums[before];
      if (!unit)
        sums[r] /= row[r][at(begin + r)];
    }
    for (int64_t r = 0; r < rows; ++r)
      x[at(begin + r)] = sums[r];
  }
}

template <typename T>
static int32_t triangularSolve(costate_context *context, const T *a, const T *b, T *x, int64_t batch, int64_t n, int64_t m, int64_t lower,
                               int64_t transpose, int64_t unit) {
  return parallelFor(context, batch, batch * n * n * m, [=](int64_t item) -> int32_t {
    T *solution = x + item * n * m;
    if (n * m > 0)
      std::memmove(solution, b + item * n * m, n * m * sizeof(T));
    if (m == 1)
      substituteOne(a + item * n * n, solution, n, lower != 0, transpose != 0, unit != 0);
    else
      substitute(a + item * n * n, solution, n, m, lower != 0, transpose != 0, unit != 0);
    return COSTATE_OK;
  });
}

// ==== costate.h =====================================================================================================================

int32_t costate_cholesky_f32(costate_context *context, const float *a, float *l, int64_t batch, int64_t n) {
  return cholesky(context, a, l, batch, n);
}
int32_t costate_cholesky_f64(costate_context *context, const double *a, double *l, int64_t batch, int64_t n) {
  return cholesky(context, a, l, batch, n);
}
int32_t costate_triangular_solve_f32(costate_context *context, const float *a, const float *b, float *x, int64_t batch, int64_t n, int64_t m,
                                     int64_t lower, int64_t transpose, int64_t unit) {
  return triangularSolve(context, a, b, x, batch, n, m, lower, transpose, unit);
}
int32_t costate_triangular_solve_f64(costate_context *context, const double *a, const double *b, double *x, int64_t batch, int64_t n, int64_t m,
                                     int64_t lower, int64_t transpose, int64_t unit) {
  return triangularSolve(context, a, b, x, batch, n, m, lower, transpose, unit);
}
