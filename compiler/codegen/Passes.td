// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Codegen. Takes entries on buffers and scheduled kernels; afterwards the module holds the LLVM dialect only. Every Halide kernel is an
// object of its own by then (KernelToHalide.h), every loop kernel part of its entry.

#ifndef COSTATE_COMPILER_CODEGEN_PASSES
#define COSTATE_COMPILER_CODEGEN_PASSES

include "mlir/Pass/PassBase.td"

def TraceCalls : Pass<"codegen-trace-calls", "::mlir::ModuleOp"> {
  let summary = "writes the times of kernels down";
  let description = [{
    Before: calls of kernels in entries. After: `costate_trace_begin` and `costate_trace_end` of the runtime stand around each, with its number: calls of
    all entries count on, in the order of the module. For `costate explain --measure` and `--trace`.

    ```mlir
    func.func @step(%w: memref<8xf32> {optim.role = "param", optim.name = "w"}) attributes {optim.entry} {
      kernel.call @decay(%w) outs(%w) on halide : (memref<8xf32>) outs(memref<8xf32>)   // number 0
      return
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::costate::kernel::KernelDialect"];
}

def FuseMultiplyAdds : Pass<"codegen-fuse-multiply-adds", "::mlir::ModuleOp"> {
  let summary = "makes one operation of a product and a sum that may be fused";
  let description = [{
    For targets with an instruction for it. Before: products that enter sums, both of f32 or f64 with the flag `contract`. After: `math.fma`.

    ```mlir
    %1 = arith.mulf %a, %b fastmath<contract> : f32
    %2 = arith.addf %1, %c fastmath<contract> : f32   // math.fma %a, %b, %c
    ```
  }];
  let dependentDialects = ["::mlir::math::MathDialect"];
}

def KernelToLoops : Pass<"codegen-kernel-to-loops", "::mlir::ModuleOp"> {
  let summary = "writes the kernels that loops run into the functions that call them";
  let description = [{
    Before: `kernel.call ... on loops`, every stage of whose kernel is an output or a row of lanes. After: `scf.for` over the index spaces, loads and stores, where
    the call stood, or in a private function `loops.NAME` if a function calls the kernel more than once. A sum keeps the
    order of its update, and rows of lanes are vectors. The product and the sum of an update marked `contract` get that flag. Kernels that nobody calls any more are erased.

    Fails if a stage is no output (fuse-expose-stages makes them so).
  }];
  let dependentDialects = ["::mlir::scf::SCFDialect", "::mlir::memref::MemRefDialect", "::mlir::math::MathDialect", "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::vector::VectorDialect"];
}

def OutlineTasks : Pass<"codegen-outline-tasks", "::mlir::ModuleOp"> {
  let summary = "makes functions of what threads share";
  let description = [{
    Before: `scf.parallel` with a variable from 0 in steps of 1. After: its body is a private function with `codegen.tasks`, of the variable and of what it uses
    from outside; a `func.call` of such a function stands for calls with all numbers below its first operand, in any order (BindEntries makes it so). What
    makes a view of memory is repeated in the function.

    ```mlir
    func.func @fill(%x: memref<8xf32>, %n: index, %a: f32) attributes {optim.entry} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      scf.parallel (%i) = (%c0) to (%n) step (%c1) {   // func.call @fill.tasks(%n, %a, %x)
        memref.store %a, %x[%i] : memref<8xf32>
      }
      return
    }
    ```
  }];
  let dependentDialects = ["::mlir::func::FuncDialect"];
}

def BindEntries : Pass<"codegen-bind-entries", "::mlir::ModuleOp"> {
  let summary = "gives entries the machine signature of the runtime";
  let description = [{
    Before: entries are `func.func` on memrefs (arguments, results as destinations, workspace), with control flow as blocks; kernels are
    called by `kernel.call ... on halide` and `kernel.extern`. After: for an entry `@step` there are

    - `@entry.step(context, args, dims, workspace) -> i32` (`costate_entry_fn`), which fetches the pointers and calls
    - `@entry.step.body`, where each buffer is a parameter of its own without aliases, and dynamic extents are computed from `dims`;
    - `@entry.step.workspace(dims) -> i64`, if there is a workspace; `@entry.step.extents(dims, extents)`, if an axis is compound.

    A requirement of the entry (`graph.requires`) that a call breaks ends it at once, with a message. A call of a kernel is a call of its C symbol; a code other than 0 leaves the entry with it. A buffer that Halide kernels take has one
    `halide_buffer_t` on the stack, filled where the buffer is defined, so that a call costs a few moves. Kernels and arenas are erased.

    Fails if a kernel that loops should run is still called, and where the entries do not describe a model (ModelDescription.h).

    ```mlir
    func.func @step(%w: memref<8xf32> {optim.role = "param", optim.name = "w"}) attributes {optim.entry} {
      kernel.call @decay(%w) outs(%w) on halide : (memref<8xf32>) outs(memref<8xf32>)
      return
    }
    ```
  }];
  let dependentDialects = ["::costate::graph::GraphDialect", "::mlir::LLVM::LLVMDialect", "::mlir::arith::ArithDialect", "::mlir::cf::ControlFlowDialect",
                           "::mlir::memref::MemRefDialect"];
}

def HostToLlvm : Pass<"codegen-host-to-llvm", "::mlir::ModuleOp"> {
  let summary = "converts host code to the LLVM dialect";
  let description = [{
    Before: `func`, `cf`, `arith`, `memref`, and of `math` what one instruction or a few compute exactly (`fma`, `sqrt`, rounding, signs,
    bits). After: the LLVM dialect. Fails on an op that allocates, on a `math` function that would call the C library, whose results
    differ from machine to machine, and on any other dialect.

    ```mlir
    func.func @scale(%x: memref<4xf32>, %i: index, %a: f32) {
      %v = memref.load %x[%i] : memref<4xf32>
      %p = arith.mulf %v, %a : f32
      memref.store %p, %x[%i] : memref<4xf32>
      return
    }
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // COSTATE_COMPILER_CODEGEN_PASSES
