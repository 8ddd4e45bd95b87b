// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Batching. The function is written again with a lane axis in front of every value that varies with the lane; what does not vary is computed
// once. A branch whose condition varies computes both sides and selects; a loop whose condition varies runs until no lane wants to go on, and
// lanes that are done keep their carry.

#include "costate/compiler/differentiate/Dependence.h"
#include "costate/compiler/differentiate/Expander.h"
#include "costate/dialects/interfaces/Rules.h"
#include "costate/dialects/report/Report.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace costate;
using namespace costate::graph;

namespace costate::differentiate {

namespace {

class Lanes : public Batching {
public:
  Lanes(Expander &expander, OpBuilder &builder, Location loc, Dimensions &dimensions, DimAttr lanes, StringRef axisName,
        Variation &variation)
      : Batching(builder, loc, dimensions), expander(expander), lanes(lanes), axisName(axisName), variation(variation) {}

  DimAttr size() override { return lanes; }
  bool binds(StringRef name) override { return !axisName.empty() && name == axisName; }
  bool isBatched(Value operand) override { return variation.contains(operand); }
  Value get(Value operand) override { return mapping.lookupOrDefault(operand); }
  void set(Value value, unsigned index) override { mapping.map(current->getResult(index), value); }
  void setUniform(Value value, unsigned index) override { set(value, index); }
  void loopOverLanes(Operation *op) override;

  /// `to`, with the lane axis if `from` varies, stands for it.
  void define(Value from, Value to) { mapping.map(from, to); }
  void define(ValueRange from, ValueRange to) { mapping.map(from, to); }

  LogicalResult visit(Block &block) {
    for (Operation &op : block.without_terminator())
      if (failed(visit(&op)))
        return failure();
    return success();
  }

  SmallVector<Value> batchedAll(ValueRange values) {
    return llvm::map_to_vector(values, [&](Value value) { return batched(value); });
  }

private:
  LogicalResult visit(Operation *op);
  LogicalResult visitCall(func::CallOp call);
  LogicalResult visitFor(scf::ForOp loop);
  LogicalResult visitWhile(scf::WhileOp loop);
  LogicalResult visitVaryingWhile(scf::WhileOp loop);
  LogicalResult visitIf(scf::IfOp branch);
  LogicalResult requireUniform(Operation *op);

  /// `value` with the lane axis in front, of lane type `type`.
  RankedTensorType batchedType(Type type) {
    auto lane = cast<RankedTensorType>(type);
    SmallVector<int64_t> shape{lanes.extent()};
    llvm::append_range(shape, lane.getShape());
    return RankedTensorType::get(shape, lane.getElementType());
  }
  /// Values that are handed on to `places`, with the lane axis where these vary.
  SmallVector<Value> handed(ValueRange values, ValueRange places) {
    return llvm::map_to_vector(llvm::zip_equal(values, places), [&](auto pair) {
      auto [value, place] = pair;
      return isBatched(place) ? batched(value) : get(value);
    });
  }
  LogicalResult requireTensors(Operation *loop, ValueRange carries) {
    for (Value carry : carries)
      if (isBatched(carry) && failed(differentiate::requireTensors(loop, carry, "that vary with the lane")))
        return failure();
    return success();
  }
  /// pred[lane] ? a[lane] : b[lane], pred of rank 1.
  Value selectLanes(Value pred, Value a, Value b) { return select(broadcast(pred, {0}, dims(a)), a, b); }

