// RUN: costate-values %s

// d(x^2 w); an integer result has no cotangent.
func.func @vjp_values(%x: tensor<2xf64> {check.value = dense<[1.0, 2.0]> : tensor<2xf64>},
                      %w: tensor<2xf64> {check.value = dense<[3.0, -1.0]> : tensor<2xf64>},
                      %ct: tensor<2xf64> {check.value = dense<[1.0, 10.0]> : tensor<2xf64>})
    -> (tensor<2xf64> {check.close = dense<[3.0, -4.0]> : tensor<2xf64>}, tensor<i32> {check.close = dense<1> : tensor<i32>}, tensor<2xf64> {check.close = dense<[6.0, -40.0]> : tensor<2xf64>}, tensor<2xf64> {check.close = dense<[1.0, 40.0]> : tensor<2xf64>}) attributes {check.gradient, check.second, check.map} {
  %y, %n, %dx, %dw = graph.vjp @f(%x, %w) wrt [0, 1] from(%ct)
      : (tensor<2xf64>, tensor<2xf64>, tensor<2xf64>) -> (tensor<2xf64>, tensor<i32>, tensor<2xf64>, tensor<2xf64>)
  return %y, %n, %dx, %dw : tensor<2xf64>, tensor<i32>, tensor<2xf64>, tensor<2xf64>
}
func.func private @f(%x: tensor<2xf64>, %w: tensor<2xf64>) -> (tensor<2xf64>, tensor<i32>) {
  %s = graph.multiply %x, %x : tensor<2xf64>
  %y = graph.multiply %s, %w : tensor<2xf64>
  %n = graph.argmax %s axis 0 : tensor<2xf64> -> tensor<i32>
  return %y, %n : tensor<2xf64>, tensor<i32>
}

// An argument without influence has the gradient 0.
func.func @vjp_unused(%x: tensor<2xf64> {check.value = dense<[1.0, 2.0]> : tensor<2xf64>},
                      %w: tensor<2xf64> {check.value = dense<[3.0, -1.0]> : tensor<2xf64>},
                      %ct: tensor<2xf64> {check.value = dense<[1.0, 10.0]> : tensor<2xf64>})
    -> (tensor<2xf64> {check.close = dense<[1.0, 10.0]> : tensor<2xf64>}, tensor<2xf64> {check.close = dense<[0.0, 0.0]> : tensor<2xf64>}) {
  %y, %dx, %dw = graph.vjp @first(%x, %w) wrt [0, 1] from(%ct)
      : (tensor<2xf64>, tensor<2xf64>, tensor<2xf64>) -> (tensor<2xf64>, tensor<2xf64>, tensor<2xf64>)
  return %dx, %dw : tensor<2xf64>, tensor<2xf64>
}
func.func private @first(%x: tensor<2xf64>, %w: tensor<2xf64>) -> tensor<2xf64> {
  return %x : tensor<2xf64>
}

// The rule, not the body, is the derivative: 3 ct instead of 2 x ct.
func.func @vjp_rule(%x: tensor<2xf64> {check.value = dense<[1.0, 2.0]> : tensor<2xf64>},
                    %ct: tensor<2xf64> {check.value = dense<[1.0, 10.0]> : tensor<2xf64>})
    -> (tensor<2xf64> {check.close = dense<[1.0, 4.0]> : tensor<2xf64>}, tensor<2xf64> {check.close = dense<[3.0, 30.0]> : tensor<2xf64>},
        tensor<2xf64> {check.close = dense<[3.0, 30.0]> : tensor<2xf64>})
    attributes {check.map} {
  %y, %dx = graph.vjp @calls_ruled(%x) wrt [0] from(%ct) : (tensor<2xf64>, tensor<2xf64>) -> (tensor<2xf64>, tensor<2xf64>)
  %z, %t = graph.jvp @calls_ruled(%x) along [0](%ct) : (tensor<2xf64>, tensor<2xf64>) -> (tensor<2xf64>, tensor<2xf64>)
  return %y, %dx, %t : tensor<2xf64>, tensor<2xf64>, tensor<2xf64>
}
func.func private @calls_ruled(%x: tensor<2xf64>) -> tensor<2xf64> {
  %y = func.call @ruled(%x) : (tensor<2xf64>) -> tensor<2xf64>
  return %y : tensor<2xf64>
}
func.func private @ruled(%x: tensor<2xf64>) -> tensor<2xf64> attributes {graph.vjp = @rule} {
  %y = graph.multiply %x, %x : tensor<2xf64>
  return %y : tensor<2xf64>
}
func.func private @rule(%x: tensor<2xf64>, %ct: tensor<2xf64>) -> tensor<2xf64> {
  %three = graph.constant dense<3.0> : tensor<2xf64>
  %d = graph.multiply %ct, %three : tensor<2xf64>
  return %d : tensor<2xf64>
}

