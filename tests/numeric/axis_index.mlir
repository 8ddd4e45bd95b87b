// RUN: costate-values %s

// Of two maps around, the one that is named; without an argument that varies, there are as many lanes as the map says.
func.func @axis_index_maps(%x: tensor<2x3xf64> {check.value = dense<[[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]> : tensor<2x3xf64>})
    -> (tensor<2x3xf64> {check.close = dense<[[0.0, 1.0, 2.0], [20.0, 22.0, 24.0]]> : tensor<2x3xf64>}) attributes {check.gradient, check.map} {
  %y = graph.map @outer(%x) over [true] size [2] axis "outer" : (tensor<2x3xf64>) -> tensor<2x3xf64>
  return %y : tensor<2x3xf64>
}
func.func private @outer(%x: tensor<3xf64>) -> tensor<3xf64> {
  %y = graph.map @inner(%x) over [true] size [3] axis "inner" : (tensor<3xf64>) -> tensor<3xf64>
  return %y : tensor<3xf64>
}
func.func private @inner(%x: tensor<f64>) -> tensor<f64> {
  %i = graph.axis_index over "outer" : tensor<i32>
  %j = graph.axis_index over "inner" : tensor<i64>
  %ten = graph.constant dense<10.0> : tensor<f64>
  %a = graph.convert %i : tensor<i32> -> tensor<f64>
  %b = graph.convert %j : tensor<i64> -> tensor<f64>
  %c = graph.multiply %a, %ten : tensor<f64>
  %d = graph.add %b, %c : tensor<f64>
  %y = graph.multiply %d, %x : tensor<f64>
  return %y : tensor<f64>
}

func.func @axis_index_alone(%x: tensor<f64> {check.value = dense<3.0> : tensor<f64>})
    -> (tensor<4xf64> {check.close = dense<[0.0, 3.0, 6.0, 9.0]> : tensor<4xf64>}) attributes {check.gradient, check.map} {
  %y = graph.map @scaled(%x) over [false] size [4] axis "dp" : (tensor<f64>) -> tensor<4xf64>
  return %y : tensor<4xf64>
}
func.func private @scaled(%x: tensor<f64>) -> tensor<f64> {
  %i = graph.axis_index over "dp" : tensor<i32>
  %a = graph.convert %i : tensor<i32> -> tensor<f64>
  %y = graph.multiply %a, %x : tensor<f64>
  return %y : tensor<f64>
}
