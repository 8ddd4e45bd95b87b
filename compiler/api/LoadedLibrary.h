// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// The library of a package as code in this process.
#ifndef COSTATE_COMPILER_API_LOADEDLIBRARY_H
#define COSTATE_COMPILER_API_LOADEDLIBRARY_H

#include "costate/compiler/api/Externs.h"
#include "costate/compiler/codegen/Package.h"
#include "costate/runtime/costate.h"

#include "absl/status/statusor.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace costate {

/// The machine code of one model. Independent of every other one: no symbol of a loaded model is visible outside it. The functions of the
/// runtime are those linked into this program, bound by address, so a host may link libcostate_rt statically and strip its symbols; this is why
/// the library is not given to the system's loader, which would also want a file.
class LoadedLibrary {
public:
  /// Maps the library; `externs` stay as long as it. Errors: NotFound for a function of the program that `externs` lack, InvalidArgument for one of another
  /// prototype; Internal, also for a library that linkLibrary would not write: a symbol that neither it nor the runtime defines is named.
  static absl::StatusOr<std::unique_ptr<LoadedLibrary>> load(const codegen::Package &package, Externs externs = {});
  /// The first half of it, up to where code of the library runs: there is no info, and symbols may be missing. Errors: Internal.
  static absl::StatusOr<std::unique_ptr<LoadedLibrary>> map(const codegen::Package &package, const Externs &externs = {});
  ~LoadedLibrary();
  LoadedLibrary(const LoadedLibrary &) = delete;
  LoadedLibrary &operator=(const LoadedLibrary &) = delete;

  /// Address of a function or constant that the library exports. Errors: NotFound.
  absl::StatusOr<void *> lookup(std::string_view symbol) const;
  /// The descriptor that NAME_info returns; lives as long as the code. Null after `map`.
  const costate_model_info *info() const { return modelInfo; }

private:
  struct Export {
    std::string name;
    void *address;
  };

  explicit LoadedLibrary(std::span<std::byte> memory) : memory(memory) {}

  std::span<std::byte> memory;
  std::vector<Export> exports;
  Externs externs;
  const costate_model_info *modelInfo = nullptr;

  friend class LibraryLoader;
};

} // namespace costate

#endif // COSTATE_COMPILER_API_LOADEDLIBRARY_H
