// RUN: costate-opt %s --fuse-expand-graph | FileCheck %s

// The value and its derivative share the exponentials.
// CHECK-LABEL: func.func @exponentials
// CHECK:       %[[L:.*]] = graph.reduce_max %[[X:.*]] axes [1]
// CHECK:       %[[F:.*]] = graph.compare LT
// CHECK:       %[[M:.*]] = graph.select %[[F]], %[[L]],
// CHECK:       %[[E:.*]] = graph.exponential
// CHECK:       %[[S:.*]] = graph.reduce_sum %[[E]] axes [1]
// CHECK-NOT:   graph.exponential
// CHECK:       %[[G:.*]] = graph.log %[[S]]
// CHECK:       graph.add %[[M]], %[[G]]
// CHECK:       %[[R:.*]] = graph.divide %{{.*}}, %[[S]]
// CHECK:       %[[D:.*]] = graph.select %[[F]], %[[R]],
// CHECK:       %[[B:.*]] = graph.broadcast_in_dim %[[D]]
// CHECK:       graph.multiply %[[E]], %[[B]]
func.func @exponentials(%x: tensor<?x10xf32> {graph.dims = [#graph.dim<n>, #graph.dim<10>]}) -> (tensor<?xf32>, tensor<?x10xf32>) {
  %l = graph.logsumexp %x axes [1] : tensor<?x10xf32> -> tensor<?xf32>
  %s = graph.softmax %x axes [1] : tensor<?x10xf32>
  return %l, %s : tensor<?xf32>, tensor<?x10xf32>
}

// CHECK-LABEL: func.func @top_k
// CHECK-NEXT: %{{.*}}, %[[I:.*]] = graph.top_k %{{.*}} k 3 : tensor<4x8xf32> -> tensor<4x3xf32>, tensor<4x3xi32>
// CHECK-NEXT: graph.convert %[[I]] : tensor<4x3xi32> -> tensor<4x3xi64>
func.func @top_k(%x: tensor<4x8xf32>) -> tensor<4x3xi64> {
  %v, %i = graph.top_k %x k 3 : tensor<4x8xf32> -> tensor<4x3xf32>, tensor<4x3xi64>
  return %i : tensor<4x3xi64>
}

// What the runtime has no sort for is sorted by a wider key.
// CHECK-LABEL: func.func @narrow_keys
// CHECK-NEXT: %[[K:.*]] = graph.convert %{{.*}} : tensor<8xui8> -> tensor<8xi32>
// CHECK-NEXT: %[[S:.*]]:3 = graph.sort %[[K]], %{{.*}}, %{{.*}} axis 0
// CHECK-NEXT: return %[[S]]#1, %[[S]]#2
func.func @narrow_keys(%k: tensor<8xui8>, %v: tensor<8xf32>) -> (tensor<8xui8>, tensor<8xf32>) {
  %a, %b = graph.sort %k, %v axis 0 : (tensor<8xui8>, tensor<8xf32>) -> (tensor<8xui8>, tensor<8xf32>)
  return %a, %b : tensor<8xui8>, tensor<8xf32>
}

// Differences with m + log(s) take m first, also where it is repeated along the rows.
// CHECK-LABEL: func.func @differences
// CHECK-SAME:  %[[X:[a-z0-9]+]]: tensor<?x10xf32>{{.*}}, %[[C:[a-z0-9]+]]: tensor<?xf32>
// CHECK:       %[[M:.*]] = graph.select
// CHECK:       %[[MB:.*]] = graph.broadcast_in_dim %[[M]]
// CHECK:       %[[B:.*]] = graph.subtract %[[X]], %[[MB]]
// CHECK:       graph.exponential %[[B]]
// CHECK:       %[[G:.*]] = graph.log
// CHECK:       %[[A:.*]] = graph.subtract %[[M]], %[[C]]
// CHECK:       %[[LOSS:.*]] = graph.add %[[A]], %[[G]]
// CHECK:       %[[GB:.*]] = graph.broadcast_in_dim %[[G]]
// CHECK:       %[[P:.*]] = graph.subtract %[[B]], %[[GB]]
// CHECK:       return %[[LOSS]], %[[P]]
func.func @differences(%x: tensor<?x10xf32> {graph.dims = [#graph.dim<n>, #graph.dim<10>]}, %chosen: tensor<?xf32> {graph.dims = [#graph.dim<n>]}) -> (tensor<?xf32>, tensor<?x10xf32>) {
  %l = graph.logsumexp %x axes [1] : tensor<?x10xf32> -> tensor<?xf32>
  %loss = graph.subtract %l, %chosen : tensor<?xf32>
  %b = graph.broadcast_in_dim %l dims [0] shape [n, 10] : tensor<?xf32> -> tensor<?x10xf32>
  %p = graph.subtract %x, %b : tensor<?x10xf32>
  return %loss, %p : tensor<?xf32>, tensor<?x10xf32>
}
