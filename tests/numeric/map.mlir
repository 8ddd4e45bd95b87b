// RUN: costate-values %s

func.func @map_values(%x: tensor<?x2xf64> {graph.dims = [#graph.dim<n>, #graph.dim<2>], check.value = dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf64>},
                      %w: tensor<2xf64> {check.value = dense<[10.0, 20.0]> : tensor<2xf64>})
    -> (tensor<?xf64> {graph.dims = [#graph.dim<n>], check.close = dense<[50.0, 110.0, 170.0]> : tensor<3xf64>}, tensor<?xi32> {graph.dims = [#graph.dim<n>], check.close = dense<[1, 1, 1]> : tensor<3xi32>}) attributes {check.gradient, check.second, check.map} {
  %r, %k = graph.map @dot(%x, %w) over [true, false] size [n] axis "lane" : (tensor<?x2xf64>, tensor<2xf64>) -> (tensor<?xf64>, tensor<?xi32>)
  return %r, %k : tensor<?xf64>, tensor<?xi32>
}
func.func private @dot(%x: tensor<2xf64>, %w: tensor<2xf64>) -> (tensor<f64>, tensor<i32>) {
  %y = graph.dot_general %x, %w contracting [0] x [0] : tensor<2xf64>, tensor<2xf64> -> tensor<f64>
  %k = graph.argmax %x axis 0 : tensor<2xf64> -> tensor<i32>
  return %y, %k : tensor<f64>, tensor<i32>
}

func.func @map_no_lane(%x: tensor<?x2xf64> {graph.dims = [#graph.dim<n>, #graph.dim<2>], check.random = [0.0, 1.0], check.shape = array<i64: 0, 2>},
                       %w: tensor<2xf64> {check.value = dense<[10.0, 20.0]> : tensor<2xf64>})
    -> (tensor<?xf64> {graph.dims = [#graph.dim<n>], check.close = dense<> : tensor<0xf64>}, tensor<?xi32> {graph.dims = [#graph.dim<n>], check.close = dense<> : tensor<0xi32>}) {
  %r, %k = graph.map @dot(%x, %w) over [true, false] size [n] : (tensor<?x2xf64>, tensor<2xf64>) -> (tensor<?xf64>, tensor<?xi32>)
  return %r, %k : tensor<?xf64>, tensor<?xi32>
}

// One value given twice, whole and over the lanes: the dimensions of a lane are those of each argument.
func.func @map_twice(%x: tensor<?x?xf64> {graph.dims = [#graph.dim<n>, #graph.dim<m>], check.value = dense<[[1.0, 2.0, 4.0], [0.5, -1.0, 3.0]]> : tensor<2x3xf64>})
    -> (tensor<?x?xf64> {graph.dims = [#graph.dim<n>, #graph.dim<n>], check.close = dense<[[21.0, 10.5], [10.5, 10.25]]> : tensor<2x2xf64>}) attributes {check.gradient, check.map} {
  %y = graph.map @against(%x, %x) over [true, false] size [n] : (tensor<?x?xf64>, tensor<?x?xf64>) -> tensor<?x?xf64>
  return %y : tensor<?x?xf64>
}
func.func private @against(%a: tensor<?xf64> {graph.dims = [#graph.dim<p>]}, %b: tensor<?x?xf64> {graph.dims = [#graph.dim<q>, #graph.dim<p>]})
    -> (tensor<?xf64> {graph.dims = [#graph.dim<q>]}) {
  %y = graph.dot_general %b, %a contracting [1] x [0] : tensor<?x?xf64>, tensor<?xf64> -> tensor<?xf64>
  return %y : tensor<?xf64>
}
