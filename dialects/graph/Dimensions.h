// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The forward analysis of shapes: every axis of every tensor gets a dimension expression.

#ifndef COSTATE_DIALECTS_GRAPH_DIMENSIONS_H
#define COSTATE_DIALECTS_GRAPH_DIMENSIONS_H

#include "costate/dialects/graph/GraphAttributes.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"

namespace costate::graph {

/// Dimensions of the tensors (and buffers) of one function, computed on demand and kept. Sources, in this order: static extents of the
/// type; `graph.dims` of a function's argument; the carry of a loop, from its start; an op's `inferDimensions`; the results of a call,
/// from `graph.dims` on the callee's results with the callee's names bound by the operands. A dynamic axis without any of these is
/// a name of its own, so that two unknown axes never count as equal.
class Dimensions {
public:
  /// One entry per axis of `value`, whose type is shaped and ranked.
  Dims of(mlir::Value value);

  /// Dimensions of `value` are known from outside (a value that a transformation has just made).
  void set(mlir::Value value, Dims dims) { known[value] = std::move(dims); }

private:
  Dims compute(mlir::Value value);

  llvm::DenseMap<mlir::Value, Dims> known;
  unsigned unknown = 0;
};

/// How a callee's names read in the caller: from the axes of arguments that are one name. of: dimensions of what argument i is given.
llvm::StringMap<DimAttr> bindNames(mlir::Operation *callee, llvm::function_ref<Dims(unsigned argument)> of);

/// Replaces names in every dimension attribute of `op` and the ops nested in it.
void substituteDims(mlir::Operation *op, llvm::function_ref<DimAttr(llvm::StringRef)> bind);

} // namespace costate::graph

#endif
