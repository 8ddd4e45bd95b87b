// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/fuse/DimensionValues.h"

#include "costate/dialects/graph/Graph.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using costate::graph::DimAttr;

namespace costate::fuse {

Value emitDim(OpBuilder &b, Location loc, DimAttr dim, function_ref<Value(StringRef)> name) {
  auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(b, loc, value); };
  Value sum;
  for (auto [coefficient, atoms] : llvm::zip_equal(dim.getCoefficients(), dim.getMonomials())) {
    Value product;
    for (Attribute atom : atoms) {
      Value factor;
      if (auto symbol = dyn_cast<StringAttr>(atom)) {
        factor = name(symbol.getValue());
      } else {
        auto function = cast<graph::DimFunctionAttr>(atom);
        Value lhs = emitDim(b, loc, function.getLhs(), name), rhs = function.getRhs() ? emitDim(b, loc, function.getRhs(), name) : lhs;
        if (!lhs || !rhs)
          return {};
        switch (function.getKind()) {
        case graph::DimFunctionKind::floordiv:
          factor = arith::FloorDivSIOp::create(b, loc, lhs, rhs);
          break;
        case graph::DimFunctionKind::max:
          factor = arith::MaxSIOp::create(b, loc, lhs, rhs);
          break;
        case graph::DimFunctionKind::min:
          factor = arith::MinSIOp::create(b, loc, lhs, rhs);
          break;
        case graph::DimFunctionKind::isqrt: { // exact below 2**52
          Value number = arith::SIToFPOp::create(b, loc, b.getF64Type(), arith::IndexCastOp::create(b, loc, b.getI64Type(), lhs));
          Value root = arith::FPToSIOp::create(b, loc, b.getI64Type(), math::SqrtOp::create(b, loc, number));
          factor = arith::IndexCastOp::create(b, loc, b.getIndexType(), root);
          break;
        }
        }
      }
      if (!factor)
        return {};
      product = product ? arith::MulIOp::create(b, loc, product, factor) : factor;
    }
    if (!product)
      product = constant(coefficient);
    else if (coefficient != 1)
      product = arith::MulIOp::create(b, loc, product, constant(coefficient));
    sum = sum ? arith::AddIOp::create(b, loc, sum, product) : product;
  }
  return sum ? sum : constant(0);
}

Hints::Hints(ArrayRef<std::string> entries) {
  for (StringRef entry : entries) {
    auto [name, number] = entry.split('=');
    int64_t value;
    if (!number.getAsInteger(10, value))
      values[name] = value;
  }
}

int64_t Hints::of(DimAttr dim) const {
  return dim
      .evaluate([&](StringRef name) -> std::optional<int64_t> {
        auto found = values.find(name);
        return found == values.end() ? 32 : found->second;
      })
      .value_or(0);
}

int64_t Hints::points(ArrayRef<DimAttr> dims) const {
  int64_t count = 1;
  for (DimAttr dim : dims)
    count *= of(dim);
  return count;
}

FunctionDims::FunctionDims(func::FuncOp function) : function(function), builder(function.getContext()) {}

/// Visits each binding of a name: (argument, axis), or (argument, -1) for an index argument.
static void visitBindings(func::FuncOp function, function_ref<void(StringRef, BlockArgument, int64_t)> visit) {
  for (BlockArgument argument : function.getArguments()) {
    unsigned number = argument.getArgNumber();
    if (auto name = function.getArgAttrOfType<StringAttr>(number, graph::kDimNameAttr))
      visit(name.getValue(), argument, -1);
    if (auto dims = function.getArgAttrOfType<ArrayAttr>(number, graph::kDimsAttr))
      for (auto [axis, dim] : llvm::enumerate(graph::toDims(dims)))
        if (std::optional<StringRef> name = dim.symbol())
          visit(*name, argument, axis);
  }
}

SmallVector<StringRef> boundNames(func::FuncOp function) {
  SmallVector<StringRef> names;
  visitBindings(function, [&](StringRef name, BlockArgument, int64_t) {
    if (!llvm::is_contained(names, name))
      names.push_back(name);
  });
  return names;
}

void FunctionDims::resume() {
  if (last)
    builder.setInsertionPointAfter(last);
  else
    builder.setInsertionPointToStart(&function.getBody().front());
}

Value FunctionDims::get(DimAttr dim) {
  if (Value value = known.lookup(dim))
    return value;
  Location loc = function.getLoc();
  Value value;
  if (std::optional<StringRef> symbol = dim.symbol()) {
    BlockArgument binder;
    int64_t place = -1;
    visitBindings(function, [&](StringRef name, BlockArgument argument, int64_t axis) {
      if (name == *symbol && !binder)
        binder = argument, place = axis;
    });
    if (!binder) {
      function.emitError() << "requires an argument that binds dimension '" << *symbol << "'";
      return {};
    }
    resume();
    if (place < 0)
      value = binder;
    else if (isa<MemRefType>(binder.getType()))
      value = memref::DimOp::create(builder, loc, binder, place);
    else
      value = tensor::DimOp::create(builder, loc, binder, place);
  } else {
    dim.walkSymbols([&](StringRef name) { get(DimAttr::get(function.getContext(), name)); }); // bound before they are used
    resume();
    value = emitDim(builder, loc, dim, [&](StringRef name) { return known.lookup(DimAttr::get(function.getContext(), name)); });
    if (!value)
      return {};
  }
  if (Operation *op = value.getDefiningOp())
    last = op;
  return known[dim] = value;
}

Value FunctionDims::getSum(DimAttr a, DimAttr b) {
  DimAttr sum = a + b;
  if (sum.constant() || known.contains(sum))
    return get(sum);
  Value x = get(a), y = get(b);
  if (!x || !y)
    return {};
  resume();
  auto add = arith::AddIOp::create(builder, function.getLoc(), x, y);
  last = add;
  return known[sum] = add;
}

Requirements::Requirements(func::FuncOp entry) : entry(entry), names(boundNames(entry)) {
  if (auto known = entry->getAttrOfType<ArrayAttr>(graph::kRequiresAttr))
    llvm::append_range(found, known);
}

void Requirements::add(DimAttr dim, Location loc) {
  auto isNeverNegative = [](DimAttr dim) { return dim.lowerBound().value_or(-1) >= 0; };
  bool isKnown = true;
  dim.walkSymbols([&](StringRef name) { isKnown &= llvm::is_contained(names, name); });
  if (!isKnown || isNeverNegative(dim) || llvm::any_of(found, [&](Attribute other) { return isNeverNegative(dim - cast<graph::RequirementAttr>(other).getDim()); }))
    return;
  auto stricter = graph::RequirementAttr::get(dim.getContext(), dim, graph::placeOf(loc));
  bool isPlaced = false; // where the first stood that it makes needless
  llvm::erase_if(found, [&](Attribute &other) {
    if (!isNeverNegative(cast<graph::RequirementAttr>(other).getDim() - dim))
      return false;
    if (isPlaced)
      return true;
    other = stricter;
    isPlaced = true;
    return false;
  });
  if (!isPlaced)
    found.push_back(stricter);
}

void Requirements::write() {
  if (!found.empty())
    entry->setAttr(graph::kRequiresAttr, ArrayAttr::get(entry.getContext(), found));
}

} // namespace costate::fuse
