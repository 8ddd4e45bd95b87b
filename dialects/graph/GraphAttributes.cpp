// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Dimensions as canonical polynomials: arithmetic, parsing, printing.

#include "costate/dialects/graph/GraphAttributes.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace costate::graph {

namespace {

using Terms = SmallVector<std::pair<ArrayAttr, int64_t>>;

std::string atomText(Attribute atom) {
  if (auto name = dyn_cast<StringAttr>(atom))
    return name.str();
  auto function = cast<DimFunctionAttr>(atom);
  std::string second = function.getRhs() ? ", " + function.getRhs().str() : "";
  return (stringifyEnum(function.getKind()) + "(" + function.getLhs().str() + second + ")").str();
}

std::string monomialText(ArrayAttr monomial) {
  std::string text;
  for (Attribute atom : monomial)
    text += (text.empty() ? "" : " * ") + atomText(atom);
  return text;
}

//===--- The order of terms: the same in every process, so it follows structure, never addresses ---===//

int compare(DimAttr a, DimAttr b);

/// Names come first, by the alphabet.
int compare(Attribute a, Attribute b) {
  if (a == b)
    return 0;
  auto name = dyn_cast<StringAttr>(a), otherName = dyn_cast<StringAttr>(b);
  if (name && otherName)
    return name.getValue().compare(otherName.getValue());
  if (name || otherName)
    return name ? -1 : 1;
  auto function = cast<DimFunctionAttr>(a), other = cast<DimFunctionAttr>(b);
  if (function.getKind() != other.getKind())
    return function.getKind() < other.getKind() ? -1 : 1;
  int order = compare(function.getLhs(), other.getLhs());
  return order || !function.getRhs() ? order : compare(function.getRhs(), other.getRhs());
}

/// Higher degrees come first, the constant last.
int compare(ArrayAttr a, ArrayAttr b) {
  if (a == b)
    return 0;
  if (a.size() != b.size())
    return a.size() > b.size() ? -1 : 1;
  for (auto [x, y] : llvm::zip_equal(a, b))
    if (int order = compare(x, y))
      return order;
  return 0;
}

int compare(DimAttr a, DimAttr b) {
  if (a == b)
    return 0;
  for (auto [x, y] : llvm::zip(a.getMonomials(), b.getMonomials()))
    if (int order = compare(x, y))
      return order;
  if (a.getMonomials().size() != b.getMonomials().size())
    return a.getMonomials().size() < b.getMonomials().size() ? -1 : 1;
  return a.getCoefficients() < b.getCoefficients() ? -1 : 1;
}

// Sizes beyond all memory stay there: the importer refuses them with a message, but only after it has computed with them.
constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

int64_t sumOf(int64_t a, int64_t b) {
  int64_t sum;
  return llvm::AddOverflow(a, b, sum) ? (a < 0 ? -kMost : kMost) : sum;
}

int64_t productOf(int64_t a, int64_t b) {
  int64_t product;
  return llvm::MulOverflow(a, b, product) ? ((a < 0) != (b < 0) ? -kMost : kMost) : product;
}

/// Sums equal monomials, drops zeros and orders the terms.
DimAttr normalize(MLIRContext *context, Terms terms) {
  llvm::stable_sort(terms, [](const auto &a, const auto &b) { return compare(a.first, b.first) < 0; });
  SmallVector<int64_t> coefficients;
  SmallVector<ArrayAttr> monomials;
  for (auto [monomial, coefficient] : terms) {
    if (!monomials.empty() && monomials.back() == monomial)
      coefficients.back() = sumOf(coefficients.back(), coefficient);
    else {
      monomials.push_back(monomial);
      coefficients.push_back(coefficient);
    }
    if (coefficients.back() == 0) {
      coefficients.pop_back();
      monomials.pop_back();
    }
  }
  return DimAttr::get(context, ArrayRef<int64_t>(coefficients), ArrayRef<ArrayAttr>(monomials));
}

DimAttr fromAtom(Attribute atom) {
  MLIRContext *context = atom.getContext();
  return normalize(context, {{ArrayAttr::get(context, atom), 1}});
}

Terms termsOf(DimAttr dim) {
  Terms terms;
  for (auto [monomial, coefficient] : llvm::zip_equal(dim.getMonomials(), dim.getCoefficients()))
    terms.push_back({monomial, coefficient});
  return terms;
}

/// The operands of nested max or min: of max(max(a, b), c) they are a, b and c.
void collectOperands(DimFunctionKind kind, DimAttr dim, SmallVectorImpl<DimAttr> &operands) {
  bool isAtom = dim.getMonomials().size() == 1 && dim.getMonomials().front().size() == 1 && dim.getCoefficients().front() == 1;
  auto function = isAtom ? dyn_cast<DimFunctionAttr>(dim.getMonomials().front()[0]) : DimFunctionAttr();
  if (!function || function.getKind() != kind)
    return operands.push_back(dim);
  collectOperands(kind, function.getLhs(), operands);
  collectOperands(kind, function.getRhs(), operands);
}

/// max or min of a set: whichever way it was put together, the same attribute. Of two that differ by a constant, one is dropped.
DimAttr extremum(DimFunctionKind kind, DimAttr a, DimAttr b) {
  SmallVector<DimAttr> operands, kept;
  collectOperands(kind, a, operands);
  collectOperands(kind, b, operands);
  for (DimAttr dim : operands) {
    auto differs = [&](DimAttr other) { return !(dim - other).constant(); };
    auto comparable = llvm::find_if_not(kept, differs);
    if (comparable == kept.end())
      kept.push_back(dim);
    else if ((*(dim - *comparable).constant() > 0) == (kind == DimFunctionKind::max))
      *comparable = dim;
  }
  llvm::sort(kept, [](DimAttr x, DimAttr y) { return compare(x, y) < 0; });
  DimAttr result = kept.front();
  for (DimAttr dim : llvm::drop_begin(kept))
    result = fromAtom(DimFunctionAttr::get(dim.getContext(), kind, result, dim));
  return result;
}

int64_t integerRoot(int64_t x) {
  auto root = int64_t(std::sqrt(double(x)));
  while (root > 0 && root > x / root)
    --root;
  while (root + 1 <= x / (root + 1))
    ++root;
  return root;
}

/// a / b, if b is one term that divides each of a's; else null.
DimAttr divideExactly(DimAttr a, DimAttr b) {
  if (b.getMonomials().size() != 1)
    return {};
  Terms terms = termsOf(a);
  int64_t divisor = b.getCoefficients().front();
  for (auto &[monomial, coefficient] : terms) {
    SmallVector<Attribute> atoms(monomial.begin(), monomial.end());
    for (Attribute atom : b.getMonomials().front()) {
      auto found = llvm::find(atoms, atom);
      if (found == atoms.end())
        return {};
      atoms.erase(found);
    }
    if (coefficient % divisor != 0)
      return {};
    coefficient /= divisor;
    monomial = ArrayAttr::get(a.getContext(), atoms);
  }
  return normalize(a.getContext(), terms);
}

/// Division by 1, of constants and of multiples is known. b: null for a function of one dimension.
DimAttr apply(DimFunctionKind kind, DimAttr a, DimAttr b) {
  std::optional<int64_t> x = a.constant(), y = b ? b.constant() : std::nullopt;
  switch (kind) {
  case DimFunctionKind::floordiv:
    if (y == 1)
      return a;
    if (x && y && *y != 0)
      return DimAttr::get(a.getContext(), llvm::divideFloorSigned(*x, *y));
    if (DimAttr quotient = divideExactly(a, b))
      return quotient;
    if (a == b)
      return DimAttr::get(a.getContext(), 1);
    break;
  case DimFunctionKind::max:
  case DimFunctionKind::min:
    return extremum(kind, a, b);
  case DimFunctionKind::isqrt:
    if (x && *x >= 0)
      return DimAttr::get(a.getContext(), integerRoot(*x));
    break;
  }
  return fromAtom(DimFunctionAttr::get(a.getContext(), kind, a, b));
}

} // namespace

