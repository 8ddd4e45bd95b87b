// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators: arithmetic of what is known at import; NumPy's promotion and broadcasting, made explicit; matrix products.
#include "costate/frontends/Elaborator.h"

#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

namespace costate::importer {

using namespace syntax;
using graph::ComparisonDirection;
using graph::DimAttr;
using graph::Dims;
using llvm::ArrayRef;
using llvm::StringRef;
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;

namespace {

std::optional<ComparisonDirection> comparison(StringRef op) {
  return llvm::StringSwitch<std::optional<ComparisonDirection>>(op)
      .Case("==", ComparisonDirection::EQ)
      .Case("!=", ComparisonDirection::NE)
      .Case("<", ComparisonDirection::LT)
      .Case("<=", ComparisonDirection::LE)
      .Case(">", ComparisonDirection::GT)
      .Case(">=", ComparisonDirection::GE)
      .Default(std::nullopt);
}

bool holds(ComparisonDirection direction, double a, double b) {
  switch (direction) {
  case ComparisonDirection::EQ:
    return a == b;
  case ComparisonDirection::NE:
    return a != b;
  case ComparisonDirection::LT:
    return a < b;
  case ComparisonDirection::LE:
    return a <= b;
  case ComparisonDirection::GT:
    return a > b;
  case ComparisonDirection::GE:
    return a >= b;
  }
  return false;
}

bool isFloat(mlir::Type type) { return mlir::isa<mlir::FloatType>(type); }

/// Numbers have no type of their own: see Number and RuntimeNumber.
bool isNumber(const Value &v) { return v.is<Number>() || v.is<RuntimeNumber>() || v.is<Dimension>(); }

bool isInteger(const Value &number) {
  if (auto known = number.as<Number>())
    return known->isInteger;
  auto atRunTime = number.as<RuntimeNumber>();
  return !atRunTime || !isFloat(atRunTime->tensor.elementType());
}

/// Python's floor division and its remainder, which has the sign of the divisor
int64_t floorDivide(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0)); }

std::optional<Number> integerArithmetic(StringRef op, int64_t a, int64_t b) {
  int64_t result;
  if (op == "+" && !llvm::AddOverflow(a, b, result))
    return Number::of(result);
  if (op == "-" && !llvm::SubOverflow(a, b, result))
    return Number::of(result);
  if (op == "*" && !llvm::MulOverflow(a, b, result))
    return Number::of(result);
  bool divides = b != 0 && !(a == INT64_MIN && b == -1);
  if (op == "//" && divides)
    return Number::of(floorDivide(a, b));
  if (op == "%" && divides)
    return Number::of(a - b * floorDivide(a, b));
  if (op == "**" && b >= 0 && a >= -1 && a <= 1)
    return Number::of(b == 0 || (a == -1 && b % 2 == 0) ? int64_t(1) : a);
  if (op == "**" && b >= 0) {
    result = 1;
    for (int64_t i = 0; i < b; ++i) // at most 63 rounds: the result at least doubles
      if (llvm::MulOverflow(result, a, result))
        return std::nullopt;
    return Number::of(result);
  }
  return std::nullopt;
}

double realArithmetic(StringRef op, double a, double b) {
  if (op == "+")
    return a + b;
  if (op == "-")
    return a - b;
  if (op == "*")
    return a * b;
  if (op == "/")
    return a / b;
  if (op == "//")
    return std::floor(a / b);
  if (op == "%")
    return a - b * std::floor(a / b);
  return std::pow(a, b);
}

} // namespace

//===----------------------------------------------------------------------===//
// What is known at import
//===----------------------------------------------------------------------===//

