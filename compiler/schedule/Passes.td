// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Schedule. Takes `kernel` on buffers; afterwards every kernel that Halide compiles has a schedule that is valid for its target. What a kernel
// computes stays: passes of this phase may add stages that copy (a packed operand, a tile's store) and clamp indices that leave a tile.

#ifndef COSTATE_COMPILER_SCHEDULE_PASSES
#define COSTATE_COMPILER_SCHEDULE_PASSES

include "mlir/Pass/PassBase.td"

def AssignSchedules : Pass<"schedule-assign-schedules", "::mlir::ModuleOp"> {
  let summary = "schedules kernels by rules on their structure";
  let description = [{
    Before: kernels, some without a schedule. After: each kernel has one; those that had keep theirs. Rules look at stages, extents (constants
    or hints) and the target, never at names. Contractions become register tiles with packed operands, which rewrites their stages (README.md).
    A kernel that is not called `on halide` is left alone, unless `all` is set. Does not fail.

    ```mlir
    kernel.define @double(%n: index, %x: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32>) stages {
      %y = kernel.stage "y" (%i0 < %n) : f32 {
        %a = kernel.load %x[%i0] : !kernel.buffer<?xf32>
        %v = arith.addf %a, %a : f32
        kernel.yield %v : f32
      }
      kernel.output %y : !kernel.buffer<?xf32>
    }
    ```
  }];
  let dependentDialects = ["::costate::kernel::KernelDialect", "::mlir::arith::ArithDialect"];
  let options = [
    Option<"vectorBytes", "vector-bytes", "unsigned", "32", "width of a vector register of the target in bytes: 16, 32 or 64">,
    Option<"all", "all", "bool", "false", "schedule kernels also if nothing calls them on halide">,
    Option<"tileRows", "tile-rows", "int64_t", "0", "rows of a tile of a product; 0: by rule">,
    Option<"tileVectors", "tile-vectors", "int64_t", "0", "vectors of columns of a tile; 0: by rule">,
    Option<"panelTiles", "panel-tiles", "int64_t", "0", "tiles side by side in a panel; 0: by rule">,
    Option<"taskOperations", "task-operations", "int64_t", "0", "operations of a task, about; 0: by rule">];
}

def ReplaySchedules : Pass<"schedule-replay-schedules", "::mlir::ModuleOp"> {
  let summary = "takes schedules from a file";
  let description = [{
    Before: kernels, some without a schedule. After: a kernel whose stages equal, up to names, those of a kernel in the file has the stages and the schedule
    written there. The file holds `kernel.define` ops as this phase prints them; of a kernel whose stages a rule has rewritten, the attribute
    `kernel.source` names the stages it came from. Fails if the file cannot be read or does not verify.

    ```mlir
    kernel.define @half(%n: index, %x: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32>) stages {
      %c = arith.constant 0.5 : f32
      %y = kernel.stage "y" (%i0 < %n) : f32 {
        %a = kernel.load %x[%i0] : !kernel.buffer<?xf32>
        %v = arith.mulf %a, %c : f32
        kernel.yield %v : f32
      }
      kernel.output %y : !kernel.buffer<?xf32>
    }
    ```
  }];
  let dependentDialects = ["::costate::kernel::KernelDialect"];
  let options = [Option<"file", "file", "std::string", "\"\"", "the file of schedules">];
}

#endif // COSTATE_COMPILER_SCHEDULE_PASSES
