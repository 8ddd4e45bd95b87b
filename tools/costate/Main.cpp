// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/codegen/CompileKernels.h"
#include "costate/tools/Version.h"
#include "costate/tools/costate/Commands.h"

#include <csignal>
#include <unistd.h>

namespace costate::tool {

namespace {

std::atomic<bool> interrupt{false}, interruptible{false};

extern "C" void onInterrupt(int) {
  if (!interruptible || interrupt.exchange(true)) // not in a loop that looks at the flag, or asked twice
    _exit(interruptedByUser);
}

} // namespace

const std::atomic<bool> &interruptFlag() { return interrupt; }
void setInterruptible() { interruptible = true; }

} // namespace costate::tool

int main(int argc, char **argv) {
  using namespace costate::tool;
  std::signal(SIGINT, onInterrupt);
  std::signal(SIGPIPE, SIG_IGN);
  costate::codegen::ignoreHalideWarnings();

  CLI::App app("Costate compiles a training step, even one whose layers are optimization problems, into a small native library.", "costate");
  app.set_version_flag("--version", costate::versionLine);
  app.require_subcommand(1);
  Action action;
  addTrain(app, action);
  addRun(app, action);
  addCompile(app, action);
  addTest(app, action);
  addCheck(app, action);
  addExplain(app, action);
  addBench(app, action);
  addTune(app, action);
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
  }
}
