// RUN: costate-opt %s --fuse-interleave-calls | FileCheck %s
// RUN: costate-opt %s --fuse-interleave-calls="large=40000001" | FileCheck %s --check-prefix LARGE

// Two million rows of @update go with 512 sums: 32 KiB of each of three arrays at a time. What the last chunk of the first has too much, no sum needs.
// CHECK-LABEL: func.func @step
// CHECK-SAME: (%[[X:.*]]: memref<10000000xf32> {{.*}}, %[[U:.*]]: memref<10000000xf32> {{.*}}, %[[S:.*]]: memref<2441x16xf32> {{.*}}, %[[W:.*]]: memref<?xi8>
// CHECK: %[[Y:.*]] = memref.view %[[W]]
// CHECK: scf.parallel (%[[I:.*]]) = (%c0{{.*}}) to (%c306{{.*}}) step (%c1{{.*}}) {
// CHECK:   %[[FIRST:.*]] = arith.muli %[[I]], %c32768
// CHECK:   %[[LEFT:.*]] = arith.subi %c10000000{{.*}}, %[[FIRST]]
// CHECK:   %[[COUNT:.*]] = arith.minsi %[[LEFT]], %c32768
// CHECK:   %[[XC:.*]] = memref.subview %[[X]][%[[FIRST]]] [%[[COUNT]]] [1]
// CHECK:   %[[UC:.*]] = memref.subview %[[U]][%[[FIRST]]] [%[[COUNT]]] [1]
// CHECK:   %[[YC:.*]] = memref.subview %[[Y]][%[[FIRST]]] [%[[COUNT]]] [1]
// CHECK:   kernel.call @update(%[[COUNT]], %[[XC]], %[[UC]]) outs(%[[XC]], %[[YC]]) on halide {operations = 327 : i64}
// CHECK:   %[[ROW:.*]] = arith.muli %[[I]], %c8
// CHECK:   %[[ROWSLEFT:.*]] = arith.subi %c2441{{.*}}, %[[ROW]]
// CHECK:   %[[ROWS:.*]] = arith.minsi %[[ROWSLEFT]], %c8
// CHECK:   %[[BEGIN:.*]] = arith.muli %[[ROW]], %c4096
// CHECK:   %[[SIZE:.*]] = arith.muli %[[ROWS]], %c4096
// CHECK:   %[[PART:.*]] = memref.subview %[[Y]][%[[BEGIN]]] [%[[SIZE]]] [1]
// CHECK:   %[[SC:.*]] = memref.subview %[[S]][%[[ROW]], 0] [%[[ROWS]], 16] [1, 1]
// CHECK:   kernel.call @sums(%[[ROWS]], %[[PART]]) outs(%[[SC]])
// CHECK: }
// CHECK-NEXT: return
// LARGE-NOT: scf.parallel
func.func @step(%x: memref<10000000xf32> {optim.role = "param", optim.name = "x"}, %u: memref<10000000xf32> {optim.role = "state", optim.name = "u"},
                %s: memref<2441x16xf32> {optim.role = "state", optim.name = "s"}, %w: memref<?xi8> {optim.role = "workspace"}) attributes {optim.entry} {
  %n = arith.constant 10000000 : index
  %rows = arith.constant 2441 : index
  %c0 = arith.constant 0 : index
  %y = memref.view %w[%c0][] : memref<?xi8> to memref<10000000xf32>
  kernel.call @update(%n, %x, %u) outs(%x, %y) on halide {operations = 100000 : i64} : (index, memref<10000000xf32>, memref<10000000xf32>) outs(memref<10000000xf32>, memref<10000000xf32>)
  kernel.call @sums(%rows, %y) outs(%s) on halide : (index, memref<10000000xf32>) outs(memref<2441x16xf32>)
  return
}

