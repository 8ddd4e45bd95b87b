// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reverse mode. The body is kept, its adjoint is written behind it: op by op in reverse order, each by its pullback. A loop is made to
// record its carries; its adjoint runs the trips backward and evaluates each again from the carry at its start. Where that comes from is the
// `tape` of the loop (Graph.td): an entry a trip; or an entry a segment of about the root of the trips, which are recorded in a tape of a
// segment when the adjoint comes to it (Griewank 1992; Chen et al. 2016); or all earlier trips once more. A branch evaluates its side again.

#include "costate/compiler/differentiate/Dependence.h"
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

  /// A loop as its adjoint sees it. The number of a trip is an index or, of a `while`, a tensor of one integer, which may differ from lane to lane.
  struct Loop {
    Operation *op; // it has recorded its tapes
    Tape tape;
    SmallVector<Value> starts; // of the carries
    ValueRange carries;        // in the body
    ValueRange tapes;          // of each carry, its values at the start of every segment of `segment` trips; none if `tape` is none
    DimAttr segment;
    Value trips;  // that have been made
    DimAttr most; // at most; null if it is not known
    function_ref<Trip(Sweep &, ValueRange carries, Value trip)> replay;
  };

  /// The adjoint of a loop, whose last carry i has the cotangent cts[i]. Carries on the cotangents of captured values; returns those of the
  /// first carries.
  FailureOr<SmallVector<Value>> reverse(const Loop &loop, ArrayRef<Value> cts);

  /// Trips [from, to) once more, of which there are at most `most`. Its first results are the carries.
  Operation *repeat(const Loop &loop, Value from, Value to, DimAttr most, ValueRange starts);

  /// A loop over trips [from, to). Its first results are the carries.
  using FillTrip = function_ref<SmallVector<Value>(OpBuilder &, Value trip, ValueRange carries)>;
  Operation *loopOver(Value from, Value to, DimAttr most, Tape tape, ValueRange starts, FillTrip fill);

  //===--- Numbers of trips ---===//
  Value number(DimAttr dim, Value like) { return isIndex(like) ? index(dim) : splat(*dim.constant(), like); }
  Value plus(Value a, Value b) { return isIndex(a) ? create<arith::AddIOp>(a, b).getResult() : add(a, b); }
  Value minus(Value a, Value b) { return isIndex(a) ? create<arith::SubIOp>(a, b).getResult() : sub(a, b); }
  Value least(Value a, Value b) {
    return isIndex(a) ? create<arith::MinSIOp>(a, b).getResult() : create<MinimumOp>(a.getType(), a, b).getResult();
  }
  Value times(Value a, DimAttr n) { return isIndex(a) ? create<arith::MulIOp>(a, number(n, a)).getResult() : mul(a, number(n, a)); }
  /// a >= 0
  Value ceilDiv(Value a, DimAttr n) {
    if (n.constant() == 1)
      return a;
    return isIndex(a) ? create<arith::CeilDivSIOp>(a, number(n, a)).getResult() : div(plus(a, number(n - dim(1), a)), number(n, a));
  }
  static bool isIndex(Value value) { return isa<IndexType>(value.getType()); }

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

