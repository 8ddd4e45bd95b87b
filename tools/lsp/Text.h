// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef COSTATE_TOOLS_LSP_TEXT_H
#define COSTATE_TOOLS_LSP_TEXT_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/LSP/Protocol.h"

#include <string>
#include <vector>

namespace costate::lsp {

using llvm::StringRef;

/// Places of a text, in bytes and as the protocol counts them: lines from 0, and in a line units of UTF-16. What lies outside of a line or of the text is
/// its end.
class Places {
public:
  explicit Places(StringRef text);

  llvm::lsp::Position position(size_t offset) const;
  llvm::lsp::Range range(size_t begin, size_t end) const { return {position(begin), position(end)}; }
  size_t offset(llvm::lsp::Position position) const;
  /// Of a line and a column of bytes, both from 1, as diagnostics have them.
  size_t offset(unsigned line, unsigned column) const;

private:
  StringRef line(size_t number) const;

  StringRef text;
  std::vector<size_t> starts;
};

/// How an older text became a newer one: between a beginning and an end that both have, bytes were replaced.
struct Change {
  size_t begin, oldEnd, newEnd;

  Change(StringRef older, StringRef newer);
};

} // namespace costate::lsp

#endif // COSTATE_TOOLS_LSP_TEXT_H
