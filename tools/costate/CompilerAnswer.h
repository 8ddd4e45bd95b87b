// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// What a process of `costate-compiler` is told by the `costate` that started it, and answers.
#ifndef COSTATE_TOOLS_COSTATE_COMPILER_ANSWER_H
#define COSTATE_TOOLS_COSTATE_COMPILER_ANSWER_H

#include "costate/tools/costate/Commands.h"

namespace costate::tool {

/// The command that asks for a package of the model on stdin: `costate-compiler package FLAGS NAME`.
constexpr char packageCommand[] = "package";

/// The model and what it imports, of which a run reads each once: the length of each part, a line, and its bytes.
std::string serializeModel(const ModelSource &source);
/// Errors: Internal if the bytes are no model.
absl::StatusOr<ModelSource> parseModel(std::string name, std::string_view bytes);

struct CompilerAnswer {
  absl::Status status;
  CompileReport report = {};
  std::string package = {}; // serialized; empty if the status is an error

  /// A line of JSON, then the package.
  std::string serialize() const;
  /// Errors: Internal if the bytes are no answer.
  static absl::StatusOr<CompilerAnswer> parse(std::string_view bytes);
};

} // namespace costate::tool

#endif // COSTATE_TOOLS_COSTATE_COMPILER_ANSWER_H
