// RUN: costate-values %s

// The first factor is not read.
func.func @linear_recurrence_values(%a: tensor<?x4xf32> {graph.dims = [#graph.dim<n>, #graph.dim<4>], check.value = dense<[[0x7FC00000, 2.0, 0.0, -1.0], [0.5, 0.5, 0.5, 0x7F800000]]> : tensor<2x4xf32>},
                                    %b: tensor<?x4xf32> {graph.dims = [#graph.dim<n>, #graph.dim<4>], check.value = dense<[[1.0, 2.0, -3.0, 4.0], [8.0, 0.0, -2.0, 1.0]]> : tensor<2x4xf32>})
    -> (tensor<?x4xf32> {check.close = dense<[[1.0, 4.0, -3.0, 7.0], [8.0, 4.0, 0.0, 0x7FF8000000000000]]> : tensor<2x4xf64>}, tensor<?x4xf32> {check.close = dense<[[0x7FF8000000000000, -4.0, -3.0, 4.0], [7.625, -0.75, -1.5, 1.0]]> : tensor<2x4xf64>}, tensor<?x4xf32> {check.close = dense<[[1.0, 2.0, -3.0, 4.0], [8.5, 1.0, -3.5, 0x7FF0000000000000]]> : tensor<2x4xf64>}) {
  %y = graph.linear_recurrence %a, %b axis 1 : tensor<?x4xf32>
  %r = graph.linear_recurrence %a, %b axis 1 reverse : tensor<?x4xf32>
  %c = graph.linear_recurrence %a, %b axis 0 : tensor<?x4xf32>
  return %y, %r, %c : tensor<?x4xf32>, tensor<?x4xf32>, tensor<?x4xf32>
}

// Zeros among the factors: the derivatives divide by nothing.
func.func @linear_recurrence_smooth(%a: tensor<2x?x2xf64> {graph.dims = [#graph.dim<2>, #graph.dim<n>, #graph.dim<2>], check.value = dense<[[[0.5, 2.0], [0.0, 1.0], [1.5, 0.0], [0.75, 0.0]], [[1.0, 0.0], [2.0, -1.0], [3.0, -2.0], [0.0, -3.0]]]> : tensor<2x4x2xf64>},
                                    %b: tensor<2x?x2xf64> {graph.dims = [#graph.dim<2>, #graph.dim<n>, #graph.dim<2>], check.random = [-2.0, 2.0], check.shape = array<i64: 2, 4, 2>})
    -> (tensor<2x?x2xf64>) attributes {check.gradient, check.second, check.map} {
  %y = graph.linear_recurrence %a, %b axis 1 : tensor<2x?x2xf64>
  return %y : tensor<2x?x2xf64>
}

func.func @linear_recurrence_smooth_reverse(%a: tensor<2x?x2xf64> {graph.dims = [#graph.dim<2>, #graph.dim<n>, #graph.dim<2>], check.random = [-2.0, 2.0], check.shape = array<i64: 2, 3, 2>},
                                            %b: tensor<2x?x2xf64> {graph.dims = [#graph.dim<2>, #graph.dim<n>, #graph.dim<2>], check.random = [-2.0, 2.0], check.shape = array<i64: 2, 3, 2>})
    -> (tensor<2x?x2xf64>) attributes {check.gradient, check.second, check.map} {
  %y = graph.linear_recurrence %a, %b axis 1 reverse : tensor<2x?x2xf64>
  return %y : tensor<2x?x2xf64>
}

func.func @linear_recurrence_i32(%a: tensor<3xi32> {check.value = dense<[7, 2, 65536]> : tensor<3xi32>}, %b: tensor<3xi32> {check.value = dense<[16384, 0, -1]> : tensor<3xi32>})
    -> (tensor<3xi32> {check.close = dense<[16384, 32768, 2147483647]> : tensor<3xi32>}) attributes {check.map} {
  %y = graph.linear_recurrence %a, %b axis 0 : tensor<3xi32>
  return %y : tensor<3xi32>
}

func.func @linear_recurrence_empty(%a: tensor<?x2xf32> {graph.dims = [#graph.dim<n>, #graph.dim<2>], check.random = [0.0, 1.0], check.shape = array<i64: 0, 2>}, %b: tensor<?x2xf32> {graph.dims = [#graph.dim<n>, #graph.dim<2>], check.random = [0.0, 1.0], check.shape = array<i64: 0, 2>})
    -> (tensor<?x2xf32> {check.close = dense<> : tensor<0x2xf64>}) {
  %y = graph.linear_recurrence %a, %b axis 0 : tensor<?x2xf32>
  return %y : tensor<?x2xf32>
}
