// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// lld keeps the state of a link in globals and knows no input and output but files. Ours have no place on a disk.
#include "costate/compiler/codegen/Linker.h"

#include "costate/compiler/codegen/StatusConversion.h"

#include "absl/strings/str_cat.h"
#include "lld/Common/Driver.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <dlfcn.h>
#include <exception>
#include <fcntl.h>
#include <mutex>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>
#include <utility>

LLD_HAS_DRIVER(elf)

namespace costate::codegen {

namespace {

std::error_code lastError() { return {errno, std::generic_category()}; }

/// An open file under the name that it has in this process.
struct Descriptor {
  int number = -1;

  Descriptor() = default;
  Descriptor(const Descriptor &) = delete;
  ~Descriptor() { close(); }
  void close() {
    if (number >= 0)
      ::close(std::exchange(number, -1));
  }
  std::string path() const { return absl::StrCat("/proc/self/fd/", number); }
};

/// Makes a file in memory.
std::error_code create(Descriptor &file, std::string_view bytes) {
  file.number = memfd_create("costate-link", MFD_CLOEXEC);
  if (file.number < 0)
    return lastError();
  llvm::raw_fd_ostream stream(file.number, /*shouldClose=*/false);
  stream << bytes;
  stream.flush();
  std::error_code error = stream.error();
  stream.clear_error();
  return error;
}

/// A pipe that is emptied by a thread. An output of lld must not be a regular file, which it would replace by another of the same name.
class Sink {
public:
  std::error_code open() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
      return lastError();
    from.number = ends[0];
    to.number = ends[1];
    reader = std::thread([this] {
      char block[1 << 16];
      for (ssize_t size; (size = read(from.number, block, sizeof block)) != 0;)
        if (size > 0)
          bytes.append(block, size);
        else if (errno != EINTR)
          break;
    });
    return {};
  }
  ~Sink() { finish(); }
  std::string path() const { return to.path(); }
  std::string finish() {
    to.close();
    if (reader.joinable())
      reader.join();
    return std::move(bytes);
  }

private:
  Descriptor from, to;
  std::string bytes;
  std::thread reader;
};

/// Beside what the model calls, a bundled runtime has what costate.h and costate_dlpack.h declare: a function of each source that has some.
constexpr const char *kRuntimeRoots[] = {"costate_dataset_open", "costate_context_set_printer", "costate_model_dlpack"};

/// The libraries that the runtime needs are those that this program uses: one function of each.
const void *const kSystemFunctions[] = {reinterpret_cast<const void *>(&std::terminate), reinterpret_cast<const void *>(&::lgamma_r),
                                        reinterpret_cast<const void *>(&::getpid)};

} // namespace

absl::StatusOr<std::string> writeArchive(const std::vector<Member> &members) {
  std::vector<llvm::NewArchiveMember> files;
  for (const Member &member : members)
    files.emplace_back(llvm::MemoryBufferRef(member.bytes, member.name));
  auto archive = llvm::writeArchiveToBuffer(files, llvm::SymtabWritingMode::NormalSymtab, llvm::object::Archive::K_GNU,
                                            /*Deterministic=*/true, /*Thin=*/false);
  if (!archive)
    return toStatus(archive.takeError(), "cannot write an archive");
  return (*archive)->getBuffer().str();
}

absl::StatusOr<std::string> linkLibrary(const std::string &name, const std::vector<Member> &objects, const std::string &bundledRuntime) {
  absl::StatusOr<std::string> archive = writeArchive(objects);
  if (!archive.ok())
    return archive.status();
  // Kernels are found by content across models, and stay inside; the model's own functions leave the library. With the runtime in it, so do the
  // functions that make a context and all that goes with it. What the library calls is its own, whichever other runtime the program has.
  std::string visible = absl::StrCat(name, "_*;", bundledRuntime.empty() ? "" : " costate_*;");
  Descriptor input, exports;
  Sink output;
  for (std::error_code error :
       {create(input, *archive), create(exports, absl::StrCat("{ global: ", visible, " local: *; };\n")), output.open()})
    if (error)
      return toStatus(error, "cannot make a file in memory");
  std::vector<std::string> arguments = {"ld.lld",
                                        "-shared",
                                        "--build-id",
                                        "-z",
                                        "relro",
                                        "-z",
                                        "now",
                                        "--gc-sections",
                                        "--hash-style=both",
                                        "--threads=1",
                                        "-soname",
                                        absl::StrCat("lib", name, ".so"),
                                        absl::StrCat("--version-script=", exports.path()),
                                        "-o",
                                        output.path(),
                                        "-Bsymbolic",
                                        "--whole-archive",
                                        input.path()};
  if (!bundledRuntime.empty()) {
    arguments.insert(arguments.end(), {"--no-whole-archive", bundledRuntime, "--as-needed"});
    for (const char *root : kRuntimeRoots)
      arguments.insert(arguments.end(), {"-u", root});
    for (const void *function : kSystemFunctions)
      if (Dl_info found; dladdr(function, &found) && llvm::StringRef(found.dli_fname).contains(".so"))
        arguments.push_back(found.dli_fname);
  }
  std::vector<const char *> pointers;
  for (const std::string &argument : arguments)
    pointers.push_back(argument.c_str());
  std::string messages;
  llvm::raw_string_ostream stream(messages);
  static std::mutex oneLinkAtATime;
  std::lock_guard<std::mutex> lock(oneLinkAtATime);
  lld::Result result = lld::lldMain(pointers, stream, stream, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode != 0)
    return absl::InternalError(absl::StrCat("cannot link 'lib", name, ".so': ", messages));
  return output.finish();
}

} // namespace costate::codegen
