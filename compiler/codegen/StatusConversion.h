// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// The one place where LLVM's errors become absl::Status and back.
#ifndef COSTATE_COMPILER_CODEGEN_STATUSCONVERSION_H
#define COSTATE_COMPILER_CODEGEN_STATUSCONVERSION_H

#include "costate/compiler/codegen/SystemStatus.h"

#include "absl/status/statusor.h"
#include "llvm/Support/Error.h"

namespace costate::codegen {

/// All messages of `error`, joined by "; ", behind `doing`: "<doing>: <messages>". A success is OK. LLVM's failures here are ours, not the
/// user's, so the code is Internal unless the error carries a system code (then NotFound, PermissionDenied or Unavailable).
absl::Status toStatus(llvm::Error error, llvm::StringRef doing);

template <typename T>
absl::StatusOr<T> toStatusOr(llvm::Expected<T> value, llvm::StringRef doing) {
  if (!value)
    return toStatus(value.takeError(), doing);
  return std::move(*value);
}

/// For callbacks that LLVM calls.
llvm::Error toError(const absl::Status &status);

} // namespace costate::codegen

#endif // COSTATE_COMPILER_CODEGEN_STATUSCONVERSION_H
