// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/fuse/ScalarMath.h"

#include "costate/dialects/graph/Graph.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>
#include <numbers>

using namespace mlir;

namespace costate::fuse {

namespace {

using Builder = ImplicitLocOpBuilder;

Value constant(Builder &b, Type type, double value) { return emitConstant(b, b.getLoc(), type, value); }

Value extreme(Builder &b, Type type, bool largest) {
  unsigned width = type.getIntOrFloatBitWidth();
  APInt value = largest ? APInt::getSignedMaxValue(width) : APInt::getSignedMinValue(width);
  return arith::ConstantOp::create(b, b.getIntegerAttr(type, value));
}

Value isEqual(Builder &b, Value x, Value y) { return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, x, y); }

/// Makes a divisor for which the instruction is defined; `isZero` tells whether the quotient has to be replaced.
Value safeDivisor(Builder &b, Value x, Value y, Value &isZero) {
  Type type = y.getType();
  isZero = isEqual(b, y, constant(b, type, 0));
  Value overflows = arith::AndIOp::create(b, isEqual(b, x, extreme(b, type, false)), isEqual(b, y, constant(b, type, -1)));
  return arith::SelectOp::create(b, arith::OrIOp::create(b, isZero, overflows), constant(b, type, 1), y);
}

/// x / 0 = -1 (all ones) and least / -1 = least.
Value divideInteger(Builder &b, Value x, Value y, bool isUnsigned) {
  if (isUnsigned) {
    Value isZero = isEqual(b, y, constant(b, y.getType(), 0));
    Value divisor = arith::SelectOp::create(b, isZero, constant(b, y.getType(), 1), y);
    return arith::SelectOp::create(b, isZero, constant(b, y.getType(), -1), arith::DivUIOp::create(b, x, divisor));
  }
  Value isZero, divisor = safeDivisor(b, x, y, isZero);
  Value quotient = arith::DivSIOp::create(b, x, divisor);
  return arith::SelectOp::create(b, isZero, constant(b, x.getType(), -1), quotient);
}

/// x rem 0 = x.
Value remainderInteger(Builder &b, Value x, Value y, bool isUnsigned) {
  if (isUnsigned) {
    Value isZero = isEqual(b, y, constant(b, y.getType(), 0));
    Value divisor = arith::SelectOp::create(b, isZero, constant(b, y.getType(), 1), y);
    return arith::SelectOp::create(b, isZero, x, arith::RemUIOp::create(b, x, divisor));
  }
  Value isZero, divisor = safeDivisor(b, x, y, isZero);
  Value rest = arith::RemSIOp::create(b, x, divisor);
  return arith::SelectOp::create(b, isZero, x, rest);
}

/// Toward zero, saturating; NaN gives 0.
Value floatToInteger(Builder &b, Value x, IntegerType to, bool isUnsigned) {
  if (isUnsigned) { // ui8: through a wider integer, whose bounds are those of ui8
    Value wide = floatToInteger(b, x, b.getI32Type(), false);
    wide = arith::MinSIOp::create(b, arith::MaxSIOp::create(b, wide, constant(b, wide.getType(), 0)), constant(b, wide.getType(), 255));
    return arith::TruncIOp::create(b, to, wide);
  }
  double bound = std::ldexp(1.0, to.getWidth() - 1);
  auto compare = [&](arith::CmpFPredicate predicate, double limit) -> Value {
    return arith::CmpFOp::create(b, predicate, x, constant(b, x.getType(), limit));
  };
  Value above = compare(arith::CmpFPredicate::OGE, bound), below = compare(arith::CmpFPredicate::OLT, -bound);
  Value inside = arith::AndIOp::create(b, compare(arith::CmpFPredicate::OLT, bound), compare(arith::CmpFPredicate::OGE, -bound));
  Value number = arith::FPToSIOp::create(b, to, arith::SelectOp::create(b, inside, x, constant(b, x.getType(), 0)));
  number = arith::SelectOp::create(b, above, extreme(b, to, true), number);
  return arith::SelectOp::create(b, below, extreme(b, to, false), number);
}

/// i1 and ui8 count from 0.
bool isUnsigned(Type elementType) { return elementType.isInteger(1) || elementType.isUnsignedInteger(); }

Value convert(Builder &b, Value x, Type fromElement, Type toElement) {
  Type from = x.getType(), to = arithmeticType(toElement);
  if (fromElement == toElement)
    return x;
  bool fromFloat = isa<FloatType>(from), toFloat = isa<FloatType>(to);
  if (to.isInteger(1)) {
    Value zero = constant(b, from, 0);
    return fromFloat ? Value(arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, x, zero))
                     : Value(arith::CmpIOp::create(b, arith::CmpIPredicate::ne, x, zero));
  }
  unsigned fromWidth = from.getIntOrFloatBitWidth(), toWidth = to.getIntOrFloatBitWidth();
  if (fromFloat && toFloat) {
    if (fromWidth == toWidth) // bf16 and f16
      return arith::TruncFOp::create(b, to, arith::ExtFOp::create(b, b.getF32Type(), x));
    return fromWidth < toWidth ? Value(arith::ExtFOp::create(b, to, x)) : Value(arith::TruncFOp::create(b, to, x));
  }
  if (fromFloat)
    return floatToInteger(b, x, cast<IntegerType>(to), isUnsigned(toElement));
  if (toFloat)
    return isUnsigned(fromElement) ? Value(arith::UIToFPOp::create(b, to, x)) : Value(arith::SIToFPOp::create(b, to, x));
  if (fromWidth == toWidth)
    return x;
  if (fromWidth > toWidth)
    return arith::TruncIOp::create(b, to, x);
  return isUnsigned(fromElement) ? Value(arith::ExtUIOp::create(b, to, x)) : Value(arith::ExtSIOp::create(b, to, x));
}

