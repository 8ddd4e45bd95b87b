// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// A compiled model as bytes: its objects, what they are linked to, C header and manifest. The same package is loaded into the process
/// (LoadedLibrary.h), written to disk (ObjectWriter.h) and cached whole (ObjectCache.h), so the three cannot differ.
#ifndef COSTATE_COMPILER_CODEGEN_PACKAGE_H
#define COSTATE_COMPILER_CODEGEN_PACKAGE_H

#include "absl/status/statusor.h"

#include <string>
#include <string_view>
#include <vector>

namespace costate::codegen {

/// A named byte string.
struct Member {
  std::string name;
  std::string bytes;
};

struct Package {
  /// A C identifier; the prefix of all functions of the model.
  std::string name;
  /// Relocatable ELF objects: one of the host code, one of each Halide kernel.
  std::vector<Member> objects;
  /// The shared ELF object of them all (Linker.h), whose functions of the runtime are open.
  std::string library;
  /// The C header and the JSON manifest.
  std::string header, manifest;

  /// As one string, and back. Errors of `parse`: Internal if the bytes are no package.
  std::string serialize() const;
  static absl::StatusOr<Package> parse(std::string_view bytes);
};

} // namespace costate::codegen

#endif // COSTATE_COMPILER_CODEGEN_PACKAGE_H
