// RUN: costate-opt %s --pass-pipeline='builtin.module(func.func(differentiate-drop-carries))' | FileCheck %s

// The tape is written in each trip and read by nobody; what is reported stays, and so does what decides where the loop ends.
// CHECK-LABEL: func.func @tape
// CHECK:         %[[Y:.*]] = scf.for %{{.*}} iter_args(%[[H:.*]] = %arg0) -> (tensor<4xf64>)
// CHECK-NEXT:      graph.sine
// CHECK-NEXT:      scf.yield
// CHECK-NEXT:    } {graph.tape = #graph.tape<all>}
// CHECK-NEXT:    return %[[Y]]
func.func @tape(%x: tensor<4xf64>, %tape: tensor<10x4xf64>) -> tensor<4xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c10 = arith.constant 10 : index
  %zero = graph.constant dense<0> : tensor<i64>
  %y:2 = scf.for %i = %c0 to %c10 step %c1 iter_args(%h = %x, %t = %tape) -> (tensor<4xf64>, tensor<10x4xf64>) {
    %row = graph.reshape %h shape [1, 4] : tensor<4xf64> -> tensor<1x4xf64>
    %next = graph.dynamic_update_slice %t, %row[%zero, %zero] : tensor<10x4xf64>, tensor<1x4xf64>, tensor<i64>, tensor<i64>
    %s = graph.sine %h : tensor<4xf64>
    scf.yield %s, %next : tensor<4xf64>, tensor<10x4xf64>
  } {graph.tape = #graph.tape<all>}
  return %y#0 : tensor<4xf64>
}

// One carry is needed by the other alone: all of the second loop, which nothing needs, and what started it.
// CHECK-LABEL: func.func @chain
// CHECK:         scf.for {{.*}} iter_args(%{{.*}} = %arg0, %{{.*}} = %arg1) -> (tensor<4xf64>, tensor<4xf64>)
// CHECK-NOT:     scf.for
// CHECK:         return
func.func @chain(%x: tensor<4xf64>, %u: tensor<4xf64>) -> tensor<4xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c10 = arith.constant 10 : index
  %y:2 = scf.for %i = %c0 to %c10 step %c1 iter_args(%h = %x, %g = %u) -> (tensor<4xf64>, tensor<4xf64>) {
    %a = graph.add %h, %g : tensor<4xf64>
    %b = graph.sine %g : tensor<4xf64>
    scf.yield %a, %b : tensor<4xf64>, tensor<4xf64>
  }
  %z:2 = scf.for %i = %c0 to %c10 step %c1 iter_args(%h = %y#1, %g = %u) -> (tensor<4xf64>, tensor<4xf64>) {
    scf.yield %g, %h : tensor<4xf64>, tensor<4xf64>
  }
  return %y#0 : tensor<4xf64>
}

// A while loop keeps what its condition reads; a branch gives what is needed of it.
// CHECK-LABEL: func.func @until
// CHECK:         scf.while (%{{.*}} = %arg0, %[[N:.*]] = %arg2) : (tensor<f64>, tensor<i64>) -> (tensor<f64>, tensor<i64>)
// CHECK:           scf.condition(%{{.*}}) %{{.*}}, %{{.*}} : tensor<f64>, tensor<i64>
// CHECK:         } do {
// CHECK:           scf.if %{{.*}} -> (tensor<f64>)
// CHECK:             scf.yield %{{.*}} : tensor<f64>
// CHECK:           scf.yield %{{.*}}, %{{.*}} : tensor<f64>, tensor<i64>
// CHECK:         } attributes {graph.max_trips = 9 : i64}
func.func @until(%x: tensor<f64>, %tape: tensor<9xf64>, %n: tensor<i64>, %p: tensor<i1>) -> tensor<f64> {
  %nine = graph.constant dense<9> : tensor<i64>
  %one = graph.constant dense<1> : tensor<i64>
  %flag = tensor.extract %p[] : tensor<i1>
  %y:3 = scf.while (%h = %x, %t = %tape, %k = %n) : (tensor<f64>, tensor<9xf64>, tensor<i64>) -> (tensor<f64>, tensor<9xf64>, tensor<i64>) {
    %less = graph.compare LT, %k, %nine : tensor<i64>
    %goes = tensor.extract %less[] : tensor<i1>
    %m = graph.add %k, %one : tensor<i64>
    scf.condition(%goes) %h, %t, %m : tensor<f64>, tensor<9xf64>, tensor<i64>
  } do {
  ^bb0(%h: tensor<f64>, %t: tensor<9xf64>, %k: tensor<i64>):
    %row = graph.reshape %h shape [1] : tensor<f64> -> tensor<1xf64>
    %next = graph.dynamic_update_slice %t, %row[%k] : tensor<9xf64>, tensor<1xf64>, tensor<i64>
    %z:2 = scf.if %flag -> (tensor<f64>, tensor<9xf64>) {
      %s = graph.sine %h : tensor<f64>
      scf.yield %s, %next : tensor<f64>, tensor<9xf64>
    } else {
      scf.yield %h, %t : tensor<f64>, tensor<9xf64>
    }
    scf.yield %z#0, %z#1, %k : tensor<f64>, tensor<9xf64>, tensor<i64>
  } attributes {graph.max_trips = 9 : i64}
  return %y#0 : tensor<f64>
}

// What a loop reports it computes, though it returns nothing.
// CHECK-LABEL: func.func @shown
// CHECK:         scf.for {{.*}} iter_args(%{{.*}} = %arg0) -> (tensor<f64>)
// CHECK:           report.print
// CHECK:           graph.sine
func.func @shown(%x: tensor<f64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c10 = arith.constant 10 : index
  %y = scf.for %i = %c0 to %c10 step %c1 iter_args(%h = %x) -> tensor<f64> {
    report.print "h" %h : tensor<f64>
    %s = graph.sine %h : tensor<f64>
    scf.yield %s : tensor<f64>
  }
  return
}
