// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/codegen/Passes.h"
#include "costate/dialects/kernel/Kernel.h"
#include "costate/dialects/optim/Optim.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace costate::codegen {

#define GEN_PASS_DEF_TRACECALLS
#include "costate/compiler/codegen/Passes.h.inc"

namespace {

struct TraceCalls : impl::TraceCallsBase<TraceCalls> {
  void runOnOperation() override {
    SmallVector<Operation *> calls;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(optim::kEntryAttr))
        function.walk([&](Operation *op) {
          if (isa<kernel::CallOp, kernel::ExternOp>(op))
            calls.push_back(op);
        });
    for (auto [number, call] : llvm::enumerate(calls)) {
      OpBuilder builder(call);
      Value place = arith::ConstantIndexOp::create(builder, call->getLoc(), number);
      auto mark = [&](StringRef function) {
        kernel::ExternOp::create(builder, call->getLoc(), TypeRange(), function, ValueRange(), ValueRange(), place, ValueRange());
      };
      mark("costate_trace_begin");
      builder.setInsertionPointAfter(call);
      mark("costate_trace_end");
    }
  }
};

} // namespace

} // namespace costate::codegen
