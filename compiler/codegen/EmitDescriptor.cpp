// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/codegen/EmitDescriptor.h"

#include "llvm/IR/Constants.h"
#include "llvm/IR/DerivedTypes.h"
#include "llvm/IR/Module.h"

namespace costate::codegen {

// Each struct below is written as the list of its fields; a field that is added there must be added here.
static_assert(sizeof(costate_leaf_info) == 32 && sizeof(costate_slot_info) == 56 && sizeof(costate_hyper_info) == 24 &&
              sizeof(costate_array_info) == 40 && sizeof(costate_entry_info) == 72 && sizeof(costate_extern_info) == 32 &&
              sizeof(costate_model_info) == 120 && sizeof(costate_entry_loader) == 16);

llvm::Constant *emitString(llvm::Module &module, llvm::StringRef text) {
  llvm::Constant *data = llvm::ConstantDataArray::getString(module.getContext(), text);
  auto *global = new llvm::GlobalVariable(module, data->getType(), true, llvm::GlobalValue::PrivateLinkage, data, "text");
  global->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
  return global;
}

std::string entrySymbol(const ModelDescription &model, llvm::StringRef name) { return model.name + "." + name.str(); }

namespace {

class Emitter {
public:
  Emitter(const ModelDescription &model, llvm::Module &module) : model(model), module(module), context(module.getContext()) {}

  llvm::Constant *emit(const Target &target);

private:
  llvm::Constant *i32(int64_t value) { return llvm::ConstantInt::get(llvm::Type::getInt32Ty(context), value); }
  llvm::Constant *i64(int64_t value) { return llvm::ConstantInt::get(llvm::Type::getInt64Ty(context), value); }
  llvm::Constant *f64(double value) { return llvm::ConstantFP::get(llvm::Type::getDoubleTy(context), value); }
  llvm::Constant *string(llvm::StringRef text) { return addressOf(llvm::ConstantDataArray::getString(context, text), "text"); }
  llvm::Constant *null() { return llvm::ConstantPointerNull::get(llvm::PointerType::get(context, 0)); }
  llvm::Constant *record(llvm::ArrayRef<llvm::Constant *> fields) { return llvm::ConstantStruct::getAnon(context, fields); }

  /// Address of constant data. Equal data is there once: the states of an optimizer have the leaves of their parameters.
  llvm::Constant *addressOf(llvm::Constant *data, llvm::StringRef name) {
    llvm::GlobalVariable *&known = placed[data];
    if (!known) {
      known = new llvm::GlobalVariable(module, data->getType(), true, llvm::GlobalValue::PrivateLinkage, data, name);
      known->setUnnamedAddr(llvm::GlobalValue::UnnamedAddr::Global);
    }
    return known;
  }

  /// Address of an array of constants of one type; null if there is none.
  llvm::Constant *array(llvm::ArrayRef<llvm::Constant *> elements) {
    if (elements.empty())
      return null();
    auto *type = llvm::ArrayType::get(elements.front()->getType(), elements.size());
    return addressOf(llvm::ConstantArray::get(type, elements), "info");
  }
  llvm::Constant *numbers(const std::vector<int64_t> &values) {
    if (values.empty())
      return null();
    return addressOf(llvm::ConstantDataArray::get(context, values), "numbers");
  }
  template <typename Range, typename Emit>
  llvm::Constant *arrayOf(const Range &range, Emit emit) {
    std::vector<llvm::Constant *> elements;
    for (const auto &item : range)
      elements.push_back(emit(item));
    return array(elements);
  }
  llvm::Constant *function(const EntryDescription &entry, llvm::StringRef suffix) {
    llvm::FunctionCallee callee = module.getOrInsertFunction(entrySymbol(model, "entry." + entry.name + suffix.str()),
                                                             llvm::FunctionType::get(llvm::Type::getVoidTy(context), false));
    auto *function = llvm::cast<llvm::Function>(callee.getCallee());
    function->setVisibility(llvm::GlobalValue::HiddenVisibility);
    return function;
  }

