// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/tools/lsp/Declarations.h"

#include "costate/frontends/Builtins.h"
#include "costate/frontends/Parser.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

namespace costate::lsp {
using namespace syntax;

//===----------------------------------------------------------------------===//
// Declarations of a file
//===----------------------------------------------------------------------===//

/// The comment right above a declaration.
static std::string documentationOf(SourceRange range) {
  StringRef above = range.file->text().take_front(range.begin);
  std::vector<StringRef> lines;
  while (above.consume_back("\n")) {
    StringRef line = above.substr(above.rfind('\n') + 1); // npos + 1 is 0
    if (!line.starts_with("#") || line.contains("SPDX-License-Identifier"))
      break;
    above = above.drop_back(line.size());
    line.consume_front("#");
    line.consume_front(" ");
    lines.push_back(line.rtrim());
  }
  return llvm::join(llvm::reverse(lines), "\n");
}

/// What stands before the body.
static std::string signatureOf(SourceRange range, SourceRange body) {
  StringRef text = range.file->text().slice(range.begin, body.begin > range.begin ? body.begin : range.end);
  return text.rtrim(" \t\r\n={+").str();
}

static std::vector<std::string> namesOf(llvm::ArrayRef<Parameter> parameters) {
  std::vector<std::string> names;
  for (const Parameter &parameter : parameters)
    names.push_back(parameter.name.text.str());
  return names;
}

static std::vector<Declaration> declarationsOf(const File &file) {
  std::vector<Declaration> declarations;
  auto add = [&](Declaration::Kind kind, const Name &name, SourceRange range, SourceRange body) -> Declaration & {
    return declarations.emplace_back(kind, name.text.str(), signatureOf(range, body), documentationOf(range), name.range, range);
  };
  for (const auto &constant : file.constants)
    for (const Name &name : constant->names)
      add(Declaration::Constant, name, constant->range, {});
  for (const auto &fn : file.fns)
    add(Declaration::Fn, fn->name, fn->range, fn->body.range).parameters = namesOf(fn->parameters);
  for (const auto &net : file.nets) {
    Declaration &declaration = add(Declaration::Net, net->name, net->range, net->body.range);
    declaration.parameters = namesOf(net->statics);
    declaration.inputs = namesOf(net->inputs);
  }
  for (const auto &optimizer : file.optimizers)
    add(Declaration::Optimizer, optimizer->name, optimizer->range, optimizer->body.range).parameters = namesOf(optimizer->parameters);
  for (const auto &model : file.models) {
    add(Declaration::Model, model->name, model->range, model->body.range);
    for (const StmtPtr &statement : model->body.statements)
      if (auto *entry = llvm::dyn_cast<EntryStmt>(statement.get()))
        add(Declaration::Entry, entry->name, entry->range, entry->body.range);
  }
  for (const auto &check : file.checks)
    add(Declaration::Check, {check->title, check->range}, check->range, check->body.range);
  llvm::sort(declarations, [](const Declaration &a, const Declaration &b) { return a.range.begin < b.range.begin; });
  return declarations;
}

Unit::Unit(StringRef name, StringRef text) : source(name, text) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  Diagnostics diagnostics(context);
  tree = parsePart(source, diagnostics, /*keepsFaults=*/true);
  declarations = declarationsOf(*tree);
}

/// One that can stand in an expression.
static const Declaration *findIn(llvm::ArrayRef<Declaration> declarations, StringRef name) {
  const Declaration *found = llvm::find_if(declarations, [&](const Declaration &d) { return d.name == name && d.isValue(); });
  return found == declarations.end() ? nullptr : found;
}

const Declaration *Unit::find(StringRef name) const { return findIn(declarations, name); }

//===----------------------------------------------------------------------===//
// The library
//===----------------------------------------------------------------------===//

Library::Library(std::string folder, std::vector<LanguageExtension> extensions)
    : folder(std::move(folder)), extensions(std::move(extensions)) {
  std::vector<StandardFile> files(standardLibrary());
  std::vector<llvm::ArrayRef<importer::Builtin>> tables = importer::builtinTables();
  for (const LanguageExtension &extension : this->extensions) {
    llvm::append_range(files, extension.modules);
    tables.push_back(extension.builtins);
  }
  for (const StandardFile &file : files)
    units.push_back(std::make_unique<Unit>(file.name, file.text));
  for (llvm::ArrayRef<importer::Builtin> table : tables)
    for (const importer::Builtin &builtin : table) {
      Declaration &declaration = builtins.emplace_back(Declaration::Builtin, builtin.name.str());
      std::vector<std::string> formals;
      for (const importer::Formal &formal : importer::formalsOf(builtin)) {
        declaration.parameters.push_back(formal.name.str());
        formals.push_back((formal.name + (formal.required ? "" : "?")).str());
      }
      declaration.signature = ("fn " + builtin.name + "(" + llvm::join(formals, ", ") + ")").str();
    }
}

const Declaration *Library::find(StringRef name) const {
  for (const auto &unit : units)
    if (const Declaration *found = importer::Module::isPrivate(name) ? nullptr : unit->find(name))
      return found;
  return findIn(builtins, name);
}

void Library::forEach(llvm::function_ref<void(const Declaration &)> visit) const {
  for (const auto &unit : units)
    for (const Declaration &declaration : unit->declarations)
      if (!importer::Module::isPrivate(declaration.name))
        visit(declaration);
  llvm::for_each(builtins, visit);
}

const SourceFile *Library::source(StringRef name) const {
  auto found = llvm::find_if(units, [&](const auto &unit) { return unit->source.name() == name; });
  return found == units.end() ? nullptr : &(*found)->source;
}

/// The folder of a text is named after it, so that those of several versions lie side by side.
llvm::Expected<llvm::lsp::URIForFile> Library::uri(const SourceFile &source) const {
  if (folder.empty())
    return llvm::createStringError("requires a folder for the texts of the library");
  std::lock_guard lock(writing);
  llvm::SmallString<128> path(folder);
  llvm::sys::path::append(path, llvm::utohexstr(llvm::xxh3_64bits(source.text()), /*LowerCase=*/true), source.name());
  if (!llvm::sys::fs::exists(path)) {
    if (std::error_code error = llvm::sys::fs::create_directories(llvm::sys::path::parent_path(path)))
      return llvm::createFileError(path, error);
    auto write = [&](llvm::raw_ostream &stream) {
      stream << source.text();
      return llvm::Error::success();
    };
    if (llvm::Error error = llvm::writeToOutput(path, write))
      return error;
    llvm::sys::fs::setPermissions(path, llvm::sys::fs::all_read); // to change it would change nothing
  }
  return llvm::lsp::URIForFile::fromFile(path);
}

} // namespace costate::lsp
