// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Decompression of raw deflate streams (RFC 1951), so that consumers of a compiled model link no compression library. Canonical Huffman codes;
// codes of up to 10 bits are looked up in one table, longer ones are decoded bit by bit as in Mark Adler's `puff`.
#include "costate/runtime/data/ArrayFile.h"

#include <array>
#include <cstring>

namespace costate::runtime {

namespace {

/// Bits of the stream, least significant first. Past the end come zeros; `overrun` tells.
class BitReader {
public:
  explicit BitReader(std::span<const std::byte> in) : in(in) {}

  /// At least 56 bits are buffered afterwards, as far as the stream has them.
  void refill() {
    while (filled <= 56) {
      uint64_t next = at < in.size() ? static_cast<uint64_t>(in[at]) : 0;
      ++at;
      buffer |= next << filled;
      filled += 8;
    }
  }
  uint64_t peek() const { return buffer; }
  void drop(int bits) {
    buffer >>= bits;
    filled -= bits;
  }
  uint32_t take(int bits) { // bits <= 16, after refill
    uint32_t value = buffer & ((uint64_t(1) << bits) - 1);
    drop(bits);
    return value;
  }
  /// Bytes of the stream that are used up, the one in progress included.
  size_t position() const { return at - filled / 8; }
  bool overrun() const { return position() > in.size(); }
  void skipToByte() { drop(filled % 8); }
  /// Moves to byte `position`; after skipToByte.
  void seek(size_t position) {
    at = position;
    buffer = 0;
    filled = 0;
  }

private:
  std::span<const std::byte> in;
  size_t at = 0;
  uint64_t buffer = 0;
  int filled = 0;
};

constexpr int kMaxBits = 15;
constexpr int kTableBits = 10;

class Huffman {
public:
  /// Builds the code from the length of each symbol's word (0: unused). False if more words are asked for than lengths allow, or fewer
  /// (legal only for a code of at most one word).
  bool build(const uint8_t *lengths, int count) {
    counts.fill(0);
    for (int i = 0; i < count; ++i)
      ++counts[lengths[i]];
    int used = count - counts[0];
    counts[0] = 0;
    int left = 1;
    for (int bits = 1; bits <= kMaxBits; ++bits) {
      left = 2 * left - counts[bits];
      if (left < 0)
        return false;
    }
    std::array<int, kMaxBits + 2> offset{}, code{};
    for (int bits = 1; bits <= kMaxBits; ++bits) {
      offset[bits + 1] = offset[bits] + counts[bits];
      code[bits + 1] = (code[bits] + counts[bits]) << 1;
    }
    table.fill(0);
    for (int symbol = 0; symbol < count; ++symbol) {
      int bits = lengths[symbol];
      if (bits == 0)
        continue;
      symbols[offset[bits]++] = static_cast<uint16_t>(symbol);
      int word = code[bits]++;
      if (bits > kTableBits)
        continue;
      int reversed = 0; // words are sent most significant bit first
      for (int i = 0; i < bits; ++i)
        reversed |= (word >> i & 1) << (bits - 1 - i);
      for (int i = reversed; i < 1 << kTableBits; i += 1 << bits)
        table[i] = static_cast<uint16_t>(symbol << 4 | bits);
    }
    return left == 0 || used <= 1;
  }

  /// Next symbol, or -1 if the bits are no word; after refill.
  int decode(BitReader &bits) const {
    if (uint16_t entry = table[bits.peek() & ((1 << kTableBits) - 1)]) {
      bits.drop(entry & 15);
      return entry >> 4;
    }
    int code = 0, first = 0, index = 0;
    uint64_t stream = bits.peek();
    for (int length = 1; length <= kMaxBits; ++length) {
      code |= stream & 1;
      stream >>= 1;
      int n = counts[length];
      if (code - n < first) {
        bits.drop(length);
        return symbols[index + code - first];
      }
      index += n;
      first = (first + n) << 1;
      code <<= 1;
    }
    return -1;
  }

private:
  std::array<int, kMaxBits + 1> counts{};
  std::array<uint16_t, 288> symbols{};
  std::array<uint16_t, 1 << kTableBits> table{}; // symbol and length of the word that the bits begin with; 0: a longer word, or none
};

class Inflater {
public:
  Inflater(std::span<const std::byte> in, std::span<std::byte> out) : in(in), bits(in), out(out) {}

