// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Training steps: `minimize`, `step`, `update`. What an optimizer does is in ElaborateRules.cpp.
#include "costate/dialects/optim/Optim.h"
#include "costate/frontends/ModelElaborator.h"

#include "llvm/Support/SaveAndRestore.h"

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
    return declareUpdate(statement, minimize->sets, minimize->with, seen, /*runsOnce=*/true);
  return declareBody(llvm::cast<StepStmt>(statement).body, seen, /*runsOnce=*/true);
}

LogicalResult ModelElaborator::declareBody(const Block &body, const Binding *seen, bool runsOnce) {
  moved.clear();
  stepStart = seen;
  return declareBlock(body, seen, runsOnce);
}

/// `runsOnce`: neither in a branch that may not be taken nor in a loop.
LogicalResult ModelElaborator::declareBlock(const Block &block, const Binding *&seen, bool runsOnce) {
  auto isOfStep = [&](const Name &name) {
    const Binding *binding = e.lookup(name.text, seen);
    const Binding *definition = binding && binding->kind == Binding::Element ? binding->of : binding;
    return definition && definition->kind == Binding::Definition && !llvm::is_contained(definitions, definition);
  };
  auto bind = [&](llvm::ArrayRef<Name> names, const Expr &value) { // an optimizer may refer to them
    if (names.size() == 1)
      seen = e.bindDefinition(names[0], value, seen, seen);
    else
      e.bindParts(names, value, seen, [&](const Name &name) { return !stateOf(e.lookup(name.text, seen)); });
  };
  auto declarePart = [&](const Block &part, const Binding *inside) { return declareBlock(part, inside, /*runsOnce=*/false); };
  auto move = [&](llvm::ArrayRef<Name> names) {
    for (const Name &name : names)
      if (isOfStep(name))
        moved.push_back(e.lookup(name.text, seen));
  };
  for (const StmtPtr &inner : block.statements) {
    if (auto *bound = llvm::dyn_cast<BindStmt>(inner.get())) {
      for (const Name &name : bound->names)
        if (name.text == "t" && e.lookup("t", seen) == t)
          return e.error(name.range) << "requires another name than 't', which is the number of the step here";
      bind(bound->names, *bound->value);
    } else if (auto *rebind = llvm::dyn_cast<RebindStmt>(inner.get())) {
      if (llvm::any_of(rebind->names, isOfStep)) // the others are states
        bind(rebind->names, *rebind->value);
    } else if (auto *update = llvm::dyn_cast<UpdateStmt>(inner.get())) {
      if (failed(declareUpdate(*update, update->sets, update->with, seen, runsOnce)))
        return failure();
    } else if (auto *each = llvm::dyn_cast<EachStmt>(inner.get())) {
      if (failed(eachRound(*each, seen, [&](const Binding *&inside) { return declareBlock(each->body, inside, runsOnce); })))
        return failure();
    } else if (auto *statement = llvm::dyn_cast<BranchStmt>(inner.get())) {
      auto &branch = llvm::cast<BranchExpr>(*statement->value);
      if (std::optional<bool> known = staticCondition(*branch.condition, seen)) {
        const Binding *inside = seen, *outside = seen;
        if (failed(declareBlock(*known ? branch.then : branch.otherwise, inside, runsOnce)))
          return failure();
        e.handOn(inside, outside, stepStart, seen);
        continue;
      }
      if (failed(declarePart(branch.then, seen)) || failed(declarePart(branch.otherwise, seen)))
        return failure();
      move(branch.rebound);
    } else if (auto *statement = llvm::dyn_cast<LoopStmt>(inner.get())) {
      auto &loop = llvm::cast<LoopExpr>(*statement->value);
      move(loop.body.reboundNames());
      const Binding *inside = seen;
      if (loop.index) {
        Tensor trip = e.addArgument(mlir::RankedTensorType::get({}, e.b.builder.getI64Type()), {}, {}, e.location(loop.index->range));
        inside = e.bindRoot(*loop.index, RuntimeNumber{trip}, inside);
      }
      if (failed(declarePart(loop.body, inside)))
        return failure();
    }
  }
  return success();
}

