// RUN: costate-values %s

// A ring; and two pairs, which leave lane 1 without a value.
func.func @collective_permute_pairs(%x: tensor<3x2xf64> {check.value = dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf64>})
    -> (tensor<3x2xf64> {check.close = dense<[[5.0, 6.0], [1.0, 2.0], [3.0, 4.0]]> : tensor<3x2xf64>},
        tensor<3x2xf64> {check.close = dense<[[3.0, 4.0], [0.0, 0.0], [1.0, 2.0]]> : tensor<3x2xf64>}) attributes {check.gradient, check.second, check.map} {
  %y:2 = graph.map @moved(%x) over [true] size [3] axis "dp" : (tensor<3x2xf64>) -> (tensor<3x2xf64>, tensor<3x2xf64>)
  return %y#0, %y#1 : tensor<3x2xf64>, tensor<3x2xf64>
}
func.func private @moved(%x: tensor<2xf64>) -> (tensor<2xf64>, tensor<2xf64>) {
  %a = graph.collective_permute %x from [0, 1, 2] to [1, 2, 0] over "dp" : tensor<2xf64>
  %b = graph.collective_permute %x from [0, 1] to [2, 0] over "dp" : tensor<2xf64>
  return %a, %b : tensor<2xf64>, tensor<2xf64>
}

// Back the other way; lanes beyond those that there are take no part, and a value that does not vary moves, too.
func.func @collective_permute_derivatives(%x: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.value = dense<[1.0, 2.0]> : tensor<2xf32>},
                                          %u: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.value = dense<[10.0, 20.0]> : tensor<2xf32>})
    -> (tensor<?xf32> {graph.dims = [#graph.dim<n>], check.close = dense<[20.0, 0.0]> : tensor<2xf32>},
        tensor<?xf32> {graph.dims = [#graph.dim<n>], check.close = dense<[0.0, 10.0]> : tensor<2xf32>},
        tensor<?xf32> {graph.dims = [#graph.dim<n>], check.close = dense<[0.0, 7.0]> : tensor<2xf32>}) attributes {check.constant = array<i64: 0>, check.gradient, check.map} {
  %y:3 = graph.map @derive(%x, %u) over [true, true] size [n] axis "dp" : (tensor<?xf32>, tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>, tensor<?xf32>)
  return %y#0, %y#1, %y#2 : tensor<?xf32>, tensor<?xf32>, tensor<?xf32>
}
func.func private @derive(%x: tensor<f32>, %u: tensor<f32>) -> (tensor<f32>, tensor<f32>, tensor<f32>) {
  %seven = graph.constant dense<7.0> : tensor<f32>
  %a, %da = graph.vjp @next(%x) wrt [0] from(%u) : (tensor<f32>, tensor<f32>) -> (tensor<f32>, tensor<f32>)
  %b, %tb = graph.jvp @next(%x) along [0](%u) : (tensor<f32>, tensor<f32>) -> (tensor<f32>, tensor<f32>)
  %c = func.call @next(%seven) : (tensor<f32>) -> tensor<f32>
  return %da, %tb, %c : tensor<f32>, tensor<f32>, tensor<f32>
}
func.func private @next(%x: tensor<f32>) -> tensor<f32> {
  %y = graph.collective_permute %x from [0, 1, 2] to [1, 2, 0] over "dp" : tensor<f32>
  return %y : tensor<f32>
}

// Under another map.
func.func @collective_permute_rows(%x: tensor<2x3xf64> {check.value = dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf64>})
    -> (tensor<2x3xf64> {check.close = dense<[[4.0, 5.0, 6.0], [1.0, 2.0, 3.0]]> : tensor<2x3xf64>}) attributes {check.map} {
  %y = graph.map @rows(%x) over [true] size [2] axis "dp" : (tensor<2x3xf64>) -> tensor<2x3xf64>
  return %y : tensor<2x3xf64>
}
func.func private @rows(%x: tensor<3xf64>) -> tensor<3xf64> {
  %y = graph.map @swap(%x) over [true] size [3] : (tensor<3xf64>) -> tensor<3xf64>
  return %y : tensor<3xf64>
}
func.func private @swap(%x: tensor<f64>) -> tensor<f64> {
  %y = graph.collective_permute %x from [0, 1] to [1, 0] over "dp" : tensor<f64>
  return %y : tensor<f64>
}
