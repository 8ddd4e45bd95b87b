// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What `graph.map` asks of any op, and what every analysis of shapes asks.

#ifndef COSTATE_DIALECTS_INTERFACES_BATCHABLE
#define COSTATE_DIALECTS_INTERFACES_BATCHABLE

include "mlir/IR/OpBase.td"

def Costate_Batchable : OpInterface<"Batchable"> {
  let cppNamespace = "::costate";
  let description = [{
    The op over a leading batch axis: operands that vary with the lane carry the axis in front, the others do not.
    A rule emits the op that computes all lanes at once; an op without a rule is run in a loop over the lanes.
  }];
  let methods = [
    InterfaceMethod<"Sets each result with the batch axis in front.", "void", "batch", (ins "::costate::Batching &":$b)>,
  ];
}

def Costate_Dimensioned : OpInterface<"Dimensioned"> {
  let cppNamespace = "::costate";
  let description = "The dimension expressions of each result axis, from those of the operands.";
  let methods = [
    InterfaceMethod<"Dimensions of result `index`; `of` gives those of any operand.",
                    "::llvm::SmallVector<::costate::graph::DimAttr>", "inferDimensions",
                    (ins "unsigned":$index, "::costate::DimensionsOf":$of)>,
    InterfaceMethod<"Expressions that must not be negative, beside the extents of the results, for the op to be defined.",
                    "::llvm::SmallVector<::costate::graph::DimAttr>", "requirements", (ins "::costate::DimensionsOf":$of),
                    /*methodBody=*/"", /*defaultImplementation=*/"return {};">,
  ];
}

def Costate_Collective : OpInterface<"Collective"> {
  let cppNamespace = "::costate";
  let description = [{
    An op of a function under `graph.map` that sees the operands of all lanes of the map of its axis. That map asks its batch rule whether or
    not its operands vary, and leaves no such op; another map does as with any op.
  }];
  let methods = [
    InterfaceMethod<"The axis whose lanes it sees.", "::llvm::StringRef", "getAxisName">,
    InterfaceMethod<"Whether the results are the same in all lanes.", "bool", "isReplicated", (ins),
                    /*methodBody=*/"", /*defaultImplementation=*/"return false;">,
  ];
}

#endif
