// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef COSTATE_TESTS_FUZZ_CONTEXTFORINPUT_H
#define COSTATE_TESTS_FUZZ_CONTEXTFORINPUT_H

#include "mlir/IR/MLIRContext.h"

#include <memory>

namespace costate {

/// A context for an input, and for some after it: to make one takes longer than most inputs do, but it keeps all types and attributes that they make.
inline mlir::MLIRContext &contextForInput(const mlir::DialectRegistry &registry = mlir::DialectRegistry()) {
  static std::unique_ptr<mlir::MLIRContext> context;
  static unsigned inputs = 0;
  if (inputs++ % 200 == 0) {
    context.reset();
    context = std::make_unique<mlir::MLIRContext>(registry, mlir::MLIRContext::Threading::DISABLED);
  }
  return *context;
}

} // namespace costate

#endif // COSTATE_TESTS_FUZZ_CONTEXTFORINPUT_H
