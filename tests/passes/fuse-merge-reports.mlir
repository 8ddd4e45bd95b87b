// RUN: costate-opt %s --fuse-merge-reports | FileCheck %s

#line = loc("m.costate":3:3)
#first = loc("round 0"(#line))
#second = loc("round 1"(#line))

// CHECK-LABEL: func.func @twice
// CHECK-NEXT:    report.require %{{.*}}, "requires a"
// CHECK-NEXT:    report.require %[[Y:.*]], "requires a"
// CHECK-NEXT:    report.require %[[Y]], "requires b"
// CHECK-NEXT:    return
func.func @twice(%x: tensor<i1>, %y: tensor<i1>) {
  report.require %x, "requires a" : tensor<i1>
  report.require %y, "requires a" : tensor<i1>   // another value
  report.require %x, "requires a" : tensor<i1>
  report.require %y, "requires b" : tensor<i1>   // another line
  return
}

// Each trip is an evaluation of its own.
// CHECK-LABEL: func.func @loop
// CHECK:         report.require
// CHECK:         scf.for
// CHECK-NEXT:      report.require
func.func @loop(%x: tensor<i1>, %n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  report.require %x, "requires a" : tensor<i1>
  scf.for %i = %zero to %n step %one {
    report.require %x, "requires a" : tensor<i1>
  }
  return
}

// A branch that only reports is like what it reports.
// CHECK-LABEL: func.func @branch
// CHECK:         scf.if
// CHECK-NEXT:      arith.constant
// CHECK-NEXT:      report.print
// CHECK:         scf.if
// CHECK-NEXT:      arith.constant
// CHECK-NEXT:      report.print
// CHECK-NOT:     scf.if
func.func @branch(%c: i1, %d: i1) {
  scf.if %c {
    %x = arith.constant dense<1.0> : tensor<f32>
    report.print "x" %x : tensor<f32> loc(#first)
  }
  scf.if %c {
    %x = arith.constant dense<1.0> : tensor<f32>
    report.print "x" %x : tensor<f32> loc(#first)
  }
  scf.if %d {
    %x = arith.constant dense<1.0> : tensor<f32>
    report.print "x" %x : tensor<f32> loc(#first)
  }
  return
}

// Rounds of an `each` and calls print each; a derivative of the same call does not.
// CHECK-LABEL: func.func @prints
// CHECK-NEXT:    report.print "x" %[[X:.*]] :
// CHECK-NEXT:    report.print "x" %[[X]] :
// CHECK-NEXT:    report.print "x" %[[X]] :
// CHECK-NEXT:    return
func.func @prints(%x: tensor<f32>) {
  report.print "x" %x : tensor<f32> loc(#first)
  report.print "x" %x : tensor<f32> loc(#second)
  report.print "x" %x : tensor<f32> loc(callsite(#line at #line))
  report.print "x" %x : tensor<f32> loc(#first)
  return
}
