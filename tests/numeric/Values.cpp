// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// costate-values FILE...: runs every public function of the files that carries its own test (tests/oracle/Check.td) in every way there is,
// with its derivatives and batches, and compares. With --report, writes what was checked, a line of JSON each. With --zero-rules, requires of
// each file that it fails when a rule of the op that it is named after, in --dialect, answers zero.
#include "costate/compiler/api/Plugins.h"
#include "costate/compiler/codegen/CompileKernels.h"
#include "costate/compiler/pipeline/Pipeline.h"
#include "costate/dialects/graph/Graph.h"
#include "costate/tests/numeric/Executors.h"
#include "costate/tests/numeric/ZeroRules.h"
#include "costate/tests/oracle/Check.h"
#include "costate/tests/oracle/Gradients.h"
#include "costate/tests/oracle/Oracle.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"

#include <cmath>
#include <map>

using namespace mlir;
using namespace costate;
using check::FuncOp;
using oracle::Array;

namespace {

/// A function, its inputs, and what must come out.
struct Case {
  std::string name;
  std::vector<Array> inputs, results;
  llvm::StringMap<int64_t> names;
  double f32Tolerance;
  std::string kind; // "values", "gradient" or "map": what it shows of the op that the file is about
  bool isDerived;   // a second derivative or a batch: further rules, no kernels of another kind
  size_t entry;     // the case that has given the function its entry: this one, or one with other inputs
};

/// The cases of the two derivatives of a function at one point: <u, Jv> = <J'u, v>.
struct Adjoint {
  size_t vjp, jvp;
  size_t cotangents, tangents; ///< how many of the last arrays of each are u and Jv, and v and J'u
};

/// The case of a map, and that of the function of one lane.
struct Lanes {
  size_t all, one;
  std::vector<bool> over;
};

/// Draws of extents for each function whose arguments have names of dimensions, beside those it gives.
constexpr uint64_t kMoreShapes = 2;
constexpr int64_t kLanes = 3;

/// Lane `lane` of an array with an axis of lanes in front.
Array laneOf(const Array &all, int64_t lane) {
  Array one(all.kind, llvm::ArrayRef(all.shape).drop_front());
  int64_t size = one.size();
  if (all.isReal())
    std::copy_n(all.reals.begin() + lane * size, size, one.reals.begin());
  else
    std::copy_n(all.integers.begin() + lane * size, size, one.integers.begin());
  return one;
}

class File {
public:
  File(ModuleOp module, StringRef path, StringRef dialect, const std::vector<numeric::Executor> &executors, const Externs &externs,
       llvm::raw_ostream *report)
      : module(module), path(path), op(llvm::sys::path::stem(path).str()), fullName((dialect + "." + op).str()), executors(executors),
        externs(externs), report(report) {}

  bool run(bool zeroRules) {
    std::vector<FuncOp> functions;
    for (auto function : module.getOps<FuncOp>())
      if (function.isPublic() && !function.isExternal())
        functions.push_back(function);
    for (FuncOp function : functions)
      start(function);
    // The oracle has read the module; now every function gets an entry, and all are compiled together.
    for (auto [i, test] : llvm::enumerate(cases))
      if (test.entry == i)
        check::addEntry(module.lookupSymbol<FuncOp>(test.name), entryName(i));
    for (const numeric::Executor &executor : executors) {
      runAll(executor);
      if (zeroRules && &executor == &executors.front() && failures == 0)
        runZeroRules();
    }
    llvm::outs() << path << ": " << passed << " passed, " << failures << " failed\n";
    return failures == 0;
  }

private:
  static std::string entryName(size_t i) { return "entry" + std::to_string(i); }

