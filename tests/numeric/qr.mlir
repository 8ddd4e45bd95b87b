// RUN: costate-values %s

func.func @qr_tall(%a: tensor<?x4x2xf64> {graph.dims = [#graph.dim<n>, #graph.dim<4>, #graph.dim<2>], check.value = dense<[[[1.0, 2.0], [3.0, -1.0], [2.0, 0.5], [-1.0, 4.0]], [[2.0, 0.0], [1.0, 1.0], [-3.0, 2.0], [0.5, -2.0]]]> : tensor<2x4x2xf64>})
    -> (tensor<?x4x2xf64> {check.close = dense<[[[0.2581988897471612, 0.5045348984996169], [0.7745966692414835, -0.04451778516173082], [0.5163977794943223, 0.230008556668943], [-0.25819888974716115, 0.8309986563523101]], [[0.5298129428260177, 0.33097152151364856], [0.26490647141300877, 0.5585144425542816], [-0.7947194142390263, 0.2896000813244424], [0.13245323570650439, -0.7033144832165029]]]> : tensor<2x4x2xf64>}, tensor<?x2x2xf64> {check.close = dense<[[[3.872983346207417, -1.0327955589886446], [0.0, 4.492586485904678]], [[3.7749172176353745, -1.5894388284780525], [0.0, 2.544343571636173]]]> : tensor<2x2x2xf64>}) attributes {check.gradient, check.second, check.map} {
  %q, %r = graph.qr %a : tensor<?x4x2xf64>, tensor<?x2x2xf64>
  return %q, %r : tensor<?x4x2xf64>, tensor<?x2x2xf64>
}

func.func @qr_square(%a: tensor<?x3x3xf64> {graph.dims = [#graph.dim<n>, #graph.dim<3>, #graph.dim<3>], check.value = dense<[[[1.0, 2.0, 4.0], [4.0, 2.0, 1.0], [2.0, 5.0, 3.0]], [[2.0, -1.0, 0.0], [-1.0, 3.0, 0.5], [0.0, 4.0, 1.0]]]> : tensor<2x3x3xf64>})
    -> (tensor<?x3x3xf64> {check.close = dense<[[[0.21821789023599236, 0.2804653559036853, 0.9347299805391774], [0.8728715609439694, -0.4844401601972752, -0.05842062378369886], [0.4364357804719847, 0.8286476424427075, -0.35052374270219155]], [[0.8944271909999157, 0.21821789023599236, -0.39036002917941326], [-0.4472135954999579, 0.4364357804719848, -0.7807200583588266], [0.0, 0.8728715609439696, 0.48795003647426655]]]> : tensor<2x3x3xf64>}, tensor<?x3x3xf64> {check.close = dense<[[[4.582575694955841, 4.364357804719847, 3.0550504633038935], [0.0, 3.735288603626358, 3.1233641907455887], [0.0, 0.0, 2.6289280702664364]], [[2.23606797749979, -2.2360679774997894, -0.22360679774997896], [0.0, 4.58257569495584, 1.091089451179962], [0.0, 0.0, 0.09759000729485322]]]> : tensor<2x3x3xf64>}) attributes {check.gradient, check.second, check.map} {
  %q, %r = graph.qr %a : tensor<?x3x3xf64>, tensor<?x3x3xf64>
  return %q, %r : tensor<?x3x3xf64>, tensor<?x3x3xf64>
}

func.func @qr_f32(%a: tensor<2x4x2xf32> {check.value = dense<[[[1.0, 2.0], [3.0, -1.0], [2.0, 0.5], [-1.0, 4.0]], [[2.0, 0.0], [1.0, 1.0], [-3.0, 2.0], [0.5, -2.0]]]> : tensor<2x4x2xf32>})
    -> (tensor<2x4x2xf32> {check.close = dense<[[[0.2581988897471612, 0.5045348984996169], [0.7745966692414835, -0.04451778516173082], [0.5163977794943223, 0.230008556668943], [-0.25819888974716115, 0.8309986563523101]], [[0.5298129428260177, 0.33097152151364856], [0.26490647141300877, 0.5585144425542816], [-0.7947194142390263, 0.2896000813244424], [0.13245323570650439, -0.7033144832165029]]]> : tensor<2x4x2xf64>}, tensor<2x2x2xf32> {check.close = dense<[[[3.872983346207417, -1.0327955589886446], [0.0, 4.492586485904678]], [[3.7749172176353745, -1.5894388284780525], [0.0, 2.544343571636173]]]> : tensor<2x2x2xf64>}) attributes {check.gradient} {
  %q, %r = graph.qr %a : tensor<2x4x2xf32>, tensor<2x2x2xf32>
  return %q, %r : tensor<2x4x2xf32>, tensor<2x2x2xf32>
}

func.func @qr_not_finite(%a: tensor<2x2x2xf32> {check.value = dense<[[[1.0, 2.0], [0x7FC00000, 4.0]], [[1.0, 2.0], [0xFF800000, 4.0]]]> : tensor<2x2x2xf32>})
    -> (tensor<2x2x2xf32> {check.close = dense<[[[0x7FF8000000000000, 0x7FF8000000000000], [0x7FF8000000000000, 0x7FF8000000000000]], [[0x7FF8000000000000, 0x7FF8000000000000], [0x7FF8000000000000, 0x7FF8000000000000]]]> : tensor<2x2x2xf64>}, tensor<2x2x2xf32> {check.close = dense<[[[0x7FF8000000000000, 0x7FF8000000000000], [0x7FF8000000000000, 0x7FF8000000000000]], [[0x7FF8000000000000, 0x7FF8000000000000], [0x7FF8000000000000, 0x7FF8000000000000]]]> : tensor<2x2x2xf64>}) {
  %q, %r = graph.qr %a : tensor<2x2x2xf32>, tensor<2x2x2xf32>
  return %q, %r : tensor<2x2x2xf32>, tensor<2x2x2xf32>
}

func.func @qr_one(%a: tensor<2x1x1xf64> {check.value = dense<[[[-3.0]], [[2.0]]]> : tensor<2x1x1xf64>})
    -> (tensor<2x1x1xf64> {check.close = dense<[[[-1.0]], [[1.0]]]> : tensor<2x1x1xf64>}, tensor<2x1x1xf64> {check.close = dense<[[[3.0]], [[2.0]]]> : tensor<2x1x1xf64>}) attributes {check.gradient} {
  %q, %r = graph.qr %a : tensor<2x1x1xf64>, tensor<2x1x1xf64>
  return %q, %r : tensor<2x1x1xf64>, tensor<2x1x1xf64>
}

func.func @qr_empty(%a: tensor<?x3x2xf32> {graph.dims = [#graph.dim<n>, #graph.dim<3>, #graph.dim<2>], check.random = [0.0, 1.0], check.shape = array<i64: 0, 3, 2>})
    -> (tensor<?x3x2xf32> {check.close = dense<> : tensor<0x3x2xf64>}, tensor<?x2x2xf32> {check.close = dense<> : tensor<0x2x2xf64>}) {
  %q, %r = graph.qr %a : tensor<?x3x2xf32>, tensor<?x2x2xf32>
  return %q, %r : tensor<?x3x2xf32>, tensor<?x2x2xf32>
}

func.func @qr_no_columns(%a: tensor<2x3x0xf32> {check.value = dense<> : tensor<2x3x0xf32>})
    -> (tensor<2x3x0xf32> {check.close = dense<> : tensor<2x3x0xf64>}, tensor<2x0x0xf32> {check.close = dense<> : tensor<2x0x0xf64>}) {
  %q, %r = graph.qr %a : tensor<2x3x0xf32>, tensor<2x0x0xf32>
  return %q, %r : tensor<2x3x0xf32>, tensor<2x0x0xf32>
}
