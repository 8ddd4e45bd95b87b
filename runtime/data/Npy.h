// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the .npz writer needs of the .npy format.
#ifndef COSTATE_RUNTIME_DATA_NPY_H
#define COSTATE_RUNTIME_DATA_NPY_H

#include "costate/runtime/data/Array.h"

namespace costate::runtime {

/// Everything of a .npy file before its data. Errors: Unimplemented if NumPy lacks the element type.
Result<std::string> npyHeader(const NamedView &array, std::string_view where);

/// The elements of an array as bytes.
std::span<const std::byte> viewBytes(const NamedView &array);

} // namespace costate::runtime

#endif // COSTATE_RUNTIME_DATA_NPY_H
