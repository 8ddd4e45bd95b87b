// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// What a compiled model is found by in the cache. A program needs no compiler to compute it.
#ifndef COSTATE_COMPILER_API_PACKAGEKEY_H
#define COSTATE_COMPILER_API_PACKAGEKEY_H

#include "costate/compiler/codegen/ObjectCache.h"
#include "costate/compiler/codegen/Package.h"
#include "costate/compiler/pipeline/Options.h"
#include "costate/frontends/Imports.h"

#include "absl/status/statusor.h"

#include <optional>
#include <string>
#include <string_view>

namespace costate {

/// A model, as text or in binary form (GraphBuilder::finish), and the name that messages give it. A name that ends in ".mlir" says that the text
/// is IR, at the level of Options::from.
struct ModelSource {
  std::string name;
  std::string text;
  /// The files that it imports, by their names from where that of the model counts; no others are looked for.
  std::vector<ImportedText> imports = {};

  /// The model and what it imports. Errors: NotFound, or what the system said, of the model; an import that cannot be read is a mistake of the model.
  static absl::StatusOr<ModelSource> read(const std::string &path);
};

/// What of a model is compiled.
enum class Subject { Model, Checks };

/// What a package has in the cache as its name: a hash of everything that can change a byte of it.
struct PackageKey {
  std::string own;
  std::string whole; ///< of the package with all entries, which does as well

  std::optional<codegen::Package> find(const codegen::ObjectCache &cache) const;
};

/// plugins: Plugins::identity. compiler: codegen::compilerIdentity. Errors: InvalidArgument for a target that there is not.
absl::StatusOr<PackageKey> packageKey(const ModelSource &source, Subject subject, const Options &options, std::string_view plugins,
                                      std::string_view compiler);

/// The identity of the plugins of identity `plugins` ("" without one) and the one that lies in `file`. Errors: what the system said.
absl::StatusOr<std::string> addPlugin(std::string_view plugins, const std::string &file);

} // namespace costate

#endif // COSTATE_COMPILER_API_PACKAGEKEY_H
