// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Upstream ops that stand beside `graph` ops: loop bounds, conditions, the way from a tensor to a scalar and back. An `index` is an i64.

#include "costate/tests/oracle/Evaluator.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace costate::oracle {

static Node integer(Kind kind, int64_t value) { return Array::of(kind, {}, std::vector<int64_t>{value}); }

static bool holds(arith::CmpIPredicate predicate, int64_t a, int64_t b) {
  auto x = uint64_t(a), y = uint64_t(b);
  switch (predicate) {
  case arith::CmpIPredicate::eq:
    return a == b;
  case arith::CmpIPredicate::ne:
    return a != b;
  case arith::CmpIPredicate::slt:
    return a < b;
  case arith::CmpIPredicate::sle:
    return a <= b;
  case arith::CmpIPredicate::sgt:
    return a > b;
  case arith::CmpIPredicate::sge:
    return a >= b;
  case arith::CmpIPredicate::ult:
    return x < y;
  case arith::CmpIPredicate::ule:
    return x <= y;
  case arith::CmpIPredicate::ugt:
    return x > y;
  case arith::CmpIPredicate::uge:
    return x >= y;
  }
  llvm_unreachable("all predicates are handled");
}

/// Integer ops on scalars; a division by zero has no value.
static std::optional<int64_t> integerResult(Operation *op, int64_t a, int64_t b) {
  using Result = std::optional<int64_t>;
  auto quotient = [&](auto divide) -> Result { return b == 0 || (b == -1 && a == INT64_MIN) ? Result() : Result(divide()); };
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case([&](arith::AddIOp) { return Result(int64_t(uint64_t(a) + uint64_t(b))); })
      .Case([&](arith::SubIOp) { return Result(int64_t(uint64_t(a) - uint64_t(b))); })
      .Case([&](arith::MulIOp) { return Result(int64_t(uint64_t(a) * uint64_t(b))); })
      .Case([&](arith::DivSIOp) { return quotient([&] { return a / b; }); })
      .Case([&](arith::RemSIOp) { return quotient([&] { return a % b; }); })
      .Case([&](arith::FloorDivSIOp) { return quotient([&] { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }); })
      .Case([&](arith::CeilDivSIOp) { return quotient([&] { return a / b + (a % b != 0 && (a < 0) == (b < 0)); }); })
      .Case([&](arith::MinSIOp) { return Result(std::min(a, b)); })
      .Case([&](arith::MaxSIOp) { return Result(std::max(a, b)); })
      .Case([&](arith::AndIOp) { return Result(a & b); })
      .Case([&](arith::OrIOp) { return Result(a | b); })
      .Case([&](arith::XOrIOp) { return Result(a ^ b); })
      .Default([](Operation *) { return Result(); });
}

std::optional<Nodes> applyScalarRule(Evaluator &evaluator, Operation *op, const Nodes &in) {
  using Result = std::optional<Nodes>;
  if (op->getNumResults() != 1)
    return std::nullopt;
  Kind kind = evaluator.kindOf(op->getResult(0).getType());
  if (isa<arith::ArithDialect>(op->getDialect()) && in.size() == 2 && !in[0]->isReal() && in[0]->shape.empty() && !isa<arith::CmpIOp>(op))
    if (std::optional<int64_t> value = integerResult(op, in[0]->integer(), in[1]->integer()))
      return Nodes{integer(kind, *value)};
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case([&](arith::ConstantOp o) -> Result {
        if (auto elements = dyn_cast<ElementsAttr>(o.getValue())) {
          Array value = fromAttribute(elements, true);
          value.kind = kind;
          return Nodes{value};
        }
        if (auto real = dyn_cast<FloatAttr>(o.getValue()))
          return Nodes{Array::scalar(kind, real.getValueAsDouble())};
        auto number = cast<IntegerAttr>(o.getValue()).getValue();
        return Nodes{integer(kind, number.getSExtValue())};
      })
      .Case([&](arith::CmpIOp o) -> Result {
        if (!in[0]->shape.empty())
          return std::nullopt;
        return Nodes{integer(Kind::i1, holds(o.getPredicate(), in[0]->integer(), in[1]->integer()))};
      })
      .Case([&](arith::SelectOp) -> Result { return Nodes{in[0]->integer() ? in[1] : in[2]}; })
      .Case<arith::IndexCastOp, arith::ExtSIOp, arith::TruncIOp>([&](Operation *) -> Result { return Nodes{oracle::cast(in[0], kind)}; })
      .Case([&](arith::ExtUIOp) -> Result { return in[0]->kind == Kind::i1 ? Result(Nodes{oracle::cast(in[0], kind)}) : std::nullopt; })
      .Case([&](tensor::ExtractOp) -> Result {
        Shape strides = stridesOf(in[0]->shape);
        int64_t from = 0;
        for (size_t i = 0; i < strides.size(); ++i)
          from += in[1 + i]->integer() * strides[i];
        return Nodes{takeBy(in[0], {}, [&](ArrayRef<int64_t>) { return from; })};
      })
      .Case([&](tensor::FromElementsOp o) -> Result { return Nodes{reshape(stack(in, kind, {}), o.getType().getShape())}; })
      .Case([&](tensor::DimOp) -> Result { return Nodes{integer(kind, in[0]->shape[in[1]->integer()])}; })
      .Case([&](tensor::CastOp) -> Result { return in; })
      .Default([](Operation *) { return std::nullopt; });
}

} // namespace costate::oracle
