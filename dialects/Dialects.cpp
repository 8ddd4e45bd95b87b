// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/dialects/Dialects.h"

#include "costate/dialects/kernel/Kernel.h"
#include "mlir/IR/DialectRegistry.h"

void costate::registerAllDialects(mlir::DialectRegistry &registry) { registry.insert<kernel::KernelDialect>(); }
