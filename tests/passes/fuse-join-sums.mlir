// RUN: costate-opt %s --fuse-join-sums -split-input-file | FileCheck %s

// What exceeds a threshold and how many, of the same elements: one loop, which reads and compares once. Where the sum is wanted comes before the count, so both
// stand in the place of the first.
// CHECK-LABEL: kernel.define @over
// CHECK:         %[[BOTH:.*]]:2 = kernel.stage "sum" (%i0 < 8, %i1 < 16) : f32, i32 {
// CHECK:           kernel.yield %{{.*}}, %{{.*}} : f32, i32
// CHECK:         kernel.update (%i0, %i1) over (%r0 < 4)
// CHECK:           kernel.load %arg0
// CHECK-NOT:       kernel.load %arg0
// CHECK:           arith.cmpf
// CHECK-NOT:       kernel.load %arg0
// CHECK-NOT:       arith.cmpf
// CHECK:           kernel.write %{{.*}}, %{{.*}} at [%i0, %i1] : f32, i32
// CHECK-NOT:     kernel.update
// CHECK:         kernel.stage "first"
// CHECK:           kernel.load %[[BOTH]]#0
// CHECK:         kernel.stage "second"
// CHECK:           kernel.load %[[BOTH]]#1
kernel.define @over(%x: !kernel.buffer<8x64xf32>, %t: !kernel.buffer<8xf32>) -> (!kernel.buffer<8xf32>, !kernel.buffer<8xi32>) stages {
  %c0 = arith.constant 0 : index
  %sum = kernel.stage "sum" (%i0 < 8, %i1 < 16) : f32 {
    %zero = arith.constant 0.0 : f32
    kernel.yield %zero : f32
  } updates (%self) {
    kernel.update (%i0, %i1) over (%r0 < 4) {
      %c16 = arith.constant 16 : index
      %row = arith.muli %r0, %c16 : index
      %at = arith.addi %row, %i1 : index
      %p = kernel.load %x[%i0, %at] : !kernel.buffer<8x64xf32>
      %q = kernel.load %t[%i0] : !kernel.buffer<8xf32>
      %over = arith.cmpf ogt, %p, %q : f32
      %zero = arith.constant 0.0 : f32
      %term = arith.select %over, %p, %zero : f32
      %a = kernel.load %self[%i0, %i1] : !kernel.buffer<8x16xf32>
      %v = arith.addf %a, %term : f32
      kernel.write %v at [%i0, %i1] : f32
    }
  }
  %first = kernel.stage "first" (%i0 < 8) : f32 {
    %v = kernel.load %sum[%i0, %c0] : !kernel.buffer<8x16xf32>
    kernel.yield %v : f32
  }
  %count = kernel.stage "count" (%i0 < 8, %i1 < 16) : i32 {
    %zero = arith.constant 0 : i32
    kernel.yield %zero : i32
  } updates (%self) {
    kernel.update (%i0, %i1) over (%r0 < 4) {
      %c16 = arith.constant 16 : index
      %row = arith.muli %r0, %c16 : index
      %at = arith.addi %row, %i1 : index
      %p = kernel.load %x[%i0, %at] : !kernel.buffer<8x64xf32>
      %q = kernel.load %t[%i0] : !kernel.buffer<8xf32>
      %over = arith.cmpf ogt, %p, %q : f32
      %term = arith.extui %over : i1 to i32
      %a = kernel.load %self[%i0, %i1] : !kernel.buffer<8x16xi32>
      %v = arith.addi %a, %term : i32
      kernel.write %v at [%i0, %i1] : i32
    }
  }
  %second = kernel.stage "second" (%i0 < 8) : i32 {
    %v = kernel.load %count[%i0, %c0] : !kernel.buffer<8x16xi32>
    kernel.yield %v : i32
  }
  kernel.output %first, %second : !kernel.buffer<8xf32>, !kernel.buffer<8xi32>
}

// -----

