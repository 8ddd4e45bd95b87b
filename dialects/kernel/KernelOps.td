// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef COSTATE_DIALECTS_KERNEL_KERNEL_OPS_TD
#define COSTATE_DIALECTS_KERNEL_KERNEL_OPS_TD

include "costate/dialects/kernel/Kernel.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Kernel_DefineOp : Kernel_Op<"define", [IsolatedFromAbove, NoTerminator, Symbol]> {
  let summary = "a kernel: stages, and a schedule once it has one";
  let description = [{
    Arguments are extents (`index`), scalars (f32, f64, i32, i64, i1) and input buffers; results are output buffers, named by
    `kernel.output`. An output may be *tied* to an input: the new values replace the old ones in the same memory.

    `hints` gives for each argument a likely value (extents) or 0; cost rules and schedules read it, results never depend on it.

    C1: arguments are `index`, scalars or buffers; results are buffers. C2: `kernel.output` names distinct stage results of the
    declared types. C3: a tied input has the type of its output, is tied once, and is read only in the pure definition of the stage that
    replaces it, at that stage's own variables; all results of that stage are outputs, side by side. C4: stages have different names; beside
    stages only `arith` on scalars stands in the list. C5: `tied` has an entry a result, `hints` one an argument.

    The schedule's constraints are those of its directives.

    ```mlir
    kernel.define @decay(%n: index, %rate: f32, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w) stages {
      %y = kernel.stage "y" (%i0 < %n) : f32 {
        %a = kernel.load %w[%i0] : !kernel.buffer<?xf32>
        %v = arith.mulf %a, %rate : f32
        kernel.yield %v : f32
      }
      kernel.output %y : !kernel.buffer<?xf32>
    } schedule {
      kernel.split "y" "i0" into "i0o", "i0i" by 16 guard_with_if
      kernel.vectorize "y" "i0i"
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, OptionalAttr<StrAttr>:$sym_visibility,
                       TypeAttrOf<FunctionType>:$function_type, DenseI64ArrayAttr:$tied,
                       OptionalAttr<DenseI64ArrayAttr>:$hints);
  let regions = (region SizedRegion<1>:$stages, MaxSizedRegion<1>:$schedule);
  let builders = [
    // Makes the stages' block with one argument an input; `tied` holds for each result the position of its input, or -1.
    OpBuilder<(ins "::llvm::StringRef":$name, "::mlir::TypeRange":$inputs, "::mlir::TypeRange":$results,
                   CArg<"::llvm::ArrayRef<int64_t>", "{}">:$tied)>];
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::Block &getBody() { return getStages().front(); }
    bool isScheduled() { return !getSchedule().empty(); }
    /// The block of the schedule; made if there is none yet.
    ::mlir::Block &getOrCreateSchedule();
    OutputOp getOutput();
    /// The stages in order.
    ::std::vector<StageOp> getStageOps();
    /// The stage called `name`, or null.
    StageOp lookupStage(::llvm::StringRef name);
    /// The stage result that becomes output `result`.
    ::mlir::OpResult getOutputValue(unsigned result);
    /// The position of the input that output `result` replaces, if it is tied.
    std::optional<unsigned> getTiedInput(unsigned result);
    /// The output that replaces input `input`, if it is tied.
    std::optional<unsigned> getTiedOutput(unsigned input);
    /// Is a result of `stage` tied?
    bool isTiedStage(StageOp stage);
    /// The input that the definition of a stage yields for one of its results, element by element, if that is all it does.
    std::optional<unsigned> getCopiedInput(::mlir::OpResult result);
    /// Does the definition of a stage only yield what its tied inputs hold in the same memory? Then there is nothing to do before its updates.
    bool isIdentity(StageOp stage);
    /// Is a result of `stage` an output?
    bool isOutputStage(StageOp stage);
    /// The likely value of an extent: its constant, or index arithmetic on the hints of the arguments; `otherwise` where there is none.
    int64_t getHint(::mlir::OpFoldResult extent, int64_t otherwise = 32);
  }];
}

def Kernel_OutputOp : Kernel_Op<"output", [Pure, Terminator, HasParent<"DefineOp">]> {
  let summary = "names the results of a kernel";
  let description = [{
    The last line of a kernel's stages: result k of the kernel is operand k.

    ```mlir
    kernel.output %y : !kernel.buffer<?xf32>
    ```
  }];
  let arguments = (ins Variadic<Kernel_BufferType>:$values);
  let assemblyFormat = "($values^ `:` qualified(type($values)))? attr-dict";
}

def Kernel_StageOp : Kernel_Op<"stage", [HasParent<"DefineOp">, NoTerminator, NoMemoryEffect,
                                         DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames", "getAsmBlockArgumentNames"]>]> {
  let summary = "a function over an index space";
  let description = [{
    For every point of the index space the *definition* yields one value a result; the updates then change values, one update after the
    other. `undef` in place of a definition leaves the values open until an update writes them. The block argument of `updates`
    is the stage's own buffer while it is being updated, one a result.

    Bodies are pure: `arith`, `math` and `kernel.load`. Float arithmetic is IEEE, except in updates and of ops marked `contract`. A load outside its
    buffer has no meaning; where an index may leave it, the body clamps the index.

    C1: results have the extents of the index space. C2: a body has one index argument a dimension, holds only `arith`, `math` and
    `kernel.load`, and yields the element types of the results. C3: only a stage with updates may be `undef`. C4: extents are not negative.

    ```mlir
    %y = kernel.stage "y" (%i0 < %n, %i1 < 10) : f32 {
      %a = kernel.load %x[%i0, %i1] : !kernel.buffer<?x10xf32>
      %v = arith.negf %a : f32
      kernel.yield %v : f32
    }
    ```
  }];
  let arguments = (ins StrAttr:$stage_name, Variadic<Index>:$extents, DenseI64ArrayAttr:$static_extents);
  let results = (outs Variadic<Kernel_BufferType>:$results);
  let regions = (region MaxSizedRegion<1>:$definition, MaxSizedRegion<1>:$updates);
  let builders = [
    // `body` gets the variables and returns the values of the point; without it the stage is undefined until its updates.
    OpBuilder<(ins "::llvm::StringRef":$name, "::llvm::ArrayRef<::mlir::OpFoldResult>":$extents, "::mlir::TypeRange":$elementTypes,
                   "::llvm::function_ref<::llvm::SmallVector<::mlir::Value>(::mlir::OpBuilder &, ::mlir::Location, ::mlir::ValueRange)>":$body)>];
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    unsigned getRank() { return getStaticExtents().size(); }
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedExtents();
    bool isUndef() { return getDefinition().empty(); }
    ::std::vector<UpdateOp> getUpdateOps();
    /// The stage's own buffers as its updates see them; empty without updates.
    ::mlir::ValueRange getSelf();
    /// Appends an update over `domain`. `body` gets the stage's own buffers, its variables and the reduction variables,
    /// and ends with a `kernel.write`.
    UpdateOp addUpdate(::mlir::OpBuilder &builder, ::llvm::ArrayRef<::mlir::OpFoldResult> domain, bool contract,
                       ::llvm::function_ref<void(::mlir::OpBuilder &, ::mlir::Location, ::mlir::ValueRange self,
                                                 ::mlir::ValueRange variables, ::mlir::ValueRange reduction)> body);
  }];
}

// Not pure, though its body is: it changes the stage, and must stay though it has no result.
def Kernel_UpdateOp : Kernel_Op<"update", [HasParent<"StageOp">, SingleBlock,
                                           DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "an update of a stage over a reduction domain";
  let description = [{
    For each point of the reduction domain, in order (the last variable runs fastest), writes values at one place of the stage. A variable of
    the stage that stands alone at its own place in the written index is *free*: the update holds for every value of it. The other
    variables of the stage may not be used.

    `contract` marks a sum of products whose additions may be fused with their multiplications; the order of the sum stays.

    C1: the body has one index argument for each variable of the stage, then one for each of the domain. C2: it writes one index a dimension
    and the element types of the stage. C3: a variable that is not free has no use, and reads of the stage itself have the free
    variables at their own places. C4: extents of the domain are not negative.

    ```mlir
    kernel.update (%i0, %i1) over (%r0 < %k) contract {
      %a = kernel.load %self[%i0, %i1] : !kernel.buffer<?x10xf32>
      %b = kernel.load %x[%i0, %r0] : !kernel.buffer<?x?xf32>
      %c = kernel.load %w[%r0, %i1] : !kernel.buffer<?x10xf32>
      %d = arith.mulf %b, %c : f32
      %v = arith.addf %a, %d : f32
      kernel.write %v at [%i0, %i1] : f32
    }
    ```
  }];
  let arguments = (ins Variadic<Index>:$domain, DenseI64ArrayAttr:$static_domain, UnitAttr:$contract);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
  let extraClassDeclaration = [{
    StageOp getStage() { return (*this)->getParentOfType<StageOp>(); }
    /// The position among the updates of the stage.
    unsigned getPosition();
    ::llvm::SmallVector<::mlir::OpFoldResult> getMixedDomain();
    ::mlir::ValueRange getVariables();
    ::mlir::ValueRange getReductionVariables();
    WriteOp getWrite();
    /// Does the update hold for every value of variable `dim` of the stage?
    bool isFree(unsigned dim);
    /// What index max(min(p, size - 1), 0) of the body is where the update writes, if it writes only where p < size: p. Any other is itself.
    ::mlir::Value withoutClamp(::mlir::Value index);
  }];
}

def Kernel_LoadOp : Kernel_Op<"load", [Pure, TypesMatchWith<"result has the buffer's element type", "buffer", "result",
                                                             "::llvm::cast<BufferType>($_self).getElementType()">]> {
  let summary = "the value of a buffer or stage at an index";
  let description = [{
    C1: one index a dimension. Indices are any `index` arithmetic on variables, also on loaded integers (`arith.index_cast`): a gather.
    A buffer that is known to be empty has no values: what a stage that has points loads from it is behind a condition that never holds, and is
    folded to 0.

    ```mlir
    %v = kernel.load %x[%i, %j] : !kernel.buffer<?x10xf32>
    ```
  }];
  let arguments = (ins Kernel_BufferType:$buffer, Variadic<Index>:$indices);
  let results = (outs AnyType:$result);
  let assemblyFormat = "$buffer `[` $indices `]` attr-dict `:` qualified(type($buffer))";
  let hasVerifier = 1;
  let hasCanonicalizeMethod = 1;
}

def Kernel_YieldOp : Kernel_Op<"yield", [Pure, Terminator, HasParent<"StageOp">]> {
  let summary = "the values of a stage at a point";
  let description = [{
    ```mlir
    kernel.yield %value, %place : f32, i32
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "$values attr-dict `:` type($values)";
}

def Kernel_WriteOp : Kernel_Op<"write", [Pure, Terminator, AttrSizedOperandSegments, HasParent<"UpdateOp">]> {
  let summary = "where an update writes, and what";
  let description = [{
    With a predicate, nothing is written where it is false.

    ```mlir
    kernel.write %v at [%row, %i1] if %valid : f32
    ```
  }];
  let arguments = (ins Variadic<AnyType>:$values, Variadic<Index>:$indices, Optional<I1>:$predicate);
  let assemblyFormat = "$values `at` ` ` `[` $indices `]` (`if` $predicate^)? attr-dict `:` type($values)";
}

def Kernel_CallOp : Kernel_Op<"call", [AttrSizedOperandSegments, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
                                       DeclareOpInterfaceMethods<SymbolUserOpInterface>,
                                       DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>]> {
  let summary = "runs a kernel";
  let description = [{
    On tensors, inputs give results. On memrefs (after bufferization) there are no results: each output is written to its
    `outs`, and the `outs` of a tied output is the memref passed as its input. `on` says who runs it; absent until the cost rule
    has decided.

    C1: an input for each argument of the kernel, of its type; a buffer accepts a tensor or a dense row-major memref whose static
    extents agree. C2: either all buffers are tensors, with a result an output and no `outs`, or all are memrefs, with an `outs` an output
    and no result. C3: the `outs` of a tied output is its input.

    ```mlir
    %y = kernel.call @decay(%n, %rate, %w) : (index, f32, tensor<?xf32>) -> tensor<?xf32>
    kernel.call @decay(%n, %rate, %w) outs(%w) on halide : (index, f32, memref<?xf32>) outs(memref<?xf32>)
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee, Variadic<AnyType>:$inputs, Variadic<AnyMemRef>:$outs,
                       OptionalAttr<Kernel_ExecutorAttr>:$executor);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let assemblyFormat = [{
    $callee `(` $inputs `)` (`outs` `(` $outs^ `)`)? (`on` $executor^)? attr-dict
    `:` `(` type($inputs) `)` (`outs` `(` type($outs)^ `)`)? (`->` type($results)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The kernel, found from the nearest symbol table; null where there is none.
    DefineOp getKernel();
    /// The same from a table that is kept: where there are many calls.
    DefineOp getKernel(::mlir::SymbolTableCollection &symbols);
  }];
}

def Kernel_ExternOp : Kernel_Op<"extern", [AttrSizedOperandSegments, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
                                           DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>]> {
  let summary = "calls a C function of the runtime, or of the program";
  let description = [{
    The function is `int32_t f(costate_context *, const T *in..., T *out..., int64_t extents...)` on dense row-major arrays, and a scalar is passed by
    value; it returns 0 or an error code of the runtime. Like `kernel.call` it stands on tensors (results, no `outs`) or on memrefs (`outs`, no results). On
    tensors, `sizes` gives the dynamic extents of the results, in order. One with a `prototype` (see `graph.extern`) is the program's: its name has
    `extern.` in front, apart from those of kernels, it gets one pointer more, and what it returns is reported with its name and place.

    C1: either all arrays are tensors, with results, or all are memrefs, with `outs`; other inputs are i32, i64, f32 or f64. C2: on tensors `sizes` has an
    entry for each dynamic extent of the results; on memrefs it is empty. C3: memrefs are dense and row-major.

    ```mlir
    %l = kernel.extern @costate_cholesky_f32(%a) extents(%b, %n) sizes(%b, %n, %n) : (tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
    kernel.extern @costate_cholesky_f32(%a) outs(%l) extents(%b, %n) : (memref<?x?x?xf32>) outs(memref<?x?x?xf32>)
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$callee, Variadic<AnyType>:$inputs, Variadic<AnyMemRef>:$outs,
                       Variadic<Index>:$extents, Variadic<Index>:$sizes, OptionalAttr<StrAttr>:$prototype);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let builders = [
    // Of the runtime.
    OpBuilder<(ins "::mlir::TypeRange":$results, "::llvm::StringRef":$callee, "::mlir::ValueRange":$inputs, "::mlir::ValueRange":$outs,
                   "::mlir::ValueRange":$extents, "::mlir::ValueRange":$sizes),
              [{ build($_builder, $_state, results, callee, inputs, outs, extents, sizes, ::mlir::StringAttr()); }]>];
  let assemblyFormat = [{
    $callee `(` $inputs `)` (`outs` `(` $outs^ `)`)? (`extents` `(` $extents^ `)`)? (`sizes` `(` $sizes^ `)`)? (`prototype` $prototype^)? attr-dict
    `:` `(` type($inputs) `)` (`outs` `(` type($outs)^ `)`)? (`->` type($results)^)?
  }];
  let hasVerifier = 1;
}

#endif // COSTATE_DIALECTS_KERNEL_KERNEL_OPS_TD
