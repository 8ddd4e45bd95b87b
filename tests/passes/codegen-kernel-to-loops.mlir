// RUN: costate-opt %s --codegen-kernel-to-loops --codegen-fuse-multiply-adds --canonicalize -split-input-file | FileCheck %s

// Along a last axis of some length neighbours are summed side by side in registers, in order; product and sum are one instruction.
// CHECK-NOT:   kernel.define
// CHECK-LABEL: func.func @wide
// CHECK:         scf.for %[[I:.*]] =
// CHECK:           %[[S:.*]] = scf.for %[[K:.*]] = {{.*}} iter_args(%[[A:.*]] = %{{.*}}) -> (vector<32xf32>)
// CHECK:             %[[X:.*]] = memref.load %arg0[%[[I]], %[[K]]]
// CHECK:             %[[B:.*]] = vector.broadcast %[[X]] : f32 to vector<32xf32>
// CHECK:             %[[W:.*]] = vector.load %arg1[%[[K]], %c0]
// CHECK:             %[[V:.*]] = math.fma %[[B]], %[[W]], %[[A]] : vector<32xf32>
// CHECK:             scf.yield %[[V]]
// CHECK:           vector.store %[[S]], %arg2[%[[I]], %c0]
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

// Where the last variable counts up to a predicate, what is beyond it is not read, and places need no clamp.
// CHECK-LABEL: func.func @ragged
// CHECK-DAG:     %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : vector<16xf32>
// CHECK-DAG:     %[[PLACES:.*]] = arith.constant dense<[32, 33, {{.*}}, 47]> : vector<16xindex>
// CHECK:         %[[INSIDE:.*]] = arith.cmpi sgt, %{{.*}}, %[[PLACES]]
// CHECK:         %[[X:.*]] = vector.maskedload %arg0[%c32], %[[INSIDE]], %[[ZERO]]
// CHECK:         %[[V:.*]] = arith.addf %[[X]], %[[ZERO]]
// CHECK:         %[[S:.*]] = arith.select %[[INSIDE]], %[[V]], %[[ZERO]]
// CHECK:         vector.store %[[S]], %arg1[%c0]
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

// -----

// A row of lanes is a vector where it is read, and its join goes by halves: no memory.
// CHECK-LABEL: func.func @lanes
// CHECK:         scf.for %[[I:.*]] =
// CHECK:           %[[ROW:.*]] = scf.for %[[R:.*]] = {{.*}} iter_args(%[[A:.*]] = %{{.*}}) -> (vector<8xf64>)
// CHECK:             %[[PLACE:.*]] = arith.muli %[[R]], %c8
// CHECK:             %[[X:.*]] = vector.load %arg0[%[[I]], %[[PLACE]]]
// CHECK:             %[[V:.*]] = arith.addf %[[A]], %[[X]] : vector<8xf64>
// CHECK:             scf.yield %[[V]]
// CHECK:           %[[L:.*]] = vector.shuffle %[[ROW]], %[[ROW]] [0, 1, 2, 3]
// CHECK:           %[[H:.*]] = vector.shuffle %[[ROW]], %[[ROW]] [4, 5, 6, 7]
// CHECK:           %[[FOUR:.*]] = arith.addf %[[L]], %[[H]] : vector<4xf64>
// CHECK:           %[[TWO:.*]] = arith.addf %{{.*}}, %{{.*}} : vector<2xf64>
// CHECK:           %[[ONE:.*]] = arith.addf %{{.*}}, %{{.*}} : vector<1xf64>
// CHECK:           %[[SUM:.*]] = vector.extract %[[ONE]][0]
// CHECK:           memref.store %[[SUM]], %arg1[%[[I]]]
kernel.define @sums(%m: index, %n: index, %x: !kernel.buffer<?x?xf64>) -> (!kernel.buffer<?xf64>) stages {
  %c8 = arith.constant 8 : index
  %rows = arith.divui %n, %c8 : index
  %lanes = kernel.stage "lanes" (%i0 < %m, %i1 < 8) : f64 {
    %zero = arith.constant 0.0 : f64
    kernel.yield %zero : f64
  } updates (%self) {
    kernel.update (%i0, %i1) over (%r0 < %rows) {
      %row = arith.muli %r0, %c8 : index
      %place = arith.addi %row, %i1 : index
      %p = kernel.load %x[%i0, %place] : !kernel.buffer<?x?xf64>
      %a = kernel.load %self[%i0, %i1] : !kernel.buffer<?x8xf64>
      %v = arith.addf %a, %p : f64
      kernel.write %v at [%i0, %i1] : f64
    }
  }
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %c4 = arith.constant 4 : index
  %c5 = arith.constant 5 : index
  %c6 = arith.constant 6 : index
  %c7 = arith.constant 7 : index
  %s = kernel.stage "s" (%i0 < %m) : f64 {
    %0 = kernel.load %lanes[%i0, %c0] : !kernel.buffer<?x8xf64>
    %1 = kernel.load %lanes[%i0, %c1] : !kernel.buffer<?x8xf64>
    %2 = kernel.load %lanes[%i0, %c2] : !kernel.buffer<?x8xf64>
    %3 = kernel.load %lanes[%i0, %c3] : !kernel.buffer<?x8xf64>
    %4 = kernel.load %lanes[%i0, %c4] : !kernel.buffer<?x8xf64>
    %5 = kernel.load %lanes[%i0, %c5] : !kernel.buffer<?x8xf64>
    %6 = kernel.load %lanes[%i0, %c6] : !kernel.buffer<?x8xf64>
    %7 = kernel.load %lanes[%i0, %c7] : !kernel.buffer<?x8xf64>
    %04 = arith.addf %0, %4 : f64
    %15 = arith.addf %1, %5 : f64
    %26 = arith.addf %2, %6 : f64
    %37 = arith.addf %3, %7 : f64
    %even = arith.addf %04, %26 : f64
    %odd = arith.addf %15, %37 : f64
    %all = arith.addf %even, %odd : f64
    kernel.yield %all : f64
  }
  kernel.output %s : !kernel.buffer<?xf64>
}
func.func @lanes(%x: memref<?x?xf64>, %y: memref<?xf64>, %m: index, %n: index) {
  kernel.call @sums(%m, %n, %x) outs(%y) on loops : (index, index, memref<?x?xf64>) outs(memref<?xf64>)
  return
}

