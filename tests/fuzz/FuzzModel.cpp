// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Model text: it is refused with a message, or becomes a module that verifies; of what is refused an observer is told what there is. What stands behind a
// line `#---` is a file that it may import.
#include "costate/frontends/Importer.h"
#include "costate/tests/fuzz/ContextForInput.h"

#include "mlir/IR/Verifier.h"

#include <cstdlib>

using namespace costate;

namespace {
struct Observer : ImportObserver {
  void name(SourceRange where, SourceRange, const importer::Value &, llvm::StringRef) override {
    if (where.end < where.begin || where.end > where.file->size())
      std::abort();
  }
};
} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  mlir::MLIRContext &context = contextForInput();
  unsigned messages = 0;
  mlir::ScopedDiagnosticHandler count(&context, [&](mlir::Diagnostic &) { return ++messages, mlir::success(); });
  auto [text, file] = llvm::StringRef(reinterpret_cast<const char *>(data), size).split("#---\n");
  ImportedText imports[] = {{"a.costate", file.str()}};
  mlir::OwningOpRef<mlir::ModuleOp> module = importModel(text, "fuzz.costate", context, {.imports = imports});
  if (!module) {
    Observer observer;
    if (importModel(text, "fuzz.costate", context, {.imports = imports, .observer = &observer}))
      std::abort();
  }
  if (module ? failed(mlir::verify(*module)) : messages == 0)
    std::abort();
  return 0;
}
