// RUN: costate-values %s

func.func @svd_tall(%a: tensor<?x4x2xf64> {graph.dims = [#graph.dim<n>, #graph.dim<4>, #graph.dim<2>], check.value = dense<[[[1.0, 2.0], [3.0, -1.0], [2.0, 0.5], [-1.0, 4.0]], [[2.0, 0.0], [1.0, 1.0], [-3.0, 2.0], [0.5, -2.0]]]> : tensor<2x4x2xf64>})
    -> (tensor<?x4x2xf64> {check.close = dense<[[[-0.2821819901566976, 0.49152360564055403], [0.4596329510645235, 0.6250755022326692], [0.08872548045391296, 0.5582995539366116], [-0.8373999425872592, 0.23661523552143984]], [[0.39262649722797854, 0.4858892220594244], [0.06792132648364117, 0.6144107051044225], [-0.845723590102664, 0.014098355060284786], [0.3549404685676908, -0.6214598826345651]]]> : tensor<2x4x2xf64>}, tensor<?x2xf64> {check.close = dense<[[4.816740093264504, 3.612342020620177], [4.263108425634383, 2.252977263818952]]> : tensor<2x2xf64>}, tensor<?x2x2xf64> {check.close = dense<[[[0.43838108879585846, -0.8987891971903967], [0.8987891971903967, 0.43838108879585846]], [[0.836904664229955, -0.5473486850172805], [0.5473486850172805, 0.836904664229955]]]> : tensor<2x2x2xf64>}) attributes {check.gradient, check.second, check.map} {
  %u, %s, %vh = graph.svd %a : tensor<?x4x2xf64>, tensor<?x2xf64>, tensor<?x2x2xf64>
  return %u, %s, %vh : tensor<?x4x2xf64>, tensor<?x2xf64>, tensor<?x2x2xf64>
}

func.func @svd_square(%a: tensor<?x3x3xf64> {graph.dims = [#graph.dim<n>, #graph.dim<3>, #graph.dim<3>], check.value = dense<[[[1.0, 2.0, 4.0], [4.0, 2.0, 1.0], [2.0, 5.0, 3.0]]]> : tensor<1x3x3xf64>})
    -> (tensor<?x3x3xf64> {check.close = dense<[[[0.4983812053873352, -0.5467712490707133, 0.6727981683285997], [0.46069226554584297, 0.8244342173831555, 0.3287413233441504], [0.73442413534885, -0.14611441543351036, -0.6627758044916985]]]> : tensor<1x3x3xf64>}, tensor<?x3xf64> {check.close = dense<[[8.213366501503465, 3.052814650300506, 1.7946959137668161]]> : tensor<1x3xf64>}, tensor<?x3x3xf64> {check.close = dense<[[[0.463877818866476, 0.6806304841732435, 0.5670621775235736], [0.8053999574958995, -0.05740477579450123, -0.5899454213582696], [0.3689827606125848, -0.7303744489849567, 0.5748085652116165]]]> : tensor<1x3x3xf64>}) attributes {check.gradient, check.second, check.map} {
  %u, %s, %vh = graph.svd %a : tensor<?x3x3xf64>, tensor<?x3xf64>, tensor<?x3x3xf64>
  return %u, %s, %vh : tensor<?x3x3xf64>, tensor<?x3xf64>, tensor<?x3x3xf64>
}

func.func @svd_f32(%a: tensor<2x4x2xf32> {check.value = dense<[[[1.0, 2.0], [3.0, -1.0], [2.0, 0.5], [-1.0, 4.0]], [[2.0, 0.0], [1.0, 1.0], [-3.0, 2.0], [0.5, -2.0]]]> : tensor<2x4x2xf32>})
    -> (tensor<2x4x2xf32> {check.close = dense<[[[-0.2821819901566976, 0.49152360564055403], [0.4596329510645235, 0.6250755022326692], [0.08872548045391296, 0.5582995539366116], [-0.8373999425872592, 0.23661523552143984]], [[0.39262649722797854, 0.4858892220594244], [0.06792132648364117, 0.6144107051044225], [-0.845723590102664, 0.014098355060284786], [0.3549404685676908, -0.6214598826345651]]]> : tensor<2x4x2xf64>}, tensor<2x2xf32> {check.close = dense<[[4.816740093264504, 3.612342020620177], [4.263108425634383, 2.252977263818952]]> : tensor<2x2xf64>}, tensor<2x2x2xf32> {check.close = dense<[[[0.43838108879585846, -0.8987891971903967], [0.8987891971903967, 0.43838108879585846]], [[0.836904664229955, -0.5473486850172805], [0.5473486850172805, 0.836904664229955]]]> : tensor<2x2x2xf64>}) attributes {check.gradient} {
  %u, %s, %vh = graph.svd %a : tensor<2x4x2xf32>, tensor<2x2xf32>, tensor<2x2x2xf32>
  return %u, %s, %vh : tensor<2x4x2xf32>, tensor<2x2xf32>, tensor<2x2x2xf32>
}

func.func @svd_not_finite(%a: tensor<2x2x2xf32> {check.value = dense<[[[1.0, 2.0], [0x7FC00000, 4.0]], [[1.0, 2.0], [0xFF800000, 4.0]]]> : tensor<2x2x2xf32>})
    -> (tensor<2x2x2xf32> {check.close = dense<[[[0x7FF8000000000000, 0x7FF8000000000000], [0x7FF8000000000000, 0x7FF8000000000000]], [[0x7FF8000000000000, 0x7FF8000000000000], [0x7FF8000000000000, 0x7FF8000000000000]]]> : tensor<2x2x2xf64>}, tensor<2x2xf32> {check.close = dense<[[0x7FF8000000000000, 0x7FF8000000000000], [0x7FF8000000000000, 0x7FF8000000000000]]> : tensor<2x2xf64>}, tensor<2x2x2xf32> {check.close = dense<[[[0x7FF8000000000000, 0x7FF8000000000000], [0x7FF8000000000000, 0x7FF8000000000000]], [[0x7FF8000000000000, 0x7FF8000000000000], [0x7FF8000000000000, 0x7FF8000000000000]]]> : tensor<2x2x2xf64>}) {
  %u, %s, %vh = graph.svd %a : tensor<2x2x2xf32>, tensor<2x2xf32>, tensor<2x2x2xf32>
  return %u, %s, %vh : tensor<2x2x2xf32>, tensor<2x2xf32>, tensor<2x2x2xf32>
}

func.func @svd_one(%a: tensor<2x1x1xf64> {check.value = dense<[[[-3.0]], [[2.0]]]> : tensor<2x1x1xf64>})
    -> (tensor<2x1x1xf64> {check.close = dense<[[[-1.0]], [[1.0]]]> : tensor<2x1x1xf64>}, tensor<2x1xf64> {check.close = dense<[[3.0], [2.0]]> : tensor<2x1xf64>}, tensor<2x1x1xf64> {check.close = dense<1.0> : tensor<2x1x1xf64>}) attributes {check.map} {
  %u, %s, %vh = graph.svd %a : tensor<2x1x1xf64>, tensor<2x1xf64>, tensor<2x1x1xf64>
  return %u, %s, %vh : tensor<2x1x1xf64>, tensor<2x1xf64>, tensor<2x1x1xf64>
}

func.func @svd_empty(%a: tensor<?x3x2xf32> {graph.dims = [#graph.dim<n>, #graph.dim<3>, #graph.dim<2>], check.random = [0.0, 1.0], check.shape = array<i64: 0, 3, 2>})
    -> (tensor<?x3x2xf32> {check.close = dense<> : tensor<0x3x2xf64>}, tensor<?x2xf32> {check.close = dense<> : tensor<0x2xf64>}, tensor<?x2x2xf32> {check.close = dense<> : tensor<0x2x2xf64>}) {
  %u, %s, %vh = graph.svd %a : tensor<?x3x2xf32>, tensor<?x2xf32>, tensor<?x2x2xf32>
  return %u, %s, %vh : tensor<?x3x2xf32>, tensor<?x2xf32>, tensor<?x2x2xf32>
}

func.func @svd_no_columns(%a: tensor<2x3x0xf32> {check.value = dense<> : tensor<2x3x0xf32>})
    -> (tensor<2x3x0xf32> {check.close = dense<> : tensor<2x3x0xf64>}, tensor<2x0xf32> {check.close = dense<> : tensor<2x0xf64>}, tensor<2x0x0xf32> {check.close = dense<> : tensor<2x0x0xf64>}) {
  %u, %s, %vh = graph.svd %a : tensor<2x3x0xf32>, tensor<2x0xf32>, tensor<2x0x0xf32>
  return %u, %s, %vh : tensor<2x3x0xf32>, tensor<2x0xf32>, tensor<2x0x0xf32>
}
