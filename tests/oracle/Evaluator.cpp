// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/tests/oracle/Evaluator.h"
#include "costate/tests/oracle/Interpretable.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;

namespace costate::oracle {

Oracle::Oracle(ModuleOp module, Options options) : evaluator(std::make_shared<Evaluator>(module, options)) {}

FailureOr<Nodes> Oracle::evaluate(StringRef function, Nodes inputs, const llvm::StringMap<int64_t> &names) {
  func::FuncOp op = evaluator->lookup(function);
  if (!op)
    return evaluator->root().emitError() << "requires a function '" << function << "'";
  return evaluator->call(op, std::move(inputs), names);
}

FailureOr<std::vector<Array>> Oracle::run(StringRef function, ArrayRef<Array> inputs, const llvm::StringMap<int64_t> &names) {
  FailureOr<Nodes> results = evaluate(function, Nodes(inputs.begin(), inputs.end()), names);
  if (failed(results))
    return failure();
  std::vector<Array> arrays;
  for (const Node &result : *results)
    arrays.push_back(*result);
  return arrays;
}

double Oracle::largestMagnitude() const { return evaluator->largestMagnitude(); }

std::optional<int64_t> Frame::extent(graph::DimAttr dim) const {
  return dim.evaluate([&](StringRef name) -> std::optional<int64_t> {
    auto found = names.find(name);
    return found == names.end() ? std::nullopt : std::optional<int64_t>(found->second);
  });
}

FailureOr<Shape> Frame::shape(Operation *op, ArrayAttr dims) const {
  Shape shape;
  for (graph::DimAttr dim : graph::toDims(dims)) {
    std::optional<int64_t> n = extent(dim);
    if (!n)
      return op->emitOpError() << "requires the names in " << dim.str() << " to be bound by an argument";
    if (*n < 0)
      return op->emitOpError() << "requires extents not to be negative, but " << dim.str() << " is " << *n;
    shape.push_back(*n);
  }
  return shape;
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

FailureOr<func::FuncOp> Evaluator::callee(Operation *op, StringRef name) {
  func::FuncOp function = lookup(name);
  if (!function || function.isExternal())
    return op->emitOpError() << "requires '" << name << "' to be a function with a body";
  return function;
}

/// A name is the extent of an axis that is this name alone, or the value of an `index` argument.
LogicalResult Evaluator::bindNames(func::FuncOp function, const Nodes &arguments, Frame &frame) {
  for (unsigned i = 0; i < arguments.size(); ++i) {
    if (auto name = function.getArgAttrOfType<StringAttr>(i, graph::kDimNameAttr))
      frame.names[name.getValue()] = arguments[i]->integer();
    auto dims = function.getArgAttrOfType<ArrayAttr>(i, graph::kDimsAttr);
    if (!dims)
      continue;
    if (dims.size() != arguments[i]->shape.size())
      return function.emitError() << "requires argument " << i << " of rank " << dims.size() << ", but got " << arguments[i]->shape.size();
    for (auto [dim, extent] : llvm::zip_equal(graph::toDims(dims), arguments[i]->shape))
      if (std::optional<StringRef> name = dim.symbol())
        frame.names.try_emplace(*name, extent);
  }
  for (unsigned i = 0; i < arguments.size(); ++i) {
    auto dims = function.getArgAttrOfType<ArrayAttr>(i, graph::kDimsAttr);
    if (!dims)
      continue;
    for (auto [dim, extent] : llvm::zip_equal(graph::toDims(dims), arguments[i]->shape))
      if (std::optional<int64_t> wanted = frame.extent(dim); wanted && *wanted != extent)
        return function.emitError() << "requires an axis of argument " << i << " to be " << dim.str() << " = " << *wanted << ", but got " << extent;
  }
  return success();
}

FailureOr<Nodes> Evaluator::call(func::FuncOp function, Nodes arguments, const llvm::StringMap<int64_t> &names) {
  if (arguments.size() != function.getNumArguments())
    return function.emitError() << "requires " << function.getNumArguments() << " arguments, but got " << arguments.size();
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes())) {
    auto shaped = dyn_cast<RankedTensorType>(type);
    bool fits = arguments[i]->kind == kindOf(type) && (!shaped || succeeded(verifyCompatibleShape(shaped.getShape(), arguments[i]->shape)));
    if (!fits)
      return function.emitError() << "requires argument " << i << " of type " << type << ", but got " << toString(*arguments[i]);
  }
  bool isTracked = llvm::any_of(arguments, [](const Node &argument) { return argument.isTracked(); });
  if (auto rule = function->getAttrOfType<FlatSymbolRefAttr>(graph::kVjpAttr); rule && isTracked) {
    FailureOr<func::FuncOp> found = callee(function, rule.getValue());
    return failed(found) ? FailureOr<Nodes>(failure()) : callWithRule(function, *found, std::move(arguments));
  }
  return callBody(function, std::move(arguments), names);
}