  /// The oracle's results against the expected ones, then the derived functions.
  void start(FuncOp function) {
    std::string name = function.getName().str();
    FailureOr<std::vector<Array>> inputs = check::inputsOf(function);
    if (failed(inputs))
      return note(name, "values", "oracle", "has no inputs");
    double tolerance = 2e-6;
    if (auto attr = function->getAttrOfType<FloatAttr>(check::kF32Attr))
      tolerance = attr.getValueAsDouble();
    // A function that asks for a derivative itself shows as much as one whose derivative is asked for here.
    bool asks =
        function.walk([](Operation *op) { return isa<graph::VjpOp, graph::JvpOp>(op) ? WalkResult::interrupt() : WalkResult::advance(); })
            .wasInterrupted();
    StringRef kind = asks ? "gradient" : "values";
    if (!add(function, *inputs, tolerance, kind))
      return;
    const std::vector<Array> results = cases.back().results;
    bool isExpected = false;
    for (auto [i, result] : llvm::enumerate(results))
      if (auto close = function.getResultAttrOfType<ElementsAttr>(i, check::kCloseAttr)) {
        isExpected = true;
        note(name, kind, "oracle", oracle::difference(result, oracle::fromAttribute(close, false), 1e-10, 1e-10, true));
      }
    if (!isExpected && !function->hasAttr(check::kGradientAttr) && !function->hasAttr(check::kMapAttr))
      note(name, "values", "oracle", "has no check.close, check.gradient or check.map");
    size_t self = cases.size() - 1;
    if (function->hasAttr(check::kGradientAttr)) {
      startGradient(function, *inputs, results, tolerance, function->hasAttr(check::kSecondAttr) ? 2 : 1);
      startOtherShapes(function, tolerance, kind);
    }
    if (function->hasAttr(check::kMapAttr))
      startMaps(function, self, tolerance);
  }

  /// The function and its derivatives where its dimensions are others, which are drawn.
  void startOtherShapes(FuncOp function, double tolerance, StringRef kind) {
    for (uint64_t draw = 1; draw <= kMoreShapes; ++draw) {
      std::optional<std::vector<Array>> inputs = check::inputsAtRandom(function, draw);
      if (!inputs || !add(function, *inputs, tolerance, kind))
        return;
      const std::vector<Array> results = cases.back().results;
      addDerivatives(function, *inputs, results, tolerance);
    }
  }

  /// Adds a case whose results are the oracle's.
  bool add(FuncOp function, const std::vector<Array> &inputs, double tolerance, StringRef kind, bool isSecond = false) {
    oracle::Oracle interpreter(module, numeric::optionsWith(externs));
    FailureOr<std::vector<Array>> results = interpreter.run(function.getName(), inputs);
    if (failed(results)) {
      note(function.getName(), kind, "oracle", "cannot be computed");
      return false;
    }
    Case test{function.getName().str(), inputs, std::move(*results), {}, tolerance, kind.str(), kind == "map" || isSecond, cases.size()};
    test.entry = entries.try_emplace(test.name, cases.size()).first->second;
    for (unsigned i = 0; i < inputs.size(); ++i)
      if (auto dims = function.getArgAttrOfType<ArrayAttr>(i, graph::kDimsAttr))
        for (auto [dim, extent] : llvm::zip_equal(graph::toDims(dims), inputs[i].shape))
          if (std::optional<StringRef> symbol = dim.symbol())
            test.names[*symbol] = extent;
    cases.push_back(std::move(test));
    return true;
  }

  void startGradient(FuncOp function, const std::vector<Array> &inputs, const std::vector<Array> &results, double tolerance, int depth) {
    std::string name = function.getName().str();
    oracle::Oracle interpreter(module, numeric::optionsWith(externs));
    auto run = [&](const oracle::Nodes &at) { return interpreter.evaluate(name, at); };
    oracle::GradientReport gradients = oracle::checkGradient(run, inputs);
    if (gradients.error.empty() && function.isPublic()) { // a derivative of a derivative may well be zero
      ArrayRef<int64_t> constant;
      if (auto attr = function->getAttrOfType<DenseI64ArrayAttr>(check::kConstantAttr))
        constant = attr.asArrayRef();
      for (size_t i = 0; i < inputs.size(); ++i)
        if (inputs[i].isReal() && gradients.isNonzero[i] == llvm::is_contained(constant, int64_t(i)))
          gradients.error = "requires argument " + std::to_string(i) +
                            (gradients.isNonzero[i] ? " to have no derivative" : " to have a derivative that is not zero");
    }
    note(name, "gradient", "differences", gradients.error);
    auto [vjp, jvp] = addDerivatives(function, inputs, results, tolerance);
    if (depth < 2)
      return;
    for (std::optional<size_t> derivative : {vjp, jvp})
      if (derivative) {
        const Case test = cases[*derivative];
        auto derived = module.lookupSymbol<FuncOp>(test.name);
        startGradient(derived, test.inputs, test.results, 8 * tolerance, depth - 1);
        startMaps(derived, *derivative, 8 * tolerance);
      }
  }

