// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/runtime/data/Array.h"

#include "costate/runtime/Descriptor.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <numeric>

namespace costate::runtime {

static_assert(std::endian::native == std::endian::little, "files are read and written as little-endian");

// ==== Half-width floats =============================================================================================================

struct Half {
  uint16_t bits;
};
struct Bfloat {
  uint16_t bits;
};

static float widen(Bfloat value) { return std::bit_cast<float>(uint32_t(value.bits) << 16); }

static float widen(Half value) {
  uint32_t sign = uint32_t(value.bits & 0x8000) << 16, exponent = value.bits >> 10 & 31, fraction = value.bits & 0x3ff;
  if (exponent == 0) // zero or subnormal: fraction * 2^-24, exact in f32
    return std::bit_cast<float>(sign | std::bit_cast<uint32_t>(float(fraction) * 0x1p-24f));
  exponent = exponent == 31 ? 255 : exponent + 112;
  return std::bit_cast<float>(sign | exponent << 23 | fraction << 13);
}

static Bfloat narrowBfloat(float value) {
  uint32_t bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value))
    return {uint16_t(bits >> 16 | 0x40)}; // quiet, so that it stays a NaN
  return {uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}

static Half narrowHalf(float value) {
  uint16_t sign = std::bit_cast<uint32_t>(value) >> 16 & 0x8000;
  float magnitude = std::fabs(value);
  if (std::isnan(value))
    return {uint16_t(sign | 0x7e00)};
  if (magnitude >= 65520) // halfway between the largest value and the next power of two
    return {uint16_t(sign | 0x7c00)};
  if (magnitude < 0x1p-14f) // subnormal: a multiple of 2^-24; nearbyint rounds to even
    return {uint16_t(sign | uint16_t(std::nearbyint(magnitude * 0x1p24f)))};
  uint32_t bits = std::bit_cast<uint32_t>(magnitude);
  bits += 0xfff + (bits >> 13 & 1);
  return {uint16_t(sign | ((bits >> 13) - (112 << 10)))};
}

// ==== Decoding ======================================================================================================================

std::string storedTypeText(StoredType type) {
  if (type.kind == 'b')
    return "bool";
  return type.kind == 'B' ? "bf16" : text(type.kind, 8 * type.bytes);
}

template <typename T>
static T loadElement(const std::byte *from, bool swap) {
  std::byte raw[sizeof(T)];
  std::memcpy(raw, from, sizeof(T));
  if (swap)
    std::reverse(raw, raw + sizeof(T));
  return std::bit_cast<T>(raw);
}

/// Copies `count` elements of type From, widened to To.
template <typename From, typename To = From>
static void decodeElements(std::span<const std::byte> bytes, bool swap, std::byte *to) {
  size_t count = bytes.size() / sizeof(From);
  for (size_t i = 0; i < count; ++i) {
    To element = static_cast<To>(loadElement<From>(bytes.data() + i * sizeof(From), swap));
    std::memcpy(to + i * sizeof(To), &element, sizeof(To));
  }
}

Array permuteAxes(const Array &array, std::span<const int64_t> order) {
  size_t rank = order.size(), width = costate_type_size(array.type);
  std::vector<int64_t> stride(rank, 1), index(rank, 0);
  for (size_t axis = rank; axis-- > 1;)
    stride[axis - 1] = stride[axis] * array.shape[axis];
  Array out{array.type, {}, Buffer(array.data.size())};
  for (int64_t axis : order)
    out.shape.push_back(array.shape[axis]);
  for (int64_t to = 0, from = 0, count = array.size(); to < count; ++to) {
    std::memcpy(out.data.data() + to * width, array.data.data() + from * width, width);
    for (size_t axis = rank; axis-- > 0;) {
      from += stride[order[axis]];
      if (++index[axis] < out.shape[axis])
        break;
      from -= stride[order[axis]] * out.shape[axis];
      index[axis] = 0;
    }
  }
  return out;
}

