// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// QR by Householder's reflections, one matrix an item.
#include "costate/runtime/Context.h"
#include "costate/runtime/kernels/Householder.h"

using namespace costate::runtime;

template <typename T>
static void qrOne(const T *a, T *q, T *r, T *work, int64_t m, int64_t n) {
  T unscale = copyScaled(a, q, m * n);
  if (unscale == 0) {
    fillNan(q, m * n);
    fillNan(r, n * n);
    return;
  }
  triangularize(q, work, work + n, m, n);
  for (int64_t i = 0; i < n; ++i) {
    std::fill(r + i * n, r + i * n + i, T(0));
    T factor = q[i * n + i] < 0 ? -unscale : unscale; // work[2 n + i] keeps the sign for column i of Q
    work[2 * n + i] = std::copysign(T(1), factor);
    for (int64_t j = i; j < n; ++j)
      r[i * n + j] = factor * q[i * n + j];
  }
  formQ(q, work, work + n, m, n);
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; ++j)
      q[i * n + j] *= work[2 * n + j];
}

template <typename T>
static int32_t qr(costate_context *context, const T *a, T *q, T *r, int64_t batch, int64_t m, int64_t n) {
  if (m < n)
    return costate_fail(context, COSTATE_INVALID_ARGUMENT, text("qr requires at least as many rows as columns, but got ", m, " and ", n).c_str());
  return parallelFor(context, batch, batch * m * n * n * 4, [=](int64_t b) -> int32_t {
    ScratchArray<T> work(context, 3 * n);
    if (!work.get())
      return costate_fail(context, COSTATE_OUT_OF_MEMORY, "qr: out of memory");
    qrOne(a + b * m * n, q + b * m * n, r + b * n * n, work.get(), m, n);
    return COSTATE_OK;
  });
}

// ==== costate.h =====================================================================================================================

int32_t costate_qr_f32(costate_context *context, const float *a, float *q, float *r, int64_t batch, int64_t m, int64_t n) {
  return qr(context, a, q, r, batch, m, n);
}
int32_t costate_qr_f64(costate_context *context, const double *a, double *q, double *r, int64_t batch, int64_t m, int64_t n) {
  return qr(context, a, q, r, batch, m, n);
}
