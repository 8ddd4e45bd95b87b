// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Saving and loading the tensors of a handle.
#include "costate/runtime/Model.h"
#include "costate/runtime/data/ArrayFile.h"
#include "costate/runtime/data/Renaming.h"

#include <algorithm>
#include <cstring>

using namespace costate::runtime;

// Metadata of a checkpoint. A caller's notes have keys without the prefix.
static constexpr const char *kPrefix = "costate.";
static constexpr const char *kSeedKey = "costate.seed";
static constexpr const char *kHyperKey = "costate.hyper."; // NAME follows

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
  if (what & COSTATE_SAVE_STATES) {
    metadata[kSeedKey] = text(model.seed);
    for (int64_t i = 0; i < model.info->num_hypers; ++i)
      metadata[text(kHyperKey, model.info->hypers[i].name)] = text(model.hyper(i));
    metadata.insert(model.notes.begin(), model.notes.end());
  }
  return writeSafetensors(path, views, metadata);
}

template <typename T>
static Status parseKey(const std::string &path, const Metadata &metadata, const std::string &key, T &value) {
  auto found = metadata.find(key);
  std::string_view digits = found == metadata.end() ? std::string_view() : std::string_view(found->second);
  auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || stop != digits.data() + digits.size())
    return invalidArgument('\'', path, "': requires metadata '", key, "' of a checkpoint, but got '", digits, '\'');
  return {};
}

/// What a checkpoint holds beside tensors.
struct Position {
  int64_t seed = 0;
  std::vector<int64_t> hypers; // cells, as the handle has them
  std::map<std::string, std::string, std::less<>> notes;
};

static Result<Position> readPosition(const costate_model &model, const FileBytes &file) {
  Result<Metadata> metadata = readSafetensorsMetadata(file);
  if (!metadata.ok())
    return metadata.status();
  Position position;
  COSTATE_RETURN_IF_ERROR(parseKey(file.path, *metadata, kSeedKey, position.seed));
  position.hypers.resize(model.info->num_hypers);
  for (int64_t i = 0; i < model.info->num_hypers; ++i) {
    double value = 0;
    COSTATE_RETURN_IF_ERROR(parseKey(file.path, *metadata, text(kHyperKey, model.info->hypers[i].name), value));
    if (Status status = encodeHyper(model.info->hypers[i], value, position.hypers[i]); !status.ok())
      return invalidArgument(file.where(), ": ", status.message());
  }
  for (const auto &[key, value] : *metadata)
    if (!key.starts_with(kPrefix))
      position.notes.emplace(key, value);
  return position;
}

/// The array of the file that holds a tensor of the handle, in its type. Errors: those of `renaming`; NotFound; InvalidArgument.
static Result<Array> readTensor(const NamedTensor &tensor, const ArrayFile &file, const Renaming &renaming) {
  Result<FilePlace> place = renaming.find(tensor.name);
  if (!place.ok())
    return place.status();
  if (!file.has(place->name) && place->name != tensor.name) {
    std::vector<std::string> names = file.names();
    return notFound('\'', file.filePath(), "': requires array '", place->name, "' for '", tensor.name, "', but the file has ", listNames(names),
                    suggest(place->name, names));
  }
  Result<Array> array = file.read(place->name);
  std::string where = text('\'', file.filePath(), "': array '", place->spelled(), '\'');
  if (place->spelled() != tensor.name)
    where += text(" for '", tensor.name, '\'');
  if (array.ok())
    array = place->arrange(std::move(*array), where);
  if (!array.ok())
    return array.status();
  std::vector<int64_t> shape = shapeOf(tensor.array);
  if (array->shape != shape) {
    bool isTransposed = place->view.empty() && shape.size() == 2 && std::equal(shape.rbegin(), shape.rend(), array->shape.begin(), array->shape.end());
    return invalidArgument(where, " requires ", typeText(tensor.array.type, shape), ", but got ", typeText(array->type, array->shape),
                           isTransposed ? text("; its transpose fits: '", tensor.name, " = ", place->name, ".T'") : "");
  }
  return convertArray(std::move(*array), tensor.array.type, where);
}

static Status load(costate_model &model, const std::string &path, int32_t what, std::string_view names) {
  COSTATE_RETURN_IF_ERROR(checkWhat(what));
  Result<Renaming> renaming = Renaming::parse(names);
  if (!renaming.ok())
    return renaming.status();
  std::shared_ptr<const FileBytes> content; // of one reading: another file may take the place of this one at any time
  Result<ArrayFile> file = ArrayFile::open(path, &content);
  if (!file.ok())
    return file.status();
  Position position;
  if (what & COSTATE_SAVE_STATES) {
    Result<Position> saved = readPosition(model, *content);
    if (!saved.ok())
      return saved.status();
    position = std::move(*saved);
  }
  std::vector<std::pair<const NamedTensor *, Array>> read;
  std::vector<std::string> wanted;
  for (const NamedTensor &tensor : model.tensors)
    if (covers(what, tensor))
      wanted.push_back(tensor.name);
  COSTATE_RETURN_IF_ERROR(renaming->checkUsed(wanted));
  for (const NamedTensor &tensor : model.tensors) {
    if (!covers(what, tensor))
      continue;
    Result<Array> array = readTensor(tensor, *file, *renaming);
    if (!array.ok())
      return array.status();
    read.emplace_back(&tensor, std::move(*array));
  }
  // Everything is there and fits: from here on nothing fails, so the handle never holds half of a file.
  for (auto &[tensor, array] : read)
    if (array.data.size() > 0)
      std::memcpy(tensor->array.data, array.data.data(), array.data.size());
  if (what & COSTATE_SAVE_STATES) {
    model.seed = position.seed;
    std::copy(position.hypers.begin(), position.hypers.end(), model.hypers.begin()); // in place: the arguments of entries point there
    model.notes = std::move(position.notes);
  }
  return {};
}

// ==== costate.h =====================================================================================================================

int32_t costate_model_save(costate_model *model, const char *path, int32_t what) {
  return guarded(model->context, [&]() -> Status {
    COSTATE_RETURN_IF_ERROR(requireName("the path of a file", path));
    return save(*model, path, what);
  });
}

int32_t costate_model_load(costate_model *model, const char *path, int32_t what) {
  return costate_model_load_renamed(model, path, what, "");
}

int32_t costate_model_load_renamed(costate_model *model, const char *path, int32_t what, const char *names) {
  return guarded(model->context, [&]() -> Status {
    COSTATE_RETURN_IF_ERROR(requireName("the path of a file", path));
    return load(*model, path, what, names ? names : "");
  });
}

int32_t costate_model_set_note(costate_model *model, const char *key, const char *value) {
  return guarded(model->context, [&]() -> Status {
    COSTATE_RETURN_IF_ERROR(requireName("the key of a note", key));
    if (std::string_view(key).starts_with(kPrefix))
      return invalidArgument("requires a key of a note that does not begin with '", kPrefix, "', but got '", key, '\'');
    if (value)
      model->notes.insert_or_assign(key, value);
    else
      model->notes.erase(key);
    return {};
  });
}

const char *costate_model_note(const costate_model *model, const char *key) {
  auto found = key ? model->notes.find(std::string_view(key)) : model->notes.end();
  return found == model->notes.end() ? nullptr : found->second.c_str();
}
