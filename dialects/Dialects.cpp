// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/dialects/Dialects.h"

#include "costate/dialects/graph/Graph.h"
#include "costate/dialects/kernel/Kernel.h"
#include "costate/dialects/optim/Optim.h"
#include "costate/dialects/report/Report.h"
#include "mlir/IR/DialectRegistry.h"

void costate::registerAllDialects(mlir::DialectRegistry &registry) {
  registry.insert<graph::GraphDialect, kernel::KernelDialect, optim::OptimDialect, report::ReportDialect>();
}
