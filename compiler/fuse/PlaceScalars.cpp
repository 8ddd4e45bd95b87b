// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A scalar is a register of the host function: hyper-parameters, step counts, losses, the scalars of update rules and solvers. Only full
// sums leave one in memory, from where it is loaded once.
#include "costate/compiler/fuse/DimensionValues.h"
#include "costate/compiler/fuse/Passes.h"
#include "costate/compiler/fuse/ScalarMath.h"
#include "costate/dialects/graph/Dimensions.h"
#include "costate/dialects/graph/Graph.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace costate::graph;

namespace costate::fuse {

#define GEN_PASS_DEF_PLACESCALARS
#include "costate/compiler/fuse/Passes.h.inc"

namespace {

bool isScalarTensor(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getRank() == 0;
}

class ScalarPlacement {
public:
  explicit ScalarPlacement(func::FuncOp function) : function(function), dims(function), b(function.getContext()) {}

  LogicalResult run() {
    SmallVector<Operation *> ops;
    function.walk<WalkOrder::PreOrder>([&](Operation *op) { ops.push_back(op); });
    for (Operation *op : ops)
      if (auto loop = dyn_cast<scf::ForOp>(op))
        convertCarries(loop);
      else if (auto loop = dyn_cast<scf::WhileOp>(op))
        convertCarries(loop);
      else if (auto branch = dyn_cast<scf::IfOp>(op))
        convertResults(branch);
    ops.clear();
    function.walk<WalkOrder::PreOrder>([&](Operation *op) { ops.push_back(op); });
    for (Operation *op : ops)
      if (isa_and_nonnull<GraphDialect>(op->getDialect()) && failed(place(op)))
        return failure();
    foldDetours();
    return success();
  }

private:
  /// extract(from_elements(x)) -> x, and what is dead.
  void foldDetours() {
    SmallVector<Operation *> ops; // a loop in front of what is in it, which is erased first, or with it
    function.walk<WalkOrder::PreOrder>([&](Operation *op) { ops.push_back(op); });
    for (Operation *op : ops)
      if (auto extract = dyn_cast<tensor::ExtractOp>(op))
        if (auto made = extract.getTensor().getDefiningOp<tensor::FromElementsOp>(); made && isScalarTensor(made.getType()))
          extract.getResult().replaceAllUsesWith(made.getElements().front());
    for (Operation *op : llvm::reverse(ops))
      if (isOpTriviallyDead(op))
        op->erase();
  }

  /// Arithmetic knows integers without sign only; tensors keep it.
  Value withType(Value scalar, Type type) {
    return scalar.getType() == type ? scalar : UnrealizedConversionCastOp::create(b, scalar.getLoc(), type, scalar).getResult(0);
  }

  /// The register that holds `tensor`, a rank-0 tensor.
  Value scalarOf(Value tensor) {
    Type type = arithmeticType(cast<RankedTensorType>(tensor.getType()).getElementType());
    if (auto made = tensor.getDefiningOp<tensor::FromElementsOp>()) {
      Value element = made.getElements().front();
      if (auto cast = element.getDefiningOp<UnrealizedConversionCastOp>(); cast && cast.getOperand(0).getType() == type)
        return cast.getOperand(0);
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointAfter(made);
      return withType(element, type);
    }
    Value &known = loaded[tensor];
    if (!known) {
      OpBuilder::InsertionGuard guard(b);
      b.setInsertionPointAfterValue(tensor);
      known = withType(tensor::ExtractOp::create(b, tensor.getLoc(), tensor), type);
    }
    return known;
  }

  Value tensorOf(Value scalar, Type type) {
    return tensor::FromElementsOp::create(b, scalar.getLoc(), type, withType(scalar, cast<RankedTensorType>(type).getElementType()));
  }

  LogicalResult place(Operation *op) {
    b.setInsertionPoint(op);
    if (op->getNumResults() == 1 && isScalarTensor(op->getResult(0).getType())) {
      FailureOr<Value> scalar = compute(op);
      if (failed(scalar))
        return failure();
      if (*scalar) {
        op->getResult(0).replaceAllUsesWith(tensorOf(*scalar, op->getResult(0).getType()));
        return success(); // dead now
      }
    }
    for (OpOperand &operand : op->getOpOperands())
      if (isScalarTensor(operand.get().getType()) && !operand.get().getDefiningOp<tensor::FromElementsOp>())
        operand.set(tensorOf(scalarOf(operand.get()), operand.get().getType()));
    return success();
  }

