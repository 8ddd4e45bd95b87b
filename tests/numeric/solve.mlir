// RUN: costate-values %s

func.func @solve(%a: tensor<?x3x3xf64> {graph.dims = [#graph.dim<n>, #graph.dim<3>, #graph.dim<3>], check.value = dense<[[[1.0, 2.0, 4.0], [4.0, 2.0, 1.0], [2.0, 5.0, 3.0]], [[2.0, -1.0, 0.0], [-1.0, 3.0, 0.5], [0.0, 4.0, 1.0]]]> : tensor<2x3x3xf64>},
                 %b: tensor<?x3x2xf64> {graph.dims = [#graph.dim<n>, #graph.dim<3>, #graph.dim<2>], check.value = dense<[[[1.0, 2.0], [3.0, -1.0], [0.5, 4.0]], [[2.0, 0.0], [1.0, 1.0], [-3.0, 2.0]]]> : tensor<2x3x2xf64>})
    -> (tensor<?x3x2xf64> {check.close = dense<[[[0.8888888888888888, -0.8], [-0.3888888888888889, 1.0], [0.22222222222222224, 0.2]], [[4.5, 0.0], [7.0, 0.0], [-31.0, 2.0]]]> : tensor<2x3x2xf64>}) attributes {check.gradient, check.second, check.map} {
  %x = graph.solve %a, %b : tensor<?x3x3xf64>, tensor<?x3x2xf64>
  return %x : tensor<?x3x2xf64>
}

func.func @solve_transpose(%a: tensor<?x3x3xf64> {graph.dims = [#graph.dim<n>, #graph.dim<3>, #graph.dim<3>], check.value = dense<[[[1.0, 2.0, 4.0], [4.0, 2.0, 1.0], [2.0, 5.0, 3.0]], [[2.0, -1.0, 0.0], [-1.0, 3.0, 0.5], [0.0, 4.0, 1.0]]]> : tensor<2x3x3xf64>},
                 %b: tensor<?x3x2xf64> {graph.dims = [#graph.dim<n>, #graph.dim<3>, #graph.dim<2>], check.value = dense<[[[1.0, 2.0], [3.0, -1.0], [0.5, 4.0]], [[2.0, 0.0], [1.0, 1.0], [-3.0, 2.0]]]> : tensor<2x3x2xf64>})
    -> (tensor<?x3x2xf64> {check.close = dense<[[[-0.4666666666666667, 1.688888888888889], [-0.033333333333333305, 0.6444444444444444], [0.7999999999999999, -1.1333333333333333]], [[15.000000000000004, -7.000000000000002], [28.000000000000007, -14.000000000000004], [-17.000000000000004, 9.000000000000002]]]> : tensor<2x3x2xf64>}) attributes {check.gradient, check.second, check.map} {
  %x = graph.solve %a, %b transpose : tensor<?x3x3xf64>, tensor<?x3x2xf64>
  return %x : tensor<?x3x2xf64>
}

func.func @solve_f32(%a: tensor<2x2xf32> {check.value = dense<[[0.0, 2.0], [4.0, 1.0]]> : tensor<2x2xf32>},
                     %b: tensor<2x1xf32> {check.value = dense<[[3.0], [2.0]]> : tensor<2x1xf32>})
    -> (tensor<2x1xf32> {check.close = dense<[[0.125], [1.5]]> : tensor<2x1xf64>}) attributes {check.gradient} {
  %x = graph.solve %a, %b : tensor<2x2xf32>, tensor<2x1xf32>
  return %x : tensor<2x1xf32>
}

func.func @solve_none(%a: tensor<2x2xf32> {check.value = dense<[[1.0, 0.0], [1.0, 1.0]]> : tensor<2x2xf32>},
                      %b: tensor<2x?xf32> {graph.dims = [#graph.dim<2>, #graph.dim<n>], check.random = [0.0, 1.0], check.shape = array<i64: 2, 0>})
    -> (tensor<2x?xf32> {check.close = dense<> : tensor<2x0xf64>}) {
  %x = graph.solve %a, %b transpose : tensor<2x2xf32>, tensor<2x?xf32>
  return %x : tensor<2x?xf32>
}
