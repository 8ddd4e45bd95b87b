// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/dialects/Dialects.h"

#include "mlir/IR/DialectRegistry.h"

void costate::registerAllDialects(mlir::DialectRegistry &registry) {}
