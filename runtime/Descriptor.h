// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reading the constant descriptors of costate.h: sizes, names, extents and the words of messages about them.
#ifndef COSTATE_RUNTIME_DESCRIPTOR_H
#define COSTATE_RUNTIME_DESCRIPTOR_H

#include "costate/runtime/Status.h"

namespace costate::runtime {

/// Product of the extents, or -1 if one is negative or the product exceeds 2^59: so many elements of 8 bytes have a size.
int64_t elementCount(std::span<const int64_t> shape);

/// "f32[32, 64]"; a scalar is "f32".
std::string typeText(int32_t type, std::span<const int64_t> shape);
/// The same with dimension names, as "f32[batch, 64]"; a compound axis is "?".
std::string signatureText(const costate_model_info &info, const costate_array_info &array);

/// "input", "target" ... for messages; "?" for no role.
const char *roleName(int32_t role);

/// Whether an array of this role is a slot of the handle.
inline bool isSlot(int32_t role) { return role == COSTATE_PARAM || role == COSTATE_STATE || role == COSTATE_BUFFER; }
/// Whether data has it, of which calls get batches.
inline bool isData(int32_t role) { return role == COSTATE_INPUT || role == COSTATE_TARGET || role == COSTATE_ROWS; }
/// Whether the caller passes a pointer for it in costate_model_invoke.
inline bool isUserPointer(int32_t role) { return isData(role) || role == COSTATE_METRIC || role == COSTATE_OUTPUT; }
/// Whether the caller passes it as an argument in costate_model_call.
inline bool isUserArgument(int32_t role) { return isData(role) || role == COSTATE_DIM; }

/// All arguments, then all results.
inline int64_t numArrays(const costate_entry_info &entry) { return entry.num_args + entry.num_results; }
inline const costate_array_info &arrayAt(const costate_entry_info &entry, int64_t index) {
  return index < entry.num_args ? entry.args[index] : entry.results[index - entry.num_args];
}
inline std::span<const int64_t> shapeOf(const costate_array_info &array) { return {array.shape, static_cast<size_t>(array.rank)}; }

/// Dimension that names an axis, or -1.
inline int64_t dimensionOf(int64_t axis) { return axis < 0 && axis != COSTATE_COMPOUND_AXIS ? -1 - axis : -1; }

/// Index of the entry of that name, or -1.
int64_t findEntry(const costate_model_info &info, std::string_view name);
/// NOT_FOUND that lists the entries of the model.
Status noSuchEntry(const costate_model_info &info, std::string_view name);

/// Whether every index and pointer of the descriptor is in range; Internal otherwise. What a handle relies on afterwards.
Status checkDescriptor(const costate_model_info &info);

} // namespace costate::runtime

#endif // COSTATE_RUNTIME_DESCRIPTOR_H