  /// The cases of the pullback of random cotangents and the pushforward of random tangents.
  std::pair<std::optional<size_t>, std::optional<size_t>> addDerivatives(FuncOp function, const std::vector<Array> &inputs,
                                                                         const std::vector<Array> &results, double tolerance) {
    auto derived = [&](StringRef suffix) { return module.lookupSymbol<FuncOp>((function.getName() + suffix).str()); };
    auto addCase = [&](FuncOp derivative, const std::vector<Array> &inputs) -> std::optional<size_t> {
      if (!add(derivative, inputs, 4 * tolerance, "gradient", !function.isPublic()))
        return std::nullopt;
      return cases.size() - 1;
    };
    FuncOp vjp = derived(".vjp"), jvp = derived(".jvp");
    std::vector<Array> vjpInputs = check::vjpInputs(inputs, results), jvpInputs = check::jvpInputs(inputs);
    auto pulled = addCase(vjp ? vjp : check::addVjp(function), vjpInputs), pushed = addCase(jvp ? jvp : check::addJvp(function), jvpInputs);
    if (pulled && pushed)
      adjoints.push_back({*pulled, *pushed, vjpInputs.size() - inputs.size(), jvpInputs.size() - inputs.size()});
    return {pulled, pushed};
  }

  /// All arguments over the lanes, and each one alone.
  void startMaps(FuncOp function, size_t one, double tolerance) {
    const std::vector<Array> inputs = cases[one].inputs;
    auto start = [&](ArrayRef<bool> over) {
      if (add(check::addMap(function, over), check::mapInputs(inputs, over, kLanes), tolerance, "map"))
        maps.push_back({cases.size() - 1, one, over.vec()});
    };
    SmallVector<bool> over(inputs.size(), true);
    start(over);
    for (size_t i = 0; i < inputs.size() && inputs.size() > 1; ++i) {
      over.assign(inputs.size(), false);
      over[i] = true;
      start(over);
    }
  }

  void runAll(const numeric::Executor &executor) {
    OwningOpRef<ModuleOp> part(module.clone());
    auto isLeftOut = [&](const Case &test) { return executor.isSlow && test.isDerived; };
    for (auto [i, test] : llvm::enumerate(cases))
      if (test.entry == i && isLeftOut(test))
        part->lookupSymbol(entryName(i))->erase();
    FailureOr<std::unique_ptr<numeric::Program>> program = executor.prepare(*part);
    if (failed(program))
      return note("*", "values", executor.name, "cannot be compiled");
    std::vector<FailureOr<std::vector<Array>>> results(cases.size(), failure());
    for (auto [i, test] : llvm::enumerate(cases))
      if (!isLeftOut(test)) {
        results[i] = run(**program, test);
        note(test.name, test.kind, executor.name, compare(results[i], test, executor));
      }
    if (executor.isF32)
      return;
    for (Adjoint adjoint : adjoints)
      if (succeeded(results[adjoint.vjp]) && succeeded(results[adjoint.jvp]))
        note(cases[adjoint.jvp].name, "adjoint", executor.name, compareAdjoint(adjoint, *results[adjoint.vjp], *results[adjoint.jvp]));
    for (const Lanes &lanes : maps)
      if (succeeded(results[lanes.all]))
        note(cases[lanes.all].name, "lanes", executor.name, compareLanes(**program, lanes, *results[lanes.all]));
  }

  FailureOr<std::vector<Array>> run(numeric::Program &program, const Case &test) {
    return program.run(entryName(test.entry), test.inputs, test.results, test.names);
  }

  /// What is wrong with the results of a case; empty if nothing.
  std::string compare(const FailureOr<std::vector<Array>> &results, const Case &test, const numeric::Executor &executor) {
    if (failed(results))
      return "cannot be run";
    for (auto [i, pair] : llvm::enumerate(llvm::zip_equal(*results, test.results))) {
      auto &[found, wanted] = pair;
      double tolerance = executor.isF32 ? test.f32Tolerance : 1e-10, largest = 0;
      for (double x : wanted.reals)
        if (std::isfinite(x) && test.kind != "values")
          largest = std::max(largest, std::abs(x));
      std::string text = oracle::difference(found, wanted, tolerance, tolerance * std::max(1.0, largest), test.kind == "values");
      if (!text.empty())
        return "result " + std::to_string(i) + ": " + text;
    }
    return "";
  }

