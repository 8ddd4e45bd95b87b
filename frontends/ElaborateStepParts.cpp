// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Branches and loops of training steps. Each body becomes a private function, a part, of what it changes: parameters, states, names of the step.
// Definitions that depend on these are evaluated in it anew; its result is what they have become. What is true of a step, that it changes nothing if
// an objective is not finite, is true of its parts too: whether all were finite so far is one more value that they change.
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
// What a part changes
//===----------------------------------------------------------------------===//

/// `own`: names that the block binds itself.
void ModelElaborator::collectChanged(const Block &block, const Binding *scope, llvm::SmallVectorImpl<StringRef> &own, Roots &roots) {
  auto add = [&](const Binding *root) {
    if (!llvm::is_contained(roots, root))
      roots.push_back(root);
  };
  // In each round of an `each` inside of the part; of those around it, in this round.
  auto addUpdates = [&](const UpdateStmt &statement) {
    for (const Update &update : updates) {
      if (update.statement != &statement || !std::equal(rounds.begin(), rounds.end(), update.rounds.begin()))
        continue;
      for (const Rule &rule : update.rules) {
        add(rule.set->root);
        for (auto [name, index] : rule.states)
          add(states[index].root.binding);
      }
      if (update.clock)
        add(update.clock);
    }
  };
  size_t outside = own.size();
  for (const StmtPtr &statement : block.statements) {
    if (auto *bind = llvm::dyn_cast<BindStmt>(statement.get())) {
      for (const Name &name : bind->names)
        own.push_back(name.text);
    } else if (auto *rebind = llvm::dyn_cast<RebindStmt>(statement.get())) {
      for (const Name &name : rebind->names) {
        const Binding *binding = llvm::is_contained(own, name.text) ? nullptr : e.lookup(name.text, scope);
        if (ParameterSet *set = setOf(binding))
          add(set->root);
        else if (stateOf(binding))
          add(binding);
      }
    } else if (auto *update = llvm::dyn_cast<UpdateStmt>(statement.get())) {
      addUpdates(*update);
    } else if (auto *each = llvm::dyn_cast<EachStmt>(statement.get())) {
      size_t before = own.size();
      for (const Name &name : each->names)
        own.push_back(name.text);
      collectChanged(each->body, scope, own, roots);
      own.truncate(before);
    } else if (auto *branch = llvm::dyn_cast<BranchStmt>(statement.get())) {
      collectChanged(llvm::cast<BranchExpr>(*branch->value).then, scope, own, roots);
      collectChanged(llvm::cast<BranchExpr>(*branch->value).otherwise, scope, own, roots);
    } else if (auto *loop = llvm::dyn_cast<LoopStmt>(statement.get())) {
      collectChanged(llvm::cast<LoopExpr>(*loop->value).body, scope, own, roots);
    }
  }
  own.truncate(outside);
}

/// Whatever the blocks may change. Behind what they name stand the states of nets, which any call of these may change, and `finite`.
ModelElaborator::Roots ModelElaborator::changedBy(llvm::ArrayRef<const Block *> blocks, const Binding *scope) {
  collectEffects();
  Roots roots;
  llvm::SmallVector<StringRef> own;
  for (const Block *block : blocks)
    collectChanged(*block, scope, own, roots);
  for (auto [state, last] : lastOf) {
    if (!e.current->values.contains(last))
      e.current->values[last] = tensorOf(state);
    roots.push_back(last);
  }
  if (!e.current->values.contains(finite))
    e.current->values[finite] = e.b.constant(e.b.builder.getI1Type(), Number::of(int64_t(1)));
  roots.push_back(finite);
  return roots;
}

/// Of the names that a part rebinds those that are no states.
FailureOr<std::vector<Name>> ModelElaborator::namesOf(llvm::ArrayRef<Name> rebound, const Binding *scope, StringRef place) {
  std::vector<Name> names;
  for (const Name &name : rebound) {
    const Binding *binding = e.lookup(name.text, scope);
    if (!binding)
      return e.error(name.range) << "requires '" << name.text << "' to be bound before " << place << "; write '" << name.text << " = ...' first";
    if (!stateOf(binding) && !setOf(binding))
      names.push_back(name);
  }
  return names;
}

/// What was evaluated since the last time: objectives decide on `finite`, states of nets have new values.
void ModelElaborator::collectEffects() {
  e.b.location = e.location(model.name.range);
  for (const Tensor &objective : std::exchange(e.current->objectives, {})) {
    Tensor infinity = e.b.constant(objective.elementType(), Number::of(HUGE_VAL));
    Tensor isFinite = e.b.compare(graph::ComparisonDirection::LT, e.b.unary<graph::AbsOp>(objective), infinity);
    auto [known, isFirst] = e.current->values.try_emplace(finite, isFinite);
    if (!isFirst)
      known->second = e.b.binary<graph::AndOp>(*known->second.as<Tensor>(), isFinite);
    ++objectives;
  }
  for (const auto &[state, value] : std::exchange(e.current->updates, {}))
    e.current->values[lastOf.lookup(state)] = value;
}