Value compare(Builder &b, graph::ComparisonDirection direction, Value x, Value y, bool countsUnsigned = false) {
  unsigned row = static_cast<unsigned>(direction); // EQ, NE, GE, GT, LE, LT
  using F = arith::CmpFPredicate;
  using I = arith::CmpIPredicate;
  if (isa<FloatType>(x.getType())) {
    constexpr F table[] = {F::OEQ, F::UNE, F::OGE, F::OGT, F::OLE, F::OLT};
    return arith::CmpFOp::create(b, table[row], x, y);
  }
  constexpr I signedTable[] = {I::eq, I::ne, I::sge, I::sgt, I::sle, I::slt}, unsignedTable[] = {I::eq, I::ne, I::uge, I::ugt, I::ule, I::ult};
  return arith::CmpIOp::create(b, (countsUnsigned ? unsignedTable : signedTable)[row], x, y);
}

/// A zero keeps its sign, a NaN stays.
Value sign(Builder &b, Value x, bool countsUnsigned) {
  Type type = x.getType();
  Value zero = constant(b, type, 0);
  if (countsUnsigned)
    return arith::SelectOp::create(b, isEqual(b, x, zero), zero, constant(b, type, 1));
  bool isFloat = isa<FloatType>(type);
  auto where = [&](graph::ComparisonDirection direction, double value, Value otherwise) -> Value {
    return arith::SelectOp::create(b, compare(b, direction, x, zero), constant(b, type, value), otherwise);
  };
  return where(graph::ComparisonDirection::GT, 1, where(graph::ComparisonDirection::LT, -1, isFloat ? x : zero));
}

/// exp of a number that is not positive cannot overflow: e = exp(-|x|), then 1 / (1 + e) or e / (1 + e).
Value logistic(Builder &b, Value x) {
  Value one = constant(b, x.getType(), 1), zero = constant(b, x.getType(), 0);
  Value e = math::ExpOp::create(b, arith::NegFOp::create(b, math::AbsFOp::create(b, x)));
  Value isNegative = arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x, zero);
  return arith::DivFOp::create(b, arith::SelectOp::create(b, isNegative, e, one), arith::AddFOp::create(b, one, e));
}

