// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Maps whose lanes see each other. All lanes go step by step: an op that has to do with others is reached by all of them at once, any other is run
// lane by lane. A derivative that is asked for inside of a lane is that of all lanes together: a cotangent of one reaches the variables of the others.

#include "costate/tests/oracle/Evaluator.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/SaveAndRestore.h"

using namespace mlir;

namespace costate::oracle {

using Lanes = std::vector<Nodes>;

bool Evaluator::hasCollective(Operation *op) {
  auto found = op->walk([&](Operation *inner) {
    auto name = inner->getAttrOfType<FlatSymbolRefAttr>("callee");
    func::FuncOp function = name ? lookup(name.getValue()) : func::FuncOp();
    return isa<Collective>(inner) || (function && hasCollective(function)) ? WalkResult::interrupt() : WalkResult::advance();
  });
  return found.wasInterrupted();
}

FailureOr<Lanes> Evaluator::callLanes(func::FuncOp function, Lanes arguments) {
  if (function->hasAttr(graph::kVjpAttr))
    return function.emitError() << "requires no rule of a function of lanes that see each other";
  std::vector<Frame> frames(arguments.size());
  for (auto [given, frame] : llvm::zip_equal(arguments, frames))
    if (failed(bindNames(function, given, frame)))
      return failure();
  return runLanes(function.getBody().front(), arguments, frames);
}

FailureOr<Lanes> Evaluator::runLanes(Block &block, const Lanes &arguments, std::vector<Frame> &frames) {
  for (auto [given, frame] : llvm::zip_equal(arguments, frames))
    for (auto [argument, node] : llvm::zip_equal(block.getArguments(), given))
      frame.values[argument] = node;
  for (Operation &op : block) {
    Lanes operands(frames.size());
    for (auto [frame, values] : llvm::zip_equal(frames, operands))
      for (Value operand : op.getOperands())
        values.push_back(frame.values.lookup(operand));
    if (op.hasTrait<OpTrait::IsTerminator>())
      return operands;
    FailureOr<Lanes> results = runInLanes(&op, operands, frames);
    if (failed(results))
      return failure();
    for (auto [frame, values] : llvm::zip_equal(frames, *results)) {
      if (failed(checkResults(&op, values, frame)))
        return failure();
      for (auto [result, node] : llvm::zip_equal(op.getResults(), values))
        frame.values[result] = node;
    }
  }
  return Lanes(frames.size());
}

FailureOr<Lanes> Evaluator::runInLanes(Operation *op, const Lanes &operands, std::vector<Frame> &frames) {
  if (isa<Collective>(op))
    return combineLanes(op, operands);
  if (hasCollective(op))
    return controlLanes(op, operands, frames);
  Lanes results;
  for (auto [values, frame] : llvm::zip_equal(operands, frames)) {
    FailureOr<Nodes> lane = runOp(op, values, frame);
    if (failed(lane))
      return failure();
    results.push_back(std::move(*lane));
  }
  return results;
}

/// The number that all lanes have as their operand `index`; an error if they differ.
static FailureOr<int64_t> common(Operation *op, const Lanes &operands, size_t index) {
  int64_t first = operands.front()[index]->integer();
  for (const Nodes &lane : operands)
    if (lane[index]->integer() != first)
      return op->emitOpError() << "requires bounds and conditions around a collective that are the same in all lanes";
  return first;
}

static Lanes dropFront(const Lanes &lanes, size_t count) {
  Lanes rest;
  for (const Nodes &lane : lanes)
    rest.emplace_back(lane.begin() + count, lane.end());
  return rest;
}

FailureOr<Lanes> Evaluator::controlLanes(Operation *op, const Lanes &operands, std::vector<Frame> &frames) {
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    FailureOr<int64_t> low = common(op, operands, 0), high = common(op, operands, 1), step = common(op, operands, 2);
    if (failed(low) || failed(high) || failed(step))
      return failure();
    FailureOr<Lanes> carry = dropFront(operands, 3);
    for (int64_t i = *low; i < *high && succeeded(carry); i += *step) {
      for (auto [lane, values] : llvm::zip_equal(operands, *carry))
        values.insert(values.begin(), Node(Array::of(lane[0]->kind, {}, std::vector<int64_t>{i})));
      carry = runLanes(*loop.getBody(), *carry, frames);
    }
    return carry;
  }
  if (auto loop = dyn_cast<scf::WhileOp>(op)) {
    FailureOr<Lanes> carry = operands;
    while (succeeded(carry)) {
      FailureOr<Lanes> passed = runLanes(*loop.getBeforeBody(), *carry, frames);
      FailureOr<int64_t> goesOn = failed(passed) ? FailureOr<int64_t>(failure()) : common(op, *passed, 0);
      if (failed(goesOn))
        return failure();
      passed = dropFront(*passed, 1);
      if (!*goesOn)
        return passed;
      carry = runLanes(*loop.getAfterBody(), *passed, frames);
    }
    return carry;
  }
  if (auto branch = dyn_cast<scf::IfOp>(op)) {
    FailureOr<int64_t> flag = common(op, operands, 0);
    if (failed(flag))
      return failure();
    Region &taken = *flag ? branch.getThenRegion() : branch.getElseRegion();
    return taken.empty() ? Lanes(frames.size()) : runLanes(taken.front(), Lanes(frames.size()), frames);
  }
  if (auto request = dyn_cast<graph::MapRequestOp>(op))
    return mapLanes(request, operands, frames);
  if (isa<graph::VjpOp, graph::JvpOp>(op))
    return deriveLanes(op, operands);
  if (auto request = dyn_cast<func::CallOp>(op)) {
    FailureOr<func::FuncOp> function = callee(op, request.getCallee());
    return failed(function) ? FailureOr<Lanes>(failure()) : callLanes(*function, operands);
  }
  return op->emitOpError() << "has no rule for lanes in the oracle";
}

