// RUN: costate-values %s

func.func @fft_four(%re: tensor<?x4xf64> {graph.dims = [#graph.dim<n>, #graph.dim<4>], check.value = dense<[[1.25, -1.75, -1.25, -1.0], [-1.25, 1.25, 1.5, 0.25]]> : tensor<2x4xf64>},
    %im: tensor<?x4xf64> {graph.dims = [#graph.dim<n>, #graph.dim<4>], check.value = dense<[[-2.0, -1.75, -0.75, -0.25], [0.5, 0.0, -1.0, -1.5]]> : tensor<2x4xf64>})
    -> (tensor<?x4xf64> {check.close = dense<[[-2.75, 1.0, 2.75, 4.0], [1.75, -1.25, -1.25, -4.25]]> : tensor<2x4xf64>},
        tensor<?x4xf64> {check.close = dense<[[-4.75, -0.5, -0.75, -2.0], [-2.0, 0.5, 1.0, 2.5]]> : tensor<2x4xf64>}) attributes {check.gradient, check.second, check.map} {
  %a, %b = graph.fft %re, %im : tensor<?x4xf64>
  return %a, %b : tensor<?x4xf64>, tensor<?x4xf64>
}

func.func @fft_inverse(%re: tensor<?x6xf64> {graph.dims = [#graph.dim<n>, #graph.dim<6>], check.value = dense<[[0.75, 1.0, -2.0, -1.75, -0.25, -0.5], [1.75, 0.0, -0.25, -0.25, 0.75, 0.25]]> : tensor<2x6xf64>},
    %im: tensor<?x6xf64> {graph.dims = [#graph.dim<n>, #graph.dim<6>], check.value = dense<[[-1.5, 1.0, 1.0, 2.0, 1.25, -1.0], [-0.75, 0.75, 0.75, 0.75, 1.5, -1.0]]> : tensor<2x6xf64>})
    -> (tensor<?x6xf64> {check.close = dense<[[-2.75, 2.3594555433772326, -2.073557158514987, -0.25, 1.8235571585149868, 5.3905444566227665], [2.25, 1.0089745962155614, -1.0400635094610964, 2.25, 3.2900635094610964, 2.7410254037844384]]> : tensor<2x6xf64>},
        tensor<?x6xf64> {check.close = dense<[[2.75, -4.84150635094611, 2.1895825622994254, -1.25, -3.4395825622994254, -4.40849364905389], [2.0, -3.8325317547305477, -0.350480947161671, 0.9999999999999998, -1.649519052838329, -1.6674682452694514]]> : tensor<2x6xf64>}) attributes {check.gradient, check.second, check.map} {
  %a, %b = graph.fft %re, %im inverse : tensor<?x6xf64>
  return %a, %b : tensor<?x6xf64>, tensor<?x6xf64>
}

// The length is known when the program runs.
func.func @fft_length(%re: tensor<2x?xf64> {graph.dims = [#graph.dim<2>, #graph.dim<n>], check.value = dense<[[1.75, -2.0, -1.75, 2.0, 2.0, -0.75, -1.5], [-0.75, -2.0, 1.75, 0.75, 0.25, -1.0, 0.0]]> : tensor<2x7xf64>},
    %im: tensor<2x?xf64> {graph.dims = [#graph.dim<2>, #graph.dim<n>], check.value = dense<[[-1.25, 1.25, 0.0, -2.0, -1.0, 1.0, 0.0], [-0.5, -1.0, -1.75, 0.5, 0.75, 0.0, 1.75]]> : tensor<2x7xf64>})
    -> (tensor<2x?xf64> {check.close = dense<[[-0.25, -3.9113097414388025, 9.70957975785095, 2.8038410413695307, 2.1053245530032227, 4.840829534225215, -3.0482651450101135], [-1.0, -7.0294705299717855, -2.083492325582733, 1.2283269869428857, 1.3657413195422627, 1.3691023632718289, 0.899792185797541]]> : tensor<2x7xf64>},
        tensor<2x?xf64> {check.close = dense<[[-2.0, 3.3755915754901986, -4.24600922395066, -1.6500480940595983, -0.5202688682410969, -4.353169657897366, 0.6439042686585215], [-0.25, -2.1035127621831577, 5.223118918856361, -0.01464487269370407, -5.075325070556277, -1.8447847774855322, 0.5651485640623106]]> : tensor<2x7xf64>}) attributes {check.gradient, check.second, check.map} {
  %a, %b = graph.fft %re, %im : tensor<2x?xf64>
  return %a, %b : tensor<2x?xf64>, tensor<2x?xf64>
}

func.func @fft_f32(%re: tensor<2x2x5xf32> {check.value = dense<[[[1.75, -1.25, 0.5, 0.5, -1.0], [-0.75, 0.0, 1.0, -1.0, 1.0]], [[0.75, -1.25, -0.5, 1.5, 1.5], [0.75, -2.0, 0.75, -1.25, 1.25]]]> : tensor<2x2x5xf32>},
    %im: tensor<2x2x5xf32> {check.value = dense<[[[1.75, -0.25, 2.0, 1.0, -0.75], [1.5, -0.5, -1.75, 0.5, 1.5]], [[0.75, -0.5, 1.75, 0.0, -0.5], [-1.5, -1.25, 0.75, 1.25, -1.0]]]> : tensor<2x2x5xf32>})
    -> (tensor<2x2x5xf32> {check.close = dense<[[[0.5, 1.3090082787214707, 3.222141341569662, 4.536469121867496, -0.8176187421586292], [0.25, -3.665612855873424, -0.5947103372957985, -2.5233236514540964, 2.783646844623319]], [[2.0, 1.0468614457306173, -0.8075861577353081, 2.5211116492977292, -1.0103869372930385], [-0.5, 0.39108899618623816, 1.5308361936681953, 0.8736723035192784, 1.454402506626288]]]> : tensor<2x2x5xf64>},
        tensor<2x2x5xf32> {check.close = dense<[[[3.75, -0.7483038484260014, 3.633014290572908, 3.3391216644266715, -1.2238321065735782], [1.25, 2.595774249053839, 2.794610047539148, -2.185186522226412, 3.044802225633424]], [[1.5, 2.8161791898655126, 1.8140931457450997, 2.3855003233171117, -4.765772658927724], [-1.75, -1.8979590527192238, 4.750737328634371, -2.8740928764473184, -5.728685399467829]]]> : tensor<2x2x5xf64>}) attributes {check.gradient, check.map} {
  %a, %b = graph.fft %re, %im : tensor<2x2x5xf32>
  return %a, %b : tensor<2x2x5xf32>, tensor<2x2x5xf32>
}

func.func @fft_line(%re: tensor<12xf32> {check.value = dense<[0.5, 1.5, -1.5, -1.0, 0.0, 0.25, -0.5, -0.5, -1.5, 0.5, 1.75, -1.25]> : tensor<12xf32>},
    %im: tensor<12xf32> {check.value = dense<[1.25, -1.25, -2.0, 1.0, -1.25, 1.0, -0.75, 0.25, 1.75, 1.75, 0.0, -1.25]> : tensor<12xf32>})
    -> (tensor<12xf32> {check.close = dense<[-1.7499999999999998, 7.0131397208144115, 0.9084936490538904, -2.249999999999999, 1.6405444566227676, -2.5131397208144124, -0.7499999999999998, 5.397114317029972, -1.3905444566227674, 0.7500000000000002, 1.3415063509461094, -2.397114317029973]> : tensor<12xf64>},
        tensor<12xf32> {check.close = dense<[0.5, -3.7631397208144124, -4.506569860407206, 9.5, 10.470671475544961, 5.7631397208144115, -2.5, 2.232050807568877, -1.2206714755449601, -0.49999999999999956, 0.2565698604072062, -1.2320508075688763]> : tensor<12xf64>}) attributes {check.gradient, check.map} {
  %a, %b = graph.fft %re, %im inverse : tensor<12xf32>
  return %a, %b : tensor<12xf32>, tensor<12xf32>
}

func.func @fft_one(%re: tensor<2x1xf64> {check.value = dense<[[-1.0], [1.5]]> : tensor<2x1xf64>},
    %im: tensor<2x1xf64> {check.value = dense<[[0.5], [-1.5]]> : tensor<2x1xf64>})
    -> (tensor<2x1xf64> {check.close = dense<[[-1.0], [1.5]]> : tensor<2x1xf64>},
        tensor<2x1xf64> {check.close = dense<[[0.5], [-1.5]]> : tensor<2x1xf64>}) attributes {check.gradient} {
  %a, %b = graph.fft %re, %im : tensor<2x1xf64>
  return %a, %b : tensor<2x1xf64>, tensor<2x1xf64>
}

// What is not finite makes its own row NaN, in f32 too, where all else is finite.
func.func @fft_not_finite(%re: tensor<4x2xf32> {check.value = dense<[[1.0, 2.0], [0x7FC00000, 1.0], [3.0, 0.5], [0xFF800000, 1.0]]> : tensor<4x2xf32>},
    %im: tensor<4x2xf32> {check.value = dense<[[0.5, 1.0], [1.0, 1.0], [0x7F800000, 1.0], [2.0, 1.0]]> : tensor<4x2xf32>})
    -> (tensor<4x2xf32> {check.close = dense<[[3.0, -1.0], [0x7FF8000000000000, 0x7FF8000000000000], [0x7FF8000000000000, 0x7FF8000000000000], [0x7FF8000000000000, 0x7FF8000000000000]]> : tensor<4x2xf64>},
        tensor<4x2xf32> {check.close = dense<[[1.5, -0.5], [0x7FF8000000000000, 0x7FF8000000000000], [0x7FF8000000000000, 0x7FF8000000000000], [0x7FF8000000000000, 0x7FF8000000000000]]> : tensor<4x2xf64>}) {
  %a, %b = graph.fft %re, %im : tensor<4x2xf32>
  return %a, %b : tensor<4x2xf32>, tensor<4x2xf32>
}

// A length with a large prime factor is a convolution; more rows than are transformed together.
func.func @fft_large_prime(%re: tensor<?x74xf64> {graph.dims = [#graph.dim<n>, #graph.dim<74>], check.random = [-1.0, 1.0], check.shape = array<i64: 11, 74>},
    %im: tensor<?x74xf64> {graph.dims = [#graph.dim<n>, #graph.dim<74>], check.random = [-1.0, 1.0], check.shape = array<i64: 11, 74>})
    -> (tensor<?x74xf64>, tensor<?x74xf64>) attributes {check.map} {
  %a, %b = graph.fft %re, %im : tensor<?x74xf64>
  return %a, %b : tensor<?x74xf64>, tensor<?x74xf64>
}

// One part alone is read, one alone has a cotangent.
func.func @fft_of_one_part(%re: tensor<3x8xf64> {check.random = [-1.0, 1.0]}, %im: tensor<3x8xf64> {check.random = [-1.0, 1.0]})
    -> (tensor<3x8xf64>, tensor<3x8xf64>) attributes {check.gradient, check.second} {
  %zero = graph.constant dense<0.0> : tensor<3x8xf64>
  %a, %b = graph.fft %re, %zero : tensor<3x8xf64>
  %c, %d = graph.fft %re, %im inverse : tensor<3x8xf64>
  %p = graph.multiply %b, %b : tensor<3x8xf64>
  %q = graph.multiply %c, %c : tensor<3x8xf64>
  return %p, %q : tensor<3x8xf64>, tensor<3x8xf64>
}

func.func @fft_no_rows(%re: tensor<?x3xf32> {graph.dims = [#graph.dim<n>, #graph.dim<3>], check.value = dense<> : tensor<0x3xf32>},
    %im: tensor<?x3xf32> {graph.dims = [#graph.dim<n>, #graph.dim<3>], check.value = dense<> : tensor<0x3xf32>})
    -> (tensor<?x3xf32> {check.close = dense<> : tensor<0x3xf64>}, tensor<?x3xf32> {check.close = dense<> : tensor<0x3xf64>}) {
  %a, %b = graph.fft %re, %im : tensor<?x3xf32>
  return %a, %b : tensor<?x3xf32>, tensor<?x3xf32>
}

func.func @fft_no_length(%re: tensor<2x0xf32> {check.value = dense<> : tensor<2x0xf32>}, %im: tensor<2x0xf32> {check.value = dense<> : tensor<2x0xf32>})
    -> (tensor<2x0xf32> {check.close = dense<> : tensor<2x0xf64>}, tensor<2x0xf32> {check.close = dense<> : tensor<2x0xf64>}) {
  %a, %b = graph.fft %re, %im : tensor<2x0xf32>
  return %a, %b : tensor<2x0xf32>, tensor<2x0xf32>
}
