// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Rows of lanes: what a sum along contiguous elements is shared out to, and how it is joined again.
#ifndef COSTATE_DIALECTS_KERNEL_LANE_ROWS_H
#define COSTATE_DIALECTS_KERNEL_LANE_ROWS_H

#include "costate/dialects/kernel/Kernel.h"

namespace costate::kernel {

/// Is `value` computed from `variable`?
bool dependsOn(mlir::Value value, mlir::Value variable);

/// Does the update write at some of the points along the last axis only? Then what lies beyond is not read either, and places need no clamp.
bool masksLanes(UpdateOp update);

/// Can neighbours along the last axis of `stage` be computed as one vector? Its bodies compute them alike, from contiguous elements, and each update writes at
/// its own point.
bool hasLanes(StageOp stage);

/// Can a row of `stage`, all points along its last axis, be one vector that needs no memory? It has lanes, few enough, and one stage reads it, each row for one
/// point (or for one row of lanes) of that.
bool isLaneRow(StageOp stage);

/// Is `index` the sum of `variable` and something that does not depend on it?
bool isDense(mlir::Value index, mlir::Value variable);

/// If `value` is the pairwise join of all n lanes of a row, n >= 4 (l and l + n/2, then l and l + n/4, ...): the lanes in order. All joins are the same
/// operation, that of `value`. Else nothing.
llvm::SmallVector<LoadOp> getJoinedLanes(mlir::Value value);

} // namespace costate::kernel

#endif // COSTATE_DIALECTS_KERNEL_LANE_ROWS_H