// A request for the function itself; and a rule has a derivative by a rule of its own: 5 u by the input, 3 u by the cotangent.
func.func @vjp_rule_of_rule(%x: tensor<2xf64> {check.value = dense<[1.0, 2.0]> : tensor<2xf64>},
                            %ct: tensor<2xf64> {check.value = dense<[1.0, 10.0]> : tensor<2xf64>},
                            %u: tensor<2xf64> {check.value = dense<[1.0, -1.0]> : tensor<2xf64>})
    -> (tensor<2xf64> {check.close = dense<[3.0, 30.0]> : tensor<2xf64>}, tensor<2xf64> {check.close = dense<[3.0, 30.0]> : tensor<2xf64>},
        tensor<2xf64> {check.close = dense<[5.0, -5.0]> : tensor<2xf64>}, tensor<2xf64> {check.close = dense<[3.0, -3.0]> : tensor<2xf64>})
    attributes {check.map} {
  %y, %dx = graph.vjp @ruled_twice(%x) wrt [0] from(%ct) : (tensor<2xf64>, tensor<2xf64>) -> (tensor<2xf64>, tensor<2xf64>)
  %z, %t = graph.jvp @ruled_twice(%x) along [0](%ct) : (tensor<2xf64>, tensor<2xf64>) -> (tensor<2xf64>, tensor<2xf64>)
  %d, %ddx, %dct = graph.vjp @slope(%x, %ct) wrt [0, 1] from(%u)
      : (tensor<2xf64>, tensor<2xf64>, tensor<2xf64>) -> (tensor<2xf64>, tensor<2xf64>, tensor<2xf64>)
  return %dx, %t, %ddx, %dct : tensor<2xf64>, tensor<2xf64>, tensor<2xf64>, tensor<2xf64>
}
func.func private @slope(%x: tensor<2xf64>, %ct: tensor<2xf64>) -> tensor<2xf64> {
  %y, %dx = graph.vjp @ruled_twice(%x) wrt [0] from(%ct) : (tensor<2xf64>, tensor<2xf64>) -> (tensor<2xf64>, tensor<2xf64>)
  return %dx : tensor<2xf64>
}
func.func private @ruled_twice(%x: tensor<2xf64>) -> tensor<2xf64> attributes {graph.vjp = @first_rule} {
  %y = graph.multiply %x, %x : tensor<2xf64>
  return %y : tensor<2xf64>
}
func.func private @first_rule(%x: tensor<2xf64>, %ct: tensor<2xf64>) -> tensor<2xf64> attributes {graph.vjp = @second_rule} {
  %three = graph.constant dense<3.0> : tensor<2xf64>
  %d = graph.multiply %ct, %three : tensor<2xf64>
  return %d : tensor<2xf64>
}
func.func private @second_rule(%x: tensor<2xf64>, %ct: tensor<2xf64>, %u: tensor<2xf64>) -> (tensor<2xf64>, tensor<2xf64>) {
  %three = graph.constant dense<3.0> : tensor<2xf64>
  %five = graph.constant dense<5.0> : tensor<2xf64>
  %dx = graph.multiply %u, %five : tensor<2xf64>
  %dct = graph.multiply %u, %three : tensor<2xf64>
  return %dx, %dct : tensor<2xf64>, tensor<2xf64>
}

