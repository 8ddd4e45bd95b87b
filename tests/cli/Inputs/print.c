/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Two steps and an evaluation of print.costate, which shows what it prints to a function of this program: on stdout. */
#include "shown.h"

#include <stdio.h>

static void show(void *user, const char *name, const costate_array *value) {
  char text[256];
  costate_array_text(name, value, text, sizeof text);
  ++*(int *)user;
  puts(text);
}

int main(void) {
  costate_context *context;
  shown *model;
  shown_dims max = {2};
  shown_metrics metrics;
  float x[] = {1, -2, 3, 0.5f}, y[] = {1, -1};
  int lines = 0;
  if (costate_context_create(1, &context) || shown_create(context, &max, &model))
    return 1;
  costate_context_set_printer(context, show, &lines);
  if (shown_train_step(model, x, y, 2, &metrics) || shown_train_step(model, x, y, 2, &metrics))
    return 2;
  if (shown_evaluate(model, x, y, 2, &metrics))
    return 3;
  shown_destroy(model);
  costate_context_destroy(context);
  return lines == 43 ? 0 : 4;
}
