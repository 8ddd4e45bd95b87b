// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From buffers to calls through the runtime's handle; the expected numbers are computed here, in double.
#include "costate/compiler/api/LoadedLibrary.h"

#include "costate/compiler/codegen/GenerateCode.h"
#include "costate/compiler/pipeline/Pipeline.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstring>
#include <elf.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace costate {
namespace {

using testing::HasSubstr;

std::string linearRegression() {
  std::ifstream file(COSTATE_TEST_INPUTS "/linear.mlir");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Compiles IR on buffers for this machine; messages of a failure come back in `message`.
absl::StatusOr<codegen::Package> compile(const std::string &text, int optimize = 2, const codegen::ObjectCache *cache = nullptr,
                                         codegen::CodegenStatistics *statistics = nullptr) {
  mlir::DialectRegistry registry;
  registerDialects(registry);
  mlir::MLIRContext context(registry, mlir::MLIRContext::Threading::DISABLED);
  std::string messages;
  mlir::ScopedDiagnosticHandler collect(&context, [&](mlir::Diagnostic &diagnostic) { messages += diagnostic.str() + "\n"; });
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  if (!module)
    return absl::InvalidArgumentError(messages);
  codegen::CodegenOptions options;
  options.target = *codegen::Target::named("host");
  options.optimize = optimize;
  options.cache = cache;
  mlir::FailureOr<codegen::Package> package = codegen::generateCode(*module, "linear", options, statistics);
  if (failed(package))
    return absl::InternalError(messages);
  return std::move(*package);
}

class LoadedLibraryTest : public testing::TestWithParam<int> {
protected:
  void SetUp() override {
    ASSERT_EQ(costate_context_create(1, &context), COSTATE_OK);
    absl::StatusOr<codegen::Package> package = compile(linearRegression(), GetParam());
    ASSERT_TRUE(package.ok()) << package.status();
    absl::StatusOr<std::unique_ptr<LoadedLibrary>> loaded = LoadedLibrary::load(*package);
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    library = std::move(*loaded);
  }
  void TearDown() override { costate_context_destroy(context); }

  costate_context *context = nullptr;
  std::unique_ptr<LoadedLibrary> library;
};

INSTANTIATE_TEST_SUITE_P(Optimize, LoadedLibraryTest, testing::Values(0, 2), testing::PrintToStringParamName());

TEST_P(LoadedLibraryTest, DescribesTheModel) {
  const costate_model_info &info = *library->info();
  EXPECT_EQ(info.abi_version, COSTATE_ABI_VERSION);
  EXPECT_STREQ(info.name, "linear");
  EXPECT_EQ(info.isa_mask, codegen::Target::named("host")->isa);
  EXPECT_EQ(info.isa_mask & ~costate_cpu_isa(), 0u);
  ASSERT_EQ(info.num_dims, 1);
  EXPECT_STREQ(info.dim_names[0], "batch");
  ASSERT_EQ(info.num_slots, 2);
  EXPECT_STREQ(info.slots[0].name, "f");
  EXPECT_EQ(info.slots[0].role, COSTATE_PARAM);
  EXPECT_EQ(info.slots[0].size, 32);
  ASSERT_EQ(info.slots[0].num_leaves, 2);
  EXPECT_STREQ(info.slots[0].leaves[1].name, "b");
  EXPECT_EQ(info.slots[0].leaves[1].offset, 16);
  EXPECT_EQ(info.slots[0].leaves[1].rank, 0);
  EXPECT_STREQ(info.slots[1].name, "t");
  EXPECT_EQ(info.slots[1].type, COSTATE_I64);
  ASSERT_EQ(info.num_hypers, 1);
  EXPECT_EQ(info.hypers[0].default_value, 0.125);
  ASSERT_EQ(info.num_entries, 3);
  const costate_entry_info &step = info.entries[1];
  EXPECT_STREQ(step.name, "train_step");
  EXPECT_EQ(step.num_args, 5);
  EXPECT_EQ(step.num_results, 1);
  EXPECT_EQ(step.dim_sources[0], 3); // x
  EXPECT_EQ(step.dim_sources[1], 0);
  int64_t batch = 7;
  EXPECT_EQ(step.workspace_size(&batch), 64 + 4 * 7);
  EXPECT_EQ(step.extents, nullptr);
  const costate_entry_info &predict = info.entries[2];
  EXPECT_EQ(predict.results[0].shape[0], COSTATE_COMPOUND_AXIS);
  int64_t extents[4];
  predict.extents(&batch, extents);
  EXPECT_THAT(extents, testing::ElementsAre(32, 7, 3, 15));
}

TEST_P(LoadedLibraryTest, TrainsThroughTheHandle) {
  constexpr int64_t rows = 5;
  costate_model *model = nullptr;
  ASSERT_EQ(costate_model_create(context, library->info(), &rows, &model), COSTATE_OK) << costate_context_last_error(context);
  ASSERT_EQ(costate_model_seed(model, 2), COSTATE_OK) << costate_context_last_error(context);
  float x[rows][3], y[rows];
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < 3; ++j)
      x[i][j] = std::sin(3.0f * i + j);
    y[i] = 0.5f * i;
  }
  double w[3] = {2, 3, 4}, b = 1;
  ASSERT_EQ(costate_model_set(model, "lr", 0.0625), COSTATE_OK);
  for (int step = 0; step < 4; ++step) {
    double loss = 0, gw[3] = {}, gb = 0;
    for (int i = 0; i < rows; ++i) {
      double d = b - y[i];
      for (int j = 0; j < 3; ++j)
        d += x[i][j] * w[j];
      loss += d * d / rows;
      gb += 2 * d / rows;
      for (int j = 0; j < 3; ++j)
        gw[j] += 2 * d * x[i][j] / rows;
    }
    float computed = -1;
    void *user[] = {x, y, &computed};
    ASSERT_EQ(costate_model_invoke(model, 1, user, &rows), COSTATE_OK) << costate_context_last_error(context);
    EXPECT_NEAR(computed, loss, 1e-6 * loss);
    b -= 0.0625 * gb;
    for (int j = 0; j < 3; ++j)
      w[j] -= 0.0625 * gw[j];
  }
  costate_array leaf;
  ASSERT_EQ(costate_model_array(model, "b", &leaf), COSTATE_OK);
  EXPECT_NEAR(*static_cast<float *>(leaf.data), b, 1e-5);
  ASSERT_EQ(costate_model_array(model, "t", &leaf), COSTATE_OK);
  EXPECT_EQ(*static_cast<int64_t *>(leaf.data), 4);
  float predicted[2 * rows + 1];
  void *user[] = {x, predicted};
  ASSERT_EQ(costate_model_invoke(model, 2, user, &rows), COSTATE_OK);
  EXPECT_NEAR(predicted[1], w[0] * x[1][0] + w[1] * x[1][1] + w[2] * x[1][2] + b, 1e-5);
  EXPECT_TRUE(std::isnan(predicted[rows]));
  costate_model_destroy(model);
}

