// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// The host's door: model text in, machine code out. No MLIR, LLVM or Halide type appears here.
///
///     costate::Session session(options);
///     absl::StatusOr<costate::Executable> digits = session.compileFile("digits.costate");
///     absl::StatusOr<costate::Executable::Model> model = digits->createModel(context, {32});
///     costate_model_invoke(model->get(), ...);
#ifndef COSTATE_COMPILER_API_COMPILER_H
#define COSTATE_COMPILER_API_COMPILER_H

#include "costate/compiler/api/Executable.h"
#include "costate/compiler/codegen/Package.h"
#include "costate/compiler/pipeline/Options.h"

namespace costate {

/// A model text and the name that messages give it. A name that ends in ".mlir" says that the text is IR at import level.
struct ModelSource {
  std::string name;
  std::string text;

  /// Errors: NotFound, or what the system said.
  static absl::StatusOr<ModelSource> read(const std::string &path);
};

/// Compiles models under fixed options. Independent of every other session, and safe to use from several threads at once.
class Session {
public:
  explicit Session(Options options = {});

  /// Machine code in this process. Errors: InvalidArgument with the rendered diagnostics (file, line, column, source line, caret) for a
  /// fault of the model or an option; Internal for ours.
  absl::StatusOr<Executable> compile(const ModelSource &source) const;
  absl::StatusOr<Executable> compileFile(const std::string &path) const;

  /// Machine code as bytes, for codegen::writePackage. Same errors.
  absl::StatusOr<codegen::Package> package(const ModelSource &source, CompileReport *report = nullptr) const;

  const Options &options() const { return chosen; }

private:
  Options chosen;
};

/// The program after each phase up to `lastPhase` ("import" to "codegen"), as text under a title line each. Errors as above.
absl::StatusOr<std::string> dumpPhases(const ModelSource &source, const Options &options, const std::string &lastPhase);

} // namespace costate

#endif // COSTATE_COMPILER_API_COMPILER_H
