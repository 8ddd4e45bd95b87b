/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Fits the model of entries.costate as `costate run --entry fit` does: fitted X.bin Y.bin ROWS OUT.safetensors */
#include "fitted.h"

#include <stdio.h>
#include <stdlib.h>

static float *readAll(const char *path, size_t count) {
  FILE *file = fopen(path, "rb");
  float *data = malloc(count * sizeof *data);
  if (!file || !data || fread(data, sizeof *data, count, file) != count)
    exit(2);
  fclose(file);
  return data;
}

int main(int argc, char **argv) {
  (void)argc;
  int64_t rows = atoll(argv[3]);
  float *x = readAll(argv[1], rows * 5), *y = readAll(argv[2], rows), error, fits, out[2];
  costate_context *context;
  fitted *model;
  fitted_dims max = {0};
  max.n = rows;
  max.batch = 2;
  if (costate_context_create(1, &context) || fitted_create(context, &max, &model))
    return 1;
  if (fitted_set(model, fitted_hyper_fit_trips, 150) || fitted_fit(model, x, y, rows, &error, &fits))
    return 3;
  if (fitted_save(model, argv[4]))
    return 4;
  float two = 2;
  if (fitted_apply(model, x, &two, 2, out))
    return 5;
  printf("error %.9g, fits %g, twice %.9g\n", error, fits, out[1]);
  fitted_destroy(model);
  costate_context_destroy(context);
  free(x);
  free(y);
  return 0;
}