  /// The value of `op` in registers; null if it is a sum, which a kernel computes.
  FailureOr<Value> compute(Operation *op) {
    Location loc = op->getLoc();
    if (op->hasTrait<Elementwise>()) {
      SmallVector<Value> operands;
      for (Value operand : op->getOperands())
        operands.push_back(scalarOf(operand));
      Value value = emitScalar(b, op, operands);
      return value ? FailureOr<Value>(value) : FailureOr<Value>(failure());
    }
    auto firstElement = [&](Value tensor) -> Value {
      if (isScalarTensor(tensor.getType()))
        return scalarOf(tensor);
      SmallVector<Value> zeros(cast<RankedTensorType>(tensor.getType()).getRank(), arith::ConstantIndexOp::create(b, loc, 0));
      return withType(tensor::ExtractOp::create(b, loc, tensor, zeros), arithmeticType(cast<RankedTensorType>(tensor.getType()).getElementType()));
    };
    if (auto constant = dyn_cast<ConstantOp>(op))
      return emitSplat(b, loc, constant.getValue());
    if (auto extent = dyn_cast<ExtentOp>(op)) {
      Value value = dims.get(extent.getDim());
      if (!value)
        return failure();
      return Value(arith::IndexCastOp::create(b, loc, b.getI64Type(), value));
    }
    // Layout ops have one element to move.
    if (isa<ReshapeOp, BroadcastInDimOp, TransposeOp, SliceOp, ReverseOp, PadOp>(op))
      return firstElement(op->getOperand(0));
    if (auto gather = dyn_cast<GatherOp>(op)) {
      Value row = arith::IndexCastOp::create(b, loc, b.getIndexType(), scalarOf(gather.getIndices()));
      Value extent = tensor::DimOp::create(b, loc, gather.getOperand(), 0), zero = arith::ConstantIndexOp::create(b, loc, 0),
            one = arith::ConstantIndexOp::create(b, loc, 1);
      Value isInside = arith::AndIOp::create(b, loc, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, row, zero),
                                             arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, row, extent));
      Value last = arith::SubIOp::create(b, loc, extent, one);
      Value at = arith::MaxSIOp::create(b, loc, arith::MinSIOp::create(b, loc, row, last), zero);
      Value element = withType(tensor::ExtractOp::create(b, loc, gather.getOperand(), at), arithmeticType(gather.getType().getElementType()));
      return Value(arith::SelectOp::create(b, loc, isInside, element, emitConstant(b, loc, element.getType(), 0)));
    }
    if (auto random = dyn_cast<RandomOp>(op)) {
      Value index = arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(0));
      return emitRandom(b, random, scalarOf(random.getKey()), index);
    }
    return Value();
  }

  //===--- Carries of control flow ---===//

  /// Rank-0 carries of a region become scalars: inside, each is turned back where it begins; `place` then removes the detour.
  void convertArguments(Block &block, unsigned first) {
    for (BlockArgument argument : block.getArguments().drop_front(first))
      if (isScalarTensor(argument.getType())) {
        Type type = argument.getType();
        argument.setType(cast<RankedTensorType>(type).getElementType());
        b.setInsertionPointToStart(&block);
        auto tensor = tensor::FromElementsOp::create(b, argument.getLoc(), type, argument);
        argument.replaceAllUsesExcept(tensor, tensor);
      }
  }

  void convertOperands(Operation *op, unsigned first) {
    for (OpOperand &operand : op->getOpOperands().drop_front(first))
      if (isScalarTensor(operand.get().getType())) {
        b.setInsertionPoint(op);
        operand.set(tensor::ExtractOp::create(b, op->getLoc(), operand.get()));
      }
  }

  void convertResults(Operation *op) {
    for (OpResult result : op->getResults())
      if (isScalarTensor(result.getType())) {
        Type type = result.getType();
        result.setType(cast<RankedTensorType>(type).getElementType());
        b.setInsertionPointAfter(op);
        auto tensor = tensor::FromElementsOp::create(b, op->getLoc(), type, result);
        result.replaceAllUsesExcept(tensor, tensor);
      }
    if (auto branch = dyn_cast<scf::IfOp>(op))
      for (Region *region : {&branch.getThenRegion(), &branch.getElseRegion()})
        if (!region->empty())
          convertOperands(region->front().getTerminator(), 0);
  }

  void convertCarries(scf::ForOp loop) {
    convertArguments(*loop.getBody(), 1);
    convertOperands(loop, loop.getNumControlOperands());
    convertOperands(loop.getBody()->getTerminator(), 0);
    convertResults(loop);
  }

  void convertCarries(scf::WhileOp loop) {
    convertArguments(*loop.getBeforeBody(), 0);
    convertArguments(*loop.getAfterBody(), 0);
    convertOperands(loop, 0);
    convertOperands(loop.getConditionOp(), 1);
    convertOperands(loop.getYieldOp(), 0);
    convertResults(loop);
  }

  func::FuncOp function;
  FunctionDims dims;
  OpBuilder b;
  DenseMap<Value, Value> loaded;
};

struct PlaceScalars : impl::PlaceScalarsBase<PlaceScalars> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function.isDeclaration() && failed(ScalarPlacement(function).run()))
        return signalPassFailure();
  }
};

} // namespace

} // namespace costate::fuse
