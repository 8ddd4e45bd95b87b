// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/compiler/codegen/CInterface.h"

#include "costate/compiler/codegen/EmitDescriptor.h"
#include "costate/dialects/graph/CNames.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"

namespace costate::codegen {

namespace {

/// Makes C identifiers, each different from those before.
class Identifiers {
public:
  std::string make(llvm::StringRef name) {
    std::string text;
    for (char c : name)
      text += absl::ascii_isalnum(c) ? c : '_';
    if (text.empty() || absl::ascii_isdigit(text[0]) || graph::isReservedInC(text))
      text = "_" + text;
    std::string unique = text;
    for (int number = 2; !taken.insert(unique).second; ++number)
      unique = absl::StrCat(text, "_", number);
    return unique;
  }

private:
  llvm::StringSet<> taken;
};

const char *cType(costate_type type) {
  switch (type) {
  case COSTATE_F32:
    return "float";
  case COSTATE_F64:
    return "double";
  case COSTATE_I32:
    return "int32_t";
  case COSTATE_I64:
    return "int64_t";
  case COSTATE_I8:
    return "int8_t";
  case COSTATE_U8:
  case COSTATE_I1: // 0 or 1
    return "uint8_t";
  case COSTATE_BF16:
  case COSTATE_F16:
    return "uint16_t";
  }
  llvm_unreachable("a type of the C interface");
}

/// "f32[batch, 64]"
std::string signatureOf(const ArrayDescription &array) {
  std::string text = costate_type_name(array.type);
  if (array.axes.empty())
    return text;
  return absl::StrCat(text, "[", absl::StrJoin(array.axes, ", ", [](std::string *out, graph::DimAttr axis) { out->append(axis.str()); }),
                      "]");
}

} // namespace

CInterface::CInterface(const ModelDescription &model) : model(model) {
  Identifiers dimNames, hyperNames, metricNames, functionNames;
  for (const std::string &dim : model.dims)
    dims.push_back(dimNames.make(dim));
  for (const HyperDescription &hyper : model.hypers)
    hypers.push_back(hyperNames.make(hyper.name));
  for (const char *name : {"create", "destroy", "reserve", "seed", "set", "load", "save", "info", "dims", "metrics", "hyper"})
    functionNames.make(name);
  for (auto [index, entry] : llvm::enumerate(model.entries)) {
    if (entry.name == "init") // called by the runtime alone: NAME_create and NAME_seed
      continue;
    EntryFunction function{functionNames.make(entry.name), static_cast<int64_t>(index), &entry, {}, {}};
    Identifiers names;
    for (const char *name : {"model", "metrics"})
      names.make(name);
    for (const ArrayDescription &argument : entry.arguments)
      if (argument.role == COSTATE_INPUT || argument.role == COSTATE_TARGET || argument.role == COSTATE_ROWS)
        function.parameters.push_back({names.make(argument.name), &argument, -1});
    for (auto [dim, name] : llvm::enumerate(model.dims))
      if (entry.dimSources[2 * dim] >= 0)
        function.parameters.push_back({names.make(name), nullptr, static_cast<int64_t>(dim)});
    for (const ArrayDescription &result : entry.results) {
      if (result.role == COSTATE_OUTPUT)
        function.parameters.push_back({names.make(result.name), &result, -1});
      if (result.role != COSTATE_METRIC)
        continue;
      auto known = llvm::find_if(metrics, [&](const Field &f) { return f.metric == result.name && f.type == result.type; });
      if (known == metrics.end())
        known = metrics.insert(known, {metricNames.make(result.name), result.name, result.type, ""});
      absl::StrAppend(&known->entries, known->entries.empty() ? "" : ", ", entry.name);
      function.metrics.push_back(known - metrics.begin());
    }
    functions.push_back(std::move(function));
  }
}

void CInterface::declareEntry(std::string &text, const EntryFunction &function) const {
  std::vector<std::string> parameters{model.name + " *model"}, notes;
  for (const Parameter &parameter : function.parameters) {
    if (!parameter.array) {
      parameters.push_back("int64_t " + parameter.identifier);
      continue;
    }
    parameters.push_back(absl::StrCat(parameter.array->role == COSTATE_OUTPUT ? "" : "const ", cType(parameter.array->type), " *",
                                      parameter.identifier));
    notes.push_back(absl::StrCat(parameter.identifier, ": ", signatureOf(*parameter.array)));
  }
  if (!function.metrics.empty())
    parameters.push_back(model.name + "_metrics *metrics");
  absl::StrAppend(&text, "/* Entry '", function.entry->name, "'.", notes.empty() ? "" : " ", absl::StrJoin(notes, "; "),
                  function.metrics.empty() ? "" : ". metrics may be NULL", " */\n");
  absl::StrAppend(&text, "int32_t ", model.name, "_", function.identifier, "(", absl::StrJoin(parameters, ", "), ");\n\n");
}

std::string CInterface::header() const {
  const std::string &name = model.name;
  std::string guard = absl::AsciiStrToUpper("COSTATE_MODEL_" + name + "_H");
  std::string text = absl::StrCat(
      "/* Model '", name, "', compiled by costate ", costate_version(), ". Link lib", name, ".a and libcostate_rt.a, in this order.\n",
      " * Functions return 0 or a costate_code; costate_context_last_error(costate_model_context(model)) is the message.\n",
      " * Arrays are dense, row-major and the caller's. A model is a costate_model: every function of the runtime takes it. */\n",
      "#ifndef ", guard, "\n#define ", guard, "\n\n#include <costate/runtime/costate.h>\n\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n",
      "typedef costate_model ", name, ";\n\n");
  if (!dims.empty()) {
    absl::StrAppend(&text, "/* The dimensions whose extent each call gives. */\ntypedef struct ", name, "_dims {\n");
    for (const std::string &dim : dims)
      absl::StrAppend(&text, "  int64_t ", dim, ";\n");
    absl::StrAppend(&text, "} ", name, "_dims;\n\n");
  }
  if (!metrics.empty()) {
    absl::StrAppend(&text, "/* What an entry computes beside its arrays; each writes its own fields. */\ntypedef struct ", name, "_metrics {\n");
    for (const Field &field : metrics)
      absl::StrAppend(&text, "  ", cType(field.type), " ", field.identifier, "; /* by ", field.entries, " */\n");
    absl::StrAppend(&text, "} ", name, "_metrics;\n\n");
  }
  if (!hypers.empty()) {
    absl::StrAppend(&text, "/* Scalars that may change between calls. */\ntypedef enum ", name, "_hyper {\n");
    for (auto [index, hyper] : llvm::enumerate(hypers))
      absl::StrAppend(&text, "  ", name, "_hyper_", hyper, " = ", index, ", /* ", costate_type_name(model.hypers[index].type), ", default ",
                      model.hypers[index].defaultValue, " */\n");
    absl::StrAppend(&text, "} ", name, "_hyper;\n\n");
  }
  if (!model.externs.empty())
    absl::StrAppend(&text,
                    "/* What the model calls: functions of the program that links it. Each returns 0, or another number, which ends the "
                    "call of the model.\n",
                    " * Arrays are dense and row-major, results are last, `data` is NULL. */\n");
  for (const ExternDescription &description : model.externs)
    absl::StrAppend(&text, description.prototype, ";", description.place.empty() ? "" : absl::StrCat(" /* ", description.place, " */"),
                    "\n");
  absl::StrAppend(&text, model.externs.empty() ? "" : "\n");
  std::string dimsParameter = dims.empty() ? "" : absl::StrCat("const ", name, "_dims *max, ");
  absl::StrAppend(&text, "/* Creates the model on a context, ", dims.empty() ? "" : "for calls up to the extents of `max`, ",
                  "with its parameters drawn from seed 0. */\n", "int32_t ", name, "_create(costate_context *context, ", dimsParameter, name,
                  " **out);\n", "void ", name, "_destroy(", name, " *model);\n");
  if (!dims.empty())
    absl::StrAppend(&text, "/* Raises the extents that calls may have. */\nint32_t ", name, "_reserve(", name, " *model, const ", name,
                    "_dims *max);\n");
  absl::StrAppend(&text, "/* Sets the seed and draws the parameters and states anew. */\nint32_t ", name, "_seed(", name,
                  " *model, int64_t seed);\n");
  if (!hypers.empty())
    absl::StrAppend(&text, "int32_t ", name, "_set(", name, " *model, ", name, "_hyper hyper, double value);\n");
  absl::StrAppend(&text, "/* The parameters from and to a .safetensors file; costate_model_save also writes states. */\n", "int32_t ", name,
                  "_load(", name, " *model, const char *path);\nint32_t ", name, "_save(", name, " *model, const char *path);\n",
                  "/* Names, shapes, entries; constant. */\nconst costate_model_info *", name, "_info(void);\n\n");
  for (const EntryFunction &function : functions)
    declareEntry(text, function);
  absl::StrAppend(&text, "#ifdef __cplusplus\n}\n#endif\n#endif /* ", guard, " */\n");
  return text;
}

namespace {

/// Writes functions of the C calling convention on x86-64: integers, doubles and pointers only.
class FunctionWriter {
public:
  explicit FunctionWriter(llvm::Module &module)
      : module(module), b(module.getContext()), ptr(b.getPtrTy()), i32(b.getInt32Ty()), i64(b.getInt64Ty()), f64(b.getDoubleTy()) {}

