// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// mlir-opt with the dialects that modules hold at any phase and the passes of every phase, ours, those of plugins and the general ones of upstream.
#include "costate/compiler/api/Plugins.h"
#include "costate/compiler/pipeline/Pipeline.h"
#include "costate/tools/Version.h"

#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/CommandLine.h"

/// Plugins are loaded before the command line is read, for it may name their passes.
static bool loadPlugins(llvm::ArrayRef<char *> arguments, costate::Plugins &plugins) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    llvm::StringRef argument(arguments[i]);
    argument.consume_front("-");
    if (!argument.consume_front("-plugin") || !(argument.empty() ? i + 1 < arguments.size() : argument.consume_front("=")))
      continue;
    if (absl::Status status = plugins.load(argument.empty() ? arguments[++i] : argument.str()); !status.ok()) {
      llvm::errs() << "error: " << std::string(status.message()) << "\n";
      return false;
    }
  }
  return true;
}

int main(int argc, char **argv) {
  costate::Plugins plugins;
  llvm::cl::list<std::string> plugin("plugin", llvm::cl::desc("Shared library that adds to the compiler"), llvm::cl::value_desc("FILE"));
  if (!loadPlugins({argv + 1, argv + argc}, plugins))
    return 1;
  mlir::DialectRegistry registry;
  costate::registerDialects(registry);
  plugins.registerDialects(registry);
  costate::registerPasses();
  plugins.registerPasses();
  mlir::registerTransformsPasses();

  llvm::cl::SetVersionPrinter([](llvm::raw_ostream &os) { os << costate::versionLine << "\n"; });
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "Costate optimizer driver\n", registry));
}