TEST_P(LoadedLibraryTest, OffersTheFunctionsOfTheHeader) {
  auto function = [&](const char *name) {
    absl::StatusOr<void *> address = library->lookup(name);
    EXPECT_TRUE(address.ok()) << address.status();
    return address.value_or(nullptr);
  };
  struct Dims {
    int64_t batch;
  } max{1};
  struct Metrics {
    float loss;
  } metrics{-1};
  costate_model *model = nullptr;
  ASSERT_EQ(reinterpret_cast<int32_t (*)(costate_context *, Dims *, costate_model **)>(function("linear_create"))(context, &max, &model), 0);
  auto step = reinterpret_cast<int32_t (*)(costate_model *, const float *, const float *, int64_t, Metrics *)>(function("linear_train_step"));
  float x[] = {1, 1, 1}, y[] = {0};
  ASSERT_EQ(step(model, x, y, 1, &metrics), 0) << costate_context_last_error(context);
  EXPECT_EQ(metrics.loss, 16); // seed 0: w = 0, 1, 2 and b = 1
  EXPECT_EQ(step(model, x, y, 1, nullptr), 0);
  float xs[] = {1, 1, 1, 1, 1, 1}, ys[] = {0, 0};
  EXPECT_EQ(step(model, xs, ys, 2, &metrics), COSTATE_INVALID_ARGUMENT);
  max.batch = 2;
  EXPECT_EQ(reinterpret_cast<int32_t (*)(costate_model *, Dims *)>(function("linear_reserve"))(model, &max), 0);
  EXPECT_EQ(step(model, xs, ys, 2, &metrics), 0);
  auto set = reinterpret_cast<int32_t (*)(costate_model *, int, double)>(function("linear_set"));
  EXPECT_EQ(set(model, 0, 0.5), 0);
  double lr = 0;
  EXPECT_EQ(costate_model_get(model, "lr", &lr), 0);
  EXPECT_EQ(lr, 0.5);
  EXPECT_EQ(set(model, 1, 0.5), COSTATE_INVALID_ARGUMENT);
  EXPECT_THAT(costate_context_last_error(context), HasSubstr("requires a hyper-parameter of the model"));
  reinterpret_cast<void (*)(costate_model *)>(function("linear_destroy"))(model);
}

