// RUN: costate-opt --plugin=%plugin %s -split-input-file -verify-diagnostics

func.func @sparsemax_c1_range(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  // expected-error @below {{requires 'axis' to lie in [0, 2), but got 2}}
  %p = simplex.sparsemax %x axis 2 : tensor<4x8xf32>
  return %p : tensor<4x8xf32>
}