Value negate(Builder &b, Value x) {
  return isa<FloatType>(x.getType()) ? Value(arith::NegFOp::create(b, x)) : Value(arith::SubIOp::create(b, constant(b, x.getType(), 0), x));
}

Value complement(Builder &b, Value x) { return arith::XOrIOp::create(b, x, constant(b, x.getType(), -1)); }

Value foldIn(Builder &b, Value key, Value data) {
  auto [low, high] = emitWords(b, b.getLoc(), data);
  Value tag = constant(b, b.getI32Type(), 0x464f4c44), zero = constant(b, b.getI32Type(), 0);
  auto words = emitPhilox(b, b.getLoc(), {low, high, tag, zero}, emitWords(b, b.getLoc(), key));
  Type i64 = b.getI64Type();
  Value upper = arith::ShLIOp::create(b, arith::ExtUIOp::create(b, i64, words[1]), constant(b, i64, 32));
  return arith::OrIOp::create(b, upper, arith::ExtUIOp::create(b, i64, words[0]));
}

/// The op for floats, for integers and for truth values.
template <typename OnFloat, typename OnInt, typename OnBool>
Value byType(Builder &b, Value x, Value y) {
  if (isa<FloatType>(x.getType()))
    return OnFloat::create(b, x, y);
  if (x.getType().isInteger(1))
    return OnBool::create(b, x, y);
  return OnInt::create(b, x, y);
}

Value add(Builder &b, Value x, Value y) { return byType<arith::AddFOp, arith::AddIOp, arith::OrIOp>(b, x, y); }
Value multiply(Builder &b, Value x, Value y) { return byType<arith::MulFOp, arith::MulIOp, arith::AndIOp>(b, x, y); }
Value maximum(Builder &b, Value x, Value y, bool countsUnsigned) {
  return countsUnsigned ? Value(arith::MaxUIOp::create(b, x, y)) : byType<arith::MaximumFOp, arith::MaxSIOp, arith::OrIOp>(b, x, y);
}
Value minimum(Builder &b, Value x, Value y, bool countsUnsigned) {
  return countsUnsigned ? Value(arith::MinUIOp::create(b, x, y)) : byType<arith::MinimumFOp, arith::MinSIOp, arith::AndIOp>(b, x, y);
}

} // namespace

Type arithmeticType(Type type) {
  auto integer = dyn_cast<IntegerType>(type);
  return integer && !integer.isSignless() ? IntegerType::get(type.getContext(), integer.getWidth()) : type;
}

Value emitConstant(OpBuilder &builder, Location loc, Type type, double value) {
  TypedAttr attr;
  type = arithmeticType(type);
  if (auto real = dyn_cast<FloatType>(type))
    attr = builder.getFloatAttr(real, value);
  else if (type.isIndex())
    attr = builder.getIndexAttr(static_cast<int64_t>(value));
  else
    attr = builder.getIntegerAttr(type, APInt(type.getIntOrFloatBitWidth(), static_cast<int64_t>(value), /*isSigned=*/true, /*implicitTrunc=*/true));
  return arith::ConstantOp::create(builder, loc, attr);
}

Value emitSplat(OpBuilder &builder, Location loc, ElementsAttr value) {
  auto element = cast<TypedAttr>(value.getSplatValue<Attribute>());
  if (auto integer = dyn_cast<IntegerAttr>(element))
    element = builder.getIntegerAttr(arithmeticType(integer.getType()), integer.getValue());
  return arith::ConstantOp::create(builder, loc, element);
}

std::array<Value, 2> emitWords(OpBuilder &builder, Location loc, Value wide) {
  Builder b(loc, builder);
  Value high = arith::ShRUIOp::create(b, wide, constant(b, b.getI64Type(), 32));
  return {arith::TruncIOp::create(b, b.getI32Type(), wide), arith::TruncIOp::create(b, b.getI32Type(), high)};
}

