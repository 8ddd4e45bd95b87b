// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// costate fmt: lays out model files, in place.
#include "costate/compiler/api/Compiler.h"
#include "costate/frontends/Formatter.h"
#include "costate/runtime/data/ArrayFile.h"
#include "costate/tools/costate/Commands.h"

#include "absl/strings/str_cat.h"

#include <filesystem>
#include <iostream>
#include <iterator>

namespace costate::tool {

namespace {

struct FormatFlags {
  std::vector<std::string> files;
  bool check = false;
};

/// Says where a text is not as it is to be laid out.
void reportDifference(const SourceFile &source, llvm::StringRef formatted, Diagnostics &diagnostics) {
  llvm::StringRef text = source.text();
  uint32_t at = std::mismatch(text.begin(), text.end(), formatted.begin(), formatted.end()).first - text.begin();
  size_t line = text.take_front(at).rfind('\n') + 1; // npos + 1 is 0
  diagnostics.error({&source, at, at}) << "requires the layout of 'costate fmt', which has here '"
                                       << formatted.substr(line).split('\n').first << "'";
}

/// Writes the new text over the file; what the file is a link to is the file.
runtime::Status replace(const std::string &name, const std::string &text) {
  std::error_code error;
  std::string path = std::filesystem::canonical(name, error).string();
  std::filesystem::perms permissions = std::filesystem::status(path, error).permissions();
  std::span<const std::byte> bytes = std::as_bytes(std::span(text));
  runtime::Status written = runtime::writeFileAtomically(error ? name : path, {&bytes, 1});
  if (written.ok() && !error)
    std::filesystem::permissions(path, permissions, error);
  return written;
}

int formatFile(const std::string &name, bool check) {
  bool isStdin = name == "-";
  absl::StatusOr<ModelSource> source =
      isStdin ? ModelSource{"<stdin>", {std::istreambuf_iterator<char>(std::cin), {}}} : ModelSource::read(name);
  if (!source.ok())
    return report(source.status());
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  DiagnosticPrinter printer(context, llvm::errs());
  printer.addSource(source->name, source->text);
  Diagnostics diagnostics(context);
  SourceFile file(source->name, source->text);
  mlir::FailureOr<std::string> formatted = format(file, diagnostics);
  if (mlir::failed(formatted))
    return userError;
  if (check && *formatted != source->text)
    reportDifference(file, *formatted, diagnostics);
  else if (isStdin && !check)
    std::cout << *formatted << std::flush;
  else if (*formatted != source->text)
    if (runtime::Status status = replace(name, *formatted); !status.ok())
      return report(status);
  return diagnostics.errorCount() ? userError : success;
}

} // namespace

void addFmt(CLI::App &command, Action &action) {
  auto flags = std::make_shared<FormatFlags>();
  command.add_option("files", flags->files, "Model files; - is stdin, laid out on stdout")->required();
  command.add_flag("--check", flags->check, "Only say which files are laid out otherwise, and exit with 1 if there is one");
  command.callback([flags, &action] {
    action = [flags] {
      int worst = success;
      for (const std::string &file : flags->files)
        worst = std::max(worst, formatFile(file, flags->check));
      return worst;
    };
  });
}

} // namespace costate::tool
