// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The subcommands of `costate`, one file each, and what they share: flags of the compiler, messages, exit codes. Two programs have them: `costate`,
// which only runs models and so starts in milliseconds, and `costate-compiler`, which holds the compiler. Each hands the commands of the other on to it.
#ifndef COSTATE_TOOLS_COSTATE_COMMANDS_H
#define COSTATE_TOOLS_COSTATE_COMMANDS_H

#include "costate/compiler/api/Executable.h"
#include "costate/compiler/pipeline/Options.h"
#include "costate/runtime/Status.h"
#include "costate/runtime/data/ArrayFile.h"

#include <CLI/CLI.hpp>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace costate {
class Session;
struct ModelSource;
} // namespace costate

namespace costate::tool {

constexpr int success = 0, userError = 1, interruptedByUser = 130;

/// What the command line chose; set by the callback of a subcommand.
using Action = std::function<int()>;
/// Gives a subcommand its flags and its action.
using AddCommand = void (*)(CLI::App &command, Action &action);

/// The main function of a program that has some of the commands of `costate`; the others are of `otherProgram`, which lies in the same folder.
int runCommandLine(int argc, char **argv, const std::map<std::string, AddCommand> &commands, const char *otherProgram);
/// The path of another program in the folder of this one.
std::string programBeside(const char *name);
constexpr char compilerProgram[] = "costate-compiler";

void addTrain(CLI::App &command, Action &action);
void addRun(CLI::App &command, Action &action);
void addSolve(CLI::App &command, Action &action);
void addCompile(CLI::App &command, Action &action);
void addExplain(CLI::App &command, Action &action);
void addCheck(CLI::App &command, Action &action);
void addTest(CLI::App &command, Action &action);
void addBench(CLI::App &command, Action &action);
void addTune(CLI::App &command, Action &action);
void addFmt(CLI::App &command, Action &action);

class Process;

/// The model file and how it is compiled.
struct CompilerFlags {
  std::string model, real = "f32", from = "import", device = "cpu", cacheDirectory;
  std::vector<std::string> hints, plugins, libraries;
  bool noCache = false;
  Options options;
  /// Entries that a process of the compiler goes on with when it has answered, for the cache, because they are called soon.
  std::vector<std::string> nextEntries;

  void addTo(CLI::App &command);
  /// Errors: InvalidArgument where a flag has a value that it cannot have.
  absl::StatusOr<Options> chosenOptions() const;
  /// The functions of the libraries that --extern names. Errors: those of Externs::load.
  absl::StatusOr<Externs> externs() const;
  /// The model and the flags that the compiler has to know, as words of a command line.
  std::vector<std::string> words() const;

  /// For `costate`: machine code, from the cache, else from a process of `costate-compiler`, whose memory goes with it; that of entries which are not in
  /// options.entries when they are called. Errors: those of Session.
  absl::StatusOr<Executable> compile() const;
  /// For `costate-compiler`. Errors: InvalidArgument where a flag has a value that it cannot have; those of `Plugins::load` and `Externs::load`.
  absl::StatusOr<Session> session() const;

private:
  /// process: that which has answered, and may go on.
  absl::StatusOr<codegen::Package> package(const ModelSource &source, CompileReport &report, std::shared_ptr<Process> &process) const;
};

/// `name=value` of a repeated flag.
struct Binding {
  std::string name, value;
  /// Errors: InvalidArgument, naming the flag.
  static absl::StatusOr<Binding> parse(const std::string &text, const std::string &flag);
};

/// A data file, and what of it the arrays of a model are.
struct DataFlags {
  std::string file;
  std::vector<std::string> columns;

  void addTo(CLI::App &command, const char *what);
  /// Without --data, the file is what the model says, if it does: a path beside `model`.
  void addDefault(const Executable &executable, const std::string &model);
  /// Errors: InvalidArgument where a flag has a value that it cannot have; those of the file.
  runtime::Result<runtime::ArrayFile> open() const;
};

/// A context of the runtime that ends with the scope.
using Context = std::unique_ptr<costate_context, decltype(&costate_context_destroy)>;
absl::StatusOr<Context> createContext(int threads);

/// A model that can be called.
struct Handle {
  Context context;
  Executable::Model model;

  /// The status of a code that a function of the runtime returned for this handle.
  absl::Status check(int32_t code) const { return runtimeStatus(code, context.get()); }
};

/// What a handle starts with: threads, seed, parameters, hyper-parameters.
struct HandleFlags {
  std::string params;
  int64_t seed = 0;
  int threads = 0;
  std::vector<std::string> set, rename;

  void addTo(CLI::App &command);
  /// Errors: InvalidArgument where a flag has a value that it cannot have; those of the runtime.
  absl::StatusOr<Handle> create(const Executable &executable) const;
  /// What --set says, once more: a checkpoint brings hyper-parameters of its own.
  absl::Status setHypers(const Handle &handle) const;

private:
  /// What --rename says. Errors: InvalidArgument without --params; those of a file.
  absl::StatusOr<std::string> renamingRules() const;
};

/// What a flag may be. A message begins with the name of the flag.
CLI::Validator integer(int64_t least = INT64_MIN, int64_t most = INT64_MAX);
CLI::Validator positiveNumber();
CLI::Validator share();
CLI::Validator oneOf(std::vector<std::string> values);
CLI::Validator fileNamed(std::string extension);
/// What is wrong with a command line.
std::string usageMessage(const CLI::App &app, const CLI::ParseError &error);

/// Seconds since the system started this process; steps of 10 ms.
double secondsSinceProcessStart();

/// Prints an error on stderr and gives the exit code for it.
int report(const absl::Status &status);
int report(const runtime::Status &status);

/// Raised by Ctrl-C while `interruptible` is; before that Ctrl-C ends the process with 130.
const std::atomic<bool> &interruptFlag();
void setInterruptible();

} // namespace costate::tool

#endif // COSTATE_TOOLS_COSTATE_COMMANDS_H
