// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// What the compiler decided about a program, for people.
#ifndef COSTATE_COMPILER_PIPELINE_EXPLAIN_H
#define COSTATE_COMPILER_PIPELINE_EXPLAIN_H

#include "mlir/IR/BuiltinOps.h"

#include <string>

namespace costate {

/// Describes a module after phase schedule: for each entry the calls in order, with executor and buffers; then each kernel that Halide compiles,
/// with its stages and its schedule.
std::string explainDecisions(mlir::ModuleOp module);

} // namespace costate

#endif // COSTATE_COMPILER_PIPELINE_EXPLAIN_H
