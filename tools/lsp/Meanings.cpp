// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/tools/lsp/Meanings.h"

#include "costate/frontends/Builtins.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

namespace costate::lsp {

using namespace importer;

/// Several are enough to see that there are several.
constexpr size_t mostValues = 4;

static const NetInstance *firstNet(const Value &value) {
  if (auto net = value.as<const NetInstance *>())
    return *net;
  auto list = value.as<List>();
  return list && list->size() > 0 ? firstNet((*list)[0]) : nullptr;
}

/// What is written behind a name that stands for the value.
static std::string shown(StringRef name, const Value &value) {
  if (value.is<Tensor>())
    return " : " + describe(value);
  if (value.is<RuntimeNumber>() || value.is<Closure>() || value.is<const ParameterSet *>())
    return " : " + describe(value);
  if (value.is<Dimension>() && describe(value) == name)
    return " : a size";
  if (auto type = value.as<mlir::Type>())
    return " = " + typeName(*type);
  if (auto fn = value.as<Function>())
    return (" = " + fn->decl->name.text).str();
  if (auto builtin = value.as<const Builtin *>())
    return (" = " + (*builtin)->name).str();
  if (auto net = value.as<NetTemplate>())
    return (" : net " + net->decl->name.text).str();
  if (auto net = value.as<const NetInstance *>())
    return (" : net " + (*net)->decl->name.text).str();
  if (auto optimizer = value.as<Optimizer>())
    return (" : optimizer " + optimizer->decl->name.text).str();
  auto list = value.as<List>();
  if (const NetInstance *net = list ? firstNet(value) : nullptr)
    return (" : " + llvm::Twine(list->size()) + (list->size() == 1 ? " net " : " nets ") + net->decl->name.text).str();
  bool isSpelled = !list || llvm::none_of(*list, [](const Value &element) { return element.is<Tensor>(); });
  return (isSpelled ? " = " : " : ") + describe(value);
}

/// Adds what stands below `path` in the set of a net.
static void addMembers(const NetInstance &net, StringRef path, Meaning &meaning) {
  for (const ParameterSet::Leaf &leaf : net.set->leaves) {
    StringRef rest = leaf.path;
    if (!rest.consume_front(path) || !rest.consume_front("."))
      continue;
    std::string shape = llvm::join(llvm::map_range(leaf.shape, [](int64_t extent) { return std::to_string(extent); }), ", ");
    meaning.members.push_back({rest.str(), " : " + typeName(net.set->element) + "[" + shape + "]"});
  }
  for (const auto &[state, root] : net.states)
    meaning.members.push_back({state.str(), " : a state"});
}

void Recorder::name(SourceRange where, SourceRange declared, const Value &value, StringRef path) {
  if (!where.file || where.file->name() != fileName || value.is<std::monostate>())
    return;
  Meaning &meaning = meanings[where.begin];
  meaning.end = where.end;
  if (declared.file)
    meaning.declared = {declared.file->name().str(), declared.begin, declared.end};
  meaning.path = path.str();
  if (meaning.values.size() < mostValues)
    if (std::string text = shown(where.text(), value); !llvm::is_contained(meaning.values, text))
      meaning.values.push_back(std::move(text));
  const NetInstance *net = meaning.members.empty() ? firstNet(value) : nullptr;
  if (net)
    addMembers(*net, value.is<List>() ? StringRef(net->path).rsplit('.').first : StringRef(net->path), meaning);
}

Meanings moved(const Meanings &older, const Change &change, StringRef file) {
  auto move = [&](uint32_t &place) { place = place <= change.begin ? place : place - change.oldEnd + change.newEnd; };
  auto isTouched = [&](uint32_t begin, uint32_t end) { return begin <= change.oldEnd && end >= change.begin; };
  Meanings newer;
  for (const auto &[at, known] : older) {
    uint32_t begin = at;
    Meaning meaning = known;
    if (isTouched(begin, meaning.end))
      continue;
    move(begin);
    move(meaning.end);
    if (Span &declared = meaning.declared; declared.file == file && isTouched(declared.begin, declared.end)) {
      declared = {};
    } else if (declared.file == file) {
      move(declared.begin);
      move(declared.end);
    }
    newer.try_emplace(begin, std::move(meaning));
  }
  return newer;
}

} // namespace costate::lsp
