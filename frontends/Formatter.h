// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef COSTATE_FRONTENDS_FORMATTER_H
#define COSTATE_FRONTENDS_FORMATTER_H

#include "costate/frontends/Diagnostics.h"
#include "mlir/Support/LLVM.h"

namespace costate {

/// The text of a model file as it is to be laid out. Lines stay lines and tokens stay tokens; what changes are blanks:
///
///   - Each open block indents by two. A line that goes on with a statement stands under the element of a list under which it stood, else behind the
///     bracket that is open, else two further in than the statement.
///   - One blank stands around `=`, `<-`, `->`, `~=`, `|>`, `+`, `-`, `%`, `@`, comparisons and words, none around `**` and `..` nor within the end of
///     a range. Around `*`, `/` and `//` it is as the author wants it, who shows what belongs together: one or none. No blank stands around the `=` of an
///     argument without a type, nor around `:` in brackets.
///   - What stands in one column of neighbouring lines stays in one, if more blanks than these were there to bring it about: the name that is declared,
///     the first `:`, `=`, `<-`, `~=` and `within`, and so on. A line that has more blanks, but is in no column, joins its neighbours. A comment behind a
///     line keeps its column, or moves to the right where the lines of that column have become too long.
///   - No blanks at ends of lines, no empty lines at both ends of the file, one at most elsewhere.
///
/// Fails after an error: text that has no tokens of the language.
mlir::FailureOr<std::string> format(const SourceFile &source, Diagnostics &diagnostics);

} // namespace costate

#endif // COSTATE_FRONTENDS_FORMATTER_H
