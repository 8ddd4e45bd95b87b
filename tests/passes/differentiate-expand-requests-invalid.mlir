// RUN: costate-opt %s --differentiate-expand-requests -split-input-file -verify-diagnostics

func.func @no_rule(%x: tensor<f32>) -> tensor<f32> {
  %one = graph.constant dense<1.0> : tensor<f32>
  // expected-remark @below {{in answer to this request}}
  %y, %d = graph.vjp @f(%x) wrt [0] from(%one) : (tensor<f32>, tensor<f32>) -> (tensor<f32>, tensor<f32>)
  return %d : tensor<f32>
}
func.func private @f(%x: tensor<f32>) -> tensor<f32> {
  // expected-error @below {{requires a derivative rule of 'tensor.cast', which lies on the path of a derivative}}
  %y = tensor.cast %x : tensor<f32> to tensor<f32>
  return %y : tensor<f32>
}

// -----

func.func @extern(%x: tensor<f32>) -> tensor<f32> {
  %one = graph.constant dense<1.0> : tensor<f32>
  // expected-remark @below {{in answer to this request}}
  %y, %d = graph.vjp @f(%x) wrt [0] from(%one) : (tensor<f32>, tensor<f32>) -> (tensor<f32>, tensor<f32>)
  return %d : tensor<f32>
}
func.func private @f(%x: tensor<f32>) -> tensor<f32> {
  // expected-error @below {{requires a rule for the derivative of C function 'smooth', such as 'vjp (dy) -> ...' behind the types of its extern fn}}
  %y = graph.extern "smooth"(%x) extents [] shapes [[]] prototype "" : (tensor<f32>) -> tensor<f32>
  return %y : tensor<f32>
}

// -----

func.func @recursion(%x: tensor<f32>) -> tensor<f32> {
  %y = func.call @f(%x) : (tensor<f32>) -> tensor<f32>
  return %y : tensor<f32>
}
// expected-error @below {{requires functions without recursion, but 'f' calls itself}}
func.func private @f(%x: tensor<f32>) -> tensor<f32> {
  %y = func.call @f(%x) : (tensor<f32>) -> tensor<f32>
  return %y : tensor<f32>
}

// -----

func.func @unbounded(%x: tensor<f64>, %ct: tensor<f64>) -> tensor<f64> {
  // expected-remark @below {{in answer to this request}}
  %y, %dx = graph.vjp @f(%x) wrt [0] from(%ct) : (tensor<f64>, tensor<f64>) -> (tensor<f64>, tensor<f64>)
  return %dx : tensor<f64>
}
func.func private @f(%x: tensor<f64>) -> tensor<f64> {
  %ten = graph.constant dense<10.0> : tensor<f64>
  // expected-error @below {{requires an upper bound of the trips (graph.max_trips), to be differentiated in reverse mode}}
  %y = scf.while (%h = %x) : (tensor<f64>) -> tensor<f64> {
    %p = graph.compare LT, %h, %ten : tensor<f64>
    %c = tensor.extract %p[] : tensor<i1>
    scf.condition(%c) %h : tensor<f64>
  } do {
  ^bb0(%h: tensor<f64>):
    %n = graph.multiply %h, %h : tensor<f64>
    scf.yield %n : tensor<f64>
  }
  return %y : tensor<f64>
}

// -----

func.func @host_carry(%x: tensor<3xf64>) -> tensor<3xf64> {
  // expected-remark @below {{in answer to this request}}
  %y = graph.map @f(%x) over [true] size [3] : (tensor<3xf64>) -> tensor<3xf64>
  return %y : tensor<3xf64>
}
func.func private @f(%x: tensor<f64>) -> tensor<f64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  // expected-error @below {{requires tensors as carries that vary with the lane, but got 'index'}}
  %y, %n = scf.for %i = %c0 to %c4 step %c1 iter_args(%h = %x, %k = %c0) -> (tensor<f64>, index) {
    %a = graph.multiply %h, %h : tensor<f64>
    %n = graph.convert %a : tensor<f64> -> tensor<i64>
    %e = tensor.extract %n[] : tensor<i64>
    %next = arith.index_cast %e : i64 to index
    scf.yield %a, %next : tensor<f64>, index
  }
  return %y : tensor<f64>
}

// -----

