// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The declarations of a model, and its entries.
#include "costate/dialects/optim/Optim.h"
#include "costate/frontends/ModelElaborator.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/Support/SaveAndRestore.h"

namespace costate::importer {

using namespace syntax;
using llvm::StringRef;
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;
using mlir::LogicalResult;
using mlir::success;

LogicalResult ModelElaborator::run() {
  mlir::Builder &builder = e.b.builder;
  auto i64 = mlir::RankedTensorType::get({}, builder.getI64Type());
  // `t`, the number of the step, is there from the start; a model may give the name to something else.
  t = e.bind(Binding::Root, {"t", model.name.range}, nullptr);
  scope = t;
  tRoot = {t, "t", "state", i64, {}, {}, 0, /*isNumber=*/true};
  seedRoot = {e.bind(Binding::Root, {"seed", model.name.range}, nullptr), "seed", "seed", i64, {}, {}};

  {
    // Declarations may compute sizes; whatever that takes is evaluated in a function that nobody keeps.
    Elaborator::Building scratch(e, FunctionScope::Entry, "declarations", model.range, /*isPrivate=*/false);
    addArgument(tRoot);
    collectPatterns();
    for (const StmtPtr &statement : model.body.statements)
      if (failed(declare(*statement)))
        return failure();
    if (failed(closeParams()))
      return failure();
    if (failed(checkPatterns()))
      return failure();
    for (auto [statement, seen] : steps)
      if (failed(declareStep(*statement, seen)))
        return failure();
  }
  if (failed(declareObjective()))
    return failure();
  for (const Root *root : allRoots(true))
    for (const Root *other : allRoots(true))
      if (root < other && root->name == other->name)
        return e.error(other->binding->where) << "requires names of params, states, inputs and hypers to differ, but '" << root->name
                                              << "' is used twice";

  // `evaluate` comes first: it sees every definition, so that each mistake is reported once and where it stands.
  if (failed(buildEvaluate()) || failed(buildInit()) || (e.asksForPreparing && failed(buildPrepare())) || (!steps.empty() && failed(buildTrainStep())) ||
      (!predictions.empty() && failed(buildPredict())))
    return failure();
  e.module->setAttr("optim.model", builder.getStringAttr(model.name.text));
  if (!hints.empty())
    e.module->setAttr("optim.hints", builder.getDictionaryAttr(hints));
  return success();
}

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

LogicalResult ModelElaborator::checkUnbound(const Name &name) {
  const Binding *bound = e.lookup(name.text, scope);
  if (!bound || bound == t)
    return success();
  return e.error(name.range).note(e.location(bound->where), "it is bound here") << "'" << name.text << "' is bound already";
}

LogicalResult ModelElaborator::declare(const Stmt &statement) {
  switch (statement.kind) {
  case Stmt::Declare:
    return declareValue(llvm::cast<DeclareStmt>(statement));
  case Stmt::Setting:
    return declareSetting(llvm::cast<SettingStmt>(statement));
  case Stmt::Dim:
    return declareDim(llvm::cast<DimStmt>(statement));
  case Stmt::Group:
  case Stmt::Freeze:
  case Stmt::Tie:
    return success(); // collectPatterns has read them
  case Stmt::Minimize:
  case Stmt::Step:
    steps.push_back({&statement, scope});
    return success();
  case Stmt::Rebind: {
    auto &rebind = llvm::cast<RebindStmt>(statement);
    return e.error(rebind.range) << "requires '<-' to stand in a step; write 'step { " << rebind.name.text << " <- ... }'";
  }
  case Stmt::Bind: {
    auto &bind = llvm::cast<BindStmt>(statement);
    for (const Name &name : bind.names) {
      if (failed(checkUnbound(name)))
        return failure();
      if (bind.role == BindStmt::Plain && llvm::is_contained({"data", "epochs", "batch"}, name.text))
        return e.error(bind.range) << "requires '" << name.text << "' without '=': write '" << name.text << " "
                                   << bind.value->range.text() << "'";
    }
    if (bind.role == BindStmt::Net) {
      ParameterSet *set = e.addSet(bind.names[0].text, bind.names[0].range);
      FailureOr<Value> net = e.evaluate(*bind.value, scope);
      if (succeeded(net))
        net = e.instantiate(*net, *set, set->name, bind.value->range);
      if (failed(net) || failed(closeSet(*set, bind.range)))
        return failure();
      for (; nextNetState < e.netStates.size(); ++nextNetState) {
        const Elaborator::NetState &state = e.netStates[nextNetState];
        Root root{state.root, state.path, "buffer", state.type, state.dims, {}};
        states.push_back({root, state.declared->value.get(), state.scope, nullptr, nullptr});
        addArgument(root);
      }
      scope = e.bindStatic(bind.names[0], *net, scope);
      sets.push_back(set);
      return success();
    }
    if (bind.names.size() == 1) {
      Binding *binding = e.bindDefinition(bind.names[0], *bind.value, scope, scope);
      if (bind.role == BindStmt::Metric)
        metrics.push_back({bind.names[0].text.str(), binding});
      if (bind.role == BindStmt::Predict)
        predictions.push_back({bind.names[0].text.str(), binding});
      definitions.push_back(binding);
      scope = binding;
      return success();
    }
    Binding *whole = e.bindDefinition({"", bind.value->range}, *bind.value, scope, scope);
    definitions.push_back(whole);
    scope = whole;
    for (auto [index, name] : llvm::enumerate(bind.names)) {
      Binding *element = e.bind(Binding::Element, name, scope);
      element->of = whole;
      element->index = index;
      element->count = bind.names.size();
      scope = element;
    }
    return success();
  }
  case Stmt::Result:
    return e.error(statement.range) << "requires a name for a value: write 'name = ...'";
  default:
    return e.error(statement.range) << "this statement is not supported in a model";
  }
}

LogicalResult ModelElaborator::declareValue(const DeclareStmt &declare) {
  if (failed(checkUnbound(declare.name)))
    return failure();
  Name name = declare.name;
  switch (declare.role) {
  case DeclareStmt::Input:
  case DeclareStmt::Target: {
    bool isInput = declare.role == DeclareStmt::Input;
    FailureOr<mlir::Type> element = e.elementType(*declare.type);
    if (failed(element))
      return failure();
    FailureOr<graph::Dims> dims =
        e.bindType(*declare.type, nullptr, ((isInput ? "input '" : "target '") + name.text + "'").str(), name.range, scope);
    if (failed(dims))
      return failure();
    Binding *binding = e.bind(Binding::Root, name, scope);
    scope = binding;
    Root root{binding, name.text.str(), isInput ? "input" : "target",
              graph::typeOf(*dims, *element), *dims, {}};
    addArgument(root);
    (isInput ? inputs : targets).push_back(root);
    return success();
  }
  case DeclareStmt::Hyper: {
    FailureOr<Number> value = e.evaluateNumber(*declare.value, scope, ("hyper '" + name.text + "'").str());
    if (failed(value))
      return failure();
    if (declare.type)
      return e.error(declare.type->range) << "requires no type for hyper '" << name.text << "': a number takes that of the tensor it meets";
    scope = addHyper(name, value->real, scope);
    return success();
  }
  case DeclareStmt::Param: {
    if (llvm::is_contained(sets, params))
      return e.error(name.range) << "requires param '" << name.text << "' to stand before the states that are made of 'params'";
    if (failed(e.addLeaf(*params, name.text.str(), declare, scope)))
      return failure();
    Binding *leaf = e.bind(Binding::Leaf, name, scope);
    leaf->set = params;
    leaf->path = name.text.str();
    scope = leaf;
    return success();
  }
  case DeclareStmt::State: {
    llvm::SmallVector<StringRef> local;
    llvm::SmallVector<const Binding *> mentioned;
    e.references(*declare.value, scope, local, mentioned);
    auto isParams = [&](const Binding *binding) { return binding->value.is<const ParameterSet *>(); };
    if (llvm::any_of(mentioned, isParams) && failed(closeParams()))
      return failure();
    FailureOr<Tensor> initial = e.initialState(declare, scope);
    if (failed(initial))
      return failure();
    Binding *binding = e.bind(Binding::Root, name, scope);
    Root root{binding, name.text.str(), "buffer", initial->value.getType(), initial->dims, initial->arena};
    states.push_back({root, declare.value.get(), scope, nullptr, nullptr});
    addArgument(root);
    scope = binding;
    return success();
  }
  }
  return failure();
}

/// A run-time scalar of the model; a second one of the same name gets a number.
const Binding *ModelElaborator::addHyper(Name name, double fallback, const Binding *previous) {
  std::string unique = name.text.str();
  for (unsigned n = 2; llvm::any_of(hypers, [&](const Root &root) { return root.name == unique; }); ++n)
    unique = (name.text + "_" + llvm::Twine(n)).str();
  Binding *binding = e.bind(Binding::Root, name, previous);
  auto f64 = mlir::RankedTensorType::get({}, e.b.builder.getF64Type());
  hypers.push_back({binding, unique, "hyper", f64, {}, {}, fallback, /*isNumber=*/true});
  addArgument(hypers.back());
  return binding;
}

//===----------------------------------------------------------------------===//
// Groups, frozen and tied parameters
//===----------------------------------------------------------------------===//

/// Read before anything else: they decide where parameters lie, wherever they stand in the model. Also finds out whether
/// the model has params of its own; as a set, they are `params`.
void ModelElaborator::collectPatterns() {
  for (const StmtPtr &statement : model.body.statements) {
    auto *declare = llvm::dyn_cast<DeclareStmt>(statement.get());
    if (declare && declare->role == DeclareStmt::Param && !params) {
      params = e.addSet("params", declare->name.range);
      scope = e.bindStatic({params->root->name, declare->name.range}, static_cast<const ParameterSet *>(params), scope);
    }
    if (auto *group = llvm::dyn_cast<GroupStmt>(statement.get())) {
      groups.push_back(group);
      for (const Pattern &pattern : group->patterns)
        patterns.push_back({pattern, int64_t(groups.size()), false});
    } else if (auto *freeze = llvm::dyn_cast<FreezeStmt>(statement.get())) {
      for (const Pattern &pattern : freeze->patterns)
        patterns.push_back({pattern, 0, false});
    } else if (auto *tie = llvm::dyn_cast<TieStmt>(statement.get())) {
      ties.push_back(tie);
    }
  }
}

static bool matches(StringRef path, StringRef pattern) {
  size_t star = pattern.find('*');
  if (star == StringRef::npos)
    return path == pattern;
  if (!path.consume_front(pattern.take_front(star)))
    return false;
  pattern = pattern.drop_front(star).ltrim('*');
  if (pattern.empty())
    return true;
  for (; !path.empty(); path = path.drop_front())
    if (matches(path, pattern))
      return true;
  return false;
}

LogicalResult ModelElaborator::closeSet(ParameterSet &set, SourceRange where) {
  for (LeafPattern &rule : patterns)
    for (ParameterSet::Leaf &leaf : set.leaves) {
      if (!matches(leaf.path, rule.pattern.text))
        continue;
      rule.used = true;
      if (rule.group == 0)
        leaf.frozen = true;
      else if (leaf.group == 0)
        leaf.group = rule.group; // the first group that claims it
    }
  for (const TieStmt *tie : ties) {
    ParameterSet::Leaf *leaf = set.find(tie->leaf.text), *place = set.find(tie->place.text);
    if (!leaf)
      continue;
    if (!place || leaf == place || !place->tied.empty())
      return e.error(tie->place.range) << "requires another param of '" << set.name << "' that is not tied itself, but got '"
                                       << tie->place.text << "'";
    if (place->shape != leaf->shape)
      return e.error(tie->range) << "requires tied params of one shape, but got " << typeName(e.real, e.b.staticDims(leaf->shape)) << " and "
                                 << typeName(e.real, e.b.staticDims(place->shape));
    leaf->tied = place->path;
  }
  if (failed(e.closeSet(set)))
    return failure();
  Root root{set.root, set.name, "param", {}, {e.b.dim(set.size)}, set.symbol};
  root.type = graph::typeOf(root.dims, e.real);
  addArgument(root);
  setRoots.push_back(root);
  return success();
}

/// The params of the model itself are all known.
LogicalResult ModelElaborator::closeParams() {
  if (!params || llvm::is_contained(sets, params))
    return success();
  sets.push_back(params);
  return closeSet(*params, model.range);
}

/// A pattern that matches nothing is a misspelling.
LogicalResult ModelElaborator::checkPatterns() {
  std::vector<StringRef> paths;
  for (ParameterSet *set : sets)
    for (const ParameterSet::Leaf &leaf : set->leaves)
      paths.push_back(leaf.path);
  auto complain = [&](const Pattern &pattern) {
    std::string inside = (pattern.text + ".").str();
    bool isNet = llvm::any_of(paths, [&](StringRef path) { return path.starts_with(inside); });
    std::string all = inside + "*";
    StringRef nearest = isNet ? StringRef(all) : nearestName(pattern.text, paths);
    Failure failure = e.error(pattern.range) << "requires the path of a param, but nothing matches '" << pattern.text << "'";
    if (nearest.empty())
      return failure;
    return Failure(std::move(failure) << "; did you mean '" << nearest << "'?");
  };
  for (const LeafPattern &rule : patterns)
    if (!rule.used)
      return complain(rule.pattern);
  for (const TieStmt *tie : ties)
    if (!llvm::is_contained(paths, tie->leaf.text))
      return complain(tie->leaf);
  for (const GroupStmt *group : groups)
    for (const GroupStmt *other : groups)
      if (group != other && group->name.text == other->name.text)
        return e.error(other->name.range) << "requires groups of different names, but got '" << group->name.text << "' twice";
  return success();
}

LogicalResult ModelElaborator::declareSetting(const SettingStmt &setting) {
  std::string attribute = ("optim." + setting.name.text).str();
  if (e.module->hasAttr(attribute))
    return e.error(setting.range) << "requires '" << setting.name.text << "' once in a model";
  if (auto *text = llvm::dyn_cast<StringExpr>(setting.value.get())) {
    e.module->setAttr(attribute, e.b.builder.getStringAttr(text->value));
    return success();
  }
  int64_t number = llvm::cast<NumberExpr>(*setting.value).integer;
  if (number < 1)
    return e.error(setting.value->range) << "requires '" << setting.name.text << "' to be positive, but got " << number;
  e.module->setAttr(attribute, e.b.builder.getI64IntegerAttr(number));
  return success();
}

LogicalResult ModelElaborator::declareDim(const DimStmt &dim) {
  const Binding *bound = e.lookup(dim.name.text, scope);
  if (!bound || !bound->value.is<Dimension>())
    return e.error(dim.name.range) << "requires the name of a dimension that an input has introduced, but got '" << dim.name.text << "'";
  int64_t hint = llvm::cast<NumberExpr>(*dim.hint).integer;
  if (hint < 1)
    return e.error(dim.hint->range) << "requires a positive size after 'hint', but got " << hint;
  if (llvm::any_of(hints, [&](mlir::NamedAttribute other) { return other.getName() == dim.name.text; }))
    return e.error(dim.name.range) << "requires one hint for dimension '" << dim.name.text << "', but got a second one";
  hints.push_back(e.b.builder.getNamedAttr(dim.name.text, e.b.builder.getI64IntegerAttr(hint)));
  return success();
}

//===----------------------------------------------------------------------===//
// Entries
//===----------------------------------------------------------------------===//

std::vector<const ModelElaborator::Root *> ModelElaborator::allRoots(bool withTargets) const {
  std::vector<const Root *> roots;
  auto add = [&](const Root &root) { roots.push_back(&root); };
  llvm::for_each(setRoots, add);
  for (const State &state : states)
    add(state.root);
  add(tRoot);
  add(seedRoot);
  llvm::for_each(hypers, add);
  llvm::for_each(inputs, add);
  if (withTargets)
    llvm::for_each(targets, add);
  return roots;
}

void ModelElaborator::addArgument(const Root &root) {
  Tensor argument = e.addArgument(root.type, root.dims, root.arena, e.location(root.binding->where));
  e.current->values[root.binding] = root.isNumber ? Value(RuntimeNumber{argument}) : Value(argument);
}

/// The tensor that stands for a root in the current function.
Tensor ModelElaborator::tensorOf(const Binding *root) { return *heldTensor(*e.valueOf(root)); }

std::vector<const ModelElaborator::Root *> ModelElaborator::addRoots(bool withTargets) {
  std::vector<const Root *> roots = allRoots(withTargets);
  for (const Root *root : roots)
    addArgument(*root);
  // Draws differ from step to step, and are those of the last step between two of them.
  e.b.location = e.location(model.name.range);
  e.current->key = e.b.foldIn(tensorOf(seedRoot.binding), tensorOf(t));
  return roots;
}

mlir::DictionaryAttr ModelElaborator::attributes(llvm::ArrayRef<std::pair<StringRef, mlir::Attribute>> entries) {
  mlir::NamedAttrList list;
  for (auto [name, value] : entries)
    if (value)
      list.append(name, value);
  return list.getDictionary(e.module.getContext());
}

mlir::DictionaryAttr ModelElaborator::named(StringRef role, StringRef name) {
  mlir::Builder &builder = e.b.builder;
  return attributes({{optim::kRoleAttr, builder.getStringAttr(role)}, {optim::kNameAttr, builder.getStringAttr(name)}});
}

LogicalResult ModelElaborator::finishEntry(llvm::ArrayRef<const Root *> roots, llvm::ArrayRef<Tensor> results,
                                           llvm::ArrayRef<mlir::DictionaryAttr> resultAttributes, bool prune) {
  mlir::func::FuncOp func = e.current->func;
  mlir::Builder &builder = e.b.builder;
  FunctionInstance instance = e.finish(makeList(std::vector<Value>(results.begin(), results.end())));
  if (!instance.witnessed.empty())
    return e.error(model.name.range) << "requires dimension '" << instance.witnessed.front().str()
                                     << "' to be the extent of an axis of an input or target";
  func->setAttr(optim::kEntryAttr, builder.getUnitAttr());
  for (auto [i, rootPointer] : llvm::enumerate(roots)) {
    const Root &root = *rootPointer;
    func.setArgAttr(i, optim::kRoleAttr, builder.getStringAttr(root.role));
    func.setArgAttr(i, optim::kNameAttr, builder.getStringAttr(root.name));
    if (root.role == "hyper")
      func.setArgAttr(i, optim::kDefaultAttr, builder.getF64FloatAttr(root.fallback));
  }
  for (auto [i, attrs] : llvm::enumerate(resultAttributes))
    for (mlir::NamedAttribute attr : attrs)
      func.setResultAttr(i, attr.getName(), attr.getValue());
  if (prune) {
    // What comes with each call stays: a caller has it, and its axes give the names of dimensions their sizes.
    llvm::BitVector unused(func.getNumArguments());
    for (unsigned i = 0; i < func.getNumArguments(); ++i) {
      StringRef role = func.getArgAttrOfType<mlir::StringAttr>(i, optim::kRoleAttr).getValue();
      unused[i] = func.getArgument(i).use_empty() && role != "input" && role != "target";
    }
    std::vector<std::pair<unsigned, unsigned>> tied; // result and argument
    for (unsigned i = 0; i < func.getNumResults(); ++i)
      if (auto argument = func.getResultAttrOfType<mlir::IntegerAttr>(i, optim::kTiedAttr))
        tied.push_back({i, argument.getInt()});
    for (auto [result, argument] : tied)
      unused.reset(argument);
    for (auto [result, argument] : tied) {
      llvm::BitVector before = unused;
      before.resize(argument);
      func.setResultAttr(result, optim::kTiedAttr, builder.getI64IntegerAttr(argument - before.count()));
    }
    (void)func.eraseArguments(unused);
  }
  return success();
}

/// Each metric as a scalar.
LogicalResult ModelElaborator::evaluateMetrics(std::vector<Tensor> &results) {
  for (const Metric &metric : metrics) {
    FailureOr<Value> value = e.valueOf(metric.binding);
    FailureOr<Tensor> tensor = e.toFloat(value, metric.binding->expr->range);
    if (failed(tensor))
      return failure();
    if (tensor->rank() != 0)
      return e.error(metric.binding->expr->range) << "requires '" << metric.name << "' to be a scalar, but got " << typeName(*tensor)
                                                  << "; take its mean, perhaps";
    results.push_back(*tensor);
  }
  return success();
}

/// Drops those of the ops that no result needs, though they report: they were evaluated for their mistakes alone, or for what nets make of their states.
static void dropUnneeded(llvm::ArrayRef<mlir::Operation *> ops, llvm::ArrayRef<Tensor> results) {
  for (mlir::Operation *op : llvm::reverse(ops))
    if (op->use_empty() && llvm::none_of(results, [&](const Tensor &result) { return result.value.getDefiningOp() == op; }))
      op->erase();
}

LogicalResult ModelElaborator::buildEvaluate() {
  Elaborator::Building building(e, FunctionScope::Entry, "evaluate", model.name.range, /*isPrivate=*/false);
  std::vector<const Root *> roots = addRoots(/*withTargets=*/true);
  llvm::SetVector<const Binding *> measured;
  for (const Metric &metric : metrics)
    measured.insert(metric.binding);
  for (size_t i = 0; i < measured.size(); ++i) // grows
    measured.insert_range(e.referencesOf(measured[i]));
  mlir::Block &block = e.current->func.front();
  std::vector<mlir::Operation *> unmeasured;
  for (const Binding *definition : definitions) {
    mlir::Operation *last = &block.back(); // of the key of random draws, if no other
    if (failed(e.valueOf(definition)))
      return failure();
    if (!measured.contains(definition))
      for (mlir::Operation &op : llvm::make_range(std::next(last->getIterator()), block.end()))
        unmeasured.push_back(&op);
  }
  std::vector<Tensor> results;
  std::vector<mlir::DictionaryAttr> attrs;
  if (failed(evaluateMetrics(results)))
    return failure();
  dropUnneeded(unmeasured, results);
  for (const Metric &metric : metrics)
    attrs.push_back(named("metric", metric.name));
  return finishEntry(roots, results, attrs, /*prune=*/true);
}

LogicalResult ModelElaborator::buildPredict() {
  Elaborator::Building building(e, FunctionScope::Entry, "predict", model.name.range, /*isPrivate=*/false);
  std::vector<const Root *> roots = addRoots(/*withTargets=*/false);
  std::vector<Tensor> results;
  std::vector<mlir::DictionaryAttr> attrs;
  for (const Metric &prediction : predictions) {
    FailureOr<Value> value = e.valueOf(prediction.binding);
    FailureOr<Tensor> tensor = e.toTensor(value, prediction.binding->expr->range);
    if (failed(tensor))
      return failure();
    results.push_back(*tensor);
    attrs.push_back(named("output", prediction.name));
  }
  return finishEntry(roots, results, attrs, /*prune=*/true);
}

LogicalResult ModelElaborator::buildInit() {
  Elaborator::Building building(e, FunctionScope::Entry, "init", model.name.range, /*isPrivate=*/false);
  Tensor seed = e.addArgument(seedRoot.type, {}, {}, e.location(model.name.range));
  e.current->values[seedRoot.binding] = seed;
  std::vector<Tensor> results;
  std::vector<mlir::DictionaryAttr> attrs;
  for (ParameterSet *set : sets) {
    FailureOr<Tensor> packed = e.initialValues(*set, seed);
    if (failed(packed))
      return failure();
    e.current->values[set->root] = *packed;
    results.push_back(*packed);
    attrs.push_back(attributes({{optim::kRoleAttr, e.b.builder.getStringAttr("param")},
                                {optim::kNameAttr, e.b.builder.getStringAttr(set->name)},
                                {optim::kArenaAttr, set->symbol}}));
  }
  for (const State &state : states) {
    if (state.param)
      e.current->values[state.param] = e.current->values.lookup(state.set->root);
    e.b.location = e.location(state.initial->range);
    e.current->key = e.b.foldIn(seed, e.b.constant(e.b.builder.getI64Type(), Number::of(stableHash(state.root.name))));
    FailureOr<Tensor> tensor =
        state.layout ? leafStates(state)
                     : e.evaluateState(*state.initial, state.scope, state.param ? std::nullopt : std::optional(state.root.dims));
    if (failed(tensor))
      return failure();
    tensor = e.b.convert(*tensor, mlir::cast<mlir::RankedTensorType>(state.root.type).getElementType());
    results.push_back(*tensor);
    attrs.push_back(attributes({{optim::kRoleAttr, e.b.builder.getStringAttr(state.root.role)},
                                {optim::kNameAttr, e.b.builder.getStringAttr(state.root.name)},
                                {optim::kArenaAttr, state.root.arena}}));
  }
  e.b.location = e.location(model.name.range);
  results.push_back(e.b.constant(e.b.builder.getI64Type(), Number::of(int64_t(0))));
  attrs.push_back(named("state", "t"));
  return finishEntry({&seedRoot}, results, attrs, /*prune=*/false);
}

/// What a pass over the training data makes of the states of nets, batch by batch, before the first step. A model whose nets change none has no such entry.
LogicalResult ModelElaborator::buildPrepare() {
  llvm::SaveAndRestore mode(e.mode, Elaborator::Mode::Prepare);
  Elaborator::Building building(e, FunctionScope::Entry, "prepare", model.name.range, /*isPrivate=*/false);
  std::vector<const Root *> roots = addRoots(/*withTargets=*/true);
  std::vector<const Binding *> asked = definitions;
  for (const std::vector<Metric> *named : {&metrics, &predictions})
    for (const Metric &metric : *named)
      asked.push_back(metric.binding);
  for (const Binding *binding : asked)
    if (failed(e.valueOf(binding)))
      return failure();
  std::vector<Tensor> results;
  std::vector<mlir::DictionaryAttr> attrs;
  for (const auto &[state, value] : std::exchange(e.current->updates, {})) {
    results.push_back(value);
    int64_t index = mlir::cast<mlir::BlockArgument>(tensorOf(state).value).getArgNumber();
    attrs.push_back(attributes({{optim::kTiedAttr, e.b.builder.getI64IntegerAttr(index)}}));
  }
  mlir::Block &block = e.current->func.front();
  dropUnneeded(llvm::map_to_vector(block, [](mlir::Operation &op) { return &op; }), results);
  return results.empty() ? success() : finishEntry(roots, results, attrs, /*prune=*/true);
}

/// If what was differentiated is not finite, everything stays what it was, the count of steps too.
LogicalResult ModelElaborator::buildTrainStep() {
  llvm::SaveAndRestore mode(e.mode, Elaborator::Mode::Train);
  Elaborator::Building building(e, FunctionScope::Entry, "train_step", model.name.range, /*isPrivate=*/false);
  std::vector<const Root *> roots = addRoots(/*withTargets=*/true);
  TensorBuilder &b = e.b;
  std::vector<Tensor> before;
  std::vector<const Root *> kept;
  for (const Root *root : roots)
    if (root->role == "param" || root->role == "state" || root->role == "buffer") {
      kept.push_back(root);
      before.push_back(tensorOf(root->binding));
    }
  b.location = e.location(model.name.range);
  Tensor step = b.binary<graph::AddOp>(tensorOf(t), b.constant(b.builder.getI64Type(), Number::of(int64_t(1))));
  e.current->values[t] = RuntimeNumber{step};
  finite = e.bind(Binding::Root, {"finite", model.name.range}, nullptr);
  for (const Elaborator::NetState &state : e.netStates)
    lastOf[state.root] = e.bind(Binding::Root, {state.root->name, state.root->where}, nullptr);
  e.current->key = b.foldIn(tensorOf(seedRoot.binding), step);

  std::vector<Tensor> measured;
  if (failed(evaluateMetrics(measured))) // before any update
    return failure();
  for (auto [statement, seen] : steps)
    if (failed(runStep(*statement, seen)))
      return failure();

  collectEffects();
  for (auto [state, last] : lastOf)
    if (e.current->values.contains(last)) {
      Value value = e.current->values.lookup(last);
      e.current->values[state] = value;
    }
  b.location = e.location(model.name.range);
  std::vector<Tensor> results;
  std::vector<mlir::DictionaryAttr> attrs;
  for (auto [root, old] : llvm::zip_equal(kept, before)) {
    Tensor value = tensorOf(root->binding);
    if (objectives > 0 && value.value != old.value && !standsGuarded(root->binding))
      value = guarded(old, value);
    results.push_back(value);
    int64_t index = mlir::cast<mlir::BlockArgument>(old.value).getArgNumber();
    attrs.push_back(attributes({{optim::kTiedAttr, b.builder.getI64IntegerAttr(index)}}));
  }
  for (auto [metric, value] : llvm::zip_equal(metrics, measured)) {
    results.push_back(value);
    attrs.push_back(named("metric", metric.name));
  }
  return finishEntry(roots, results, attrs, /*prune=*/false);
}

} // namespace costate::importer
