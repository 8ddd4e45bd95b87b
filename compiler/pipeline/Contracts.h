// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// What holds after each phase. A broken contract is a fault of the compiler, not of the model.
#ifndef COSTATE_COMPILER_PIPELINE_CONTRACTS_H
#define COSTATE_COMPILER_PIPELINE_CONTRACTS_H

#include "costate/compiler/pipeline/Pipeline.h"

namespace costate {

/// Checks `module` against the contract of `phase`; the first offending op gets a diagnostic.
llvm::LogicalResult checkContract(mlir::ModuleOp module, Phase phase);

} // namespace costate

#endif // COSTATE_COMPILER_PIPELINE_CONTRACTS_H
