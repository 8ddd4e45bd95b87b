// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The protocol. Messages are handled one after the other; what takes long, the import of a text, is done by the analyst.
#include "costate/tools/lsp/Server.h"

#include "costate/frontends/Formatter.h"
#include "costate/tools/Version.h"
#include "costate/tools/lsp/Analysis.h"

namespace costate::lsp {

using namespace llvm::lsp;
using llvm::json::Object;
using llvm::json::Value;

namespace {

class Server {
public:
  Server(JSONTransport &transport, const Library &library, bool waits)
      : library(library), waits(waits), handler(transport),
        publish(handler.outgoingNotification<PublishDiagnosticsParams>("textDocument/publishDiagnostics")),
        analyst(library, [this](const Document &document, Analysis analysis) { onAnalysed(document, std::move(analysis)); }) {
    handler.method("initialize", this, &Server::onInitialize);
    handler.notification("initialized", this, &Server::onInitialized);
    handler.method("shutdown", this, &Server::onShutdown);
    handler.notification("textDocument/didOpen", this, &Server::onOpen);
    handler.notification("textDocument/didChange", this, &Server::onChange);
    handler.notification("textDocument/didClose", this, &Server::onClose);
    handler.method("textDocument/hover", this, &Server::onHover);
    handler.method("textDocument/definition", this, &Server::onDefinition);
    handler.method("textDocument/completion", this, &Server::onCompletion);
    handler.method("textDocument/documentSymbol", this, &Server::onSymbols);
    handler.method("textDocument/formatting", this, &Server::onFormatting);
    handler.method("textDocument/semanticTokens/full", this, &Server::onSemanticTokens);
  }

  llvm::Error run(JSONTransport &transport) {
    if (llvm::Error error = transport.run(handler))
      return error;
    return isShutDown ? llvm::Error::success() : llvm::createStringError("requires 'shutdown' before 'exit'");
  }

private:
  void onInitialize(const InitializeParams &, Callback<Value> reply) {
    Object capabilities{
        {"textDocumentSync", Object{{"openClose", true}, {"change", int(TextDocumentSyncKind::Full)}, {"save", false}}},
        {"completionProvider", Object{{"triggerCharacters", {"."}}}},
        {"hoverProvider", true},
        {"definitionProvider", true},
        {"documentSymbolProvider", true},
        {"documentFormattingProvider", true},
        {"semanticTokensProvider",
         Object{{"legend", Object{{"tokenTypes", llvm::json::Array(semanticTokenKinds())}, {"tokenModifiers", llvm::json::Array()}}}, {"full", true}}},
    };
    reply(Object{{"serverInfo", Object{{"name", "costate-lsp-server"}, {"version", costate::versionLine}}},
                 {"capabilities", std::move(capabilities)}});
  }
  void onInitialized(const NoParams &) {}
  void onShutdown(const NoParams &, Callback<std::nullptr_t> reply) {
    isShutDown = true;
    reply(nullptr);
  }

  //===--- Texts ------------------------------------------------------------===//

  void onOpen(const DidOpenTextDocumentParams &params) {
    update(params.textDocument.uri, params.textDocument.text, params.textDocument.version);
  }
  void onChange(const DidChangeTextDocumentParams &params) {
    if (!params.contentChanges.empty()) // whole texts, of which the last counts
      update(params.textDocument.uri, params.contentChanges.back().text, params.textDocument.version);
  }
  void onClose(const DidCloseTextDocumentParams &params) {
    analyst.forget(params.textDocument.uri.file());
    {
      std::lock_guard lock(mutex);
      documents.erase(params.textDocument.uri.file().str());
    }
    publish(PublishDiagnosticsParams(params.textDocument.uri, 0));
  }

  /// Reads the text, and again those that import it.
  void update(const URIForFile &uri, StringRef text, int64_t version) {
    std::vector<std::shared_ptr<Document>> changed;
    {
      std::lock_guard lock(mutex);
      std::vector<ImportedText> open = {{uri.file().str(), text.str()}};
      for (const auto &[file, document] : documents)
        if (file != uri.file())
          open.push_back({file, document->text().str()});
      changed.push_back(replace(uri, text, version, open));
      for (auto [file, document] : std::map(documents))
        if (llvm::any_of(document->importTexts, [&](const ImportedText &import) { return import.name == uri.file(); }))
          changed.push_back(replace(document->uri, document->text(), document->version, open));
    }
    for (const std::shared_ptr<Document> &document : changed)
      analyst.post(document);
    if (waits)
      analyst.finish();
  }

