// RUN: costate-values %s

// Lane i gets block i of the sum.
func.func @reduce_scatter_axes(%x: tensor<2x2x2xf64> {check.value = dense<[[[1.0, 2.0], [3.0, 4.0]], [[10.0, 20.0], [30.0, 40.0]]]> : tensor<2x2x2xf64>})
    -> (tensor<2x1x2xf64> {check.close = dense<[[[11.0, 22.0]], [[33.0, 44.0]]]> : tensor<2x1x2xf64>},
        tensor<2x2x1xf64> {check.close = dense<[[[11.0], [33.0]], [[22.0], [44.0]]]> : tensor<2x2x1xf64>}) attributes {check.gradient, check.second, check.map} {
  %y:2 = graph.map @scattered(%x) over [true] size [2] axis "dp" : (tensor<2x2x2xf64>) -> (tensor<2x1x2xf64>, tensor<2x2x1xf64>)
  return %y#0, %y#1 : tensor<2x1x2xf64>, tensor<2x2x1xf64>
}
func.func private @scattered(%x: tensor<2x2xf64>) -> (tensor<1x2xf64>, tensor<2x1xf64>) {
  %a = graph.reduce_scatter %x axis 0 over "dp" size [2] : tensor<2x2xf64> -> tensor<1x2xf64>
  %b = graph.reduce_scatter %x axis 1 over "dp" size [2] : tensor<2x2xf64> -> tensor<2x1xf64>
  return %a, %b : tensor<1x2xf64>, tensor<2x1xf64>
}

// Back goes all that the lanes say, to each; under another map, in each of its lanes.
func.func @reduce_scatter_derivatives(%x: tensor<2x3x4xf64> {check.random = [-2.0, 2.0]}, %u: tensor<2x3x2xf64> {check.value = dense<[[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [[-1.0, -2.0], [-3.0, -4.0], [-5.0, -6.0]]]> : tensor<2x3x2xf64>})
    -> (tensor<2x3x4xf64> {check.close = dense<[[[1.0, 2.0, -1.0, -2.0], [3.0, 4.0, -3.0, -4.0], [5.0, 6.0, -5.0, -6.0]],
                                                [[1.0, 2.0, -1.0, -2.0], [3.0, 4.0, -3.0, -4.0], [5.0, 6.0, -5.0, -6.0]]]> : tensor<2x3x4xf64>},
        tensor<2x3x2xf64>) attributes {check.gradient, check.map} {
  %y:2 = graph.map @rows(%x, %u) over [true, true] size [2] axis "dp" : (tensor<2x3x4xf64>, tensor<2x3x2xf64>) -> (tensor<2x3x4xf64>, tensor<2x3x2xf64>)
  return %y#0, %y#1 : tensor<2x3x4xf64>, tensor<2x3x2xf64>
}
func.func private @rows(%x: tensor<3x4xf64>, %u: tensor<3x2xf64>) -> (tensor<3x4xf64>, tensor<3x2xf64>) {
  %y:2 = graph.map @derive(%x, %u) over [true, true] size [3] : (tensor<3x4xf64>, tensor<3x2xf64>) -> (tensor<3x4xf64>, tensor<3x2xf64>)
  return %y#0, %y#1 : tensor<3x4xf64>, tensor<3x2xf64>
}
func.func private @derive(%x: tensor<4xf64>, %u: tensor<2xf64>) -> (tensor<4xf64>, tensor<2xf64>) {
  %a, %da = graph.vjp @part(%x) wrt [0] from(%u) : (tensor<4xf64>, tensor<2xf64>) -> (tensor<2xf64>, tensor<4xf64>)
  %b, %tb = graph.jvp @part(%x) along [0](%x) : (tensor<4xf64>, tensor<4xf64>) -> (tensor<2xf64>, tensor<2xf64>)
  return %da, %tb : tensor<4xf64>, tensor<2xf64>
}
func.func private @part(%x: tensor<4xf64>) -> tensor<2xf64> {
  %y = graph.reduce_scatter %x axis 0 over "dp" size [2] : tensor<4xf64> -> tensor<2xf64>
  return %y : tensor<2xf64>
}

// Extents with names: n lanes share out 2 n.
func.func @reduce_scatter_names(%x: tensor<?x?xf32> {graph.dims = [#graph.dim<n>, #graph.dim<2 * n>], check.value = dense<[[1.0, 2.0, 3.0, 4.0], [0.5, 0.5, 0.5, 0.5]]> : tensor<2x4xf32>},
                                %y: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.value = dense<[2.0, 3.0]> : tensor<2xf32>})
    -> (tensor<?x2xf32> {graph.dims = [#graph.dim<n>, #graph.dim<2>], check.close = dense<[[3.0, 5.0], [10.5, 13.5]]> : tensor<2x2xf32>}) attributes {check.gradient, check.map} {
  %z = graph.map @named(%x, %y, %y) over [true, true, false] size [n] axis "dp" : (tensor<?x?xf32>, tensor<?xf32>, tensor<?xf32>) -> tensor<?x2xf32>
  return %z : tensor<?x2xf32>
}
func.func private @named(%x: tensor<?xf32> {graph.dims = [#graph.dim<2 * n>]}, %y: tensor<f32>, %lanes: tensor<?xf32> {graph.dims = [#graph.dim<n>]}) -> tensor<2xf32> {
  %part = graph.reduce_scatter %x axis 0 over "dp" size [n] : tensor<?xf32> -> tensor<2xf32>
  %factor = graph.broadcast_in_dim %y dims [] shape [2] : tensor<f32> -> tensor<2xf32>
  %z = graph.multiply %part, %factor : tensor<2xf32>
  return %z : tensor<2xf32>
}
