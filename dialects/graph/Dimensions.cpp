// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/dialects/graph/Dimensions.h"

#include "costate/dialects/graph/Graph.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace costate::graph {

Dims Dimensions::of(Value value) {
  auto found = known.find(value);
  if (found != known.end())
    return found->second;
  Dims dims = compute(value);
  known[value] = dims;
  return dims;
}

/// The value whose dimensions a loop's carry, a branch's result or a block argument shares.
static Value sourceOf(Value value) {
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    Operation *parent = argument.getOwner()->getParentOp();
    if (auto loop = dyn_cast_or_null<scf::ForOp>(parent))
      return loop.getTiedLoopInit(argument) ? loop.getTiedLoopInit(argument)->get() : Value();
    if (auto loop = dyn_cast_or_null<scf::WhileOp>(parent)) {
      if (argument.getOwner() == loop.getBeforeBody())
        return loop.getInits()[argument.getArgNumber()];
      return loop.getConditionOp().getArgs()[argument.getArgNumber()];
    }
    return {};
  }
  auto result = cast<OpResult>(value);
  if (auto loop = dyn_cast<scf::ForOp>(result.getOwner()))
    return loop.getInitArgs()[result.getResultNumber()];
  if (auto loop = dyn_cast<scf::WhileOp>(result.getOwner()))
    return loop.getConditionOp().getArgs()[result.getResultNumber()];
  if (auto branch = dyn_cast<scf::IfOp>(result.getOwner()))
    return branch.thenYield().getOperand(result.getResultNumber());
  return {};
}

Dims Dimensions::compute(Value value) {
  auto type = cast<ShapedType>(value.getType());
  MLIRContext *context = type.getContext();
  if (type.hasStaticShape())
    return llvm::map_to_vector(type.getShape(), [&](int64_t extent) { return DimAttr::get(context, extent); });

  if (Value source = sourceOf(value))
    return of(source);

  if (auto argument = dyn_cast<BlockArgument>(value)) {
    if (auto function = dyn_cast_or_null<FunctionOpInterface>(argument.getOwner()->getParentOp()))
      if (auto dims = function.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(), kDimsAttr))
        return toDims(dims);
  } else {
    auto result = cast<OpResult>(value);
    Operation *op = result.getOwner();
    auto lookup = [&](Value operand) { return of(operand); };
    if (auto dimensioned = dyn_cast<Dimensioned>(op)) {
      Dims dims = dimensioned.inferDimensions(result.getResultNumber(), lookup);
      if (!dims.empty())
        return dims;
    }
    if (auto call = dyn_cast<func::CallOp>(op))
      if (auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(call, call.getCalleeAttr()))
        if (auto dims = callee.getResultAttrOfType<ArrayAttr>(result.getResultNumber(), kDimsAttr)) {
          llvm::StringMap<DimAttr> names = bindNames(callee, [&](unsigned i) { return of(call.getOperand(i)); });
          return llvm::map_to_vector(toDims(dims), [&](DimAttr dim) {
            return dim.substitute([&](StringRef name) { return names.lookup(name); });
          });
        }
  }

  Dims dims;
  for (int64_t extent : type.getShape())
    dims.push_back(ShapedType::isDynamic(extent) ? DimAttr::get(context, llvm::formatv("?{0}", unknown++).str())
                                                 : DimAttr::get(context, extent));
  return dims;
}

llvm::StringMap<DimAttr> bindNames(Operation *callee, function_ref<Dims(unsigned)> of) {
  llvm::StringMap<DimAttr> names;
  auto function = cast<FunctionOpInterface>(callee);
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    auto dims = function.getArgAttrOfType<ArrayAttr>(i, kDimsAttr);
    if (!dims)
      continue;
    for (auto [formal, actual] : llvm::zip_equal(toDims(dims), of(i)))
      if (std::optional<StringRef> name = formal.symbol())
        names.try_emplace(*name, actual);
  }
  return names;
}

void substituteDims(Operation *op, function_ref<DimAttr(StringRef)> bind) {
  AttrTypeReplacer replacer;
  replacer.addReplacement([&](DimAttr dim) { return std::make_pair(Attribute(dim.substitute(bind)), WalkResult::skip()); });
  replacer.recursivelyReplaceElementsIn(op, /*replaceAttrs=*/true, /*replaceLocs=*/false, /*replaceTypes=*/false);
}

} // namespace costate::graph