std::array<Value, 4> emitPhilox(OpBuilder &builder, Location loc, std::array<Value, 4> counter, std::array<Value, 2> key) {
  Builder b(loc, builder);
  Type i32 = b.getI32Type(), i64 = b.getI64Type();
  auto wideProduct = [&](Value x, uint32_t factor) {
    return emitWords(b, loc, arith::MulIOp::create(b, arith::ExtUIOp::create(b, i64, x), constant(b, i64, factor)));
  };
  auto mix = [&](Value x, Value y, Value z) -> Value { return arith::XOrIOp::create(b, arith::XOrIOp::create(b, x, y), z); };
  for (int round = 0; round < 10; ++round) {
    auto p0 = wideProduct(counter[0], 0xD2511F53), p1 = wideProduct(counter[2], 0xCD9E8D57);
    counter = {mix(p1[1], counter[1], key[0]), p1[0], mix(p0[1], counter[3], key[1]), p0[0]};
    key = {arith::AddIOp::create(b, key[0], constant(b, i32, 0x9E3779B9)), arith::AddIOp::create(b, key[1], constant(b, i32, 0xBB67AE85))};
  }
  return counter;
}

Value emitRandom(OpBuilder &builder, Operation *op, Value key, Value flat) {
  Builder b(op->getLoc(), builder);
  auto random = cast<graph::RandomOp>(op);
  auto wide = [&](Value value) { return emitWords(b, b.getLoc(), value); };
  auto [low, high] = wide(flat);
  auto [siteLow, siteHigh] = wide(arith::ConstantOp::create(b, b.getI64IntegerAttr(random.getSite())));
  auto words = emitPhilox(b, b.getLoc(), {low, high, siteLow, siteHigh}, wide(key));
  if (random.getDistribution() == graph::Distribution::bits)
    return words[0];
  Type type = random.getType().getElementType();
  auto upper = [&](Value word) -> Value { return arith::ShRUIOp::create(b, word, constant(b, b.getI32Type(), 8)); };
  auto fraction = [&](Value number) -> Value {
    return arith::MulFOp::create(b, arith::SIToFPOp::create(b, type, number), constant(b, type, 0x1p-24));
  };
  if (random.getDistribution() == graph::Distribution::uniform)
    return fraction(upper(words[0]));
  Value u = fraction(arith::AddIOp::create(b, upper(words[0]), constant(b, b.getI32Type(), 1)));
  Value radius = math::SqrtOp::create(b, arith::MulFOp::create(b, constant(b, type, -2), math::LogOp::create(b, u)));
  Value angle = arith::MulFOp::create(b, constant(b, type, 2 * std::numbers::pi), fraction(upper(words[1])));
  return arith::MulFOp::create(b, radius, math::CosOp::create(b, angle));
}

