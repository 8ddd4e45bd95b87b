// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// costate-compiler: the commands that need the compiler, and its answers to `costate`.
#include "costate/compiler/api/Compiler.h"
#include "costate/compiler/codegen/CompileKernels.h"
#include "costate/tools/costate/CompilerAnswer.h"

#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <link.h>
#include <span>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

namespace costate::tool {

absl::StatusOr<Session> CompilerFlags::session() const {
  absl::StatusOr<Options> chosen = chosenOptions();
  if (!chosen.ok())
    return chosen.status();
  Plugins added;
  for (const std::string &plugin : plugins)
    if (absl::Status status = added.load(plugin); !status.ok())
      return status;
  absl::StatusOr<Externs> functions = externs();
  if (!functions.ok())
    return functions.status();
  return Session(*chosen, added, *functions);
}

namespace {

/// Gives back the pages of the program and its libraries that are only read; what is wanted again comes back from the files, or the system's copies of them.
void forgetFiles() {
  auto forget = [](dl_phdr_info *library, size_t, void *) {
    const uintptr_t page = sysconf(_SC_PAGESIZE);
    for (const ElfW(Phdr) &segment : std::span(library->dlpi_phdr, library->dlpi_phnum))
      if (uintptr_t begin = library->dlpi_addr + segment.p_vaddr; segment.p_type == PT_LOAD && !(segment.p_flags & PF_W))
        madvise(reinterpret_cast<void *>(begin / page * page), begin % page + segment.p_memsz, MADV_DONTNEED);
    return 0;
  };
  dl_iterate_phdr(forget, nullptr);
}

/// From now on forgets them whenever they are much. Each phase and each code generator has code of its own, and the system maps 16 pages for each that is
/// wanted: nobody looks again at most of what this process, the largest of a run, has of its files.
void keepFilesSmall() {
  std::thread([most = (int64_t(80) << 20) / sysconf(_SC_PAGESIZE)] {
    std::ifstream sizes("/proc/self/statm");
    for (int64_t all, resident, files; sizes.seekg(0) >> all >> resident >> files;
         std::this_thread::sleep_for(std::chrono::milliseconds(5)))
      if (files > most)
        forgetFiles();
  }).detach();
}

CompilerAnswer compile(const CompilerFlags &flags, const ModelSource &source) {
  CompilerAnswer answer;
  absl::StatusOr<Session> session = flags.session();
  if (!session.ok())
    return {session.status()};
  absl::StatusOr<codegen::Package> package = session->package(source, &answer.report);
  if (!package.ok())
    return {package.status()};
  answer.package = package->serialize();
  return answer;
}

/// Writes the answer where stdout leads; whatever else the process prints goes to stderr. The model comes from stdin: `costate` has read it, which a pipe
/// allows once. To take down the compiler would need its pages once more.
int writeAnswer(CompilerFlags flags) {
  std::FILE *out = fdopen(dup(STDOUT_FILENO), "w");
  dup2(STDERR_FILENO, STDOUT_FILENO);
  keepFilesSmall();
  const absl::StatusOr<ModelSource> source = parseModel(flags.model, std::string(std::istreambuf_iterator<char>(std::cin), {}));
  const CompilerAnswer answer = source.ok() ? compile(flags, *source) : CompilerAnswer{source.status()};
  const std::string bytes = answer.serialize();
  bool written = out && std::fwrite(bytes.data(), 1, bytes.size(), out) == bytes.size() && std::fclose(out) == 0;
  if (absl::StatusOr<Options> options = flags.chosenOptions();
      written && answer.status.ok() && options->defersEntries() && !options->cacheDirectory.empty())
    for (const std::string &entry : flags.nextEntries) {
      flags.options.entries = {entry};
      (void)compile(flags, *source);
    }
  std::fflush(nullptr);
  _exit(written ? success : userError);
}

void addPackage(CLI::App &command, Action &action) {
  auto flags = std::make_shared<CompilerFlags>();
  flags->addTo(command);
  command.callback([flags, &action] { action = [flags] { return writeAnswer(*flags); }; });
}

} // namespace

} // namespace costate::tool

int main(int argc, char **argv) {
  using namespace costate::tool;
  forgetFiles(); // 70 MiB: the system's loader has read all symbols and relocations of LLVM, MLIR and Halide, and their constructors much of their code
  costate::codegen::ignoreHalideWarnings();
  return runCommandLine(
      argc, argv,
      {{"compile", addCompile}, {"test", addTest}, {"check", addCheck}, {"explain", addExplain}, {"tune", addTune}, {"fmt", addFmt}, {packageCommand, addPackage}}, "costate");
}
