// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/dialects/graph/Axes.h"
#include "costate/dialects/graph/Dimensions.h"
#include "costate/dialects/graph/Graph.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;
using namespace costate;
using namespace costate::graph;

static bool isFloat(Type type) { return isa<FloatType>(getElementTypeOrSelf(type)); }

/// C1: the callee exists and takes `inputs`.
static FailureOr<func::FuncOp> verifyCallee(Operation *op, FlatSymbolRefAttr callee, TypeRange inputs, SymbolTableCollection &tables) {
  auto function = tables.lookupNearestSymbolFrom<func::FuncOp>(op, callee);
  if (!function)
    return op->emitOpError() << "requires '" << callee.getValue() << "' to be a function";
  if (TypeRange(function.getArgumentTypes()) != inputs)
    return op->emitOpError() << "requires operands of types " << function.getArgumentTypes() << " for '" << callee.getValue() << "', but got "
                             << inputs;
  return function;
}

/// C2: `chosen` ascends and names float arguments.
static LogicalResult verifyChosen(Operation *op, StringRef name, ArrayRef<int64_t> chosen, TypeRange inputs) {
  if (failed(verifyAscending(op, name, chosen, inputs.size())))
    return failure();
  for (int64_t index : chosen)
    if (!isFloat(inputs[index]))
      return op->emitOpError() << "requires '" << name << "' to name float arguments, but argument " << index << " is " << inputs[index];
  return success();
}

static LogicalResult verifyTypes(Operation *op, StringRef what, TypeRange found, ArrayRef<Type> required) {
  if (found != TypeRange(required))
    return op->emitOpError() << "requires " << what << " of types " << TypeRange(required) << ", but got " << found;
  return success();
}

/// Dimensions of result `index` of a callee, in the caller's names.
static Dims calleeDims(Operation *op, FlatSymbolRefAttr callee, unsigned index, ValueRange operands, DimensionsOf of) {
  auto function = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(op, callee);
  auto dims = function ? function.getResultAttrOfType<ArrayAttr>(index, kDimsAttr) : ArrayAttr();
  if (!dims)
    return {};
  llvm::StringMap<DimAttr> names = bindNames(function, [&](unsigned i) { return of(operands[i]); });
  return llvm::map_to_vector(toDims(dims), [&](DimAttr dim) { return dim.substitute([&](StringRef name) { return names.lookup(name); }); });
}

/// @f(%a, %b) KEYWORD [0, 1] OPEN(%c, %d) attr-dict : (types) -> (types); shared by vjp and jvp.
static ParseResult parseRequest(OpAsmParser &parser, OperationState &result, StringRef keyword, StringRef open) {
  FlatSymbolRefAttr callee;
  SmallVector<OpAsmParser::UnresolvedOperand> inputs, seeds;
  FunctionType type;
  if (parser.parseAttribute(callee, "callee", result.attributes) || parser.parseOperandList(inputs, OpAsmParser::Delimiter::Paren) ||
      parser.parseKeyword(keyword))
    return failure();
  auto chosen = dyn_cast_or_null<DenseI64ArrayAttr>(DenseI64ArrayAttr::parse(parser, {}));
  if (!chosen || (!open.empty() && parser.parseKeyword(open)) || parser.parseOperandList(seeds, OpAsmParser::Delimiter::Paren) ||
      parser.parseOptionalAttrDict(result.attributes) || parser.parseColon())
    return failure();
  llvm::SMLoc location = parser.getCurrentLocation();
  if (parser.parseType(type))
    return failure();
  if (type.getNumInputs() != inputs.size() + seeds.size())
    return parser.emitError(location) << "requires " << inputs.size() + seeds.size() << " operand types, but got " << type.getNumInputs();
  result.addAttribute(keyword, chosen);
  result.addAttribute("operandSegmentSizes",
                      parser.getBuilder().getDenseI32ArrayAttr({int32_t(inputs.size()), int32_t(seeds.size())}));
  result.addTypes(type.getResults());
  return failure(parser.resolveOperands(inputs, type.getInputs().take_front(inputs.size()), location, result.operands) ||
                 parser.resolveOperands(seeds, type.getInputs().drop_front(inputs.size()), location, result.operands));
}

static void printRequest(OpAsmPrinter &printer, Operation *op, FlatSymbolRefAttr callee, ValueRange inputs, StringRef keyword,
                         ArrayRef<int64_t> chosen, StringRef open, ValueRange seeds) {
  printer << ' ' << callee << '(' << inputs << ") " << keyword << " [";
  llvm::interleaveComma(chosen, printer);
  printer << ']' << (open.empty() ? "" : " ") << open << '(' << seeds << ')';
  printer.printOptionalAttrDict(op->getAttrs(), {"callee", keyword, "operandSegmentSizes"});
  printer << " : ";
  printer.printFunctionalType(op);
}

//===----------------------------------------------------------------------===//
// vjp
//===----------------------------------------------------------------------===//

