// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// costate-random: random programs by the oracle and by every executor. A program on which two disagree is shrunk and printed.
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

double largest(const Array &array) {
  double most = 0;
  for (double x : array.reals)
    if (std::isfinite(x))
      most = std::max(most, std::abs(x));
  return most;
}

/// How far a result may lie from the oracle's; nothing is compared where a tiny change of the inputs changes an integer, or what is finite.
struct Tolerance {
  bool isStable = true;
  double absolute = 0;

  /// Takes in a run with inputs that differ by rounding: a multiple of the drift it shows is granted.
  void widen(const Array &result, const Array &moved) {
    isStable &= result.integers == moved.integers && result.shape == moved.shape;
    for (size_t i = 0; isStable && i < result.reals.size(); ++i) {
      double x = result.reals[i], y = moved.reals[i];
      bool isSame = (std::isnan(x) && std::isnan(y)) || x == y || (std::isfinite(x) && std::isfinite(y));
      isStable &= isSame;
      if (isSame && std::isfinite(x))
        absolute = std::max(absolute, 50 * std::abs(x - y));
    }
  }
};

std::vector<Array> perturbed(std::vector<Array> inputs, double relative, uint64_t seed) {
  for (size_t i = 0; i < inputs.size(); ++i) {
    Array noise = check::randomArray(oracle::Kind::f64, inputs[i].shape, -1, 1, seed + i);
    for (size_t k = 0; k < inputs[i].reals.size(); ++k)
      inputs[i].reals[k] *= 1 + relative * noise.reals[k];
  }
  return inputs;
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
    FailureOr<std::vector<Array>> wanted = results(*outer, inputs);
    if (failed(wanted))
      return "the oracle cannot run it";
    std::vector<Tolerance> wide(wanted->size()), narrow(wanted->size());
    for (uint64_t seed : {1, 2}) {
      widen(wide, *wanted, results(*outer, perturbed(inputs, 1e-14, seed)));
      widen(narrow, *wanted, results(*outer, perturbed(inputs, 1e-7, seed)));
    }
    std::vector<Array> rounded = inputs;
    for (Array &input : rounded)
      if (input.kind == oracle::Kind::f64)
        input.kind = oracle::Kind::f32;
    widen(narrow, *wanted, runInF32(module, *outer, rounded, program.names));

    std::string name = outer->getName().str();
    check::addEntry(*outer, "entry");
    for (const auto &input : llvm::enumerate(inputs))
      bindNames(module, input.index(), input.value(), program.names);
    if (plant)
      plant->apply(module);
    std::string message;
    ScopedDiagnosticHandler collect(module.getContext(), [&](Diagnostic &diagnostic) { message += message.empty() ? diagnostic.str() : ""; });
    for (const numeric::Executor &executor : executors) {
      FailureOr<std::unique_ptr<numeric::Program>> compiled = executor.prepare(module);
      if (failed(compiled))
        return executor.name + " cannot compile it: " + message;
      FailureOr<std::vector<Array>> found = (*compiled)->run("entry", inputs, *wanted, program.names);
      if (failed(found))
        return executor.name + " cannot run it: " + message;
      for (size_t i = 0; i < wanted->size(); ++i) {
        const Tolerance &tolerance = executor.isF32 ? narrow[i] : wide[i];
        double scale = std::max(1.0, largest((*wanted)[i])) * (executor.isF32 ? 1e-5 : 1e-10);
        if (!tolerance.isStable)
          continue;
        std::string error = oracle::difference((*found)[i], (*wanted)[i], 0, scale + tolerance.absolute);
        if (!error.empty())
          return executor.name + ", result " + std::to_string(i) + ": " + error;
      }
    }
    return "";
  }

private:
  static void widen(std::vector<Tolerance> &tolerances, const std::vector<Array> &wanted, const FailureOr<std::vector<Array>> &moved) {
    for (size_t i = 0; i < wanted.size(); ++i)
      if (succeeded(moved))
        tolerances[i].widen(wanted[i], (*moved)[i]);
      else
        tolerances[i].isStable = false;
  }

  static FailureOr<std::vector<Array>> runInF32(ModuleOp module, func::FuncOp function, std::vector<Array> inputs,
                                                const llvm::StringMap<int64_t> &names) {
    for (auto [input, type] : llvm::zip_equal(inputs, function.getArgumentTypes()))
      input.kind = oracle::kindOf(getElementTypeOrSelf(type), true);
    return oracle::Oracle(module, {.keepF32 = true}).run(function.getName(), inputs, names);
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
    const_cast<OwningOpRef<ModuleOp> &>(program.module)->walk([&](Operation *op) {
      if (isa<graph::GraphDialect>(op->getDialect()))
        seen.insert(op->getName().getStringRef().str());
    });
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
      if (name.getDialectNamespace() == "graph")
        all.try_emplace(name.getStringRef().str(), 0);
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
  llvm::cl::opt<int> count("programs", llvm::cl::init(200), llvm::cl::desc("Number of programs"));
  llvm::cl::opt<uint64_t> first("seed", llvm::cl::init(1), llvm::cl::desc("Seed of the first program; the next ones follow"));
  llvm::cl::opt<int> least("least", llvm::cl::init(0), llvm::cl::desc("Fail if an op or request occurs in fewer programs"));
  llvm::cl::opt<bool> plants("plants", llvm::cl::desc("Plant each wrong rule in turn; fail if one is not found"));
  llvm::cl::opt<bool> print("print", llvm::cl::desc("Print each program before it runs"));
  llvm::cl::opt<int> failuresAllowed("failures", llvm::cl::init(5), llvm::cl::desc("Stop after this many failing programs"));
  llvm::cl::opt<bool> compiled("compiled", llvm::cl::desc("Compile to machine code too"));
  llvm::cl::ParseCommandLineOptions(argc, argv, "Runs random programs by the oracle and by the compiler\n");

  DialectRegistry registry;
  registerDialects(registry);
  registry.insert<check::CheckDialect>();
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  auto depthOf = [](uint64_t seed) { return int(seed % 4); };

  if (plants) {
    int missed = 0;
    for (const random::Plant &plant : random::allPlants()) {
      uint64_t seed = first;
      for (; seed < first + count; ++seed) {
        ScopedDiagnosticHandler quiet(&context, [](Diagnostic &) { return success(); });
        random::Program program = random::generate(&context, seed, depthOf(seed));
        if (!Comparison(numeric::allExecutors(compiled)).run(program).empty())
          continue; // fails without the plant
        if (!Comparison(numeric::allExecutors(compiled), &plant).run(program).empty())
          break;
      }
      bool isFound = seed < first + count;
      llvm::outs() << plant.name << (isFound ? ": found by program " + std::to_string(seed) : ": not found") << "\n";
      missed += !isFound;
    }
    return missed ? 1 : 0;
  }

  Comparison comparison(numeric::allExecutors(compiled));
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
    ScopedDiagnosticHandler quiet(&context, [](Diagnostic &) { return success(); });
    random::Program small = random::shrink(program.clone(), [&](const random::Program &candidate) {
      std::string other = comparison.run(candidate);
      return !other.empty() && kindOf(other) == kindOf(error);
    });
    llvm::outs() << "seed " << seed << ": " << error << "\nshrunk to: " << comparison.run(small) << "\n" << toText(small) << "\n";
  }
  int rare = least > 0 ? coverage.report(context, least) : 0;
  llvm::outs() << done - failures << " of " << done << " random programs agree\n";
  return failures || rare ? 1 : 0;
}