FailureOr<Lanes> Evaluator::deriveLanes(Operation *op, const Lanes &operands) {
  auto reverse = dyn_cast<graph::VjpOp>(op);
  auto forward = dyn_cast<graph::JvpOp>(op);
  FailureOr<func::FuncOp> function = callee(op, reverse ? reverse.getCallee() : forward.getCallee());
  if (failed(function))
    return failure();
  ArrayRef<int64_t> chosen = reverse ? reverse.getWrt() : forward.getAlong();
  Lanes inputs;
  Nodes variables, seeds, reals; // of all lanes
  bool isTracked = false;
  for (const Nodes &lane : operands) {
    isTracked |= llvm::any_of(lane, [](const Node &node) { return node.isTracked(); });
    Nodes given(lane.begin(), lane.begin() + function->getNumArguments());
    for (int64_t index : chosen)
      variables.push_back(given[index] = Tape::variable(given[index]));
    seeds.insert(seeds.end(), lane.begin() + given.size(), lane.end());
    inputs.push_back(std::move(given));
  }
  FailureOr<Lanes> outputs = callLanes(*function, std::move(inputs));
  if (failed(outputs))
    return failure();
  for (const Nodes &lane : *outputs)
    llvm::copy_if(lane, std::back_inserter(reals), [](const Node &output) { return output->isReal(); });
  Nodes derivatives = reverse ? pullback(reals, seeds, variables) : pushforward(reals, variables, seeds);
  const Nodes &likes = reverse ? variables : reals;
  if (ruleFailed)
    return failure();
  size_t next = 0, each = operands.empty() ? 0 : likes.size() / operands.size();
  for (Nodes &lane : *outputs) {
    for (size_t i = 0; i < each; ++i, ++next)
      lane.push_back(derivatives[next] ? derivatives[next] : like(likes[next], 0));
    if (!isTracked)
      for (Node &node : lane)
        node = node.detached();
  }
  return outputs;
}

