// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/tools/lsp/Text.h"

#include <algorithm>

namespace costate::lsp {

/// Bytes that go on with a character count nothing, and characters of four bytes, beyond the first plane, count two.
static int unitsOf(unsigned char byte) { return (byte & 0xC0) == 0x80 ? 0 : byte >= 0xF0 ? 2 : 1; }

Places::Places(StringRef text) : text(text), starts{0} {
  for (size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\n')
      starts.push_back(i + 1);
}

StringRef Places::line(size_t number) const {
  size_t end = number + 1 < starts.size() ? starts[number + 1] - 1 : text.size();
  StringRef line = text.slice(starts[number], end);
  line.consume_back("\r");
  return line;
}

llvm::lsp::Position Places::position(size_t offset) const {
  offset = std::min(offset, text.size());
  size_t number = std::upper_bound(starts.begin(), starts.end(), offset) - starts.begin() - 1;
  int units = 0;
  for (char byte : text.slice(starts[number], offset))
    units += unitsOf(byte);
  return {int(number), units};
}

size_t Places::offset(llvm::lsp::Position position) const {
  if (position.line < 0 || size_t(position.line) >= starts.size())
    return position.line < 0 ? 0 : text.size();
  StringRef line = this->line(position.line);
  size_t at = 0;
  for (int units = 0; at < line.size(); ++at) {
    units += unitsOf(line[at]);
    if (units > position.character)
      break;
  }
  return starts[position.line] + at;
}

size_t Places::offset(unsigned line, unsigned column) const {
  if (line == 0 || line > starts.size())
    return line == 0 ? 0 : text.size();
  return std::min(starts[line - 1] + std::max(column, 1u) - 1, text.size());
}

Change::Change(StringRef older, StringRef newer) {
  size_t most = std::min(older.size(), newer.size());
  begin = std::mismatch(older.begin(), older.begin() + most, newer.begin()).first - older.begin();
  size_t same = 0;
  while (same < most - begin && older[older.size() - 1 - same] == newer[newer.size() - 1 - same])
    ++same;
  oldEnd = older.size() - same;
  newEnd = newer.size() - same;
}

} // namespace costate::lsp
