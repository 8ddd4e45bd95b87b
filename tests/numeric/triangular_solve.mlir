// RUN: costate-values %s

func.func @triangular_solve(%a: tensor<?x3x3xf64> {graph.dims = [#graph.dim<n>, #graph.dim<3>, #graph.dim<3>], check.value = dense<[[[4.0, 0.0, 0.0], [2.0, 5.0, 0.0], [1.0, 3.0, 6.0]], [[2.0, 0.0, 0.0], [-1.0, 3.0, 0.0], [0.0, 0.5, 1.0]]]> : tensor<2x3x3xf64>},
                            %b: tensor<?x3x2xf64> {graph.dims = [#graph.dim<n>, #graph.dim<3>, #graph.dim<2>], check.value = dense<[[[1.0, 2.0], [3.0, -1.0], [0.5, 4.0]], [[2.0, 0.0], [1.0, 1.0], [-3.0, 2.0]]]> : tensor<2x3x2xf64>})
    -> (tensor<?x3x2xf64> {check.close = dense<[[[0.25, 0.5], [0.5, -0.4], [-0.20833333333333337, 0.7833333333333333]], [[1.0, 0.0], [0.6666666666666666, 0.3333333333333333], [-3.3333333333333335, 1.8333333333333333]]]> : tensor<2x3x2xf64>}) attributes {check.gradient, check.second, check.map} {
  %x = graph.triangular_solve %a, %b : tensor<?x3x3xf64>, tensor<?x3x2xf64>
  return %x : tensor<?x3x2xf64>
}

// The upper triangle is not read.
func.func @triangular_solve_lower(%a: tensor<3x3xf32> {check.value = dense<[[4.0, 99.0, 0x7FC00000], [2.0, 5.0, -7.0], [1.0, 3.0, 6.0]]> : tensor<3x3xf32>},
                                  %b: tensor<3x1xf32> {check.value = dense<[[1.0], [2.0], [3.0]]> : tensor<3x1xf32>})
    -> (tensor<3x1xf32> {check.close = dense<[[0.25], [0.3], [0.3083333333333333]]> : tensor<3x1xf64>}) {
  %x = graph.triangular_solve %a, %b : tensor<3x3xf32>, tensor<3x1xf32>
  return %x : tensor<3x1xf32>
}

func.func @triangular_solve_transpose(%a: tensor<?x3x3xf64> {graph.dims = [#graph.dim<n>, #graph.dim<3>, #graph.dim<3>], check.value = dense<[[[4.0, 0.0, 0.0], [2.0, 5.0, 0.0], [1.0, 3.0, 6.0]], [[2.0, 0.0, 0.0], [-1.0, 3.0, 0.0], [0.0, 0.5, 1.0]]]> : tensor<2x3x3xf64>},
                                      %b: tensor<?x3x2xf64> {graph.dims = [#graph.dim<n>, #graph.dim<3>, #graph.dim<2>], check.value = dense<[[[1.0, 2.0], [3.0, -1.0], [0.5, 4.0]], [[2.0, 0.0], [1.0, 1.0], [-3.0, 2.0]]]> : tensor<2x3x2xf64>})
    -> (tensor<?x3x2xf64> {check.close = dense<[[[-0.045833333333333365, 0.6333333333333334], [0.55, -0.6000000000000001], [0.08333333333333333, 0.6666666666666666]], [[1.4166666666666665, 0.0], [0.8333333333333333, 0.0], [-3.0, 2.0]]]> : tensor<2x3x2xf64>}) attributes {check.gradient, check.second, check.map} {
  %x = graph.triangular_solve %a, %b transpose : tensor<?x3x3xf64>, tensor<?x3x2xf64>
  return %x : tensor<?x3x2xf64>
}

// The upper triangle is not read.
func.func @triangular_solve_transpose_lower(%a: tensor<3x3xf32> {check.value = dense<[[4.0, 99.0, 0x7FC00000], [2.0, 5.0, -7.0], [1.0, 3.0, 6.0]]> : tensor<3x3xf32>},
                                            %b: tensor<3x1xf32> {check.value = dense<[[1.0], [2.0], [3.0]]> : tensor<3x1xf32>})
    -> (tensor<3x1xf32> {check.close = dense<[[0.075], [0.1], [0.5]]> : tensor<3x1xf64>}) {
  %x = graph.triangular_solve %a, %b transpose : tensor<3x3xf32>, tensor<3x1xf32>
  return %x : tensor<3x1xf32>
}

func.func @triangular_solve_empty(%a: tensor<2x2xf32> {check.value = dense<[[1.0, 0.0], [1.0, 1.0]]> : tensor<2x2xf32>},
                                  %b: tensor<2x?xf32> {graph.dims = [#graph.dim<2>, #graph.dim<n>], check.random = [0.0, 1.0], check.shape = array<i64: 2, 0>})
    -> (tensor<2x?xf32> {check.close = dense<> : tensor<2x0xf64>}) {
  %x = graph.triangular_solve %a, %b : tensor<2x2xf32>, tensor<2x?xf32>
  return %x : tensor<2x?xf32>
}

func.func @triangular_solve_upper(%a: tensor<3x3xf64> {check.value = dense<[[4.0, 1.0, -2.0], [9.0, 5.0, 3.0], [7.0, -8.0, 6.0]]> : tensor<3x3xf64>}, %b: tensor<3x2xf64> {check.value = dense<[[1.0, 2.0], [3.0, -1.0], [0.5, 4.0]]> : tensor<3x2xf64>})
    -> (tensor<3x2xf64> {check.close = dense<[[0.15416666666666667, 0.9833333333333333], [0.55, -0.6000000000000001], [0.08333333333333333, 0.6666666666666666]]> : tensor<3x2xf64>}) attributes {check.gradient, check.second, check.map} {
  %x = graph.triangular_solve %a, %b upper : tensor<3x3xf64>, tensor<3x2xf64>
  return %x : tensor<3x2xf64>
}

func.func @triangular_solve_upper_transpose(%a: tensor<3x3xf64> {check.value = dense<[[4.0, 1.0, -2.0], [9.0, 5.0, 3.0], [7.0, -8.0, 6.0]]> : tensor<3x3xf64>}, %b: tensor<3x2xf64> {check.value = dense<[[1.0, 2.0], [3.0, -1.0], [0.5, 4.0]]> : tensor<3x2xf64>})
    -> (tensor<3x2xf64> {check.close = dense<[[0.25, 0.5], [0.55, -0.30000000000000004], [-0.10833333333333339, 0.9833333333333334]]> : tensor<3x2xf64>}) attributes {check.gradient, check.second, check.map} {
  %x = graph.triangular_solve %a, %b transpose upper : tensor<3x3xf64>, tensor<3x2xf64>
  return %x : tensor<3x2xf64>
}

func.func @triangular_solve_unit(%a: tensor<3x3xf64> {check.value = dense<[[4.0, 1.0, -2.0], [9.0, 5.0, 3.0], [7.0, -8.0, 6.0]]> : tensor<3x3xf64>}, %b: tensor<3x2xf64> {check.value = dense<[[1.0, 2.0], [3.0, -1.0], [0.5, 4.0]]> : tensor<3x2xf64>})
    -> (tensor<3x2xf64> {check.close = dense<[[1.0, 2.0000000000000004], [-6.000000000000001, -19.000000000000004], [-54.500000000000014, -162.00000000000003]]> : tensor<3x2xf64>}) attributes {check.gradient, check.second, check.map} {
  %x = graph.triangular_solve %a, %b unit : tensor<3x3xf64>, tensor<3x2xf64>
  return %x : tensor<3x2xf64>
}

func.func @triangular_solve_upper_unit_transpose(%a: tensor<3x3xf64> {check.value = dense<[[4.0, 1.0, -2.0], [9.0, 5.0, 3.0], [7.0, -8.0, 6.0]]> : tensor<3x3xf64>}, %b: tensor<3x2xf64> {check.value = dense<[[1.0, 2.0], [3.0, -1.0], [0.5, 4.0]]> : tensor<3x2xf64>})
    -> (tensor<3x2xf64> {check.close = dense<[[0.9999999999999998, 2.0000000000000004], [2.0000000000000004, -3.000000000000001], [-3.5000000000000013, 17.000000000000004]]> : tensor<3x2xf64>}) attributes {check.gradient, check.second, check.map} {
  %x = graph.triangular_solve %a, %b transpose upper unit : tensor<3x3xf64>, tensor<3x2xf64>
  return %x : tensor<3x2xf64>
}
