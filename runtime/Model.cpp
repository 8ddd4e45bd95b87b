// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/runtime/Model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

using namespace costate::runtime;

// ==== Life of a handle ==============================================================================================================

/// Lists leaves and plain slots. A leaf of a parameter set has its path as name; states repeat the paths of the set they belong to, so theirs
/// carry the slot's name in front.
static std::vector<NamedTensor> listTensors(const costate_model &model) {
  std::vector<NamedTensor> tensors;
  for (int32_t role : {COSTATE_PARAM, COSTATE_BUFFER, COSTATE_STATE})
    for (int64_t i = 0; i < model.info->num_slots; ++i) {
      const costate_slot_info &slot = model.info->slots[i];
      std::byte *base = model.slots[i].data();
      if (slot.role != role)
        continue;
      if (slot.num_leaves == 0)
        tensors.push_back({slot.name, role, {base, slot.type, static_cast<int32_t>(slot.rank), slot.shape}, i});
      for (int64_t j = 0; j < slot.num_leaves; ++j) {
        const costate_leaf_info &leaf = slot.leaves[j];
        std::string name = role == COSTATE_PARAM ? leaf.name : text(slot.name, '/', leaf.name);
        std::byte *data = base + leaf.offset * costate_type_size(slot.type);
        tensors.push_back({std::move(name), role, {data, slot.type, static_cast<int32_t>(leaf.rank), leaf.shape}, i});
      }
    }
  return tensors;
}

Status costate_model::create(const int64_t *dims) {
  COSTATE_RETURN_IF_ERROR(checkDescriptor(*info));
  for (int64_t i = 0; i < info->num_slots; ++i)
    slots.emplace_back(info->slots[i].size * costate_type_size(info->slots[i].type), context->allocator);
  tensors = listTensors(*this);

  hypers.resize(info->num_hypers);
  for (int64_t i = 0; i < info->num_hypers; ++i)
    COSTATE_RETURN_IF_ERROR(setHyper(info->hypers[i].name, info->hypers[i].default_value));

  for (int64_t e = 0; e < info->num_entries; ++e) {
    const costate_entry_info &entry = info->entries[e];
    Frame frame{entry.fn, entry.workspace_size};
    for (int64_t i = 0; i < numArrays(entry); ++i) {
      const costate_array_info &array = arrayAt(entry, i);
      void *owned = nullptr;
      if (isSlot(array.role))
        owned = slots[array.index].data();
      else if (array.role == COSTATE_HYPER)
        owned = &hypers[array.index];
      else if (array.role == COSTATE_SEED)
        owned = &seed;
      else if (isUserPointer(array.role))
        frame.user.push_back(static_cast<int32_t>(i));
      frame.args.push_back(owned);
    }
    frames.push_back(std::move(frame));
  }

  std::vector<int64_t> ones(info->num_dims, 1);
  COSTATE_RETURN_IF_ERROR(reserve(dims ? dims : ones.data()));
  return draw();
}

/// What a call reads where an array has no elements: kernels without branches read one and drop it. Nothing is written.
alignas(64) static constexpr std::array<std::byte, 64> kNoElements{};

/// Bytes of workspace at these dimensions; negative where the entry says so, INT64_MAX where no machine has as many. A size is a polynomial of dimensions,
/// which wraps around beyond 64 bits: so it is asked for on the way there, where dimensions double and it cannot have passed by the bound.
static int64_t workspaceBytes(costate_size_fn sizeOf, std::span<const int64_t> dims) {
  constexpr int64_t most = int64_t(1) << 47;
  std::vector<int64_t> smaller(dims.size() + 1);
  int64_t bytes = 0;
  for (int shift = 31; shift >= 0; --shift) {
    std::transform(dims.begin(), dims.end(), smaller.begin(), [=](int64_t dim) { return std::max(dim >> shift, std::min<int64_t>(dim, 1)); });
    bytes = sizeOf(smaller.data());
    if (bytes < 0)
      return bytes;
    if (bytes > most)
      return INT64_MAX;
  }
  return bytes;
}

