// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// What a plugin says of itself; for its author. docs/extending.md shows a whole one, Plugins.h how a program loads it.
///
///     extern "C" const costate::Plugin costate_plugin = {.name = "sparsemax", .registerDialects = registerDialects, .builtins = builtins};
#ifndef COSTATE_COMPILER_API_PLUGIN_H
#define COSTATE_COMPILER_API_PLUGIN_H

#include "costate/compiler/pipeline/Pipeline.h"
#include "costate/frontends/Builtins.h"
#include "costate/frontends/StandardLibrary.h"

#include "mlir/IR/DialectRegistry.h"
#include "llvm/Config/llvm-config.h"

namespace costate {

/// A plugin and the program that loads it exchange objects of C++, so both must be built with the same headers. The number grows whenever a header
/// that plugins include changes.
inline constexpr char pluginVersion[] = "1 (LLVM " LLVM_VERSION_STRING ")";

/// Every field but the first two may be left out. Functions may be called from several threads at once.
struct Plugin {
  const char *version = pluginVersion; // stays in front in every version
  const char *name;
  /// Adds dialects, external models of interfaces (`oracle::Interpretable` among them) and other extensions. Dialects that are added are loaded into
  /// every context. Up to the differentiate phase a program may hold an op of theirs that is `Expandable`.
  void (*registerDialects)(mlir::DialectRegistry &registry) = nullptr;
  /// Makes passes known to costate-opt, which alone calls it.
  void (*registerPasses)() = nullptr;
  /// Functions of the language that emit ops. No two plugins, nor the language, may have one name twice.
  llvm::ArrayRef<importer::Builtin> builtins = {};
  /// Files of the language that every model sees, as it does the standard library.
  llvm::ArrayRef<StandardFile> modules = {};
  /// Attaches hooks to the phases of one compilation.
  void (*addHooks)(Pipeline &pipeline) = nullptr;
};

} // namespace costate

/// The one symbol that is looked up.
extern "C" __attribute__((visibility("default"))) const costate::Plugin costate_plugin;

#endif // COSTATE_COMPILER_API_PLUGIN_H