ParseResult VjpOp::parse(OpAsmParser &parser, OperationState &result) { return parseRequest(parser, result, "wrt", "from"); }

void VjpOp::print(OpAsmPrinter &printer) {
  printRequest(printer, *this, getCalleeAttr(), getInputs(), "wrt", getWrt(), "from", getCotangents());
}

LogicalResult VjpOp::verifySymbolUses(SymbolTableCollection &tables) {
  FailureOr<func::FuncOp> callee = verifyCallee(*this, getCalleeAttr(), getInputs().getTypes(), tables); // C1
  if (failed(callee) || failed(verifyChosen(*this, "wrt", getWrt(), getInputs().getTypes())))            // C2
    return failure();
  SmallVector<Type> seeds, results(callee->getResultTypes());
  llvm::copy_if(callee->getResultTypes(), std::back_inserter(seeds), isFloat);
  for (int64_t index : getWrt())
    results.push_back(getInputs()[index].getType());
  if (failed(verifyTypes(*this, "cotangents", getCotangents().getTypes(), seeds))) // C3
    return failure();
  return verifyTypes(*this, "results", getResultTypes(), results); // C4
}

Dims VjpOp::inferDimensions(unsigned index, DimensionsOf of) {
  size_t values = getNumResults() - getWrt().size();
  return index < values ? calleeDims(*this, getCalleeAttr(), index, getInputs(), of) : of(getInputs()[getWrt()[index - values]]);
}

//===----------------------------------------------------------------------===//
// jvp
//===----------------------------------------------------------------------===//

ParseResult JvpOp::parse(OpAsmParser &parser, OperationState &result) { return parseRequest(parser, result, "along", ""); }

void JvpOp::print(OpAsmPrinter &printer) {
  printRequest(printer, *this, getCalleeAttr(), getInputs(), "along", getAlong(), "", getTangents());
}

LogicalResult JvpOp::verifySymbolUses(SymbolTableCollection &tables) {
  FailureOr<func::FuncOp> callee = verifyCallee(*this, getCalleeAttr(), getInputs().getTypes(), tables); // C1
  if (failed(callee) || failed(verifyChosen(*this, "along", getAlong(), getInputs().getTypes())))        // C2
    return failure();
  SmallVector<Type> seeds, results(callee->getResultTypes());
  for (int64_t index : getAlong())
    seeds.push_back(getInputs()[index].getType());
  llvm::copy_if(callee->getResultTypes(), std::back_inserter(results), isFloat);
  if (failed(verifyTypes(*this, "tangents", getTangents().getTypes(), seeds))) // C3
    return failure();
  return verifyTypes(*this, "results", getResultTypes(), results); // C4
}

Dims JvpOp::inferDimensions(unsigned index, DimensionsOf of) {
  auto callee = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(*this, getCalleeAttr());
  if (callee && index >= callee.getNumResults()) { // the tangent of the float result of that rank
    unsigned skip = index - callee.getNumResults();
    for (auto [i, type] : llvm::enumerate(callee.getResultTypes()))
      if (isFloat(type) && skip-- == 0)
        index = i;
  }
  return calleeDims(*this, getCalleeAttr(), index, getInputs(), of);
}

//===----------------------------------------------------------------------===//
// map
//===----------------------------------------------------------------------===//

LogicalResult MapRequestOp::verifySymbolUses(SymbolTableCollection &tables) {
  if (failed(verifyCount(*this, "over", getOver().size(), getInputs().size(), "argument"))) // C2
    return failure();
  SmallVector<Type> inputs;
  for (auto [input, over] : llvm::zip_equal(getInputs(), getOver())) {
    auto type = cast<RankedTensorType>(input.getType());
    if (over && (type.getRank() == 0 || type.getDimSize(0) != getSize().extent())) // C3
      return emitOpError() << "requires a leading extent of " << getSize().str() << ", but got " << type;
    inputs.push_back(over ? RankedTensorType::get(type.getShape().drop_front(), type.getElementType()) : type);
  }
  FailureOr<func::FuncOp> callee = verifyCallee(*this, getCalleeAttr(), inputs, tables); // C1
  if (failed(callee))
    return failure();
  if (getReplicated() && failed(verifyCount(*this, "replicated", getReplicated()->size(), callee->getNumResults(), "result"))) // C4
    return failure();
  if (!getSize().constant() && !llvm::is_contained(getOver(), true)) // C5
    return emitOpError() << "requires an argument that varies with the lane, of which there are " << getSize().str();
  SmallVector<Type> results;
  for (auto [i, type] : llvm::enumerate(callee->getResultTypes())) {
    auto lane = cast<RankedTensorType>(type);
    SmallVector<int64_t> shape{getSize().extent()};
    llvm::append_range(shape, lane.getShape());
    results.push_back(isReplicated(i) ? lane : RankedTensorType::get(shape, lane.getElementType()));
  }
  return verifyTypes(*this, "results", getResultTypes(), results);
}

