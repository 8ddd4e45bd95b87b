// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/tests/oracle/Check.h"

#include "costate/dialects/graph/Dimensions.h"
#include "costate/dialects/graph/Graph.h"
#include "costate/dialects/optim/Optim.h"
#include "costate/tests/oracle/Philox.h"

#include "llvm/Support/xxhash.h"

#include <cmath>

using namespace mlir;

#include "costate/tests/oracle/CheckDialect.cpp.inc"

namespace costate::check {

using oracle::Kind;
using oracle::Shape;

//===----------------------------------------------------------------------===//
// The dialect
//===----------------------------------------------------------------------===//

void CheckDialect::initialize() {}

static LogicalResult known(Operation *op, NamedAttribute attr, ArrayRef<StringRef> names) {
  if (llvm::is_contained(names, attr.getName().getValue()))
    return success();
  return op->emitOpError() << "requires one of " << names << " here, but got " << attr.getName();
}

LogicalResult CheckDialect::verifyRegionArgAttribute(Operation *op, unsigned, unsigned, NamedAttribute attr) {
  if (auto range = dyn_cast<ArrayAttr>(attr.getValue());
      attr.getName() == kRandomAttr && !(range && range.size() == 2 && llvm::all_of(range, llvm::IsaPred<FloatAttr>)))
    return op->emitOpError() << "requires " << kRandomAttr << " to be two floats, but got " << attr.getValue();
  return known(op, attr, {kValueAttr, kRandomAttr, kShapeAttr});
}

LogicalResult CheckDialect::verifyRegionResultAttribute(Operation *op, unsigned, unsigned, NamedAttribute attr) {
  return known(op, attr, {kCloseAttr});
}

LogicalResult CheckDialect::verifyOperationAttribute(Operation *op, NamedAttribute attr) {
  return known(op, attr, {kF32Attr, kGradientAttr, kSecondAttr, kMapAttr, kConstantAttr});
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

Array randomArray(Kind kind, ArrayRef<int64_t> shape, double low, double high, uint64_t seed) {
  Array array(kind, shape);
  for (int64_t i = 0, n = array.size(); i < n; ++i) {
    auto words = oracle::philox({uint32_t(i), uint32_t(i >> 32), 0, 0}, seed);
    double u = words[0] * 0x1p-32 + words[1] * 0x1p-64;
    if (array.isReal())
      array.reals[i] = float(low + (high - low) * u); // f32 executors get the same number
    else
      array.integers[i] = oracle::wrap(kind, int64_t(low) + int64_t(std::floor(u * (high - low + 1))));
  }
  return array;
}

/// Argument `i` with this shape, as its check.random wants it.
static Array drawn(FuncOp function, unsigned i, ArrayRef<int64_t> shape, uint64_t draw) {
  auto range = function.getArgAttrOfType<ArrayAttr>(i, kRandomAttr);
  auto bound = [&](unsigned k) { return cast<FloatAttr>(range[k]).getValueAsDouble(); };
  Kind kind = oracle::kindOf(getElementTypeOrSelf(function.getArgumentTypes()[i]), false);
  return randomArray(kind, shape, bound(0), bound(1), llvm::xxh3_64bits(function.getName()) + i + 1000 * draw);
}

FailureOr<std::vector<Array>> inputsOf(FuncOp function) {
  std::vector<Array> inputs;
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes())) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    if (!tensor)
      return function.emitError() << "requires argument " << i << " to be a tensor, but got " << type;
    if (auto value = function.getArgAttrOfType<ElementsAttr>(i, kValueAttr)) {
      auto given = cast<ShapedType>(value.getType());
      if (given.getElementType() != tensor.getElementType() || failed(verifyCompatibleShape(given, tensor)))
        return function.emitError() << "requires the value of argument " << i << " to fit " << type << ", but got " << given;
      inputs.push_back(oracle::fromAttribute(value, false));
      continue;
    }
    auto shape = function.getArgAttrOfType<DenseI64ArrayAttr>(i, kShapeAttr);
    if (!function.getArgAttr(i, kRandomAttr) || (!shape && !tensor.hasStaticShape()))
      return function.emitError() << "requires a value of argument " << i << ": check.value, or check.random with check.shape";
    inputs.push_back(drawn(function, i, shape ? shape.asArrayRef() : tensor.getShape(), 0));
  }
  return inputs;
}