/// Each round is like statements that stand one behind the other.
LogicalResult ModelElaborator::eachRound(const EachStmt &each, const Binding *&seen, llvm::function_ref<LogicalResult(const Binding *&)> run) {
  return e.evaluateEach(each, stepStart, seen, [&](unsigned round, const Binding *&inside) {
    rounds.push_back(round);
    LogicalResult done = run(inside);
    rounds.pop_back();
    return done;
  });
}

/// The value of a condition of which nothing is known at run time only: then one branch needs no states.
std::optional<bool> ModelElaborator::staticCondition(const Expr &condition, const Binding *seen) {
  llvm::SmallVector<const Binding *> mentioned = e.references(condition, seen);
  llvm::SmallPtrSet<const Binding *, 8> visited(mentioned.begin(), mentioned.end());
  for (size_t i = 0; i < mentioned.size(); ++i) {
    if (mentioned[i]->kind == Binding::Root || llvm::is_contained(moved, mentioned[i]))
      return std::nullopt;
    for (const Binding *reference : e.referencesOf(mentioned[i]))
      if (visited.insert(reference).second)
        mentioned.push_back(reference);
  }
  llvm::SaveAndRestore mode(e.mode, Elaborator::Mode::Train);
  Diagnostics::Silence silence(e.diagnostics); // the step itself will say what is wrong with it
  FailureOr<Value> value = e.evaluate(condition, seen);
  auto known = failed(value) ? nullptr : value->as<bool>();
  return known ? std::optional(*known) : std::nullopt;
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
    ParameterSet *set = setOf(binding);
    if (!set) {
      auto known = llvm::map_to_vector(sets, [](ParameterSet *s) { return StringRef(s->name); });
      StringRef nearest = nearestName(name.text, known);
      Failure failure = e.error(name.range) << "requires the name of a net, or 'params' for the params of the model, but got '"
                                            << name.text << "'";
      if (!nearest.empty())
        return std::move(failure) << "; did you mean '" << nearest << "'?";
      return failure;
    }
    e.observe(name.range, binding, binding->value);
    if (llvm::is_contained(found, set))
      return e.error(name.range) << "requires parameter sets that differ, but got '" << name.text << "' twice";
    found.push_back(set);
  }
  return found;
}

/// Whether a rule asks for the number of its update.
bool ModelElaborator::readsClock(const OptimizerDecl &decl) {
  const Binding *clock = e.bind(Binding::Root, {"t", decl.name.range}, nullptr);
  return llvm::is_contained(e.references(decl, clock), clock);
}

const Binding *ModelElaborator::addClock(const OptimizerDecl &decl, ParameterSet &set) {
  Root root = tRoot;
  root.binding = e.bind(Binding::Root, {"t", decl.name.range}, nullptr);
  root.name = stateName(decl, "t", set);
  states.push_back({root, &zero, nullptr, &set, nullptr});
  addArgument(root);
  return root.binding;
}

LogicalResult ModelElaborator::declareUpdate(const Stmt &statement, llvm::ArrayRef<Name> names, const OptimizerUse &use,
                                             const Binding *seen, bool runsOnce) {
  const Expr &expr = *use.optimizer;
  for (const Binding *name : moved) {
    FailureOr<Value> value = e.dependsOn(expr, seen, name) ? e.valueOf(name) : Value();
    if (failed(value))
      return failure();
    if (value->is<Number>()) // and no hyper-parameter: a branch or loop decides on it
      e.current->values[name] = *e.toTensor(*value, name->where);
  }
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

  if (!runsOnce && readsClock(decl))
    update.clock = addClock(decl, *over->front());
  for (ParameterSet *set : *over) {
    FailureOr<Rule> rule = declareRule(*optimizer, update, *set);
    if (failed(rule))
      return failure();
    update.rules.push_back(std::move(*rule));
  }
  update.rounds = rounds;
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
    auto formals = llvm::map_to_vector(decl.parameters, [](const Parameter &p) { return Formal{p.name.text, false, p.name.range}; });
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
      std::string full = (name + "_" + parameter.name.text).str();
      const Binding *hyper = addHyper({full, argument.where}, number->real, nullptr);
      update.groupArguments.push_back({group - groups.begin() + 1, &parameter, hyper});
    }
  }
  return success();
}

