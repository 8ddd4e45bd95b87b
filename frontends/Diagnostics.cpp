// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/frontends/Diagnostics.h"

#include "costate/frontends/ModelFile.h"
#include "costate/frontends/StandardLibrary.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>

namespace costate {

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

SourceFile::SourceFile(llvm::StringRef name, llvm::StringRef text) : fileName(name), contents(text) {
  lineStarts.push_back(0);
  for (size_t i = 0; i < contents.size(); ++i)
    if (contents[i] == '\n')
      lineStarts.push_back(i + 1);
}

SourceFile::SourceFile(llvm::StringRef name, std::vector<Position> positions) : fileName(name), known(std::move(positions)) {
  lineStarts.push_back(0);
}

SourceFile::Position SourceFile::position(uint32_t offset) const {
  if (!known.empty())
    return known[std::min<size_t>(offset, known.size() - 1)];
  offset = std::min<uint32_t>(offset, contents.size());
  auto after = std::upper_bound(lineStarts.begin(), lineStarts.end(), offset);
  return {unsigned(after - lineStarts.begin()), unsigned(offset - *(after - 1) + 1)};
}

mlir::Location Diagnostics::location(SourceRange where) const {
  if (!where.file)
    return mlir::UnknownLoc::get(&context);
  auto [line, column] = where.file->position(where.begin);
  return mlir::FileLineColLoc::get(&context, where.file->name(), line, column);
}

mlir::InFlightDiagnostic Diagnostics::error(SourceRange where) {
  ++errors;
  return mlir::emitError(location(where));
}

//===----------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------===//

DiagnosticPrinter::DiagnosticPrinter(mlir::MLIRContext &context, llvm::raw_ostream &stream)
    : ScopedDiagnosticHandler(&context), stream(stream) {
  for (const StandardFile &file : standardLibrary())
    addSource(file.name, file.text);
  setHandler([this](mlir::Diagnostic &diagnostic) {
    hasErrors |= diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error;
    if (diagnostic.getSeverity() == mlir::DiagnosticSeverity::Remark && !hasErrors)
      return mlir::success();
    print(diagnostic.getLocation(), diagnostic.getSeverity(), diagnostic.str());
    for (mlir::Diagnostic &note : diagnostic.getNotes())
      print(note.getLocation(), note.getSeverity(), note.str());
    return mlir::success();
  });
}

DiagnosticPrinter::~DiagnosticPrinter() = default;

void DiagnosticPrinter::addSource(llvm::StringRef fileName, llvm::StringRef text, llvm::ArrayRef<ImportedText> imports) {
  for (const ImportedText &file : imports)
    texts[file.name] = file.text;
  if (!isModelFile(text)) {
    texts[fileName] = text.str();
    return;
  }
  texts[fileName] = "";
  for (const std::unique_ptr<SourceFile> &source : sourcesOf(text))
    texts[source->name()] = source->text().str();
}

void DiagnosticPrinter::print(mlir::Location where, mlir::DiagnosticSeverity severity, llvm::StringRef message) {
  llvm::StringRef kind;
  switch (severity) {
  case mlir::DiagnosticSeverity::Error:
    kind = "error";
    break;
  case mlir::DiagnosticSeverity::Warning:
    kind = "warning";
    break;
  case mlir::DiagnosticSeverity::Note:
    kind = "note";
    break;
  case mlir::DiagnosticSeverity::Remark:
    kind = "remark";
    break;
  }
  auto place = where->findInstanceOf<mlir::FileLineColLoc>();
  if (!place) {
    stream << kind << ": " << message << "\n";
    return;
  }
  llvm::StringRef fileName = place.getFilename().getValue();
  stream << fileName << ":" << place.getLine() << ":" << place.getColumn() << ": " << kind << ": " << message << "\n";
  llvm::StringRef line = sourceLine(fileName, place.getLine());
  if (line.empty() || place.getColumn() == 0)
    return;
  stream << "  ";
  for (char c : line) // a damaged file must not command the terminal
    stream << (uint8_t(c) < 0x20 && c != '\t' ? '?' : c);
  stream << "\n  ";
  // The caret stands under its byte only if tabs before it are kept and a multi-byte character counts once.
  for (char c : line.take_front(place.getColumn() - 1))
    if ((c & 0xC0) != 0x80)
      stream << (c == '\t' ? '\t' : ' ');
  stream << "^\n";
}

llvm::StringRef DiagnosticPrinter::sourceLine(llvm::StringRef fileName, unsigned line) {
  auto found = texts.find(fileName);
  if (found == texts.end()) {
    auto buffer = llvm::MemoryBuffer::getFile(fileName, /*IsText=*/true);
    found = texts.try_emplace(fileName, buffer ? (*buffer)->getBuffer().str() : std::string()).first;
  }
  llvm::StringRef rest = found->second;
  for (unsigned i = 1; i < line && !rest.empty(); ++i)
    rest = rest.split('\n').second;
  return rest.split('\n').first.rtrim('\r');
}

llvm::StringRef nearestName(llvm::StringRef name, llvm::ArrayRef<llvm::StringRef> candidates) {
  // One edit is forgiven for each three letters: more, and short names would all resemble each other.
  unsigned allowed = std::max<unsigned>(1, name.size() / 3);
  llvm::StringRef best;
  for (llvm::StringRef candidate : candidates) {
    if (candidate.equals_insensitive(name) && candidate != name)
      return candidate;
    unsigned distance = name.edit_distance(candidate, /*AllowReplacements=*/true, allowed);
    if (distance == 0 || distance > allowed || distance >= std::max(name.size(), candidate.size()))
      continue;
    allowed = distance - 1;
    best = candidate;
    if (allowed == 0)
      break;
  }
  return best;
}

} // namespace costate
