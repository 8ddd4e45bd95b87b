// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Forward mode. Behind each op stands its pushforward; a loop or branch carries the tangents of its float values beside them.

#include "costate/compiler/differentiate/Dependence.h"
#include "costate/compiler/differentiate/Expander.h"
#include "costate/dialects/interfaces/Rules.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace costate;
using namespace costate::graph;

namespace costate::differentiate {

namespace {

class Push : public Pushforward {
public:
  Push(Expander &expander, OpBuilder &builder, Location loc, Dimensions &dimensions, Activity &activity)
      : Pushforward(builder, loc, dimensions), expander(expander), activity(activity) {}

  Value tangent(Value operand) override { return tangents.lookup(operand); }
  void set(Value tangent, unsigned index) override { setTangent(current->getResult(index), tangent); }
  void setTangent(Value value, Value tangent) {
    if (tangent && activity.contains(value))
      tangents[value] = tangent;
  }

  LogicalResult visit(Block &block) {
    for (Operation &op : llvm::make_early_inc_range(block))
      if (failed(visit(&op)))
        return failure();
    return success();
  }

private:
  LogicalResult visit(Operation *op);
  LogicalResult visitCall(func::CallOp call);
  LogicalResult visitFor(scf::ForOp loop);
  LogicalResult visitWhile(scf::WhileOp loop);
  LogicalResult visitIf(scf::IfOp branch);

  SmallVector<unsigned> activePlaces(ValueRange values) {
    SmallVector<unsigned> places;
    for (auto [i, value] : llvm::enumerate(values))
      if (activity.contains(value))
        places.push_back(i);
    return places;
  }
  SmallVector<Value> tangentsAt(ValueRange values, ArrayRef<unsigned> places) {
    return llvm::map_to_vector(places, [&](unsigned i) { return tangentOrZero(values[i]); });
  }
  /// `tangents` belong to the values at `places`, in this order.
  void setTangents(ValueRange values, ArrayRef<unsigned> places, ValueRange tangents) {
    for (auto [i, tangent] : llvm::zip_equal(places, tangents))
      setTangent(values[i], tangent);
  }
  /// Results of a wider op stand for those that it replaces, and are as active.
  void inherit(ValueRange from, ValueRange to) {
    for (auto [before, after] : llvm::zip_equal(from, to))
      if (activity.contains(before))
        activity.insert(after);
  }
  /// Makes `results` stand for those of `op`, and drops `op`.
  void replace(Operation *op, ValueRange results) {
    inherit(op->getResults(), results);
    op->replaceAllUsesWith(results);
    expander.retire(op);
  }

