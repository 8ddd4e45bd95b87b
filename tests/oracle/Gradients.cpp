// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/tests/oracle/Gradients.h"

#include "costate/tests/oracle/Algebra.h"
#include "costate/tests/oracle/Check.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>

namespace costate::oracle {

using check::randomArray;

static double dot(const Nodes &a, const Nodes &b) {
  double sum = 0;
  for (auto [x, y] : llvm::zip_equal(a, b))
    if (x && y && x->isReal())
      for (size_t i = 0; i < x->reals.size(); ++i)
        sum += x->reals[i] * y->reals[i];
  return sum;
}

/// d/dx of `f` by differences of fourth order.
template <typename Function>
static double difference(Function f, double x) {
  double h = 1e-3 * std::max(1.0, std::abs(x));
  return (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h);
}

GradientReport checkGradient(Computation f, llvm::ArrayRef<Array> inputs, double tolerance) {
  GradientReport report;
  report.isNonzero.assign(inputs.size(), false);
  Nodes arguments(inputs.begin(), inputs.end()), variables;
  std::vector<size_t> places;
  for (size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].isReal()) {
      variables.push_back(arguments[i] = Tape::variable(arguments[i]));
      places.push_back(i);
    }
  llvm::FailureOr<Nodes> outputs = f(arguments);
  if (llvm::failed(outputs))
    return {"cannot be computed", {}};

  Nodes directions, weights;
  for (size_t i = 0; i < variables.size(); ++i)
    directions.push_back(randomArray(variables[i]->kind, variables[i]->shape, -1, 1, 11 + i));
  for (size_t i = 0; i < outputs->size(); ++i)
    weights.push_back((*outputs)[i]->isReal() ? Node(randomArray((*outputs)[i]->kind, (*outputs)[i]->shape, -1, 1, 71 + i)) : Node());
  Nodes gradients = pullback(*outputs, weights, variables);

  for (size_t v = 0; v < variables.size(); ++v) {
    Array analytic = gradients[v] ? *gradients[v] : Array(variables[v]->kind, variables[v]->shape);
    std::vector<double> numeric(analytic.size());
    double scale = 1;
    for (int64_t i = 0; i < analytic.size(); ++i) {
      Array probe = inputs[places[v]];
      numeric[i] = difference(
          [&](double x) {
            probe.reals[i] = x;
            Nodes at(inputs.begin(), inputs.end());
            at[places[v]] = Node(probe);
            llvm::FailureOr<Nodes> values = f(at);
            return llvm::failed(values) ? NAN : dot(*values, weights);
          },
          inputs[places[v]].reals[i]);
      if (std::isfinite(numeric[i]))
        scale = std::max(scale, std::abs(numeric[i]));
      if (analytic.reals[i] != 0)
        report.isNonzero[places[v]] = true;
    }
    for (int64_t i = 0; i < analytic.size() && report.error.empty(); ++i)
      if (std::isfinite(numeric[i]) && !(std::abs(analytic.reals[i] - numeric[i]) <= tolerance * scale))
        report.error = llvm::formatv("requires a derivative of {0} by element {1} of input {2}, but got {3}", numeric[i], i, places[v],
                                     analytic.reals[i]);
  }

  Nodes reals;
  for (const Node &output : *outputs)
    if (output->isReal())
      reals.push_back(output);
  Nodes tangents = pushforward(reals, variables, directions), realWeights;
  for (const Node &weight : weights)
    if (weight)
      realWeights.push_back(weight);
  double forward = dot(realWeights, tangents), reverse = dot(gradients, directions);
  double scale = std::max(1.0, std::max(std::abs(forward), std::abs(reverse)));
  if (report.error.empty() && std::isfinite(reverse) && !(std::abs(forward - reverse) <= 1e-9 * scale))
    report.error = llvm::formatv("requires <u, Jv> = <J'u, v>, but got {0} and {1}", forward, reverse);
  return report;
}

} // namespace costate::oracle
