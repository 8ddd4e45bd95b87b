// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loops and branches. A body is a private function of what it is handed from trip to trip, like that of a derivative; the loop of
// the IR only calls it. So a value from around the loop is computed before it, and a body may ask for derivatives itself.
#include "costate/frontends/Elaborator.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace costate::importer {

using namespace syntax;
using llvm::StringRef;
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;
using mlir::LogicalResult;
using mlir::success;

/// An index of the IR: a constant, an extent, or a number that is known when the program runs.
static mlir::Value toIndex(TensorBuilder &b, const Value &value) {
  if (auto number = value.as<Number>())
    return mlir::arith::ConstantIndexOp::create(b.builder, b.location, number->integer);
  Tensor tensor = value.is<Dimension>() ? b.extent(*value.as<Dimension>()) : value.as<RuntimeNumber>()->tensor;
  mlir::Value scalar = mlir::tensor::ExtractOp::create(b.builder, b.location, tensor.value, mlir::ValueRange());
  return mlir::arith::IndexCastOp::create(b.builder, b.location, b.builder.getIndexType(), scalar);
}

/// A size that is known from shapes.
static std::optional<graph::DimAttr> toDimension(TensorBuilder &b, const Value &value) {
  if (auto number = value.as<Number>())
    return b.dim(number->integer);
  auto dimension = value.as<Dimension>();
  return dimension ? std::optional<graph::DimAttr>(*dimension) : std::nullopt;
}

static mlir::Value toCondition(TensorBuilder &b, const Tensor &flag) {
  return mlir::tensor::ExtractOp::create(b.builder, b.location, flag.value, mlir::ValueRange());
}

FailureOr<Tensor> Elaborator::toTruth(const FailureOr<Value> &value, SourceRange where) {
  FailureOr<Tensor> flag = toTensor(value, where);
  if (failed(flag))
    return failure();
  if (!flag->elementType().isInteger(1) || flag->rank() != 0)
    return error(where) << "requires one truth value, but got " << typeName(*flag)
                        << (flag->rank() ? "; 'where(condition, a, b)' chooses element by element" : "");
  return flag;
}

/// What the next trip starts from: `value`, of the type that the first one started with.
FailureOr<Value> Elaborator::carryOn(StringRef name, const Value &value, SourceRange where, const Value &start, SourceRange startWhere) {
  // A number takes the type of the carry, but no integer that of a fraction.
  auto number = value.as<Number>();
  auto atRunTime = value.as<RuntimeNumber>();
  auto complex = value.as<Complex>();
  ArrayType type = arrayType(start);
  bool isInteger = number ? number->isInteger : atRunTime ? atRunTime->tensor.elementType().isInteger() : value.is<Dimension>();
  bool adapts =
      isInteger || ((number || atRunTime) && !type.element.isInteger()) || (complex && !complex->elementType() && start.is<Complex>());
  FailureOr<Value> array = toArray(value, where, adapts ? type.element : mlir::Type());
  if (failed(array))
    return failure();
  if (arrayType(*array) != type)
    return (error(where) << "requires '" << name << "' to stay " << typeName(type) << " from trip to trip, but got "
                         << typeName(arrayType(*array)))
        .note(location(startWhere), "it starts here");
  auto before = start.as<Tensor>();
  return before ? Value(Tensor{array->as<Tensor>()->value, type.dims, before->arena}) : *array;
}