TEST(LoadedLibraryIndependenceTest, TwoModelsOfOneNameLiveSideBySide) {
  absl::StatusOr<codegen::Package> package = compile(linearRegression());
  ASSERT_TRUE(package.ok()) << package.status();
  absl::StatusOr<std::unique_ptr<LoadedLibrary>> first = LoadedLibrary::load(*package), second = LoadedLibrary::load(*package);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_NE((*first)->info(), (*second)->info());
  const costate_model_info *info = (*second)->info();
  first->reset();
  EXPECT_STREQ(info->name, "linear");
}

TEST(LoadedLibraryErrorTest, NamesAnUnknownSymbol) {
  absl::StatusOr<codegen::Package> package = compile(R"(
    func.func @f(%x: memref<4xf32> {optim.role = "input", optim.name = "x"},
                 %y: memref<4xf32> {optim.role = "output", optim.name = "y"}) attributes {optim.entry} {
      kernel.extern @costate_not_there(%x) outs(%y) : (memref<4xf32>) outs(memref<4xf32>)
      return
    })");
  ASSERT_TRUE(package.ok()) << package.status();
  absl::StatusOr<std::unique_ptr<LoadedLibrary>> library = LoadedLibrary::load(*package);
  ASSERT_FALSE(library.ok());
  EXPECT_EQ(library.status().code(), absl::StatusCode::kInternal);
  EXPECT_THAT(std::string(library.status().message()), HasSubstr("costate_not_there"));
}

// A hash stands before what the cache gives; the loader trusts no offset all the same.
TEST(LoadedLibraryErrorTest, RefusesWhatIsNotWhole) {
  absl::StatusOr<codegen::Package> package = compile(linearRegression());
  ASSERT_TRUE(package.ok()) << package.status();
  const std::string whole = package->library;
  auto message = [&](std::string library) {
    package->library = std::move(library);
    return std::string(LoadedLibrary::load(*package).status().message());
  };
  EXPECT_EQ(message(""), "cannot load model 'linear': requires a shared ELF object for x86-64");
  EXPECT_EQ(message(std::string(1000, 'x')), "cannot load model 'linear': requires a shared ELF object for x86-64");
  EXPECT_EQ(message(package->objects.front().bytes), "cannot load model 'linear': requires a shared ELF object for x86-64");
  EXPECT_EQ(message(whole.substr(0, 1000)), "cannot load model 'linear': has a segment outside of the file");
  for (size_t size = 64; size < whole.size(); size += 101)
    message(whole.substr(0, size));
  EXPECT_EQ(message(whole), "");
  auto withFlags = [&](auto change) { // of the segment of the code
    std::string library = whole;
    Elf64_Ehdr header;
    std::memcpy(&header, library.data(), sizeof header);
    for (int i = 0; i < header.e_phnum; ++i) {
      Elf64_Phdr segment;
      char *place = library.data() + header.e_phoff + i * sizeof segment;
      std::memcpy(&segment, place, sizeof segment);
      if (segment.p_type == PT_LOAD && segment.p_flags & PF_X)
        segment.p_flags = change(segment.p_flags);
      std::memcpy(place, &segment, sizeof segment);
    }
    return library;
  };
  EXPECT_EQ(message(withFlags([](auto flags) { return flags | PF_W; })),
            "cannot load model 'linear': has a segment that is both writable and executable");
  EXPECT_EQ(message(withFlags([](auto flags) { return flags & ~PF_X; })),
            "cannot load model 'linear': requires 'linear_info' to be a function");
  package->name = "other";
  EXPECT_EQ(message(whole), "cannot load model 'other': cannot find symbol 'other_info'");
}