  llvm::Constant *leaf(const LeafDescription &leaf) {
    return record({string(leaf.name), i64(leaf.shape.size()), numbers(leaf.shape), i64(leaf.offset)});
  }
  llvm::Constant *slot(const SlotDescription &slot) {
    return record({string(slot.name), i32(slot.type), i32(slot.role), i64(slot.size), i64(slot.shape.size()), numbers(slot.shape),
                   i64(slot.leaves.size()), arrayOf(slot.leaves, [&](const LeafDescription &l) { return leaf(l); })});
  }
  llvm::Constant *hyper(const HyperDescription &hyper) {
    return record({string(hyper.name), f64(hyper.defaultValue), i32(hyper.type), i32(0)});
  }
  llvm::Constant *arrayInfo(const ArrayDescription &array) {
    return record({string(array.name), i32(array.role), i32(array.type), i64(array.shape.size()), numbers(array.shape), i64(array.index)});
  }
  llvm::Constant *entry(const EntryDescription &entry) {
    auto arrays = [&](const std::vector<ArrayDescription> &list) {
      return arrayOf(list, [&](const ArrayDescription &a) { return arrayInfo(a); });
    };
    return record({string(entry.name), i64(entry.arguments.size()), arrays(entry.arguments), i64(entry.results.size()),
                   arrays(entry.results), entry.isDeferred ? null() : function(entry, ""),
                   entry.hasWorkspace && !entry.isDeferred ? function(entry, ".workspace") : null(),
                   entry.hasCompoundAxes ? function(entry, ".extents") : null(), numbers(entry.dimSources)});
  }

  /// With the variable that entries read what goes with the function from.
  llvm::Constant *externInfo(const ExternDescription &description) {
    auto *type = llvm::PointerType::get(context, 0);
    auto *data = new llvm::GlobalVariable(module, type, /*isConstant=*/false, llvm::GlobalValue::ExternalLinkage, null(),
                                          entrySymbol(model, "extern." + description.symbol + ".data"));
    data->setVisibility(llvm::GlobalValue::HiddenVisibility);
    return record({string(description.symbol), string(description.prototype), string(description.place), data});
  }

  /// To be filled in by whoever loads the model.
  llvm::Constant *loader() {
    if (llvm::none_of(model.entries, [](const EntryDescription &entry) { return entry.isDeferred; }))
      return null();
    llvm::Constant *nothing = record({null(), null()});
    return new llvm::GlobalVariable(module, nothing->getType(), false, llvm::GlobalValue::InternalLinkage, nothing, "loader");
  }

  const ModelDescription &model;
  llvm::Module &module;
  llvm::LLVMContext &context;
  llvm::DenseMap<llvm::Constant *, llvm::GlobalVariable *> placed;
};

llvm::Constant *Emitter::emit(const Target &target) {
  return record({i32(COSTATE_ABI_VERSION), i32(0), string(model.name), string(costate_version()), i64(target.isa), i64(model.dims.size()),
                 arrayOf(model.dims, [&](const std::string &name) { return string(name); }), i64(model.slots.size()),
                 arrayOf(model.slots, [&](const SlotDescription &s) { return slot(s); }), i64(model.hypers.size()),
                 arrayOf(model.hypers, [&](const HyperDescription &h) { return hyper(h); }), i64(model.entries.size()),
                 arrayOf(model.entries, [&](const EntryDescription &e) { return entry(e); }), i64(model.externs.size()),
                 arrayOf(model.externs, [&](const ExternDescription &e) { return externInfo(e); }), loader()});
}

} // namespace

llvm::GlobalVariable *emitDescriptor(const ModelDescription &model, const Target &target, llvm::Module &module) {
  llvm::Constant *data = Emitter(model, module).emit(target);
  return new llvm::GlobalVariable(module, data->getType(), true, llvm::GlobalValue::PrivateLinkage, data, "model.info");
}

} // namespace costate::codegen