/// `done` tells whether both operands are known; if not, the operator is one on tensors.
FailureOr<Value> Elaborator::staticBinary(StringRef op, const Value &a, const Value &b_, SourceRange where, bool &done) {
  done = true;
  auto x = a.as<Number>(), y = b_.as<Number>();
  if (x && y) {
    if (op == "..") {
      if (!x->isInteger || !y->isInteger)
        return error(where) << "requires integers around '..', but got " << describe(a) << " and " << describe(b_);
      if (y->integer - x->integer > 1000000)
        return error(where) << "requires at most 1000000 elements, but got " << y->integer - x->integer;
      std::vector<Value> range;
      for (int64_t i = x->integer; i < y->integer; ++i)
        range.push_back(Number::of(i));
      return makeList(std::move(range));
    }
    if (auto direction = comparison(op))
      return Value(holds(*direction, x->real, y->real));
    bool integers = x->isInteger && y->isInteger && op != "/" && !(op == "**" && y->integer < 0);
    if (!integers)
      return Value(Number::of(realArithmetic(op, x->real, y->real)));
    if (std::optional<Number> result = integerArithmetic(op, x->integer, y->integer))
      return Value(*result);
    if (op == "and" || op == "or")
      return error(where) << "'" << op << "' requires truth values, but got " << describe(a) << " and " << describe(b_);
    if ((op == "//" || op == "%") && y->integer == 0)
      return error(where) << "requires a divisor other than 0";
    return error(where) << "requires integers below 2**63, but " << x->integer << " " << op << " " << y->integer << " exceeds them";
  }
  // Sizes with names in them stay sizes under the operations that polynomials have.
  auto dimension = [&](const Value &v) -> std::optional<DimAttr> {
    if (auto d = v.as<Dimension>())
      return *d;
    auto n = v.as<Number>();
    return n && n->isInteger ? std::optional(this->b.dim(n->integer)) : std::nullopt;
  };
  std::optional<DimAttr> m = dimension(a), n = dimension(b_);
  if (m && n) {
    std::optional<DimAttr> result;
    if (op == "+")
      result = *m + *n;
    else if (op == "-")
      result = *m - *n;
    else if (op == "*")
      result = *m * *n;
    else if (op == "//" && !(n->constant() && *n->constant() <= 0))
      result = DimAttr::floorDiv(*m, *n);
    if (result)
      return result->constant() ? Value(Number::of(*result->constant())) : Value(*result);
    if (auto direction = comparison(op)) {
      if (std::optional<int64_t> difference = (*m - *n).constant())
        return Value(holds(*direction, double(*difference), 0));
      return error(where) << "requires sizes that can be compared at import, but got " << m->str() << " and " << n->str();
    }
  }
  auto p = a.as<bool>(), q = b_.as<bool>();
  if (p && q) {
    if (op == "and")
      return Value(*p && *q);
    if (op == "or")
      return Value(*p || *q);
    if (op == "==" || op == "!=")
      return Value((*p == *q) == (op == "=="));
  }
  auto s = a.as<StringRef>(), t = b_.as<StringRef>();
  if (s && t && (op == "==" || op == "!="))
    return Value((*s == *t) == (op == "=="));
  done = false;
  return Value();
}

//===----------------------------------------------------------------------===//
// Promotion and broadcasting
//===----------------------------------------------------------------------===//

/// JAX's lattice on the types there are: bool < i8, u8 < i32 < i64 < f32 < f64; complex if one of them is.
mlir::Type Elaborator::promote(mlir::Type a, mlir::Type b) const {
  auto p = mlir::dyn_cast<mlir::ComplexType>(a), q = mlir::dyn_cast<mlir::ComplexType>(b);
  if (p || q)
    return mlir::ComplexType::get(promote(p ? p.getElementType() : a, q ? q.getElementType() : b));
  auto level = [](mlir::Type type) { return type.getIntOrFloatBitWidth() + (isFloat(type) ? 1000 : 0); };
  // Neither of i8 and u8 holds the other.
  if (a != b && level(a) == 8 && level(b) == 8)
    return mlir::IntegerType::get(a.getContext(), 32);
  return level(a) >= level(b) ? a : b;
}