// What stands between, and has nothing to do with the second call, stays behind.
// CHECK-LABEL: func.func @between
// CHECK: scf.parallel
// CHECK: kernel.call @update
// CHECK: kernel.call @sums
// CHECK: }
// CHECK: kernel.call @update
// CHECK-NOT: scf.parallel
func.func @between(%x: memref<10000000xf32> {optim.role = "param", optim.name = "x"}, %u: memref<10000000xf32> {optim.role = "state", optim.name = "u"},
                   %s: memref<2441x16xf32> {optim.role = "state", optim.name = "s"}, %o: memref<4096xf32> {optim.role = "state", optim.name = "o"},
                   %w: memref<?xi8> {optim.role = "workspace"}) attributes {optim.entry} {
  %n = arith.constant 10000000 : index
  %rows = arith.constant 2441 : index
  %few = arith.constant 4096 : index
  %c0 = arith.constant 0 : index
  %end = arith.constant 40000000 : index
  %y = memref.view %w[%c0][] : memref<?xi8> to memref<10000000xf32>
  %z = memref.view %w[%end][] : memref<?xi8> to memref<4096xf32>
  kernel.call @update(%n, %x, %u) outs(%x, %y) on halide : (index, memref<10000000xf32>, memref<10000000xf32>) outs(memref<10000000xf32>, memref<10000000xf32>)
  kernel.call @update(%few, %o, %o) outs(%o, %z) on halide : (index, memref<4096xf32>, memref<4096xf32>) outs(memref<4096xf32>, memref<4096xf32>)
  kernel.call @sums(%rows, %y) outs(%s) on halide : (index, memref<10000000xf32>) outs(memref<2441x16xf32>)
  return
}

// Sums of what the call between them has changed.
// CHECK-LABEL: func.func @changed
// CHECK-NOT: scf.parallel
func.func @changed(%x: memref<10000000xf32> {optim.role = "param", optim.name = "x"}, %u: memref<10000000xf32> {optim.role = "state", optim.name = "u"},
                   %s: memref<2441x16xf32> {optim.role = "state", optim.name = "s"}, %w: memref<?xi8> {optim.role = "workspace"}) attributes {optim.entry} {
  %n = arith.constant 10000000 : index
  %rows = arith.constant 2441 : index
  %few = arith.constant 4096 : index
  %c0 = arith.constant 0 : index
  %c4 = arith.constant 4 : index
  %end = arith.constant 40000000 : index
  %y = memref.view %w[%c0][] : memref<?xi8> to memref<10000000xf32>
  %part = memref.view %w[%c4][] : memref<?xi8> to memref<4096xf32>
  %z = memref.view %w[%end][] : memref<?xi8> to memref<4096xf32>
  kernel.call @update(%n, %x, %u) outs(%x, %y) on halide : (index, memref<10000000xf32>, memref<10000000xf32>) outs(memref<10000000xf32>, memref<10000000xf32>)
  kernel.call @update(%few, %part, %z) outs(%part, %z) on halide : (index, memref<4096xf32>, memref<4096xf32>) outs(memref<4096xf32>, memref<4096xf32>)
  kernel.call @sums(%rows, %y) outs(%s) on halide : (index, memref<10000000xf32>) outs(memref<2441x16xf32>)
  return
}

// The sums go where a later chunk of the first call still reads.
// CHECK-LABEL: func.func @overlapping
// CHECK-NOT: scf.parallel
func.func @overlapping(%x: memref<10000000xf32> {optim.role = "param", optim.name = "x"}, %w: memref<?xi8> {optim.role = "workspace"}) attributes {optim.entry} {
  %n = arith.constant 10000000 : index
  %rows = arith.constant 2441 : index
  %c0 = arith.constant 0 : index
  %end = arith.constant 40000000 : index
  %u = memref.view %w[%c0][] : memref<?xi8> to memref<10000000xf32>
  %s = memref.view %w[%c0][] : memref<?xi8> to memref<2441x16xf32>
  %y = memref.view %w[%end][] : memref<?xi8> to memref<10000000xf32>
  kernel.call @update(%n, %x, %u) outs(%x, %y) on halide : (index, memref<10000000xf32>, memref<10000000xf32>) outs(memref<10000000xf32>, memref<10000000xf32>)
  kernel.call @sums(%rows, %y) outs(%s) on halide : (index, memref<10000000xf32>) outs(memref<2441x16xf32>)
  return
}

