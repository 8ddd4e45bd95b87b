// RUN: costate-opt %s | costate-opt | FileCheck %s
// RUN: costate-opt %s -mlir-print-op-generic | costate-opt | FileCheck %s

// CHECK-LABEL: kernel.define @negate(%arg0: index, %arg1: !kernel.buffer<?x10xf32>) -> (!kernel.buffer<?x10xf32>)
// CHECK-SAME:    attributes {hints = array<i64: 32, 0>} stages {
kernel.define @negate(%n: index, %x: !kernel.buffer<?x10xf32>) -> (!kernel.buffer<?x10xf32>) attributes {hints = array<i64: 32, 0>} stages {
  // CHECK: %[[Y:.*]] = kernel.stage "y" (%[[I:.*]] < %arg0, %[[J:.*]] < 10) : f32 {
  // CHECK:   kernel.load %arg1[%[[I]], %[[J]]] : !kernel.buffer<?x10xf32>
  // CHECK:   kernel.yield %{{.*}} : f32
  %y = kernel.stage "y" (%i < %n, %j < 10) : f32 {
    %a = kernel.load %x[%i, %j] : !kernel.buffer<?x10xf32>
    %v = arith.negf %a : f32
    kernel.yield %v : f32
  }
  // CHECK: kernel.output %[[Y]] : !kernel.buffer<?x10xf32>
  kernel.output %y : !kernel.buffer<?x10xf32>
// CHECK: } schedule {
} schedule {
  // CHECK-NEXT: kernel.split "y" "i0" into "i0o", "i0i" by 8 guard_with_if
  kernel.split "y" "i0" into "i0o", "i0i" by 8 guard_with_if
  // CHECK-NEXT: kernel.reorder "y" ["i1", "i0i", "i0o"]
  kernel.reorder "y" ["i1", "i0i", "i0o"]
  // CHECK-NEXT: kernel.vectorize "y" "i1"
  kernel.vectorize "y" "i1"
  // CHECK-NEXT: kernel.unroll "y" "i0i"
  kernel.unroll "y" "i0i"
  // CHECK-NEXT: kernel.parallel "y" "i0o"
  kernel.parallel "y" "i0o"
}

// CHECK-LABEL: kernel.define private @dense
kernel.define private @dense(%m: index, %k: index, %x: !kernel.buffer<?x?xf32>, %w: !kernel.buffer<?x10xf32>) -> (!kernel.buffer<?x10xf32>) stages {
  // CHECK: kernel.stage "acc" (%{{.*}} < %arg0, %{{.*}} < 10) : f32 {
  // CHECK: } updates (%[[SELF:.*]]) {
  // CHECK:   kernel.update (%[[I:.*]], %[[J:.*]]) over (%[[K:.*]] < %arg1) contract {
  // CHECK:     kernel.load %[[SELF]][%[[I]], %[[J]]]
  // CHECK:     kernel.write %{{.*}} at [%[[I]], %[[J]]] : f32
  %acc = kernel.stage "acc" (%i < %m, %j < 10) : f32 {
    %zero = arith.constant 0.0 : f32
    kernel.yield %zero : f32
  } updates (%self) {
    kernel.update (%i, %j) over (%r < %k) contract {
      %a = kernel.load %self[%i, %j] : !kernel.buffer<?x10xf32>
      %b = kernel.load %x[%i, %r] : !kernel.buffer<?x?xf32>
      %c = kernel.load %w[%r, %j] : !kernel.buffer<?x10xf32>
      %d = arith.mulf %b, %c : f32
      %v = arith.addf %a, %d : f32
      kernel.write %v at [%i, %j] : f32
    }
  }
  %y = kernel.stage "y" (%i < %m, %j < 10) : f32 {
    %a = kernel.load %acc[%i, %j] : !kernel.buffer<?x10xf32>
    kernel.yield %a : f32
  }
  kernel.output %y : !kernel.buffer<?x10xf32>
} schedule {
  // CHECK: kernel.fuse "y" "i0", "i1" into "i"
  kernel.fuse "y" "i0", "i1" into "i"
  // CHECK-NEXT: kernel.compute_at "acc" at "y" "i"
  kernel.compute_at "acc" at "y" "i"
  // CHECK-NEXT: kernel.store_in "acc" stack
  kernel.store_in "acc" stack
  // CHECK-NEXT: kernel.bound_extent "acc" "i0" 1
  kernel.bound_extent "acc" "i0" 1
  // CHECK-NEXT: kernel.split "acc" update 0 "r0" into "r0o", "r0i" by 4 guard_with_if
  kernel.split "acc" update 0 "r0" into "r0o", "r0i" by 4 guard_with_if
  // CHECK-NEXT: kernel.unroll "acc" update 0 "r0i"
  kernel.unroll "acc" update 0 "r0i"
}

