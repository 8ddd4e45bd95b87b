// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/api/Executable.h"

#include "costate/compiler/api/LoadedLibrary.h"

#include "absl/strings/str_cat.h"

#include <chrono>

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

Executable::Executable(std::shared_ptr<LoadedLibrary> code, std::string manifest, CompileReport report)
    : code(std::move(code)), text(std::move(manifest)), cost(std::move(report)) {}

absl::StatusOr<Executable> Executable::load(const codegen::Package &package, CompileReport report, const Externs &externs) {
  auto start = std::chrono::steady_clock::now();
  absl::StatusOr<std::unique_ptr<LoadedLibrary>> library = LoadedLibrary::load(package, externs);
  if (!library.ok())
    return library.status();
  double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  report.link += seconds;
  report.total += seconds;
  return Executable(std::move(*library), package.manifest, std::move(report));
}

const costate_model_info &Executable::info() const { return *code->info(); }

absl::StatusOr<void *> Executable::function(const std::string &name) const { return code->lookup(name); }

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
