// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef COSTATE_TESTS_ORACLE_PHILOX_H
#define COSTATE_TESTS_ORACLE_PHILOX_H

#include <array>
#include <cstdint>

namespace costate::oracle {

/// Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"); key: low word, then high word.
inline std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, uint64_t key) {
  uint32_t k0 = uint32_t(key), k1 = uint32_t(key >> 32);
  for (int round = 0; round < 10; ++round) {
    uint64_t a = uint64_t(0xD2511F53) * counter[0], b = uint64_t(0xCD9E8D57) * counter[2];
    counter = {uint32_t(b >> 32) ^ counter[1] ^ k0, uint32_t(b), uint32_t(a >> 32) ^ counter[3] ^ k1, uint32_t(a)};
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return counter;
}

} // namespace costate::oracle

#endif
