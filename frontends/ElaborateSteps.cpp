// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Training steps: `minimize`, `step`, `update`. An optimizer is a function of a parameter set as a whole: its states are
// arenas of the set's layout, its rule is called once on the flat array, however many tensors there are.
#include "costate/dialects/optim/Optim.h"
#include "costate/frontends/LeafRules.h"
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
    const Binding *binding = Elaborator::lookup(name.text, seen);
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
    if (given.is<Number>())
      update.hypers.push_back({parameter, addHyper({parameter->name.text, expr.range}, given.as<Number>()->real, nullptr)});

  if (failed(declareGroups(use, decl, update, seen)))
    return failure();

  for (ParameterSet *set : *over) {
    Rule rule{set, {}};
    const Binding *inside = nullptr;
    for (const Parameter &parameter : decl.parameters) {
      auto given = llvm::find_if(*optimizer->given, [&](const auto &g) { return g.first == &parameter; });
      FailureOr<Value> argument = given != optimizer->given->end() ? FailureOr<Value>(given->second)
                                                                   : e.evaluate(*parameter.defaultValue, inside);
      if (failed(argument))
        return failure();
      inside = e.bindRoot(parameter.name, *argument, inside);
    }
    Binding *param = e.bind(Binding::Root, {"param", decl.name.range}, inside);
    e.current->values[param] = e.current->values.lookup(set->root);
    inside = param;
    for (const StmtPtr &inner : decl.body.statements) {
      auto *declare = llvm::dyn_cast<DeclareStmt>(inner.get());
      if (!declare)
        continue;
      std::string name = (set->name + "." + decl.name.text + "." + declare->name.text).str();
      auto isTaken = [&](const std::string &n) { return llvm::any_of(states, [&](const State &s) { return s.root.name == n; }); };
      std::string unique = name;
      for (unsigned n = 2; isTaken(unique); ++n)
        unique = name + "_" + std::to_string(n);
      FailureOr<Value> initial = e.evaluate(*declare->value, inside);
      FailureOr<Tensor> tensor = e.toTensor(initial, declare->value->range);
      if (failed(tensor))
        return failure();
      // A number as initial value is a scalar state, of the type of the parameters.
      if (tensor->rank() == 0 && !initial->is<Tensor>())
        tensor = e.b.convert(*tensor, e.real);
      if (tensor->rank() != 0 && tensor->dims != graph::Dims{e.b.dim(set->size)})
        return e.error(declare->value->range) << "requires state '" << declare->name.text
                                              << "' to be a scalar or to have the layout of 'param', but got " << typeName(*tensor);
      Binding *root = e.bind(Binding::Root, declare->name, nullptr);
      mlir::FlatSymbolRefAttr arena = tensor->rank() ? set->symbol : mlir::FlatSymbolRefAttr();
      rule.states.push_back({declare->name.text, states.size()});
      states.push_back({{root, unique, "state", tensor->value.getType(), tensor->dims, arena}, declare->value.get(), inside, set, param});
    }
    update.rules.push_back(std::move(rule));
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
    if (const Binding *named = Elaborator::lookup("loss", scope); named && named->kind == Binding::Definition) {
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
    auto points = llvm::map_to_vector(variables, [&](const Binding *v) { return tensorOf(v); });
    FailureOr<Elaborator::Gradient> gradient =
        e.gradient(*minimize->objective, seen, variables, points, minimize->objective->range);
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
  const Binding *binding = Elaborator::lookup(rebind.name.text, inside);
  auto state = llvm::find_if(states, [&](const State &s) { return s.root.binding == binding; });
  if (state == states.end()) {
    if (binding && binding->kind == Binding::Definition && !llvm::is_contained(definitions, binding))
      return e.evaluateStatement(rebind, inside); // a name of the step itself
    auto what = binding && binding->kind == Binding::Leaf ? "; 'update' changes params" : "";
    return e.error(rebind.name.range) << "requires a state or a name of this step before '<-', but got '" << rebind.name.text << "'"
                                      << what;
  }
  FailureOr<Value> value = e.evaluate(*rebind.value, inside);
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

/// Calls the rule on whole arenas: param, grad and the states, then `t` and the arguments. Gives the new param and states.
FailureOr<Value> ModelElaborator::callRule(const Optimizer &optimizer, const Update &update, const Rule &rule,
                                           const Tensor &gradient) {
  const OptimizerDecl &decl = *optimizer.decl;
  auto now = [&](const Binding *binding) -> const Value & { return e.current->values.find(binding)->second; };
  std::vector<std::pair<Name, Value>> arguments;
  arguments.push_back({{"param", decl.name.range}, now(rule.set->root)});
  arguments.push_back({{"grad", decl.name.range}, gradient});
  std::vector<std::pair<StringRef, Tensor>> olds = {{"param", tensorOf(rule.set->root)}};
  for (auto [name, index] : rule.states) {
    arguments.push_back({{name, states[index].root.binding->where}, now(states[index].root.binding)});
    olds.push_back({name, tensorOf(states[index].root.binding)});
  }
  arguments.push_back({{"t", decl.name.range}, now(t)});
  std::string key = "update " + decl.name.text.str();
  llvm::SmallVector<Tensor> tensors;
  for (const Parameter &parameter : decl.parameters) {
    Value value;
    auto hyper = llvm::find_if(update.hypers, [&](const auto &h) { return h.first == &parameter; });
    auto given = llvm::find_if(*optimizer.given, [&](const auto &g) { return g.first == &parameter; });
    if (hyper != update.hypers.end())
      value = now(hyper->second);
    else if (given != optimizer.given->end())
      value = given->second;
    arguments.push_back({parameter.name, value});
  }
  size_t named = arguments.size();
  for (const GroupArgument &argument : update.groupArguments)
    arguments.push_back({argument.parameter->name, now(argument.hyper)});
  for (const auto &[name, value] : arguments) {
    key += ";" + identity(value);
    forEachTensor(value, [&](const Tensor &tensor) { tensors.push_back(tensor); });
  }
  auto found = e.instances.find(key);
  if (found == e.instances.end()) {
    Elaborator::Frame frame(e, decl.name.text.str(), update.optimizer->range);
    RuleCall call{optimizer, update, rule, arguments, named, olds};
    // A rule is about one parameter. If it treats each element by itself, it holds for the whole arena as it is written.
    graph::DimAttr leaf = LeafRules::extent(e.b);
    FailureOr<FunctionInstance> one = buildRule(call, leaf);
    if (failed(one))
      return failure();
    bool isElementwise = treatsElements(one->func, leaf);
    FailureOr<FunctionInstance> instance = isElementwise ? buildRule(call, std::nullopt) : buildLeafRule(call, one->func);
    if (failed(instance))
      return failure();
    one->func.erase();
    found = e.instances.try_emplace(key, std::move(*instance)).first;
  }
  return e.emitCall(found->second, tensors, update.optimizer->range);
}

/// The values of a rule's arguments in the function being built: `given` are those of the caller. Those without a value get their default, and
/// those that differ between groups what `pieces` makes of them.
FailureOr<const Binding *> ModelElaborator::bindRule(const RuleCall &call, std::vector<Value> given, MakePieces makePieces) {
  const OptimizerDecl &decl = *call.optimizer.decl;
  SourceRange where = call.update.optimizer->range;
  const Binding *inside = nullptr;
  for (size_t i = 0; i < call.named; ++i) {
    const Name &name = call.arguments[i].first;
    Value value = given[i];
    if (value.is<std::monostate>()) {
      const Parameter &parameter = decl.parameters[i - (call.named - decl.parameters.size())];
      FailureOr<Value> fallback = e.evaluate(*parameter.defaultValue, inside);
      if (failed(fallback))
        return failure();
      value = *fallback;
    }
    std::vector<std::pair<int64_t, Tensor>> pieces;
    for (auto [k, argument] : llvm::enumerate(call.update.groupArguments))
      if (argument.parameter->name.text == name.text)
        pieces.push_back({argument.group, *e.toTensor(given[call.named + k], where, e.real)});
    if (!pieces.empty()) {
      FailureOr<Tensor> base = e.toTensor(value, where, e.real);
      if (failed(base))
        return failure();
      if (base->rank() != 0)
        return e.error(where) << "requires '" << name.text << "' to be a scalar, since it differs for a group";
      value = makePieces(*base, pieces);
    }
    inside = e.bindRoot(name, value, inside);
  }
  return inside;
}

/// The function of a rule on whole arenas, or, with `leaf`, on one parameter of that extent. In that one, what differs between groups is a number: an
/// argument behind the others.
FailureOr<FunctionInstance> ModelElaborator::buildRule(const RuleCall &call, std::optional<graph::DimAttr> leaf) {
  const OptimizerDecl &decl = *call.optimizer.decl;
  Elaborator::Building building(e, FunctionScope::Instance, decl.name.text.str() + (leaf ? ".leaf" : ".update"), decl.name.range);
  graph::Dims whole = {e.b.dim(call.rule.set->size)}, dims = leaf ? graph::Dims{*leaf} : whole;
  std::vector<Value> given;
  for (const auto &[name, value] : call.arguments)
    given.push_back(mapTensors(value, [&](const Tensor &tensor) {
      if (!leaf || tensor.dims != whole)
        return e.addArgument(tensor);
      return e.addArgument(graph::typeOf(dims, tensor.elementType()), dims, {}, tensor.value.getLoc());
    }));
  FailureOr<const Binding *> bound = bindRule(call, given, [&](const Tensor &base, llvm::ArrayRef<std::pair<int64_t, Tensor>> pieces) {
    return Value(leaf ? e.addArgument(base.value.getType(), {}, {}, base.value.getLoc()) : e.b.piecewise(*call.rule.set, base, pieces));
  });
  if (failed(bound))
    return failure();
  const Binding *inside = *bound;
  e.current->bodyStart = inside;
  for (const StmtPtr &statement : decl.body.statements) {
    if (llvm::isa<DeclareStmt>(*statement))
      continue; // an argument
    if (llvm::isa<ResultStmt>(*statement))
      return e.error(statement->range) << "requires '<-' to say what the optimizer changes, but found a value";
    if (failed(e.evaluateStatement(*statement, inside)))
      return failure();
  }
  std::vector<Value> results;
  for (const auto &[name, old] : call.olds) {
    const Binding *binding = Elaborator::lookup(name, inside);
    if (name == "param" && binding->kind == Binding::Root)
      return e.error(decl.name.range) << "requires optimizer '" << decl.name.text << "' to change its parameters: 'param <- ...'";
    FailureOr<Value> value = e.valueOf(binding);
    FailureOr<Tensor> tensor = e.toTensor(value, binding->where, old.elementType());
    if (failed(tensor))
      return failure();
    graph::Dims required = old.dims == whole ? dims : old.dims;
    if (tensor->rank() == 0)
      tensor = e.b.broadcast(*tensor, required);
    if (tensor->dims != required)
      return e.error(binding->where) << "requires '" << name << "' to stay " << typeName(old) << ", but got " << typeName(*tensor);
    tensor->arena = leaf ? mlir::FlatSymbolRefAttr() : old.arena;
    if (name == "param" && !leaf)
      tensor = keepFrozen(call, *given[0].as<Tensor>(), *tensor);
    results.push_back(*tensor);
  }
  return e.finish(makeList(std::move(results)));
}

Tensor ModelElaborator::keepFrozen(const RuleCall &call, const Tensor &before, const Tensor &after) {
  ParameterSet &set = *call.rule.set;
  bool hasFrozen = llvm::any_of(set.ranges, [](const ParameterSet::Range &range) { return range.frozen; });
  return hasFrozen ? e.b.select(e.b.frozen(set), before, after) : after;
}

/// The function on whole arenas of a rule that looks at each parameter as a whole: see LeafRules.
FailureOr<FunctionInstance> ModelElaborator::buildLeafRule(const RuleCall &call, mlir::func::FuncOp one) {
  const OptimizerDecl &decl = *call.optimizer.decl;
  Elaborator::Building building(e, FunctionScope::Instance, decl.name.text.str() + ".update", decl.name.range);
  std::vector<LeafRules::Lifted> arguments;
  std::vector<Value> given;
  graph::Dims whole = {e.b.dim(call.rule.set->size)};
  for (const auto &[name, value] : call.arguments) {
    given.push_back(e.addArguments(value));
    forEachTensor(given.back(), [&](const Tensor &tensor) {
      arguments.push_back({tensor.dims == whole ? LeafRules::Lifted::Whole : LeafRules::Lifted::Uniform, tensor});
    });
  }
  LeafRules rules(e.b, e.module, *call.rule.set);
  FailureOr<const Binding *> bound = bindRule(call, given, [&](const Tensor &base, llvm::ArrayRef<std::pair<int64_t, Tensor>> pieces) {
    arguments.push_back(rules.piecewise(base, pieces));
    return Value(arguments.back().tensor);
  });
  if (failed(bound))
    return failure();
  if (one.getNumArguments() != arguments.size()) // a key, or a size that no parameter gives
    return e.error(decl.name.range) << "requires optimizer '" << decl.name.text << "', which looks at each parameter as a whole, to draw no random numbers";
  auto lifted = rules.lift(one, arguments);
  if (auto *op = std::get_if<mlir::Operation *>(&lifted))
    return refuseRule(*op, call.optimizer);
  std::vector<Value> results;
  for (auto [old, result] : llvm::zip_equal(call.olds, std::get<std::vector<LeafRules::Lifted>>(lifted))) {
    const Tensor &before = old.second;
    if (result.tensor.dims != before.dims) // a scalar state of each parameter
      return e.error(decl.name.range) << "requires state '" << old.first << "' to have the layout of 'param' in optimizer '" << decl.name.text
                                      << "', which looks at each parameter as a whole";
    Tensor after{result.tensor.value, before.dims, before.arena};
    results.push_back(old.first == "param" ? keepFrozen(call, *given[0].as<Tensor>(), after) : after);
  }
  return e.finish(makeList(std::move(results)));
}

/// Does a rule treat each element by itself? Not if it knows the size of its parameter either.
bool ModelElaborator::treatsElements(mlir::func::FuncOp rule, graph::DimAttr leaf) {
  std::vector<mlir::func::FuncOp> todo = {rule};
  llvm::SmallPtrSet<mlir::Operation *, 8> seen = {rule};
  for (size_t i = 0; i < todo.size(); ++i)
    for (mlir::Operation &op : todo[i].front().without_terminator()) {
      if (auto call = llvm::dyn_cast<mlir::func::CallOp>(op)) {
        auto callee = e.module.lookupSymbol<mlir::func::FuncOp>(call.getCallee());
        if (seen.insert(callee).second)
          todo.push_back(callee);
        continue;
      }
      auto broadcast = llvm::dyn_cast<graph::BroadcastInDimOp>(op);
      auto extent = llvm::dyn_cast<graph::ExtentOp>(op);
      bool isNumber = llvm::isa<graph::ConstantOp>(op) || (extent && extent.getDim() != leaf);
      if (!op.hasTrait<graph::Elementwise>() && !isNumber && !(broadcast && broadcast.getOperand().getType().getRank() == 0))
        return false;
    }
  return true;
}

LogicalResult ModelElaborator::refuseRule(mlir::Operation *op, const Optimizer &optimizer) {
  mlir::InFlightDiagnostic error = mlir::emitError(op->getLoc())
                                   << "requires optimizer '" << optimizer.decl->name.text << "' to treat each element by itself, or by sums over its parameter; '"
                                   << op->getName().stripDialect() << "' over a parameter is not supported yet";
  error.attachNote(e.location(optimizer.where)) << "in the call of '" << optimizer.decl->name.text << "'";
  return failure();
}

} // namespace costate::importer
