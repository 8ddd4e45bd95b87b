// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A serialized package is a list of strings, each behind its length: name, library, header, manifest, then name and bytes of each object.
#include "costate/compiler/codegen/Package.h"

#include <cstdint>
#include <cstring>

namespace costate::codegen {

namespace {

void append(std::string &out, std::string_view text) {
  uint64_t size = text.size();
  out.append(reinterpret_cast<const char *>(&size), sizeof size);
  out.append(text);
}

/// Takes the first string off `bytes`; false if there is none.
bool take(std::string_view &bytes, std::string &text) {
  uint64_t size;
  if (bytes.size() < sizeof size)
    return false;
  std::memcpy(&size, bytes.data(), sizeof size);
  bytes.remove_prefix(sizeof size);
  if (bytes.size() < size)
    return false;
  text = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return true;
}

} // namespace

std::string Package::serialize() const {
  std::string bytes;
  for (const std::string *text : {&name, &library, &header, &manifest})
    append(bytes, *text);
  for (const Member &object : objects) {
    append(bytes, object.name);
    append(bytes, object.bytes);
  }
  return bytes;
}

absl::StatusOr<Package> Package::parse(std::string_view bytes) {
  Package package;
  bool whole = take(bytes, package.name) && take(bytes, package.library) && take(bytes, package.header) && take(bytes, package.manifest);
  while (whole && !bytes.empty()) {
    Member &object = package.objects.emplace_back();
    whole = take(bytes, object.name) && take(bytes, object.bytes);
  }
  if (!whole || package.name.empty() || package.objects.empty())
    return absl::InternalError("requires a package with objects and a manifest");
  return package;
}

} // namespace costate::codegen
