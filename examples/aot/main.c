/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * Trains the compiled digits model: no Python, no LLVM, no Halide in the program.  usage: digits DATA.npz [EPOCHS [THREADS]]
 * The batches are those of `costate train` with the same seed; so are the losses, bit for bit. */
#include "digits.h"

#include <stdio.h>
#include <stdlib.h>

static int failed(int32_t code, const costate_context *context) {
  if (code)
    fprintf(stderr, "error: %s\n", costate_context_last_error(context));
  return code != 0;
}

int main(int argc, char **argv) {
  const int64_t batch = 32, seed = 0;
  const char *data = argc > 1 ? argv[1] : "digits.npz";
  const int64_t epochs = argc > 2 ? atoll(argv[2]) : 30;
  costate_context *context = NULL;
  costate_dataset *train = NULL, *test = NULL;
  costate_batches *batches = NULL;
  digits *model = NULL;
  if (costate_context_create(argc > 3 ? atoi(argv[3]) : 0, &context))
    return fprintf(stderr, "error: cannot start threads\n"), 1;
  if (failed(costate_dataset_open(context, digits_info(), "train_step", data, "train", &train), context) ||
      failed(costate_dataset_open(context, digits_info(), "train_step", data, "test", &test), context))
    return 1;
  const digits_dims largest = {costate_dataset_size(test)};
  if (failed(digits_create(context, &largest, &model), context) || failed(digits_seed(model, seed), context) ||
      failed(costate_batches_create(train, batch, seed, 1, &batches), context))
    return 1;

  digits_metrics metrics;
  for (int64_t step = 0; step < epochs * costate_batches_count(batches); ++step) {
    void *const *arrays; /* x, then y */
    int64_t rows;
    if (failed(costate_batches_next(batches, &arrays, &rows), context) ||
        failed(digits_train_step(model, arrays[0], arrays[1], rows, &metrics), context))
      return 1;
    printf("%lld %.9g\n", (long long)step, (double)metrics.loss);
  }

  void *const *arrays;
  int64_t rows;
  costate_batches_destroy(batches);
  if (failed(costate_batches_create(test, largest.batch, seed, 0, &batches), context) ||
      failed(costate_batches_next(batches, &arrays, &rows), context) ||
      failed(digits_evaluate(model, arrays[0], arrays[1], rows, &metrics), context))
    return 1;
  printf("test accuracy %.4f\n", (double)metrics.accuracy);
  costate_batches_destroy(batches);
  costate_dataset_destroy(test);
  costate_dataset_destroy(train);
  digits_destroy(model);
  costate_context_destroy(context);
  return 0;
}