  const char *run() {
    bool last;
    do {
      bits.refill();
      last = bits.take(1);
      const char *error;
      switch (bits.take(2)) {
      case 0: error = storedBlock(); break;
      case 1: error = fixedBlock(); break;
      case 2: error = dynamicBlock(); break;
      default: error = "unknown kind of block";
      }
      if (error)
        return error;
      if (bits.overrun())
        return "data ends early";
    } while (!last);
    return size == out.size() ? nullptr : "fewer bytes than announced";
  }

private:
  const char *storedBlock() {
    bits.skipToByte();
    size_t at = bits.position();
    if (at > in.size() || in.size() - at < 4)
      return "data ends early";
    auto byte = [&](size_t i) { return static_cast<uint32_t>(in[at + i]); };
    uint32_t length = byte(0) | byte(1) << 8;
    if (length != (~(byte(2) | byte(3) << 8) & 0xffff))
      return "length of a stored block does not match its complement";
    if (length > in.size() - at - 4)
      return "data ends early";
    if (length > out.size() - size)
      return "more bytes than announced";
    if (length > 0)
      std::memcpy(out.data() + size, in.data() + at + 4, length);
    size += length;
    bits.seek(at + 4 + length);
    return nullptr;
  }

  const char *fixedBlock() {
    uint8_t lengths[288];
    for (int i = 0; i < 288; ++i)
      lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    literals.build(lengths, 288);
    std::memset(lengths, 5, 30);
    distances.build(lengths, 30);
    return codes();
  }

  const char *dynamicBlock() {
    static constexpr uint8_t order[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    int numLiterals = bits.take(5) + 257, numDistances = bits.take(5) + 1, numLengths = bits.take(4) + 4;
    if (numLiterals > 286 || numDistances > 30)
      return "too many codes";
    uint8_t lengths[286 + 30 + 138] = {}; // the last repetition may run past the end before it is refused
    for (int i = 0; i < numLengths; ++i) {
      bits.refill();
      lengths[order[i]] = static_cast<uint8_t>(bits.take(3));
    }
    Huffman code;
    if (!code.build(lengths, 19))
      return "invalid code of code lengths";
    int count = 0;
    std::memset(lengths, 0, sizeof lengths);
    while (count < numLiterals + numDistances) {
      bits.refill();
      int symbol = code.decode(bits);
      if (symbol < 0 || bits.overrun())
        return "invalid code length";
      if (symbol < 16) {
        lengths[count++] = static_cast<uint8_t>(symbol);
        continue;
      }
      if (symbol == 16 && count == 0)
        return "repetition of no code length";
      uint8_t repeated = symbol == 16 ? lengths[count - 1] : 0;
      int times = symbol == 16 ? 3 + bits.take(2) : symbol == 17 ? 3 + bits.take(3) : 11 + bits.take(7);
      std::memset(lengths + count, repeated, times);
      count += times;
    }
    if (count > numLiterals + numDistances)
      return "too many code lengths";
    if (lengths[256] == 0)
      return "no code for the end of the block";
    if (!literals.build(lengths, numLiterals) || !distances.build(lengths + numLiterals, numDistances))
      return "invalid codes";
    return codes();
  }

  const char *codes() {
    static constexpr uint16_t lengthBase[29] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                                31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
    static constexpr uint8_t lengthExtra[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
    static constexpr uint16_t distanceBase[30] = {1,   2,   3,   4,   5,   7,    9,    13,   17,   25,   33,   49,   65,    97,    129,
                                                  193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
    static constexpr uint8_t distanceExtra[30] = {0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};
    while (true) {
      bits.refill();
      int symbol = literals.decode(bits);
      if (symbol < 0)
        return "invalid code";
      if (bits.overrun())
        return "data ends early";
      if (symbol < 256) {
        if (size == out.size())
          return "more bytes than announced";
        out[size++] = std::byte(symbol);
        continue;
      }
      if (symbol == 256)
        return nullptr;
      if (symbol > 285)
        return "invalid length";
      // 15 + 5 + 15 + 13 bits at most since the refill: they are buffered
      size_t length = lengthBase[symbol - 257] + bits.take(lengthExtra[symbol - 257]);
      int code = distances.decode(bits);
      if (code < 0 || code > 29)
        return "invalid distance";
      size_t distance = distanceBase[code] + bits.take(distanceExtra[code]);
      if (bits.overrun())
        return "data ends early";
      if (distance > size)
        return "a distance beyond the start";
      if (length > out.size() - size)
        return "more bytes than announced";
      for (size_t i = 0; i < length; ++i, ++size) // byte by byte: source and target may overlap
        out[size] = out[size - distance];
    }
  }

  std::span<const std::byte> in;
  BitReader bits;
  std::span<std::byte> out;
  size_t size = 0;
  Huffman literals, distances;
};

} // namespace

const char *inflate(std::span<const std::byte> in, std::span<std::byte> out) { return Inflater(in, out).run(); }

} // namespace costate::runtime
