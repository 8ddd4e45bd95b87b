// A schedule that was written by hand comes back from its file; names do not matter. A file that is not there is an error.
// RUN: split-file %s %t
// RUN: costate-opt %t/program.mlir --schedule-replay-schedules=file=%t/schedules.mlir | FileCheck %s
// RUN: not costate-opt %t/program.mlir --schedule-replay-schedules=file=%t/missing.mlir 2>&1 | FileCheck %s --check-prefix=MISSING
// CHECK-LABEL: kernel.define @half
// CHECK:         } schedule {
// CHECK:           kernel.split {{.*}} by 24
// CHECK-LABEL: kernel.define @other
// CHECK-NOT:     schedule
// MISSING: missing.mlir

//--- program.mlir
kernel.define @half(%n: index, %x: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32>) stages {
  %c = arith.constant 0.5 : f32
  %y = kernel.stage "y" (%i0 < %n) : f32 {
    %a = kernel.load %x[%i0] : !kernel.buffer<?xf32>
    %v = arith.mulf %a, %c : f32
    kernel.yield %v : f32
  }
  kernel.output %y : !kernel.buffer<?xf32>
}
kernel.define @other(%n: index, %x: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32>) stages {
  %c = arith.constant 0.25 : f32
  %y = kernel.stage "y" (%i0 < %n) : f32 {
    %a = kernel.load %x[%i0] : !kernel.buffer<?xf32>
    %v = arith.mulf %a, %c : f32
    kernel.yield %v : f32
  }
  kernel.output %y : !kernel.buffer<?xf32>
}

//--- schedules.mlir
kernel.define @stored(%m: index, %a: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32>) stages {
  %c = arith.constant 0.5 : f32
  %z = kernel.stage "z" (%i0 < %m) : f32 {
    %l = kernel.load %a[%i0] : !kernel.buffer<?xf32>
    %v = arith.mulf %l, %c : f32
    kernel.yield %v : f32
  }
  kernel.output %z : !kernel.buffer<?xf32>
} schedule {
  kernel.split "z" "i0" into "i0o", "i0i" by 24 guard_with_if
}
