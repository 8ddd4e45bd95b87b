// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// A cryptographic hash that needs no library.
#ifndef COSTATE_COMPILER_CODEGEN_DIGEST_H
#define COSTATE_COMPILER_CODEGEN_DIGEST_H

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace costate::codegen {

/// BLAKE2b (RFC 7693) with a result of 16 bytes.
class Digest {
public:
  static constexpr size_t size = 16;

  Digest() { state[0] ^= 0x01010000 ^ size; } // no key, no tree
  void update(std::string_view bytes);
  /// Of all bytes so far, in their order. The digest is used up.
  std::array<char, size> finish();

  static std::array<char, size> of(std::string_view bytes);

private:
  static constexpr size_t blockSize = 128;
  void compress(bool last);

  // The fractional parts of the square roots of the first primes.
  static constexpr std::array<uint64_t, 8> initial = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
                                                      0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
  std::array<uint64_t, 8> state = initial;
  uint64_t hashed = 0; // bytes that left the buffer
  std::array<char, blockSize> buffer = {};
  size_t buffered = 0;
};

/// Two lower-case digits a byte.
std::string toHex(std::string_view bytes);

} // namespace costate::codegen

#endif // COSTATE_COMPILER_CODEGEN_DIGEST_H
