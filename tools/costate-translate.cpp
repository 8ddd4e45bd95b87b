// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// mlir-translate with the importer of model files: `costate-translate --import-costate digits.costate` prints the IR.
#include "costate/dialects/Dialects.h"
#include "costate/frontends/Diagnostics.h"
#include "costate/frontends/Importer.h"
#include "costate/tools/Version.h"

#include "mlir/Tools/mlir-translate/MlirTranslateMain.h"
#include "mlir/Tools/mlir-translate/Translation.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

int main(int argc, char **argv) {
  llvm::cl::opt<std::string> real("real", llvm::cl::init("f32"), llvm::cl::desc("What f32 stands for: f32 or f64"));
  llvm::cl::opt<std::string> model("model-name", llvm::cl::desc("Which of the models of the file"));
  llvm::cl::opt<bool> carets("carets", llvm::cl::desc("Print errors as costate does, also those in the standard library"));
  mlir::TranslateToMLIRRegistration import(
      "import-costate", "Import a model file", [&](llvm::SourceMgr &sources, mlir::MLIRContext *context) {
        const llvm::MemoryBuffer *text = sources.getMemoryBuffer(sources.getMainFileID());
        std::vector<costate::ImportedText> imports = costate::readImports(text->getBufferIdentifier(), text->getBuffer());
        std::optional<costate::DiagnosticPrinter> printer;
        if (carets) {
          printer.emplace(*context, llvm::errs());
          printer->addSource(text->getBufferIdentifier(), text->getBuffer(), imports);
        }
        return mlir::OwningOpRef<mlir::Operation *>(
            costate::importModel(text->getBuffer(), text->getBufferIdentifier(), *context,
                                 {.realIsF64 = real == "f64", .model = model, .imports = imports})
                .release());
      });
  llvm::cl::SetVersionPrinter([](llvm::raw_ostream &os) { os << costate::versionLine << "\n"; });
  return mlir::failed(mlir::mlirTranslateMain(argc, argv, "Costate model translation\n"));
}
