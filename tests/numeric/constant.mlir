// RUN: costate-values %s

func.func @constant_kinds(%x: tensor<2xf64> {check.value = dense<[1.0, 2.0]> : tensor<2xf64>})
    -> (tensor<2xf64> {check.close = dense<[0.5, -6.0]> : tensor<2xf64>}, tensor<f32> {check.close = dense<0.10000000149011612> : tensor<f64>}, tensor<2xi8> {check.close = dense<[-1, 7]> : tensor<2xi8>}, tensor<2xi1> {check.close = dense<[true, false]> : tensor<2xi1>}, tensor<1xui8> {check.close = dense<[200]> : tensor<1xui8>}, tensor<0xf32> {check.close = dense<> : tensor<0xf64>}) attributes {check.gradient, check.second, check.map} {
  %c = graph.constant dense<[0.5, -3.0]> : tensor<2xf64>
  %f = graph.constant dense<0.1> : tensor<f32>
  %i = graph.constant dense<[-1, 7]> : tensor<2xi8>
  %b = graph.constant dense<[true, false]> : tensor<2xi1>
  %u = graph.constant dense<200> : tensor<1xui8>
  %e = graph.constant dense<> : tensor<0xf32>
  %y = graph.multiply %x, %c : tensor<2xf64>
  return %y, %f, %i, %b, %u, %e : tensor<2xf64>, tensor<f32>, tensor<2xi8>, tensor<2xi1>, tensor<1xui8>, tensor<0xf32>
}

func.func @constant_special()
    -> (tensor<4xf32> {check.close = dense<[0x7FF0000000000000, 0xFFF0000000000000, 0x7FF8000000000000, -0.0]> : tensor<4xf64>}) {
  %c = graph.constant dense<[0x7F800000, 0xFF800000, 0x7FC00000, -0.0]> : tensor<4xf32>
  return %c : tensor<4xf32>
}
