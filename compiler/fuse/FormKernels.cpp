// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Decides which values are kept in memory and which kernel computes each of them. The input is straight-line graph code (in each block);
// the output is the same code, with the number of a kernel on every op whose value is kept. An op without a number is computed where it is
// used, as often as it is used. GraphToKernel then writes the kernels.
//
// Nothing here knows what is computed; the rules speak of index spaces alone:
//  0. A value that is as cheap to compute as to read is computed in the loops and branches that use it.
//  1. A value with updates (a sum, a contraction) is kept, and so is what leaves the graph (results, arenas, control flow, extern functions).
//  2. Any other value is kept if computing it at each of its uses costs more than one write and the reads.
//  3. Two kernels are joined if one reads the other's values or both read the same, every access between them keeps the leading axes in
//     place (so one loop over rows can hold both), and no other work has to come between them. A contraction takes in only what reads its
//     sum at the same index and takes no elementary function.
#include "costate/compiler/fuse/Access.h"
#include "costate/compiler/fuse/Passes.h"
#include "costate/dialects/graph/Graph.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;
using namespace costate::graph;

namespace costate::fuse {

#define GEN_PASS_DEF_FORMKERNELS
#include "costate/compiler/fuse/Passes.h.inc"

namespace {

bool isContraction(Operation *op) { return isa<DotGeneralOp, ConvolutionOp>(op); }

/// Does the value of `op`, with what is computed where it is used, take an elementary function? Such a function is written out in exact
/// arithmetic, and a kernel with a contraction allows the machine to fuse products into sums: the two do not go together.
bool takesFunction(Operation *op) {
  llvm::SetVector<Operation *> pending;
  pending.insert(op);
  for (size_t i = 0; i < pending.size(); ++i) {
    Operation *next = pending[i];
    if (isa<ExponentialOp, ExponentialMinusOneOp, LogOp, LogPlusOneOp, TanhOp, LogisticOp, ErfOp, SineOp, CosineOp, PowerOp, Atan2Op, RandomOp>(next))
      return true;
    for (Value operand : next->getOperands())
      if (Operation *producer = operand.getDefiningOp(); producer && !isAvailable(operand))
        pending.insert(producer);
  }
  return false;
}

/// Does the block that `op` writes share no axis with what it is written into? One element is written after the other then: what is dear is computed
/// before, with lanes and tasks.
bool goesThroughInOrder(Operation *op) {
  auto slice = dyn_cast<DynamicUpdateSliceOp>(op);
  return slice && llvm::none_of(llvm::zip_equal(slice.getUpdate().getType().getShape(), slice.getType().getShape()), [](auto extents) {
    auto [part, whole] = extents;
    return part == whole;
  });
}

/// Is `op`, with what is computed where it is used, made of the array that `write` changes? Then it is computed before, so that the array can be changed
/// where it lies.
bool readsWhatIsWritten(Operation *op, Operation *write) {
  Value array = storageOf(write->getOperand(0));
  if (Operation *made = array.getDefiningOp(); made && kindOf(made) == Kind::Map)
    return false; // it is new
  llvm::SetVector<Operation *> pending;
  pending.insert(op);
  for (size_t i = 0; i < pending.size(); ++i)
    for (Value operand : pending[i]->getOperands()) {
      if (storageOf(operand) == array)
        return true;
      if (Operation *producer = operand.getDefiningOp(); producer && kindOf(producer) == Kind::Map && producer->getBlock() == op->getBlock())
        pending.insert(producer);
    }
  return false;
}

/// More stages than this make a kernel slow to compile without making it faster to run.
constexpr unsigned kMaxStages = 24;

//===--- Rule 0: what moves into regions ---===//

/// Operations on an element that cost less than to write it and to have it in the cache beside what it is made of.
constexpr int64_t kFewOperations = 2;

class SunkValues {
public:
  SunkValues(Dimensions &dimensions, const Hints &hints) : dimensions(dimensions), hints(hints) {}