Status costate_model::reserve(const int64_t *dims) {
  std::vector<int64_t> larger = maxDims;
  larger.resize(info->num_dims, 0);
  for (int64_t d = 0; d < info->num_dims; ++d) {
    if (dims[d] < 0)
      return invalidArgument("model '", info->name, "' requires dimension '", info->dim_names[d], "' to be >= 0, but got ", dims[d]);
    if (dims[d] > INT32_MAX) // what a kernel counts with
      return invalidArgument("model '", info->name, "' requires dimension '", info->dim_names[d], "' to be at most ", INT32_MAX, ", but got ", dims[d]);
    larger[d] = std::max(larger[d], dims[d]);
  }
  int64_t bytes = 0;
  for (int64_t e = 0; e < info->num_entries; ++e)
    if (frames[e].workspaceSize) {
      int64_t size = workspaceBytes(frames[e].workspaceSize, larger);
      if (size < 0)
        return internalError("entry '", info->entries[e].name, "' asks for a workspace of ", size, " bytes");
      bytes = std::max(bytes, size);
    }
  if (bytes + kNoElements.size() > static_cast<size_t>(workspace.size()))
    workspace = Buffer(bytes + kNoElements.size(), context->allocator); // an empty array may lie at the end
  maxDims = std::move(larger);
  return {};
}

Status costate_model::draw() {
  int64_t init = findEntry(*info, "init");
  if (init < 0)
    return {};
  if (!frames[init].user.empty())
    return internalError("entry 'init' asks for arrays of the caller");
  std::vector<int64_t> none(info->num_dims, 0);
  if (int32_t code = call(init, none.data()))
    return {static_cast<costate_code>(code), text("entry 'init' failed: ", costate_code_name(code))};
  return {};
}

Status costate_model::load(int64_t entry) {
  costate_entry_fn fn = nullptr;
  costate_size_fn workspaceSize = nullptr;
  if (int32_t code = info->loader->load(info->loader->closure, context, entry, &fn, &workspaceSize))
    return {static_cast<costate_code>(code), context->error.message()};
  Frame &frame = frames[entry];
  frame.workspaceSize = workspaceSize;
  COSTATE_RETURN_IF_ERROR(reserve(std::vector(maxDims).data()));
  frame.fn = fn; // once there is memory for it
  return {};
}

/// A failure that the code itself could not see, of a loop or of memory, is in the context.
int32_t costate_model::call(int64_t entry, const int64_t *dims) noexcept {
  const Frame &frame = frames[entry];
  if (!frame.fn) [[unlikely]]
    if (int32_t code = guarded(context, [&] { return load(entry); }))
      return code;
  int32_t code = frame.fn(context, frame.args.data(), dims, workspace.data());
  return code == COSTATE_OK ? context->error.code() : code;
}

Result<NamedTensor> costate_model::findTensor(const char *name) const {
  COSTATE_RETURN_IF_ERROR(requireName("the name of a parameter or state", name));
  std::vector<std::string> names;
  for (const NamedTensor &tensor : tensors) {
    if (tensor.name == name)
      return tensor;
    names.push_back(tensor.name);
  }
  for (int64_t i = 0; i < info->num_slots; ++i) {
    const costate_slot_info &slot = info->slots[i];
    if (std::string_view(slot.name) == name)
      return NamedTensor{slot.name, slot.role, {slots[i].data(), slot.type, static_cast<int32_t>(slot.rank), slot.shape}, i};
    names.push_back(slot.name);
  }
  return notFound("model '", info->name, "' has no parameter or state '", name, "'", suggest(name, names));
}

// ==== Hyper-parameters ==============================================================================================================

static Result<int64_t> findHyper(const costate_model_info &info, std::string_view name) {
  std::vector<std::string> names;
  for (int64_t i = 0; i < info.num_hypers; ++i) {
    if (name == info.hypers[i].name)
      return i;
    names.push_back(info.hypers[i].name);
  }
  return notFound("model '", info.name, "' has no hyper-parameter '", name, "'; it has ", listNames(names), suggest(name, names));
}

Status costate::runtime::encodeHyper(const costate_hyper_info &hyper, double value, int64_t &cell) {
  auto store = [&](auto typed) { std::memcpy(&cell, &typed, sizeof typed); };
  if (hyper.type == COSTATE_F32) {
    store(static_cast<float>(value));
  } else if (hyper.type == COSTATE_F64) {
    store(value);
  } else {
    double limit = hyper.type == COSTATE_I32 ? 0x1p31 : 0x1p63;
    if (value != std::trunc(value) || !(value >= -limit && value < limit))
      return invalidArgument("hyper-parameter '", hyper.name, "' requires a value of type ", costate_type_name(hyper.type), ", but got ",
                             value);
    if (hyper.type == COSTATE_I32)
      store(static_cast<int32_t>(value));
    else
      store(static_cast<int64_t>(value));
  }
  return {};
}

