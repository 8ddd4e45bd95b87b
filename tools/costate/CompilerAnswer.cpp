// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/tools/costate/CompilerAnswer.h"

#include "costate/compiler/api/PackageKey.h"

#include "absl/strings/str_cat.h"
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

namespace costate {
// Found by name: nlohmann_json converts a struct that has this.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(CompileReport, fromCache, kernels, cachedKernels, import, phases, code, link, total, phaseSeconds, halide, llvm)
} // namespace costate

namespace costate::tool {

std::string serializeModel(const ModelSource &source) {
  std::string bytes;
  auto add = [&](const std::string &part) { bytes += std::to_string(part.size()) + "\n" + part; };
  add(source.text);
  for (const ImportedText &file : source.imports)
    for (const std::string *part : {&file.name, &file.text, &file.fault})
      add(*part);
  return bytes;
}

absl::StatusOr<ModelSource> parseModel(std::string name, std::string_view bytes) {
  std::vector<std::string> parts;
  while (!bytes.empty()) {
    size_t line = bytes.find('\n'), size = 0;
    if (line == bytes.npos || std::from_chars(bytes.data(), bytes.data() + line, size).ptr != bytes.data() + line ||
        size > bytes.size() - line - 1)
      return absl::InternalError("requires a model on stdin, as 'costate' writes it");
    parts.emplace_back(bytes.substr(line + 1, size));
    bytes.remove_prefix(line + 1 + size);
  }
  if (parts.size() % 3 != 1)
    return absl::InternalError("requires a whole model on stdin, as 'costate' writes it");
  ModelSource source{std::move(name), std::move(parts[0])};
  for (size_t i = 1; i < parts.size(); i += 3)
    source.imports.push_back({std::move(parts[i]), std::move(parts[i + 1]), std::move(parts[i + 2])});
  return source;
}

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