Result<Array> decodeArray(StoredType type, std::vector<int64_t> shape, bool fortran, std::span<const std::byte> bytes, std::string_view where) {
  bool swap = type.bigEndian && type.bytes > 1;
  Array array;
  array.shape = std::move(shape);
  size_t count = bytes.size() / type.bytes;
  auto allocate = [&](costate_type elementType) {
    array.type = elementType;
    array.data = Buffer(count * costate_type_size(elementType));
    return array.data.data();
  };
  switch (type.kind << 8 | type.bytes) {
  case 'f' << 8 | 2: decodeElements<uint16_t>(bytes, swap, allocate(COSTATE_F16)); break;
  case 'f' << 8 | 4: decodeElements<uint32_t>(bytes, swap, allocate(COSTATE_F32)); break;
  case 'f' << 8 | 8: decodeElements<uint64_t>(bytes, swap, allocate(COSTATE_F64)); break;
  case 'B' << 8 | 2: decodeElements<uint16_t>(bytes, swap, allocate(COSTATE_BF16)); break;
  case 'i' << 8 | 1: decodeElements<int8_t>(bytes, swap, allocate(COSTATE_I8)); break;
  case 'i' << 8 | 2: decodeElements<int16_t, int32_t>(bytes, swap, allocate(COSTATE_I32)); break;
  case 'i' << 8 | 4: decodeElements<int32_t>(bytes, swap, allocate(COSTATE_I32)); break;
  case 'i' << 8 | 8: decodeElements<int64_t>(bytes, swap, allocate(COSTATE_I64)); break;
  case 'u' << 8 | 1: decodeElements<uint8_t>(bytes, swap, allocate(COSTATE_U8)); break;
  case 'u' << 8 | 2: decodeElements<uint16_t, int32_t>(bytes, swap, allocate(COSTATE_I32)); break;
  case 'u' << 8 | 4: decodeElements<uint32_t, int64_t>(bytes, swap, allocate(COSTATE_I64)); break;
  case 'u' << 8 | 8: {
    std::byte *to = allocate(COSTATE_I64);
    decodeElements<uint64_t>(bytes, swap, to);
    for (size_t i = 0; i < count; ++i)
      if (loadElement<int64_t>(to + 8 * i, false) < 0)
        return invalidArgument(where, " requires integers below 2^63, but element ", i, " is ", loadElement<uint64_t>(to + 8 * i, false));
    break;
  }
  case 'b' << 8 | 1: {
    std::byte *to = allocate(COSTATE_I1);
    for (size_t i = 0; i < count; ++i)
      to[i] = std::byte(bytes[i] != std::byte(0));
    break;
  }
  default: return unimplemented(where, " has elements of type ", storedTypeText(type), ", which is not supported");
  }
  if (fortran && array.shape.size() > 1) { // row-major in the reverse order of its axes
    std::vector<int64_t> order(array.shape.size());
    std::iota(order.rbegin(), order.rend(), 0);
    std::reverse(array.shape.begin(), array.shape.end());
    return permuteAxes(array, order);
  }
  return array;
}

// ==== Conversion ====================================================================================================================

static double loadFloat(int32_t type, const std::byte *from) {
  switch (type) {
  case COSTATE_F32: return loadElement<float>(from, false);
  case COSTATE_F64: return loadElement<double>(from, false);
  case COSTATE_BF16: return widen(Bfloat{loadElement<uint16_t>(from, false)});
  default: return widen(Half{loadElement<uint16_t>(from, false)});
  }
}

static int64_t loadInteger(int32_t type, const std::byte *from) {
  switch (type) {
  case COSTATE_I32: return loadElement<int32_t>(from, false);
  case COSTATE_I64: return loadElement<int64_t>(from, false);
  case COSTATE_I8: return loadElement<int8_t>(from, false);
  default: return loadElement<uint8_t>(from, false);
  }
}

static bool isFloat(int32_t type) { return type == COSTATE_F32 || type == COSTATE_F64 || type == COSTATE_BF16 || type == COSTATE_F16; }

static void storeFloat(int32_t type, double value, std::byte *to) {
  auto store = [to](auto element) { std::memcpy(to, &element, sizeof element); };
  switch (type) {
  case COSTATE_F32: return store(static_cast<float>(value));
  case COSTATE_F64: return store(value);
  case COSTATE_BF16: return store(narrowBfloat(static_cast<float>(value)));
  default: return store(narrowHalf(static_cast<float>(value)));
  }
}

/// Stores an integer if the type holds it.
static bool storeInteger(int32_t type, int64_t value, std::byte *to) {
  auto store = [&](auto element) {
    std::memcpy(to, &element, sizeof element);
    return static_cast<int64_t>(element) == value;
  };
  switch (type) {
  case COSTATE_I32: return store(static_cast<int32_t>(value));
  case COSTATE_I64: return store(value);
  case COSTATE_I8: return store(static_cast<int8_t>(value));
  case COSTATE_U8: return store(static_cast<uint8_t>(value));
  default: return store(static_cast<uint8_t>(value != 0)); // I1: 0 and 1 only
  }
}

Result<Array> convertArray(Array array, int32_t type, std::string_view where) {
  if (array.type == type)
    return array;
  int32_t from = array.type;
  int64_t count = array.size(), fromWidth = costate_type_size(from), width = costate_type_size(type);
  Array out;
  out.type = type;
  out.shape = std::move(array.shape);
  out.data = Buffer(count * width);
  auto refuse = [&](int64_t i, const auto &value) {
    return invalidArgument(where, " requires values of type ", costate_type_name(type), ", but element ", i, " (", costate_type_name(from), ") is ",
                           value);
  };
  for (int64_t i = 0; i < count; ++i) {
    const std::byte *source = array.data.data() + i * fromWidth;
    std::byte *target = out.data.data() + i * width;
    if (isFloat(from)) {
      double value = loadFloat(from, source);
      if (isFloat(type))
        storeFloat(type, value, target);
      else if (!(value >= -0x1p63 && value < 0x1p63) || value != std::trunc(value) || !storeInteger(type, static_cast<int64_t>(value), target))
        return refuse(i, value);
    } else {
      int64_t value = loadInteger(from, source);
      if (!isFloat(type)) {
        if (!storeInteger(type, value, target))
          return refuse(i, value);
        continue;
      }
      storeFloat(type, static_cast<double>(value), target);
      double kept = loadFloat(type, target);
      if (!(kept >= -0x1p63 && kept < 0x1p63) || static_cast<int64_t>(kept) != value)
        return refuse(i, value);
    }
  }
  return out;
}

} // namespace costate::runtime
