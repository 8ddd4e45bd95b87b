// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// costate compile: a model as a static and a shared library with a C header and a manifest; or in binary form.
#include "costate/compiler/api/Compiler.h"
#include "costate/compiler/codegen/ObjectWriter.h"
#include "costate/tools/costate/Commands.h"

#include "absl/strings/str_cat.h"

#include <cstdio>
#include <filesystem>

namespace costate::tool {

namespace {

struct CompileFlags {
  CompilerFlags compiler;
  std::string output = ".", emit = "library", to, runtime;
  bool noShared = false, bundle = false, checks = false;
};

/// libcostate_rt.a of this installation: beside the program's folder.
std::string installedRuntime() {
  std::error_code error;
  std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  std::filesystem::path root = program.parent_path().parent_path();
  for (const char *folder : {"lib", "lib64", "lib/x86_64-linux-gnu"})
    if (std::filesystem::path path = root / folder / "libcostate_rt.a"; std::filesystem::exists(path, error))
      return path.string();
  return "";
}

/// NAME.costatem beside nothing else, for NAME.costate.
int emitModel(const Session &session, const ModelSource &source, const std::string &folder) {
  absl::StatusOr<std::string> bytes = session.modelFile(source);
  if (!bytes.ok())
    return report(bytes.status());
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  std::filesystem::path path = std::filesystem::path(folder) / std::filesystem::path(source.name).filename().replace_extension(".costatem");
  if (absl::Status status = codegen::writeFile(path.string(), *bytes); !status.ok())
    return report(status);
  std::printf("wrote %s\n", path.c_str());
  return success;
}

int printSchedules(const Session &session, const ModelSource &source) {
  absl::StatusOr<Explanation> explanation = session.explain(source);
  if (!explanation.ok())
    return report(explanation.status());
  for (const ExplainedKernel &kernel : explanation->kernels)
    std::fputs(kernel.text.c_str(), stdout);
  return success;
}

int compile(const CompileFlags &flags) {
  absl::StatusOr<Session> session = flags.compiler.session();
  if (!session.ok())
    return report(session.status());
  absl::StatusOr<ModelSource> source = ModelSource::read(flags.compiler.model);
  if (!source.ok())
    return report(source.status());
  if (!flags.to.empty()) {
    std::optional<Phase> last = parsePhase(flags.to);
    if (!last)
      return report(absl::InvalidArgumentError(absl::StrCat("--to requires a phase, but got '", flags.to, "'")));
    absl::StatusOr<std::string> text = session->lower(*source, *last);
    if (!text.ok())
      return report(text.status());
    std::fputs(text->c_str(), stdout);
    return success;
  }
  if (flags.emit == "model")
    return emitModel(*session, *source, flags.output);
  if (flags.emit == "schedule")
    return printSchedules(*session, *source);
  codegen::WriteOptions options;
  options.shared = !flags.noShared;
  if (flags.bundle) {
    options.bundledRuntime = flags.runtime.empty() ? installedRuntime() : flags.runtime;
    if (options.bundledRuntime.empty())
      return report(absl::NotFoundError("--bundle requires libcostate_rt.a, which is not beside this program; give --runtime FILE"));
  }
  absl::StatusOr<codegen::Package> package = flags.checks ? session->packageChecks(*source) : session->package(*source);
  if (!package.ok())
    return report(package.status());
  if (absl::Status status = codegen::writePackage(*package, flags.output, options); !status.ok())
    return report(status);
  std::printf("wrote %s/{%s.h,lib%s.a%s,%s.json}\n", flags.output.c_str(), package->name.c_str(), package->name.c_str(),
              options.shared ? absl::StrCat(",lib", package->name, ".so").c_str() : "", package->name.c_str());
  return success;
}

} // namespace

void addCompile(CLI::App &command, Action &action) {
  auto flags = std::make_shared<CompileFlags>();
  flags->compiler.addTo(command);
  command.add_option("-o,--output", flags->output, "Folder for the files")->capture_default_str();
  command.add_flag("--no-shared", flags->noShared, "No shared library");
  command.add_flag("--checks", flags->checks, "The check blocks of the file instead of its model: each an entry, with its tolerances in the manifest");
  command.add_flag("--bundle", flags->bundle, "Put the runtime into the shared library, so that it needs nothing else");
  command.add_option("--runtime", flags->runtime, "libcostate_rt.a for --bundle (default: that of this installation)");
  command
      .add_option("--emit", flags->emit,
                  "library; model: NAME.costatem, the model in binary form, which every command takes as it takes the text; schedule: prints the "
                  "kernels that Halide compiles, a file for --schedule")
      ->check(CLI::IsMember({"library", "model", "schedule"}))
      ->capture_default_str();
  command.add_option("--to", flags->to, "Print the program after this phase instead: import, solve, differentiate, fuse, schedule, codegen");
  command.callback([flags, &action] { action = [flags] { return compile(*flags); }; });
}

} // namespace costate::tool
