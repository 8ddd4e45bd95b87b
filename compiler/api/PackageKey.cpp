// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/api/PackageKey.h"

#include "costate/compiler/codegen/SystemStatus.h"
#include "costate/compiler/codegen/Target.h"

#include "absl/strings/str_join.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace costate {

/// doing: "cannot read 'x'".
static absl::StatusOr<std::string> readFile(const std::string &path, const std::string &doing) {
  std::error_code code;
  if (std::filesystem::is_directory(path, code))
    return codegen::toStatus(std::make_error_code(std::errc::is_a_directory), doing);
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file)
    return codegen::toStatus({errno ? errno : EIO, std::generic_category()}, doing);
  return bytes;
}

absl::StatusOr<ModelSource> ModelSource::read(const std::string &path) {
  absl::StatusOr<std::string> text = readFile(path, absl::StrCat("cannot read '", path, "'"));
  if (!text.ok())
    return text.status();
  bool isIr = path.ends_with(".mlir");
  std::vector<ImportedText> imports = isIr ? std::vector<ImportedText>() : readImports(path, *text);
  return ModelSource{path, std::move(*text), std::move(imports)};
}

absl::StatusOr<std::string> addPlugin(std::string_view plugins, const std::string &file) {
  absl::StatusOr<std::string> bytes = readFile(file, absl::StrCat("cannot read plugin '", file, "'"));
  if (!bytes.ok())
    return bytes.status();
  return codegen::contentKey({plugins, *bytes});
}

std::optional<codegen::Package> PackageKey::find(const codegen::ObjectCache &cache) const {
  for (const std::string *key : {&own, &whole})
    if (std::optional<std::string> bytes = cache.find(*key))
      if (absl::StatusOr<codegen::Package> package = codegen::Package::parse(*bytes); package.ok())
        return std::move(*package);
  return std::nullopt;
}

absl::StatusOr<PackageKey> packageKey(const ModelSource &source, Subject subject, const Options &options, std::string_view plugins,
                                      std::string_view compiler) {
  absl::StatusOr<codegen::Target> target = codegen::Target::named(options.target);
  if (!target.ok())
    return target.status();
  std::string rest = absl::StrCat(subject == Subject::Checks ? "checks" : "model", "/", options.real == Real::F64 ? "f64" : "f32", "/",
                                  phaseName(options.from), "/", options.model, "/", options.optimize, options.trace ? "/trace" : "", options.watch ? "/watch" : "");
  for (auto &[dim, hint] : options.hints)
    absl::StrAppend(&rest, "/", dim, "=", hint);
  const ScheduleChoices &choices = options.schedules;
  absl::StrAppend(&rest, "/", choices.tileRows, "/", choices.tileVectors, "/", choices.panelTiles, "/", choices.taskOperations);
  if (!options.scheduleFile.empty())
    if (absl::StatusOr<std::string> file = readFile(options.scheduleFile, ""); file.ok()) // else the compiler says what is wrong
      absl::StrAppend(&rest, "/", *file);
  std::string imports;
  for (const ImportedText &file : source.imports)
    imports = codegen::contentKey({imports, file.name, file.text, file.fault});
  auto with = [&](std::string_view entries) {
    return codegen::contentKey({"package", compiler, target->key(), plugins, rest, entries, source.name, source.text, imports});
  };
  return PackageKey{with(options.defersEntries() ? absl::StrJoin(options.entries, "\n") : ""), with("")};
}

} // namespace costate
