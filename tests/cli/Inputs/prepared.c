/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Prepares the model of prepared.costate with the batches of `costate train`, and saves it: prepared X.bin Y.bin ROWS OUT.safetensors */
#include "prepared.h"

#include <stdio.h>
#include <stdlib.h>

static void *readAll(const char *path, size_t bytes) {
  FILE *file = fopen(path, "rb");
  void *data = malloc(bytes);
  if (!file || !data || fread(data, 1, bytes, file) != bytes)
    exit(2);
  fclose(file);
  return data;
}

int main(int argc, char **argv) {
  (void)argc;
  int64_t rows = atoll(argv[3]);
  float *x = readAll(argv[1], rows * 13 * sizeof(float));
  int32_t *y = readAll(argv[2], rows * sizeof(int32_t));
  costate_context *context;
  prepared *model;
  prepared_dims max = {32};
  if (costate_context_create(1, &context) || prepared_create(context, &max, &model))
    return 1;
  for (int64_t from = 0; from < rows; from += 32)
    if (prepared_prepare(model, x + 13 * from, y + from, rows - from < 32 ? rows - from : 32))
      return 3;
  if (prepared_save(model, argv[4]))
    return 4;
  prepared_destroy(model);
  costate_context_destroy(context);
  free(x);
  free(y);
  return 0;
}
