// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef COSTATE_TOOLS_LSP_DOCUMENT_H
#define COSTATE_TOOLS_LSP_DOCUMENT_H

#include "costate/frontends/Lexer.h"
#include "costate/tools/lsp/Declarations.h"
#include "costate/tools/lsp/Meanings.h"

#include "llvm/ADT/DenseSet.h"

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
  /// open: the texts in the editor, which stand for the files of their names where they are imported.
  Document(const llvm::lsp::URIForFile &uri, StringRef text, int64_t version, const std::vector<ImportedText> &open);

  const llvm::lsp::URIForFile uri;
  const int64_t version;
  const Unit unit;
  const Places places;
  std::vector<Token> tokens;                   // those of ends of lines and of the file among them
  const std::vector<ImportedText> importTexts; // of all files that it imports, itself or through others,
  std::vector<std::unique_ptr<Unit>> imports;  // and of those that could be read
  Meanings meanings;

  const SourceFile &source() const { return unit.source; }
  StringRef text() const { return unit.source.text(); }
  llvm::lsp::Range rangeOf(SourceRange range) const { return places.range(range.begin, range.end); }
  /// The token at a place; null if there is none.
  const Token *tokenAt(size_t offset) const;
  /// Which name a name is bound by; null if it is bound by none of the text.
  const syntax::Name *binderOf(const Token &name) const;
  /// Does a name stand at a place, one that the text binds or uses, and no word of the language?
  bool isName(uint32_t begin) const { return names.contains(begin); }
  /// The name that the text binds at a place; null if there is none.
  const LocalName *localAt(uint32_t begin) const;
  /// The name of that spelling that can be seen at a place.
  const LocalName *findLocal(StringRef name, size_t offset) const;
  llvm::ArrayRef<LocalName> localNames() const { return locals; }
  /// What a name stands for that is declared in a file, or imported there; of this file if no other is given.
  const Declaration *findDeclared(StringRef name) const { return findDeclared(name, unit); }
  const Declaration *findDeclared(StringRef name, const Unit &in, unsigned depth = 0) const;
  /// The file that is known by a name, as in losses.huber; null if the name is none of a file.
  const Unit *findModule(StringRef name) const;
  const Unit *unitOf(const syntax::Import &import, const Unit &importer) const;
  const Meaning *meaningAt(uint32_t begin) const;

  /// A file that diagnostics or meanings name: this one, one that it imports, or one of the library.
  const SourceFile *findSource(StringRef name, const Library &library) const;
  std::optional<llvm::lsp::Location> locate(const SourceFile &source, uint32_t begin, uint32_t end, const Library &library) const;

private:
  std::vector<LocalName> locals;            // in the order in which they are bound
  std::map<uint32_t, syntax::Name> binders; // by the place of the name that is used
  llvm::DenseSet<uint32_t> names;           // the places of those that are used or bound
};

std::optional<llvm::lsp::Hover> hover(const Document &document, const Library &library, size_t offset);
std::vector<llvm::lsp::Location> definition(const Document &document, const Library &library, size_t offset);
std::vector<llvm::lsp::DocumentSymbol> symbols(const Document &document);
/// Five numbers for each token that has a colour, as the protocol wants them; the fourth is a place in the list of kinds.
std::vector<int64_t> semanticTokens(const Document &document, const Library &library);
std::vector<StringRef> semanticTokenKinds();
llvm::lsp::CompletionList complete(const Document &document, const Library &library, size_t offset);

} // namespace costate::lsp

#endif // COSTATE_TOOLS_LSP_DOCUMENT_H
