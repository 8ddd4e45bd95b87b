// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Ops that earlier phases want whole, as the compositions that kernels compute.
#include "costate/compiler/fuse/Passes.h"
#include "costate/dialects/graph/Emitter.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/CSE.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace costate::graph;

namespace costate::fuse {

#define GEN_PASS_DEF_EXPANDGRAPH
#include "costate/compiler/fuse/Passes.h.inc"

namespace {

using Builder = ImplicitLocOpBuilder;

class GraphExpansion : OpBuilder::Listener {
public:
  LogicalResult run(func::FuncOp function) {
    function.walk([&](Operation *op) { work.push_back(op); });
    while (!work.empty())
      if (failed(expand(work.pop_back_val())))
        return failure();
    for (Operation *op : llvm::reverse(replaced))
      op->erase();
    return success();
  }

private:
  /// A composition may hold what is to be expanded itself.
  void notifyOperationInserted(Operation *op, OpBuilder::InsertPoint) override { work.push_back(op); }

  LogicalResult expand(Operation *op) {
    Builder b(op->getLoc(), op);
    b.setListener(this);
    if (auto expandable = dyn_cast<Expandable>(op))
      return expandWhole(b, expandable);
    if (auto top = dyn_cast<TopKOp>(op))
      expandTopK(b, top);
    else if (auto sort = dyn_cast<SortOp>(op))
      expandSort(b, sort);
    return success();
  }

  LogicalResult expandWhole(Builder &b, Expandable op) {
    Emitter emitter(b, op->getLoc(), dimensions);
    SmallVector<Value> results = op.expand(emitter);
    if (TypeRange(ValueRange(results)) != op->getResultTypes())
      return op->emitOpError() << "requires its composition to have the type of its results, but got " << TypeRange(ValueRange(results));
    if (auto sum = isa<LogSumExpOp>(op) ? results.front().getDefiningOp<AddOp>() : AddOp())
      subtractParts(op->getResult(0), sum.getLhs(), sum.getRhs());
    replace(op, results);
    return success();
  }

  /// What is subtracted from m + log(s), or from what it is subtracted, is mostly as large as m, beside which log(s) would lose its digits: the difference
  /// with m is taken first. So -log p of a likely class is not rounded to the spacing of its logit.
  void subtractParts(Value whole, Value m, Value logOfS) {
    for (Operation *user : llvm::SetVector<Operation *>(whole.user_begin(), whole.user_end())) { // each once, though it may use it twice
      Builder b(user->getLoc(), user);
      if (isa<BroadcastInDimOp, ReshapeOp>(user)) {
        auto alike = [&](Value part) {
          IRMapping mapping;
          mapping.map(whole, part);
          return b.clone(*user, mapping)->getResult(0);
        };
        Value spreadM = alike(m), spreadLog = alike(logOfS);
        subtractParts(user->getResult(0), spreadM, spreadLog);
      } else if (auto difference = dyn_cast<SubtractOp>(user); !difference || difference.getLhs() == difference.getRhs()) {
        continue;
      } else if (difference.getLhs() == whole) {
        replace(user, AddOp::create(b, SubtractOp::create(b, m, difference.getRhs()), logOfS).getResult());
      } else {
        replace(user, SubtractOp::create(b, SubtractOp::create(b, difference.getLhs(), m), logOfS).getResult());
      }
    }
  }

  /// Erased only at the end: dimensions are known by value, and no later value may lie where an earlier one did.
  void replace(Operation *op, ValueRange results) {
    op->replaceAllUsesWith(results);
    replaced.push_back(op);
  }

  /// The runtime sorts by f32, f64, i32 and i64; a narrower type keeps its order in one of them.
  Value wideKeys(Builder &b, Value keys) {
    auto type = cast<RankedTensorType>(keys.getType());
    if (type.getElementTypeBitWidth() >= 32)
      return keys;
    Type wide = isa<FloatType>(type.getElementType()) ? Type(b.getF32Type()) : Type(b.getI32Type());
    return ConvertOp::create(b, type.clone(wide), keys);
  }

  void expandSort(Builder &b, SortOp op) {
    SmallVector<Value> operands(op.getOperands());
    Value keys = wideKeys(b, operands.front());
    if (keys == operands.front())
      return;
    operands.insert(operands.begin(), keys);
    auto wide = SortOp::create(b, TypeRange(ValueRange(operands)), operands, op.getAxis());
    replace(op, wide.getResults().drop_front());
  }

  /// The runtime counts in i32.
  void expandTopK(Builder &b, TopKOp op) {
    RankedTensorType values = op.getValues().getType(), indices = op.getIndices().getType();
    Value keys = wideKeys(b, op.getOperand());
    if (keys == op.getOperand() && indices.getElementType().isInteger(32))
      return;
    auto wide = TopKOp::create(b, values.clone(cast<RankedTensorType>(keys.getType()).getElementType()), indices.clone(b.getI32Type()), keys, op.getK());
    auto as = [&](RankedTensorType type, Value value) { return value.getType() == type ? value : Value(ConvertOp::create(b, type, value)); };
    replace(op, {as(values, wide.getValues()), as(indices, wide.getIndices())});
  }

  Dimensions dimensions;
  SmallVector<Operation *> work, replaced;
};

struct ExpandGraph : impl::ExpandGraphBase<ExpandGraph> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (failed(GraphExpansion().run(function)))
        return signalPassFailure();
    // The forward value and its derivative often expand alike.
    IRRewriter rewriter(&getContext());
    DominanceInfo dominance(getOperation());
    eliminateCommonSubExpressions(rewriter, dominance, getOperation());
  }
};

} // namespace

} // namespace costate::fuse