// Each byte wrong, one at a time: it is loaded or not, and symbols are looked up in what is loaded.
TEST(LoadedLibraryErrorTest, SurvivesEveryWrongByte) {
  absl::StatusOr<codegen::Package> package = compile(linearRegression());
  ASSERT_TRUE(package.ok()) << package.status();
  int refused = 0;
  for (char &byte : package->library)
    for (char wrong : {'\xff', '\x01', '\x80'}) {
      byte = static_cast<char>(byte ^ wrong);
      if (absl::StatusOr<std::unique_ptr<LoadedLibrary>> library = LoadedLibrary::map(*package); library.ok()) // the code may be wrong as well
        EXPECT_FALSE((*library)->lookup("linear_not_there").ok());
      else
        ++refused;
      byte = static_cast<char>(byte ^ wrong);
    }
  EXPECT_GT(refused, 1000);
  EXPECT_TRUE(LoadedLibrary::load(*package).ok());
}

TEST(ExternTest, PassesPointersAndExtentsAndReturnsTheCode) {
  absl::StatusOr<codegen::Package> package = compile(R"(
    func.func @f(%x: memref<?xf32> {optim.role = "input", optim.name = "x", graph.dims = [#graph.dim<n>]},
                 %k: index {graph.dim_name = "k"},
                 %v: memref<?xf32> {optim.role = "output", optim.name = "v", graph.dims = [#graph.dim<k>]},
                 %i: memref<?xi32> {optim.role = "output", optim.name = "i", graph.dims = [#graph.dim<k>]}) attributes {optim.entry} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %n = memref.dim %x, %c0 : memref<?xf32>
      kernel.extern @costate_top_k_f32(%x) outs(%v, %i) extents(%c1, %n, %k) : (memref<?xf32>) outs(memref<?xf32>, memref<?xi32>)
      return
    })");
  ASSERT_TRUE(package.ok()) << package.status();
  absl::StatusOr<std::unique_ptr<LoadedLibrary>> library = LoadedLibrary::load(*package);
  ASSERT_TRUE(library.ok()) << library.status();
  costate_context *context = nullptr;
  ASSERT_EQ(costate_context_create(1, &context), COSTATE_OK);
  costate_model *model = nullptr;
  int64_t dims[] = {4, 5}; // n, k
  ASSERT_EQ(costate_model_create(context, (*library)->info(), dims, &model), COSTATE_OK) << costate_context_last_error(context);
  float x[] = {1, 7, 3, 5}, values[5];
  int32_t indices[5];
  void *user[] = {x, values, indices};
  dims[1] = 2;
  ASSERT_EQ(costate_model_invoke(model, 0, user, dims), COSTATE_OK) << costate_context_last_error(context);
  EXPECT_EQ(values[0], 7);
  EXPECT_EQ(indices[1], 3);
  dims[1] = 5; // more than there are
  EXPECT_EQ(costate_model_invoke(model, 0, user, dims), COSTATE_INVALID_ARGUMENT);
  costate_model_destroy(model);
  costate_context_destroy(context);
}

/// Two equal kernels under two names, the second in place.
constexpr char halideProgram[] = R"(
  kernel.define @shift(%n: index, %by: f32, %x: !kernel.buffer<?x3xf32>) -> (!kernel.buffer<?x3xf32>) stages {
    %z = kernel.stage "z" (%i0 < %n, %i1 < 3) : f32 {
      %a = kernel.load %x[%i0, %i1] : !kernel.buffer<?x3xf32>
      %v = arith.addf %a, %by : f32
      kernel.yield %v : f32
    }
    kernel.output %z : !kernel.buffer<?x3xf32>
  }
  kernel.define @shift_again(%n: index, %by: f32, %x: !kernel.buffer<?x3xf32>) -> (!kernel.buffer<?x3xf32>) stages {
    %z = kernel.stage "z" (%i0 < %n, %i1 < 3) : f32 {
      %a = kernel.load %x[%i0, %i1] : !kernel.buffer<?x3xf32>
      %v = arith.addf %a, %by : f32
      kernel.yield %v : f32
    }
    kernel.output %z : !kernel.buffer<?x3xf32>
  }
  kernel.define @scale(%by: f32, %w: !kernel.buffer<8xf32>) -> (!kernel.buffer<8xf32> tied %w) stages {
    %y = kernel.stage "y" (%i0 < 8) : f32 {
      %a = kernel.load %w[%i0] : !kernel.buffer<8xf32>
      %v = arith.mulf %a, %by : f32
      kernel.yield %v : f32
    }
    kernel.output %y : !kernel.buffer<8xf32>
  }
  func.func @step(%w: memref<8xf32> {optim.role = "param", optim.name = "w"},
                  %by: memref<f32> {optim.role = "hyper", optim.name = "by", optim.default = 2.0 : f64},
                  %x: memref<?x3xf32> {optim.role = "input", optim.name = "x", graph.dims = [#graph.dim<n>, #graph.dim<3>]},
                  %z: memref<?x3xf32> {optim.role = "output", optim.name = "z", graph.dims = [#graph.dim<n>, #graph.dim<3>]},
                  %ws: memref<?xi8> {optim.role = "workspace"}) attributes {optim.entry} {
    %c0 = arith.constant 0 : index
    %n = memref.dim %x, %c0 : memref<?x3xf32>
    %h = memref.load %by[] : memref<f32>
    %t = memref.view %ws[%c0][%n] : memref<?xi8> to memref<?x3xf32>
    kernel.call @shift(%n, %h, %x) outs(%t) on halide : (index, f32, memref<?x3xf32>) outs(memref<?x3xf32>)
    kernel.call @shift_again(%n, %h, %t) outs(%z) on halide : (index, f32, memref<?x3xf32>) outs(memref<?x3xf32>)
    kernel.call @scale(%h, %w) outs(%w) on halide : (f32, memref<8xf32>) outs(memref<8xf32>)
    return
  }
  func.func private @step.workspace_size(%n: index {graph.dim_name = "n"}) -> index {
    %c12 = arith.constant 12 : index
    %bytes = arith.muli %n, %c12 : index
    return %bytes : index
  }
)";

TEST(HalideTest, RunsKernelsAndMergesEqualOnes) {
  absl::StatusOr<codegen::Package> package = compile(halideProgram);
  ASSERT_TRUE(package.ok()) << package.status();
  EXPECT_EQ(nlohmann::json::parse(package->manifest)["kernels"].size(), 2u);
  absl::StatusOr<std::unique_ptr<LoadedLibrary>> library = LoadedLibrary::load(*package);
  ASSERT_TRUE(library.ok()) << library.status();
  costate_context *context = nullptr;
  ASSERT_EQ(costate_context_create(1, &context), COSTATE_OK);
  costate_model *model = nullptr;
  int64_t rows = 2;
  ASSERT_EQ(costate_model_create(context, (*library)->info(), &rows, &model), COSTATE_OK) << costate_context_last_error(context);
  costate_array w;
  ASSERT_EQ(costate_model_array(model, "w", &w), COSTATE_OK);
  std::fill_n(static_cast<float *>(w.data), 8, 3.0f);
  float x[2][3] = {{1, 2, 3}, {4, 5, 6}}, z[2][3] = {};
  void *user[] = {x, z};
  ASSERT_EQ(costate_model_invoke(model, 0, user, &rows), COSTATE_OK) << costate_context_last_error(context);
  EXPECT_EQ(z[0][0], 5);
  EXPECT_EQ(z[1][2], 10);
  EXPECT_EQ(static_cast<float *>(w.data)[0], 6);
  EXPECT_EQ(static_cast<float *>(w.data)[7], 6);
  costate_model_destroy(model);
  costate_context_destroy(context);
}

TEST(HalideTest, TakesKernelsFromTheCache) {
  std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / ("costate-kernels-" + std::to_string(getpid()));
  codegen::ObjectCache cache(folder.string());
  codegen::CodegenStatistics cold, warm;
  absl::StatusOr<codegen::Package> first = compile(halideProgram, 2, &cache, &cold), second = compile(halideProgram, 2, &cache, &warm);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(cold.kernels, 2);
  EXPECT_EQ(cold.cachedKernels, 0);
  EXPECT_EQ(warm.cachedKernels, 2);
  EXPECT_EQ(first->serialize(), second->serialize());
  std::filesystem::remove_all(folder);
}

} // namespace
} // namespace costate