/// `after`, if all objectives so far are finite.
Tensor ModelElaborator::guarded(const Tensor &before, const Tensor &after) {
  return e.b.select(e.b.broadcast(tensorOf(finite), after.dims), after, before);
}

/// Whether what has become of `root` stands already only if all objectives are finite.
bool ModelElaborator::standsGuarded(const Binding *root) const {
  auto found = guards.find(root);
  return found != guards.end() && found->second == objectives;
}

/// Opens the function of a part: what it changes becomes its arguments, what the step has bound so far keeps its values.
void ModelElaborator::enterPart(FunctionScope::Part part, const Roots &roots, const Binding *scope) {
  FunctionScope &inner = *e.current, &outer = *inner.parent;
  inner.part = part;
  inner.bodyStart = outer.bodyStart;
  inner.label = inner.prefix = outer.prefix;
  if (part == FunctionScope::Branch) // what it draws itself it does not draw with the numbers of the step
    inner.label = inner.prefix += "if" + std::to_string(outer.branches) + ".";
  for (const Binding *root : roots) {
    inner.values[root] = e.addArguments(outer.values.find(root)->second);
    inner.overridden.insert(root);
  }
  for (; scope != stepStart; scope = scope->previous) {
    inner.settled.insert(scope);
    if (scope->kind == Binding::Element)
      inner.settled.insert(scope->of);
  }
}

/// Takes over what a part has made of `roots`.
void ModelElaborator::leavePart(const Roots &roots, llvm::ArrayRef<Value> results) {
  for (auto [root, result] : llvm::zip(roots, results)) {
    const Value &before = e.current->values.find(root)->second;
    assign(root,
           mapTensors(before, [&, value = result.as<Tensor>()->value](const Tensor &old) { return Tensor{value, old.dims, old.arena}; }));
  }
}

//===----------------------------------------------------------------------===//
// Branches
//===----------------------------------------------------------------------===//

FailureOr<Elaborator::BranchSide> ModelElaborator::liftSide(const Block &block, const Roots &roots, llvm::ArrayRef<Name> names, const Binding *scope) {
  Elaborator::Building building(e, FunctionScope::Lifted, "branch", block.range);
  enterPart(FunctionScope::Branch, roots, scope);
  auto before = llvm::map_to_vector(roots, [&](const Binding *root) { return tensorOf(root); });
  auto outside = std::exchange(guards, decltype(guards)());
  if (failed(runBlock(block, scope)))
    return failure();
  collectEffects();
  bool isRepeated = false; // later trips have objectives of their own
  for (FunctionScope *around = e.current; around; around = around->parent)
    isRepeated |= around->part == FunctionScope::Trip;
  std::vector<Value> values;
  for (auto [root, old] : llvm::zip_equal(roots, before)) {
    Tensor value = tensorOf(root);
    // Here and not at the end of the step, which would write the parameters also where the branch is not taken.
    if (objectives > 0 && !isRepeated && guards.contains(root) && !standsGuarded(root))
      value = guarded(old, value);
    values.push_back(value);
  }
  guards = std::move(outside);
  for (const Name &name : names) {
    FailureOr<Value> value = e.valueOf(e.lookup(name.text, scope));
    if (failed(value))
      return failure();
    values.push_back(*value);
  }
  return e.finishSide(makeList(std::move(values)), block.range);
}

