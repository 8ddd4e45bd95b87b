// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Folds. They are exact in IEEE arithmetic: nothing here changes a bit, the sign of a zero or a NaN's presence.

#include "costate/dialects/graph/Graph.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace costate;
using namespace costate::graph;

namespace {

/// The value of a splat constant.
template <typename Attr>
std::optional<typename Attr::ValueType> splat(Attribute attr) {
  auto elements = dyn_cast_or_null<SplatElementsAttr>(attr);
  if (!elements || !isa<Attr>(elements.getSplatValue<Attribute>()))
    return std::nullopt;
  return elements.getSplatValue<Attr>().getValue();
}

bool isSplat(Attribute attr, double value) {
  if (std::optional<APFloat> number = splat<FloatAttr>(attr))
    return number->bitwiseIsEqual([&] {
      APFloat wanted(value);
      bool inexact;
      wanted.convert(number->getSemantics(), APFloat::rmNearestTiesToEven, &inexact);
      return wanted;
    }());
  if (std::optional<APInt> number = splat<IntegerAttr>(attr))
    return *number == APInt(number->getBitWidth(), int64_t(value), /*isSigned=*/true, /*implicitTrunc=*/true);
  return false;
}

/// constant op constant -> constant, for splats of static shape.
template <typename OnFloat, typename OnInt>
OpFoldResult foldBinary(Type type, Attribute lhs, Attribute rhs, OnFloat onFloat, OnInt onInt) {
  auto shaped = cast<ShapedType>(type);
  if (!shaped.hasStaticShape())
    return {};
  if (auto x = splat<FloatAttr>(lhs), y = splat<FloatAttr>(rhs); x && y)
    return DenseElementsAttr::get(shaped, APFloat(onFloat(*x, *y)));
  if (auto x = splat<IntegerAttr>(lhs), y = splat<IntegerAttr>(rhs); x && y)
    return DenseElementsAttr::get(shaped, APInt(onInt(*x, *y)));
  return {};
}

} // namespace

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

// x + (-0) -> x;  integers: x + 0 -> x
OpFoldResult AddOp::fold(FoldAdaptor adaptor) {
  bool isInteger = isa<IntegerType>(getType().getElementType());
  if (isSplat(adaptor.getRhs(), isInteger ? 0.0 : -0.0))
    return getLhs();
  return foldBinary(getType(), adaptor.getLhs(), adaptor.getRhs(), std::plus<>(), std::plus<>());
}

// x - 0 -> x
OpFoldResult SubtractOp::fold(FoldAdaptor adaptor) {
  if (isSplat(adaptor.getRhs(), 0.0))
    return getLhs();
  return foldBinary(getType(), adaptor.getLhs(), adaptor.getRhs(), std::minus<>(), std::minus<>());
}

// x * 1 -> x
OpFoldResult MultiplyOp::fold(FoldAdaptor adaptor) {
  if (isSplat(adaptor.getRhs(), 1.0))
    return getLhs();
  return foldBinary(getType(), adaptor.getLhs(), adaptor.getRhs(), std::multiplies<>(), std::multiplies<>());
}

// x / 1 -> x
OpFoldResult DivideOp::fold(FoldAdaptor adaptor) { return isSplat(adaptor.getRhs(), 1.0) ? OpFoldResult(getLhs()) : OpFoldResult(); }

// max(x, x) -> x
OpFoldResult MaximumOp::fold(FoldAdaptor) { return getLhs() == getRhs() ? OpFoldResult(getLhs()) : OpFoldResult(); }

// min(x, x) -> x
OpFoldResult MinimumOp::fold(FoldAdaptor) { return getLhs() == getRhs() ? OpFoldResult(getLhs()) : OpFoldResult(); }

// x ** 1 -> x
OpFoldResult PowerOp::fold(FoldAdaptor adaptor) { return isSplat(adaptor.getRhs(), 1.0) ? OpFoldResult(getLhs()) : OpFoldResult(); }

// -(-x) -> x
OpFoldResult NegateOp::fold(FoldAdaptor adaptor) {
  if (auto inner = getOperand().getDefiningOp<NegateOp>())
    return inner.getOperand();
  auto shaped = getType();
  if (auto x = splat<FloatAttr>(adaptor.getOperand()); x && shaped.hasStaticShape())
    return DenseElementsAttr::get(shaped, neg(*x));
  return {};
}

