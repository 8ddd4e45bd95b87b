// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The op once more, another way, for the reference interpreter: what machine code is compared with.
#include "Simplex.h"

#include "costate/tests/oracle/Interpretable.h"

#include <cmath>

using namespace costate::oracle;

namespace simplex {

namespace {

/// Whatever lies at or below the threshold of those that are left leaves, until none does (Michelot 1986). The derivative is the tape's, of the threshold
/// over those that stayed.
struct SparsemaxRule : Interpretable::ExternalModel<SparsemaxRule, SparsemaxOp> {
  llvm::FailureOr<Nodes> interpret(mlir::Operation *op, const Nodes &operands) const {
    const Node &x = operands[0];
    int64_t axis = llvm::cast<SparsemaxOp>(op).getAxis();
    Shape kept = complement(axis, x->shape.size());
    auto alongRows = [&](const Node &row) { return broadcast(row, kept, x->shape); };
    Node zero = like(x, 0), one = like(x, 1);
    Node isNumber = mask(x, [](double v) { return v != -INFINITY; }), isInside = isNumber;
    for (bool isStable = false; !isStable;) {
      Node count = sum(where(isInside, one, zero), axis);
      Node threshold = div(sub(sum(where(isInside, x, zero), axis), like(count, 1)), count);
      Node distance = sub(x, alongRows(threshold));
      Node isAbove = mask(where(isInside, distance, zero), [](double v) { return v > 0 || std::isnan(v); });
      isStable = isAbove->integers == isInside->integers;
      isInside = isAbove;
      if (isStable) {
        // 0 in rows of numbers; else NaN: 0/0 without any, inf - inf, or NaN itself
        Node poison = div(sum(where(isNumber, sub(x, x), zero), axis), count);
        return Nodes{add(where(isInside, distance, zero), alongRows(poison))};
      }
    }
    llvm_unreachable("a row has no more elements to lose than it has");
  }
};

} // namespace

void registerOracleRules(mlir::DialectRegistry &registry) {
  registry.addExtension(+[](mlir::MLIRContext *context, SimplexDialect *) { SparsemaxOp::attachInterface<SparsemaxRule>(*context); });
}

} // namespace simplex
