// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/dialects/graph/Graph.h"

using namespace mlir;
using namespace costate;
using namespace costate::graph;

// The last operand: a select's predicate comes first, and its type differs.
#define ELEMENTWISE_DIMENSIONS(Op)                                                                                              \
  Dims Op::inferDimensions(unsigned, DimensionsOf of) { return of((*this)->getOperands().back()); }
COSTATE_ELEMENTWISE_OPS(ELEMENTWISE_DIMENSIONS)
#undef ELEMENTWISE_DIMENSIONS
