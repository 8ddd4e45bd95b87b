// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A model of a text, whose entries the oracle runs.
#ifndef COSTATE_TESTS_FRONTENDS_ORACLEMODEL_H
#define COSTATE_TESTS_FRONTENDS_ORACLEMODEL_H

#include "costate/dialects/optim/Optim.h"
#include "costate/frontends/Diagnostics.h"
#include "costate/frontends/Importer.h"
#include "costate/tests/oracle/Oracle.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include <cmath>
#include <map>

namespace costate {

using oracle::Array;
using Numbers = std::vector<double>;

/// A model in f64, its parameters and states by name, and the calls of its entries.
class Model {
public:
  explicit Model(const std::string &text) {
    DiagnosticPrinter printer(context, llvm::errs());
    printer.addSource("t", text);
    module = importModel(text, "t", context, {/*realIsF64=*/true});
    EXPECT_TRUE(module);
    if (!module)
      return;
    runner.emplace(*module);
    run("init", {});
  }

  /// Calls an entry: what lives in the handle comes from `values`, the rest from `given` or, for a hyper-parameter, its default.
  void run(llvm::StringRef entry, const std::map<std::string, Array> &given) {
    auto func = module->lookupSymbol<mlir::func::FuncOp>(entry);
    ASSERT_TRUE(func) << entry.str();
    auto nameOf = [&](unsigned i) { return func.getArgAttrOfType<mlir::StringAttr>(i, optim::kNameAttr).str(); };
    std::vector<Array> inputs;
    for (unsigned i = 0; i < func.getNumArguments(); ++i) {
      std::string name = nameOf(i);
      if (auto fallback = func.getArgAttrOfType<mlir::FloatAttr>(i, optim::kDefaultAttr); fallback && !given.contains(name))
        inputs.push_back(Array::scalar(oracle::Kind::f64, fallback.getValueAsDouble()));
      else if (name == "seed")
        inputs.push_back(Array::of(oracle::Kind::i64, {}, std::vector<int64_t>{seed}));
      else
        inputs.push_back(given.contains(name) ? given.at(name) : values.at(name));
    }
    auto results = runner->run(entry, inputs);
    ASSERT_TRUE(succeeded(results));
    for (unsigned i = 0; i < results->size(); ++i) {
      auto tied = func.getResultAttrOfType<mlir::IntegerAttr>(i, optim::kTiedAttr);
      auto name = func.getResultAttrOfType<mlir::StringAttr>(i, optim::kNameAttr);
      values[tied ? nameOf(tied.getInt()) : name.str()] = (*results)[i];
    }
  }

  /// One step on x; the first elements of an array of the handle.
  Numbers step(const Numbers &x, const char *what = "params") {
    run("train_step", {{"x", Array::of(oracle::Kind::f64, {int64_t(x.size())}, x)}});
    return first(what, x.size());
  }
  Numbers first(const std::string &name, size_t n) {
    Numbers numbers;
    for (size_t i = 0; i < n; ++i)
      numbers.push_back(values.at(name).at(i));
    return numbers;
  }

  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::optional<oracle::Oracle> runner;
  std::map<std::string, Array> values;
  int64_t seed = 1;
};

inline double normOf(const Numbers &values) {
  double sum = 0;
  for (double value : values)
    sum += value*value;
  return std::sqrt(sum);
}

} // namespace costate

#endif // COSTATE_TESTS_FRONTENDS_ORACLEMODEL_H