DimAttr DimAttr::get(MLIRContext *context, int64_t value) {
  return normalize(context, {{ArrayAttr::get(context, {}), value}});
}

DimAttr DimAttr::get(MLIRContext *context, StringRef name) { return fromAtom(StringAttr::get(context, name)); }

DimAttr DimAttr::operator+(DimAttr other) const {
  Terms terms = termsOf(*this);
  llvm::append_range(terms, termsOf(other));
  return normalize(getContext(), terms);
}

DimAttr DimAttr::operator-(DimAttr other) const { return *this + other * get(getContext(), int64_t(-1)); }

DimAttr DimAttr::operator*(DimAttr other) const {
  Terms terms;
  for (auto [left, leftCoefficient] : termsOf(*this))
    for (auto [right, rightCoefficient] : termsOf(other)) {
      SmallVector<Attribute> atoms(left.begin(), left.end());
      llvm::append_range(atoms, right);
      llvm::stable_sort(atoms, [](Attribute a, Attribute b) { return compare(a, b) < 0; });
      terms.push_back({ArrayAttr::get(getContext(), atoms), productOf(leftCoefficient, rightCoefficient)});
    }
  return normalize(getContext(), terms);
}

DimAttr DimAttr::floorDiv(DimAttr a, DimAttr b) { return apply(DimFunctionKind::floordiv, a, b); }

