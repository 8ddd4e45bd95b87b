// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// The one place where errors of the system become absl::Status.
#ifndef COSTATE_COMPILER_CODEGEN_SYSTEMSTATUS_H
#define COSTATE_COMPILER_CODEGEN_SYSTEMSTATUS_H

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

#include <string>
#include <system_error>

namespace costate::codegen {

/// A system error, as opening a file gives it: "<doing>: <message>".
inline absl::Status toStatus(std::error_code code, const std::string &doing) {
  if (!code)
    return absl::OkStatus();
  std::string message = absl::StrCat(doing, ": ", code.message());
  if (code == std::errc::no_such_file_or_directory || code == std::errc::not_a_directory)
    return absl::NotFoundError(message);
  if (code == std::errc::permission_denied || code == std::errc::read_only_file_system)
    return absl::PermissionDeniedError(message);
  return absl::UnavailableError(message);
}

} // namespace costate::codegen

#endif // COSTATE_COMPILER_CODEGEN_SYSTEMSTATUS_H
