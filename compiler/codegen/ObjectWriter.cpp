// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/codegen/ObjectWriter.h"

#include "costate/compiler/codegen/Linker.h"
#include "costate/compiler/codegen/StatusConversion.h"

#include "absl/strings/str_cat.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

namespace costate::codegen {

namespace fs = llvm::sys::fs;

absl::Status writeFile(const std::string &path, std::string_view bytes) {
  std::string doing = absl::StrCat("cannot write '", path, "'");
  llvm::SmallString<256> temporary;
  int descriptor;
  if (std::error_code code = fs::createUniqueFile(path + "-%%%%%%%%.tmp", descriptor, temporary, fs::OF_None, 0666))
    return toStatus(code, doing);
  llvm::raw_fd_ostream stream(descriptor, /*shouldClose=*/true);
  stream << bytes;
  stream.close();
  std::error_code code = stream.error();
  stream.clear_error();
  if (!code)
    code = fs::rename(temporary, path);
  if (code)
    fs::remove(temporary);
  return toStatus(code, doing);
}

absl::Status writePackage(const Package &package, const std::string &directory, const WriteOptions &options) {
  if (std::error_code code = fs::create_directories(directory, /*IgnoreExisting=*/true, fs::all_all))
    return toStatus(code, absl::StrCat("cannot create directory '", directory, "'"));
  std::string base = absl::StrCat(directory, "/");
  absl::StatusOr<std::string> archive = writeArchive(package.objects);
  if (!archive.ok())
    return archive.status();
  if (absl::Status status = writeFile(absl::StrCat(base, "lib", package.name, ".a"), *archive); !status.ok())
    return status;
  if (options.shared) {
    absl::StatusOr<std::string> library = options.bundledRuntime.empty() ? package.library : linkLibrary(package.name, package.objects, options.bundledRuntime);
    if (!library.ok())
      return library.status();
    if (absl::Status status = writeFile(absl::StrCat(base, "lib", package.name, ".so"), *library); !status.ok())
      return status;
  }
  if (absl::Status status = writeFile(absl::StrCat(base, package.name, ".json"), package.manifest); !status.ok())
    return status;
  // The header last: a build that waits for it finds everything else.
  return writeFile(absl::StrCat(base, package.name, ".h"), package.header);
}

} // namespace costate::codegen