FailureOr<FunctionInstance> Elaborator::liftTrip(const LoopExpr &loop, llvm::ArrayRef<Value> starts, bool isCondition,
                                                 const Binding *scope) {
  Building building(*this, FunctionScope::Lifted, isCondition ? "condition" : "trip", loop.range);
  current->label = current->parent->label;
  current->net = current->parent->net;
  current->bodyStart = current->parent->bodyStart;
  for (auto [carry, start] : llvm::zip_equal(loop.carries, starts))
    scope = bindVariable(carry.name, addArguments(start), scope);
  Tensor trip = addArgument(mlir::RankedTensorType::get({}, b.builder.getI64Type()), {}, {}, b.location);
  if (loop.index)
    scope = bindVariable(*loop.index, RuntimeNumber{trip}, scope);
  if (isCondition) {
    FailureOr<Tensor> flag = toTruth(evaluate(*loop.condition, scope), loop.condition->range);
    return failed(flag) ? FailureOr<FunctionInstance>(failure()) : finish(*flag);
  }
  std::vector<Value> kept; // of a scan
  for (const StmtPtr &statement : loop.body.statements) {
    auto *result = llvm::dyn_cast<ResultStmt>(statement.get());
    if (!result && failed(evaluateStatement(*statement, scope)))
      return failure();
    if (!result)
      continue;
    FailureOr<Value> value = evaluate(*result->value, scope);
    if (failed(value))
      return failure();
    std::vector<Value> parts{*value};
    if (auto list = value->as<List>(); list && list->isTuple)
      parts.assign(list->begin(), list->end());
    for (const Value &part : parts) {
      FailureOr<Value> array = toArray(part, result->value->range);
      if (failed(array))
        return failure();
      kept.push_back(mapTensors(*array, [&](const Tensor &tensor) { return withoutGaps(tensor); }));
    }
  }
  std::vector<Value> last;
  for (auto [carry, start] : llvm::zip_equal(loop.carries, starts)) {
    const Binding *binding = lookup(carry.name.text, scope);
    FailureOr<Value> value = valueOf(binding);
    if (failed(value))
      return failure();
    FailureOr<Value> next = carryOn(carry.name.text, *value, binding->where, start, carry.start->range);
    if (failed(next))
      return failure();
    last.push_back(*next);
  }
  llvm::append_range(last, kept);
  return finish(makeList(std::move(last)));
}

/// Calls the function of a trip. `trip` is its number; what the body draws hangs on it.
mlir::func::CallOp Elaborator::callTrip(const FunctionInstance &instance, mlir::ValueRange carries, const Tensor &trip,
                                        llvm::ArrayRef<mlir::Value> operands) {
  llvm::SmallVector<mlir::Value> all(operands);
  llvm::copy(carries, all.begin());
  all[carries.size()] = trip.value;
  size_t place = carries.size() + 1;
  for (const Binding *captured : instance.captures) {
    if (captured) {
      forEachTensor(*valueOf(captured), [&](const Tensor &) { ++place; });
      continue;
    }
    all[place] = b.foldIn(Tensor{all[place], {}, {}}, trip).value;
    ++place;
  }
  return mlir::func::CallOp::create(b.builder, b.location, instance.func, all);
}

FailureOr<Elaborator::LoopBounds> Elaborator::evaluateBounds(const LoopExpr &loop, const Binding *scope) {
  auto bound = [&](const Expr &e, StringRef what) -> FailureOr<Value> {
    FailureOr<Value> value = evaluate(e, scope);
    if (failed(value))
      return failure();
    auto number = value->as<Number>();
    auto atRunTime = value->as<RuntimeNumber>();
    bool isInteger = number ? number->isInteger : atRunTime ? atRunTime->tensor.elementType().isInteger() : value->is<Dimension>();
    if (!isInteger)
      return error(e.range) << "requires " << what << " to be an integer, but got " << describe(*value)
                            << (value->is<Tensor>() ? "; sizes, hyper-parameters and numbers of the text are, tensors are not" : "");
    return value;
  };
  LoopBounds bounds;
  if (loop.index) {
    FailureOr<Value> first = bound(*loop.low, "the first number of a range"), last = bound(*loop.high, "the end of a range");
    if (failed(first) || failed(last))
      return failure();
    bounds.low = *first;
    bounds.high = *last;
    return bounds;
  }
  FailureOr<Number> number = evaluateNumber(*loop.limit, scope, "the number of trips at most");
  if (failed(number))
    return failure();
  if (!number->isInteger || number->integer < 0)
    return error(loop.limit->range) << "requires the number of trips at most to be an integer >= 0, but got " << describe(*number);
  bounds.limit = number->integer;
  return bounds;
}

