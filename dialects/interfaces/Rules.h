// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a rule is given: a place to write ops, and the cotangents, tangents or lanes of its operands and results. The differentiate
// phase implements these; a rule of any dialect sees nothing else of it.

#ifndef COSTATE_DIALECTS_INTERFACES_RULES_H
#define COSTATE_DIALECTS_INTERFACES_RULES_H

#include "costate/dialects/graph/Emitter.h"

namespace costate {

/// Reverse mode. Operands and results of the op keep their values at the place of emission, so a rule may use them freely.
class Pullback : public graph::Emitter {
public:
  using Emitter::Emitter;
  virtual ~Pullback() = default;

  /// Cotangent of result `index` of the op; null if it is zero.
  virtual mlir::Value cotangent(unsigned index = 0) = 0;
  /// Whether `operand` carries a derivative that somebody asks for.
  virtual bool isActive(mlir::Value operand) = 0;
  /// Adds to the cotangent of `operand`; a null or an inactive operand is ignored.
  using Emitter::add;
  virtual void accumulate(mlir::Value operand, mlir::Value cotangent) = 0;
  /// Replaces the cotangent of `operand` by what `next` makes of it, of null if it is zero so far: for a rule that touches a part of it only.
  virtual void update(mlir::Value operand, llvm::function_ref<mlir::Value(mlir::Value sum)> next) = 0;
  /// Adds to the part of a parameter set's cotangent that is one leaf.
  virtual void accumulateLeaf(mlir::Value arena, mlir::SymbolRefAttr leaf, mlir::Value cotangent) = 0;
};

/// Forward mode.
class Pushforward : public graph::Emitter {
public:
  using Emitter::Emitter;
  virtual ~Pushforward() = default;

  /// Tangent of an operand; null if it is zero.
  virtual mlir::Value tangent(mlir::Value operand) = 0;
  mlir::Value tangentOrZero(mlir::Value operand) {
    mlir::Value t = tangent(operand);
    return t ? t : zerosLike(operand);
  }
  /// Sets the tangent of result `index`; a null is zero.
  virtual void set(mlir::Value tangent, unsigned index = 0) = 0;
};

/// All lanes at once: a batched value has one more axis, in front, of extent `size`.
class Batching : public graph::Emitter {
public:
  using Emitter::Emitter;
  virtual ~Batching() = default;

  virtual graph::DimAttr size() = 0;
  /// Whether these are the lanes of an axis, which a collective names.
  virtual bool binds(llvm::StringRef axisName) = 0;
  virtual bool isBatched(mlir::Value operand) = 0;
  /// The operand as it is after the transform, batched or not.
  virtual mlir::Value get(mlir::Value operand) = 0;
  /// The operand with the lane axis, repeated along it if it does not vary.
  mlir::Value batched(mlir::Value operand) {
    mlir::Value value = get(operand);
    if (isBatched(operand))
      return value;
    graph::Dims shape = dims(value);
    llvm::SmallVector<int64_t> places = llvm::to_vector(llvm::seq<int64_t>(1, shape.size() + 1));
    shape.insert(shape.begin(), size());
    return broadcast(value, places, shape);
  }
  /// Sets result `index`, with the lane axis.
  virtual void set(mlir::Value batched, unsigned index = 0) = 0;
  /// Sets result `index` of a collective, which is the same in all lanes.
  virtual void setUniform(mlir::Value value, unsigned index = 0) = 0;
  /// No rule for this combination: runs `op` in a loop over the lanes.
  virtual void loopOverLanes(mlir::Operation *op) = 0;
};

} // namespace costate

#endif
