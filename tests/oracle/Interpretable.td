// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the oracle asks of ops that its own table of rules does not know.

#ifndef COSTATE_TESTS_ORACLE_INTERPRETABLE
#define COSTATE_TESTS_ORACLE_INTERPRETABLE

include "mlir/IR/OpBase.td"

def Oracle_Interpretable : OpInterface<"Interpretable"> {
  let cppNamespace = "::costate::oracle";
  let description = [{
    The op's rule in the oracle, for ops of other dialects than ours. It is attached from outside (`Interpretable::attachInterface`), for the op must not
    depend on the oracle; and it is written with the functions of Algebra.h, which derive it, and not with the op's own composition.
  }];
  let methods = [
    InterfaceMethod<"The results; errors are emitted at the op.", "::llvm::FailureOr<::costate::oracle::Nodes>", "interpret",
                    (ins "const ::costate::oracle::Nodes &":$operands)>,
  ];
}

#endif
