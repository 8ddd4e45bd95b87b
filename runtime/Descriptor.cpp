// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/runtime/Descriptor.h"

namespace costate::runtime {

int64_t elementCount(std::span<const int64_t> shape) {
  int64_t count = 1;
  bool empty = false;
  for (int64_t extent : shape) {
    if (extent < 0)
      return -1;
    empty |= extent == 0;
    if (extent != 0 && (__builtin_mul_overflow(count, extent, &count) || count > (int64_t(1) << 59)))
      return -1; // also for [0, huge]: such a shape is a broken file, not an empty array
  }
  return empty ? 0 : count;
}

std::string typeText(int32_t type, std::span<const int64_t> shape) {
  std::string out = costate_type_name(type);
  for (size_t i = 0; i < shape.size(); ++i)
    out += text(i == 0 ? "[" : ", ", shape[i]);
  return shape.empty() ? out : out + ']';
}

std::string signatureText(const costate_model_info &info, const costate_array_info &array) {
  std::string out = costate_type_name(array.type);
  for (int64_t i = 0; i < array.rank; ++i) {
    out += i == 0 ? "[" : ", ";
    int64_t axis = array.shape[i];
    if (int64_t dimension = dimensionOf(axis); dimension >= 0)
      out += info.dim_names[dimension];
    else
      out += axis == COSTATE_COMPOUND_AXIS ? "?" : text(axis);
  }
  return array.rank == 0 ? out : out + ']';
}

const char *roleName(int32_t role) {
  static constexpr const char *names[] = {"param", "state", "input", "target", "hyper", "seed", "metric", "output", "dimension", "buffer", "rows"};
  return role >= 0 && role < static_cast<int32_t>(std::size(names)) ? names[role] : "?";
}

int64_t findEntry(const costate_model_info &info, std::string_view name) {
  for (int64_t i = 0; i < info.num_entries; ++i)
    if (name == info.entries[i].name)
      return i;
  return -1;
}

Status noSuchEntry(const costate_model_info &info, std::string_view name) {
  std::vector<std::string> names;
  for (int64_t i = 0; i < info.num_entries; ++i)
    names.push_back(info.entries[i].name);
  return notFound("model '", info.name, "' has no entry '", name, "'; it has ", listNames(names), suggest(name, names));
}

static Status checkSlot(const costate_slot_info &slot) {
  auto broken = [&](const auto &...parts) { return internalError("descriptor of slot '", slot.name, "' ", parts...); };
  if (costate_type_size(slot.type) == 0 || !isSlot(slot.role))
    return broken("has no such type or role: ", slot.type, ", ", slot.role);
  if (elementCount({slot.shape, static_cast<size_t>(slot.rank)}) != slot.size)
    return broken("has ", slot.size, " elements, but its shape does not");
  for (int64_t i = 0; i < slot.num_leaves; ++i) {
    const costate_leaf_info &leaf = slot.leaves[i];
    int64_t count = elementCount({leaf.shape, static_cast<size_t>(leaf.rank)});
    if (count < 0 || leaf.offset < 0 || count > slot.size || leaf.offset > slot.size - count)
      return broken("has leaf '", leaf.name, "' outside its ", slot.size, " elements");
  }
  return {};
}

static Status checkEntry(const costate_model_info &info, const costate_entry_info &entry) {
  auto broken = [&](const auto &...parts) { return internalError("descriptor of entry '", entry.name, "' ", parts...); };
  if (!entry.fn && !(info.loader && info.loader->load))
    return broken("has no code");
  for (int64_t i = 0; i < numArrays(entry); ++i) {
    const costate_array_info &array = arrayAt(entry, i);
    int64_t limit = isSlot(array.role) ? info.num_slots
                    : array.role == COSTATE_HYPER                              ? info.num_hypers
                    : array.role == COSTATE_DIM                                ? info.num_dims
                                                                               : -1;
    if (array.role < COSTATE_PARAM || array.role > COSTATE_ROWS || costate_type_size(array.type) == 0)
      return broken("has no such role or type at '", array.name, "': ", array.role, ", ", array.type);
    if (limit >= 0 && (array.index < 0 || array.index >= limit))
      return broken("refers to ", roleName(array.role), ' ', array.index, " of ", limit);
    if (array.role == COSTATE_HYPER && array.type != info.hypers[array.index].type)
      return broken("reads hyper-parameter '", array.name, "' as ", costate_type_name(array.type));
    for (int64_t axis : shapeOf(array)) {
      if (dimensionOf(axis) >= info.num_dims)
        return broken("refers to dimension ", dimensionOf(axis), " of ", info.num_dims);
      if (axis == COSTATE_COMPOUND_AXIS && !entry.extents)
        return broken("has a compound axis in '", array.name, "' and no function for extents");
    }
  }
  for (int64_t d = 0; d < info.num_dims; ++d) {
    int64_t argument = entry.dim_sources[2 * d], axis = entry.dim_sources[2 * d + 1];
    if (argument < -1 || argument >= entry.num_args || axis < -1 || (argument >= 0 && axis >= entry.args[argument].rank) ||
        (argument >= 0 && !isUserArgument(entry.args[argument].role)))
      return broken("binds dimension '", info.dim_names[d], "' to axis ", axis, " of argument ", argument);
  }
  return {};
}

Status checkDescriptor(const costate_model_info &info) {
  if (info.abi_version != COSTATE_ABI_VERSION)
    return invalidArgument("model requires version ", info.abi_version, " of the runtime's interface, but this libcostate_rt (",
                           costate_version(), ") has ", COSTATE_ABI_VERSION);
  if (uint64_t missing = info.isa_mask & ~costate_cpu_isa()) {
    static constexpr const char *names[] = {"SSE4.1", "AVX", "F16C", "FMA", "AVX2", "AVX-512", "AVX-512 BF16 and VNNI"};
    std::string list;
    for (size_t bit = 0; bit < 64; ++bit)
      if (missing >> bit & 1)
        list += text(list.empty() ? "" : ", ", bit < std::size(names) ? names[bit] : "an unknown extension");
    return unimplemented("model '", info.name, "' requires a CPU with ", list, ", which this one lacks; compile it for this target");
  }
  for (int64_t i = 0; i < info.num_slots; ++i)
    COSTATE_RETURN_IF_ERROR(checkSlot(info.slots[i]));
  for (int64_t i = 0; i < info.num_hypers; ++i)
    if (int64_t size = costate_type_size(info.hypers[i].type); size != 4 && size != 8)
      return internalError("descriptor of hyper-parameter '", info.hypers[i].name, "' has no such type: ", info.hypers[i].type);
  for (int64_t i = 0; i < info.num_entries; ++i)
    COSTATE_RETURN_IF_ERROR(checkEntry(info, info.entries[i]));
  return {};
}

} // namespace costate::runtime

// ==== costate.h: types and extents ==================================================================================================

using namespace costate::runtime;

const char *costate_type_name(int32_t type) {
  static constexpr const char *names[] = {"f32", "f64", "i32", "i64", "i8", "u8", "i1", "bf16", "f16"};
  return type >= 0 && type < static_cast<int32_t>(std::size(names)) ? names[type] : "?";
}

int64_t costate_type_size(int32_t type) {
  static constexpr int8_t sizes[] = {4, 8, 4, 8, 1, 1, 1, 2, 2};
  return type >= 0 && type < static_cast<int32_t>(std::size(sizes)) ? sizes[type] : 0;
}

void costate_entry_extents(const costate_entry_info *entry, const int64_t *dims, int64_t *extents) {
  if (entry->extents)
    return entry->extents(dims, extents);
  for (int64_t i = 0; i < numArrays(*entry); ++i)
    for (int64_t axis : shapeOf(arrayAt(*entry, i)))
      *extents++ = axis < 0 ? dims[-1 - axis] : axis;
}
