// RUN: costate-opt %s --codegen-kernel-to-loops -split-input-file | FileCheck %s

// A long last axis runs innermost, the sum stays in memory; product and sum are one instruction. Four terms are added between a load and a store, in order;
// what of them is the same along the axis is loaded before.
// CHECK-NOT:   kernel.define
// CHECK-LABEL: func.func @wide
// CHECK:         scf.for
// CHECK:           scf.for
// CHECK:             memref.store
// CHECK:         scf.for %[[I:.*]] =
// CHECK:           scf.for %[[K:.*]] = %{{.*}} to %[[WHOLE:.*]] step %{{.*}} {
// CHECK-COUNT-4:     memref.load %arg0[%[[I]], %{{.*}}]
// CHECK:             scf.for %[[J:.*]] =
// CHECK:               %[[A:.*]] = memref.load %arg2[%[[I]], %[[J]]]
// CHECK:               %[[B:.*]] = math.fma %{{.*}}, %{{.*}}, %[[A]] : f32
// CHECK:               %[[C:.*]] = math.fma %{{.*}}, %{{.*}}, %[[B]] : f32
// CHECK:               %[[D:.*]] = math.fma %{{.*}}, %{{.*}}, %[[C]] : f32
// CHECK:               %[[E:.*]] = math.fma %{{.*}}, %{{.*}}, %[[D]] : f32
// CHECK:               memref.store %[[E]], %arg2[%[[I]], %[[J]]]
// CHECK:           scf.for %[[R:.*]] = %[[WHOLE]] to
// CHECK:             %[[X:.*]] = memref.load %arg0[%[[I]], %{{.*}}]
// CHECK:             scf.for %[[J:.*]] =
// CHECK:               %[[A:.*]] = memref.load %arg2[%[[I]], %[[J]]]
// CHECK:               %[[W:.*]] = memref.load %arg1[%{{.*}}, %[[J]]]
// CHECK:               %[[V:.*]] = math.fma %[[X]], %[[W]], %[[A]] : f32
// CHECK:               memref.store %[[V]], %arg2[%[[I]], %[[J]]]
kernel.define @product(%m: index, %x: !kernel.buffer<?x64xf32>, %w: !kernel.buffer<64x32xf32>) -> (!kernel.buffer<?x32xf32>) stages {
  %acc = kernel.stage "acc" (%i0 < %m, %i1 < 32) : f32 {
    %zero = arith.constant 0.0 : f32
    kernel.yield %zero : f32
  } updates (%self) {
    kernel.update (%i0, %i1) over (%r0 < 64) contract {
      %a = kernel.load %self[%i0, %i1] : !kernel.buffer<?x32xf32>
      %p = kernel.load %x[%i0, %r0] : !kernel.buffer<?x64xf32>
      %q = kernel.load %w[%r0, %i1] : !kernel.buffer<64x32xf32>
      %t = arith.mulf %p, %q : f32
      %v = arith.addf %a, %t : f32
      kernel.write %v at [%i0, %i1] : f32
    }
  }
  kernel.output %acc : !kernel.buffer<?x32xf32>
}
func.func @wide(%x: memref<?x64xf32>, %w: memref<64x32xf32>, %y: memref<?x32xf32>, %m: index) {
  kernel.call @product(%m, %x, %w) outs(%y) on loops : (index, memref<?x64xf32>, memref<64x32xf32>) outs(memref<?x32xf32>)
  return
}

// -----

