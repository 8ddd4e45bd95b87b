// RUN: costate-values %s

func.func @extent_polynomial(%x: tensor<?x?xf32> {graph.dims = [#graph.dim<n>, #graph.dim<m>], check.random = [0.0, 1.0], check.shape = array<i64: 3, 5>})
    -> (tensor<i64> {check.close = dense<3> : tensor<i64>}, tensor<i64> {check.close = dense<29> : tensor<i64>}, tensor<i64> {check.close = dense<2> : tensor<i64>}, tensor<i64> {check.close = dense<5> : tensor<i64>}, tensor<i64> {check.close = dense<6> : tensor<i64>}, tensor<?x?xf32>) attributes {check.map} {
  %a = graph.extent <n> : tensor<i64>
  %b = graph.extent <2 * n * m - 1> : tensor<i64>
  %c = graph.extent <floordiv(m, 2)> : tensor<i64>
  %d = graph.extent <max(n, m)> : tensor<i64>
  %e = graph.extent <min(n, m) + ceildiv(m, 2)> : tensor<i64>
  %y = graph.negate %x : tensor<?x?xf32>
  return %a, %b, %c, %d, %e, %y : tensor<i64>, tensor<i64>, tensor<i64>, tensor<i64>, tensor<i64>, tensor<?x?xf32>
}

// A mean: the extent carries no derivative.
func.func @extent_no_derivative(%x: tensor<?xf64> {graph.dims = [#graph.dim<n>], check.random = [-1.0, 1.0], check.shape = array<i64: 3>})
    -> (tensor<f64>) attributes {check.gradient, check.second, check.map} {
  %n = graph.extent <n> : tensor<i64>
  %f = graph.convert %n : tensor<i64> -> tensor<f64>
  %s = graph.reduce_sum %x axes [0] : tensor<?xf64> -> tensor<f64>
  %y = graph.divide %s, %f : tensor<f64>
  return %y : tensor<f64>
}
