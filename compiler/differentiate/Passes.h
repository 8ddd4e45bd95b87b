// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef COSTATE_COMPILER_DIFFERENTIATE_PASSES_H
#define COSTATE_COMPILER_DIFFERENTIATE_PASSES_H

#include "mlir/Pass/Pass.h"

#include <memory>

namespace costate::differentiate {

#define GEN_PASS_DECL
#include "costate/compiler/differentiate/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "costate/compiler/differentiate/Passes.h.inc"

} // namespace costate::differentiate

#endif
