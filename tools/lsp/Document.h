// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef COSTATE_TOOLS_LSP_DOCUMENT_H
#define COSTATE_TOOLS_LSP_DOCUMENT_H

#include "costate/frontends/Lexer.h"
#include "costate/tools/lsp/Declarations.h"
#include "costate/tools/lsp/Meanings.h"

namespace costate::lsp {

/// A name that a text binds: by what, and up to where it can be seen from there.
struct LocalName {
  syntax::Name name;
  SourceRange where;
  uint32_t end;

  bool isSeenAt(size_t offset) const { return where.end <= offset && offset <= end; }
};

/// A text in an editor, right or not, and what can be told of it at once; meanings come when it has been imported.
class Document {
public:
  Document(const llvm::lsp::URIForFile &uri, StringRef text, int64_t version);

  const llvm::lsp::URIForFile uri;
  const int64_t version;
  const SourceFile source;
  const Places places;
  std::vector<Token> tokens; // those of ends of lines and of the file among them
  std::unique_ptr<syntax::File> tree;
  std::vector<Declaration> declarations;
  Meanings meanings;

  StringRef text() const { return source.text(); }
  llvm::lsp::Range rangeOf(SourceRange range) const { return places.range(range.begin, range.end); }
  /// The token at a place; null if there is none.
  const Token *tokenAt(size_t offset) const;
  /// Which name a name is bound by; null if it is bound by none of the text.
  const syntax::Name *binderOf(const Token &name) const;
  /// The name that the text binds at a place; null if there is none.
  const LocalName *localAt(uint32_t begin) const;
  /// The name of that spelling that can be seen at a place.
  const LocalName *findLocal(StringRef name, size_t offset) const;
  llvm::ArrayRef<LocalName> localNames() const { return locals; }
  const Declaration *findDeclared(StringRef name) const;
  const Meaning *meaningAt(uint32_t begin) const;

private:
  std::vector<LocalName> locals;            // in the order in which they are bound
  std::map<uint32_t, syntax::Name> binders; // by the place of the name that is used
};

std::optional<llvm::lsp::Hover> hover(const Document &document, const Library &library, size_t offset);
std::vector<llvm::lsp::Location> definition(const Document &document, const Library &library, size_t offset);
std::vector<llvm::lsp::DocumentSymbol> symbols(const Document &document);
llvm::lsp::CompletionList complete(const Document &document, const Library &library, size_t offset);

} // namespace costate::lsp

#endif // COSTATE_TOOLS_LSP_DOCUMENT_H
