/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Trains the model of extern.costate, linked with extern.c: extern_main BATCH x.bin y.bin PARAMS OUT. Writes predictions from PARAMS, then losses. */
#include "cubic.h"

#include <stdio.h>
#include <stdlib.h>

static float *read_floats(const char *path, size_t count) {
  float *values = malloc(count * sizeof *values);
  FILE *file = fopen(path, "rb");
  if (!file || fread(values, sizeof *values, count, file) != count)
    exit(2);
  fclose(file);
  return values;
}

int main(int argc, char **argv) {
  if (argc != 6)
    return 2;
  const int64_t batch = atoi(argv[1]);
  float *x = read_floats(argv[2], 3 * batch), *y = read_floats(argv[3], batch), *out = malloc((batch + 1) * sizeof *out);
  costate_context *context;
  cubic *model;
  cubic_dims max = {batch};
  if (costate_context_create(0, &context) || cubic_create(context, &max, &model) || cubic_load(model, argv[4]) ||
      cubic_predict(model, x, batch, out, out + batch))
    return 1;
  FILE *file = fopen(argv[5], "wb");
  fwrite(out, sizeof *out, batch + 1, file);
  for (int step = 0; step < 10; ++step) {
    cubic_metrics metrics;
    if (cubic_train_step(model, x, y, batch, &metrics))
      return 1;
    fwrite(&metrics.loss, sizeof metrics.loss, 1, file);
  }
  fclose(file);
  printf("%s calls %d functions, such as %s\n", cubic_info()->name, (int)cubic_info()->num_externs, cubic_info()->externs[0].prototype);
  cubic_destroy(model);
  costate_context_destroy(context);
  free(x), free(y), free(out);
  return 0;
}
