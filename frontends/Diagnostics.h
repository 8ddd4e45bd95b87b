// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where an error is and how it looks: source texts with their positions, errors located in them, and the printer of
//
//     digits.costate:9:19: error: '@' requires equal inner dimensions, but got 64 and 128
//       h      = relu(x @ w2 + b1)
//                       ^
//     digits.costate:6:10: note: 'w2' is declared here as f32[128, 10]
#ifndef COSTATE_FRONTENDS_DIAGNOSTICS_H
#define COSTATE_FRONTENDS_DIAGNOSTICS_H

#include "costate/frontends/Imports.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Location.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace costate {

/// A model text and its name. Lines and columns start at 1; a column counts bytes.
class SourceFile {
public:
  struct Position {
    unsigned line, column;
  };

  SourceFile(llvm::StringRef name, llvm::StringRef text);
  /// A file of which only some positions are known: offset k stands for the k-th.
  SourceFile(llvm::StringRef name, std::vector<Position> positions);

  llvm::StringRef name() const { return fileName; }
  llvm::StringRef text() const { return contents; }
  llvm::ArrayRef<Position> positions() const { return known; }
  /// One more than the largest offset that stands for something.
  uint32_t size() const { return known.empty() ? contents.size() : known.size(); }

  /// The position of the byte at `offset`; an offset past the end is the position of the end.
  Position position(uint32_t offset) const;

private:
  std::string fileName, contents;
  std::vector<uint32_t> lineStarts;
  std::vector<Position> known; // where there is no text
};

/// Bytes [begin, end) of a file. Ranges are values; the file outlives them.
struct SourceRange {
  const SourceFile *file = nullptr;
  uint32_t begin = 0, end = 0;

  llvm::StringRef text() const { return file ? file->text().slice(begin, end) : llvm::StringRef(); }
  SourceRange to(SourceRange last) const { return {file, begin, last.end}; }
};

/// Emits errors that are located in source files through the diagnostic engine of a context, and counts them.
class Diagnostics {
public:
  explicit Diagnostics(mlir::MLIRContext &context) : context(context) {}

  /// Message form: lower case, the requirement first, then what was found; names in single quotes; no full stop.
  mlir::InFlightDiagnostic error(SourceRange where);
  mlir::Location location(SourceRange where) const;
  unsigned errorCount() const { return errors; }

  /// While it lives, errors are neither printed nor counted: something is tried.
  class Silence : mlir::ScopedDiagnosticHandler {
  public:
    explicit Silence(Diagnostics &diagnostics)
        : ScopedDiagnosticHandler(&diagnostics.context, [](mlir::Diagnostic &) { return mlir::success(); }), diagnostics(diagnostics),
          errors(diagnostics.errors) {}
    ~Silence() { diagnostics.errors = errors; }

  private:
    Diagnostics &diagnostics;
    unsigned errors;
  };

private:
  mlir::MLIRContext &context;
  unsigned errors = 0;
};

/// While it lives, prints the diagnostics of a context in the form above: source line and caret wherever the text of the
/// file is known. A remark counts only behind an error: what passes remark about a program that is right is for costate-opt. Texts of the standard library are known; others are added, or read from disk by their name. A model file in binary form
/// (ModelFile.h) may hold the text that it was made of; what it only names is not read, for strangers may have written it.
class DiagnosticPrinter : public mlir::ScopedDiagnosticHandler {
public:
  DiagnosticPrinter(mlir::MLIRContext &context, llvm::raw_ostream &stream);
  ~DiagnosticPrinter();

  void addSource(llvm::StringRef fileName, llvm::StringRef text, llvm::ArrayRef<ImportedText> imports = {});

private:
  void print(mlir::Location where, mlir::DiagnosticSeverity severity, llvm::StringRef message);
  llvm::StringRef sourceLine(llvm::StringRef fileName, unsigned line);

  llvm::raw_ostream &stream;
  llvm::StringMap<std::string> texts;
  bool hasErrors = false;
};

/// The candidate nearest to a misspelt name, or an empty string if none is near enough to be meant.
llvm::StringRef nearestName(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> candidates);

} // namespace costate

#endif // COSTATE_FRONTENDS_DIAGNOSTICS_H
