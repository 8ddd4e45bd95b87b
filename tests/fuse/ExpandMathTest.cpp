// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Values of the functions that fuse-expand-math writes out, compiled by LLVM with optimization for a target that fuses products and sums and for one that
// does not, against the C library in long double: its 64-bit fractions leave 11 bits to judge f64 by. Errors are in units in the last place (ulp) of the
// exact result.
#include "costate/compiler/fuse/Passes.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "gtest/gtest.h"

#include <bit>
#include <chrono>
#include <cmath>
#include <limits>
#include <random>

using namespace mlir;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

struct Function {
  const char *name, *op;
  int operands;
};
constexpr Function functions[] = {{"exp", "math.exp", 1},     {"expm1", "math.expm1", 1}, {"log", "math.log", 1},
                                  {"log1p", "math.log1p", 1}, {"tanh", "math.tanh", 1},   {"erf", "math.erf", 1},
                                  {"sin", "math.sin", 1},     {"cos", "math.cos", 1},     {"atan", "math.atan", 1},
                                  {"rsqrt", "math.rsqrt", 1}, {"pow", "math.powf", 2},    {"atan2", "math.atan2", 2}};

// for (i = 0; i < n; ++i) result[i] = f(x[i], y[i]), for each function in f32 and f64.
std::string loops() {
  std::string text;
  for (const Function &f : functions)
    for (std::string type : {"f32", "f64"}) {
      std::string xs = f.operands == 2 ? "%x, %y" : "%x";
      text += "llvm.func @" + std::string(f.name) + "_" + type + R"((%xs: !llvm.ptr {llvm.noalias}, %ys: !llvm.ptr {llvm.noalias},
          %out: !llvm.ptr {llvm.noalias}, %n: i64) {
        %zero = llvm.mlir.constant(0 : i64) : i64
        %one = llvm.mlir.constant(1 : i64) : i64
        llvm.br ^head(%zero : i64)
      ^head(%i: i64):
        %more = llvm.icmp "slt" %i, %n : i64
        llvm.cond_br %more, ^body, ^exit
      ^body:
        %px = llvm.getelementptr %xs[%i] : (!llvm.ptr, i64) -> !llvm.ptr, )" +
              type + R"(
        %py = llvm.getelementptr %ys[%i] : (!llvm.ptr, i64) -> !llvm.ptr, )" +
              type + R"(
        %po = llvm.getelementptr %out[%i] : (!llvm.ptr, i64) -> !llvm.ptr, )" +
              type + R"(
        %x = llvm.load %px : !llvm.ptr -> )" +
              type + R"(
        %y = llvm.load %py : !llvm.ptr -> )" +
              type + R"(
        %r = )" +
              f.op + " " + xs + " : " + type + R"(
        llvm.store %r, %po : )" +
              type + R"(, !llvm.ptr
        %next = llvm.add %i, %one : i64
        llvm.br ^head(%next : i64)
      ^exit:
        llvm.return
      })";
    }
  return text;
}

/// What the target makes of a product and a sum that may be fused.
enum class Form { Fused, Apart };

class ExpandMathTest : public testing::Test {
public:
  static void SetUpTestSuite() {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    DialectRegistry registry;
    registry.insert<math::MathDialect, LLVM::LLVMDialect>();
    registerBuiltinDialectTranslation(registry);
    registerLLVMDialectTranslation(registry);
    MLIRContext context(registry);
    auto module = parseSourceString<ModuleOp>(loops(), &context);
    ASSERT_TRUE(module);
    PassManager passes(&context);
    passes.addPass(costate::fuse::createExpandMath());
    passes.addPass(createArithToLLVMConversionPass());
    passes.addPass(createConvertMathToLLVMPass());
    passes.addPass(createReconcileUnrealizedCastsPass());
    ASSERT_TRUE(succeeded(passes.run(*module)));

    auto machine = cantFail(llvm::orc::JITTargetMachineBuilder::detectHost());
    auto target = cantFail(machine.createTargetMachine());
    jit = cantFail(llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(machine).create());
    for (Form form : {Form::Fused, Form::Apart}) {
      auto llvmContext = std::make_unique<llvm::LLVMContext>();
      auto llvmModule = translateModuleToLLVMIR(*module, *llvmContext);
      ASSERT_TRUE(llvmModule);
      llvmModule->setDataLayout(target->createDataLayout());
      llvmModule->setTargetTriple(target->getTargetTriple());
      std::string features = target->getTargetFeatureString().str() + (form == Form::Fused ? "" : ",-fma,-fma4,-avx512f");
      for (llvm::Function &function : *llvmModule) {
        function.addFnAttr("target-cpu", target->getTargetCPU());
        function.addFnAttr("target-features", features);
        function.setName(symbol(function.getName().str(), form));
      }
      optimize(*llvmModule, *target);
      cantFail(jit->addIRModule(llvm::orc::ThreadSafeModule(std::move(llvmModule), std::move(llvmContext))));
    }
  }
  static void TearDownTestSuite() { jit.reset(); }

