// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/dialects/report/Report.h"

#include "mlir/IR/Builders.h"

using namespace mlir;

#include "costate/dialects/report/ReportDialect.cpp.inc"

#define GET_OP_CLASSES
#include "costate/dialects/report/ReportOps.cpp.inc"

namespace costate::report {

void ReportDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "costate/dialects/report/ReportOps.cpp.inc"
      >();
}

bool reports(Operation *op) {
  return op->walk([](Operation *inner) { return isa_and_nonnull<ReportDialect>(inner->getDialect()) ? WalkResult::interrupt() : WalkResult::advance(); })
      .wasInterrupted();
}

//===----------------------------------------------------------------------===//
// require
//===----------------------------------------------------------------------===//

LogicalResult RequireOp::verify() {
  if (getValues().size() > 2)
    return emitOpError() << "requires at most two values, but got " << getValues().size(); // C1
  return success();
}

/// It holds if it holds in every lane; the values of one lane or another would say little.
void RequireOp::batch(Batching &b) {
  Value holds = b.get(getHolds());
  if (b.isBatched(getHolds()))
    holds = b.create<graph::ReduceMinOp>(getHolds().getType(), holds, ArrayRef<int64_t>{0});
  bool varies = llvm::any_of(getValues(), [&](Value value) { return b.isBatched(value); });
  SmallVector<Value> values;
  if (!varies)
    values = llvm::map_to_vector(getValues(), [&](Value value) { return b.get(value); });
  b.create<RequireOp>(holds, getText(), values);
}

//===----------------------------------------------------------------------===//
// print
//===----------------------------------------------------------------------===//

LogicalResult PrintOp::verify() {
  if (int64_t rank = cast<RankedTensorType>(getValue().getType()).getRank(); rank > kMostPrintedAxes)
    return emitOpError() << "requires at most " << kMostPrintedAxes << " axes, but got " << rank; // C1
  return success();
}

/// All lanes, side by side.
void PrintOp::batch(Batching &b) { b.create<PrintOp>(getName(), b.get(getValue())); }

} // namespace costate::report
