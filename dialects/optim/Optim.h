// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The optim dialect: the one header a user includes.

#ifndef COSTATE_DIALECTS_OPTIM_OPTIM_H
#define COSTATE_DIALECTS_OPTIM_OPTIM_H

#include "costate/dialects/interfaces/Interfaces.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/RegionKindInterface.h"
#include "mlir/IR/SymbolTable.h"

#include "costate/dialects/optim/OptimDialect.h.inc"

#define GET_OP_CLASSES
#include "costate/dialects/optim/OptimOps.h.inc"

namespace costate::optim {

/// Of a module: how the optimization problems of its model are solved and differentiated, and why; lines for `costate explain`.
inline constexpr llvm::StringLiteral kProblemsAttr = "optim.problems";
/// Unit attribute of a function that the runtime calls.
inline constexpr llvm::StringLiteral kEntryAttr = "optim.entry";
/// Unit attribute of an entry that is compiled another time. What it computes has been replaced by zeros.
inline constexpr llvm::StringLiteral kDeferredAttr = "optim.deferred";
/// What an entry's argument or result is: one of the roles below.
inline constexpr llvm::StringLiteral kRoleAttr = "optim.role";
inline constexpr llvm::StringLiteral kNameAttr = "optim.name";
/// Symbol of the arena whose layout an argument has.
inline constexpr llvm::StringLiteral kArenaAttr = "optim.arena";
/// Default of a hyper-parameter (f64).
inline constexpr llvm::StringLiteral kDefaultAttr = "optim.default";
/// i64: a result is the new value of this argument and is stored in its place.
inline constexpr llvm::StringLiteral kTiedAttr = "optim.tied";

inline constexpr llvm::StringLiteral kRoles[] = {"param", "state", "buffer", "input", "target", "rows", "hyper", "seed", "metric", "output", "workspace"};

} // namespace costate::optim

#endif