/// The body gives the values, `rule` all derivatives: (arguments, a cotangent per real result) to a cotangent per real argument.
FailureOr<Nodes> Evaluator::callWithRule(func::FuncOp function, func::FuncOp rule, Nodes arguments) {
  Nodes constants;
  for (const Node &argument : arguments)
    constants.push_back(argument.detached());
  FailureOr<Nodes> values = callBody(function, std::move(constants), {});
  if (failed(values))
    return failure();
  std::vector<Array> arrays;
  for (const Node &value : *values)
    arrays.push_back(*value);
  Nodes shapes = *values;
  return Tape::record(std::move(arrays), std::move(arguments), [=, this](const Nodes &inputs, const Nodes &cotangents) -> Nodes {
    Nodes operands = inputs;
    for (size_t i = 0; i < shapes.size(); ++i)
      if (shapes[i]->isReal())
        operands.push_back(cotangents[i] ? cotangents[i] : like(shapes[i], 0));
    FailureOr<Nodes> pulled = call(rule, std::move(operands));
    Nodes result(inputs.size());
    if (failed(pulled)) {
      ruleFailed = true;
      return result;
    }
    for (size_t i = 0, next = 0; i < inputs.size(); ++i)
      if (inputs[i]->isReal() && next < pulled->size())
        result[i] = (*pulled)[next++];
    return result;
  });
}

FailureOr<Nodes> Evaluator::callBody(func::FuncOp function, Nodes arguments, const llvm::StringMap<int64_t> &names) {
  Frame frame;
  frame.names = names;
  if (failed(bindNames(function, arguments, frame)))
    return failure();
  return runBlock(function.getBody().front(), arguments, frame);
}

//===----------------------------------------------------------------------===//
// Blocks and ops
//===----------------------------------------------------------------------===//

FailureOr<Nodes> Evaluator::runBlock(Block &block, const Nodes &arguments, Frame &frame) {
  auto measure = [&](const Node &node) {
    for (double x : node->reals)
      if (std::isfinite(x))
        largest = std::max(largest, std::abs(x));
  };
  llvm::for_each(arguments, measure);
  for (auto [argument, node] : llvm::zip_equal(block.getArguments(), arguments))
    frame.values[argument] = node;
  for (Operation &op : block) {
    Nodes operands;
    for (Value operand : op.getOperands())
      operands.push_back(frame.values.lookup(operand));
    if (op.hasTrait<OpTrait::IsTerminator>())
      return operands;
    FailureOr<Nodes> results = runOp(&op, operands, frame);
    if (failed(results) || failed(checkResults(&op, *results, frame)))
      return failure();
    llvm::for_each(*results, measure);
    for (auto [result, node] : llvm::zip_equal(op.getResults(), *results))
      frame.values[result] = node;
  }
  return Nodes();
}

FailureOr<Nodes> Evaluator::runOp(Operation *op, const Nodes &operands, Frame &frame) {
  if (auto rule = dyn_cast<Interpretable>(op))
    return rule.interpret(operands);
  if (auto requirement = dyn_cast<report::RequireOp>(op))
    return runRequire(requirement, operands);
  if (auto print = dyn_cast<report::PrintOp>(op)) {
    if (options.printer)
      options.printer(print.getName(), *operands[0]);
    return Nodes();
  }
  if (auto collective = dyn_cast<Collective>(op))
    return op->emitOpError() << "requires a map of axis '" << collective.getAxisName() << "' around it";
  if (auto call = dyn_cast<graph::ExternOp>(op))
    return callProgram(call, operands, frame);
  if (isa_and_nonnull<graph::GraphDialect>(op->getDialect()) && !isa<graph::VjpOp, graph::JvpOp, graph::MapRequestOp>(op))
    return applyRule(*this, op, operands, frame);
  if (std::optional<Nodes> results = applyScalarRule(*this, op, operands))
    return std::move(*results);
  return runControl(op, operands, frame);
}

FailureOr<Nodes> Evaluator::runRequire(report::RequireOp op, const Nodes &operands) {
  if (operands[0]->integer())
    return Nodes();
  auto error = op.emitError() << op.getText();
  for (size_t i = 1; i < operands.size(); ++i)
    error << (i == 1 ? ", but got " : " and ") << operands[i]->reals[0];
  return error;
}

