// RUN: costate-values %s

func.func @concatenate_values(%x: tensor<?x2xf32> {graph.dims = [#graph.dim<n>, #graph.dim<2>], check.value = dense<[[1.0, 0x7FC00000]]> : tensor<1x2xf32>},
                              %y: tensor<?x1xf32> {graph.dims = [#graph.dim<n>, #graph.dim<1>], check.value = dense<[[-0.0]]> : tensor<1x1xf32>},
                              %z: tensor<2x2xf32> {check.value = dense<[[5.0, 6.0], [7.0, 8.0]]> : tensor<2x2xf32>})
    -> (tensor<?x5xf32> {check.close = dense<[[1.0, 0x7FF8000000000000, -0.0, 1.0, 0x7FF8000000000000]]> : tensor<1x5xf64>}, tensor<?x2xf32> {check.close = dense<[[5.0, 6.0], [7.0, 8.0], [1.0, 0x7FF8000000000000]]> : tensor<3x2xf64>}) attributes {check.map} {
  %a = graph.concatenate %x, %y, %x axis 1 : (tensor<?x2xf32>, tensor<?x1xf32>, tensor<?x2xf32>) -> tensor<?x5xf32>
  %b = graph.concatenate %z, %x axis 0 : (tensor<2x2xf32>, tensor<?x2xf32>) -> tensor<?x2xf32>
  return %a, %b : tensor<?x5xf32>, tensor<?x2xf32>
}

func.func @concatenate_smooth(%x: tensor<?x2xf64> {graph.dims = [#graph.dim<n>, #graph.dim<2>], check.random = [-1.0, 1.0], check.shape = array<i64: 2, 2>},
                              %y: tensor<?x1xf64> {graph.dims = [#graph.dim<n>, #graph.dim<1>], check.random = [-1.0, 1.0], check.shape = array<i64: 2, 1>})
    -> (tensor<?x3xf64>) attributes {check.gradient, check.second, check.map} {
  %a = graph.concatenate %x, %y axis 1 : (tensor<?x2xf64>, tensor<?x1xf64>) -> tensor<?x3xf64>
  return %a : tensor<?x3xf64>
}

func.func @concatenate_empty(%x: tensor<?xi32> {graph.dims = [#graph.dim<n>], check.random = [0.0, 1.0], check.shape = array<i64: 0>},
                             %y: tensor<2xi32> {check.value = dense<[4, 5]> : tensor<2xi32>})
    -> (tensor<?xi32> {check.close = dense<[4, 5]> : tensor<2xi32>}) {
  %a = graph.concatenate %x, %y, %x axis 0 : (tensor<?xi32>, tensor<2xi32>, tensor<?xi32>) -> tensor<?xi32>
  return %a : tensor<?xi32>
}

// A part that is known to be empty begins behind the last element, which is not read, though all parts are computed where one is chosen.
func.func @concatenate_empty_part(%x: tensor<3x11xf64> {check.random = [-1.0, 1.0]}) -> (tensor<3x11xf64>, tensor<3x11xf64>, tensor<3x11xf64>) attributes {check.gradient} {
  %first = graph.slice %x starts [0, 0] sizes [3, 1] strides [1, 1] : tensor<3x11xf64> -> tensor<3x1xf64>
  %rest = graph.slice %x starts [0, 1] sizes [3, 10] strides [1, 1] : tensor<3x11xf64> -> tensor<3x10xf64>
  %none = graph.slice %x starts [0, 11] sizes [3, 0] strides [1, 1] : tensor<3x11xf64> -> tensor<3x0xf64>
  %waves = graph.sine %rest : tensor<3x10xf64>
  %y = graph.concatenate %waves, %first, %none axis 1 : (tensor<3x10xf64>, tensor<3x1xf64>, tensor<3x0xf64>) -> tensor<3x11xf64>
  %first1 = graph.slice %y starts [0, 0] sizes [3, 1] strides [1, 1] : tensor<3x11xf64> -> tensor<3x1xf64>
  %rest1 = graph.slice %y starts [0, 1] sizes [3, 10] strides [1, 1] : tensor<3x11xf64> -> tensor<3x10xf64>
  %none1 = graph.slice %y starts [0, 11] sizes [3, 0] strides [1, 1] : tensor<3x11xf64> -> tensor<3x0xf64>
  %waves1 = graph.sine %rest1 : tensor<3x10xf64>
  %z = graph.concatenate %waves1, %first1, %none1 axis 1 : (tensor<3x10xf64>, tensor<3x1xf64>, tensor<3x0xf64>) -> tensor<3x11xf64>
  %s = graph.multiply %z, %y : tensor<3x11xf64>
  return %y, %z, %s : tensor<3x11xf64>, tensor<3x11xf64>, tensor<3x11xf64>
}
