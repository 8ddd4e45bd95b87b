// RUN: costate-values %s

func.func @convert_f32_i32(%x: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.value = dense<[1.9, -1.9, 0x7FC00000, 0x7F800000, 0xFF800000, 3000000000.0, -0.5]> : tensor<7xf32>})
    -> (tensor<?xi32> {check.close = dense<[1, -1, 0, 2147483647, -2147483648, 2147483647, 0]> : tensor<7xi32>}) attributes {check.map} {
  %y = graph.convert %x : tensor<?xf32> -> tensor<?xi32>
  return %y : tensor<?xi32>
}

func.func @convert_f32_i8(%x: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.value = dense<[127.9, 128.0, -129.0, 0x7FC00000, -3.5]> : tensor<5xf32>})
    -> (tensor<?xi8> {check.close = dense<[127, 127, -128, 0, -3]> : tensor<5xi8>}) attributes {check.map} {
  %y = graph.convert %x : tensor<?xf32> -> tensor<?xi8>
  return %y : tensor<?xi8>
}

func.func @convert_f32_ui8(%x: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.value = dense<[255.5, 300.0, -1.0, 0x7FC00000, 7.9]> : tensor<5xf32>})
    -> (tensor<?xui8> {check.close = dense<[255, 255, 0, 0, 7]> : tensor<5xui8>}) attributes {check.map} {
  %y = graph.convert %x : tensor<?xf32> -> tensor<?xui8>
  return %y : tensor<?xui8>
}

