// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Kernels to Halide pipelines on the calling thread, then to objects in tasks: a task lowers a few kernels, joins their modules and
/// compiles the whole. The one place that catches what Halide throws.
#include "costate/compiler/codegen/CompileKernels.h"

#include "costate/compiler/codegen/KernelToHalide.h"
#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <map>
#include <set>
#include <thread>

using namespace mlir;
using namespace costate::kernel;

namespace costate::codegen {

/// Operations up to which kernels are joined: about where code generation takes as long as setting up a module.
static constexpr size_t kMaxOpsOfModule = 400;

/// May additions be fused with multiplications anywhere in the kernel? LLVM's licence to rewrite floats is one for a whole function, beside the
/// strict operations that the expressions are made of: only a kernel that needs it has it.
static bool isContracted(DefineOp kernel) {
  bool found = false;
  kernel.getStages().walk([&](UpdateOp update) { found |= !findContraction(update).empty(); });
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

/// Halide takes loads from an output, and every access from a parallel task, to be aligned like its own allocations. Buffers of callers are
/// aligned to their elements only.
class ForgetAlignment : public Halide::Internal::IRMutator {
  using IRMutator::visit;

  Halide::Internal::Stmt visit(const Halide::Internal::Allocate *op) override {
    own.insert(op->name);
    return IRMutator::visit(op);
  }

  Halide::Expr visit(const Halide::Internal::Load *op) override {
    if (own.contains(op->name))
      return IRMutator::visit(op);
    return Halide::Internal::Load::make(op->type, op->name, mutate(op->index), op->image, op->param, mutate(op->predicate), {});
  }

  Halide::Internal::Stmt visit(const Halide::Internal::Store *op) override {
    if (own.contains(op->name))
      return IRMutator::visit(op);
    return Halide::Internal::Store::make(op->name, mutate(op->value), mutate(op->index), op->param, mutate(op->predicate), {});
  }

  std::set<std::string> own;
};

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

/// About how many operations the kernel's code has: those of its stages, as often as they are written out.
static size_t sizeOf(DefineOp kernel) {
  std::map<std::pair<StringRef, StringRef>, size_t> extents; // of loops that may be unrolled
  std::map<std::pair<StringRef, int64_t>, size_t> copies;    // of a definition
  kernel.getSchedule().walk([&](Operation *directive) {
    if (auto split = dyn_cast<SplitOp>(directive))
      extents[{split.getStage(), split.getInner()}] = split.getFactor();
    else if (auto bound = dyn_cast<BoundExtentOp>(directive))
      extents[{bound.getStage(), bound.getVariable()}] = bound.getExtent();
    else if (auto unroll = dyn_cast<UnrollOp>(directive))
      if (auto found = extents.find({unroll.getStage(), unroll.getVariable()}); found != extents.end())
        copies.try_emplace({unroll.getStage(), static_cast<int64_t>(unroll.getUpdate().value_or(-1))}, 1).first->second *= found->second;
  });
  size_t size = 0;
  for (StageOp stage : kernel.getStageOps()) {
    size_t ops = 0;
    stage->walk([&](Operation *) { ++ops; });
    size_t most = 1;
    for (auto &[definition, times] : copies)
      if (definition.first == stage.getStageName())
        most = std::max(most, times);
    size += ops * most;
  }
  return size;
}

struct KernelCompilation::State {
  struct Kernel {
    Location location;
    std::string symbol;
    bool contracted;
    size_t size;
    std::optional<HalideKernel> translated;
    std::optional<HalideFailure> failure;
  };
  std::string target;
  std::vector<Kernel> kernels;
  std::vector<std::pair<size_t, size_t>> groups; // [first, last) of the kernels that share an object
  std::vector<KernelObject> objects;             // one a group
  std::atomic<int64_t> nanoseconds = 0;

  void compile(size_t group);
};

void KernelCompilation::State::compile(size_t group) {
  auto start = std::chrono::steady_clock::now();
  auto [first, last] = groups[group];
  std::vector<Halide::Module> modules;
  for (size_t number = first; number < last; ++number) {
    Kernel &kernel = kernels[number];
    if (kernel.failure)
      return;
    kernel.failure = catching(kernel.location, [&]() -> std::optional<HalideFailure> {
      modules.push_back(kernel.translated->pipeline.compile_to_module(kernel.translated->arguments, kernel.symbol,
                                                                      makeTarget(target, kernel.contracted), Halide::LinkageType::External));
      return std::nullopt;
    });
    if (kernel.failure)
      return;
    objects[group].symbols.push_back(kernel.symbol);
  }
  kernels[first].failure = catching(kernels[first].location, [&]() -> std::optional<HalideFailure> {
    Halide::Module module = modules.size() == 1 ? modules.front() : Halide::link_modules(kernels[first].symbol, modules);
    module.set_any_strict_float(modules.front().any_strict_float()); // linking forgets it
    Halide::Buffer<uint8_t> bytes = module.compile_to_buffer();
    objects[group].bytes.assign(reinterpret_cast<const char *>(bytes.data()), bytes.size_in_bytes());
    return std::nullopt;
  });
  nanoseconds += std::chrono::nanoseconds(std::chrono::steady_clock::now() - start).count();
}

KernelCompilation::KernelCompilation(ArrayRef<DefineOp> kernels, const CompileKernelsOptions &options, WorkQueue &queue)
    : state(std::make_shared<State>()) {
  state->target = options.target;
  std::string message;
  bool supported = isKernelTarget(options.target, message);
  size_t size = 0; // of the last group
  for (DefineOp kernel : kernels) {
    State::Kernel &now = state->kernels.emplace_back(
        State::Kernel{kernel.getLoc(), options.symbolPrefix + kernel.getSymName().str(), isContracted(kernel), sizeOf(kernel), {}, {}});
    if (!supported) {
      now.failure = HalideFailure{kernel.getLoc(), message};
      continue;
    }
    now.failure = catching(kernel.getLoc(), [&]() -> std::optional<HalideFailure> {
      auto translated = buildStages(kernel);
      if (auto *failure = std::get_if<HalideFailure>(&translated))
        return *failure;
      now.translated = std::move(std::get<HalideKernel>(translated));
      applySchedule(kernel, *now.translated);
      now.translated->pipeline.add_custom_lowering_pass(new ForgetAlignment);
      return std::nullopt;
    });
    // Neighbours of one target are joined while they are small together.
    size_t number = state->kernels.size() - 1;
    std::vector<std::pair<size_t, size_t>> &groups = state->groups;
    bool joins = !groups.empty() && now.contracted == state->kernels[groups.back().first].contracted && size + now.size <= kMaxOpsOfModule;
    if (!joins) {
      groups.emplace_back(number, number);
      size = 0;
    }
    groups.back().second = number + 1;
    size += now.size;
  }
  state->objects.resize(state->groups.size());
  for (size_t group = 0; group < state->groups.size(); ++group) {
    size_t work = 0;
    for (size_t number = state->groups[group].first; number < state->groups[group].second; ++number)
      work += state->kernels[number].size;
    queue.add(work, [state = state, group] { state->compile(group); });
  }
}

double KernelCompilation::seconds() const { return state->nanoseconds * 1e-9; }

FailureOr<std::vector<KernelObject>> KernelCompilation::take() {
  bool failed = false;
  for (const State::Kernel &kernel : state->kernels)
    if (kernel.failure) {
      emitError(kernel.failure->location) << kernel.failure->message;
      failed = true;
    }
  if (failed)
    return failure();
  return std::move(state->objects);
}

FailureOr<std::vector<KernelObject>> compileKernels(ArrayRef<DefineOp> kernels, const CompileKernelsOptions &options) {
  WorkQueue queue(options.threads ? options.threads : std::max(1u, std::thread::hardware_concurrency()));
  KernelCompilation compilation(kernels, options, queue);
  queue.finish();
  return compilation.take();
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

void ignoreHalideWarnings() {
  struct Quiet : Halide::CompileTimeErrorReporter {
    void warning(const char *) override {}
    [[noreturn]] void error(const char *message) override { throw Halide::CompileError(message); }
  };
  static Quiet quiet;
  Halide::set_custom_compile_time_error_reporter(&quiet);
}

} // namespace costate::codegen
