/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 * Trains two compiled models of one program: usage: two_libraries left|right|both THREADS. Prints losses, then parameters, in hexadecimal: left first. */
#include "left.h"
#include "right.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 48, STEPS = 60 };

typedef struct {
  int threads;
  double losses[STEPS];
  float params[4096];
  int64_t size;
  int32_t code;
} run;

static void fill(float *x, float *y) {
  for (int i = 0; i < ROWS * 8; ++i)
    x[i] = sinf((float)i);
  for (int i = 0; i < ROWS; ++i)
    y[i] = x[8 * i] * x[8 * i + 1];
}

/* The two differ in their names only; a macro keeps them equal. */
#define TRAIN(MODEL)                                                                                        \
  static void *train_##MODEL(void *argument) {                                                              \
    run *out = argument;                                                                                    \
    float x[ROWS * 8], y[ROWS];                                                                             \
    const MODEL##_dims largest = {ROWS};                                                                    \
    costate_context *context = NULL;                                                                        \
    MODEL *model = NULL;                                                                                    \
    fill(x, y);                                                                                             \
    out->code = costate_context_create(out->threads, &context);                                             \
    if (!out->code)                                                                                         \
      out->code = MODEL##_create(context, &largest, &model);                                                \
    for (int step = 0; step < STEPS && !out->code; ++step) {                                                \
      MODEL##_metrics metrics;                                                                              \
      out->code = MODEL##_train_step(model, x, y, ROWS, &metrics);                                          \
      out->losses[step] = metrics.loss;                                                                     \
    }                                                                                                       \
    if (!out->code) {                                                                                       \
      costate_array array;                                                                                  \
      out->code = costate_model_array(model, "f", &array);                                                  \
      out->size = array.shape[0];                                                                           \
      if (!out->code)                                                                                       \
        memcpy(out->params, array.data, (size_t)out->size * sizeof(float));                                 \
    }                                                                                                       \
    MODEL##_destroy(model);                                                                                 \
    costate_context_destroy(context);                                                                       \
    return NULL;                                                                                            \
  }
TRAIN(left)
TRAIN(right)

static int print(const run *r) {
  for (int i = 0; i < STEPS; ++i)
    printf("%a\n", r->losses[i]);
  for (int64_t i = 0; i < r->size; ++i)
    printf("%a\n", (double)r->params[i]);
  return r->code || r->size == 0;
}

int main(int argc, char **argv) {
  static run left, right;
  if (argc < 3)
    return 2;
  left.threads = right.threads = atoi(argv[2]);
  if (!strcmp(argv[1], "both")) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, train_left, &left))
      return 2;
    train_right(&right);
    pthread_join(thread, NULL);
    return print(&left) | print(&right);
  }
  if (!strcmp(argv[1], "left"))
    return train_left(&left), print(&left);
  return train_right(&right), print(&right);
}