  void sink(func::FuncOp function) {
    SmallVector<Operation *> ops;
    function.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (isPointwise(op))
        ops.push_back(op);
    });
    for (Operation *op : llvm::reverse(ops)) // users before what they use
      sink(op);
  }

private:
  static bool isPointwise(Operation *op) { return kindOf(op) == Kind::Map && (op->hasTrait<Elementwise>() || isa<BroadcastInDimOp, ConstantOp>(op)); }

  void sink(Operation *op) {
    llvm::MapVector<Block *, SmallVector<OpOperand *>> inside;
    for (OpOperand &use : op->getUses())
      if (use.getOwner()->getBlock() != op->getBlock())
        inside[use.getOwner()->getBlock()].push_back(&use);
    if (inside.empty() || !isCheap(op))
      return;
    for (auto &[block, uses] : inside)
      if (!llvm::all_of(uses, [](OpOperand *use) { return readsInPlace(use->getOwner()); }))
        return;
    for (auto &[block, uses] : inside) {
      Operation *first = uses.front()->getOwner();
      for (OpOperand *use : uses)
        if (use->getOwner()->isBeforeInBlock(first))
          first = use->getOwner();
      Operation *copy = OpBuilder(first).clone(*op);
      for (OpOperand *use : uses)
        use->set(copy->getResult(0));
    }
    if (op->use_empty())
      op->erase();
  }

  /// Is it made by few operations of arrays that together have no more bytes?
  bool isCheap(Operation *op) {
    int64_t operations = 0;
    double bytes = 0;
    llvm::SetVector<Operation *> pending;
    pending.insert(op);
    for (size_t i = 0; i < pending.size(); ++i) {
      operations += costOf(pending[i]);
      if (operations > kFewOperations)
        return false;
      for (Value operand : pending[i]->getOperands())
        if (Operation *producer = operand.getDefiningOp(); producer && isPointwise(producer) && !isa<BroadcastInDimOp>(pending[i]))
          pending.insert(producer);
        else
          bytes += bytesOf(operand); // which is in memory, or will be, for the region reads it
    }
    return bytes <= 1.25 * bytesOf(op->getResult(0)); // a row or a column may be beside it
  }

  double bytesOf(Value value) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    return type ? double(hints.points(dimensions.of(value))) * type.getElementTypeBitWidth() / 8 : 0;
  }

  /// Does `user` read each element where it computes one, on all ways to a value that is kept? A product of matrices reads it many times over.
  static bool readsInPlace(Operation *user) {
    llvm::SetVector<Operation *> pending;
    pending.insert(user);
    for (size_t i = 0; i < pending.size(); ++i) {
      if (kindOf(pending[i]) == Kind::Host || isContraction(pending[i]) || isWrite(pending[i]) || isCumulative(pending[i]))
        return false;
      if (kindOf(pending[i]) == Kind::Stage)
        continue;
      if (!isPointwise(pending[i]))
        return false;
      for (Operation *next : pending[i]->getUsers())
        pending.insert(next);
    }
    return true;
  }

  Dimensions &dimensions;
  const Hints &hints;
};

//===--- Rules 1 and 2: what is kept ---===//

class KeptValues {
public:
  KeptValues(Dimensions &dimensions, const Hints &hints) : dimensions(dimensions), hints(hints) {}

  /// The ops of `block` whose values are kept, in order.
  SmallVector<Operation *> plan(Block &block) {
    for (Operation &op : block)
      if (kindOf(&op) == Kind::Stage)
        keep(&op);
    // Costs depend on what is kept, and what is kept on costs: the second round undoes what the first kept for a producer kept since.
    for (int round = 0; round < 2; ++round) {
      cost.clear();
      for (Operation &op : block)
        if (kindOf(&op) == Kind::Map)
          cost[&op] = inlineCost(&op);
      for (Operation &op : block)
        if (kindOf(&op) == Kind::Map)
          op.removeAttr(kKernelAttr);
      evaluations.clear();
      for (Operation &op : llvm::reverse(block))
        if (kindOf(&op) == Kind::Map)
          decide(&op);
    }
    SmallVector<Operation *> kept;
    for (Operation &op : block)
      if (op.hasAttr(kKernelAttr))
        kept.push_back(&op);
    return kept;
  }

private:
  static bool isKept(Operation *op) { return op->hasAttr(kKernelAttr); }
  static void keep(Operation *op) { op->setAttr(kKernelAttr, IntegerAttr::get(IntegerType::get(op->getContext(), 64), -1)); }

