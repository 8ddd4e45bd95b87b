// RUN: costate-opt %s -split-input-file -verify-diagnostics

optim.arena @arena_c1_leaves : f32 {
  // expected-error @below {{is not a leaf, but stands in an arena}}
  %c = graph.constant dense<1.0> : tensor<f32>
}

// -----

optim.arena @arena_c2_names : f32 {
  optim.leaf "w" [4]
  // expected-error @below {{requires leaf names to differ, but got 'w' twice}}
  optim.leaf "w" [4]
}

// -----

optim.arena @arena_c3_missing : f32 {
  // expected-error @below {{requires 'tied' to name an untied leaf, but got 'v'}}
  optim.leaf "w" [4] tied "v"
}

// -----

optim.arena @arena_c3_chain : f32 {
  optim.leaf "a" [4]
  optim.leaf "b" [4] tied "a"
  // expected-error @below {{requires 'tied' to name an untied leaf, but got 'b'}}
  optim.leaf "c" [4] tied "b"
}

// -----

optim.arena @arena_c3_shape : f32 {
  optim.leaf "a" [4]
  // expected-error @below {{requires the shape of 'a' [4], but got [2, 2]}}
  optim.leaf "b" [2, 2] tied "a"
}

// -----

// expected-error @below {{requires a float element type, but got 'i32'}}
optim.arena @arena_element : i32 {
}

// -----

optim.arena @leaf_c1_extent : f32 {
  // expected-error @below {{requires extents not to be negative, but got -2}}
  optim.leaf "w" [-2, 3]
}

// -----

// expected-error @below {{'optim.leaf' op expects parent op 'optim.arena'}}
optim.leaf "leaf_parent" [2]

// -----

// expected-error @below {{requires 'optim.role' to be one of param, state, buffer, input, target, rows, hyper, seed, metric, output, workspace, but got "parameter"}}
func.func @role_of_argument(%x: tensor<4xf32> {optim.role = "parameter"}) {
  return
}

// -----

// expected-error @below {{requires 'optim.role' to be one of}}
func.func @role_of_result(%x: tensor<4xf32>) -> (tensor<4xf32> {optim.role = "result"}) {
  return %x : tensor<4xf32>
}

// -----

// expected-error @below {{requires 'optim.tied' to be the index of an argument, but got 1}}
func.func @tied_index(%x: tensor<4xf32>) -> (tensor<4xf32> {optim.tied = 1 : i64}) {
  return %x : tensor<4xf32>
}

// -----

// expected-error @below {{requires result 0 of the type of argument 1, 'tensor<5xf32>', but got 'tensor<4xf32>'}}
func.func @tied_type(%x: tensor<4xf32>, %y: tensor<5xf32>) -> (tensor<4xf32> {optim.tied = 1 : i64}) {
  return %x : tensor<4xf32>
}

// -----

// expected-error @below {{requires 'optim.entry' to stand on a function}}
module attributes {optim.entry} {
}
