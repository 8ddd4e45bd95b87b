/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Steps of require.costate, some of which are refused: each must leave all arrays of the model as they were, and the next one must run. */
#include "guarded.h"

#include <stdio.h>
#include <string.h>

/* The bytes of all slots. */
static size_t readAll(guarded *model, char *bytes) {
  const costate_model_info *info = costate_model_get_info(model);
  size_t size = 0;
  for (int64_t i = 0; i < info->num_slots; ++i) {
    costate_array array;
    if (costate_model_array(model, info->slots[i].name, &array))
      return 0;
    size_t elements = 1;
    for (int32_t axis = 0; axis < array.rank; ++axis)
      elements *= (size_t)array.shape[axis];
    memcpy(bytes + size, array.data, elements * (size_t)costate_type_size(array.type));
    size += elements * (size_t)costate_type_size(array.type);
  }
  return size;
}

int main(void) {
  costate_context *context;
  guarded *model;
  guarded_dims max = {2};
  if (costate_context_create(1, &context) || guarded_create(context, &max, &model))
    return 1;
  struct {
    const char *what;
    float x, y;
  } calls[] = {{"fine", 1, 1}, {"input", 11, 1}, {"weights", 1, 1000}, {"again", 1, 2}, {"more", 1, 2}, {"third", 1, 1}, {"third again", 1, 1}};
  for (size_t i = 0; i < sizeof calls / sizeof *calls; ++i) {
    float x[6] = {calls[i].x, 0, 1, 0, 1, 0}, y[2] = {calls[i].y, 1};
    char before[1024], after[1024], message[256];
    size_t size = readAll(model, before);
    guarded_metrics metrics;
    int32_t code = guarded_train_step(model, x, y, 2, &metrics);
    snprintf(message, sizeof message, "%s", costate_context_last_error(context));
    if (!size || readAll(model, after) != size)
      return 2;
    printf("%s: %s, %s: %s\n", calls[i].what, costate_code_name(code), memcmp(before, after, size) ? "changed" : "as before", message);
  }
  float x[6] = {-12.5f, 0, 0, 0, 0, 0}, p[2];
  printf("predict: %d: %s\n", guarded_predict(model, x, 2, p), costate_context_last_error(context));
  guarded_destroy(model);
  costate_context_destroy(context);
  return 0;
}
