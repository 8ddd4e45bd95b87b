// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where `costate` has machine code from: the cache, or a process of `costate-compiler`.
#include "costate/compiler/api/PackageKey.h"
#include "costate/compiler/codegen/ObjectCache.h"
#include "costate/compiler/codegen/SystemStatus.h"
#include "costate/tools/costate/CompilerAnswer.h"
#include "costate/tools/costate/RandomCall.h"

#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace costate::tool {

namespace {

absl::Status systemError(const std::string &program) {
  return codegen::toStatus({errno, std::generic_category()}, absl::StrCat("cannot run '", program, "'"));
}

/// An open file.
struct Descriptor {
  int number;

  explicit Descriptor(int number) : number(number) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor &) = delete;
  void close() {
    if (number >= 0)
      ::close(std::exchange(number, -1));
  }
};

} // namespace

/// A program that was given its input on stdin. It ends with this object, and with this process, whatever ends that.
class Process {
public:
  /// Errors: what the system said.
  static absl::StatusOr<std::unique_ptr<Process>> start(const std::string &program, const std::vector<std::string> &words,
                                                        std::string_view input) {
    std::vector<char *> arguments = {const_cast<char *>(program.c_str())};
    for (const std::string &word : words)
      arguments.push_back(const_cast<char *>(word.c_str()));
    arguments.push_back(nullptr);
    Descriptor in(memfd_create("model", MFD_CLOEXEC)); // all of it is there before anybody reads
    int ends[2];
    if (access(program.c_str(), X_OK) != 0 || in.number < 0 ||
        write(in.number, input.data(), input.size()) != static_cast<ssize_t>(input.size()) || lseek(in.number, 0, SEEK_SET) != 0 ||
        pipe2(ends, O_CLOEXEC) != 0)
      return systemError(program);
    std::unique_ptr<Process> process(new Process(program, ends[0]));
    Descriptor to(ends[1]);
    const pid_t parent = getpid();
    process->child = fork();
    if (process->child < 0)
      return systemError(program);
    if (process->child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() == parent && dup2(in.number, STDIN_FILENO) >= 0 && dup2(to.number, STDOUT_FILENO) >= 0)
        execv(program.c_str(), arguments.data());
      _exit(127);
    }
    return process;
  }
  ~Process() {
    if (child > 0 && kill(child, SIGKILL) == 0)
      (void)wait();
  }

  /// What it writes to stdout, until it closes that.
  std::string output() {
    std::string output;
    char block[1 << 16];
    for (ssize_t size; (size = read(from.number, block, sizeof block)) != 0;) {
      if (size > 0)
        output.append(block, size);
      else if (errno != EINTR)
        break;
    }
    return output;
  }

  /// Waits for its end. Errors: Cancelled if that was an interruption, Internal if it was not exit code 0.
  absl::Status wait() {
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    child = -1;
    if (WIFSIGNALED(status))
      return absl::InternalError(
          absl::StrCat("'", program, "' was ended by signal ", WTERMSIG(status), " (", strsignal(WTERMSIG(status)), ")"));
    if (WEXITSTATUS(status) == interruptedByUser)
      return absl::CancelledError("interrupted");
    if (status != 0)
      return absl::InternalError(absl::StrCat("'", program, "' ended with code ", WEXITSTATUS(status)));
    return absl::OkStatus();
  }

private:
  Process(std::string program, int from) : program(std::move(program)), from(from) {}

  std::string program;
  Descriptor from;
  pid_t child = -1;
};

absl::StatusOr<Executable> CompilerFlags::compile() const {
  absl::StatusOr<Options> chosen = chosenOptions();
  if (!chosen.ok())
    return chosen.status();
  absl::StatusOr<ModelSource> source = ModelSource::read(model);
  if (!source.ok())
    return source.status();
  absl::StatusOr<Externs> functions = externs();
  if (!functions.ok())
    return functions.status();
  CompilerFlags first = *this;
  if (chosen->defersEntries())
    first.options.entries.insert("init"); // which creating a handle calls
  CompileReport report;
  std::shared_ptr<Process> process;
  absl::StatusOr<codegen::Package> package = first.package(*source, report, process);
  if (!package.ok())
    return package.status();
  EntrySource rest = [flags = *this, source = *source, process](const std::string &entry) mutable {
    if (std::shared_ptr<Process> goesOn = std::exchange(process, nullptr))
      (void)goesOn->wait(); // what it has made is in the cache, whatever it was
    flags.options.entries = {entry};
    flags.nextEntries.clear();
    CompileReport ignored;
    return flags.package(source, ignored, process);
  };
  return Executable::load(*package, report, *functions, chosen->defersEntries() ? std::move(rest) : EntrySource());
}

absl::StatusOr<codegen::Package> CompilerFlags::package(const ModelSource &source, CompileReport &report,
                                                        std::shared_ptr<Process> &process) const {
  const double start = now();
  absl::StatusOr<Options> chosen = chosenOptions();
  if (!chosen.ok())
    return chosen.status();
  std::string identity;
  for (const std::string &plugin : plugins) {
    absl::StatusOr<std::string> grown = addPlugin(identity, plugin);
    if (!grown.ok())
      return grown.status();
    identity = std::move(*grown);
  }
  const std::string program = programBeside(compilerProgram);
  absl::StatusOr<PackageKey> key = packageKey(source, Subject::Model, *chosen, identity, codegen::compilerIdentity(program));
  if (!key.ok())
    return key.status();
  if (chosen->usesCachedPackages())
    if (std::optional<codegen::Package> package = key->find(codegen::ObjectCache(chosen->cacheDirectory, chosen->cacheBytes))) {
      report = {.fromCache = true, .total = now() - start};
      return std::move(*package);
    }

  std::vector<std::string> request = words();
  request.insert(request.begin(), packageCommand);
  absl::StatusOr<std::unique_ptr<Process>> started = Process::start(program, request, serializeModel(source));
  if (!started.ok())
    return started.status();
  absl::StatusOr<CompilerAnswer> answer = CompilerAnswer::parse((*started)->output());
  if (answer.ok() && !answer->status.ok())
    return answer->status;
  absl::StatusOr<codegen::Package> package = answer.ok() ? codegen::Package::parse(answer->package) : answer.status();
  if (!package.ok()) { // how it ended says more than what it said
    absl::Status end = (*started)->wait();
    return end.ok() ? package.status() : end;
  }
  process = std::move(*started);
  report = answer->report;
  report.total = now() - start;
  return package;
}

} // namespace costate::tool