  /// <u, Jv> = <J'u, v>, of what the program has computed of both. Arrays of half precision are rounded too much for that.
  std::string compareAdjoint(Adjoint adjoint, ArrayRef<Array> pulled, ArrayRef<Array> pushed) {
    double largest = 1;
    bool isExact = true;
    auto dot = [&](ArrayRef<Array> values, ArrayRef<Array> weights) {
      double sum = 0;
      for (auto [value, weight] : llvm::zip_equal(values, weights)) {
        isExact &= value.kind == oracle::Kind::f64 && weight.kind == oracle::Kind::f64;
        for (auto [x, y] : llvm::zip_equal(value.reals, weight.reals)) {
          sum += x * y;
          largest = std::max(largest, std::abs(x * y));
        }
      }
      return sum;
    };
    size_t outputs = adjoint.cotangents, inputs = adjoint.tangents;
    double forward = dot(pushed.take_back(outputs), ArrayRef(cases[adjoint.vjp].inputs).take_back(outputs));
    double reverse = dot(pulled.take_back(inputs), ArrayRef(cases[adjoint.jvp].inputs).take_back(inputs));
    if (!isExact || !std::isfinite(reverse) || std::abs(forward - reverse) <= 1e-10 * largest)
      return "";
    return llvm::formatv("requires <u, Jv> = <J'u, v>, but got {0} and {1}", forward, reverse);
  }

  /// Each lane of a map against the function of one lane, bit for bit or, if check.map says so, within that.
  std::string compareLanes(numeric::Program &program, const Lanes &lanes, ArrayRef<Array> results) {
    const Case &all = cases[lanes.all], &one = cases[lanes.one];
    for (int64_t lane = 0; lane < kLanes; ++lane) {
      Case test = one;
      for (auto [input, whole, isOver] : llvm::zip_equal(test.inputs, all.inputs, lanes.over))
        input = isOver ? laneOf(whole, lane) : whole;
      FailureOr<std::vector<Array>> wanted = run(program, test);
      if (failed(wanted))
        return "lane " + std::to_string(lane) + " cannot be run";
      for (auto [i, pair] : llvm::enumerate(llvm::zip_equal(results, *wanted)))
        if (std::string text = oracle::difference(laneOf(std::get<0>(pair), lane), std::get<1>(pair), 0, 0); !text.empty())
          return "result " + std::to_string(i) + ", lane " + std::to_string(lane) + ": " + text;
    }
    return "";
  }

  //===--- Proofs: this file fails without a rule of its op ---===//

  /// The first case of this kind that fails when the op has the fault; empty if none does. A program that the fault keeps from being compiled
  /// shows nothing.
  std::string failsWith(numeric::Fault fault, StringRef kind) {
    numeric::Executor executor = numeric::withFault(executors.front(), fullName, fault);
    ScopedDiagnosticHandler quiet(module.getContext(), [](Diagnostic &) { return success(); });
    FailureOr<std::unique_ptr<numeric::Program>> program = executor.prepare(module);
    for (size_t i = 0; succeeded(program) && i < cases.size(); ++i)
      if (cases[i].kind == kind && !compare(run(**program, cases[i]), cases[i], executor).empty())
        return cases[i].name;
    return "";
  }

  /// A derivative that is zero by definition must be missed when it is one; and where no derivative is ever asked of the op, what is derived or
  /// batched around it must hang on its values.
  void runZeroRules() {
    using numeric::Fault;
    auto prove = [&](StringRef what, std::initializer_list<std::pair<Fault, StringRef>> attempts) {
      std::string shownBy;
      for (auto [fault, kind] : attempts)
        if (shownBy.empty())
          shownBy = failsWith(fault, kind);
      note(shownBy.empty() ? "*" : shownBy, what, "proof", shownBy.empty() ? "requires a test that fails when the rule answers zero" : "");
      return (" " + what + " @" + (shownBy.empty() ? "?" : shownBy)).str();
    };
    std::string line;
    line += prove("value", {{Fault::ZeroValue, "values"}, {Fault::ZeroValue, "gradient"}});
    line += prove("vjp", {{Fault::ZeroVjp, "gradient"}, {Fault::OneVjp, "gradient"}, {Fault::ZeroValue, "gradient"}});
    line += prove("jvp", {{Fault::ZeroJvp, "gradient"}, {Fault::OneJvp, "gradient"}, {Fault::ZeroValue, "gradient"}});
    line += prove("batch", {{Fault::ZeroBatch, "map"}, {Fault::ZeroValue, "map"}});
    llvm::outs() << fullName << " is missed by" << line << "\n";
  }

