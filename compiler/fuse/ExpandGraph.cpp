// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Ops that earlier phases want whole, as the compositions that kernels compute.
#include "costate/compiler/fuse/Passes.h"
#include "costate/dialects/graph/Axes.h"
#include "costate/dialects/graph/Dimensions.h"
#include "costate/dialects/graph/Graph.h"

#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Dominance.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/CSE.h"

using namespace mlir;
using namespace costate::graph;

namespace costate::fuse {

#define GEN_PASS_DEF_EXPANDGRAPH
#include "costate/compiler/fuse/Passes.h.inc"

namespace {

using Builder = ImplicitLocOpBuilder;

class GraphExpansion {
public:
  void run(func::FuncOp function) {
    function.walk([&](Operation *op) {
      Builder b(op->getLoc(), op);
      if (isa<SoftmaxOp, LogSumExpOp>(op))
        expandExponentials(b, op);
      else if (auto top = dyn_cast<TopKOp>(op))
        expandTopK(b, top);
      else if (auto sort = dyn_cast<SortOp>(op))
        expandSort(b, sort);
    });
  }

private:
  Value splat(Builder &b, Value like, const APFloat &value) {
    auto type = cast<RankedTensorType>(like.getType());
    Value scalar = ConstantOp::create(b, DenseElementsAttr::get(RankedTensorType::get({}, type.getElementType()), value));
    if (type.getRank() == 0)
      return scalar;
    return BroadcastInDimOp::create(b, type, scalar, ArrayRef<int64_t>(), toArrayAttr(b.getContext(), dimensions.of(like)));
  }

  /// Repeats a row's value along the reduced axes.
  Value spread(Builder &b, Value rows, ArrayRef<int64_t> axes, Value like) {
    auto type = cast<RankedTensorType>(like.getType());
    return BroadcastInDimOp::create(b, type, rows, complement(axes, type.getRank()), toArrayAttr(b.getContext(), dimensions.of(like)));
  }

  /// m = max(x), or 0 where that is not finite; e = exp(x - m); s = sum(e). Then logsumexp is m + log(s): rows of -inf give -inf, an
  /// infinity gives inf, a NaN stays. Softmax is e / s, and NaN where the maximum is not finite.
  void expandExponentials(Builder &b, Operation *op) {
    Value x = op->getOperand(0);
    auto axes = llvm::to_vector(cast<DenseI64ArrayAttr>(op->getAttr("axes")).asArrayRef());
    auto type = cast<RankedTensorType>(x.getType());
    Type rowType = RankedTensorType::get(take(type.getShape(), complement(axes, type.getRank())), type.getElementType());
    const llvm::fltSemantics &semantics = cast<FloatType>(type.getElementType()).getFloatSemantics();
    Value largest = ReduceMaxOp::create(b, rowType, x, axes);
    Value isFinite = CompareOp::create(b, ComparisonDirection::LT, AbsOp::create(b, largest), splat(b, largest, APFloat::getInf(semantics)));
    Value m = SelectOp::create(b, isFinite, largest, splat(b, largest, APFloat::getZero(semantics)));
    Value e = ExponentialOp::create(b, SubtractOp::create(b, x, spread(b, m, axes, x)));
    Value s = ReduceSumOp::create(b, rowType, e, axes);
    Value result;
    if (isa<SoftmaxOp>(op)) {
      Value divisor = SelectOp::create(b, isFinite, s, splat(b, s, APFloat::getNaN(semantics)));
      result = DivideOp::create(b, e, spread(b, divisor, axes, x));
    } else {
      result = AddOp::create(b, m, LogOp::create(b, s));
    }
    op->getResult(0).replaceAllUsesWith(result);
    op->erase();
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
    op.replaceAllUsesWith(wide.getResults().drop_front());
    op.erase();
  }

  /// The runtime counts in i32.
  void expandTopK(Builder &b, TopKOp op) {
    RankedTensorType values = op.getValues().getType(), indices = op.getIndices().getType();
    Value keys = wideKeys(b, op.getOperand());
    if (keys == op.getOperand() && indices.getElementType().isInteger(32))
      return;
    auto wide = TopKOp::create(b, values.clone(cast<RankedTensorType>(keys.getType()).getElementType()), indices.clone(b.getI32Type()), keys, op.getK());
    auto as = [&](RankedTensorType type, Value value) { return value.getType() == type ? value : Value(ConvertOp::create(b, type, value)); };
    op.replaceAllUsesWith(ValueRange{as(values, wide.getValues()), as(indices, wide.getIndices())});
    op.erase();
  }

  Dimensions dimensions;
};

struct ExpandGraph : impl::ExpandGraphBase<ExpandGraph> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      GraphExpansion().run(function);
    // The forward value and its derivative often expand alike.
    IRRewriter rewriter(&getContext());
    DominanceInfo dominance(getOperation());
    eliminateCommonSubExpressions(rewriter, dominance, getOperation());
  }
};

} // namespace

} // namespace costate::fuse