// Rows of other kernels: one that reads its neighbour, one that computes with its own number, one that reads everything.
// CHECK-LABEL: func.func @others
// CHECK-NOT: scf.parallel
func.func @others(%x: memref<10000000xf32> {optim.role = "param", optim.name = "x"}, %u: memref<10000000xf32> {optim.role = "state", optim.name = "u"},
                  %w: memref<?xi8> {optim.role = "workspace"}) attributes {optim.entry} {
  %n = arith.constant 10000000 : index
  %c0 = arith.constant 0 : index
  %end = arith.constant 40000000 : index
  %y = memref.view %w[%c0][] : memref<?xi8> to memref<10000000xf32>
  %z = memref.view %w[%end][] : memref<?xi8> to memref<10000000xf32>
  kernel.call @update(%n, %x, %u) outs(%x, %y) on halide : (index, memref<10000000xf32>, memref<10000000xf32>) outs(memref<10000000xf32>, memref<10000000xf32>)
  kernel.call @neighbour(%n, %y) outs(%z) on halide : (index, memref<10000000xf32>) outs(memref<10000000xf32>)
  kernel.call @number(%n, %y) outs(%z) on halide : (index, memref<10000000xf32>) outs(memref<10000000xf32>)
  kernel.call @first(%n, %y) outs(%z) on halide : (index, memref<10000000xf32>) outs(memref<10000000xf32>)
  return
}

kernel.define @update(%n: index, %x: !kernel.buffer<?xf32>, %u: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32> tied %x, !kernel.buffer<?xf32>) stages {
  %add:2 = kernel.stage "add" (%i < %n) : f32, f32 {
    %a = kernel.load %x[%i] : !kernel.buffer<?xf32>
    %b = kernel.load %u[%i] : !kernel.buffer<?xf32>
    %c = arith.addf %a, %b : f32
    %d = arith.mulf %a, %b : f32
    kernel.yield %c, %d : f32, f32
  }
  kernel.output %add#0, %add#1 : !kernel.buffer<?xf32>, !kernel.buffer<?xf32>
}
kernel.define @sums(%n: index, %x: !kernel.buffer<?xf32>) -> (!kernel.buffer<?x16xf32>) stages {
  %c16 = arith.constant 16 : index
  %c256 = arith.constant 256 : index
  %zero = arith.constant 0.0 : f32
  %sum = kernel.stage "sum" (%i < %n, %j < 16) : f32 {
    kernel.yield %zero : f32
  } updates (%self) {
    kernel.update (%i, %j) over (%r < 256) {
      %0 = arith.muli %i, %c256 : index
      %1 = arith.addi %0, %r : index
      %2 = arith.muli %1, %c16 : index
      %3 = arith.addi %2, %j : index
      %4 = kernel.load %x[%3] : !kernel.buffer<?xf32>
      %5 = kernel.load %self[%i, %j] : !kernel.buffer<?x16xf32>
      %6 = arith.addf %5, %4 : f32
      kernel.write %6 at [%i, %j] : f32
    }
  }
  kernel.output %sum : !kernel.buffer<?x16xf32>
}
kernel.define @neighbour(%n: index, %x: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32>) stages {
  %c1 = arith.constant 1 : index
  %y = kernel.stage "y" (%i < %n) : f32 {
    %next = arith.addi %i, %c1 : index
    %v = kernel.load %x[%next] : !kernel.buffer<?xf32>
    kernel.yield %v : f32
  }
  kernel.output %y : !kernel.buffer<?xf32>
}
kernel.define @number(%n: index, %x: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32>) stages {
  %y = kernel.stage "y" (%i < %n) : f32 {
    %k = arith.index_cast %i : index to i32
    %f = arith.sitofp %k : i32 to f32
    %v = kernel.load %x[%i] : !kernel.buffer<?xf32>
    %s = arith.addf %f, %v : f32
    kernel.yield %s : f32
  }
  kernel.output %y : !kernel.buffer<?xf32>
}
kernel.define @first(%n: index, %x: !kernel.buffer<?xf32>) -> (!kernel.buffer<?xf32>) stages {
  %c0 = arith.constant 0 : index
  %y = kernel.stage "y" (%i < %n) : f32 {
    %v = kernel.load %x[%c0] : !kernel.buffer<?xf32>
    kernel.yield %v : f32
  }
  kernel.output %y : !kernel.buffer<?xf32>
}
