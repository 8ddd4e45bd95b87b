// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fuse. Takes entries that are one function of `graph` and `scf` on tensors each, without calls and requests. Afterwards the module holds
// `kernel.define` symbols, and entries on buffers: `kernel.call`, `kernel.extern` and host control flow, with no tensor and no allocation left;
// parameters and states are updated in place, everything else lies in one workspace. The passes below run in their order.

#ifndef COSTATE_COMPILER_FUSE_PASSES
#define COSTATE_COMPILER_FUSE_PASSES

include "mlir/Pass/PassBase.td"

def HintsOption : ListOption<"hints", "hints", "std::string", "likely extents of dimensions, each NAME=NUMBER; 32 without">;

def SimplifyGraph : Pass<"fuse-simplify-graph", "::mlir::ModuleOp"> {
  let summary = "rewrites graph ops into equal, simpler ones";
  let description = [{
    Before and after: `graph` and `scf`. Folds, common subexpressions, and rewrites that change no bit: a transpose of a contraction's operand
    becomes another choice of its axes, a leaf of a pack is what was packed, a broadcast of a broadcast is one, a branch that only chooses between arrays
    that are there is a `graph.select`, and so on. Constants and what only broadcasts a scalar are repeated in the block that uses them.

    ```mlir
    func.func @f(%x: tensor<4x8xf32>, %w: tensor<2x8xf32>) -> tensor<4x2xf32> {
      %t = graph.transpose %w permutation [1, 0] : tensor<2x8xf32> -> tensor<8x2xf32>
      %y = graph.dot_general %x, %t contracting [1] x [0] : tensor<4x8xf32>, tensor<8x2xf32> -> tensor<4x2xf32>   // becomes [1] x [1]
      return %y : tensor<4x2xf32>
    }
    ```
  }];
}

def ExpandGraph : Pass<"fuse-expand-graph", "::mlir::ModuleOp"> {
  let summary = "writes ops that were kept whole as compositions";
  let description = [{
    Before: any graph op, and any that is `Expandable`. After: no `Expandable` op. `softmax` and `logsumexp` are a maximum, exponentials and a sum over rows,
    of which kernel formation makes one kernel. `top_k` has i32 indices, as the runtime's function gives them; contractions over nothing are products.
  }];
}

def MergeReports : Pass<"fuse-merge-reports", "::mlir::ModuleOp"> {
  let summary = "tells the caller once what one line of the model says of one value";
  let description = [{
    Before and after: `graph`, `report` and `scf`, with common values found. Of ops of `report` in a block that are equal, with the same operands, the
    first one stays: they are one line of the model, evaluated for several ends. Prints are equal only with equal locations, calls and rounds of an `each`
    included.

    ```mlir
    func.func @f(%holds: tensor<i1>) {
      report.require %holds, "requires x > 0 at m.costate:3:3" : tensor<i1>
      report.require %holds, "requires x > 0 at m.costate:3:3" : tensor<i1>   // goes
      return
    }
    ```
  }];
}

def RequireExtents : Pass<"fuse-require-extents", "::mlir::ModuleOp"> {
  let summary = "collects what an entry asks of the extents of a call";
  let description = [{
    Before and after: `graph` and `scf`. Every axis has an extent >= 0, and ops lie inside of what they read (`Dimensioned`). What does not hold for
    all extents becomes a requirement of the entry (`graph.requires`), which code generation checks at the start of each call; of several that differ by a
    number, the strictest.

    ```mlir
    func.func @f(%x: tensor<?xf32> {graph.dims = [#graph.dim<n>]}) -> tensor<2xf32> attributes {optim.entry} {   // requires n - 5
      %y = graph.slice %x starts [3] sizes [2] strides [1] : tensor<?xf32> -> tensor<2xf32>
      return %y : tensor<2xf32>
    }
    ```
  }];
}