std::optional<std::vector<Array>> inputsAtRandom(FuncOp function, uint64_t draw) {
  bool isNamed = false;
  auto extentOf = [&](StringRef name) -> std::optional<int64_t> {
    isNamed = true;
    return 1 + int64_t((llvm::xxh3_64bits(name) + 5 * draw) % 6);
  };
  std::vector<Array> inputs;
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes())) {
    Shape shape(cast<RankedTensorType>(type).getShape());
    if (auto dims = function.getArgAttrOfType<ArrayAttr>(i, graph::kDimsAttr))
      for (auto [extent, dim] : llvm::zip_equal(shape, graph::toDims(dims)))
        extent = dim.evaluate(extentOf).value_or(-1);
    if (!function.getArgAttr(i, kRandomAttr) || llvm::any_of(shape, [](int64_t extent) { return extent < 0; }))
      return std::nullopt;
    inputs.push_back(drawn(function, i, shape, draw));
  }
  return isNamed ? std::optional(std::move(inputs)) : std::nullopt;
}

std::vector<Array> vjpInputs(std::vector<Array> inputs, ArrayRef<Array> results) {
  for (const Array &result : results)
    if (result.isReal())
      inputs.push_back(randomArray(result.kind, result.shape, -1, 1, 1000 + inputs.size()));
  return inputs;
}

std::vector<Array> jvpInputs(std::vector<Array> inputs) {
  for (size_t i = 0, n = inputs.size(); i < n; ++i)
    if (inputs[i].isReal())
      inputs.push_back(randomArray(inputs[i].kind, inputs[i].shape, -1, 1, 2000 + i));
  return inputs;
}

std::vector<Array> mapInputs(std::vector<Array> inputs, ArrayRef<bool> over, int64_t lanes) {
  for (auto [input, isOver] : llvm::zip_equal(inputs, over)) {
    if (!isOver)
      continue;
    Shape shape{lanes};
    shape.append(input.shape.begin(), input.shape.end());
    Array all(input.kind, shape);
    int64_t size = input.size();
    for (int64_t lane = 0; lane < lanes; ++lane)
      for (int64_t i = 0; i < size; ++i) {
        if (all.isReal())
          all.reals[lane * size + i] = float(input.reals[i] * (1 + 0.125 * lane));
        else
          all.integers[lane * size + i] = input.integers[(i + lane) % size];
      }
    input = std::move(all);
  }
  return inputs;
}

//===----------------------------------------------------------------------===//
// Requests as functions
//===----------------------------------------------------------------------===//

static bool isFloat(Type type) { return isa<FloatType>(getElementTypeOrSelf(type)); }

/// Dimensions of arguments and results in the function's names.
static std::vector<graph::Dims> resultDims(FuncOp function) {
  graph::Dimensions dimensions;
  std::vector<graph::Dims> all;
  for (Value value : function.getBody().front().getTerminator()->getOperands())
    all.push_back(dimensions.of(value));
  return all;
}

static std::vector<graph::Dims> argumentDims(FuncOp function) {
  graph::Dimensions dimensions;
  std::vector<graph::Dims> all;
  for (Value value : function.getArguments())
    all.push_back(dimensions.of(value));
  return all;
}

/// Dimensions of a callee's results, on its signature, where its callers look for them.
static void annotateResults(FuncOp function, ArrayRef<graph::Dims> dims) {
  for (auto [i, shape] : llvm::enumerate(dims))
    function.setResultAttr(i, graph::kDimsAttr, graph::toArrayAttr(function.getContext(), shape));
}

namespace {

/// A private function with one request in it.
struct Request {
  FuncOp callee;
  SmallVector<Type> arguments, results;
  std::vector<graph::Dims> argumentDims, resultDims;

  explicit Request(FuncOp callee) : callee(callee), argumentDims(check::argumentDims(callee)), resultDims(check::resultDims(callee)) {
    annotateResults(callee, resultDims);
    llvm::append_range(arguments, callee.getArgumentTypes());
    llvm::append_range(results, callee.getResultTypes());
  }

  FuncOp build(const Twine &name, function_ref<Operation *(OpBuilder &, Location, ValueRange)> request) {
    OpBuilder builder(callee);
    builder.setInsertionPointAfter(callee);
    Location loc = callee.getLoc();
    auto function = FuncOp::create(builder, loc, name.str(), builder.getFunctionType(arguments, results));
    function.setPrivate();
    for (auto [i, dims] : llvm::enumerate(argumentDims))
      function.setArgAttr(i, graph::kDimsAttr, graph::toArrayAttr(builder.getContext(), dims));
    for (unsigned i = 0; i < callee.getNumArguments(); ++i)
      if (Attribute arena = callee.getArgAttr(i, optim::kArenaAttr))
        function.setArgAttr(i, optim::kArenaAttr, arena);
    annotateResults(function, resultDims);
    Block *body = function.addEntryBlock();
    builder.setInsertionPointToStart(body);
    Operation *op = request(builder, loc, body->getArguments());
    func::ReturnOp::create(builder, loc, op->getResults());
    return function;
  }
};

} // namespace

