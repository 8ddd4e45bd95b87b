// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// The host's door: a model in, machine code out. No MLIR, LLVM or Halide type appears here.
///
///     costate::Session session(options);
///     absl::StatusOr<costate::Executable> digits = session.compileFile("digits.costate");
///     absl::StatusOr<costate::Executable::Model> model = digits->createModel(context, {32});
///     costate_model_invoke(model->get(), ...);
#ifndef COSTATE_COMPILER_API_COMPILER_H
#define COSTATE_COMPILER_API_COMPILER_H

#include "costate/compiler/api/Executable.h"
#include "costate/compiler/api/PackageKey.h"
#include "costate/compiler/api/Plugins.h"
#include "costate/compiler/codegen/Package.h"
#include "costate/compiler/pipeline/Explain.h"

namespace costate {

/// A `check` block of a model file.
struct ModelCheck {
  std::string title;
  /// The entry that computes it: without arguments; results 2 k and 2 k + 1 are the actual and the expected value of expectation k.
  std::string entry;
  struct Expectation {
    double tolerance;      // the largest |actual - expected| of an element
    bool isRelative;       // in units of |expected|
    std::string condition; // as it is spelled, if it is one: then the expected value is 1
  };
  std::vector<Expectation> expectations;
};

struct CheckProgram {
  Executable code;
  std::vector<ModelCheck> checks;
};

/// Compiles models under fixed options, with fixed plugins and functions of the program. Independent of every other session, and safe to use from several threads at once.
class Session {
public:
  explicit Session(Options options = {}, Plugins plugins = {}, Externs externs = {});

  /// Machine code in this process; where options().entries names some, that of the others is made when they are called. Errors: InvalidArgument with
  /// the rendered diagnostics (file, line, column, source line, caret) for a fault of the model or an option; those of Executable::load; Internal for
  /// ours.
  absl::StatusOr<Executable> compile(const ModelSource &source) const;
  absl::StatusOr<Executable> compileFile(const std::string &path) const;

  /// The check blocks of a model file as entries of a program of their own. Errors: also NotFound if the file has none.
  absl::StatusOr<CheckProgram> compileChecks(const ModelSource &source) const;
  /// The same as bytes; the manifest has the checks: `checks`, each with `title`, `entry` and `expectations`, which have
  /// `within` and `relative`.
  absl::StatusOr<codegen::Package> packageChecks(const ModelSource &source) const;

  /// The binary form of a model, which means what its text means (frontends/model.fbs). Errors: InvalidArgument with the rendered diagnostics if
  /// it cannot be read; mistakes beyond the grammar are found when it is compiled.
  absl::StatusOr<std::string> modelFile(const ModelSource &source) const;

  /// Machine code as bytes, for codegen::writePackage. Same errors.
  absl::StatusOr<codegen::Package> package(const ModelSource &source, CompileReport *report = nullptr) const;

  /// The program after phase `last`, as text; `options().dumpDirectory` gets those before it too. Same errors.
  absl::StatusOr<std::string> lower(const ModelSource &source, Phase last) const;

  /// What the compiler decided: for each entry its kernels, who runs them and what they cost. Same errors.
  absl::StatusOr<Explanation> explain(const ModelSource &source) const;

  const Options &options() const { return chosen; }
  const Plugins &plugins() const { return added; }
  const Externs &externs() const { return functions; }

private:
  absl::StatusOr<codegen::Package> package(const ModelSource &source, Subject subject, CompileReport &report) const;
  absl::StatusOr<Executable> compile(const ModelSource &source, Subject subject) const;
  absl::StatusOr<std::vector<ModelCheck>> findChecks(const ModelSource &source) const;

  Options chosen;
  Plugins added;
  Externs functions;
};

} // namespace costate

#endif // COSTATE_COMPILER_API_COMPILER_H
