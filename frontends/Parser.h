// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef COSTATE_FRONTENDS_PARSER_H
#define COSTATE_FRONTENDS_PARSER_H

#include "costate/frontends/Syntax.h"

namespace costate {

/// Reads a model file (grammar: frontends/README.md). After an error, reading goes on at the next statement; null if
/// there was any. The tree refers to the text of `source`.
std::unique_ptr<syntax::File> parse(const SourceFile &source, Diagnostics &diagnostics);

/// What can be read of a text with errors, of which none is reported: statements that cannot are left out. A declaration at the beginning of a line ends
/// what is open before it. keepsFaults: so are those that break a rule of the language (SyntaxRules) unless this is set; for who only looks at the tree.
std::unique_ptr<syntax::File> parsePart(const SourceFile &source, Diagnostics &diagnostics, bool keepsFaults = false);

} // namespace costate

#endif // COSTATE_FRONTENDS_PARSER_H
