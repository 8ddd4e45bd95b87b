// RUN: costate-opt %s -split-input-file -verify-diagnostics

func.func @require_c1_values(%holds: tensor<i1>, %a: tensor<f64>) {
  // expected-error @below {{requires at most two values, but got 3}}
  report.require %holds, "requires it" got %a, %a, %a : tensor<i1>, tensor<f64>, tensor<f64>, tensor<f64>
  return
}

// -----

func.func @require_type(%holds: tensor<2xi1>) {
  // expected-error @below {{operand #0 must be 0D tensor of 1-bit signless integer values, but got 'tensor<2xi1>'}}
  report.require %holds, "requires it" : tensor<2xi1>
  return
}

// -----

func.func @print_c1_axes(%x: tensor<1x1x1x1x1x1x1x1x1xf32>) {
  // expected-error @below {{requires at most 8 axes, but got 9}}
  report.print "x" %x : tensor<1x1x1x1x1x1x1x1x1xf32>
  return
}
