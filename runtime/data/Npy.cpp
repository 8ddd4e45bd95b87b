// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NumPy's .npy: a magic string, a version, the length of a header, the header (a Python dict of 'descr', 'fortran_order' and 'shape'), data.
// The format is written down in numpy/lib/format.py.
#include "costate/runtime/data/ArrayFile.h"
#include "costate/runtime/data/Npy.h"

#include "costate/runtime/Descriptor.h"

#include <cstring>

namespace costate::runtime {

namespace {

struct Header {
  std::string descr;
  bool fortran = false;
  std::vector<int64_t> shape;
};

/// The literals that NumPy writes: one dict with three known keys.
class HeaderParser {
public:
  HeaderParser(std::string_view input, std::string_view where) : input(input), where(where) {}

  Result<Header> parse() {
    Header header;
    bool hasDescr = false, hasOrder = false, hasShape = false;
    if (!take('{'))
      return expected("'{'");
    while (!take('}')) {
      std::string key;
      if (!parseString(key) || !take(':'))
        return expected("a key and ':'");
      if (key == "descr" && !std::exchange(hasDescr, true)) {
        if (!parseString(header.descr))
          return expected("a plain numeric type as 'descr'");
      } else if (key == "fortran_order" && !std::exchange(hasOrder, true)) {
        header.fortran = takeWord("True");
        if (!header.fortran && !takeWord("False"))
          return expected("True or False");
      } else if (key == "shape" && !std::exchange(hasShape, true)) {
        if (Status status = parseShape(header.shape); !status.ok())
          return status;
      } else {
        return expected("the keys 'descr', 'fortran_order' and 'shape', once each");
      }
      if (!take(',')) {
        if (!take('}'))
          return expected("',' or '}'");
        break;
      }
    }
    skipSpace();
    if (at < input.size())
      return expected("the end of the header");
    if (!hasDescr || !hasOrder || !hasShape)
      return expected("the keys 'descr', 'fortran_order' and 'shape'");
    return header;
  }

private:
  void skipSpace() {
    while (at < input.size() && (input[at] == ' ' || input[at] == '\n'))
      ++at;
  }
  bool take(char c) {
    skipSpace();
    if (at == input.size() || input[at] != c)
      return false;
    ++at;
    return true;
  }
  bool takeWord(std::string_view word) {
    skipSpace();
    if (input.substr(at, word.size()) != word)
      return false;
    at += word.size();
    return true;
  }
  bool parseString(std::string &out) {
    skipSpace();
    if (at == input.size() || (input[at] != '\'' && input[at] != '"'))
      return false;
    size_t end = input.find(input[at], at + 1);
    if (end == std::string_view::npos)
      return false;
    out = input.substr(at + 1, end - at - 1);
    at = end + 1;
    return true;
  }
  Status parseShape(std::vector<int64_t> &shape) {
    if (!take('('))
      return expected("'(' of the shape");
    while (!take(')')) {
      skipSpace();
      int64_t extent;
      auto [stop, error] = std::from_chars(input.data() + at, input.data() + input.size(), extent);
      if (error != std::errc() || extent < 0)
        return expected("an extent >= 0");
      at = stop - input.data();
      shape.push_back(extent);
      if (shape.size() > 32)
        return expected("at most 32 axes");
      if (!take(',')) {
        if (!take(')'))
          return expected("',' or ')'");
        break;
      }
    }
    return {};
  }
  Status expected(std::string_view what) const {
    return invalidArgument(where, ": header, byte ", at, ": requires ", what, ", but got ",
                           at < input.size() ? text('\'', input.substr(at, 12), '\'') : "its end");
  }