Dims MapRequestOp::inferDimensions(unsigned index, DimensionsOf of) {
  auto function = SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(*this, getCalleeAttr());
  if (!function)
    return {};
  Dims result;
  if (!isReplicated(index))
    result.push_back(getSize());
  auto dims = function.getResultAttrOfType<ArrayAttr>(index, kDimsAttr);
  if (!dims) {
    auto lane = cast<RankedTensorType>(function.getResultTypes()[index]);
    for (int64_t extent : lane.getShape())
      result.push_back(DimAttr::get(getContext(), extent));
    return lane.hasStaticShape() ? result : Dims();
  }
  llvm::StringMap<DimAttr> names = bindNames(function, [&](unsigned i) {
    Dims lane = of(getInputs()[i]);
    if (getOver()[i])
      lane.erase(lane.begin());
    return lane;
  });
  for (DimAttr dim : toDims(dims))
    result.push_back(dim.substitute([&](StringRef name) { return names.lookup(name); }));
  return result;
}

//===----------------------------------------------------------------------===//
// leaf, pack
//===----------------------------------------------------------------------===//

static LogicalResult verifyArena(Operation *op, StringAttr name, SymbolTableCollection &tables) {
  if (!isa_and_nonnull<ArenaLayout>(tables.lookupNearestSymbolFrom(op, name)))
    return op->emitOpError() << "requires '" << name.getValue() << "' to be an arena";
  return success();
}

LogicalResult LeafOp::verifySymbolUses(SymbolTableCollection &tables) {
  if (getLeaf().getNestedReferences().size() != 1)
    return emitOpError() << "requires '@arena::@leaf', but got " << getLeaf();
  return verifyArena(*this, getLeaf().getRootReference(), tables); // C1; the arena verifies the rest
}

LogicalResult PackOp::verifySymbolUses(SymbolTableCollection &tables) {
  llvm::DenseSet<Attribute> seen;
  for (Attribute name : getNames())
    if (!seen.insert(name).second) // C1
      return emitOpError() << "requires each leaf once, but got " << name << " twice";
  if (failed(verifyCount(*this, "leaves", getNames().size(), getLeaves().size(), "operand")))
    return failure();
  return verifyArena(*this, getArenaAttr().getAttr(), tables); // C1; the arena verifies the rest
}

namespace {

/// What a use of an arena must agree with.
struct ArenaTypes {
  RankedTensorType whole;
  llvm::StringMap<RankedTensorType> leaves;

  LogicalResult verifyWhole(Operation *op, Type type) const {
    if (type != whole)
      return op->emitOpError() << "requires an arena of type " << whole << ", but got " << type;
    return success();
  }
  LogicalResult verifyLeaf(Operation *op, StringRef name, Type type) const {
    auto required = leaves.find(name);
    if (required == leaves.end())
      return op->emitOpError() << "requires '" << name << "' to be a leaf of the arena";
    if (type != required->second)
      return op->emitOpError() << "requires '" << name << "' of type " << required->second << ", but got " << type;
    return success();
  }
};

} // namespace

Dims LeafOp::inferDimensions(unsigned, DimensionsOf) { return {}; }

Dims PackOp::inferDimensions(unsigned, DimensionsOf) { return {}; }

LogicalResult costate::verifyArenaUses(ArenaLayout arena) {
  StringAttr name = SymbolTable::getSymbolName(arena);
  ArenaTypes types{RankedTensorType::get({arena.getArenaSize()}, arena.getArenaElementType()), {}};
  for (const ArenaLeaf &leaf : arena.getArenaLeaves())
    types.leaves[leaf.name] = RankedTensorType::get(leaf.shape, arena.getArenaElementType());
  WalkResult result = arena->getParentOp()->walk([&](Operation *op) -> WalkResult {
    if (auto leaf = dyn_cast<LeafOp>(op)) {
      SymbolRefAttr symbol = leaf.getLeaf();
      if (symbol.getRootReference() != name || symbol.getNestedReferences().size() != 1) // C1: the op itself says so
        return WalkResult::advance();
      if (failed(types.verifyWhole(leaf, leaf.getArena().getType()))) // C2
        return WalkResult::interrupt();
      return types.verifyLeaf(leaf, symbol.getLeafReference(), leaf.getResult().getType()); // C1, C3
    }
    auto pack = dyn_cast<PackOp>(op);
    if (!pack || pack.getArenaAttr().getAttr() != name)
      return WalkResult::advance();
    for (auto [leaf, value] : llvm::zip(pack.getNames().getAsValueRange<StringAttr>(), pack.getLeaves()))
      if (failed(types.verifyLeaf(pack, leaf, value.getType()))) // C1, C2
        return WalkResult::interrupt();
    return types.verifyWhole(pack, pack.getResult().getType()); // C3
  });
  return failure(result.wasInterrupted());
}
