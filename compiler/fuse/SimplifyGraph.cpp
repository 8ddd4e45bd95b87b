// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Graph to simpler graph. Every rewrite is exact: it moves values or renames axes, and computes nothing differently.
#include "costate/compiler/fuse/Access.h"
#include "costate/compiler/fuse/Passes.h"
#include "costate/dialects/graph/Axes.h"
#include "costate/dialects/graph/Dimensions.h"
#include "costate/dialects/graph/Graph.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/CSE.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;
using namespace costate::graph;

namespace costate::fuse {

#define GEN_PASS_DEF_SIMPLIFYGRAPH
#include "costate/compiler/fuse/Passes.h.inc"

namespace {

SmallVector<int64_t> through(ArrayRef<int64_t> axes, ArrayRef<int64_t> permutation) {
  return llvm::map_to_vector(axes, [&](int64_t axis) { return permutation[axis]; });
}

// dot_general(transpose(x), y) -> dot_general(x, y) with other axes, if the free axes of x keep their order
struct TransposeIntoDot : OpRewritePattern<DotGeneralOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(DotGeneralOp op, PatternRewriter &rewriter) const override {
    bool changed = false;
    auto fold = [&](Value operand, ArrayRef<int64_t> free, SmallVector<int64_t> &batching, SmallVector<int64_t> &contracting) -> Value {
      auto transpose = operand.getDefiningOp<TransposeOp>();
      if (!transpose || !llvm::is_sorted(through(free, transpose.getPermutation())))
        return operand;
      changed = true;
      batching = through(batching, transpose.getPermutation());
      contracting = through(contracting, transpose.getPermutation());
      return transpose.getOperand();
    };
    SmallVector<int64_t> lb(op.getLhsBatching()), lc(op.getLhsContracting()), rb(op.getRhsBatching()), rc(op.getRhsContracting());
    Value lhs = fold(op.getLhs(), op.lhsFree(), lb, lc), rhs = fold(op.getRhs(), op.rhsFree(), rb, rc);
    if (!changed)
      return failure();
    rewriter.replaceOpWithNewOp<DotGeneralOp>(op, op.getType(), lhs, rhs, lb, rb, lc, rc);
    return success();
  }
};

// transpose(dot_general(x, y)) of two matrices -> dot_general(y, x)
struct TransposeOfDot : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    auto dot = op.getOperand().getDefiningOp<DotGeneralOp>();
    if (!dot || !dot->hasOneUse() || !dot.getLhsBatching().empty())
      return failure();
    int64_t left = dot.lhsFree().size(), rank = op.getPermutation().size();
    // The free axes of both operands change places and keep their order otherwise: products commute, so every sum stays the same.
    for (int64_t axis = 0; axis < rank; ++axis)
      if (op.getPermutation()[axis] != (axis + left) % rank)
        return failure();
    if (left == 0 || left == rank)
      return failure();
    rewriter.replaceOpWithNewOp<DotGeneralOp>(op, op.getType(), dot.getRhs(), dot.getLhs(), dot.getRhsBatching(), dot.getLhsBatching(),
                                              dot.getRhsContracting(), dot.getLhsContracting());
    return success();
  }
};

// transpose(transpose(x)) -> transpose(x)
struct TransposeOfTranspose : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getOperand().getDefiningOp<TransposeOp>();
    if (!inner)
      return failure();
    rewriter.replaceOpWithNewOp<TransposeOp>(op, op.getType(), inner.getOperand(), through(op.getPermutation(), inner.getPermutation()));
    return success();
  }
};

// broadcast(broadcast(x)) -> broadcast(x)
struct BroadcastOfBroadcast : OpRewritePattern<BroadcastInDimOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BroadcastInDimOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getOperand().getDefiningOp<BroadcastInDimOp>();
    if (!inner)
      return failure();
    rewriter.replaceOpWithNewOp<BroadcastInDimOp>(op, op.getType(), inner.getOperand(), through(inner.getDims(), op.getDims()), op.getShape());
    return success();
  }
};

// reshape(reshape(x)) -> reshape(x)
struct ReshapeOfReshape : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getOperand().getDefiningOp<ReshapeOp>();
    if (!inner)
      return failure();
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getType(), inner.getOperand(), op.getShape());
    return success();
  }
};

