// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/api/Externs.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

#include <algorithm>
#include <dlfcn.h>
#include <filesystem>

namespace costate {

absl::Status Externs::add(const std::string &name, Function function) {
  if (!function.address)
    return absl::InvalidArgumentError(absl::StrCat("requires a function '", name, "', but its pointer is NULL"));
  if (!functions.try_emplace(name, std::move(function)).second)
    return absl::InvalidArgumentError(absl::StrCat("requires functions of different names, but '", name, "' is there already"));
  return absl::OkStatus();
}

absl::Status Externs::load(const std::string &file) {
  std::error_code error; // a name without a slash would be looked for where the system keeps libraries
  std::filesystem::path path = std::filesystem::absolute(file, error);
  void *library = error ? nullptr : dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return absl::InvalidArgumentError(absl::StrCat("cannot load library '", file, "': ", error ? error.message() : dlerror()));
  libraries.emplace_back(library, dlclose);
  return absl::OkStatus();
}

std::optional<Externs::Function> Externs::find(const std::string &name) const {
  if (auto known = functions.find(name); known != functions.end())
    return known->second;
  for (const std::shared_ptr<void> &library : libraries)
    if (void *address = dlsym(library.get(), name.c_str()))
      return Function{address, nullptr, ""};
  return std::nullopt;
}

std::string parametersOf(std::string_view prototype) {
  size_t open = prototype.find('('), close = prototype.rfind(')');
  if (open == prototype.npos || close == prototype.npos)
    return "";
  std::string types;
  for (size_t begin = open + 1; begin < close;) {
    size_t end = std::min(prototype.find(',', begin), close);
    std::string_view parameter = prototype.substr(begin, end - begin);
    while (!parameter.empty() && (absl::ascii_isalnum(parameter.back()) || parameter.back() == '_')) // its name
      parameter.remove_suffix(1);
    while (!parameter.empty() && parameter.back() == ' ')
      parameter.remove_suffix(1);
    types.append(types.empty() ? "" : ", ").append(parameter);
    begin = prototype.find_first_not_of(", ", end);
  }
  return types;
}

} // namespace costate
