// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/codegen/ObjectCache.h"
#include "costate/tools/costate/Commands.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include <nlohmann/json.hpp>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <unistd.h>

namespace costate::tool {

void CompilerFlags::addTo(CLI::App &command) {
  command.add_option("model", model, "Model file")->required();
  command.add_option("--model-name", options.model, "Which of the models of the file");
  command.add_option("--real", real, "Type that f32 of the model is compiled as")->check(oneOf({"f32", "f64"}))->capture_default_str();
  command.add_option("--device", device, "Where it runs: cpu")->capture_default_str();
  command.add_option("--target", options.target, "host, or x86-64, x86-64-v2, x86-64-v3, x86-64-v4")->capture_default_str();
  command.add_option("--hint", hints, "NAME=EXTENT: likely extent of a dimension, for cost rules; results do not depend on it");
  command.add_option("--optimize,-O", options.optimize, "0 to 3; 0 compiles fastest")->check(integer(0, 3))->capture_default_str();
  command.add_option("--schedule", options.scheduleFile, "File of kernels with schedules, as `compile --emit schedule` prints it; other kernels are scheduled by rule")
      ->check(CLI::ExistingFile);
  command.add_option("--cache-dir", cacheDirectory, "Folder of compiled objects (default: $XDG_CACHE_HOME/costate or ~/.cache/costate)");
  command.add_flag("--no-cache", noCache, "Neither read nor write compiled objects");
  command.add_option("--dump-phases", options.dumpDirectory, "Folder that gets the program after each phase");
  command.add_option("--plugin", plugins, "Shared library that adds to the language and the compiler")->allow_extra_args(false);
  command.add_option("--extern", libraries, "Shared library with C functions that the model calls (extern fn)")->allow_extra_args(false);
  command.add_flag("--traced", options.trace)->group(""); // of costate to its compiler, as the next three
  command.add_flag("--watched", options.watch)->group("");
  command.add_option("--entry-to-compile", options.entries)->group("");
  command.add_option("--entry-to-compile-next", nextEntries)->group("");
  command.add_option("--from", from, "First phase, for a program that is IR (.mlir)")->capture_default_str();
}

absl::StatusOr<Options> CompilerFlags::chosenOptions() const {
  Options chosen = options;
  chosen.real = real == "f64" ? Real::F64 : Real::F32;
  if (device != "cpu")
    return absl::InvalidArgumentError(absl::StrCat("--device requires one that this build has, which is cpu, but got '", device, "'"));
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
    if (auto [rest, error] = std::from_chars(binding->value.data(), end, extent);
        error != std::errc() || rest != end || extent < 0)
      return absl::InvalidArgumentError(absl::StrCat("--hint requires an extent, but got '", binding->value, "'"));
    if (extent > INT32_MAX)
      return absl::InvalidArgumentError(absl::StrCat("--hint requires an extent of at most ", INT32_MAX, ", but got ", extent));
  }
  if (!noCache)
    chosen.cacheDirectory = cacheDirectory.empty() ? codegen::ObjectCache::defaultDirectory() : cacheDirectory;
  return chosen;
}

absl::StatusOr<Externs> CompilerFlags::externs() const {
  Externs functions;
  for (const std::string &library : libraries)
    if (absl::Status status = functions.load(library); !status.ok())
      return status;
  return functions;
}

std::vector<std::string> CompilerFlags::words() const {
  std::vector<std::string> words = {absl::StrCat("--real=", real), absl::StrCat("--device=", device), absl::StrCat("--target=", options.target),
                                    absl::StrCat("--optimize=", options.optimize), absl::StrCat("--from=", from)};
  for (const std::string &hint : hints)
    words.push_back(absl::StrCat("--hint=", hint));
  for (const std::string &plugin : plugins)
    words.push_back(absl::StrCat("--plugin=", plugin));
  for (auto [flag, value] : {std::pair("--model-name=", &options.model), {"--schedule=", &options.scheduleFile}, {"--cache-dir=", &cacheDirectory}, {"--dump-phases=", &options.dumpDirectory}})
    if (!value->empty())
      words.push_back(flag + *value);
  if (noCache)
    words.push_back("--no-cache");
  if (options.trace)
    words.push_back("--traced");
  if (options.watch)
    words.push_back("--watched");
  for (const std::string &entry : options.entries)
    words.push_back(absl::StrCat("--entry-to-compile=", entry));
  for (const std::string &entry : nextEntries)
    words.push_back(absl::StrCat("--entry-to-compile-next=", entry));
  words.insert(words.end(), {"--", model}); // which may begin with a dash
  return words;
}

absl::StatusOr<Binding> Binding::parse(const std::string &text, const std::string &flag) {
  size_t sign = text.find('=');
  if (sign == 0 || sign == std::string::npos)
    return absl::InvalidArgumentError(absl::StrCat(flag, " requires NAME=VALUE, but got '", text, "'"));
  return Binding{text.substr(0, sign), text.substr(sign + 1)};
}

void DataFlags::addTo(CLI::App &command, const char *what) {
  command.add_option("--data", file, what);
  command.add_option("--column", columns, "NAME=COLUMN or NAME=COLUMN,COLUMN...: where array NAME is in the data file; NAME=*: all other columns of numbers");
}

