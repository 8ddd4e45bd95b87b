// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// costate-random: random programs by the oracle and by every executor. A program on which two disagree is shrunk and printed.
#include "costate/compiler/codegen/CompileKernels.h"
#include "costate/compiler/pipeline/Pipeline.h"
#include "costate/dialects/graph/Graph.h"
#include "costate/tests/numeric/Executors.h"
#include "costate/tests/oracle/Check.h"
#include "costate/tests/oracle/Oracle.h"
#include "costate/tests/random/Generator.h"
#include "costate/tests/random/Plants.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/CommandLine.h"

#include <cmath>
#include <map>
#include <set>

using namespace mlir;
using namespace costate;
using oracle::Array;

namespace {

std::vector<Array> perturbed(std::vector<Array> inputs, double relative, uint64_t seed) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    Array noise = check::randomArray(oracle::Kind::f64, inputs[i].shape, -1, 1, seed + i);
    for (size_t k = 0; k < inputs[i].reals.size(); ++k)
      inputs[i].reals[k] *= 1 + relative * noise.reals[k];
  }
  return inputs;
}

/// Bounds relative to the magnitude of values: the precision of f64 and f32 with room for the rounding of a few hundred operations; and what is no
/// rounding error.
constexpr double kWide = 1e-10, kNarrow = 1e-5, kJump = 1e-2;

/// The largest distance between elements that are finite in both; infinite if another element differs.
double distance(const Array &a, const Array &b) {
  if (a.shape != b.shape || a.integers != b.integers)
    return INFINITY;
  double most = 0;
  for (auto [x, y] : llvm::zip_equal(a.reals, b.reals)) {
    bool isSame = x == y || (std::isnan(x) && std::isnan(y));
    if (!isSame && !(std::isfinite(x) && std::isfinite(y)))
      return INFINITY;
    if (!isSame)
      most = std::max(most, std::abs(x - y));
  }
  return most;
}

class Comparison {
public:
  explicit Comparison(std::vector<numeric::Executor> executors, const random::Plant *plant = nullptr)
      : executors(std::move(executors)), plant(plant) {}

  /// What is wrong with the program; empty if nothing.
  std::string run(const random::Program &given) {
    random::Program program = given.clone();
    ModuleOp module = *program.module;
    auto results = [&](func::FuncOp function, ArrayRef<Array> inputs) {
      return oracle::Oracle(module).run(function.getName(), inputs, program.names);
    };
    std::vector<Array> inputs;
    FailureOr<func::FuncOp> outer = random::applyTransforms(module, program, results, inputs);
    if (failed(outer) || failed(verify(module)))
      return "the program is not valid";
    oracle::Oracle exact(module);
    FailureOr<std::vector<Array>> wanted = exact.run(outer->getName(), inputs, program.names);
    if (failed(wanted))
      return "the oracle cannot run it";
    double scale = std::max(1.0, exact.largestMagnitude());

    OwningOpRef<ModuleOp> compilable(module.clone());
    auto function = compilable->lookupSymbol<func::FuncOp>(outer->getName());
    check::addEntry(function, "entry");
    llvm::StringMap<int64_t> names = program.names;
    for (const auto &input : llvm::enumerate(inputs))
      bindNames(*compilable, input.index(), input.value(), names);
    if (plant)
      plant->apply(*compilable);
    std::string message;
    ScopedDiagnosticHandler collect(module.getContext(), [&](Diagnostic &diagnostic) {
      if (message.empty() && diagnostic.getSeverity() == DiagnosticSeverity::Error)
        message = diagnostic.str();
    });
    for (const numeric::Executor &executor : executors) {
      FailureOr<std::unique_ptr<numeric::Program>> compiled = executor.prepare(*compilable);
      if (failed(compiled))
        return executor.name + " cannot compile it: " + message;
      FailureOr<std::vector<Array>> found = (*compiled)->run("entry", inputs, *wanted, names);
      if (failed(found))
        return executor.name + " cannot run it: " + message;
      double bound = scale * (executor.isF32 ? kNarrow : kWide);
      for (size_t i = 0; i < wanted->size(); ++i) {
        std::string error = oracle::difference((*found)[i], (*wanted)[i], 0, bound);
        if (error.empty())
          continue;
        double moved = drift(module, *outer, program.names, inputs, *wanted, i, executor.isF32);
        bool isDetermined = moved <= (executor.isF32 ? kJump * scale : bound / 4);
        if (executor.isF32 && isDetermined)
          error = oracle::difference((*found)[i], (*wanted)[i], 0, bound + 8 * moved);
        if (!isDetermined)
          ++(executor.isF32 ? undeterminedNarrow : undeterminedWide);
        else if (!error.empty())
          return executor.name + ", result " + std::to_string(i) + ": " + error;
      }
    }
    return "";
  }