  void note(StringRef test, StringRef kind, StringRef by, StringRef error) {
    ++(error.empty() ? passed : failures);
    if (!error.empty())
      llvm::errs() << path << ": @" << test << ", " << kind << " by " << by << ": " << error << "\n";
    if (report)
      *report << llvm::json::Value(llvm::json::Object{{"op", op}, {"test", test}, {"kind", kind}, {"by", by}, {"ok", error.empty()}})
              << "\n";
  }

  ModuleOp module;
  std::string path, op, fullName;
  const std::vector<numeric::Executor> &executors;
  const Externs &externs;
  llvm::raw_ostream *report;
  std::vector<Case> cases;
  llvm::StringMap<size_t> entries; ///< of each function, its first case
  std::vector<Adjoint> adjoints;
  std::vector<Lanes> maps;
  int passed = 0, failures = 0;
};

} // namespace

int main(int argc, char **argv) {
  codegen::ignoreHalideWarnings();
  llvm::cl::list<std::string> files(llvm::cl::Positional, llvm::cl::OneOrMore, llvm::cl::desc("FILE..."));
  llvm::cl::opt<std::string> reportPath("report", llvm::cl::desc("Write a line of JSON for each check"), llvm::cl::value_desc("FILE"));
  llvm::cl::opt<bool> zeroRulesFlag("zero-rules", llvm::cl::desc("Require each file to fail when a rule of its op answers zero"));
  llvm::cl::opt<bool> compiled("compiled", llvm::cl::desc("Compile to machine code too"));
  llvm::cl::opt<std::string> dialectFlag("dialect", llvm::cl::init("graph"),
                                         llvm::cl::desc("Of the ops that files are named after (default: graph)"));
  llvm::cl::list<std::string> pluginPaths("plugin", llvm::cl::desc("Shared library that adds ops"), llvm::cl::value_desc("FILE"));
  llvm::cl::list<std::string> libraryPaths("extern", llvm::cl::desc("Shared library with C functions that programs call"),
                                           llvm::cl::value_desc("FILE"));
  llvm::cl::ParseCommandLineOptions(argc, argv, "Runs functions that carry their own test\n");
  // lld, which links what is compiled, sets all options back.
  const bool zeroRules = zeroRulesFlag;
  const std::string dialect = dialectFlag;
  const std::vector<std::string> paths(files.begin(), files.end());

  Plugins plugins;
  Externs externs;
  auto load = [](auto &into, const std::vector<std::string> &libraries) {
    for (const std::string &path : libraries)
      if (absl::Status status = into.load(path); !status.ok()) {
        llvm::errs() << "error: " << std::string(status.message()) << "\n";
        return false;
      }
    return true;
  };
  if (!load(plugins, pluginPaths) || !load(externs, libraryPaths))
    return 1;
  std::unique_ptr<llvm::raw_fd_ostream> report;
  if (!reportPath.empty()) {
    std::error_code code;
    report = std::make_unique<llvm::raw_fd_ostream>(reportPath, code);
    if (code) {
      llvm::errs() << "cannot write '" << reportPath << "': " << code.message() << "\n";
      return 1;
    }
  }
  DialectRegistry registry;
  registerDialects(registry);
  registry.insert<check::CheckDialect>();
  plugins.registerDialects(registry);
  std::vector<numeric::Executor> executors = numeric::allExecutors(compiled, /*random=*/false, externs);
  bool ok = true;
  for (const std::string &path : paths) {
    MLIRContext context(registry, MLIRContext::Threading::DISABLED);
    llvm::SourceMgr sources;
    SourceMgrDiagnosticHandler handler(sources, &context);
    ParserConfig config(&context);
    OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(path, sources, config);
    ok = module && File(*module, path, dialect, executors, externs, report.get()).run(zeroRules) && ok;
  }
  return ok ? 0 : 1;
}