DimAttr DimAttr::ceilDiv(DimAttr a, DimAttr b) { return floorDiv(a + b - get(a.getContext(), int64_t(1)), b); }

DimAttr DimAttr::max(DimAttr a, DimAttr b) { return apply(DimFunctionKind::max, a, b); }

DimAttr DimAttr::min(DimAttr a, DimAttr b) { return apply(DimFunctionKind::min, a, b); }

DimAttr DimAttr::isqrt(DimAttr a) { return apply(DimFunctionKind::isqrt, a, {}); }

std::optional<int64_t> DimAttr::constant() const {
  if (getMonomials().empty())
    return 0;
  if (getMonomials().size() == 1 && getMonomials().front().empty())
    return getCoefficients().front();
  return std::nullopt;
}

std::optional<StringRef> DimAttr::symbol() const {
  if (getMonomials().size() != 1 || getCoefficients().front() != 1 || getMonomials().front().size() != 1)
    return std::nullopt;
  if (auto name = dyn_cast<StringAttr>(getMonomials().front()[0]))
    return name.getValue();
  return std::nullopt;
}

DimAttr DimAttr::substitute(function_ref<DimAttr(StringRef)> bind) const {
  DimAttr sum = get(getContext(), int64_t(0));
  for (auto [monomial, coefficient] : termsOf(*this)) {
    DimAttr term = get(getContext(), coefficient);
    for (Attribute atom : monomial) {
      if (auto name = dyn_cast<StringAttr>(atom)) {
        DimAttr bound = bind(name.getValue());
        term = term * (bound ? bound : fromAtom(name));
      } else {
        auto function = cast<DimFunctionAttr>(atom);
        DimAttr rhs = function.getRhs();
        term = term * apply(function.getKind(), function.getLhs().substitute(bind), rhs ? rhs.substitute(bind) : DimAttr());
      }
    }
    sum = sum + term;
  }
  return sum;
}

void DimAttr::walkSymbols(function_ref<void(StringRef)> visit) const {
  for (ArrayAttr monomial : getMonomials())
    for (Attribute atom : monomial) {
      if (auto name = dyn_cast<StringAttr>(atom)) {
        visit(name.getValue());
      } else {
        auto function = cast<DimFunctionAttr>(atom);
        function.getLhs().walkSymbols(visit);
        if (function.getRhs())
          function.getRhs().walkSymbols(visit);
      }
    }
}