/// In the order of the text; null if there is none.
static const UpdateStmt *firstUpdate(const Block &block) {
  const UpdateStmt *first = nullptr;
  block.walk([&](const Stmt &statement) { first = first ? first : llvm::dyn_cast<UpdateStmt>(&statement); });
  return first;
}

/// Does an expression of a step use a name that the step binds?
bool ModelElaborator::mentionsOwn(const Expr &expr, const Block &step) {
  const Binding *own = nullptr;
  step.walk([&](const Stmt &statement) {
    if (auto *bind = llvm::dyn_cast<BindStmt>(&statement))
      for (const Name &name : bind->names)
        own = e.bind(Binding::Root, name, own);
    if (auto *each = llvm::dyn_cast<EachStmt>(&statement))
      for (const Name &name : each->names)
        own = e.bind(Binding::Root, name, own);
    if (auto *loop = llvm::dyn_cast<LoopStmt>(&statement); loop && llvm::cast<LoopExpr>(*loop->value).index)
      own = e.bind(Binding::Root, *llvm::cast<LoopExpr>(*loop->value).index, own);
  });
  return !e.references(expr, own).empty();
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
    const UpdateStmt *update = step && !objective ? firstUpdate(step->body) : nullptr;
    auto *call = update ? llvm::dyn_cast<CallExpr>(update->gradient.get()) : nullptr;
    auto *callee = call ? llvm::dyn_cast<ReferenceExpr>(call->callee.get()) : nullptr;
    // Not one that is made of what the step has bound before.
    if (callee && callee->name == "grad" && !call->arguments.empty() && !mentionsOwn(*call->arguments[0].value, step->body)) {
      objective = call->arguments[0].value.get();
      seen = before;
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

const ModelElaborator::Update *ModelElaborator::updateOf(const Stmt &statement) const {
  auto found = llvm::find_if(updates, [&](const Update &update) { return update.statement == &statement && update.rounds == rounds; });
  return found == updates.end() ? nullptr : &*found;
}

/// The parameters that a name of the model stands for: those of a net, or `params`.
ParameterSet *ModelElaborator::setOf(const Binding *binding) const {
  const ParameterSet *whole = binding ? e.wholeSet(binding->value) : nullptr;
  auto found = llvm::find(sets, whole);
  return found == sets.end() ? nullptr : *found;
}

const ModelElaborator::State *ModelElaborator::stateOf(const Binding *binding) const {
  auto found = llvm::find_if(states, [&](const State &state) { return state.root.binding == binding; });
  return found == states.end() ? nullptr : &*found;
}

LogicalResult ModelElaborator::runStep(const Stmt &statement, const Binding *seen) {
  if (auto *minimize = llvm::dyn_cast<MinimizeStmt>(&statement)) {
    const Update &update = *updateOf(statement);
    auto variables = llvm::map_to_vector(update.rules, [](const Rule &rule) -> const Binding * { return rule.set->root; });
    const Expr &objective = *minimize->objective;
    if (llvm::none_of(variables, [&](const Binding *variable) { return e.dependsOn(objective, seen, variable); }))
      return e.error(objective.range) << "'minimize' requires an expression that depends on parameters, but '" << objective.range.text() << "' does not";
    auto points = llvm::map_to_vector(variables, [&](const Binding *v) { return Value(tensorOf(v)); });
    FailureOr<Elaborator::Gradient> gradient =
        e.gradient(objective, seen, variables, points, objective.range);
    if (failed(gradient))
      return failure();
    return runUpdate(update, tensorsOf(gradient->gradients), seen);
  }
  stepStart = e.current->bodyStart = seen;
  if (failed(runBlock(llvm::cast<StepStmt>(statement).body, seen)))
    return failure();
  e.current->bodyStart = nullptr;
  return success();
}

LogicalResult ModelElaborator::runBlock(const Block &block, const Binding *&inside, bool mayHaveValue) {
  for (const StmtPtr &statement : block.statements) {
    LogicalResult ran = success();
    if (auto *rebound = llvm::dyn_cast<RebindStmt>(statement.get()))
      ran = rebind(*rebound, inside);
    else if (auto *update = llvm::dyn_cast<UpdateStmt>(statement.get()))
      ran = runUpdate(*update, inside);
    else if (auto *branch = llvm::dyn_cast<BranchStmt>(statement.get()))
      ran = runBranch(llvm::cast<BranchExpr>(*branch->value), inside);
    else if (auto *each = llvm::dyn_cast<EachStmt>(statement.get()))
      ran = eachRound(*each, inside, [&](const Binding *&round) { return runBlock(each->body, round); });
    else if (auto *loop = llvm::dyn_cast<LoopStmt>(statement.get()))
      ran = runLoop(llvm::cast<LoopExpr>(*loop->value), inside);
    else if (llvm::isa<ResultStmt>(*statement) && mayHaveValue)
      return success(); // the last one
    else if (llvm::isa<ResultStmt>(*statement))
      return e.error(statement->range) << "requires a statement in a step, but found a value";
    else if (auto *bind = llvm::dyn_cast<BindStmt>(statement.get()); bind && bind->names.size() == 1)
      ran = bindNow(*bind, bind->names[0], inside);
    else
      ran = e.evaluateStatement(*statement, inside);
    if (failed(ran))
      return failure();
  }
  return success();
}

/// name = value, name <- value. Of a net or a parameter set it is the parameters as they are now, which later lines may change.
LogicalResult ModelElaborator::bindNow(const Stmt &statement, const Name &name, const Binding *&inside) {
  const Binding *before = inside;
  if (failed(e.evaluateStatement(statement, inside)))
    return failure();
  FailureOr<Value> value = e.valueOf(inside);
  if (failed(value) || !e.wholeSet(*value))
    return value;
  FailureOr<Tensor> now = e.toTensor(*value, statement.range);
  if (succeeded(now))
    inside = e.bindRoot(name, *now, before);
  return now;
}

LogicalResult ModelElaborator::runUpdate(const UpdateStmt &statement, const Binding *seen) {
  const Update &update = *updateOf(statement);
  FailureOr<Value> value = e.evaluate(*statement.gradient, seen);
  if (failed(value))
    return failure();
  SourceRange where = statement.gradient->range;
  std::vector<Value> values;
  if (auto list = value->as<List>())
    values.assign(list->begin(), list->end());
  else
    values.push_back(*value);
  if (values.size() != update.rules.size())
    return e.error(where) << "requires a gradient for each of the " << update.rules.size() << " parameter sets, but got " << describe(*value);
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
  return runUpdate(update, gradients, seen);
}

void ModelElaborator::assign(const Binding *root, Value value) {
  e.current->values[root] = std::move(value);
  forget(root);
}

/// A line of the step assigns; that this stands only if all objectives are finite is seen to where its part ends.
void ModelElaborator::change(const Binding *root, Value value) {
  assign(root, std::move(value));
  guards[root] = 0;
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

/// a, b <- value: states, parameter sets, or names of the step itself
LogicalResult ModelElaborator::rebind(const RebindStmt &rebind, const Binding *&inside) {
  struct Target {
    const State *state;
    ParameterSet *set;
    bool isOwn() const { return !state && !set; }
  };
  std::vector<Target> targets;
  for (const Name &name : rebind.names) {
    const Binding *binding = e.lookup(name.text, inside), *own = inside;
    targets.push_back({stateOf(binding), setOf(binding)});
    while (targets.back().isOwn() && own != stepStart && own != binding)
      own = own->previous;
    if (targets.back().isOwn() && own == stepStart)
      return e.error(name.range) << "requires a state or a name of this step before '<-', but got '" << name.text << "'"
                                 << (binding && binding->kind == Binding::Leaf
                                         ? "; 'update' trains params, and 'params <- start' gives all of them the values that 'start = params' has kept"
                                         : "");
  }
  auto changeTo = [&](const Target &target, const Name &name, const Value &value) {
    return target.state ? changeState(*target.state, name, value, rebind.value->range) : changeSet(*target.set, name, value, rebind.value->range);
  };
  if (targets.size() == 1 && targets[0].isOwn())
    return bindNow(rebind, rebind.names[0], inside);
  if (llvm::all_of(targets, [](const Target &target) { return target.isOwn(); }))
    return e.evaluateStatement(rebind, inside);
  if (targets.size() == 1) {
    FailureOr<Value> value = e.evaluate(*rebind.value, inside);
    return failed(value) ? failure() : changeTo(targets[0], rebind.names[0], *value);
  }
  const Binding *whole = e.bindParts(rebind.names, *rebind.value, inside, [&](const Name &name) {
    const Binding *binding = e.lookup(name.text, inside);
    return !stateOf(binding) && !setOf(binding);
  });
  FailureOr<Value> value = e.evaluateDefinition(whole);
  FailureOr<List> parts = failed(value) ? FailureOr<List>(failure()) : e.partsOf(*value, rebind.names.size(), rebind.value->range);
  if (failed(parts))
    return failure();
  for (auto [target, name, part] : llvm::zip_equal(targets, rebind.names, *parts))
    if (!target.isOwn() && failed(changeTo(target, name, part)))
      return failure();
  return success();
}

/// Parameters of its own layout: a copy kept before, an average, what a mask leaves.
LogicalResult ModelElaborator::changeSet(ParameterSet &set, const Name &name, const Value &value, SourceRange where) {
  FailureOr<Tensor> tensor = e.toTensor(value, where, set.element);
  if (failed(tensor))
    return failure();
  if (tensor->arena != set.symbol)
    return e.error(where) << "requires parameters of '" << name.text << "', such as a copy of them, but got "
                          << (tensor->arena ? "some of '" + tensor->arena.getValue().str() + "'" : typeName(*tensor));
  change(set.root, keepFrozen(set, tensorOf(set.root), *tensor));
  return success();
}

LogicalResult ModelElaborator::changeState(const State &state, const Name &name, const Value &value, SourceRange where) {
  auto type = mlir::cast<mlir::RankedTensorType>(state.root.type);
  FailureOr<Tensor> tensor = e.toTensor(value, where, value.is<Tensor>() ? mlir::Type() : type.getElementType());
  if (failed(tensor))
    return failure();
  if (tensor->value.getType() != type)
    return e.error(where).note(e.location(state.root.binding->where), "'" + name.text + "' is declared here")
           << "requires the new value of '" << name.text << "' to be " << typeName(type.getElementType(), state.root.dims) << ", but got "
           << typeName(*tensor);
  e.observe(name.range, state.root.binding, *tensor);
  change(state.root.binding, *tensor);
  return success();
}

LogicalResult ModelElaborator::runUpdate(const Update &update, llvm::ArrayRef<Tensor> gradients, const Binding *seen) {
  FailureOr<Value> value = e.evaluate(*update.optimizer, seen);
  if (failed(value))
    return failure();
  const Optimizer &optimizer = *value->as<Optimizer>();
  if (update.clock) {
    e.b.location = e.location(update.optimizer->range);
    Tensor one = e.b.constant(e.b.builder.getI64Type(), Number::of(int64_t(1)));
    change(update.clock, RuntimeNumber{e.b.binary<graph::AddOp>(tensorOf(update.clock), one)});
  }
  std::vector<std::pair<const Binding *, Value>> changed;
  for (auto [rule, gradient] : llvm::zip_equal(update.rules, gradients)) {
    FailureOr<Value> results = callRule(optimizer, update, rule, gradient);
    if (failed(results))
      return failure();
    const List &list = *results->as<List>();
    auto laidOut = [](const Value &value, mlir::FlatSymbolRefAttr arena) {
      return mapTensors(value, [&](const Tensor &tensor) { return Tensor{tensor.value, tensor.dims, arena}; });
    };
    changed.push_back({rule.set->root, laidOut(list[0], rule.set->symbol)});
    for (auto [state, result] : llvm::zip_equal(rule.states, llvm::drop_begin(list)))
      changed.push_back({states[state.second].root.binding, laidOut(result, states[state.second].root.arena)});
  }
  for (auto &[binding, result] : changed)
    change(binding, result);
  return success();
}

} // namespace costate::importer
