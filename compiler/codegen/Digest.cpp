// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/codegen/Digest.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace costate::codegen {

static_assert(std::endian::native == std::endian::little, "words of the hash are little endian");

/// RFC 7693, 3.2.
void Digest::compress(bool last) {
  static constexpr uint8_t permutations[12][16] = {
      {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
      {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
      {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
      {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
      {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
      {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3}};
  uint64_t words[16], v[16];
  std::memcpy(words, buffer.data(), sizeof words);
  std::copy(state.begin(), state.end(), v);
  std::copy(initial.begin(), initial.end(), v + 8);
  v[12] ^= hashed; // the high half of the counter stays 0
  if (last)
    v[14] = ~v[14];
  auto mix = [&](int a, int b, int c, int d, uint64_t x, uint64_t y) {
    v[a] += v[b] + x;
    v[d] = std::rotr(v[d] ^ v[a], 32);
    v[c] += v[d];
    v[b] = std::rotr(v[b] ^ v[c], 24);
    v[a] += v[b] + y;
    v[d] = std::rotr(v[d] ^ v[a], 16);
    v[c] += v[d];
    v[b] = std::rotr(v[b] ^ v[c], 63);
  };
  for (const uint8_t (&p)[16] : permutations) {
    for (int i = 0; i < 4; ++i) // columns
      mix(i, i + 4, i + 8, i + 12, words[p[2 * i]], words[p[2 * i + 1]]);
    for (int i = 0; i < 4; ++i) // diagonals
      mix(i, (i + 1) % 4 + 4, (i + 2) % 4 + 8, (i + 3) % 4 + 12, words[p[2 * i + 8]], words[p[2 * i + 9]]);
  }
  for (int i = 0; i < 8; ++i)
    state[i] ^= v[i] ^ v[i + 8];
}

void Digest::update(std::string_view bytes) {
  while (!bytes.empty()) {
    if (buffered == blockSize) { // the last block waits for `finish`, even if it is full
      hashed += blockSize;
      compress(/*last=*/false);
      buffered = 0;
    }
    size_t taken = std::min(bytes.size(), blockSize - buffered);
    std::memcpy(buffer.data() + buffered, bytes.data(), taken);
    buffered += taken;
    bytes.remove_prefix(taken);
  }
}

std::array<char, Digest::size> Digest::finish() {
  std::fill(buffer.begin() + buffered, buffer.end(), '\0');
  hashed += buffered;
  compress(/*last=*/true);
  std::array<char, size> result;
  std::memcpy(result.data(), state.data(), size);
  return result;
}

std::array<char, Digest::size> Digest::of(std::string_view bytes) {
  Digest digest;
  digest.update(bytes);
  return digest.finish();
}

std::string toHex(std::string_view bytes) {
  std::string text;
  for (unsigned char byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

} // namespace costate::codegen