  Expander &expander;
  DimAttr lanes;
  StringRef axisName;
  Variation &variation; // of values of the function before the transform
  Operation *current = nullptr;
  IRMapping mapping;
};

LogicalResult Lanes::visit(Operation *op) {
  current = op;
  loc = op->getLoc();
  bool varies = llvm::any_of(op->getOperands(), [&](Value operand) { return isBatched(operand); }) ||
                llvm::any_of(capturesOf(op), [&](Value value) { return isBatched(value); });
  if (!varies && !expander.mentions(*op, axisName)) {
    builder.clone(*op, mapping);
    return success();
  }
  if (auto batchable = dyn_cast<Batchable>(op)) {
    batchable.batch(*this);
    return success();
  }
  // A scalar taken out of a tensor and put back stays a tensor of one scalar a lane.
  if (auto extract = dyn_cast<tensor::ExtractOp>(op); extract && extract.getIndices().empty()) {
    define(extract.getResult(), get(extract.getTensor()));
    return success();
  }
  if (auto elements = dyn_cast<tensor::FromElementsOp>(op); elements && elements.getType().getRank() == 0) {
    define(elements.getResult(), get(elements.getElements().front()));
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
  if (isa<Dimensioned>(op)) { // so that the results of all lanes have a shape
    loopOverLanes(op);
    return success();
  }
  return op->emitError() << "requires a batching rule of '" << op->getName() << "', whose operands vary with the lane";
}

void Lanes::loopOverLanes(Operation *op) {
  SmallVector<Value> starts;
  for (Value result : op->getResults()) {
    Dims shape = dims(result);
    shape.insert(shape.begin(), lanes);
    starts.push_back(splat(0.0, shape, getElementTypeOrSelf(result.getType())));
  }
  auto loop = createFor(builder, loc, index(int64_t(0)), index(lanes), index(int64_t(1)), starts,
                        [&](OpBuilder &nested, Value lane, ValueRange carries) {
                          Emitter e(nested, loc, dimensions);
                          IRMapping inner = mapping;
                          for (Value operand : op->getOperands())
                            if (isBatched(operand))
                              inner.map(operand, e.readLane(get(operand), lane));
                          Operation *copy = nested.clone(*op, inner);
                          SmallVector<Value> written;
                          for (auto [carry, result] : llvm::zip_equal(carries, copy->getResults()))
                            written.push_back(e.writeLane(carry, result, lane));
                          return written;
                        });
  define(op->getResults(), loop.getResults());
}

/// A function with a rule stays one: the batched function has the batched rule.
LogicalResult Lanes::visitCall(func::CallOp call) {
  SmallVector<bool> over = llvm::map_to_vector(call.getOperands(), [&](Value operand) { return isBatched(operand); });
  FailureOr<func::FuncOp> callee = expander.map(expander.lookup(call), over, lanes, axisName);
  if (failed(callee))
    return failure();
  auto all = create<func::CallOp>(*callee, llvm::map_to_vector(call.getOperands(), [&](Value operand) { return get(operand); }));
  define(call.getResults(), all.getResults());
  return success();
}

LogicalResult Lanes::visitFor(scf::ForOp loop) {
  for (Value bound : {loop.getLowerBound(), loop.getUpperBound(), loop.getStep()})
    if (isBatched(bound))
      return loop.emitError() << "requires loop bounds that do not vary with the lane";
  ValueRange carried = loop.getRegionIterArgs();
  if (failed(requireTensors(loop, carried)))
    return failure();
  LogicalResult status = success();
  auto wide = createFor(builder, loc, get(loop.getLowerBound()), get(loop.getUpperBound()), get(loop.getStep()),
                        handed(loop.getInitArgs(), carried), [&](OpBuilder &nested, Value iv, ValueRange carries) {
                          OpBuilder::InsertionGuard guard(builder);
                          builder.restoreInsertionPoint(nested.saveInsertionPoint());
                          define(loop.getInductionVar(), iv);
                          define(carried, carries);
                          if (failed(status = visit(*loop.getBody())))
                            return SmallVector<Value>(carries);
                          return handed(loop.getYieldedValues(), carried);
                        });
  wide->setDiscardableAttrs(loop->getDiscardableAttrDictionary());
  define(loop.getResults(), wide.getResults());
  return status;
}

/// What differs from lane to lane runs for all of them, also for those that do not take part.
LogicalResult Lanes::requireUniform(Operation *op) {
  if (report::reports(op))
    return op->emitError()
           << "requires no 'require' and no 'print' in a branch or loop of a function under 'map' that differs from lane to lane";
  if (expander.mentions(*op, axisName))
    return op->emitError() << "requires a condition that is the same in all lanes of '" << axisName << "' around 'psum' and the like";
  return success();
}

LogicalResult Lanes::visitWhile(scf::WhileOp loop) {
  if (failed(requireTensors(loop, loop.getBeforeArguments())) || failed(requireTensors(loop, loop.getResults())))
    return failure();
  if (isBatched(loop.getConditionOp().getCondition()))
    return visitVaryingWhile(loop);
  SmallVector<Value> inits = handed(loop.getInits(), loop.getBeforeArguments());
  SmallVector<Type> results = llvm::map_to_vector(
      loop.getResults(), [&](Value result) -> Type { return isBatched(result) ? batchedType(result.getType()) : result.getType(); });
  auto wide = scf::WhileOp::create(builder, loc, results, inits);
  wide->setDiscardableAttrs(loop->getDiscardableAttrDictionary());
  OpBuilder::InsertionGuard guard(builder);
  auto open = [&](Region &region, ValueRange arguments, TypeRange types) {
    Block *block = builder.createBlock(&region, {}, types, SmallVector<Location>(types.size(), loc));
    define(arguments, block->getArguments());
  };
  open(wide.getBefore(), loop.getBeforeArguments(), ValueRange(inits).getTypes());
  if (failed(visit(*loop.getBeforeBody())))
    return failure();
  create<scf::ConditionOp>(get(loop.getConditionOp().getCondition()), handed(loop.getConditionOp().getArgs(), loop.getResults()));
  open(wide.getAfter(), loop.getAfterArguments(), results);
  if (failed(visit(*loop.getAfterBody())))
    return failure();
  create<scf::YieldOp>(handed(loop.getYieldOp().getResults(), loop.getBeforeArguments()));
  define(loop.getResults(), wide.getResults());
  return success();
}

LogicalResult Lanes::visitVaryingWhile(scf::WhileOp loop) {
  if (failed(requireUniform(loop)))
    return failure();
  unsigned passed = loop.getNumResults();
  // carries: those of the loop, then what each lane passed on when it stopped, then which lanes go on
  SmallVector<Value> inits = batchedAll(loop.getInits());
  SmallVector<Type> results;
  for (Value result : loop.getResults()) {
    Dims shape = dims(result);
    shape.insert(shape.begin(), lanes);
    inits.push_back(splat(0.0, shape, getElementTypeOrSelf(result.getType())));
    results.push_back(inits.back().getType());
  }
  inits.push_back(splat(1.0, {lanes}, builder.getI1Type()));
  unsigned count = loop.getInits().size();
  SmallVector<Type> types = llvm::map_to_vector(inits, [](Value value) { return value.getType(); });
  llvm::append_range(types, ArrayRef(results));
  auto wide = scf::WhileOp::create(builder, loc, types, inits);
  wide->setDiscardableAttrs(loop->getDiscardableAttrDictionary());
  OpBuilder::InsertionGuard guard(builder);
  SmallVector<Location> locations(types.size(), loc);
  Block *before = builder.createBlock(&wide.getBefore(), {}, ValueRange(inits).getTypes(), ArrayRef(locations).take_front(inits.size()));
  ValueRange arguments = before->getArguments();
  define(loop.getBeforeArguments(), arguments.take_front(count));
  if (failed(visit(*loop.getBeforeBody())))
    return failure();
  Value running = arguments.back(), condition = loop.getConditionOp().getCondition();
  SmallVector<Value> passes; // what the lanes pass on now; those that had stopped keep what they passed then
  for (auto [old, now] : llvm::zip_equal(arguments.drop_front(count).take_front(passed), batchedAll(loop.getConditionOp().getArgs())))
    passes.push_back(selectLanes(running, now, old));
  Value goesOn = create<AndOp>(running.getType(), running, get(condition));
  Value any = create<ReduceMaxOp>(RankedTensorType::get({}, builder.getI1Type()), goesOn, ArrayRef<int64_t>{0});
  SmallVector<Value> next(arguments.take_front(count));
  llvm::append_range(next, passes);
  next.push_back(goesOn);
  llvm::append_range(next, passes);
  create<scf::ConditionOp>(create<tensor::ExtractOp>(any, ValueRange()), next);

  Block *after = builder.createBlock(&wide.getAfter(), {}, types, locations);
  arguments = after->getArguments();
  define(loop.getAfterArguments(), arguments.take_back(passed));
  if (failed(visit(*loop.getAfterBody())))
    return failure();
  next.clear();
  for (auto [old, now] : llvm::zip_equal(arguments.take_front(count), batchedAll(loop.getYieldOp().getResults())))
    next.push_back(selectLanes(arguments[count + passed], now, old));
  llvm::append_range(next, arguments.drop_front(count).take_front(passed + 1));
  create<scf::YieldOp>(next);
  define(loop.getResults(), wide.getResults().take_back(passed));
  return success();
}

LogicalResult Lanes::visitIf(scf::IfOp branch) {
  Value condition = branch.getCondition();
  auto yieldOf = [](Region &region) { return region.front().getTerminator()->getOperands(); };
  if (isBatched(condition)) {
    Value pred = get(condition);
    if (failed(requireUniform(branch)) || failed(visit(*branch.thenBlock())) || failed(visit(*branch.elseBlock())))
      return failure();
    for (auto [result, a, b] : llvm::zip_equal(branch.getResults(), yieldOf(branch.getThenRegion()), yieldOf(branch.getElseRegion())))
      define(result, selectLanes(pred, batched(a), batched(b)));
    return success();
  }
  LogicalResult status = success();
  auto fill = [&](Region &region, OpBuilder &nested) {
    OpBuilder::InsertionGuard guard(builder);
    builder.restoreInsertionPoint(nested.saveInsertionPoint());
    if (failed(visit(region.front())))
      status = failure();
    return failed(status) ? SmallVector<Value>() : handed(yieldOf(region), branch.getResults());
  };
  SmallVector<Type> types = llvm::map_to_vector(
      branch.getResults(), [&](Value result) -> Type { return isBatched(result) ? batchedType(result.getType()) : result.getType(); });
  auto wide = createIf(
      builder, loc, types, get(condition), [&](OpBuilder &nested) { return fill(branch.getThenRegion(), nested); },
      [&](OpBuilder &nested) { return fill(branch.getElseRegion(), nested); });
  define(branch.getResults(), wide.getResults());
  return status;
}

} // namespace

bool Expander::mentions(Operation &op, StringRef axisName) {
  if (axisName.empty())
    return false;
  auto found = op.walk([&](Operation *inner) {
    auto collective = dyn_cast<Collective>(inner);
    auto call = dyn_cast<func::CallOp>(inner);
    bool mentions =
        (collective && collective.getAxisName() == axisName) || (call && this->mentions(*lookup(call).getOperation(), axisName));
    return mentions ? WalkResult::interrupt() : WalkResult::advance();
  });
  return found.wasInterrupted();
}

FailureOr<func::FuncOp> Expander::map(func::FuncOp function, ArrayRef<bool> over, DimAttr size, StringRef axisName,
                                      ArrayRef<bool> replicated) {
  auto bits = [](ArrayRef<bool> list) { return llvm::join(llvm::map_range(list, [](bool b) { return std::string(b ? "1" : "0"); }), ""); };
  std::string key = (function.getName() + " map " + bits(over) + " " + size.str() + " " + axisName + " " + bits(replicated)).str();
  if (func::FuncOp done = made.lookup(key))
    return done;
  Block &from = function.front();
  Dimensions dimensions;
  Variation variation(axisName, [&](Operation &op) { return mentions(op, axisName); });
  SmallVector<Type> types;
  SmallVector<Dims> shapes;
  for (auto [argument, varies] : llvm::zip_equal(from.getArguments(), over)) {
    Dims shape = dimensions.of(argument);
    if (varies) {
      shape.insert(shape.begin(), size);
      variation.insert(argument);
    }
    types.push_back(typeOf(shape, getElementTypeOrSelf(argument.getType())));
    shapes.push_back(shape);
  }
  variation.propagate(from);
  func::FuncOp result = createFunction(function, symbols, ".map", types, shapes);
  OpBuilder builder = OpBuilder::atBlockBegin(&result.front());
  Lanes lanes(*this, builder, function.getLoc(), dimensions, size, axisName, variation);
  lanes.define(from.getArguments(), result.getArguments());
  if (failed(lanes.visit(from)))
    return failure();
  SmallVector<Value> results;
  for (auto [i, value] : llvm::enumerate(from.getTerminator()->getOperands())) {
    bool isReplicated = !replicated.empty() && replicated[i];
    if (isReplicated && lanes.isBatched(value))
      return emitError(value.getLoc()) << "requires a value that is the same in all lanes, such as those of 'psum', to be 'replicated'";
    results.push_back(isReplicated ? lanes.get(value) : lanes.batched(value));
  }
  func::ReturnOp::create(builder, function.getLoc(), results);
  updateResults(result, dimensions);
  made[key] = result; // its rule may call it
  if (func::FuncOp rule = ruleOf(function)) {
    FailureOr<func::FuncOp> batchedRule = mapRule(rule, function, over, size, axisName);
    if (failed(batchedRule))
      return failure();
    result->setAttr(kVjpAttr, FlatSymbolRefAttr::get(*batchedRule));
  }
  return result;
}

/// The rule of a batched function: the rule over the lanes; an input that does not vary gets the sum of what its lanes say.
FailureOr<func::FuncOp> Expander::mapRule(func::FuncOp rule, func::FuncOp function, ArrayRef<bool> over, DimAttr size, StringRef axisName) {
  if (failed(flatten(rule)))
    return failure();
  SmallVector<bool> ruleOver(over);
  ruleOver.resize(rule.getNumArguments(), true); // every cotangent varies
  FailureOr<func::FuncOp> lanes = map(rule, ruleOver, size, axisName);
  if (failed(lanes))
    return failure();
  func::FuncOp result = cloneWithName(*lanes, ".rule");
  Operation *terminator = result.front().getTerminator();
  OpBuilder builder(terminator);
  Dimensions dimensions;
  Emitter e(builder, rule.getLoc(), dimensions);
  unsigned next = 0;
  for (auto [argument, varies] : llvm::zip_equal(function.getArguments(), over)) {
    if (!isFloat(argument.getType()))
      continue;
    if (!varies)
      terminator->setOperand(next, e.sum(terminator->getOperand(next), {0}));
    ++next;
  }
  updateResults(result, dimensions);
  flat.insert(result);
  return result;
}

} // namespace costate::differentiate
