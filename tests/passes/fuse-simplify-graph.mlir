// RUN: costate-opt %s --fuse-simplify-graph | FileCheck %s

// CHECK-LABEL: func.func @transpose_into_dot
// CHECK-NEXT: %[[Y:.*]] = graph.dot_general %{{.*}}, %{{.*}} contracting [1] x [1]
// CHECK-NEXT: return %[[Y]]
func.func @transpose_into_dot(%x: tensor<4x8xf32>, %w: tensor<2x8xf32>) -> tensor<4x2xf32> {
  %t = graph.transpose %w permutation [1, 0] : tensor<2x8xf32> -> tensor<8x2xf32>
  %y = graph.dot_general %x, %t contracting [1] x [0] : tensor<4x8xf32>, tensor<8x2xf32> -> tensor<4x2xf32>
  return %y : tensor<4x2xf32>
}

// The free axes would change their order: no choice of axes says that.
// CHECK-LABEL: func.func @transpose_stays
// CHECK-NEXT: graph.transpose
// CHECK-NEXT: graph.dot_general
func.func @transpose_stays(%x: tensor<4x8x3xf32>, %w: tensor<8x2xf32>) -> tensor<3x4x2xf32> {
  %t = graph.transpose %x permutation [2, 0, 1] : tensor<4x8x3xf32> -> tensor<3x4x8xf32>
  %y = graph.dot_general %t, %w contracting [2] x [0] : tensor<3x4x8xf32>, tensor<8x2xf32> -> tensor<3x4x2xf32>
  return %y : tensor<3x4x2xf32>
}

// CHECK-LABEL: func.func @transpose_of_dot
// CHECK-SAME: (%[[X:.*]]: tensor<4x8xf32>, %[[W:.*]]: tensor<8x2xf32>)
// CHECK-NEXT: %[[Y:.*]] = graph.dot_general %[[W]], %[[X]] contracting [0] x [1]
// CHECK-NEXT: return %[[Y]]
func.func @transpose_of_dot(%x: tensor<4x8xf32>, %w: tensor<8x2xf32>) -> tensor<2x4xf32> {
  %y = graph.dot_general %x, %w contracting [1] x [0] : tensor<4x8xf32>, tensor<8x2xf32> -> tensor<4x2xf32>
  %t = graph.transpose %y permutation [1, 0] : tensor<4x2xf32> -> tensor<2x4xf32>
  return %t : tensor<2x4xf32>
}

// CHECK-LABEL: func.func @twice
// CHECK-SAME: (%[[X:.*]]: tensor<8xf32>)
// CHECK-NEXT: %[[B:.*]] = graph.broadcast_in_dim %[[X]] dims [2] shape [2, 4, 8]
// CHECK-NEXT: return %[[B]], %[[X]]
func.func @twice(%x: tensor<8xf32>) -> (tensor<2x4x8xf32>, tensor<8xf32>) {
  %b = graph.broadcast_in_dim %x dims [1] shape [4, 8] : tensor<8xf32> -> tensor<4x8xf32>
  %c = graph.broadcast_in_dim %b dims [1, 2] shape [2, 4, 8] : tensor<4x8xf32> -> tensor<2x4x8xf32>
  %r = graph.reshape %x shape [2, 4] : tensor<8xf32> -> tensor<2x4xf32>
  %s = graph.reshape %r shape [8] : tensor<2x4xf32> -> tensor<8xf32>
  return %c, %s : tensor<2x4x8xf32>, tensor<8xf32>
}

optim.arena @p : f32 {
  optim.leaf "a" [16]
  optim.leaf "b" [16]
}
// CHECK-LABEL: func.func @leaf_of_pack
// CHECK-SAME: (%[[A:.*]]: tensor<16xf32>, %[[B:.*]]: tensor<16xf32>)
// CHECK-NEXT: return %[[B]]
func.func @leaf_of_pack(%a: tensor<16xf32>, %b: tensor<16xf32>) -> tensor<16xf32> {
  %p = graph.pack @p leaves ["a", "b"](%a, %b) : (tensor<16xf32>, tensor<16xf32>) -> tensor<32xf32>
  %l = graph.leaf %p[@p::@b] : tensor<32xf32> -> tensor<16xf32>
  return %l : tensor<16xf32>
}

