// RUN: costate-opt %s --fuse-merge-kernels | FileCheck %s

// CHECK:     kernel.define @first
// CHECK-NOT: kernel.define
// CHECK:     kernel.define @scheduled
// CHECK-NOT: kernel.define
// CHECK:     kernel.call @first
// CHECK:     kernel.call @first
// CHECK:     kernel.call @scheduled
kernel.define @first(%n: index, %x: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32>) attributes {hints = array<i64: 32, 0>} stages {
  %y = kernel.stage "y" (%i0 < %n) : f32 {
    %a = kernel.load %x[%i0] : !kernel.buffer<?xf32>
    %v = arith.negf %a : f32
    kernel.yield %v : f32
  }
  kernel.output %y : !kernel.buffer<?xf32>
}
// Other names and hints.
kernel.define @second(%m: index, %z: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32>) attributes {hints = array<i64: 64, 0>} stages {
  %w = kernel.stage "y" (%i0 < %m) : f32 {
    %b = kernel.load %z[%i0] : !kernel.buffer<?xf32>
    %c = arith.negf %b : f32
    kernel.yield %c : f32
  }
  kernel.output %w : !kernel.buffer<?xf32>
}
// For another executor, which changes it.
kernel.define @scheduled(%n: index, %x: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32>) attributes {hints = array<i64: 65536, 0>} stages {
  %y = kernel.stage "y" (%i0 < %n) : f32 {
    %a = kernel.load %x[%i0] : !kernel.buffer<?xf32>
    %v = arith.negf %a : f32
    kernel.yield %v : f32
  }
  kernel.output %y : !kernel.buffer<?xf32>
}
kernel.define @unused(%x: !kernel.buffer<8xf32>) -> (!kernel.buffer<8xf32>) stages {
  %y = kernel.stage "y" (%i0 < 8) : f32 {
    %a = kernel.load %x[%i0] : !kernel.buffer<8xf32>
    kernel.yield %a : f32
  }
  kernel.output %y : !kernel.buffer<8xf32>
}
func.func @f(%n: index, %x: memref<?xf32>, %y: memref<?xf32>) {
  kernel.call @first(%n, %x) outs(%y) on loops : (index, memref<?xf32>) outs(memref<?xf32>)
  kernel.call @second(%n, %y) outs(%x) on loops : (index, memref<?xf32>) outs(memref<?xf32>)
  kernel.call @scheduled(%n, %x) outs(%y) on halide : (index, memref<?xf32>) outs(memref<?xf32>)
  return
}