/// The loop of `body`, and of `condition` if it is a `while`: functions of the carries and the number of the trip. What the carries become, then
/// that number, then the values of the trips of a scan, `extent` of each.
FailureOr<std::vector<Value>> Elaborator::emitLoop(const LoopExpr &loop, const LoopBounds &bounds, const FunctionInstance &body,
                                                   const FunctionInstance *condition, llvm::ArrayRef<Value> starts, graph::DimAttr extent) {
  b.location = location(loop.range);
  mlir::Type i64 = b.builder.getI64Type();
  std::vector<Tensor> carried = tensorsOf(starts);
  size_t count = carried.size();
  Tensor zero = b.constant(i64, Number::of(int64_t(0))), one = b.constant(i64, Number::of(int64_t(1)));
  carried.push_back(zero);
  if (loop.index) {
    FailureOr<Tensor> first = toTensor(bounds.low, loop.low->range, i64);
    if (failed(first))
      return failure();
    carried.back() = *first;
  }
  auto operands = operandsOf(body, carried, /*freshKey=*/true);
  if (failed(operands))
    return failure();
  llvm::SmallVector<mlir::Value> tested;
  if (condition) {
    auto captured = operandsOf(*condition, carried, /*freshKey=*/true);
    if (failed(captured))
      return failure();
    tested = *captured;
  }
  b.location = location(loop.range);
  Tensor first = carried.back();
  size_t position = 0;
  bool isWritten = extent && extent.constant() != 0;
  if (extent)
    forEachTensor(body.result, [&](const Tensor &kept) {
      if (position++ < count)
        return;
      graph::Dims dims(kept.dims);
      dims.insert(dims.begin(), extent);
      carried.push_back(b.full(kept.elementType(), dims, Number::of(int64_t(0))));
    });
  llvm::SmallVector<mlir::Value> inits = llvm::map_to_vector(carried, [](const Tensor &tensor) { return tensor.value; });
  mlir::OpBuilder::InsertionGuard guard(b.builder);
  mlir::Operation *made;
  auto emitTrip = [&](mlir::ValueRange arguments) {
    Tensor trip{arguments[count], {}, {}};
    mlir::ValueRange results = callTrip(body, arguments.take_front(count), trip, *operands).getResults();
    llvm::SmallVector<mlir::Value> next(results.take_front(count));
    next.push_back(b.binary<graph::AddOp>(trip, one).value);
    for (auto [kept, all, like] : llvm::zip(results.drop_front(count), arguments.drop_front(count + 1), llvm::ArrayRef(carried).drop_front(count + 1))) {
      if (!isWritten) {
        next.push_back(all);
        continue;
      }
      graph::Dims dims(like.dims);
      dims.front() = b.dim(1);
      Tensor row = b.reshape(Tensor{kept, graph::Dims(llvm::drop_begin(like.dims)), {}}, dims);
      llvm::SmallVector<mlir::Value> places(dims.size(), zero.value);
      places.front() = b.binary<graph::SubtractOp>(trip, first).value;
      next.push_back(graph::DynamicUpdateSliceOp::create(b.builder, b.location, all.getType(), all, row.value, places));
    }
    mlir::scf::YieldOp::create(b.builder, b.location, next);
  };
  if (!condition) {
    mlir::Value from = toIndex(b, bounds.low), to = toIndex(b, bounds.high), step = mlir::arith::ConstantIndexOp::create(b.builder, b.location, 1);
    auto op = mlir::scf::ForOp::create(b.builder, b.location, from, to, step, inits);
    b.builder.setInsertionPointToStart(op.getBody());
    emitTrip(op.getRegionIterArgs());
    made = op;
  } else {
    Tensor most = b.constant(i64, Number::of(bounds.limit));
    mlir::TypeRange types = mlir::ValueRange(inits).getTypes();
    auto op = mlir::scf::WhileOp::create(b.builder, b.location, types, inits);
    llvm::SmallVector<mlir::Location> where(inits.size(), b.location);
    mlir::Block *before = b.builder.createBlock(&op.getBefore(), {}, types, where);
    Tensor trip{before->getArgument(count), {}, {}};
    Tensor goes{callTrip(*condition, before->getArguments().take_front(count), trip, tested).getResult(0), {}, {}};
    goes = b.binary<graph::AndOp>(b.compare(graph::ComparisonDirection::LT, trip, most), goes);
    mlir::scf::ConditionOp::create(b.builder, b.location, toCondition(b, goes), before->getArguments());
    mlir::Block *after = b.builder.createBlock(&op.getAfter(), {}, types, where);
    emitTrip(after->getArguments());
    op->setAttr(graph::kMaxTripsAttr, b.builder.getI64IntegerAttr(bounds.limit));
    made = op;
  }
  if (loop.tape != Tape::All)
    made->setAttr(graph::kTapeAttr, graph::TapeAttr::get(b.builder.getContext(), *graph::symbolizeTape(wordOf(loop.tape))));
  unsigned next = 0;
  auto take = [&](const Value &like) {
    return mapTensors(like, [&](const Tensor &) {
      const Tensor &init = carried[next];
      return Tensor{made->getResult(next++), init.dims, init.arena};
    });
  };
  std::vector<Value> results;
  for (const Value &start : starts)
    results.push_back(take(start));
  results.push_back(take(RuntimeNumber{carried[count]}));
  if (extent)
    for (const Value &kept : llvm::drop_begin(*body.result.as<List>(), starts.size()))
      results.push_back(take(kept));
  return results;
}

