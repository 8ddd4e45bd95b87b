/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Trains the model of wide.costate: wide X.bin Y.bin IN.safetensors STEPS OUT.safetensors */
#include "wide.h"

#include <stdio.h>
#include <stdlib.h>

enum { rows = 32 };

static int readAll(const char *path, double *data, size_t count) {
  FILE *file = fopen(path, "rb");
  size_t read = file ? fread(data, sizeof(double), count, file) : 0;
  if (file)
    fclose(file);
  return read == count;
}

int main(int argc, char **argv) {
  static double x[rows * 3], y[rows];
  costate_context *context;
  wide *model;
  wide_metrics metrics;
  wide_dims max = {rows};
  if (argc != 6 || !readAll(argv[1], x, rows * 3) || !readAll(argv[2], y, rows))
    return 2;
  if (costate_context_create(1, &context) || wide_create(context, &max, &model) || wide_load(model, argv[3]))
    return 1;
  for (int step = atoi(argv[4]); step > 0; --step)
    if (wide_train_step(model, x, y, rows, &metrics))
      return 3;
  if (wide_save(model, argv[5]))
    return 4;
  wide_destroy(model);
  costate_context_destroy(context);
  return 0;
}
