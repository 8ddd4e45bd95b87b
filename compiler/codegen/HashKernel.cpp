// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Prints the kernel with every name replaced by a number given in order of appearance, and hashes the text.
#include "costate/compiler/codegen/HashKernel.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace costate::kernel;

namespace costate::codegen {

namespace {
class CanonicalPrinter {
public:
  explicit CanonicalPrinter(raw_ostream &out) : out(out) {}

  void print(DefineOp kernel) {
    out << kernel.getFunctionType() << kernel.getTiedAttr() << '\n';
    print(kernel.getStages());
    if (kernel.isScheduled())
      for (Operation &directive : kernel.getSchedule().front())
        printDirective(directive);
  }

private:
  void print(Region &region) {
    out << "{";
    for (Block &block : region) {
      for (BlockArgument argument : block.getArguments())
        out << number(argument) << ':' << argument.getType() << ' ';
      for (Operation &op : block)
        print(op);
    }
    out << "}\n";
  }

  void print(Operation &op) {
    out << op.getName() << ' ';
    for (Value operand : op.getOperands())
      out << number(operand) << ' ';
    for (NamedAttribute attribute : op.getAttrDictionary())
      if (!(isa<StageOp>(op) && attribute.getName() == "stage_name"))
        out << attribute.getName() << '=' << attribute.getValue() << ' ';
    for (Value result : op.getResults())
      out << number(result) << ':' << result.getType() << ' ';
    out << '\n';
    if (auto stage = dyn_cast<StageOp>(op))
      stages.try_emplace(stage.getStageName(), stages.size());
    for (Region &region : op.getRegions())
      print(region);
  }

  /// The attributes of a directive hold names of stages and of loops. Those of loops that a kernel has by itself are fixed; the others
  /// are numbered as they are made. Directives apply to one definition at a time, so one numbering serves the whole kernel.
  void printDirective(Operation &directive) {
    out << directive.getName() << ' ';
    for (NamedAttribute attribute : directive.getAttrDictionary()) {
      bool namesStage = attribute.getName() == "stage" || attribute.getName() == "consumer";
      out << attribute.getName() << '=';
      printNames(directive, attribute.getValue(), namesStage);
      out << ' ';
    }
    out << '\n';
  }

  void printNames(Operation &directive, Attribute value, bool namesStage) {
    if (auto names = dyn_cast<ArrayAttr>(value)) {
      for (Attribute name : names) {
        printNames(directive, name, namesStage);
        out << ',';
      }
    } else if (auto name = dyn_cast<StringAttr>(value)) {
      if (namesStage)
        out << stages.lookup(name);
      else
        out << loops.try_emplace(name, loops.size()).first->second;
    } else {
      out << value;
    }
  }

  unsigned number(Value value) { return values.try_emplace(value, values.size()).first->second; }

  raw_ostream &out;
  DenseMap<Value, unsigned> values;
  llvm::StringMap<unsigned> stages;
  llvm::StringMap<unsigned> loops{{{"i0", 0}, {"i1", 1}, {"i2", 2}, {"i3", 3}, {"i4", 4}, {"i5", 5}, {"i6", 6}, {"i7", 7},
                                   {"r0", 8}, {"r1", 9}, {"r2", 10}, {"r3", 11}}};
};
} // namespace

std::string hashKernel(DefineOp kernel) {
  std::string text;
  llvm::raw_string_ostream out(text);
  CanonicalPrinter(out).print(kernel);
  auto digest = llvm::BLAKE3::hash<16>(ArrayRef(reinterpret_cast<const uint8_t *>(text.data()), text.size()));
  return llvm::toHex(digest, /*LowerCase=*/true);
}

} // namespace costate::codegen
