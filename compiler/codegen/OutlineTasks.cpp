// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace costate::codegen {

#define GEN_PASS_DEF_OUTLINETASKS
#include "costate/compiler/codegen/Passes.h.inc"

namespace {

/// Costs nothing, and need not be passed.
bool isRepeated(Operation *op) {
  return op && isa<arith::ConstantOp, memref::ViewOp, memref::ReinterpretCastOp, memref::GetGlobalOp, UnrealizedConversionCastOp>(op);
}

/// Copies what makes views into `region`; returns what else it uses from outside.
llvm::SetVector<Value> isolate(Region &region) {
  while (true) {
    llvm::SetVector<Value> used;
    getUsedValuesDefinedAbove(region, used);
    auto view = llvm::find_if(used, [](Value value) { return isRepeated(value.getDefiningOp()); });
    if (view == used.end())
      return used;
    Operation *copy = OpBuilder::atBlockBegin(&region.front()).clone(*view->getDefiningOp());
    replaceAllUsesInRegionWith(*view, copy->getResult(cast<OpResult>(*view).getResultNumber()), region);
  }
}

struct OutlineTasks : impl::OutlineTasksBase<OutlineTasks> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    SmallVector<scf::ParallelOp> loops;
    getOperation().walk<WalkOrder::PreOrder>([&](scf::ParallelOp loop) {
      if (loop.getNumLoops() == 1 && loop.getNumReductions() == 0 && isConstantIntValue(loop.getLowerBound().front(), 0) &&
          isConstantIntValue(loop.getStep().front(), 1))
        loops.push_back(loop);
      return WalkResult::skip();
    });
    for (scf::ParallelOp loop : loops)
      outline(loop, symbols);
  }

  void outline(scf::ParallelOp loop, SymbolTable &symbols) {
    auto around = loop->getParentOfType<func::FuncOp>();
    llvm::SetVector<Value> used = isolate(loop.getRegion());
    SmallVector<Value> operands{loop.getUpperBound().front()};
    llvm::append_range(operands, used);
    OpBuilder b(around);
    auto tasks =
        func::FuncOp::create(b, loop.getLoc(), (around.getName() + ".tasks").str(), b.getFunctionType(ValueRange(operands).getTypes(), {}));
    tasks.setPrivate();
    tasks->setAttr(kTasksAttr, b.getUnitAttr());
    symbols.insert(tasks);
    tasks.getBody().takeBody(loop.getRegion());
    Block &body = tasks.getBody().front();
    for (Value value : used)
      replaceAllUsesInRegionWith(value, body.addArgument(value.getType(), value.getLoc()), tasks.getBody());
    body.getTerminator()->erase();
    b.setInsertionPointToEnd(&body);
    func::ReturnOp::create(b, loop.getLoc());
    b.setInsertionPoint(loop);
    func::CallOp::create(b, loop.getLoc(), tasks, operands);
    loop.erase();
  }
};

} // namespace

} // namespace costate::codegen
