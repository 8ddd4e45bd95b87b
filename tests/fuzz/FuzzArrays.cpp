// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Files of arrays in every format: the first byte says which, the rest is the file. What can be opened is read to the end.
#include "costate/runtime/data/ArrayFile.h"

#include <cstdint>

using namespace costate::runtime;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0)
    return 0;
  constexpr const char *extensions[] = {".npz", ".npy", ".csv", ".safetensors"};
  auto file = std::make_shared<FileBytes>();
  file->path = std::string("fuzz") + extensions[data[0] % 4];
  const auto *bytes = reinterpret_cast<const std::byte *>(data);
  file->bytes.assign(bytes + 1, bytes + size);
  if (data[0] % 4 == 3)
    (void)readSafetensorsMetadata(*file);
  Result<ArrayFile> opened = ArrayFile::parse(file);
  if (!opened.ok())
    return 0;
  std::vector<std::string> names = opened->names();
  for (const std::string &name : names) {
    Result<Array> array = opened->read(name);
    if (array.ok())
      (void)convertArray(std::move(*array), COSTATE_F32, "fuzz");
  }
  (void)opened->addArray("together", names);
  if (opened->has("together"))
    (void)opened->read("together");
  return 0;
}
