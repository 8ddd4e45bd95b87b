// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/dialects/graph/Axes.h"
#include "costate/dialects/graph/Graph.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "mlir/Transforms/InliningUtils.h"

using namespace mlir;

#include "costate/dialects/graph/GraphDialect.cpp.inc"

namespace costate::graph {

namespace {

/// Every op is pure, so all may be inlined.
struct GraphInliner : DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;
  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const final { return true; }
  bool isLegalToInline(Region *, Region *, bool, IRMapping &) const final { return true; }
};

} // namespace

void GraphDialect::initialize() {
  registerAttributes();
  addOperations<
#define GET_OP_LIST
#include "costate/dialects/graph/GraphOps.cpp.inc"
      >();
  addInterfaces<GraphInliner>();
}

Operation *GraphDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type, Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements || elements.getType() != type)
    return nullptr;
  return ConstantOp::create(builder, loc, elements);
}

LogicalResult GraphDialect::verifyRegionArgAttribute(Operation *op, unsigned, unsigned argIndex, NamedAttribute attr) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (!function || attr.getName() != kDimsAttr)
    return success();
  auto dims = dyn_cast<ArrayAttr>(attr.getValue());
  auto type = dyn_cast<ShapedType>(function.getArgumentTypes()[argIndex]);
  if (!dims || !llvm::all_of(dims, llvm::IsaPred<DimAttr>) || !type || !type.hasRank() || int64_t(dims.size()) != type.getRank())
    return op->emitOpError() << "requires '" << kDimsAttr << "' of argument " << argIndex << " to hold one dimension per axis";
  for (auto [dim, extent] : llvm::zip_equal(toDims(dims), type.getShape()))
    if (dim.extent() != extent)
      return op->emitOpError() << "requires '" << kDimsAttr << "' of argument " << argIndex << " to agree with " << type << ", but got "
                               << toString(toDims(dims));
  return success();
}

/// The rule of a function takes its arguments and a cotangent per float result, and gives a cotangent per float argument.
static LogicalResult verifyRule(func::FuncOp function, Attribute attr) {
  auto name = dyn_cast<FlatSymbolRefAttr>(attr);
  auto rule = name ? SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(function, name) : func::FuncOp();
  if (!rule)
    return function.emitOpError() << "requires '" << kVjpAttr << "' to name a function, but got " << attr;
  SmallVector<Type> arguments(function.getArgumentTypes()), results;
  auto isFloat = [](Type type) { return isa<FloatType>(getElementTypeOrSelf(type)); };
  llvm::copy_if(function.getResultTypes(), std::back_inserter(arguments), isFloat);
  llvm::copy_if(function.getArgumentTypes(), std::back_inserter(results), isFloat);
  FunctionType required = FunctionType::get(function.getContext(), arguments, results);
  if (rule.getFunctionType() != required)
    return function.emitOpError() << "requires its rule '" << rule.getName() << "' to be " << required << ", but got " << rule.getFunctionType();
  return success();
}

LogicalResult GraphDialect::verifyOperationAttribute(Operation *op, NamedAttribute attr) {
  if (auto required = dyn_cast<ArrayAttr>(attr.getValue());
      attr.getName() == kRequiresAttr && !(isa<FunctionOpInterface>(op) && required && llvm::all_of(required, llvm::IsaPred<RequirementAttr>)))
    return op->emitOpError() << "requires '" << kRequiresAttr << "' to hold requirements of a function, but got " << attr.getValue();
  if (attr.getName() == kTapeAttr && !(isa<scf::ForOp, scf::WhileOp>(op) && isa<TapeAttr>(attr.getValue())))
    return op->emitOpError() << "requires '" << kTapeAttr << "' to be the tape of a loop, but got " << attr.getValue();
  auto function = dyn_cast<func::FuncOp>(op);
  return function && attr.getName() == kVjpAttr ? verifyRule(function, attr.getValue()) : success();
}

} // namespace costate::graph

#define GET_OP_CLASSES
#include "costate/dialects/graph/GraphOps.cpp.inc"
