// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// costate test: runs the check blocks of a model file, as machine code or by the reference interpreter.
#include "costate/compiler/api/Compiler.h"
#include "costate/compiler/pipeline/Pipeline.h"
#include "costate/frontends/Diagnostics.h"
#include "costate/frontends/Importer.h"
#include "costate/runtime/data/Array.h"
#include "costate/tests/oracle/Oracle.h"
#include "costate/tools/costate/Commands.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"

#include <cmath>
#include <cstdio>
#include <cstring>

namespace costate::tool {

namespace {

struct TestFlags {
  CompilerFlags compiler;
  bool byOracle = false;
  int threads = 0;
};

/// Element i of an array as a number.
double elementOf(const std::vector<char> &bytes, int32_t type, int64_t i) {
  const char *place = bytes.data() + i * costate_type_size(type);
  return runtime::withElementType(type, [&]<typename T>(T value) {
    std::memcpy(&value, place, sizeof value);
    return static_cast<double>(value);
  });
}

/// Equal special values are equal; a NaN is equal to nothing else.
double distance(double actual, double expected) {
  if (actual == expected || (std::isnan(actual) && std::isnan(expected)))
    return 0;
  double difference = std::abs(actual - expected);
  return std::isnan(difference) ? INFINITY : difference;
}

struct Outcome {
  bool passed = true;
  std::string reason;
};

absl::StatusOr<Outcome> runCheck(costate_model *model, const costate_entry_info &entry, const ModelCheck &check) {
  std::vector<std::vector<char>> memory;
  std::vector<costate_array> results;
  for (int64_t i = 0; i < entry.num_results; ++i) {
    const costate_array_info &info = entry.results[i];
    int64_t bytes = costate_type_size(info.type);
    for (int64_t axis = 0; axis < info.rank; ++axis)
      bytes *= info.shape[axis];
    memory.emplace_back(bytes);
    results.push_back({memory.back().data(), info.type, static_cast<int32_t>(info.rank), info.shape});
  }
  int32_t code = costate_model_call(model, entry.name, nullptr, 0, results.data(), results.size());
  if (absl::Status status = runtimeStatus(code, costate_model_context(model)); !status.ok())
    return status;
  Outcome outcome;
  for (size_t k = 0; k < check.expectations.size(); ++k) {
    const ModelCheck::Expectation &expectation = check.expectations[k];
    int32_t actualType = results[2 * k].type, expectedType = results[2 * k + 1].type;
    int64_t size = memory[2 * k].size() / costate_type_size(actualType);
    for (int64_t i = 0; i < size; ++i) {
      double actual = elementOf(memory[2 * k], actualType, i), expected = elementOf(memory[2 * k + 1], expectedType, i);
      double unit = !expectation.isRelative ? 1 : std::isfinite(expected) ? std::abs(expected) : 0;
      if (distance(actual, expected) <= expectation.tolerance * unit)
        continue;
      outcome.passed = false;
      outcome.reason = expectation.condition.empty()
                           ? absl::StrFormat("expectation %d requires %.9g within %g%s at element %d, but got %.9g", k + 1, expected,
                                             expectation.tolerance, expectation.isRelative ? " relative" : "", i, actual)
                           : absl::StrFormat("expectation %d requires %s, but it does not hold at element %d", k + 1, expectation.condition, i);
      return outcome;
    }
  }
  return outcome;
}

int summarize(size_t passed, size_t failed) {
  std::printf("%zu passed, %zu failed\n", passed, failed);
  return failed ? userError : success;
}

void print(const Outcome &outcome, const std::string &title) {
  std::printf("%s  %s%s%s\n", outcome.passed ? "pass" : "FAIL", title.c_str(), outcome.passed ? "" : ": ", outcome.reason.c_str());
}

/// What the checks mean: in f64, op by op, without a compiler.
int testByOracle(const Session &session, const ModelSource &source) {
  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  DiagnosticPrinter printer(context, llvm::errs());
  printer.addSource(source.name, source.text, source.imports);
  session.plugins().loadDialects(context);
  mlir::OwningOpRef<mlir::ModuleOp> module =
      importModel(source.text, source.name, context,
                  {true, session.options().model, /*checksOnly=*/true, session.plugins().languageExtensions(), source.imports});
  if (!module)
    return userError;
  oracle::Oracle oracle(*module);
  size_t passed = 0, failed = 0;
  for (auto function : module->getOps<mlir::func::FuncOp>()) {
    auto title = function->getAttrOfType<mlir::StringAttr>("optim.check");
    if (!title)
      continue;
    mlir::FailureOr<std::vector<oracle::Array>> results = oracle.run(function.getName(), {});
    Outcome outcome;
    if (mlir::failed(results))
      outcome = {false, "the oracle cannot run it"};
    auto tolerances = function->getAttrOfType<mlir::ArrayAttr>("optim.within");
    auto areRelative = function->getAttrOfType<mlir::DenseBoolArrayAttr>("optim.relative").asArrayRef();
    for (size_t k = 0; k < tolerances.size() && outcome.passed; ++k) {
      double tolerance = mlir::cast<mlir::FloatAttr>(tolerances[k]).getValueAsDouble();
      double relative = areRelative[k] ? tolerance : 0;
      auto inReals = [](oracle::Array array) { // a tolerance holds for integers too
        if (!array.isReal())
          array.reals.assign(array.integers.begin(), array.integers.end());
        array.kind = oracle::Kind::f64;
        return array;
      };
      std::string text = oracle::difference(inReals((*results)[2 * k]), inReals((*results)[2 * k + 1]), relative, tolerance - relative);
      if (!text.empty())
        outcome = {false, absl::StrFormat("expectation %d: %s", k + 1, text)};
    }
    print(outcome, title.getValue().str());
    ++(outcome.passed ? passed : failed);
  }
  if (passed + failed == 0)
    return report(absl::NotFoundError(absl::StrCat("'", source.name, "' has no check blocks")));
  return summarize(passed, failed);
}

int test(const TestFlags &flags) {
  absl::StatusOr<Session> session = flags.compiler.session();
  if (!session.ok())
    return report(session.status());
  absl::StatusOr<ModelSource> source = ModelSource::read(flags.compiler.model);
  if (!source.ok())
    return report(source.status());
  if (flags.byOracle)
    return testByOracle(*session, *source);
  absl::StatusOr<CheckProgram> program = session->compileChecks(*source);
  if (!program.ok())
    return report(program.status());
  absl::StatusOr<Context> context = createContext(flags.threads);
  if (!context.ok())
    return report(context.status());
  absl::StatusOr<Executable::Model> model = program->code.createModel(context->get());
  if (!model.ok())
    return report(model.status());
  size_t failures = 0;
  for (const ModelCheck &check : program->checks) {
    int64_t entry = costate_model_entry(model->get(), check.entry.c_str());
    absl::StatusOr<Outcome> outcome = runCheck(model->get(), program->code.info().entries[entry], check);
    if (!outcome.ok())
      return report(outcome.status());
    failures += !outcome->passed;
    print(*outcome, check.title);
  }
  return summarize(program->checks.size() - failures, failures);
}

} // namespace

void addTest(CLI::App &command, Action &action) {
  auto flags = std::make_shared<TestFlags>();
  flags->compiler.addTo(command);
  command.add_flag("--oracle", flags->byOracle, "By the reference interpreter, in f64, instead of machine code");
  command.add_option("--threads", flags->threads, "0: one a CPU; results do not depend on it")->check(integer(0, 1024))->capture_default_str();
  command.callback([flags, &action] { action = [flags] { return test(*flags); }; });
}

} // namespace costate::tool
