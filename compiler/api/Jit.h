// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Objects of a package as code in this process.
#ifndef COSTATE_COMPILER_API_JIT_H
#define COSTATE_COMPILER_API_JIT_H

#include "costate/compiler/codegen/Package.h"
#include "costate/runtime/costate.h"

#include "absl/status/statusor.h"

#include <memory>

namespace costate {

/// The machine code of one model. Independent of every other one: no symbol of a loaded model is visible outside it. The functions of the
/// runtime are those linked into this program, bound by address, so a host may link libcostate_rt statically and strip its symbols.
class Jit {
public:
  /// Links the objects. Errors: Internal; a symbol that neither the objects nor the runtime define is named.
  static absl::StatusOr<std::unique_ptr<Jit>> load(const codegen::Package &package);
  ~Jit();

  /// Address of a function or constant of the objects. Errors: NotFound.
  absl::StatusOr<void *> lookup(const std::string &symbol);
  /// The descriptor that NAME_info returns; lives as long as the Jit.
  const costate_model_info *info() const { return modelInfo; }

private:
  struct State;
  explicit Jit(std::unique_ptr<State> state);
  std::unique_ptr<State> state;
  const costate_model_info *modelInfo = nullptr;
};

} // namespace costate

#endif // COSTATE_COMPILER_API_JIT_H
