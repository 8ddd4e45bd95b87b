// RUN: costate-opt %s --fuse-block-contractions | FileCheck %s

// CHECK-LABEL: func.func @blocks
// CHECK-SAME: (%[[X:.*]]: tensor<64x8000xf32>, %[[Y:.*]]: tensor<64x8000xf32>)
// CHECK: %[[SUM:.*]] = scf.for %[[I:.*]] = %c0{{.*}} to %c4{{.*}} iter_args(%[[SO:.*]] = {{.*}})
// CHECK: arith.muli %[[I]], %c2000
// CHECK: %[[A:.*]] = graph.dynamic_slice %[[X]][{{.*}}] sizes [64, 2000]
// CHECK: %[[B:.*]] = graph.dynamic_slice %[[Y]][{{.*}}] sizes [64, 2000]
// CHECK: %[[PART:.*]] = graph.dot_general %[[A]], %[[B]] contracting [1] x [1]
// CHECK: graph.add %[[SO]], %[[PART]]
// CHECK: return %[[SUM]]
func.func @blocks(%x: tensor<64x8000xf32>, %y: tensor<64x8000xf32>) -> tensor<64x64xf32> {
  %z = graph.dot_general %x, %y contracting [1] x [1] : tensor<64x8000xf32>, tensor<64x8000xf32> -> tensor<64x64xf32>
  return %z : tensor<64x64xf32>
}

// 4099 is prime: two blocks and a rest of 3.
// CHECK-LABEL: func.func @rest
// CHECK: scf.for
// CHECK: sizes [64, 2048]
// CHECK: graph.dynamic_slice {{.*}} sizes [64, 3]
// CHECK: graph.dot_general
// CHECK: graph.add
func.func @rest(%x: tensor<64x4099xf32>, %y: tensor<4099x64xf32>) -> tensor<64x64xf32> {
  %z = graph.dot_general %x, %y contracting [1] x [0] : tensor<64x4099xf32>, tensor<4099x64xf32> -> tensor<64x64xf32>
  return %z : tensor<64x64xf32>
}

// A panel that few rows read is read once anyway; a depth that has a name may be short.
// CHECK-LABEL: func.func @few
// CHECK-NOT: scf.for
func.func @few(%x: tensor<8x8000xf32>, %y: tensor<8000x64xf32>, %u: tensor<?x64xf32> {graph.dims = [#graph.dim<n>, #graph.dim<64>]}) -> (tensor<8x64xf32>, tensor<64x64xf32>) {
  %z = graph.dot_general %x, %y contracting [1] x [0] : tensor<8x8000xf32>, tensor<8000x64xf32> -> tensor<8x64xf32>
  %g = graph.dot_general %u, %u contracting [0] x [0] : tensor<?x64xf32>, tensor<?x64xf32> -> tensor<64x64xf32>
  return %z, %g : tensor<8x64xf32>, tensor<64x64xf32>
}

// A vector has no panel: its products with rows are sums over lanes, as all rows are.
// CHECK-LABEL: func.func @rows
// CHECK-SAME: (%[[A:[a-z0-9]+]]: tensor<?x200xf32> {{.*}}, %[[X:[a-z0-9]+]]: tensor<200xf32>)
// CHECK: %[[B:.*]] = graph.broadcast_in_dim %[[X]] dims [1]
// CHECK: %[[P:.*]] = graph.multiply %[[A]], %[[B]]
// CHECK: graph.reduce_sum %[[P]] axes [1]
func.func @rows(%a: tensor<?x200xf32> {graph.dims = [#graph.dim<n>, #graph.dim<200>]}, %x: tensor<200xf32>) -> tensor<?xf32> {
  %y = graph.dot_general %a, %x contracting [1] x [0] : tensor<?x200xf32>, tensor<200xf32> -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// The same from the left, for each of a batch; few elements, and columns, stay as they are.
// CHECK-LABEL: func.func @batch
// CHECK: graph.reduce_sum {{.*}} axes [2] : tensor<5x9x64xf32> -> tensor<5x9xf32>
// CHECK: graph.dot_general
// CHECK: graph.dot_general
func.func @batch(%x: tensor<5x64xf32>, %a: tensor<5x9x64xf32>, %b: tensor<5x64x9xf32>, %c: tensor<7x3xf32>, %d: tensor<3xf32>) -> (tensor<5x9xf32>, tensor<5x9xf32>, tensor<7xf32>) {
  %y = graph.dot_general %x, %a batching [0] x [0] contracting [1] x [2] : tensor<5x64xf32>, tensor<5x9x64xf32> -> tensor<5x9xf32>
  %z = graph.dot_general %x, %b batching [0] x [0] contracting [1] x [1] : tensor<5x64xf32>, tensor<5x64x9xf32> -> tensor<5x9xf32>
  %w = graph.dot_general %c, %d contracting [1] x [0] : tensor<7x3xf32>, tensor<3xf32> -> tensor<7xf32>
  return %y, %z, %w : tensor<5x9xf32>, tensor<5x9xf32>, tensor<7xf32>
}