// -----

// Where a predicate asks for whole rows, what they read is clamped: all lanes are read.
// CHECK-LABEL: func.func @ragged_rows
// CHECK:         scf.for %[[I:.*]] =
// CHECK:             %[[LOW:.*]] = arith.minsi %{{.*}}, %c99
// CHECK:             %[[ROW:.*]] = arith.maxsi %[[LOW]], %c0
// CHECK:             %[[X:.*]] = vector.load %arg0[%[[ROW]], %c0]
// CHECK:             %[[V:.*]] = arith.addf %{{.*}}, %[[X]]
// CHECK:             %[[INSIDE:.*]] = arith.cmpi slt, %{{.*}}, %c100
// CHECK:             %[[ALL:.*]] = vector.broadcast %[[INSIDE]] : i1 to vector<16xi1>
// CHECK:             arith.select %[[ALL]], %[[V]], %{{.*}} : vector<16xi1>, vector<16xf32>
kernel.define @parts(%x: !kernel.buffer<100x16xf32>) -> (!kernel.buffer<16x16xf32>) stages {
  %s = kernel.stage "s" (%i0 < 16, %i1 < 16) : f32 {
    %zero = arith.constant 0.0 : f32
    kernel.yield %zero : f32
  } updates (%self) {
    kernel.update (%i0, %i1) over (%r0 < 7) {
      %c0 = arith.constant 0 : index
      %c7 = arith.constant 7 : index
      %c99 = arith.constant 99 : index
      %c100 = arith.constant 100 : index
      %start = arith.muli %i0, %c7 : index
      %row = arith.addi %start, %r0 : index
      %inside = arith.cmpi slt, %row, %c100 : index
      %low = arith.minsi %row, %c99 : index
      %at = arith.maxsi %low, %c0 : index
      %p = kernel.load %x[%at, %i1] : !kernel.buffer<100x16xf32>
      %a = kernel.load %self[%i0, %i1] : !kernel.buffer<16x16xf32>
      %v = arith.addf %a, %p : f32
      kernel.write %v at [%i0, %i1] if %inside : f32
    }
  }
  kernel.output %s : !kernel.buffer<16x16xf32>
}
func.func @ragged_rows(%x: memref<100x16xf32>, %y: memref<16x16xf32>) {
  kernel.call @parts(%x) outs(%y) on loops : (memref<100x16xf32>) outs(memref<16x16xf32>)
  return
}
