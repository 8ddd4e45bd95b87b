// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef COSTATE_TESTS_SCHEDULES_KERNELS_FIXTURE_H
#define COSTATE_TESTS_SCHEDULES_KERNELS_FIXTURE_H

#include "costate/dialects/Dialects.h"
#include "costate/tests/schedules/KernelInterpreter.h"
#include "costate/tests/schedules/KernelRunner.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

namespace costate::tests {

using namespace mlir;
using namespace costate::kernel;

/// Parses a kernel, compiles it through Halide and compares it with its meaning (KernelInterpreter.h).
class KernelsFixture : public testing::Test {
protected:
  KernelsFixture() {
    DialectRegistry registry;
    costate::registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  DefineOp parse(StringRef text) {
    module = parseSourceString<ModuleOp>(text, &context);
    return module ? *module->getOps<DefineOp>().begin() : DefineOp();
  }

  KernelValue index(int64_t value) { return makeIndex(context, value); }
  KernelValue f32(double value) { return makeFloat(context, value); }
  KernelValue floats(ArrayRef<int64_t> shape, bool special = false) {
    return makeRandomArray(Float32Type::get(&context), shape, random, special);
  }
  KernelValue integers(ArrayRef<int64_t> shape, int64_t limit) {
    return makeRandomArray(IntegerType::get(&context, 32), shape, random, false, limit);
  }

  /// The compiled kernel gives what the interpreter gives; `tolerance` (relative, with a contraction) or bit for bit.
  void expectSame(DefineOp kernel, ArrayRef<KernelValue> inputs, double tolerance = 0) {
    expectOutputs(kernel, inputs, interpret(kernel, inputs), tolerance);
  }

  void expectOutputs(DefineOp kernel, ArrayRef<KernelValue> inputs, ArrayRef<KernelValue> expected, double tolerance) {
    auto runner = KernelRunner::create(kernel, 2);
    ASSERT_TRUE(runner) << text(kernel);
    std::vector<KernelValue> found = runner->run(inputs, expected);
    ASSERT_EQ(found.size(), expected.size());
    for (size_t output = 0; output < found.size(); ++output)
      for (size_t place = 0; place < found[output].elements.size(); ++place) {
        Attribute a = found[output].elements[place], b = expected[output].elements[place];
        bool near = tolerance != 0 && std::abs(cast<FloatAttr>(a).getValueAsDouble() - cast<FloatAttr>(b).getValueAsDouble()) <=
                                          tolerance * (1 + std::abs(cast<FloatAttr>(b).getValueAsDouble()));
        ASSERT_TRUE(near || areSame(a, b)) << "output " << output << " at " << place << ": " << text(a) << ", expected " << text(b) << "\n"
                                           << text(kernel);
      }
  }

  template <typename T>
  static std::string text(T value) {
    std::string result;
    llvm::raw_string_ostream out(result);
    value.print(out);
    return result;
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  std::mt19937 random{7};
};

} // namespace costate::tests

#endif // COSTATE_TESTS_SCHEDULES_KERNELS_FIXTURE_H
