// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// The rules of AssignSchedules: what they know of the machine, how they write directives, and the two kinds of rule.
#ifndef COSTATE_COMPILER_SCHEDULE_RULES_H
#define COSTATE_COMPILER_SCHEDULE_RULES_H

#include "costate/dialects/kernel/Kernel.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseSet.h"

namespace costate::schedule {

/// Bytes of an element in memory.
unsigned bytesOf(mlir::Type type);

struct Machine {
  unsigned vectorBytes = 32;
  /// What a search tries instead of the rule; 0: the rule.
  int64_t tileRows = 0, tileVectors = 0, panelTiles = 0;
  /// Operations that make a parallel task worth waking a thread: about 30 us of vectorised arithmetic.
  int64_t taskOperations = 1 << 18;

  unsigned lanes(mlir::Type type) const; ///< elements of a vector register, at least 1
  /// Vector registers: 32 with AVX-512, 16 before.
  unsigned registers() const { return vectorBytes >= 64 ? 32 : 16; }
};

/// A definition of a stage: the pure one, or an update.
struct Definition {
  kernel::StageOp stage;
  kernel::UpdateOp update; ///< null for the pure definition

  mlir::Block &body() const;
  mlir::BlockArgument variable(unsigned dim) const;
  bool isFree(unsigned dim) const { return !update || kernel::UpdateOp(update).isFree(dim); }
};

/// The definitions of `stage` that have code.
llvm::SmallVector<Definition> getDefinitions(kernel::StageOp stage);

/// Appends directives to the schedule of a kernel. Names of loops: a split of "i0" makes "i0o" and "i0i".
class ScheduleWriter {
public:
  explicit ScheduleWriter(kernel::DefineOp kernel);

  void split(Definition definition, llvm::StringRef variable, int64_t factor, kernel::Tail tail);
  void fuse(Definition definition, llvm::StringRef outer, llvm::StringRef inner, llvm::StringRef fused);
  void reorder(Definition definition, llvm::ArrayRef<std::string> innermostFirst);
  void vectorize(Definition definition, llvm::StringRef variable);
  void unroll(Definition definition, llvm::StringRef variable);
  void parallel(Definition definition, llvm::StringRef variable);
  void computeRoot(kernel::StageOp stage);
  void computeAt(kernel::StageOp stage, Definition consumer, llvm::StringRef variable);
  void computeWith(kernel::StageOp stage, kernel::StageOp leader, llvm::StringRef variable);
  void storeIn(kernel::StageOp stage, kernel::Memory memory);
  void boundExtent(kernel::StageOp stage, llvm::StringRef variable, int64_t extent);
  void nontemporal(kernel::StageOp stage);

private:
  mlir::IntegerAttr update(Definition definition);
  mlir::StringAttr name(llvm::StringRef text) { return builder.getStringAttr(text); }

  mlir::OpBuilder builder;
  mlir::Location location;
};

/// A name that no stage has.
std::string freshStageName(kernel::DefineOp kernel, llvm::StringRef base);

/// A stage behind `stage`, of one result, with the same values; nobody reads it yet.
kernel::StageOp copyStage(kernel::StageOp stage);

/// `i<dim>`, the name of a pure variable.
std::string pureName(unsigned dim);

/// Operations of one point of a definition.
int64_t countOperations(Definition definition);

/// The product of the likely extents of `stage`, without its first `skip`.
int64_t countPoints(kernel::DefineOp kernel, kernel::StageOp stage, unsigned skip = 0);

/// The product of the likely extents of a reduction domain; 1 for a pure definition.
int64_t countDomain(kernel::DefineOp kernel, Definition definition);

/// Turns the contraction of `stage` (an update marked `contract`) into register tiles: adds stages that pack its operands and one that stores its tiles,
/// and schedules all of them. Adds the stages that it has scheduled to `scheduled`. Returns whether it did: a stage that it has no tile for stays.
bool tileContraction(kernel::DefineOp kernel, kernel::StageOp stage, const Machine &machine, llvm::DenseSet<mlir::Operation *> &scheduled);

/// Places and schedules every other stage: elementwise ones, reductions, gathers and scatters. Returns whether it added copies of stages.
bool scheduleStages(kernel::DefineOp kernel, const Machine &machine, const llvm::DenseSet<mlir::Operation *> &scheduled);

} // namespace costate::schedule

#endif // COSTATE_COMPILER_SCHEDULE_RULES_H
