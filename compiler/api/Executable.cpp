// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/api/Executable.h"

#include "costate/compiler/api/LoadedLibrary.h"

#include "absl/strings/str_cat.h"

#include <chrono>
#include <map>
#include <mutex>
#include <span>

namespace costate {

absl::Status runtimeStatus(int32_t code, const costate_context *context) {
  absl::StatusCode status;
  switch (code) {
  case COSTATE_OK:
    return absl::OkStatus();
  case COSTATE_INVALID_ARGUMENT:
  case COSTATE_NON_FINITE:
    status = absl::StatusCode::kInvalidArgument;
    break;
  case COSTATE_NOT_FOUND:
    status = absl::StatusCode::kNotFound;
    break;
  case COSTATE_IO:
    status = absl::StatusCode::kUnavailable;
    break;
  case COSTATE_UNIMPLEMENTED:
    status = absl::StatusCode::kUnimplemented;
    break;
  case COSTATE_OUT_OF_MEMORY:
    status = absl::StatusCode::kResourceExhausted;
    break;
  case COSTATE_REQUIREMENT:
    status = absl::StatusCode::kFailedPrecondition;
    break;
  case COSTATE_INTERRUPTED:
    status = absl::StatusCode::kCancelled;
    break;
  default:
    status = absl::StatusCode::kInternal;
  }
  return absl::Status(status, costate_context_last_error(context));
}

int32_t runtimeCode(const absl::Status &status) {
  switch (status.code()) {
  case absl::StatusCode::kOk: return COSTATE_OK;
  case absl::StatusCode::kInvalidArgument: return COSTATE_INVALID_ARGUMENT;
  case absl::StatusCode::kNotFound: return COSTATE_NOT_FOUND;
  case absl::StatusCode::kPermissionDenied:
  case absl::StatusCode::kResourceExhausted:
  case absl::StatusCode::kUnavailable: return COSTATE_IO;
  case absl::StatusCode::kCancelled: return COSTATE_INTERRUPTED;
  case absl::StatusCode::kUnimplemented: return COSTATE_UNIMPLEMENTED;
  default: return COSTATE_INTERNAL;
  }
}

static double secondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The library of a model, and those of entries that came later.
class ModelCode {
public:
  ModelCode(std::unique_ptr<LoadedLibrary> first, const Externs &externs, EntrySource rest)
      : model(*first->info()), externs(externs), rest(std::move(rest)) {
    if (model.loader)
      *model.loader = {load, this};
    libraries.push_back(std::move(first));
  }
  ModelCode(const ModelCode &) = delete;

  const LoadedLibrary &library() const { return *libraries.front(); }
  double laterSeconds() {
    std::lock_guard<std::mutex> lock(mutex);
    return seconds;
  }

private:
  static int32_t load(void *closure, costate_context *context, int64_t entry, costate_entry_fn *fn,
                      costate_size_fn *workspaceSize) noexcept {
    auto *code = static_cast<ModelCode *>(closure);
    try {
      absl::StatusOr<const costate_entry_info *> found = code->find(code->model.entries[entry].name);
      if (!found.ok())
        return costate_fail(context, runtimeCode(found.status()), std::string(found.status().message()).c_str());
      *fn = (*found)->fn;
      *workspaceSize = (*found)->workspace_size;
      return COSTATE_OK;
    } catch (const std::bad_alloc &) {
      return costate_fail(context, COSTATE_OUT_OF_MEMORY, "out of memory");
    } catch (const std::exception &exception) {
      return costate_fail(context, COSTATE_INTERNAL, exception.what());
    }
  }

  absl::StatusOr<const costate_entry_info *> find(const std::string &name) {
    std::lock_guard<std::mutex> lock(mutex);
    const costate_entry_info *&known = loaded[name];
    if (known)
      return known;
    const auto start = std::chrono::steady_clock::now();
    absl::StatusOr<const costate_entry_info *> made = make(name);
    seconds += secondsSince(start);
    if (made.ok())
      known = *made;
    return made;
  }

  absl::StatusOr<const costate_entry_info *> make(const std::string &name) {
    if (!rest)
      return absl::InternalError(absl::StrCat("requires code of entry '", name, "', which the package does not have"));
    absl::StatusOr<codegen::Package> package = rest(name);
    if (!package.ok())
      return package.status();
    absl::StatusOr<std::unique_ptr<LoadedLibrary>> library = LoadedLibrary::load(*package, externs);
    if (!library.ok())
      return library.status();
    const costate_model_info &info = *(*library)->info();
    for (const costate_entry_info &entry : std::span(info.entries, info.num_entries))
      if (entry.name == name && entry.fn) {
        libraries.push_back(std::move(*library));
        return &entry;
      }
    return absl::InternalError(absl::StrCat("requires a package with code of entry '", name, "'"));
  }

  const costate_model_info &model;
  const Externs externs;
  std::mutex mutex; // of what follows
  double seconds = 0;
  EntrySource rest;
  std::map<std::string, const costate_entry_info *> loaded;
  std::vector<std::unique_ptr<LoadedLibrary>> libraries;
};

Executable::Executable(std::shared_ptr<ModelCode> code, std::string manifest, CompileReport report)
    : code(std::move(code)), text(std::move(manifest)), cost(std::move(report)) {}

absl::StatusOr<Executable> Executable::load(const codegen::Package &package, CompileReport report, const Externs &externs, EntrySource rest) {
  auto start = std::chrono::steady_clock::now();
  absl::StatusOr<std::unique_ptr<LoadedLibrary>> library = LoadedLibrary::load(package, externs);
  if (!library.ok())
    return library.status();
  const double seconds = secondsSince(start);
  report.link += seconds;
  report.total += seconds;
  return Executable(std::make_shared<ModelCode>(std::move(*library), externs, std::move(rest)), package.manifest, std::move(report));
}

double Executable::laterSeconds() const { return code->laterSeconds(); }

const costate_model_info &Executable::info() const { return *code->library().info(); }

absl::StatusOr<void *> Executable::function(const std::string &name) const { return code->library().lookup(name); }

absl::StatusOr<Executable::Model> Executable::createModel(costate_context *context, absl::Span<const int64_t> maxDims) const {
  if (!maxDims.empty() && static_cast<int64_t>(maxDims.size()) != info().num_dims)
    return absl::InvalidArgumentError(
        absl::StrCat("requires an extent for each of the ", info().num_dims, " dimensions of the model, but got ", maxDims.size()));
  costate_model *model = nullptr;
  int32_t result = costate_model_create(context, &info(), maxDims.empty() ? nullptr : maxDims.data(), &model);
  if (result != COSTATE_OK)
    return runtimeStatus(result, context);
  return Model(model, DestroyModel{code});
}

} // namespace costate
