// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a formula lets the target fuse, neither Halide's LLVM nor ours is left to choose: a result depends neither on which of them compiles a kernel nor on how
// well it optimizes. Halide's contractions are apart (KernelToHalide.h).
#include "costate/compiler/codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinOps.h"

using namespace mlir;

namespace costate::codegen {

#define GEN_PASS_DEF_FUSEMULTIPLYADDS
#include "costate/compiler/codegen/Passes.h.inc"

namespace {

template <typename Op> bool mayContract(Op op) { return arith::bitEnumContainsAll(op.getFastmath(), arith::FastMathFlags::contract); }

struct FuseMultiplyAdds : impl::FuseMultiplyAddsBase<FuseMultiplyAdds> {
  void runOnOperation() override {
    getOperation()->walk([](arith::AddFOp sum) {
      Type element = getElementTypeOrSelf(sum.getType());
      if (!mayContract(sum) || (!element.isF32() && !element.isF64()))
        return;
      for (auto [value, other] : {std::pair(sum.getLhs(), sum.getRhs()), std::pair(sum.getRhs(), sum.getLhs())}) {
        auto product = value.getDefiningOp<arith::MulFOp>();
        if (!product || !mayContract(product))
          continue;
        OpBuilder builder(sum);
        sum.replaceAllUsesWith(math::FmaOp::create(builder, sum.getLoc(), product.getLhs(), product.getRhs(), other).getResult());
        sum.erase();
        if (product.use_empty())
          product.erase();
        return;
      }
    });
  }
};

} // namespace

} // namespace costate::codegen
