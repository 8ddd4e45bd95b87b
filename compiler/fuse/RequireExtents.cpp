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

void collect(func::FuncOp entry) {
  Requirements requirements(entry);
  Dimensions dimensions;
  entry.walk([&](Operation *op) {
    auto of = [&](Value value) { return dimensions.of(value); };
    for (Value result : op->getResults())
      if (auto type = dyn_cast<RankedTensorType>(result.getType()); type && !type.hasStaticShape())
        for (DimAttr extent : of(result))
          requirements.add(extent, op->getLoc());
    if (auto dimensioned = dyn_cast<Dimensioned>(op))
      for (DimAttr dim : dimensioned.requirements(of))
        requirements.add(dim, op->getLoc());
  });
  requirements.write();
}

struct RequireExtents : impl::RequireExtentsBase<RequireExtents> {
  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(optim::kEntryAttr))
        collect(function);
  }
};

} // namespace

} // namespace costate::fuse
