// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Event files, which TensorBoard shows: numbers under a tag, by step.
///
/// A file is a sequence of records (TFRecord): the length as a little-endian u64, its checksum, the bytes, their checksum. A checksum is the CRC-32C,
/// turned right by 15 bits, plus 0xa282ead8. The bytes are a protocol buffer `Event`, of which these fields are written:
///
///     Event       1: double wall_time (seconds since 1970)  2: int64 step  3: string file_version  5: Summary summary  7: SessionLog session_log
///     Summary     1: repeated Value value        Value  1: string tag  2: float simple_value
///     SessionLog  1: enum status (1: START)
///
/// Three messages of six kinds of fields: the library of protocol buffers would be larger than all that it writes here.
#ifndef COSTATE_TOOLS_RECORDS_EVENT_FILE_H
#define COSTATE_TOOLS_RECORDS_EVENT_FILE_H

#include "costate/runtime/Status.h"

#include <cstdio>
#include <memory>

namespace costate::records {

struct Scalar {
  std::string tag; ///< "loss/train": a group, and a curve of it
  double value;    ///< kept as an f32
};

class EventFile {
public:
  /// Creates a file in a folder, which is created too. Its name is its own and sorts behind those of earlier runs. Errors: IO.
  static runtime::Result<EventFile> create(const std::string &folder);

  void write(int64_t step, std::span<const Scalar> scalars);
  /// Makes readers forget what earlier files of the folder say about this step and those after it.
  void restart(int64_t step);
  /// What has been written can be read. Errors: IO, also of writes before.
  runtime::Status flush();

private:
  struct Close {
    void operator()(std::FILE *file) const { std::fclose(file); }
  };
  EventFile(std::string path, std::FILE *file) : path(std::move(path)), file(file) {}
  void append(const std::string &event);

  std::string path;
  std::unique_ptr<std::FILE, Close> file;
  int error = 0; // errno of the first write that failed
};

} // namespace costate::records

#endif // COSTATE_TOOLS_RECORDS_EVENT_FILE_H
