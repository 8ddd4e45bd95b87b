// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where the leaves of a parameter set lie. `graph.leaf` and `graph.pack` read it without knowing the op that holds it.

#ifndef COSTATE_DIALECTS_INTERFACES_ARENA_LAYOUT
#define COSTATE_DIALECTS_INTERFACES_ARENA_LAYOUT

include "mlir/IR/OpBase.td"

def Costate_ArenaLayout : OpInterface<"ArenaLayout"> {
  let cppNamespace = "::costate";
  let description = [{
    A rank-1 array that holds tensors ("leaves") at fixed offsets, in elements. Leaves start at multiples of 64 bytes in their order; gaps are zero.
  }];
  let methods = [
    InterfaceMethod<"Number of elements, gaps included.", "int64_t", "getArenaSize">,
    InterfaceMethod<"Element type of all leaves.", "::mlir::Type", "getArenaElementType">,
    InterfaceMethod<"All leaves, by ascending offset.", "::llvm::SmallVector<::costate::ArenaLeaf>", "getArenaLeaves">,
  ];
}

#endif
