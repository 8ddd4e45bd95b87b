// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// The loop nests of a kernel while directives are applied to them: the verifier of schedules, and what writes schedules, read it.
#ifndef COSTATE_DIALECTS_KERNEL_LOOP_NESTS_H
#define COSTATE_DIALECTS_KERNEL_LOOP_NESTS_H

#include "costate/dialects/kernel/Kernel.h"
#include "llvm/ADT/StringMap.h"

namespace costate::kernel {

/// One loop of a definition.
struct Loop {
  enum class Mode { Serial, Vectorized, Unrolled, Parallel };
  std::string name;
  bool isReduction;
  std::optional<int64_t> extent; ///< iterations, if constant
  int64_t divisor;               ///< a known divisor of the number of iterations, at least 1
  Mode mode = Mode::Serial;
  bool isInner = false; ///< made of the inner loop of a split
  mlir::OpFoldResult range = {}; ///< the extent of the variable that it is a part of; null for a fused one
  int64_t step = 1;              ///< how far an iteration goes in it
};

/// The nests of all definitions of a kernel. A kernel without directives has, for each definition, a loop over each free variable (outside)
/// and each reduction variable (inside).
class LoopNests {
public:
  explicit LoopNests(DefineOp kernel);

  /// Checks `directive` against the nests as they are and applies it. On failure a diagnostic stands at the directive, and nothing changes.
  mlir::LogicalResult apply(mlir::Operation *directive);

  /// Checks what holds at the end of a schedule only: a stage whose loops are changed has loops, and those named by compute_at exist.
  mlir::LogicalResult finish();

  /// The loops of the pure definition of `stage`, or of its update, outermost first; null if there is no such definition.
  const std::vector<Loop> *lookup(llvm::StringRef stage, std::optional<int64_t> update = std::nullopt) const;

  /// Is `stage` computed where it is used, having no place of its own?
  bool isInlined(StageOp stage) const;

private:
  struct Nest {
    std::vector<Loop> loops; ///< outermost first
    std::vector<std::string> names; ///< all names ever used in this definition
  };
  struct Place {
    mlir::Operation *directive = nullptr; ///< compute_root or compute_at
    mlir::Operation *change = nullptr;    ///< the first directive that changes loops
    mlir::Operation *shared = nullptr;    ///< compute_with, of a follower
    bool leads = false;                   ///< has followers
    bool nontemporal = false;
    llvm::StringMap<int64_t> bounds;      ///< bound_extent by variable
  };

  Nest *find(mlir::Operation *directive, llvm::StringRef stage, std::optional<int64_t> update);
  Loop *find(mlir::Operation *directive, Nest &nest, llvm::StringRef variable);
  mlir::LogicalResult checkNew(mlir::Operation *directive, const Nest &nest, llvm::StringRef name);
  mlir::LogicalResult apply(SplitOp split);
  mlir::LogicalResult apply(FuseOp fuse);
  mlir::LogicalResult apply(ReorderOp reorder);
  mlir::LogicalResult apply(ComputeRootOp directive);
  mlir::LogicalResult apply(ComputeAtOp directive);
  mlir::LogicalResult apply(ComputeWithOp directive);
  mlir::LogicalResult apply(StoreInOp directive);
  mlir::LogicalResult apply(BoundExtentOp directive);
  mlir::LogicalResult apply(NontemporalOp directive);
  mlir::LogicalResult setMode(mlir::Operation *directive, llvm::StringRef stage, std::optional<int64_t> update, llvm::StringRef variable,
                              Loop::Mode mode);
  mlir::LogicalResult setPlace(mlir::Operation *directive, llvm::StringRef stage);
  mlir::LogicalResult checkShared(ComputeWithOp directive);

  DefineOp kernel;
  llvm::StringMap<std::vector<Nest>> nests; ///< by stage: the pure definition, then the updates
  llvm::StringMap<Place> places;
};

/// Can the stages of each leader stand side by side, with all that a stage reads before it?
bool haveOrder(DefineOp kernel, llvm::function_ref<StageOp(StageOp)> leaderOf);

/// A known divisor of an extent: its value, the constant factor of a product, or 1.
int64_t getKnownDivisor(mlir::OpFoldResult extent);

/// Applies all directives of a kernel in order.
mlir::LogicalResult verifySchedule(DefineOp kernel);

} // namespace costate::kernel

#endif // COSTATE_DIALECTS_KERNEL_LOOP_NESTS_H