/// Every result has its type's extents and, if asked, those that the op infers from its operands' dimensions.
LogicalResult Evaluator::checkResults(Operation *op, const Nodes &results, Frame &frame) {
  auto function = op->getParentOfType<func::FuncOp>();
  for (auto [value, node] : llvm::zip_equal(op->getResults(), results)) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (node->kind != kindOf(value.getType()))
      return op->emitOpError() << "requires the oracle to give " << value.getType() << ", but it gave " << toString(*node);
    if (!type)
      continue;
    if (failed(verifyCompatibleShape(type.getShape(), node->shape)))
      return op->emitOpError() << "requires a result of type " << type << ", but the oracle gave " << toString(*node);
    if (!options.checkDimensions || type.hasStaticShape() || !function)
      continue;
    std::shared_ptr<graph::Dimensions> &inferred = dimensions[function];
    if (!inferred)
      inferred = std::make_shared<graph::Dimensions>();
    for (auto [axis, dim] : llvm::enumerate(inferred->of(value)))
      if (std::optional<int64_t> extent = frame.extent(dim); extent && *extent != node->shape[axis])
        return op->emitOpError() << "requires axis " << axis << " to be " << dim.str() << " = " << *extent << ", but the oracle gave "
                                 << node->shape[axis];
  }
  return success();
}

FailureOr<Nodes> Evaluator::runControl(Operation *op, const Nodes &operands, Frame &frame) {
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    Nodes carry(operands.begin() + 3, operands.end());
    int64_t step = operands[2]->integer();
    if (step <= 0)
      return op->emitOpError() << "requires a positive step, but got " << step;
    for (int64_t i = operands[0]->integer(); i < operands[1]->integer(); i += step) {
      Nodes arguments{Node(Array::of(operands[0]->kind, {}, std::vector<int64_t>{i}))};
      arguments.insert(arguments.end(), carry.begin(), carry.end());
      FailureOr<Nodes> next = runBlock(*loop.getBody(), arguments, frame);
      if (failed(next))
        return failure();
      carry = std::move(*next);
    }
    return carry;
  }
  if (auto loop = dyn_cast<scf::WhileOp>(op)) {
    Nodes carry = operands;
    while (true) {
      FailureOr<Nodes> condition = runBlock(*loop.getBeforeBody(), carry, frame);
      if (failed(condition))
        return failure();
      Nodes passed(condition->begin() + 1, condition->end());
      if (!condition->front()->integer())
        return passed;
      FailureOr<Nodes> next = runBlock(*loop.getAfterBody(), passed, frame);
      if (failed(next))
        return failure();
      carry = std::move(*next);
    }
  }
  if (auto branch = dyn_cast<scf::IfOp>(op)) {
    Region &taken = operands[0]->integer() ? branch.getThenRegion() : branch.getElseRegion();
    return taken.empty() ? Nodes() : runBlock(taken.front(), {}, frame);
  }
  if (auto request = dyn_cast<graph::VjpOp>(op))
    return runVjp(request, operands);
  if (auto request = dyn_cast<graph::JvpOp>(op))
    return runJvp(request, operands);
  if (auto request = dyn_cast<graph::MapRequestOp>(op))
    return runMap(request, operands, frame);
  if (auto request = dyn_cast<func::CallOp>(op)) {
    FailureOr<func::FuncOp> function = callee(op, request.getCallee());
    return failed(function) ? FailureOr<Nodes>(failure()) : call(*function, operands);
  }
  return op->emitOpError() << "has no rule in the oracle";
}

//===----------------------------------------------------------------------===//
// Requests
//===----------------------------------------------------------------------===//

namespace {

/// The call of a function whose `chosen` arguments are variables, and its real results.
struct Recording {
  Nodes variables, outputs, reals;
  bool isTracked; // whether an enclosing request differentiates through this one
};

Nodes withoutOrigin(Nodes nodes) {
  for (Node &node : nodes)
    node = node.detached();
  return nodes;
}

/// A missing cotangent or tangent is zero.
Node orZero(const Node &node, const Node &value) { return node ? node : like(value, 0); }

} // namespace

static FailureOr<Recording> recordCall(Evaluator &evaluator, func::FuncOp function, Nodes inputs, ArrayRef<int64_t> chosen, const Nodes &seeds) {
  Recording recording;
  auto tracked = [](const Node &node) { return node.isTracked(); };
  recording.isTracked = llvm::any_of(inputs, tracked) || llvm::any_of(seeds, tracked);
  for (int64_t index : chosen)
    recording.variables.push_back(inputs[index] = Tape::variable(inputs[index]));
  FailureOr<Nodes> outputs = evaluator.call(function, std::move(inputs));
  if (failed(outputs))
    return failure();
  recording.outputs = std::move(*outputs);
  for (const Node &output : recording.outputs)
    if (output->isReal())
      recording.reals.push_back(output);
  return recording;
}

