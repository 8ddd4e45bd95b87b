// RUN: costate-opt --plugin=%plugin --centralise-gradients %s | FileCheck %s

// The optimizer reads the centralised gradient; a bias, and whatever has no inputs, keeps its own.
// CHECK-LABEL: func.func @train_step
// CHECK:       %[[G:.*]]:2 = graph.vjp @loss
// CHECK:       %[[W:.*]] = graph.leaf %[[G]]#1[@f::@w] : tensor<80xf32> -> tensor<8x8xf32>
// CHECK:       %[[S:.*]] = graph.reduce_sum %[[W]] axes [0]
// CHECK:       graph.constant dense<1.250000e-01>
// CHECK:       %[[M:.*]] = graph.multiply %[[S]],
// CHECK:       %[[R:.*]] = graph.broadcast_in_dim %[[M]] dims [1]
// CHECK:       %[[C:.*]] = graph.subtract %[[W]], %[[R]]
// CHECK:       %[[B:.*]] = graph.leaf %[[G]]#1[@f::@b]
// CHECK:       %[[P:.*]] = graph.pack @f leaves ["w", "b"](%[[C]], %[[B]])
// CHECK:       graph.subtract %{{.*}}, %[[P]]
optim.arena @f : f32 {
  optim.leaf "w" [8, 8]
  optim.leaf "b" [8]
}
func.func private @loss(%f: tensor<80xf32> {optim.arena = @f}) -> tensor<f32> {
  %w = graph.leaf %f[@f::@w] : tensor<80xf32> -> tensor<8x8xf32>
  %s = graph.reduce_sum %w axes [0, 1] : tensor<8x8xf32> -> tensor<f32>
  return %s : tensor<f32>
}
func.func @train_step(%f: tensor<80xf32> {optim.arena = @f, optim.name = "f", optim.role = "param"}) -> (tensor<80xf32> {optim.tied = 0 : i64}) attributes {optim.entry} {
  %one = graph.constant dense<1.0> : tensor<f32>
  %loss, %df = graph.vjp @loss(%f) wrt [0] from(%one) : (tensor<80xf32>, tensor<f32>) -> (tensor<f32>, tensor<80xf32>)
  %new = graph.subtract %f, %df : tensor<80xf32>
  return %new : tensor<80xf32>
}