FailureOr<Lanes> Evaluator::mapLanes(graph::MapRequestOp op, const Lanes &operands, std::vector<Frame> &frames) {
  FailureOr<func::FuncOp> function = callee(op, op.getCallee());
  std::optional<int64_t> count = frames.front().extent(op.getSize());
  if (failed(function) || !count)
    return op.emitOpError() << "requires a number of lanes, but got " << op.getSize().str();
  Lanes arguments, results;
  if (*count == 0) {
    if (op.getReplicated())
      return op.emitOpError() << "requires a lane for what is the same in all";
    for (const Nodes &outer : operands) {
      FailureOr<Nodes> nothing = mapNothing(op, *function, outer);
      if (failed(nothing))
        return failure();
      results.push_back(std::move(*nothing));
    }
    return results;
  }
  for (const Nodes &outer : operands)
    for (int64_t lane = 0; lane < *count; ++lane) {
      Nodes given;
      for (auto [operand, over] : llvm::zip_equal(outer, op.getOver()))
        given.push_back(over ? at(operand, 0, lane) : operand);
      arguments.push_back(std::move(given));
    }
  axes.emplace_back(op.getAxis().value_or("").str(), *count);
  FailureOr<Lanes> values = callLanes(*function, std::move(arguments));
  axes.pop_back();
  if (failed(values))
    return failure();
  for (size_t outer = 0; outer < operands.size(); ++outer) {
    Nodes joined;
    for (unsigned i = 0; i < op.getNumResults(); ++i) {
      Nodes parts;
      for (int64_t lane = 0; lane < *count; ++lane)
        parts.push_back((*values)[outer * *count + lane][i]);
      const Node &first = parts.front();
      if (!op.isReplicated(i)) {
        joined.push_back(stack(parts, first->kind, first->shape));
        continue;
      }
      for (const Node &part : parts)
        if (!difference(*part, *first, 0, 0).empty())
          return op.emitOpError() << "requires result " << i << " to be the same in all lanes";
      joined.push_back(first);
    }
    results.push_back(std::move(joined));
  }
  return results;
}

//===----------------------------------------------------------------------===//
// Collectives
//===----------------------------------------------------------------------===//

/// The operands of lanes that differ in the named axis alone, and which of them asks.
static Node combine(Operation *op, const Nodes &parts, int64_t lane) {
  auto total = [&] {
    Node sum = parts.front();
    for (const Node &part : ArrayRef(parts).drop_front())
      sum = add(sum, part);
    return sum;
  };
  return llvm::TypeSwitch<Operation *, Node>(op)
      .Case([&](graph::AllReduceOp o) {
        if (o.getCombination() == graph::Combination::add)
          return total();
        return reduceExtreme(stack(parts, parts.front()->kind, parts.front()->shape), {0}, o.getCombination() == graph::Combination::max);
      })
      .Case([&](graph::AllGatherOp o) {
        const Array &part = *parts.front();
        int64_t block = part.shape[o.getAxis()];
        Shape shape = part.shape;
        shape[o.getAxis()] *= parts.size();
        return takeBy(stack(parts, part.kind, part.shape), shape, [&](ArrayRef<int64_t> index) {
          int64_t position = index[o.getAxis()] / block;
          for (auto [axis, i] : llvm::enumerate(index))
            position = position * part.shape[axis] + (axis == o.getAxis() ? i % block : i);
          return position;
        });
      })
      .Case([&](graph::ReduceScatterOp o) {
        Shape whole = parts.front()->shape, shape = whole;
        shape[o.getAxis()] /= parts.size();
        return takeBy(total(), shape, [&](ArrayRef<int64_t> index) {
          int64_t position = 0;
          for (auto [axis, i] : llvm::enumerate(index))
            position = position * whole[axis] + (axis == o.getAxis() ? lane * shape[axis] + i : i);
          return position;
        });
      })
      .Case([&](graph::CollectivePermuteOp o) {
        for (auto [source, target] : llvm::zip_equal(o.getSources(), o.getTargets()))
          if (target == lane && source < int64_t(parts.size()))
            return parts[source];
        return like(parts[lane], 0);
      })
      .Default([](Operation *) { return Node(); });
}

FailureOr<Lanes> Evaluator::combineLanes(Operation *op, const Lanes &operands) {
  StringRef name = cast<Collective>(op).getAxisName();
  auto axis = llvm::find_if(axes, [&](const auto &known) { return known.first == name; });
  if (axis == axes.end())
    return op->emitOpError() << "requires a map of axis '" << name << "' around it";
  size_t count = axis->second, stride = 1; // between lanes that are neighbours along the axis
  for (const auto &[inner, extent] : llvm::make_range(std::next(axis), axes.end()))
    stride *= extent;
  Lanes results;
  for (size_t lane = 0; lane < operands.size(); ++lane) {
    size_t mine = lane / stride % count, first = lane - mine * stride;
    if (isa<graph::AxisIndexOp>(op)) {
      results.push_back({Node(Array::of(kindOf(op->getResult(0).getType()), {}, std::vector<int64_t>{int64_t(mine)}))});
      continue;
    }
    Nodes parts;
    for (size_t i = 0; i < count; ++i)
      parts.push_back(operands[first + i * stride][0]);
    Node result = combine(op, parts, mine);
    if (!result)
      return op->emitOpError() << "has no rule for lanes in the oracle";
    results.push_back({result});
  }
  return results;
}

} // namespace costate::oracle
