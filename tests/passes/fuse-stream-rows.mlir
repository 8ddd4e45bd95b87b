// RUN: costate-opt %s --fuse-stream-rows | FileCheck %s
// RUN: costate-opt %s --fuse-stream-rows="rows=48 large=16384" | FileCheck %s --check-prefix FEW

// The logits of 2048 rows are never there as a whole: a row needs a row of x and all of w. What leaves the loop: row sums, the gradient of x by rows, the
// gradient of w added up.
// CHECK-LABEL: func.func @logits
// CHECK-SAME: (%[[X:.*]]: tensor<2048x256xf32>, %[[W:.*]]: tensor<256x32000xf32>)
// CHECK-NOT: tensor<2048x32000xf32>
// CHECK: %[[LOOP:.*]]:3 = scf.for %[[I:.*]] = %c0{{.*}} to %c16{{.*}} iter_args(%[[DX:.*]] = {{.*}}, %[[S:.*]] = {{.*}}, %[[DW:.*]] = {{.*}})
// CHECK: %[[START:.*]] = tensor.from_elements
// CHECK: %[[ROWS:.*]] = graph.dynamic_slice %[[X]][%[[START]], {{.*}}] sizes [128, 256]
// CHECK: %[[Z:.*]] = graph.dot_general %[[ROWS]], %[[W]]
// CHECK: %[[E:.*]] = graph.exponential %[[Z]] : tensor<128x32000xf32>
// CHECK: %[[DXROWS:.*]] = graph.dot_general %[[E]], %[[W]] contracting [1] x [1]
// CHECK: graph.dynamic_update_slice %[[DX]], %[[DXROWS]][%[[START]],
// CHECK: graph.reduce_sum %[[E]] axes [1]
// CHECK: %[[PART:.*]] = graph.dot_general %[[ROWS]], %[[E]] contracting [0] x [0]
// CHECK: graph.add %[[DW]], %[[PART]]
// CHECK: return %[[LOOP]]#1, %[[LOOP]]#0, %[[LOOP]]#2
func.func @logits(%x: tensor<2048x256xf32>, %w: tensor<256x32000xf32>) -> (tensor<2048xf32>, tensor<2048x256xf32>, tensor<256x32000xf32>) {
  %z = graph.dot_general %x, %w contracting [1] x [0] : tensor<2048x256xf32>, tensor<256x32000xf32> -> tensor<2048x32000xf32>
  %e = graph.exponential %z : tensor<2048x32000xf32>
  %s = graph.reduce_sum %e axes [1] : tensor<2048x32000xf32> -> tensor<2048xf32>
  %dx = graph.dot_general %e, %w contracting [1] x [1] : tensor<2048x32000xf32>, tensor<256x32000xf32> -> tensor<2048x256xf32>
  %dw = graph.dot_general %x, %e contracting [0] x [0] : tensor<2048x256xf32>, tensor<2048x32000xf32> -> tensor<256x32000xf32>
  return %s, %dx, %dw : tensor<2048xf32>, tensor<2048x256xf32>, tensor<256x32000xf32>
}

// A column's maximum is known behind all rows: a second loop computes the products again.
// CHECK-LABEL: func.func @two_phases
// CHECK: %[[MAX:.*]] = scf.for
// CHECK: graph.dot_general
// CHECK: graph.reduce_max {{.*}} axes [0]
// CHECK: graph.maximum
// CHECK: scf.for
// CHECK: %[[Z:.*]] = graph.dot_general
// CHECK: %[[M:.*]] = graph.broadcast_in_dim %[[MAX]] dims [1]
// CHECK: graph.subtract %[[Z]], %[[M]]
// CHECK: graph.reduce_sum {{.*}} axes [0]
func.func @two_phases(%x: tensor<4096x64xf32>, %y: tensor<64x4096xf32>) -> tensor<4096xf32> {
  %z = graph.dot_general %x, %y contracting [1] x [0] : tensor<4096x64xf32>, tensor<64x4096xf32> -> tensor<4096x4096xf32>
  %max = graph.reduce_max %z axes [0] : tensor<4096x4096xf32> -> tensor<4096xf32>
  %m = graph.broadcast_in_dim %max dims [1] shape [4096, 4096] : tensor<4096xf32> -> tensor<4096x4096xf32>
  %d = graph.subtract %z, %m : tensor<4096x4096xf32>
  %e = graph.exponential %d : tensor<4096x4096xf32>
  %s = graph.reduce_sum %e axes [0] : tensor<4096x4096xf32> -> tensor<4096xf32>
  return %s : tensor<4096xf32>
}

// A result that is wanted as a whole is stored as a whole; a hidden layer is no larger than what it is made of.
// CHECK-LABEL: func.func @stored
// CHECK-NOT: scf.for
func.func @stored(%x: tensor<2048x256xf32>, %w: tensor<256x32000xf32>) -> (tensor<2048x32000xf32>, tensor<2048xf32>) {
  %z = graph.dot_general %x, %w contracting [1] x [0] : tensor<2048x256xf32>, tensor<256x32000xf32> -> tensor<2048x32000xf32>
  %s = graph.reduce_sum %z axes [1] : tensor<2048x32000xf32> -> tensor<2048xf32>
  return %z, %s : tensor<2048x32000xf32>, tensor<2048xf32>
}
// CHECK-LABEL: func.func @hidden
// CHECK-NOT: scf.for
func.func @hidden(%x: tensor<2048x1024xf32>, %w: tensor<1024x1024xf32>) -> tensor<2048xf32> {
  %z = graph.dot_general %x, %w contracting [1] x [0] : tensor<2048x1024xf32>, tensor<1024x1024xf32> -> tensor<2048x1024xf32>
  %h = graph.tanh %z : tensor<2048x1024xf32>
  %s = graph.reduce_sum %h axes [1] : tensor<2048x1024xf32> -> tensor<2048xf32>
  return %s : tensor<2048xf32>
}

// Of n rows in chunks of 48 the last chunk begins early, and counts what is new.
// FEW-LABEL: func.func @named
// FEW: scf.for %[[I:[a-z0-9]+]] =
// FEW: %[[FIRST:.*]] = arith.muli %[[I]], %c48
// FEW: graph.extent <min(n, 48)>
// FEW: arith.minsi %[[FIRST]]
// FEW: %[[NEW:.*]] = graph.compare GE, {{.*}} : tensor<?xi64>
// FEW: graph.dynamic_slice {{.*}} sizes [min(n, 48), 4] : tensor<?x4xf32>
// FEW: %[[MASK:.*]] = graph.broadcast_in_dim %[[NEW]] dims [0]
// FEW: graph.select %[[MASK]]
// FEW: graph.reduce_max {{.*}} axes [0]
func.func @named(%x: tensor<?x4xf32> {graph.dims = [#graph.dim<n>, #graph.dim<4>]}, %y: tensor<4x512xf32>) -> tensor<512xf32> {
  %z = graph.dot_general %x, %y contracting [1] x [0] : tensor<?x4xf32>, tensor<4x512xf32> -> tensor<?x512xf32>
  %m = graph.reduce_max %z axes [0] : tensor<?x512xf32> -> tensor<512xf32>
  return %m : tensor<512xf32>
}