// leaf(pack(..., x, ...)) -> x
struct LeafOfPack : OpRewritePattern<LeafOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(LeafOp op, PatternRewriter &rewriter) const override {
    auto pack = op.getArena().getDefiningOp<PackOp>();
    if (!pack)
      return failure();
    for (auto [name, value] : llvm::zip_equal(pack.getNames().getAsRange<StringAttr>(), pack.getLeaves()))
      if (name == op.getLeaf().getLeafReference() && value.getType() == op.getType()) {
        rewriter.replaceOp(op, value);
        return success();
      }
    return failure();
  }
};

// select(c, pack(x, ...), arena) -> pack(select(c, x, leaf(arena)), ...) for a scalar c, and with both sides exchanged: what makes a leaf can then
// write it where it belongs. Outside of its leaves an arena is zero.
struct SelectOfPack : OpRewritePattern<SelectOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SelectOp op, PatternRewriter &rewriter) const override {
    auto condition = op.getPred().getDefiningOp<BroadcastInDimOp>();
    if (!condition || condition.getOperand().getType().getRank() != 0)
      return failure();
    auto pack = op.getOnTrue().getDefiningOp<PackOp>();
    bool isChosen = bool(pack);
    if (!pack)
      pack = op.getOnFalse().getDefiningOp<PackOp>();
    if (!pack || !pack->hasOneUse())
      return failure();
    Value other = isChosen ? op.getOnFalse() : op.getOnTrue();
    SmallVector<Value> leaves;
    for (auto [name, leaf] : llvm::zip_equal(pack.getNames().getAsRange<StringAttr>(), pack.getLeaves())) {
      auto type = cast<RankedTensorType>(leaf.getType()); // a static one
      Dims shape = llvm::map_to_vector<6>(type.getShape(), [&](int64_t extent) { return DimAttr::get(getContext(), extent); });
      auto symbol = SymbolRefAttr::get(pack.getArenaAttr().getAttr(), {FlatSymbolRefAttr::get(name)});
      Value old = LeafOp::create(rewriter, op.getLoc(), type, other, symbol);
      Value same = BroadcastInDimOp::create(rewriter, op.getLoc(), type.clone(rewriter.getI1Type()), condition.getOperand(), ArrayRef<int64_t>(),
                                            toArrayAttr(getContext(), shape));
      leaves.push_back(SelectOp::create(rewriter, op.getLoc(), type, same, isChosen ? leaf : old, isChosen ? old : leaf));
    }
    rewriter.replaceOpWithNewOp<PackOp>(op, pack.getType(), pack.getArenaAttr(), pack.getNames(), leaves);
    return success();
  }
};

// select(c, scatter(x, i, u), x) -> scatter(x, select(c, i, -1), u) for a scalar c; of a block, c chooses between it and what is there. Also behind
// one another, under another shape, and in branches and loops behind the condition. So a state whose new value stands under a condition is changed
// where it lies.
struct SelectOfWrite : OpRewritePattern<SelectOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SelectOp op, PatternRewriter &rewriter) const override {
    auto condition = op.getPred().getDefiningOp<BroadcastInDimOp>();
    if (!condition || condition.getOperand().getType().getRank() != 0 || storageOf(op.getOnTrue()) == storageOf(op.getOnFalse()) ||
        !leadsTo(op.getOnTrue(), op.getOnFalse(), condition.getOperand()))
      return failure();
    rewriter.replaceOp(op, guarded(op.getOnTrue(), op.getOnFalse(), condition.getOperand(), op.getLoc(), rewriter));
    return success();
  }

