module attributes {optim.batch = 32 : i64, optim.data = "data/digits.npz", optim.epochs = 30 : i64, optim.model = "digits"} {
  optim.arena @f : f32 {
    optim.leaf "f.layers.0.w" [64, 128]
    optim.leaf "f.layers.0.b" [128]
    optim.leaf "f.layers.1.w" [128, 10]
    optim.leaf "f.layers.1.b" [10]
  }
  func.func @evaluate(%arg0: tensor<9616xf32> {optim.arena = @f, optim.name = "f", optim.role = "param"}, %arg1: tensor<?x64xf32> {graph.dims = [#graph.dim<batch>, #graph.dim<64>], optim.name = "x", optim.role = "input"}, %arg2: tensor<?xi32> {graph.dims = [#graph.dim<batch>], optim.name = "y", optim.role = "target"}) -> (tensor<f32> {optim.name = "loss", optim.role = "metric"}, tensor<f32> {optim.name = "accuracy", optim.role = "metric"}) attributes {optim.entry} {
    %0 = graph.constant dense<0.000000e+00> : tensor<f32>
    %1 = graph.leaf %arg0[@f::@f.layers.0.w] : tensor<9616xf32> -> tensor<64x128xf32>
    %2 = graph.dot_general %arg1, %1 contracting [1] x [0] : tensor<?x64xf32>, tensor<64x128xf32> -> tensor<?x128xf32>
    %3 = graph.leaf %arg0[@f::@f.layers.0.b] : tensor<9616xf32> -> tensor<128xf32>
    %4 = graph.broadcast_in_dim %3 dims [1] shape [batch, 128] : tensor<128xf32> -> tensor<?x128xf32>
    %5 = graph.add %2, %4 : tensor<?x128xf32>
    %6 = graph.broadcast_in_dim %0 dims [] shape [batch, 128] : tensor<f32> -> tensor<?x128xf32>
    %7 = graph.maximum %5, %6 : tensor<?x128xf32>
    %8 = graph.leaf %arg0[@f::@f.layers.1.w] : tensor<9616xf32> -> tensor<128x10xf32>
    %9 = graph.dot_general %7, %8 contracting [1] x [0] : tensor<?x128xf32>, tensor<128x10xf32> -> tensor<?x10xf32>
    %10 = graph.leaf %arg0[@f::@f.layers.1.b] : tensor<9616xf32> -> tensor<10xf32>
    %11 = graph.broadcast_in_dim %10 dims [1] shape [batch, 10] : tensor<10xf32> -> tensor<?x10xf32>
    %12 = graph.add %9, %11 : tensor<?x10xf32>
    %13 = graph.argmax %12 axis 1 : tensor<?x10xf32> -> tensor<?xi32>
    %14 = graph.compare EQ, %13, %arg2 : tensor<?xi32>
    %15 = graph.convert %14 : tensor<?xi1> -> tensor<?xf32>
    %16 = graph.reduce_sum %15 axes [0] : tensor<?xf32> -> tensor<f32>
    %17 = graph.extent <batch> : tensor<i64>
    %18 = graph.convert %17 : tensor<i64> -> tensor<f32>
    %19 = graph.divide %16, %18 : tensor<f32>
    %20 = graph.reshape %arg2 shape [batch, 1] : tensor<?xi32> -> tensor<?x1xi32>
    %21 = graph.gather %12, %20 batch_dims 1 : tensor<?x10xf32>, tensor<?x1xi32> -> tensor<?x1xf32>
    %22 = graph.logsumexp %12 axes [1] : tensor<?x10xf32> -> tensor<?xf32>
    %23 = graph.reshape %21 shape [batch] : tensor<?x1xf32> -> tensor<?xf32>
    %24 = graph.subtract %22, %23 : tensor<?xf32>
    %25 = graph.reduce_sum %24 axes [0] : tensor<?xf32> -> tensor<f32>
    %26 = graph.divide %25, %18 : tensor<f32>
    return %26, %19 : tensor<f32>, tensor<f32>
  }
  func.func @init(%arg0: tensor<i64> {optim.name = "seed", optim.role = "seed"}) -> (tensor<9616xf32> {optim.arena = @f, optim.name = "f", optim.role = "param"}, tensor<9616xf32> {optim.arena = @f, optim.name = "f.adamw.m", optim.role = "state"}, tensor<9616xf32> {optim.arena = @f, optim.name = "f.adamw.v", optim.role = "state"}, tensor<i64> {optim.name = "t", optim.role = "state"}) attributes {optim.entry} {
    %0 = graph.constant dense<0.000000e+00> : tensor<9616xf32>
    %1 = graph.constant dense<0.000000e+00> : tensor<10xf32>
    %2 = graph.constant dense<-0.208514407> : tensor<128x10xf32>
    %3 = graph.constant dense<0.417028815> : tensor<128x10xf32>
    %4 = graph.constant dense<0.000000e+00> : tensor<128xf32>
    %5 = graph.constant dense<-0.176776692> : tensor<64x128xf32>
    %6 = graph.constant dense<0.353553385> : tensor<64x128xf32>
    %7 = graph.constant dense<2> : tensor<i64>
    %8 = graph.constant dense<280488731327647283> : tensor<i64>
    %9 = graph.constant dense<0> : tensor<i64>
    %10 = graph.constant dense<[193204125434843619, 193215670306939834, 9137057766485884126, 9137063813799839287]> : tensor<4xi64>
    %11 = graph.broadcast_in_dim %arg0 dims [] shape [4] : tensor<i64> -> tensor<4xi64>
    %12 = graph.fold_in %11, %10 : tensor<4xi64>
    %13 = graph.gather %12, %9 batch_dims 0 : tensor<4xi64>, tensor<i64> -> tensor<i64>
    %14 = graph.fold_in %13, %8 : tensor<i64>
    %15 = graph.random uniform %14 site 280488731327647283 shape [64, 128] : tensor<i64> -> tensor<64x128xf32>
    %16 = graph.multiply %15, %6 : tensor<64x128xf32>
    %17 = graph.add %16, %5 : tensor<64x128xf32>
    %18 = graph.gather %12, %7 batch_dims 0 : tensor<4xi64>, tensor<i64> -> tensor<i64>
    %19 = graph.fold_in %18, %8 : tensor<i64>
    %20 = graph.random uniform %19 site 280488731327647283 shape [128, 10] : tensor<i64> -> tensor<128x10xf32>
    %21 = graph.multiply %20, %3 : tensor<128x10xf32>
    %22 = graph.add %21, %2 : tensor<128x10xf32>
    %23 = graph.pack @f leaves ["f.layers.0.w", "f.layers.0.b", "f.layers.1.w", "f.layers.1.b"](%17, %4, %22, %1) : (tensor<64x128xf32>, tensor<128xf32>, tensor<128x10xf32>, tensor<10xf32>) -> tensor<9616xf32>
    return %23, %0, %0, %9 : tensor<9616xf32>, tensor<9616xf32>, tensor<9616xf32>, tensor<i64>
  }
  func.func @train_step(%arg0: tensor<9616xf32> {optim.arena = @f, optim.name = "f", optim.role = "param"}, %arg1: tensor<9616xf32> {optim.arena = @f, optim.name = "f.adamw.m", optim.role = "state"}, %arg2: tensor<9616xf32> {optim.arena = @f, optim.name = "f.adamw.v", optim.role = "state"}, %arg3: tensor<i64> {optim.name = "t", optim.role = "state"}, %arg4: tensor<i64> {optim.name = "seed", optim.role = "seed"}, %arg5: tensor<f64> {optim.default = 1.000000e-03 : f64, optim.name = "lr", optim.role = "hyper"}, %arg6: tensor<f64> {optim.default = 1.000000e-02 : f64, optim.name = "weight_decay", optim.role = "hyper"}, %arg7: tensor<?x64xf32> {graph.dims = [#graph.dim<batch>, #graph.dim<64>], optim.name = "x", optim.role = "input"}, %arg8: tensor<?xi32> {graph.dims = [#graph.dim<batch>], optim.name = "y", optim.role = "target"}) -> (tensor<9616xf32> {optim.tied = 0 : i64}, tensor<9616xf32> {optim.tied = 1 : i64}, tensor<9616xf32> {optim.tied = 2 : i64}, tensor<i64> {optim.tied = 3 : i64}, tensor<f32> {optim.name = "loss", optim.role = "metric"}, tensor<f32> {optim.name = "accuracy", optim.role = "metric"}) attributes {optim.entry} {
    %0 = graph.constant dense<9.99999993E-9> : tensor<9616xf32>
    %1 = graph.constant dense<1.000000e-03> : tensor<9616xf32>
    %2 = graph.constant dense<9.990000e-01> : tensor<9616xf32>
    %3 = graph.constant dense<1.000000e-01> : tensor<9616xf32>
    %4 = graph.constant dense<0.899999976> : tensor<9616xf32>
    %5 = graph.constant dense<0x7F800000> : tensor<f32>
    %6 = graph.constant dense<0.99899999999999999> : tensor<f64>
    %7 = graph.constant dense<1.000000e+00> : tensor<f64>
    %8 = graph.constant dense<9.000000e-01> : tensor<f64>
    %9 = graph.constant dense<1.000000e+00> : tensor<f32>
    %10 = graph.constant dense<0.000000e+00> : tensor<f32>
    %11 = graph.constant dense<1> : tensor<i64>
    %12 = graph.add %arg3, %11 : tensor<i64>
    %13 = graph.leaf %arg0[@f::@f.layers.0.w] : tensor<9616xf32> -> tensor<64x128xf32>
    %14 = graph.dot_general %arg7, %13 contracting [1] x [0] : tensor<?x64xf32>, tensor<64x128xf32> -> tensor<?x128xf32>
    %15 = graph.leaf %arg0[@f::@f.layers.0.b] : tensor<9616xf32> -> tensor<128xf32>
    %16 = graph.broadcast_in_dim %15 dims [1] shape [batch, 128] : tensor<128xf32> -> tensor<?x128xf32>
    %17 = graph.add %14, %16 : tensor<?x128xf32>
    %18 = graph.broadcast_in_dim %10 dims [] shape [batch, 128] : tensor<f32> -> tensor<?x128xf32>
    %19 = graph.maximum %17, %18 : tensor<?x128xf32>
    %20 = graph.leaf %arg0[@f::@f.layers.1.w] : tensor<9616xf32> -> tensor<128x10xf32>
    %21 = graph.dot_general %19, %20 contracting [1] x [0] : tensor<?x128xf32>, tensor<128x10xf32> -> tensor<?x10xf32>
    %22 = graph.leaf %arg0[@f::@f.layers.1.b] : tensor<9616xf32> -> tensor<10xf32>
    %23 = graph.broadcast_in_dim %22 dims [1] shape [batch, 10] : tensor<10xf32> -> tensor<?x10xf32>
    %24 = graph.add %21, %23 : tensor<?x10xf32>
    %25 = graph.reshape %arg8 shape [batch, 1] : tensor<?xi32> -> tensor<?x1xi32>
    %26 = graph.gather %24, %25 batch_dims 1 : tensor<?x10xf32>, tensor<?x1xi32> -> tensor<?x1xf32>
    %27 = graph.logsumexp %24 axes [1] : tensor<?x10xf32> -> tensor<?xf32>
    %28 = graph.reshape %26 shape [batch] : tensor<?x1xf32> -> tensor<?xf32>
    %29 = graph.subtract %27, %28 : tensor<?xf32>
    %30 = graph.reduce_sum %29 axes [0] : tensor<?xf32> -> tensor<f32>
    %31 = graph.extent <batch> : tensor<i64>
    %32 = graph.convert %31 : tensor<i64> -> tensor<f32>
    %33 = graph.divide %30, %32 : tensor<f32>
    %34 = graph.argmax %24 axis 1 : tensor<?x10xf32> -> tensor<?xi32>
    %35 = graph.compare EQ, %34, %arg8 : tensor<?xi32>
    %36 = graph.convert %35 : tensor<?xi1> -> tensor<?xf32>
    %37 = graph.reduce_sum %36 axes [0] : tensor<?xf32> -> tensor<f32>
    %38 = graph.divide %37, %32 : tensor<f32>
    %39 = graph.divide %9, %32 : tensor<f32>
    %40 = graph.broadcast_in_dim %39 dims [] shape [batch] : tensor<f32> -> tensor<?xf32>
    %41 = graph.negate %40 : tensor<?xf32>
    %42 = graph.reshape %41 shape [batch, 1] : tensor<?xf32> -> tensor<?x1xf32>
    %43 = graph.broadcast_in_dim %40 dims [0] shape [batch, 10] : tensor<?xf32> -> tensor<?x10xf32>
    %44 = graph.broadcast_in_dim %27 dims [0] shape [batch, 10] : tensor<?xf32> -> tensor<?x10xf32>
    %45 = graph.subtract %24, %44 : tensor<?x10xf32>
    %46 = graph.exponential %45 : tensor<?x10xf32>
    %47 = graph.multiply %43, %46 : tensor<?x10xf32>
    %48 = graph.scatter_add %47, %25, %42 batch_dims 1 : tensor<?x10xf32>, tensor<?x1xi32>, tensor<?x1xf32>
    %49 = graph.reduce_sum %48 axes [0] : tensor<?x10xf32> -> tensor<10xf32>
    %50 = graph.dot_general %48, %20 contracting [1] x [1] : tensor<?x10xf32>, tensor<128x10xf32> -> tensor<?x128xf32>
    %51 = graph.dot_general %48, %19 contracting [0] x [0] : tensor<?x10xf32>, tensor<?x128xf32> -> tensor<10x128xf32>
    %52 = graph.transpose %51 permutation [1, 0] : tensor<10x128xf32> -> tensor<128x10xf32>
    %53 = graph.compare GT, %17, %18 : tensor<?x128xf32>
    %54 = graph.select %53, %50, %18 : tensor<?x128xf32>
    %55 = graph.reduce_sum %54 axes [0] : tensor<?x128xf32> -> tensor<128xf32>
    %56 = graph.dot_general %54, %arg7 contracting [0] x [0] : tensor<?x128xf32>, tensor<?x64xf32> -> tensor<128x64xf32>
    %57 = graph.transpose %56 permutation [1, 0] : tensor<128x64xf32> -> tensor<64x128xf32>
    %58 = graph.pack @f leaves ["f.layers.1.b", "f.layers.1.w", "f.layers.0.b", "f.layers.0.w"](%49, %52, %55, %57) : (tensor<10xf32>, tensor<128x10xf32>, tensor<128xf32>, tensor<64x128xf32>) -> tensor<9616xf32>
    %59 = graph.multiply %arg1, %4 : tensor<9616xf32>
    %60 = graph.multiply %58, %3 : tensor<9616xf32>
    %61 = graph.add %59, %60 : tensor<9616xf32>
    %62 = graph.multiply %arg2, %2 : tensor<9616xf32>
    %63 = graph.multiply %58, %58 : tensor<9616xf32>
    %64 = graph.multiply %63, %1 : tensor<9616xf32>
    %65 = graph.add %62, %64 : tensor<9616xf32>
    %66 = graph.convert %12 : tensor<i64> -> tensor<f64>
    %67 = graph.power %8, %66 : tensor<f64>
    %68 = graph.subtract %7, %67 : tensor<f64>
    %69 = graph.convert %68 : tensor<f64> -> tensor<f32>
    %70 = graph.broadcast_in_dim %69 dims [] shape [9616] : tensor<f32> -> tensor<9616xf32>
    %71 = graph.divide %61, %70 : tensor<9616xf32>
    %72 = graph.power %6, %66 : tensor<f64>
    %73 = graph.subtract %7, %72 : tensor<f64>
    %74 = graph.convert %73 : tensor<f64> -> tensor<f32>
    %75 = graph.broadcast_in_dim %74 dims [] shape [9616] : tensor<f32> -> tensor<9616xf32>
    %76 = graph.divide %65, %75 : tensor<9616xf32>
    %77 = graph.sqrt %76 : tensor<9616xf32>
    %78 = graph.add %77, %0 : tensor<9616xf32>
    %79 = graph.divide %71, %78 : tensor<9616xf32>
    %80 = graph.convert %arg6 : tensor<f64> -> tensor<f32>
    %81 = graph.broadcast_in_dim %80 dims [] shape [9616] : tensor<f32> -> tensor<9616xf32>
    %82 = graph.multiply %81, %arg0 : tensor<9616xf32>
    %83 = graph.add %79, %82 : tensor<9616xf32>
    %84 = graph.convert %arg5 : tensor<f64> -> tensor<f32>
    %85 = graph.broadcast_in_dim %84 dims [] shape [9616] : tensor<f32> -> tensor<9616xf32>
    %86 = graph.multiply %85, %83 : tensor<9616xf32>
    %87 = graph.subtract %arg0, %86 : tensor<9616xf32>
    %88 = graph.abs %33 : tensor<f32>
    %89 = graph.compare LT, %88, %5 : tensor<f32>
    %90 = graph.broadcast_in_dim %89 dims [] shape [9616] : tensor<i1> -> tensor<9616xi1>
    %91 = graph.select %90, %87, %arg0 : tensor<9616xf32>
    %92 = graph.select %90, %61, %arg1 : tensor<9616xf32>
    %93 = graph.select %90, %65, %arg2 : tensor<9616xf32>
    %94 = graph.select %89, %12, %arg3 : tensor<i64>
    return %91, %92, %93, %94, %33, %38 : tensor<9616xf32>, tensor<9616xf32>, tensor<9616xf32>, tensor<i64>, tensor<f32>, tensor<f32>
  }
  func.func @predict(%arg0: tensor<9616xf32> {optim.arena = @f, optim.name = "f", optim.role = "param"}, %arg1: tensor<?x64xf32> {graph.dims = [#graph.dim<batch>, #graph.dim<64>], optim.name = "x", optim.role = "input"}) -> (tensor<?xi32> {graph.dims = [#graph.dim<batch>], optim.name = "label", optim.role = "output"}) attributes {optim.entry} {
    %0 = graph.constant dense<0.000000e+00> : tensor<f32>
    %1 = graph.leaf %arg0[@f::@f.layers.0.w] : tensor<9616xf32> -> tensor<64x128xf32>
    %2 = graph.dot_general %arg1, %1 contracting [1] x [0] : tensor<?x64xf32>, tensor<64x128xf32> -> tensor<?x128xf32>
    %3 = graph.leaf %arg0[@f::@f.layers.0.b] : tensor<9616xf32> -> tensor<128xf32>
    %4 = graph.broadcast_in_dim %3 dims [1] shape [batch, 128] : tensor<128xf32> -> tensor<?x128xf32>
    %5 = graph.add %2, %4 : tensor<?x128xf32>
    %6 = graph.broadcast_in_dim %0 dims [] shape [batch, 128] : tensor<f32> -> tensor<?x128xf32>
    %7 = graph.maximum %5, %6 : tensor<?x128xf32>
    %8 = graph.leaf %arg0[@f::@f.layers.1.w] : tensor<9616xf32> -> tensor<128x10xf32>
    %9 = graph.dot_general %7, %8 contracting [1] x [0] : tensor<?x128xf32>, tensor<128x10xf32> -> tensor<?x10xf32>
    %10 = graph.leaf %arg0[@f::@f.layers.1.b] : tensor<9616xf32> -> tensor<10xf32>
    %11 = graph.broadcast_in_dim %10 dims [1] shape [batch, 10] : tensor<10xf32> -> tensor<?x10xf32>
    %12 = graph.add %9, %11 : tensor<?x10xf32>
    %13 = graph.argmax %12 axis 1 : tensor<?x10xf32> -> tensor<?xi32>
    return %13 : tensor<?xi32>
  }
}

