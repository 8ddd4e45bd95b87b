// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// costate test: runs the check blocks of a model file as machine code.
#include "costate/compiler/api/Compiler.h"
#include "costate/runtime/data/Array.h"
#include "costate/tools/costate/Commands.h"

#include "absl/strings/str_format.h"

#include <cmath>
#include <cstdio>
#include <cstring>

namespace costate::tool {

namespace {

struct TestFlags {
  CompilerFlags compiler;
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
  for (size_t k = 0; k < check.tolerances.size(); ++k) {
    int32_t actualType = results[2 * k].type, expectedType = results[2 * k + 1].type;
    int64_t size = memory[2 * k].size() / costate_type_size(actualType);
    for (int64_t i = 0; i < size; ++i) {
      double actual = elementOf(memory[2 * k], actualType, i), expected = elementOf(memory[2 * k + 1], expectedType, i);
      if (distance(actual, expected) <= check.tolerances[k])
        continue;
      outcome.passed = false;
      outcome.reason = absl::StrFormat("expectation %d requires %.9g within %g at element %d, but got %.9g", k + 1, expected,
                                       check.tolerances[k], i, actual);
      return outcome;
    }
  }
  return outcome;
}

int test(const TestFlags &flags) {
  absl::StatusOr<Session> session = flags.compiler.session();
  if (!session.ok())
    return report(session.status());
  absl::StatusOr<ModelSource> source = ModelSource::read(flags.compiler.model);
  if (!source.ok())
    return report(source.status());
  absl::StatusOr<CheckProgram> program = session->compileChecks(*source);
  if (!program.ok())
    return report(program.status());
  absl::StatusOr<Context> context = createContext(flags.threads);
  if (!context.ok())
    return report(context.status());
  absl::StatusOr<Executable::Model> model = program->code.createModel(context->get());
  if (!model.ok())
    return report(model.status());
  int failures = 0;
  for (const ModelCheck &check : program->checks) {
    int64_t entry = costate_model_entry(model->get(), check.entry.c_str());
    absl::StatusOr<Outcome> outcome = runCheck(model->get(), program->code.info().entries[entry], check);
    if (!outcome.ok())
      return report(outcome.status());
    failures += !outcome->passed;
    std::printf("%s  %s%s%s\n", outcome->passed ? "pass" : "FAIL", check.title.c_str(), outcome->passed ? "" : ": ", outcome->reason.c_str());
  }
  std::printf("%zu passed, %d failed\n", program->checks.size() - failures, failures);
  return failures ? userError : success;
}

} // namespace

void addTest(CLI::App &command, Action &action) {
  auto flags = std::make_shared<TestFlags>();
  flags->compiler.addTo(command);
  command.add_option("--threads", flags->threads, "0: one a CPU; results do not depend on it")->check(integer(0, 1024))->capture_default_str();
  command.callback([flags, &action] { action = [flags] { return test(*flags); }; });
}

} // namespace costate::tool
