// RUN: costate-opt %s --canonicalize | FileCheck %s
// Folds are exact: what differs by the sign of a zero or by a NaN stays.

// CHECK-LABEL: func.func @add_negative_zero
// CHECK-NEXT:    return %arg0
func.func @add_negative_zero(%x: tensor<4xf32>) -> tensor<4xf32> {
  %z = graph.constant dense<-0.0> : tensor<4xf32>
  %y = graph.add %x, %z : tensor<4xf32>
  return %y : tensor<4xf32>
}

// -0 + 0 is 0.
// CHECK-LABEL: func.func @add_zero
// CHECK:         graph.add
func.func @add_zero(%x: tensor<4xf32>) -> tensor<4xf32> {
  %z = graph.constant dense<0.0> : tensor<4xf32>
  %y = graph.add %x, %z : tensor<4xf32>
  return %y : tensor<4xf32>
}

// CHECK-LABEL: func.func @add_integer_zero
// CHECK-NEXT:    return %arg0
func.func @add_integer_zero(%x: tensor<4xi32>) -> tensor<4xi32> {
  %z = graph.constant dense<0> : tensor<4xi32>
  %y = graph.add %x, %z : tensor<4xi32>
  return %y : tensor<4xi32>
}

// CHECK-LABEL: func.func @add_constants
// CHECK-DAG:     graph.constant dense<2.000000e+00> : tensor<2xf32>
// CHECK-DAG:     graph.constant dense<-2147483648> : tensor<2xi32>
func.func @add_constants() -> (tensor<2xf32>, tensor<2xi32>) {
  %a = graph.constant dense<0.5> : tensor<2xf32>
  %b = graph.constant dense<1.5> : tensor<2xf32>
  %c = graph.add %a, %b : tensor<2xf32>
  %i = graph.constant dense<2147483647> : tensor<2xi32>
  %j = graph.constant dense<1> : tensor<2xi32>
  %k = graph.add %i, %j : tensor<2xi32>
  return %c, %k : tensor<2xf32>, tensor<2xi32>
}

// CHECK-LABEL: func.func @subtract_zero
// CHECK-NEXT:    return %arg0
func.func @subtract_zero(%x: tensor<4xf32>) -> tensor<4xf32> {
  %z = graph.constant dense<0.0> : tensor<4xf32>
  %y = graph.subtract %x, %z : tensor<4xf32>
  return %y : tensor<4xf32>
}

// 0 - (-0) is 0, but -0 - (-0) is 0 too.
// CHECK-LABEL: func.func @subtract_negative_zero
// CHECK:         graph.subtract
func.func @subtract_negative_zero(%x: tensor<4xf32>) -> tensor<4xf32> {
  %z = graph.constant dense<-0.0> : tensor<4xf32>
  %y = graph.subtract %x, %z : tensor<4xf32>
  return %y : tensor<4xf32>
}

// Infinities and NaN: x - x stays.
// CHECK-LABEL: func.func @subtract_itself
// CHECK:         graph.subtract
func.func @subtract_itself(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = graph.subtract %x, %x : tensor<4xf32>
  return %y : tensor<4xf32>
}

// CHECK-LABEL: func.func @multiply_one
// CHECK-NEXT:    return %arg0, %arg1
func.func @multiply_one(%x: tensor<4xf32>, %i: tensor<i64>) -> (tensor<4xf32>, tensor<i64>) {
  %one = graph.constant dense<1.0> : tensor<4xf32>
  %y = graph.multiply %x, %one : tensor<4xf32>
  %n = graph.constant dense<1> : tensor<i64>
  %j = graph.multiply %i, %n : tensor<i64>
  return %y, %j : tensor<4xf32>, tensor<i64>
}

// 0 * inf is NaN.
// CHECK-LABEL: func.func @multiply_zero
// CHECK:         graph.multiply
func.func @multiply_zero(%x: tensor<4xf32>) -> tensor<4xf32> {
  %z = graph.constant dense<0.0> : tensor<4xf32>
  %y = graph.multiply %x, %z : tensor<4xf32>
  return %y : tensor<4xf32>
}

