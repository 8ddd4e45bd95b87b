// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/tests/oracle/Array.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>
#include <cstdio>

using namespace mlir;

namespace costate::oracle {

llvm::StringRef name(Kind kind) {
  static constexpr llvm::StringLiteral names[] = {"f64", "f32", "f16", "bf16", "i1", "i8", "ui8", "i32", "i64"};
  return names[int(kind)];
}

double round(Kind kind, double value) {
  if (kind == Kind::f64)
    return value;
  if (kind == Kind::f32)
    return float(value);
  llvm::APFloat number(value);
  bool inexact;
  number.convert(kind == Kind::f16 ? llvm::APFloat::IEEEhalf() : llvm::APFloat::BFloat(), llvm::APFloat::rmNearestTiesToEven, &inexact);
  return number.convertToDouble();
}

int64_t wrap(Kind kind, int64_t value) {
  switch (kind) {
  case Kind::i1:
    return value & 1;
  case Kind::i8:
    return int8_t(value);
  case Kind::u8:
    return uint8_t(value);
  case Kind::i32:
    return int32_t(value);
  default:
    return value;
  }
}

Kind kindOf(Type type, bool keepF32) {
  if (type.isF32())
    return keepF32 ? Kind::f32 : Kind::f64;
  if (type.isF16())
    return Kind::f16;
  if (type.isBF16())
    return Kind::bf16;
  if (type.isInteger(1))
    return Kind::i1;
  if (type.isInteger(8))
    return type.isUnsignedInteger() ? Kind::u8 : Kind::i8;
  if (type.isInteger(32))
    return Kind::i32;
  return isa<FloatType>(type) ? Kind::f64 : Kind::i64;
}

int64_t count(ArrayRef<int64_t> shape) {
  int64_t n = 1;
  for (int64_t extent : shape)
    n *= extent;
  return n;
}

Shape stridesOf(ArrayRef<int64_t> shape) {
  Shape strides(shape.size(), 1);
  for (int64_t axis = int64_t(shape.size()) - 2; axis >= 0; --axis)
    strides[axis] = strides[axis + 1] * shape[axis + 1];
  return strides;
}

void forEachIndex(ArrayRef<int64_t> shape, function_ref<void(int64_t, ArrayRef<int64_t>)> visit) {
  Shape index(shape.size(), 0);
  for (int64_t flat = 0, n = count(shape); flat < n; ++flat) {
    visit(flat, index);
    for (int64_t axis = int64_t(shape.size()) - 1; axis >= 0 && ++index[axis] == shape[axis]; --axis)
      index[axis] = 0;
  }
}

Array::Array(Kind kind, ArrayRef<int64_t> shape) : kind(kind), shape(shape) {
  if (isReal())
    reals.resize(count(shape));
  else
    integers.resize(count(shape));
}

Array Array::full(Kind kind, ArrayRef<int64_t> shape, double value) {
  Array array(kind, shape);
  std::fill(array.reals.begin(), array.reals.end(), oracle::round(kind, value));
  std::fill(array.integers.begin(), array.integers.end(), array.isReal() ? 0 : int64_t(value));
  return array;
}

Array Array::of(Kind kind, ArrayRef<int64_t> shape, std::vector<double> reals) {
  Array array;
  array.kind = kind;
  array.shape = Shape(shape);
  array.reals = std::move(reals);
  for (double &x : array.reals)
    x = oracle::round(kind, x);
  return array;
}

Array Array::of(Kind kind, ArrayRef<int64_t> shape, std::vector<int64_t> integers) {
  Array array;
  array.kind = kind;
  array.shape = Shape(shape);
  array.integers = std::move(integers);
  for (int64_t &x : array.integers)
    x = wrap(kind, x);
  return array;
}

Array fromAttribute(ElementsAttr attr, bool keepF32) {
  auto type = cast<ShapedType>(attr.getType());
  Array array(kindOf(type.getElementType(), keepF32), type.getShape());
  int64_t i = 0;
  if (array.isReal()) {
    for (llvm::APFloat x : attr.getValues<llvm::APFloat>()) {
      bool inexact;
      x.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &inexact);
      array.reals[i++] = x.convertToDouble();
    }
  } else {
    for (const llvm::APInt &x : attr.getValues<llvm::APInt>())
      array.integers[i++] = wrap(array.kind, x.getBitWidth() == 1 ? x.getZExtValue() : x.getSExtValue());
  }
  return array;
}

/// A double with all its digits.
static std::string digits(double value) {
  char text[32];
  snprintf(text, sizeof text, "%.17g", value);
  return text;
}

std::string toString(const Array &array) {
  constexpr int64_t limit = 64;
  std::string text;
  llvm::raw_string_ostream os(text);
  os << name(array.kind) << '[';
  llvm::interleaveComma(array.shape, os);
  os << "] ";
  auto print = [&](auto &&self, size_t axis, int64_t offset, int64_t size) -> void {
    if (axis == array.shape.size()) {
      if (array.isReal())
        os << digits(array.reals[offset]);
      else
        os << array.integers[offset];
      return;
    }
    os << '[';
    int64_t step = array.shape[axis] ? size / array.shape[axis] : 0;
    for (int64_t i = 0; i < array.shape[axis]; ++i) {
      os << (i ? ", " : "");
      if (offset + i * step >= limit) {
        os << "...";
        break;
      }
      self(self, axis + 1, offset + i * step, step);
    }
    os << ']';
  };
  print(print, 0, 0, array.size());
  return text;
}

std::string difference(const Array &found, const Array &wanted, double rtol, double atol, bool signedZeros) {
  auto text = [](const Array &array) {
    std::string shape;
    llvm::raw_string_ostream os(shape);
    os << '[';
    llvm::interleaveComma(array.shape, os);
    os << ']';
    return shape;
  };
  if (found.shape != wanted.shape)
    return "requires shape " + text(wanted) + ", but got " + text(found);
  if (found.isReal() != wanted.isReal())
    return ("requires elements of " + name(wanted.kind) + ", but got " + name(found.kind)).str();
  int64_t first = -1, bad = 0;
  double worst = 0;
  for (int64_t i = 0, n = wanted.size(); i < n; ++i) {
    double x = found.at(i), y = wanted.at(i);
    bool equal = wanted.isReal() ? (std::isnan(x) && std::isnan(y)) || (x == y && !(signedZeros && std::signbit(x) != std::signbit(y))) ||
                                       (std::isfinite(x) && std::isfinite(y) && !(x == 0 && y == 0) && std::abs(x - y) <= atol + rtol * std::abs(y))
                                 : found.integers[i] == wanted.integers[i];
    if (equal)
      continue;
    if (bad++ == 0)
      first = i;
    if (std::isfinite(x) && std::isfinite(y))
      worst = std::max(worst, std::abs(x - y));
  }
  if (!bad)
    return "";
  std::string index;
  Shape strides = stridesOf(wanted.shape);
  for (size_t axis = 0; axis < strides.size(); ++axis)
    index += (axis ? ", " : "") + std::to_string(first / strides[axis] % wanted.shape[axis]);
  return llvm::formatv("requires {0} at [{1}], but got {2}; {3} of {4} elements differ, by up to {5}", digits(wanted.at(first)), index,
                       digits(found.at(first)), bad, wanted.size(), digits(worst))
      .str();
}

} // namespace costate::oracle
