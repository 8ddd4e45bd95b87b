// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// The files that a model imports, found without a parser: whoever keeps what is made of a model (the cache of compiled models) must know all bytes
/// that it is made of, and need not have a compiler. Only `readImports` reads files; the importer sees what it is given.
#ifndef COSTATE_FRONTENDS_IMPORTS_H
#define COSTATE_FRONTENDS_IMPORTS_H

#include <string>
#include <string_view>
#include <vector>

namespace costate {

/// A file that others import.
struct ImportedText {
  std::string name; ///< as importedName gives it
  std::string text;
  std::string fault = {}; ///< why it cannot be read, if it cannot: then there is no text
};

/// The name of the file that the path in an import of the file `importer` leads to: the path from where names of files count, without detours.
std::string importedName(std::string_view importer, std::string_view path);

/// The paths that a text imports, in order. A path that stands where no import can stand is among them.
std::vector<std::string> importedPaths(std::string_view text);

/// The files that the model of this name and text imports, itself or through others, read from disk, each once; without itself. open: texts that stand
/// for the files of their names.
std::vector<ImportedText> readImports(std::string_view name, std::string_view text, const std::vector<ImportedText> &open = {});

} // namespace costate

#endif // COSTATE_FRONTENDS_IMPORTS_H