// CHECK-LABEL: func.func @divide_one
// CHECK-NEXT:    return %arg0
func.func @divide_one(%x: tensor<4xf32>) -> tensor<4xf32> {
  %one = graph.constant dense<1.0> : tensor<4xf32>
  %y = graph.divide %x, %one : tensor<4xf32>
  return %y : tensor<4xf32>
}

// CHECK-LABEL: func.func @extremum_of_itself
// CHECK-NEXT:    return %arg0, %arg0
func.func @extremum_of_itself(%x: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
  %y = graph.maximum %x, %x : tensor<?xf32>
  %z = graph.minimum %x, %x : tensor<?xf32>
  return %y, %z : tensor<?xf32>, tensor<?xf32>
}

// CHECK-LABEL: func.func @power_one
// CHECK-NEXT:    return %arg0
func.func @power_one(%x: tensor<4xf32>) -> tensor<4xf32> {
  %one = graph.constant dense<1.0> : tensor<4xf32>
  %y = graph.power %x, %one : tensor<4xf32>
  return %y : tensor<4xf32>
}

// CHECK-LABEL: func.func @negate_twice
// CHECK-NEXT:    return %arg0
func.func @negate_twice(%x: tensor<?xf32>) -> tensor<?xf32> {
  %y = graph.negate %x : tensor<?xf32>
  %z = graph.negate %y : tensor<?xf32>
  return %z : tensor<?xf32>
}

// CHECK-LABEL: func.func @negate_constant
// CHECK-NEXT:    graph.constant dense<-0.000000e+00> : tensor<2xf32>
func.func @negate_constant() -> tensor<2xf32> {
  %x = graph.constant dense<0.0> : tensor<2xf32>
  %y = graph.negate %x : tensor<2xf32>
  return %y : tensor<2xf32>
}

// CHECK-LABEL: func.func @abs_twice
// CHECK-NEXT:    %[[Y:.*]] = graph.abs %arg0
// CHECK-NEXT:    return %[[Y]]
func.func @abs_twice(%x: tensor<?xf32>) -> tensor<?xf32> {
  %y = graph.abs %x : tensor<?xf32>
  %z = graph.abs %y : tensor<?xf32>
  return %z : tensor<?xf32>
}

// CHECK-LABEL: func.func @logic_of_itself
// CHECK-NEXT:    return %arg0, %arg0, %arg0
func.func @logic_of_itself(%p: tensor<?xi1>) -> (tensor<?xi1>, tensor<?xi1>, tensor<?xi1>) {
  %a = graph.and %p, %p : tensor<?xi1>
  %b = graph.or %p, %p : tensor<?xi1>
  %n = graph.not %p : tensor<?xi1>
  %m = graph.not %n : tensor<?xi1>
  return %a, %b, %m : tensor<?xi1>, tensor<?xi1>, tensor<?xi1>
}

// CHECK-LABEL: func.func @select_equal
// CHECK-NEXT:    return %arg1
func.func @select_equal(%p: tensor<?xi1>, %x: tensor<?xf32>) -> tensor<?xf32> {
  %y = graph.select %p, %x, %x : tensor<?xf32>
  return %y : tensor<?xf32>
}

// CHECK-LABEL: func.func @select_known
// CHECK-NEXT:    return %arg0, %arg1
func.func @select_known(%x: tensor<2xf32>, %y: tensor<2xf32>) -> (tensor<2xf32>, tensor<2xf32>) {
  %t = graph.constant dense<true> : tensor<2xi1>
  %f = graph.constant dense<false> : tensor<2xi1>
  %a = graph.select %t, %x, %y : tensor<2xf32>
  %b = graph.select %f, %x, %y : tensor<2xf32>
  return %a, %b : tensor<2xf32>, tensor<2xf32>
}