  static void optimize(llvm::Module &module, llvm::TargetMachine &target) {
    llvm::LoopAnalysisManager loops;
    llvm::FunctionAnalysisManager functions;
    llvm::CGSCCAnalysisManager components;
    llvm::ModuleAnalysisManager modules;
    llvm::PassBuilder builder(&target);
    builder.registerModuleAnalyses(modules);
    builder.registerCGSCCAnalyses(components);
    builder.registerFunctionAnalyses(functions);
    builder.registerLoopAnalyses(loops);
    builder.crossRegisterProxies(loops, functions, components, modules);
    builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
  }

  template <typename T> static std::vector<T> call(std::string name, const std::vector<T> &x, const std::vector<T> &y) {
    name += sizeof(T) == 4 ? "_f32" : "_f64";
    auto function = cantFail(jit->lookup(symbol(name, form))).toPtr<void (*)(const T *, const T *, T *, int64_t)>();
    std::vector<T> result(x.size());
    function(x.data(), y.data(), result.data(), x.size());
    return result;
  }
  template <typename T> static std::vector<T> call(std::string name, const std::vector<T> &x) { return call(name, x, x); }

  template <typename T> static T value(std::string name, double x) { return call<T>(name, {T(x)})[0]; }
  template <typename T> static T value(std::string name, double x, double y) { return call<T>(name, {T(x)}, {T(y)})[0]; }

  static std::string symbol(std::string function, Form form) { return function + (form == Form::Fused ? "" : "_apart"); }

  /// `check`, once for each form that `call` can take.
  template <typename Check> static void inBothForms(Check check) {
    for (Form now : {Form::Apart, Form::Fused}) {
      SCOPED_TRACE(now == Form::Fused ? "products and sums fused" : "products and sums apart");
      form = now;
      check();
    }
  }

  static std::unique_ptr<llvm::orc::LLJIT> jit;
  static Form form;
};

std::unique_ptr<llvm::orc::LLJIT> ExpandMathTest::jit;
Form ExpandMathTest::form = Form::Fused;

/// |actual - exact| in ulp of `exact` in the format T; the ulp of denormals is the smallest of them. Special values must agree.
template <typename T> double ulps(T actual, long double exact) {
  if (std::isnan(exact) || std::isnan(actual))
    return std::isnan(exact) && std::isnan(actual) ? 0 : infinity;
  if (std::isinf(T(exact)) || std::isinf(actual) || exact == 0)
    return actual == T(exact) && std::signbit(actual) == std::signbit(T(exact)) ? 0
           : std::isinf(actual) == std::isinf(T(exact))                         ? infinity
                                                                                : 1;
  int exponent = std::max(std::ilogb(exact), std::numeric_limits<T>::min_exponent - 1);
  return std::abs((long double)actual - exact) / std::ldexp(1.0L, exponent - (std::numeric_limits<T>::digits - 1));
}

template <typename T> using BitsOf = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;

/// `count` floats of T: every bit pattern is equally likely to be near one, so all magnitudes, denormals, infinities and NaN occur.
template <typename T> std::vector<T> allPatterns(size_t count) {
  std::vector<T> x;
  BitsOf<T> stride = ~BitsOf<T>(0) / count;
  for (size_t i = 0; i < count; ++i)
    x.push_back(std::bit_cast<T>(BitsOf<T>(i * stride + (i * 2654435761u) % stride)));
  return x;
}

/// `count` random numbers of [low, high], and 100 neighbours on both sides of the ends and of zero.
template <typename T> std::vector<T> range(double low, double high, size_t count) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> distribution(low, high);
  std::vector<T> x;
  for (size_t i = 0; i < count; ++i)
    x.push_back(T(distribution(random)));
  for (double center : {low, 0.0, high})
    for (T direction : {T(-infinity), T(infinity)}) {
      T point = T(center);
      for (int i = 0; i < 100; ++i)
        x.push_back(point = std::nextafter(point, direction));
    }
  return x;
}