Status costate_model::setHyper(std::string_view name, double value) {
  Result<int64_t> index = findHyper(*info, name);
  return index.ok() ? encodeHyper(info->hypers[*index], value, hypers[*index]) : index.status();
}

double costate_model::hyper(int64_t index) const {
  auto load = [&](auto typed) {
    std::memcpy(&typed, &hypers[index], sizeof typed);
    return static_cast<double>(typed);
  };
  switch (info->hypers[index].type) {
  case COSTATE_F32: return load(float());
  case COSTATE_F64: return load(double());
  case COSTATE_I32: return load(int32_t());
  default: return load(int64_t());
  }
}

// ==== The checked call ==============================================================================================================

static std::string given(const costate_array &array) {
  return typeText(array.type, {array.shape, static_cast<size_t>(std::max(array.rank, 0))});
}

/// Where dimension d gets its value, for messages: "axis 0 of 'x'".
static std::string sourceText(const costate_entry_info &entry, int64_t d) {
  const int64_t *source = entry.dim_sources + 2 * d;
  const char *name = entry.args[source[0]].name;
  return source[1] < 0 ? text("the value of '", name, '\'') : text("axis ", source[1], " of '", name, '\'');
}

static Status checkCount(const costate_entry_info &entry, const char *what, int64_t required, std::span<const costate_array> given) {
  int64_t got = given.data() ? given.size() : 0;
  if (required == got)
    return {};
  return invalidArgument("entry '", entry.name, "' requires ", required, ' ', what, ", but got ", got);
}

/// Type, rank and, given the extents of all axes, shape of one array of the caller.
static Status checkArray(const costate_model_info &info, const costate_entry_info &entry, const costate_array_info &required,
                         const costate_array &array, const int64_t *extents, const int64_t *dims) {
  bool fits = array.type == required.type && array.rank == required.rank && (array.rank == 0 || array.shape);
  bool boundElsewhere = false;
  for (int64_t i = 0; fits && extents && i < required.rank; ++i)
    if (array.shape[i] != extents[i]) {
      fits = false;
      boundElsewhere = required.shape[i] < 0;
    }
  if (fits) {
    if (!array.data && elementCount({array.shape, static_cast<size_t>(array.rank)}) != 0)
      return invalidArgument(roleName(required.role), " '", required.name, "' requires memory for ", given(array), ", but its pointer is null");
    return {};
  }
  std::string why;
  for (int64_t i = 0; boundElsewhere && i < required.rank; ++i)
    if (int64_t d = dimensionOf(required.shape[i]); d >= 0 && array.shape[i] != extents[i] && entry.dim_sources[2 * d] >= 0)
      why += text(why.empty() ? " with " : " and ", info.dim_names[d], " = ", dims[d], " from ", sourceText(entry, d));
    else if (required.shape[i] == COSTATE_COMPOUND_AXIS && array.shape[i] != extents[i])
      why += text(why.empty() ? " with " : " and ", extents[i], " at axis ", i);
  return invalidArgument(roleName(required.role), " '", required.name, "' requires ", signatureText(info, required), why, ", but got ",
                         given(array));
}

/// Place of the first axis of each array in the flattened extents.
static std::vector<int64_t> axisOffsets(const costate_entry_info &entry) {
  std::vector<int64_t> offsets{0};
  for (int64_t i = 0; i < numArrays(entry); ++i)
    offsets.push_back(offsets.back() + arrayAt(entry, i).rank);
  return offsets;
}

Status costate_model::bind(const costate_entry_info &entry, std::span<const costate_array> args, int64_t *dims) const {
  std::vector<const costate_array *> byArgument(entry.num_args, nullptr);
  int64_t required = 0;
  for (int64_t i = 0; i < entry.num_args; ++i)
    if (isUserArgument(entry.args[i].role)) {
      if (args.data() && required < static_cast<int64_t>(args.size()))
        byArgument[i] = &args[required];
      ++required;
    }
  COSTATE_RETURN_IF_ERROR(checkCount(entry, "arrays", required, args));
  for (int64_t i = 0; i < entry.num_args; ++i)
    if (byArgument[i])
      COSTATE_RETURN_IF_ERROR(checkArray(*info, entry, entry.args[i], *byArgument[i], nullptr, nullptr));

  for (int64_t d = 0; d < info->num_dims; ++d) {
    int64_t argument = entry.dim_sources[2 * d], axis = entry.dim_sources[2 * d + 1];
    dims[d] = argument < 0 ? 0 : axis < 0 ? *static_cast<const int64_t *>(byArgument[argument]->data) : byArgument[argument]->shape[axis];
    if (dims[d] < 0)
      return invalidArgument("entry '", entry.name, "' requires dimension '", info->dim_names[d], "' to be >= 0, but got ", dims[d], " from ",
                             sourceText(entry, d));
  }
  std::vector<int64_t> offsets = axisOffsets(entry), extents(offsets.back() + 1);
  costate_entry_extents(&entry, dims, extents.data());
  for (int64_t i = 0; i < entry.num_args; ++i)
    if (byArgument[i])
      COSTATE_RETURN_IF_ERROR(checkArray(*info, entry, entry.args[i], *byArgument[i], extents.data() + offsets[i], dims));
  return {};
}

