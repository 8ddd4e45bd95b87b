// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef COSTATE_DIALECTS_KERNEL_SCHEDULE_OPS_TD
#define COSTATE_DIALECTS_KERNEL_SCHEDULE_OPS_TD

include "costate/dialects/kernel/Kernel.td"

// A directive changes the loop nest of one definition: the pure definition of `stage`, or its update number `update`. Directives apply in
// the order in which they stand. D1 holds for all of them: the stage, the definition and the loop variables exist at that point, and a stage whose
// loops are changed is not inlined.
class Kernel_Directive<string mnemonic, list<Trait> traits = []> : Kernel_Op<mnemonic, !listconcat(traits, [HasParent<"DefineOp">])> {
  dag target = (ins StrAttr:$stage, OptionalAttr<I64Attr>:$update);
}

def Kernel_SplitOp : Kernel_Directive<"split"> {
  let summary = "one loop becomes two";
  let description = [{
    `old = outer * factor + inner`. The tail says what happens where `factor` does not divide the extent: `guard_with_if` skips the excess,
    `shift_inwards` computes some points twice, `round_up` computes points beyond the end, `predicate` masks loads and stores.

    D2: the loop is serial, `factor` positive, and new names are new. D3: `shift_inwards` stands only on a variable of the pure definition of an output that is not tied, or of
    a stage with `compute_root` before, whose extent is at least `factor`; `round_up` only where the factor divides the extent, which is seen from a constant or from a product with
    one. D4: a reduction variable takes `guard_with_if`; a variable of
    an update or of a tied stage that comes from the inside of an earlier split does not take `round_up`.

    ```mlir
    kernel.split "y" "i0" into "i0o", "i0i" by 8 guard_with_if
    ```
  }];
  let arguments = !con(target, (ins StrAttr:$old, StrAttr:$outer, StrAttr:$inner, I64Attr:$factor, Kernel_TailAttr:$tail));
  let assemblyFormat = "$stage (`update` $update^)? $old `into` $outer `,` $inner `by` $factor $tail attr-dict";
}

def Kernel_FuseOp : Kernel_Directive<"fuse"> {
  let summary = "two adjacent loops become one";
  let description = [{
    D2: `outer` stands directly outside `inner`, both pure and serial; the new name is new.

    ```mlir
    kernel.fuse "y" "i0", "i1" into "i"
    ```
  }];
  let arguments = !con(target, (ins StrAttr:$outer, StrAttr:$inner, StrAttr:$fused));
  let assemblyFormat = "$stage (`update` $update^)? $outer `,` $inner `into` $fused attr-dict";
}

def Kernel_ReorderOp : Kernel_Directive<"reorder"> {
  let summary = "the order of loops";
  let description = [{
    The named loops take each other's places, innermost first. D2: names differ. D3: reduction variables keep their order, as sums do.

    ```mlir
    kernel.reorder "y" ["i0i", "i1i", "i0o"]
    ```
  }];
  let arguments = !con(target, (ins StrArrayAttr:$order));
  let assemblyFormat = "$stage (`update` $update^)? $order attr-dict";
}

def Kernel_VectorizeOp : Kernel_Directive<"vectorize"> {
  let summary = "a loop becomes vector lanes";
  let description = [{
    D2: a pure variable with a constant extent.

    ```mlir
    kernel.vectorize "y" "i1i"
    ```
  }];
  let arguments = !con(target, (ins StrAttr:$variable));
  let assemblyFormat = "$stage (`update` $update^)? $variable attr-dict";
}

def Kernel_UnrollOp : Kernel_Directive<"unroll"> {
  let summary = "a loop is written out";
  let description = [{
    D2: a constant extent.

    ```mlir
    kernel.unroll "y" "i1i"
    ```
  }];
  let arguments = !con(target, (ins StrAttr:$variable));
  let assemblyFormat = "$stage (`update` $update^)? $variable attr-dict";
}

def Kernel_ParallelOp : Kernel_Directive<"parallel"> {
  let summary = "the iterations of a loop become tasks";
  let description = [{
    D2: a pure variable.

    ```mlir
    kernel.parallel "y" "i0o"
    ```
  }];
  let arguments = !con(target, (ins StrAttr:$variable));
  let assemblyFormat = "$stage (`update` $update^)? $variable attr-dict";
}