  /// "2 results in f64 and 3 in f32": those that differed but hang on rounding, in all programs so far.
  std::string undetermined() const {
    return std::to_string(undeterminedWide) + " results in f64 and " + std::to_string(undeterminedNarrow) + " in f32";
  }

private:
  /// How far result i moves, in the oracle, where the inputs are rounded, and for f32 every operation too: a jump or a tie may turn a rounding error into
  /// another number, and a quotient of differences makes it larger, in the oracle as in machine code.
  static double drift(ModuleOp module, func::FuncOp function, const llvm::StringMap<int64_t> &names, const std::vector<Array> &inputs,
                      const std::vector<Array> &wanted, size_t i, bool isF32) {
    double most = 0;
    auto take = [&](const FailureOr<std::vector<Array>> &other) {
      most = std::max(most, failed(other) ? INFINITY : distance((*other)[i], wanted[i]));
    };
    for (uint64_t seed : {1, 2, 3, 4})
      take(oracle::Oracle(module).run(function.getName(), perturbed(inputs, isF32 ? 1e-7 : 1e-15, seed), names));
    if (!isF32)
      return most;
    std::vector<Array> rounded = inputs;
    for (auto [input, type] : llvm::zip_equal(rounded, function.getArgumentTypes()))
      input.kind = oracle::kindOf(getElementTypeOrSelf(type), true);
    take(oracle::Oracle(module, {.keepF32 = true}).run(function.getName(), rounded, names));
    return most;
  }

  /// Names of batches are bound by the inputs of the entry.
  static void bindNames(ModuleOp module, unsigned index, const Array &input, llvm::StringMap<int64_t> &names) {
    auto entry = module.lookupSymbol<func::FuncOp>("entry");
    for (auto [dim, extent] : llvm::zip_equal(graph::toDims(entry.getArgAttrOfType<ArrayAttr>(index, graph::kDimsAttr)), input.shape))
      if (std::optional<StringRef> symbol = dim.symbol())
        names[*symbol] = extent;
  }

  std::vector<numeric::Executor> executors;
  const random::Plant *plant;
  int undeterminedWide = 0, undeterminedNarrow = 0;
};

std::string toText(const random::Program &program) {
  return random::toText(program, [&](ModuleOp module, func::FuncOp function, ArrayRef<Array> inputs) {
    return oracle::Oracle(module).run(function.getName(), inputs, program.names);
  });
}

/// What kind of failure an error is, whatever numbers and types are in it: a program that fails in another way is no smaller form of it.
std::string kindOf(StringRef error) {
  std::string kind;
  for (char c : error.take_front(error.find(" requires a result")).split("result ").first)
    if (isalpha(c))
      kind += c;
  return kind;
}

/// How many programs hold an op, and each request at each depth.
struct Coverage {
  std::map<std::string, int> counts;

  void add(const random::Program &program) {
    std::set<std::string> seen;
    auto note = [&](Type type) {
      if (auto tensor = dyn_cast<RankedTensorType>(type))
        for (int64_t extent : tensor.getShape())
          if (extent == 0 || extent == 1 || ShapedType::isDynamic(extent))
            seen.insert(extent == 0 ? "an axis of extent 0" : extent == 1 ? "an axis of extent 1" : "a named axis");
    };
    const_cast<OwningOpRef<ModuleOp> &>(program.module)->walk([&](Operation *op) {
      if (isa<graph::GraphDialect, scf::SCFDialect>(op->getDialect()) && !op->hasTrait<OpTrait::IsTerminator>())
        seen.insert(op->getName().getStringRef().str());
      llvm::for_each(op->getResultTypes(), note);
    });
    for (auto function : const_cast<OwningOpRef<ModuleOp> &>(program.module)->getOps<func::FuncOp>())
      if (function->hasAttr(graph::kVjpAttr))
        seen.insert("a rule of a function");
    if (program.isSpecial)
      seen.insert("special values");
    for (auto [depth, transform] : llvm::enumerate(program.transforms)) {
      StringRef name = transform.kind == random::Transform::Vjp ? "vjp" : transform.kind == random::Transform::Jvp ? "jvp" : "map";
      seen.insert(("graph." + name).str());
      seen.insert((name + " at depth " + Twine(depth + 1)).str());
    }
    for (const std::string &name : seen)
      ++counts[name];
  }