FailureOr<Tensor> Elaborator::toTensor(const Value &value, SourceRange where, mlir::Type wanted) {
  if (isComplex(value))
    return refuseComplex(value, where);
  mlir::Type i32 = b.builder.getI32Type();
  if (auto tensor = value.as<Tensor>())
    return wanted ? b.convert(*tensor, wanted) : *tensor;
  if (auto number = value.as<RuntimeNumber>())
    return b.convert(number->tensor, wanted ? wanted : isFloat(number->tensor.elementType()) ? real : i32);
  if (auto number = value.as<Number>()) {
    mlir::Type type = wanted ? wanted : number->isInteger ? i32 : real;
    if (!number->isInteger && type.isIntOrIndex())
      return error(where) << "requires a value of type " << typeName(type) << ", but got " << describe(value) << "; astype(x, " << typeName(type)
                          << ") drops what stands behind the point";
    if (number->isInteger && type.isIntOrIndex() && type.getIntOrFloatBitWidth() < 64 &&
        !llvm::isIntN(type.getIntOrFloatBitWidth() + type.isUnsignedInteger(), number->integer) && !type.isInteger(1))
      return error(where) << "requires an integer that fits " << typeName(type) << ", but got " << number->integer;
    return b.constant(type, *number);
  }
  if (auto flag = value.as<bool>())
    return b.constant(wanted ? wanted : b.builder.getI1Type(), Number::of(int64_t(*flag)));
  if (auto dim = value.as<Dimension>())
    return b.convert(b.extent(*dim), wanted ? wanted : i32);
  if (const ParameterSet *set = wholeSet(value)) {
    FailureOr<Value> arena = valueOf(set->root);
    if (failed(arena))
      return failure();
    return toTensor(*arena, where, wanted);
  }
  auto nets = value.as<List>();
  if (auto net = (nets && nets->size() > 0 ? (*nets)[0] : value).as<const NetInstance *>())
    return error(where) << "requires a whole parameter set, but " << (nets ? "a list with " : "") << "'" << (*net)->path << "' is a part of '"
                        << (*net)->set->name << "'";
  auto list = value.as<List>();
  if (!list)
    return error(where) << "requires a tensor, but got " << describe(value);

  // A nested list of numbers is a constant; one with tensors in it is their stack.
  std::vector<int64_t> shape;
  std::vector<Number> numbers;
  bool isReal = false, isFlag = false, regular = true;
  std::function<void(const Value &, size_t)> flatten = [&](const Value &v, size_t axis) {
    if (auto inner = v.as<List>()) {
      if (numbers.empty() && axis == shape.size())
        shape.push_back(inner->size());
      regular &= axis < shape.size() && shape[axis] == int64_t(inner->size());
      for (const Value &element : *inner)
        flatten(element, axis + 1);
      return;
    }
    regular &= axis == shape.size();
    if (auto number = v.as<Number>()) {
      isReal |= !number->isInteger;
      numbers.push_back(*number);
    } else if (auto flag = v.as<bool>()) {
      isFlag = true;
      numbers.push_back(Number::of(int64_t(*flag)));
    } else {
      regular = false;
    }
  };
  flatten(value, 0);
  if (regular) {
    mlir::Type type = wanted ? wanted : isReal ? real : isFlag ? mlir::Type(b.builder.getI1Type()) : mlir::Type(i32);
    if (isReal && type.isIntOrIndex())
      return error(where) << "requires values of type " << typeName(type) << ", but got " << describe(value);
    return b.constant(type, shape, numbers);
  }
  if (!hasTensor(value))
    return error(where) << "requires a list of numbers, or of lists of equal lengths, but got " << describe(value);
  std::vector<Tensor> parts;
  mlir::Type common = wanted;
  for (const Value &element : *list) {
    FailureOr<Tensor> part = toTensor(element, where, wanted);
    if (failed(part))
      return failure();
    if (!parts.empty() && part->dims != parts.front().dims)
      return error(where) << "requires tensors of one shape in a list, but got " << typeName(parts.front()) << " and "
                          << typeName(*part);
    common = common ? promote(common, part->elementType()) : part->elementType();
    parts.push_back(withoutGaps(*part));
  }
  for (Tensor &part : parts) {
    Dims row = part.dims;
    row.insert(row.begin(), b.dim(1));
    part = b.reshape(b.convert(part, common), row);
  }
  return b.concatenate(parts, 0);
}

FailureOr<Tensor> Elaborator::toOperand(const Value &value, SourceRange where, bool isReal) {
  if (isNumber(value))
    return toTensor(value, where, isReal || !isInteger(value) ? mlir::Type(b.builder.getF64Type()) : b.builder.getI64Type());
  return isReal ? toFloat(value, where) : toTensor(value, where);
}

Value Elaborator::toResult(const Tensor &result, llvm::ArrayRef<const Value *> operands) const {
  bool isNumeric = llvm::all_of(operands, [](const Value *v) { return isNumber(*v); });
  return isNumeric && !result.elementType().isInteger(1) ? Value(RuntimeNumber{result}) : Value(result);
}