FailureOr<Value> Elaborator::evaluateLoop(const LoopExpr &loop, const Binding *scope) {
  std::vector<Value> starts;
  for (const LoopExpr::Carry &carry : loop.carries) {
    FailureOr<Value> start = toArray(evaluate(*carry.start, scope), carry.start->range);
    if (failed(start))
      return failure();
    starts.push_back(*start);
  }
  FailureOr<LoopBounds> bounds = evaluateBounds(loop, scope);
  if (failed(bounds))
    return failure();
  graph::DimAttr extent;
  if (loop.isScan) {
    auto low = toDimension(b, bounds->low), high = toDimension(b, bounds->high);
    if (!low || !high)
      return error((low ? loop.high : loop.low)->range) << "requires a range that is known from shapes, for a 'scan' has an element for each trip, but got "
                                                         << describe(low ? bounds->high : bounds->low);
    extent = graph::DimAttr::max(*high - *low, b.dim(0));
  }
  FailureOr<FunctionInstance> body = liftTrip(loop, starts, /*isCondition=*/false, scope), condition = failure();
  if (succeeded(body) && !loop.index)
    condition = liftTrip(loop, starts, /*isCondition=*/true, scope);
  if (failed(body) || (!loop.index && failed(condition)))
    return failure();
  if (failed(refuseUpdates(*body, loop.range, "a loop")))
    return failure();
  auto results = emitLoop(loop, *bounds, *body, loop.index ? nullptr : &*condition, starts, extent);
  if (failed(results))
    return failure();
  if (loop.index)
    results->erase(results->begin() + starts.size()); // the number of the trip
  return results->size() == 1 ? results->front() : makeTuple(std::move(*results));
}

/// The value of a branch: of its last line, or the names that branches rebind, as they are at its end.
FailureOr<Value> Elaborator::evaluateBlock(const BranchExpr &branch, const Block &block, const Binding *scope) {
  FailureOr<Value> value = evaluateBody(block, scope);
  if (succeeded(value) && value->is<std::monostate>())
    value = makeList({}); // it only prints or requires something
  if (succeeded(value) && !branch.rebound.empty()) {
    std::vector<Value> values;
    for (const Name &name : branch.rebound) {
      FailureOr<Value> last = valueOf(lookup(name.text, scope));
      if (failed(last))
        return failure();
      values.push_back(*last);
    }
    value = makeList(std::move(values));
  }
  return value;
}

FailureOr<Value> Elaborator::evaluateBranch(const BranchExpr &branch, const Binding *scope) {
  for (const Name &name : branch.rebound)
    if (!lookup(name.text, scope))
      return error(name.range) << "requires '" << name.text << "' to be bound before the branches; write '" << name.text << " = ...' first";
  FailureOr<Value> condition = evaluate(*branch.condition, scope);
  if (failed(condition))
    return failure();
  if (auto known = condition->as<bool>())
    return evaluateBlock(branch, *known ? branch.then : branch.otherwise, scope);
  FailureOr<Tensor> flag = toTruth(condition, branch.condition->range);
  if (failed(flag))
    return failure();

  auto lift = [&](const Block &block) -> FailureOr<BranchSide> {
    Building building(*this, FunctionScope::Lifted, "branch", block.range);
    current->label = current->parent->label;
    current->net = current->parent->net;
    current->bodyStart = current->parent->bodyStart;
    FailureOr<Value> value = evaluateBlock(branch, block, scope);
    return failed(value) ? FailureOr<BranchSide>(failure()) : finishSide(*value, block.range);
  };
  FailureOr<BranchSide> then = lift(branch.then), otherwise = failure();
  if (succeeded(then))
    otherwise = lift(branch.otherwise);
  if (failed(then) || failed(otherwise))
    return failure();
  if (failed(refuseUpdates(then->instance, branch.range, "a branch")) || failed(refuseUpdates(otherwise->instance, branch.range, "a branch")))
    return failure();
  if (then->isList != otherwise->isList || then->values.size() != otherwise->values.size())
    return error(branch.range) << "requires branches with equally many values, but got " << then->values.size() << " and "
                               << otherwise->values.size();
  auto names = llvm::map_to_vector(branch.rebound, [](const Name &name) { return name.text; });
  auto results = emitBranch(branch.range, *flag, *then, *otherwise, names, {}, /*freshKey=*/true);
  if (failed(results))
    return failure();
  return then->isList ? makeTuple(std::move(*results)) : results->front();
}

