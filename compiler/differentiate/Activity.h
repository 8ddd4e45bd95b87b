// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which values carry a derivative: float values that depend on chosen ones, through every op but stop_gradient.

#ifndef COSTATE_COMPILER_DIFFERENTIATE_ACTIVITY_H
#define COSTATE_COMPILER_DIFFERENTIATE_ACTIVITY_H

#include "mlir/IR/Block.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SetVector.h"

namespace costate::differentiate {

class Activity {
public:
  bool contains(mlir::Value value) const { return active.contains(value); }
  void insert(mlir::Value value) { active.insert(value); }

  /// Adds what depends on the active values, in the ops of `block` and the regions nested in them.
  void propagate(mlir::Block &block);

private:
  bool mark(mlir::Value value);
  /// Marks the partners of active values; true if one was new.
  bool markPairs(mlir::ValueRange from, mlir::ValueRange to);
  void visit(mlir::Operation &op);

  llvm::DenseSet<mlir::Value> active;
};

/// Values defined outside `op`'s regions and used inside, in order of first use.
llvm::SetVector<mlir::Value> capturesOf(mlir::Operation *op);

} // namespace costate::differentiate

#endif
