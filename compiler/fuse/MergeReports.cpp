// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A definition that a step evaluates as a metric and differentiates as well is there twice until common values are found; what it reports must be
// told once. Calls and rounds of an `each` that print the same each print: their places differ.
#include "costate/compiler/fuse/Passes.h"
#include "costate/dialects/report/Report.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/MapVector.h"

using namespace mlir;

namespace costate::fuse {

#define GEN_PASS_DEF_MERGEREPORTS
#include "costate/compiler/fuse/Passes.h.inc"

namespace {

struct MergeReports : impl::MergeReportsBase<MergeReports> {
  void runOnOperation() override {
    SmallVector<Operation *> repeated;
    DenseMap<std::tuple<Block *, Attribute, Attribute>, SmallVector<Operation *>> known; // in a block, with equal attributes, and places of prints
    getOperation().walk([&](Operation *op) {
      if (!isa_and_nonnull<report::ReportDialect>(op->getDialect()))
        return;
      LocationAttr place = isa<report::PrintOp>(op) ? LocationAttr(op->getLoc()) : LocationAttr();
      SmallVector<Operation *> &others = known[{op->getBlock(), op->getAttrDictionary(), place}];
      bool isKnown = llvm::any_of(others, [&](Operation *other) {
        return other->getName() == op->getName() && llvm::equal(other->getOperands(), op->getOperands());
      });
      (isKnown ? repeated : others).push_back(op);
    });
    for (Operation *op : repeated)
      op->erase();
  }
};

} // namespace

} // namespace costate::fuse