// |(|x|)| -> |x|
OpFoldResult AbsOp::fold(FoldAdaptor) { return getOperand().getDefiningOp<AbsOp>() ? OpFoldResult(getOperand()) : OpFoldResult(); }

//===----------------------------------------------------------------------===//
// Logic, choice, conversion
//===----------------------------------------------------------------------===//

// x and x -> x
OpFoldResult AndOp::fold(FoldAdaptor) { return getLhs() == getRhs() ? OpFoldResult(getLhs()) : OpFoldResult(); }

// x or x -> x
OpFoldResult OrOp::fold(FoldAdaptor) { return getLhs() == getRhs() ? OpFoldResult(getLhs()) : OpFoldResult(); }

// not(not(x)) -> x
OpFoldResult NotOp::fold(FoldAdaptor) {
  auto inner = getOperand().getDefiningOp<NotOp>();
  return inner ? OpFoldResult(inner.getOperand()) : OpFoldResult();
}

// select(p, x, x) -> x;  select(true, x, y) -> x;  select(false, x, y) -> y
OpFoldResult SelectOp::fold(FoldAdaptor adaptor) {
  if (getOnTrue() == getOnFalse())
    return getOnTrue();
  if (std::optional<APInt> pred = splat<IntegerAttr>(adaptor.getPred()))
    return pred->isZero() ? getOnFalse() : getOnTrue();
  return {};
}

// convert to the same type -> operand
OpFoldResult ConvertOp::fold(FoldAdaptor adaptor) {
  if (getOperand().getType() == getType())
    return getOperand();
  auto to = dyn_cast<FloatType>(getType().getElementType());
  if (!to || !getType().hasStaticShape())
    return {};
  bool inexact;
  if (std::optional<APFloat> x = splat<FloatAttr>(adaptor.getOperand())) {
    x->convert(to.getFloatSemantics(), APFloat::rmNearestTiesToEven, &inexact);
    return DenseElementsAttr::get(getType(), *x);
  }
  if (std::optional<APInt> x = splat<IntegerAttr>(adaptor.getOperand())) {
    APFloat number(to.getFloatSemantics());
    Type from = getOperand().getType().getElementType();
    number.convertFromAPInt(*x, !from.isUnsignedInteger() && !from.isInteger(1), APFloat::rmNearestTiesToEven);
    return DenseElementsAttr::get(getType(), number);
  }
  return {};
}

//===----------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------===//

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

// extent of a number -> constant
OpFoldResult ExtentOp::fold(FoldAdaptor) {
  std::optional<int64_t> value = getDim().constant();
  return value ? OpFoldResult(DenseElementsAttr::get(getType(), *value)) : OpFoldResult();
}

// broadcast to the same static type -> operand;  broadcast of a splat constant -> constant
OpFoldResult BroadcastInDimOp::fold(FoldAdaptor adaptor) {
  if (!getType().hasStaticShape())
    return {};
  if (getOperand().getType() == getType())
    return getOperand();
  if (auto value = dyn_cast_or_null<SplatElementsAttr>(adaptor.getOperand()))
    return DenseElementsAttr::get(getType(), value.getSplatValue<Attribute>());
  return {};
}

// reshape to the same static type -> operand;  reshape of a constant -> constant
OpFoldResult ReshapeOp::fold(FoldAdaptor adaptor) {
  if (!getType().hasStaticShape())
    return {};
  if (getOperand().getType() == getType())
    return getOperand();
  if (auto value = dyn_cast_or_null<DenseElementsAttr>(adaptor.getOperand()))
    return value.reshape(getType());
  return {};
}

// identity permutation -> operand
OpFoldResult TransposeOp::fold(FoldAdaptor) {
  return llvm::equal(getPermutation(), llvm::seq<int64_t>(0, getPermutation().size())) ? OpFoldResult(getOperand()) : OpFoldResult();
}

// slice of all of a static tensor -> operand
OpFoldResult SliceOp::fold(FoldAdaptor) {
  bool isWhole = getType().hasStaticShape() && getType() == getOperand().getType() && llvm::all_of(getStrides(), [](int64_t s) { return s == 1; });
  return isWhole ? OpFoldResult(getOperand()) : OpFoldResult();
}

// concatenate(x) -> x
OpFoldResult ConcatenateOp::fold(FoldAdaptor) { return getOperands().size() == 1 ? OpFoldResult(getOperands().front()) : OpFoldResult(); }