// CHECK-LABEL: func.func @convert_same
// CHECK-NEXT:    return %arg0
func.func @convert_same(%x: tensor<?xf32>) -> tensor<?xf32> {
  %y = graph.convert %x : tensor<?xf32> -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// CHECK-LABEL: func.func @convert_constants
// CHECK-DAG:     graph.constant dense<2.550000e+02> : tensor<f32>
// CHECK-DAG:     graph.constant dense<1.000000e+00> : tensor<f64>
// CHECK-DAG:     graph.constant dense<-3.000000e+00> : tensor<f32>
func.func @convert_constants() -> (tensor<f32>, tensor<f64>, tensor<f32>) {
  %u = graph.constant dense<255> : tensor<ui8>
  %a = graph.convert %u : tensor<ui8> -> tensor<f32>
  %t = graph.constant dense<true> : tensor<i1>
  %b = graph.convert %t : tensor<i1> -> tensor<f64>
  %i = graph.constant dense<-3> : tensor<i32>
  %c = graph.convert %i : tensor<i32> -> tensor<f32>
  return %a, %b, %c : tensor<f32>, tensor<f64>, tensor<f32>
}

// CHECK-LABEL: func.func @extent_of_number
// CHECK-NEXT:    graph.constant dense<6> : tensor<i64>
func.func @extent_of_number() -> tensor<i64> {
  %n = graph.extent <6> : tensor<i64>
  return %n : tensor<i64>
}

// CHECK-LABEL: func.func @extent_of_name
// CHECK-NEXT:    graph.extent
func.func @extent_of_name(%x: tensor<?xf32> {graph.dims = [#graph.dim<n>]}) -> tensor<i64> {
  %n = graph.extent <n> : tensor<i64>
  return %n : tensor<i64>
}

// CHECK-LABEL: func.func @broadcast_to_same
// CHECK-NEXT:    return %arg0
func.func @broadcast_to_same(%x: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %y = graph.broadcast_in_dim %x dims [0, 1] shape [3, 4] : tensor<3x4xf32> -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}

// CHECK-LABEL: func.func @broadcast_of_constant
// CHECK-NEXT:    graph.constant dense<2.000000e+00> : tensor<3x4xf32>
func.func @broadcast_of_constant() -> tensor<3x4xf32> {
  %x = graph.constant dense<2.0> : tensor<f32>
  %y = graph.broadcast_in_dim %x dims [] shape [3, 4] : tensor<f32> -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}

// An unknown extent may be 1 here and 5 there.
// CHECK-LABEL: func.func @broadcast_of_unknown
// CHECK-NEXT:    graph.broadcast_in_dim
func.func @broadcast_of_unknown(%x: tensor<?xf32> {graph.dims = [#graph.dim<n>]}, %l: tensor<?xf32> {graph.dims = [#graph.dim<m>]}) -> tensor<?xf32> {
  %y = graph.broadcast_in_dim %x dims [0] shape [m] : tensor<?xf32> -> tensor<?xf32>
  return %y : tensor<?xf32>
}

// CHECK-LABEL: func.func @reshape_to_same
// CHECK-NEXT:    return %arg0
func.func @reshape_to_same(%x: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %y = graph.reshape %x shape [3, 4] : tensor<3x4xf32> -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}

// CHECK-LABEL: func.func @reshape_of_constant
// CHECK-NEXT:    graph.constant dense<{{\[\[}}1, 2], [3, 4]]> : tensor<2x2xi32>
func.func @reshape_of_constant() -> tensor<2x2xi32> {
  %x = graph.constant dense<[1, 2, 3, 4]> : tensor<4xi32>
  %y = graph.reshape %x shape [2, 2] : tensor<4xi32> -> tensor<2x2xi32>
  return %y : tensor<2x2xi32>
}

// CHECK-LABEL: func.func @transpose_identity
// CHECK-NEXT:    return %arg0
func.func @transpose_identity(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %y = graph.transpose %x permutation [0, 1] : tensor<?x4xf32> -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @slice_of_all
// CHECK-NEXT:    return %arg0
func.func @slice_of_all(%x: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %y = graph.slice %x starts [0, 0] sizes [3, 4] strides [1, 1] : tensor<3x4xf32> -> tensor<3x4xf32>
  return %y : tensor<3x4xf32>
}

// CHECK-LABEL: func.func @slice_of_part
// CHECK-NEXT:    graph.slice
func.func @slice_of_part(%x: tensor<3x4xf32>) -> tensor<2x4xf32> {
  %y = graph.slice %x starts [1, 0] sizes [2, 4] strides [1, 1] : tensor<3x4xf32> -> tensor<2x4xf32>
  return %y : tensor<2x4xf32>
}

// CHECK-LABEL: func.func @concatenate_one
// CHECK-NEXT:    return %arg0
func.func @concatenate_one(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %y = graph.concatenate %x axis 0 : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}
