// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the differentiate phase may ask of any op. An op that carries derivatives gives both directions; the table test
// compares them with each other (<u, Jv> = <J'u, v>) and with the oracle.

#ifndef COSTATE_DIALECTS_INTERFACES_DIFFERENTIABLE
#define COSTATE_DIALECTS_INTERFACES_DIFFERENTIABLE

include "mlir/IR/OpBase.td"

def Costate_Differentiable : OpInterface<"Differentiable"> {
  let cppNamespace = "::costate";
  let description = [{
    Derivative rules. Both methods emit ops through the context they are given and never change the op itself.
    A value of integer type carries no derivative; a rule is asked only about active operands.
  }];
  let methods = [
    InterfaceMethod<"Adds to each active operand its cotangent, given those of the results.", "void", "pullback",
                    (ins "::costate::Pullback &":$p)>,
    InterfaceMethod<"Sets the tangent of each result, given those of the operands.", "void", "pushforward",
                    (ins "::costate::Pushforward &":$p)>,
  ];
}

#endif
