// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef SIMPLEX_H
#define SIMPLEX_H

#include "costate/dialects/graph/Graph.h"

#include "SimplexDialect.h.inc"

#define GET_OP_CLASSES
#include "SimplexOps.h.inc"

namespace simplex {

/// The oracle's rule, written apart from the op's own composition (SimplexOracle.cpp).
void registerOracleRules(mlir::DialectRegistry &registry);

} // namespace simplex

#endif // SIMPLEX_H