def StreamRows : Pass<"fuse-stream-rows", "::mlir::ModuleOp"> {
  let summary = "computes matrices that are read once in chunks of rows";
  let description = [{
    Before and after: `graph` and `scf`. Large values that are made from much less and read along their rows are computed in a `scf.for` over chunks
    of rows, with all that reads them: rows of results are written where they belong, sums over rows are carried. The last chunk of a
    named extent begins early enough to be whole; a row that the chunk before had counts once.

    ```mlir
    func.func @f(%x: tensor<65536x4xf32>, %y: tensor<4x65536xf32>) -> tensor<65536xf32> {   // the distances are never stored
      %z = graph.dot_general %x, %y contracting [1] x [0] : tensor<65536x4xf32>, tensor<4x65536xf32> -> tensor<65536x65536xf32>
      %m = graph.reduce_max %z axes [1] : tensor<65536x65536xf32> -> tensor<65536xf32>
      return %m : tensor<65536xf32>
    }
    ```
  }];
  let options = [
    Option<"large", "large", "int64_t", "4 << 20", "bytes of a large value; caches hold others">,
    Option<"rows", "rows", "int64_t", "0", "rows in a chunk, whether it saves anything or not; 0: by rule">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

def BlockContractions : Pass<"fuse-block-contractions", "::mlir::ModuleOp"> {
  let summary = "adds products of matrices up in blocks, where the depth is long";
  let description = [{
    Before and after: `graph` and `scf`. A contraction over one axis of more than 4096 is a `scf.for` over blocks of about 2048, each added to the sum in
    place, so that a packed panel of an operand stays in the cache. The product of a matrix, over its last axis, and a vector
    becomes a sum of products, if rows are not short.

    ```mlir
    func.func @f(%x: tensor<64x8192xf32>, %y: tensor<8192x64xf32>) -> tensor<64x64xf32> {
      %z = graph.dot_general %x, %y contracting [1] x [0] : tensor<64x8192xf32>, tensor<8192x64xf32> -> tensor<64x64xf32>   // 4 times 2048
      return %z : tensor<64x64xf32>
    }
    ```
  }];
  let options = [HintsOption];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::scf::SCFDialect", "::mlir::tensor::TensorDialect"];
}

def PlaceScalars : Pass<"fuse-place-scalars", "::mlir::ModuleOp"> {
  let summary = "computes rank-0 tensors in host registers";
  let description = [{
    Before: scalars are rank-0 tensors. After: no graph op but a full sum (or a contraction to one number) has a rank-0 result; the arithmetic
    on scalars is `arith` and `math` in the function, `graph.extent` is index arithmetic on the arguments' dimensions, carries of loops that were
    rank-0 are scalars. `tensor.extract` reads a scalar of memory, `tensor.from_elements` passes one on.

    ```mlir
    func.func @f(%x: tensor<f32>, %y: tensor<f32>) -> tensor<f32> {
      %z = graph.add %x, %y : tensor<f32>       // tensor.extract, tensor.extract, arith.addf, tensor.from_elements
      return %z : tensor<f32>
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

def FormKernels : Pass<"fuse-form-kernels", "::mlir::ModuleOp"> {
  let summary = "decides which values are kept in memory, and which kernel computes each";
  let description = [{
    Before: `graph` on tensors of rank >= 1, scalars in registers. After: the same, with `fuse.kernel = N : i64` on each op whose value is
    kept; ops of one N are one kernel, an op without N is computed where it is used. The rules are in FormKernels.cpp.

    ```mlir
    func.func @f(%x: tensor<?xf32> {graph.dims = [#graph.dim<n>]}) -> tensor<?xf32> {
      %a = graph.multiply %x, %x : tensor<?xf32>                          // computed where it is used
      %b = graph.negate %a {fuse.kernel = 0 : i64} : tensor<?xf32>
      return %b : tensor<?xf32>
    }
    ```
  }];
  let options = [HintsOption];
}

def GraphToKernel : Pass<"fuse-graph-to-kernel", "::mlir::ModuleOp"> {
  let summary = "writes kernels and their calls";
  let description = [{
    Before: graph ops, numbered by fuse-form-kernels. After: of `graph` only views are left (`leaf`, `pack`, `reshape`) and constants that are no splat;
    a `kernel.define` for each number, with `kernel.call` on tensors; `kernel.extern` for what the runtime computes (sort, top_k,
    factorizations, triangular_solve). Calls carry the dimensions of their results as `graph.dims`. Orders of sums are fixed here (KernelWriter.h).

    Fails where an element type has no arithmetic.
  }];
  let options = [HintsOption];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect",
                           "::costate::kernel::KernelDialect"];
}

def ExpandMath : Pass<"fuse-expand-math"> {
  let summary = "writes elementary functions out in arithmetic";
  let description = [{
    Before: `math` operations on f32 or f64, scalars or vectors, in any region (f16 and bf16 compute in f32). After: `arith` operations that
    give the same bits in every executor, on every target, scalar or vector: no branch, loop, memory access or fused multiply-add.

    Expanded are exp, expm1, log, log1p, powf, tanh, erf, sin, cos, atan, atan2, rsqrt, isnan, isinf and isfinite; README.md has the
    largest errors. What every executor rounds correctly or computes exactly stays: sqrt, floor, ceil, trunc, roundeven, absf, copysign, and
    `arith.maximumf` and `arith.minimumf`, which propagate NaN. So do operations on integers.

    Fails on every other `math` operation on floats, among them `math.fma`.

    ```mlir
    %y = math.exp %x : f32
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

def AssignExecutors : Pass<"fuse-assign-executors", "::mlir::ModuleOp"> {
  let summary = "chooses who runs each call of a kernel";
  let description = [{
    Before: calls without executor. After: each has one, and `operations` and a `reason`, which `costate explain` prints. The work of a call is the number of points of each
    stage (at the hints) times the operations of its body; above `threshold` Halide runs it, else loops in the host function, as where an array has
    2**31 elements or more, for Halide's indices have 32 bits; extents that may make it so become requirements (`graph.requires`). In an
    entry that is called once (it has no inputs), the threshold is a thousand times as high.
  }];
  let options = [
    Option<"executor", "executor", "std::string", "\"auto\"", "auto, or `loops` or `halide` for every call">,
    Option<"threshold", "threshold", "int64_t", "32768", "operations above which Halide is chosen">];
}

def JoinSums : Pass<"fuse-join-sums", "::mlir::ModuleOp"> {
  let summary = "makes one stage of sums that go through the same elements";
  let description = [{
    Before and after: kernels of one call each, without schedules. Stages with the same points and the same loops, that read an element alike, become one with the results
    of each, if none of them needs another. No value changes.

    ```mlir
    // mean and mean square of a row: one loop
    %sums:2 = kernel.stage "sum" (%i0 < 90, %i1 < 16) : f32, f32 {...}
    ```
  }];
}

def ExposeStages : Pass<"fuse-expose-stages", "::mlir::ModuleOp"> {
  let summary = "makes every stage of a kernel in loops an output";
  let description = [{
    Before: calls with executors, kernels of one call each. After: a kernel that loops run has all its stages but rows of lanes as outputs, so that the memory
    plan places them.
  }];
}

def Bufferize : Pass<"fuse-bufferize", "::mlir::ModuleOp"> {
  let summary = "gives every tensor its place in memory";
  let description = [{
    Before: entries on tensors. After: entries on memrefs, in destination-passing form: arguments, then a destination for each result that is not tied,
    then `%workspace : memref<?xi8> {optim.role = "workspace"}`; beside an entry `@step` the function `@step.workspace_size`, from the dimensions to
    bytes. The value of a tied result is computed in the memory of its argument, after all reads of the old value; where the order forbids it, a
    copy is made, with a remark. Packed leaves are computed in their place of the pack. All other values share the workspace by
    lifetime: slots are assigned at the hints, but their sizes and offsets are expressions of the dimensions, so a plan holds for any batch.
    Packs whose gaps must stay zero lie at the front of the workspace and share with nothing: the runtime zeroes the workspace once.
  }];
  let options = [HintsOption];
  let dependentDialects = ["::mlir::memref::MemRefDialect"];
}

def MergeKernels : Pass<"fuse-merge-kernels", "::mlir::ModuleOp"> {
  let summary = "keeps one of equal kernels";
  let description = [{
    Before: a kernel for each group. After: kernels differ; unused ones are gone. Names, locations and hints do not tell kernels apart.
  }];
}

def InterleaveCalls : Pass<"fuse-interleave-calls", "::mlir::ModuleOp"> {
  let summary = "runs kernels that share large arrays chunk by chunk";
  let description = [{
    Before: entries on memrefs. After: calls on `halide` of kernels that go row by row through the same large arrays stand in a `scf.parallel` over chunks of
    rows, so that each reads from the cache what the one before has read or written. Memory is known to be disjoint, or the same rows of a chunk; what
    stands between two such calls stays behind them, if it may. The number of rows is a constant of the entry and an argument of the kernel.

    ```mlir
    scf.parallel (%chunk) = (%c0) to (%n) step (%c1) {
      kernel.call @update(%count, %x_chunk, %u_chunk) outs(%u_chunk) on halide : ...   // rows of %u
      kernel.call @sums(%rows, %u_chunk) outs(%s_chunk) on halide : ...                // a number of each 256 of them
    }
    ```
  }];
  let options = [Option<"large", "large", "int64_t", "4 << 20", "bytes that two calls share at least; caches hold less">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect"];
}

#endif // COSTATE_COMPILER_FUSE_PASSES