func.func @convert_f64_i64(%x: tensor<?xf64> {graph.dims = [#graph.dim<n>], check.value = dense<[1.0e+30, -1.0e+30, 0x7FF8000000000000, 4503599627370496.0, -7.7]> : tensor<5xf64>})
    -> (tensor<?xi64> {check.close = dense<[9223372036854775807, -9223372036854775808, 0, 4503599627370496, -7]> : tensor<5xi64>}) attributes {check.map} {
  %y = graph.convert %x : tensor<?xf64> -> tensor<?xi64>
  return %y : tensor<?xi64>
}

func.func @convert_f32_i1(%x: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.value = dense<[0.0, -0.0, 0x7FC00000, 0.25, 0xFF800000]> : tensor<5xf32>})
    -> (tensor<?xi1> {check.close = dense<[false, false, true, true, true]> : tensor<5xi1>}) attributes {check.map} {
  %y = graph.convert %x : tensor<?xf32> -> tensor<?xi1>
  return %y : tensor<?xi1>
}

func.func @convert_i32_i1(%x: tensor<?xi32> {graph.dims = [#graph.dim<n>], check.value = dense<[0, 2, -1]> : tensor<3xi32>})
    -> (tensor<?xi1> {check.close = dense<[false, true, true]> : tensor<3xi1>}) attributes {check.map} {
  %y = graph.convert %x : tensor<?xi32> -> tensor<?xi1>
  return %y : tensor<?xi1>
}

func.func @convert_i32_i8(%x: tensor<?xi32> {graph.dims = [#graph.dim<n>], check.value = dense<[127, 128, -129, 300]> : tensor<4xi32>})
    -> (tensor<?xi8> {check.close = dense<[127, -128, 127, 44]> : tensor<4xi8>}) attributes {check.map} {
  %y = graph.convert %x : tensor<?xi32> -> tensor<?xi8>
  return %y : tensor<?xi8>
}

func.func @convert_i32_f32(%x: tensor<?xi32> {graph.dims = [#graph.dim<n>], check.value = dense<[0, -7, 16777216]> : tensor<3xi32>})
    -> (tensor<?xf32> {check.close = dense<[0.0, -7.0, 16777216.0]> : tensor<3xf64>}) attributes {check.map} {
  %y = graph.convert %x : tensor<?xi32> -> tensor<?xf32>
  return %y : tensor<?xf32>
}

func.func @convert_i64_f64(%x: tensor<?xi64> {graph.dims = [#graph.dim<n>], check.value = dense<[9007199254740992, -1]> : tensor<2xi64>})
    -> (tensor<?xf64> {check.close = dense<[9007199254740992.0, -1.0]> : tensor<2xf64>}) attributes {check.map} {
  %y = graph.convert %x : tensor<?xi64> -> tensor<?xf64>
  return %y : tensor<?xf64>
}

func.func @convert_ui8_f32(%x: tensor<?xui8> {graph.dims = [#graph.dim<n>], check.value = dense<[255, 0, 128]> : tensor<3xui8>})
    -> (tensor<?xf32> {check.close = dense<[255.0, 0.0, 128.0]> : tensor<3xf64>}) attributes {check.map} {
  %y = graph.convert %x : tensor<?xui8> -> tensor<?xf32>
  return %y : tensor<?xf32>
}

func.func @convert_i1_f32(%x: tensor<?xi1> {graph.dims = [#graph.dim<n>], check.value = dense<[false, true]> : tensor<2xi1>})
    -> (tensor<?xf32> {check.close = dense<[0.0, 1.0]> : tensor<2xf64>}) attributes {check.map} {
  %y = graph.convert %x : tensor<?xi1> -> tensor<?xf32>
  return %y : tensor<?xf32>
}

func.func @convert_i1_i32(%x: tensor<?xi1> {graph.dims = [#graph.dim<n>], check.value = dense<[false, true]> : tensor<2xi1>})
    -> (tensor<?xi32> {check.close = dense<[0, 1]> : tensor<2xi32>}) attributes {check.map} {
  %y = graph.convert %x : tensor<?xi1> -> tensor<?xi32>
  return %y : tensor<?xi32>
}

func.func @convert_ui8_i32(%x: tensor<?xui8> {graph.dims = [#graph.dim<n>], check.value = dense<[255, 1]> : tensor<2xui8>})
    -> (tensor<?xi32> {check.close = dense<[255, 1]> : tensor<2xi32>}) attributes {check.map} {
  %y = graph.convert %x : tensor<?xui8> -> tensor<?xi32>
  return %y : tensor<?xi32>
}

// A storage type rounds to nearest, ties to even.
func.func @convert_bf16(%x: tensor<4xf32> {check.value = dense<[1.00390625, 1.01171875, 0xFF800000, 3.14159274]> : tensor<4xf32>})
    -> (tensor<4xf32> {check.close = dense<[1.0, 1.015625, 0xFFF0000000000000, 3.140625]> : tensor<4xf64>}) {
  %h = graph.convert %x : tensor<4xf32> -> tensor<4xbf16>
  %y = graph.convert %h : tensor<4xbf16> -> tensor<4xf32>
  return %y : tensor<4xf32>
}

func.func @convert_f16(%x: tensor<4xf32> {check.value = dense<[65504.0, 65520.0, 1.0e-08, 0.333333343]> : tensor<4xf32>})
    -> (tensor<4xf32> {check.close = dense<[65504.0, 0x7FF0000000000000, 0.0, 0.333251953125]> : tensor<4xf64>}) {
  %h = graph.convert %x : tensor<4xf32> -> tensor<4xf16>
  %y = graph.convert %h : tensor<4xf16> -> tensor<4xf32>
  return %y : tensor<4xf32>
}

func.func @convert_smooth(%x: tensor<?x2xf32> {graph.dims = [#graph.dim<n>, #graph.dim<2>], check.random = [-2.0, 2.0], check.shape = array<i64: 3, 2>})
    -> (tensor<?x2xf64>) attributes {check.gradient, check.second, check.map} {
  %y = graph.convert %x : tensor<?x2xf32> -> tensor<?x2xf64>
  return %y : tensor<?x2xf64>
}

func.func @convert_empty(%x: tensor<0xf32> {check.value = dense<> : tensor<0xf32>})
    -> (tensor<0xi32> {check.close = dense<> : tensor<0xi32>}) {
  %y = graph.convert %x : tensor<0xf32> -> tensor<0xi32>
  return %y : tensor<0xi32>
}
