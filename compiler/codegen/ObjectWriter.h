// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Writes a package as files that a C or C++ program builds against.
#ifndef COSTATE_COMPILER_CODEGEN_OBJECTWRITER_H
#define COSTATE_COMPILER_CODEGEN_OBJECTWRITER_H

#include "costate/compiler/codegen/Package.h"

namespace costate::codegen {

struct WriteOptions {
  /// libNAME.so beside libNAME.a. Its functions of the runtime stay open: the program that loads it brings libcostate_rt.
  bool shared = true;
  /// Path of libcostate_rt.a, which becomes part of libNAME.so; empty: not. The library then needs the system's C and C++ libraries only.
  std::string bundledRuntime;
};

/// Writes NAME.h, NAME.json, libNAME.a and libNAME.so into `directory`, which is created. Each file is replaced atomically.
/// Errors: what the system said; Internal with the linker's message.
absl::Status writePackage(const Package &package, const std::string &directory, const WriteOptions &options);

/// Replaces the file at `path` by `bytes`, whole or not at all.
absl::Status writeFile(const std::string &path, std::string_view bytes);

} // namespace costate::codegen

#endif // COSTATE_COMPILER_CODEGEN_OBJECTWRITER_H