  Expander &expander;
  Activity &activity;
  Operation *current = nullptr;
  DenseMap<Value, Value> tangents;
};

LogicalResult Push::visit(Operation *op) {
  bool touches = llvm::any_of(op->getOperands(), [&](Value operand) { return bool(tangent(operand)); }) ||
                 llvm::any_of(capturesOf(op), [&](Value value) { return bool(tangent(value)); });
  if (!touches || !llvm::any_of(op->getResults(), [&](Value result) { return activity.contains(result); }))
    return success();
  current = op;
  loc = op->getLoc();
  builder.setInsertionPointAfter(op);
  if (auto differentiable = dyn_cast<Differentiable>(op)) {
    differentiable.pushforward(*this);
    return success();
  }
  if (auto call = dyn_cast<func::CallOp>(op))
    return visitCall(call);
  if (auto loop = dyn_cast<scf::ForOp>(op))
    return visitFor(loop);
  if (auto loop = dyn_cast<scf::WhileOp>(op))
    return visitWhile(loop);
  if (auto branch = dyn_cast<scf::IfOp>(op))
    return visitIf(branch);
  return refuse(op);
}

/// The rule of a function is linear in the cotangents u: rule(x, u) = J(x)^T u. So J t is the cotangent of u when the rule's results have
/// the cotangents t.
LogicalResult Push::visitCall(func::CallOp call) {
  func::FuncOp rule = expander.ruleOf(expander.lookup(call));
  if (failed(expander.flatten(rule))) // it may be a rule that asks for the derivative which it gives
    return failure();
  SmallVector<Value> operands(call.getOperands()), seeds;
  SmallVector<int64_t> wrt;
  for (Value result : call.getResults())
    if (isFloat(result.getType())) {
      wrt.push_back(operands.size());
      operands.push_back(zerosLike(result));
    }
  for (Value operand : call.getOperands())
    if (isFloat(operand.getType()))
      seeds.push_back(tangentOrZero(operand));
  FailureOr<func::FuncOp> transpose = expander.vjp(rule, wrt);
  if (failed(transpose))
    return failure();
  llvm::append_range(operands, seeds);
  SmallVector<Value> pushed = expander.apply(builder, loc, *transpose, operands);
  unsigned next = rule.getNumResults();
  for (Value result : call.getResults())
    if (isFloat(result.getType()))
      setTangent(result, pushed[next++]);
  return success();
}

LogicalResult Push::visitFor(scf::ForOp loop) {
  SmallVector<unsigned> places = activePlaces(loop.getRegionIterArgs());
  unsigned count = loop.getNumRegionIterArgs();
  builder.setInsertionPoint(loop);
  SmallVector<Value> results(loop.getResults());
  scf::ForOp wider = expander.widen(builder, loop, tangentsAt(loop.getInitArgs(), places));
  inherit(results, wider.getResults().take_front(count));
  setTangents(wider.getRegionIterArgs(), places, ValueRange(wider.getRegionIterArgs()).drop_front(count));
  Block &body = *wider.getBody();
  if (failed(visit(body)))
    return failure();
  builder.setInsertionPoint(body.getTerminator());
  SmallVector<Value> yielded(body.getTerminator()->getOperands());
  llvm::append_range(yielded, tangentsAt(ValueRange(yielded), places));
  body.getTerminator()->setOperands(yielded);
  setTangents(wider.getResults(), places, ValueRange(wider.getResults()).drop_front(count));
  return success();
}

LogicalResult Push::visitWhile(scf::WhileOp loop) {
  SmallVector<unsigned> carried = activePlaces(loop.getBeforeArguments()), passed = activePlaces(loop.getResults());
  unsigned count = loop.getInits().size(), results = loop.getNumResults();
  builder.setInsertionPoint(loop);
  SmallVector<Value> inits(loop.getInits());
  llvm::append_range(inits, tangentsAt(loop.getInits(), carried));
  SmallVector<Type> types(loop.getResultTypes());
  for (unsigned i : passed)
    types.push_back(loop.getResult(i).getType());
  auto wider = scf::WhileOp::create(builder, loc, types, inits);
  wider->setDiscardableAttrs(loop->getDiscardableAttrDictionary());
  wider.getBefore().takeBody(loop.getBefore());
  wider.getAfter().takeBody(loop.getAfter());
  Block &before = *wider.getBeforeBody(), &after = *wider.getAfterBody();
  for (unsigned i : carried)
    setTangent(before.getArgument(i), before.addArgument(before.getArgument(i).getType(), loc));
  if (failed(visit(before)))
    return failure();
  scf::ConditionOp condition = wider.getConditionOp();
  builder.setInsertionPoint(condition);
  SmallVector<Value> arguments(condition.getArgs());
  condition.getArgsMutable().append(tangentsAt(arguments, passed));
  for (unsigned i : passed)
    setTangent(after.getArgument(i), after.addArgument(after.getArgument(i).getType(), loc));
  if (failed(visit(after)))
    return failure();
  builder.setInsertionPoint(after.getTerminator());
  SmallVector<Value> yielded(after.getTerminator()->getOperands());
  wider.getYieldOp().getResultsMutable().append(tangentsAt(ValueRange(yielded).take_front(count), carried));
  replace(loop, ValueRange(wider.getResults()).take_front(results));
  setTangents(wider.getResults(), passed, ValueRange(wider.getResults()).drop_front(results));
  return success();
}

LogicalResult Push::visitIf(scf::IfOp branch) {
  SmallVector<unsigned> places = activePlaces(branch.getResults());
  SmallVector<Type> types(branch.getResultTypes());
  for (unsigned i : places)
    types.push_back(branch.getResult(i).getType());
  builder.setInsertionPoint(branch);
  auto wider = scf::IfOp::create(builder, loc, types, branch.getCondition(), /*withElseRegion=*/true);
  for (auto [from, to] : llvm::zip_equal(branch.getRegions(), wider.getRegions())) {
    to->takeBody(*from);
    if (failed(visit(to->front())))
      return failure();
    Operation *yield = to->front().getTerminator();
    builder.setInsertionPoint(yield);
    SmallVector<Value> yielded(yield->getOperands());
    llvm::append_range(yielded, tangentsAt(ValueRange(yielded), places));
    yield->setOperands(yielded);
  }
  unsigned count = branch.getNumResults();
  replace(branch, ValueRange(wider.getResults()).take_front(count));
  setTangents(wider.getResults(), places, ValueRange(wider.getResults()).drop_front(count));
  return success();
}

} // namespace

FailureOr<func::FuncOp> Expander::jvp(func::FuncOp function, ArrayRef<int64_t> along) {
  if (ruleOf(function))
    function = callerOf(function);
  std::string key = (function.getName() + " jvp " + llvm::join(llvm::map_range(along, [](int64_t i) { return std::to_string(i); }), ",")).str();
  if (func::FuncOp done = made.lookup(key))
    return done;
  func::FuncOp result = cloneWithName(function, ".jvp");
  Block &body = result.front();
  Activity activity;
  for (int64_t index : along)
    activity.insert(body.getArgument(index));
  activity.propagate(body);

  Dimensions dimensions;
  OpBuilder builder(body.getTerminator());
  Push push(*this, builder, function.getLoc(), dimensions, activity);
  for (int64_t index : along)
    push.setTangent(body.getArgument(index), appendArgument(result, body.getArgument(index), dimensions));
  if (failed(push.visit(body)))
    return failure();
  Operation *terminator = body.getTerminator();
  builder.setInsertionPoint(terminator);
  SmallVector<Value> results(terminator->getOperands());
  for (Value value : SmallVector<Value>(results))
    if (isFloat(value.getType()))
      results.push_back(push.tangentOrZero(value));
  terminator->setOperands(results);
  updateResults(result, dimensions);
  made[key] = result;
  return result;
}

} // namespace costate::differentiate
