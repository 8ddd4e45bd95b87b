// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Eigenvalues and vectors of symmetric matrices, one matrix an item: Householder's reduction to a tridiagonal matrix, then implicit QL. The vectors are
// rows while they are made.
#include "costate/runtime/Context.h"
#include "costate/runtime/kernels/Householder.h"

using namespace costate::runtime;

/// a = z' T z with T tridiagonal, d on its diagonal and e beside it (Golub & Van Loan, Matrix Computations, algorithm 8.3.1). a is symmetric, all of it
/// is read; it is overwritten. taus, p: n each.
template <typename T>
static void tridiagonalize(T *a, T *z, T *d, T *e, T *taus, T *p, int64_t n) {
  for (int64_t k = 0; k + 1 < n; ++k) {
    int64_t count = n - k - 1;
    T *v = a + k * n + k + 1, *rest = a + (k + 1) * n + k + 1;
    T tau = taus[k] = makeReflector(v, count, 1);
    e[k] = v[0];
    v[0] = 1;
    for (int64_t i = 0; i < count; ++i)
      p[i] = tau * dot(rest + i * n, v, count);
    subtract(p, tau / 2 * dot(p, v, count), v, count);
    for (int64_t i = 0; i < count; ++i)
      for (int64_t j = 0; j < count; ++j)
        rest[i * n + j] -= v[i] * p[j] + p[i] * v[j];
  }
  for (int64_t i = 0; i < n; ++i) {
    d[i] = a[i * n + i];
    std::fill(z + i * n, z + (i + 1) * n, T(0));
    z[i * n + i] = 1;
  }
  for (int64_t k = n - 2; k >= 0; --k)
    for (int64_t i = k + 1; i < n; ++i) {
      const T *v = a + k * n + k + 1;
      T *row = z + i * n + k + 1;
      subtract(row, taus[k] * dot(row, v, n - k - 1), v, n - k - 1);
    }
}

/// Diagonalizes the tridiagonal matrix (d, e) by QL steps with Wilkinson's shift, and rotates the rows of z with it: EISPACK's imtql2 (Martin &
/// Wilkinson 1968, Dubrulle 1970). False if a value has not converged in 50 steps. An e is nothing beside the norm of the matrix, not beside its own d alone:
/// where the matrix is nearly singular, the d are rounding errors of that size themselves, and each step makes new ones.
template <typename T>
static bool diagonalize(T *d, T *e, T *z, int64_t n) {
  T norm = 0;
  for (int64_t i = 0; i < n; ++i)
    norm = std::max({norm, std::abs(d[i]), i + 1 < n ? std::abs(e[i]) : T(0)});
  for (int64_t l = 0; l < n; ++l)
    for (int64_t step = 0;; ++step) {
      int64_t m = l; // the first place from l on where the matrix falls apart
      while (m + 1 < n && std::abs(e[m]) > std::numeric_limits<T>::epsilon() * std::max(norm, std::abs(d[m]) + std::abs(d[m + 1])))
        ++m;
      if (m == l)
        break;
      if (step == 50)
        return false;
      T g = (d[l + 1] - d[l]) / (2 * e[l]);
      g = d[m] - d[l] + e[l] / (g + std::copysign(std::hypot(g, T(1)), g));
      T s = 1, c = 1, p = 0;
      int64_t i = m - 1;
      for (; i >= l; --i) {
        T f = s * e[i], b = c * e[i], r = std::hypot(f, g);
        e[i + 1] = r;
        if (r == 0) { // underflow: the matrix falls apart here
          d[i + 1] -= p;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        rotate(z + i * n, z + (i + 1) * n, c, s, n);
      }
      if (i < l) {
        d[l] -= p;
        e[l] = g;
      }
      e[m] = 0;
    }
  return true;
}

/// work: n * n + 3 n
template <typename T>
static void eighOne(const T *a, T *w, T *v, T *work, int64_t n) {
  T *matrix = work, *e = work + n * n;
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j <= i; ++j)
      matrix[i * n + j] = matrix[j * n + i] = a[i * n + j];
  T unscale = copyScaled(matrix, matrix, n * n);
  if (unscale != 0)
    tridiagonalize(matrix, v, w, e, e + n, e + 2 * n, n);
  if (unscale == 0 || !diagonalize(w, e, v, n)) {
    fillNan(w, n);
    fillNan(v, n * n);
    return;
  }
  for (int64_t i = 0; i < n; ++i) {
    int64_t least = std::min_element(w + i, w + n) - w;
    if (least != i) {
      std::swap(w[i], w[least]);
      std::swap_ranges(v + i * n, v + (i + 1) * n, v + least * n);
    }
    w[i] *= unscale;
    T sign = orientation(v + i * n, n);
    for (int64_t j = 0; j < n; ++j)
      v[i * n + j] *= sign;
  }
  for (int64_t i = 0; i < n; ++i)
    for (int64_t j = 0; j < i; ++j)
      std::swap(v[i * n + j], v[j * n + i]);
}

template <typename T>
static int32_t eigh(costate_context *context, const T *a, T *w, T *v, int64_t batch, int64_t n) {
  return parallelFor(context, batch, batch * n * n * n * 9, [=](int64_t b) -> int32_t {
    ScratchArray<T> work(context, n * n + 3 * n);
    if (!work.get())
      return costate_fail(context, COSTATE_OUT_OF_MEMORY, "eigh: out of memory");
    eighOne(a + b * n * n, w + b * n, v + b * n * n, work.get(), n);
    return COSTATE_OK;
  });
}

// ==== costate.h =====================================================================================================================

int32_t costate_eigh_f32(costate_context *context, const float *a, float *w, float *v, int64_t batch, int64_t n) {
  return eigh(context, a, w, v, batch, n);
}
int32_t costate_eigh_f64(costate_context *context, const double *a, double *w, double *v, int64_t batch, int64_t n) {
  return eigh(context, a, w, v, batch, n);
}
