// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Where the tensors of one function lie: which of them share memory because one becomes the other, and which share it because they live at
/// different times.
#ifndef COSTATE_COMPILER_FUSE_MEMORY_PLAN_H
#define COSTATE_COMPILER_FUSE_MEMORY_PLAN_H

#include "costate/compiler/fuse/DimensionValues.h"
#include "costate/dialects/graph/Dimensions.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/DenseSet.h"

namespace costate::fuse {

/// A piece of memory.
struct Memory {
  enum class Kind {
    Argument,  ///< argument `number` of the function
    Result,    ///< the destination of result `number`, which is not tied to an argument
    Workspace, ///< a part of the workspace, shared by what lives at other times
    Constant   ///< constant data
  };
  Kind kind;
  unsigned number = 0;
  graph::DimAttr bytes, offset;        ///< of parts of the workspace
  int64_t begin = INT64_MAX, end = -1; ///< the operations that need it, by number
};

/// The place of a value: a piece of memory, and where in it the value begins, in elements (only arenas are cut).
struct Place {
  unsigned memory;
  int64_t offset = 0;
  bool operator==(const Place &other) const { return memory == other.memory && offset == other.offset; }
};

/// A copy that could not be avoided; it runs in front of `before`.
struct Copy {
  mlir::Value value;
  std::optional<Place> from; ///< where the value was set aside; else it is at its own place
  Place to;
  mlir::Operation *before;
};

/// The result of a call of a kernel that replaces an input in its memory.
struct Tie {
  mlir::Operation *call;
  unsigned result, input;
};

/// What a pack has to write itself, because no leaf is given for it: zeros, at ranges of elements of its result.
struct Clearing {
  mlir::Operation *pack;
  llvm::SmallVector<std::pair<int64_t, int64_t>> ranges; ///< first element, and the one behind the last
};

/// Offsets and sizes of the leaves of arenas, in elements, read once for each arena.
class LeafRanges {
public:
  std::pair<int64_t, int64_t> of(mlir::Operation *user, mlir::StringAttr arena, llvm::StringRef leaf);

private:
  llvm::DenseMap<mlir::StringAttr, llvm::StringMap<std::pair<int64_t, int64_t>>> known;
};

class MemoryPlan {
public:
  MemoryPlan(mlir::func::FuncOp function, graph::Dimensions &dimensions, const Hints &hints)
      : function(function), dimensions(dimensions), hints(hints) {}

  /// Sorts the blocks of the function so that old values are read before new ones replace them, gives each tensor that must be in memory
  /// its place, and lays out the workspace. A remark stands at each copy of an array.
  void plan();

  /// The place of a tensor; none if it is needed in no memory.
  std::optional<Place> placeOf(mlir::Value value);

  std::vector<Memory> memories;
  std::vector<Copy> copies;
  std::vector<Tie> ties;
  std::vector<Clearing> clearings;
  std::vector<graph::DimAttr> slots; ///< bytes of the parts of the workspace, in their order; a memory's offset is a sum of the first ones
  graph::DimAttr workspaceBytes;

private:
  // Order.
  /// Sorts a block so that, of as many pairs (old, new) as possible, every read of the old value is before the new one: of these pairs, and of what the
  /// block's own kernels change in places.
  void replaceInPlace(mlir::Block &block, llvm::ArrayRef<std::pair<mlir::Value, mlir::Value>> pairs);
  /// The input of a kernel that a result of its call is, but for some places; null if it is none.
  mlir::Value changedInput(mlir::OpResult result);

  // Places.
  void planBlock(mlir::Block &block);
  void planOp(mlir::Operation *op);
  void planFor(mlir::scf::ForOp loop);
  void planWhile(mlir::scf::WhileOp loop);
  void planIf(mlir::scf::IfOp branch);
  Place placeCarry(mlir::Operation *loop, mlir::Value start, mlir::Value carried, mlir::Value result);
  struct Wanted {
    mlir::Value value;
    Place place;
    mlir::Value old; ///< what lies there until then; null if nothing
  };
  void putAll(mlir::Operation *terminator, llvm::ArrayRef<Wanted> wanted);
  /// Tries to have `value` computed at `place`, for a user in `block`. Otherwise says why not.
  std::optional<std::string> put(mlir::Value value, Place place, mlir::Block *block);
  std::optional<std::string> putCall(mlir::OpResult result, Place place);
  /// What is changed there by the call of a kernel is computed there, too, if nothing needs it afterwards.
  void putChanged(mlir::OpResult result, Place place);
  void putPack(mlir::Operation *pack, Place place);
  void copy(mlir::Value value, Place place, mlir::Operation *before, llvm::StringRef reason);
  Place newMemory(Memory::Kind kind, mlir::Value like);
  graph::DimAttr bytesOf(mlir::Value value);

  // Workspace.
  void measureLifetimes();
  void layOutWorkspace();

  mlir::func::FuncOp function;
  graph::Dimensions &dimensions;
  const Hints &hints;
  LeafRanges leaves;
  mlir::SymbolTableCollection symbols;
  llvm::SmallVector<mlir::Operation *> requirements; ///< ops that may end the call: until then parameters and states keep their values
  llvm::DenseMap<mlir::Value, Place> places;
  llvm::DenseMap<unsigned, mlir::Value> holders;                          ///< the value that a memory holds when a block begins
  llvm::DenseMap<mlir::Value, mlir::Value> sameAs;                        ///< values of control flow that are another value
  llvm::DenseSet<std::pair<mlir::Value, mlir::Value>> replaceable; ///< (old, new): every read of the old one is before the new one
};

} // namespace costate::fuse

#endif // COSTATE_COMPILER_FUSE_MEMORY_PLAN_H
