// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names and their values: what a name is bound to, when that is evaluated, and what it depends on.
#include "costate/frontends/Elaborator.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SaveAndRestore.h"

namespace costate::importer {

using namespace syntax;
using llvm::StringRef;
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;
using mlir::LogicalResult;
using mlir::success;

Binding *Elaborator::bind(Binding::Kind kind, Name name, const Binding *previous) {
  Binding &binding = bindings.emplace_back();
  binding.kind = kind;
  binding.serial = bindings.size();
  binding.name = boundNames.insert(name.text).first->first(); // the text it was made of need not last
  binding.where = name.range;
  binding.previous = previous;
  binding.rounds = rounds;
  return &binding;
}

Binding *Elaborator::bindStatic(Name name, Value value, const Binding *previous) {
  Binding *binding = bind(Binding::Static, name, previous);
  binding->value = std::move(value);
  observe(binding, binding->value);
  return binding;
}

Binding *Elaborator::bindRoot(Name name, Value value, const Binding *previous) {
  if (!hasTensor(value))
    return bindStatic(name, std::move(value), previous);
  Binding *binding = bind(Binding::Root, name, previous);
  observe(binding, value);
  current->values[binding] = std::move(value);
  return binding;
}

Binding *Elaborator::bindVariable(Name name, Value value, const Binding *previous) {
  Binding *binding = bind(Binding::Root, name, previous);
  observe(binding, value);
  current->values[binding] = std::move(value);
  current->overridden.insert(binding);
  return binding;
}

Binding *Elaborator::bindDefinition(Name name, const Expr &expr, const Binding *scope, const Binding *previous) {
  Binding *binding = bind(Binding::Definition, name, previous);
  binding->expr = &expr;
  binding->scope = scope;
  // The third `h` of a body draws other numbers than the second, however often each is evaluated.
  unsigned earlier = 0;
  for (const Binding *b = lookup(name.text, previous); b; b = lookup(name.text, b->previous))
    ++earlier;
  binding->label = (current ? current->prefix : "") + (earlier ? (name.text + "'" + llvm::Twine(earlier)).str() : name.text.str());
  return binding;
}

const Binding *Elaborator::bindParts(llvm::ArrayRef<Name> names, const Expr &value, const Binding *&scope,
                                     llvm::function_ref<bool(const Name &)> isWanted) {
  const Binding *whole = bindDefinition({"", value.range}, value, scope, scope);
  scope = whole;
  for (auto [index, name] : llvm::enumerate(names)) {
    if (isWanted && !isWanted(name))
      continue;
    Binding *element = bind(Binding::Element, name, scope);
    element->of = whole;
    element->index = index;
    element->count = names.size();
    scope = element;
  }
  return whole;
}

const Binding *Elaborator::lookup(StringRef name, const Binding *scope) const {
  if (!boundNames.contains(name)) // a function of the library, a name to be bound: none need walk a long model for that
    return nullptr;
  while (scope && scope->name != name)
    scope = scope->previous;
  return scope;
}

FailureOr<List> Elaborator::partsOf(const Value &whole, size_t count, SourceRange where) {
  auto list = whole.as<List>();
  if (!list || list->size() != count)
    return error(where) << "requires " << count << " values for " << count << " names, but got " << describe(whole);
  return *list;
}

FailureOr<Value> Elaborator::valueOf(const Binding *binding) {
  auto found = current->values.find(binding);
  if (found != current->values.end())
    return found->second;
  bool isFixed = !isVariable(binding); // a variable is what it is given, whatever else its name stands for
  if (isFixed && binding->kind == Binding::Static)
    return binding->value;
  if (isFixed && binding->kind == Binding::Element) {
    FailureOr<Value> whole = valueOf(binding->of);
    if (failed(whole))
      return failure();
    FailureOr<List> parts = partsOf(*whole, binding->count, binding->of->where);
    return failed(parts) ? FailureOr<Value>(failure()) : (*parts)[binding->index];
  }
  if (binding->kind == Binding::Constant)
    return evaluateConstant(binding);
  if (isFixed && binding->kind == Binding::Alias)
    return valueOf(binding->of);
  if (isFixed && binding->kind == Binding::Leaf) {
    FailureOr<Value> arena = valueOf(binding->set->root);
    if (failed(arena))
      return failure();
    const ParameterSet::Leaf *leaf = binding->set->find(binding->path);
    b.location = location(binding->where);
    Value value = b.leaf(*arena->as<Tensor>(), leaf->path, leaf->shape);
    observe(binding, value);
    return current->values[binding] = value;
  }
  if (current->parent) {
    FailureOr<bool> own = isOwn(binding);
    if (failed(own))
      return failure();
    if (!*own)
      return capture(binding);
  }
  if (binding->kind == Binding::Root)
    return error(reference).note(location(binding->where), "'" + binding->name + "' is declared here")
           << "requires a value for '" << binding->name << "' in '" << current->func.getName() << "', which is called without it";
  return compute(binding);
}

/// Does the function that is being built, or one around it, take `binding` as the variable of a derivative? A parameter of a fn that was given a list
/// of numbers may be one.
bool Elaborator::isVariable(const Binding *binding) {
  for (FunctionScope *scope = current; scope; scope = scope->parent)
    if (scope->overridden.contains(binding))
      return true;
  return false;
}

/// Does a value exist around the current function, in one whose definitions are as they are here?
bool Elaborator::isKnownAround(const Binding *binding) {
  for (FunctionScope *scope = current->parent; scope; scope = scope->parent) {
    if (scope->values.contains(binding))
      return true;
    if (scope->kind == FunctionScope::Lifted && dependsOn(binding, *scope))
      return false;
  }
  return false;
}

/// Whether the current function evaluates `binding` for itself. What a branch of a step alone needs is evaluated there, so that a branch not
/// taken does not cost it; what draws numbers is evaluated in each trip.
FailureOr<bool> Elaborator::isOwn(const Binding *binding) {
  if (current->kind == FunctionScope::Entry)
    return true;
  if (current->kind != FunctionScope::Lifted)
    return false;
  if (dependsOn(binding, *current))
    return true;
  if (binding->kind != Binding::Definition || !current->part || current->settled.contains(binding))
    return false;
  if (current->part == FunctionScope::Branch)
    return !isKnownAround(binding);
  {
    Visiting visiting(*this, *current->parent); // whether it draws is known when it has been evaluated once
    if (failed(valueOf(binding)))
      return failure();
  }
  FunctionScope probe(FunctionScope::Lifted, current);
  probe.overridden.insert(drawing.begin(), drawing.end());
  return !drawing.empty() && dependsOn(binding, probe);
}

/// Takes a value from the function around the current one: its tensors become arguments.
FailureOr<Value> Elaborator::capture(const Binding *binding) {
  FailureOr<Value> outer = failure();
  {
    Visiting visiting(*this, *current->parent);
    outer = valueOf(binding);
  }
  if (failed(outer))
    return failure();
  if (hasTensor(*outer))
    current->captures.push_back(binding);
  current->seen.push_back({binding, identity(*outer)});
  Value inner = addArguments(*outer);
  return current->values[binding] = inner;
}

/// Evaluates a definition after those it needs, so that a long chain of definitions is no deep recursion.
FailureOr<Value> Elaborator::compute(const Binding *binding) {
  std::vector<const Binding *> needed = {binding};
  llvm::SmallPtrSet<const Binding *, 16> seen = {binding};
  for (size_t i = 0; i < needed.size(); ++i)
    for (const Binding *reference : referencesOf(needed[i])) {
      if (current->values.contains(reference) || seen.contains(reference))
        continue;
      FailureOr<bool> own = isOwn(reference);
      if (failed(own))
        return failure();
      if (*own && seen.insert(reference).second)
        needed.push_back(reference);
    }
  llvm::sort(needed, [](const Binding *a, const Binding *b) { return a->serial < b->serial; });
  for (const Binding *each : needed)
    if (each->kind == Binding::Definition && !current->values.contains(each) && failed(evaluateDefinition(each)))
      return failure();
  return current->values.lookup(binding);
}

FailureOr<Value> Elaborator::evaluateDefinition(const Binding *binding) {
  llvm::SaveAndRestore within(rounds, binding->rounds);
  std::string label = std::exchange(current->label, binding->label);
  unsigned draws = std::exchange(current->draws, 0), keys = keysTaken;
  FailureOr<Value> value = evaluate(*binding->expr, binding->scope);
  current->label = label;
  current->draws = draws;
  if (keysTaken != keys)
    drawing.insert(binding);
  if (failed(value))
    return failure();
  observe(binding, *value);
  return current->values[binding] = *value;
}

void Elaborator::observe(SourceRange where, const Binding *binding, const Value &value) {
  if (!observer)
    return;
  bool isDeclared = binding->where.text() == binding->name; // and not a name that the language gives, such as `grad` in an optimizer
  observe(where, isDeclared ? binding->where : SourceRange(), value,
          binding->kind == Binding::Leaf ? StringRef(binding->path) : StringRef());
}

void Elaborator::observe(const Binding *binding, const Value &value) {
  if (observer && !binding->name.empty() && binding->where.text() == binding->name)
    observe(binding->where, binding, value);
  // a, b = value
  auto parts = observer && binding->name.empty() ? value.as<List>() : nullptr;
  for (size_t i = binding->serial; parts && i < bindings.size() && bindings[i].of == binding; ++i)
    if (bindings[i].index < parts->size())
      observe(&bindings[i], (*parts)[bindings[i].index]);
}

const std::vector<const Binding *> &Elaborator::referencesOf(const Binding *binding) {
  auto [entry, isNew] = referenceCache.try_emplace(binding);
  if (!isNew)
    return entry->second;
  llvm::SmallVector<const Binding *> found;
  switch (binding->kind) {
  case Binding::Root:
  case Binding::Constant: break;
  case Binding::Element:
  case Binding::Alias:
    found.push_back(binding->of);
    break;
  case Binding::Leaf:
    found.push_back(binding->set->root);
    break;
  case Binding::Definition: found = references(*binding->expr, binding->scope); break;
  case Binding::Static: {
    std::function<void(const Value &)> visit = [&](const Value &value) {
      if (auto net = value.as<const NetInstance *>())
        found.push_back((*net)->set->root);
      if (auto set = value.as<const ParameterSet *>())
        found.push_back((*set)->root);
      if (auto closure = value.as<Closure>())
        found.append(references(*closure->lambda, closure->scope));
      if (auto fn = value.as<Function>(); fn && fn->scope)
        found.append(references(*fn->decl, fn->scope));
      if (auto list = value.as<List>())
        llvm::for_each(*list, visit);
    };
    visit(binding->value);
    break;
  }
  }
  return referenceCache[binding] = std::vector<const Binding *>(found.begin(), found.end());
}

} // namespace costate::importer
