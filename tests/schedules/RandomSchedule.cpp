// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Draws directives and keeps those that the verifier accepts.
#include "costate/tests/schedules/RandomSchedule.h"

#include "costate/dialects/kernel/LoopNests.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"

#include <algorithm>

using namespace mlir;
using namespace costate::kernel;

namespace costate::tests {

namespace {
class Drawer {
public:
  Drawer(DefineOp kernel, std::mt19937 &random)
      : kernel(kernel), random(random), nests(kernel), builder(kernel.getContext()), silence(kernel.getContext(), [](Diagnostic &) {}) {
    kernel.getSchedule().getBlocks().clear();
    builder.setInsertionPointToEnd(&kernel.getOrCreateSchedule());
  }

  void run() {
    std::vector<StageOp> stages = kernel.getStageOps();
    for (StageOp stage : llvm::reverse(stages)) { // consumers first, because a place is one of their loops
      drawPlace(stage);
      if (nests.isInlined(stage))
        continue;
      int64_t updates = stage.getUpdateOps().size();
      for (int64_t update = -1; update < updates; ++update)
        for (unsigned count = random() % 5; count != 0; --count)
          drawLoopDirective(stage, update < 0 ? std::nullopt : std::optional(update));
      drawLeader(stage);
    }
  }

private:
  template <typename Op, typename... Arguments>
  bool tryAdd(Arguments &&...arguments) {
    auto directive = Op::create(builder, kernel.getLoc(), std::forward<Arguments>(arguments)...);
    if (succeeded(nests.apply(directive.getOperation())))
      return true;
    directive.erase();
    return false;
  }

  StringAttr name(StringRef text) { return builder.getStringAttr(text); }

  void drawLoopDirective(StageOp stage, std::optional<int64_t> update) {
    const std::vector<Loop> &loops = *nests.lookup(stage.getStageName(), update);
    if (loops.empty())
      return;
    StringAttr target = stage.getStageNameAttr();
    IntegerAttr number = update ? builder.getI64IntegerAttr(*update) : IntegerAttr();
    std::string variable = loops[random() % loops.size()].name;
    switch (random() % 6) {
    case 0:
    case 1: {
      constexpr int64_t factors[] = {1, 2, 3, 4, 8, 16};
      constexpr Tail tails[] = {Tail::RoundUp, Tail::GuardWithIf, Tail::GuardWithIf, Tail::ShiftInwards, Tail::Predicate};
      tryAdd<SplitOp>(target, number, name(variable), name(variable + "o"), name(variable + "i"),
                      builder.getI64IntegerAttr(factors[random() % std::size(factors)]),
                      TailAttr::get(builder.getContext(), tails[random() % std::size(tails)]));
      break;
    }
    case 2: {
      std::vector<std::string> names;
      for (const Loop &loop : loops)
        names.push_back(loop.name);
      std::shuffle(names.begin(), names.end(), random);
      SmallVector<StringRef> order(names.begin(), names.end());
      tryAdd<ReorderOp>(target, number, builder.getStrArrayAttr(order));
      break;
    }
    case 3:
      tryAdd<VectorizeOp>(target, number, name(variable));
      break;
    case 4:
      if (loops[0].extent.value_or(0) < 32)
        tryAdd<UnrollOp>(target, number, name(variable));
      break;
    case 5:
      if (random() % 2)
        tryAdd<ParallelOp>(target, number, name(variable));
      else if (loops.size() > 1) {
        size_t outer = random() % (loops.size() - 1);
        tryAdd<FuseOp>(target, number, name(loops[outer].name), name(loops[outer + 1].name), name(loops[outer].name + loops[outer + 1].name));
      }
      break;
    }
  }

  /// Lets the stage share loops with a later one, unless something is computed in loops of its own.
  void drawLeader(StageOp stage) {
    for (ComputeAtOp place : kernel.getSchedule().getOps<ComputeAtOp>())
      if (place.getConsumer() == stage.getStageName())
        return;
    for (StageOp leader : kernel.getStageOps()) {
      const std::vector<Loop> &loops = *nests.lookup(leader.getStageName());
      if (loops.empty() || random() % 2)
        continue;
      std::string variable = loops[random() % loops.size()].name;
      if (!tryAdd<ComputeWithOp>(stage.getStageNameAttr(), leader.getStageNameAttr(), name(variable)))
        continue;
      leaders[stage] = {leader, variable};
      return;
    }
  }

  /// Inline, root, or at a loop of the only stage that reads this one, or of those that do and share it.
  void drawPlace(StageOp stage) {
    if (kernel.isOutputStage(stage))
      return;
    SmallPtrSet<Operation *, 2> readers;
    int64_t written = 0;
    for (Operation *user : stage->getUsers()) {
      auto reader = user->getParentOfType<StageOp>();
      readers.insert(reader);
      written += nests.isInlined(reader) ? copies.lookup(reader) : 1;
    }
    StageOp reader;
    std::string innermost; // the loop that all share; empty: all of the only reader's
    bool inLoops = !readers.empty();
    for (Operation *op : readers) {
      auto [leader, variable] = leaders.lookup(op);
      StageOp host = leader ? leader : cast<StageOp>(op);
      inLoops &= (!reader || reader == host) && !nests.isInlined(host) && cast<StageOp>(op).getUpdateOps().empty();
      innermost = leader ? variable : innermost;
      reader = host;
    }
    if (inLoops && random() % 2) {
      std::vector<Loop> loops = *nests.lookup(reader.getStageName());
      if (!innermost.empty())
        loops.resize(llvm::find_if(loops, [&](const Loop &loop) { return loop.name == innermost; }) - loops.begin() + 1);
      if (!loops.empty()) {
        const Loop &loop = loops[random() % loops.size()];
        if (loop.mode != Loop::Mode::Vectorized &&
            tryAdd<ComputeAtOp>(stage.getStageNameAttr(), reader.getStageNameAttr(), IntegerAttr(), name(loop.name)))
          return;
      }
    }
    if (!stage.getUpdateOps().empty() || written > kMostCopies || random() % 2)
      tryAdd<ComputeRootOp>(stage.getStageNameAttr());
    copies[stage] = written;
  }

  /// How often the code of an inlined stage may be written out: a chain of stages that read the one before twice doubles it each time.
  static constexpr int64_t kMostCopies = 2;

  DefineOp kernel;
  std::mt19937 &random;
  LoopNests nests;
  llvm::DenseMap<Operation *, int64_t> copies;
  llvm::DenseMap<Operation *, std::pair<StageOp, std::string>> leaders;
  OpBuilder builder;
  ScopedDiagnosticHandler silence;
};
} // namespace

void setRandomSchedule(DefineOp kernel, std::mt19937 &random) { Drawer(kernel, random).run(); }

} // namespace costate::tests
