// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/frontends/Builtins.h"

#include "llvm/ADT/StringSwitch.h"

#include <cmath>
#include <limits>

namespace costate::importer {

using llvm::StringRef;
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;

std::vector<llvm::ArrayRef<Builtin>> builtinTables() {
  return {mathBuiltins(), factorizationBuiltins(), fourierBuiltins(), collectiveBuiltins(), problemBuiltins(), randomBuiltins(), shapeBuiltins()};
}

const Builtin *findBuiltin(llvm::ArrayRef<llvm::ArrayRef<Builtin>> tables, StringRef name) {
  for (llvm::ArrayRef<Builtin> table : tables)
    for (const Builtin &builtin : table)
      if (builtin.name == name)
        return &builtin;
  return nullptr;
}

StringRef adviceForName(StringRef name) {
  return llvm::StringSwitch<StringRef>(name)
      .Cases({"np", "jnp", "numpy", "jax", "torch", "math", "nn", "F", "tf", "optax"}, "names of NumPy and JAX need no prefix here")
      .Case("True", "write 'true'")
      .Case("False", "write 'false'")
      .Case("None", "leave the argument out")
      .Cases({"dot", "matmul", "mm", "bmm"}, "write 'a @ b'")
      .Cases({"einsum", "tensordot"}, "write it with '@', '*', 'transpose' and 'sum'")
      .Cases({"power", "pow"}, "write 'x**n'")
      .Case("j", "the imaginary unit is '1j'")
      .Case("conjugate", "write 'conj(z)'")
      .Case("var", "write 'mean((x - mean(x))**2)'")
      .Case("std", "write 'sqrt(mean((x - mean(x))**2))'")
      .Cases({"concat", "cat", "hstack", "vstack"}, "write 'concatenate([a, b], axis)'")
      .Case("unsqueeze", "write 'expand_dims(x, axis)'")
      .Cases({"flatten", "ravel", "view"}, "write 'reshape(x, [-1])'")
      .Cases({"permute", "swapaxes", "T"}, "write 'transpose(x)'")
      .Case("clamp", "write 'clip(x, low, high)'")
      .Case("ln", "write 'log(x)'")
      .Cases({"asin", "acos", "atan", "asinh", "acosh", "atanh"}, "write 'arcsin(x)', 'arctan(x)' and so on")
      .Cases({"gammaln", "loggamma"}, "write 'lgamma(x)'")
      .Case("bincount", "write 'segment_sum(ones([len(x)]), x, count)'")
      .Case("shuffle", "write 'x[permutation(len(x))]'")
      .Case("choice", "write 'permutation(n)[:k]', or 'categorical(log(p), axis)'")
      .Case("range", "write '0..n'")
      .Case("linspace", "write 'a + (b - a)*arange(n)/(n - 1)'")
      .Cases({"float", "int", "double", "float32", "float64", "int32", "int64", "uint8"},
             "the types are f32, f64, i32, i64, i8, u8 and bool")
      .Case("Linear", "write 'dense(n, m)'")
      .Cases({"Sequential", "sequential"}, "write 'mlp(sizes)', or a net that calls others")
      .Cases({"value_and_grad", "backward"}, "write 'grad(e, f)', with the value e itself")
      .Case("jacobian", "write 'jacrev(f, x)' or, of few arguments, 'jacfwd(f, x)'")
      .Cases({"vmap", "pmap"}, "write 'map(x -> e, xs)'")
      .Case("psum_scatter", "write 'reduce_scatter(x, axis_name)'")
      .Case("hvp", "write 'jvp(grad(e, x), x, along=v)'")
      .Case("print", "'print(\"name\", x)' is a line of its own; 'inspect(x, \"name\")' is x in an expression")
      .Default("");
}

Failure argumentError(Elaborator &e, const BuiltinCall &call, size_t i, const llvm::Twine &what) {
  return e.error(call[i].where) << "'" << call.builtin.name << "' requires '" << formalsOf(call.builtin)[i].name << "' to be " << what.str()
                                << ", but got " << describe(call[i].value);
}

Number extremeOf(mlir::Type type, bool isLargest) {
  if (mlir::isa<mlir::FloatType>(type))
    return Number::of(isLargest ? HUGE_VAL : -HUGE_VAL);
  unsigned width = type.getIntOrFloatBitWidth();
  bool isUnsigned = width == 1 || type.isUnsignedInteger();
  int64_t largest = isUnsigned ? (int64_t(1) << width) - 1 : std::numeric_limits<int64_t>::max() >> (64 - width);
  return Number::of(isLargest ? largest : isUnsigned ? 0 : -largest - 1);
}

static FailureOr<Tensor> laidOut(Elaborator &e, FailureOr<Tensor> x, bool keepsLayout) {
  return failed(x) || keepsLayout ? x : FailureOr<Tensor>(e.withoutGaps(*x));
}

FailureOr<Tensor> tensorArgument(Elaborator &e, const BuiltinCall &call, size_t i, bool keepsLayout) {
  return laidOut(e, e.toTensor(call[i].value, call[i].where), keepsLayout);
}

FailureOr<Tensor> floatArgument(Elaborator &e, const BuiltinCall &call, size_t i, bool keepsLayout) {
  return laidOut(e, e.toFloat(call[i].value, call[i].where), keepsLayout);
}

FailureOr<graph::DimAttr> integerArgument(Elaborator &e, const BuiltinCall &call, size_t i) {
  if (auto dimension = call[i].value.as<Dimension>())
    return *dimension;
  auto number = call[i].value.as<Number>();
  if (!number || !number->isInteger)
    return argumentError(e, call, i, "an integer known at import or computed from sizes");
  return e.b.dim(number->integer);
}

FailureOr<bool> flagArgument(Elaborator &e, const BuiltinCall &call, size_t i, bool absent) {
  if (!call.given(i))
    return absent;
  auto flag = call[i].value.as<bool>();
  if (!flag)
    return argumentError(e, call, i, "true or false");
  return *flag;
}

FailureOr<graph::Dims> shapeArgument(Elaborator &e, const BuiltinCall &call, size_t i) {
  return e.evaluateShape(call[i].value, call[i].where);
}

FailureOr<Tensor> scalarArgument(Elaborator &e, const BuiltinCall &call, size_t i, mlir::Type type, Number absent) {
  if (!call.given(i))
    return e.b.constant(type, absent);
  FailureOr<Tensor> tensor = e.toTensor(call[i].value, call[i].where, type);
  if (failed(tensor))
    return failure();
  if (tensor->rank() != 0)
    return argumentError(e, call, i, "a scalar");
  return tensor;
}

FailureOr<mlir::Type> typeArgument(Elaborator &e, const BuiltinCall &call, size_t i, mlir::Type absent) {
  if (!call.given(i))
    return absent;
  auto type = call[i].value.as<mlir::Type>();
  if (type)
    return *type;
  Failure failure = argumentError(e, call, i, "a type, such as f32 or i32");
  if (call.builtin.formals.starts_with("shape") && call[i].value.is<Number>()) // zeros(3, 4)
    return std::move(failure) << "; a shape is one list, as in [3, 4]";
  return failure;
}

static FailureOr<int64_t> toAxis(Elaborator &e, const BuiltinCall &call, size_t i, const Value &value, int64_t rank) {
  auto number = value.as<Number>();
  if (!number || !number->isInteger)
    return argumentError(e, call, i, "an integer known at import");
  int64_t axis = number->integer < 0 ? number->integer + rank : number->integer;
  if (axis < 0 || axis >= rank)
    return argumentError(e, call, i, "an axis of a tensor of rank " + llvm::Twine(rank));
  return axis;
}

FailureOr<int64_t> axisArgument(Elaborator &e, const BuiltinCall &call, size_t i, int64_t rank) {
  return toAxis(e, call, i, call[i].value, rank);
}

FailureOr<int64_t> lastAxisArgument(Elaborator &e, const BuiltinCall &call, size_t i, const Tensor &x) {
  if (x.rank() == 0)
    return argumentError(e, call, 0, "a tensor with axes");
  return call.given(i) ? axisArgument(e, call, i, x.rank()) : FailureOr<int64_t>(x.rank() - 1);
}

FailureOr<llvm::SmallVector<int64_t>> axesArgument(Elaborator &e, const BuiltinCall &call, size_t i, int64_t rank) {
  llvm::SmallVector<int64_t> axes;
  if (!call.given(i))
    return llvm::to_vector(llvm::seq<int64_t>(0, rank));
  auto list = call[i].value.as<List>();
  std::vector<Value> values = list ? std::vector<Value>(list->begin(), list->end()) : std::vector<Value>{call[i].value};
  for (const Value &value : values) {
    FailureOr<int64_t> axis = toAxis(e, call, i, value, rank);
    if (failed(axis))
      return failure();
    if (llvm::is_contained(axes, *axis))
      return argumentError(e, call, i, "axes that differ");
    axes.push_back(*axis);
  }
  llvm::sort(axes);
  return axes;
}

} // namespace costate::importer
