// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/dialects/optim/Optim.h"

#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

#include "costate/dialects/optim/OptimDialect.cpp.inc"

namespace costate::optim {

void OptimDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "costate/dialects/optim/OptimOps.cpp.inc"
      >();
}

LogicalResult OptimDialect::verifyOperationAttribute(Operation *op, NamedAttribute attr) {
  if (attr.getName() == kEntryAttr && !isa<FunctionOpInterface>(op))
    return op->emitOpError() << "requires '" << kEntryAttr << "' to stand on a function";
  return success();
}

static LogicalResult verifyRole(Operation *op, NamedAttribute attr) {
  auto role = dyn_cast<StringAttr>(attr.getValue());
  if (attr.getName() == kRoleAttr && (!role || !llvm::is_contained(kRoles, role.getValue())))
    return op->emitOpError() << "requires '" << kRoleAttr << "' to be one of " << llvm::join(ArrayRef(kRoles), ", ") << ", but got " << attr.getValue();
  return success();
}

LogicalResult OptimDialect::verifyRegionArgAttribute(Operation *op, unsigned, unsigned, NamedAttribute attr) { return verifyRole(op, attr); }

LogicalResult OptimDialect::verifyRegionResultAttribute(Operation *op, unsigned, unsigned resultIndex, NamedAttribute attr) {
  if (attr.getName() != kTiedAttr)
    return verifyRole(op, attr);
  auto function = dyn_cast<FunctionOpInterface>(op);
  auto index = dyn_cast<IntegerAttr>(attr.getValue());
  if (!function || !index || index.getInt() < 0 || index.getInt() >= function.getNumArguments())
    return op->emitOpError() << "requires '" << kTiedAttr << "' to be the index of an argument, but got " << attr.getValue();
  if (Type argument = function.getArgumentTypes()[index.getInt()], result = function.getResultTypes()[resultIndex]; argument != result)
    return op->emitOpError() << "requires result " << resultIndex << " of the type of argument " << index.getInt() << ", " << argument
                             << ", but got " << result;
  return success();
}

//===----------------------------------------------------------------------===//
// arena
//===----------------------------------------------------------------------===//

namespace {

struct Place {
  LeafOp leaf;
  int64_t offset;
};

/// Elements from a leaf to the next one.
int64_t alignedSize(LeafOp leaf, Type elementType) {
  int64_t size = 1;
  for (int64_t extent : leaf.getShape())
    size *= extent;
  return llvm::alignTo(size, 64 / llvm::divideCeil(elementType.getIntOrFloatBitWidth(), 8));
}

/// Untied leaves in the order of the layout (group, then frozen, then as written) with their offsets; `end` is the arena's size.
std::pair<SmallVector<Place>, int64_t> placeLeaves(ArenaOp arena) {
  SmallVector<Place> places;
  for (LeafOp leaf : arena.getBody().getOps<LeafOp>())
    if (!leaf.getTied())
      places.push_back({leaf, 0});
  llvm::stable_sort(places, [](Place a, Place b) {
    return std::make_pair(a.leaf.getGroup(), a.leaf.getFrozen()) < std::make_pair(b.leaf.getGroup(), b.leaf.getFrozen());
  });
  int64_t end = 0;
  for (Place &place : places) {
    place.offset = end;
    end += alignedSize(place.leaf, arena.getElementType());
  }
  return {places, end};
}

} // namespace

LogicalResult ArenaOp::verify() {
  if (!isa<FloatType>(getElementType()))
    return emitOpError() << "requires a float element type, but got " << getElementType();
  llvm::StringMap<LeafOp> leaves;
  for (Operation &op : getBody().getOps()) {
    auto leaf = dyn_cast<LeafOp>(op);
    if (!leaf) // C1
      return op.emitOpError() << "is not a leaf, but stands in an arena";
    if (!leaves.try_emplace(leaf.getName(), leaf).second) // C2
      return leaf.emitOpError() << "requires leaf names to differ, but got '" << leaf.getName() << "' twice";
  }
  for (auto &entry : leaves) { // C3
    LeafOp leaf = entry.second;
    if (!leaf.getTied())
      continue;
    LeafOp place = leaves.lookup(*leaf.getTied());
    if (!place || place.getTied())
      return leaf.emitOpError() << "requires 'tied' to name an untied leaf, but got '" << *leaf.getTied() << "'";
    if (place.getShape() != leaf.getShape())
      return leaf.emitOpError() << "requires the shape of '" << *leaf.getTied() << "' [" << place.getShape() << "], but got [" << leaf.getShape() << "]";
  }
  return success();
}

LogicalResult ArenaOp::verifySymbolUses(SymbolTableCollection &) { return verifyArenaUses(*this); }

int64_t ArenaOp::getArenaSize() {
  int64_t end = 0;
  for (LeafOp leaf : getBody().getOps<LeafOp>())
    if (!leaf.getTied())
      end += alignedSize(leaf, getElementType());
  return end;
}

Type ArenaOp::getArenaElementType() { return getElementType(); }

SmallVector<ArenaLeaf> ArenaOp::getArenaLeaves() {
  llvm::StringMap<int64_t> offsets;
  for (Place place : placeLeaves(*this).first)
    offsets[place.leaf.getName()] = place.offset;
  SmallVector<ArenaLeaf> leaves;
  for (LeafOp leaf : getBody().getOps<LeafOp>())
    leaves.push_back({leaf.getName(), leaf.getShape(), offsets.lookup(leaf.getTied().value_or(leaf.getName())), leaf.getTied().has_value()});
  llvm::stable_sort(leaves, [](const ArenaLeaf &a, const ArenaLeaf &b) { return a.offset < b.offset; });
  return leaves;
}

SmallVector<ArenaOp::Range> ArenaOp::getRanges() {
  auto [places, end] = placeLeaves(*this);
  SmallVector<Range> ranges;
  for (Place place : places) {
    auto group = int64_t(place.leaf.getGroup());
    if (ranges.empty() || ranges.back().group != group || ranges.back().frozen != place.leaf.getFrozen())
      ranges.push_back({group, place.leaf.getFrozen(), place.offset, 0});
  }
  for (size_t i = 0; i < ranges.size(); ++i)
    ranges[i].size = (i + 1 < ranges.size() ? ranges[i + 1].offset : end) - ranges[i].offset;
  return ranges;
}

//===----------------------------------------------------------------------===//
// leaf
//===----------------------------------------------------------------------===//

LogicalResult LeafOp::verify() {
  for (int64_t extent : getShape()) // C1
    if (extent < 0)
      return emitOpError() << "requires extents not to be negative, but got " << extent;
  return success();
}

} // namespace costate::optim

#define GET_OP_CLASSES
#include "costate/dialects/optim/OptimOps.cpp.inc"
