// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NumPy's .npz: a zip archive (PKWARE APPNOTE 6.3) of .npy members, stored or deflated. Members are found through the central directory at the
// end of the file; sizes and offsets of 0xffffffff are in a zip64 field instead.
#include "costate/runtime/data/ArrayFile.h"
#include "costate/runtime/data/Npy.h"

#include <algorithm>
#include <array>
#include <unordered_set>

namespace costate::runtime {

static uint32_t crc32(std::span<const std::byte> bytes, uint32_t crc = 0) {
  static constexpr std::array<uint32_t, 256> table = [] {
    std::array<uint32_t, 256> out{};
    for (uint32_t i = 0; i < 256; ++i) {
      uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit)
        value = value >> 1 ^ (value & 1 ? 0xEDB88320u : 0);
      out[i] = value;
    }
    return out;
  }();
  crc = ~crc;
  for (std::byte byte : bytes)
    crc = crc >> 8 ^ table[(crc ^ static_cast<uint32_t>(byte)) & 255];
  return ~crc;
}

// ==== Reading =======================================================================================================================

namespace {

/// Little-endian numbers of a span; reads past the end give 0 and are remembered.
class ByteReader {
public:
  ByteReader(std::span<const std::byte> bytes, uint64_t at) : bytes(bytes), at(at) {}

  uint64_t number(int width) {
    uint64_t value = 0;
    if (!has(width))
      failed = true;
    else
      for (int i = 0; i < width; ++i)
        value |= static_cast<uint64_t>(bytes[at + i]) << (8 * i);
    at += width;
    return value;
  }
  std::span<const std::byte> span(uint64_t size) {
    if (!has(size)) {
      failed = true;
      return {};
    }
    at += size;
    return bytes.subspan(at - size, size);
  }
  void skip(uint64_t size) { span(size); }
  bool ok() const { return !failed; }

private:
  bool has(uint64_t size) const { return !failed && at <= bytes.size() && size <= bytes.size() - at; }

  std::span<const std::byte> bytes;
  uint64_t at;
  bool failed = false;
};

struct ZipMember {
  std::string name;
  uint64_t flags, method, crc, packedSize, size, offset;
};

} // namespace

/// What is stored under 'name', checked against its CRC.
static Result<Array> readMember(const FileBytes &file, const ZipMember &member, std::string_view name) {
  std::string where = text(file.where(), ": array '", name, '\'');
  if (member.flags & 1)
    return unimplemented(where, " is encrypted, which is not supported");
  ByteReader local(file.bytes, member.offset);
  bool signature = local.number(4) == 0x04034b50;
  local.skip(22);
  uint64_t nameSize = local.number(2), extraSize = local.number(2);
  local.skip(nameSize + extraSize);
  std::span<const std::byte> packed = local.span(member.packedSize);
  if (!signature || !local.ok())
    return invalidArgument(where, " requires ", member.packedSize, " bytes at offset ", member.offset, ", but the file has ", file.bytes.size(),
                           "; the file may be cut short");

  std::vector<std::byte> unpacked;
  std::span<const std::byte> data = packed;
  if (member.method == 8) {
    // Deflate shrinks at most 1032 times: a larger announced size is a lie, and not worth its memory.
    if (member.size > 1032 * static_cast<uint64_t>(packed.size()) + 1032)
      return invalidArgument(where, " requires ", member.size, " bytes, but ", packed.size(), " deflated bytes cannot hold them");
    unpacked.resize(member.size);
    if (const char *error = inflate(packed, unpacked))
      return invalidArgument(where, " cannot be inflated: ", error);
    data = unpacked;
  } else if (member.method != 0) {
    return unimplemented(where, " is packed by method ", member.method, "; only stored and deflated arrays are supported");
  } else if (member.size != packed.size()) {
    return invalidArgument(where, " requires ", member.size, " stored bytes, but got ", packed.size());
  }
  if (uint32_t crc = crc32(data); crc != member.crc)
    return invalidArgument(where, " requires checksum ", member.crc, ", but got ", crc, "; the file is damaged");
  return parseNpy(data, where);
}

