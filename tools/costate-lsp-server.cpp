// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A language server: of model files, or, as mlir-lsp-server with our dialects, of the IR.
#include "costate/compiler/api/Plugins.h"
#include "costate/compiler/codegen/ObjectCache.h"
#include "costate/compiler/pipeline/Pipeline.h"
#include "costate/tools/Version.h"
#include "costate/tools/lsp/Server.h"

#include "mlir/Tools/mlir-lsp-server/MlirLspServerMain.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/Program.h"

using namespace llvm::lsp;

/// `--mlir` and what follows are the command line of mlir-lsp-server, which has flags of the same names.
static int serveIr(int argc, char **argv) {
  mlir::DialectRegistry registry;
  costate::registerDialects(registry);
  argv[1] = argv[0];
  return mlir::failed(mlir::MlirLspServerMain(argc - 1, argv + 1, registry));
}

int main(int argc, char **argv) {
  if (argc > 1 && llvm::StringRef(argv[1]).ltrim('-') == "mlir")
    return serveIr(argc, argv);

  llvm::cl::opt<bool> ir("mlir", llvm::cl::desc("As the first flag: serve .mlir files; the other flags are those of mlir-lsp-server"));
  llvm::cl::list<std::string> plugins("plugin", llvm::cl::desc("Shared library that adds to the language"), llvm::cl::value_desc("FILE"));
  llvm::cl::opt<Logger::Level> log("log", llvm::cl::desc("What is said on stderr"), llvm::cl::init(Logger::Level::Error),
                                   llvm::cl::values(clEnumValN(Logger::Level::Error, "error", "Errors only"),
                                                    clEnumValN(Logger::Level::Info, "info", "Each message"),
                                                    clEnumValN(Logger::Level::Debug, "verbose", "And what it says")));
  llvm::cl::opt<bool> test(
      "lit-test",
      llvm::cl::desc("Messages are separated by '// -----', answers are indented, and each text is analysed before the next message"));
  llvm::cl::SetVersionPrinter([](llvm::raw_ostream &os) { os << costate::versionLine << "\n"; });
  llvm::cl::ParseCommandLineOptions(argc, argv, "Costate language server\n");
  Logger::setLogLevel(log);

  costate::Plugins loaded;
  for (const std::string &plugin : plugins)
    if (absl::Status status = loaded.load(plugin); !status.ok()) {
      llvm::errs() << "error: " << std::string(status.message()) << "\n";
      return 1;
    }
  if (test)
    URIForFile::registerSupportedScheme("test");
  std::string cache = costate::codegen::ObjectCache::defaultDirectory();
  costate::lsp::Library library(cache.empty() ? "" : cache + "/library", loaded.languageExtensions());
  llvm::sys::ChangeStdinToBinary();
  JSONTransport transport(stdin, llvm::outs(), test ? JSONStreamStyle::Delimited : JSONStreamStyle::Standard, /*PrettyOutput=*/test);
  if (llvm::Error error = costate::lsp::serve(transport, library, test)) {
    Logger::error("{0}", llvm::fmt_consume(std::move(error)));
    return 1;
  }
  return 0;
}