Value emitScalar(OpBuilder &builder, Operation *op, ValueRange in) {
  Builder b(op->getLoc(), builder);
  for (Type type : op->getOperandTypes())
    if (Type element = cast<RankedTensorType>(type).getElementType(); isa<BFloat16Type, Float16Type>(element) && !isa<graph::ConvertOp, graph::SelectOp>(op)) {
      op->emitOpError() << "requires elements with arithmetic, but got " << element << ", which is for storage";
      return {};
    }
  Type element = cast<RankedTensorType>(op->getOperand(op->getNumOperands() - 1).getType()).getElementType();
  bool countsUnsigned = isUnsigned(element);
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](graph::AddOp) { return add(b, in[0], in[1]); })
      .Case([&](graph::SubtractOp) { return byType<arith::SubFOp, arith::SubIOp, arith::XOrIOp>(b, in[0], in[1]); })
      .Case([&](graph::MultiplyOp) { return multiply(b, in[0], in[1]); })
      .Case([&](graph::DivideOp) -> Value {
        return isa<FloatType>(in[0].getType()) ? Value(arith::DivFOp::create(b, in[0], in[1])) : divideInteger(b, in[0], in[1], countsUnsigned);
      })
      .Case([&](graph::RemainderOp) -> Value {
        return isa<FloatType>(in[0].getType()) ? Value(arith::RemFOp::create(b, in[0], in[1])) : remainderInteger(b, in[0], in[1], countsUnsigned);
      })
      .Case([&](graph::MaximumOp) { return maximum(b, in[0], in[1], countsUnsigned); })
      .Case([&](graph::MinimumOp) { return minimum(b, in[0], in[1], countsUnsigned); })
      .Case([&](graph::PowerOp) { return math::PowFOp::create(b, in[0], in[1]); })
      .Case([&](graph::Atan2Op) { return math::Atan2Op::create(b, in[0], in[1]); })
      .Case([&](graph::NegateOp) { return negate(b, in[0]); })
      .Case([&](graph::AbsOp) -> Value {
        return isa<FloatType>(in[0].getType()) ? Value(math::AbsFOp::create(b, in[0]))
               : countsUnsigned                ? in[0]
                                               : Value(math::AbsIOp::create(b, in[0]));
      })
      .Case([&](graph::SignOp) { return sign(b, in[0], countsUnsigned); })
      .Case([&](graph::ExponentialOp) { return math::ExpOp::create(b, in[0]); })
      .Case([&](graph::ExponentialMinusOneOp) { return math::ExpM1Op::create(b, in[0]); })
      .Case([&](graph::LogOp) { return math::LogOp::create(b, in[0]); })
      .Case([&](graph::LogPlusOneOp) { return math::Log1pOp::create(b, in[0]); })
      .Case([&](graph::SqrtOp) { return math::SqrtOp::create(b, in[0]); })
      .Case([&](graph::RsqrtOp) { return arith::DivFOp::create(b, constant(b, in[0].getType(), 1), math::SqrtOp::create(b, in[0])); })
      .Case([&](graph::TanhOp) { return math::TanhOp::create(b, in[0]); })
      .Case([&](graph::LogisticOp) { return logistic(b, in[0]); })
      .Case([&](graph::ErfOp) { return math::ErfOp::create(b, in[0]); })
      .Case([&](graph::SineOp) { return math::SinOp::create(b, in[0]); })
      .Case([&](graph::CosineOp) { return math::CosOp::create(b, in[0]); })
      .Case([&](graph::FloorOp) { return math::FloorOp::create(b, in[0]); })
      .Case([&](graph::CeilOp) { return math::CeilOp::create(b, in[0]); })
      .Case([&](graph::RoundNearestEvenOp) { return math::RoundEvenOp::create(b, in[0]); })
      .Case([&](graph::AndOp) { return arith::AndIOp::create(b, in[0], in[1]); })
      .Case([&](graph::OrOp) { return arith::OrIOp::create(b, in[0], in[1]); })
      .Case([&](graph::XorOp) { return arith::XOrIOp::create(b, in[0], in[1]); })
      .Case([&](graph::NotOp) { return complement(b, in[0]); })
      .Case([&](graph::CompareOp op) { return compare(b, op.getDirection(), in[0], in[1], countsUnsigned); })
      .Case([&](graph::SelectOp) { return arith::SelectOp::create(b, in[0], in[1], in[2]); })
      .Case([&](graph::ConvertOp op) { return convert(b, in[0], element, op.getType().getElementType()); })
      .Case([&](graph::FoldInOp) { return foldIn(b, in[0], in[1]); })
      .Default([](Operation *op) {
        op->emitOpError() << "is elementwise, but has no scalar form";
        return Value();
      });
}

Value emitCombine(OpBuilder &builder, Operation *op, Value lhs, Value rhs) {
  Builder b(op->getLoc(), builder);
  bool countsUnsigned = isUnsigned(cast<RankedTensorType>(op->getOperand(0).getType()).getElementType());
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case<graph::ReduceSumOp, graph::CumsumOp, graph::ScatterAddOp>([&](auto) { return add(b, lhs, rhs); })
      .Case([&](graph::ReduceProdOp) { return multiply(b, lhs, rhs); })
      .Case<graph::ReduceMaxOp, graph::CummaxOp, graph::ScatterMaxOp>([&](auto) { return maximum(b, lhs, rhs, countsUnsigned); })
      .Case([&](graph::ReduceMinOp) { return minimum(b, lhs, rhs, countsUnsigned); });
}

