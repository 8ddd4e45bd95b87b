// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// What generated code may call, by name and address.
#ifndef COSTATE_COMPILER_API_RUNTIMESYMBOLS_H
#define COSTATE_COMPILER_API_RUNTIMESYMBOLS_H

#include "absl/types/span.h"

namespace costate {

struct RuntimeSymbol {
  const char *name;
  void *address;
};

/// The C interface of libcostate_rt, Halide's runtime inside it, and the C functions that LLVM's code generators rely on. Taking the
/// addresses also makes a static link keep the functions.
absl::Span<const RuntimeSymbol> runtimeSymbols();

} // namespace costate

#endif // COSTATE_COMPILER_API_RUNTIMESYMBOLS_H
