// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/frontends/Values.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <charconv>
#include <cmath>

namespace costate::importer {

Value makeList(std::vector<Value> elements) { return List{std::make_shared<const std::vector<Value>>(std::move(elements))}; }

Value makeTuple(std::vector<Value> elements) { return List{std::make_shared<const std::vector<Value>>(std::move(elements)), /*isTuple=*/true}; }

Value makeComplex(Value re, Value im) { return Complex{std::make_shared<const std::pair<Value, Value>>(std::move(re), std::move(im))}; }

bool isComplex(const Value &value) {
  if (auto list = value.as<List>())
    return llvm::any_of(*list, isComplex);
  auto type = value.as<mlir::Type>();
  return value.is<Complex>() || (type && mlir::isa<mlir::ComplexType>(*type));
}

ArrayType arrayType(const Value &array) {
  auto complex = array.as<Complex>();
  const Tensor &tensor = *(complex ? complex->re() : array).as<Tensor>();
  return {complex ? mlir::ComplexType::get(tensor.elementType()) : tensor.elementType(), tensor.dims};
}

std::string typeName(mlir::Type elementType) {
  if (auto complex = mlir::dyn_cast<mlir::ComplexType>(elementType))
    return complex.getElementType().isF32() ? "complex64" : "complex128";
  if (elementType.isInteger(1))
    return "bool";
  if (elementType.isUnsignedInteger(8))
    return "u8";
  std::string name;
  llvm::raw_string_ostream(name) << elementType;
  return name;
}

std::string typeName(mlir::Type elementType, llvm::ArrayRef<graph::DimAttr> dims) {
  return typeName(elementType) + graph::toString(dims);
}

/// The shortest decimal that reads back as the same number
static std::string shortest(double number) {
  char digits[32];
  return std::string(digits, std::to_chars(digits, digits + sizeof(digits), number).ptr);
}

std::vector<llvm::StringRef> Module::publicNames() const {
  std::vector<llvm::StringRef> names;
  for (const auto &entry : declared)
    if (!isPrivate(entry.first()))
      names.push_back(entry.first());
  return names;
}

std::string describe(const Value &value) {
  if (auto tensor = value.as<Tensor>())
    return typeName(*tensor);
  if (auto number = value.as<Number>()) {
    if (number->isInteger)
      return std::to_string(number->integer);
    std::string digits = shortest(number->real);
    return digits.find_first_not_of("-0123456789") == std::string::npos ? digits + ".0" : digits; // 4.0 is no integer
  }
  if (value.is<RuntimeNumber>())
    return "a number known at run time";
  if (auto complex = value.as<Complex>()) {
    if (complex->elementType())
      return typeName(arrayType(value));
    auto re = complex->re().as<Number>(), im = complex->im().as<Number>();
    if (!re || !im)
      return "a complex number known at run time";
    std::string imaginary = shortest(std::fabs(im->real)) + "j", sign = std::signbit(im->real) ? "-" : re->real == 0 ? "" : "+";
    return re->real == 0 ? sign + imaginary : shortest(re->real) + " " + sign + " " + imaginary;
  }
  if (auto flag = value.as<bool>())
    return *flag ? "true" : "false";
  if (auto text = value.as<llvm::StringRef>())
    return ("\"" + *text + "\"").str();
  if (auto dim = value.as<Dimension>())
    return dim->str();
  if (auto list = value.as<List>()) {
    if (list->size() > 4)
      return llvm::formatv("a list of {0}", list->size());
    return "[" + llvm::join(llvm::map_range(*list, describe), ", ") + "]";
  }
  if (auto type = value.as<mlir::Type>())
    return "the type " + typeName(*type);
  if (auto fn = value.as<Function>())
    return ("fn '" + fn->decl->name.text + "'").str();
  if (value.is<Closure>())
    return "a function";
  if (value.is<const Builtin *>())
    return "a function";
  if (auto net = value.as<const syntax::NetDecl *>())
    return ("net '" + (*net)->name.text + "' without sizes").str();
  if (auto net = value.as<NetTemplate>())
    return ("net '" + net->decl->name.text + "' that is not bound by 'net name = ...'").str();
  if (auto net = value.as<const NetInstance *>())
    return "net '" + (*net)->path + "'";
  if (auto optimizer = value.as<const syntax::OptimizerDecl *>())
    return ("optimizer '" + (*optimizer)->name.text + "' without arguments").str();
  if (auto optimizer = value.as<Optimizer>())
    return ("optimizer '" + optimizer->decl->name.text + "'").str();
  if (auto set = value.as<const ParameterSet *>())
    return "parameter set '" + (*set)->name + "'";
  if (auto module = value.as<const Module *>())
    return "the file '" + (*module)->name + "'";
  return "nothing";
}

std::string identity(const Value &value) {
  auto pointer = [](const char *kind, const void *p) { return llvm::formatv("{0}{1}", kind, p).str(); };
  if (auto tensor = value.as<Tensor>())
    return typeName(*tensor) + (tensor->arena ? "@" + tensor->arena.getValue().str() : "");
  if (auto number = value.as<RuntimeNumber>())
    return "#" + typeName(number->tensor);
  if (auto number = value.as<Number>())
    return number->isInteger ? std::to_string(number->integer) : "~" + llvm::utohexstr(llvm::bit_cast<uint64_t>(number->real));
  if (auto complex = value.as<Complex>())
    return "(" + identity(complex->re()) + "," + identity(complex->im()) + ")";
  if (auto list = value.as<List>())
    return "[" + llvm::join(llvm::map_range(*list, identity), ",") + "]";
  if (auto type = value.as<mlir::Type>())
    return typeName(*type);
  if (auto fn = value.as<Function>())
    return pointer("fn", fn->decl) + (fn->scope ? pointer(":", fn->scope) : "");
  if (auto closure = value.as<Closure>())
    return pointer("->", closure->lambda) + pointer(":", closure->scope);
  if (auto builtin = value.as<const Builtin *>())
    return pointer("builtin", *builtin);
  if (auto net = value.as<const syntax::NetDecl *>())
    return pointer("net", *net);
  if (auto net = value.as<NetTemplate>())
    return pointer("template", net->decl) + "(" + llvm::join(llvm::map_range(*net->statics, identity), ",") + ")";
  if (auto net = value.as<const NetInstance *>())
    return pointer("instance", *net);
  if (auto optimizer = value.as<const syntax::OptimizerDecl *>())
    return pointer("optimizer", *optimizer);
  if (auto set = value.as<const ParameterSet *>())
    return pointer("set", *set);
  if (auto module = value.as<const Module *>())
    return pointer("module", *module);
  return describe(value);
}

bool isFunction(const Value &value) {
  return value.is<Closure>() || value.is<Function>() || value.is<const Builtin *>() || value.is<const NetInstance *>();
}

const Tensor *heldTensor(const Value &value) {
  auto number = value.as<RuntimeNumber>();
  return number ? &number->tensor : value.as<Tensor>();
}

void forEachTensor(const Value &value, llvm::function_ref<void(const Tensor &)> visit) {
  if (auto tensor = heldTensor(value))
    visit(*tensor);
  if (auto complex = value.as<Complex>()) {
    forEachTensor(complex->re(), visit);
    forEachTensor(complex->im(), visit);
  }
  if (auto list = value.as<List>())
    for (const Value &element : *list)
      forEachTensor(element, visit);
}

Value mapTensors(const Value &value, llvm::function_ref<Tensor(const Tensor &)> replace) {
  if (auto tensor = value.as<Tensor>())
    return replace(*tensor);
  if (auto number = value.as<RuntimeNumber>())
    return RuntimeNumber{replace(number->tensor)};
  if (auto complex = value.as<Complex>()) {
    Value re = mapTensors(complex->re(), replace);
    return makeComplex(std::move(re), mapTensors(complex->im(), replace));
  }
  if (auto list = value.as<List>()) {
    std::vector<Value> elements;
    for (const Value &element : *list)
      elements.push_back(mapTensors(element, replace));
    return list->isTuple ? makeTuple(std::move(elements)) : makeList(std::move(elements));
  }
  return value;
}

bool hasTensor(const Value &value) {
  bool found = false;
  forEachTensor(value, [&](const Tensor &) { found = true; });
  return found;
}

std::vector<Tensor> tensorsOf(llvm::ArrayRef<Value> values) {
  std::vector<Tensor> tensors;
  for (const Value &value : values)
    forEachTensor(value, [&](const Tensor &tensor) { tensors.push_back(tensor); });
  return tensors;
}

} // namespace costate::importer