Value emitMultiplyAdd(OpBuilder &builder, Operation *op, Value factor, Value value, Value term) {
  Builder b(op->getLoc(), builder);
  return add(b, multiply(b, factor, value), term);
}

bool hasOrderKeys(Operation *op) {
  return isa<graph::ReduceMaxOp, graph::ReduceMinOp>(op) && isa<FloatType>(arithmeticType(getElementTypeOrSelf(op->getResult(0))));
}

/// Turns the bits of negative floats around, or back.
static Value mirrorNegative(Builder &b, Value bits) {
  unsigned width = bits.getType().getIntOrFloatBitWidth();
  auto constant = [&](const APInt &value) { return arith::ConstantOp::create(b, b.getIntegerAttr(bits.getType(), value)); };
  Value sign = arith::ShRSIOp::create(b, bits, constant(APInt(width, width - 1)));
  return arith::XOrIOp::create(b, bits, arith::AndIOp::create(b, sign, constant(APInt::getSignedMaxValue(width))));
}

/// What is added to mirrored bits, so that the infinity that `op` lets win last is the end of the range: NaNs of both signs, which lie beyond the infinities,
/// go round the end of the integers to the side that wins.
static Value keyOffset(Builder &b, Operation *op, Type type) {
  APInt infinity = cast<FloatAttr>(getIdentity(op, type)).getValue().bitcastToAPInt();
  APInt mirrored = infinity.isNegative() ? infinity ^ APInt::getSignedMaxValue(infinity.getBitWidth()) : infinity;
  TypedAttr last = getIdentityKey(op, type);
  return arith::ConstantOp::create(b, b.getIntegerAttr(last.getType(), cast<IntegerAttr>(last).getValue() - mirrored));
}

Value emitOrderKey(OpBuilder &builder, Operation *op, Value value) {
  Builder b(op->getLoc(), builder);
  Value bits = arith::BitcastOp::create(b, b.getIntegerType(value.getType().getIntOrFloatBitWidth()), value);
  return arith::AddIOp::create(b, mirrorNegative(b, bits), keyOffset(b, op, value.getType()));
}

TypedAttr getIdentityKey(Operation *op, Type type) {
  unsigned width = type.getIntOrFloatBitWidth();
  APInt last = isa<graph::ReduceMaxOp>(op) ? APInt::getSignedMinValue(width) : APInt::getSignedMaxValue(width);
  return IntegerAttr::get(IntegerType::get(op->getContext(), width), last);
}

Value emitFromOrderKey(OpBuilder &builder, Operation *op, Value key, Type type) {
  Builder b(op->getLoc(), builder);
  return arith::BitcastOp::create(b, type, mirrorNegative(b, arith::SubIOp::create(b, key, keyOffset(b, op, type))));
}

TypedAttr getIdentity(Operation *op, Type elementType) {
  Builder b(op->getLoc(), op->getContext());
  Type type = arithmeticType(elementType);
  bool ofMax = isa<graph::ReduceMaxOp>(op);
  if (auto real = dyn_cast<FloatType>(type)) {
    if (isa<graph::ReduceSumOp, graph::ReduceProdOp>(op))
      return b.getFloatAttr(type, isa<graph::ReduceProdOp>(op));
    return b.getFloatAttr(type, APFloat::getInf(real.getFloatSemantics(), /*Negative=*/ofMax));
  }
  unsigned width = type.getIntOrFloatBitWidth();
  if (isa<graph::ReduceSumOp, graph::ReduceProdOp>(op))
    return b.getIntegerAttr(type, APInt(width, isa<graph::ReduceProdOp>(op)));
  if (isUnsigned(elementType))
    return b.getIntegerAttr(type, ofMax ? APInt::getZero(width) : APInt::getAllOnes(width));
  return b.getIntegerAttr(type, ofMax ? APInt::getSignedMinValue(width) : APInt::getSignedMaxValue(width));
}

} // namespace costate::fuse
