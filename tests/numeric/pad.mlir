// RUN: costate-values %s

func.func @pad_values(%x: tensor<?x2xf32> {graph.dims = [#graph.dim<n>, #graph.dim<2>], check.value = dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>},
                      %v: tensor<f32> {check.value = dense<0xFF800000> : tensor<f32>})
    -> (tensor<?x5xf32> {check.close = dense<[[0xFFF0000000000000, 1.0, 0xFFF0000000000000, 0xFFF0000000000000, 2.0], [0xFFF0000000000000, 3.0, 0xFFF0000000000000, 0xFFF0000000000000, 4.0], [0xFFF0000000000000, 0xFFF0000000000000, 0xFFF0000000000000, 0xFFF0000000000000, 0xFFF0000000000000]]> : tensor<3x5xf64>}) {
  %a = graph.pad %x, %v low [0, 1] high [1, 0] interior [0, 2] : tensor<?x2xf32>, tensor<f32> -> tensor<?x5xf32>
  return %a : tensor<?x5xf32>
}

func.func @pad_smooth(%x: tensor<?x3xf64> {graph.dims = [#graph.dim<n>, #graph.dim<3>], check.random = [-1.0, 1.0], check.shape = array<i64: 2, 3>},
                      %v: tensor<f64> {check.value = dense<0.5> : tensor<f64>})
    -> (tensor<?x7xf64>) attributes {check.gradient, check.second, check.map} {
  %a = graph.pad %x, %v low [n, 0] high [0, 2] interior [1, 1] : tensor<?x3xf64>, tensor<f64> -> tensor<?x7xf64>
  return %a : tensor<?x7xf64>
}

func.func @pad_empty(%x: tensor<?x2xi32> {graph.dims = [#graph.dim<n>, #graph.dim<2>], check.random = [0.0, 9.0], check.shape = array<i64: 0, 2>},
                     %v: tensor<i32> {check.value = dense<7> : tensor<i32>})
    -> (tensor<?x3xi32> {check.close = dense<[[7, 7, 7], [7, 7, 7]]> : tensor<2x3xi32>}) {
  %a = graph.pad %x, %v low [1, 0] high [1, 1] interior [1, 0] : tensor<?x2xi32>, tensor<i32> -> tensor<?x3xi32>
  return %a : tensor<?x3xi32>
}
