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
        narrowIndices(b, top);
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

  /// m = max(x), or 0 where that is not finite; e = exp(x - m); s = sum(e). Then softmax is e / s and logsumexp is m + log(s): rows of
  /// -inf give NaN and -inf, an infinity gives inf, a NaN stays.
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
    Value result = isa<SoftmaxOp>(op) ? Value(DivideOp::create(b, e, spread(b, s, axes, x))) : Value(AddOp::create(b, m, LogOp::create(b, s)));
    op->getResult(0).replaceAllUsesWith(result);
    op->erase();
  }

  /// The runtime counts in i32.
  void narrowIndices(Builder &b, TopKOp op) {
    if (op.getIndices().getType().getElementType().isInteger(32))
      return;
    auto narrow = TopKOp::create(b, op.getValues().getType(), op.getIndices().getType().clone(b.getI32Type()), op.getOperand(), op.getK());
    Value wide = ConvertOp::create(b, op.getIndices().getType(), narrow.getIndices());
    op.replaceAllUsesWith(ValueRange{narrow.getValues(), wide});
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