FailureOr<Tensor> Elaborator::toFloat(const Value &value, SourceRange where) {
  if (auto tensor = value.as<Tensor>())
    return isFloat(tensor->elementType()) ? *tensor : b.convert(*tensor, real);
  FailureOr<Tensor> tensor = toTensor(value, where);
  if (failed(tensor))
    return failure();
  return isFloat(tensor->elementType()) ? *tensor : b.convert(*tensor, real);
}

Failure Elaborator::explained(Failure failure, const Tensor &a, const Tensor &b) {
  for (const Tensor *operand : {&a, &b}) {
    if (operand == &b && b.value == a.value)
      break; // has been said
    const Binding *first = nullptr;
    for (const auto &[binding, value] : current->values)
      if (!binding->name.empty() && value.is<Tensor>() && value.as<Tensor>()->value == operand->value && (!first || binding->serial < first->serial))
        first = binding;
    if (first)
      std::move(failure).note(location(first->where), "'" + first->name + "' is " + typeName(*operand) + " here");
  }
  return failure;
}

FailureOr<Dims> Elaborator::broadcastDims(StringRef op, const Tensor &x, const Tensor &y, SourceRange where) {
  size_t rank = std::max(x.dims.size(), y.dims.size());
  Dims dims(rank);
  for (size_t i = 1; i <= rank; ++i) { // from the last axis
    DimAttr p = i <= x.dims.size() ? x.dims[x.dims.size() - i] : b.dim(1);
    DimAttr q = i <= y.dims.size() ? y.dims[y.dims.size() - i] : b.dim(1);
    if (p != q && p.constant() != 1 && q.constant() != 1)
      return explained(error(where) << "'" << op << "' requires equal shapes, or 1 where they differ, but got " << typeName(x)
                                    << " and " << typeName(y) << ": " << p.str() << " is not " << q.str(),
                       x, y);
    dims[rank - i] = p.constant() == 1 ? q : p;
  }
  return dims;
}

FailureOr<std::pair<Tensor, Tensor>> Elaborator::align(StringRef op, const Value &x, const Value &y, SourceRange where,
                                                       SourceRange xWhere, SourceRange yWhere, mlir::Type least) {
  // Two rows of elements go together one by one; only tensors are repeated.
  auto isRow = [](const Value &v) { return v.is<List>() && llvm::none_of(*v.as<List>(), [](const Value &element) { return element.is<List>(); }); };
  if (isRow(x) && isRow(y) && x.as<List>()->size() != y.as<List>()->size())
    return error(where) << "'" << op << "' requires lists of one length, whose elements it takes one by one, but got " << describe(x) << " and " << describe(y)
                        << (op == "+" ? "; 'concatenate([a, b])' joins tensors" : "");
  // A number takes the type of the tensor it meets, unless it is a float and the tensor is not.
  auto weakType = [&](const Value &v) { return isInteger(v) ? mlir::Type(b.builder.getI32Type()) : real; };
  std::optional<Tensor> p, q;
  auto convert = [&](const Value &v, SourceRange range, std::optional<Tensor> &out) {
    if (isNumber(v))
      return mlir::success();
    FailureOr<Tensor> tensor = toTensor(v, range);
    if (succeeded(tensor))
      out = *tensor;
    return mlir::LogicalResult(tensor);
  };
  if (failed(convert(x, xWhere, p)) || failed(convert(y, yWhere, q)))
    return failure();
  mlir::Type type;
  if (!p && !q) {
    bool integers = isInteger(x) && isInteger(y) && !(least && isFloat(least));
    type = integers ? mlir::Type(b.builder.getI64Type()) : b.builder.getF64Type();
  } else {
    type = p && q ? promote(p->elementType(), q->elementType()) : (p ? p : q)->elementType();
    for (const Value *weak : {&x, &y})
      if (isNumber(*weak) && (type.isInteger(1) || !isInteger(*weak)))
        type = promote(type, weakType(*weak));
    if (least && (isFloat(least) || type.isInteger(1)))
      type = promote(type, least);
  }
  // What is known of a number, or of a list of them, becomes what it meets at once: no digit is lost on the way.
  FailureOr<Tensor> s = p && !x.is<List>() ? b.convert(*p, type) : toTensor(x, xWhere, type);
  FailureOr<Tensor> t = q && !y.is<List>() ? b.convert(*q, type) : toTensor(y, yWhere, type);
  if (failed(s) || failed(t))
    return failure();
  if (s->arena && t->arena && s->arena != t->arena)
    return error(where) << "'" << op << "' requires values of one parameter set, but got '" << s->arena.getValue() << "' and '"
                        << t->arena.getValue() << "'";
  FailureOr<Dims> dims = broadcastDims(op, *s, *t, where);
  if (failed(dims))
    return failure();
  return std::make_pair(b.broadcast(*s, *dims), b.broadcast(*t, *dims));
}

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