func.func @circular(%x: tensor<f64>, %ct: tensor<f64>) -> tensor<f64> {
  %y, %dx = graph.vjp @f(%x) wrt [0] from(%ct) : (tensor<f64>, tensor<f64>) -> (tensor<f64>, tensor<f64>)
  return %dx : tensor<f64>
}
func.func private @f(%x: tensor<f64>) -> tensor<f64> attributes {graph.vjp = @asks} {
  return %x : tensor<f64>
}
// expected-error @below {{requires functions without recursion, but 'asks' calls itself}}
func.func private @asks(%x: tensor<f64>, %ct: tensor<f64>) -> tensor<f64> {
  // expected-remark @below {{in answer to this request}}
  %y, %dx = graph.vjp @f(%x) wrt [0] from(%ct) : (tensor<f64>, tensor<f64>) -> (tensor<f64>, tensor<f64>)
  return %dx : tensor<f64>
}

// -----

func.func @differs(%p: tensor<3xi1>, %x: tensor<3xf64>) -> tensor<3xf64> {
  // expected-remark @below {{in answer to this request}}
  %y = graph.map @f(%p, %x) over [true, true] size [3] : (tensor<3xi1>, tensor<3xf64>) -> tensor<3xf64>
  return %y : tensor<3xf64>
}
func.func private @f(%p: tensor<i1>, %x: tensor<f64>) -> tensor<f64> {
  %flag = tensor.extract %p[] : tensor<i1>
  // expected-error @below {{requires no 'require' and no 'print' in a branch or loop of a function under 'map' that differs from lane to lane}}
  %y = scf.if %flag -> tensor<f64> {
    report.print "x" %x : tensor<f64>
    scf.yield %x : tensor<f64>
  } else {
    scf.yield %x : tensor<f64>
  }
  return %y : tensor<f64>
}

// -----

// Without a tape, a loop may have any number of trips; with one, shapes must say it.
func.func @run_time(%x: tensor<3xf64>, %n: tensor<i64>, %ct: tensor<3xf64>) -> tensor<3xf64> {
  // expected-remark @below {{in answer to this request}}
  %y, %dx = graph.vjp @f(%x, %n) wrt [0] from(%ct) : (tensor<3xf64>, tensor<i64>, tensor<3xf64>) -> (tensor<3xf64>, tensor<3xf64>)
  return %dx : tensor<3xf64>
}
func.func private @f(%x: tensor<3xf64>, %n: tensor<i64>) -> tensor<3xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %e = tensor.extract %n[] : tensor<i64>
  %high = arith.index_cast %e : i64 to index
  // expected-error @below {{requires a trip count that is known from shapes, to be differentiated in reverse mode; with 'tape none' it need not be}}
  %y = scf.for %i = %c0 to %high step %c1 iter_args(%h = %x) -> tensor<3xf64> {
    %a = graph.sine %h : tensor<3xf64>
    scf.yield %a : tensor<3xf64>
  } {graph.tape = #graph.tape<sqrt>}
  return %y : tensor<3xf64>
}

// -----

func.func @unbound(%x: tensor<3xf64>) -> tensor<3xf64> {
  // expected-error @below {{requires a map of axis 'dp' around it}}
  %y = graph.all_reduce add %x over "dp" : tensor<3xf64>
  return %y : tensor<3xf64>
}

// -----

func.func @not_the_same(%x: tensor<3xf64>) -> tensor<f64> {
  // expected-remark @below {{in answer to this request}}
  %y = graph.map @f(%x) over [true] size [3] axis "dp" replicated [true] : (tensor<3xf64>) -> tensor<f64>
  return %y : tensor<f64>
}
func.func private @f(%x: tensor<f64>) -> tensor<f64> {
  %s = graph.all_reduce add %x over "dp" : tensor<f64>
  // expected-error @below {{requires a value that is the same in all lanes, such as those of 'psum', to be 'replicated'}}
  %y = graph.multiply %s, %x : tensor<f64>
  return %y : tensor<f64>
}

// -----

func.func @some_lanes(%x: tensor<3xf64>) -> tensor<3xf64> {
  // expected-remark @below {{in answer to this request}}
  %y = graph.map @f(%x) over [true] size [3] axis "dp" : (tensor<3xf64>) -> tensor<3xf64>
  return %y : tensor<3xf64>
}
func.func private @f(%x: tensor<f64>) -> tensor<f64> {
  %zero = graph.constant dense<0.0> : tensor<f64>
  %p = graph.compare GT, %x, %zero : tensor<f64>
  %c = tensor.extract %p[] : tensor<i1>
  // expected-error @below {{requires a condition that is the same in all lanes of 'dp' around 'psum' and the like}}
  %y = scf.if %c -> tensor<f64> {
    %s = graph.all_reduce add %x over "dp" : tensor<f64>
    scf.yield %s : tensor<f64>
  } else {
    scf.yield %x : tensor<f64>
  }
  return %y : tensor<f64>
}
