// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the shapes and indices of an entry ask of the extents that a call brings. It runs before anything is cut into chunks, whose indices are the
// compiler's own business.
#include "costate/compiler/fuse/DimensionValues.h"
#include "costate/compiler/fuse/Passes.h"
#include "costate/dialects/graph/Dimensions.h"
#include "costate/dialects/graph/Graph.h"
#include "costate/dialects/optim/Optim.h"

using namespace mlir;
using namespace costate::graph;

namespace costate::fuse {

#define GEN_PASS_DEF_REQUIREEXTENTS
#include "costate/compiler/fuse/Passes.h.inc"

namespace {

class Requirements {
public:
  explicit Requirements(func::FuncOp entry) : entry(entry), names(boundNames(entry)) {}

  void collect() {
    entry.walk([&](Operation *op) {
      auto of = [&](Value value) { return dimensions.of(value); };
      for (Value result : op->getResults())
        if (auto type = dyn_cast<RankedTensorType>(result.getType()); type && !type.hasStaticShape())
          for (DimAttr extent : of(result))
            require(extent, op->getLoc());
      if (auto dimensioned = dyn_cast<Dimensioned>(op))
        for (DimAttr dim : dimensioned.requirements(of))
          require(dim, op->getLoc());
    });
    if (!found.empty())
      entry->setAttr(kRequiresAttr, ArrayAttr::get(entry.getContext(), found));
  }

private:
  void require(DimAttr dim, Location loc) {
    if (std::optional<int64_t> least = dim.lowerBound(); least && *least >= 0)
      return;
    bool isKnown = true; // else the axis is one that no argument has, of which nothing can be said
    dim.walkSymbols([&](StringRef name) { isKnown &= llvm::is_contained(names, name); });
    if (!isKnown)
      return;
    auto requirement = RequirementAttr::get(dim.getContext(), dim, placeOf(loc));
    for (Attribute &other : found)
      if (std::optional<int64_t> more = (cast<RequirementAttr>(other).getDim() - dim).constant()) {
        if (*more > 0)
          other = requirement;
        return;
      }
    found.push_back(requirement);
  }

  func::FuncOp entry;
  SmallVector<StringRef> names;
  Dimensions dimensions;
  SmallVector<Attribute> found;
};

struct RequireExtents : impl::RequireExtentsBase<RequireExtents> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(optim::kEntryAttr))
        Requirements(function).collect();
  }
};

} // namespace

} // namespace costate::fuse