void DataFlags::addDefault(const Executable &executable, const std::string &model) {
  nlohmann::json defaults = nlohmann::json::parse(executable.manifest())["defaults"];
  if (file.empty() && defaults.contains("data"))
    file = (std::filesystem::path(model).parent_path() / defaults["data"].get<std::string>()).string();
}

runtime::Result<runtime::ArrayFile> DataFlags::open() const {
  runtime::Result<runtime::ArrayFile> opened = runtime::ArrayFile::open(file);
  if (!opened.ok())
    return opened.status();
  std::vector<std::pair<std::string, std::vector<std::string>>> arrays;
  std::vector<std::string> named;
  for (const std::string &text : columns) {
    absl::StatusOr<Binding> binding = Binding::parse(text, "--column");
    if (!binding.ok())
      return runtime::invalidArgument(std::string(binding.status().message()));
    arrays.push_back({binding->name, absl::StrSplit(binding->value, ',')});
    named.insert(named.end(), arrays.back().second.begin(), arrays.back().second.end());
  }
  for (const auto &[name, parts] : arrays)
    COSTATE_RETURN_IF_ERROR(opened->addArray(name, parts, named));
  return opened;
}

absl::StatusOr<Context> createContext(int threads) {
  costate_context *context = nullptr;
  if (int32_t code = costate_context_create(threads, &context))
    return absl::InvalidArgumentError(absl::StrCat("cannot start ", threads, " threads: ", costate_code_name(code)));
  return Context(context, costate_context_destroy);
}

void HandleFlags::addTo(CLI::App &command) {
  command.add_option("--params", params, "Start from these parameters (.safetensors, .npz)");
  command.add_option("--rename", rename, "MODEL=FILE, or a file of such lines: what the arrays of --params are called there, as 'f.layers.*.w = net.*.weight.T'")
      ->allow_extra_args(false);
  command.add_option("--seed", seed, "Of parameters, draws and shuffling")->check(integer())->capture_default_str();
  command.add_option("--threads", threads, "0: one a CPU; results do not depend on it")->check(integer(0, 1024))->capture_default_str();
  command.add_option("--set", set, "NAME=VALUE: a hyper-parameter");
}

absl::StatusOr<Handle> HandleFlags::create(const Executable &executable) const {
  absl::StatusOr<Context> context = createContext(threads);
  if (!context.ok())
    return context.status();
  absl::StatusOr<Executable::Model> model = executable.createModel(context->get());
  if (!model.ok())
    return model.status();
  Handle handle{std::move(*context), std::move(*model)};
  if (absl::Status status = handle.check(costate_model_seed(handle.model.get(), seed)); !status.ok())
    return status;
  absl::StatusOr<std::string> rules = renamingRules();
  if (!rules.ok())
    return rules.status();
  if (!params.empty())
    if (absl::Status status = handle.check(costate_model_load_renamed(handle.model.get(), params.c_str(), COSTATE_SAVE_PARAMS, rules->c_str()));
        !status.ok())
      return status;
  if (absl::Status status = setHypers(handle); !status.ok())
    return status;
  return handle;
}

absl::StatusOr<std::string> HandleFlags::renamingRules() const {
  if (!rename.empty() && params.empty())
    return absl::InvalidArgumentError("--rename requires --params FILE");
  std::string rules;
  for (const std::string &text : rename) {
    if (text.find('=') != std::string::npos) {
      absl::StrAppend(&rules, text, "\n");
      continue;
    }
    runtime::Result<std::shared_ptr<const runtime::FileBytes>> file = runtime::readFile(text);
    if (!file.ok())
      return absl::InvalidArgumentError(absl::StrCat("--rename requires MODEL=FILE or a file of such lines: ", file.status().message()));
    rules.append(reinterpret_cast<const char *>((*file)->bytes.data()), (*file)->bytes.size());
    rules += '\n';
  }
  return rules;
}

absl::Status HandleFlags::setHypers(const Handle &handle) const {
  for (const std::string &text : set) {
    absl::StatusOr<Binding> binding = Binding::parse(text, "--set");
    if (!binding.ok())
      return binding.status();
    char *end = nullptr;
    double value = std::strtod(binding->value.c_str(), &end);
    if (end == binding->value.c_str() || *end || !std::isfinite(value))
      return absl::InvalidArgumentError(absl::StrCat("--set requires NAME=VALUE with a finite number, but got '", text, "'"));
    if (absl::Status status = handle.check(costate_model_set(handle.model.get(), binding->name.c_str(), value)); !status.ok())
      return status;
  }
  return absl::OkStatus();
}

double secondsSinceProcessStart() {
  // Field 22 of /proc/self/stat, in ticks since the system booted; the name in field 2 may hold spaces but ends with the last ')'.
  std::ifstream file("/proc/self/stat");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string field;
  for (int number = 3; number <= 22; ++number)
    fields >> field;
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec + 1e-9 * now.tv_nsec - std::strtod(field.c_str(), nullptr) / sysconf(_SC_CLK_TCK);
}

/// Rendered diagnostics begin with their place, if they have one; everything else gets the word.
static int printError(const std::string &message) {
  bool rendered = message.starts_with("error: ") || message.find(": error: ") != std::string::npos;
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
