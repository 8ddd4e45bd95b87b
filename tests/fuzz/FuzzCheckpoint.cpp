// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Checkpoints: the bytes are loaded into a handle, which must be able to take a step afterwards, whatever they were.
#include "costate/tests/runtime/LinearModel.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

using namespace costate;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const std::string path = "/dev/shm/costate-fuzz-" + std::to_string(::getpid()) + ".safetensors";
  std::FILE *file = std::fopen(path.c_str(), "wb");
  if (!file || std::fwrite(data, 1, size, file) != size || std::fclose(file) != 0)
    std::abort();
  costate_context *context = nullptr;
  costate_model *model = nullptr;
  int64_t batch = 2;
  if (costate_context_create(1, &context) != COSTATE_OK || costate_model_create(context, &linear::info, &batch, &model) != COSTATE_OK)
    std::abort();
  for (int32_t what : {COSTATE_SAVE_PARAMS, COSTATE_SAVE_PARAMS | COSTATE_SAVE_STATES})
    (void)costate_model_load(model, path.c_str(), what);
  float x[6] = {1, 2, 3, 4, 5, 6}, y[2] = {1, 2}, loss = 0;
  double error = 0;
  void *user[] = {x, y, &loss, &error};
  if (costate_model_invoke(model, linear::kTrainStep, user, &batch) != COSTATE_OK)
    std::abort();
  costate_model_destroy(model);
  costate_context_destroy(context);
  std::remove(path.c_str());
  return 0;
}
