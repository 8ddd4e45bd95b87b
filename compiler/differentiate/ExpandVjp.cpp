// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reverse mode. The body is kept, its adjoint is written behind it: op by op in reverse order, each by its pullback. A loop is made to
// record its carries, one entry a trip; its adjoint runs the trips backward and evaluates each again from the recorded carry (one
// level of checkpointing: memory is carries times trips, work at most twice the forward pass). A branch evaluates its side again.

#include "costate/compiler/differentiate/Activity.h"
#include "costate/compiler/differentiate/Expander.h"
#include "costate/dialects/interfaces/Rules.h"
#include "costate/dialects/report/Report.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace costate;
using namespace costate::graph;

namespace costate::differentiate {

namespace {

/// One backward sweep. A loop body or branch is swept by a child, which goes on from its parent's cotangents of captured values and gives them back.
class Sweep : public Pullback {
public:
  Sweep(Expander &expander, OpBuilder &builder, Location loc, Dimensions &dimensions, Activity &activity)
      : Pullback(builder, loc, dimensions), expander(expander), activity(activity) {}

  //===--- What a rule sees ---===//
  Value cotangent(unsigned index) override { return cotangentOf(current->getResult(index)); }
  bool isActive(Value operand) override { return activity.contains(operand); }
  void accumulate(Value operand, Value ct) override {
    if (!ct || !isActive(operand))
      return;
    Value &sum = sums[operand];
    sum = sum ? add(sum, ct) : ct;
  }
  void update(Value operand, function_ref<Value(Value)> next) override {
    if (isActive(operand))
      sums[operand] = next(cotangentOf(operand));
  }
  void accumulateLeaf(Value arena, SymbolRefAttr leaf, Value ct) override {
    if (!ct || !isActive(arena))
      return;
    Value &sum = leaves[arena][expander.untied(leaf)];
    sum = sum ? add(sum, ct) : ct;
  }

  /// The cotangent so far; null if it is zero. The leaves of a parameter set are packed once, when somebody asks.
  Value cotangentOf(Value value) {
    auto parts = leaves.find(value);
    if (parts != leaves.end()) {
      SmallVector<Attribute> names;
      SmallVector<Value> values;
      FlatSymbolRefAttr arena;
      for (auto &[leaf, ct] : parts->second) {
        arena = FlatSymbolRefAttr::get(leaf.getRootReference());
        names.push_back(leaf.getLeafReference());
        values.push_back(ct);
      }
      leaves.erase(parts);
      accumulate(value, create<PackOp>(value.getType(), arena, builder.getArrayAttr(names), values));
    }
    return sums.lookup(value);
  }
  Value cotangentOrZero(Value value) {
    Value ct = cotangentOf(value);
    return ct ? ct : zerosLike(value);
  }

  /// Sweeps `ops` backward. Errors name the op without a rule.
  LogicalResult sweep(ArrayRef<Operation *> ops) {
    for (Operation *op : llvm::reverse(ops))
      if (failed(visit(op)))
        return failure();
    return success();
  }

private:
  LogicalResult visit(Operation *op);
  LogicalResult visitCall(func::CallOp call);
  LogicalResult visitFor(scf::ForOp loop);
  LogicalResult visitWhile(scf::WhileOp loop);
  LogicalResult visitIf(scf::IfOp branch);

  /// One trip of a loop, written again from the carries at its start: the ops, and what the trip yields.
  struct Trip {
    SmallVector<Operation *> ops;
    SmallVector<Value> yielded;
  };

  /// A loop over the trips of another, the last one first, with `starts` as carries. trip: its number, an index or a tensor of one integer.
  using FillTrip = function_ref<SmallVector<Value>(OpBuilder &, Value trip, ValueRange carries)>;
  using LoopBackward = function_ref<ValueRange(ValueRange starts, FillTrip fill)>;

  /// The adjoint of a loop: carry i at the start of each trip is recorded in tapes[i], `carries` are the values that stand for them in the
  /// loop, cts[i] is the cotangent of the last carry i. Carries on the cotangents of captured values; returns those of the first carries.
  FailureOr<SmallVector<Value>> reverseTrips(Operation *loop, ValueRange carries, ValueRange tapes, ArrayRef<Value> cts, LoopBackward backward,
                                             function_ref<Trip(Sweep &, ArrayRef<Value> restored, Value trip)> replayTrip);

  /// `trips` is a constant of the program, or a tensor of one integer that is at most the bound of a loop.
  ValueRange loopBackward(DimAttr trips, ValueRange starts, FillTrip fill);
  ValueRange loopBackward(Value trips, IntegerAttr bound, ValueRange starts, FillTrip fill);

