// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the fuse phase asks of ops that earlier phases keep whole.

#ifndef COSTATE_DIALECTS_INTERFACES_EXPANDABLE
#define COSTATE_DIALECTS_INTERFACES_EXPANDABLE

include "mlir/IR/OpBase.td"

def Costate_Expandable : OpInterface<"Expandable"> {
  let cppNamespace = "::costate";
  let description = [{
    The op as a composition of `graph` ops, and of ops that are expandable themselves. Derivatives and batches are those of the whole op; kernels are
    formed of the composition. An op of a dialect that the compiler does not know must have it: nothing else computes it.
  }];
  let methods = [
    InterfaceMethod<"Writes the results, of the types that the op's results have.", "::llvm::SmallVector<::mlir::Value>", "expand",
                    (ins "::costate::graph::Emitter &":$e)>,
  ];
}

#endif
