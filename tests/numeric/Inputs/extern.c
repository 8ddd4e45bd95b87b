/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* What extern.mlir calls. */
#include <stdint.h>

int32_t cube(void *context, const double *x, double k, double *y, double *total, int64_t n, void *data) {
  (void)context, (void)data;
  *total = 0;
  for (int64_t i = 0; i < n; ++i)
    *total += y[i] = k * x[i] * x[i] * x[i];
  return 0;
}

int32_t cube_slope(void *context, const double *x, double k, const double *dy, double *dx, int64_t n, void *data) {
  (void)context, (void)data;
  for (int64_t i = 0; i < n; ++i)
    dx[i] = 3 * k * x[i] * x[i] * dy[i];
  return 0;
}

int32_t widen(void *context, const uint8_t *x, int8_t low, uint8_t high, uint8_t on, const int32_t *places, int64_t *out, uint8_t *parts, int64_t n,
              void *data) {
  (void)context, (void)data;
  for (int64_t i = 0; i < n; ++i) {
    out[i] = low + high + (on ? 1000 : 0) + x[i];
    parts[2 * i] = x[i];
    parts[2 * i + 1] = (uint8_t)places[i];
  }
  return 0;
}