static Status checkedCall(costate_model &model, int64_t index, std::span<const costate_array> args, std::span<const costate_array> results) {
  const costate_entry_info &entry = model.info->entries[index];
  std::vector<int64_t> dims(model.info->num_dims);
  COSTATE_RETURN_IF_ERROR(model.bind(entry, args, dims.data()));
  std::vector<int64_t> offsets = axisOffsets(entry), extents(offsets.back() + 1);
  costate_entry_extents(&entry, dims.data(), extents.data());

  std::vector<void *> user;
  size_t argument = 0, result = 0;
  for (int64_t i = 0; i < entry.num_args; ++i)
    if (isUserArgument(entry.args[i].role)) {
      if (isUserPointer(entry.args[i].role))
        user.push_back(args[argument].data);
      ++argument;
    }
  int64_t required =
      std::count_if(entry.results, entry.results + entry.num_results, [](const costate_array_info &r) { return isUserPointer(r.role); });
  COSTATE_RETURN_IF_ERROR(checkCount(entry, "results", required, results));
  for (int64_t i = 0; i < entry.num_results; ++i)
    if (isUserPointer(entry.results[i].role)) {
      const int64_t *shape = extents.data() + offsets[entry.num_args + i];
      COSTATE_RETURN_IF_ERROR(checkArray(*model.info, entry, entry.results[i], results[result], shape, dims.data()));
      user.push_back(results[result++].data);
    }
  if (int32_t code = costate_model_invoke(&model, index, user.data(), dims.data()))
    return {static_cast<costate_code>(code), ""}; // the message is in the context already
  return {};
}

// ==== costate.h: models =============================================================================================================

int32_t costate_model_create(costate_context *context, const costate_model_info *info, const int64_t *max_dims, costate_model **out) {
  *out = nullptr;
  return guarded(context, [&]() -> Status {
    auto model = std::make_unique<costate_model>();
    model->context = context;
    model->info = info;
    COSTATE_RETURN_IF_ERROR(model->create(max_dims));
    *out = model.release();
    return {};
  });
}

void costate_model_destroy(costate_model *model) { delete model; }

const costate_model_info *costate_model_get_info(const costate_model *model) { return model->info; }

costate_context *costate_model_context(const costate_model *model) { return model->context; }

int32_t costate_model_reserve(costate_model *model, const int64_t *max_dims) {
  return guarded(model->context, [&] { return model->reserve(max_dims); });
}

int32_t costate_model_seed(costate_model *model, int64_t seed) {
  return guarded(model->context, [&] {
    model->seed = seed;
    return model->draw();
  });
}

int32_t costate_model_set(costate_model *model, const char *hyper, double value) {
  return guarded(model->context, [&]() -> Status {
    COSTATE_RETURN_IF_ERROR(requireName("the name of a hyper-parameter", hyper));
    return model->setHyper(hyper, value);
  });
}

int32_t costate_model_get(const costate_model *model, const char *hyper, double *value) {
  return guarded(model->context, [&]() -> Status {
    COSTATE_RETURN_IF_ERROR(requireName("the name of a hyper-parameter", hyper));
    Result<int64_t> index = findHyper(*model->info, hyper);
    if (!index.ok())
      return index.status();
    *value = model->hyper(*index);
    return {};
  });
}

int32_t costate_model_array(costate_model *model, const char *name, costate_array *out) {
  return guarded(model->context, [&]() -> Status {
    Result<NamedTensor> tensor = model->findTensor(name);
    if (tensor.ok())
      *out = tensor->array;
    return tensor.status();
  });
}

int64_t costate_model_entry(const costate_model *model, const char *name) { return name ? findEntry(*model->info, name) : -1; }

