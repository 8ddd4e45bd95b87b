// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// extern fn: a C function of the program around the model, called as any fn. It becomes a private function that holds one `graph.extern`, so that
// a rule can give it a derivative. Its types are C's: where f32 of a model is compiled as f64, it is converted on the way in and out.
#include "costate/frontends/Elaborator.h"

#include "costate/dialects/graph/CNames.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"

namespace costate::importer {

using namespace syntax;
using graph::DimAttr;
using graph::Dims;
using llvm::StringRef;
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;

/// Names of sizes in the types of the parameters, in order of appearance.
static llvm::SmallVector<const ReferenceExpr *> sizesOf(const FnDecl &fn) {
  llvm::SmallVector<const ReferenceExpr *> sizes;
  for (const Parameter &parameter : fn.parameters)
    for (const TypeSyntax::Axis &axis : parameter.type->axes)
      if (auto *name = llvm::dyn_cast<ReferenceExpr>(axis.size.get()))
        if (llvm::none_of(sizes, [&](const ReferenceExpr *other) { return other->name == name->name; }))
          sizes.push_back(name);
  return sizes;
}

//===----------------------------------------------------------------------===//
// The prototype
//===----------------------------------------------------------------------===//

static StringRef elementInC(StringRef name) {
  return llvm::StringSwitch<StringRef>(name)
      .Case("f32", "float")
      .Case("f64", "double")
      .Case("i32", "int32_t")
      .Case("i64", "int64_t")
      .Case("i8", "int8_t")
      .Default("uint8_t"); // u8; bool, 0 or 1
}

/// int32_t f(costate_context *context, const float *x, float k, float *result, int64_t n, void *data)
static std::string prototypeOf(const FnDecl &fn) {
  llvm::StringSet<> taken{"context", "data"};
  auto unique = [&](const llvm::Twine &name) {
    std::string text = name.str();
    while (graph::isReservedInC(text) || !taken.insert(text).second)
      text += "_";
    return text;
  };
  std::vector<std::string> parameters{"costate_context *context"};
  for (const Parameter &parameter : fn.parameters) {
    StringRef element = elementInC(parameter.type->element.text);
    std::string name = unique(parameter.name.text);
    parameters.push_back(parameter.type->axes.empty() ? (element + " " + name).str() : ("const " + element + " *" + name).str());
  }
  bool isOne = fn.external->results.size() == 1;
  for (auto [i, type] : llvm::enumerate(fn.external->results))
    parameters.push_back(
        (elementInC(type.element.text) + " *" + unique(isOne ? llvm::Twine("result") : "result_" + llvm::Twine(i + 1))).str());
  for (const ReferenceExpr *size : sizesOf(fn))
    parameters.push_back("int64_t " + unique(size->name));
  parameters.push_back("void *data");
  return ("int32_t " + fn.external->symbol.text + "(" + llvm::join(parameters, ", ") + ")").str();
}

//===----------------------------------------------------------------------===//
// The call
//===----------------------------------------------------------------------===//

FailureOr<mlir::Type> Elaborator::externElement(const TypeSyntax &type) {
  FailureOr<mlir::Type> element = elementType(type);
  return succeeded(element) && type.element.text == "f32" ? FailureOr<mlir::Type>(b.builder.getF32Type()) : element;
}

FailureOr<Dims> Elaborator::externExtents(const FnDecl &fn, const Binding *scope) {
  Dims extents;
  for (const ReferenceExpr *size : sizesOf(fn)) {
    FailureOr<Value> value = evaluate(*size, scope);
    FailureOr<Dims> extent = failed(value) ? FailureOr<Dims>(failure()) : evaluateShape(*value, size->range);
    if (failed(extent))
      return failure();
    extents.append(*extent);
  }
  return extents;
}

FailureOr<Value> Elaborator::emitExtern(const FnDecl &fn, const Binding *scope) {
  b.location = location(fn.name.range);
  llvm::SmallVector<mlir::Value> inputs;
  for (const Parameter &parameter : fn.parameters) {
    FailureOr<Value> value = valueOf(lookup(parameter.name.text, scope));
    FailureOr<mlir::Type> element = failed(value) ? FailureOr<mlir::Type>(failure()) : externElement(*parameter.type);
    if (failed(element) || failed(requireShape(value->as<Tensor>()->dims, parameter.type->range)))
      return failure();
    inputs.push_back(b.convert(*value->as<Tensor>(), *element).value);
  }
  FailureOr<Dims> extents = externExtents(fn, scope);
  if (failed(extents))
    return failure();

  llvm::SmallVector<mlir::Type> types;
  llvm::SmallVector<mlir::Attribute> shapes;
  std::vector<Dims> dims;
  for (const TypeSyntax &type : fn.external->results) {
    for (const TypeSyntax::Axis &axis : type.axes)
      if (auto *name = llvm::dyn_cast<ReferenceExpr>(axis.size.get()); name && !lookup(name->name, scope, name->range))
        return error(axis.range) << "requires the sizes of results to be known from those of arguments, but no parameter of '"
                                 << fn.name.text << "' has an axis '" << name->name << "'";
    FailureOr<mlir::Type> element = externElement(type);
    FailureOr<Dims> shape = failed(element) ? FailureOr<Dims>(failure())
                                            : bindType(type, nullptr, "a result of '" + fn.name.text.str() + "'", type.range, scope);
    if (failed(shape))
      return failure();
    types.push_back(graph::typeOf(*shape, *element));
    shapes.push_back(graph::toArrayAttr(b.builder.getContext(), *shape));
    dims.push_back(std::move(*shape));
  }
  b.location = location(fn.name.range);
  auto op = graph::ExternOp::create(b.builder, b.location, types, fn.external->symbol.text, inputs,
                                    graph::toArrayAttr(b.builder.getContext(), *extents), b.builder.getArrayAttr(shapes), prototypeOf(fn));
  std::vector<Value> results;
  for (auto [result, shape, type] : llvm::zip_equal(op.getResults(), dims, fn.external->results))
    results.push_back(b.convert(Tensor{result, shape, {}}, *elementType(type)));
  return results.size() == 1 ? results.front() : makeTuple(std::move(results));
}

} // namespace costate::importer
