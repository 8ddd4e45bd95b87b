// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The one list of Costate's dialects.
#ifndef COSTATE_DIALECTS_DIALECTS_H
#define COSTATE_DIALECTS_DIALECTS_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace costate {

/// Adds every dialect of Costate to `registry`, and nothing of upstream. Loading happens when a context first meets an op.
void registerAllDialects(mlir::DialectRegistry &registry);

} // namespace costate

#endif // COSTATE_DIALECTS_DIALECTS_H
