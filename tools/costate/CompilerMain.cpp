// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// costate-compiler: the commands that need the compiler, and its answers to `costate`.
#include "costate/compiler/api/Compiler.h"
#include "costate/compiler/codegen/CompileKernels.h"
#include "costate/tools/costate/CompilerAnswer.h"

#include <iostream>
#include <iterator>
#include <link.h>
#include <span>
#include <sys/mman.h>
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

/// The model comes from stdin: `costate` has read it, which a pipe allows once.
CompilerAnswer compile(const CompilerFlags &flags) {
  CompilerAnswer answer;
  absl::StatusOr<Session> session = flags.session();
  if (!session.ok())
    return {session.status()};
  ModelSource source{flags.model, {std::istreambuf_iterator<char>(std::cin), {}}};
  absl::StatusOr<codegen::Package> package = session->package(source, &answer.report);
  if (!package.ok())
    return {package.status()};
  answer.package = package->serialize();
  return answer;
}

/// Writes the answer where stdout leads; whatever else the process prints goes to stderr. To take down the compiler would need its pages once more.
int writeAnswer(const CompilerFlags &flags) {
  std::FILE *out = fdopen(dup(STDOUT_FILENO), "w");
  dup2(STDERR_FILENO, STDOUT_FILENO);
  std::string bytes = compile(flags).serialize();
  bool written = out && std::fwrite(bytes.data(), 1, bytes.size(), out) == bytes.size() && std::fclose(out) == 0;
  std::fflush(nullptr);
  _exit(written ? success : userError);
}

void addPackage(CLI::App &command, Action &action) {
  auto flags = std::make_shared<CompilerFlags>();
  flags->addTo(command);
  command.callback([flags, &action] { action = [flags] { return writeAnswer(*flags); }; });
}

/// Until main, the system's loader has read all symbols and relocations of LLVM, MLIR and Halide, and their constructors much of their code: 70 MiB of files
/// that nobody looks at again. Pages that are only read come back from the file if anybody wants them.
void forgetTheStart() {
  auto forget = [](dl_phdr_info *library, size_t, void *) {
    const uintptr_t page = sysconf(_SC_PAGESIZE);
    for (const ElfW(Phdr) &segment : std::span(library->dlpi_phdr, library->dlpi_phnum))
      if (uintptr_t begin = library->dlpi_addr + segment.p_vaddr; segment.p_type == PT_LOAD && !(segment.p_flags & PF_W))
        madvise(reinterpret_cast<void *>(begin / page * page), begin % page + segment.p_memsz, MADV_DONTNEED);
    return 0;
  };
  dl_iterate_phdr(forget, nullptr);
}

} // namespace

} // namespace costate::tool

int main(int argc, char **argv) {
  using namespace costate::tool;
  forgetTheStart();
  costate::codegen::ignoreHalideWarnings();
  return runCommandLine(
      argc, argv,
      {{"compile", addCompile}, {"test", addTest}, {"check", addCheck}, {"explain", addExplain}, {"tune", addTune}, {packageCommand, addPackage}}, "costate");
}
