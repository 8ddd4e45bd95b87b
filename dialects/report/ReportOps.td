// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef COSTATE_DIALECTS_REPORT_REPORT_OPS
#define COSTATE_DIALECTS_REPORT_REPORT_OPS

include "mlir/IR/DialectBase.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "costate/dialects/interfaces/Batchable.td"

def Report_Dialect : Dialect {
  let name = "report";
  let cppNamespace = "::costate::report";
  let summary = "what a running entry tells its caller beside its results";
  let description = [{
    The ops have no results and no derivative: they stand beside a computation and do not change it. They run in the order of their block, once for each
    time that it runs; two that are equal, with the same operands, are one evaluation of one line of the model. A function that is differentiated tells
    what it tells when its values are computed, and nothing in the sweeps of its derivatives. They stay in host code through `fuse`, where they
    become calls of the runtime.

    ```mlir
    func.func @f(%x: tensor<4xf32>) -> tensor<f32> {
      %s = graph.reduce_sum %x axes [0] : tensor<4xf32> -> tensor<f32>
      %zero = graph.constant dense<0.0> : tensor<f32>
      %holds = graph.compare GT, %s, %zero : tensor<f32>
      report.require %holds, "requires sum(x) > 0 at m.costate:3:3" : tensor<i1>
      return %s : tensor<f32>
    }
    ```
  }];
  let dependentDialects = [];
}

class Report_Op<string mnemonic> : Op<Report_Dialect, mnemonic, [MemoryEffects<[MemWrite]>, DeclareOpInterfaceMethods<Costate_Batchable>]>;

def Report_RequireOp : Report_Op<"require"> {
  let summary = "ends the call unless a condition holds";
  let description = [{
    If `holds` is false the call of the entry ends with COSTATE_REQUIREMENT and the message `text`, "TEXT, but got A and B" where there are values.
    Parameters and states are then what they were before the call: whatever replaces one in memory runs behind the last requirement.
    C1: at most two values.

    ```mlir
    report.require %holds, "requires n > 3 at m.costate:2:3" got %n, %three : tensor<i1>, tensor<f64>, tensor<f64>
    ```
  }];
  let arguments = (ins 0DTensorOf<[I1]>:$holds, StrAttr:$text, Variadic<0DTensorOf<[F64]>>:$values);
  let assemblyFormat = "$holds `,` $text (`got` $values^)? attr-dict `:` type($holds) (`,` type($values)^)?";
  let hasVerifier = 1;
}

def Report_PrintOp : Report_Op<"print"> {
  let summary = "shows the caller an array";
  let description = [{
    The printer of the context gets the name and the elements of `value`; without one they are a line on stderr.
    C1: at most eight axes.

    ```mlir
    report.print "loss" %loss : tensor<f32>
    ```
  }];
  let arguments = (ins StrAttr:$name, AnyRankedTensor:$value);
  let assemblyFormat = "$name $value attr-dict `:` type($value)";
  let hasVerifier = 1;
}

#endif