def Kernel_ComputeRootOp : Kernel_Directive<"compute_root"> {
  let summary = "all of a stage is computed before its consumers";
  let description = [{
    A stage without `compute_root` or `compute_at` that is no output is computed where it is used (inlined). D2: at most one place a stage.

    ```mlir
    kernel.compute_root "mean"
    ```
  }];
  let arguments = (ins StrAttr:$stage);
  let assemblyFormat = "$stage attr-dict";
}

def Kernel_ComputeAtOp : Kernel_Directive<"compute_at"> {
  let summary = "what a consumer's loop needs of a stage is computed inside that loop";
  let description = [{
    D2: not an output; at most one place a stage. D3: the consumer is another stage, later in the kernel, and the loop exists at the end
    of the schedule; a loop that stages share is named by their leader.

    ```mlir
    kernel.compute_at "mean" at "y" "i0o"
    ```
  }];
  let arguments = (ins StrAttr:$stage, StrAttr:$consumer, OptionalAttr<I64Attr>:$consumer_update, StrAttr:$variable);
  let assemblyFormat = "$stage `at` $consumer (`update` $consumer_update^)? $variable attr-dict";
}

def Kernel_ComputeWithOp : Kernel_Op<"compute_with", [HasParent<"DefineOp">]> {
  let summary = "two stages share their outer loops";
  let description = [{
    The loops of the pure definition of `stage`, from the outermost to `variable`, become those of the pure definition of `leader`. In each iteration of
    `variable` `stage` comes first. What both read can be computed there, by a compute_at of the leader.

    D2: each is an output or has compute_root before, and is not tied; `stage` stands before its leader, which follows nobody itself; a stage follows at most one,
    and has no followers. D3: no stage waits, through what it reads, for one that shares its loops; the loops of both up to `variable` are equal: names, steps, extents. No
    later directive changes loops of the two.

    ```mlir
    kernel.compute_with "mean" with "y" "i0o"
    ```
  }];
  let arguments = (ins StrAttr:$stage, StrAttr:$leader, StrAttr:$variable);
  let assemblyFormat = "$stage `with` $leader $variable attr-dict";
}

def Kernel_StoreInOp : Kernel_Directive<"store_in"> {
  let summary = "the kind of memory that holds a stage";
  let description = [{
    D2: not an output.

    ```mlir
    kernel.store_in "acc" stack
    ```
  }];
  let arguments = (ins StrAttr:$stage, Kernel_MemoryAttr:$memory);
  let assemblyFormat = "$stage $memory attr-dict";
}

def Kernel_BoundExtentOp : Kernel_Directive<"bound_extent"> {
  let summary = "the extent of a variable where the stage is computed";
  let description = [{
    The region that a consumer needs has this extent in `variable` (a promise to the code generator: with it, loops over a tile are constant).
    D2: a pure variable of the stage, a positive extent, and the stage has `compute_at`.

    ```mlir
    kernel.bound_extent "acc" "i1" 64
    ```
  }];
  let arguments = (ins StrAttr:$stage, StrAttr:$variable, I64Attr:$extent);
  let assemblyFormat = "$stage $variable $extent attr-dict";
}

def Kernel_NontemporalOp : Kernel_Op<"nontemporal", [HasParent<"DefineOp">]> {
  let summary = "rows of an output go past the caches";
  let description = [{
    The stage copies another one. Each of its rows is stored by one call, past the caches if the whole output is larger than what they would keep for its
    readers: memory is then not read before it is written.

    D2: an output that is not tied, of one result, whose pure definition loads one other stage at the same place, and which has no updates. D3: its
    innermost loop is its last variable, whole and serial; no later directive changes loops of the stage.

    ```mlir
    kernel.nontemporal "y_stored"
    ```
  }];
  let arguments = (ins StrAttr:$stage);
  let assemblyFormat = "$stage attr-dict";
}

#endif // COSTATE_DIALECTS_KERNEL_SCHEDULE_OPS_TD
