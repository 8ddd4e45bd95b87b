// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// LU with partial pivoting, one matrix an item.
#include "costate/runtime/Context.h"
#include "costate/runtime/kernels/Householder.h"

#include <numeric>

using namespace costate::runtime;

/// row <- row - factors[0] rows[0] - factors[1] rows[1] ..., in this order for each element; four at a time, so that it is read and written once for four.
template <typename T>
static void subtractRows(T *row, const T *factors, const T *rows, int64_t count, int64_t stride, int64_t width) {
  int64_t k = 0;
  for (; k + 4 <= count; k += 4) {
    const T *first = rows + k * stride, *second = first + stride, *third = second + stride, *fourth = third + stride;
    T f0 = factors[k], f1 = factors[k + 1], f2 = factors[k + 2], f3 = factors[k + 3];
    for (int64_t j = 0; j < width; ++j)
      row[j] = row[j] - f0 * first[j] - f1 * second[j] - f2 * third[j] - f3 * fourth[j];
  }
  for (; k < count; ++k)
    subtract(row, factors[k], rows + k * stride, width);
}

/// Factorizes columns [begin, end) below row `begin`: the left half, its effect on the right half, the right half, which blocks for every cache
/// (Toledo 1997, Locality of reference in LU decomposition with partial pivoting). Rows are exchanged whole.
template <typename T>
static void factorize(T *a, int32_t *perm, int64_t n, int64_t begin, int64_t end) {
  if (end - begin > 1) {
    int64_t middle = begin + (end - begin) / 2;
    factorize(a, perm, n, begin, middle);
    for (int64_t i = begin + 1; i < n; ++i)
      subtractRows(a + i * n + middle, a + i * n + begin, a + begin * n + middle, std::min(i, middle) - begin, n, end - middle);
    factorize(a, perm, n, middle, end);
    return;
  }
  int64_t pivot = begin;
  for (int64_t i = begin + 1; i < n; ++i)
    if (std::abs(a[i * n + begin]) > std::abs(a[pivot * n + begin]))
      pivot = i;
  if (pivot != begin) {
    std::swap_ranges(a + begin * n, a + (begin + 1) * n, a + pivot * n);
    std::swap(perm[begin], perm[pivot]);
  }
  T divisor = a[begin * n + begin];
  if (divisor != 0)
    for (int64_t i = begin + 1; i < n; ++i)
      a[i * n + begin] /= divisor;
}

template <typename T>
static int32_t lu(costate_context *context, const T *a, T *packed, int32_t *perm, int64_t batch, int64_t n) {
  return parallelFor(context, batch, batch * n * n * n, [=](int64_t b) -> int32_t {
    const T *source = a + b * n * n;
    T *target = packed + b * n * n;
    int32_t *rows = perm + b * n;
    std::iota(rows, rows + n, 0);
    if (!isFinite(source, n * n)) {
      fillNan(target, n * n);
      return COSTATE_OK;
    }
    if (source != target)
      std::copy(source, source + n * n, target);
    if (n > 0)
      factorize(target, rows, n, 0, n);
    return COSTATE_OK;
  });
}

// ==== costate.h =====================================================================================================================

int32_t costate_lu_f32(costate_context *context, const float *a, float *packed, int32_t *perm, int64_t batch, int64_t n) {
  return lu(context, a, packed, perm, batch, n);
}
int32_t costate_lu_f64(costate_context *context, const double *a, double *packed, int32_t *perm, int64_t batch, int64_t n) {
  return lu(context, a, packed, perm, batch, n);
}
