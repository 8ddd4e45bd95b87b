// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the orthogonal factorizations are made of. Matrices are row-major and inner loops run along rows, so they vectorise without reordering a sum.
#ifndef COSTATE_RUNTIME_KERNELS_HOUSEHOLDER_H
#define COSTATE_RUNTIME_KERNELS_HOUSEHOLDER_H

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace costate::runtime {

template <typename T>
void fillNan(T *x, int64_t count) {
  std::fill(x, x + count, std::numeric_limits<T>::quiet_NaN());
}

template <typename T>
bool isFinite(const T *x, int64_t count) {
  T sum = 0;
  for (int64_t i = 0; i < count; ++i)
    sum += 0 * x[i];
  return sum == 0;
}

/// to <- from times a power of two, so that the largest magnitude is about 1 and no square overflows. Returns what takes it back; 0, and nothing is
/// written, if an element is not finite. `to` may be `from`.
template <typename T>
T copyScaled(const T *from, T *to, int64_t count) {
  if (!isFinite(from, count))
    return 0;
  T largest = 0;
  for (int64_t i = 0; i < count; ++i)
    largest = std::max(largest, std::abs(from[i]));
  constexpr int bound = std::numeric_limits<T>::max_exponent - 4; // both powers are normal numbers
  int exponent = largest > 0 ? std::clamp(std::ilogb(largest), -bound, bound) : 0;
  T scale = std::ldexp(T(1), -exponent);
  for (int64_t i = 0; i < count; ++i)
    to[i] = scale * from[i];
  return std::ldexp(T(1), exponent);
}

/// Sum of products, in as many interleaved parts as vectorise well: an order that depends on `count` alone.
template <typename T>
T dot(const T *x, const T *y, int64_t count) {
  constexpr int64_t parts = 16;
  T sums[parts] = {};
  int64_t whole = count - count % parts;
  for (int64_t i = 0; i < whole; i += parts)
    for (int64_t part = 0; part < parts; ++part)
      sums[part] += x[i + part] * y[i + part];
  for (int64_t i = whole; i < count; ++i)
    sums[i - whole] += x[i] * y[i];
  for (int64_t width = parts / 2; width > 0; width /= 2)
    for (int64_t part = 0; part < width; ++part)
      sums[part] += sums[part + width];
  return sums[0];
}

/// y <- y - factor x
template <typename T>
void subtract(T *y, T factor, const T *x, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    y[i] -= factor * x[i];
}

/// The rotation (x, y) <- (c x - s y, s x + c y).
template <typename T>
void rotate(T *x, T *y, T c, T s, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    T kept = x[i];
    x[i] = c * kept - s * y[i];
    y[i] = s * kept + c * y[i];
  }
}

/// -1 if a vector of unit length is to change its sign (costate.h, eigh), else 1.
template <typename T>
T orientation(const T *x, int64_t count) {
  T largest = 0;
  for (int64_t i = 0; i < count; ++i)
    largest = std::max(largest, std::abs(x[i]));
  const T *first = std::find_if(x, x + count, [=](T element) { return std::abs(element) >= T(0.37) * largest; });
  return first != x + count && *first < 0 ? T(-1) : T(1);
}

/// The reflector H = I - tau v v', v[0] = 1, that takes x to (beta, 0, ..., 0), as LAPACK's larfg. Leaves beta in x[0], behind it the rest of v;
/// returns tau. H is as orthogonal as tau fits v, so the length is taken with care.
template <typename T>
T makeReflector(T *x, int64_t count, int64_t stride) {
  double largest = 0;
  for (int64_t i = 1; i < count; ++i)
    largest = std::max<double>(largest, std::abs(x[i * stride]));
  if (largest == 0)
    return 0;
  double first = x[0], sums[8] = {};
  largest = std::max(largest, std::abs(first));
  for (int64_t i = 0; i < count; ++i)
    sums[i % 8] += (x[i * stride] / largest) * (x[i * stride] / largest);
  double sum = ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
  double norm = largest * std::sqrt(sum), beta = first > 0 ? -norm : norm;
  for (int64_t i = 1; i < count; ++i)
    x[i * stride] = T(x[i * stride] / (first - beta));
  x[0] = T(beta);
  return T((beta - first) / beta);
}

/// a[m, n], m >= n: R on and above the diagonal, the reflectors H_0 ... H_{n-1} below it, with Q = H_0 ... H_{n-1} (Golub & Van Loan, Matrix
/// Computations, algorithm 5.2.1). taus, sums: n each.
template <typename T>
void triangularize(T *a, T *taus, T *sums, int64_t m, int64_t n) {
  for (int64_t k = 0; k < n; ++k) {
    T tau = taus[k] = makeReflector(a + k * n + k, m - k, n);
    int64_t count = n - k - 1;
    T *head = a + k * n + k + 1;
    std::copy(head, head + count, sums);
    for (int64_t i = k + 1; i < m; ++i)
      subtract(sums, -a[i * n + k], a + i * n + k + 1, count);
    for (int64_t j = 0; j < count; ++j)
      sums[j] *= tau;
    subtract(head, T(1), sums, count);
    for (int64_t i = k + 1; i < m; ++i)
      subtract(a + i * n + k + 1, a[i * n + k], sums, count);
  }
}

/// The first n columns of Q, in place of what `triangularize` left: algorithm 5.1.5 of the same book, backward.
template <typename T>
void formQ(T *a, const T *taus, T *sums, int64_t m, int64_t n) {
  for (int64_t k = n - 1; k >= 0; --k) {
    T tau = taus[k];
    int64_t count = n - k - 1;
    std::fill(sums, sums + count, T(0)); // row k of the columns behind is still that of the identity, 0
    for (int64_t i = k + 1; i < m; ++i)
      subtract(sums, -a[i * n + k], a + i * n + k + 1, count);
    for (int64_t j = 0; j < count; ++j) {
      sums[j] *= tau;
      a[k * n + k + 1 + j] = 0 - sums[j];
    }
    a[k * n + k] = 1 - tau;
    for (int64_t i = k + 1; i < m; ++i) {
      subtract(a + i * n + k + 1, a[i * n + k], sums, count);
      a[i * n + k] *= -tau;
    }
  }
}

} // namespace costate::runtime

#endif // COSTATE_RUNTIME_KERNELS_HOUSEHOLDER_H
