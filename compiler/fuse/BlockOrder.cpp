// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/fuse/BlockOrder.h"

#include "costate/dialects/kernel/Kernel.h"

#include "mlir/IR/Operation.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;

namespace costate::fuse {

void sortByValues(Block &block) {
  SmallVector<Operation *> waiting = llvm::map_to_vector(block.without_terminator(), [](Operation &op) { return &op; });
  llvm::DenseSet<Operation *> unplaced(waiting.begin(), waiting.end());
  auto isReady = [&](Operation *op) {
    WalkResult found = op->walk([&](Operation *inner) {
      bool waits = llvm::any_of(inner->getOperands(), [&](Value operand) {
        Operation *producer = operand.getDefiningOp();
        return producer && producer != op && unplaced.contains(producer);
      });
      return waits ? WalkResult::interrupt() : WalkResult::advance();
    });
    return !found.wasInterrupted();
  };
  while (!waiting.empty()) {
    SmallVector<Operation *> rest;
    bool effectWaits = false;
    for (Operation *op : waiting) {
      bool hasEffect = !isMemoryEffectFree(op);
      if ((hasEffect && effectWaits) || !isReady(op)) {
        rest.push_back(op);
        effectWaits |= hasEffect;
        continue;
      }
      unplaced.erase(op);
      op->moveBefore(block.getTerminator());
    }
    if (rest.size() == waiting.size())
      return; // values in a circle: the verifier says so
    waiting = std::move(rest);
  }
}

static bool isLarge(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.hasStaticShape() && type.getNumElements() * llvm::divideCeil(type.getElementTypeBitWidth(), 8) >= kLarge;
}

void joinReaders(Block &block) {
  SmallVector<kernel::CallOp> calls(block.getOps<kernel::CallOp>());
  llvm::DenseSet<Operation *> joined;
  for (kernel::CallOp first : calls) {
    if (joined.contains(first))
      continue;
    llvm::DenseSet<Value> arrays;
    auto add = [&](ValueRange values) {
      for (Value value : values)
        if (isLarge(value))
          arrays.insert(value);
    };
    add(first.getInputs());
    add(first.getResults());
    if (arrays.empty())
      continue;
    Operation *last = first;
    for (kernel::CallOp call : calls) {
      if (call == last || !last->isBeforeInBlock(call) ||
          llvm::none_of(call.getInputs(), [&](Value input) { return arrays.contains(input); }) ||
          llvm::any_of(call.getInputs(), [&](Value input) {
            Operation *made = input.getDefiningOp();
            return made && made->getBlock() == &block && first->isBeforeInBlock(made);
          }))
        continue;
      call->moveAfter(last);
      last = call;
      joined.insert(call);
      add(call.getInputs());
    }
  }
}

} // namespace costate::fuse