std::optional<int64_t> DimAttr::evaluate(function_ref<std::optional<int64_t>(StringRef)> value) const {
  int64_t sum = 0;
  for (auto [monomial, coefficient] : termsOf(*this)) {
    int64_t term = coefficient;
    for (Attribute atom : monomial) {
      std::optional<int64_t> factor;
      if (auto name = dyn_cast<StringAttr>(atom)) {
        factor = value(name.getValue());
      } else {
        auto function = cast<DimFunctionAttr>(atom);
        DimAttr rhs = function.getRhs();
        std::optional<int64_t> x = function.getLhs().evaluate(value), y = rhs ? rhs.evaluate(value) : std::nullopt;
        if (x && *x >= 0 && function.getKind() == DimFunctionKind::isqrt)
          factor = integerRoot(*x);
        else if (x && y && function.getKind() == DimFunctionKind::max)
          factor = std::max(*x, *y);
        else if (x && y && function.getKind() == DimFunctionKind::min)
          factor = std::min(*x, *y);
        else if (x && y && *y != 0)
          factor = llvm::divideFloorSigned(*x, *y);
      }
      if (!factor)
        return std::nullopt;
      term = productOf(term, *factor);
    }
    sum = sumOf(sum, term);
  }
  return sum;
}

std::optional<int64_t> DimAttr::lowerBound() const {
  int64_t sum = 0;
  for (auto [monomial, coefficient] : termsOf(*this)) {
    // p - k floordiv(a, c) >= (c p - k a)/c
    auto quotient = coefficient < 0 && monomial.size() == 1 ? dyn_cast<DimFunctionAttr>(monomial[0]) : DimFunctionAttr();
    if (quotient && quotient.getKind() == DimFunctionKind::floordiv)
      if (DimAttr c = quotient.getRhs(); c.constant().value_or(0) > 0) {
        DimAttr k = get(getContext(), coefficient);
        std::optional<int64_t> least = (c * (*this - k * fromAtom(quotient)) + k * quotient.getLhs()).lowerBound();
        return least ? std::optional(llvm::divideCeilSigned(*least, *c.constant())) : std::nullopt;
      }
    // Atoms >= 0 multiply to at least the product of their bounds. One that may be negative stands for itself only as the whole monomial.
    int64_t least = 1;
    for (Attribute atom : monomial) {
      int64_t factor = 0;
      if (auto function = dyn_cast<DimFunctionAttr>(atom)) {
        DimAttr rhs = function.getRhs();
        std::optional<int64_t> x = function.getLhs().lowerBound(), y = rhs ? rhs.lowerBound() : std::nullopt,
                               divisor = rhs ? rhs.constant() : std::nullopt;
        if (function.getKind() == DimFunctionKind::isqrt)
          factor = x && *x >= 0 ? integerRoot(*x) : 0;
        else if (function.getKind() == DimFunctionKind::max && (x || y))
          factor = std::max(x.value_or(*(y ? y : x)), y.value_or(*(x ? x : y)));
        else if (function.getKind() == DimFunctionKind::min && x && y)
          factor = std::min(*x, *y);
        else if (function.getKind() == DimFunctionKind::floordiv && x && divisor && *divisor > 0)
          factor = llvm::divideFloorSigned(*x, *divisor);
        else
          return std::nullopt;
      }
      if (factor < 0 && monomial.size() > 1)
        return std::nullopt;
      least = productOf(least, factor);
    }
    if (coefficient < 0 && !monomial.empty()) // nothing bounds a name from above
      return std::nullopt;
    sum = sumOf(sum, productOf(coefficient, least));
  }
  return sum;
}

