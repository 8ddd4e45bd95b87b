// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/tools/costate/CompilerAnswer.h"

#include "absl/strings/str_cat.h"
#include <nlohmann/json.hpp>

#include <algorithm>

namespace costate {
// Found by name: nlohmann_json converts a struct that has this.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CompileReport, fromCache, kernels, cachedKernels, import, phases, code, link, total, phaseSeconds, halide, llvm)
} // namespace costate

namespace costate::tool {

std::string CompilerAnswer::serialize() const {
  nlohmann::json head{{"code", status.raw_code()}, {"message", std::string(status.message())}, {"report", report}};
  // A message may quote a line of a model that is no UTF-8.
  return head.dump(-1, ' ', /*ensure_ascii=*/true, nlohmann::json::error_handler_t::replace) + "\n" + package;
}

absl::StatusOr<CompilerAnswer> CompilerAnswer::parse(std::string_view bytes) {
  size_t end = std::min(bytes.find('\n'), bytes.size());
  try {
    nlohmann::json head = nlohmann::json::parse(bytes.substr(0, end));
    CompilerAnswer answer;
    answer.status = absl::Status(head.at("code").get<absl::StatusCode>(), head.at("message").get<std::string>());
    answer.report = head.at("report").get<CompileReport>();
    answer.package = bytes.substr(std::min(end + 1, bytes.size()));
    return answer;
  } catch (const nlohmann::json::exception &exception) {
    return absl::InternalError(absl::StrCat("requires an answer of the compiler: ", exception.what()));
  }
}

} // namespace costate::tool
