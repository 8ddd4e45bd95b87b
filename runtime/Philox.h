// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Philox4x32-10, the counter-based random function (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"). Compiled code holds
// its own copy of the same function; the known answers of the authors' kat_vectors file test both.
#ifndef COSTATE_RUNTIME_PHILOX_H
#define COSTATE_RUNTIME_PHILOX_H

#include <array>
#include <cstdint>

namespace costate::runtime {

/// 128 random bits: a bijection of the counter for each key.
inline std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    uint64_t p0 = uint64_t(0xD2511F53) * counter[0];
    uint64_t p1 = uint64_t(0xCD9E8D57) * counter[2];
    counter = {uint32_t(p1 >> 32) ^ counter[1] ^ key[0], uint32_t(p1), uint32_t(p0 >> 32) ^ counter[3] ^ key[1], uint32_t(p0)};
    key[0] += 0x9E3779B9; // the golden ratio
    key[1] += 0xBB67AE85; // sqrt(3) - 1
  }
  return counter;
}

/// The first 64 bits of philox for a 64-bit key.
inline uint64_t philox64(std::array<uint32_t, 4> counter, uint64_t key) {
  std::array<uint32_t, 4> bits = philox(counter, {uint32_t(key), uint32_t(key >> 32)});
  return uint64_t(bits[1]) << 32 | bits[0];
}

} // namespace costate::runtime

#endif // COSTATE_RUNTIME_PHILOX_H