std::string DimAttr::str() const {
  if (getMonomials().empty())
    return "0";
  std::string text;
  for (auto [monomial, coefficient] : termsOf(*this)) {
    int64_t magnitude = text.empty() ? coefficient : std::abs(coefficient);
    if (!text.empty())
      text += coefficient < 0 ? " - " : " + ";
    std::string atoms = monomialText(monomial);
    if (atoms.empty())
      text += std::to_string(magnitude);
    else if (magnitude == 1)
      text += atoms;
    else if (magnitude == -1)
      text += "-" + atoms;
    else
      text += std::to_string(magnitude) + " * " + atoms;
  }
  return text;
}

int64_t DimAttr::extent() const { return constant().value_or(ShapedType::kDynamic); }

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

namespace {

/// sum := product (('+' | '-') product)*; product := ['-'] atom ('*' atom)*;
/// atom := integer | name | '(' sum ')' | ('floordiv' | 'ceildiv' | 'max' | 'min') '(' sum ',' sum ')' | 'isqrt' '(' sum ')'
FailureOr<DimAttr> parseSum(AsmParser &parser);

FailureOr<DimAttr> parseAtom(AsmParser &parser) {
  MLIRContext *context = parser.getContext();
  int64_t value;
  OptionalParseResult integer = parser.parseOptionalInteger(value);
  if (integer.has_value())
    return failed(*integer) ? FailureOr<DimAttr>(failure()) : DimAttr::get(context, value);
  if (succeeded(parser.parseOptionalLParen())) {
    FailureOr<DimAttr> inner = parseSum(parser);
    if (failed(inner) || parser.parseRParen())
      return failure();
    return inner;
  }
  std::string name;
  if (parser.parseKeywordOrString(&name))
    return failure();
  bool isFunction = llvm::is_contained({"floordiv", "ceildiv", "max", "min", "isqrt"}, name);
  if (!isFunction || failed(parser.parseOptionalLParen()))
    return DimAttr::get(context, name);
  FailureOr<DimAttr> lhs = parseSum(parser);
  if (failed(lhs))
    return failure();
  if (name == "isqrt")
    return parser.parseRParen() ? FailureOr<DimAttr>(failure()) : DimAttr::isqrt(*lhs);
  if (parser.parseComma())
    return failure();
  FailureOr<DimAttr> rhs = parseSum(parser);
  if (failed(rhs) || parser.parseRParen())
    return failure();
  if (name == "floordiv")
    return DimAttr::floorDiv(*lhs, *rhs);
  if (name == "ceildiv")
    return DimAttr::ceilDiv(*lhs, *rhs);
  return name == "max" ? DimAttr::max(*lhs, *rhs) : DimAttr::min(*lhs, *rhs);
}

FailureOr<DimAttr> parseProduct(AsmParser &parser) {
  FailureOr<DimAttr> product = parseAtom(parser);
  while (succeeded(product) && succeeded(parser.parseOptionalStar())) {
    FailureOr<DimAttr> factor = parseAtom(parser);
    if (failed(factor))
      return failure();
    product = *product * *factor;
  }
  return product;
}

FailureOr<DimAttr> parseSum(AsmParser &parser) {
  bool negative = succeeded(parser.parseOptionalMinus());
  FailureOr<DimAttr> sum = parseProduct(parser);
  if (succeeded(sum) && negative)
    sum = DimAttr::get(parser.getContext(), int64_t(0)) - *sum;
  while (succeeded(sum)) {
    bool minus = succeeded(parser.parseOptionalMinus());
    if (!minus && failed(parser.parseOptionalPlus()))
      return sum;
    FailureOr<DimAttr> term = parseProduct(parser);
    if (failed(term))
      return failure();
    sum = minus ? *sum - *term : *sum + *term;
  }
  return sum;
}

} // namespace

Attribute DimAttr::parse(AsmParser &parser, Type) {
  if (parser.parseLess())
    return {};
  FailureOr<DimAttr> dim = parseSum(parser);
  if (failed(dim) || parser.parseGreater())
    return {};
  return *dim;
}

