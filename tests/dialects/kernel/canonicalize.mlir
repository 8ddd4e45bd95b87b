// RUN: costate-opt %s --canonicalize | FileCheck %s

// What is loaded from nothing is 0, and then nobody reads the sum. A stage that is empty itself stays as it is.
// CHECK-LABEL: kernel.define @empty
// CHECK-NOT:     kernel.stage "sum"
// CHECK:         kernel.stage "product"
// CHECK:           kernel.load
// CHECK:         kernel.stage "pad"
// CHECK-NOT:       kernel.load
// CHECK:           kernel.yield %{{.*}} : f32
kernel.define @empty(%n: index, %x: !kernel.buffer<?x0xf32>) -> (!kernel.buffer<?x0xf32>, !kernel.buffer<?x2xf32>) stages {
  %zero = arith.constant 0.0 : f32
  %c0 = arith.constant 0 : index
  %sum = kernel.stage "sum" (%i < %n, %j < 0) : f32 {
    kernel.yield %zero : f32
  } updates (%self) {
    kernel.update (%i, %j) over (%k < 2) {
      %value = kernel.load %x[%i, %j] : !kernel.buffer<?x0xf32>
      %before = kernel.load %self[%i, %j] : !kernel.buffer<?x0xf32>
      %after = arith.addf %before, %value : f32
      kernel.write %after at [%i, %j] : f32
    }
  }
  %product = kernel.stage "product" (%i < %n, %j < 0) : f32 {
    %value = kernel.load %x[%i, %j] : !kernel.buffer<?x0xf32>
    %square = arith.mulf %value, %value : f32
    kernel.yield %square : f32
  }
  %pad = kernel.stage "pad" (%i < %n, %j < 2) : f32 {
    %value = kernel.load %sum[%i, %c0] : !kernel.buffer<?x0xf32>
    %negative = arith.negf %value : f32
    kernel.yield %negative : f32
  }
  kernel.output %product, %pad : !kernel.buffer<?x0xf32>, !kernel.buffer<?x2xf32>
}