LogicalResult ModelElaborator::runBranch(const BranchExpr &branch, const Binding *&scope) {
  FailureOr<Value> condition = e.evaluate(*branch.condition, scope);
  if (failed(condition))
    return failure();
  if (auto known = condition->as<bool>()) {
    const Binding *inside = scope;
    if (failed(runBlock(*known ? branch.then : branch.otherwise, inside)))
      return failure();
    e.handOn(inside, scope, stepStart, scope);
    return success();
  }
  FailureOr<Tensor> flag = e.toTruth(condition, branch.condition->range);
  FailureOr<std::vector<Name>> names = namesOf(branch.rebound, scope, "the branches");
  if (failed(flag) || failed(names))
    return failure();
  Roots roots = changedBy({&branch.then, &branch.otherwise}, scope);
  unsigned objectivesBefore = objectives;
  auto then = liftSide(branch.then, roots, *names, scope);
  auto otherwise = failed(then) ? then : liftSide(branch.otherwise, roots, *names, scope);
  if (failed(otherwise))
    return failure();
  ++e.current->branches;
  std::vector<StringRef> words;
  for (const Binding *root : roots)
    words.push_back(root->name);
  for (const Name &name : *names)
    words.push_back(name.text);
  auto arguments = llvm::map_to_vector(roots, [&](const Binding *root) { return tensorOf(root); });
  auto results = e.emitBranch(branch.range, *flag, *then, *otherwise, words, arguments, /*freshKey=*/false);
  if (failed(results))
    return failure();
  for (const Binding *root : named(roots)) {
    // The branch has guarded it, and it needs no more if nothing but the branch has changed it and every objective was there.
    bool isFirst = !guards.contains(root);
    guards[root] = isFirst || (guards[root] == objectivesBefore && objectives == objectivesBefore) ? objectives : 0;
  }
  leavePart(roots, *results);
  for (auto [name, result] : llvm::zip_equal(*names, llvm::drop_begin(*results, roots.size())))
    scope = e.bindRoot(name, result, scope);
  return success();
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// The body of a loop, or its condition, as a function of what it changes, the names that it rebinds and the number of the trip.
FailureOr<FunctionInstance> ModelElaborator::liftTrip(const LoopExpr &loop, const Roots &roots, llvm::ArrayRef<Name> names,
                                                      llvm::ArrayRef<Value> starts, bool isCondition, const Binding *scope) {
  Elaborator::Building building(e, FunctionScope::Lifted, isCondition ? "condition" : "trip", loop.range);
  enterPart(FunctionScope::Trip, roots, scope);
  for (auto [name, start] : llvm::zip_equal(names, starts.drop_front(roots.size())))
    scope = e.bindVariable(name, e.addArguments(start), scope);
  Tensor trip = e.addArgument(mlir::RankedTensorType::get({}, e.b.builder.getI64Type()), {}, {}, e.b.location);
  if (loop.index)
    scope = e.bindVariable(*loop.index, RuntimeNumber{trip}, scope);
  if (isCondition) {
    FailureOr<Tensor> flag = e.toTruth(e.evaluate(*loop.condition, scope), loop.condition->range);
    e.current->updates.clear(); // looking changes no states of nets
    return failed(flag) ? FailureOr<FunctionInstance>(failure()) : e.finish(*flag);
  }
  auto outside = std::exchange(guards, decltype(guards)());
  if (failed(runBlock(loop.body, scope)))
    return failure();
  guards = std::move(outside);
  collectEffects();
  std::vector<Value> last;
  for (const Binding *root : roots)
    last.push_back(tensorOf(root));
  for (auto [name, start] : llvm::zip_equal(names, starts.drop_front(roots.size()))) {
    const Binding *binding = e.lookup(name.text, scope);
    FailureOr<Value> value = e.valueOf(binding);
    FailureOr<Value> next = failed(value) ? value : e.carryOn(name.text, *value, binding->where, start, loop.range);
    if (failed(next))
      return failure();
    last.push_back(*next);
  }
  return e.finish(makeList(std::move(last)));
}

LogicalResult ModelElaborator::runLoop(const LoopExpr &loop, const Binding *&scope) {
  FailureOr<Elaborator::LoopBounds> bounds = e.evaluateBounds(loop, scope);
  FailureOr<std::vector<Name>> names = namesOf(loop.body.reboundNames(), scope, "the loop");
  if (failed(bounds) || failed(names))
    return failure();
  Roots roots = changedBy({&loop.body}, scope);
  std::vector<Value> starts;
  for (const Binding *root : roots)
    starts.push_back(tensorOf(root));
  for (const Name &name : *names) {
    FailureOr<Value> start = e.toArray(e.valueOf(e.lookup(name.text, scope)), name.range);
    if (failed(start))
      return failure();
    starts.push_back(*start);
  }
  FailureOr<FunctionInstance> body = liftTrip(loop, roots, *names, starts, /*isCondition=*/false, scope), condition = failure();
  if (succeeded(body) && !loop.index)
    condition = liftTrip(loop, roots, *names, starts, /*isCondition=*/true, scope);
  if (failed(body) || (!loop.index && failed(condition)))
    return failure();
  auto results = e.emitLoop(loop, *bounds, *body, loop.index ? nullptr : &*condition, starts);
  if (failed(results))
    return failure();
  for (const Binding *root : named(roots))
    guards[root] = 0;
  leavePart(roots, *results);
  for (auto [name, result] : llvm::zip(*names, llvm::drop_begin(*results, roots.size())))
    scope = e.bindRoot(name, result, scope);
  return success();
}

} // namespace costate::importer
