// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The rules of optimizers. A rule is written for one parameter. What it asks for decides how it runs over all of them: once on the arena that holds
// them, however many there are, or leaf by leaf. Its states lie in arenas too.
#include "costate/dialects/optim/Optim.h"
#include "costate/frontends/LeafRules.h"
#include "costate/frontends/ModelElaborator.h"

#include "llvm/Support/SaveAndRestore.h"

#include <map>

namespace costate::importer {

using namespace syntax;
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;
using mlir::LogicalResult;
using mlir::success;

//===----------------------------------------------------------------------===//
// States, and the kind of a rule
//===----------------------------------------------------------------------===//

/// A rule is about one parameter. If nothing in it hangs on the shape of that, it holds for the whole arena; whether it does is found by trying.
FailureOr<ModelElaborator::Rule> ModelElaborator::declareRule(const Optimizer &optimizer, const Update &update, ParameterSet &set) {
  llvm::SaveAndRestore real(e.real, set.element);
  const OptimizerDecl &decl = *optimizer.decl;
  const Binding *inside = nullptr;
  for (const Parameter &parameter : decl.parameters) {
    auto given = llvm::find_if(*optimizer.given, [&](const auto &g) { return g.first == &parameter; });
    FailureOr<Value> argument = given != optimizer.given->end() ? FailureOr<Value>(given->second) : e.evaluate(*parameter.defaultValue, inside);
    if (failed(argument))
      return failure();
    inside = e.bindRoot(parameter.name, *argument, inside);
  }
  Rule rule{&set, RuleKind::Leaves, {}};
  size_t before = states.size();
  {
    Diagnostics::Silence silence(e.diagnostics); // on the shapes of the parameters, what fails will say why
    if (succeeded(declareStates(decl, rule, inside)))
      rule.kind = classify(callOnArenas(optimizer, update, rule, tensorOf(set.root)));
  }
  if (rule.kind != RuleKind::Leaves)
    return rule;
  states.erase(states.begin() + before, states.end());
  rule.states.clear();
  if (failed(declareLeafStates(decl, rule, inside)))
    return failure();
  return rule;
}

std::string ModelElaborator::stateName(const OptimizerDecl &decl, llvm::StringRef state, const ParameterSet &set) const {
  std::string name = (set.name + "." + decl.name.text + "." + state).str(), unique = name;
  for (unsigned n = 2; llvm::any_of(states, [&](const State &s) { return s.root.name == unique; }); ++n)
    unique = name + "_" + std::to_string(n);
  return unique;
}

/// States that do not hang on the shape of a parameter: a number, or one for each element.
LogicalResult ModelElaborator::declareStates(const OptimizerDecl &decl, Rule &rule, const Binding *scope) {
  Binding *param = e.bind(Binding::Root, {"param", decl.name.range}, scope);
  graph::Dims open = {e.b.openExtent()};
  Tensor parameter = e.addArgument(graph::typeOf(open, e.real), open, {}, e.location(decl.name.range));
  mlir::Block &block = e.current->func.front();
  for (const StmtPtr &inner : decl.body.statements) {
    auto *declare = llvm::dyn_cast<DeclareStmt>(inner.get());
    if (!declare)
      continue;
    e.current->values[param] = parameter;
    mlir::Operation *last = block.empty() ? nullptr : &block.back();
    FailureOr<Value> initial = e.evaluate(*declare->value, param);
    FailureOr<Tensor> tensor = e.toTensor(initial, declare->value->range);
    if (failed(tensor))
      return failure();
    if (tensor->rank() == 0 && !initial->is<Tensor>())
      tensor = e.b.convert(*tensor, e.real);
    mlir::Block::iterator first = last ? std::next(last->getIterator()) : block.begin();
    if ((tensor->rank() != 0 && tensor->dims != open) || !treatsElements(llvm::make_range(first, block.end())))
      return failure();
    graph::Dims dims = tensor->rank() ? graph::Dims{e.b.dim(rule.set->size)} : graph::Dims();
    mlir::FlatSymbolRefAttr arena = tensor->rank() ? rule.set->symbol : mlir::FlatSymbolRefAttr();
    Root root{e.bind(Binding::Root, declare->name, nullptr), stateName(decl, declare->name.text, *rule.set), "state",
              graph::typeOf(dims, tensor->elementType()), dims, arena};
    rule.states.push_back({declare->name.text, states.size()});
    states.push_back({root, declare->value.get(), param, rule.set, param});
    addArgument(root);
  }
  return success();
}

/// States of any shape, of each parameter that changes. They lie in an arena, that of the parameters if they look like these.
LogicalResult ModelElaborator::declareLeafStates(const OptimizerDecl &decl, Rule &rule, const Binding *scope) {
  for (const StmtPtr &inner : decl.body.statements) {
    auto *declare = llvm::dyn_cast<DeclareStmt>(inner.get());
    if (!declare)
      continue;
    std::string name = stateName(decl, declare->name.text, *rule.set);
    std::vector<ParameterSet::Leaf> leaves;
    std::map<std::pair<std::vector<int64_t>, int64_t>, std::vector<int64_t>> known;
    bool isLikeParams = true;
    for (const ParameterSet::Leaf &leaf : rule.set->leaves) {
      isLikeParams &= !leaf.frozen;
      if (!leaf.tied.empty() || leaf.frozen)
        continue;
      auto [shape, isNew] = known.try_emplace({leaf.shape, leaf.outAxis});
      if (isNew) {
        graph::Dims dims = e.b.staticDims(leaf.shape);
        Tensor param = e.addArgument(graph::typeOf(dims, e.real), dims, {}, e.location(decl.name.range));
        FailureOr<Tensor> initial = leafState(*declare->value, scope, param, leaf.outAxis);
        if (failed(initial))
          return failure();
        SourceRange where = declare->value->range;
        if (initial->elementType() != e.real)
          return e.error(where) << "requires state '" << declare->name.text << "' of an optimizer to be " << typeName(e.real) << ", but got "
                                << typeName(*initial);
        for (graph::DimAttr dim : initial->dims) {
          if (!dim.constant())
            return e.error(where) << "requires sizes of a state that are numbers at import, but got " << typeName(*initial);
          shape->second.push_back(*dim.constant());
        }
      }
      isLikeParams &= shape->second == leaf.shape;
      leaves.push_back({leaf.path, shape->second, declare, nullptr, 0, false, {}});
    }
    ParameterSet *layout = rule.set;
    if (!isLikeParams) {
      layout = e.addSet(name, declare->name.range);
      layout->element = rule.set->element;
      for (ParameterSet::Leaf &leaf : leaves)
        layout->add(std::move(leaf));
      if (failed(e.closeSet(*layout)))
        return failure();
    }
    graph::Dims dims = {e.b.dim(layout->size)};
    Root root{e.bind(Binding::Root, declare->name, nullptr), name, "state", graph::typeOf(dims, e.real), dims, layout->symbol};
    rule.states.push_back({declare->name.text, states.size()});
    states.push_back({root, declare->value.get(), scope, rule.set, nullptr, layout});
  }
  return success();
}

FailureOr<Tensor> ModelElaborator::leafState(const Expr &initial, const Binding *scope, const Tensor &param, int64_t outAxis) {
  scope = e.bindStatic({"out_axis", initial.range}, Number::of(outAxis), scope);
  FailureOr<Value> value = e.evaluate(initial, e.bindRoot({"param", initial.range}, param, scope));
  FailureOr<Tensor> tensor = e.toTensor(value, initial.range);
  return succeeded(tensor) && !value->is<Tensor>() ? e.b.convert(*tensor, e.real) : tensor;
}

/// The initial values of a state that has a leaf for each parameter.
FailureOr<Tensor> ModelElaborator::leafStates(const State &state) {
  llvm::SaveAndRestore real(e.real, state.layout->element);
  Tensor params = tensorOf(state.set->root); // a copy: what is evaluated moves the values of the function
  std::vector<Tensor> leaves;
  for (const ParameterSet::Leaf &each : state.layout->leaves) {
    const ParameterSet::Leaf *leaf = state.set->find(each.path);
    if (!leaf->tied.empty())
      continue;
    FailureOr<Tensor> value = leafState(*state.initial, state.scope, e.b.leaf(params, leaf->path, leaf->shape), leaf->outAxis);
    if (failed(value))
      return failure();
    leaves.push_back(*value);
  }
  return leaves.empty() ? e.b.full(e.real, state.root.dims, Number::of(0.0)) : e.b.pack(*state.layout, leaves);
}

/// param, grad and the states, then `t` and the arguments.
ModelElaborator::RuleCall ModelElaborator::callOnArenas(const Optimizer &optimizer, const Update &update, const Rule &rule, const Tensor &gradient) {
  const OptimizerDecl &decl = *optimizer.decl;
  auto now = [&](const Binding *binding) { return *e.valueOf(binding); };
  RuleCall call{optimizer, update, rule, {}, 0, {{"param", tensorOf(rule.set->root)}}};
  call.arguments.push_back({{"param", decl.name.range}, now(rule.set->root)});
  call.arguments.push_back({{"grad", decl.name.range}, gradient});
  for (auto [name, index] : rule.states) {
    const Binding *state = states[index].root.binding;
    call.arguments.push_back({{name, state->where}, now(state)});
    call.olds.push_back({name, tensorOf(state)});
  }
  call.arguments.push_back({{"t", decl.name.range}, now(update.clock ? update.clock : t)});
  for (const Parameter &parameter : decl.parameters) {
    Value value;
    auto hyper = llvm::find_if(update.hypers, [&](const auto &h) { return h.first == &parameter; });
    auto given = llvm::find_if(*optimizer.given, [&](const auto &g) { return g.first == &parameter; });
    if (hyper != update.hypers.end())
      value = now(hyper->second);
    else if (given != optimizer.given->end())
      value = given->second;
    call.arguments.push_back({parameter.name, value});
  }
  call.named = call.arguments.size();
  for (const GroupArgument &argument : update.groupArguments)
    call.arguments.push_back({argument.parameter->name, now(argument.hyper)});
  return call;
}

ModelElaborator::RuleKind ModelElaborator::classify(const RuleCall &call) {
  FailureOr<FunctionInstance> one = buildRule(call, /*isOpen=*/true, ".open");
  if (failed(one))
    return RuleKind::Leaves;
  RuleKind kind = RuleKind::Elements;
  if (!treatsElements(one->func.front().without_terminator())) {
    FailureOr<FunctionInstance> lifted = buildLeafRule(call, one->func);
    kind = succeeded(lifted) ? RuleKind::Sums : RuleKind::Leaves;
    if (succeeded(lifted))
      lifted->func.erase();
  } else if (call.arguments.size() > call.named) {
    // What differs for a group is an element there: it may not reach a state that is one number.
    FailureOr<FunctionInstance> whole = buildRule(call, /*isOpen=*/false, ".trial");
    kind = succeeded(whole) ? RuleKind::Elements : RuleKind::Leaves;
    if (succeeded(whole))
      whole->func.erase();
  }
  one->func.erase();
  return kind;
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

/// The new param and states.
FailureOr<Value> ModelElaborator::callRule(const Optimizer &optimizer, const Update &update, const Rule &rule, const Tensor &gradient) {
  llvm::SaveAndRestore real(e.real, rule.set->element);
  RuleCall call = callOnArenas(optimizer, update, rule, gradient);
  if (rule.kind == RuleKind::Leaves)
    return callRuleOnLeaves(call);
  for (auto &[name, value] : call.arguments) // plain arrays: `shape(param)` is what they have
    value = mapTensors(value, [](const Tensor &tensor) { return Tensor{tensor.value, tensor.dims, {}}; });
  return callInstance(call);
}

/// One call for each parameter that changes, on its leaves.
FailureOr<Value> ModelElaborator::callRuleOnLeaves(const RuleCall &arenas) {
  const Rule &rule = arenas.rule;
  const OptimizerDecl &decl = *arenas.optimizer.decl;
  std::vector<const ParameterSet *> layouts = {rule.set}; // of what changes
  for (auto [name, index] : rule.states)
    layouts.push_back(states[index].layout);
  std::vector<llvm::StringMap<const ParameterSet::Leaf *>> placesOf(layouts.size());
  for (auto [layout, places] : llvm::zip_equal(layouts, placesOf))
    for (const ParameterSet::Leaf &leaf : layout->leaves)
      places[leaf.path] = &leaf;
  std::vector<std::vector<Tensor>> results(layouts.size());
  const Tensor &gradient = *arenas.arguments[1].second.as<Tensor>();

  for (const ParameterSet::Leaf &leaf : rule.set->leaves) {
    if (!leaf.tied.empty())
      continue;
    e.b.location = e.location(arenas.update.optimizer->range);
    RuleCall one = arenas;
    one.olds.clear();
    for (auto [number, old] : llvm::enumerate(arenas.olds))
      if (const ParameterSet::Leaf *place = placesOf[number].lookup(leaf.path))
        one.olds.push_back({old.first, e.b.leaf(old.second, leaf.path, place->shape)});
    if (leaf.frozen) {
      for (auto [number, old] : llvm::enumerate(one.olds)) // the states have no leaf, or all that the parameters have
        results[number].push_back(old.second);
      continue;
    }
    one.arguments[0].second = one.olds[0].second;
    one.arguments[1].second = e.b.leaf(gradient, leaf.path, leaf.shape);
    for (size_t number = 1; number < one.olds.size(); ++number)
      one.arguments[number + 1].second = one.olds[number].second;
    for (size_t k = arenas.named; k < arenas.arguments.size(); ++k)
      if (const GroupArgument &argument = arenas.update.groupArguments[k - arenas.named]; argument.group == leaf.group)
        for (auto &[name, value] : llvm::MutableArrayRef(one.arguments).take_front(one.named))
          if (name.text == argument.parameter->name.text)
            value = arenas.arguments[k].second;
    one.arguments.resize(one.named);
    size_t behindT = one.olds.size() + 2; // param, grad, the other olds, t
    one.arguments.insert(one.arguments.begin() + behindT, {{"out_axis", decl.name.range}, Number::of(leaf.outAxis)});
    ++one.named;
    FailureOr<Value> changed = callInstance(one);
    if (failed(changed))
      return failure();
    for (auto [parts, value] : llvm::zip_equal(results, *changed->as<List>()))
      parts.push_back(*value.as<Tensor>());
  }
  std::vector<Value> packed;
  for (auto [old, layout, parts] : llvm::zip_equal(arenas.olds, layouts, results))
    packed.push_back(parts.empty() ? old.second : e.b.pack(*layout, parts));
  return makeList(std::move(packed));
}

/// Calls the function of a rule on what `call` says: the arenas, or the leaves of one parameter.
FailureOr<Value> ModelElaborator::callInstance(const RuleCall &call) {
  const OptimizerDecl &decl = *call.optimizer.decl;
  std::string key = ("update " + decl.name.text + "." + llvm::Twine(int(call.rule.kind))).str();
  llvm::SmallVector<Tensor> tensors;
  for (const auto &[name, value] : call.arguments) {
    key += ";" + identity(value);
    forEachTensor(value, [&](const Tensor &tensor) { tensors.push_back(tensor); });
  }
  SourceRange where = call.update.optimizer->range;
  auto found = e.instances.find(key);
  if (found == e.instances.end()) {
    Elaborator::Frame frame(e, decl.name.text.str(), where);
    FailureOr<FunctionInstance> instance = mlir::failure();
    if (call.rule.kind == RuleKind::Sums) {
      FailureOr<FunctionInstance> one = buildRule(call, /*isOpen=*/true, ".open");
      if (failed(one))
        return failure();
      instance = buildLeafRule(call, one->func);
      one->func.erase();
    } else {
      instance = buildRule(call, /*isOpen=*/false, ".update");
    }
    if (failed(instance))
      return failure();
    found = e.instances.try_emplace(key, std::move(*instance)).first;
  }
  return e.emitCall(found->second, tensors, where);
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

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
    for (size_t k = call.named; k < call.arguments.size(); ++k)
      if (const GroupArgument &argument = call.update.groupArguments[k - call.named]; argument.parameter->name.text == name.text)
        pieces.push_back({argument.group, *e.toTensor(given[k], where, e.real)});
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

/// The function of a rule on what it is called on or, if `isOpen`, on one parameter of open shape. In that one, what differs between groups is a
/// number: an argument behind the others.
FailureOr<FunctionInstance> ModelElaborator::buildRule(const RuleCall &call, bool isOpen, llvm::StringRef suffix) {
  const OptimizerDecl &decl = *call.optimizer.decl;
  bool isOnArenas = !isOpen && call.rule.kind != RuleKind::Leaves;
  Elaborator::Building building(e, FunctionScope::Instance, decl.name.text.str() + suffix.str(), decl.name.range);
  graph::Dims whole = {e.b.dim(call.rule.set->size)}, open = {e.b.openExtent()};
  auto inside = [&](const Tensor &tensor) { return isOpen && tensor.dims == whole ? open : tensor.dims; };
  std::vector<Value> given;
  for (const auto &[name, value] : call.arguments)
    given.push_back(mapTensors(value, [&](const Tensor &tensor) {
      if (!isOpen)
        return e.addArgument(tensor);
      return e.addArgument(graph::typeOf(inside(tensor), tensor.elementType()), inside(tensor), {}, tensor.value.getLoc());
    }));
  FailureOr<const Binding *> bound = bindRule(call, given, [&](const Tensor &base, llvm::ArrayRef<std::pair<int64_t, Tensor>> pieces) {
    return Value(isOpen ? e.addArgument(base.value.getType(), {}, {}, base.value.getLoc()) : e.b.piecewise(*call.rule.set, base, pieces));
  });
  if (failed(bound))
    return failure();
  const Binding *scope = *bound;
  e.current->bodyStart = scope;
  for (const StmtPtr &statement : decl.body.statements) {
    if (llvm::isa<DeclareStmt>(*statement))
      continue; // an argument
    if (llvm::isa<ResultStmt>(*statement))
      return e.error(statement->range) << "requires '<-' to say what the optimizer changes, but found a value";
    if (failed(e.evaluateStatement(*statement, scope)))
      return failure();
  }
  std::vector<Value> results;
  for (const auto &[name, old] : call.olds) {
    const Binding *binding = e.lookup(name, scope);
    if (name == "param" && binding->kind == Binding::Root)
      return e.error(decl.name.range) << "requires optimizer '" << decl.name.text << "' to change its parameters: 'param <- ...'";
    FailureOr<Value> value = e.valueOf(binding);
    FailureOr<Tensor> tensor = e.toTensor(value, binding->where, old.elementType());
    if (failed(tensor))
      return failure();
    graph::Dims required = inside(old);
    if (tensor->rank() == 0)
      tensor = e.b.broadcast(*tensor, required);
    if (tensor->dims != required)
      return e.error(binding->where) << "requires '" << name << "' to stay " << typeName(old) << ", but got " << typeName(*tensor);
    tensor->arena = isOnArenas ? old.arena : mlir::FlatSymbolRefAttr();
    if (name == "param" && isOnArenas)
      tensor = keepFrozen(*call.rule.set, *given[0].as<Tensor>(), *tensor);
    results.push_back(*tensor);
  }
  return e.finish(makeList(std::move(results)));
}

Tensor ModelElaborator::keepFrozen(const ParameterSet &set, const Tensor &before, const Tensor &after) {
  bool hasFrozen = llvm::any_of(set.ranges, [](const ParameterSet::Range &range) { return range.frozen; });
  return hasFrozen ? e.b.select(e.b.frozen(set), before, after) : after;
}

/// The function on whole arenas of a rule that takes sums over each parameter: see LeafRules. Fails, without a message, if the rule does more.
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
  if (one.getNumArguments() != arguments.size()) // a key of random draws
    return failure();
  auto lifted = rules.lift(one, arguments);
  if (failed(lifted))
    return failure();
  std::vector<Value> results;
  for (auto [old, result] : llvm::zip_equal(call.olds, *lifted)) {
    const Tensor &before = old.second;
    if (result.tensor.dims != before.dims) // a scalar state of each parameter
      return failure();
    Tensor after{result.tensor.value, before.dims, before.arena};
    results.push_back(old.first == "param" ? keepFrozen(*call.rule.set, *given[0].as<Tensor>(), after) : after);
  }
  return e.finish(makeList(std::move(results)));
}

/// Does each of these ops treat elements by themselves, as numbers and values of one shape? Not if it asks for that shape.
bool ModelElaborator::treatsElements(llvm::iterator_range<mlir::Block::iterator> ops) {
  auto isNumber = [](mlir::Type type) {
    auto tensor = llvm::dyn_cast<mlir::RankedTensorType>(type);
    return !tensor || tensor.getRank() == 0;
  };
  return llvm::all_of(ops, [&](mlir::Operation &op) {
    if (auto call = llvm::dyn_cast<mlir::func::CallOp>(op))
      return treatsElements(e.module.lookupSymbol<mlir::func::FuncOp>(call.getCallee()).front().without_terminator());
    if (op.getNumRegions() > 0) // a loop or a branch
      return llvm::all_of(op.getRegions(), [&](mlir::Region &region) {
        return region.empty() || treatsElements(region.front().without_terminator());
      });
    if (auto extent = llvm::dyn_cast<graph::ExtentOp>(op))
      return extent.getDim() != e.b.openExtent();
    if (auto broadcast = llvm::dyn_cast<graph::BroadcastInDimOp>(op))
      return isNumber(broadcast.getOperand().getType());
    if (auto draw = llvm::dyn_cast<graph::RandomOp>(op))
      return isNumber(draw.getKey().getType());
    return op.hasTrait<graph::Elementwise>() || llvm::isa<graph::ConstantOp>(op) ||
           (llvm::all_of(op.getOperandTypes(), isNumber) && llvm::all_of(op.getResultTypes(), isNumber));
  });
}

} // namespace costate::importer