// A loop with a captured value, a bounded loop with a branch in it.
func.func @vjp_loops(%x: tensor<3xf64> {check.random = [0.5, 1.0]}, %w: tensor<3xf64> {check.random = [0.5, 1.0]})
    -> (tensor<3xf64>, tensor<3xf64>) attributes {check.gradient, check.second, check.map} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %y = scf.for %i = %c0 to %c4 step %c1 iter_args(%h = %x) -> tensor<3xf64> {
    %a = graph.multiply %h, %w : tensor<3xf64>
    %s = graph.sine %a : tensor<3xf64>
    %n = graph.add %s, %w : tensor<3xf64>
    scf.yield %n : tensor<3xf64>
  }
  return %y, %w : tensor<3xf64>, tensor<3xf64>
}
func.func @vjp_bounded(%x: tensor<f64> {check.value = dense<1.1> : tensor<f64>}) -> tensor<f64> attributes {check.gradient, check.second, check.map} {
  %ten = graph.constant dense<10.0> : tensor<f64>
  %two = graph.constant dense<2.0> : tensor<f64>
  %y = scf.while (%h = %x) : (tensor<f64>) -> tensor<f64> {
    %p = graph.compare LT, %h, %ten : tensor<f64>
    %c = tensor.extract %p[] : tensor<i1>
    scf.condition(%c) %h : tensor<f64>
  } do {
  ^bb0(%h: tensor<f64>):
    %p = graph.compare LT, %h, %two : tensor<f64>
    %c = tensor.extract %p[] : tensor<i1>
    %n = scf.if %c -> tensor<f64> {
      %q = graph.multiply %h, %two : tensor<f64>
      scf.yield %q : tensor<f64>
    } else {
      %q = graph.multiply %h, %h : tensor<f64>
      scf.yield %q : tensor<f64>
    }
    scf.yield %n : tensor<f64>
  } attributes {graph.max_trips = 20 : i64}
  return %y : tensor<f64>
}

// A value that one branch hands on is read in the other one after it got a new value, and behind both.
func.func private @quotient_or_sine(%x: tensor<?xf32> {graph.dims = [#graph.dim<n>]}, %c: tensor<f32>) -> (tensor<?xf32> {graph.dims = [#graph.dim<n>]}) {
  %q = graph.divide %x, %x : tensor<?xf32>
  %less = graph.compare LT, %c, %c : tensor<f32>
  %flag = tensor.extract %less[] : tensor<i1>
  %y = scf.if %flag -> (tensor<?xf32>) {
    scf.yield %q : tensor<?xf32>
  } else {
    %s = graph.sine %q : tensor<?xf32>
    scf.yield %s : tensor<?xf32>
  }
  return %y : tensor<?xf32>
}
func.func @vjp_of_a_branch(%x: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.value = dense<[0.5, -3.0, 4.0]> : tensor<3xf32>}, %c: tensor<f32> {check.value = dense<1.0> : tensor<f32>},
                           %ct: tensor<?xf32> {graph.dims = [#graph.dim<n>], check.value = dense<[1.0, 2.0, -1.0]> : tensor<3xf32>})
    -> (tensor<?xf32> {check.close = dense<[0.8414709848, 0.8414709848, 0.8414709848]> : tensor<3xf64>}, tensor<?xf32> {check.close = dense<[0.0, 0.0, 0.0]> : tensor<3xf64>}) {
  %r:2 = graph.vjp @quotient_or_sine(%x, %c) wrt [0] from(%ct) : (tensor<?xf32>, tensor<f32>, tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>)
  return %r#0, %r#1 : tensor<?xf32>, tensor<?xf32>
}
