// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a file declares, as an editor shows it, and the standard library.
#ifndef COSTATE_TOOLS_LSP_DECLARATIONS_H
#define COSTATE_TOOLS_LSP_DECLARATIONS_H

#include "costate/frontends/Importer.h"
#include "costate/frontends/Syntax.h"
#include "costate/tools/lsp/Text.h"

#include <mutex>

namespace costate::lsp {

struct Declaration {
  enum Kind { Fn, Net, Optimizer, Constant, Builtin, Model, Entry, Check };
  Kind kind;
  std::string name, signature, documentation;
  SourceRange where, range;            // of the name and of all of it; without a file for what is built in
  std::vector<std::string> parameters; // those that a call of the name may give by name
  std::vector<std::string> inputs;     // of a net: those of a call of what it makes

  /// Can its name stand in an expression?
  bool isValue() const { return kind <= Builtin; }
};

/// A text, right or not, and what can be read in it.
struct Unit {
  Unit(StringRef name, StringRef text);

  const SourceFile source;
  std::unique_ptr<syntax::File> tree;
  std::vector<Declaration> declarations; // in the order of the text

  /// What of it can stand in an expression under this name; null if there is nothing.
  const Declaration *find(StringRef name) const;
};

/// The library, the modules of plugins and what is built in; the same for all files. For several threads.
class Library {
public:
  /// folder: where the texts of the library are written when an editor is to show them; it may be empty. extensions: of plugins.
  Library(std::string folder, std::vector<LanguageExtension> extensions);

  /// What every file sees of it under a name; null if there is nothing.
  const Declaration *find(StringRef name) const;
  void forEach(llvm::function_ref<void(const Declaration &)> visit) const;
  llvm::ArrayRef<LanguageExtension> languageExtensions() const { return extensions; }

  /// The text of a file of the library; null if it has none of the name.
  const SourceFile *source(StringRef name) const;
  /// That file on disk. Errors: those of writing it.
  llvm::Expected<llvm::lsp::URIForFile> uri(const SourceFile &source) const;

private:
  std::string folder;
  std::vector<LanguageExtension> extensions;
  std::vector<std::unique_ptr<Unit>> units;
  std::vector<Declaration> builtins;
  mutable std::mutex writing;
};

} // namespace costate::lsp

#endif // COSTATE_TOOLS_LSP_DECLARATIONS_H
