// RUN: costate-opt %s --fuse | FileCheck %s

// A step of a small network: gradients by hand, then stochastic gradient descent. One kernel a contraction with what follows it at the same
// index, one for the update of the whole arena, in place; gradients are computed in their place of the pack; scalars are host arithmetic.
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK-NOT: {{[ =]}}graph.{{[a-z_]+}} %
// CHECK:     kernel.define @[[UPDATE:subtract.*]](%{{.*}}: f32, %[[F:.*]]: !kernel.buffer<336xf32>, %{{.*}}: !kernel.buffer<336xf32>) -> (!kernel.buffer<336xf32> tied %[[F]])
// CHECK:     func.func @train_step(%[[P:.*]]: memref<336xf32> {{{.*}}}, %[[T:.*]]: memref<i64> {{{.*}}}, %[[LR:.*]]: memref<f32> {{{.*}}}, %{{.*}}: memref<?x8xf32> {{{.*}}}, %{{.*}}: memref<?x1xf32> {{{.*}}}, %[[LOSS:.*]]: memref<f32> {optim.name = "loss", optim.role = "metric"}, %{{.*}}: memref<?xi8> {optim.role = "workspace"})
// CHECK-NOT: memref.alloc
// CHECK-NOT: memref.copy
// CHECK-COUNT-7: kernel.call
// CHECK-DAG: kernel.call @[[UPDATE]](%{{.*}}, %[[P]], %{{.*}}) outs(%[[P]])
// CHECK-DAG: memref.store %{{.*}}, %[[T]][] : memref<i64>
// CHECK-DAG: memref.store %{{.*}}, %[[LOSS]][] : memref<f32>
// CHECK:     return
// CHECK:     func.func private @train_step.workspace_size(%{{.*}}: index {graph.dim_name = "batch"}) -> index
optim.arena @f : f32 {
  optim.leaf "w1" [8, 32]
  optim.leaf "b1" [32]
  optim.leaf "w2" [32, 1]
  optim.leaf "b2" [1]
}
func.func @train_step(
    %f: tensor<336xf32> {optim.role = "param", optim.name = "f", optim.arena = @f},
    %t: tensor<i64> {optim.role = "state", optim.name = "t"},
    %lr: tensor<f32> {optim.role = "hyper", optim.name = "lr", optim.default = 1.0e-3 : f64},
    %x: tensor<?x8xf32> {optim.role = "input", optim.name = "x", graph.dims = [#graph.dim<batch>, #graph.dim<8>]},
    %y: tensor<?x1xf32> {optim.role = "target", optim.name = "y", graph.dims = [#graph.dim<batch>, #graph.dim<1>]})
    -> (tensor<336xf32> {optim.tied = 0 : i64}, tensor<i64> {optim.tied = 1 : i64}, tensor<f32> {optim.role = "metric", optim.name = "loss"})
    attributes {optim.entry} {
  %w1 = graph.leaf %f[@f::@w1] : tensor<336xf32> -> tensor<8x32xf32>
  %b1 = graph.leaf %f[@f::@b1] : tensor<336xf32> -> tensor<32xf32>
  %w2 = graph.leaf %f[@f::@w2] : tensor<336xf32> -> tensor<32x1xf32>
  %b2 = graph.leaf %f[@f::@b2] : tensor<336xf32> -> tensor<1xf32>
  %z1 = graph.dot_general %x, %w1 contracting [1] x [0] : tensor<?x8xf32>, tensor<8x32xf32> -> tensor<?x32xf32>
  %b1b = graph.broadcast_in_dim %b1 dims [1] shape [batch, 32] : tensor<32xf32> -> tensor<?x32xf32>
  %p1 = graph.add %z1, %b1b : tensor<?x32xf32>
  %zero = graph.constant dense<0.0> : tensor<f32>
  %zb = graph.broadcast_in_dim %zero dims [] shape [batch, 32] : tensor<f32> -> tensor<?x32xf32>
  %h = graph.maximum %p1, %zb : tensor<?x32xf32>
  %z2 = graph.dot_general %h, %w2 contracting [1] x [0] : tensor<?x32xf32>, tensor<32x1xf32> -> tensor<?x1xf32>
  %b2b = graph.broadcast_in_dim %b2 dims [1] shape [batch, 1] : tensor<1xf32> -> tensor<?x1xf32>
  %o = graph.add %z2, %b2b : tensor<?x1xf32>
  %d = graph.subtract %o, %y : tensor<?x1xf32>
  %sq = graph.multiply %d, %d : tensor<?x1xf32>
  %s = graph.reduce_sum %sq axes [0, 1] : tensor<?x1xf32> -> tensor<f32>
  %n = graph.extent <batch> : tensor<i64>
  %nf = graph.convert %n : tensor<i64> -> tensor<f32>
  %loss = graph.divide %s, %nf : tensor<f32>
  %two = graph.constant dense<2.0> : tensor<f32>
  %c = graph.divide %two, %nf : tensor<f32>
  %cb = graph.broadcast_in_dim %c dims [] shape [batch, 1] : tensor<f32> -> tensor<?x1xf32>
  %dz2 = graph.multiply %d, %cb : tensor<?x1xf32>
  %db2 = graph.reduce_sum %dz2 axes [0] : tensor<?x1xf32> -> tensor<1xf32>
  %dw2 = graph.dot_general %h, %dz2 contracting [0] x [0] : tensor<?x32xf32>, tensor<?x1xf32> -> tensor<32x1xf32>
  %w2t = graph.transpose %w2 permutation [1, 0] : tensor<32x1xf32> -> tensor<1x32xf32>
  %dh = graph.dot_general %dz2, %w2t contracting [1] x [0] : tensor<?x1xf32>, tensor<1x32xf32> -> tensor<?x32xf32>
  %pos = graph.compare GT, %p1, %zb : tensor<?x32xf32>
  %dp1 = graph.select %pos, %dh, %zb : tensor<?x32xf32>
  %db1 = graph.reduce_sum %dp1 axes [0] : tensor<?x32xf32> -> tensor<32xf32>
  %dw1 = graph.dot_general %x, %dp1 contracting [0] x [0] : tensor<?x8xf32>, tensor<?x32xf32> -> tensor<8x32xf32>
  %g = graph.pack @f leaves ["w1", "b1", "w2", "b2"](%dw1, %db1, %dw2, %db2) : (tensor<8x32xf32>, tensor<32xf32>, tensor<32x1xf32>, tensor<1xf32>) -> tensor<336xf32>
  %lrb = graph.broadcast_in_dim %lr dims [] shape [336] : tensor<f32> -> tensor<336xf32>
  %step = graph.multiply %g, %lrb : tensor<336xf32>
  %f1 = graph.subtract %f, %step : tensor<336xf32>
  %one = graph.constant dense<1> : tensor<i64>
  %t1 = graph.add %t, %one : tensor<i64>
  return %f1, %t1, %loss : tensor<336xf32>, tensor<i64>, tensor<f32>
}
