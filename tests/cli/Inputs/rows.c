/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * Trains the compiled model rows.costate: rows DATA.npz EPOCHS PARAMS.safetensors */
#include "seen.h"

#include <stdio.h>
#include <stdlib.h>

static int failed(int32_t code, const costate_context *context) {
  if (code)
    fprintf(stderr, "error: %s\n", costate_context_last_error(context));
  return code != 0;
}

int main(int argc, char **argv) {
  costate_context *context = NULL;
  costate_dataset *data = NULL;
  costate_batches *batches = NULL;
  seen *model = NULL;
  const seen_dims largest = {.batch = 8};
  if (argc != 4 || costate_context_create(1, &context))
    return 1;
  if (failed(costate_dataset_open(context, seen_info(), "train_step", argv[1], "", &data), context) ||
      failed(costate_batches_create(data, largest.batch, 5, 1, &batches), context) || failed(seen_create(context, &largest, &model), context))
    return 1;
  seen_metrics metrics;
  for (int64_t step = 0; step < atoll(argv[2]) * costate_batches_count(batches); ++step) {
    void *const *arrays; /* x, y, ids */
    int64_t rows;
    if (failed(costate_batches_next(batches, &arrays, &rows), context) ||
        failed(seen_train_step(model, arrays[0], arrays[1], arrays[2], rows, &metrics), context))
      return 1;
  }
  if (failed(seen_save(model, argv[3]), context))
    return 1;
  costate_batches_destroy(batches);
  costate_dataset_destroy(data);
  seen_destroy(model);
  costate_context_destroy(context);
  return 0;
}
