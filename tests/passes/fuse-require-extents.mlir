// RUN: costate-opt %s --split-input-file --fuse-require-extents | FileCheck %s

// What is cut must be there. Of two that differ by a number the strictest is kept; a part of a part asks for nothing more.
// CHECK-LABEL: func.func @parts(
// CHECK-SAME:    graph.requires = [#graph.requirement<<n - 6>, "{{.*}}fuse-require-extents.mlir:[[#@LINE+4]]:8">]
func.func @parts(%x: tensor<?x4xf32> {graph.dims = [#graph.dim<n>, #graph.dim<4>]})
    -> (tensor<2x4xf32>, tensor<1x4xf32>, tensor<1x2xf32>) attributes {optim.entry} {
  %a = graph.slice %x starts [3, 0] sizes [2, 4] strides [1, 1] : tensor<?x4xf32> -> tensor<2x4xf32>
  %b = graph.slice %x starts [5, 0] sizes [1, 4] strides [1, 1] : tensor<?x4xf32> -> tensor<1x4xf32>
  %c = graph.slice %a starts [1, 2] sizes [1, 2] strides [1, 1] : tensor<2x4xf32> -> tensor<1x2xf32>
  return %a, %b, %c : tensor<2x4xf32>, tensor<1x4xf32>, tensor<1x2xf32>
}

// -----

// From the end; every other one; in a branch too.
// CHECK-LABEL: func.func @ends(
// CHECK-SAME:    graph.requires = [#graph.requirement<<n - 3>, "{{[^"]*}}">,
// CHECK-SAME:    #graph.requirement<<n - 2 * floordiv(m + 1, 2) + 1>, "{{[^"]*}}">]
func.func @ends(%x: tensor<?xf32> {graph.dims = [#graph.dim<n>]}, %m: tensor<?xf32> {graph.dims = [#graph.dim<m>]}, %p: i1)
    -> (tensor<3xf32>, tensor<?xf32>) attributes {optim.entry} {
  %last = graph.slice %x starts [n - 3] sizes [3] strides [1] : tensor<?xf32> -> tensor<3xf32>
  %every = scf.if %p -> tensor<?xf32> {
    %y = graph.slice %x starts [0] sizes [floordiv(m + 1, 2)] strides [2] : tensor<?xf32> -> tensor<?xf32>
    scf.yield %y : tensor<?xf32>
  } else {
    %z = graph.slice %m starts [0] sizes [floordiv(m + 1, 2)] strides [2] : tensor<?xf32> -> tensor<?xf32>
    scf.yield %z : tensor<?xf32>
  }
  return %last, %every : tensor<3xf32>, tensor<?xf32>
}

// -----

// An extent is never negative; blocks fit; there are k elements to choose from.
// CHECK-LABEL: func.func @fits(
// CHECK-SAME:    graph.requires = [#graph.requirement<<n - 9>, "{{[^"]*}}">, #graph.requirement<<-m + n>, "{{[^"]*}}">]
func.func @fits(%x: tensor<?xf32> {graph.dims = [#graph.dim<n>]}, %u: tensor<?xf32> {graph.dims = [#graph.dim<m>]}, %i: tensor<i32>)
    -> (tensor<?xf32>, tensor<8xf32>, tensor<9xf32>, tensor<?xf32>) attributes {optim.entry} {
  %s = graph.slice %x starts [2] sizes [n - 7] strides [1] : tensor<?xf32> -> tensor<?xf32>
  %b = graph.dynamic_slice %x[%i] sizes [8] : tensor<?xf32>, tensor<i32> -> tensor<8xf32>
  %v, %k = graph.top_k %x k 9 : tensor<?xf32> -> tensor<9xf32>, tensor<9xi32>
  %w = graph.dynamic_update_slice %x, %u[%i] : tensor<?xf32>, tensor<?xf32>, tensor<i32>
  return %s, %b, %v, %w : tensor<?xf32>, tensor<8xf32>, tensor<9xf32>, tensor<?xf32>
}

// -----

// What holds for all extents is not asked; only entries are called from outside.
// CHECK-LABEL: func.func @always(
// CHECK-NOT:   graph.requires
// CHECK-LABEL: func.func private @inner(
// CHECK-NOT:   graph.requires
func.func @always(%x: tensor<?xf32> {graph.dims = [#graph.dim<n>]}, %y: tensor<?xf32> {graph.dims = [#graph.dim<m>]})
    -> (tensor<?xf32>, tensor<?xf32>) attributes {optim.entry} {
  %z = graph.concatenate %x, %y axis 0 : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %t = graph.slice %z starts [n] sizes [m] strides [1] : tensor<?xf32> -> tensor<?xf32>
  %h = graph.slice %z starts [0] sizes [floordiv(n, 2)] strides [1] : tensor<?xf32> -> tensor<?xf32>
  return %t, %h : tensor<?xf32>, tensor<?xf32>
}
func.func private @inner(%x: tensor<?xf32> {graph.dims = [#graph.dim<n>]}) -> tensor<1xf32> {
  %y = graph.slice %x starts [4] sizes [1] strides [1] : tensor<?xf32> -> tensor<1xf32>
  return %y : tensor<1xf32>
}
