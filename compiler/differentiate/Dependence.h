// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which values depend on chosen ones, through ops, loops and branches: those that carry a derivative, those that vary with the lane.

#ifndef COSTATE_COMPILER_DIFFERENTIATE_DEPENDENCE_H
#define COSTATE_COMPILER_DIFFERENTIATE_DEPENDENCE_H

#include "mlir/IR/Block.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SetVector.h"

#include <functional>
#include <optional>

namespace costate::differentiate {

class Dependence {
public:
  virtual ~Dependence() = default;

  bool contains(mlir::Value value) const { return dependent.contains(value); }
  void insert(mlir::Value value) { dependent.insert(value); }

  /// Adds what depends on the values so far, in an op or the ops of a block, and the regions nested in them.
  void propagate(mlir::Operation &op);
  void propagate(mlir::Block &block);

private:
  /// Whether a value may depend on others at all.
  virtual bool mayDepend(mlir::Value) { return true; }
  /// Whether the results of an op depend, where that does not follow from its operands.
  virtual std::optional<bool> decide(mlir::Operation &) { return std::nullopt; }

  bool mark(mlir::Value value);
  bool markAll(mlir::ValueRange values);
  /// Marks the partners of dependent values; true if one was new.
  bool markPairs(mlir::ValueRange from, mlir::ValueRange to);

  llvm::DenseSet<mlir::Value> dependent;
};

/// The values that carry a derivative: floats, through every op but stop_gradient.
class Activity : public Dependence {
  bool mayDepend(mlir::Value value) override;
  std::optional<bool> decide(mlir::Operation &op) override;
};

/// The values that differ from lane to lane of an axis, which may have no name.
class Variation : public Dependence {
public:
  /// mentions: whether an op has to do with the lanes whatever its operands are.
  Variation(llvm::StringRef axisName, std::function<bool(mlir::Operation &)> mentions)
      : axisName(axisName), mentions(std::move(mentions)) {}

private:
  std::optional<bool> decide(mlir::Operation &op) override;

  llvm::StringRef axisName;
  std::function<bool(mlir::Operation &)> mentions;
};

/// Values defined outside `op`'s regions and used inside, in order of first use.
llvm::SetVector<mlir::Value> capturesOf(mlir::Operation *op);

} // namespace costate::differentiate

#endif