  /// Clones the ops of `block` in front of the insertion point and marks the copies of active values.
  SmallVector<Operation *> replay(Block &block, IRMapping &mapping);

  SmallVector<Value> activeCaptures(Operation *op) {
    return llvm::to_vector(llvm::make_filter_range(capturesOf(op), [&](Value value) { return isActive(value); }));
  }

  Expander &expander;
  Activity &activity;
  Operation *current = nullptr;
  DenseMap<Value, Value> sums;
  DenseMap<Value, llvm::MapVector<SymbolRefAttr, Value>> leaves;
};

LogicalResult Sweep::visit(Operation *op) {
  if (!llvm::any_of(op->getResults(), [&](Value result) { return isActive(result) && cotangentOf(result); }))
    return success();
  current = op;
  loc = op->getLoc();
  if (auto differentiable = dyn_cast<Differentiable>(op)) {
    differentiable.pullback(*this);
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

/// A function with a rule: rule(inputs, a cotangent per float result) -> a cotangent per float input.
LogicalResult Sweep::visitCall(func::CallOp call) {
  func::FuncOp rule = expander.ruleOf(expander.lookup(call));
  if (failed(expander.flatten(rule))) // it may be a rule that asks for the derivative which it gives
    return failure();
  SmallVector<Value> operands(call.getOperands());
  for (Value result : call.getResults())
    if (isFloat(result.getType()))
      operands.push_back(cotangentOrZero(result));
  SmallVector<Value> adjoint = expander.apply(builder, loc, rule, operands);
  unsigned next = 0;
  for (Value operand : call.getOperands())
    if (isFloat(operand.getType()))
      accumulate(operand, adjoint[next++]);
  return success();
}

SmallVector<Operation *> Sweep::replay(Block &block, IRMapping &mapping) {
  SmallVector<Operation *> copies;
  for (Operation &op : block.without_terminator()) {
    if (isa_and_nonnull<report::ReportDialect>(op.getDialect())) // the caller was told when the values were computed
      continue;
    Operation *copy = builder.clone(op, mapping);
    copy->walk([](Operation *inner) {
      if (isa_and_nonnull<report::ReportDialect>(inner->getDialect()))
        inner->erase();
    });
    copies.push_back(copy);
    for (auto [from, to] : llvm::zip_equal(op.getResults(), copy->getResults()))
      if (isActive(from))
        activity.insert(to);
    // inside nested regions the copies are found by walking both in step
    SmallVector<Value> inner, innerCopies;
    auto collect = [](Operation *root, SmallVector<Value> &values) {
      root->walk([&](Operation *nested) {
        if (nested != root)
          llvm::append_range(values, nested->getResults());
        for (Region &region : nested->getRegions())
          for (Block &nestedBlock : region)
            llvm::append_range(values, nestedBlock.getArguments());
      });
    };
    collect(&op, inner);
    collect(copy, innerCopies);
    for (auto [from, to] : llvm::zip_equal(inner, innerCopies))
      if (isActive(from))
        activity.insert(to);
  }
  return copies;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<Value>> Sweep::reverseTrips(Operation *loop, ValueRange carries, ValueRange tapes, ArrayRef<Value> cts,
                                                  LoopBackward backward,
                                                  function_ref<Trip(Sweep &, ArrayRef<Value>, Value)> replayTrip) {
  SmallVector<Value> captured = activeCaptures(loop), starts;
  SmallVector<unsigned> chosen; // the active carries
  for (auto [i, carry] : llvm::enumerate(carries))
    if (isActive(carry)) {
      chosen.push_back(i);
      starts.push_back(cts[i] ? cts[i] : zerosLike(carry));
    }
  for (Value value : captured)
    starts.push_back(cotangentOrZero(value));

  LogicalResult status = success();
  ValueRange finals = backward(starts, [&](OpBuilder &nested, Value trip, ValueRange sums) {
    Sweep child(expander, nested, loc, dimensions, activity);
    SmallVector<Value> restored;
    for (auto [carry, tape] : llvm::zip_equal(carries, tapes)) {
      restored.push_back(child.readLane(tape, trip));
      if (isActive(carry))
        activity.insert(restored.back());
    }
    Trip again = replayTrip(child, restored, trip);
    for (auto [place, i] : llvm::enumerate(chosen))
      child.accumulate(again.yielded[i], sums[place]);
    for (auto [value, sum] : llvm::zip_equal(captured, sums.drop_front(chosen.size())))
      child.accumulate(value, sum);
    status = child.sweep(again.ops);
    SmallVector<Value> results;
    for (unsigned i : chosen)
      results.push_back(child.cotangentOrZero(restored[i]));
    for (Value value : captured)
      results.push_back(child.cotangentOf(value));
    return results;
  });
  if (failed(status))
    return failure();
  for (auto [value, ct] : llvm::zip_equal(captured, finals.drop_front(chosen.size())))
    update(value, [&](Value) { return ct; });
  SmallVector<Value> result(carries.size());
  for (auto [place, i] : llvm::enumerate(chosen))
    result[i] = finals[place];
  return result;
}

ValueRange Sweep::loopBackward(DimAttr trips, ValueRange starts, FillTrip fill) {
  Value count = index(trips), one = index(int64_t(1)), last = create<arith::SubIOp>(count, one);
  auto loop = createFor(builder, loc, index(int64_t(0)), count, one, starts, [&](OpBuilder &nested, Value j, ValueRange carries) {
    return fill(nested, arith::SubIOp::create(nested, loc, last, j), carries);
  });
  return loop.getResults();
}

/// Its counter is a tensor, as all carries are, so that it may differ from lane to lane.
ValueRange Sweep::loopBackward(Value trips, IntegerAttr bound, ValueRange starts, FillTrip fill) {
  SmallVector<Value> inits{trips};
  llvm::append_range(inits, starts);
  TypeRange types = ValueRange(inits).getTypes();
  auto loop = scf::WhileOp::create(builder, loc, types, inits);
  loop->setAttr(kMaxTripsAttr, bound);
  OpBuilder::InsertionGuard guard(builder);
  SmallVector<Location> locations(inits.size(), loc);
  Block *before = builder.createBlock(&loop.getBefore(), {}, types, locations);
  Value isLeft = compare(ComparisonDirection::GT, before->getArgument(0), 0.0);
  create<scf::ConditionOp>(create<tensor::ExtractOp>(isLeft, ValueRange()), before->getArguments());
  Block *after = builder.createBlock(&loop.getAfter(), {}, types, locations);
  Value trip = add(after->getArgument(0), -1.0);
  SmallVector<Value> yielded = fill(builder, trip, after->getArguments().drop_front());
  yielded.insert(yielded.begin(), trip);
  builder.setInsertionPointToEnd(after);
  create<scf::YieldOp>(yielded);
  return loop.getResults().drop_front();
}

/// An empty tape: room for `trips` entries of a carry. A loop without a trip writes none, but what it would write must fit.
static Value createTape(Emitter &e, DimAttr trips, Value carry) {
  if (trips.constant() == 0)
    trips = DimAttr::get(trips.getContext(), int64_t(1));
  Dims shape = e.dims(carry);
  shape.insert(shape.begin(), trips);
  return e.splat(0.0, shape, getElementTypeOrSelf(carry.getType()));
}

static SmallVector<Value> mapped(const IRMapping &mapping, ValueRange values) {
  return llvm::map_to_vector(values, [&](Value value) { return mapping.lookupOrDefault(value); });
}

LogicalResult Sweep::visitFor(scf::ForOp loop) {
  std::optional<DimAttr> low = dimOf(loop.getLowerBound()), high = dimOf(loop.getUpperBound()), step = dimOf(loop.getStep());
  if (!low || !high || !step)
    return loop.emitError() << "requires a trip count that is known from shapes, to be differentiated in reverse mode";
  if (failed(requireTensors(loop, loop.getInitArgs(), "in reverse mode")))
    return failure();
  unsigned count = loop.getNumRegionIterArgs();
  SmallVector<Value> inits(loop.getInitArgs());
  SmallVector<Value> cts = llvm::map_to_vector(loop.getResults(), [&](Value result) { return cotangentOf(result); });
  DimAttr tripDim = DimAttr::max(dim(0), DimAttr::ceilDiv(*high - *low, *step));

  // The same loop, made to record its carries.
  scf::ForOp recording;
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(loop);
    recording = expander.widen(builder, loop, llvm::map_to_vector(inits, [&](Value carry) { return createTape(*this, tripDim, carry); }));
    ValueRange all = recording.getRegionIterArgs();
    Operation *yield = recording.getBody()->getTerminator();
    builder.setInsertionPoint(yield);
    Value offset = create<arith::SubIOp>(recording.getInductionVar(), recording.getLowerBound());
    Value trip = create<arith::DivSIOp>(offset, recording.getStep());
    SmallVector<Value> yielded(yield->getOperands());
    for (auto [carry, tape] : llvm::zip_equal(all.take_front(count), all.drop_front(count)))
      yielded.push_back(writeLane(tape, carry, trip));
    yield->setOperands(yielded);
  }
  ValueRange carries = ValueRange(recording.getRegionIterArgs()).take_front(count);

  FailureOr<SmallVector<Value>> starts =
      reverseTrips(recording, carries, recording.getResults().drop_front(count), cts,
                   [&](ValueRange starts, FillTrip fill) { return loopBackward(tripDim, starts, fill); },
                   [&](Sweep &child, ArrayRef<Value> restored, Value trip) {
                     Value scaled = child.create<arith::MulIOp>(trip, recording.getStep());
                     IRMapping mapping;
                     mapping.map(recording.getInductionVar(), child.create<arith::AddIOp>(recording.getLowerBound(), scaled).getResult());
                     mapping.map(carries, restored);
                     // the tapes themselves are not needed again: what writes them dies with them
                     mapping.map(ValueRange(recording.getRegionIterArgs()).drop_front(count), ValueRange(recording.getInitArgs()).drop_front(count));
                     Trip again;
                     again.ops = child.replay(*recording.getBody(), mapping);
                     again.yielded = mapped(mapping, recording.getYieldedValues().take_front(count));
                     return again;
                   });
  if (failed(starts))
    return failure();
  for (auto [init, ct] : llvm::zip_equal(inits, *starts))
    accumulate(init, ct);
  return success();
}

LogicalResult Sweep::visitWhile(scf::WhileOp loop) {
  auto maxTrips = loop->getAttrOfType<IntegerAttr>(kMaxTripsAttr);
  if (!maxTrips)
    return loop.emitError() << "requires an upper bound of the trips (" << kMaxTripsAttr << "), to be differentiated in reverse mode";
  if (failed(requireTensors(loop, loop.getInits(), "in reverse mode")))
    return failure();
  unsigned count = loop.getInits().size(), passed = loop.getNumResults();
  SmallVector<Value> inits(loop.getInits());
  SmallVector<Value> cts = llvm::map_to_vector(loop.getResults(), [&](Value result) { return cotangentOf(result); });

  // The same loop with more carries: a trip counter and the tapes. Its condition passes on the state at the head of a trip as well:
  // results are (those of before, the head, the counter, the tapes).
  scf::WhileOp recording;
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(loop);
    SmallVector<Value> starts = inits;
    starts.push_back(splat(0.0, {}, builder.getI64Type()));
    for (Value carry : inits)
      starts.push_back(createTape(*this, dim(maxTrips.getInt()), carry));
    SmallVector<Type> results(loop.getResultTypes());
    llvm::append_range(results, ValueRange(inits).getTypes());
    llvm::append_range(results, ValueRange(starts).drop_front(count).getTypes());
    recording = scf::WhileOp::create(builder, loc, results, starts);
    recording->setDiscardableAttrs(loop->getDiscardableAttrDictionary());
    recording.getBefore().takeBody(loop.getBefore());
    recording.getAfter().takeBody(loop.getAfter());
    Block &before = *recording.getBeforeBody(), &after = *recording.getAfterBody();
    for (Value start : ValueRange(starts).drop_front(count))
      before.addArgument(start.getType(), loc);
    for (Type type : ArrayRef(results).drop_front(passed))
      after.addArgument(type, loc);
    recording.getConditionOp().getArgsMutable().append(before.getArguments());

    builder.setInsertionPoint(after.getTerminator());
    ValueRange arguments = after.getArguments();
    ValueRange head = arguments.drop_front(passed).take_front(count), tapes = arguments.drop_front(passed + count + 1);
    Value counter = arguments[passed + count];
    SmallVector<Value> more{add(counter, 1.0)};
    for (auto [tape, carry] : llvm::zip_equal(tapes, head))
      more.push_back(writeLane(tape, carry, counter));
    recording.getYieldOp().getResultsMutable().append(more);
    loop->replaceAllUsesWith(recording.getResults().take_front(passed));
    expander.retire(loop);
  }
  ValueRange carries = ValueRange(recording.getBeforeArguments()).take_front(count);
  ValueRange head = recording.getResults().drop_front(passed).take_front(count);
  Value trips = recording.getResult(passed + count);
  for (auto [carry, last, inner] : llvm::zip_equal(carries, head, recording.getAfterArguments().drop_front(passed).take_front(count)))
    if (isActive(carry)) {
      activity.insert(last);
      activity.insert(inner);
    }

  // The results are what the last evaluation of the condition passes on.
  IRMapping atEnd;
  atEnd.map(carries, head);
  atEnd.map(ValueRange(recording.getBeforeArguments()).drop_front(count), recording.getResults().drop_front(passed + count));
  SmallVector<Operation *> last = replay(*recording.getBeforeBody(), atEnd);
  for (auto [value, ct] : llvm::zip_equal(mapped(atEnd, recording.getConditionOp().getArgs().take_front(passed)), cts))
    accumulate(value, ct);
  if (failed(sweep(last)))
    return failure();
  SmallVector<Value> headCts = llvm::map_to_vector(head, [&](Value value) { return cotangentOf(value); });

  FailureOr<SmallVector<Value>> starts = reverseTrips(
      recording, carries, recording.getResults().drop_front(passed + count + 1), headCts,
      [&](ValueRange starts, FillTrip fill) { return loopBackward(trips, maxTrips, starts, fill); },
      [&](Sweep &child, ArrayRef<Value> restored, Value trip) {
        IRMapping mapping;
        mapping.map(carries, restored);
        mapping.map(ValueRange(recording.getBeforeArguments()).drop_front(count), ValueRange(recording.getInits()).drop_front(count));
        Trip again;
        again.ops = child.replay(*recording.getBeforeBody(), mapping);
        mapping.map(recording.getAfterArguments(), mapped(mapping, recording.getConditionOp().getArgs()));
        llvm::append_range(again.ops, child.replay(*recording.getAfterBody(), mapping));
        again.yielded = mapped(mapping, recording.getYieldOp().getResults().take_front(count));
        return again;
      });
  if (failed(starts))
    return failure();
  for (auto [init, ct] : llvm::zip_equal(inits, *starts))
    accumulate(init, ct);
  return success();
}

//===----------------------------------------------------------------------===//
// Branches
//===----------------------------------------------------------------------===//

LogicalResult Sweep::visitIf(scf::IfOp branch) {
  SmallVector<Value> captured = activeCaptures(branch);
  SmallVector<Value> cts = llvm::map_to_vector(branch.getResults(), [&](Value result) { return cotangentOf(result); });
  SmallVector<Value> starts = llvm::map_to_vector(captured, [&](Value value) { return cotangentOrZero(value); });
  LogicalResult status = success();
  auto fill = [&](Region &region, OpBuilder &nested) {
    Sweep child(expander, nested, loc, dimensions, activity);
    for (auto [value, start] : llvm::zip_equal(captured, starts))
      child.accumulate(value, start);
    IRMapping mapping;
    SmallVector<Operation *> copies = child.replay(region.front(), mapping);
    for (auto [value, ct] : llvm::zip_equal(mapped(mapping, region.front().getTerminator()->getOperands()), cts))
      child.accumulate(value, ct);
    if (failed(child.sweep(copies)))
      status = failure();
    return llvm::map_to_vector(captured, [&](Value value) { return child.cotangentOf(value); });
  };
  auto adjoint = createIf(
      builder, loc, ValueRange(captured).getTypes(), branch.getCondition(), [&](OpBuilder &nested) { return fill(branch.getThenRegion(), nested); },
      [&](OpBuilder &nested) { return fill(branch.getElseRegion(), nested); });
  for (auto [value, ct] : llvm::zip_equal(captured, adjoint.getResults()))
    update(value, [ct = Value(ct)](Value) { return ct; });
  return status;
}

} // namespace

FailureOr<func::FuncOp> Expander::vjp(func::FuncOp function, ArrayRef<int64_t> wrt) {
  if (ruleOf(function))
    function = callerOf(function);
  std::string key = (function.getName() + " vjp " + llvm::join(llvm::map_range(wrt, [](int64_t i) { return std::to_string(i); }), ",")).str();
  if (func::FuncOp done = made.lookup(key))
    return done;
  func::FuncOp result = cloneWithName(function, ".vjp");
  Block &body = result.front();
  Operation *terminator = body.getTerminator();
  SmallVector<Operation *> ops = llvm::map_to_vector(body.without_terminator(), [](Operation &op) { return &op; });
  SmallVector<Value> values(terminator->getOperands());

  Activity activity;
  for (int64_t index : wrt)
    activity.insert(body.getArgument(index));
  activity.propagate(body);

  Dimensions dimensions;
  OpBuilder builder(terminator);
  Sweep sweep(*this, builder, function.getLoc(), dimensions, activity);
  for (Value value : values)
    if (isFloat(value.getType())) {
      Value ct = appendArgument(result, value, dimensions);
      sweep.accumulate(value, ct);
    }
  if (failed(sweep.sweep(ops)))
    return failure();
  SmallVector<Value> results(body.getTerminator()->getOperands());
  for (int64_t index : wrt)
    results.push_back(sweep.cotangentOrZero(body.getArgument(index)));
  terminator->setOperands(results);
  updateResults(result, dimensions);
  made[key] = result;
  return result;
}

} // namespace costate::differentiate
