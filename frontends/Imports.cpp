// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/frontends/Imports.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>

namespace costate {

std::string importedName(std::string_view importer, std::string_view path) {
  return (std::filesystem::path(importer).parent_path() / path).lexically_normal().string();
}

/// Reads tokens as the lexer does, of which only names, strings and comments matter here: a string behind `import` or `from`.
std::vector<std::string> importedPaths(std::string_view text) {
  std::vector<std::string> paths;
  std::string_view last; // the token before, if it is a name
  auto isLetter = [](unsigned char c) { return std::isalnum(c) || c == '_'; };
  for (size_t at = 0; at < text.size();) {
    size_t begin = at++;
    char c = text[begin];
    if (c == ' ' || c == '\t' || c == '\r')
      continue;
    if (c == '#') {
      at = std::min(text.find('\n', begin), text.size());
      continue;
    }
    if (isLetter(c)) {
      while (at < text.size() && isLetter(text[at]))
        ++at;
      last = text.substr(begin, at - begin);
      continue;
    }
    if (c == '"') {
      size_t end = std::min(text.find_first_of("\"\n", at), text.size());
      if (last == "import" || last == "from")
        paths.emplace_back(text.substr(at, end - at));
      at = std::min(end + 1, text.size());
    }
    last = {};
  }
  return paths;
}

static ImportedText readText(std::string name) {
  ImportedText file{std::move(name), ""};
  auto fault = [&](const std::error_code &code) {
    file.text.clear();
    file.fault = code.message();
    return file;
  };
  std::error_code ignored;
  std::filesystem::file_status status = std::filesystem::status(file.name, ignored);
  if (std::filesystem::is_directory(status))
    return fault(std::make_error_code(std::errc::is_a_directory));
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) { // a device or a pipe may never end
    file.fault = "Not a regular file";
    return file;
  }
  std::unique_ptr<std::FILE, int (*)(std::FILE *)> stream(std::fopen(file.name.c_str(), "rb"), std::fclose);
  if (!stream)
    return fault({errno, std::generic_category()});
  char block[1 << 14];
  while (size_t size = std::fread(block, 1, sizeof block, stream.get()))
    file.text.append(block, size);
  return std::ferror(stream.get()) ? fault({errno, std::generic_category()}) : file;
}

std::vector<ImportedText> readImports(std::string_view name, std::string_view text, const std::vector<ImportedText> &open) {
  std::vector<ImportedText> files;
  const std::string own = std::filesystem::path(name).lexically_normal().string();
  auto read = [&](std::string file) {
    auto known = std::find_if(open.begin(), open.end(), [&](const ImportedText &text) { return text.name == file; });
    return known == open.end() ? readText(std::move(file)) : *known;
  };
  auto add = [&](const std::string &importer, std::string_view from) {
    if (from.find('\0') != std::string_view::npos) // binary: it has what it imports in it
      return;
    for (const std::string &path : importedPaths(from)) {
      std::string found = importedName(importer, path);
      if (found != own && std::none_of(files.begin(), files.end(), [&](const ImportedText &file) { return file.name == found; }))
        files.push_back(read(std::move(found)));
    }
  };
  add(std::string(name), text);
  for (size_t i = 0; i < files.size(); ++i) {
    const ImportedText file = files[i]; // the list grows
    add(file.name, file.text);
  }
  return files;
}

} // namespace costate