FailureOr<SmallVector<Value>> Sweep::reverse(const Loop &loop, ArrayRef<Value> cts) {
  SmallVector<Value> captured = activeCaptures(loop.op), sums;
  SmallVector<unsigned> chosen; // the active carries
  for (auto [i, carry] : llvm::enumerate(loop.carries))
    if (isActive(carry)) {
      chosen.push_back(i);
      sums.push_back(cts[i] ? cts[i] : zerosLike(carry));
    }
  for (Value value : captured)
    sums.push_back(cotangentOrZero(value));

  bool hasSegments = loop.tape == Tape::sqrt;
  Value zero = number(dim(0), loop.trips), count = hasSegments ? ceilDiv(loop.trips, loop.segment) : loop.trips;
  DimAttr most = hasSegments ? DimAttr::ceilDiv(loop.most, loop.segment) : loop.most;
  Tape tape = loop.tape == Tape::none ? Tape::none : Tape::all; // of the loops that are written here
  Value last = minus(count, number(dim(1), count));
  LogicalResult status = success();
  Operation *backward = loopOver(zero, count, most, tape, sums, [&](OpBuilder &nested, Value back, ValueRange sums) {
    Sweep child(expander, nested, loc, dimensions, activity);
    Value place = child.minus(last, back);
    SmallVector<Value> restored;
    if (loop.tape == Tape::none)
      llvm::append_range(restored, child.repeat(loop, zero, place, loop.most, loop.starts)->getResults().take_front(loop.carries.size()));
    for (Value entries : loop.tapes)
      restored.push_back(child.readLane(entries, place));
    for (auto [carry, value] : llvm::zip_equal(loop.carries, restored))
      if (isActive(carry))
        activity.insert(value);
    Trip again;
    if (hasSegments) {
      Value from = child.times(place, loop.segment), to = child.least(child.plus(from, child.number(loop.segment, from)), loop.trips);
      Operation *trips = child.repeat(loop, from, to, loop.segment, restored);
      activity.propagate(*trips);
      again = {{trips}, SmallVector<Value>(trips->getResults().take_front(loop.carries.size()))};
    } else {
      again = loop.replay(child, restored, place);
    }
    for (auto [i, sum] : llvm::zip(chosen, sums))
      child.accumulate(again.yielded[i], sum);
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
  for (auto [i, value] : llvm::enumerate(captured))
    update(value, [&](Value) { return backward->getResult(chosen.size() + i); });
  SmallVector<Value> result(loop.carries.size());
  for (auto [place, i] : llvm::enumerate(chosen))
    result[i] = backward->getResult(place);
  return result;
}

Operation *Sweep::repeat(const Loop &loop, Value from, Value to, DimAttr most, ValueRange starts) {
  Tape tape = loop.tape == Tape::none ? Tape::none : Tape::all;
  return loopOver(from, to, most, tape, starts, [&](OpBuilder &nested, Value trip, ValueRange carries) {
    Sweep child(expander, nested, loc, dimensions, activity);
    return loop.replay(child, carries, trip).yielded;
  });
}

Operation *Sweep::loopOver(Value from, Value to, DimAttr most, Tape tape, ValueRange starts, FillTrip fill) {
  if (isIndex(from)) {
    auto loop = createFor(builder, loc, from, to, index(int64_t(1)), starts, fill);
    if (tape != Tape::all)
      loop->setAttr(kTapeAttr, TapeAttr::get(builder.getContext(), tape));
    if (most && !(dimOf(from) && dimOf(to)))
      loop->setAttr(kMaxTripsAttr, most);
    return loop;
  }
  SmallVector<Value> inits(starts);
  inits.push_back(from);
  TypeRange types = ValueRange(inits).getTypes();
  auto loop = scf::WhileOp::create(builder, loc, types, inits);
  if (tape != Tape::all)
    loop->setAttr(kTapeAttr, TapeAttr::get(builder.getContext(), tape));
  loop->setAttr(kMaxTripsAttr, builder.getI64IntegerAttr(*most.constant()));
  OpBuilder::InsertionGuard guard(builder);
  SmallVector<Location> locations(inits.size(), loc);
  Block *before = builder.createBlock(&loop.getBefore(), {}, types, locations);
  Value isLeft =
      create<CompareOp>(RankedTensorType::get({}, builder.getI1Type()), ComparisonDirection::LT, before->getArguments().back(), to);
  create<scf::ConditionOp>(create<tensor::ExtractOp>(isLeft, ValueRange()), before->getArguments());
  Block *after = builder.createBlock(&loop.getAfter(), {}, types, locations);
  Value trip = after->getArguments().back();
  SmallVector<Value> yielded = fill(builder, trip, after->getArguments().drop_back());
  builder.setInsertionPointToEnd(after);
  yielded.push_back(add(trip, 1.0));
  create<scf::YieldOp>(yielded);
  return loop;
}

/// An empty tape of a carry, for loops of at most `most` trips. A loop without a trip writes none, but what it would write must fit.
static Value createTape(Emitter &e, DimAttr most, DimAttr segment, Value carry) {
  DimAttr entries = DimAttr::ceilDiv(most - e.dim(1), segment) + e.dim(1);
  Dims shape = e.dims(carry);
  shape.insert(shape.begin(), entries.constant() == 0 ? e.dim(1) : entries);
  return e.splat(0.0, shape, getElementTypeOrSelf(carry.getType()));
}

static Tape tapeOf(Operation *loop) {
  auto tape = loop->getAttrOfType<TapeAttr>(kTapeAttr);
  return tape ? tape.getValue() : Tape::all;
}

/// How many trips there are between two entries of a tape.
static DimAttr segmentOf(Tape tape, DimAttr most) {
  DimAttr one = DimAttr::get(most.getContext(), int64_t(1));
  return tape == Tape::sqrt ? DimAttr::isqrt(most) + one : one;
}

static SmallVector<Value> mapped(const IRMapping &mapping, ValueRange values) {
  return llvm::map_to_vector(values, [&](Value value) { return mapping.lookupOrDefault(value); });
}

LogicalResult Sweep::visitFor(scf::ForOp loop) {
  Tape tape = tapeOf(loop);
  std::optional<DimAttr> low = dimOf(loop.getLowerBound()), high = dimOf(loop.getUpperBound()), step = dimOf(loop.getStep());
  DimAttr known = low && high && step ? DimAttr::max(dim(0), DimAttr::ceilDiv(*high - *low, *step)) : DimAttr();
  auto bound = loop->getAttrOfType<DimAttr>(kMaxTripsAttr);
  DimAttr most = known ? known : bound;
  if (!most && tape != Tape::none)
    return loop.emitError()
           << "requires a trip count that is known from shapes, to be differentiated in reverse mode; with 'tape none' it need "
              "not be";
  if (failed(requireTensors(loop, loop.getInitArgs(), "in reverse mode")))
    return failure();
  unsigned count = loop.getNumRegionIterArgs();
  SmallVector<Value> inits(loop.getInitArgs());
  SmallVector<Value> cts = llvm::map_to_vector(loop.getResults(), [&](Value result) { return cotangentOf(result); });

  // The same loop, made to record its carries. In segments, those of all trips behind the start of one go where the next one starts, whose own
  // come last.
  DimAttr segment = tape == Tape::none ? DimAttr() : segmentOf(tape, most);
  if (segment) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(loop);
    loop = expander.widen(builder, loop, llvm::map_to_vector(inits, [&](Value carry) { return createTape(*this, most, segment, carry); }));
    ValueRange all = loop.getRegionIterArgs();
    Operation *yield = loop.getBody()->getTerminator();
    builder.setInsertionPoint(yield);
    Value offset = create<arith::SubIOp>(loop.getInductionVar(), loop.getLowerBound());
    Value entry = ceilDiv(create<arith::DivSIOp>(offset, loop.getStep()), segment);
    SmallVector<Value> yielded(yield->getOperands());
    for (auto [carry, entries] : llvm::zip_equal(all.take_front(count), all.drop_front(count)))
      yielded.push_back(writeLane(entries, carry, entry));
    yield->setOperands(yielded);
  }
  ValueRange carries = ValueRange(loop.getRegionIterArgs()).take_front(count);
  auto replayTrip = [&](Sweep &child, ValueRange restored, Value trip) {
    Value scaled = child.create<arith::MulIOp>(trip, loop.getStep());
    IRMapping mapping;
    mapping.map(loop.getInductionVar(), child.create<arith::AddIOp>(loop.getLowerBound(), scaled).getResult());
    mapping.map(carries, restored);
    // the tapes themselves are not needed again: what writes them dies with them
    mapping.map(ValueRange(loop.getRegionIterArgs()).drop_front(count), ValueRange(loop.getInitArgs()).drop_front(count));
    Trip again;
    again.ops = child.replay(*loop.getBody(), mapping);
    again.yielded = mapped(mapping, loop.getYieldedValues().take_front(count));
    return again;
  };
  Value trips;
  if (known) {
    trips = index(known);
  } else {
    Value extent = create<arith::SubIOp>(loop.getUpperBound(), loop.getLowerBound());
    trips = create<arith::MaxSIOp>(create<arith::CeilDivSIOp>(extent, loop.getStep()), index(int64_t(0)));
  }
  FailureOr<SmallVector<Value>> starts =
      reverse({loop, tape, inits, carries, loop.getResults().drop_front(count), segment, trips, most, replayTrip}, cts);
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
  Tape tape = tapeOf(loop);
  DimAttr most = dim(maxTrips.getInt()), segment = tape == Tape::none ? DimAttr() : segmentOf(tape, most);
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
    if (segment)
      for (Value carry : inits)
        starts.push_back(createTape(*this, most, segment, carry));
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
    Value entry = segment ? ceilDiv(counter, segment) : Value();
    for (auto [entries, carry] : llvm::zip(tapes, head))
      more.push_back(writeLane(entries, carry, entry));
    recording.getYieldOp().getResultsMutable().append(more);
    loop->replaceAllUsesWith(recording.getResults().take_front(passed));
    expander.retire(loop);
  }
  ValueRange carries = ValueRange(recording.getBeforeArguments()).take_front(count);
  ValueRange head = recording.getResults().drop_front(passed).take_front(count);
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

  auto replayTrip = [&](Sweep &child, ValueRange restored, Value) {
    IRMapping mapping;
    mapping.map(carries, restored);
    mapping.map(ValueRange(recording.getBeforeArguments()).drop_front(count), ValueRange(recording.getInits()).drop_front(count));
    Trip again;
    again.ops = child.replay(*recording.getBeforeBody(), mapping);
    mapping.map(recording.getAfterArguments(), mapped(mapping, recording.getConditionOp().getArgs()));
    llvm::append_range(again.ops, child.replay(*recording.getAfterBody(), mapping));
    again.yielded = mapped(mapping, recording.getYieldOp().getResults().take_front(count));
    return again;
  };
  ValueRange tapes = recording.getResults().drop_front(passed + count + 1);
  FailureOr<SmallVector<Value>> starts =
      reverse({recording, tape, inits, carries, tapes, segment, recording.getResult(passed + count), most, replayTrip}, headCts);
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
