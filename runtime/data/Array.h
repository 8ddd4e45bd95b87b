// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A dense array read from a file, and its conversion to the element type that a model asks for.
#ifndef COSTATE_RUNTIME_DATA_ARRAY_H
#define COSTATE_RUNTIME_DATA_ARRAY_H

#include "costate/runtime/Memory.h"
#include "costate/runtime/Status.h"

namespace costate::runtime {

struct Array {
  int32_t type = COSTATE_F32; // costate_type
  std::vector<int64_t> shape;
  Buffer data; // row-major

  int64_t size() const { return data.size() / costate_type_size(type); } // elements
};

/// Calls `visit` with a value of the C type of a costate_type; i1 is a byte.
template <typename Visit>
auto withElementType(int32_t type, Visit visit) {
  switch (type) {
  case COSTATE_F32:
    return visit(float());
  case COSTATE_F64:
    return visit(double());
  case COSTATE_F16:
    return visit(_Float16());
  case COSTATE_BF16:
    return visit(__bf16());
  case COSTATE_I32:
    return visit(int32_t());
  case COSTATE_I64:
    return visit(int64_t());
  case COSTATE_I8:
    return visit(int8_t());
  default:
    return visit(uint8_t());
  }
}

/// An array of somebody else under a name, to be written to a file.
struct NamedView {
  std::string name;
  int32_t type;
  std::vector<int64_t> shape;
  const void *data;
};

/// How a file stores an element: kind 'f' (IEEE float), 'i', 'u', 'b' (bool) or 'B' (bfloat16), bytes 1, 2, 4 or 8.
struct StoredType {
  char kind;
  int bytes;
  bool bigEndian = false;
};

/// Name in messages: "f64", "u16".
std::string storedTypeText(StoredType type);

/// Decodes elements of a file. Integers that no costate_type holds are widened: i16, u16 -> i32; u32, u64 -> i64 (u64 is range-checked).
/// `bytes` holds exactly the elements; with `fortran`, first axis fastest. where: prefix of messages, "'x.npz': array 'y'".
Result<Array> decodeArray(StoredType type, std::vector<int64_t> shape, bool fortran, std::span<const std::byte> bytes, std::string_view where);

/// A row-major copy whose axis i is axis order[i] of `array`, as NumPy's transpose.
Array permuteAxes(const Array &array, std::span<const int64_t> order);

/// The array in element type `type`: floats become other floats by rounding, everything else must keep its value exactly.
/// Errors: InvalidArgument with the first element that does not fit.
Result<Array> convertArray(Array array, int32_t type, std::string_view where);

} // namespace costate::runtime

#endif // COSTATE_RUNTIME_DATA_ARRAY_H
