// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Singular values and vectors, one matrix an item: a = Q R, then rotations make the rows of R orthogonal (one-sided Jacobi after Drmac & Veselic 2008,
// LAWN 169 and 170, without its pivoting). It is slower than a reduction to a bidiagonal matrix, a third as long, and small values come out
// as well as large ones.
#include "costate/runtime/Context.h"
#include "costate/runtime/kernels/Householder.h"

using namespace costate::runtime;

/// Rotates pairs of rows of x until all are orthogonal, and the rows of g in the same way. The angle is Rutishauser's; a matrix takes six to ten sweeps.
template <typename T>
static void orthogonalizeRows(T *x, T *g, int64_t n) {
  constexpr T tolerance = std::numeric_limits<T>::epsilon();
  bool isRotated = true;
  for (int sweep = 0; sweep < 40 && isRotated; ++sweep) {
    isRotated = false;
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = i + 1; j < n; ++j) {
        T *p = x + i * n, *q = x + j * n;
        T pp = dot(p, p, n), qq = dot(q, q, n), pq = dot(p, q, n);
        if (std::abs(pq) <= tolerance * std::sqrt(pp) * std::sqrt(qq) + std::numeric_limits<T>::min())
          continue;
        isRotated = true;
        T zeta = (qq - pp) / (2 * pq), t = std::copysign(T(1), zeta) / (std::abs(zeta) + std::hypot(zeta, T(1)));
        T c = 1 / std::hypot(t, T(1));
        rotate(p, q, c, c * t, n);
        rotate(g + i * n, g + j * n, c, c * t, n);
      }
  }
}

/// Fills row i with a unit vector that is orthogonal to the rows before it.
template <typename T>
static void completeRow(T *x, int64_t i, int64_t n) {
  // The axis that the rows before reach the least; what is left of it has a length of at least sqrt(1 - i / n).
  int64_t axis = 0;
  T least = std::numeric_limits<T>::infinity();
  for (int64_t j = 0; j < n; ++j) {
    T reached = 0;
    for (int64_t k = 0; k < i; ++k)
      reached += x[k * n + j] * x[k * n + j];
    if (reached < least) {
      least = reached;
      axis = j;
    }
  }
  T *row = x + i * n;
  std::fill(row, row + n, T(0));
  row[axis] = 1;
  for (int pass = 0; pass < 2; ++pass) { // twice is enough
    for (int64_t k = 0; k < i; ++k)
      subtract(row, dot(row, x + k * n, n), x + k * n, n);
    T length = std::sqrt(dot(row, row, n));
    for (int64_t j = 0; j < n; ++j)
      row[j] /= length;
  }
}

/// work: n * n + 2 n
template <typename T>
static void svdOne(const T *a, T *u, T *s, T *vh, T *work, int64_t m, int64_t n) {
  T unscale = copyScaled(a, u, m * n);
  if (unscale == 0) {
    fillNan(u, m * n);
    fillNan(s, n);
    fillNan(vh, n * n);
    return;
  }
  T *g = work, *taus = work + n * n, *row = taus + n;
  triangularize(u, taus, row, m, n);
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < n; ++j) {
      vh[i * n + j] = j < i ? 0 : u[i * n + j];
      g[i * n + j] = i == j;
    }
  formQ(u, taus, row, m, n);
  orthogonalizeRows(vh, g, n); // g R = diag(s) vh
  constexpr T tiny = std::numeric_limits<T>::min() / std::numeric_limits<T>::epsilon(); // a square below has lost digits
  for (int64_t i = 0; i < n; ++i) {
    T square = dot(vh + i * n, vh + i * n, n);
    s[i] = square < tiny ? 0 : std::sqrt(square);
  }
  for (int64_t i = 0; i < n; ++i) {
    int64_t largest = std::max_element(s + i, s + n) - s;
    if (largest != i) {
      std::swap(s[i], s[largest]);
      std::swap_ranges(vh + i * n, vh + (i + 1) * n, vh + largest * n);
      std::swap_ranges(g + i * n, g + (i + 1) * n, g + largest * n);
    }
    if (s[i] == 0)
      completeRow(vh, i, n);
    else
      for (int64_t j = 0; j < n; ++j)
        vh[i * n + j] /= s[i];
    T sign = orientation(vh + i * n, n);
    for (int64_t j = 0; j < n; ++j) {
      vh[i * n + j] *= sign;
      g[i * n + j] *= sign;
    }
    s[i] *= unscale;
  }
  for (int64_t i = 0; i < m; ++i) { // u <- Q g'
    std::copy(u + i * n, u + (i + 1) * n, row);
    for (int64_t j = 0; j < n; ++j)
      u[i * n + j] = dot(row, g + j * n, n);
  }
}

template <typename T>
static int32_t svd(costate_context *context, const T *a, T *u, T *s, T *vh, int64_t batch, int64_t m, int64_t n) {
  if (m < n)
    return costate_fail(context, COSTATE_INVALID_ARGUMENT, text("svd requires at least as many rows as columns, but got ", m, " and ", n).c_str());
  return parallelFor(context, batch, batch * n * n * (4 * m + 32 * n), [=](int64_t b) -> int32_t {
    ScratchArray<T> work(context, n * n + 2 * n);
    if (!work.get())
      return costate_fail(context, COSTATE_OUT_OF_MEMORY, "svd: out of memory");
    svdOne(a + b * m * n, u + b * m * n, s + b * n, vh + b * n * n, work.get(), m, n);
    return COSTATE_OK;
  });
}

// ==== costate.h =====================================================================================================================

int32_t costate_svd_f32(costate_context *context, const float *a, float *u, float *s, float *vh, int64_t batch, int64_t m, int64_t n) {
  return svd(context, a, u, s, vh, batch, m, n);
}
int32_t costate_svd_f64(costate_context *context, const double *a, double *u, double *s, double *vh, int64_t batch, int64_t m, int64_t n) {
  return svd(context, a, u, s, vh, batch, m, n);
}