FailureOr<Value> Elaborator::unary(StringRef op, const Value &a, SourceRange where) {
  if (op == "not") {
    if (auto flag = a.as<bool>())
      return Value(!*flag);
    FailureOr<Tensor> x = toTensor(a, where);
    if (failed(x))
      return failure();
    return Value(b.unary<graph::NotOp>(b.convert(*x, b.builder.getI1Type())));
  }
  if (auto number = a.as<Number>())
    return Value(number->isInteger ? Number::of(-number->integer) : Number::of(-number->real));
  if (isComplex(a))
    return complexUnary(op, a, where);
  if (a.is<Dimension>())
    return binary("-", Number::of(int64_t(0)), a, where, where, where);
  FailureOr<Tensor> x = toOperand(a, where, /*isReal=*/false);
  if (failed(x))
    return failure();
  if (x->elementType().isInteger(1))
    x = b.convert(*x, b.builder.getI32Type());
  return toResult(b.unary<graph::NegateOp>(*x), {&a});
}

/// x**n by squaring, so that small powers need no pow
Tensor Elaborator::power(const Tensor &x, int64_t exponent) {
  if (exponent == 1)
    return x;
  Tensor half = power(x, exponent / 2), square = b.multiply(half, half);
  return exponent % 2 ? b.multiply(square, x) : square;
}

FailureOr<Value> Elaborator::binary(StringRef op, const Value &x, const Value &y, SourceRange where, SourceRange xWhere,
                                    SourceRange yWhere) {
  if (isComplex(x) || isComplex(y))
    return complexBinary(op, x, y, where, xWhere, yWhere);
  bool known;
  FailureOr<Value> atImport = staticBinary(op, x, y, where, known);
  if (known)
    return atImport;
  if (op == "..")
    return error(where) << "requires integers around '..', but got " << describe(x) << " and " << describe(y);
  if (op == "@") {
    FailureOr<Tensor> p = toFloat(x, xWhere), q = toFloat(y, yWhere);
    if (failed(p) || failed(q))
      return failure();
    mlir::Type type = promote(p->elementType(), q->elementType());
    for (auto [tensor, value, range] : {std::tuple(&p, &x, xWhere), std::tuple(&q, &y, yWhere)})
      if (value->is<List>())
        *tensor = toTensor(*value, range, type);
    return matmul(b.convert(*p, type), b.convert(*q, type), where);
  }
  if (op == "and" || op == "or") {
    auto pair = align(op, x, y, where, xWhere, yWhere);
    if (failed(pair))
      return failure();
    Tensor p = b.convert(pair->first, b.builder.getI1Type()), q = b.convert(pair->second, b.builder.getI1Type());
    return Value(op == "and" ? b.binary<graph::AndOp>(p, q) : b.binary<graph::OrOp>(p, q));
  }
  FailureOr<Tensor> result = arithmetic(op, x, y, where, xWhere, yWhere);
  return failed(result) ? FailureOr<Value>(failure()) : toResult(*result, {&x, &y});
}

