// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef COSTATE_FRONTENDS_LEXER_H
#define COSTATE_FRONTENDS_LEXER_H

#include "costate/frontends/Diagnostics.h"

namespace costate {

struct Token {
  enum Kind : uint8_t { Name, Integer, Float, String, Symbol, Newline, EndOfFile };
  Kind kind;
  SourceRange range;
  llvm::StringRef text; // as in the file; of a string, without its quotes; of a look-alike, what it stands for

  bool is(llvm::StringRef symbolOrName) const { return (kind == Symbol || kind == Name) && text == symbolOrName; }
};

/// Cuts a text into tokens, the last of which is EndOfFile. A newline is a token only where it can end a statement: not
/// inside ( ) or [ ], and not after an operator, a comma or an opening brace. Comments run from '#' to the end of the line.
/// Errors (unknown characters, unclosed strings) are reported and skipped.
std::vector<Token> tokenize(const SourceFile &file, Diagnostics &diagnostics);

/// The operator or bracket that a text begins with; empty if it begins with none.
llvm::StringRef symbolAt(llvm::StringRef text);

} // namespace costate

#endif // COSTATE_FRONTENDS_LEXER_H
