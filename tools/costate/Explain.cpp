// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// costate explain: what the compiled model is and what the compiler decided.
#include "costate/tools/costate/Commands.h"

#include "absl/strings/str_cat.h"

#include <cstdio>

namespace costate::tool {

namespace {

struct ExplainFlags {
  CompilerFlags compiler;
};

std::string signature(const costate_model_info &info, const costate_array_info &array) {
  std::string text = absl::StrCat(array.name, ": ", costate_type_name(array.type));
  for (int64_t axis = 0; axis < array.rank; ++axis) {
    int64_t extent = array.shape[axis];
    absl::StrAppend(&text, axis == 0 ? "[" : ", ");
    if (extent >= 0)
      absl::StrAppend(&text, extent);
    else if (extent == COSTATE_COMPOUND_AXIS)
      absl::StrAppend(&text, "...");
    else
      absl::StrAppend(&text, info.dim_names[-1 - extent]);
  }
  return absl::StrCat(text, array.rank > 0 ? "]" : "");
}

void printInterface(const costate_model_info &info) {
  std::printf("model '%s'\n", info.name);
  for (int64_t i = 0; i < info.num_slots; ++i) {
    const costate_slot_info &slot = info.slots[i];
    std::printf("  %s %s: %s, %lld elements, %lld tensors\n", slot.role == COSTATE_PARAM ? "param" : slot.role == COSTATE_BUFFER ? "buffer" : "state", slot.name,
                costate_type_name(slot.type), static_cast<long long>(slot.size), static_cast<long long>(std::max<int64_t>(slot.num_leaves, 1)));
  }
  for (int64_t i = 0; i < info.num_hypers; ++i)
    std::printf("  hyper %s = %g\n", info.hypers[i].name, info.hypers[i].default_value);
  for (int64_t i = 0; i < info.num_entries; ++i) {
    const costate_entry_info &entry = info.entries[i];
    std::string arguments, results;
    for (int64_t j = 0; j < entry.num_args; ++j)
      if (entry.args[j].role == COSTATE_INPUT || entry.args[j].role == COSTATE_TARGET || entry.args[j].role == COSTATE_DIM)
        absl::StrAppend(&arguments, arguments.empty() ? "" : ", ", signature(info, entry.args[j]));
    for (int64_t j = 0; j < entry.num_results; ++j)
      if (entry.results[j].role == COSTATE_METRIC || entry.results[j].role == COSTATE_OUTPUT)
        absl::StrAppend(&results, results.empty() ? "" : ", ", signature(info, entry.results[j]));
    std::printf("  entry %s(%s)%s%s\n", entry.name, arguments.c_str(), results.empty() ? "" : " -> ", results.c_str());
  }
}

int explain(const ExplainFlags &flags) {
  absl::StatusOr<Session> session = flags.compiler.session();
  if (!session.ok())
    return report(session.status());
  absl::StatusOr<Executable> executable = session->compileFile(flags.compiler.model);
  if (!executable.ok())
    return report(executable.status());
  printInterface(executable->info());
  absl::StatusOr<ModelSource> source = ModelSource::read(flags.compiler.model);
  if (!source.ok())
    return report(source.status());
  absl::StatusOr<std::string> decisions = session->explain(*source);
  if (!decisions.ok())
    return report(decisions.status());
  std::fputs(decisions->c_str(), stdout);
  return success;
}

} // namespace

void addExplain(CLI::App &app, Action &action) {
  CLI::App &command = *app.add_subcommand("explain", "Print a model's interface, its kernels, their executors and schedules");
  auto flags = std::make_shared<ExplainFlags>();
  flags->compiler.addTo(command);
  command.callback([flags, &action] { action = [flags] { return explain(*flags); }; });
}

} // namespace costate::tool