using Reference = long double (*)(long double);
struct Case {
  const char *name;
  Reference reference;
  double low, high;    // where the samples are dense
  double reach;        // errors are judged for |x| <= reach
  double single, wide; // largest error allowed, in ulp
};
const Case cases[] = {
    {"exp", std::exp, -1, 1, infinity, 1.0, 1.0},
    {"exp", std::exp, -110, 90, infinity, 1.02, 1.0},
    {"exp", std::exp, -750, 710, infinity, 1.02, 1.0},
    {"expm1", std::expm1, -2, 2, infinity, 2.0, 2.0},
    {"expm1", std::expm1, -750, 710, infinity, 2.0, 2.0},
    {"log", std::log, 0.4, 2.5, infinity, 2.0, 2.0},
    {"log", std::log, 0, 1e3, infinity, 2.0, 2.0},
    {"log1p", std::log1p, -0.999, 2, infinity, 2.0, 2.0},
    {"log1p", std::log1p, -1e-3, 1e-3, infinity, 2.0, 2.0},
    {"tanh", std::tanh, -1, 1, infinity, 2.0, 2.0},
    {"tanh", std::tanh, -25, 25, infinity, 2.0, 2.0},
    {"erf", std::erf, -1.5, 1.5, infinity, 2.0, 2.0},
    {"erf", std::erf, -7, 7, infinity, 2.0, 2.0},
    {"sin", std::sin, -10, 10, 1e6, 2.0, 2.0},
    {"sin", std::sin, -1e6, 1e6, 1e6, 2.0, 2.0},
    {"cos", std::cos, -10, 10, 1e6, 2.0, 2.0},
    {"cos", std::cos, -1e6, 1e6, 1e6, 2.0, 2.0},
    {"atan", std::atan, -3, 3, infinity, 2.0, 2.0},
    {"rsqrt", [](long double x) { return 1 / std::sqrt(x); }, 0, 1e3, infinity, 1.5, 1.5},
};

constexpr size_t samples = 200'000;

class Accuracy : public ExpandMathTest, public testing::WithParamInterface<Case> {
protected:
  template <typename T> void check(double allowed) {
    const Case &test = GetParam();
    std::vector<T> x = range<T>(test.low, test.high, samples);
    for (T pattern : allPatterns<T>(samples))
      x.push_back(pattern);
    std::vector<T> y = call<T>(test.name, x);
    double worst = 0, at = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      if (std::abs(x[i]) > test.reach) {
        ASSERT_FALSE(std::abs(y[i]) > 1) << test.name << "(" << x[i] << ") = " << y[i];
        continue;
      }
      double error = ulps<T>(y[i], test.reference(x[i]));
      if (error > worst)
        worst = error, at = x[i];
    }
    RecordProperty(sizeof(T) == 4 ? "f32_ulp" : "f64_ulp", std::to_string(worst));
    EXPECT_LE(worst, allowed) << test.name << " in " << (sizeof(T) == 4 ? "f32" : "f64") << " at " << std::hexfloat << at;
  }
};

TEST_P(Accuracy, IsWithinBoundInSingle) {
  inBothForms([&] { check<float>(GetParam().single); });
}
TEST_P(Accuracy, IsWithinBoundInDouble) {
  inBothForms([&] { check<double>(GetParam().wide); });
}

INSTANTIATE_TEST_SUITE_P(Functions, Accuracy, testing::ValuesIn(cases),
                         [](auto &info) { return info.param.name + std::to_string(info.index); });

template <typename T>
void expectWithin(const char *name, const std::vector<T> &x, const std::vector<T> &y, const std::vector<T> &z,
                  long double (*reference)(long double, long double), double allowed) {
  double worst = 0, atX = 0, atY = 0;
  for (size_t i = 0; i < x.size(); ++i)
    if (double error = ulps<T>(z[i], reference(x[i], y[i])); error > worst)
      worst = error, atX = x[i], atY = y[i];
  testing::Test::RecordProperty(std::string(name) + (sizeof(T) == 4 ? "_f32_ulp" : "_f64_ulp"), std::to_string(worst));
  EXPECT_LE(worst, allowed) << name << " at " << std::hexfloat << atX << ", " << atY;
}

// Pairs of all magnitudes, and pairs whose power neither overflows nor vanishes: y log x spread over the range of exp.
template <typename T> void makePairs(std::vector<T> &x, std::vector<T> &y) {
  x = allPatterns<T>(samples), y = x;
  std::shuffle(y.begin(), y.end(), std::mt19937_64(3));
  std::vector<T> moderate = range<T>(-2, 2, samples), size = range<T>(sizeof(T) == 4 ? -105 : -746, sizeof(T) == 4 ? 89 : 710, samples);
  std::shuffle(size.begin(), size.end(), std::mt19937_64(5));
  for (size_t i = 0; i < moderate.size(); ++i) {
    x.push_back(std::exp(moderate[i] * (i % 3 == 0 ? T(1) : T(20))));
    y.push_back(T(size[i] / std::log(x.back())));
  }
}

