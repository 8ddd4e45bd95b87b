// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Passes of the fuse phase; Passes.td documents each.
#ifndef COSTATE_COMPILER_FUSE_PASSES_H
#define COSTATE_COMPILER_FUSE_PASSES_H

#include "mlir/Pass/Pass.h"

#include <memory>

namespace costate::fuse {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "costate/compiler/fuse/Passes.h.inc"

} // namespace costate::fuse

#endif // COSTATE_COMPILER_FUSE_PASSES_H