SmallVector<int64_t> floatArguments(FuncOp function) {
  SmallVector<int64_t> arguments;
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes()))
    if (isFloat(type))
      arguments.push_back(i);
  return arguments;
}

FuncOp addVjp(FuncOp function, ArrayRef<int64_t> wrt) {
  Request request(function);
  for (auto [i, type] : llvm::enumerate(function.getResultTypes()))
    if (isFloat(type)) {
      request.arguments.push_back(type);
      request.argumentDims.push_back(request.resultDims[i]);
    }
  for (int64_t i : wrt) {
    request.results.push_back(function.getArgumentTypes()[i]);
    request.resultDims.push_back(request.argumentDims[i]);
  }
  return request.build(function.getName() + ".vjp", [&](OpBuilder &b, Location loc, ValueRange args) {
    unsigned n = function.getNumArguments();
    return graph::VjpOp::create(b, loc, request.results, function.getName(), args.take_front(n), wrt, args.drop_front(n));
  });
}

FuncOp addJvp(FuncOp function, ArrayRef<int64_t> along) {
  Request request(function);
  for (int64_t i : along) {
    request.arguments.push_back(function.getArgumentTypes()[i]);
    request.argumentDims.push_back(graph::Dims(request.argumentDims[i]));
  }
  for (auto [i, type] : llvm::enumerate(function.getResultTypes()))
    if (isFloat(type)) {
      request.results.push_back(type);
      request.resultDims.push_back(graph::Dims(request.resultDims[i]));
    }
  return request.build(function.getName() + ".jvp", [&](OpBuilder &b, Location loc, ValueRange args) {
    unsigned n = function.getNumArguments();
    return graph::JvpOp::create(b, loc, request.results, function.getName(), args.take_front(n), along, args.drop_front(n));
  });
}

FuncOp addMap(FuncOp function, ArrayRef<bool> over) {
  Request request(function);
  // Lanes of a batch of batches need a name of their own: the count of axes named so far makes one.
  int depth = 0;
  for (const graph::Dims &dims : request.argumentDims)
    for (graph::DimAttr dim : dims)
      if (std::optional<StringRef> name = dim.symbol(); name && name->starts_with("lanes"))
        depth = std::max(depth, int(name->size()) - 4);
  auto lanes = graph::DimAttr::get(function.getContext(), "lanes" + std::string(depth, '_'));
  auto withLanes = [&](Type &type, graph::Dims &dims) {
    auto tensor = cast<RankedTensorType>(type);
    SmallVector<int64_t> shape{ShapedType::kDynamic};
    llvm::append_range(shape, tensor.getShape());
    type = RankedTensorType::get(shape, tensor.getElementType());
    dims.insert(dims.begin(), lanes);
  };
  std::string suffix;
  for (auto [i, isOver] : llvm::enumerate(over)) {
    suffix += isOver ? '1' : '0';
    if (isOver)
      withLanes(request.arguments[i], request.argumentDims[i]);
  }
  for (auto [type, dims] : llvm::zip_equal(request.results, request.resultDims))
    withLanes(type, dims);
  return request.build(function.getName() + ".map" + suffix, [&](OpBuilder &b, Location loc, ValueRange args) {
    return graph::MapRequestOp::create(b, loc, request.results, function.getName(), args, over, lanes, StringAttr(), DenseBoolArrayAttr());
  });
}

FuncOp addEntry(FuncOp function, StringRef name) {
  Builder builder(function.getContext());
  Request request(function);
  FuncOp entry =
      request.build(name, [&](OpBuilder &b, Location loc, ValueRange args) { return func::CallOp::create(b, loc, function, args); });
  function.setPrivate();
  entry.setPublic();
  entry->setAttr(optim::kEntryAttr, builder.getUnitAttr());
  for (unsigned i = 0; i < entry.getNumArguments(); ++i) {
    entry.setArgAttr(i, optim::kRoleAttr, builder.getStringAttr("input"));
    entry.setArgAttr(i, optim::kNameAttr, builder.getStringAttr("x" + Twine(i)));
  }
  for (unsigned i = 0; i < entry.getNumResults(); ++i) {
    entry.setResultAttr(i, optim::kRoleAttr, builder.getStringAttr("output"));
    entry.setResultAttr(i, optim::kNameAttr, builder.getStringAttr("y" + Twine(i)));
  }
  return entry;
}

} // namespace costate::check