// What costs nothing is made again in the loop that needs it.
// CHECK-LABEL: func.func @sink
// CHECK: scf.for
// CHECK-NEXT: graph.iota
// CHECK-NEXT: graph.add
func.func @sink(%x: tensor<8xf32>, %n: index) -> tensor<8xf32> {
  %i = graph.iota axis 0 shape [8] : tensor<8xf32>
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %y = scf.for %k = %zero to %n step %one iter_args(%c = %x) -> tensor<8xf32> {
    %d = graph.add %c, %i : tensor<8xf32>
    scf.yield %d : tensor<8xf32>
  }
  return %y : tensor<8xf32>
}

// The derivative of a relu reads its value; the argument need not be kept.
// CHECK-LABEL: func.func @compare_with_extremum
// CHECK-SAME: (%[[X:.*]]: tensor<8xf32>, %[[C:.*]]: tensor<8xf32>)
// CHECK-NEXT: %[[MAX:.*]] = graph.maximum %[[C]], %[[X]]
// CHECK-NEXT: graph.compare GT, %[[MAX]], %[[C]]
// CHECK-NEXT: graph.compare LT, %[[X]], %[[C]]
// CHECK-NEXT: graph.compare GE, %[[X]], %[[C]]
func.func @compare_with_extremum(%x: tensor<8xf32>, %c: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xi1>, tensor<8xi1>, tensor<8xi1>) {
  %max = graph.maximum %c, %x : tensor<8xf32>
  %greater = graph.compare GT, %x, %c : tensor<8xf32>
  %less = graph.compare LT, %x, %c : tensor<8xf32>
  %equal = graph.compare GE, %x, %c : tensor<8xf32>
  return %max, %greater, %less, %equal : tensor<8xf32>, tensor<8xi1>, tensor<8xi1>, tensor<8xi1>
}

// What is chosen by a number is chosen leaf by leaf, where each is made; on either side.
// CHECK-LABEL: func.func @select_of_pack
// CHECK-SAME: %[[C:[^:]*]]: tensor<i1>, %[[A:[^:]*]]: tensor<16xf32>, %[[B:[^:]*]]: tensor<16xf32>, %[[OLD:[^:]*]]: tensor<32xf32>
// CHECK-DAG: %[[OA:.*]] = graph.leaf %[[OLD]][@p::@a]
// CHECK-DAG: %[[OB:.*]] = graph.leaf %[[OLD]][@p::@b]
// CHECK-DAG: %[[X:.*]] = graph.select %{{.*}}, %[[A]], %[[OA]] : tensor<16xf32>
// CHECK-DAG: %[[Y:.*]] = graph.select %{{.*}}, %[[B]], %[[OB]] : tensor<16xf32>
// CHECK: %[[P:.*]] = graph.pack @p leaves ["a", "b"](%[[X]], %[[Y]])
// CHECK-DAG: %[[V:.*]] = graph.select %{{.*}}, %[[OA]], %[[A]] : tensor<16xf32>
// CHECK-DAG: %[[W:.*]] = graph.select %{{.*}}, %[[OB]], %[[B]] : tensor<16xf32>
// CHECK: %[[Q:.*]] = graph.pack @p leaves ["a", "b"](%[[V]], %[[W]])
// CHECK: return %[[P]], %[[Q]]
func.func @select_of_pack(%c: tensor<i1>, %a: tensor<16xf32>, %b: tensor<16xf32>, %old: tensor<32xf32>) -> (tensor<32xf32>, tensor<32xf32>) {
  %p = graph.pack @p leaves ["a", "b"](%a, %b) : (tensor<16xf32>, tensor<16xf32>) -> tensor<32xf32>
  %q = graph.pack @p leaves ["a", "b"](%a, %b) : (tensor<16xf32>, tensor<16xf32>) -> tensor<32xf32>
  %all = graph.broadcast_in_dim %c dims [] shape [32] : tensor<i1> -> tensor<32xi1>
  %x = graph.select %all, %p, %old : tensor<32xf32>
  %y = graph.select %all, %old, %q : tensor<32xf32>
  return %x, %y : tensor<32xf32>, tensor<32xf32>
}

