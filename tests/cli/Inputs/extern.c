/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* What extern.costate calls. */
#include <costate/runtime/costate.h>

#include <math.h>

int32_t scaled_cubes(costate_context *context, const float *x, float k, float *y, float *total, int64_t n, int64_t m, void *data) {
  (void)context, (void)data;
  *total = 0;
  for (int64_t i = 0; i < n * m; ++i)
    *total += y[i] = k * x[i] * x[i] * x[i];
  return 0;
}

int32_t cubes_vjp(costate_context *context, const float *x, float k, const float *dy, float *dx, int64_t n, int64_t m, void *data) {
  (void)context, (void)data;
  for (int64_t i = 0; i < n * m; ++i)
    dx[i] = 3 * k * x[i] * x[i] * dy[i];
  return 0;
}

int32_t norms(costate_context *context, const double *x, double p, double *result, int64_t n, void *data) {
  (void)context, (void)data;
  *result = 0;
  for (int64_t i = 0; i < n; ++i)
    *result += pow(fabs(x[i]), p);
  return 0;
}

int32_t mixed(costate_context *context, const double *a, const int32_t *b, int64_t c, uint8_t d, const uint8_t *e, int8_t f, float g, uint8_t h,
              const uint8_t *i, double *both, int64_t *sum, uint8_t *longer, uint8_t *odd, int64_t n, int64_t m, void *data) {
  if (!context || data || g != 0.25f)
    return COSTATE_INTERNAL;
  *sum = c + d + f + h + n + m;
  for (int64_t k = 0; k < n; ++k) {
    both[2 * k] = a[k];
    both[2 * k + 1] = e[k];
    longer[k] = e[k];
  }
  longer[n] = 255;
  for (int64_t k = 0; k < m; ++k) {
    *sum += b[k];
    odd[k] = i[k] ^ i[m + k];
  }
  return 0;
}

int32_t many(costate_context *context, double a, float b, double c, float d, double e, float f, double g, float h, double i, float j, int8_t k, uint8_t l,
             uint8_t m, int64_t o, int32_t p, double *result, void *data) {
  (void)context, (void)data;
  *result = a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j + 11.0 * k + 12.0 * l + 13.0 * m + 14.0 * o + 15.0 * p;
  return 0;
}

int32_t positive(costate_context *context, const float *x, int32_t limit, float *result, int64_t n, void *data) {
  (void)data;
  for (int64_t i = 0; i < n; ++i) {
    if (x[i] < 0)
      return costate_fail(context, COSTATE_UNIMPLEMENTED, "requires positive elements");
    if (x[i] > limit)
      return -7;
    result[i] = x[i];
  }
  return 0;
}
