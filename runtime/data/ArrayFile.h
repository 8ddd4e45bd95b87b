// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files of named arrays: .npz, .npy, .csv, .safetensors. Readers trust no byte of a file: every length is checked against what is there before
// it is used or allocated, and messages name the file, the array, what is required and what was found.
#ifndef COSTATE_RUNTIME_DATA_ARRAYFILE_H
#define COSTATE_RUNTIME_DATA_ARRAYFILE_H

#include "costate/runtime/data/Array.h"

#include <functional>
#include <map>

namespace costate::runtime {

/// The content of a file.
struct FileBytes {
  std::string path;
  std::vector<std::byte> bytes;

  /// Prefix of messages: "'x.npz'".
  std::string where() const { return text('\'', path, '\''); }
};

/// Reads a whole file. Errors: NotFound if there is none, IO.
Result<std::shared_ptr<const FileBytes>> readFile(const std::string &path);

/// Writes the parts to a temporary file beside `path`, synchronises it, and renames it: a reader sees the old file or the new one, whole.
/// What is there and no regular file, a device or a pipe, is written to. Temporary files of `path` whose processes were killed are removed.
/// Errors: IO; the old file is then untouched and the temporary one removed.
Status writeFileAtomically(const std::string &path, std::span<const std::span<const std::byte>> parts);

/// Named arrays of a file, decoded when asked for.
class ArrayFile {
public:
  struct Member {
    std::string name;
    std::function<Result<Array>()> read;
    std::vector<std::string> labels = {}; // of a column of text: what its numbers stand for, ascending
  };

  ArrayFile(std::string path, std::vector<Member> members) : path(std::move(path)), members(std::move(members)) {}

  /// Opens a file by its extension; a .npy file has one array, named as the file without directory and extension.
  /// `content` gets its bytes, for what else is in them. Errors: NotFound, IO, InvalidArgument (malformed, or another extension).
  static Result<ArrayFile> open(const std::string &path, std::shared_ptr<const FileBytes> *content = nullptr);
  /// The same for bytes that are in memory; the path gives the extension and the words of messages.
  static Result<ArrayFile> parse(std::shared_ptr<const FileBytes> file);

  std::vector<std::string> names() const;
  bool has(std::string_view name) const;
  /// Errors: NotFound, listing what there is; what decoding says.
  Result<Array> read(std::string_view name) const;
  /// What the numbers of a column of text stand for; empty for any other array.
  std::vector<std::string> labels(std::string_view name) const;
  /// Gives arrays another name: one, or several columns of one length as an array [rows, columns]. "*" is every column of numbers that
  /// `others` does not hold. Where they exist, the same is done for the splits NAME_train and NAME_test.
  /// Errors: NotFound, listing what there is; InvalidArgument if the file has `name` already. `read` says what does not fit together.
  Status addArray(const std::string &name, const std::vector<std::string> &columns, std::span<const std::string> others = {});
  const std::string &filePath() const { return path; }

private:
  std::string path;
  std::vector<Member> members;
};

// ==== Formats: the members of a file, and writers ===================================================================================

/// One array in NumPy's .npy form (versions 1 to 3). where: prefix of messages.
Result<Array> parseNpy(std::span<const std::byte> bytes, std::string_view where);
/// Stored and deflated members of a zip archive, zip64 included, checked by CRC-32.
Result<std::vector<ArrayFile::Member>> openNpz(std::shared_ptr<const FileBytes> file);
/// Columns under a header line. Column NAME is an f64[rows] array; columns NAME.0 ... NAME.(k-1) are an f64[rows, k] array. A column whose first
/// field is no number is one of text: an i32[rows] array of the places of its texts among all of them, in ascending order.
Result<std::vector<ArrayFile::Member>> openCsv(std::shared_ptr<const FileBytes> file);
Result<std::vector<ArrayFile::Member>> openSafetensors(std::shared_ptr<const FileBytes> file);

/// Metadata of a .safetensors file: names and values are strings.
using Metadata = std::map<std::string, std::string>;
Result<Metadata> readSafetensorsMetadata(const FileBytes &file);

/// Writers, all atomic. .npz members are stored, not deflated. Errors: IO; Unimplemented for bf16 in NumPy's formats, and for .npz files of
/// 4 GiB or more.
Status writeNpy(const std::string &path, const NamedView &array);
Status writeNpz(const std::string &path, std::span<const NamedView> arrays);
Status writeSafetensors(const std::string &path, std::span<const NamedView> arrays, const Metadata &metadata = {});

/// Fills `out` exactly from a raw deflate stream (RFC 1951). Returns nullptr, or what is wrong: "data ends early".
const char *inflate(std::span<const std::byte> in, std::span<std::byte> out);

} // namespace costate::runtime

#endif // COSTATE_RUNTIME_DATA_ARRAYFILE_H
