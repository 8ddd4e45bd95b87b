// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef COSTATE_DIALECTS_REPORT_REPORT_H
#define COSTATE_DIALECTS_REPORT_REPORT_H

#include "costate/dialects/interfaces/Rules.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "costate/dialects/report/ReportDialect.h.inc"

#define GET_OP_CLASSES
#include "costate/dialects/report/ReportOps.h.inc"

namespace costate::report {

inline constexpr int64_t kMostPrintedAxes = 8;

/// Is the op one of this dialect, or does it hold one?
bool reports(mlir::Operation *op);

} // namespace costate::report

#endif // COSTATE_DIALECTS_REPORT_REPORT_H
