// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// A compiled model as bytes: its objects, C header and manifest. The same package is loaded into the process (Jit.h), written to disk
/// (ObjectWriter.h) and cached whole (ObjectCache.h), so the three cannot differ.
#ifndef COSTATE_COMPILER_CODEGEN_PACKAGE_H
#define COSTATE_COMPILER_CODEGEN_PACKAGE_H

#include "absl/status/statusor.h"

#include <string>
#include <string_view>
#include <vector>

namespace costate::codegen {

/// A named byte string; an object file if its name ends in ".o".
struct Member {
  std::string name;
  std::string bytes;

  bool isObject() const { return name.ends_with(".o"); }
};

struct Package {
  /// A C identifier; the prefix of all functions of the model.
  std::string name;
  /// Relocatable ELF objects: one of the host code, one of each Halide kernel.
  std::vector<Member> objects;
  /// The C header and the JSON manifest.
  std::string header, manifest;

  /// As one ar archive, and back. Errors of `parse`: Internal if the bytes are no package.
  absl::StatusOr<std::string> serialize() const;
  static absl::StatusOr<Package> parse(std::string_view bytes);
};

/// An ar archive with a symbol table; the same members give the same bytes.
absl::StatusOr<std::string> writeArchive(const std::vector<Member> &members);

} // namespace costate::codegen

#endif // COSTATE_COMPILER_CODEGEN_PACKAGE_H
