// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The graph dialect: the one header a user includes.

#ifndef COSTATE_DIALECTS_GRAPH_GRAPH_H
#define COSTATE_DIALECTS_GRAPH_GRAPH_H

#include "costate/dialects/graph/GraphAttributes.h"
#include "costate/dialects/interfaces/Interfaces.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace costate::graph {

/// result[i] = f(operands[i]), for operands of the result's shape.
template <typename ConcreteType>
class Elementwise : public mlir::OpTrait::TraitBase<ConcreteType, Elementwise> {};

} // namespace costate::graph

#define GET_OP_CLASSES
#include "costate/dialects/graph/GraphOps.h.inc"

namespace costate::graph {

/// Attribute of a function argument (or result) that holds its dimensions.
inline constexpr llvm::StringLiteral kDimsAttr = "graph.dims";
/// Requirements on the dimensions of an entry, an array of RequirementAttr.
inline constexpr llvm::StringLiteral kRequiresAttr = "graph.requires";
/// Attribute of an `index` argument whose value is that of a name.
inline constexpr llvm::StringLiteral kDimNameAttr = "graph.dim_name";
/// Attribute of a function that names its derivative rule.
inline constexpr llvm::StringLiteral kVjpAttr = "graph.vjp";
/// Attribute of a loop: an upper bound of its trips, which reverse mode and lanes need. Of an `scf.while` an i64; of an `scf.for` whose bounds do not
/// say it a dimension.
inline constexpr llvm::StringLiteral kMaxTripsAttr = "graph.max_trips";
/// Attribute of a loop: its tape in reverse mode; without it, all.
inline constexpr llvm::StringLiteral kTapeAttr = "graph.tape";

} // namespace costate::graph

/// Applies a macro to every elementwise op: what holds for all of them is written once.
#define COSTATE_ELEMENTWISE_OPS(Apply) \
  Apply(AddOp) Apply(SubtractOp) Apply(MultiplyOp) Apply(DivideOp) Apply(RemainderOp) Apply(MaximumOp) \
  Apply(MinimumOp) Apply(PowerOp) Apply(Atan2Op) Apply(NegateOp) Apply(AbsOp) Apply(SignOp) Apply(ExponentialOp) \
  Apply(ExponentialMinusOneOp) Apply(LogOp) Apply(LogPlusOneOp) Apply(SqrtOp) Apply(RsqrtOp) Apply(TanhOp) \
  Apply(LogisticOp) Apply(ErfOp) Apply(SineOp) Apply(CosineOp) Apply(FloorOp) Apply(CeilOp) Apply(RoundNearestEvenOp) \
  Apply(AndOp) Apply(OrOp) Apply(XorOp) Apply(NotOp) Apply(CompareOp) Apply(SelectOp) Apply(ConvertOp) \
  Apply(StopGradientOp) Apply(FoldInOp)

#endif
