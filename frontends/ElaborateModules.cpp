// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files and what they see of each other. A name stands for what is bound around it, else for what its own file declares or imports, else for what the
// library has; so a function means what it meant where it was written, whoever calls it.
#include "costate/frontends/Elaborator.h"
#include "costate/frontends/ModelFile.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"

namespace costate::importer {

using namespace syntax;
using llvm::StringRef;
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;
using mlir::LogicalResult;
using mlir::success;

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

LogicalResult Elaborator::declare(Module &module, const Name &name, Module::Declared declared) {
  if (&module == &library && findBuiltin(builtins, name.text))
    return error(name.range) << "requires a name in the library that no built-in function has, but got '" << name.text << "'";
  declared.where = name.range;
  auto [entry, isNew] = module.declared.try_emplace(name.text, std::move(declared));
  if (isNew)
    return success();
  return error(name.range).note(location(entry->second.where), "it is declared here") << "'" << name.text << "' is declared already";
}

LogicalResult Elaborator::addFile(const File &file, Module &module) {
  for (const auto &constant : file.constants) {
    bool isOne = constant->names.size() == 1;
    Binding *whole = bind(Binding::Constant, {constant->names[0].text, isOne ? constant->names[0].range : constant->value->range}, nullptr);
    whole->expr = constant->value.get();
    for (auto [index, name] : llvm::enumerate(constant->names)) {
      Binding *named = whole;
      if (!isOne) {
        named = bind(Binding::Element, name, nullptr);
        named->of = whole;
        named->index = index;
        named->count = constant->names.size();
      }
      if (failed(declare(module, name, {Value(), named})))
        return failure();
    }
  }
  for (const auto &fn : file.fns) {
    if (failed(declare(module, fn->name, {Function{fn.get()}})))
      return failure();
    if (!fn->external)
      continue;
    auto [entry, isNew] = externs.try_emplace(fn->external->symbol.text, fn.get());
    if (!isNew)
      return error(fn->external->symbol.range).note(location(entry->second->name.range), "it is declared here")
             << "requires one extern fn of a C function, but '" << fn->external->symbol.text << "' is that of '" << entry->second->name.text
             << "' already";
  }
  for (const auto &net : file.nets)
    if (failed(declare(module, net->name, {static_cast<const NetDecl *>(net.get())})))
      return failure();
  for (const auto &optimizer : file.optimizers)
    if (failed(declare(module, optimizer->name, {static_cast<const OptimizerDecl *>(optimizer.get())})))
      return failure();
  return success();
}

LogicalResult Elaborator::addLibraryFile(const File &file, const SourceFile &source) {
  moduleOf[&source] = &library;
  return addFile(file, library);
}

//===----------------------------------------------------------------------===//
// Imports
//===----------------------------------------------------------------------===//

LogicalResult Elaborator::addModel(const ModelFile &model) {
  std::vector<std::pair<const File *, Module *>> files;
  llvm::DenseMap<const File *, Module *> modulesOf;
  auto add = [&](const ModelFile &file) {
    Module &module = modules.emplace_back();
    module.name = file.sources.front()->name().str();
    for (const auto &source : file.sources)
      moduleOf[source.get()] = &module;
    files.push_back({&file.tree, &module});
    modulesOf[&file.tree] = &module;
  };
  add(model);
  for (const auto &file : model.imported)
    add(*file);
  for (auto [file, module] : files)
    if (failed(addFile(*file, *module)) || failed(addImports(*file, *module, modulesOf)))
      return failure();
  for (auto [file, module] : files) // now that all is declared
    for (const auto &import : file->imports)
      for (const Import::Member &member : import->members) {
        Module::Declared &known = module->declared.find(member.known().text)->second;
        FailureOr<const Module::Declared *> found = memberOf(*modulesOf.lookup(import->file), member.name);
        if (failed(found))
          return failure();
        known = {(*found)->value, (*found)->constant, known.where};
      }
  return success();
}

LogicalResult Elaborator::addImports(const File &file, Module &module, const llvm::DenseMap<const File *, Module *> &modulesOf) {
  for (const auto &import : file.imports) {
    const Module *from = modulesOf.lookup(import->file);
    if (import->members.empty() && failed(declare(module, import->known(), {from})))
      return failure();
    for (const Import::Member &member : import->members)
      if (failed(declare(module, member.known(), {Value(), nullptr, {}, from, &member.name})))
        return failure();
  }
  return success();
}

/// What the file declares under a name, or has imported from another one. `depth`: how many files have imported it from each other so far.
FailureOr<const Module::Declared *> Elaborator::memberOf(const Module &module, const Name &name, unsigned depth) {
  auto found = module.declared.find(name.text);
  if (found == module.declared.end() || Module::isPrivate(name.text)) {
    if (found != module.declared.end())
      return error(name.range).note(location(found->second.where), "it is declared here")
             << "'" << name.text << "' is private to '" << module.name << "', as its name begins with '_'";
    std::vector<StringRef> known = module.publicNames();
    llvm::sort(known); // a suggestion must not depend on the order of a hash table
    StringRef nearest = nearestName(name.text, known);
    Failure failure = error(name.range) << "'" << module.name << "' declares no '" << name.text << "'";
    return nearest.empty() ? std::move(failure) : std::move(failure) << "; did you mean '" << nearest << "'?";
  }
  const Module::Declared &declared = found->second;
  if (!declared.from)
    return &declared;
  if (depth == modules.size())
    return error(name.range) << "requires a file that declares '" << name.text << "', but these files only import it from each other";
  return memberOf(*declared.from, *declared.member, depth + 1);
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

/// What the name stands for at a place where nothing around binds it.
std::optional<Module::Declared> Elaborator::findDeclared(StringRef name, SourceRange where) const {
  const Module *own = moduleOf.lookup(where.file);
  for (const Module *module : {own ? own : &library, &library}) {
    auto declared = module->declared.find(name);
    if (declared != module->declared.end() && (module == own || !Module::isPrivate(name)))
      return declared->second;
  }
  const Builtin *builtin = findBuiltin(builtins, name);
  return builtin ? std::optional(Module::Declared{builtin}) : std::nullopt;
}

/// The same of `huber` and of `losses.huber`; nothing for other expressions.
std::optional<Module::Declared> Elaborator::findDeclared(const Expr &e, const Binding *scope) const {
  if (auto *reference = llvm::dyn_cast<ReferenceExpr>(&e))
    return lookup(reference->name, scope) ? std::nullopt : findDeclared(reference->name, reference->range);
  auto *member = llvm::dyn_cast<MemberExpr>(&e);
  std::optional<Module::Declared> base = member ? findDeclared(*member->base, scope) : std::nullopt;
  auto module = base ? base->value.as<const Module *>() : nullptr;
  if (!module || Module::isPrivate(member->member.text))
    return std::nullopt;
  auto declared = (*module)->declared.find(member->member.text);
  return declared == (*module)->declared.end() ? std::nullopt : std::optional(declared->second);
}

const Binding *Elaborator::lookup(StringRef name, const Binding *scope, SourceRange where) const {
  if (const Binding *bound = lookup(name, scope))
    return bound;
  std::optional<Module::Declared> declared = findDeclared(name, where);
  return declared ? declared->constant : nullptr;
}

FailureOr<Value> Elaborator::evaluateConstant(const Binding *binding) {
  SourceRange needed = reference, where = binding->expr->range;
  if (llvm::is_contained(openConstants, binding))
    return error(needed) << "requires constants whose values do not need each other, but that of '" << binding->name << "' needs itself";
  openConstants.push_back(binding);
  std::optional<Value> shape = std::exchange(declaredShape, std::nullopt);
  auto leave = llvm::scope_exit([&] {
    openConstants.pop_back();
    declaredShape = shape;
  });
  unsigned keys = keysTaken;
  FailureOr<Value> value = evaluateDefinition(binding);
  if (succeeded(value) && keysTaken != keys)
    return error(where) << "requires a constant to be the same always, but '" << binding->name << "' draws random numbers; 'fn "
                        << binding->name << "() = ...' draws them where it is called";
  return value;
}

} // namespace costate::importer
