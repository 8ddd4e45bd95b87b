// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What lies in the cache: a shared object is loaded, unless something is wrong with it, and names are looked up in it; none of its code runs. An odd first byte
// says that it is in a package; and any bytes as a file of the cache are a miss.
#include "costate/compiler/api/LoadedLibrary.h"
#include "costate/compiler/codegen/ObjectCache.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

using namespace costate;

static void load(const codegen::Package &package) {
  absl::StatusOr<std::unique_ptr<LoadedLibrary>> library = LoadedLibrary::map(package);
  if (library.ok() && (!(*library)->lookup(package.name + "_info").ok() || (*library)->lookup("no such symbol").ok()))
    std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  std::string bytes(reinterpret_cast<const char *>(data) + 1, size - 1);
  if (data[0] % 2 == 0) {
    codegen::Package package;
    package.name = "m";
    package.library = std::move(bytes);
    load(package);
    return 0;
  }
  static const std::string folder = "/dev/shm/costate-fuzz-" + std::to_string(::getpid()), file = folder + "/key.costate-object";
  static const codegen::ObjectCache cache(folder);
  if (!cache.store("key", "bytes").ok() || cache.find("key") != "bytes")
    std::abort();
  std::FILE *entry = std::fopen(file.c_str(), "wb");
  if (!entry || std::fwrite(bytes.data(), 1, bytes.size(), entry) != bytes.size() || std::fclose(entry) != 0)
    std::abort();
  if (cache.find("key"))
    std::abort();
  std::remove(file.c_str());
  ::rmdir(folder.c_str());
  if (absl::StatusOr<codegen::Package> package = codegen::Package::parse(bytes); package.ok()) {
    if (package->serialize() != bytes)
      std::abort();
    load(*package);
  }
  return 0;
}
