// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Complex values: their parts, and arithmetic as that of parts. What is no ring operation is written in the language (std/complex.costate).
#include "costate/frontends/Elaborator.h"

namespace costate::importer {

using llvm::StringRef;
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;

Failure Elaborator::refuseComplex(const Value &value, SourceRange where, const llvm::Twine &whatRequires) {
  Failure failure = error(where) << whatRequires.str() << "requires a real " << (value.is<mlir::Type>() ? "type" : "value") << ", but got "
                                 << describe(value);
  return value.is<mlir::Type>() ? std::move(failure) : std::move(failure) << "; take real(z) or abs(z)";
}

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

FailureOr<Value> Elaborator::partOf(const Value &value, bool isImaginary, SourceRange where) {
  if (auto complex = value.as<Complex>())
    return isImaginary ? complex->im() : complex->re();
  if (auto type = value.as<mlir::Type>()) {
    auto complex = mlir::dyn_cast<mlir::ComplexType>(*type);
    if (!complex)
      return error(where) << "requires a complex type for a complex value, but got " << describe(value) << "; take real(z) or abs(z)";
    return Value(complex.getElementType());
  }
  if (auto list = value.as<List>()) {
    std::vector<Value> parts;
    for (const Value &element : *list) {
      FailureOr<Value> part = partOf(element, isImaginary, where);
      if (failed(part))
        return failure();
      parts.push_back(*part);
    }
    return makeList(std::move(parts));
  }
  if (!isImaginary)
    return value;
  FailureOr<Tensor> real = toTensor(value, where);
  if (failed(real))
    return failure();
  return value.is<Tensor>() ? Value(b.full(real->elementType(), real->dims, Number::of(int64_t(0)))) : Value(Number::of(int64_t(0)));
}

FailureOr<Value> Elaborator::joinParts(const Value &re, const Value &im, SourceRange where) {
  Value parts[] = {re, im};
  for (Value &part : parts) {
    if (auto number = part.as<Number>())
      part = Number::of(number->real);
    else if (auto tensor = part.as<Tensor>())
      part = withoutGaps(*tensor);
  }
  auto isNumber = [](const Value &part) { return part.is<Number>() || part.is<RuntimeNumber>() || part.is<Dimension>(); };
  if (llvm::all_of(parts, isNumber))
    return makeComplex(parts[0], parts[1]);
  auto pair = align("complex", parts[0], parts[1], where, where, where, real);
  return failed(pair) ? FailureOr<Value>(failure()) : makeComplex(pair->first, pair->second);
}

FailureOr<Value> Elaborator::toArray(const Value &value, SourceRange where, mlir::Type wanted) {
  auto complexType = mlir::dyn_cast_if_present<mlir::ComplexType>(wanted);
  if (!complexType && (wanted || !isComplex(value))) {
    FailureOr<Tensor> tensor = toTensor(value, where, wanted);
    return failed(tensor) ? FailureOr<Value>(failure()) : Value(*tensor);
  }
  mlir::Type type = complexType ? complexType.getElementType() : mlir::Type();
  FailureOr<Value> re = partOf(value, /*isImaginary=*/false, where), im = partOf(value, /*isImaginary=*/true, where);
  if (failed(re) || failed(im))
    return failure();
  // A list of parts, or a number, becomes a tensor; what has a type keeps it, unless one is wanted.
  FailureOr<Tensor> p = toFloat(type ? FailureOr<Value>(toTensor(*re, where, type)) : re, where);
  FailureOr<Tensor> q = toFloat(type ? FailureOr<Value>(toTensor(*im, where, type)) : im, where);
  return failed(p) || failed(q) ? FailureOr<Value>(failure()) : joinParts(*p, *q, where);
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

namespace {

/// Sums and products of parts, of which those that are known to be 0 are left out: 1j*z is an exchange of the parts of z, and no product.
class Parts {
public:
  using Part = std::optional<Value>;

  Parts(Elaborator &e, StringRef product, SourceRange where, SourceRange xWhere, SourceRange yWhere)
      : e(e), product(product), where(where), xWhere(xWhere), yWhere(yWhere) {}

  static Part unlessZero(const Value &part) {
    auto number = part.as<Number>();
    return number && number->real == 0 ? Part() : Part(part);
  }
  Part add(const Part &a, const Part &b) { return !a ? b : !b ? a : apply("+", *a, *b); }
  Part subtract(const Part &a, const Part &b) { return !b ? a : !a ? negate(*b) : apply("-", *a, *b); }
  Part multiply(const Part &a, const Part &b) { return !a || !b ? Part() : apply(product, *a, *b); }
  Part divide(const Part &a, const Part &b) { return !a ? Part() : apply("/", *a, *b); }
  Part negate(const Part &a) { return !a || hasFailed ? Part() : keep(e.unary("-", *a, where)); }
  FailureOr<Value> join(const Part &re, const Part &im) {
    Value zero = Number::of(int64_t(0));
    return hasFailed ? FailureOr<Value>(failure()) : e.joinParts(re.value_or(zero), im.value_or(zero), where);
  }

private:
  Part apply(StringRef op, const Value &a, const Value &b) { return hasFailed ? Part() : keep(e.binary(op, a, b, where, xWhere, yWhere)); }
  Part keep(const FailureOr<Value> &value) {
    hasFailed |= failed(value);
    return failed(value) ? Part() : unlessZero(*value);
  }

  Elaborator &e;
  StringRef product;
  SourceRange where, xWhere, yWhere;
  bool hasFailed = false;
};

} // namespace

FailureOr<Value> Elaborator::complexUnary(StringRef op, const Value &a, SourceRange where) {
  if (op != "-")
    return refuseComplex(a, where, ("'" + op + "' ").str());
  FailureOr<Value> re = partOf(a, /*isImaginary=*/false, where), im = partOf(a, /*isImaginary=*/true, where);
  re = failed(re) ? re : unary(op, *re, where);
  im = failed(im) ? im : unary(op, *im, where);
  return failed(re) || failed(im) ? FailureOr<Value>(failure()) : joinParts(*re, *im, where);
}

FailureOr<Value> Elaborator::complexBinary(StringRef op, const Value &x, const Value &y, SourceRange where, SourceRange xWhere,
                                           SourceRange yWhere) {
  if (!llvm::is_contained({"+", "-", "*", "/", "**", "@", "==", "!="}, op))
    return refuseComplex(isComplex(x) ? x : y, isComplex(x) ? xWhere : yWhere, ("'" + op + "' ").str());
  if (op == "==" || op == "!=") {
    FailureOr<Value> sides[2];
    for (bool isImaginary : {false, true}) {
      FailureOr<Value> a = partOf(x, isImaginary, xWhere), c = partOf(y, isImaginary, yWhere);
      if (failed(a) || failed(c) || failed(sides[isImaginary] = binary(op, *a, *c, where, xWhere, yWhere)))
        return failure();
    }
    return binary(op == "==" ? "and" : "or", *sides[0], *sides[1], where, xWhere, yWhere);
  }
  if (op == "**") {
    auto exponent = y.as<Number>();
    if (!exponent || !exponent->isInteger)
      return callLibrary("complex_power", {{x, xWhere}, {y, yWhere}}, where);
    FailureOr<Value> one = Value(Number::of(int64_t(1))), power = one, square = x;
    if (exponent->integer == 0) { // of the shape of x
      FailureOr<Value> re = partOf(x, /*isImaginary=*/false, xWhere);
      one = failed(re) ? re : binary(op, *re, y, where, xWhere, yWhere);
      return failed(one) ? one : joinParts(*one, Number::of(int64_t(0)), where);
    }
    for (uint64_t rest = exponent->integer < 0 ? -uint64_t(exponent->integer) : exponent->integer; rest; rest /= 2) {
      if (rest % 2)
        power = binary("*", *power, *square, where, xWhere, xWhere);
      if (rest > 1)
        square = failed(power) ? power : binary("*", *square, *square, where, xWhere, xWhere);
      if (failed(power) || failed(square))
        return failure();
    }
    return exponent->integer > 0 ? power : binary("/", *one, *power, where, xWhere, xWhere);
  }

  using Part = Parts::Part;
  Parts parts(*this, op, where, xWhere, yWhere);
  Part a[2], c[2];
  for (auto [value, range, out] : {std::tuple(&x, xWhere, a), std::tuple(&y, yWhere, c)}) {
    FailureOr<Value> array = value->is<List>() && isComplex(*value) ? toArray(*value, range) : FailureOr<Value>(*value);
    if (failed(array))
      return failure();
    auto complex = array->as<Complex>();
    out[1] = complex ? Parts::unlessZero(complex->im()) : Part();
    out[0] = complex && out[1] ? Parts::unlessZero(complex->re()) : Part(complex ? complex->re() : *array); // 0j*x has the shape of x
  }
  auto [re, im] = a;
  auto [u, v] = c;
  if (op == "+")
    return parts.join(parts.add(re, u), parts.add(im, v));
  if (op == "-")
    return parts.join(parts.subtract(re, u), parts.subtract(im, v));
  if (op == "/" && !v && u)
    return parts.join(parts.divide(re, u), parts.divide(im, u));
  if (op == "/" && !u && v) // x/(i v) = -i x/v
    return parts.join(parts.divide(im, v), parts.negate(parts.divide(re, v)));
  if (op == "/")
    return callLibrary("complex_divide", {{x, xWhere}, {y, yWhere}}, where);
  return parts.join(parts.subtract(parts.multiply(re, u), parts.multiply(im, v)), parts.add(parts.multiply(re, v), parts.multiply(im, u)));
}

} // namespace costate::importer
