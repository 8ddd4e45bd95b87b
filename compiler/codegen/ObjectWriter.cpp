// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/codegen/ObjectWriter.h"

#include "costate/compiler/codegen/StatusConversion.h"

#include "absl/strings/str_cat.h"
#include "lld/Common/Driver.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <mutex>

LLD_HAS_DRIVER(elf)

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

// lld keeps the state of a link in globals; its own objects and ours go through files, which is its only interface.
static absl::Status linkShared(const Package &package, const std::string &output, const WriteOptions &options) {
  static std::mutex oneLinkAtATime;
  std::lock_guard<std::mutex> lock(oneLinkAtATime);

  llvm::SmallString<256> scratch;
  if (std::error_code code = fs::createUniqueDirectory("costate-link", scratch))
    return toStatus(code, "cannot create a temporary directory");
  auto cleanUp = llvm::scope_exit([&] { fs::remove_directories(scratch); });

  // Kernels are found by content across models; only the model's own functions leave the library.
  std::string versions = absl::StrCat(scratch.c_str(), "/exports");
  if (absl::Status status = writeFile(versions, absl::StrCat("{ global: ", package.name, "_*; local: *; };\n")); !status.ok())
    return status;
  std::string temporary = output + ".tmp";
  std::vector<std::string> arguments = {"ld.lld", "-shared", "--build-id", "-z", "relro", "-z", "now", "--gc-sections",
                                        "-soname", absl::StrCat("lib", package.name, ".so"), absl::StrCat("--version-script=", versions),
                                        "-o", temporary};
  for (const Member &object : package.objects) {
    std::string path = absl::StrCat(scratch.c_str(), "/", object.name);
    if (absl::Status status = writeFile(path, object.bytes); !status.ok())
      return status;
    arguments.push_back(path);
  }
  if (!options.bundledRuntime.empty())
    arguments.push_back(options.bundledRuntime);

  std::vector<const char *> pointers;
  for (const std::string &argument : arguments)
    pointers.push_back(argument.c_str());
  std::string messages;
  llvm::raw_string_ostream stream(messages);
  lld::Result result = lld::lldMain(pointers, stream, stream, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode != 0) {
    fs::remove(temporary);
    return absl::InternalError(absl::StrCat("cannot link '", output, "': ", messages));
  }
  return toStatus(fs::rename(temporary, output), absl::StrCat("cannot write '", output, "'"));
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
  if (options.shared)
    if (absl::Status status = linkShared(package, absl::StrCat(base, "lib", package.name, ".so"), options); !status.ok())
      return status;
  if (absl::Status status = writeFile(absl::StrCat(base, package.name, ".json"), package.manifest); !status.ok())
    return status;
  // The header last: a build that waits for it finds everything else.
  return writeFile(absl::StrCat(base, package.name, ".h"), package.header);
}

} // namespace costate::codegen
