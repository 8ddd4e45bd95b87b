// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "costate/tests/oracle/Tape.h"

#include "costate/tests/oracle/Algebra.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace costate::oracle {

/// How one or several arrays were made.
struct Record : std::enable_shared_from_this<Record> {
  Nodes inputs;
  Pull pull;       // for one output
  PullAll pullAll; // for several
  std::shared_ptr<const Array> output;
  size_t outputs = 1;

  explicit Record(Nodes inputs) : inputs(std::move(inputs)) {}

  /// A long loop is a long chain of records: they are released one after the other, not by recursion.
  ~Record() {
    std::vector<std::shared_ptr<Record>> released;
    auto take = [&](Record &record) {
      for (Node &input : record.inputs)
        if (input.record)
          released.push_back(std::move(input.record));
    };
    take(*this);
    while (!released.empty()) {
      std::shared_ptr<Record> record = std::move(released.back());
      released.pop_back();
      if (record.use_count() == 1)
        take(*record);
    }
  }

  Node pullInput(size_t i, const Node &cotangent) {
    Node node;
    node.array = output;
    node.record = shared_from_this();
    return pull(i, inputs, node, cotangent);
  }
};

Node Node::detached() const {
  Node node;
  node.array = array;
  return node;
}

static bool anyTracked(const Nodes &inputs) {
  return llvm::any_of(inputs, [](const Node &input) { return input.isTracked(); });
}

Node Tape::variable(const Node &value) {
  Node node = value.detached();
  node.record = std::make_shared<Record>(value.isTracked() ? Nodes{value} : Nodes{});
  node.record->pull = [](size_t, const Nodes &, const Node &, const Node &cotangent) { return cotangent; };
  node.record->output = node.array;
  return node;
}

Node Tape::record(Array value, Nodes inputs, Pull pull) {
  Node node(std::move(value));
  if (!node->isReal() || !anyTracked(inputs))
    return node;
  node.record = std::make_shared<Record>(std::move(inputs));
  node.record->pull = std::move(pull);
  node.record->output = node.array;
  return node;
}

Nodes Tape::record(std::vector<Array> values, Nodes inputs, PullAll pull) {
  Nodes nodes(std::make_move_iterator(values.begin()), std::make_move_iterator(values.end()));
  if (!anyTracked(inputs))
    return nodes;
  auto shared = std::make_shared<Record>(std::move(inputs));
  shared->pullAll = std::move(pull);
  shared->outputs = nodes.size();
  for (size_t i = 0; i < nodes.size(); ++i)
    if (nodes[i]->isReal()) {
      nodes[i].record = shared;
      nodes[i].output = i;
    }
  return nodes;
}

/// One walk from the outputs back to the variables.
class Sweep {
public:
  Sweep(const Nodes &outputs, const Nodes &variables) {
    for (const Node &variable : variables)
      targets.insert(variable.record.get());
    for (const Node &output : outputs)
      if (output.record)
        order(output.record.get());
  }

  Nodes run(const Nodes &outputs, const Nodes &cotangents, const Nodes &variables) {
    for (size_t i = 0; i < outputs.size(); ++i)
      if (outputs[i].record)
        accumulate(outputs[i], cotangents[i]);
    for (Record *record : llvm::reverse(postorder))
      if (!targets.contains(record))
        propagate(*record);
    Nodes result;
    for (const Node &variable : variables) {
      auto found = sums.find(variable.record.get());
      result.push_back(found == sums.end() ? Node() : found->second.front());
    }
    return result;
  }

private:
  /// Appends to `postorder` the records between the variables and `root` on which a variable has an influence.
  void order(Record *root) {
    std::vector<std::pair<Record *, size_t>> stack;
    auto enter = [&](Record *record) {
      if (visited.insert(record).second)
        stack.push_back({record, 0});
    };
    enter(root);
    while (!stack.empty()) {
      auto &[record, next] = stack.back();
      bool isTarget = targets.contains(record);
      if (!isTarget && next < record->inputs.size()) {
        Record *input = record->inputs[next++].record.get();
        if (input)
          enter(input);
        continue;
      }
      if (isTarget || llvm::any_of(record->inputs, [&](const Node &input) { return active.contains(input.record.get()); })) {
        active.insert(record);
        postorder.push_back(record);
      }
      stack.pop_back();
    }
  }

  void accumulate(const Node &value, const Node &cotangent) {
    if (!cotangent || !active.contains(value.record.get()))
      return;
    Nodes &slots = sums[value.record.get()];
    slots.resize(value.record->outputs);
    Node &sum = slots[value.output];
    sum = sum ? add(sum, cotangent) : cotangent;
  }

  void propagate(Record &record) {
    auto found = sums.find(&record);
    if (found == sums.end())
      return;
    Nodes cotangents = std::move(found->second);
    sums.erase(found);
    if (record.pullAll) {
      Nodes pulled = record.pullAll(record.inputs, cotangents);
      for (size_t i = 0; i < record.inputs.size(); ++i)
        accumulateInput(record.inputs[i], pulled[i]);
      return;
    }
    for (size_t i = 0; i < record.inputs.size(); ++i)
      if (active.contains(record.inputs[i].record.get()))
        accumulateInput(record.inputs[i], record.pullInput(i, cotangents.front()));
  }

  void accumulateInput(const Node &input, const Node &cotangent) {
    if (input.record)
      accumulate(input, cotangent);
  }

  llvm::DenseSet<Record *> targets, visited, active;
  std::vector<Record *> postorder;
  llvm::DenseMap<Record *, Nodes> sums;
};

Nodes pullback(const Nodes &outputs, const Nodes &cotangents, const Nodes &variables) {
  return Sweep(outputs, variables).run(outputs, cotangents, variables);
}

Nodes pushforward(const Nodes &outputs, const Nodes &variables, const Nodes &tangents) {
  // u -> J^T u is linear, whatever u; its transpose is J.
  Nodes probes;
  for (const Node &output : outputs)
    probes.push_back(output->isReal() ? Tape::variable(Array(output->kind, output->shape)) : Node());
  Nodes transposed = pullback(outputs, probes, variables), results, seeds, reached;
  for (size_t i = 0; i < variables.size(); ++i)
    if (transposed[i]) {
      results.push_back(transposed[i]);
      seeds.push_back(tangents[i]);
    }
  for (const Node &probe : probes)
    if (probe)
      reached.push_back(probe);
  Nodes pulled = pullback(results, seeds, reached), all;
  for (size_t i = 0, next = 0; i < probes.size(); ++i)
    all.push_back(probes[i] ? pulled[next++] : Node());
  return all;
}

} // namespace costate::oracle