// Values and their places: a stage of two results; an undefined stage that a predicated scatter fills; index arithmetic as extent.
// CHECK-LABEL: kernel.define @scatter
kernel.define @scatter(%n: index, %x: !kernel.buffer<?xf32>, %to: !kernel.buffer<?xi32>) -> (!kernel.buffer<?xf32>, !kernel.buffer<i32>) stages {
  %two = arith.constant 2 : index
  // CHECK: %[[M:.*]] = arith.muli %arg0
  %m = arith.muli %n, %two : index
  // CHECK: %[[S:.*]] = kernel.stage "s" (%i0 < %[[M]]) : f32 undef updates (%{{.*}}) {
  // CHECK:   kernel.update (%{{.*}}) {
  // CHECK:   kernel.write %{{.*}} at [%{{.*}}] if %{{.*}} : f32
  %s = kernel.stage "s" (%i < %m) : f32 undef updates (%self) {
    kernel.update (%i) {
      %zero = arith.constant 0.0 : f32
      kernel.write %zero at [%i] : f32
    }
    kernel.update (%i) over (%r < %n) {
      %a = kernel.load %x[%r] : !kernel.buffer<?xf32>
      %t = kernel.load %to[%r] : !kernel.buffer<?xi32>
      %p = arith.index_cast %t : i32 to index
      %low = arith.constant 0 : i32
      %valid = arith.cmpi sge, %t, %low : i32
      kernel.write %a at [%p] if %valid : f32
    }
  }
  // CHECK: %[[BEST:.*]]:2 = kernel.stage "best" () : f32, i32 {
  // CHECK: updates (%[[VALUE:.*]], %[[PLACE:.*]]) {
  // CHECK:   kernel.load %[[PLACE]][] : !kernel.buffer<i32>
  // CHECK:   kernel.write %{{.*}}, %{{.*}} at [] : f32, i32
  %best:2 = kernel.stage "best" () : f32, i32 {
    %low = arith.constant 0xFF800000 : f32
    %none = arith.constant 0 : i32
    kernel.yield %low, %none : f32, i32
  } updates (%value, %place) {
    kernel.update () over (%r < %n) {
      %a = kernel.load %value[] : !kernel.buffer<f32>
      %b = kernel.load %place[] : !kernel.buffer<i32>
      %c = kernel.load %x[%r] : !kernel.buffer<?xf32>
      %d = arith.index_cast %r : index to i32
      %more = arith.cmpf ogt, %c, %a : f32
      %e = arith.select %more, %c, %a : f32
      %f = arith.select %more, %d, %b : i32
      kernel.write %e, %f at [] : f32, i32
    }
  }
  // CHECK: kernel.output %[[S]], %[[BEST]]#1
  kernel.output %s, %best#1 : !kernel.buffer<?xf32>, !kernel.buffer<i32>
}

// CHECK-LABEL: kernel.define @decay
// CHECK-SAME:    -> (!kernel.buffer<?xf32> tied %arg2) stages
kernel.define @decay(%n: index, %rate: f32, %w: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %w) stages {
  %y = kernel.stage "y" (%i < %n) : f32 {
    %a = kernel.load %w[%i] : !kernel.buffer<?xf32>
    %v = arith.mulf %a, %rate : f32
    kernel.yield %v : f32
  }
  kernel.output %y : !kernel.buffer<?xf32>
}

// CHECK-LABEL: func.func @on_tensors
func.func @on_tensors(%n: index, %rate: f32, %w: tensor<?xf32>, %a: tensor<?x?xf32>) -> (tensor<?xf32>, tensor<?x?xf32>) {
  // CHECK: kernel.call @decay(%{{.*}}, %{{.*}}, %{{.*}}) : (index, f32, tensor<?xf32>) -> tensor<?xf32>
  %y = kernel.call @decay(%n, %rate, %w) : (index, f32, tensor<?xf32>) -> tensor<?xf32>
  // CHECK: kernel.extern @cholesky(%{{.*}}) extents(%{{.*}}) sizes(%{{.*}}, %{{.*}}) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  %l = kernel.extern @cholesky(%a) extents(%n) sizes(%n, %n) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  // CHECK: kernel.extern @extern.f(%{{.*}}, %{{.*}}) sizes(%{{.*}}) prototype "int32_t f()" : (tensor<?xf32>, f32) -> tensor<?xf32>
  %z = kernel.extern @extern.f(%w, %rate) sizes(%n) prototype "int32_t f()" : (tensor<?xf32>, f32) -> tensor<?xf32>
  return %y, %l : tensor<?xf32>, tensor<?x?xf32>
}

// CHECK-LABEL: func.func @on_memrefs
func.func @on_memrefs(%n: index, %rate: f32, %w: memref<?xf32>, %a: memref<?x?xf32>, %l: memref<4x8xf32, strided<[8, 1], offset: ?>>) {
  // CHECK: kernel.call @decay(%{{.*}}, %{{.*}}, %[[W:.*]]) outs(%[[W]]) on halide : (index, f32, memref<?xf32>) outs(memref<?xf32>)
  kernel.call @decay(%n, %rate, %w) outs(%w) on halide : (index, f32, memref<?xf32>) outs(memref<?xf32>)
  // CHECK: kernel.extern @cholesky(%{{.*}}) outs(%{{.*}}) extents(%{{.*}}) : (memref<?x?xf32>) outs(memref<4x8xf32, strided<[8, 1], offset: ?>>)
  kernel.extern @cholesky(%a) outs(%l) extents(%n) : (memref<?x?xf32>) outs(memref<4x8xf32, strided<[8, 1], offset: ?>>)
  return
}

// CHECK-LABEL: kernel.define @rows
kernel.define @rows(%n: index, %x: !kernel.buffer<?x500xf32>) -> (!kernel.buffer<?x500xf32>) stages {
  %s = kernel.stage "s" (%i < %n, %j < 500) : f32 {
    %a = kernel.load %x[%i, %j] : !kernel.buffer<?x500xf32>
    kernel.yield %a : f32
  }
  %y = kernel.stage "y" (%i < %n, %j < 500) : f32 {
    %a = kernel.load %s[%i, %j] : !kernel.buffer<?x500xf32>
    kernel.yield %a : f32
  }
  kernel.output %y : !kernel.buffer<?x500xf32>
} schedule {
  kernel.parallel "y" "i0"
  kernel.compute_at "s" at "y" "i0"
  // CHECK: kernel.nontemporal "y"
  kernel.nontemporal "y"
}
