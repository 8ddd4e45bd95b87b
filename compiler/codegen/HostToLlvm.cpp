// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The last step before LLVM: upstream's conversions in one go, behind a check that nothing in the host code allocates or leaves for the C
// library's mathematics.
#include "costate/compiler/codegen/Passes.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/DialectConversion.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace costate::codegen {

#define GEN_PASS_DEF_HOSTTOLLVM
#include "costate/compiler/codegen/Passes.h.inc"

namespace {

/// Functions that are an instruction, or exact in any implementation.
bool isExact(Operation *op) {
  return isa<math::AbsFOp, math::AbsIOp, math::CeilOp, math::CopySignOp, math::CountLeadingZerosOp, math::CountTrailingZerosOp,
             math::CtPopOp, math::FloorOp, math::FmaOp, math::IsFiniteOp, math::IsInfOp, math::IsNaNOp, math::IsNormalOp,
             math::RoundEvenOp, math::SqrtOp, math::TruncOp>(op);
}

struct HostToLlvm : impl::HostToLlvmBase<HostToLlvm> {
  void runOnOperation() override {
    WalkResult checked = getOperation().walk([](Operation *op) {
      if (isa<memref::AllocOp, memref::DeallocOp, memref::ReallocOp>(op)) {
        op->emitOpError("requires memory to be planned before code generation: a step allocates nothing");
        return WalkResult::interrupt();
      }
      if (isa_and_nonnull<math::MathDialect>(op->getDialect()) && !isExact(op)) {
        op->emitOpError("requires expansion before code generation: no function of the C library is called");
        return WalkResult::interrupt();
      }
      return WalkResult::advance();
    });
    if (checked.wasInterrupted())
      return signalPassFailure();

    LowerToLLVMOptions options(&getContext());
    LLVMTypeConverter types(&getContext(), options);
    RewritePatternSet patterns(&getContext());
    SymbolTableCollection symbols;
    arith::populateCeilFloorDivExpandOpsPatterns(patterns);
    arith::populateArithToLLVMConversionPatterns(types, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(types, patterns);
    populateMathToLLVMConversionPatterns(types, patterns);
    populateFinalizeMemRefToLLVMConversionPatterns(types, patterns, &symbols);
    populateFuncToLLVMConversionPatterns(types, patterns, &symbols);
    ub::populateUBToLLVMConversionPatterns(types, patterns);
    populateVectorToLLVMConversionPatterns(types, patterns);
    LLVMConversionTarget target(getContext());
    target.addLegalOp<ModuleOp>();
    if (failed(applyFullConversion(getOperation(), target, std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace

void addHostPasses(OpPassManager &passes, bool fma, bool trace) {
  if (trace) // one call after the other, each on all threads
    passes.addPass(createTraceCalls());
  else
    passes.addPass(createOutlineTasks());
  passes.addPass(createKernelToLoops());
  if (fma)
    passes.addPass(createFuseMultiplyAdds());
  passes.addPass(memref::createExpandStridedMetadataPass());
  passes.addPass(createLowerAffinePass());
  passes.addPass(createSCFToControlFlowPass());
  passes.addPass(createBindEntries());
  passes.addPass(createHostToLlvm());
  passes.addPass(createReconcileUnrealizedCastsPass());
  passes.addPass(createCanonicalizerPass()); // drops constants of descriptors that nobody asked for
}

} // namespace costate::codegen