// A sum that needs another, or of other elements, or in another order, stays by itself; so do products, whose tiles are scheduled one by one.
// CHECK-LABEL: kernel.define @apart
// CHECK:         %{{.*}} = kernel.stage "mean" (%i0 < 16) : f32 {
// CHECK:         %{{.*}} = kernel.stage "variance" (%i0 < 16) : f32 {
// CHECK:         %{{.*}} = kernel.stage "other" (%i0 < 16) : f32 {
// CHECK:         %{{.*}} = kernel.stage "shorter" (%i0 < 16) : f32 {
// CHECK:         %{{.*}} = kernel.stage "product" (%i0 < 16) : f32 {
kernel.define @apart(%x: !kernel.buffer<4x16xf32>, %y: !kernel.buffer<4x16xf32>) -> (!kernel.buffer<16xf32>) stages {
  %mean = kernel.stage "mean" (%i0 < 16) : f32 {
    %zero = arith.constant 0.0 : f32
    kernel.yield %zero : f32
  } updates (%self) {
    kernel.update (%i0) over (%r0 < 4) {
      %p = kernel.load %x[%r0, %i0] : !kernel.buffer<4x16xf32>
      %a = kernel.load %self[%i0] : !kernel.buffer<16xf32>
      %v = arith.addf %a, %p : f32
      kernel.write %v at [%i0] : f32
    }
  }
  %variance = kernel.stage "variance" (%i0 < 16) : f32 {
    %zero = arith.constant 0.0 : f32
    kernel.yield %zero : f32
  } updates (%self) {
    kernel.update (%i0) over (%r0 < 4) {
      %p = kernel.load %x[%r0, %i0] : !kernel.buffer<4x16xf32>
      %m = kernel.load %mean[%i0] : !kernel.buffer<16xf32>
      %d = arith.subf %p, %m : f32
      %s = arith.mulf %d, %d : f32
      %a = kernel.load %self[%i0] : !kernel.buffer<16xf32>
      %v = arith.addf %a, %s : f32
      kernel.write %v at [%i0] : f32
    }
  }
  %other = kernel.stage "other" (%i0 < 16) : f32 {
    %zero = arith.constant 0.0 : f32
    kernel.yield %zero : f32
  } updates (%self) {
    kernel.update (%i0) over (%r0 < 4) {
      %p = kernel.load %y[%r0, %i0] : !kernel.buffer<4x16xf32>
      %a = kernel.load %self[%i0] : !kernel.buffer<16xf32>
      %v = arith.addf %a, %p : f32
      kernel.write %v at [%i0] : f32
    }
  }
  %shorter = kernel.stage "shorter" (%i0 < 16) : f32 {
    %zero = arith.constant 0.0 : f32
    kernel.yield %zero : f32
  } updates (%self) {
    kernel.update (%i0) over (%r0 < 3) {
      %p = kernel.load %x[%r0, %i0] : !kernel.buffer<4x16xf32>
      %a = kernel.load %self[%i0] : !kernel.buffer<16xf32>
      %v = arith.addf %a, %p : f32
      kernel.write %v at [%i0] : f32
    }
  }
  %product = kernel.stage "product" (%i0 < 16) : f32 {
    %zero = arith.constant 0.0 : f32
    kernel.yield %zero : f32
  } updates (%self) {
    kernel.update (%i0) over (%r0 < 4) contract {
      %p = kernel.load %x[%r0, %i0] : !kernel.buffer<4x16xf32>
      %q = kernel.load %y[%r0, %i0] : !kernel.buffer<4x16xf32>
      %s = arith.mulf %p, %q : f32
      %a = kernel.load %self[%i0] : !kernel.buffer<16xf32>
      %v = arith.addf %a, %s : f32
      kernel.write %v at [%i0] : f32
    }
  }
  %all = kernel.stage "all" (%i0 < 16) : f32 {
    %a = kernel.load %mean[%i0] : !kernel.buffer<16xf32>
    %b = kernel.load %variance[%i0] : !kernel.buffer<16xf32>
    %c = kernel.load %other[%i0] : !kernel.buffer<16xf32>
    %d = kernel.load %shorter[%i0] : !kernel.buffer<16xf32>
    %e = kernel.load %product[%i0] : !kernel.buffer<16xf32>
    %ab = arith.addf %a, %b : f32
    %cd = arith.addf %c, %d : f32
    %abcd = arith.addf %ab, %cd : f32
    %v = arith.addf %abcd, %e : f32
    kernel.yield %v : f32
  }
  kernel.output %all : !kernel.buffer<16xf32>
}