/// The rare end of costate_model_invoke: says what was wrong.
[[gnu::cold]] static int32_t refuse(costate_model *model, int64_t entry, const int64_t *dims) {
  return guarded(model->context, [&]() -> Status {
    const costate_model_info &info = *model->info;
    if (entry < 0 || entry >= info.num_entries)
      return invalidArgument("model '", info.name, "' requires an entry in [0, ", info.num_entries, "), but got ", entry);
    for (int64_t d = 0; d < info.num_dims; ++d) {
      if (dims[d] < 0)
        return invalidArgument("entry '", info.entries[entry].name, "' requires dimension '", info.dim_names[d], "' to be >= 0, but got ",
                               dims[d]);
      if (dims[d] > model->maxDims[d])
        return invalidArgument("entry '", info.entries[entry].name, "' requires dimension '", info.dim_names[d], "' to be at most ",
                               model->maxDims[d], ", the size reserved, but got ", dims[d], "; costate_model_reserve raises it");
    }
    return {};
  });
}

/// A pointer of the caller is NULL; one to no elements may be.
[[gnu::cold]] static int32_t refuseNull(costate_model *model, int64_t index, void *const *user, const int64_t *dims) {
  return guarded(model->context, [&]() -> Status {
    const costate_entry_info &entry = model->info->entries[index];
    std::vector<int64_t> offsets = axisOffsets(entry), extents(offsets.back() + 1);
    costate_entry_extents(&entry, dims, extents.data());
    for (int32_t place : model->frames[index].user) {
      const costate_array_info &array = arrayAt(entry, place);
      std::span<const int64_t> shape(extents.data() + offsets[place], array.rank);
      if (!*user++ && elementCount(shape) != 0)
        return invalidArgument("entry '", entry.name, "' requires memory for ", roleName(array.role), " '", array.name, "', ", typeText(array.type, shape),
                               ", but its pointer is NULL");
    }
    return {};
  });
}

[[gnu::cold]] static int32_t explain(costate_model *model, int64_t entry, int32_t code) {
  const char *name = model->info->entries[entry].name;
  if (model->context->error.code() == COSTATE_OK)
    return guarded(model->context, [&] { return Status(static_cast<costate_code>(code), text("entry '", name, "' failed: ", costate_code_name(code))); });
  return code;
}

int32_t costate_model_invoke(costate_model *model, int64_t entry, void *const *user, const int64_t *dims) {
  if (static_cast<uint64_t>(entry) >= model->frames.size())
    return refuse(model, entry, dims);
  for (size_t d = 0; d < model->maxDims.size(); ++d) // unsigned: a negative one is too large as well
    if (static_cast<uint64_t>(dims[d]) > static_cast<uint64_t>(model->maxDims[d]))
      return refuse(model, entry, dims);
  model->context->error.clear();
  costate_model::Frame &frame = model->frames[entry];
  bool isAnyNull = false;
  for (size_t i = 0; i < frame.user.size(); ++i) {
    frame.args[frame.user[i]] = user[i];
    isAnyNull |= !user[i];
  }
  if (isAnyNull) [[unlikely]] {
    if (int32_t code = refuseNull(model, entry, user, dims))
      return code;
    for (size_t i = 0; i < frame.user.size(); ++i)
      if (!user[i])
        frame.args[frame.user[i]] = const_cast<std::byte *>(kNoElements.data());
  }
  int32_t code = model->call(entry, dims);
  return code == COSTATE_OK ? code : explain(model, entry, code);
}

int32_t costate_model_call(costate_model *model, const char *entry, const costate_array *args, int64_t num_args, const costate_array *results,
                           int64_t num_results) {
  return guarded(model->context, [&]() -> Status {
    COSTATE_RETURN_IF_ERROR(requireName("the name of an entry", entry));
    int64_t index = findEntry(*model->info, entry);
    if (index < 0)
      return noSuchEntry(*model->info, entry);
    return checkedCall(*model, index, {args, static_cast<size_t>(num_args)}, {results, static_cast<size_t>(num_results)});
  });
}

int32_t costate_model_bind(costate_model *model, int64_t entry, const costate_array *args, int64_t num_args, int64_t *dims) {
  return guarded(model->context, [&]() -> Status {
    if (entry < 0 || entry >= model->info->num_entries)
      return invalidArgument("model '", model->info->name, "' requires an entry in [0, ", model->info->num_entries, "), but got ", entry);
    return model->bind(model->info->entries[entry], {args, static_cast<size_t>(num_args)}, dims);
  });
}
