// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The interfaces through which phases speak to ops of any dialect, upstream's and plugins' among them.

#ifndef COSTATE_DIALECTS_INTERFACES_INTERFACES_H
#define COSTATE_DIALECTS_INTERFACES_INTERFACES_H

#include "costate/dialects/graph/GraphAttributes.h"
#include "mlir/IR/OpDefinition.h"

namespace costate {

class Pullback;
class Pushforward;
class Batching;
namespace graph {
class Emitter;
} // namespace graph

/// Gives the dimensions of a value.
using DimensionsOf = llvm::function_ref<graph::Dims(mlir::Value)>;

/// A tensor in a parameter set: `offset` in elements. A tied leaf has the offset of the leaf it names.
struct ArenaLeaf {
  llvm::StringRef name;
  llvm::ArrayRef<int64_t> shape;
  int64_t offset;
  bool tied;

  int64_t size() const {
    int64_t n = 1;
    for (int64_t extent : shape)
      n *= extent;
    return n;
  }
};

} // namespace costate

#include "costate/dialects/interfaces/ArenaLayout.h.inc"
#include "costate/dialects/interfaces/Batchable.h.inc"
#include "costate/dialects/interfaces/Differentiable.h.inc"
#include "costate/dialects/interfaces/Expandable.h.inc"

namespace costate {

/// Verifies every `graph.leaf` and `graph.pack` of the arena in its symbol table. An arena does it for all its uses at once, because the layout
/// takes time in proportion to its leaves.
mlir::LogicalResult verifyArenaUses(ArenaLayout arena);

} // namespace costate

#endif