// The sum of a point stays in a register; a second stage reads what the first has written.
// CHECK-LABEL: func.func @rows
// CHECK:         scf.for %[[I:.*]] =
// CHECK:           %[[S:.*]] = scf.for %[[K:.*]] = {{.*}} iter_args(%[[A:.*]] = %{{.*}}) -> (f32)
// CHECK:             %[[X:.*]] = memref.load %arg0[%[[I]], %[[K]]]
// CHECK:             %[[V:.*]] = arith.addf %[[A]], %[[X]]
// CHECK:             scf.yield %[[V]]
// CHECK:           memref.store %[[S]], %arg1[%[[I]]]
// CHECK:         scf.for
// CHECK:           memref.load %arg1
// CHECK:           memref.store %{{.*}}, %arg2
kernel.define @sum(%m: index, %x: !kernel.buffer<?x20xf32>) -> (!kernel.buffer<?xf32>, !kernel.buffer<?xf32>) stages {
  %s = kernel.stage "s" (%i0 < %m) : f32 {
    %zero = arith.constant 0.0 : f32
    kernel.yield %zero : f32
  } updates (%self) {
    kernel.update (%i0) over (%r0 < 20) {
      %a = kernel.load %self[%i0] : !kernel.buffer<?xf32>
      %p = kernel.load %x[%i0, %r0] : !kernel.buffer<?x20xf32>
      %v = arith.addf %a, %p : f32
      kernel.write %v at [%i0] : f32
    }
  }
  %y = kernel.stage "y" (%i0 < %m) : f32 {
    %a = kernel.load %s[%i0] : !kernel.buffer<?xf32>
    %v = arith.negf %a : f32
    kernel.yield %v : f32
  }
  kernel.output %s, %y : !kernel.buffer<?xf32>, !kernel.buffer<?xf32>
}
func.func @rows(%x: memref<?x20xf32>, %s: memref<?xf32>, %y: memref<?xf32>, %m: index) {
  kernel.call @sum(%m, %x) outs(%s, %y) on loops : (index, memref<?x20xf32>) outs(memref<?xf32>, memref<?xf32>)
  return
}

// -----

// A scattered sum: only what the predicate allows, in order.
// CHECK-LABEL: func.func @scatter
// CHECK:         scf.for %[[R:.*]] =
// CHECK:           scf.if
// CHECK:             memref.store
kernel.define @add(%n: index, %i: !kernel.buffer<?xi32>, %u: !kernel.buffer<?xf32>) -> (!kernel.buffer<8xf32>) stages {
  %s = kernel.stage "s" (%i0 < 8) : f32 {
    %zero = arith.constant 0.0 : f32
    kernel.yield %zero : f32
  } updates (%self) {
    kernel.update (%i0) over (%r0 < %n) {
      %k = kernel.load %i[%r0] : !kernel.buffer<?xi32>
      %place = arith.index_cast %k : i32 to index
      %eight = arith.constant 8 : index
      %inside = arith.cmpi ult, %place, %eight : index
      %zero = arith.constant 0 : index
      %at = arith.select %inside, %place, %zero : index
      %a = kernel.load %self[%at] : !kernel.buffer<8xf32>
      %p = kernel.load %u[%r0] : !kernel.buffer<?xf32>
      %v = arith.addf %a, %p : f32
      kernel.write %v at [%at] if %inside : f32
    }
  }
  kernel.output %s : !kernel.buffer<8xf32>
}
func.func @scatter(%i: memref<?xi32>, %u: memref<?xf32>, %y: memref<8xf32>, %n: index) {
  kernel.call @add(%n, %i, %u) outs(%y) on loops : (index, memref<?xi32>, memref<?xf32>) outs(memref<8xf32>)
  return
}

// -----

