// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/tools/Version.h"
#include "costate/tools/costate/CompilerAnswer.h"

#include "absl/strings/str_cat.h"

#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace costate::tool {

namespace {

/// All commands of `costate`, in the order of its help.
constexpr std::pair<const char *, const char *> allCommands[] = {
    {"train", "Compile a model and train it on a data file"},
    {"run", "Compile a model and call one of its entries on arrays from files"},
    {"solve", "Compile a problem and solve it for arrays from files"},
    {"compile", "Write a model as a library: NAME.h, libNAME.a, libNAME.so, NAME.json"},
    {"test", "Run the check blocks of a model file"},
    {"check", "Compare a model's machine code, gradients included, with the reference interpreter"},
    {"explain", "Print a model's interface, its kernels, their executors and schedules"},
    {"bench", "Measure calls of a model's entries on random data"},
    {"tune", "Search faster schedules for a model's kernels on this machine"},
    {"fmt", "Lay out model files in place"},
    {packageCommand, ""}, // between the programs, not for people
};

std::atomic<bool> interrupt{false}, interruptible{false};

extern "C" void onInterrupt(int) {
  if (!interruptible || interrupt.exchange(true)) // not in a loop that looks at the flag, or asked twice
    _exit(interruptedByUser);
}

} // namespace

const std::atomic<bool> &interruptFlag() { return interrupt; }
void setInterruptible() { interruptible = true; }

std::string programBeside(const char *name) {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).replace_filename(name).string();
}

/// Where a program was started without one of the three, the next file that it opens would be taken for it, and get what is printed.
static void openStandardFiles() {
  for (int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(number, F_GETFD) < 0 && errno == EBADF)
      (void)open("/dev/null", O_RDWR); // the least number that is free
}

int runCommandLine(int argc, char **argv, const std::map<std::string, AddCommand> &commands, const char *otherProgram) {
  openStandardFiles();
  std::signal(SIGINT, onInterrupt);
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app("Costate compiles a training step, even one whose layers are optimization problems, into a small native library.", "costate");
  app.set_version_flag("--version", costate::versionLine);
  app.require_subcommand(1);
  Action action;
  for (auto [name, description] : allCommands) {
    CLI::App &command = *app.add_subcommand(name, description);
    if (!*description)
      command.group("");
    if (auto found = commands.find(name); found != commands.end()) {
      found->second(command, action);
    } else if (argc > 1 && std::string_view(argv[1]) == name) {
      std::string program = programBeside(otherProgram);
      argv[0] = program.data();
      execv(argv[0], argv);
      return report(absl::InternalError(absl::StrCat("cannot run '", program, "': ", std::strerror(errno))));
    }
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success &request) { // --help, --version
    return app.exit(request);
  } catch (const CLI::ParseError &error) {
    return report(absl::InvalidArgumentError(usageMessage(app, error)));
  }
  try {
    return action();
  } catch (const std::bad_alloc &) {
    return report(absl::ResourceExhaustedError("out of memory"));
  } catch (const std::exception &exception) {
    return report(absl::InternalError(absl::StrCat("internal error: ", exception.what())));
  }
}

} // namespace costate::tool