  llvm::Function *begin(const std::string &name, llvm::Type *result, llvm::ArrayRef<llvm::Type *> parameters) {
    auto *type = llvm::FunctionType::get(result, parameters, false);
    function = llvm::Function::Create(type, llvm::GlobalValue::ExternalLinkage, name, module);
    b.SetInsertPoint(llvm::BasicBlock::Create(module.getContext(), "entry", function));
    return function;
  }
  llvm::Value *argument(unsigned number) { return function->getArg(number); }
  llvm::Value *call(llvm::StringRef name, llvm::Type *result, llvm::ArrayRef<llvm::Value *> arguments) {
    std::vector<llvm::Type *> types;
    for (llvm::Value *argument : arguments)
      types.push_back(argument->getType());
    return b.CreateCall(module.getOrInsertFunction(name, llvm::FunctionType::get(result, types, false)), arguments);
  }
  /// A function of a model that passes its arguments on, the fixed ones behind.
  void forward(const std::string &name, llvm::StringRef runtime, llvm::Type *result, llvm::ArrayRef<llvm::Type *> parameters,
               llvm::ArrayRef<llvm::Value *> fixed = {}) {
    begin(name, result, parameters);
    std::vector<llvm::Value *> arguments;
    for (llvm::Argument &argument : function->args())
      arguments.push_back(&argument);
    arguments.insert(arguments.end(), fixed.begin(), fixed.end());
    llvm::Value *value = call(runtime, result, arguments);
    result->isVoidTy() ? b.CreateRetVoid() : b.CreateRet(value);
  }

