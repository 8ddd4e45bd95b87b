// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// mlir-opt with Costate's dialects and passes, and the upstream dialects that appear beside them at some level.
#include "costate/dialects/Dialects.h"
#include "costate/tools/Version.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/Extensions/InlinerExtension.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  costate::registerAllDialects(registry);
  registry.insert<mlir::LLVM::LLVMDialect, mlir::arith::ArithDialect, mlir::cf::ControlFlowDialect, mlir::func::FuncDialect,
                  mlir::math::MathDialect, mlir::memref::MemRefDialect, mlir::scf::SCFDialect, mlir::tensor::TensorDialect>();
  mlir::func::registerInlinerExtension(registry);
  mlir::registerTransformsPasses();

  llvm::cl::SetVersionPrinter([](llvm::raw_ostream &os) { os << costate::versionLine << "\n"; });
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "Costate optimizer driver\n", registry));
}
