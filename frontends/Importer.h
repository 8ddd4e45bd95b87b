// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A model file to IR: the first phase (docs/architecture.md, level 1).
#ifndef COSTATE_FRONTENDS_IMPORTER_H
#define COSTATE_FRONTENDS_IMPORTER_H

#include "costate/frontends/Diagnostics.h"
#include "costate/frontends/Imports.h"
#include "costate/frontends/StandardLibrary.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <vector>

namespace costate {

namespace importer {
struct Builtin;
struct Value;
} // namespace importer

/// What a plugin adds to the language. Built-in functions are called as those of Builtins.h are, and have names of their own; modules stand beside the
/// standard library, whose names they must not declare again. Both outlive the import.
struct LanguageExtension {
  llvm::ArrayRef<importer::Builtin> builtins;
  llvm::ArrayRef<StandardFile> modules;
};

/// Is told what the names of a text mean while it is imported. Whatever is evaluated several times, such as the body of a fn that is called with arguments
/// of several types, is told each time.
class ImportObserver {
public:
  virtual ~ImportObserver() = default;

  /// The name at `where` stands for `value`, and was declared at `declared`, which has no file for what the language has built in. `path`: if the value
  /// is that of a parameter.
  virtual void name(SourceRange where, SourceRange declared, const importer::Value &value, llvm::StringRef path) = 0;
  /// Whether nobody waits for the import any more: then it fails soon, without an error.
  virtual bool isCancelled() const { return false; }
};

struct ImportOptions {
  /// Compiles every f32 of the model as f64.
  bool realIsF64 = false;
  /// Which of the models of a file; empty: the only one.
  std::string model = {};
  /// Only the check blocks are wanted: of several models none has to be named.
  bool checksOnly = false;
  std::vector<LanguageExtension> extensions = {};
  /// Files for the model to import. The importer reads none itself: what a model says, strangers may have written.
  llvm::ArrayRef<ImportedText> imports = {};
  /// Also of a text with errors it is told what can be known, as if the statements that cannot be read were not there.
  ImportObserver *observer = nullptr;
  /// The solver of a `problem` prints what it has after each iteration: its parameter `watch` is true.
  bool watch = false;
};

/// Imports one model file, text or binary (ModelFile.h): its model, or the one of several that is named, if it has one, as the entries `init`, `train_step`, `evaluate` and `predict`, and its
/// check blocks as functions `check.N`. The module also carries the model's defaults as attributes: `optim.model` (its
/// name), `optim.data` (relative to the file), `optim.epochs`, `optim.batch`, `optim.hints` (a dictionary).
/// `fileName` is what locations say. Null after an error; errors go to the diagnostic engine of the context (a
/// DiagnosticPrinter shows them with their source lines).
mlir::OwningOpRef<mlir::ModuleOp> importModel(llvm::StringRef text, llvm::StringRef fileName, mlir::MLIRContext &context,
                                              const ImportOptions &options = {});

} // namespace costate

#endif // COSTATE_FRONTENDS_IMPORTER_H