void DimAttr::print(AsmPrinter &printer) const { printer << '<' << str() << '>'; }

ParseResult parseDim(AsmParser &parser, DimAttr &dim) {
  FailureOr<DimAttr> parsed;
  if (parser.parseLSquare() || failed(parsed = parseSum(parser)) || parser.parseRSquare())
    return failure();
  dim = *parsed;
  return success();
}

void printDim(AsmPrinter &printer, Operation *, DimAttr dim) { printer << '[' << dim.str() << ']'; }

ParseResult parseExtent(AsmParser &parser, DimAttr &dim) {
  FailureOr<DimAttr> parsed = parseSum(parser);
  if (failed(parsed))
    return failure();
  dim = *parsed;
  return success();
}

void printExtent(AsmPrinter &printer, Operation *, DimAttr dim) { printer << dim.str(); }

ParseResult parseShape(AsmParser &parser, ArrayAttr &shape) {
  SmallVector<Attribute> dims;
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&]() -> ParseResult {
        FailureOr<DimAttr> dim = parseSum(parser);
        if (failed(dim))
          return failure();
        dims.push_back(*dim);
        return success();
      }))
    return failure();
  shape = parser.getBuilder().getArrayAttr(dims);
  return success();
}

void printShape(AsmPrinter &printer, Operation *, ArrayAttr shape) { printer << toString(toDims(shape)); }

ParseResult parseShapes(AsmParser &parser, ArrayAttr &shapes) {
  SmallVector<Attribute> all;
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&]() -> ParseResult {
        ArrayAttr shape;
        if (parseShape(parser, shape))
          return failure();
        all.push_back(shape);
        return success();
      }))
    return failure();
  shapes = parser.getBuilder().getArrayAttr(all);
  return success();
}

void printShapes(AsmPrinter &printer, Operation *op, ArrayAttr shapes) {
  printer << '[';
  llvm::interleaveComma(shapes.getAsRange<ArrayAttr>(), printer, [&](ArrayAttr shape) { printShape(printer, op, shape); });
  printer << ']';
}

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

std::string placeOf(Location loc) {
  std::string place;
  loc->walk([&](Location part) {
    auto file = dyn_cast<FileLineColLoc>(part);
    if (!file)
      return WalkResult::advance();
    place = (file.getFilename().getValue() + ":" + Twine(file.getLine()) + ":" + Twine(file.getColumn())).str();
    return WalkResult::interrupt();
  });
  return place;
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

ArrayAttr toArrayAttr(MLIRContext *context, ArrayRef<DimAttr> dims) {
  return ArrayAttr::get(context, SmallVector<Attribute>(dims.begin(), dims.end()));
}

Dims toDims(ArrayAttr attr) {
  return llvm::map_to_vector(attr, [](Attribute dim) { return cast<DimAttr>(dim); });
}

RankedTensorType typeOf(ArrayRef<DimAttr> dims, Type elementType) {
  return RankedTensorType::get(llvm::map_to_vector(dims, [](DimAttr dim) { return dim.extent(); }), elementType);
}

std::string toString(ArrayRef<DimAttr> dims) {
  std::string text = "[";
  for (DimAttr dim : dims)
    text += (text.size() == 1 ? "" : ", ") + dim.str();
  return text + "]";
}

DimAttr product(MLIRContext *context, ArrayRef<DimAttr> dims) {
  DimAttr product = DimAttr::get(context, int64_t(1));
  for (DimAttr dim : dims)
    product = product * dim;
  return product;
}

} // namespace costate::graph

#include "costate/dialects/graph/GraphEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "costate/dialects/graph/GraphAttributes.cpp.inc"

namespace costate::graph {

void GraphDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "costate/dialects/graph/GraphAttributes.cpp.inc"
      >();
}

} // namespace costate::graph
