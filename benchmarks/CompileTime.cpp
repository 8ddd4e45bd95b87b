// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Compile time: of a model, phase by phase, without a cache; or of the kernels of a module, as the fuse phase leaves them, each alone, then all together
/// on all threads. A number stands for an update by AdamW of that many parameters of 3,500 elements.
///
/// usage: benchmark-compile-time FILE.costate | NUMBER | FILE.mlir
#include "costate/compiler/api/Compiler.h"
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
#include <string>

using namespace mlir;
using namespace costate::kernel;

static costate::ModelSource updateOf(unsigned tensors) {
  std::string text = "model update {\n";
  for (unsigned number = 0; number < tensors; ++number)
    text += "  param p" + std::to_string(number) + " : f32[3500] = normal(std=0.1)\n";
  return {"update.costate", text + "  state g = params\n  step { update params with adamw(lr=1e-3, weight_decay=1e-2) from g }\n}\n"};
}

static int compileModel(const costate::ModelSource &source) {
  absl::StatusOr<costate::Executable> executable = costate::Session().compile(source);
  if (!executable.ok()) {
    std::fprintf(stderr, "%s\n", executable.status().ToString().c_str());
    return 1;
  }
  const costate::CompileReport &report = executable->report();
  std::printf("import        %7.1f ms\n", 1e3 * report.import);
  for (const auto &[phase, seconds] : llvm::drop_begin(report.phaseSeconds)) // import is done before
    std::printf("%-13s %7.1f ms\n", phase.c_str(), 1e3 * seconds);
  std::printf("codegen       %7.1f ms (work on %d kernels %.1f, on host code %.1f)\n", 1e3 * report.code, report.kernels, 1e3 * report.halide, 1e3 * report.llvm);
  std::printf("link          %7.1f ms\ntotal         %7.1f ms\n", 1e3 * report.link, 1e3 * report.total);
  return 0;
}

static int compileKernels(const char *file) {
  MLIRContext context;
  DialectRegistry registry;
  costate::registerAllDialects(registry);
  registry.insert<cf::ControlFlowDialect, func::FuncDialect, memref::MemRefDialect, scf::SCFDialect>();
  context.appendDialectRegistry(registry);
  context.loadAllAvailableDialects();
  context.allowUnregisteredDialects(); // host code is of no interest here
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(file, ParserConfig(&context, /*verifyAfterParse=*/false));
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

int main(int argc, char **argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: benchmark-compile-time FILE.costate | NUMBER | FILE.mlir\n");
    return 2;
  }
  llvm::StringRef argument = argv[1];
  if (unsigned tensors; !argument.getAsInteger(10, tensors))
    return compileModel(updateOf(tensors));
  if (argument.ends_with(".mlir"))
    return compileKernels(argv[1]);
  absl::StatusOr<costate::ModelSource> source = costate::ModelSource::read(argv[1]);
  if (source.ok())
    return compileModel(*source);
  std::fprintf(stderr, "%s\n", source.status().ToString().c_str());
  return 1;
}