  llvm::Module &module;
  llvm::IRBuilder<> b;
  llvm::Type *ptr, *i32, *i64, *f64;
  llvm::Function *function = nullptr;
};

} // namespace

void CInterface::emitFunctions(llvm::Module &module, llvm::GlobalVariable *info) const {
  FunctionWriter w(module);
  llvm::IRBuilder<> &b = w.b;
  auto name = [&](llvm::StringRef suffix) { return (model.name + "_" + suffix).str(); };
  llvm::Value *null = llvm::ConstantPointerNull::get(b.getPtrTy());

  // NAME_dims has one i64 a dimension, in order, as the runtime's array has.
  if (dims.empty()) {
    w.begin(name("create"), w.i32, {w.ptr, w.ptr});
    b.CreateRet(w.call("costate_model_create", w.i32, {w.argument(0), info, null, w.argument(1)}));
  } else {
    w.begin(name("create"), w.i32, {w.ptr, w.ptr, w.ptr});
    b.CreateRet(w.call("costate_model_create", w.i32, {w.argument(0), info, w.argument(1), w.argument(2)}));
    w.forward(name("reserve"), "costate_model_reserve", w.i32, {w.ptr, w.ptr});
  }
  w.forward(name("destroy"), "costate_model_destroy", b.getVoidTy(), {w.ptr});
  w.forward(name("seed"), "costate_model_seed", w.i32, {w.ptr, w.i64});
  w.forward(name("load"), "costate_model_load", w.i32, {w.ptr, w.ptr}, {b.getInt32(COSTATE_SAVE_PARAMS)});
  w.forward(name("save"), "costate_model_save", w.i32, {w.ptr, w.ptr}, {b.getInt32(COSTATE_SAVE_PARAMS)});
  w.begin(name("info"), w.ptr, {});
  b.CreateRet(info);

  if (!hypers.empty()) {
    std::vector<llvm::Constant *> names;
    for (const HyperDescription &hyper : model.hypers)
      names.push_back(emitString(module, hyper.name));
    auto *type = llvm::ArrayType::get(w.ptr, names.size());
    auto *table =
        new llvm::GlobalVariable(module, type, true, llvm::GlobalValue::PrivateLinkage, llvm::ConstantArray::get(type, names), "hypers");
    llvm::Function *set = w.begin(name("set"), w.i32, {w.ptr, w.i32, w.f64});
    auto *good = llvm::BasicBlock::Create(module.getContext(), "known", set);
    auto *bad = llvm::BasicBlock::Create(module.getContext(), "unknown", set);
    b.CreateCondBr(b.CreateICmpULT(w.argument(1), b.getInt32(names.size())), good, bad);
    b.SetInsertPoint(good);
    llvm::Value *hyper = b.CreateLoad(w.ptr, b.CreateGEP(type, table, {b.getInt64(0), b.CreateZExt(w.argument(1), w.i64)}));
    b.CreateRet(w.call("costate_model_set", w.i32, {w.argument(0), hyper, w.argument(2)}));
    b.SetInsertPoint(bad);
    llvm::Value *context = w.call("costate_model_context", w.ptr, {w.argument(0)});
    llvm::Value *message = emitString(module, "requires a hyper-parameter of the model, but got another number");
    b.CreateRet(w.call("costate_fail", w.i32, {context, b.getInt32(COSTATE_INVALID_ARGUMENT), message}));
  }

  std::vector<llvm::Type *> fieldTypes;
  for (const Field &field : metrics)
    fieldTypes.push_back(field.type == COSTATE_F32   ? b.getFloatTy()
                         : field.type == COSTATE_F64 ? b.getDoubleTy()
                                                     : b.getIntNTy(8 * costate_type_size(field.type)));
  auto *metricsType = llvm::StructType::get(module.getContext(), fieldTypes);
  for (const EntryFunction &function : functions) {
    std::vector<llvm::Type *> types{w.ptr};
    for (const Parameter &parameter : function.parameters)
      types.push_back(parameter.array ? w.ptr : w.i64);
    if (!function.metrics.empty())
      types.push_back(w.ptr);
    w.begin(name(function.identifier), w.i32, types);
    auto *dimArray = b.CreateAlloca(w.i64, b.getInt32(std::max<size_t>(dims.size(), 1)));
    for (size_t dim = 0; dim < dims.size(); ++dim)
      b.CreateStore(b.getInt64(0), b.CreateConstGEP1_64(w.i64, dimArray, dim));
    std::vector<llvm::Value *> user; // in the order of costate_model_invoke: inputs and targets, then metrics and outputs
    llvm::Value *metricsArgument = nullptr;
    if (!function.metrics.empty()) {
      llvm::Value *given = w.argument(types.size() - 1);
      metricsArgument = b.CreateSelect(b.CreateIsNull(given), b.CreateAlloca(metricsType), given);
    }
    std::vector<llvm::Value *> outputs;
    for (auto [number, parameter] : llvm::enumerate(function.parameters)) {
      llvm::Value *argument = w.argument(number + 1);
      if (!parameter.array)
        b.CreateStore(argument, b.CreateConstGEP1_64(w.i64, dimArray, parameter.dim));
      else if (parameter.array->role == COSTATE_OUTPUT)
        outputs.push_back(argument);
      else
        user.push_back(argument);
    }
    size_t output = 0, metric = 0;
    for (const ArrayDescription &result : function.entry->results) {
      if (result.role == COSTATE_OUTPUT)
        user.push_back(outputs[output++]);
      else if (result.role == COSTATE_METRIC)
        user.push_back(b.CreateStructGEP(metricsType, metricsArgument, function.metrics[metric++]));
    }
    auto *userArray = b.CreateAlloca(w.ptr, b.getInt32(std::max<size_t>(user.size(), 1)));
    for (auto [number, pointer] : llvm::enumerate(user))
      b.CreateStore(pointer, b.CreateConstGEP1_64(w.ptr, userArray, number));
    b.CreateRet(w.call("costate_model_invoke", w.i32, {w.argument(0), b.getInt64(function.index), userArray, dimArray}));
  }
}

} // namespace costate::codegen
