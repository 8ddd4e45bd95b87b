// RUN: costate-opt %s -split-input-file -verify-diagnostics

func.func @negate_type(%x: tensor<4xindex>) {
  // expected-error @below {{'graph.negate' op operand #0 must be ranked tensor of number values, but got 'tensor<4xindex>'}}
  %y = graph.negate %x : tensor<4xindex>
  return
}

// -----

func.func @abs_type(%x: tensor<4xindex>) {
  // expected-error @below {{'graph.abs' op operand #0 must be ranked tensor of number values, but got 'tensor<4xindex>'}}
  %y = graph.abs %x : tensor<4xindex>
  return
}

// -----

func.func @sign_type(%x: tensor<4xindex>) {
  // expected-error @below {{'graph.sign' op operand #0 must be ranked tensor of number values, but got 'tensor<4xindex>'}}
  %y = graph.sign %x : tensor<4xindex>
  return
}

// -----

func.func @stop_gradient_type(%x: tensor<4xindex>) {
  // expected-error @below {{'graph.stop_gradient' op operand #0 must be ranked tensor of number values, but got 'tensor<4xindex>'}}
  %y = graph.stop_gradient %x : tensor<4xindex>
  return
}

// -----

func.func @exponential_type(%x: tensor<4xi32>) {
  // expected-error @below {{'graph.exponential' op operand #0 must be ranked tensor of f32 or f64 values, but got 'tensor<4xi32>'}}
  %y = graph.exponential %x : tensor<4xi32>
  return
}

// -----

func.func @exponential_minus_one_type(%x: tensor<4xi32>) {
  // expected-error @below {{'graph.exponential_minus_one' op operand #0 must be ranked tensor of f32 or f64 values, but got 'tensor<4xi32>'}}
  %y = graph.exponential_minus_one %x : tensor<4xi32>
  return
}

// -----

func.func @log_type(%x: tensor<4xi32>) {
  // expected-error @below {{'graph.log' op operand #0 must be ranked tensor of f32 or f64 values, but got 'tensor<4xi32>'}}
  %y = graph.log %x : tensor<4xi32>
  return
}

// -----

func.func @log_plus_one_type(%x: tensor<4xi32>) {
  // expected-error @below {{'graph.log_plus_one' op operand #0 must be ranked tensor of f32 or f64 values, but got 'tensor<4xi32>'}}
  %y = graph.log_plus_one %x : tensor<4xi32>
  return
}

// -----

func.func @sqrt_type(%x: tensor<4xi32>) {
  // expected-error @below {{'graph.sqrt' op operand #0 must be ranked tensor of f32 or f64 values, but got 'tensor<4xi32>'}}
  %y = graph.sqrt %x : tensor<4xi32>
  return
}

// -----

func.func @rsqrt_type(%x: tensor<4xi32>) {
  // expected-error @below {{'graph.rsqrt' op operand #0 must be ranked tensor of f32 or f64 values, but got 'tensor<4xi32>'}}
  %y = graph.rsqrt %x : tensor<4xi32>
  return
}

// -----

func.func @tanh_type(%x: tensor<4xi32>) {
  // expected-error @below {{'graph.tanh' op operand #0 must be ranked tensor of f32 or f64 values, but got 'tensor<4xi32>'}}
  %y = graph.tanh %x : tensor<4xi32>
  return
}

// -----

func.func @logistic_type(%x: tensor<4xi32>) {
  // expected-error @below {{'graph.logistic' op operand #0 must be ranked tensor of f32 or f64 values, but got 'tensor<4xi32>'}}
  %y = graph.logistic %x : tensor<4xi32>
  return
}

// -----

func.func @erf_type(%x: tensor<4xi32>) {
  // expected-error @below {{'graph.erf' op operand #0 must be ranked tensor of f32 or f64 values, but got 'tensor<4xi32>'}}
  %y = graph.erf %x : tensor<4xi32>
  return
}

// -----

func.func @sine_type(%x: tensor<4xi32>) {
  // expected-error @below {{'graph.sine' op operand #0 must be ranked tensor of f32 or f64 values, but got 'tensor<4xi32>'}}
  %y = graph.sine %x : tensor<4xi32>
  return
}

// -----

func.func @cosine_type(%x: tensor<4xi32>) {
  // expected-error @below {{'graph.cosine' op operand #0 must be ranked tensor of f32 or f64 values, but got 'tensor<4xi32>'}}
  %y = graph.cosine %x : tensor<4xi32>
  return
}

// -----

func.func @floor_type(%x: tensor<4xi32>) {
  // expected-error @below {{'graph.floor' op operand #0 must be ranked tensor of f32 or f64 values, but got 'tensor<4xi32>'}}
  %y = graph.floor %x : tensor<4xi32>
  return
}

// -----

func.func @ceil_type(%x: tensor<4xi32>) {
  // expected-error @below {{'graph.ceil' op operand #0 must be ranked tensor of f32 or f64 values, but got 'tensor<4xi32>'}}
  %y = graph.ceil %x : tensor<4xi32>
  return
}

// -----

func.func @round_nearest_even_type(%x: tensor<4xi32>) {
  // expected-error @below {{'graph.round_nearest_even' op operand #0 must be ranked tensor of f32 or f64 values, but got 'tensor<4xi32>'}}
  %y = graph.round_nearest_even %x : tensor<4xi32>
  return
}

// -----

func.func @not_type(%x: tensor<4xf32>) {
  // expected-error @below {{'graph.not' op operand #0 must be ranked tensor of i1, i8, ui8, i32 or i64 values, but got 'tensor<4xf32>'}}
  %y = graph.not %x : tensor<4xf32>
  return
}

// -----

