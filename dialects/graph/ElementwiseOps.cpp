// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/dialects/graph/Graph.h"

using namespace mlir;
using namespace costate;
using namespace costate::graph;

// An elementwise result has the dimensions of any operand.
#define SAME_DIMENSIONS(Op)                                                                                                     \
  Dims Op::inferDimensions(unsigned, DimensionsOf of) { return of((*this)->getOperands().back()); }
SAME_DIMENSIONS(AddOp)
SAME_DIMENSIONS(SubtractOp)
SAME_DIMENSIONS(MultiplyOp)
SAME_DIMENSIONS(DivideOp)
SAME_DIMENSIONS(RemainderOp)
SAME_DIMENSIONS(MaximumOp)
SAME_DIMENSIONS(MinimumOp)
SAME_DIMENSIONS(PowerOp)
SAME_DIMENSIONS(Atan2Op)
SAME_DIMENSIONS(NegateOp)
SAME_DIMENSIONS(AbsOp)
SAME_DIMENSIONS(SignOp)
SAME_DIMENSIONS(ExponentialOp)
SAME_DIMENSIONS(ExponentialMinusOneOp)
SAME_DIMENSIONS(LogOp)
SAME_DIMENSIONS(LogPlusOneOp)
SAME_DIMENSIONS(SqrtOp)
SAME_DIMENSIONS(RsqrtOp)
SAME_DIMENSIONS(TanhOp)
SAME_DIMENSIONS(LogisticOp)
SAME_DIMENSIONS(ErfOp)
SAME_DIMENSIONS(SineOp)
SAME_DIMENSIONS(CosineOp)
SAME_DIMENSIONS(FloorOp)
SAME_DIMENSIONS(CeilOp)
SAME_DIMENSIONS(RoundNearestEvenOp)
SAME_DIMENSIONS(AndOp)
SAME_DIMENSIONS(OrOp)
SAME_DIMENSIONS(XorOp)
SAME_DIMENSIONS(NotOp)
SAME_DIMENSIONS(CompareOp)
SAME_DIMENSIONS(SelectOp)
SAME_DIMENSIONS(ConvertOp)
SAME_DIMENSIONS(StopGradientOp)
SAME_DIMENSIONS(FoldInOp)
#undef SAME_DIMENSIONS