  /// The meanings of the older text are those of the newer one as long as that has not been analysed.
  std::shared_ptr<Document> replace(const URIForFile &uri, StringRef text, int64_t version, const std::vector<ImportedText> &open) {
    auto document = std::make_shared<Document>(uri, text, version, open);
    std::shared_ptr<Document> &known = documents[uri.file().str()];
    if (known)
      document->meanings = moved(known->meanings, Change(known->text(), text), uri.file());
    return known = std::move(document);
  }

  /// On the thread of the analyst. Of a text with errors what is not known is as it was before.
  void onAnalysed(const Document &document, Analysis analysis) {
    std::lock_guard lock(mutex);
    auto known = documents.find(document.uri.file());
    if (known == documents.end() || known->second.get() != &document)
      return;
    if (!analysis.diagnostics.empty())
      analysis.meanings.insert(document.meanings.begin(), document.meanings.end());
    known->second->meanings = std::move(analysis.meanings);
    PublishDiagnosticsParams params(document.uri, document.version);
    params.diagnostics = std::move(analysis.diagnostics);
    publish(params);
  }

  //===--- Questions --------------------------------------------------------===//

  /// Calls `answer` with the document, or replies that there is none.
  template <typename Result, typename Answer> void ask(const URIForFile &uri, Callback<Result> &reply, Answer answer) {
    std::unique_lock lock(mutex);
    auto known = documents.find(uri.file());
    if (known == documents.end())
      return reply(llvm::make_error<LSPError>("requires a document that is open", ErrorCode::InvalidParams));
    Result result = answer(*known->second);
    lock.unlock();
    reply(std::move(result));
  }
  template <typename Result> using AtPlace = Result (*)(const Document &, const Library &, size_t);
  template <typename Result> void askAt(const TextDocumentPositionParams &params, Callback<Result> &reply, AtPlace<Result> answer) {
    ask<Result>(params.textDocument.uri, reply,
                [&](const Document &document) { return answer(document, library, document.places.offset(params.position)); });
  }

  void onHover(const TextDocumentPositionParams &params, Callback<std::optional<Hover>> reply) {
    askAt<std::optional<Hover>>(params, reply, hover);
  }
  void onDefinition(const TextDocumentPositionParams &params, Callback<std::vector<Location>> reply) {
    askAt<std::vector<Location>>(params, reply, definition);
  }
  void onCompletion(const CompletionParams &params, Callback<CompletionList> reply) { askAt<CompletionList>(params, reply, complete); }
  void onSymbols(const DocumentSymbolParams &params, Callback<std::vector<DocumentSymbol>> reply) {
    ask<std::vector<DocumentSymbol>>(params.textDocument.uri, reply, symbols);
  }

  void onSemanticTokens(const DocumentSymbolParams &params, Callback<Value> reply) {
    ask<Value>(params.textDocument.uri, reply,
               [&](const Document &document) { return Object{{"data", llvm::json::Array(semanticTokens(document, library))}}; });
  }

  /// As `costate fmt`; nothing for a text that has no tokens of the language. The parameters have what those of symbols have, and a width that is not asked.
  void onFormatting(const DocumentSymbolParams &params, Callback<std::vector<TextEdit>> reply) {
    ask<std::vector<TextEdit>>(params.textDocument.uri, reply, [](const Document &document) {
      mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
      Diagnostics diagnostics(context);
      Diagnostics::Silence silence(diagnostics);
      mlir::FailureOr<std::string> formatted = format(document.source(), diagnostics);
      std::vector<TextEdit> edits;
      if (mlir::failed(formatted) || *formatted == document.text())
        return edits;
      TextEdit &edit = edits.emplace_back();
      edit.range = document.places.range(0, document.text().size());
      edit.newText = std::move(*formatted);
      return edits;
    });
  }

  const Library &library;
  const bool waits;
  bool isShutDown = false;
  std::mutex mutex; // of the documents, whose meanings come from the analyst
  std::map<std::string, std::shared_ptr<Document>, std::less<>> documents;
  MessageHandler handler;
  OutgoingNotification<PublishDiagnosticsParams> publish;
  Analyst analyst; // ends first
};

} // namespace

llvm::Error serve(JSONTransport &transport, const Library &library, bool waits) { return Server(transport, library, waits).run(transport); }

} // namespace costate::lsp
