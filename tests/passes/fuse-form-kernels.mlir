// RUN: costate-opt %s --fuse-form-kernels | FileCheck %s

// Elementwise values are computed where they are used.
// CHECK-LABEL: func.func @inline
// CHECK-NOT: multiply {{.*}}fuse.kernel
// CHECK: graph.reduce_sum {{.*}} {fuse.kernel = [[K:.*]] : i64}
func.func @inline(%x: tensor<?xf32> {graph.dims = [#graph.dim<n>]}, %y: tensor<?xf32> {graph.dims = [#graph.dim<n>]}) -> tensor<f32> {
  %p = graph.multiply %x, %y : tensor<?xf32>
  %s = graph.reduce_sum %p axes [0] : tensor<?xf32> -> tensor<f32>
  return %s : tensor<f32>
}

// Siblings over one index space are one kernel, though one reads the other.
// CHECK-LABEL: func.func @siblings
// CHECK: graph.add {{.*}}fuse.kernel = [[K:[0-9]+]] : i64
// CHECK: graph.subtract {{.*}}fuse.kernel = [[K]] : i64
func.func @siblings(%w: tensor<4096xf32>, %m: tensor<4096xf32>, %g: tensor<4096xf32>) -> (tensor<4096xf32>, tensor<4096xf32>) {
  %m1 = graph.add %m, %g : tensor<4096xf32>
  %w1 = graph.subtract %w, %m1 : tensor<4096xf32>
  return %w1, %m1 : tensor<4096xf32>, tensor<4096xf32>
}

// Who takes a few elements does not read all of them: what is summed is computed for them again.
// CHECK-LABEL: func.func @parts
// CHECK-NOT: graph.exponential {{.*}}fuse.kernel
// CHECK: graph.reduce_sum {{.*}}fuse.kernel
func.func @parts(%x: tensor<8192xf32>, %i: tensor<4xi32>) -> (tensor<8xf32>, tensor<4xf32>, tensor<2xf32>) {
  %e = graph.exponential %x : tensor<8192xf32>
  %y = graph.multiply %e, %x : tensor<8192xf32>
  %a = graph.slice %y starts [0] sizes [8] strides [1] : tensor<8192xf32> -> tensor<8xf32>
  %b = graph.gather %y, %i batch_dims 0 : tensor<8192xf32>, tensor<4xi32> -> tensor<4xf32>
  %r = graph.reshape %y shape [2, 4096] : tensor<8192xf32> -> tensor<2x4096xf32>
  %s = graph.reduce_sum %r axes [1] : tensor<2x4096xf32> -> tensor<2xf32>
  return %a, %b, %s : tensor<8xf32>, tensor<4xf32>, tensor<2xf32>
}

// An axis of extent 1 that is added to a sum is an index of whoever reads it, so a second sum of the same rows shares their kernel.
// CHECK-LABEL: func.func @kept_axes
// CHECK: graph.reduce_sum {{.*}}fuse.kernel = [[K:[0-9]+]] : i64
// CHECK: graph.reduce_sum {{.*}}fuse.kernel = [[K]] : i64
// CHECK: graph.divide {{.*}}fuse.kernel = [[K]] : i64
func.func @kept_axes(%x: tensor<64x300xf32>) -> tensor<64x300xf32> {
  %s = graph.reduce_sum %x axes [1] : tensor<64x300xf32> -> tensor<64xf32>
  %k = graph.reshape %s shape [64, 1] : tensor<64xf32> -> tensor<64x1xf32>
  %m = graph.abs %k : tensor<64x1xf32>
  %b = graph.broadcast_in_dim %m dims [0, 1] shape [64, 300] : tensor<64x1xf32> -> tensor<64x300xf32>
  %y = graph.subtract %x, %b : tensor<64x300xf32>
  %z = graph.multiply %y, %y : tensor<64x300xf32>
  %t = graph.reduce_sum %z axes [1] : tensor<64x300xf32> -> tensor<64xf32>
  %u = graph.reshape %t shape [64, 1] : tensor<64xf32> -> tensor<64x1xf32>
  %c = graph.broadcast_in_dim %u dims [0, 1] shape [64, 300] : tensor<64x1xf32> -> tensor<64x300xf32>
  %r = graph.divide %y, %c : tensor<64x300xf32>
  return %r : tensor<64x300xf32>
}

// Sums over rows and what is computed from them at the same rows are one kernel; the dear exponential is kept, once.
// CHECK-LABEL: func.func @rows
// CHECK: graph.reduce_max {{.*}}fuse.kernel = [[K:[0-9]+]] : i64
// CHECK: graph.broadcast_in_dim
// CHECK-NOT: fuse.kernel
// CHECK: graph.exponential {{.*}}fuse.kernel = [[K]] : i64
// CHECK: graph.reduce_sum {{.*}}fuse.kernel = [[K]] : i64
// CHECK: graph.divide {{.*}}fuse.kernel = [[K]] : i64
func.func @rows(%x: tensor<?x10xf32> {graph.dims = [#graph.dim<n>, #graph.dim<10>]}) -> tensor<?x10xf32> {
  %m = graph.reduce_max %x axes [1] : tensor<?x10xf32> -> tensor<?xf32>
  %b = graph.broadcast_in_dim %m dims [0] shape [n, 10] : tensor<?xf32> -> tensor<?x10xf32>
  %d = graph.subtract %x, %b : tensor<?x10xf32>
  %e = graph.exponential %d : tensor<?x10xf32>
  %s = graph.reduce_sum %e axes [1] : tensor<?x10xf32> -> tensor<?xf32>
  %t = graph.broadcast_in_dim %s dims [0] shape [n, 10] : tensor<?xf32> -> tensor<?x10xf32>
  %y = graph.divide %e, %t : tensor<?x10xf32>
  return %y : tensor<?x10xf32>
}

// A contraction takes in what reads its sum where it stands; the next contraction reads it from memory.
// CHECK-LABEL: func.func @layers
// CHECK: graph.dot_general {{.*}}fuse.kernel = [[K:[0-9]+]] : i64
// CHECK: graph.abs {{.*}}fuse.kernel = [[K]] : i64
// CHECK-NOT: fuse.kernel = [[K]] : i64
// CHECK: return
func.func @layers(%x: tensor<?x64xf32> {graph.dims = [#graph.dim<n>, #graph.dim<64>]}, %w: tensor<64x32xf32>, %b: tensor<32xf32>, %v: tensor<32x16xf32>) -> tensor<?x16xf32> {
  %z = graph.dot_general %x, %w contracting [1] x [0] : tensor<?x64xf32>, tensor<64x32xf32> -> tensor<?x32xf32>
  %c = graph.broadcast_in_dim %b dims [1] shape [n, 32] : tensor<32xf32> -> tensor<?x32xf32>
  %a = graph.add %z, %c : tensor<?x32xf32>
  %h = graph.abs %a : tensor<?x32xf32>
  %y = graph.dot_general %h, %v contracting [1] x [0] : tensor<?x32xf32>, tensor<32x16xf32> -> tensor<?x16xf32>
  return %y : tensor<?x16xf32>
}

// But no elementary function, which is exact arithmetic: it is a kernel of its own.
// CHECK-LABEL: func.func @function
// CHECK: graph.dot_general {{.*}}fuse.kernel = [[K:[0-9]+]] : i64
// CHECK: graph.tanh
// CHECK-NOT: fuse.kernel = [[K]] : i64
// CHECK: return
func.func @function(%x: tensor<?x64xf32> {graph.dims = [#graph.dim<n>, #graph.dim<64>]}, %w: tensor<64x32xf32>) -> tensor<?x32xf32> {
  %z = graph.dot_general %x, %w contracting [1] x [0] : tensor<?x64xf32>, tensor<64x32xf32> -> tensor<?x32xf32>
  %h = graph.tanh %z : tensor<?x32xf32>
  return %h : tensor<?x32xf32>
}

// A block written element by element: what is dear in it is a kernel of its own, with lanes and tasks.
// CHECK-LABEL: func.func @drawn
// CHECK: graph.random {{.*}}fuse.kernel = [[K:[0-9]+]] : i64
// CHECK: graph.dynamic_update_slice
// CHECK-NOT: fuse.kernel = [[K]] : i64
// CHECK: return
func.func @drawn(%x: tensor<64xf32>, %key: tensor<i64>, %start: tensor<i64>) -> tensor<64xf32> {
  %u = graph.random normal %key site 1 shape [8] : tensor<i64> -> tensor<8xf32>
  %y = graph.dynamic_update_slice %x, %u[%start] : tensor<64xf32>, tensor<8xf32>, tensor<i64>
  return %y : tensor<64xf32>
}

// Two kernels with other work between them stay two.
// CHECK-LABEL: func.func @around
// CHECK: graph.negate {{.*}}fuse.kernel = [[A:[0-9]+]] : i64
// CHECK-NOT: fuse.kernel = [[A]] : i64
// CHECK: return
func.func @around(%x: tensor<64xf32>) -> (tensor<64xf32>, tensor<64xf32>) {
  %a = graph.negate %x : tensor<64xf32>
  %s, %i = graph.sort %a, %x axis 0 : (tensor<64xf32>, tensor<64xf32>) -> (tensor<64xf32>, tensor<64xf32>)
  %b = graph.add %a, %s : tensor<64xf32>
  return %a, %b : tensor<64xf32>, tensor<64xf32>
}

// What is as cheap to compute as to read is computed inside the loop: nothing is kept for it, nor for the vector's broadcast.
// CHECK-LABEL: func.func @sunk
// CHECK-NOT: graph.subtract
// CHECK: scf.for
// CHECK: %[[D:.*]] = graph.subtract %{{[^{]*}} : tensor<300x300xf64>
// CHECK: graph.reduce_sum {{.*}}fuse.kernel
// CHECK: return
func.func @sunk(%x: tensor<300x300xf64>, %v: tensor<300xf64>, %t: tensor<300xf64>, %n: index) -> tensor<300xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = graph.broadcast_in_dim %v dims [1] shape [300, 300] : tensor<300xf64> -> tensor<300x300xf64>
  %d = graph.subtract %b, %x : tensor<300x300xf64>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%s = %t) -> tensor<300xf64> {
    %e = graph.broadcast_in_dim %s dims [0] shape [300, 300] : tensor<300xf64> -> tensor<300x300xf64>
    %f = graph.maximum %d, %e : tensor<300x300xf64>
    %g = graph.reduce_sum %f axes [1] : tensor<300x300xf64> -> tensor<300xf64>
    scf.yield %g : tensor<300xf64>
  }
  return %r : tensor<300xf64>
}

// Not of arrays that together are larger, not a dear function, and not an operand of a product of matrices: that reads it many times over.
// CHECK-LABEL: func.func @stays
// CHECK: graph.add {{.*}}fuse.kernel
// CHECK: graph.exponential {{.*}}fuse.kernel
// CHECK: graph.negate {{.*}}fuse.kernel
// CHECK: scf.for
// CHECK-NOT: graph.add %
// CHECK: scf.yield
func.func @stays(%x: tensor<300x300xf64>, %y: tensor<300x300xf64>, %t: tensor<300x300xf64>, %n: index) -> tensor<300x300xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %d = graph.add %x, %y : tensor<300x300xf64>
  %u = graph.exponential %x : tensor<300x300xf64>
  %w = graph.negate %x : tensor<300x300xf64>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%s = %t) -> tensor<300x300xf64> {
    %e = graph.maximum %d, %s : tensor<300x300xf64>
    %f = graph.multiply %e, %u : tensor<300x300xf64>
    %g = graph.dot_general %f, %w contracting [1] x [0] : tensor<300x300xf64>, tensor<300x300xf64> -> tensor<300x300xf64>
    scf.yield %g : tensor<300x300xf64>
  }
  return %r : tensor<300x300xf64>
}
