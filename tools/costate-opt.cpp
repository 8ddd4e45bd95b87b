// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// mlir-opt with the dialects that modules hold at any phase and the passes of every phase, ours and the general ones of upstream.
#include "costate/compiler/pipeline/Pipeline.h"
#include "costate/tools/Version.h"

#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/CommandLine.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  costate::registerDialects(registry);
  costate::registerPasses();
  mlir::registerTransformsPasses();

  llvm::cl::SetVersionPrinter([](llvm::raw_ostream &os) { os << costate::versionLine << "\n"; });
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "Costate optimizer driver\n", registry));
}