// What a function calls twice is compiled once, wherever the buffers lie.
// CHECK:         func.func private @loops.twice(%{{.*}}: memref<4xf32, strided<[1], offset: ?>>, %{{.*}}: memref<4xf32, strided<[1], offset: ?>>)
// CHECK:           scf.for
// CHECK-LABEL: func.func @layers
// CHECK-NOT:     scf.for
// CHECK:         call @loops.twice
// CHECK:         call @loops.twice
kernel.define @twice(%x: !kernel.buffer<4xf32>) -> (!kernel.buffer<4xf32>) stages {
  %y = kernel.stage "y" (%i < 4) : f32 {
    %a = kernel.load %x[%i] : !kernel.buffer<4xf32>
    %v = arith.addf %a, %a : f32
    kernel.yield %v : f32
  }
  kernel.output %y : !kernel.buffer<4xf32>
}
func.func @layers(%x: memref<4xf32>, %y: memref<4xf32, strided<[1], offset: 16>>, %z: memref<4xf32>) {
  kernel.call @twice(%x) outs(%y) on loops : (memref<4xf32>) outs(memref<4xf32, strided<[1], offset: 16>>)
  kernel.call @twice(%y) outs(%z) on loops : (memref<4xf32, strided<[1], offset: 16>>) outs(memref<4xf32>)
  return
}

// -----

// Where the last variable counts up to a predicate, its loop ends there, and places need no clamp.
// CHECK-LABEL: func.func @ragged
// CHECK:         %[[START:.*]] = arith.constant 32 : index
// CHECK:         %[[LEFT:.*]] = arith.subi %arg2, %[[START]] : index
// CHECK:         %[[END:.*]] = arith.minsi %{{.*}}, %[[LEFT]] : index
// CHECK:         scf.for %[[J:.*]] = %{{.*}} to %[[END]]
// CHECK:           %[[PLACE:.*]] = arith.addi %[[START]], %[[J]] : index
// CHECK:           memref.load %arg0[%[[PLACE]]]
// CHECK-NOT:       scf.if
// CHECK:           memref.store
kernel.define @rest(%n: index, %x: !kernel.buffer<?xf32>) -> (!kernel.buffer<16xf32>) stages {
  %s = kernel.stage "s" (%i0 < 16) : f32 {
    %zero = arith.constant 0.0 : f32
    kernel.yield %zero : f32
  } updates (%self) {
    kernel.update (%i0) over (%r0 < 1) {
      %start = arith.constant 32 : index
      %zero = arith.constant 0 : index
      %one = arith.constant 1 : index
      %place = arith.addi %start, %i0 : index
      %inside = arith.cmpi slt, %place, %n : index
      %last = arith.subi %n, %one : index
      %low = arith.minsi %place, %last : index
      %at = arith.maxsi %low, %zero : index
      %p = kernel.load %x[%at] : !kernel.buffer<?xf32>
      %a = kernel.load %self[%i0] : !kernel.buffer<16xf32>
      %v = arith.addf %a, %p : f32
      kernel.write %v at [%i0] if %inside : f32
    }
  }
  kernel.output %s : !kernel.buffer<16xf32>
}
func.func @ragged(%x: memref<?xf32>, %y: memref<16xf32>, %n: index) {
  kernel.call @rest(%n, %x) outs(%y) on loops : (index, memref<?xf32>) outs(memref<16xf32>)
  return
}

// -----

// A tied output and its input are one memory under one name, also in a function of its own.
// CHECK:         func.func private @loops.add(%[[X:.*]]: memref<4xf32{{.*}}>, %[[Y:.*]]: memref<4xf32{{.*}}>)
// CHECK:           memref.load %[[Y]]
// CHECK:           memref.store %{{.*}}, %[[Y]]
kernel.define @add(%x: !kernel.buffer<4xf32>) -> (!kernel.buffer<4xf32> tied %x) stages {
  %y = kernel.stage "y" (%i < 4) : f32 {
    %a = kernel.load %x[%i] : !kernel.buffer<4xf32>
    %v = arith.addf %a, %a : f32
    kernel.yield %v : f32
  }
  kernel.output %y : !kernel.buffer<4xf32>
}
func.func @inplace(%x: memref<4xf32>) {
  kernel.call @add(%x) outs(%x) on loops : (memref<4xf32>) outs(memref<4xf32>)
  kernel.call @add(%x) outs(%x) on loops : (memref<4xf32>) outs(memref<4xf32>)
  return
}
