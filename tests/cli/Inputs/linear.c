/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Trains the model of tests/api/Inputs/linear.mlir through its generated header; prints losses as bits, which JIT and AOT share. */
#include "linear.h"

#include <stdio.h>
#include <string.h>

int main(void) {
  costate_context *context;
  linear *model;
  linear_dims max = {4};
  float x[4][3] = {{0.5f, 1, -1}, {2, 0.25f, 1}, {-1, -1, 0.125f}, {0, 3, 1}}, y[4] = {1, 2, 3, 4}, predicted[9];
  if (costate_context_create(1, &context) || linear_create(context, &max, &model) || linear_seed(model, 1) ||
      linear_set(model, linear_hyper_lr, 0.03125))
    return 1;
  for (int step = 0; step < 3; ++step) {
    linear_metrics metrics;
    uint32_t bits;
    if (linear_train_step(model, &x[0][0], y, 4, &metrics))
      return 2;
    memcpy(&bits, &metrics.loss, sizeof bits);
    printf("loss %08x\n", bits);
  }
  if (linear_predict(model, &x[0][0], 4, predicted) || predicted[4] == predicted[4])
    return 3;
  if (linear_train_step(model, &x[0][0], y, 5, NULL) == COSTATE_OK)
    return 4;
  printf("%s\n", costate_context_last_error(context));
  printf("%s has %d entries\n", linear_info()->name, (int)linear_info()->num_entries);
  linear_destroy(model);
  costate_context_destroy(context);
  return 0;
}
