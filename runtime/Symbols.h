// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef COSTATE_RUNTIME_SYMBOLS_H
#define COSTATE_RUNTIME_SYMBOLS_H

#include <span>

namespace costate::runtime {

struct Symbol {
  const char *name;
  void *address;
};

/// The functions of this library that compiled code refers to: what a loader binds to it, so that it resolves the same functions as the
/// system's does ahead of time, whether or not the host process exports them.
std::span<const Symbol> symbols();

} // namespace costate::runtime

#endif // COSTATE_RUNTIME_SYMBOLS_H