FailureOr<Nodes> Evaluator::runVjp(graph::VjpOp op, const Nodes &operands) {
  FailureOr<func::FuncOp> function = callee(op, op.getCallee());
  if (failed(function))
    return failure();
  Nodes inputs(operands.begin(), operands.begin() + op.getInputs().size()), seeds(operands.begin() + inputs.size(), operands.end());
  FailureOr<Recording> recording = recordCall(*this, *function, inputs, op.getWrt(), seeds);
  if (failed(recording))
    return failure();
  Nodes gradients = pullback(recording->reals, seeds, recording->variables), results = recording->outputs;
  if (ruleFailed)
    return failure();
  for (auto [gradient, variable] : llvm::zip_equal(gradients, recording->variables))
    results.push_back(orZero(gradient, variable));
  return recording->isTracked ? results : withoutOrigin(results);
}

FailureOr<Nodes> Evaluator::runJvp(graph::JvpOp op, const Nodes &operands) {
  FailureOr<func::FuncOp> function = callee(op, op.getCallee());
  if (failed(function))
    return failure();
  Nodes inputs(operands.begin(), operands.begin() + op.getInputs().size()), seeds(operands.begin() + inputs.size(), operands.end());
  FailureOr<Recording> recording = recordCall(*this, *function, inputs, op.getAlong(), seeds);
  if (failed(recording))
    return failure();
  Nodes tangents = pushforward(recording->reals, recording->variables, seeds), results = recording->outputs;
  if (ruleFailed)
    return failure();
  for (auto [tangent, value] : llvm::zip_equal(tangents, recording->reals))
    results.push_back(orZero(tangent, value));
  return recording->isTracked ? results : withoutOrigin(results);
}

FailureOr<Nodes> Evaluator::runMap(graph::MapRequestOp op, const Nodes &operands, Frame &frame) {
  FailureOr<func::FuncOp> function = callee(op, op.getCallee());
  if (failed(function))
    return failure();
  if (op.getReplicated() || hasCollective(*function)) {
    std::vector<Frame> frames{frame};
    FailureOr<std::vector<Nodes>> results = mapLanes(op, {operands}, frames);
    return failed(results) ? FailureOr<Nodes>(failure()) : results->front();
  }
  std::optional<int64_t> lanes = frame.extent(op.getSize());
  for (auto [operand, over] : llvm::zip_equal(operands, op.getOver()))
    if (!lanes || (over && operand->shape.front() != *lanes))
      return op.emitOpError() << "requires a leading extent of " << op.getSize().str() << ", but got " << toString(*operand);

  if (*lanes == 0)
    return mapNothing(op, *function, operands);
  std::vector<Nodes> parts(op.getNumResults());
  for (int64_t lane = 0; lane < *lanes; ++lane) {
    Nodes arguments;
    for (auto [operand, over] : llvm::zip_equal(operands, op.getOver()))
      arguments.push_back(over ? at(operand, 0, lane) : operand);
    FailureOr<Nodes> values = call(*function, std::move(arguments));
    if (failed(values))
      return failure();
    for (auto [part, value] : llvm::zip_equal(parts, *values))
      part.push_back(value);
  }
  Nodes results;
  for (const Nodes &part : parts)
    results.push_back(stack(part, part.front()->kind, part.front()->shape));
  return results;
}

FailureOr<Nodes> Evaluator::mapNothing(graph::MapRequestOp op, func::FuncOp function, const Nodes &operands) {
  Frame lane;
  Nodes arguments, results;
  for (auto [operand, over] : llvm::zip_equal(operands, op.getOver()))
    arguments.push_back(over ? Node(Array(operand->kind, ArrayRef(operand->shape).drop_front())) : operand);
  if (failed(bindNames(function, arguments, lane)))
    return failure();
  graph::Dimensions inferred;
  for (Value value : function.getBody().front().getTerminator()->getOperands()) {
    Shape shape;
    for (graph::DimAttr dim : inferred.of(value))
      shape.push_back(lane.extent(dim).value_or(0));
    results.push_back(stack({}, kindOf(value.getType()), shape));
  }
  return results;
}

} // namespace costate::oracle

#include "costate/tests/oracle/Interpretable.cpp.inc"