private:
  /// Is `value` what has been written to `x`, and used for nothing else?
  static bool leadsTo(Value value, Value x, Value condition) {
    if (storageOf(value) == storageOf(x))
      return true;
    Operation *op = value.getDefiningOp(), *known = condition.getDefiningOp();
    if (!op || !value.hasOneUse())
      return false;
    if (isWrite(op) || isa<ReshapeOp>(op))
      return leadsTo(op->getOperand(0), x, condition);
    if (known && known->getBlock() == op->getBlock() && !known->isBeforeInBlock(op))
      return false;
    unsigned number = cast<OpResult>(value).getResultNumber();
    if (auto branch = dyn_cast<scf::IfOp>(op))
      return leadsTo(branch.thenYield().getOperand(number), x, condition) && leadsTo(branch.elseYield().getOperand(number), x, condition);
    auto loop = dyn_cast<scf::ForOp>(op);
    return loop && leadsTo(loop.getInitArgs()[number], x, condition) &&
           leadsTo(loop.getYieldedValues()[number], loop.getRegionIterArg(number), condition) && isFedAlone(loop, number);
  }

  /// Does a carry of a loop depend on itself and what is outside, and nothing else on it?
  static bool isFedAlone(scf::ForOp loop, unsigned number) {
    SmallVector<Value> pending{loop.getRegionIterArg(number)};
    llvm::SmallDenseSet<Operation *> seen;
    while (!pending.empty())
      for (OpOperand &use : pending.pop_back_val().getUses()) {
        Operation *user = loop.getBody()->findAncestorOpInBlock(*use.getOwner());
        if (user == loop.getBody()->getTerminator()) {
          if (use.getOperandNumber() != number)
            return false;
        } else if (seen.insert(user).second) {
          if (!isMemoryEffectFree(user))
            return false;
          llvm::append_range(pending, user->getResults());
        }
      }
    return true;
  }

  Value broadcast(Value scalar, ArrayRef<DimAttr> dims, Location loc, PatternRewriter &rewriter) const {
    Type type = cast<RankedTensorType>(scalar.getType()).getElementType();
    return dims.empty() ? scalar
                        : BroadcastInDimOp::create(rewriter, loc, typeOf(dims, type), scalar, ArrayRef<int64_t>(), toArrayAttr(getContext(), dims));
  }

  /// `value` if `condition` holds, else `x`.
  Value guarded(Value value, Value x, Value condition, Location loc, PatternRewriter &rewriter) const {
    Dimensions dimensions;
    if (storageOf(value) == storageOf(x))
      return value;
    Operation *op = value.getDefiningOp();
    if (isa<scf::IfOp, scf::ForOp>(op)) {
      unsigned number = cast<OpResult>(value).getResultNumber();
      auto loop = dyn_cast<scf::ForOp>(op);
      if (loop) {
        OpOperand &start = loop.getInitArgsMutable()[number];
        Value chosen = guarded(start.get(), x, condition, loc, rewriter);
        rewriter.modifyOpInPlace(op, [&] { start.set(chosen); });
        x = loop.getRegionIterArg(number);
      }
      for (Region &region : op->getRegions()) {
        Operation *yield = region.front().getTerminator();
        OpBuilder::InsertionGuard guard(rewriter);
        rewriter.setInsertionPoint(yield);
        Value chosen = guarded(yield->getOperand(number), x, condition, loc, rewriter);
        rewriter.modifyOpInPlace(yield, [&] { yield->setOperand(number, chosen); });
      }
      return value;
    }
    IRMapping operands;
    operands.map(op->getOperand(0), guarded(op->getOperand(0), x, condition, loc, rewriter));
    auto choose = [&](Value given, Value other) {
      Value flag = broadcast(condition, dimensions.of(given), loc, rewriter);
      operands.map(given, SelectOp::create(rewriter, loc, given.getType(), flag, given, other).getResult());
    };
    if (isScatter(op)) {
      Value indices = op->getOperand(1);
      auto type = RankedTensorType::get({}, cast<RankedTensorType>(indices.getType()).getElementType());
      Value outside = ConstantOp::create(rewriter, loc, DenseElementsAttr::get(type, rewriter.getIntegerAttr(type.getElementType(), -1)));
      choose(indices, broadcast(outside, dimensions.of(indices), loc, rewriter));
    } else if (auto slice = dyn_cast<DynamicUpdateSliceOp>(op)) {
      Value update = slice.getUpdate();
      choose(update, DynamicSliceOp::create(rewriter, loc, cast<RankedTensorType>(update.getType()), operands.lookup(slice.getOperand()), slice.getStarts(),
                                            toArrayAttr(getContext(), dimensions.of(update))));
    }
    return rewriter.clone(*op, operands)->getResult(0);
  }
};