  /// Operations to compute an element, without those of kept values.
  int64_t inlineCost(Operation *op) {
    constexpr int64_t bound = 1 << 20; // shared expressions are counted once a use, which grows fast
    int64_t sum = costOf(op);
    for (Value operand : op->getOperands())
      if (Operation *producer = operand.getDefiningOp(); producer && !isAvailable(operand))
        sum += cost.lookup(producer);
    return std::min(sum, bound);
  }

  void decide(Operation *op) {
    double reads = 0;
    bool leaves = false;
    llvm::SmallPtrSet<Operation *, 4> counted; // x * x reads an element once
    for (OpOperand &use : op->getUses()) {
      Operation *user = use.getOwner();
      if (user->hasTrait<Elementwise>() && !counted.insert(user).second)
        continue;
      if (user->getBlock() != op->getBlock() || (kindOf(user) == Kind::Host)) {
        leaves = true;
        continue;
      }
      leaves |= (isContraction(user) || goesThroughInOrder(user)) && takesFunction(op);
      leaves |= isWrite(user) && use.getOperandNumber() != 0 && readsWhatIsWritten(op, user);
      double each = readsPerElement(use, dimensions, hints);
      reads += isKept(user) || kindOf(user) == Kind::Stage ? each : each * evaluations.lookup(user);
    }
    // A reshape of memory is free: keep what is reshaped instead.
    bool isReshape = isa<ReshapeOp>(op);
    if (isReshape && isAvailable(op->getOperand(0)))
      return;
    double work = cost.lookup(op);
    bool isDear = reads > 1 && work * (reads - 1) > 2 + reads / 4;
    if (leaves || isDear || (op->hasAttr(kForceAttr))) {
      op->removeAttr(kForceAttr);
      if (isReshape && op->getOperand(0).getDefiningOp()->getBlock() == op->getBlock())
        op->getOperand(0).getDefiningOp()->setAttr(kForceAttr, UnitAttr::get(op->getContext()));
      else
        keep(op);
    }
    evaluations[op] = std::max(reads, 1.0);
  }

  static constexpr llvm::StringLiteral kForceAttr = "fuse.keep";

  Dimensions &dimensions;
  const Hints &hints;
  DenseMap<Operation *, int64_t> cost;
  DenseMap<Operation *, double> evaluations;
};

//===--- Rule 3: which kernel computes them ---===//

/// What stays together: a kernel, or an op of the host. Ops computed in place belong to none.
struct Unit {
  SmallVector<Operation *> members; ///< in the order of the block
  bool isOpen = true;               ///< may be joined with others
  unsigned joined;                  ///< the unit that it has become part of, or itself
  unsigned rank;                    ///< its place in the order of units
  SmallVector<unsigned> users = {}; ///< units that need it
};

class KernelFormation {
public:
  KernelFormation(Block &block, Dimensions &dimensions) : block(block), dimensions(dimensions) {}

  void form(ArrayRef<Operation *> kept, int64_t &counter) {
    collectUnits();
    for (Operation *op : kept)
      joinProducers(op);
    for (Operation *op : kept)
      joinSiblings(op);
    DenseMap<int64_t, int64_t> numbers;
    for (Operation *op : kept) {
      auto [place, isFirst] = numbers.try_emplace(find(op), counter);
      counter += isFirst;
      op->setAttr(kKernelAttr, IntegerAttr::get(IntegerType::get(op->getContext(), 64), place->second));
    }
  }

private:
  void collectUnits() {
    for (Operation &op : block)
      if (kindOf(&op) != Kind::Map || op.hasAttr(kKernelAttr) || isView(&op)) {
        unitOf[&op] = units.size();
        unsigned number = units.size();
        units.push_back({{&op}, /*isOpen=*/op.hasAttr(kKernelAttr) && !isAlone(&op), number, number});
        order.push_back(number);
      }
    for (Operation &op : block)
      if (auto unit = unitOf.find(&op); unit != unitOf.end()) {
        if (op.hasAttr(kKernelAttr))
          reads[&op] = readsOf(&op, dimensions);
        llvm::SetVector<Operation *> sources;
        collectSources(&op, sources);
        for (Operation *source : sources)
          units[unitOf.lookup(source)].users.push_back(unit->second);
      }
    for (auto &[op, all] : reads)
      for (Read &read : all)
        readers[read.value].push_back(op);
  }

