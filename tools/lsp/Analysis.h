// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef COSTATE_TOOLS_LSP_ANALYSIS_H
#define COSTATE_TOOLS_LSP_ANALYSIS_H

#include "costate/tools/lsp/Document.h"

#include "llvm/Support/thread.h"

#include <condition_variable>
#include <functional>

namespace costate::lsp {

/// What the importer has said about a text.
struct Analysis {
  std::vector<llvm::lsp::Diagnostic> diagnostics;
  Meanings meanings;
};

/// Imports the models of a text, each of several for itself, and its checks.
Analysis analyse(const Document &document, const Library &library, const std::atomic<bool> &cancelled);

/// Analyses documents on a thread of its own, the last version of each; an import whose document has changed is given up.
class Analyst {
public:
  /// Is called on the thread of the analyst.
  using Done = std::function<void(const Document &, Analysis)>;

  Analyst(const Library &library, Done done);
  ~Analyst();

  void post(std::shared_ptr<const Document> document);
  /// Of a document that is closed nothing is said any more.
  void forget(StringRef file);
  /// Waits until all has been said.
  void finish();

private:
  void run();

  const Library &library;
  const Done done;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::shared_ptr<const Document>> waiting;
  std::shared_ptr<const Document> running;
  std::atomic<bool> cancelled{false}; // what is running
  bool ends = false;
  llvm::thread thread; // the last member: it begins when all else is there
};

} // namespace costate::lsp

#endif // COSTATE_TOOLS_LSP_ANALYSIS_H
