// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/codegen/StatusConversion.h"

#include "absl/strings/str_cat.h"

namespace costate::codegen {

absl::Status toStatus(llvm::Error error, llvm::StringRef doing) {
  if (!error)
    return absl::OkStatus();
  std::string messages;
  std::error_code system;
  llvm::handleAllErrors(std::move(error), [&](const llvm::ErrorInfoBase &info) {
    absl::StrAppend(&messages, messages.empty() ? "" : "; ", info.message());
    if (info.isA<llvm::ECError>())
      system = info.convertToErrorCode();
  });
  if (system && system.category() == std::generic_category())
    return toStatus(system, doing.str());
  return absl::InternalError(absl::StrCat(doing.str(), ": ", messages));
}

llvm::Error toError(const absl::Status &status) {
  if (status.ok())
    return llvm::Error::success();
  return llvm::createStringError(std::string(status.message()));
}

} // namespace costate::codegen
