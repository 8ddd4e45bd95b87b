// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Conversions to 16-bit floats that the CPU may have no instruction for. Compilers call them by these names; gcc's own library has those to
// bfloat16 from version 13 on only. Round to nearest, ties to even (IEEE 754, 4.3.1).
#include "costate/runtime/kernels/HalfPrecision.h"

#include <bit>
#include <cstdint>

namespace {

/// Narrows to a float of `Exponent` and `Fraction` bits by rounding the bits of `x` once.
template <int Exponent, int Fraction>
uint16_t narrow(double x) {
  constexpr int64_t bias = (1 << (Exponent - 1)) - 1, largest = (1 << Exponent) - 1;
  uint64_t bits = std::bit_cast<uint64_t>(x), magnitude = bits & ~(uint64_t(1) << 63);
  uint16_t sign = uint16_t(bits >> 63) << 15, infinity = uint16_t(largest << Fraction);
  if (magnitude > uint64_t(0x7ff) << 52)
    return sign | infinity | uint16_t(1 << (Fraction - 1)) | uint16_t(magnitude >> (52 - Fraction) & ((1 << Fraction) - 1));
  int64_t exponent = int64_t(magnitude >> 52) - 1023 + bias;
  uint64_t significand = (magnitude & ((uint64_t(1) << 52) - 1)) | uint64_t(1) << 52;
  if (exponent >= largest)
    return sign | infinity;
  // Below the normal numbers the unit in the last place stays and the significand moves right.
  int64_t dropped = 52 - Fraction + (exponent < 1 ? 1 - exponent : 0);
  if (dropped > 53)
    return sign;
  uint64_t kept = significand >> dropped, rest = significand & ((uint64_t(1) << dropped) - 1), half = uint64_t(1) << (dropped - 1);
  kept += rest > half || (rest == half && (kept & 1));
  // The implicit bit adds one to the exponent, and so does a carry of the rounding.
  return sign | uint16_t((exponent < 1 ? 0 : (exponent - 1) << Fraction) + int64_t(kept));
}

} // namespace

extern "C" {
_Float16 __truncsfhf2(float x) { return std::bit_cast<_Float16>(narrow<5, 10>(x)); }
_Float16 __truncdfhf2(double x) { return std::bit_cast<_Float16>(narrow<5, 10>(x)); }
__bf16 __truncsfbf2(float x) { return std::bit_cast<__bf16>(narrow<8, 7>(x)); }
__bf16 __truncdfbf2(double x) { return std::bit_cast<__bf16>(narrow<8, 7>(x)); }

float __extendhfsf2(_Float16 x) {
  uint16_t bits = std::bit_cast<uint16_t>(x), magnitude = bits & 0x7fff;
  uint32_t sign = uint32_t(bits >> 15) << 31;
  if (magnitude >= 0x7c00)
    return std::bit_cast<float>(sign | 0x7f800000u | uint32_t(magnitude & 0x3ff) << 13);
  if (magnitude >= 0x0400)
    return std::bit_cast<float>(sign | ((uint32_t(magnitude) << 13) + (uint32_t(127 - 15) << 23)));
  float value = float(magnitude) * 0x1p-24f; // subnormal: exact in f32
  return bits >> 15 ? -value : value;
}
}