/// What chooses between two arrays by a scalar is a `graph.select`: the results of a branch that are there before it, and the `arith.select` that
/// canonicalization makes of these.
void chooseByElement(ModuleOp module) {
  Dimensions dimensions;
  OpBuilder b(module.getContext());
  auto select = [&](Operation *op, Value condition, Value x, Value y) -> Value {
    b.setInsertionPoint(op);
    auto type = cast<RankedTensorType>(x.getType());
    auto flagType = RankedTensorType::get({}, b.getI1Type());
    auto extract = condition.getDefiningOp<tensor::ExtractOp>();
    Value flag = extract && extract.getTensor().getType() == flagType ? extract.getTensor()
                                                                      : Value(tensor::FromElementsOp::create(b, op->getLoc(), flagType, condition));
    if (type.getRank() > 0)
      flag = BroadcastInDimOp::create(b, op->getLoc(), type.clone(b.getI1Type()), flag, ArrayRef<int64_t>(),
                                      toArrayAttr(b.getContext(), dimensions.of(x)));
    return SelectOp::create(b, op->getLoc(), type, flag, x, y);
  };
  SmallVector<Operation *> dead;
  module.walk([&](Operation *op) {
    if (auto chosen = dyn_cast<arith::SelectOp>(op); chosen && isa<RankedTensorType>(chosen.getType())) {
      chosen.getResult().replaceAllUsesWith(select(op, chosen.getCondition(), chosen.getTrueValue(), chosen.getFalseValue()));
      dead.push_back(op);
    }
    auto branch = dyn_cast<scf::IfOp>(op);
    if (!branch || branch.getNumResults() == 0)
      return;
    auto isThere = [&](Value value) { return isa<RankedTensorType>(value.getType()) && !branch->isAncestor(value.getParentRegion()->getParentOp()); };
    for (auto [result, x, y] : llvm::zip_equal(branch.getResults(), branch.thenYield().getOperands(), branch.elseYield().getOperands()))
      if (!result.use_empty() && x != y && isThere(x) && isThere(y))
        result.replaceAllUsesWith(select(op, branch.getCondition(), x, y));
  });
  for (Operation *op : dead)
    op->erase();
}

/// x > c is max(x, c) > c, and x < c is min(x, c) < c, also where one of them is no number. Where the extremum is there, as that of a relu is in its
/// derivative, x itself need not be kept.
void compareWithExtremum(ModuleOp module) {
  module.walk([](CompareOp compare) {
    bool larger = compare.getDirection() == ComparisonDirection::GT;
    if (!larger && compare.getDirection() != ComparisonDirection::LT)
      return;
    Value x = compare.getLhs(), bound = compare.getRhs();
    for (Operation *user : x.getUsers()) {
      if (!(larger ? isa<MaximumOp>(user) : isa<MinimumOp>(user)) || user->getBlock() != compare->getBlock() || !user->isBeforeInBlock(compare))
        continue;
      if (llvm::equal(user->getOperands(), ValueRange({x, bound})) || llvm::equal(user->getOperands(), ValueRange({bound, x}))) {
        compare.getLhsMutable().assign(user->getResult(0));
        return;
      }
    }
  });
}

/// Values that cost nothing to make again: a constant, or a scalar or another such value repeated.
bool isCheap(Operation *op) {
  if (isa<ConstantOp, IotaOp>(op))
    return true;
  auto broadcast = dyn_cast<BroadcastInDimOp>(op);
  return broadcast && cast<RankedTensorType>(broadcast.getOperand().getType()).getRank() == 0;
}

/// Repeats cheap values in each block that uses them: nothing has to be kept for a loop or a branch.
void sinkCheapValues(ModuleOp module) {
  SmallVector<Operation *> cheap;
  module.walk([&](Operation *op) {
    if (isCheap(op))
      cheap.push_back(op);
  });
  for (Operation *op : cheap) {
    DenseMap<Block *, Operation *> copies{{op->getBlock(), op}};
    for (OpOperand &use : llvm::make_early_inc_range(op->getUses())) {
      Block *block = use.getOwner()->getBlock();
      Operation *&copy = copies[block];
      if (!copy) {
        copy = op->clone();
        block->getOperations().push_front(copy);
      }
      use.set(copy->getResult(0));
    }
  }
}

struct SimplifyGraph : impl::SimplifyGraphBase<SimplifyGraph> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<TransposeIntoDot, TransposeOfDot, TransposeOfTranspose, BroadcastOfBroadcast, ReshapeOfReshape, LeafOfPack, SelectOfPack, SelectOfWrite>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns), GreedyRewriteConfig().setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled))))
      return signalPassFailure();
    IRRewriter rewriter(&getContext());
    DominanceInfo dominance(getOperation());
    eliminateCommonSubExpressions(rewriter, dominance, getOperation());
    chooseByElement(getOperation());
    compareWithExtremum(getOperation());
    sinkCheapValues(getOperation());
  }
};

} // namespace

} // namespace costate::fuse
