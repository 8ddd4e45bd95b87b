// RUN: costate-values %s

func.func @dynamic_slice_inside(%x: tensor<?x4xf32> {graph.dims = [#graph.dim<n>, #graph.dim<4>], check.value = dense<[[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0], [8.0, 9.0, 10.0, 11.0]]> : tensor<3x4xf32>},
                                %i: tensor<i32> {check.value = dense<1> : tensor<i32>},
                                %j: tensor<i32> {check.value = dense<0> : tensor<i32>})
    -> (tensor<2x3xf32> {check.close = dense<[[4.0, 5.0, 6.0], [8.0, 9.0, 10.0]]> : tensor<2x3xf64>}) attributes {check.map} {
  %y = graph.dynamic_slice %x[%i, %j] sizes [2, 3] : tensor<?x4xf32>, tensor<i32>, tensor<i32> -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

// A start is clamped so that the block lies inside.
func.func @dynamic_slice_clamped(%x: tensor<?x4xf32> {graph.dims = [#graph.dim<n>, #graph.dim<4>], check.value = dense<[[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0], [8.0, 9.0, 10.0, 11.0]]> : tensor<3x4xf32>},
                                 %i: tensor<i32> {check.value = dense<5> : tensor<i32>},
                                 %j: tensor<i32> {check.value = dense<-3> : tensor<i32>})
    -> (tensor<2x3xf32> {check.close = dense<[[4.0, 5.0, 6.0], [8.0, 9.0, 10.0]]> : tensor<2x3xf64>}) {
  %y = graph.dynamic_slice %x[%i, %j] sizes [2, 3] : tensor<?x4xf32>, tensor<i32>, tensor<i32> -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}

func.func @dynamic_slice_smooth(%x: tensor<?x4xf64> {graph.dims = [#graph.dim<n>, #graph.dim<4>], check.random = [-1.0, 1.0], check.shape = array<i64: 3, 4>},
                                %i: tensor<i32> {check.value = dense<0> : tensor<i32>},
                                %j: tensor<i32> {check.value = dense<9> : tensor<i32>})
    -> (tensor<2x3xf64>) attributes {check.gradient, check.second, check.map} {
  %y = graph.dynamic_slice %x[%i, %j] sizes [2, 3] : tensor<?x4xf64>, tensor<i32>, tensor<i32> -> tensor<2x3xf64>
  return %y : tensor<2x3xf64>
}

func.func @dynamic_slice_whole(%x: tensor<?xi64> {graph.dims = [#graph.dim<n>], check.value = dense<[4, 5, 6]> : tensor<3xi64>},
                               %i: tensor<i64> {check.value = dense<1> : tensor<i64>})
    -> (tensor<?xi64> {check.close = dense<[4, 5, 6]> : tensor<3xi64>}, tensor<0xi64> {check.close = dense<> : tensor<0xi64>}) attributes {check.map} {
  %y = graph.dynamic_slice %x[%i] sizes [n] : tensor<?xi64>, tensor<i64> -> tensor<?xi64>
  %z = graph.dynamic_slice %x[%i] sizes [0] : tensor<?xi64>, tensor<i64> -> tensor<0xi64>
  return %y, %z : tensor<?xi64>, tensor<0xi64>
}
