// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/tests/random/Plants.h"

#include "costate/dialects/graph/Dimensions.h"
#include "costate/dialects/graph/Graph.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace costate::graph;

namespace costate::random {

namespace {

/// Replaces every op of a kind by what `build` makes of its operands.
template <typename Op>
Plant value(std::string name, std::function<Value(OpBuilder &, Op)> build) {
  return {std::move(name), [build](ModuleOp module) {
            SmallVector<Op> ops;
            module.walk([&](Op op) { ops.push_back(op); });
            for (Op op : ops) {
              OpBuilder builder(op);
              Value other = build(builder, op);
              if (!other)
                continue;
              op->getResult(0).replaceAllUsesWith(other);
              op->erase();
            }
          }};
}

/// Moves every float op of a kind into a function whose derivative is what `rule` makes of the operands and a cotangent: one value an operand.
template <typename Op>
Plant derivative(std::string name, std::function<SmallVector<Value>(OpBuilder &, Op, ValueRange operands, Value cotangent)> rule) {
  return {std::move(name), [rule](ModuleOp module) {
            SmallVector<Op> ops;
            module.walk([&](Op op) {
              if (isa<FloatType>(getElementTypeOrSelf(op->getResult(0).getType())))
                ops.push_back(op);
            });
            for (auto [i, op] : llvm::enumerate(ops)) {
              OpBuilder builder(op);
              Location loc = op.getLoc();
              Dimensions dimensions;
              SmallVector<ArrayAttr> dims;
              for (Value operand : op->getOperands())
                dims.push_back(toArrayAttr(op.getContext(), dimensions.of(operand)));
              dims.push_back(toArrayAttr(op.getContext(), dimensions.of(op->getResult(0))));
              // A name must be the extent of some argument; compound extents of an operand do not give it.
              bool isBound = true;
              llvm::StringSet<> bound;
              for (ArrayAttr shape : ArrayRef(dims).drop_back())
                for (DimAttr dim : toDims(shape))
                  if (std::optional<StringRef> symbol = dim.symbol())
                    bound.insert(*symbol);
              for (ArrayAttr shape : dims)
                for (DimAttr dim : toDims(shape))
                  dim.walkSymbols([&](StringRef symbol) { isBound &= bound.contains(symbol); });
              if (!isBound)
                continue;

              SmallVector<Type> operands(op->getOperandTypes()), with = operands;
              with.push_back(op->getResult(0).getType());
              builder.setInsertionPointToEnd(module.getBody());
              auto make = [&](StringRef suffix, ArrayRef<Type> arguments, ArrayRef<Type> results) {
                std::string symbol = ("planted" + Twine(i) + suffix).str();
                auto function = func::FuncOp::create(builder, loc, symbol, builder.getFunctionType(arguments, results));
                function.setPrivate();
                for (size_t k = 0; k < arguments.size(); ++k)
                  function.setArgAttr(k, kDimsAttr, dims[k]);
                return function;
              };
              auto rules = make("_rule", with, operands);
              OpBuilder inside = OpBuilder::atBlockEnd(rules.addEntryBlock());
              SmallVector<Value> results = rule(inside, op, rules.getArguments().drop_back(), rules.getArguments().back());
              func::ReturnOp::create(inside, loc, results);
              auto body = make("", operands, op->getResult(0).getType());
              body->setAttr(kVjpAttr, FlatSymbolRefAttr::get(rules));
              body.setResultAttr(0, kDimsAttr, dims.back());
              inside = OpBuilder::atBlockEnd(body.addEntryBlock());
              IRMapping mapping;
              mapping.map(op->getOperands(), body.getArguments());
              func::ReturnOp::create(inside, loc, inside.clone(*op.getOperation(), mapping)->getResults());
              builder.setInsertionPoint(op);
              auto call = func::CallOp::create(builder, loc, body, op->getOperands());
              op->getResult(0).replaceAllUsesWith(call.getResult(0));
              op->erase();
            }
          }};
}

template <typename Op, typename... Args>
Value make(OpBuilder &b, Value like, Args... args) {
  return Op::create(b, like.getLoc(), like.getType(), args...);
}

} // namespace

std::vector<Plant> allPlants() {
  std::vector<Plant> plants;
  plants.push_back(derivative<SineOp>("the derivative of sine is sine", [](OpBuilder &b, SineOp, ValueRange in, Value ct) {
    return SmallVector<Value>{make<MultiplyOp>(b, ct, ct, make<SineOp>(b, ct, in[0]))};
  }));
  plants.push_back(derivative<TanhOp>("the derivative of tanh lacks its square", [](OpBuilder &b, TanhOp, ValueRange in, Value ct) {
    Value y = make<TanhOp>(b, ct, in[0]);
    return SmallVector<Value>{make<SubtractOp>(b, ct, ct, make<MultiplyOp>(b, ct, ct, y))};
  }));
  plants.push_back(derivative<SubtractOp>("the second cotangent of subtract has the wrong sign", [](OpBuilder &, SubtractOp, ValueRange, Value ct) {
    return SmallVector<Value>{ct, ct};
  }));
  plants.push_back(derivative<MultiplyOp>("the cotangents of multiply are exchanged", [](OpBuilder &b, MultiplyOp, ValueRange in, Value ct) {
    return SmallVector<Value>{make<MultiplyOp>(b, ct, ct, in[0]), make<MultiplyOp>(b, ct, ct, in[1])};
  }));
  plants.push_back(derivative<DivideOp>("the second cotangent of divide is forgotten", [](OpBuilder &b, DivideOp, ValueRange in, Value ct) {
    return SmallVector<Value>{make<DivideOp>(b, ct, ct, in[1]), make<SubtractOp>(b, ct, ct, ct)};
  }));
  plants.push_back(derivative<ReverseOp>("the cotangent of reverse is not reversed", [](OpBuilder &, ReverseOp, ValueRange, Value ct) {
    return SmallVector<Value>{ct};
  }));
  plants.push_back(derivative<CumsumOp>("the cotangent of cumsum runs the same way", [](OpBuilder &b, CumsumOp op, ValueRange, Value ct) {
    return SmallVector<Value>{CumsumOp::create(b, op.getLoc(), ct.getType(), ct, op.getAxis(), op.getReverse())};
  }));
  plants.push_back(value<MaximumOp>("maximum drops a NaN", [](OpBuilder &b, MaximumOp op) -> Value {
    auto truth = op.getType().clone(b.getI1Type());
    Value isLess = CompareOp::create(b, op.getLoc(), truth, ComparisonDirection::LT, op.getLhs(), op.getRhs());
    return SelectOp::create(b, op.getLoc(), op.getType(), isLess, op.getRhs(), op.getLhs());
  }));
  plants.push_back(value<FloorOp>("floor rounds toward zero", [](OpBuilder &b, FloorOp op) -> Value {
    Value zero = SubtractOp::create(b, op.getLoc(), op.getType(), op.getOperand(), op.getOperand());
    Value isLess = CompareOp::create(b, op.getLoc(), op.getType().clone(b.getI1Type()), ComparisonDirection::LT, op.getOperand(), zero);
    Value ceil = CeilOp::create(b, op.getLoc(), op.getType(), op.getOperand());
    Value floor = NegateOp::create(b, op.getLoc(), op.getType(), CeilOp::create(b, op.getLoc(), op.getType(), NegateOp::create(b, op.getLoc(), op.getType(), op.getOperand())));
    return SelectOp::create(b, op.getLoc(), op.getType(), isLess, ceil, floor);
  }));
  plants.push_back(value<ArgmaxOp>("argmax takes the smallest", [](OpBuilder &b, ArgmaxOp op) -> Value {
    return ArgminOp::create(b, op.getLoc(), op.getType(), op.getOperand(), op.getAxis());
  }));
  return plants;
}

} // namespace costate::random
