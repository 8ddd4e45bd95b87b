// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/api/Plugins.h"

#include "costate/compiler/api/PackageKey.h"
#include "costate/compiler/api/Plugin.h"
#include "costate/compiler/codegen/ObjectCache.h"
#include "costate/compiler/codegen/StatusConversion.h"
#include "costate/frontends/Importer.h"

#include "absl/strings/str_cat.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"

#include <dlfcn.h>

namespace costate {

absl::Status Plugins::load(const std::string &path) {
  absl::StatusOr<std::string> grown = addPlugin(key, path);
  if (!grown.ok())
    return grown.status();
  llvm::SmallString<256> absolute(path); // a name without a slash would be looked for where the system keeps libraries
  if (std::error_code error = llvm::sys::fs::make_absolute(absolute))
    return codegen::toStatus(error, absl::StrCat("cannot read plugin '", path, "'"));
  void *library = dlopen(absolute.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return absl::InvalidArgumentError(absl::StrCat("cannot load plugin '", path, "': ", dlerror()));
  auto refuse = [&](const std::string &message) {
    dlclose(library);
    return absl::InvalidArgumentError(message);
  };
  auto *plugin = static_cast<const Plugin *>(dlsym(library, "costate_plugin"));
  if (!plugin)
    return refuse(absl::StrCat("requires a plugin, but '", path, "' has no symbol 'costate_plugin'"));
  if (llvm::StringRef(plugin->version) != pluginVersion)
    return refuse(absl::StrCat("requires a plugin of version ", pluginVersion, ", but '", path, "' has version ", plugin->version,
                               "; build it again"));
  if (absl::Status status = add(*plugin); !status.ok())
    return refuse(std::string(status.message()));
  // From here on the library is never closed: contexts and registries hold pointers into it.
  key = std::move(*grown);
  return absl::OkStatus();
}

absl::Status Plugins::add(const Plugin &plugin) {
  std::vector<llvm::ArrayRef<importer::Builtin>> tables = importer::builtinTables();
  for (const Plugin *other : plugins) {
    if (llvm::StringRef(other->name) == plugin.name)
      return absl::InvalidArgumentError(absl::StrCat("requires plugins of different names, but '", plugin.name, "' is there already"));
    tables.push_back(other->builtins);
  }
  for (const importer::Builtin &builtin : plugin.builtins)
    if (importer::findBuiltin(tables, builtin.name))
      return absl::InvalidArgumentError(absl::StrCat("plugin '", plugin.name, "' requires a name of its own for its function '",
                                                     builtin.name.str(), "', but there is a built-in function of this name"));
  plugins.push_back(&plugin);
  key = codegen::contentKey({key, plugin.name}); // its code is the program's, which every key holds
  return absl::OkStatus();
}

void Plugins::registerDialects(mlir::DialectRegistry &registry) const {
  for (const Plugin *plugin : plugins)
    if (plugin->registerDialects)
      plugin->registerDialects(registry);
}

void Plugins::loadDialects(mlir::MLIRContext &context) const {
  mlir::DialectRegistry registry;
  registerDialects(registry);
  context.appendDialectRegistry(registry);
  for (llvm::StringRef dialect : registry.getDialectNames())
    context.getOrLoadDialect(dialect);
}

void Plugins::registerPasses() const {
  for (const Plugin *plugin : plugins)
    if (plugin->registerPasses)
      plugin->registerPasses();
}

void Plugins::addHooks(Pipeline &pipeline) const {
  for (const Plugin *plugin : plugins)
    if (plugin->addHooks)
      plugin->addHooks(pipeline);
}

std::vector<LanguageExtension> Plugins::languageExtensions() const {
  std::vector<LanguageExtension> extensions;
  for (const Plugin *plugin : plugins)
    extensions.push_back({plugin->builtins, plugin->modules});
  return extensions;
}

} // namespace costate