  /// Axes over which the updates of `op` run point by point: behind them one reads what another has written.
  static size_t independentAxes(Operation *op) {
    if (isScatter(op))
      return cast<IntegerAttr>(op->getAttr("batch_dims")).getInt();
    return isCumulative(op) || isa<DynamicUpdateSliceOp>(op) ? 0 : SIZE_MAX;
  }
  /// Nothing is computed beside it.
  static bool isAlone(Operation *op) { return independentAxes(op) == 0; }

  /// Units that must be done before `op` runs; also through regions that use outer values.
  void collectSources(Operation *op, llvm::SetVector<Operation *> &sources) {
    SmallVector<Operation *> pending{op};
    llvm::SmallDenseSet<Operation *> seen;
    while (!pending.empty())
      pending.pop_back_val()->walk([&](Operation *inner) {
        for (Value operand : inner->getOperands())
          if (Operation *source = operand.getDefiningOp(); source && source->getBlock() == &block && source != op && seen.insert(source).second) {
            if (unitOf.contains(source))
              sources.insert(source);
            else
              pending.push_back(source);
          }
      });
  }

  unsigned find(unsigned unit) {
    while (units[unit].joined != unit)
      unit = units[unit].joined = units[units[unit].joined].joined;
    return unit;
  }
  unsigned find(Operation *op) { return find(unitOf.lookup(op)); }

  void joinProducers(Operation *op) {
    llvm::SetVector<unsigned> candidates;
    for (Read &read : reads[op])
      if (Operation *producer = read.value.getDefiningOp(); producer && producer->getBlock() == &block && unitOf.contains(producer))
        candidates.insert(find(producer));
    for (unsigned candidate : llvm::reverse(candidates.getArrayRef()))
      tryJoin(find(candidate), find(op));
  }

  /// Kernels that read the same memory at the same rows.
  void joinSiblings(Operation *op) {
    for (Read &read : reads[op]) {
      auto type = dyn_cast<RankedTensorType>(read.value.getType());
      if (!type || type.getRank() == 0 || read.axes.front() != 0)
        continue;
      for (Operation *other : readers[read.value])
        if (find(other) != find(op) && llvm::any_of(reads[other], [&](Read &access) { return access.value == read.value && access.axes == read.axes; }))
          tryJoin(find(other), find(op));
    }
  }

  Dims dimsOf(Operation *op) { return dimensions.of(op->getResult(0)); }

  /// Can one loop over leading axes hold all of `members`?
  bool fitsTogether(ArrayRef<Operation *> members) {
    llvm::SmallDenseSet<Value> values;
    size_t rows = SIZE_MAX;
    Operation *contraction = nullptr;
    for (Operation *op : members) {
      values.insert(op->getResult(0));
      Dims dims = dimsOf(op), first = dimsOf(members.front());
      size_t common = 0;
      while (common < std::min(dims.size(), first.size()) && dims[common] == first[common])
        ++common;
      rows = std::min({rows, common, independentAxes(op)});
      if (isContraction(op)) {
        if (contraction)
          return false;
        contraction = op;
      }
    }
    for (Operation *write : members) // which nobody else reads beside it, for it may change what is there
      if (isWrite(write))
        for (Operation *op : members)
          if (op != write && llvm::any_of(reads[op], [&](Read &read) { return storageOf(read.value) == storageOf(write->getOperand(0)); }))
            return false;
    for (Operation *op : members)
      for (Read &read : reads[op]) {
        if (!values.contains(read.value))
          continue;
        if (op == contraction)
          return false;
        size_t aligned = 0;
        while (aligned < read.axes.size() && read.axes[aligned] == int64_t(aligned))
          ++aligned;
        rows = std::min(rows, aligned);
      }
    if (contraction) { // the same index space, and no other sum
      Dims dims = dimsOf(contraction);
      return rows == dims.size() && rows > 0 && llvm::all_of(members, [&](Operation *op) {
               return op == contraction || (kindOf(op) == Kind::Map && dimsOf(op) == dims && !takesFunction(op));
             });
    }
    return rows > 0;
  }

