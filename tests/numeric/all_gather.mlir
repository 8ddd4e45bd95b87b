// RUN: costate-values %s

// Along the first axis and along the last one.
func.func @all_gather_axes(%x: tensor<2x1x3xf64> {check.value = dense<[[[1.0, 2.0, 3.0]], [[4.0, 5.0, 6.0]]]> : tensor<2x1x3xf64>})
    -> (tensor<2x3xf64> {check.close = dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf64>},
        tensor<2x1x6xf64> {check.close = dense<[[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]], [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]]> : tensor<2x1x6xf64>})
    attributes {check.gradient, check.second, check.map} {
  %y:2 = graph.map @gathered(%x) over [true] size [2] axis "dp" replicated [true, false] : (tensor<2x1x3xf64>) -> (tensor<2x3xf64>, tensor<2x1x6xf64>)
  return %y#0, %y#1 : tensor<2x3xf64>, tensor<2x1x6xf64>
}
func.func private @gathered(%x: tensor<1x3xf64>) -> (tensor<2x3xf64>, tensor<1x6xf64>) {
  %a = graph.all_gather %x axis 0 over "dp" size [2] : tensor<1x3xf64> -> tensor<2x3xf64>
  %b = graph.all_gather %x axis 1 over "dp" size [2] : tensor<1x3xf64> -> tensor<1x6xf64>
  return %a, %b : tensor<2x3xf64>, tensor<1x6xf64>
}

// The lanes and their values are as many as the call brings. Back goes the sum of what all lanes say about the part of one.
func.func @all_gather_derivatives(%x: tensor<?x?xf32> {graph.dims = [#graph.dim<n>, #graph.dim<m>], check.value = dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32>},
                                  %u: tensor<?x?xf32> {graph.dims = [#graph.dim<n>, #graph.dim<n * m>],
                                                       check.value = dense<[[1.0, 0.0, 2.0, 0.0, 0.0, -1.0], [0.0, 1.0, 0.0, 3.0, 1.0, 0.0], [0.5, 0.0, 0.0, 0.0, 0.0, 1.0]]> : tensor<3x6xf32>})
    -> (tensor<?x?xf32> {graph.dims = [#graph.dim<n>, #graph.dim<m>], check.close = dense<[[1.5, 1.0], [2.0, 3.0], [1.0, 0.0]]> : tensor<3x2xf32>},
        tensor<?xf32> {graph.dims = [#graph.dim<n * m>], check.close = dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]> : tensor<6xf32>}) attributes {check.gradient, check.map} {
  %numbers = graph.iota axis 0 shape [n] : tensor<?xi32>
  %y:2 = graph.map @derive(%x, %u, %numbers) over [true, true, false] size [n] axis "dp" replicated [false, true]
      : (tensor<?x?xf32>, tensor<?x?xf32>, tensor<?xi32>) -> (tensor<?x?xf32>, tensor<?xf32>)
  return %y#0, %y#1 : tensor<?x?xf32>, tensor<?xf32>
}
func.func private @derive(%x: tensor<?xf32> {graph.dims = [#graph.dim<m>]}, %u: tensor<?xf32> {graph.dims = [#graph.dim<n * m>]},
                          %lanes: tensor<?xi32> {graph.dims = [#graph.dim<n>]})
    -> (tensor<?xf32> {graph.dims = [#graph.dim<m>]}, tensor<?xf32> {graph.dims = [#graph.dim<n * m>]}) {
  %a, %da = graph.vjp @whole(%x, %lanes) wrt [0] from(%u) : (tensor<?xf32>, tensor<?xi32>, tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>)
  %b, %tb = graph.jvp @whole(%x, %lanes) along [0](%x) : (tensor<?xf32>, tensor<?xi32>, tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>)
  return %da, %tb : tensor<?xf32>, tensor<?xf32>
}
func.func private @whole(%x: tensor<?xf32> {graph.dims = [#graph.dim<m>]}, %lanes: tensor<?xi32> {graph.dims = [#graph.dim<n>]})
    -> (tensor<?xf32> {graph.dims = [#graph.dim<n * m>]}) {
  %y = graph.all_gather %x axis 0 over "dp" size [n] : tensor<?xf32> -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// Under another map: x[lane, row, i] gives y[row, lane + 2 i'].
func.func @all_gather_rows(%x: tensor<2x3x1xf64> {check.value = dense<[[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]]> : tensor<2x3x1xf64>})
    -> (tensor<3x2xf64> {check.close = dense<[[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]> : tensor<3x2xf64>}) attributes {check.gradient, check.map} {
  %y = graph.map @rows(%x) over [true] size [2] axis "dp" replicated [true] : (tensor<2x3x1xf64>) -> tensor<3x2xf64>
  return %y : tensor<3x2xf64>
}
func.func private @rows(%x: tensor<3x1xf64>) -> tensor<3x2xf64> {
  %y = graph.map @row(%x) over [true] size [3] : (tensor<3x1xf64>) -> tensor<3x2xf64>
  return %y : tensor<3x2xf64>
}
func.func private @row(%x: tensor<1xf64>) -> tensor<2xf64> {
  %y = graph.all_gather %x axis 0 over "dp" size [2] : tensor<1xf64> -> tensor<2xf64>
  return %y : tensor<2xf64>
}
