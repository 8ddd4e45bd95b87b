// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// grad: a definition is evaluated again in a private function, whose first arguments stand for the variables; graph.vjp of
// that function is the gradient. A fn with a rule of its own gets a second function, which the first one names.
#include "costate/frontends/Elaborator.h"

namespace costate::importer {

using namespace syntax;
using llvm::StringRef;
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;
using mlir::LogicalResult;
using mlir::success;

static bool isFloat(const Tensor &tensor) { return mlir::isa<mlir::FloatType>(tensor.elementType()); }

bool Elaborator::dependsOn(const Binding *binding, FunctionScope &lifted) {
  auto known = lifted.dependent.find(binding);
  if (known != lifted.dependent.end())
    return known->second;
  // Bindings refer to older ones only: in order of age, each finds its references decided.
  std::vector<const Binding *> reachable = {binding};
  llvm::SmallPtrSet<const Binding *, 16> seen = {binding};
  for (size_t i = 0; i < reachable.size(); ++i)
    for (const Binding *reference : referencesOf(reachable[i]))
      if (!lifted.dependent.contains(reference) && seen.insert(reference).second)
        reachable.push_back(reference);
  llvm::sort(reachable, [](const Binding *a, const Binding *b) { return a->serial < b->serial; });
  for (const Binding *each : reachable) {
    auto depends = [&](const Binding *reference) { return lifted.dependent.lookup(reference); };
    lifted.dependent[each] = lifted.overridden.contains(each) || llvm::any_of(referencesOf(each), depends);
  }
  return lifted.dependent.lookup(binding);
}

FailureOr<Elaborator::Gradient> Elaborator::gradient(const Expr &e, const Binding *scope, llvm::ArrayRef<const Binding *> variables,
                                                     llvm::ArrayRef<Tensor> points, SourceRange where) {
  FunctionInstance instance;
  {
    auto *reference = llvm::dyn_cast<ReferenceExpr>(&e);
    Building building(*this, FunctionScope::Lifted, reference ? reference->name : "objective", e.range);
    // At another point, random draws stay what they are: the same sites, the same key.
    current->label = current->parent->label;
    current->draws = current->parent->draws;
    current->net = current->parent->net;
    for (auto [variable, point] : llvm::zip_equal(variables, points)) {
      current->values[variable] = addArgument(point);
      current->overridden.insert(variable);
    }
    FailureOr<Value> value = evaluate(e, scope);
    FailureOr<Tensor> objective = toTensor(value, e.range);
    if (failed(objective))
      return failure();
    if (objective->rank() != 0 || !isFloat(*objective))
      return error(e.range) << "'grad' requires a float scalar, but got " << typeName(*objective);
    instance = finish(*objective);
  }
  b.location = location(where);
  auto operands = operandsOf(instance, points, /*freshKey=*/false);
  if (failed(operands))
    return failure();
  b.location = location(where);
  Tensor one = b.constant(std::get<Tensor>(instance.result).elementType(), Number::of(int64_t(1)));
  llvm::SmallVector<mlir::Type> types = {one.value.getType()};
  llvm::SmallVector<int64_t> wrt;
  for (auto [i, point] : llvm::enumerate(points)) {
    types.push_back(point.value.getType());
    wrt.push_back(i);
  }
  auto op = graph::VjpOp::create(b.builder, b.location, types, instance.func.getName(), *operands, wrt, mlir::ValueRange{one.value});
  Gradient result{{op.getResult(0), {}, {}}, {}};
  for (auto [i, point] : llvm::enumerate(points))
    result.gradients.push_back({op.getResult(i + 1), point.dims, point.arena});
  if (current->kind == FunctionScope::Entry)
    current->objectives.push_back(result.value);
  return result;
}

/// grad(e, v, at=p): v is a name, a parameter set, or a list of them. grad(v -> e, p): the gradient of a function.
FailureOr<Value> Elaborator::grad(const BuiltinCall &call) {
  const Expr &e = *call[0].expr;
  if (auto *lambda = llvm::dyn_cast<LambdaExpr>(&e)) {
    if (call.given(2))
      return error(call[2].where) << "requires no 'at' beside a function: grad(v -> e, p) is the gradient at p";
    if (lambda->parameters.size() != 1)
      return error(e.range) << "'grad' requires a function of one argument, but got one of " << lambda->parameters.size();
    FailureOr<Tensor> point = toFloat(call[1].value, call[1].where);
    if (failed(point))
      return failure();
    Binding *variable = bind(Binding::Root, lambda->parameters[0], call.scope);
    FailureOr<Gradient> result = gradient(*lambda->body, variable, {variable}, {*point}, call.where());
    return failed(result) ? FailureOr<Value>(failure()) : Value(result->gradients[0]);
  }

  std::vector<const Expr *> names;
  auto *list = llvm::dyn_cast<ListExpr>(call[1].expr);
  auto *tuple = llvm::dyn_cast<TupleExpr>(call[1].expr);
  if (list || tuple)
    for (const ExprPtr &element : list ? list->elements : tuple->elements)
      names.push_back(element.get());
  else
    names.push_back(call[1].expr);

  std::vector<const Binding *> variables;
  std::vector<Tensor> points;
  for (const Expr *name : names) {
    auto *reference = llvm::dyn_cast<ReferenceExpr>(name);
    const Binding *variable = reference ? lookup(reference->name, call.scope) : nullptr;
    if (!variable)
      return error(name->range) << "'grad' requires the name of a value, a param or a net, but got '" << name->range.text() << "'";
    FailureOr<Value> value = valueOf(variable);
    FailureOr<Tensor> point = toTensor(value, name->range);
    if (failed(point))
      return failure();
    if (!isFloat(*point))
      return error(name->range) << "'grad' requires a float variable, but '" << name->range.text() << "' is " << typeName(*point);
    if (auto net = value->as<const NetInstance *>())
      variable = (*net)->set->root;
    else if (auto set = value->as<const ParameterSet *>())
      variable = (*set)->root;
    if (llvm::is_contained(variables, variable))
      return error(name->range) << "'grad' requires variables that differ, but got '" << name->range.text() << "' twice";
    variables.push_back(variable);
    points.push_back(*point);
  }
  if (call.given(2)) {
    auto at = call[2].value.as<List>();
    if (list || tuple ? !at || at->size() != names.size() : false)
      return error(call[2].where) << "requires one point per variable in 'at', but got " << describe(call[2].value);
    for (size_t i = 0; i < names.size(); ++i) {
      FailureOr<Tensor> point = toTensor(list || tuple ? (*at)[i] : call[2].value, call[2].where, points[i].elementType());
      if (failed(point))
        return failure();
      if (point->dims != points[i].dims)
        return error(call[2].where) << "requires 'at' to be " << typeName(points[i]) << ", as '" << names[i]->range.text()
                                    << "' is, but got " << typeName(*point);
      point->arena = points[i].arena;
      points[i] = *point;
    }
  }

  // A variable that the expression never mentions is a mistake, not a zero.
  llvm::SmallVector<StringRef> local;
  llvm::SmallVector<const Binding *> mentioned;
  references(e, call.scope, local, mentioned);
  for (auto [variable, name] : llvm::zip_equal(variables, names)) {
    FunctionScope probe(FunctionScope::Lifted, current);
    probe.overridden.insert(variable);
    if (llvm::none_of(mentioned, [&](const Binding *binding) { return dependsOn(binding, probe); }))
      return error(name->range) << "'grad' requires an expression that depends on '" << name->range.text() << "', but '"
                                << e.range.text() << "' does not";
  }
  FailureOr<Gradient> result = gradient(e, call.scope, variables, points, call.where());
  if (failed(result))
    return failure();
  if (!list && !tuple)
    return Value(result->gradients[0]);
  return makeList(std::vector<Value>(result->gradients.begin(), result->gradients.end()));
}

/// The rule of a fn, as graph.vjp wants it: the fn's arguments, then a cotangent per float result, to a cotangent per float
/// argument. Parameters for which the clause says nothing get zero.
LogicalResult Elaborator::customVjp(const FnDecl &fn, FunctionInstance &instance, llvm::ArrayRef<Argument> arguments) {
  std::vector<Tensor> results;
  forEachTensor(instance.result, [&](const Tensor &tensor) {
    if (isFloat(tensor))
      results.push_back(tensor);
  });
  if (results.size() != fn.vjp->cotangents.size())
    return error(fn.vjp->range) << "requires one cotangent for each of the " << results.size() << " float results of '"
                                << fn.name.text << "', but got " << fn.vjp->cotangents.size();
  if (fn.vjp->gradients.size() > fn.parameters.size())
    return error(fn.vjp->range) << "requires at most one gradient for each of the " << fn.parameters.size() << " parameters of '"
                                << fn.name.text << "', but got " << fn.vjp->gradients.size();
  for (const Binding *captured : instance.captures)
    if (captured)
      return error(fn.vjp->range) << "requires a fn whose arguments are tensors and numbers, but '" << fn.name.text
                                  << "' was given a function or a net";

  Building building(*this, FunctionScope::Instance, (fn.name.text + ".vjp").str(), fn.vjp->range);
  const Binding *scope = nullptr;
  if (failed(bindParameters(fn.parameters, arguments, scope)))
    return failure();
  std::vector<Tensor> formals = current->arguments;
  if (!instance.captures.empty())
    currentKey();
  for (graph::DimAttr dim : instance.witnessed)
    addArgument(graph::typeOf({dim}, b.builder.getI32Type()), {dim}, {}, b.location);
  for (auto [name, result] : llvm::zip_equal(fn.vjp->cotangents, results))
    scope = bindRoot(name, Value(addArgument(result)), scope);

  std::vector<Value> gradients;
  size_t next = 0; // among the formals
  for (auto [i, argument] : llvm::enumerate(arguments)) {
    bool isTensor = argument.value.is<Tensor>();
    if (!isTensor && hasTensor(argument.value))
      return error(fn.vjp->range) << "requires parameters that are tensors or numbers, but '" << fn.parameters[i].name.text << "' is "
                                  << describe(argument.value);
    if (!isTensor || !isFloat(formals[next])) {
      next += isTensor;
      continue;
    }
    const Tensor &formal = formals[next++];
    if (i >= fn.vjp->gradients.size()) {
      gradients.push_back(b.full(formal.elementType(), formal.dims, Number::of(int64_t(0))));
      continue;
    }
    const Expr &e = *fn.vjp->gradients[i];
    FailureOr<Value> value = evaluate(e, scope);
    FailureOr<Tensor> gradient = toTensor(value, e.range, formal.elementType());
    if (failed(gradient))
      return failure();
    if (gradient->rank() == 0)
      gradient = b.broadcast(*gradient, formal.dims);
    if (gradient->dims != formal.dims)
      return error(e.range) << "requires the gradient of '" << fn.parameters[i].name.text << "' to be " << typeName(formal) << ", but got "
                            << typeName(*gradient);
    gradients.push_back(*gradient);
  }
  size_t given = current->captures.size();
  FunctionInstance rule = finish(makeList(std::move(gradients)));
  if (given != instance.captures.size() || !rule.witnessed.empty())
    return error(fn.vjp->range) << "requires the vjp of '" << fn.name.text << "' to draw no random numbers and to use the sizes of '"
                                << fn.name.text << "' only";
  if (rule.func)
    instance.func->setAttr(graph::kVjpAttr, mlir::FlatSymbolRefAttr::get(rule.func.getNameAttr()));
  return success();
}

} // namespace costate::importer
