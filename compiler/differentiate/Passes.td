// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Phase `differentiate`. Takes functions of graph, scf and func ops with requests (vjp, jvp, map). Afterwards: no request, no
// stop_gradient, no call; private functions are gone; each entry is one function.

#ifndef COSTATE_COMPILER_DIFFERENTIATE_PASSES
#define COSTATE_COMPILER_DIFFERENTIATE_PASSES

include "mlir/Pass/PassBase.td"

def ExpandRequests : Pass<"differentiate-expand-requests", "::mlir::ModuleOp"> {
  let summary = "answer vjp, jvp and map, and inline every call";
  let description = [{
    Bottom-up over the call graph: the requests in a callee are answered before requests for it. A request becomes a call of a new private
    function (one per callee and choice of arguments), which is inlined. Reverse mode runs a loop backward over a tape of its carries, which
    `graph.tape` may thin out. A map that names its lanes answers the collectives over that name.

    Before: `%l, %dw = graph.vjp @loss(%w, %x) wrt [0] from(%one)`. After: the body of @loss, then its adjoint.

    Fails on: an op without a rule on the path of a derivative; recursion; a loop with a tape whose trip count is not known from shapes in reverse
    mode; a loop whose bounds vary with the lane; a collective that no map binds, or in a branch or loop that differs from lane to lane.
  }];
  let dependentDialects = ["::costate::graph::GraphDialect", "::mlir::scf::SCFDialect", "::mlir::arith::ArithDialect",
                           "::mlir::tensor::TensorDialect", "::mlir::func::FuncDialect"];
}

def DropCarries : Pass<"differentiate-drop-carries", "::mlir::func::FuncOp"> {
  let summary = "take out the carries of loops, tapes above all, that nothing needs";
  let description = [{
    Before: a loop that records a carry in a tape which the adjoint does not read. After: the loop without the tape. What is returned or reported is
    the same.
  }];
  let dependentDialects = ["::mlir::scf::SCFDialect"];
}

#endif
