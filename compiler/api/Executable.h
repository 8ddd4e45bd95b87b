// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// A compiled model in this process.
#ifndef COSTATE_COMPILER_API_EXECUTABLE_H
#define COSTATE_COMPILER_API_EXECUTABLE_H

#include "costate/compiler/api/Externs.h"
#include "costate/compiler/codegen/Package.h"
#include "costate/runtime/costate.h"

#include "absl/status/statusor.h"
#include "absl/types/span.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace costate {

class ModelCode;

/// What a compilation cost.
struct CompileReport {
  /// The whole package came from the cache: nothing below was done.
  bool fromCache = false;
  /// Kernels that Halide compiled for the model, and how many of them the cache had.
  int kernels = 0, cachedKernels = 0;
  /// Seconds: text to IR; phases solve to schedule; code generation; linking, and loading into the process; all of it.
  double import = 0, phases = 0, code = 0, link = 0, total = 0;
  /// Of each phase, by its name.
  std::vector<std::pair<std::string, double>> phaseSeconds = {};
  /// Seconds of work within `code`, all threads together: on Halide kernels, on host code.
  double halide = 0, llvm = 0;
};

/// Makes the package of an entry whose code is not in that of the model (Options::entries). Any thread, one call at a time.
using EntrySource = std::function<absl::StatusOr<codegen::Package>(const std::string &entry)>;

/// Owns the machine code. Handles made from it keep it alive. Cheap to copy.
class Executable {
public:
  struct DestroyModel {
    std::shared_ptr<ModelCode> code;
    void operator()(costate_model *model) const { costate_model_destroy(model); }
  };
  /// A handle of the runtime: `costate_model_invoke(model.get(), ...)` and so on.
  using Model = std::unique_ptr<costate_model, DestroyModel>;

  /// Brings a package into the process, which calls the functions of `externs`; the time that it takes is added to the report. `rest` is asked once for
  /// each entry that the package has no code of, by the first call of it, whose error is that of `rest`. Errors: NotFound and InvalidArgument for a
  /// function that is not there or has another prototype; Internal.
  static absl::StatusOr<Executable> load(const codegen::Package &package, CompileReport report, const Externs &externs = {}, EntrySource rest = {});

  /// Entries, slots, hyper-parameters, dimensions.
  const costate_model_info &info() const;
  /// The same and the model's defaults (data, epochs, batch), as JSON.
  const std::string &manifest() const { return text; }
  const CompileReport &report() const { return cost; }
  /// Seconds that it took to make and load what came later, until now.
  double laterSeconds() const;
  /// Address of a function of the C header, as "digits_train_step". Errors: NotFound.
  absl::StatusOr<void *> function(const std::string &name) const;

  /// A handle on `context` for calls up to the extents in `maxDims`, one a dimension of the model (empty: all 1).
  /// Errors: those of costate_model_create; InvalidArgument if the number of extents is wrong.
  absl::StatusOr<Model> createModel(costate_context *context, absl::Span<const int64_t> maxDims = {}) const;

private:
  Executable(std::shared_ptr<ModelCode> code, std::string manifest, CompileReport report);

  std::shared_ptr<ModelCode> code;
  std::string text;
  CompileReport cost;
};

/// The status of a code that the runtime returned, with the context's message.
absl::Status runtimeStatus(int32_t code, const costate_context *context);
/// The code that says of a status what the C interface can.
int32_t runtimeCode(const absl::Status &status);

} // namespace costate

#endif // COSTATE_COMPILER_API_EXECUTABLE_H
