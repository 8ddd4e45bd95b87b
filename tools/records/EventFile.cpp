// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/tools/records/EventFile.h"

#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <unistd.h>

namespace costate::records {

using runtime::Status;

namespace {

/// Castagnoli's polynomial, lowest bit first.
uint32_t crc32c(std::string_view bytes) {
  static constexpr auto table = [] {
    std::array<uint32_t, 256> values{};
    for (uint32_t byte = 0; byte < 256; ++byte) {
      uint32_t crc = byte;
      for (int bit = 0; bit < 8; ++bit)
        crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
      values[byte] = crc;
    }
    return values;
  }();
  uint32_t crc = ~0u;
  for (char byte : bytes)
    crc = crc >> 8 ^ table[(crc ^ static_cast<uint8_t>(byte)) & 255];
  return ~crc;
}

template <typename Unsigned> void appendLittleEndian(std::string &out, Unsigned value) {
  for (size_t byte = 0; byte < sizeof value; ++byte)
    out += static_cast<char>(value >> 8 * byte & 255);
}

void appendChecksum(std::string &out, std::string_view bytes) { appendLittleEndian(out, std::rotr(crc32c(bytes), 15) + 0xa282ead8u); }

/// A protocol buffer: a field is a key, which is its number and how the value is written, and the value.
class Message {
public:
  Message &integer(int field, int64_t value) {
    key(field, 0);
    varint(static_cast<uint64_t>(value));
    return *this;
  }
  Message &number(int field, double value) {
    key(field, 1);
    appendLittleEndian(bytes, std::bit_cast<uint64_t>(value));
    return *this;
  }
  Message &number(int field, float value) {
    key(field, 5);
    appendLittleEndian(bytes, std::bit_cast<uint32_t>(value));
    return *this;
  }
  Message &string(int field, std::string_view value) {
    key(field, 2);
    varint(value.size());
    bytes += value;
    return *this;
  }
  Message &message(int field, const Message &value) { return string(field, value.bytes); }

  const std::string &text() const { return bytes; }

private:
  void key(int field, int form) { varint(static_cast<uint64_t>(field) << 3 | form); }
  void varint(uint64_t value) {
    for (; value >= 128; value >>= 7)
      bytes += static_cast<char>(value | 128);
    bytes += static_cast<char>(value);
  }

  std::string bytes;
};

double secondsSince1970() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

Message event() { return Message().number(1, secondsSince1970()); }

} // namespace

runtime::Result<EventFile> EventFile::create(const std::string &folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed)
    return runtime::ioError('\'', folder, "': cannot create the folder: ", failed.message());
  char host[256] = "localhost";
  gethostname(host, sizeof host - 1);
  // Readers know a file by "tfevents", and read those of a folder in the order of their names.
  const int64_t microseconds = static_cast<int64_t>(1e6 * secondsSince1970());
  char name[400];
  std::snprintf(name, sizeof name, "events.out.tfevents.%010lld.%06lld.%s.%d", static_cast<long long>(microseconds / 1000000),
                static_cast<long long>(microseconds % 1000000), host, getpid());
  const std::string path = std::filesystem::path(folder) / name;
  std::FILE *file = std::fopen(path.c_str(), "wx");
  if (!file)
    return runtime::ioError('\'', path, "': cannot create the file: ", std::strerror(errno));
  EventFile events(path, file);
  events.append(event().string(3, "brain.Event:2").text());
  return events;
}

void EventFile::write(int64_t step, std::span<const Scalar> scalars) {
  Message summary;
  for (const Scalar &scalar : scalars)
    summary.message(1, Message().string(1, scalar.tag).number(2, static_cast<float>(scalar.value)));
  append(event().integer(2, step).message(5, summary).text());
}

void EventFile::restart(int64_t step) { append(event().integer(2, step).message(7, Message().integer(1, 1)).text()); }

void EventFile::append(const std::string &event) {
  std::string record;
  appendLittleEndian(record, static_cast<uint64_t>(event.size()));
  appendChecksum(record, record);
  record += event;
  appendChecksum(record, event);
  if (std::fwrite(record.data(), 1, record.size(), file.get()) != record.size() && !error)
    error = errno;
}

Status EventFile::flush() {
  if (std::fflush(file.get()) != 0 && !error)
    error = errno;
  return error ? runtime::ioError('\'', path, "': cannot write the file: ", std::strerror(error)) : Status();
}

} // namespace costate::records