FailureOr<Tensor> Elaborator::arithmetic(StringRef op, const Value &x, const Value &y, SourceRange where, SourceRange xWhere,
                                         SourceRange yWhere) {
  auto exponent = y.as<Number>();
  if (op == "**" && exponent && exponent->isInteger && std::abs(exponent->integer) <= 16) {
    FailureOr<Tensor> base = toOperand(x, xWhere, /*isReal=*/false);
    if (failed(base))
      return failure();
    if (exponent->integer == 0)
      return b.full(base->elementType(), base->dims, Number::of(int64_t(1)));
    if (exponent->integer > 0)
      return power(*base, exponent->integer);
    if (isFloat(base->elementType())) {
      Tensor one = b.full(base->elementType(), base->dims, Number::of(int64_t(1)));
      return b.binary<graph::DivideOp>(one, power(*base, -exponent->integer));
    }
  }
  // Division and power leave the integers; arithmetic leaves the truth values.
  auto direction = comparison(op);
  mlir::Type least;
  if (!direction)
    least = op == "/" || op == "**" ? real : mlir::Type(b.builder.getI32Type());
  auto pair = align(op, x, y, where, xWhere, yWhere, least);
  if (failed(pair))
    return failure();
  auto &[p, q] = *pair;
  if (direction)
    return b.compare(*direction, p, q);
  if (op == "+")
    return b.binary<graph::AddOp>(p, q);
  if (op == "-")
    return b.binary<graph::SubtractOp>(p, q);
  if (op == "*")
    return b.multiply(p, q);
  if (op == "/")
    return b.binary<graph::DivideOp>(p, q);
  if (op == "**")
    return b.binary<graph::PowerOp>(p, q);

  // Floor division and its remainder, which has the sign of the divisor, from those that round toward zero.
  Tensor zero = b.full(p.elementType(), p.dims, Number::of(int64_t(0)));
  Tensor remainder = b.binary<graph::RemainderOp>(p, q);
  Tensor signsDiffer = b.binary<graph::XorOp>(b.compare(ComparisonDirection::LT, remainder, zero), b.compare(ComparisonDirection::LT, q, zero));
  Tensor adjusts = b.binary<graph::AndOp>(b.compare(ComparisonDirection::NE, remainder, zero), signsDiffer);
  if (op == "%")
    return b.select(adjusts, b.binary<graph::AddOp>(remainder, q), remainder);
  if (isFloat(p.elementType()))
    return b.unary<graph::FloorOp>(b.binary<graph::DivideOp>(p, q));
  Tensor one = b.full(p.elementType(), p.dims, Number::of(int64_t(1)));
  Tensor quotient = b.binary<graph::DivideOp>(p, q);
  return b.select(adjusts, b.binary<graph::SubtractOp>(quotient, one), quotient);
}

/// NumPy's matmul: [..., m, k] @ [..., k, n]; a vector is a row on the left, a column on the right.
FailureOr<Value> Elaborator::matmul(const Tensor &a, const Tensor &c, SourceRange where) {
  Tensor x = withoutGaps(a), y = withoutGaps(c);
  if (x.rank() == 0 || y.rank() == 0)
    return explained(error(where) << "'@' requires operands with axes, but got " << typeName(x) << " and " << typeName(y), x, y);
  int64_t xk = x.rank() - 1, yk = std::max<int64_t>(0, y.rank() - 2);
  if (x.dims[xk] != y.dims[yk])
    return explained(error(where) << "'@' requires equal inner dimensions, but got " << x.dims[xk].str() << " and "
                                  << y.dims[yk].str(),
                     x, y);
  if (y.rank() <= 2) // leading axes of the left operand are rows like any other
    return Value(b.dot(x, y, {}, {}, {xk}, {yk}));
  // Leading axes pair up: broadcast them to each other.
  int64_t xBatch = std::max<int64_t>(0, x.rank() - 2), yBatch = y.rank() - 2;
  Tensor xLead{x.value, Dims(ArrayRef(x.dims).take_front(xBatch)), {}}, yLead{y.value, Dims(ArrayRef(y.dims).take_front(yBatch)), {}};
  size_t rank = std::max(xBatch, yBatch);
  Dims lead(rank);
  for (size_t i = 1; i <= rank; ++i) {
    DimAttr p = int64_t(i) <= xBatch ? xLead.dims[xBatch - i] : b.dim(1), q = int64_t(i) <= yBatch ? yLead.dims[yBatch - i] : b.dim(1);
    if (p != q && p.constant() != 1 && q.constant() != 1)
      return explained(error(where) << "'@' requires equal leading dimensions, or 1 where they differ, but got " << typeName(x)
                                    << " and " << typeName(y),
                       x, y);
    lead[rank - i] = p.constant() == 1 ? q : p;
  }
  auto widen = [&](const Tensor &t, int64_t batch) {
    Dims dims = lead;
    dims.append(t.dims.begin() + batch, t.dims.end());
    return b.broadcast(t, dims);
  };
  Tensor p = widen(x, xBatch), q = widen(y, yBatch);
  llvm::SmallVector<int64_t> batch = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  return Value(b.dot(p, q, batch, batch, {p.rank() - 1}, {q.rank() - 2}));
}

} // namespace costate::importer
