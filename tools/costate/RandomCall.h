// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// A call of an entry on random data, for measuring.
#ifndef COSTATE_TOOLS_COSTATE_RANDOM_CALL_H
#define COSTATE_TOOLS_COSTATE_RANDOM_CALL_H

#include "costate/runtime/Memory.h"
#include "costate/tools/costate/Commands.h"

namespace costate::tool {

/// Sizes of dimensions that the command line gives.
struct DimFlags {
  std::vector<std::string> dims;

  void addTo(CLI::App &command);
  /// The compiler plans for them. Errors: InvalidArgument where a flag has a value that it cannot have.
  absl::Status addHints(CompilerFlags &compiler) const;
  /// One for each dimension of the model: what the compiler has planned for, 32 without a hint. Errors: NotFound for a name that the model does
  /// not have.
  absl::StatusOr<std::vector<int64_t>> of(const Executable &executable) const;
};

/// Arrays for what an entry takes from its caller and gives back: numbers from the standard normal distribution; integers are 0 and 1 in turn,
/// which any two classes have.
class RandomCall {
public:
  RandomCall(const costate_model_info &info, int64_t entry, const std::vector<int64_t> &dims);

  /// What the model prints is not shown: calls are many.
  int32_t invoke(costate_model *model) {
    costate_context_set_printer(costate_model_context(model), [](void *, const char *, const costate_array *) {}, nullptr);
    return costate_model_invoke(model, entry, user.data(), dims.data());
  }
  int64_t bytes() const;

private:
  int64_t entry;
  std::vector<int64_t> dims;
  std::vector<runtime::Buffer> buffers;
  std::vector<void *> user;
};

/// Seconds of a steady clock.
double now();

} // namespace costate::tool

#endif // COSTATE_TOOLS_COSTATE_RANDOM_CALL_H
