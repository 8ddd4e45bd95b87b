// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The declarations of a model.
#include "costate/dialects/optim/Optim.h"
#include "costate/frontends/ModelElaborator.h"
#include "costate/frontends/SyntaxRules.h"

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

  for (const StmtPtr &statement : model.body.statements)
    if (auto *entry = llvm::dyn_cast<EntryStmt>(statement.get()))
      e.functionNames[entry->name.text] = 1; // a fn of that name gets a number
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
    if (failed(checkPatterns()) || failed(checkRows()))
      return failure();
    for (auto [statement, seen] : steps)
      if (failed(declareStep(*statement, seen)))
        return failure();
    for (OwnEntry &entry : ownEntries)
      if (failed(declareParameters(entry)) || failed(declareBody(entry.statement->body, entry.scope, /*runsOnce=*/false)))
        return failure();
  }
  if (failed(declareObjective()))
    return failure();
  for (const Root *root : allRoots(true))
    for (const Root *other : allRoots(true))
      if (root < other && root->name == other->name) {
        for (auto [taken, given] : {std::pair(root, other), {other, root}})
          if (taken == &tRoot || taken == &seedRoot)
            return e.error(given->binding->where) << "requires another name than '" << taken->name << "' here, which is "
                                                  << (taken == &tRoot ? "the number of the step" : "what random numbers are drawn from")
                                                  << " among the values that a model has";
        return e.error(other->binding->where) << "requires names of params, states, inputs and hypers to differ, but '" << root->name
                                              << "' is used twice";
      }

  // `evaluate` comes first: it sees every definition, so that each mistake is reported once and where it stands.
  if (failed(buildEvaluate()) || failed(buildInit()) || (e.asksForPreparing && failed(buildPrepare())) || (!steps.empty() && failed(buildTrainStep())) ||
      (!predictions.empty() && failed(buildPredict())) || (!summaries.empty() && failed(buildSummarize())))
    return failure();
  for (const OwnEntry &entry : ownEntries)
    if (failed(buildEntry(entry)))
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
  case Stmt::Entry:
    return declareEntry(llvm::cast<EntryStmt>(statement));
  case Stmt::Rebind: {
    auto &rebind = llvm::cast<RebindStmt>(statement);
    return e.error(rebind.range) << "requires '<-' to stand in a step; write 'step { " << rebind.names.front().text << " <- ... }'";
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
      set->identity = identity(*net);
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
      if (bind.role == BindStmt::SplitMetric)
        summaries.push_back({bind.names[0].text.str(), binding});
      if (bind.role == BindStmt::Metric)
        metrics.push_back({bind.names[0].text.str(), binding});
      if (bind.role == BindStmt::Predict)
        predictions.push_back({bind.names[0].text.str(), binding});
      definitions.push_back(binding);
      scope = binding;
      return success();
    }
    definitions.push_back(e.bindParts(bind.names, *bind.value, scope));
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
  case DeclareStmt::Target:
  case DeclareStmt::Rows: {
    bool isRows = declare.role == DeclareStmt::Rows;
    StringRef keyword = keywordOf(declare.role);
    FailureOr<mlir::Type> element = e.elementType(*declare.type);
    if (failed(element))
      return failure();
    FailureOr<graph::Dims> dims =
        e.bindType(*declare.type, nullptr, (keyword + " '" + name.text + "'").str(), name.range, scope);
    if (failed(dims))
      return failure();
    if (isRows && (dims->size() != 1 || !dims->front().symbol() || !(element->isInteger(32) || element->isInteger(64))))
      return e.error(declare.type->range) << "requires the type i32[batch] or i64[batch] for rows '" << name.text
                                          << "': for each sample of a batch, where it stands in the data";
    Binding *binding = e.bind(Binding::Root, name, scope);
    scope = binding;
    Root root{binding, name.text.str(), keyword, graph::typeOf(*dims, *element), *dims, {}};
    addArgument(root);
    (declare.role == DeclareStmt::Input ? inputs : targets).push_back(root); // at a prediction nobody knows where a sample stands in data
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
    auto isParams = [&](const Binding *binding) { return binding->value.is<const ParameterSet *>(); };
    if (llvm::any_of(e.references(*declare.value, scope), isParams) && failed(closeParams()))
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
const Binding *ModelElaborator::addHyper(Name name, double fallback, const Binding *previous, bool isInteger) {
  std::string unique = name.text.str();
  for (unsigned n = 2; llvm::any_of(hypers, [&](const Root &root) { return root.name == unique; }); ++n)
    unique = (name.text + "_" + llvm::Twine(n)).str();
  Binding *binding = e.bind(Binding::Root, name, previous);
  auto f64 = mlir::RankedTensorType::get({}, e.b.builder.getF64Type());
  hypers.push_back({binding, unique, "hyper", f64, {}, {}, fallback, /*isNumber=*/true, isInteger});
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
      return e.error(tie->range) << "requires tied params of one shape, but got " << typeName(set.element, e.b.staticDims(leaf->shape)) << " and "
                                 << typeName(set.element, e.b.staticDims(place->shape));
    leaf->tied = place->path;
  }
  if (failed(e.closeSet(set)))
    return failure();
  Root root{set.root, set.name, "param", {}, {e.b.dim(set.size)}, set.symbol};
  root.type = graph::typeOf(root.dims, set.element);
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

/// They stand in data, whose arrays say how many samples a batch has.
LogicalResult ModelElaborator::checkRows() {
  for (const Root &root : targets)
    if (root.role == "rows" && llvm::none_of(llvm::concat<const Root>(inputs, targets), [&](const Root &other) {
          return other.role != "rows" && !other.dims.empty() && other.dims.front() == root.dims.front();
        }))
      return e.error(root.binding->where) << "requires an input or target whose first axis is '" << root.dims.front().str() << "', as that of rows '"
                                          << root.name << "'";
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

} // namespace costate::importer