/// Closes the function of one side of a branch, whose value, or list of values, this is.
FailureOr<Elaborator::BranchSide> Elaborator::finishSide(const Value &value, SourceRange where) {
  BranchSide side;
  auto list = value.as<List>();
  side.isList = bool(list);
  for (const Value &element : list ? llvm::ArrayRef(list->begin(), list->end()) : llvm::ArrayRef(value)) {
    FailureOr<Value> array = toArray(element, where);
    if (failed(array))
      return failure();
    auto complex = element.as<Complex>();
    side.values.push_back(*array);
    side.areNumbers.push_back(!element.is<Tensor>() && !element.is<List>() && !(complex && complex->elementType()));
  }
  side.instance = finish(makeList(side.values));
  return side;
}

/// The values of the side that `flag` chooses; `names` are for messages, where there are any.
FailureOr<std::vector<Value>> Elaborator::emitBranch(SourceRange where, const Tensor &flag, const BranchSide &then,
                                                     const BranchSide &otherwise, llvm::ArrayRef<StringRef> names,
                                                     llvm::ArrayRef<Tensor> arguments, bool freshKey) {
  llvm::SmallVector<mlir::Type> elements, types;
  for (size_t i = 0; i < then.values.size(); ++i) {
    ArrayType a = arrayType(then.values[i]), c = arrayType(otherwise.values[i]);
    if (a.dims != c.dims)
      return error(where) << "requires equal shapes in both branches" << (names.empty() ? "" : (" of '" + names[i] + "'").str()) << ", but got "
                          << typeName(a) << " and " << typeName(c);
    mlir::Type typed = then.areNumbers[i] ? c.element : a.element, number = then.areNumbers[i] ? a.element : c.element;
    bool adapts =
        then.areNumbers[i] != otherwise.areNumbers[i] && (!mlir::isa<mlir::ComplexType>(number) || mlir::isa<mlir::ComplexType>(typed));
    elements.push_back(adapts ? typed : promote(a.element, c.element));
    auto complex = mlir::dyn_cast<mlir::ComplexType>(elements.back());
    types.append(complex ? 2 : 1, graph::typeOf(a.dims, complex ? complex.getElementType() : elements.back()));
  }
  auto ofThen = operandsOf(then.instance, arguments, freshKey), ofElse = operandsOf(otherwise.instance, arguments, freshKey);
  if (failed(ofThen) || failed(ofElse))
    return failure();
  b.location = location(where);
  mlir::OpBuilder::InsertionGuard guard(b.builder);
  auto op = mlir::scf::IfOp::create(b.builder, b.location, types, toCondition(b, flag), /*addThenBlock=*/true, /*addElseBlock=*/true);
  std::vector<Value> results;
  auto emit = [&](mlir::Block *block, const BranchSide &side, llvm::ArrayRef<mlir::Value> operands) {
    b.builder.setInsertionPointToStart(block);
    auto call = mlir::func::CallOp::create(b.builder, b.location, side.instance.func, operands);
    unsigned next = 0;
    results.clear();
    for (auto [value, element] : llvm::zip_equal(side.values, elements)) {
      Value own = mapTensors(value, [&](const Tensor &tensor) { return Tensor{call.getResult(next++), tensor.dims, {}}; });
      results.push_back(*toArray(own, where, element));
    }
    mlir::scf::YieldOp::create(b.builder, b.location,
                               llvm::map_to_vector(tensorsOf(results), [](const Tensor &tensor) { return tensor.value; }));
  };
  emit(op.thenBlock(), then, *ofThen);
  emit(op.elseBlock(), otherwise, *ofElse);
  unsigned next = 0;
  for (auto [value, result] : llvm::zip_equal(then.values, results)) {
    auto tensor = value.as<Tensor>();
    mlir::FlatSymbolRefAttr arena = tensor ? tensor->arena : mlir::FlatSymbolRefAttr();
    result = mapTensors(result, [&](const Tensor &part) { return Tensor{op.getResult(next++), part.dims, arena}; });
  }
  return results;
}

} // namespace costate::importer
