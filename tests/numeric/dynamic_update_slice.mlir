// RUN: costate-values %s

func.func @dynamic_update_slice_inside(%x: tensor<?x4xf32> {graph.dims = [#graph.dim<n>, #graph.dim<4>], check.value = dense<[[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0], [8.0, 9.0, 10.0, 11.0]]> : tensor<3x4xf32>},
                                       %u: tensor<2x2xf32> {check.value = dense<[[-1.0, -2.0], [-3.0, 0x7FC00000]]> : tensor<2x2xf32>},
                                       %i: tensor<i32> {check.value = dense<1> : tensor<i32>},
                                       %j: tensor<i32> {check.value = dense<0> : tensor<i32>})
    -> (tensor<?x4xf32> {check.close = dense<[[0.0, 1.0, 2.0, 3.0], [-1.0, -2.0, 6.0, 7.0], [-3.0, 0x7FF8000000000000, 10.0, 11.0]]> : tensor<3x4xf64>}) attributes {check.map} {
  %y = graph.dynamic_update_slice %x, %u[%i, %j] : tensor<?x4xf32>, tensor<2x2xf32>, tensor<i32>, tensor<i32>
  return %y : tensor<?x4xf32>
}

func.func @dynamic_update_slice_clamped(%x: tensor<?x4xf32> {graph.dims = [#graph.dim<n>, #graph.dim<4>], check.value = dense<[[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0], [8.0, 9.0, 10.0, 11.0]]> : tensor<3x4xf32>},
                                        %u: tensor<2x2xf32> {check.value = dense<[[-1.0, -2.0], [-3.0, 0x7FC00000]]> : tensor<2x2xf32>},
                                        %i: tensor<i64> {check.value = dense<99> : tensor<i64>},
                                        %j: tensor<i64> {check.value = dense<-99> : tensor<i64>})
    -> (tensor<?x4xf32> {check.close = dense<[[0.0, 1.0, 2.0, 3.0], [-1.0, -2.0, 6.0, 7.0], [-3.0, 0x7FF8000000000000, 10.0, 11.0]]> : tensor<3x4xf64>}) {
  %y = graph.dynamic_update_slice %x, %u[%i, %j] : tensor<?x4xf32>, tensor<2x2xf32>, tensor<i64>, tensor<i64>
  return %y : tensor<?x4xf32>
}

func.func @dynamic_update_slice_smooth(%x: tensor<?x4xf64> {graph.dims = [#graph.dim<n>, #graph.dim<4>], check.random = [-1.0, 1.0], check.shape = array<i64: 3, 4>},
                                       %u: tensor<2x?xf64> {graph.dims = [#graph.dim<2>, #graph.dim<m>], check.random = [-1.0, 1.0], check.shape = array<i64: 2, 2>},
                                       %i: tensor<i32> {check.value = dense<1> : tensor<i32>},
                                       %j: tensor<i32> {check.value = dense<3> : tensor<i32>})
    -> (tensor<?x4xf64>) attributes {check.gradient, check.second, check.map} {
  %y = graph.dynamic_update_slice %x, %u[%i, %j] : tensor<?x4xf64>, tensor<2x?xf64>, tensor<i32>, tensor<i32>
  return %y : tensor<?x4xf64>
}

func.func @dynamic_update_slice_empty(%x: tensor<3xi32> {check.value = dense<[1, 2, 3]> : tensor<3xi32>},
                                      %u: tensor<?xi32> {graph.dims = [#graph.dim<n>], check.random = [0.0, 1.0], check.shape = array<i64: 0>},
                                      %i: tensor<i32> {check.value = dense<1> : tensor<i32>})
    -> (tensor<3xi32> {check.close = dense<[1, 2, 3]> : tensor<3xi32>}) {
  %y = graph.dynamic_update_slice %x, %u[%i] : tensor<3xi32>, tensor<?xi32>, tensor<i32>
  return %y : tensor<3xi32>
}