// What a branch only passes on needs no branch, whatever else it computes; scalars are chosen as arrays are.
// CHECK-LABEL: func.func @choice
// CHECK-SAME: (%[[C:.*]]: tensor<i1>, %[[X:.*]]: tensor<?x2xf32> {{.*}}, %[[Y:.*]]: tensor<?x2xf32> {{.*}}, %[[S:.*]]: tensor<f32>, %[[T:.*]]: tensor<f32>)
// CHECK: %[[MASK:.*]] = graph.broadcast_in_dim %[[C]] dims [] shape [n, 2] : tensor<i1> -> tensor<?x2xi1>
// CHECK: %[[CHOSEN:.*]] = graph.select %[[MASK]], %[[X]], %[[Y]] : tensor<?x2xf32>
// CHECK: %[[R:.*]]:2 = scf.if
// CHECK: %[[SCALAR:.*]] = graph.select %[[C]], %[[S]], %[[T]] : tensor<f32>
// CHECK: return %[[CHOSEN]], %[[R]]#1, %[[SCALAR]]
func.func @choice(%c: tensor<i1>, %x: tensor<?x2xf32> {graph.dims = [#graph.dim<n>, #graph.dim<2>]}, %y: tensor<?x2xf32> {graph.dims = [#graph.dim<n>, #graph.dim<2>]},
                  %s: tensor<f32>, %t: tensor<f32>) -> (tensor<?x2xf32>, tensor<?x2xf32>, tensor<f32>) {
  %flag = tensor.extract %c[] : tensor<i1>
  %r:2 = scf.if %flag -> (tensor<?x2xf32>, tensor<?x2xf32>) {
    %z = graph.add %x, %y : tensor<?x2xf32>
    scf.yield %x, %z : tensor<?x2xf32>, tensor<?x2xf32>
  } else {
    scf.yield %y, %y : tensor<?x2xf32>, tensor<?x2xf32>
  }
  %q = arith.select %flag, %s, %t : tensor<f32>
  return %r#0, %r#1, %q : tensor<?x2xf32>, tensor<?x2xf32>, tensor<f32>
}

// A C function is pure: equal calls are one, and one that nobody needs is none.
// CHECK-LABEL: func.func @program
// CHECK-SAME: (%[[X:.*]]: tensor<4xf32>)
// CHECK-NEXT: %[[Y:.*]] = graph.extern "f"(%[[X]])
// CHECK-NEXT: %[[Z:.*]] = graph.extern "f"(%[[Y]])
// CHECK-NEXT: return %[[Y]], %[[Y]], %[[Z]]
func.func @program(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %a = graph.extern "f"(%x) extents [] shapes [[4]] prototype "" : (tensor<4xf32>) -> tensor<4xf32>
  %unused = graph.extern "g"(%x) extents [] shapes [[4]] prototype "" : (tensor<4xf32>) -> tensor<4xf32>
  %b = graph.extern "f"(%x) extents [] shapes [[4]] prototype "" : (tensor<4xf32>) -> tensor<4xf32>
  %c = graph.extern "f"(%b) extents [] shapes [[4]] prototype "" : (tensor<4xf32>) -> tensor<4xf32>
  return %a, %b, %c : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}

// What stands under a condition is written only if that holds, and not into a copy: behind one another, under another shape, and blocks.
// CHECK-LABEL: func.func @select_of_writes
// CHECK-SAME: %[[C:[^:]*]]: tensor<i1>, %[[OLD:[^:]*]]: tensor<6x2xf32>, %[[I:[^:]*]]: tensor<4xi32>, %[[U:[^:]*]]: tensor<4xf32>, %[[B:[^:]*]]: tensor<1x2xf32>, %[[S:[^:]*]]: tensor<i32>
// CHECK-DAG: %[[FLAT:.*]] = graph.reshape %[[OLD]] shape [12]
// CHECK-DAG: %[[J:.*]] = graph.select %{{.*}}, %[[I]], %{{.*}} : tensor<4xi32>
// CHECK: %[[ONE:.*]] = graph.scatter %[[FLAT]], %[[J]], %[[U]] batch_dims 0
// CHECK: %[[TWO:.*]] = graph.scatter_add %[[ONE]], %[[J]], %[[U]] batch_dims 0
// CHECK: %[[ROWS:.*]] = graph.reshape %[[TWO]] shape [6, 2]
// CHECK: %[[THERE:.*]] = graph.dynamic_slice %[[ROWS]][%[[S]], %[[S]]] sizes [1, 2]
// CHECK: %[[D:.*]] = graph.select %{{.*}}, %[[B]], %[[THERE]] : tensor<1x2xf32>
// CHECK: %[[R:.*]] = graph.dynamic_update_slice %[[ROWS]], %[[D]][%[[S]], %[[S]]]
// CHECK: return %[[R]]
func.func @select_of_writes(%c: tensor<i1>, %old: tensor<6x2xf32>, %i: tensor<4xi32>, %u: tensor<4xf32>, %b: tensor<1x2xf32>, %s: tensor<i32>) -> tensor<6x2xf32> {
  %flat = graph.reshape %old shape [12] : tensor<6x2xf32> -> tensor<12xf32>
  %x = graph.scatter %flat, %i, %u batch_dims 0 : tensor<12xf32>, tensor<4xi32>, tensor<4xf32>
  %y = graph.scatter_add %x, %i, %u batch_dims 0 : tensor<12xf32>, tensor<4xi32>, tensor<4xf32>
  %rows = graph.reshape %y shape [6, 2] : tensor<12xf32> -> tensor<6x2xf32>
  %z = graph.dynamic_update_slice %rows, %b[%s, %s] : tensor<6x2xf32>, tensor<1x2xf32>, tensor<i32>, tensor<i32>
  %all = graph.broadcast_in_dim %c dims [] shape [6, 2] : tensor<i1> -> tensor<6x2xi1>
  %new = graph.select %all, %z, %old : tensor<6x2xf32>
  return %new : tensor<6x2xf32>
}

// Where what is written is needed in any case, or another array stands against it, a choice stays.
// CHECK-LABEL: func.func @select_of_used_write
// CHECK: graph.scatter %{{.*}}, %{{[^,]*}}, %{{.*}} batch_dims 0
// CHECK: graph.select %{{.*}} : tensor<6xf32>
// CHECK: graph.scatter
// CHECK: graph.select %{{.*}} : tensor<6xf32>
func.func @select_of_used_write(%c: tensor<i1>, %old: tensor<6xf32>, %other: tensor<6xf32>, %i: tensor<4xi32>, %u: tensor<4xf32>) -> (tensor<6xf32>, tensor<6xf32>, tensor<6xf32>) {
  %all = graph.broadcast_in_dim %c dims [] shape [6] : tensor<i1> -> tensor<6xi1>
  %x = graph.scatter %old, %i, %u batch_dims 0 : tensor<6xf32>, tensor<4xi32>, tensor<4xf32>
  %new = graph.select %all, %x, %old : tensor<6xf32>
  %y = graph.scatter %other, %i, %u batch_dims 0 : tensor<6xf32>, tensor<4xi32>, tensor<4xf32>
  %mixed = graph.select %all, %y, %old : tensor<6xf32>
  return %x, %new, %mixed : tensor<6xf32>, tensor<6xf32>, tensor<6xf32>
}
