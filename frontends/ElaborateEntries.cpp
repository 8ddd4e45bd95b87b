// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The entries of a model: those that every model has, and those of its own.
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
  if (root.isInteger) {
    e.b.location = e.location(root.binding->where);
    argument = e.b.convert(argument, e.b.builder.getI64Type());
  }
  Value value = root.isNumber ? Value(RuntimeNumber{argument}) : Value(argument);
  if (root.role != "param") // whose name stands for a net
    e.observe(root.binding, value);
  e.current->values[root.binding] = value;
}

/// The tensor that stands for a root in the current function.
Tensor ModelElaborator::tensorOf(const Binding *root) { return *heldTensor(*e.valueOf(root)); }

std::vector<const ModelElaborator::Root *> ModelElaborator::addRoots(bool withTargets) {
  std::vector<const Root *> roots = allRoots(withTargets);
  addRoots(roots);
  return roots;
}

void ModelElaborator::addRoots(llvm::ArrayRef<const Root *> roots) {
  for (const Root *root : roots)
    addArgument(*root);
  // Draws differ from step to step, and are those of the last step between two of them.
  e.b.location = e.location(model.name.range);
  e.current->key = e.b.foldIn(tensorOf(seedRoot.binding), tensorOf(t));
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
      unused[i] = func.getArgument(i).use_empty() && !isData(role);
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
LogicalResult ModelElaborator::evaluateMetrics(llvm::ArrayRef<Metric> metrics, std::vector<Tensor> &results) {
  for (const Metric &metric : metrics) {
    FailureOr<Value> value = e.valueOf(metric.binding);
    FailureOr<Tensor> tensor = e.toFloat(value, metric.binding->expr->range);
    if (failed(tensor))
      return failure();
    if (tensor->rank() != 0)
      return e.error(metric.binding->expr->range)
             << "requires '" << metric.name << "' to be a scalar, but got " << typeName(*tensor) << "; take its mean, perhaps";
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
  for (const Metric &summary : summaries)
    measured.insert_range(e.referencesOf(summary.binding)); // they are rows, or else refused
  for (size_t i = 0; i < measured.size(); ++i)              // grows
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
  if (failed(evaluateMetrics(metrics, results)) || failed(collectRows()))
    return failure();
  for (const Metric &metric : metrics)
    attrs.push_back(named("metric", metric.name));
  for (const Root &row : rows)
    if (row.binding->kind != Binding::Root) { // the caller has the others
      results.push_back(tensorOf(row.binding));
      attrs.push_back(named("output", row.name));
    }
  dropUnneeded(unmeasured, results);
  return finishEntry(roots, results, attrs, /*prune=*/true);
}

/// Does a value depend on what comes with each call?
bool ModelElaborator::readsData(const Binding *binding) {
  llvm::SetVector<const Binding *> reached;
  reached.insert(binding);
  for (size_t i = 0; i < reached.size(); ++i) // grows
    reached.insert_range(e.referencesOf(reached[i]));
  return llvm::any_of(llvm::concat<const Root>(inputs, targets), [&](const Root &root) { return reached.contains(root.binding); });
}

/// Takes `mentioned`, which has a value for each row of the data, into what `summarize` is given.
LogicalResult ModelElaborator::addRows(const Binding *summary, const Binding *mentioned) {
  if (llvm::any_of(rows, [&](const Root &row) { return row.binding == mentioned; }))
    return success();
  FailureOr<Value> value = e.valueOf(mentioned);
  if (failed(value))
    return failure();
  const Tensor *tensor = heldTensor(*value);
  graph::Dims dims = tensor ? tensor->dims : graph::Dims();
  graph::DimAttr batch = dims.empty() ? graph::DimAttr() : dims.front();
  auto isOfBatch = [&](graph::DimAttr dim) {
    bool found = false;
    dim.walkSymbols([&](StringRef name) { found |= name == *batch.symbol(); });
    return found;
  };
  bool isRows = batch && batch.symbol() && llvm::none_of(llvm::drop_begin(dims), isOfBatch);
  for (const Root &root : llvm::concat<const Root>(inputs, targets))
    isRows &= !root.dims.empty() && root.dims.front() == batch;
  if (!isRows)
    return e.error(summary->expr->range).note(e.location(mentioned->where), "it is defined here")
           << "requires '" << mentioned->name << "' to have a value for each row of the data, for a metric over the split, but got "
           << (tensor ? typeName(*tensor) : describe(*value));
  // Of another name than the rows of a batch: memory for training does not grow with the size of a split.
  std::string name = "split";
  for (const Root &root : llvm::concat<const Root>(inputs, targets))
    for (graph::DimAttr dim : root.dims)
      dim.walkSymbols([&](StringRef symbol) { name += symbol == name ? "_" : ""; });
  dims.front() = graph::DimAttr::get(e.module.getContext(), name);
  auto isBound = [&](const Root &root) { return root.binding == mentioned; };
  StringRef role = llvm::any_of(targets, isBound) ? "target" : "input";
  rows.push_back({mentioned, mentioned->name.str(), role, tensor->value.getType(), dims, {}});
  return success();
}

/// What metrics over the split name of the data.
LogicalResult ModelElaborator::collectRows() {
  for (const Metric &summary : summaries) {
    llvm::SetVector<const Binding *> mentioned;
    mentioned.insert_range(e.referencesOf(summary.binding));
    for (size_t i = 0; i < mentioned.size(); ++i) // grows
      if (mentioned[i]->kind == Binding::Static)  // a function or a list is what it names
        mentioned.insert_range(e.referencesOf(mentioned[i]));
      else if (readsData(mentioned[i]) && failed(addRows(summary.binding, mentioned[i])))
        return failure();
  }
  return success();
}

/// The metrics of a whole split, from the rows of all its batches.
LogicalResult ModelElaborator::buildSummarize() {
  Elaborator::Building building(e, FunctionScope::Entry, "summarize", model.name.range, /*isPrivate=*/false);
  std::vector<const Root *> roots;
  for (const Root *root : allRoots(/*withTargets=*/false))
    if (!isData(root->role))
      roots.push_back(root);
  for (const Root &row : rows)
    roots.push_back(&row);
  addRoots(roots);
  std::vector<Tensor> results;
  std::vector<mlir::DictionaryAttr> attrs;
  if (failed(evaluateMetrics(summaries, results)))
    return failure();
  for (const Metric &summary : summaries)
    attrs.push_back(named("metric", summary.name));
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
    if (state.param) { // as an array of the size of the set, which is what a state of its shape is
      Tensor whole = tensorOf(state.set->root);
      e.current->values[state.param] = Tensor{whole.value, whole.dims, {}};
    }
    e.b.location = e.location(state.initial->range);
    e.current->key = e.b.foldIn(seed, e.b.constant(e.b.builder.getI64Type(), Number::of(stableHash(state.root.name))));
    mlir::Type element = mlir::cast<mlir::RankedTensorType>(state.root.type).getElementType();
    FailureOr<Tensor> tensor =
        state.layout ? leafStates(state)
                     : e.evaluateState(*state.initial, state.scope, state.param ? std::nullopt : std::optional(state.root.dims), element);
    if (failed(tensor))
      return failure();
    tensor = e.b.convert(*tensor, element);
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

//===----------------------------------------------------------------------===//
// Steps: train_step, and entries of the model's own
//===----------------------------------------------------------------------===//

/// What a step may change, and has not yet.
std::vector<std::pair<const ModelElaborator::Root *, Tensor>> ModelElaborator::beginSteps(llvm::ArrayRef<const Root *> roots) {
  finite = e.bind(Binding::Root, {"finite", model.name.range}, nullptr);
  objectives = 0;
  guards.clear();
  lastOf.clear();
  for (const Elaborator::NetState &state : e.netStates)
    lastOf[state.root] = e.bind(Binding::Root, {state.root->name, state.root->where}, nullptr);
  std::vector<std::pair<const Root *, Tensor>> before;
  for (const Root *root : roots)
    if (root->role == "param" || root->role == "state" || root->role == "buffer")
      before.push_back({root, tensorOf(root->binding)});
  return before;
}

/// What has become of it. If what was differentiated is not finite, everything stays what it was, the count of steps too.
void ModelElaborator::finishSteps(llvm::ArrayRef<std::pair<const Root *, Tensor>> before, bool all, std::vector<Tensor> &results,
                                  std::vector<mlir::DictionaryAttr> &attrs) {
  collectEffects();
  for (auto [state, last] : lastOf)
    if (e.current->values.contains(last)) {
      Value value = e.current->values.lookup(last);
      e.current->values[state] = value;
    }
  e.b.location = e.location(model.name.range);
  for (auto [root, old] : before) {
    Tensor value = tensorOf(root->binding);
    bool isChanged = value.value != old.value;
    if (objectives > 0 && isChanged && !standsGuarded(root->binding))
      value = guarded(old, value);
    if (!isChanged && !all)
      continue;
    results.push_back(value);
    int64_t index = mlir::cast<mlir::BlockArgument>(old.value).getArgNumber();
    attrs.push_back(attributes({{optim::kTiedAttr, e.b.builder.getI64IntegerAttr(index)}}));
  }
}

LogicalResult ModelElaborator::buildTrainStep() {
  llvm::SaveAndRestore mode(e.mode, Elaborator::Mode::Train);
  Elaborator::Building building(e, FunctionScope::Entry, "train_step", model.name.range, /*isPrivate=*/false);
  std::vector<const Root *> roots = addRoots(/*withTargets=*/true);
  auto before = beginSteps(roots);
  TensorBuilder &b = e.b;
  b.location = e.location(model.name.range);
  Tensor step = b.binary<graph::AddOp>(tensorOf(t), b.constant(b.builder.getI64Type(), Number::of(int64_t(1))));
  e.current->values[t] = RuntimeNumber{step};
  e.current->key = b.foldIn(tensorOf(seedRoot.binding), step);

  std::vector<Tensor> measured, results;
  if (failed(evaluateMetrics(metrics, measured))) // before any update
    return failure();
  for (auto [statement, seen] : steps)
    if (failed(runStep(*statement, seen)))
      return failure();

  std::vector<mlir::DictionaryAttr> attrs;
  finishSteps(before, /*all=*/true, results, attrs);
  for (auto [metric, value] : llvm::zip_equal(metrics, measured)) {
    results.push_back(value);
    attrs.push_back(named("metric", metric.name));
  }
  return finishEntry(roots, results, attrs, /*prune=*/false);
}

LogicalResult ModelElaborator::declareEntry(const EntryStmt &entry) {
  StringRef name = entry.name.text;
  if (llvm::is_contained({"init", "prepare", "train_step", "evaluate", "summarize", "predict"}, name))
    return e.error(entry.name.range) << "requires another name than that of an entry that models have anyway, but got '" << name << "'";
  for (const OwnEntry &other : ownEntries)
    if (other.statement->name.text == name)
      return e.error(entry.name.range).note(e.location(other.statement->name.range), "it is declared here")
             << "'" << name << "' is declared already";
  ownEntries.push_back({&entry, scope, {}});
  return success();
}

/// Tensors come with each call; numbers with a default are hyper-parameters, whose names begin with that of the entry.
LogicalResult ModelElaborator::declareParameters(OwnEntry &entry) {
  StringRef name = entry.statement->name.text;
  for (const Parameter &parameter : entry.statement->parameters) {
    if (const Binding *bound = e.lookup(parameter.name.text, entry.scope); bound && bound != t)
      return e.error(parameter.name.range).note(e.location(bound->where), "it is bound here")
             << "'" << parameter.name.text << "' is bound already";
    if (!parameter.type) {
      FailureOr<Number> value =
          e.evaluateNumber(*parameter.defaultValue, entry.scope, ("the default of '" + parameter.name.text + "'").str());
      if (failed(value))
        return failure();
      std::string full = (name + "_" + parameter.name.text).str();
      const Binding *hyper = addHyper({full, parameter.name.range}, value->real, entry.scope, value->isInteger);
      Binding *alias = e.bind(Binding::Alias, parameter.name, hyper);
      alias->of = hyper;
      entry.scope = alias;
      continue;
    }
    FailureOr<mlir::Type> element = e.elementType(*parameter.type);
    if (failed(element))
      return failure();
    auto dims = e.bindType(*parameter.type, nullptr, ("'" + parameter.name.text + "' of entry '" + name + "'").str(), parameter.name.range,
                           entry.scope);
    if (failed(dims))
      return failure();
    Binding *binding = e.bind(Binding::Root, parameter.name, entry.scope);
    entry.scope = binding;
    entry.inputs.push_back({binding, parameter.name.text.str(), "input", graph::typeOf(*dims, *element), *dims, {}});
    entry.inputs.back().isNumber = dims->empty() && element->isInteger(64); // may be the number of trips of a loop
    addArgument(entry.inputs.back());
  }
  return success();
}

/// Of the model's inputs and targets those that the body mentions, if only through definitions.
std::vector<const ModelElaborator::Root *> ModelElaborator::rootsOf(const OwnEntry &entry) {
  llvm::SmallVector<const Binding *> mentioned = e.references(entry.statement->body, entry.scope);
  llvm::SetVector<const Binding *> reached(mentioned.begin(), mentioned.end());
  for (size_t i = 0; i < reached.size(); ++i) // grows
    reached.insert_range(e.referencesOf(reached[i]));
  std::vector<const Root *> roots;
  for (const Root *root : allRoots(/*withTargets=*/true))
    if (!isData(root->role) || reached.contains(root->binding))
      roots.push_back(root);
  for (const Root &input : entry.inputs)
    roots.push_back(&input);
  return roots;
}

/// Its value as results, with the names that the text has for them.
LogicalResult ModelElaborator::evaluateResults(const OwnEntry &entry, const Expr &value, const Binding *seen,
                                               llvm::ArrayRef<const Root *> roots, std::vector<Tensor> &results,
                                               std::vector<mlir::DictionaryAttr> &attrs) {
  std::vector<const Expr *> parts = {&value};
  if (auto *tuple = llvm::dyn_cast<TupleExpr>(&value)) {
    parts.clear();
    for (const ExprPtr &element : tuple->elements)
      parts.push_back(element.get());
  }
  llvm::StringSet<> taken;
  for (const Root *root : roots)
    taken.insert(root->name);
  std::vector<Value> values;
  for (const Expr *part : parts) {
    FailureOr<Value> evaluated = e.evaluate(*part, seen);
    if (failed(evaluated))
      return failure();
    values.push_back(*evaluated);
  }
  if (auto list = values[0].as<List>(); list && list->isTuple && parts.size() == 1) { // of a call or a loop
    parts.assign(list->size(), parts[0]);
    values.assign(list->begin(), list->end());
  }
  for (auto [number, part] : llvm::enumerate(parts)) {
    FailureOr<Tensor> tensor = e.toTensor(values[number], part->range);
    if (failed(tensor))
      return failure();
    if (tensor->arena)
      return e.error(part->range) << "requires arrays as results of entry '" << entry.statement->name.text
                                  << "', but got the parameter set '" << spell(*part) << "'; a state can keep it";
    auto *reference = llvm::dyn_cast<ReferenceExpr>(part);
    std::string name = reference ? reference->name.str() : parts.size() == 1 ? "result" : "result_" + std::to_string(number + 1);
    while (!taken.insert(name).second)
      name += "_result";
    results.push_back(*tensor);
    attrs.push_back(named("output", name));
  }
  return success();
}

LogicalResult ModelElaborator::buildEntry(const OwnEntry &entry) {
  const Block &body = entry.statement->body;
  StringRef name = entry.statement->name.text;
  bool updates = false;
  body.walk([&](const Stmt &statement) { updates |= llvm::isa<UpdateStmt>(statement); });
  llvm::SaveAndRestore mode(e.mode, updates ? Elaborator::Mode::Train : Elaborator::Mode::Predict);
  Elaborator::Building building(e, FunctionScope::Entry, name, entry.statement->name.range, /*isPrivate=*/false);
  std::vector<const Root *> roots = rootsOf(entry);
  addRoots(roots);
  auto before = beginSteps(roots);
  e.current->prefix = (name + ".").str(); // of draws: not those of a definition of the model
  const Binding *seen = entry.scope;
  stepStart = e.current->bodyStart = seen;
  if (failed(runBlock(body, seen, /*mayHaveValue=*/true)))
    return failure();
  std::vector<Tensor> results, values;
  std::vector<mlir::DictionaryAttr> attrs, named;
  if (body.hasValue() && failed(evaluateResults(entry, *llvm::cast<ResultStmt>(*body.statements.back()).value, seen, roots, values, named)))
    return failure();
  e.current->bodyStart = nullptr;
  finishSteps(before, /*all=*/false, results, attrs);
  llvm::append_range(results, values);
  llvm::append_range(attrs, named);
  if (results.empty())
    return e.error(entry.statement->range) << "requires a value at the end of entry '" << name
                                           << "', or that it changes a state or parameters";
  return finishEntry(roots, results, attrs, /*prune=*/true);
}

} // namespace costate::importer
