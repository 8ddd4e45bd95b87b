// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef COSTATE_DIALECTS_OPTIM_ARENA_OPS
#define COSTATE_DIALECTS_OPTIM_ARENA_OPS

include "mlir/IR/DialectBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/IR/RegionKindInterface.td"
include "costate/dialects/interfaces/ArenaLayout.td"

def Optim_Dialect : Dialect {
  let name = "optim";
  let cppNamespace = "::costate::optim";
  let summary = "parameter sets, and the roles of arguments and results of entries";
  let description = [{
    A parameter set is one rank-1 tensor value; an `optim.arena` says where its leaves lie. So gradients, optimizer states, snapshots,
    averages and perturbations are plain rank-1 tensors, and the number of tensors of a model never shows in the IR of an update.

    Entries are functions with the unit attribute `optim.entry`; their arguments carry `optim.role` ("param", "state", "buffer" (state of a net), "input", "target",
    "rows" (where the samples stand in their data), "hyper", "seed") and `optim.name`, arenas also `optim.arena = @symbol`, hypers `optim.default`. Their results carry
    `optim.tied = k` (the new value of argument k) or `optim.role` ("metric", "output") with `optim.name`.

    ```mlir
    optim.arena @f : f32 {
      optim.leaf "layers.0.w" [64, 128]
      optim.leaf "layers.0.b" [128] {group = 1 : i64, frozen}
      optim.leaf "decoder.w" [64, 128] tied "layers.0.w"
    }
    ```
  }];
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
}

def Optim_ArenaOp : Op<Optim_Dialect, "arena", [Symbol, SingleBlock, NoTerminator, NoRegionArguments,
    DeclareOpInterfaceMethods<Costate_ArenaLayout>, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "the layout of a parameter set";
  let description = [{
    Leaves start at multiples of 64 bytes, ordered by group, frozen last in their group, so that an update of one group's trainable leaves
    is an update of one range; a tied leaf shares the place of the leaf it names. C1: holds leaves only. C2: leaf names differ.
    C3: a tied leaf names an untied leaf of the arena with the same shape.
    ```mlir
    optim.arena @g : f64 {
      optim.leaf "w" [64, 128]
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttr:$element_type);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `:` $element_type attr-dict-with-keyword $body";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    struct Range { int64_t group; bool frozen; int64_t offset, size; };
    /// The runs of leaves of one group and one frozenness, gaps included, by ascending offset.
    ::llvm::SmallVector<Range> getRanges();
  }];
}

def Optim_LeafOp : Op<Optim_Dialect, "leaf", [HasParent<"::costate::optim::ArenaOp">]> {
  let summary = "one tensor of a parameter set";
  let description = [{
    C1: extents are >= 0. `group` selects hyper-parameters (default 0); a `frozen` leaf is not updated.
    ```mlir
    optim.arena @g : f32 {
      optim.leaf "w" [64, 128] {group = 1 : i64, frozen}
    }
    ```
  }];
  let arguments = (ins StrAttr:$name, DenseI64ArrayAttr:$shape, OptionalAttr<StrAttr>:$tied,
                       DefaultValuedOptionalAttr<I64Attr, "0">:$group, UnitAttr:$frozen);
  let assemblyFormat = "$name $shape (`tied` $tied^)? attr-dict";
  let hasVerifier = 1;
}

#endif
