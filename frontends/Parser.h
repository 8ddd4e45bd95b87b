// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef COSTATE_FRONTENDS_PARSER_H
#define COSTATE_FRONTENDS_PARSER_H

#include "costate/frontends/Syntax.h"

namespace costate {

/// Reads a model file (grammar: frontends/README.md). After an error, reading goes on at the next statement; null if
/// there was any. The tree refers to the text of `source`.
std::unique_ptr<syntax::File> parse(const SourceFile &source, Diagnostics &diagnostics);

} // namespace costate

#endif // COSTATE_FRONTENDS_PARSER_H
