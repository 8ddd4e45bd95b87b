// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/codegen/ObjectCache.h"
#include "costate/tools/costate/Commands.h"

#include "absl/strings/str_cat.h"

#include <charconv>
#include <cstdio>

namespace costate::tool {

void CompilerFlags::addTo(CLI::App &command) {
  command.add_option("model", model, "Model file")->required();
  command.add_option("--real", real, "Type that f32 of the model is compiled as")->check(CLI::IsMember({"f32", "f64"}))->capture_default_str();
  command.add_option("--target", options.target, "host, or x86-64, x86-64-v2, x86-64-v3, x86-64-v4")->capture_default_str();
  command.add_option("--hint", hints, "NAME=EXTENT: likely extent of a dimension, for cost rules; results do not depend on it");
  command.add_option("--optimize,-O", options.optimize, "0 to 3; 0 compiles fastest")->check(CLI::Range(0, 3))->capture_default_str();
  command.add_option("--cache-dir", cacheDirectory, "Folder of compiled objects (default: $XDG_CACHE_HOME/costate or ~/.cache/costate)");
  command.add_flag("--no-cache", noCache, "Neither read nor write compiled objects");
  command.add_option("--dump-phases", options.dumpDirectory, "Folder that gets the program after each phase");
  command.add_option("--from", from, "First phase, for a program that is IR (.mlir)")->capture_default_str();
}

absl::StatusOr<Session> CompilerFlags::session() const {
  Options chosen = options;
  chosen.real = real == "f64" ? Real::F64 : Real::F32;
  std::optional<Phase> first = parsePhase(from);
  if (!first)
    return absl::InvalidArgumentError(absl::StrCat("--from requires a phase, but got '", from, "'"));
  chosen.from = *first;
  for (const std::string &hint : hints) {
    absl::StatusOr<Binding> binding = Binding::parse(hint, "--hint");
    if (!binding.ok())
      return binding.status();
    int64_t &extent = chosen.hints[binding->name];
    const char *end = binding->value.data() + binding->value.size();
    if (auto [rest, error] = std::from_chars(binding->value.data(), end, extent); error != std::errc() || rest != end || extent < 0)
      return absl::InvalidArgumentError(absl::StrCat("--hint requires an extent, but got '", binding->value, "'"));
  }
  if (!noCache)
    chosen.cacheDirectory = cacheDirectory.empty() ? codegen::ObjectCache::defaultDirectory() : cacheDirectory;
  return Session(chosen);
}

absl::StatusOr<Binding> Binding::parse(const std::string &text, const std::string &flag) {
  size_t sign = text.find('=');
  if (sign == 0 || sign == std::string::npos)
    return absl::InvalidArgumentError(absl::StrCat(flag, " requires NAME=VALUE, but got '", text, "'"));
  return Binding{text.substr(0, sign), text.substr(sign + 1)};
}

absl::StatusOr<Context> createContext(int threads) {
  costate_context *context = nullptr;
  if (int32_t code = costate_context_create(threads, &context))
    return absl::InvalidArgumentError(absl::StrCat("cannot start ", threads, " threads: ", costate_code_name(code)));
  return Context(context, costate_context_destroy);
}

/// Rendered diagnostics begin with their place; everything else gets the word.
static int printError(const std::string &message) {
  bool rendered = message.find(": error: ") != std::string::npos;
  std::fprintf(stderr, "%s%s\n", rendered ? "" : "error: ", message.c_str());
  return userError;
}

int report(const absl::Status &status) {
  int code = printError(std::string(status.message()));
  return status.code() == absl::StatusCode::kCancelled ? interruptedByUser : code;
}

int report(const runtime::Status &status) {
  int code = printError(status.message());
  return status.code() == COSTATE_INTERRUPTED ? interruptedByUser : code;
}

} // namespace costate::tool
