// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the importer has told about the names of a text.
#ifndef COSTATE_TOOLS_LSP_MEANINGS_H
#define COSTATE_TOOLS_LSP_MEANINGS_H

#include "costate/frontends/Importer.h"
#include "costate/tools/lsp/Text.h"

#include <atomic>
#include <map>

namespace costate::lsp {

/// Bytes [begin, end) of a file; no file: of nothing
struct Span {
  std::string file;
  uint32_t begin = 0, end = 0;
};

/// What a name stands for. In the body of a fn that is called several times it may be several things.
struct Meaning {
  uint32_t end; // of the name
  /// As they are written behind the name, once each: " : f32[batch, 10]", " = 64".
  std::vector<std::string> values;
  std::string path; // of a parameter
  Span declared;
  /// Of a net: its parameters and states, by their paths in it: "layers.0.w", " : f32[64, 128]".
  std::vector<std::pair<std::string, std::string>> members;
};

/// Meanings by the byte at which a name begins.
using Meanings = std::map<uint32_t, Meaning>;

/// Writes down the meanings of the names of one file.
class Recorder : public ImportObserver {
public:
  Recorder(StringRef fileName, const std::atomic<bool> &cancelled) : fileName(fileName), cancelled(cancelled) {}

  void name(SourceRange where, SourceRange declared, const importer::Value &value, StringRef path) override;
  bool isCancelled() const override { return cancelled; }

  Meanings meanings;

private:
  StringRef fileName;
  const std::atomic<bool> &cancelled;
};

/// Those of an older text of a file that stand in a newer one, at their places there. A name that the change touches may be another one now.
Meanings moved(const Meanings &older, const Change &change, StringRef file);

} // namespace costate::lsp

#endif // COSTATE_TOOLS_LSP_MEANINGS_H
