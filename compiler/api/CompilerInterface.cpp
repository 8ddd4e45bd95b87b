// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The C interface of the compiler: options by name, and failures as codes. No exception leaves it.
#include "costate/compiler/api/costate_compiler.h"

#include "costate/compiler/api/Compiler.h"
#include "costate/compiler/codegen/Target.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

#include <exception>
#include <initializer_list>
#include <new>
#include <utility>

struct costate_compiler {
  costate::Options options;
  costate::Externs externs;
  std::vector<costate::ImportedText> imports;
  std::string message;
};

struct costate_program {
  costate::Executable code;
};

namespace {

/// Runs the body of a function of the interface, a callable that returns a status; its message goes to the compiler.
template <typename Body>
int32_t guarded(costate_compiler *compiler, Body &&body) noexcept {
  try {
    compiler->message.clear();
    absl::Status status = body();
    compiler->message = std::string(status.message());
    return costate::runtimeCode(status);
  } catch (const std::bad_alloc &) {
    return COSTATE_OUT_OF_MEMORY;
  } catch (const std::exception &exception) {
    try {
      compiler->message = exception.what();
    } catch (const std::exception &) { // no memory for it
    }
    return COSTATE_INTERNAL;
  }
}

/// A number from `low` to `high`.
template <typename Number>
absl::Status parse(const std::string &option, const std::string &value, int64_t low, int64_t high, Number &out) {
  int64_t number;
  if (!absl::SimpleAtoi(value, &number) || number < low || number > high)
    return absl::InvalidArgumentError(absl::StrCat("option '", option, "' requires a number from ", low, " to ", high, ", but got '", value, "'"));
  out = static_cast<Number>(number);
  return absl::OkStatus();
}

absl::Status set(costate::Options &options, const std::string &option, const std::string &value) {
  constexpr int64_t largest = INT32_MAX;
  if (option == "real") {
    if (value != "f32" && value != "f64")
      return absl::InvalidArgumentError(absl::StrCat("option 'real' requires f32 or f64, but got '", value, "'"));
    options.real = value == "f64" ? costate::Real::F64 : costate::Real::F32;
  } else if (option == "model") {
    options.model = value;
  } else if (option == "target") {
    if (absl::StatusOr<costate::codegen::Target> target = costate::codegen::Target::named(value); !target.ok())
      return target.status();
    options.target = value;
  } else if (option == "optimize") {
    return parse(option, value, 0, 3, options.optimize);
  } else if (option == "threads") {
    return parse(option, value, 0, 1024, options.threads);
  } else if (option == "cache") {
    options.cacheDirectory = value;
  } else if (option == "schedule") {
    options.scheduleFile = value;
  } else if (option == "watch") {
    return parse(option, value, 0, 1, options.watch);
  } else if (option == "entries") {
    options.entries = absl::StrSplit(value, ',', absl::SkipEmpty());
  } else if (option.starts_with("hint.")) {
    int64_t extent;
    if (absl::Status status = parse(option, value, 0, largest, extent); !status.ok())
      return status; // what was set before stays
    options.hints[option.substr(5)] = extent;
  } else {
    return absl::NotFoundError(absl::StrCat("there is no option '", option,
                                            "'; there are real, target, optimize, threads, cache, schedule, entries, watch, extern and hint.NAME"));
  }
  return absl::OkStatus();
}

/// What a caller must name, as "an option".
absl::Status requireText(const char *what, const char *text) {
  return text ? absl::OkStatus() : absl::InvalidArgumentError(absl::StrCat("requires ", what, ", but got NULL"));
}

/// given: what must not be NULL, and what it is; make: gives the machine code.
template <typename Make>
int32_t compile(costate_compiler *compiler, costate_program **out, std::initializer_list<std::pair<const char *, const char *>> given,
                Make &&make) noexcept {
  *out = nullptr;
  return guarded(compiler, [&]() -> absl::Status {
    for (auto [what, text] : given)
      if (absl::Status status = requireText(what, text); !status.ok())
        return status;
    absl::StatusOr<costate::Executable> code = make(costate::Session(compiler->options, {}, compiler->externs));
    if (code.ok())
      *out = new costate_program{std::move(*code)};
    return code.status();
  });
}

} // namespace

int32_t costate_compiler_create(costate_compiler **out) {
  *out = new (std::nothrow) costate_compiler();
  return *out ? COSTATE_OK : COSTATE_OUT_OF_MEMORY;
}

void costate_compiler_destroy(costate_compiler *compiler) { delete compiler; }

const char *costate_compiler_last_error(const costate_compiler *compiler) { return compiler->message.c_str(); }

int32_t costate_compiler_set(costate_compiler *compiler, const char *option, const char *value) {
  return guarded(compiler, [&]() -> absl::Status {
    for (auto [what, text] : {std::pair("the name of an option", option), {"the value of an option", value}})
      if (absl::Status status = requireText(what, text); !status.ok())
        return status;
    return std::string_view(option) == "extern" ? compiler->externs.load(value) : set(compiler->options, option, value);
  });
}

int32_t costate_compiler_extern(costate_compiler *compiler, const char *name, void (*function)(void), void *data) {
  return guarded(compiler, [&]() -> absl::Status {
    if (absl::Status status = requireText("the name of a function", name); !status.ok())
      return status;
    return compiler->externs.addUnchecked(name, reinterpret_cast<void *>(function), data);
  });
}

int32_t costate_compiler_import(costate_compiler *compiler, const char *name, const char *text, int64_t size) {
  return guarded(compiler, [&]() -> absl::Status {
    for (auto [what, given] : {std::pair("the name of a file", name), {"the text of a file", text}})
      if (absl::Status status = requireText(what, given); !status.ok())
        return status;
    if (size < 0)
      return absl::InvalidArgumentError(absl::StrCat("requires the size of a file, but got ", size));
    std::string path = costate::importedName({}, name);
    std::erase_if(compiler->imports, [&](const costate::ImportedText &file) { return file.name == path; });
    compiler->imports.push_back({path, std::string(text, size)});
    return absl::OkStatus();
  });
}

int32_t costate_compiler_compile(costate_compiler *compiler, const char *name, const char *model, int64_t size, costate_program **out) {
  return compile(compiler, out, {{"the name of a model", name}, {"a model", model}},
                 [&](const costate::Session &session) -> absl::StatusOr<costate::Executable> {
                   if (size < 0)
                     return absl::InvalidArgumentError(absl::StrCat("requires the size of a model, but got ", size));
                   return session.compile({name, std::string(model, size), compiler->imports});
                 });
}

int32_t costate_compiler_compile_file(costate_compiler *compiler, const char *path, costate_program **out) {
  return compile(compiler, out, {{"the path of a file", path}},
                 [&](const costate::Session &session) -> absl::StatusOr<costate::Executable> {
                   absl::StatusOr<costate::ModelSource> source = costate::ModelSource::read(path);
                   if (!source.ok())
                     return source.status();
                   source->imports.insert(source->imports.begin(), compiler->imports.begin(), compiler->imports.end());
                   return session.compile(*source);
                 });
}

const costate_model_info *costate_program_info(const costate_program *program) { return &program->code.info(); }

const char *costate_program_manifest(const costate_program *program) { return program->code.manifest().c_str(); }

void *costate_program_function(const costate_program *program, const char *name) {
  absl::StatusOr<void *> function = name ? program->code.function(name) : absl::NotFoundError("");
  return function.ok() ? *function : nullptr;
}

void costate_program_destroy(costate_program *program) { delete program; }