TEST_F(ExpandMathTest, PowIsWithinBound) {
  std::vector<float> x, y;
  makePairs(x, y);
  inBothForms([&] { expectWithin<float>("pow", x, y, call("pow", x, y), std::pow, 2.0); });
  std::vector<double> x64, y64;
  makePairs(x64, y64);
  inBothForms([&] { expectWithin<double>("pow", x64, y64, call("pow", x64, y64), std::pow, 2.0); });
}

TEST_F(ExpandMathTest, Atan2IsWithinBound) {
  std::vector<float> x, y;
  makePairs(x, y);
  inBothForms([&] { expectWithin<float>("atan2", y, x, call("atan2", y, x), std::atan2, 2.0); });
  std::vector<double> x64, y64;
  makePairs(x64, y64);
  inBothForms([&] { expectWithin<double>("atan2", y64, x64, call("atan2", y64, x64), std::atan2, 2.0); });
}

// The C library is the witness for special values (annex F): equal bits, but for NaN.
template <typename T> void expectSame(T actual, T expected, std::string what) {
  if (std::isnan(expected))
    EXPECT_TRUE(std::isnan(actual)) << what << " = " << actual;
  else
    EXPECT_EQ(std::bit_cast<BitsOf<T>>(actual), std::bit_cast<BitsOf<T>>(expected)) << what << " = " << actual;
}

template <typename T> std::vector<T> specials() {
  using Limits = std::numeric_limits<T>;
  std::vector<T> values;
  for (T v : {T(0), Limits::denorm_min(), T(0.5), T(1), T(2), T(3), T(2.5), Limits::infinity()})
    values.push_back(v), values.push_back(-v);
  values.push_back(Limits::quiet_NaN());
  return values;
}

template <typename T> bool isExact(T y) { return y == 0 || std::abs(y) == 1 || !std::isfinite(y); }

TEST_F(ExpandMathTest, SpecialValuesAreThoseOfTheStandard) {
  auto check = [&]<typename T>(T) {
    for (const Case &test : cases)
      for (T x : specials<T>())
        if (T expected = T(test.reference(x)); isExact(expected) && (test.reach == infinity || std::abs(x) <= 1 || !std::isfinite(x)))
          expectSame(value<T>(test.name, x), expected, std::string(test.name) + "(" + std::to_string(x) + ")");
    for (T x : specials<T>())
      for (T y : specials<T>()) {
        std::string at = "(" + std::to_string(x) + ", " + std::to_string(y) + ")";
        if (T expected = std::pow(x, y); isExact(expected))
          expectSame(value<T>("pow", x, y), expected, "pow" + at);
        if (T expected = std::atan2(x, y); isExact(expected))
          expectSame(value<T>("atan2", x, y), expected, "atan2" + at);
      }
  };
  inBothForms([&] { check(float()), check(double()); });
}

TEST_F(ExpandMathTest, SmallArgumentsOfOddFunctionsComeBack) {
  for (double x : {1e-45, -1e-45, 1e-40, -3e-39, 1e-30, 0.0, -0.0})
    for (const char *name : {"expm1", "log1p", "tanh", "sin", "atan"})
      expectSame(value<float>(name, x), float(x), name);
}

TEST_F(ExpandMathTest, PowOfSmallIntegersIsExact) {
  EXPECT_EQ(value<float>("pow", -2, 3), -8);
  EXPECT_EQ(value<double>("pow", -2, 3), -8);
  EXPECT_TRUE(std::isnan(value<float>("pow", -2, 0.5)));
  for (int base = 2; base <= 9; ++base)
    for (int exponent = 0; exponent <= 7; ++exponent) {
      EXPECT_EQ(value<float>("pow", base, exponent), float(std::pow(base, exponent)));
      EXPECT_EQ(value<double>("pow", base, exponent), std::pow(base, exponent));
    }
}

// A loop's tail is scalar, its body in vectors: the position in the array must not change a bit.
TEST_F(ExpandMathTest, VectorAndScalarAgree) {
  std::vector<float> x = range<float>(-50, 50, 1000);
  inBothForms([&] {
    for (const Function &f : functions) {
      std::vector<float> y = call(f.name, x, x);
      for (size_t i = 0; i < x.size(); ++i)
        expectSame(value<float>(f.name, x[i], x[i]), y[i], f.name);
    }
  });
}

} // namespace
