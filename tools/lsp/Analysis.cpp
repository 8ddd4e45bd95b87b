// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/tools/lsp/Analysis.h"

#include "llvm/ADT/STLExtras.h"

namespace costate::lsp {

using llvm::lsp::DiagnosticRelatedInformation;
using llvm::lsp::DiagnosticSeverity;

/// As much as the main thread of a program has, and more: the nesting of calls is bounded by a number, not by the stack.
constexpr unsigned stackSize = 64u << 20;

namespace {
/// Turns the diagnostics of the importer into those of the protocol.
class Converter {
public:
  Converter(const Document &document, const Library &library) : document(document), library(library) {}

  llvm::lsp::Diagnostic convert(mlir::Diagnostic &diagnostic) {
    llvm::lsp::Diagnostic out;
    out.source = "costate";
    out.severity = diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error ? DiagnosticSeverity::Error : DiagnosticSeverity::Warning;
    out.message = diagnostic.str();
    std::vector<DiagnosticRelatedInformation> related;
    if (std::optional<llvm::lsp::Location> location = locate(diagnostic.getLocation())) {
      bool isHere = location->uri == document.uri;
      out.range = isHere ? location->range : rangeOfImport(diagnostic.getLocation());
      if (!isHere)
        related.emplace_back(*location, "it is found here");
    }
    for (mlir::Diagnostic &note : diagnostic.getNotes())
      if (std::optional<llvm::lsp::Location> location = locate(note.getLocation()))
        related.emplace_back(*location, note.str());
    if (!related.empty())
      out.relatedInformation = std::move(related);
    return out;
  }

private:
  /// The token at a place, of which a diagnostic knows the beginning only.
  std::optional<llvm::lsp::Location> locate(mlir::Location where) {
    auto place = where->findInstanceOf<mlir::FileLineColLoc>();
    const SourceFile *source = place ? document.findSource(place.getFilename().getValue(), library) : nullptr;
    if (!source)
      return std::nullopt;
    size_t begin = Places(source->text()).offset(place.getLine(), place.getColumn()), end = begin + 1;
    if (source == &document.source())
      for (const Token &token : document.tokens)
        if (token.range.begin == begin && token.range.end > end)
          end = token.range.end;
    return document.locate(*source, begin, end, library);
  }

  /// Where the mistake of another file is shown in this one: at the first import that may lead there.
  llvm::lsp::Range rangeOfImport(mlir::Location where) {
    StringRef name = where->findInstanceOf<mlir::FileLineColLoc>().getFilename().getValue();
    const syntax::Import *shown = nullptr;
    for (const auto &import : document.unit.tree->imports) {
      const Unit *file = document.unitOf(*import, document.unit);
      if (!shown || (file && file->source.name() == name))
        shown = import.get();
    }
    return shown ? document.rangeOf(shown->path.range) : llvm::lsp::Range();
  }

  const Document &document;
  const Library &library;
};
} // namespace

Analysis analyse(const Document &document, const Library &library, const std::atomic<bool> &cancelled) {
  Analysis analysis;
  Converter converter(document, library);
  Recorder recorder(document.source().name(), cancelled);
  std::vector<std::string> models;
  for (const auto &model : document.unit.tree->models)
    models.push_back(model->name.text.str());
  if (models.empty())
    models.emplace_back();
  for (const std::string &model : models) {
    mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
    mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
      bool counts =
          diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error || diagnostic.getSeverity() == mlir::DiagnosticSeverity::Warning;
      llvm::lsp::Diagnostic converted = converter.convert(diagnostic);
      // What is wrong outside of the models is found with each of them.
      bool isKnown = llvm::any_of(analysis.diagnostics, [&](const llvm::lsp::Diagnostic &other) {
        return other.range == converted.range && other.message == converted.message;
      });
      if (counts && !isKnown)
        analysis.diagnostics.push_back(std::move(converted));
    });
    ImportOptions options;
    options.model = model;
    options.extensions = library.languageExtensions();
    options.imports = document.importTexts;
    options.observer = &recorder;
    (void)importModel(document.text(), document.source().name(), context, options);
  }
  analysis.meanings = std::move(recorder.meanings);
  return analysis;
}

//===----------------------------------------------------------------------===//
// The thread
//===----------------------------------------------------------------------===//

Analyst::Analyst(const Library &library, Done done)
    : library(library), done(std::move(done)), thread(std::optional<unsigned>(stackSize), [this] { run(); }) {}

Analyst::~Analyst() {
  {
    std::lock_guard lock(mutex);
    ends = true;
    cancelled = true;
  }
  changed.notify_all();
  thread.join();
}

void Analyst::post(std::shared_ptr<const Document> document) {
  forget(document->uri.file());
  std::lock_guard lock(mutex);
  waiting.push_back(std::move(document));
  changed.notify_all();
}

void Analyst::forget(StringRef file) {
  std::lock_guard lock(mutex);
  llvm::erase_if(waiting, [&](const auto &document) { return document->uri.file() == file; });
  if (running && running->uri.file() == file)
    cancelled = true;
}

void Analyst::finish() {
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return waiting.empty() && !running; });
}

void Analyst::run() {
  std::unique_lock lock(mutex);
  while (true) {
    changed.wait(lock, [&] { return ends || !waiting.empty(); });
    if (ends)
      return;
    running = waiting.front();
    waiting.erase(waiting.begin());
    cancelled = false;
    lock.unlock();
    Analysis analysis = analyse(*running, library, cancelled);
    lock.lock();
    if (!cancelled)
      done(*running, std::move(analysis)); // nobody can change the document meanwhile
    running = nullptr;
    changed.notify_all();
  }
}

} // namespace costate::lsp
