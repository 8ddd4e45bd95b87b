// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Training steps: `minimize`, `step`, `update`. What an optimizer does is in ElaborateRules.cpp.
#include "costate/dialects/optim/Optim.h"
#include "costate/frontends/ModelElaborator.h"

namespace costate::importer {

using namespace syntax;
using llvm::StringRef;
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;
using mlir::LogicalResult;
using mlir::success;

//===----------------------------------------------------------------------===//
// Declaration: which states and hyper-parameters the steps of a model need
//===----------------------------------------------------------------------===//

LogicalResult ModelElaborator::declareStep(const Stmt &statement, const Binding *seen) {
  if (auto *minimize = llvm::dyn_cast<MinimizeStmt>(&statement))
    return declareUpdate(statement, minimize->sets, minimize->with, seen);
  for (const StmtPtr &inner : llvm::cast<StepStmt>(statement).body.statements) {
    if (auto *bind = llvm::dyn_cast<BindStmt>(inner.get()); bind && bind->names.size() == 1)
      seen = e.bindDefinition(bind->names[0], *bind->value, seen, seen); // an optimizer may refer to it
    if (auto *update = llvm::dyn_cast<UpdateStmt>(inner.get()))
      if (failed(declareUpdate(*update, update->sets, update->with, seen)))
        return failure();
  }
  return success();
}

FailureOr<std::vector<ParameterSet *>> ModelElaborator::resolveSets(llvm::ArrayRef<Name> names, const Binding *seen,
                                                                    SourceRange where) {
  if (names.empty()) {
    if (sets.empty())
      return e.error(where) << "requires a param or a net to minimize over, but the model has none";
    return sets;
  }
  std::vector<ParameterSet *> found;
  for (const Name &name : names) {
    const Binding *binding = e.lookup(name.text, seen);
    ParameterSet *set = nullptr;
    for (ParameterSet *candidate : sets) {
      auto net = binding ? binding->value.as<const NetInstance *>() : nullptr;
      auto params = binding ? binding->value.as<const ParameterSet *>() : nullptr;
      if ((net && (*net)->set == candidate) || (params && *params == candidate))
        set = candidate;
    }
    if (!set) {
      auto known = llvm::map_to_vector(sets, [](ParameterSet *s) { return StringRef(s->name); });
      StringRef nearest = nearestName(name.text, known);
      Failure failure = e.error(name.range) << "requires the name of a net, or 'params' for the params of the model, but got '"
                                            << name.text << "'";
      if (!nearest.empty())
        return std::move(failure) << "; did you mean '" << nearest << "'?";
      return failure;
    }
    if (llvm::is_contained(found, set))
      return e.error(name.range) << "requires parameter sets that differ, but got '" << name.text << "' twice";
    found.push_back(set);
  }
  return found;
}

LogicalResult ModelElaborator::declareUpdate(const Stmt &statement, llvm::ArrayRef<Name> names, const OptimizerUse &use,
                                             const Binding *seen) {
  const Expr &expr = *use.optimizer;
  FailureOr<std::vector<ParameterSet *>> over = resolveSets(names, seen, statement.range);
  if (failed(over))
    return failure();
  FailureOr<Value> value = e.evaluate(expr, seen);
  if (failed(value))
    return failure();
  auto optimizer = value->as<Optimizer>();
  if (!optimizer)
    return e.error(expr.range) << "requires an optimizer with its arguments, such as adam(lr=1e-3), but got " << describe(*value);
  const OptimizerDecl &decl = *optimizer->decl;
  Update update{&statement, &expr, {}, {}, {}};

  // Numbers given here are what a user tunes: they become arguments of the entry, so that no other value recompiles.
  for (const auto &[parameter, given] : *optimizer->given)
    if (given.is<Number>() && !parameter->isStatic)
      update.hypers.push_back({parameter, addHyper({parameter->name.text, expr.range}, given.as<Number>()->real, nullptr)});

  if (failed(declareGroups(use, decl, update, seen)))
    return failure();

  for (ParameterSet *set : *over) {
    FailureOr<Rule> rule = declareRule(*optimizer, update, *set);
    if (failed(rule))
      return failure();
    update.rules.push_back(std::move(*rule));
  }
  updates.push_back(std::move(update));
  return success();
}

/// biases(weight_decay=0): for the parameters of the group, a hyper-parameter of its own, `biases_weight_decay`.
LogicalResult ModelElaborator::declareGroups(const OptimizerUse &use, const OptimizerDecl &decl, Update &update,
                                             const Binding *seen) {
  for (const ExprPtr &expr : use.groups) {
    auto &call = llvm::cast<CallExpr>(*expr);
    StringRef name = llvm::cast<ReferenceExpr>(*call.callee).name;
    auto group = llvm::find_if(groups, [&](const GroupStmt *g) { return g->name.text == name; });
    if (group == groups.end()) {
      auto known = llvm::map_to_vector(groups, [](const GroupStmt *g) { return g->name.text; });
      StringRef nearest = nearestName(name, known);
      Failure failure = e.error(call.callee->range) << "requires the name of a group, but got '" << name << "'";
      if (!nearest.empty())
        return std::move(failure) << "; did you mean '" << nearest << "'?";
      return failure;
    }
    auto formals = llvm::map_to_vector(decl.parameters, [](const Parameter &p) { return Formal{p.name.text, false}; });
    auto arguments = e.bindArguments(decl.name.text, formals, call, seen);
    if (failed(arguments))
      return failure();
    for (auto [parameter, argument] : llvm::zip_equal(decl.parameters, *arguments)) {
      if (!argument.given())
        continue;
      auto number = argument.value.as<Number>();
      if (parameter.isStatic)
        return e.error(argument.where) << "requires '" << parameter.name.text << "' to be the same for all groups: it is static";
      if (!number)
        return e.error(argument.where) << "requires a number for a group, but got " << describe(argument.value);
      ownedNames.push_back((name + "_" + parameter.name.text).str());
      const Binding *hyper = addHyper({ownedNames.back(), argument.where}, number->real, nullptr);
      update.groupArguments.push_back({group - groups.begin() + 1, &parameter, hyper});
    }
  }
  return success();
}

/// The metric `loss`: what `minimize` minimizes, the definition of that name, or what the first update differentiates.
LogicalResult ModelElaborator::declareObjective() {
  if (llvm::any_of(metrics, [](const Metric &metric) { return metric.name == "loss"; }))
    return success();
  const Expr *objective = nullptr;
  const Binding *seen = scope;
  for (auto [statement, before] : steps)
    if (auto *minimize = llvm::dyn_cast<MinimizeStmt>(statement); minimize && !objective) {
      objective = minimize->objective.get();
      seen = before;
    }
  if (!objective)
    if (const Binding *named = e.lookup("loss", scope); named && named->kind == Binding::Definition) {
      metrics.insert(metrics.begin(), {"loss", named});
      return success();
    }
  for (auto [statement, before] : steps) {
    auto *step = llvm::dyn_cast<StepStmt>(statement);
    for (size_t i = 0; step && !objective && i < step->body.statements.size(); ++i) {
      auto *update = llvm::dyn_cast<UpdateStmt>(step->body.statements[i].get());
      auto *call = update ? llvm::dyn_cast<CallExpr>(update->gradient.get()) : nullptr;
      auto *callee = call ? llvm::dyn_cast<ReferenceExpr>(call->callee.get()) : nullptr;
      if (callee && callee->name == "grad" && !call->arguments.empty()) {
        objective = call->arguments[0].value.get();
        seen = before;
      }
    }
  }
  if (!objective)
    return success();
  metrics.insert(metrics.begin(), {"loss", e.bindDefinition({"loss", objective->range}, *objective, seen, seen)});
  return success();
}

//===----------------------------------------------------------------------===//
// The body of train_step
//===----------------------------------------------------------------------===//

LogicalResult ModelElaborator::runStep(const Stmt &statement, const Binding *seen) {
  auto updateOf = [&](const Stmt &s) -> const Update & {
    return *llvm::find_if(updates, [&](const Update &update) { return update.statement == &s; });
  };
  auto variablesOf = [](const Update &update) {
    return llvm::map_to_vector(update.rules, [](const Rule &rule) -> const Binding * { return rule.set->root; });
  };

  if (auto *minimize = llvm::dyn_cast<MinimizeStmt>(&statement)) {
    const Update &update = updateOf(statement);
    auto variables = variablesOf(update);
    const Expr &objective = *minimize->objective;
    if (llvm::none_of(variables, [&](const Binding *variable) { return e.dependsOn(objective, seen, variable); }))
      return e.error(objective.range) << "'minimize' requires an expression that depends on parameters, but '" << objective.range.text() << "' does not";
    auto points = llvm::map_to_vector(variables, [&](const Binding *v) { return tensorOf(v); });
    FailureOr<Elaborator::Gradient> gradient =
        e.gradient(objective, seen, variables, points, objective.range);
    if (failed(gradient))
      return failure();
    return runUpdate(update, gradient->gradients, seen);
  }

  const Binding *inside = seen;
  e.current->bodyStart = seen;
  for (const StmtPtr &inner : llvm::cast<StepStmt>(statement).body.statements) {
    if (auto *rebind = llvm::dyn_cast<RebindStmt>(inner.get())) {
      if (failed(rebindState(*rebind, inside)))
        return failure();
      continue;
    }
    auto *updateStatement = llvm::dyn_cast<UpdateStmt>(inner.get());
    if (!updateStatement) {
      if (llvm::isa<ResultStmt>(*inner))
        return e.error(inner->range) << "requires a statement in a step, but found a value";
      if (failed(e.evaluateStatement(*inner, inside)))
        return failure();
      continue;
    }
    const Update &update = updateOf(*inner);
    FailureOr<Value> value = e.evaluate(*updateStatement->gradient, inside);
    if (failed(value))
      return failure();
    SourceRange where = updateStatement->gradient->range;
    std::vector<Value> values;
    if (auto list = value->as<List>())
      values.assign(list->begin(), list->end());
    else
      values.push_back(*value);
    if (values.size() != update.rules.size())
      return e.error(where) << "requires a gradient for each of the " << update.rules.size() << " parameter sets, but got "
                            << describe(*value);
    std::vector<Tensor> gradients;
    for (auto [rule, given] : llvm::zip_equal(update.rules, values)) {
      FailureOr<Tensor> gradient = e.toTensor(given, where);
      if (failed(gradient))
        return failure();
      if (gradient->arena != rule.set->symbol)
        return e.error(where) << "requires a gradient of '" << rule.set->name << "', but got "
                              << (gradient->arena ? "one of '" + gradient->arena.getValue().str() + "'" : typeName(*gradient));
      gradients.push_back(*gradient);
    }
    if (failed(runUpdate(update, gradients, inside)))
      return failure();
  }
  e.current->bodyStart = nullptr;
  return success();
}

/// Later lines see the new parameters, and definitions as they are there; values that lines of the step have bound stay.
void ModelElaborator::forget(const Binding *root) {
  FunctionScope probe(FunctionScope::Lifted, e.current);
  probe.overridden.insert(root);
  std::vector<const Binding *> stale = definitions;
  for (const auto &[binding, value] : e.current->values)
    if (binding->kind == Binding::Leaf)
      stale.push_back(binding);
  for (const Metric &metric : metrics)
    stale.push_back(metric.binding);
  for (const Binding *binding : stale)
    if (binding != root && e.dependsOn(binding, probe))
      e.current->values.erase(binding);
}

/// state <- value
LogicalResult ModelElaborator::rebindState(const RebindStmt &rebind, const Binding *&inside) {
  const Binding *binding = e.lookup(rebind.name.text, inside);
  auto state = llvm::find_if(states, [&](const State &s) { return s.root.binding == binding; });
  if (state == states.end()) {
    if (binding && binding->kind == Binding::Definition && !llvm::is_contained(definitions, binding))
      return e.evaluateStatement(rebind, inside); // a name of the step itself
    auto what = binding && binding->kind == Binding::Leaf ? "; 'update' changes params" : "";
    return e.error(rebind.name.range) << "requires a state or a name of this step before '<-', but got '" << rebind.name.text << "'"
                                      << what;
  }
  FailureOr<Value> value = e.evaluate(*rebind.value, inside);
  if (failed(value))
    return failure();
  auto type = mlir::cast<mlir::RankedTensorType>(state->root.type);
  FailureOr<Tensor> tensor =
      e.toTensor(value, rebind.value->range, value->is<Tensor>() ? mlir::Type() : type.getElementType());
  if (failed(tensor))
    return failure();
  if (tensor->value.getType() != type)
    return e.error(rebind.value->range).note(e.location(binding->where), "'" + rebind.name.text + "' is declared here")
           << "requires the new value of '" << rebind.name.text << "' to be " << typeName(type.getElementType(), state->root.dims)
           << ", but got " << typeName(*tensor);
  e.current->values[binding] = *tensor;
  forget(binding);
  return success();
}

LogicalResult ModelElaborator::runUpdate(const Update &update, llvm::ArrayRef<Tensor> gradients, const Binding *seen) {
  FailureOr<Value> value = e.evaluate(*update.optimizer, seen);
  if (failed(value))
    return failure();
  const Optimizer &optimizer = *value->as<Optimizer>();
  std::vector<std::pair<const Binding *, Value>> changed;
  for (auto [rule, gradient] : llvm::zip_equal(update.rules, gradients)) {
    FailureOr<Value> results = callRule(optimizer, update, rule, gradient);
    if (failed(results))
      return failure();
    const List &list = *results->as<List>();
    changed.push_back({rule.set->root, list[0]});
    for (auto [state, result] : llvm::zip_equal(rule.states, llvm::drop_begin(list)))
      changed.push_back({states[state.second].root.binding, result});
  }
  for (auto &[binding, result] : changed) {
    e.current->values[binding] = result;
    forget(binding);
  }
  return success();
}

} // namespace costate::importer
