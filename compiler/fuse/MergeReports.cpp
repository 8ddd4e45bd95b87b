// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A definition that a step evaluates as a metric and differentiates as well is there twice until common values are found; what it reports must be
// told once. Calls and rounds of an `each` that print the same each print: their places differ.
#include "costate/compiler/fuse/Passes.h"
#include "costate/dialects/report/Report.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
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
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) {
      bool isBranch = isa<scf::IfOp>(op) && op->getNumResults() == 0;
      if (!isBranch && !isa_and_nonnull<report::ReportDialect>(op->getDialect()))
        return WalkResult::advance();
      SmallVector<Attribute> places;
      op->walk([&](report::PrintOp print) { places.push_back(LocationAttr(print.getLoc())); });
      SmallVector<Operation *> &others = known[{op->getBlock(), op->getAttrDictionary(), ArrayAttr::get(&getContext(), places)}];
      bool isKnown = llvm::any_of(others, [&](Operation *other) {
        return OperationEquivalence::isEquivalentTo(other, op, OperationEquivalence::IgnoreLocations);
      });
      (isKnown ? repeated : others).push_back(op);
      return isKnown ? WalkResult::skip() : WalkResult::advance();
    });
    for (Operation *op : repeated)
      op->erase();
  }
};

} // namespace

} // namespace costate::fuse
