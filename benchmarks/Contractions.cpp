// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Matrix products under the rules of schedule-assign-schedules, in the layouts of a training step: NN (forward), NT (gradient of the input),
/// TN (gradient of the weight). Prints GFLOP/s, the ratio to the multiply-add peak that this run measures, and milliseconds of compilation.
///
/// usage: benchmark-contractions [THREADS] [LAYOUT M N K]
#include "costate/compiler/codegen/Target.h"
#include "costate/compiler/schedule/Passes.h"
#include "costate/dialects/Dialects.h"
#include "costate/runtime/costate.h"
#include "costate/tests/schedules/KernelRunner.h"
#include "costate/tools/costate/Walls.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FormatVariadic.h"

#include <HalideRuntime.h>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

using namespace mlir;
using namespace costate::kernel;

namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/// `%m` rows are dynamic in NN and NT; in TN the depth is.
std::string makeKernel(StringRef layout, int64_t m, int64_t n, int64_t k) {
  bool tn = layout == "TN";
  auto type = [](StringRef rows, int64_t columns) -> std::string { return llvm::formatv("!kernel.buffer<{0}x{1}xf32>", rows, columns); };
  std::string aType = type("?", tn ? m : k), yType = type(tn ? std::to_string(m) : "?", n);
  std::string bType = layout == "NT" ? type(std::to_string(n), k) : type(tn ? "?" : std::to_string(k), n);
  std::string rows = tn ? std::to_string(m) : "%b", depth = tn ? "%b" : std::to_string(k);
  return llvm::formatv(R"(
    kernel.define @k(%b: index, %x: {0}, %w: {1}) -> ({2}) attributes {{hints = array<i64: {3}, 0, 0>} stages {{
      %acc = kernel.stage "acc" (%i < {4}, %j < {5}) : f32 {{
        %zero = arith.constant 0.0 : f32
        kernel.yield %zero : f32
      } updates (%self) {{
        kernel.update (%i, %j) over (%r < {6}) contract {{
          %a = kernel.load %self[%i, %j] : {2}
          %p = kernel.load %x[{7}] : {0}
          %q = kernel.load %w[{8}] : {1}
          %t = arith.mulf %p, %q : f32
          %v = arith.addf %a, %t : f32
          kernel.write %v at [%i, %j] : f32
        }
      }
      kernel.output %acc : {2}
    })",
                       aType, bType, yType, tn ? k : m, rows, n, depth, tn ? "%r, %i" : "%i, %r", layout == "NT" ? "%j, %r" : "%r, %j");
}

struct Array {
  Array(int64_t rows, int64_t columns) : values(rows * columns + 64) {
    for (float &value : values)
      value = static_cast<float>(std::rand() % 1024) / 1024 - 0.5f;
    dimensions[0] = halide_dimension_t(0, columns, 1);
    dimensions[1] = halide_dimension_t(0, rows, columns);
    buffer.host = reinterpret_cast<uint8_t *>(values.data());
    buffer.type = halide_type_t(halide_type_float, 32);
    buffer.dimensions = 2;
    buffer.dim = dimensions;
  }
  std::vector<float> values;
  halide_dimension_t dimensions[2];
  halide_buffer_t buffer = {};
};

void measure(MLIRContext &context, StringRef layout, int64_t m, int64_t n, int64_t k, unsigned threads, double peak) {
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(makeKernel(layout, m, n, k), &context);
  PassManager passes(&context);
  costate::schedule::AssignSchedulesOptions options;
  options.all = true;
  options.vectorBytes = costate::codegen::Target::named("host")->vectorBytes();
  passes.addPass(costate::schedule::createAssignSchedules(options));
  if (!module || failed(passes.run(*module)))
    std::exit(1);
  auto kernel = *module->getOps<DefineOp>().begin();
  if (std::getenv("COSTATE_PRINT"))
    kernel.dump();
  double compile = 1e9;
  std::unique_ptr<costate::tests::KernelRunner> runner;
  for (int repeat = 0; repeat < 2; ++repeat) {
    runner = costate::tests::KernelRunner::create(kernel, threads);
    if (!runner)
      std::exit(1);
    compile = std::min(compile, runner->getCompileSeconds());
  }
  bool tn = layout == "TN";
  Array a(tn ? k : m, tn ? m : k), b(layout == "NT" ? n : k, layout == "NT" ? k : n), y(m, n);
  auto function = reinterpret_cast<int32_t (*)(void *, int32_t, halide_buffer_t *, halide_buffer_t *, halide_buffer_t *)>(runner->getAddress());
  auto call = [&] { function(runner->getContext(), tn ? k : m, &a.buffer, &b.buffer, &y.buffer); };
  call();
  double error = 0;
  for (int probe = 0; probe < 100; ++probe) {
    int64_t i = probe == 0 ? m - 1 : std::rand() % m, j = probe == 0 ? n - 1 : std::rand() % n;
    double sum = 0;
    for (int64_t r = 0; r < k; ++r)
      sum += static_cast<double>(tn ? a.values[r * m + i] : a.values[i * k + r]) * (layout == "NT" ? b.values[j * k + r] : b.values[r * n + j]);
    error = std::max(error, std::abs(sum - y.values[i * n + j]));
  }
  double best = 1e9, end = now() + 0.5;
  double (*clock)() = threads == 1 ? costate::tool::threadSeconds : now;
  int64_t calls = std::max<int64_t>(1, 10'000'000 / (2 * m * n * k)); // reading the clock takes as long as a small product
  while (now() < end) {
    double start = clock();
    for (int64_t number = 0; number < calls; ++number)
      call();
    best = std::min(best, (clock() - start) / calls);
  }
  double rate = 2.0 * m * n * k / best * 1e-9;
  std::printf("%s %5ld x %5ld x %5ld  %7.1f GFLOP/s  %4.0f %% of peak  compile %4.0f ms  error %.1e\n", layout.str().c_str(), m, n, k, rate,
              100 * rate / (peak * threads), compile * 1e3, error);
}

} // namespace

int main(int argc, char **argv) {
  unsigned threads = argc > 1 ? std::atoi(argv[1]) : 1;
  MLIRContext context;
  DialectRegistry registry;
  costate::registerAllDialects(registry);
  context.appendDialectRegistry(registry);
  context.loadAllAvailableDialects();
  double peak = costate::tool::multiplyAddPeak();
  std::printf("multiply-add peak %.0f GFLOP/s a thread\n", peak);
  if (argc == 6) {
    measure(context, argv[2], std::atoi(argv[3]), std::atoi(argv[4]), std::atoi(argv[5]), threads, peak);
    return 0;
  }
  struct {
    const char *layout;
    int64_t m, n, k;
  } shapes[] = {{"NN", 32, 128, 784},     {"NN", 256, 128, 784}, {"NN", 256, 10, 64},    {"NN", 256, 1024, 1024}, {"NN", 1024, 1024, 1024},
                {"NN", 2048, 1000, 784},  {"NT", 32, 784, 128},  {"NT", 256, 784, 128},  {"NT", 256, 1024, 1024}, {"NT", 1024, 1024, 1024},
                {"NT", 2048, 784, 1000},  {"TN", 784, 128, 256}, {"TN", 1024, 1024, 256}, {"TN", 1024, 1024, 1024}, {"TN", 784, 1000, 2048}};
  for (auto &shape : shapes)
    measure(context, shape.layout, shape.m, shape.n, shape.k, threads, peak);
}
