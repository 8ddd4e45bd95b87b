// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Saving and loading the tensors of a handle.
#include "costate/runtime/Model.h"
#include "costate/runtime/data/ArrayFile.h"

#include <algorithm>
#include <cstring>

using namespace costate::runtime;

static constexpr const char *kSeedKey = "costate.seed";

static Status checkWhat(int32_t what) {
  if (what >= 1 && what <= (COSTATE_SAVE_PARAMS | COSTATE_SAVE_STATES))
    return {};
  return invalidArgument("requires COSTATE_SAVE_PARAMS, COSTATE_SAVE_STATES or both, but got ", what);
}

static bool covers(int32_t what, const NamedTensor &tensor) {
  return what & (tensor.role == COSTATE_STATE ? COSTATE_SAVE_STATES : COSTATE_SAVE_PARAMS);
}

static std::vector<int64_t> shapeOf(const costate_array &array) { return {array.shape, array.shape + array.rank}; }

static Status save(const costate_model &model, const std::string &path, int32_t what) {
  COSTATE_RETURN_IF_ERROR(checkWhat(what));
  std::vector<NamedView> views;
  for (const NamedTensor &tensor : model.tensors)
    if (covers(what, tensor))
      views.push_back({tensor.name, tensor.array.type, shapeOf(tensor.array), tensor.array.data});
  Metadata metadata{{"costate.model", model.info->name}, {"costate.version", costate_version()}};
  if (what & COSTATE_SAVE_STATES)
    metadata[kSeedKey] = text(model.seed);
  return writeSafetensors(path, views, metadata);
}

static Result<int64_t> readSeed(const std::string &path) {
  Result<std::shared_ptr<const FileBytes>> file = readFile(path);
  if (!file.ok())
    return file.status();
  Result<Metadata> metadata = readSafetensorsMetadata(**file);
  if (!metadata.ok())
    return metadata.status();
  std::string digits = (*metadata)[kSeedKey];
  int64_t seed;
  auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seed);
  if (error != std::errc() || stop != digits.data() + digits.size())
    return invalidArgument('\'', path, "': requires metadata '", kSeedKey, "' of a checkpoint, but got '", digits, '\'');
  return seed;
}

static Status load(costate_model &model, const std::string &path, int32_t what) {
  COSTATE_RETURN_IF_ERROR(checkWhat(what));
  Result<ArrayFile> file = ArrayFile::open(path);
  if (!file.ok())
    return file.status();
  int64_t seed = model.seed;
  if (what & COSTATE_SAVE_STATES) {
    Result<int64_t> saved = readSeed(path);
    if (!saved.ok())
      return saved.status();
    seed = *saved;
  }
  std::vector<std::pair<const NamedTensor *, Array>> read;
  for (const NamedTensor &tensor : model.tensors) {
    if (!covers(what, tensor))
      continue;
    Result<Array> array = file->read(tensor.name);
    if (!array.ok())
      return array.status();
    std::string where = text('\'', path, "': array '", tensor.name, '\'');
    std::vector<int64_t> shape = shapeOf(tensor.array);
    if (array->shape != shape)
      return invalidArgument(where, " requires ", typeText(tensor.array.type, shape), ", but got ", typeText(array->type, array->shape));
    Result<Array> converted = convertArray(std::move(*array), tensor.array.type, where);
    if (!converted.ok())
      return converted.status();
    read.emplace_back(&tensor, std::move(*converted));
  }
  // Everything is there and fits: from here on nothing fails, so the handle never holds half of a file.
  for (auto &[tensor, array] : read)
    if (array.data.size() > 0)
      std::memcpy(tensor->array.data, array.data.data(), array.data.size());
  model.seed = seed;
  return {};
}

// ==== costate.h =====================================================================================================================

int32_t costate_model_save(costate_model *model, const char *path, int32_t what) {
  return guarded(model->context, [&] { return save(*model, path, what); });
}

int32_t costate_model_load(costate_model *model, const char *path, int32_t what) {
  return guarded(model->context, [&] { return load(*model, path, what); });
}
