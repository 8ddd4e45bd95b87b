// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// JSON, as in headers and manifests: what is parsed and printed is parsed to the same text again.
#include "costate/runtime/Json.h"

#include <cstdlib>

using namespace costate::runtime;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  Result<Json> value = Json::parse({reinterpret_cast<const char *>(data), size});
  if (!value.ok())
    return 0;
  std::string once = value->print();
  Result<Json> again = Json::parse(once);
  if (!again.ok() || again->print() != once)
    std::abort();
  return 0;
}