  /// The units before `second` in the order that need `first`; nothing if `second` needs one of them, so that the two cannot be one.
  std::optional<llvm::SmallDenseSet<unsigned>> unitsBetween(unsigned first, unsigned second) {
    llvm::SmallDenseSet<unsigned> found;
    SmallVector<unsigned> pending = {first};
    while (!pending.empty()) {
      unsigned unit = pending.pop_back_val();
      for (unsigned user : units[unit].users) {
        unsigned next = find(user);
        if (next == second && unit != first)
          return std::nullopt;
        if (next != unit && units[next].rank < units[second].rank && found.insert(next).second)
          pending.push_back(next);
      }
    }
    return found;
  }

  void tryJoin(unsigned a, unsigned b) {
    if (a == b || !units[a].isOpen || !units[b].isOpen || units[a].members.size() + units[b].members.size() > kMaxStages)
      return;
    SmallVector<Operation *> members(units[a].members);
    llvm::append_range(members, units[b].members);
    llvm::sort(members, [](Operation *x, Operation *y) { return x->isBeforeInBlock(y); });
    auto [first, second] = units[a].rank < units[b].rank ? std::pair(a, b) : std::pair(b, a);
    auto behind = unitsBetween(first, second);
    if (!behind || !fitsTogether(members))
      return;
    // What needs the joined unit comes behind it, everything else that stood between the two in front of it.
    SmallVector<unsigned> sequence, later;
    for (unsigned rank = units[first].rank; rank <= units[second].rank; ++rank) {
      unsigned unit = order[rank];
      if (units[unit].rank == rank && unit != first && unit != second)
        (behind->contains(unit) ? later : sequence).push_back(unit);
    }
    sequence.push_back(a);
    llvm::append_range(sequence, later);
    unsigned rank = units[first].rank;
    for (unsigned unit : sequence) {
      order[rank] = unit;
      units[unit].rank = rank++;
    }
    units[b].joined = a;
    units[b].rank = units.size(); // in no place
    llvm::append_range(units[a].users, units[b].users);
    units[a].members = members;
  }

  Block &block;
  Dimensions &dimensions;
  std::vector<Unit> units;
  std::vector<unsigned> order; ///< of units that are joined to none: each behind those it needs. A place may be left empty: the unit there has another.
  DenseMap<Operation *, unsigned> unitOf;
  DenseMap<Value, SmallVector<Operation *>> readers; ///< ops whose values are kept, by what they read
  llvm::MapVector<Operation *, SmallVector<Read>> reads;
};

struct FormKernels : impl::FormKernelsBase<FormKernels> {
  using FormKernelsBase::FormKernelsBase;

  void runOnOperation() override {
    Hints hints(SmallVector<std::string>(this->hints.begin(), this->hints.end()));
    int64_t counter = 0;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      Dimensions dimensions;
      SunkValues(dimensions, hints).sink(function);
      SmallVector<Block *> blocks;
      function.walk<WalkOrder::PreOrder>([&](Block *block) { blocks.push_back(block); }); // what a region uses is kept outside
      for (Block *block : blocks)
        KeptValues(dimensions, hints).plan(*block);
      for (Block *block : blocks) {
        SmallVector<Operation *> kept;
        for (Operation &op : *block)
          if (op.hasAttr(kKernelAttr))
            kept.push_back(&op);
        KernelFormation(*block, dimensions).form(kept, counter);
      }
    }
  }
};

} // namespace

} // namespace costate::fuse