  /// Prints all counts; how many things were seen in fewer than `least` programs.
  int report(MLIRContext &context, int least) const {
    std::map<std::string, int> all = counts;
    for (RegisteredOperationName name : context.getRegisteredOperations())
      if (name.getDialectNamespace() == "graph" && name.getTypeID() != TypeID::get<graph::ExternOp>()) // there are no C functions to draw from
        all.try_emplace(name.getStringRef().str(), 0);
    for (const char *name : {"scf.for", "scf.while", "scf.if", "an axis of extent 0", "an axis of extent 1", "a named axis", "a rule of a function", "special values"})
      all.try_emplace(name, 0);
    int rare = 0;
    for (auto &[name, count] : all) {
      llvm::outs() << std::string(6 - std::min<size_t>(6, std::to_string(count).size()), ' ') << count << "  " << name << (count < least ? "  (rare)" : "") << "\n";
      rare += count < least;
    }
    return rare;
  }
};

} // namespace

int main(int argc, char **argv) {
  codegen::ignoreHalideWarnings();
  llvm::cl::opt<int> countFlag("programs", llvm::cl::init(200), llvm::cl::desc("Number of programs"));
  llvm::cl::opt<uint64_t> firstFlag("seed", llvm::cl::init(1), llvm::cl::desc("Seed of the first program; the next ones follow"));
  llvm::cl::opt<int> leastFlag("least", llvm::cl::init(0), llvm::cl::desc("Fail if an op or request occurs in fewer programs"));
  llvm::cl::opt<bool> plantsFlag("plants", llvm::cl::desc("Plant each wrong rule in turn; fail if one is not found"));
  llvm::cl::opt<bool> printFlag("print", llvm::cl::desc("Print each program before it runs"));
  llvm::cl::opt<int> failuresAllowedFlag("failures", llvm::cl::init(5), llvm::cl::desc("Stop after this many failing programs"));
  llvm::cl::opt<bool> compiledFlag("compiled", llvm::cl::desc("Compile to machine code too"));
  llvm::cl::opt<std::string> onlyFlag("only", llvm::cl::desc("Compile only in the ways whose names start so"), llvm::cl::value_desc("loops | halide | random | ..."));
  llvm::cl::ParseCommandLineOptions(argc, argv, "Runs random programs by the oracle and by the compiler\n");
  // lld, which links what is compiled, sets all options back.
  const int count = countFlag, least = leastFlag, failuresAllowed = failuresAllowedFlag;
  const uint64_t first = firstFlag;
  const bool plants = plantsFlag, print = printFlag, compiled = compiledFlag;
  const std::string only = onlyFlag;

  DialectRegistry registry;
  registerDialects(registry);
  registry.insert<check::CheckDialect>();
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  auto depthOf = [](uint64_t seed) { return int(seed % 4); };
  std::vector<numeric::Executor> executors = numeric::allExecutors(compiled, /*random=*/compiled);
  llvm::erase_if(executors, [&](const numeric::Executor &executor) { return !StringRef(executor.name).starts_with(only); });

  if (plants) {
    int missed = 0;
    for (const random::Plant &plant : random::allPlants()) {
      uint64_t seed = first;
      for (; seed < first + count; ++seed) {
        ScopedDiagnosticHandler quiet(&context, [](Diagnostic &) { return success(); });
        random::Program program = random::generate(&context, seed, depthOf(seed));
        if (!Comparison(executors).run(program).empty())
          continue; // fails without the plant
        if (!Comparison(executors, &plant).run(program).empty())
          break;
      }
      bool isFound = seed < first + count;
      llvm::outs() << plant.name << (isFound ? ": found by program " + std::to_string(seed) : ": not found") << "\n";
      missed += !isFound;
    }
    return missed ? 1 : 0;
  }

  Comparison comparison(executors);
  Coverage coverage;
  int failures = 0, done = 0;
  for (uint64_t seed = first; seed < first + count && failures < failuresAllowed; ++seed, ++done) {
    random::Program program = random::generate(&context, seed, depthOf(seed));
    if (print)
      llvm::outs() << toText(program) << "\n";
    coverage.add(program);
    std::string error = comparison.run(program);
    if (error.empty())
      continue;
    ++failures;
    llvm::outs() << "seed " << seed << ": " << error << "\n";
    llvm::outs().flush(); // shrinking takes many runs
    ScopedDiagnosticHandler quiet(&context, [](Diagnostic &) { return success(); });
    random::Program small = random::shrink(program.clone(), [&](const random::Program &candidate) {
      std::string other = comparison.run(candidate);
      return !other.empty() && kindOf(other) == kindOf(error);
    });
    llvm::outs() << "shrunk to: " << comparison.run(small) << "\n" << toText(small) << "\n";
  }
  int rare = least > 0 ? coverage.report(context, least) : 0;
  llvm::outs() << done - failures << " of " << done << " random programs agree; " << comparison.undetermined()
               << " hang on rounding and are not compared\n";
  return failures || rare ? 1 : 0;
}
