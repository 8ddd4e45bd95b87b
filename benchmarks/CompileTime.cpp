// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Compile time of the kernels of a module, as the fuse phase leaves them: each alone, then all together on all threads.
///
/// usage: benchmark-compile-time FILE.mlir
#include "costate/compiler/codegen/CompileKernels.h"
#include "costate/compiler/schedule/Passes.h"
#include "costate/dialects/Dialects.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include <chrono>
#include <cstdio>

using namespace mlir;
using namespace costate::kernel;

int main(int argc, char **argv) {
  MLIRContext context;
  DialectRegistry registry;
  costate::registerAllDialects(registry);
  registry.insert<cf::ControlFlowDialect, func::FuncDialect, memref::MemRefDialect, scf::SCFDialect>();
  context.appendDialectRegistry(registry);
  context.loadAllAvailableDialects();
  context.allowUnregisteredDialects(); // host code is of no interest here
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(argc > 1 ? argv[1] : "-", ParserConfig(&context, /*verifyAfterParse=*/false));
  PassManager passes(&context);
  passes.enableVerifier(false);
  costate::schedule::AssignSchedulesOptions options;
  options.all = true;
  passes.addPass(costate::schedule::createAssignSchedules(options));
  if (!module || failed(passes.run(*module)))
    return 1;
  auto milliseconds = [](auto work) {
    auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  };
  std::vector<DefineOp> kernels;
  int failures = 0;
  for (auto kernel : module->getOps<DefineOp>()) {
    bool failed = false;
    double time = milliseconds([&] { failed = mlir::failed(kernel.verifyRegions()) || mlir::failed(costate::codegen::compileKernels(kernel, {})); });
    std::printf("%-40s %3zu stages  %6.0f ms%s\n", kernel.getSymName().str().c_str(), kernel.getStageOps().size(), time, failed ? "  failed" : "");
    failures += failed;
    if (!failed)
      kernels.push_back(kernel);
  }
  double together = milliseconds([&] { (void)costate::codegen::compileKernels(kernels, {}); });
  std::printf("%zu kernels together: %.0f ms, %d failed\n", kernels.size(), together, failures);
  return failures != 0;
}
