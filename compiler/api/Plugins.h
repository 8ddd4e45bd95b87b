// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// What was added to the compiler from outside; for programs that compile. Plugin.h is for those who write plugins.
#ifndef COSTATE_COMPILER_API_PLUGINS_H
#define COSTATE_COMPILER_API_PLUGINS_H

#include "absl/status/status.h"

#include <string>
#include <vector>

namespace mlir {
class DialectRegistry;
class MLIRContext;
} // namespace mlir

namespace costate {

class Pipeline;
struct LanguageExtension;
struct Plugin;

/// Plugins in the order they were added. A value: sessions with different plugins live side by side.
class Plugins {
public:
  /// Loads a shared library, which stays in the process. The program must export what plugins call: it links Costate::PluginHost. Errors: what the
  /// system or its loader said; InvalidArgument for a library that is no plugin, or one of another version, and those of `add`.
  absl::Status load(const std::string &path);
  /// A plugin that the program holds itself. Errors: InvalidArgument for a name, or a built-in function, that there is already.
  absl::Status add(const Plugin &plugin);

  void registerDialects(mlir::DialectRegistry &registry) const;
  /// Registers the dialects and loads them, so that their ops may be built.
  void loadDialects(mlir::MLIRContext &context) const;
  void registerPasses() const;
  void addHooks(Pipeline &pipeline) const;
  std::vector<LanguageExtension> languageExtensions() const;

  /// Differs for plugins that differ in a byte, or stand in another order; for keys of caches.
  const std::string &identity() const { return key; }

private:
  std::vector<const Plugin *> plugins;
  std::string key;
};

} // namespace costate

#endif // COSTATE_COMPILER_API_PLUGINS_H