Result<std::vector<ArrayFile::Member>> openNpz(std::shared_ptr<const FileBytes> file) {
  std::span<const std::byte> bytes = file->bytes;
  auto damaged = [&](const auto &...what) { return invalidArgument(file->where(), ": requires a zip archive, but ", what..., "; the file may be cut short"); };

  // The end record is the last thing in the file, before a comment of at most 64 KiB.
  constexpr size_t kEndSize = 22;
  size_t end = bytes.size();
  bool found = false;
  for (size_t back = kEndSize; !found && back <= bytes.size() && back <= kEndSize + 0xffff; ++back) {
    end = bytes.size() - back;
    found = ByteReader(bytes, end).number(4) == 0x06054b50;
  }
  if (!found)
    return damaged("it has no end record");
  ByteReader record(bytes, end + 10);
  uint64_t entries = record.number(2), directorySize = record.number(4), directory = record.number(4);
  if (end >= 20)
    if (ByteReader locator(bytes, end - 20); locator.number(4) == 0x07064b50) { // zip64
      locator.skip(4);
      ByteReader record64(bytes, locator.number(8));
      bool signature = record64.number(4) == 0x06064b50;
      record64.skip(28);
      entries = record64.number(8);
      directorySize = record64.number(8);
      directory = record64.number(8);
      if (!signature || !record64.ok())
        return damaged("its zip64 end record is missing");
    }
  if (directory > bytes.size() || directorySize > bytes.size() - directory)
    return damaged("its directory of ", directorySize, " bytes is outside the file");

  std::vector<ArrayFile::Member> members;
  std::unordered_set<std::string> names;
  ByteReader entry(bytes.subspan(directory, directorySize), 0);
  for (uint64_t i = 0; i < entries; ++i) {
    bool signature = entry.number(4) == 0x02014b50;
    entry.skip(4);
    ZipMember member;
    member.flags = entry.number(2);
    member.method = entry.number(2);
    entry.skip(4);
    member.crc = entry.number(4);
    member.packedSize = entry.number(4);
    member.size = entry.number(4);
    uint64_t nameSize = entry.number(2), extraSize = entry.number(2), commentSize = entry.number(2);
    entry.skip(8);
    member.offset = entry.number(4);
    std::span<const std::byte> name = entry.span(nameSize);
    ByteReader extra(entry.span(extraSize), 0);
    entry.skip(commentSize);
    if (!signature || !entry.ok())
      return damaged("entry ", i, " of its directory is broken");
    for (uint64_t used = 0; used + 4 <= extraSize;) {
      uint64_t id = extra.number(2), size = extra.number(2);
      ByteReader field(extra.span(size), 0);
      used += 4 + size;
      for (uint64_t *wide : {&member.size, &member.packedSize, &member.offset})
        if (id == 1 && *wide == 0xffffffff)
          *wide = field.number(8);
      if (!extra.ok() || !field.ok())
        return damaged("entry ", i, " of its directory has a broken zip64 field");
    }
    member.name.assign(reinterpret_cast<const char *>(name.data()), name.size());
    if (!member.name.ends_with(".npy")) // other files may lie in the archive
      continue;
    std::string arrayName = member.name.substr(0, member.name.size() - 4);
    if (!names.insert(arrayName).second)
      return invalidArgument(file->where(), ": requires different names, but got array '", arrayName, "' again");
    members.push_back({arrayName, [file, member, arrayName] { return readMember(*file, member, arrayName); }});
  }
  return members;
}

// ==== Writing =======================================================================================================================

static void append(std::string &out, uint64_t number, int width) {
  for (int i = 0; i < width; ++i)
    out += char(number >> (8 * i) & 255);
}

Status writeNpz(const std::string &path, std::span<const NamedView> arrays) {
  // Per array a local record with the .npy header, then the caller's data without a copy; at the end the directory.
  std::vector<std::string> records(arrays.size());
  std::vector<std::span<const std::byte>> parts;
  std::string directory;
  uint64_t offset = 0;
  for (size_t i = 0; i < arrays.size(); ++i) {
    std::string where = text('\'', path, "': array '", arrays[i].name, '\'');
    Result<std::string> header = npyHeader(arrays[i], where);
    if (!header.ok())
      return header.status();
    std::span<const std::byte> data = viewBytes(arrays[i]);
    std::string name = arrays[i].name + ".npy";
    uint64_t size = header->size() + data.size();
    if (name.size() > 0xffff || offset + size > 0xffff0000u || arrays.size() > 0xfffe)
      return unimplemented(where, " makes the file larger than the 4 GiB that are supported; write .safetensors instead");
    uint32_t crc = crc32(data, crc32(std::as_bytes(std::span(*header))));

    std::string fields; // shared by the local record and the directory: version, flags, method, time, date, CRC, sizes, name
    for (auto [value, width] : {std::pair<uint64_t, int>{20, 2}, {0, 2}, {0, 2}, {0, 2}, {0x21, 2}, {crc, 4}, {size, 4}, {size, 4}, {name.size(), 2}, {0, 2}})
      append(fields, value, width);
    append(directory, 0x02014b50, 4);
    append(directory, 20, 2);
    directory += fields;
    append(directory, 0, 2); // length of the comment
    append(directory, 0, 8); // disk and attributes
    append(directory, offset, 4);
    directory += name;
    append(records[i], 0x04034b50, 4);
    records[i] += fields + name + *header;
    parts.push_back(std::as_bytes(std::span(records[i])));
    parts.push_back(data);
    offset += records[i].size() + data.size();
  }
  std::string end;
  append(end, 0x06054b50, 4);
  append(end, 0, 4);
  append(end, arrays.size(), 2);
  append(end, arrays.size(), 2);
  append(end, directory.size(), 4);
  append(end, offset, 4);
  append(end, 0, 2);
  parts.push_back(std::as_bytes(std::span(directory)));
  parts.push_back(std::as_bytes(std::span(end)));
  return writeFileAtomically(path, parts);
}

} // namespace costate::runtime
