// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A new value may take the memory of an old one if everything that reads the old one can run first. The values of a block leave its order
// open; here it is chosen so that as many replacements as possible are in place.
#include "costate/compiler/fuse/Access.h"
#include "costate/compiler/fuse/MemoryPlan.h"

#include "costate/dialects/graph/Graph.h"
#include "costate/dialects/kernel/Kernel.h"

#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

#include <queue>

using namespace mlir;
using namespace costate::graph;

namespace costate::fuse {

namespace {

using Edge = std::pair<Operation *, Operation *>;

/// An access to a part of an arena, or to a whole array (size < 0).
struct Access {
  Operation *op;
  int64_t offset = 0, size = -1;
  OpOperand *use = nullptr; ///< of the value itself, not of a view

  bool overlaps(const Access &other) const {
    return size < 0 || other.size < 0 || (offset < other.offset + other.size && other.offset < offset + size);
  }
};

/// Ops of `block` that read `value` or a view of it.
void collectReaders(Value value, Block &block, Access range, LeafRanges &leaves, SmallVectorImpl<Access> &readers) {
  for (OpOperand &use : value.getUses()) {
    Operation *user = use.getOwner();
    if (auto leaf = dyn_cast<LeafOp>(user)) {
      auto [offset, size] = leaves.of(leaf, leaf.getLeaf().getRootReference(), leaf.getLeaf().getLeafReference());
      collectReaders(leaf.getResult(), block, {nullptr, offset, size}, leaves, readers);
    } else if (isa<ReshapeOp>(user)) {
      collectReaders(user->getResult(0), block, range, leaves, readers);
    } else if (Operation *ancestor = block.findAncestorOpInBlock(*user)) {
      readers.push_back({ancestor, range.offset, range.size, range.size < 0 ? &use : nullptr});
    }
  }
}

/// `reader` and the op that makes `value` are one. A kernel reads before it writes at each index (checked with its place), a branch replaces the
/// old value at its end, and a loop may start from it; but no loop may look at it again.
bool mayReplaceWhatItReads(const Access &reader, Value value) {
  Operation *op = reader.op;
  if (isa<scf::IfOp>(op) || op->getNumRegions() == 0)
    return true;
  if (!reader.use || reader.use->getOwner() != op)
    return false;
  unsigned result = cast<OpResult>(value).getResultNumber(), operand = reader.use->getOperandNumber();
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return operand == loop.getNumControlOperands() + result;
  if (auto loop = dyn_cast<scf::WhileOp>(op))
    return loop.getConditionOp().getArgs()[result] == loop.getBeforeArguments()[operand];
  return false;
}

/// What a loop starts the carry from that its result is; null if the result is none.
Value startOf(OpResult result) {
  if (auto loop = dyn_cast<scf::ForOp>(result.getOwner()))
    return loop.getInitArgs()[result.getResultNumber()];
  if (auto loop = dyn_cast<scf::WhileOp>(result.getOwner()))
    for (auto [start, carried] : llvm::zip_equal(loop.getInits(), loop.getBeforeArguments()))
      if (loop.getConditionOp().getArgs()[result.getResultNumber()] == carried)
        return start;
  return Value();
}

/// Ops of `block` that would write `value` in its memory. changed: what a value of a kernel has been, if it may be changed in its memory.
void collectWriters(Value value, Block &block, Access range, LeafRanges &leaves, function_ref<Value(OpResult)> changed, SmallVectorImpl<Access> &writers) {
  Operation *op = value.getDefiningOp();
  if (!op || op->getBlock() != &block)
    return;
  if (auto pack = dyn_cast<PackOp>(op))
    for (auto [name, leaf] : llvm::zip_equal(pack.getNames().getAsValueRange<StringAttr>(), pack.getLeaves())) {
      auto [offset, size] = leaves.of(pack, pack.getArenaAttr().getAttr(), name);
      collectWriters(leaf, block, {nullptr, offset, size}, leaves, changed, writers);
      writers.push_back({op, offset, size}); // where it has to be copied
    }
  else if (isa<ReshapeOp>(op))
    collectWriters(op->getOperand(0), block, range, leaves, changed, writers);
  else {
    writers.push_back({op, range.offset, range.size});
    if (Value start = startOf(cast<OpResult>(value)); start && start.hasOneUse()) // then it may be computed in the memory of the carry
      collectWriters(start, block, range, leaves, changed, writers);
    if (Value before = changed(cast<OpResult>(value)))
      collectWriters(before, block, range, leaves, changed, writers);
  }
}

/// The ops of `block` in an order that follows values and `edges`, close to the present one; nothing if there is none.
std::optional<SmallVector<Operation *>> sorted(Block &block, ArrayRef<Edge> edges) {
  DenseMap<Operation *, unsigned> position, missing;
  DenseMap<Operation *, llvm::SetVector<Operation *>> followers;
  SmallVector<Operation *> ops;
  for (Operation &op : block.without_terminator()) {
    position[&op] = ops.size();
    ops.push_back(&op);
  }
  auto follow = [&](Operation *first, Operation *second) {
    if (first != second && position.contains(first) && position.contains(second) && followers[first].insert(second))
      ++missing[second];
  };
  for (Operation *op : ops)
    op->walk([&](Operation *inner) {
      for (Value operand : inner->getOperands())
        if (Operation *producer = operand.getDefiningOp())
          follow(producer, op);
    });
  Operation *lastEffect = nullptr;
  for (Operation *op : ops)
    if (!isMemoryEffectFree(op)) {
      if (lastEffect)
        follow(lastEffect, op);
      lastEffect = op;
    }
  for (auto [first, second] : edges)
    follow(first, second);
  std::priority_queue<unsigned, std::vector<unsigned>, std::greater<>> ready;
  for (Operation *op : ops)
    if (missing.lookup(op) == 0)
      ready.push(position[op]);
  SmallVector<Operation *> order;
  while (!ready.empty()) {
    Operation *op = ops[ready.top()];
    ready.pop();
    order.push_back(op);
    for (Operation *next : followers[op])
      if (--missing[next] == 0)
        ready.push(position[next]);
  }
  if (order.size() != ops.size())
    return std::nullopt;
  return order;
}

} // namespace

void MemoryPlan::replaceInPlace(Block &block, ArrayRef<std::pair<Value, Value>> pairs) {
  // Each branch that makes a new value, or what a loop or a kernel changes to the new value, has an order of its own.
  llvm::MapVector<Operation *, SmallVector<std::pair<Value, unsigned>>> branches;
  for (auto [old, value] : pairs) {
    auto made = dyn_cast<OpResult>(storageOf(value));
    while (made && !isa<scf::IfOp>(made.getOwner())) {
      Value start = startOf(made), before = start && start.hasOneUse() ? start : changedInput(made);
      made = before ? dyn_cast<OpResult>(storageOf(before)) : OpResult();
    }
    if (made)
      branches[made.getOwner()].push_back({old, made.getResultNumber()});
  }
  for (auto &[branch, results] : branches)
    for (Region &region : branch->getRegions()) {
      if (region.empty())
        continue;
      SmallVector<std::pair<Value, Value>> inside;
      for (auto [old, number] : results)
        if (Value value = region.front().getTerminator()->getOperand(number); value != old)
          inside.push_back({old, value});
      replaceInPlace(region.front(), inside);
    }

  SmallVector<std::pair<Value, Value>> all; // what changes within the block comes first: it counts as written where the last value is
  for (Operation &op : block)
    for (OpResult result : op.getResults())
      if (Value input = changedInput(result))
        if (Value old = storageOf(input); old.getDefiningOp() && old.getParentBlock() == &block)
          all.push_back({old, result});
  llvm::append_range(all, pairs);
  auto changed = [&](OpResult result) {
    Value input = changedInput(result);
    return input && replaceable.contains({storageOf(input), result}) ? input : Value();
  };
  SmallVector<Edge> edges;
  std::optional<SmallVector<Operation *>> order;
  for (auto [old, value] : all) {
    SmallVector<Access> readers, writers;
    collectReaders(old, block, {}, leaves, readers);
    if (auto argument = dyn_cast<BlockArgument>(old); argument && argument.getOwner() == &function.getBody().front())
      for (Operation *requirement : requirements)
        if (Operation *ancestor = block.findAncestorOpInBlock(*requirement))
          readers.push_back({ancestor}); // a call that ends there leaves it as it was
    collectWriters(value, block, {}, leaves, changed, writers);
    SmallVector<Edge> more(edges);
    bool isPossible = true;
    for (Access &reader : readers)
      for (Access &writer : writers) {
        isPossible &= !reader.op->hasTrait<OpTrait::IsTerminator>(); // nothing runs after it
        if (!reader.overlaps(writer))
          continue;
        if (reader.op != writer.op)
          more.push_back({reader.op, writer.op});
        else
          isPossible &= writer.op != value.getDefiningOp() || mayReplaceWhatItReads(reader, value);
      }
    if (!isPossible)
      continue;
    if (auto found = sorted(block, more)) {
      order = std::move(found);
      edges = std::move(more);
      replaceable.insert({old, value});
    }
  }
  if (order)
    for (Operation *op : *order)
      op->moveBefore(block.getTerminator());
}

} // namespace costate::fuse
