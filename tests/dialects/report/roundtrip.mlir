// RUN: costate-opt %s | costate-opt | FileCheck %s
// RUN: costate-opt %s -mlir-print-op-generic | costate-opt | FileCheck %s

// Nothing here has a use, and nothing goes.
// RUN: costate-opt %s -canonicalize -cse | FileCheck %s

// CHECK-LABEL: func.func @require
// CHECK:         report.require %{{.*}}, "requires a < b" : tensor<i1>
// CHECK:         report.require %{{.*}}, "requires a < b" got %{{.*}}, %{{.*}} : tensor<i1>, tensor<f64>, tensor<f64>
func.func @require(%holds: tensor<i1>, %a: tensor<f64>, %b: tensor<f64>) {
  report.require %holds, "requires a < b" : tensor<i1>
  report.require %holds, "requires a < b" got %a, %b : tensor<i1>, tensor<f64>, tensor<f64>
  return
}

// CHECK-LABEL: func.func @print
// CHECK:         report.print "x" %{{.*}} : tensor<?x3xf32>
func.func @print(%x: tensor<?x3xf32>) {
  report.print "x" %x : tensor<?x3xf32>
  return
}
