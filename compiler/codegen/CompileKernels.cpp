// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Lowers every kernel by itself, joins small ones to modules, and compiles the modules, each step on all threads. The one place that
/// catches what Halide throws.
#include "costate/compiler/codegen/CompileKernels.h"

#include "costate/compiler/codegen/KernelToHalide.h"
#include "llvm/ADT/STLExtras.h"

#include <atomic>
#include <exception>
#include <thread>

using namespace mlir;
using namespace costate::kernel;

namespace costate::codegen {

/// Loads, stores and arithmetic up to which kernels are joined: about where code generation takes as long as setting up a module.
static constexpr size_t kMaxOpsOfModule = 400;

/// May additions be fused with multiplications anywhere in the kernel? LLVM's licence to rewrite floats is one for a whole function, beside the
/// strict operations that the expressions are made of: only a kernel that needs it has it.
static bool isContracted(DefineOp kernel) {
  bool found = false;
  kernel.getStages().walk([&](UpdateOp update) { found |= update.getContract(); });
  return found;
}

static Halide::Target makeTarget(const std::string &name, bool contracted) {
  Halide::Target target(name);
  if (!contracted)
    target.set_feature(Halide::Target::StrictFloat);
  return target.with_feature(Halide::Target::NoRuntime)
      .with_feature(Halide::Target::NoAsserts)
      .with_feature(Halide::Target::NoBoundsQuery)
      .with_feature(Halide::Target::UserContext);
}

/// Calls work(i) for each i in [0, count) on `threads` threads, this one included.
static void parallelFor(size_t count, unsigned threads, llvm::function_ref<void(size_t)> work) {
  std::atomic<size_t> next = 0;
  auto drain = [&] {
    for (size_t item; (item = next++) < count;)
      work(item);
  };
  std::vector<std::thread> helpers;
  for (size_t helper = 1; helper < std::min<size_t>(threads, count); ++helper)
    helpers.emplace_back(drain);
  drain();
  for (std::thread &helper : helpers)
    helper.join();
}

/// Runs `work`; what Halide throws becomes a failure at `location`.
template <typename Work>
static std::optional<HalideFailure> catching(Location location, Work work) {
  std::string message;
  try {
    return work();
  } catch (const Halide::Error &error) { // which is no std::exception
    message = error.what();
  } catch (const std::exception &error) { // out of memory
    message = error.what();
  }
  // Halide prefixes "Error: " or names its own source; a diagnostic is one line.
  StringRef text = StringRef(message).trim();
  text.consume_front("Error:");
  std::string line = text.trim().str();
  llvm::replace(line, '\n', ' ');
  return HalideFailure{location, "Halide cannot compile this kernel: " + line};
}

static size_t countOps(DefineOp kernel) {
  size_t count = 0;
  kernel.getStages().walk([&](Operation *) { ++count; });
  return count;
}

FailureOr<std::vector<KernelObject>> compileKernels(ArrayRef<DefineOp> kernels, const CompileKernelsOptions &options) {
  unsigned threads = options.threads ? options.threads : std::max(1u, std::thread::hardware_concurrency());
  std::string message;
  if (!isKernelTarget(options.target, message)) {
    for (DefineOp kernel : kernels)
      return kernel.emitOpError(message);
    return std::vector<KernelObject>();
  }

  std::vector<std::string> symbols;
  for (DefineOp kernel : kernels)
    symbols.push_back(options.symbolPrefix + kernel.getSymName().str());
  std::vector<std::optional<Halide::Module>> modules(kernels.size());
  std::vector<std::optional<HalideFailure>> failures(kernels.size());
  parallelFor(kernels.size(), threads, [&](size_t number) {
    DefineOp kernel = kernels[number];
    failures[number] = catching(kernel.getLoc(), [&]() -> std::optional<HalideFailure> {
      auto translated = buildStages(kernel);
      if (auto *failure = std::get_if<HalideFailure>(&translated))
        return *failure;
      auto &halide = std::get<HalideKernel>(translated);
      applySchedule(kernel, halide);
      Halide::Target target = makeTarget(options.target, isContracted(kernel));
      modules[number] = halide.pipeline.compile_to_module(halide.arguments, symbols[number], target, Halide::LinkageType::External);
      return std::nullopt;
    });
  });

  // Neighbours of one target are joined while they are small together.
  std::vector<std::pair<size_t, size_t>> groups; // [first, last)
  size_t size = 0;
  for (size_t number = 0; number < kernels.size(); ++number) {
    size_t ops = countOps(kernels[number]);
    bool joins = !groups.empty() && isContracted(kernels[number]) == isContracted(kernels[groups.back().first]);
    if (!joins || size + ops > kMaxOpsOfModule) {
      groups.emplace_back(number, number);
      size = 0;
    }
    groups.back().second = number + 1;
    size += ops;
  }
  std::vector<KernelObject> objects(groups.size());
  parallelFor(groups.size(), threads, [&](size_t group) {
    auto [first, last] = groups[group];
    std::vector<Halide::Module> joined;
    for (size_t number = first; number < last; ++number) {
      if (failures[number])
        return;
      joined.push_back(*modules[number]);
      objects[group].symbols.push_back(symbols[number]);
    }
    failures[first] = catching(DefineOp(kernels[first]).getLoc(), [&]() -> std::optional<HalideFailure> {
      Halide::Module module = joined.size() == 1 ? joined.front() : Halide::link_modules(objects[group].symbols.front(), joined);
      module.set_any_strict_float(joined.front().any_strict_float()); // linking forgets it
      Halide::Buffer<uint8_t> bytes = module.compile_to_buffer();
      objects[group].bytes.assign(reinterpret_cast<const char *>(bytes.data()), bytes.size_in_bytes());
      return std::nullopt;
    });
  });

  bool failed = false;
  for (const std::optional<HalideFailure> &failure : failures)
    if (failure) {
      emitError(failure->location) << failure->message;
      failed = true;
    }
  if (failed)
    return failure();
  return objects;
}

bool isKernelTarget(StringRef target, std::string &message) {
  if (!Halide::Target::validate_target_string(target.str())) {
    message = "requires a target such as 'host' or 'x86-64-linux-avx2-fma', but got '" + target.str() + "'";
    return false;
  }
  if (!Halide::Target(target.str()).supported()) {
    message = "requires a target that this build of Halide can compile for, but got '" + target.str() + "'";
    return false;
  }
  return true;
}

} // namespace costate::codegen