  std::string_view input, where;
  size_t at = 0;
};

} // namespace

/// "<f8" and the like: byte order, kind, bytes.
static Result<StoredType> parseDescr(std::string_view descr, std::string_view where) {
  StoredType type{'?', 0};
  if (descr.size() == 3 && std::string_view("<>|=").find(descr[0]) != std::string_view::npos && descr[2] >= '1' && descr[2] <= '8')
    type = {descr[1], descr[2] - '0', descr[0] == '>'};
  bool known = (type.kind == 'b' && type.bytes == 1) ||
               ((type.kind == 'i' || type.kind == 'u') && (type.bytes == 1 || type.bytes == 2 || type.bytes == 4 || type.bytes == 8)) ||
               (type.kind == 'f' && (type.bytes == 2 || type.bytes == 4 || type.bytes == 8));
  if (!known)
    return invalidArgument(where, ": requires elements that are floats of 2, 4 or 8 bytes, integers or bools, but got '", descr, '\'');
  return type;
}

Result<Array> parseNpy(std::span<const std::byte> bytes, std::string_view where) {
  static constexpr char magic[] = "\x93NUMPY";
  auto byte = [&](size_t i) { return static_cast<uint32_t>(bytes[i]); };
  if (bytes.size() < 10 || std::memcmp(bytes.data(), magic, 6) != 0)
    return invalidArgument(where, ": requires the first bytes of a .npy array, but got ",
                           bytes.size() < 10 ? text("only ", bytes.size(), " bytes") : "others");
  uint32_t version = byte(6);
  if (version < 1 || version > 3)
    return invalidArgument(where, ": requires .npy version 1, 2 or 3, but got ", version);
  size_t start = version == 1 ? 10 : 12;
  uint64_t length = byte(8) | byte(9) << 8;
  if (version > 1) {
    if (bytes.size() < start)
      return invalidArgument(where, ": requires a header of 12 bytes, but the file has ", bytes.size());
    length |= uint64_t(byte(10)) << 16 | uint64_t(byte(11)) << 24;
  }
  if (length > bytes.size() - start)
    return invalidArgument(where, ": requires a header of ", length, " bytes, but ", bytes.size() - start, " are left");

  Result<Header> header = HeaderParser({reinterpret_cast<const char *>(bytes.data()) + start, length}, where).parse();
  if (!header.ok())
    return header.status();
  Result<StoredType> type = parseDescr(header->descr, where);
  if (!type.ok())
    return type.status();
  std::span<const std::byte> data = bytes.subspan(start + length);
  int64_t count = elementCount(header->shape);
  // Compared by division: the product may not fit.
  if (count < 0 || static_cast<uint64_t>(count) != data.size() / type->bytes || data.size() % type->bytes != 0) {
    std::string shape = "(";
    for (int64_t extent : header->shape)
      shape += text(shape.size() > 1 ? ", " : "", extent);
    return invalidArgument(where, ": requires data of shape ", shape, ") and type ", storedTypeText(*type), ", but ", data.size(),
                           " bytes are there; the file may be cut short");
  }
  return decodeArray(*type, std::move(header->shape), header->fortran, data, where);
}

// ==== Writing =======================================================================================================================

Result<std::string> npyHeader(const NamedView &array, std::string_view where) {
  static constexpr const char *descrs[] = {"<f4", "<f8", "<i4", "<i8", "|i1", "|u1", "|b1", nullptr, "<f2"};
  const char *descr = costate_type_size(array.type) ? descrs[array.type] : nullptr;
  if (!descr)
    return unimplemented(where, ": NumPy's formats have no element type ", costate_type_name(array.type), "; write .safetensors instead");
  std::string dict = text("{'descr': '", descr, "', 'fortran_order': False, 'shape': (");
  for (size_t i = 0; i < array.shape.size(); ++i)
    dict += text(i ? ", " : "", array.shape[i]);
  dict += array.shape.size() == 1 ? ",), }" : "), }";
  size_t total = (10 + dict.size() + 1 + 63) / 64 * 64; // data starts at a multiple of 64 bytes
  dict.resize(total - 10 - 1, ' ');
  dict += '\n';
  std::string header("\x93NUMPY\x01\x00", 8);
  header += char(dict.size() & 255);
  header += char(dict.size() >> 8); // 32 axes of 20 digits fit in 65535 bytes
  return header + dict;
}

std::span<const std::byte> viewBytes(const NamedView &array) {
  return {static_cast<const std::byte *>(array.data), static_cast<size_t>(elementCount(array.shape) * costate_type_size(array.type))};
}

Status writeNpy(const std::string &path, const NamedView &array) {
  Result<std::string> header = npyHeader(array, text('\'', path, '\''));
  if (!header.ok())
    return header.status();
  std::span<const std::byte> parts[] = {std::as_bytes(std::span(*header)), viewBytes(array)};
  return writeFileAtomically(path, parts);
}

} // namespace costate::runtime