func.func @add_shape(%x: tensor<4xf32>, %y: tensor<5xf32>) {
  // expected-error @below {{'graph.add' op requires the same type for all operands and results}}
  %z = "graph.add"(%x, %y) : (tensor<4xf32>, tensor<5xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @subtract_shape(%x: tensor<4xf32>, %y: tensor<5xf32>) {
  // expected-error @below {{'graph.subtract' op requires the same type for all operands and results}}
  %z = "graph.subtract"(%x, %y) : (tensor<4xf32>, tensor<5xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @multiply_shape(%x: tensor<4xf32>, %y: tensor<5xf32>) {
  // expected-error @below {{'graph.multiply' op requires the same type for all operands and results}}
  %z = "graph.multiply"(%x, %y) : (tensor<4xf32>, tensor<5xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @divide_shape(%x: tensor<4xf32>, %y: tensor<5xf32>) {
  // expected-error @below {{'graph.divide' op requires the same type for all operands and results}}
  %z = "graph.divide"(%x, %y) : (tensor<4xf32>, tensor<5xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @remainder_shape(%x: tensor<4xf32>, %y: tensor<5xf32>) {
  // expected-error @below {{'graph.remainder' op requires the same type for all operands and results}}
  %z = "graph.remainder"(%x, %y) : (tensor<4xf32>, tensor<5xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @maximum_shape(%x: tensor<4xf32>, %y: tensor<5xf32>) {
  // expected-error @below {{'graph.maximum' op requires the same type for all operands and results}}
  %z = "graph.maximum"(%x, %y) : (tensor<4xf32>, tensor<5xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @minimum_shape(%x: tensor<4xf32>, %y: tensor<5xf32>) {
  // expected-error @below {{'graph.minimum' op requires the same type for all operands and results}}
  %z = "graph.minimum"(%x, %y) : (tensor<4xf32>, tensor<5xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @power_shape(%x: tensor<4xf32>, %y: tensor<5xf32>) {
  // expected-error @below {{'graph.power' op requires the same type for all operands and results}}
  %z = "graph.power"(%x, %y) : (tensor<4xf32>, tensor<5xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @atan2_shape(%x: tensor<4xf32>, %y: tensor<5xf32>) {
  // expected-error @below {{'graph.atan2' op requires the same type for all operands and results}}
  %z = "graph.atan2"(%x, %y) : (tensor<4xf32>, tensor<5xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @and_type(%x: tensor<4xf32>) {
  // expected-error @below {{'graph.and' op operand #0 must be ranked tensor of i1, i8, ui8, i32 or i64 values, but got 'tensor<4xf32>'}}
  %z = graph.and %x, %x : tensor<4xf32>
  return
}

// -----

func.func @or_type(%x: tensor<4xf32>) {
  // expected-error @below {{'graph.or' op operand #0 must be ranked tensor of i1, i8, ui8, i32 or i64 values, but got 'tensor<4xf32>'}}
  %z = graph.or %x, %x : tensor<4xf32>
  return
}

// -----

func.func @xor_type(%x: tensor<4xf32>) {
  // expected-error @below {{'graph.xor' op operand #0 must be ranked tensor of i1, i8, ui8, i32 or i64 values, but got 'tensor<4xf32>'}}
  %z = graph.xor %x, %x : tensor<4xf32>
  return
}

// -----

func.func @compare_result(%x: tensor<4xf32>) {
  // expected-error @below {{'graph.compare' op failed to verify that result has element type i1 and the operands' shape}}
  %p = "graph.compare"(%x, %x) {direction = 0 : i32} : (tensor<4xf32>, tensor<4xf32>) -> tensor<5xi1>
  return
}

// -----

func.func @select_predicate(%p: tensor<5xi1>, %x: tensor<4xf32>) {
  // expected-error @below {{'graph.select' op failed to verify that predicate has element type i1 and the result's shape}}
  %z = "graph.select"(%p, %x, %x) : (tensor<5xi1>, tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @convert_shape(%x: tensor<4xf32>) {
  // expected-error @below {{'graph.convert' op requires the same shape for all operands and results}}
  %y = graph.convert %x : tensor<4xf32> -> tensor<5xi32>
  return
}

// -----

func.func @reduce_sum_c1_range(%x: tensor<4x10xf32>) {
  // expected-error @below {{requires 'axes' to lie in [0, 2), but got 2}}
  %y = graph.reduce_sum %x axes [2] : tensor<4x10xf32> -> tensor<4xf32>
  return
}

// -----

func.func @reduce_sum_c1_order(%x: tensor<4x10xf32>) {
  // expected-error @below {{requires 'axes' to ascend, but got 1 before 1}}
  %y = graph.reduce_sum %x axes [1, 1] : tensor<4x10xf32> -> tensor<4xf32>
  return
}

// -----

func.func @reduce_sum_c2_shape(%x: tensor<4x10xf32>) {
  // expected-error @below {{requires a result of type 'tensor<4xf32>', but got 'tensor<10xf32>'}}
  %y = graph.reduce_sum %x axes [1] : tensor<4x10xf32> -> tensor<10xf32>
  return
}

// -----

func.func @reduce_sum_c3_element(%x: tensor<4x10xf32>) {
  // expected-error @below {{failed to verify that all of {operand, result} have same element type}}
  %y = graph.reduce_sum %x axes [1] : tensor<4x10xf32> -> tensor<4xf64>
  return
}

// -----

func.func @reduce_prod_c1_range(%x: tensor<4x10xf32>) {
  // expected-error @below {{requires 'axes' to lie in [0, 2), but got 2}}
  %y = graph.reduce_prod %x axes [2] : tensor<4x10xf32> -> tensor<4xf32>
  return
}

// -----

func.func @reduce_prod_c1_order(%x: tensor<4x10xf32>) {
  // expected-error @below {{requires 'axes' to ascend, but got 1 before 1}}
  %y = graph.reduce_prod %x axes [1, 1] : tensor<4x10xf32> -> tensor<4xf32>
  return
}

// -----

func.func @reduce_prod_c2_shape(%x: tensor<4x10xf32>) {
  // expected-error @below {{requires a result of type 'tensor<4xf32>', but got 'tensor<10xf32>'}}
  %y = graph.reduce_prod %x axes [1] : tensor<4x10xf32> -> tensor<10xf32>
  return
}

// -----

func.func @reduce_prod_c3_element(%x: tensor<4x10xf32>) {
  // expected-error @below {{failed to verify that all of {operand, result} have same element type}}
  %y = graph.reduce_prod %x axes [1] : tensor<4x10xf32> -> tensor<4xf64>
  return
}

// -----

func.func @reduce_max_c1_range(%x: tensor<4x10xf32>) {
  // expected-error @below {{requires 'axes' to lie in [0, 2), but got 2}}
  %y = graph.reduce_max %x axes [2] : tensor<4x10xf32> -> tensor<4xf32>
  return
}

// -----

func.func @reduce_max_c1_order(%x: tensor<4x10xf32>) {
  // expected-error @below {{requires 'axes' to ascend, but got 1 before 1}}
  %y = graph.reduce_max %x axes [1, 1] : tensor<4x10xf32> -> tensor<4xf32>
  return
}

// -----

func.func @reduce_max_c2_shape(%x: tensor<4x10xf32>) {
  // expected-error @below {{requires a result of type 'tensor<4xf32>', but got 'tensor<10xf32>'}}
  %y = graph.reduce_max %x axes [1] : tensor<4x10xf32> -> tensor<10xf32>
  return
}

// -----

func.func @reduce_max_c3_element(%x: tensor<4x10xf32>) {
  // expected-error @below {{failed to verify that all of {operand, result} have same element type}}
  %y = graph.reduce_max %x axes [1] : tensor<4x10xf32> -> tensor<4xf64>
  return
}

// -----

func.func @reduce_min_c1_range(%x: tensor<4x10xf32>) {
  // expected-error @below {{requires 'axes' to lie in [0, 2), but got 2}}
  %y = graph.reduce_min %x axes [2] : tensor<4x10xf32> -> tensor<4xf32>
  return
}

// -----

func.func @reduce_min_c1_order(%x: tensor<4x10xf32>) {
  // expected-error @below {{requires 'axes' to ascend, but got 1 before 1}}
  %y = graph.reduce_min %x axes [1, 1] : tensor<4x10xf32> -> tensor<4xf32>
  return
}

// -----

func.func @reduce_min_c2_shape(%x: tensor<4x10xf32>) {
  // expected-error @below {{requires a result of type 'tensor<4xf32>', but got 'tensor<10xf32>'}}
  %y = graph.reduce_min %x axes [1] : tensor<4x10xf32> -> tensor<10xf32>
  return
}

// -----

func.func @reduce_min_c3_element(%x: tensor<4x10xf32>) {
  // expected-error @below {{failed to verify that all of {operand, result} have same element type}}
  %y = graph.reduce_min %x axes [1] : tensor<4x10xf32> -> tensor<4xf64>
  return
}

// -----

func.func @logsumexp_c1_range(%x: tensor<4x10xf32>) {
  // expected-error @below {{requires 'axes' to lie in [0, 2), but got 2}}
  %y = graph.logsumexp %x axes [2] : tensor<4x10xf32> -> tensor<4xf32>
  return
}

// -----

func.func @logsumexp_c1_order(%x: tensor<4x10xf32>) {
  // expected-error @below {{requires 'axes' to ascend, but got 1 before 1}}
  %y = graph.logsumexp %x axes [1, 1] : tensor<4x10xf32> -> tensor<4xf32>
  return
}

// -----

func.func @logsumexp_c2_shape(%x: tensor<4x10xf32>) {
  // expected-error @below {{requires a result of type 'tensor<4xf32>', but got 'tensor<10xf32>'}}
  %y = graph.logsumexp %x axes [1] : tensor<4x10xf32> -> tensor<10xf32>
  return
}

// -----

func.func @logsumexp_c3_element(%x: tensor<4x10xf32>) {
  // expected-error @below {{failed to verify that all of {operand, result} have same element type}}
  %y = graph.logsumexp %x axes [1] : tensor<4x10xf32> -> tensor<4xf64>
  return
}

// -----

func.func @softmax_c1_range(%x: tensor<4xf32>) {
  // expected-error @below {{requires 'axes' to lie in [0, 1), but got -1}}
  %y = graph.softmax %x axes [-1] : tensor<4xf32>
  return
}

// -----

func.func @softmax_c1_order(%x: tensor<4x4xf32>) {
  // expected-error @below {{requires 'axes' to ascend, but got 1 before 0}}
  %y = graph.softmax %x axes [1, 0] : tensor<4x4xf32>
  return
}

// -----

func.func @argmax_c1_range(%x: tensor<4x10xf32>) {
  // expected-error @below {{requires 'axis' to lie in [0, 2), but got 2}}
  %y = graph.argmax %x axis 2 : tensor<4x10xf32> -> tensor<4xi32>
  return
}

// -----

func.func @argmax_c2_shape(%x: tensor<4x10xf32>) {
  // expected-error @below {{requires a result of type 'tensor<4xi32>', but got 'tensor<10xi32>'}}
  %y = graph.argmax %x axis 1 : tensor<4x10xf32> -> tensor<10xi32>
  return
}

// -----

func.func @argmin_c1_range(%x: tensor<4x10xf32>) {
  // expected-error @below {{requires 'axis' to lie in [0, 2), but got 2}}
  %y = graph.argmin %x axis 2 : tensor<4x10xf32> -> tensor<4xi32>
  return
}

// -----

func.func @argmin_c2_shape(%x: tensor<4x10xf32>) {
  // expected-error @below {{requires a result of type 'tensor<4xi32>', but got 'tensor<10xi32>'}}
  %y = graph.argmin %x axis 1 : tensor<4x10xf32> -> tensor<10xi32>
  return
}

// -----

func.func @cumsum_c1_range(%x: tensor<4xf32>) {
  // expected-error @below {{requires 'axis' to lie in [0, 1), but got 1}}
  %y = graph.cumsum %x axis 1 : tensor<4xf32>
  return
}

// -----

func.func @cummax_c1_range(%x: tensor<4xf32>) {
  // expected-error @below {{requires 'axis' to lie in [0, 1), but got -1}}
  %y = graph.cummax %x axis -1 : tensor<4xf32>
  return
}

// -----

func.func @linear_recurrence_c1_range(%x: tensor<4xf32>) {
  // expected-error @below {{requires 'axis' to lie in [0, 1), but got 1}}
  %y = graph.linear_recurrence %x, %x axis 1 : tensor<4xf32>
  return
}

// -----

func.func @dot_general_c1_range(%x: tensor<2x3xf32>, %w: tensor<3x4xf32>) {
  // expected-error @below {{requires 'lhs axes' to lie in [0, 2), but got 2}}
  %z = graph.dot_general %x, %w contracting [2] x [0] : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<2x4xf32>
  return
}

// -----

func.func @dot_general_c1_differ(%x: tensor<2x3xf32>, %w: tensor<3x4xf32>) {
  // expected-error @below {{requires batching and contracting axes of 'rhs' to differ}}
  %z = graph.dot_general %x, %w batching [0] x [0] contracting [1] x [0] : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<2x4xf32>
  return
}

// -----

func.func @dot_general_c2_count(%x: tensor<2x3xf32>, %w: tensor<3x4xf32>) {
  // expected-error @below {{requires as many contracting axes of 'lhs' as of 'rhs', but got 2 and 1}}
  %z = graph.dot_general %x, %w contracting [0, 1] x [0] : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<4xf32>
  return
}

// -----

func.func @dot_general_c2_contracting(%x: tensor<2x3xf32>, %w: tensor<3x4xf32>) {
  // expected-error @below {{requires equal extents of contracting axes 0 and 0, but got 2 and 3}}
  %z = graph.dot_general %x, %w contracting [0] x [0] : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<3x4xf32>
  return
}

// -----

func.func @dot_general_c2_batching(%x: tensor<2x3xf32>, %w: tensor<3x4xf32>) {
  // expected-error @below {{requires equal extents of batching axes 0 and 0, but got 2 and 3}}
  %z = graph.dot_general %x, %w batching [0] x [0] contracting [] x [] : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<2x3x4xf32>
  return
}

// -----

func.func @dot_general_c3_shape(%x: tensor<2x3xf32>, %w: tensor<3x4xf32>) {
  // expected-error @below {{requires a result of type 'tensor<2x4xf32>', but got 'tensor<4x2xf32>'}}
  %z = graph.dot_general %x, %w contracting [1] x [0] : tensor<2x3xf32>, tensor<3x4xf32> -> tensor<4x2xf32>
  return
}

// -----

func.func @dot_general_c4_element(%x: tensor<2x3xf32>, %w: tensor<3x4xf64>) {
  // expected-error @below {{failed to verify that all of {lhs, rhs, result} have same element type}}
  %z = graph.dot_general %x, %w contracting [1] x [0] : tensor<2x3xf32>, tensor<3x4xf64> -> tensor<2x4xf32>
  return
}

// -----

func.func @convolution_c1_count(%x: tensor<?x8x8x3xf32>, %w: tensor<3x3x3x16xf32>) {
  // expected-error @below {{requires one entry of 'strides' per spatial axis (2), but got 1}}
  %y = graph.convolution %x, %w strides [1] low [0, 0] high [0, 0] lhs_dilation [1, 1] rhs_dilation [1, 1] : tensor<?x8x8x3xf32>, tensor<3x3x3x16xf32> -> tensor<?x6x6x16xf32>
  return
}

// -----

func.func @convolution_c1_strides(%x: tensor<?x8x8x3xf32>, %w: tensor<3x3x3x16xf32>) {
  // expected-error @below {{requires 'strides' to be positive, but got 0}}
  %y = graph.convolution %x, %w strides [1, 0] low [0, 0] high [0, 0] lhs_dilation [1, 1] rhs_dilation [1, 1] : tensor<?x8x8x3xf32>, tensor<3x3x3x16xf32> -> tensor<?x6x6x16xf32>
  return
}

// -----

func.func @convolution_c1_dilation(%x: tensor<?x8x8x3xf32>, %w: tensor<3x3x3x16xf32>) {
  // expected-error @below {{requires 'rhs_dilation' to be positive, but got -1}}
  %y = graph.convolution %x, %w strides [1, 1] low [0, 0] high [0, 0] lhs_dilation [1, 1] rhs_dilation [-1, 1] : tensor<?x8x8x3xf32>, tensor<3x3x3x16xf32> -> tensor<?x6x6x16xf32>
  return
}

// -----

func.func @convolution_c1_rank(%x: tensor<?x8x8x3xf32>, %w: tensor<3x3x16xf32>) {
  // expected-error @below {{requires operands and result of one rank >= 3, but got}}
  %y = graph.convolution %x, %w strides [1, 1] low [0, 0] high [0, 0] lhs_dilation [1, 1] rhs_dilation [1, 1] : tensor<?x8x8x3xf32>, tensor<3x3x16xf32> -> tensor<?x6x6x16xf32>
  return
}

// -----

func.func @convolution_c2_channels(%x: tensor<?x8x8x3xf32>, %w: tensor<3x3x4x16xf32>) {
  // expected-error @below {{requires as many channels of 'lhs' as input channels of 'rhs', but got 3 and 4}}
  %y = graph.convolution %x, %w strides [1, 1] low [0, 0] high [0, 0] lhs_dilation [1, 1] rhs_dilation [1, 1] : tensor<?x8x8x3xf32>, tensor<3x3x4x16xf32> -> tensor<?x6x6x16xf32>
  return
}

// -----

func.func @convolution_c3_shape(%x: tensor<?x8x8x3xf32>, %w: tensor<3x3x3x16xf32>) {
  // expected-error @below {{requires a result of type 'tensor<?x6x6x16xf32>', but got 'tensor<?x8x8x16xf32>'}}
  %y = graph.convolution %x, %w strides [1, 1] low [0, 0] high [0, 0] lhs_dilation [1, 1] rhs_dilation [1, 1] : tensor<?x8x8x3xf32>, tensor<3x3x3x16xf32> -> tensor<?x8x8x16xf32>
  return
}

// -----

func.func @convolution_c3_static(%x: tensor<?x?x8x3xf32>, %w: tensor<3x3x3x16xf32>) {
  // expected-error @below {{requires static spatial extents, but got}}
  %y = graph.convolution %x, %w strides [1, 1] low [0, 0] high [0, 0] lhs_dilation [1, 1] rhs_dilation [1, 1] : tensor<?x?x8x3xf32>, tensor<3x3x3x16xf32> -> tensor<?x6x6x16xf32>
  return
}

// -----

func.func @constant_type() {
  // expected-error @below {{failed to verify that all of {value, result} have same type}}
  %c = "graph.constant"() {value = dense<1.0> : tensor<2xf32>} : () -> tensor<3xf32>
  return
}

// -----

func.func @extent_type() {
  // expected-error @below {{result #0 must be ranked tensor of 64-bit signless integer values, but got 'tensor<i32>'}}
  %n = graph.extent <batch> : tensor<i32>
  return
}

// -----

func.func @iota_c1_axis() {
  // expected-error @below {{requires 'axis' to lie in [0, 1), but got 1}}
  %i = graph.iota axis 1 shape [batch] : tensor<?xi32>
  return
}

// -----

func.func @iota_c2_shape() {
  // expected-error @below {{requires a result of type 'tensor<?xi32>', but got 'tensor<4xi32>'}}
  %i = graph.iota axis 0 shape [batch] : tensor<4xi32>
  return
}

// -----

func.func @broadcast_in_dim_c1_count(%x: tensor<4xf32>) {
  // expected-error @below {{requires one entry of 'dims' per axis (1), but got 2}}
  %y = graph.broadcast_in_dim %x dims [0, 1] shape [batch, 4] : tensor<4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @broadcast_in_dim_c1_range(%x: tensor<4xf32>) {
  // expected-error @below {{requires 'dims' to lie in [0, 2), but got 2}}
  %y = graph.broadcast_in_dim %x dims [2] shape [batch, 4] : tensor<4xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @broadcast_in_dim_c1_order(%x: tensor<4x?xf32>) {
  // expected-error @below {{requires 'dims' to ascend, but got 1 before 0}}
  %y = graph.broadcast_in_dim %x dims [1, 0] shape [batch, 4] : tensor<4x?xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @broadcast_in_dim_c2_extent(%x: tensor<3xf32>) {
  // expected-error @below {{requires axis 0 of extent 1 or 4, but got 3}}
  %y = graph.broadcast_in_dim %x dims [1] shape [batch, 4] : tensor<3xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @broadcast_in_dim_c3_shape(%x: tensor<4xf32>) {
  // expected-error @below {{requires a result of type 'tensor<?x4xf32>', but got 'tensor<2x4xf32>'}}
  %y = graph.broadcast_in_dim %x dims [1] shape [batch, 4] : tensor<4xf32> -> tensor<2x4xf32>
  return
}

// -----

func.func @reshape_c1_count(%x: tensor<4x3xf32>) {
  // expected-error @below {{requires as many elements as the operand has (12), but got 10}}
  %y = graph.reshape %x shape [2, 5] : tensor<4x3xf32> -> tensor<2x5xf32>
  return
}

// -----

func.func @reshape_c2_shape(%x: tensor<4x3xf32>) {
  // expected-error @below {{requires a result of type 'tensor<6x2xf32>', but got 'tensor<2x6xf32>'}}
  %y = graph.reshape %x shape [6, 2] : tensor<4x3xf32> -> tensor<2x6xf32>
  return
}

// -----

func.func @transpose_c1_count(%x: tensor<4x3xf32>) {
  // expected-error @below {{requires one entry of 'permutation' per axis (2), but got 1}}
  %y = graph.transpose %x permutation [0] : tensor<4x3xf32> -> tensor<3x4xf32>
  return
}

// -----

func.func @transpose_c1_range(%x: tensor<4x3xf32>) {
  // expected-error @below {{requires 'permutation' to lie in [0, 2), but got 2}}
  %y = graph.transpose %x permutation [0, 2] : tensor<4x3xf32> -> tensor<3x4xf32>
  return
}

// -----

func.func @transpose_c1_once(%x: tensor<4x3xf32>) {
  // expected-error @below {{requires 'permutation' to name each axis once}}
  %y = graph.transpose %x permutation [0, 0] : tensor<4x3xf32> -> tensor<3x4xf32>
  return
}

// -----

func.func @transpose_c2_shape(%x: tensor<4x3xf32>) {
  // expected-error @below {{requires a result of type 'tensor<3x4xf32>', but got 'tensor<4x3xf32>'}}
  %y = graph.transpose %x permutation [1, 0] : tensor<4x3xf32> -> tensor<4x3xf32>
  return
}

// -----

func.func @slice_c1_count(%x: tensor<?x8xf32>) {
  // expected-error @below {{requires one entry of 'starts' per axis (2), but got 1}}
  %y = graph.slice %x starts [0] sizes [batch, 3] strides [1, 2] : tensor<?x8xf32> -> tensor<?x3xf32>
  return
}

// -----

func.func @slice_c1_strides(%x: tensor<?x8xf32>) {
  // expected-error @below {{requires 'strides' to be positive, but got 0}}
  %y = graph.slice %x starts [0, 2] sizes [batch, 3] strides [1, 0] : tensor<?x8xf32> -> tensor<?x3xf32>
  return
}

// -----

func.func @slice_c2_negative(%x: tensor<?x8xf32>) {
  // expected-error @below {{requires 'starts' and 'sizes' not to be negative, but got -1 and batch}}
  %y = graph.slice %x starts [-1, 2] sizes [batch, 3] strides [1, 2] : tensor<?x8xf32> -> tensor<?x3xf32>
  return
}

// -----

func.func @slice_c2_inside(%x: tensor<?x8xf32>) {
  // expected-error @below {{requires the last element of axis 1 to lie in [0, 8), but got 8}}
  %y = graph.slice %x starts [0, 2] sizes [batch, 3] strides [1, 3] : tensor<?x8xf32> -> tensor<?x3xf32>
  return
}

// -----

func.func @slice_c3_shape(%x: tensor<?x8xf32>) {
  // expected-error @below {{requires a result of type 'tensor<?x3xf32>', but got 'tensor<?x4xf32>'}}
  %y = graph.slice %x starts [0, 2] sizes [batch, 3] strides [1, 2] : tensor<?x8xf32> -> tensor<?x4xf32>
  return
}

// -----

func.func @pad_c1_count(%x: tensor<?x8xf32>, %v: tensor<f32>) {
  // expected-error @below {{requires one entry of 'low' per axis (2), but got 1}}
  %y = graph.pad %x, %v low [0] high [0, 1] interior [0, 0] : tensor<?x8xf32>, tensor<f32> -> tensor<?x10xf32>
  return
}

// -----

func.func @pad_c1_negative(%x: tensor<?x8xf32>, %v: tensor<f32>) {
  // expected-error @below {{requires 'low', 'high' and 'interior' not to be negative}}
  %y = graph.pad %x, %v low [0, 1] high [0, 1] interior [0, -1] : tensor<?x8xf32>, tensor<f32> -> tensor<?x10xf32>
  return
}

// -----

func.func @pad_c1_value(%x: tensor<?x8xf32>, %v: tensor<1xf32>) {
  // expected-error @below {{requires 'value' to be a scalar, but got 'tensor<1xf32>'}}
  %y = graph.pad %x, %v low [0, 1] high [0, 1] interior [0, 0] : tensor<?x8xf32>, tensor<1xf32> -> tensor<?x10xf32>
  return
}

// -----

func.func @pad_c2_shape(%x: tensor<?x8xf32>, %v: tensor<f32>) {
  // expected-error @below {{requires a result of type 'tensor<?x10xf32>', but got 'tensor<?x9xf32>'}}
  %y = graph.pad %x, %v low [0, 1] high [0, 1] interior [0, 0] : tensor<?x8xf32>, tensor<f32> -> tensor<?x9xf32>
  return
}

// -----

func.func @concatenate_c1_operands() {
  // expected-error @below {{requires at least one operand}}
  %z = "graph.concatenate"() {axis = 0 : i64} : () -> tensor<0xf32>
  return
}

// -----

func.func @concatenate_c2_axis(%x: tensor<?x8xf32>, %y: tensor<?x2xf32>) {
  // expected-error @below {{requires 'axis' to lie in [0, 2), but got 2}}
  %z = graph.concatenate %x, %y axis 2 : (tensor<?x8xf32>, tensor<?x2xf32>) -> tensor<?x10xf32>
  return
}

// -----

func.func @concatenate_c2_element(%x: tensor<?x8xf32>, %y: tensor<?x2xf64>) {
  // expected-error @below {{requires operands of the result's element type and rank, but got 'tensor<?x2xf64>' and 'tensor<?x10xf32>'}}
  %z = graph.concatenate %x, %y axis 1 : (tensor<?x8xf32>, tensor<?x2xf64>) -> tensor<?x10xf32>
  return
}

// -----

func.func @concatenate_c2_extents(%x: tensor<3x8xf32>, %y: tensor<?x2xf32>) {
  // expected-error @below {{requires equal extents of axis 0, but got 3 and 4}}
  %z = graph.concatenate %x, %y axis 1 : (tensor<3x8xf32>, tensor<?x2xf32>) -> tensor<4x10xf32>
  return
}

// -----

func.func @concatenate_c2_sum(%x: tensor<?x8xf32>, %y: tensor<?x2xf32>) {
  // expected-error @below {{requires extents of axis 1 to sum to 11, but got 10}}
  %z = graph.concatenate %x, %y axis 1 : (tensor<?x8xf32>, tensor<?x2xf32>) -> tensor<?x11xf32>
  return
}

// -----

func.func @reverse_c1_range(%x: tensor<4xf32>) {
  // expected-error @below {{requires 'axes' to lie in [0, 1), but got 1}}
  %y = graph.reverse %x axes [1] : tensor<4xf32>
  return
}

// -----

func.func @reverse_c1_order(%x: tensor<4x4xf32>) {
  // expected-error @below {{requires 'axes' to ascend, but got 0 before 0}}
  %y = graph.reverse %x axes [0, 0] : tensor<4x4xf32>
  return
}

// -----

func.func @gather_c1_operand(%z: tensor<4x8xf32>, %i: tensor<4xi32>) {
  // expected-error @below {{requires 'batch_dims' below the operand's rank and up to the indices' (2, 1), but got 2}}
  %y = graph.gather %z, %i batch_dims 2 : tensor<4x8xf32>, tensor<4xi32> -> tensor<4xf32>
  return
}

// -----

func.func @gather_c1_negative(%z: tensor<4x8xf32>, %i: tensor<4xi32>) {
  // expected-error @below {{requires 'batch_dims' below the operand's rank and up to the indices' (2, 1), but got -1}}
  %y = graph.gather %z, %i batch_dims -1 : tensor<4x8xf32>, tensor<4xi32> -> tensor<4xf32>
  return
}

// -----

func.func @gather_c2_batch(%z: tensor<4x8xf32>, %i: tensor<5xi32>) {
  // expected-error @below {{requires equal extents of batch axis 0, but got 4 and 5}}
  %y = graph.gather %z, %i batch_dims 1 : tensor<4x8xf32>, tensor<5xi32> -> tensor<4xf32>
  return
}

// -----

func.func @gather_c2_shape(%z: tensor<4x8xf32>, %i: tensor<4xi32>) {
  // expected-error @below {{requires a result of type 'tensor<4xf32>', but got 'tensor<4x8xf32>'}}
  %y = graph.gather %z, %i batch_dims 1 : tensor<4x8xf32>, tensor<4xi32> -> tensor<4x8xf32>
  return
}

// -----

func.func @scatter_add_c1_operand(%t: tensor<4x8xf32>, %i: tensor<3xi32>, %u: tensor<3x8xf32>) {
  // expected-error @below {{requires 'batch_dims' below the operand's rank and up to the indices' (2, 1), but got 2}}
  %y = graph.scatter_add %t, %i, %u batch_dims 2 : tensor<4x8xf32>, tensor<3xi32>, tensor<3x8xf32>
  return
}

// -----

func.func @scatter_add_c2_batch(%t: tensor<4x8xf32>, %i: tensor<3xi32>, %u: tensor<3xf32>) {
  // expected-error @below {{requires equal extents of batch axis 0, but got 4 and 3}}
  %y = graph.scatter_add %t, %i, %u batch_dims 1 : tensor<4x8xf32>, tensor<3xi32>, tensor<3xf32>
  return
}

// -----

func.func @scatter_add_c2_updates(%t: tensor<4x8xf32>, %i: tensor<3xi32>, %u: tensor<3x7xf32>) {
  // expected-error @below {{requires a result of type 'tensor<3x8xf32>', but got 'tensor<3x7xf32>'}}
  %y = graph.scatter_add %t, %i, %u batch_dims 0 : tensor<4x8xf32>, tensor<3xi32>, tensor<3x7xf32>
  return
}

// -----

func.func @scatter_c1_operand(%t: tensor<4x8xf32>, %i: tensor<3xi32>, %u: tensor<3x8xf32>) {
  // expected-error @below {{requires 'batch_dims' below the operand's rank and up to the indices' (2, 1), but got 2}}
  %y = graph.scatter %t, %i, %u batch_dims 2 : tensor<4x8xf32>, tensor<3xi32>, tensor<3x8xf32>
  return
}

// -----

func.func @scatter_c2_batch(%t: tensor<4x8xf32>, %i: tensor<3xi32>, %u: tensor<3xf32>) {
  // expected-error @below {{requires equal extents of batch axis 0, but got 4 and 3}}
  %y = graph.scatter %t, %i, %u batch_dims 1 : tensor<4x8xf32>, tensor<3xi32>, tensor<3xf32>
  return
}

// -----

func.func @scatter_c2_updates(%t: tensor<4x8xf32>, %i: tensor<3xi32>, %u: tensor<3x7xf32>) {
  // expected-error @below {{requires a result of type 'tensor<3x8xf32>', but got 'tensor<3x7xf32>'}}
  %y = graph.scatter %t, %i, %u batch_dims 0 : tensor<4x8xf32>, tensor<3xi32>, tensor<3x7xf32>
  return
}

// -----

func.func @scatter_max_c1_operand(%t: tensor<4x8xf32>, %i: tensor<3xi32>, %u: tensor<3x8xf32>) {
  // expected-error @below {{requires 'batch_dims' below the operand's rank and up to the indices' (2, 1), but got 2}}
  %y = graph.scatter_max %t, %i, %u batch_dims 2 : tensor<4x8xf32>, tensor<3xi32>, tensor<3x8xf32>
  return
}

// -----

func.func @scatter_max_c2_batch(%t: tensor<4x8xf32>, %i: tensor<3xi32>, %u: tensor<3xf32>) {
  // expected-error @below {{requires equal extents of batch axis 0, but got 4 and 3}}
  %y = graph.scatter_max %t, %i, %u batch_dims 1 : tensor<4x8xf32>, tensor<3xi32>, tensor<3xf32>
  return
}

// -----

func.func @scatter_max_c2_updates(%t: tensor<4x8xf32>, %i: tensor<3xi32>, %u: tensor<3x7xf32>) {
  // expected-error @below {{requires a result of type 'tensor<3x8xf32>', but got 'tensor<3x7xf32>'}}
  %y = graph.scatter_max %t, %i, %u batch_dims 0 : tensor<4x8xf32>, tensor<3xi32>, tensor<3x7xf32>
  return
}

// -----

func.func @dynamic_slice_c1_starts(%x: tensor<4x8xf32>, %i: tensor<i32>) {
  // expected-error @below {{requires one entry of 'starts' per axis (2), but got 1}}
  %y = graph.dynamic_slice %x[%i] sizes [1, 8] : tensor<4x8xf32>, tensor<i32> -> tensor<1x8xf32>
  return
}

// -----

func.func @dynamic_slice_c1_scalar(%x: tensor<4x8xf32>, %i: tensor<1xi32>) {
  // expected-error @below {{requires scalar starts, but got 'tensor<1xi32>'}}
  %y = graph.dynamic_slice %x[%i, %i] sizes [1, 8] : tensor<4x8xf32>, tensor<1xi32>, tensor<1xi32> -> tensor<1x8xf32>
  return
}

// -----

func.func @dynamic_slice_c1_sizes(%x: tensor<4x8xf32>, %i: tensor<i32>) {
  // expected-error @below {{requires one entry of 'sizes' per axis (2), but got 1}}
  %y = graph.dynamic_slice %x[%i, %i] sizes [1] : tensor<4x8xf32>, tensor<i32>, tensor<i32> -> tensor<1xf32>
  return
}

// -----

func.func @dynamic_slice_c1_extent(%x: tensor<4x8xf32>, %i: tensor<i32>) {
  // expected-error @below {{requires sizes up to the operand's extents, but got 9 of 8}}
  %y = graph.dynamic_slice %x[%i, %i] sizes [1, 9] : tensor<4x8xf32>, tensor<i32>, tensor<i32> -> tensor<1x9xf32>
  return
}

// -----

func.func @dynamic_slice_c2_shape(%x: tensor<4x8xf32>, %i: tensor<i32>) {
  // expected-error @below {{requires a result of type 'tensor<1x8xf32>', but got 'tensor<2x8xf32>'}}
  %y = graph.dynamic_slice %x[%i, %i] sizes [1, 8] : tensor<4x8xf32>, tensor<i32>, tensor<i32> -> tensor<2x8xf32>
  return
}

// -----

func.func @dynamic_update_slice_c1_starts(%x: tensor<4x8xf32>, %u: tensor<1x8xf32>, %i: tensor<i32>) {
  // expected-error @below {{requires one entry of 'starts' per axis (2), but got 1}}
  %y = graph.dynamic_update_slice %x, %u[%i] : tensor<4x8xf32>, tensor<1x8xf32>, tensor<i32>
  return
}

// -----

func.func @dynamic_update_slice_c1_scalar(%x: tensor<4x8xf32>, %u: tensor<1x8xf32>, %i: tensor<1xi32>) {
  // expected-error @below {{requires scalar starts, but got 'tensor<1xi32>'}}
  %y = graph.dynamic_update_slice %x, %u[%i, %i] : tensor<4x8xf32>, tensor<1x8xf32>, tensor<1xi32>, tensor<1xi32>
  return
}

// -----

func.func @dynamic_update_slice_c2_fits(%x: tensor<4x8xf32>, %u: tensor<5x8xf32>, %i: tensor<i32>) {
  // expected-error @below {{requires an update that fits into 'tensor<4x8xf32>', but got 'tensor<5x8xf32>'}}
  %y = graph.dynamic_update_slice %x, %u[%i, %i] : tensor<4x8xf32>, tensor<5x8xf32>, tensor<i32>, tensor<i32>
  return
}

// -----

func.func @dynamic_update_slice_c2_rank(%x: tensor<4x8xf32>, %u: tensor<8xf32>, %i: tensor<i32>) {
  // expected-error @below {{requires an update that fits into 'tensor<4x8xf32>', but got 'tensor<8xf32>'}}
  %y = graph.dynamic_update_slice %x, %u[%i, %i] : tensor<4x8xf32>, tensor<8xf32>, tensor<i32>, tensor<i32>
  return
}

// -----

func.func @sort_c1_operands() {
  // expected-error @below {{requires at least one operand}}
  "graph.sort"() {axis = 0 : i64} : () -> ()
  return
}

// -----

func.func @sort_c1_shapes(%x: tensor<4xf32>, %y: tensor<5xf32>) {
  // expected-error @below {{requires operands of one shape, but got 'tensor<4xf32>' and 'tensor<5xf32>'}}
  %a, %b = graph.sort %x, %y axis 0 : (tensor<4xf32>, tensor<5xf32>) -> (tensor<4xf32>, tensor<5xf32>)
  return
}

// -----

func.func @sort_c2_axis(%x: tensor<4xf32>) {
  // expected-error @below {{requires 'axis' to lie in [0, 1), but got 1}}
  %a = graph.sort %x axis 1 : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @sort_c3_types(%x: tensor<4xf32>) {
  // expected-error @below {{requires results of the operands' types}}
  %a = graph.sort %x axis 0 : (tensor<4xf32>) -> tensor<4xi32>
  return
}

// -----

func.func @top_k_c1_large(%x: tensor<4x8xf32>) {
  // expected-error @below {{requires 'k' in [0, 8], but got 9}}
  %v, %i = graph.top_k %x k 9 : tensor<4x8xf32> -> tensor<4x9xf32>, tensor<4x9xi32>
  return
}

// -----

func.func @top_k_c1_negative(%x: tensor<4x8xf32>) {
  // expected-error @below {{requires 'k' in [0, 8], but got -1}}
  %v, %i = graph.top_k %x k -1 : tensor<4x8xf32> -> tensor<4x8xf32>, tensor<4x8xi32>
  return
}

// -----

func.func @top_k_c1_rank(%x: tensor<f32>) {
  // expected-error @below {{requires an operand of rank >= 1}}
  %v, %i = graph.top_k %x k 0 : tensor<f32> -> tensor<f32>, tensor<i32>
  return
}

// -----

func.func @top_k_c2_values(%x: tensor<4x8xf32>) {
  // expected-error @below {{requires a result of type 'tensor<4x3xf32>', but got 'tensor<4x8xf32>'}}
  %v, %i = graph.top_k %x k 3 : tensor<4x8xf32> -> tensor<4x8xf32>, tensor<4x3xi32>
  return
}

// -----

func.func @top_k_c2_indices(%x: tensor<4x8xf32>) {
  // expected-error @below {{requires a result of type 'tensor<4x3xi32>', but got 'tensor<4x8xi32>'}}
  %v, %i = graph.top_k %x k 3 : tensor<4x8xf32> -> tensor<4x3xf32>, tensor<4x8xi32>
  return
}

// -----

func.func @fft_c1_rank(%x: tensor<f32>) {
  // expected-error @below {{requires operands with axes, but got 'tensor<f32>'}}
  %a, %b = graph.fft %x, %x : tensor<f32>
  return
}

// -----

func.func @fft_c2_types(%x: tensor<4xf32>, %y: tensor<5xf32>) {
  // expected-error @below {{requires the same type for all operands and results}}
  %a, %b = "graph.fft"(%x, %y) : (tensor<4xf32>, tensor<5xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  return
}

// -----

func.func @cholesky_c1_square(%x: tensor<?x3x4xf64>) {
  // expected-error @below {{requires square matrices, but got 'tensor<?x3x4xf64>'}}
  %l = graph.cholesky %x : tensor<?x3x4xf64>
  return
}

// -----

func.func @cholesky_c1_rank(%x: tensor<3xf64>) {
  // expected-error @below {{requires square matrices, but got 'tensor<3xf64>'}}
  %l = graph.cholesky %x : tensor<3xf64>
  return
}

// -----

func.func @triangular_solve_c1_square(%a: tensor<3x4xf64>, %b: tensor<3x1xf64>) {
  // expected-error @below {{requires square matrices, but got 'tensor<3x4xf64>'}}
  %x = graph.triangular_solve %a, %b : tensor<3x4xf64>, tensor<3x1xf64>
  return
}

// -----

func.func @triangular_solve_c1_leading(%a: tensor<2x3x3xf64>, %b: tensor<4x3x1xf64>) {
  // expected-error @below {{requires 'b' to have the leading extents of 'a', but got 'tensor<2x3x3xf64>' and 'tensor<4x3x1xf64>'}}
  %x = graph.triangular_solve %a, %b : tensor<2x3x3xf64>, tensor<4x3x1xf64>
  return
}

// -----

func.func @lu_c1_square(%x: tensor<?x3x4xf64>) {
  // expected-error @below {{requires square matrices, but got 'tensor<?x3x4xf64>'}}
  %l, %p = graph.lu %x : tensor<?x3x4xf64>, tensor<?x4xi32>
  return
}

// -----

func.func @lu_c2_permutation(%x: tensor<?x4x4xf64>) {
  // expected-error @below {{requires 'permutation' to have the shape of 'tensor<?x4xi32>', but got 'tensor<?x3xi32>'}}
  %l, %p = graph.lu %x : tensor<?x4x4xf64>, tensor<?x3xi32>
  return
}

// -----

func.func @solve_c1_square(%a: tensor<3x4xf64>, %b: tensor<3x1xf64>) {
  // expected-error @below {{requires square matrices, but got 'tensor<3x4xf64>'}}
  %x = graph.solve %a, %b : tensor<3x4xf64>, tensor<3x1xf64>
  return
}

// -----

func.func @solve_c1_leading(%a: tensor<2x3x3xf64>, %b: tensor<4x3x1xf64>) {
  // expected-error @below {{requires 'b' to have the leading extents of 'a', but got 'tensor<2x3x3xf64>' and 'tensor<4x3x1xf64>'}}
  %x = graph.solve %a, %b : tensor<2x3x3xf64>, tensor<4x3x1xf64>
  return
}

// -----

func.func @qr_c1_tall(%x: tensor<3x4xf64>) {
  // expected-error @below {{requires matrices with at least as many rows as columns, but got 'tensor<3x4xf64>'}}
  %q, %r = graph.qr %x : tensor<3x4xf64>, tensor<4x4xf64>
  return
}

// -----

func.func @qr_c1_rank(%x: tensor<3xf64>) {
  // expected-error @below {{requires matrices with at least as many rows as columns, but got 'tensor<3xf64>'}}
  %q, %r = graph.qr %x : tensor<3xf64>, tensor<3x3xf64>
  return
}

// -----

func.func @qr_c2_shape(%x: tensor<?x6x4xf64>) {
  // expected-error @below {{requires 'r' to have the shape of 'tensor<?x4x4xf64>', but got 'tensor<?x6x4xf64>'}}
  %q, %r = graph.qr %x : tensor<?x6x4xf64>, tensor<?x6x4xf64>
  return
}

// -----

func.func @eigh_c1_square(%x: tensor<?x3x4xf64>) {
  // expected-error @below {{requires square matrices, but got 'tensor<?x3x4xf64>'}}
  %w, %v = graph.eigh %x : tensor<?x4xf64>, tensor<?x3x4xf64>
  return
}

// -----

func.func @eigh_c2_values(%x: tensor<?x4x4xf64>) {
  // expected-error @below {{requires 'values' to have the shape of 'tensor<?x4xf64>', but got 'tensor<4xf64>'}}
  %w, %v = graph.eigh %x : tensor<4xf64>, tensor<?x4x4xf64>
  return
}

// -----

func.func @svd_c1_tall(%x: tensor<?x3x4xf64>) {
  // expected-error @below {{requires matrices with at least as many rows as columns, but got 'tensor<?x3x4xf64>'}}
  %u, %s, %v = graph.svd %x : tensor<?x3x4xf64>, tensor<?x4xf64>, tensor<?x4x4xf64>
  return
}

// -----

func.func @svd_c2_values(%x: tensor<?x6x4xf64>) {
  // expected-error @below {{requires 's' to have the shape of 'tensor<?x4xf64>', but got 'tensor<?x6xf64>'}}
  %u, %s, %v = graph.svd %x : tensor<?x6x4xf64>, tensor<?x6xf64>, tensor<?x4x4xf64>
  return
}

// -----

func.func @svd_c2_vectors(%x: tensor<?x6x4xf64>) {
  // expected-error @below {{requires 'vh' to have the shape of 'tensor<?x4x4xf64>', but got 'tensor<?x6x4xf64>'}}
  %u, %s, %v = graph.svd %x : tensor<?x6x4xf64>, tensor<?x4xf64>, tensor<?x6x4xf64>
  return
}

// -----

func.func @random_c1_shape(%k: tensor<2xi64>) {
  // expected-error @below {{requires a result of type 'tensor<2x?x8xf32>', but got 'tensor<?x8xf32>'}}
  %u = graph.random uniform %k site 7 shape [batch, 8] : tensor<2xi64> -> tensor<?x8xf32>
  return
}

// -----

func.func @random_c2_bits(%k: tensor<i64>) {
  // expected-error @below {{requires i32 for 'bits', but got 'i64'}}
  %u = graph.random bits %k site 7 shape [8] : tensor<i64> -> tensor<8xi64>
  return
}

// -----

func.func @random_c2_real(%k: tensor<i64>) {
  // expected-error @below {{requires a float for 'normal', but got 'i32'}}
  %u = graph.random normal %k site 7 shape [8] : tensor<i64> -> tensor<8xi32>
  return
}

// -----

func.func @fold_in_type(%k: tensor<i32>) {
  // expected-error @below {{operand #0 must be ranked tensor of 64-bit signless integer values, but got 'tensor<i32>'}}
  %y = graph.fold_in %k, %k : tensor<i32>
  return
}

// -----

func.func private @f(%x: tensor<4xf32>, %i: tensor<4xi32>) -> (tensor<f32>, tensor<4xi32>) {
  %s = graph.reduce_sum %x axes [0] : tensor<4xf32> -> tensor<f32>
  return %s, %i : tensor<f32>, tensor<4xi32>
}
func.func @vjp_c1_callee(%x: tensor<4xf32>, %i: tensor<4xi32>, %u: tensor<f32>) {
  // expected-error @below {{requires 'g' to be a function}}
  %y:3 = graph.vjp @g(%x, %i) wrt [0] from(%u) : (tensor<4xf32>, tensor<4xi32>, tensor<f32>) -> (tensor<f32>, tensor<4xi32>, tensor<4xf32>)
  return
}

// -----

func.func private @f(%x: tensor<4xf32>, %i: tensor<4xi32>) -> (tensor<f32>, tensor<4xi32>) {
  %s = graph.reduce_sum %x axes [0] : tensor<4xf32> -> tensor<f32>
  return %s, %i : tensor<f32>, tensor<4xi32>
}
func.func @vjp_c1_types(%x: tensor<4xf32>, %i: tensor<4xi32>, %u: tensor<f32>) {
  // expected-error @below {{requires operands of types 'tensor<4xf32>', 'tensor<4xi32>' for 'f', but got 'tensor<4xi32>', 'tensor<4xi32>'}}
  %y:3 = graph.vjp @f(%i, %i) wrt [] from(%u) : (tensor<4xi32>, tensor<4xi32>, tensor<f32>) -> (tensor<f32>, tensor<4xi32>, tensor<4xf32>)
  return
}

// -----

func.func private @f(%x: tensor<4xf32>, %i: tensor<4xi32>) -> (tensor<f32>, tensor<4xi32>) {
  %s = graph.reduce_sum %x axes [0] : tensor<4xf32> -> tensor<f32>
  return %s, %i : tensor<f32>, tensor<4xi32>
}
func.func @vjp_c2_range(%x: tensor<4xf32>, %i: tensor<4xi32>, %u: tensor<f32>) {
  // expected-error @below {{requires 'wrt' to lie in [0, 2), but got 2}}
  %y:3 = graph.vjp @f(%x, %i) wrt [2] from(%u) : (tensor<4xf32>, tensor<4xi32>, tensor<f32>) -> (tensor<f32>, tensor<4xi32>, tensor<4xf32>)
  return
}

// -----

func.func private @f(%x: tensor<4xf32>, %i: tensor<4xi32>) -> (tensor<f32>, tensor<4xi32>) {
  %s = graph.reduce_sum %x axes [0] : tensor<4xf32> -> tensor<f32>
  return %s, %i : tensor<f32>, tensor<4xi32>
}
func.func @vjp_c2_float(%x: tensor<4xf32>, %i: tensor<4xi32>, %u: tensor<f32>) {
  // expected-error @below {{requires 'wrt' to name float arguments, but argument 1 is 'tensor<4xi32>'}}
  %y:3 = graph.vjp @f(%x, %i) wrt [1] from(%u) : (tensor<4xf32>, tensor<4xi32>, tensor<f32>) -> (tensor<f32>, tensor<4xi32>, tensor<4xi32>)
  return
}

// -----

func.func private @f(%x: tensor<4xf32>, %i: tensor<4xi32>) -> (tensor<f32>, tensor<4xi32>) {
  %s = graph.reduce_sum %x axes [0] : tensor<4xf32> -> tensor<f32>
  return %s, %i : tensor<f32>, tensor<4xi32>
}
func.func @vjp_c3_cotangents(%x: tensor<4xf32>, %i: tensor<4xi32>, %u: tensor<f32>) {
  // expected-error @below {{requires cotangents of types 'tensor<f32>', but got 'tensor<f32>', 'tensor<4xi32>'}}
  %y:3 = graph.vjp @f(%x, %i) wrt [0] from(%u, %i) : (tensor<4xf32>, tensor<4xi32>, tensor<f32>, tensor<4xi32>) -> (tensor<f32>, tensor<4xi32>, tensor<4xf32>)
  return
}

// -----

func.func private @f(%x: tensor<4xf32>, %i: tensor<4xi32>) -> (tensor<f32>, tensor<4xi32>) {
  %s = graph.reduce_sum %x axes [0] : tensor<4xf32> -> tensor<f32>
  return %s, %i : tensor<f32>, tensor<4xi32>
}
func.func @vjp_c4_results(%x: tensor<4xf32>, %i: tensor<4xi32>, %u: tensor<f32>) {
  // expected-error @below {{requires results of types 'tensor<f32>', 'tensor<4xi32>', 'tensor<4xf32>', but got 'tensor<f32>', 'tensor<4xf32>'}}
  %y:2 = graph.vjp @f(%x, %i) wrt [0] from(%u) : (tensor<4xf32>, tensor<4xi32>, tensor<f32>) -> (tensor<f32>, tensor<4xf32>)
  return
}

// -----

func.func private @f(%x: tensor<4xf32>, %i: tensor<4xi32>) -> (tensor<f32>, tensor<4xi32>) {
  %s = graph.reduce_sum %x axes [0] : tensor<4xf32> -> tensor<f32>
  return %s, %i : tensor<f32>, tensor<4xi32>
}
func.func @vjp_operand_types(%x: tensor<4xf32>, %i: tensor<4xi32>, %u: tensor<f32>) {
  // expected-error @below {{requires 3 operand types, but got 2}}
  %y:3 = graph.vjp @f(%x, %i) wrt [0] from(%u) : (tensor<4xf32>, tensor<4xi32>) -> (tensor<f32>, tensor<4xi32>, tensor<4xf32>)
  return
}

// -----

func.func private @f(%x: tensor<4xf32>, %i: tensor<4xi32>) -> (tensor<f32>, tensor<4xi32>) {
  %s = graph.reduce_sum %x axes [0] : tensor<4xf32> -> tensor<f32>
  return %s, %i : tensor<f32>, tensor<4xi32>
}
func.func @jvp_c1_callee(%x: tensor<4xf32>, %i: tensor<4xi32>, %u: tensor<f32>) {
  // expected-error @below {{requires 'g' to be a function}}
  %y:3 = graph.jvp @g(%x, %i) along [0](%x) : (tensor<4xf32>, tensor<4xi32>, tensor<4xf32>) -> (tensor<f32>, tensor<4xi32>, tensor<f32>)
  return
}

// -----

func.func private @f(%x: tensor<4xf32>, %i: tensor<4xi32>) -> (tensor<f32>, tensor<4xi32>) {
  %s = graph.reduce_sum %x axes [0] : tensor<4xf32> -> tensor<f32>
  return %s, %i : tensor<f32>, tensor<4xi32>
}
func.func @jvp_c2_float(%x: tensor<4xf32>, %i: tensor<4xi32>, %u: tensor<f32>) {
  // expected-error @below {{requires 'along' to name float arguments, but argument 1 is 'tensor<4xi32>'}}
  %y:3 = graph.jvp @f(%x, %i) along [1](%i) : (tensor<4xf32>, tensor<4xi32>, tensor<4xi32>) -> (tensor<f32>, tensor<4xi32>, tensor<f32>)
  return
}

// -----

func.func private @f(%x: tensor<4xf32>, %i: tensor<4xi32>) -> (tensor<f32>, tensor<4xi32>) {
  %s = graph.reduce_sum %x axes [0] : tensor<4xf32> -> tensor<f32>
  return %s, %i : tensor<f32>, tensor<4xi32>
}
func.func @jvp_c3_tangents(%x: tensor<4xf32>, %i: tensor<4xi32>, %u: tensor<f32>) {
  // expected-error @below {{requires tangents of types 'tensor<4xf32>', but got 'tensor<f32>'}}
  %y:3 = graph.jvp @f(%x, %i) along [0](%u) : (tensor<4xf32>, tensor<4xi32>, tensor<f32>) -> (tensor<f32>, tensor<4xi32>, tensor<f32>)
  return
}

// -----

func.func private @f(%x: tensor<4xf32>, %i: tensor<4xi32>) -> (tensor<f32>, tensor<4xi32>) {
  %s = graph.reduce_sum %x axes [0] : tensor<4xf32> -> tensor<f32>
  return %s, %i : tensor<f32>, tensor<4xi32>
}
func.func @jvp_c4_results(%x: tensor<4xf32>, %i: tensor<4xi32>, %u: tensor<f32>) {
  // expected-error @below {{requires results of types 'tensor<f32>', 'tensor<4xi32>', 'tensor<f32>', but got 'tensor<f32>', 'tensor<4xi32>'}}
  %y:2 = graph.jvp @f(%x, %i) along [0](%x) : (tensor<4xf32>, tensor<4xi32>, tensor<4xf32>) -> (tensor<f32>, tensor<4xi32>)
  return
}

// -----

func.func private @f(%x: tensor<4xf32>, %i: tensor<4xi32>) -> (tensor<f32>, tensor<4xi32>) {
  %s = graph.reduce_sum %x axes [0] : tensor<4xf32> -> tensor<f32>
  return %s, %i : tensor<f32>, tensor<4xi32>
}
func.func @map_c1_callee(%x: tensor<?x4xf32>, %i: tensor<4xi32>) {
  // expected-error @below {{requires 'g' to be a function}}
  %y:2 = graph.map @g(%x, %i) over [true, false] size [n] : (tensor<?x4xf32>, tensor<4xi32>) -> (tensor<?xf32>, tensor<?x4xi32>)
  return
}

// -----

func.func private @f(%x: tensor<4xf32>, %i: tensor<4xi32>) -> (tensor<f32>, tensor<4xi32>) {
  %s = graph.reduce_sum %x axes [0] : tensor<4xf32> -> tensor<f32>
  return %s, %i : tensor<f32>, tensor<4xi32>
}
func.func @map_c1_types(%x: tensor<?x4xf32>, %i: tensor<4xi32>) {
  // expected-error @below {{requires operands of types 'tensor<4xf32>', 'tensor<4xi32>' for 'f', but got 'tensor<?x4xf32>', 'tensor<4xi32>'}}
  %y:2 = graph.map @f(%x, %i) over [false, false] size [n] : (tensor<?x4xf32>, tensor<4xi32>) -> (tensor<?xf32>, tensor<?x4xi32>)
  return
}

// -----

func.func private @f(%x: tensor<4xf32>, %i: tensor<4xi32>) -> (tensor<f32>, tensor<4xi32>) {
  %s = graph.reduce_sum %x axes [0] : tensor<4xf32> -> tensor<f32>
  return %s, %i : tensor<f32>, tensor<4xi32>
}
func.func @map_c1_results(%x: tensor<?x4xf32>, %i: tensor<4xi32>) {
  // expected-error @below {{requires results of types 'tensor<?xf32>', 'tensor<?x4xi32>', but got 'tensor<?xf32>', 'tensor<4xi32>'}}
  %y:2 = graph.map @f(%x, %i) over [true, false] size [n] : (tensor<?x4xf32>, tensor<4xi32>) -> (tensor<?xf32>, tensor<4xi32>)
  return
}

// -----

func.func private @f(%x: tensor<4xf32>, %i: tensor<4xi32>) -> (tensor<f32>, tensor<4xi32>) {
  %s = graph.reduce_sum %x axes [0] : tensor<4xf32> -> tensor<f32>
  return %s, %i : tensor<f32>, tensor<4xi32>
}
func.func @map_c2_over(%x: tensor<?x4xf32>, %i: tensor<4xi32>) {
  // expected-error @below {{requires one entry of 'over' per argument (2), but got 1}}
  %y:2 = graph.map @f(%x, %i) over [true] size [n] : (tensor<?x4xf32>, tensor<4xi32>) -> (tensor<?xf32>, tensor<?x4xi32>)
  return
}

// -----

func.func private @f(%x: tensor<4xf32>, %i: tensor<4xi32>) -> (tensor<f32>, tensor<4xi32>) {
  %s = graph.reduce_sum %x axes [0] : tensor<4xf32> -> tensor<f32>
  return %s, %i : tensor<f32>, tensor<4xi32>
}
func.func @map_c3_size(%x: tensor<?x4xf32>, %i: tensor<4xi32>) {
  // expected-error @below {{requires a leading extent of 3, but got 'tensor<?x4xf32>'}}
  %y:2 = graph.map @f(%x, %i) over [true, false] size [3] : (tensor<?x4xf32>, tensor<4xi32>) -> (tensor<3xf32>, tensor<3x4xi32>)
  return
}

// -----

optim.arena @p : f32 {
  optim.leaf "w" [2, 3]
  optim.leaf "b" [3]
}
func.func @leaf_c1_arena(%t: tensor<32xf32>) {
  // expected-error @below {{requires 'q' to be an arena}}
  %w = graph.leaf %t[@q::@w] : tensor<32xf32> -> tensor<2x3xf32>
  return
}

// -----

optim.arena @p : f32 {
  optim.leaf "w" [2, 3]
  optim.leaf "b" [3]
}
func.func @leaf_c1_leaf(%t: tensor<32xf32>) {
  // expected-error @below {{requires 'v' to be a leaf of the arena}}
  %w = graph.leaf %t[@p::@v] : tensor<32xf32> -> tensor<2x3xf32>
  return
}

// -----

optim.arena @p : f32 {
  optim.leaf "w" [2, 3]
  optim.leaf "b" [3]
}
func.func @leaf_c1_nested(%t: tensor<32xf32>) {
  // expected-error @below {{requires '@arena::@leaf', but got @p}}
  %w = graph.leaf %t[@p] : tensor<32xf32> -> tensor<2x3xf32>
  return
}

// -----

optim.arena @p : f32 {
  optim.leaf "w" [2, 3]
  optim.leaf "b" [3]
}
func.func @leaf_c2_size(%t: tensor<31xf32>) {
  // expected-error @below {{requires an arena of type 'tensor<32xf32>', but got 'tensor<31xf32>'}}
  %w = graph.leaf %t[@p::@w] : tensor<31xf32> -> tensor<2x3xf32>
  return
}

// -----

optim.arena @p : f32 {
  optim.leaf "w" [2, 3]
  optim.leaf "b" [3]
}
func.func @leaf_c3_shape(%t: tensor<32xf32>) {
  // expected-error @below {{requires 'w' of type 'tensor<2x3xf32>', but got 'tensor<3x2xf32>'}}
  %w = graph.leaf %t[@p::@w] : tensor<32xf32> -> tensor<3x2xf32>
  return
}

// -----

optim.arena @p : f32 {
  optim.leaf "w" [2, 3]
  optim.leaf "b" [3]
}
func.func @pack_c1_arena(%w: tensor<2x3xf32>) {
  // expected-error @below {{requires 'q' to be an arena}}
  %t = graph.pack @q leaves ["w"](%w) : (tensor<2x3xf32>) -> tensor<32xf32>
  return
}

// -----

optim.arena @p : f32 {
  optim.leaf "w" [2, 3]
  optim.leaf "b" [3]
}
func.func @pack_c1_leaf(%w: tensor<2x3xf32>) {
  // expected-error @below {{requires 'v' to be a leaf of the arena}}
  %t = graph.pack @p leaves ["v"](%w) : (tensor<2x3xf32>) -> tensor<32xf32>
  return
}

// -----

optim.arena @p : f32 {
  optim.leaf "w" [2, 3]
  optim.leaf "b" [3]
}
func.func @pack_c1_twice(%w: tensor<2x3xf32>) {
  // expected-error @below {{requires each leaf once, but got "w" twice}}
  %t = graph.pack @p leaves ["w", "w"](%w, %w) : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<32xf32>
  return
}

// -----

optim.arena @p : f32 {
  optim.leaf "w" [2, 3]
  optim.leaf "b" [3]
}
func.func @pack_c1_count(%w: tensor<2x3xf32>) {
  // expected-error @below {{requires one entry of 'leaves' per operand (1), but got 2}}
  %t = graph.pack @p leaves ["w", "b"](%w) : (tensor<2x3xf32>) -> tensor<32xf32>
  return
}

// -----

optim.arena @p : f32 {
  optim.leaf "w" [2, 3]
  optim.leaf "b" [3]
}
func.func @pack_c2_shape(%w: tensor<3x2xf32>) {
  // expected-error @below {{requires 'w' of type 'tensor<2x3xf32>', but got 'tensor<3x2xf32>'}}
  %t = graph.pack @p leaves ["w"](%w) : (tensor<3x2xf32>) -> tensor<32xf32>
  return
}

// -----

optim.arena @p : f32 {
  optim.leaf "w" [2, 3]
  optim.leaf "b" [3]
}
func.func @pack_c3_size(%w: tensor<2x3xf32>) {
  // expected-error @below {{requires an arena of type 'tensor<32xf32>', but got 'tensor<31xf32>'}}
  %t = graph.pack @p leaves ["w"](%w) : (tensor<2x3xf32>) -> tensor<31xf32>
  return
}

// -----

func.func @extern_c1_library(%x: tensor<4xf32>) {
  // expected-error @below {{requires the name of a C function of the program, but 'expf' is a function of the C library}}
  %y = graph.extern "expf"(%x) extents [] shapes [[4]] prototype "" : (tensor<4xf32>) -> tensor<4xf32>
  return
}
func.func @extern_c1_word(%x: tensor<4xf32>) {
  // expected-error @below {{requires the name of a C function of the program, but 'switch' is a word of C or C++}}
  %y = graph.extern "switch"(%x) extents [] shapes [[4]] prototype "" : (tensor<4xf32>) -> tensor<4xf32>
  return
}
func.func @extern_c1_runtime(%x: tensor<4xf32>) {
  // expected-error @below {{requires the name of a C function of the program, but 'costate_fail' is the runtime's or the system's}}
  %y = graph.extern "costate_fail"(%x) extents [] shapes [[4]] prototype "" : (tensor<4xf32>) -> tensor<4xf32>
  return
}
func.func @extern_c1_identifier(%x: tensor<4xf32>) {
  // expected-error @below {{requires the name of a C function of the program, but 'a.b' is no identifier of C}}
  %y = graph.extern "a.b"(%x) extents [] shapes [[4]] prototype "" : (tensor<4xf32>) -> tensor<4xf32>
  return
}
func.func @extern_c2_count(%x: tensor<4xf32>) {
  // expected-error @below {{requires one entry of 'shapes' per result (1), but got 2}}
  %y = graph.extern "f"(%x) extents [] shapes [[4], [4]] prototype "" : (tensor<4xf32>) -> tensor<4xf32>
  return
}
func.func @extern_c2_shape(%x: tensor<4xf32>) {
  // expected-error @below {{requires a result of type 'tensor<5xf32>', but got 'tensor<4xf32>'}}
  %y = graph.extern "f"(%x) extents [] shapes [[5]] prototype "" : (tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

// expected-error @below {{requires 'graph.dims' of argument 0 to hold one dimension per axis}}
func.func @dims_rank(%x: tensor<?x4xf32> {graph.dims = [#graph.dim<n>]}) {
  return
}

// -----

// expected-error @below {{requires 'graph.dims' of argument 0 to agree with 'tensor<?x4xf32>', but got [n, 5]}}
func.func @dims_extent(%x: tensor<?x4xf32> {graph.dims = [#graph.dim<n>, #graph.dim<5>]}) {
  return
}

// -----

// expected-error @below {{requires 'graph.vjp' to name a function, but got @nothing}}
func.func private @vjp_attribute_name(%x: tensor<4xf32>) -> tensor<4xf32> attributes {graph.vjp = @nothing} {
  return %x : tensor<4xf32>
}

// -----

// expected-error @below {{requires its rule 'rule' to be '(tensor<4xf32>, tensor<i32>, tensor<4xf32>) -> tensor<4xf32>', but got '(tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>'}}
func.func private @vjp_attribute_types(%x: tensor<4xf32>, %i: tensor<i32>) -> tensor<4xf32> attributes {graph.vjp = @rule} {
  return %x : tensor<4xf32>
}
func.func private @rule(%x: tensor<4xf32>, %ct: tensor<4xf32>) -> tensor<4xf32> {
  return %ct : tensor<4xf32>
}

// -----

// expected-error @below {{'func.func' op requires 'graph.tape' to be the tape of a loop, but got #graph.tape<sqrt>}}
func.func private @tape_attribute_place() attributes {graph.tape = #graph.tape<sqrt>}

// -----

func.func @tape_attribute_kind(%n: index, %x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error @below {{requires 'graph.tape' to be the tape of a loop, but got "sqrt"}}
  %y = scf.for %i = %n to %n step %n iter_args(%h = %x) -> tensor<4xf32> {
    scf.yield %h : tensor<4xf32>
  } {graph.tape = "sqrt"}
  return %y : tensor<4xf32>
}

// -----

func.func private @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
func.func @map_c4_replicated(%x: tensor<?x4xf32>) {
  // expected-error @below {{requires one entry of 'replicated' per result (1), but got 2}}
  %y = graph.map @f(%x) over [true] size [n] axis "dp" replicated [true, false] : (tensor<?x4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func private @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
func.func @map_c5_lanes(%x: tensor<4xf32>) {
  // expected-error @below {{requires an argument that varies with the lane, of which there are n}}
  %y = graph.map @f(%x) over [false] size [n] : (tensor<4xf32>) -> tensor<?x4xf32>
  return
}

// -----

func.func @all_reduce_c1_truth(%x: tensor<4xi1>) {
  // expected-error @below {{requires numbers for 'add', but got 'tensor<4xi1>'}}
  %y = graph.all_reduce add %x over "dp" : tensor<4xi1>
  return
}

// -----

func.func @all_gather_c1_axis(%x: tensor<4xf32>) {
  // expected-error @below {{requires 'axis' to lie in [0, 1), but got 1}}
  %y = graph.all_gather %x axis 1 over "dp" size [3] : tensor<4xf32> -> tensor<12xf32>
  return
}
func.func @all_gather_c2_extent(%x: tensor<4xf32>) {
  // expected-error @below {{requires 3 blocks 'tensor<4xf32>' along axis 0 for the whole, but got 'tensor<4xf32>'}}
  %y = graph.all_gather %x axis 0 over "dp" size [3] : tensor<4xf32> -> tensor<4xf32>
  return
}

// -----

func.func @reduce_scatter_c1_axis(%x: tensor<4xf32>) {
  // expected-error @below {{requires 'axis' to lie in [0, 1), but got -1}}
  %y = graph.reduce_scatter %x axis -1 over "dp" size [2] : tensor<4xf32> -> tensor<2xf32>
  return
}
func.func @reduce_scatter_c2_extent(%x: tensor<4xf32>) {
  // expected-error @below {{requires 2 blocks 'tensor<3xf32>' along axis 0 for the whole, but got 'tensor<4xf32>'}}
  %y = graph.reduce_scatter %x axis 0 over "dp" size [2] : tensor<4xf32> -> tensor<3xf32>
  return
}
func.func @reduce_scatter_c2_remainder(%x: tensor<5xf32>) {
  // expected-error @below {{requires an extent of axis 0 that 2 divides, but got 5}}
  %y = graph.reduce_scatter %x axis 0 over "dp" size [2] : tensor<5xf32> -> tensor<2xf32>
  return
}

// -----

func.func @collective_permute_c1_count(%x: tensor<4xf32>) {
  // expected-error @below {{requires as many sources as targets, but got 2 and 1}}
  %y = graph.collective_permute %x from [0, 1] to [1] over "dp" : tensor<4xf32>
  return
}
func.func @collective_permute_c2_twice(%x: tensor<4xf32>) {
  // expected-error @below {{requires lanes in 'to' that differ and are not negative, but got 1 twice}}
  %y = graph.collective_permute %x from [0, 1] to [1, 1] over "dp" : tensor<4xf32>
  return
}
func.func @collective_permute_c2_negative(%x: tensor<4xf32>) {
  // expected-error @below {{requires lanes in 'from' that differ and are not negative, but got -1}}
  %y = graph.collective_permute %x from [0, -1] to [1, 2] over "dp" : tensor<4xf32>
  return
}

// -----

func.func @axis_index_c1_shape() {
  // expected-error @below {{requires a scalar, but got 'tensor<4xi32>'}}
  %i = graph.axis_index over "dp" : tensor<4xi32>
  return
}
