// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// The `kernel` dialect: index-space stages and their schedule. The one header that a user of the dialect includes.
#ifndef COSTATE_DIALECTS_KERNEL_KERNEL_H
#define COSTATE_DIALECTS_KERNEL_KERNEL_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "costate/dialects/kernel/KernelDialect.h.inc"
#include "costate/dialects/kernel/KernelEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "costate/dialects/kernel/KernelAttributes.h.inc"
#define GET_TYPEDEF_CLASSES
#include "costate/dialects/kernel/KernelTypes.h.inc"

namespace costate::kernel {
class OutputOp;
class StageOp;
class UpdateOp;
class WriteOp;
class DefineOp;

/// In front of the name of a C function of the program in `kernel.extern`.
inline constexpr llvm::StringLiteral kProgramPrefix = "extern.";
} // namespace costate::kernel

#define GET_OP_CLASSES
#include "costate/dialects/kernel/KernelOps.h.inc"
#define GET_OP_CLASSES
#include "costate/dialects/kernel/ScheduleOps.h.inc"

#endif // COSTATE_DIALECTS_KERNEL_KERNEL_H
