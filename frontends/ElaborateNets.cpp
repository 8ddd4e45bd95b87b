// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parameters: the sets they live in, the nets that own them, their initial values.
#include "costate/dialects/optim/Optim.h"
#include "costate/frontends/Elaborator.h"

#include "llvm/ADT/StringExtras.h"

namespace costate::importer {

using namespace syntax;
using llvm::StringRef;
using mlir::failed;
using mlir::failure;
using mlir::FailureOr;
using mlir::LogicalResult;
using mlir::success;

ParameterSet *Elaborator::addSet(StringRef name, SourceRange where) {
  sets.push_back({});
  ParameterSet &set = sets.back();
  set.name = name.str();
  set.symbol = mlir::FlatSymbolRefAttr::get(module.getContext(), uniqueName(name));
  set.root = bind(Binding::Root, {name, where}, nullptr);
  return &set;
}

LogicalResult Elaborator::addLeaf(ParameterSet &set, std::string path, const DeclareStmt &declared, const Binding *scope) {
  FailureOr<mlir::Type> element = elementType(*declared.type);
  if (failed(element))
    return failure();
  if (*element != real)
    return error(declared.type->element.range) << "requires params of type f32, but got " << typeName(*element)
                                               << "; other types are not supported yet";
  FailureOr<graph::Dims> dims = bindType(*declared.type, nullptr, ("param '" + declared.name.text + "'").str(), declared.name.range, scope);
  if (failed(dims))
    return failure();
  ParameterSet::Leaf leaf;
  leaf.path = std::move(path);
  leaf.declared = &declared;
  leaf.scope = scope;
  for (graph::DimAttr dim : *dims) {
    if (!dim.constant())
      return error(declared.type->range) << "requires sizes of a param that are numbers at import, but '" << dim.str() << "' is none";
    leaf.shape.push_back(*dim.constant());
  }
  auto rank = int64_t(leaf.shape.size());
  if (declared.outAxis) {
    FailureOr<Number> axis = evaluateNumber(*declared.outAxis, scope, "'out axis'");
    if (failed(axis))
      return failure();
    if (!axis->isInteger || axis->integer < -rank || axis->integer >= rank)
      return error(declared.outAxis->range) << "requires an axis of " << typeName(real, *dims) << " as 'out axis', but got " << describe(*axis);
    leaf.outAxis = axis->integer;
  }
  if (leaf.outAxis < 0 && rank > 0)
    leaf.outAxis += rank;
  set.leaves.push_back(std::move(leaf));
  return success();
}

LogicalResult Elaborator::closeSet(ParameterSet &set) {
  mlir::OpBuilder::InsertionGuard guard(b.builder);
  b.builder.setInsertionPointToStart(module.getBody());
  auto arena = optim::ArenaOp::create(b.builder, location(set.root->where), set.symbol.getValue(), real);
  b.builder.setInsertionPointToStart(&arena.getBody().emplaceBlock());
  for (const ParameterSet::Leaf &leaf : set.leaves)
    optim::LeafOp::create(b.builder, location(leaf.declared->range), leaf.path, leaf.shape,
                          leaf.tied.empty() ? mlir::StringAttr() : b.builder.getStringAttr(leaf.tied), leaf.group, leaf.frozen);
  // Sizes multiply: what no memory could hold must not wrap around either.
  double elements = 0;
  for (const ParameterSet::Leaf &leaf : set.leaves) {
    double size = 1;
    for (int64_t extent : leaf.shape)
      size *= double(extent);
    elements += size;
  }
  if (elements > double(int64_t(1) << 40))
    return error(set.root->where) << "requires at most 2**40 parameters, but '" << set.name << "' has " << elements;
  set.size = arena.getArenaSize();
  for (const optim::ArenaOp::Range &range : arena.getRanges())
    set.ranges.push_back({range.group, range.frozen, range.offset, range.offset + range.size});
  return success();
}

FailureOr<Tensor> Elaborator::initialState(const DeclareStmt &declared, const Binding *scope) {
  std::string what = ("state '" + declared.name.text + "'").str();
  std::optional<graph::Dims> dims;
  if (declared.type) {
    const Binding *inside = scope;
    FailureOr<graph::Dims> given = bindType(*declared.type, nullptr, what, declared.name.range, inside);
    if (failed(given))
      return failure();
    dims = *given;
  }
  FailureOr<Tensor> initial = evaluateState(*declared.value, scope, dims);
  if (failed(initial))
    return failure();
  if (declared.type) {
    FailureOr<mlir::Type> element = elementType(*declared.type);
    if (failed(element))
      return failure();
    initial = b.convert(*initial, *element);
    if (failed(bindType(*declared.type, &*initial, what, declared.value->range, scope)))
      return failure();
  }
  if (llvm::any_of(initial->dims, [](graph::DimAttr dim) { return !dim.constant(); }))
    return error(declared.range) << "requires sizes of a state that are numbers at import, but got " << typeName(*initial);
  return initial;
}

/// The initial value of a state. A declared shape reaches it as that of a parameter does, and a scalar fills it.
FailureOr<Tensor> Elaborator::evaluateState(const Expr &e, const Binding *scope, const std::optional<graph::Dims> &dims) {
  if (dims && llvm::all_of(*dims, [](graph::DimAttr dim) { return dim.constant(); })) {
    std::vector<Value> shape;
    for (graph::DimAttr dim : *dims)
      shape.push_back(Number::of(*dim.constant()));
    declaredShape = makeList(std::move(shape));
  }
  FailureOr<Value> value = evaluate(e, scope);
  declaredShape.reset();
  FailureOr<Tensor> tensor = toTensor(value, e.range);
  if (succeeded(tensor) && dims && tensor->rank() == 0)
    tensor = b.broadcast(*tensor, *dims);
  return tensor;
}

LogicalResult Elaborator::addState(NetInstance &net, const DeclareStmt &declared, const Binding *&scope) {
  FailureOr<Tensor> initial = initialState(declared, scope);
  if (failed(initial))
    return failure();
  const Binding *root = bind(Binding::Root, declared.name, nullptr);
  netStates.push_back({root, net.path + "." + declared.name.text.str(), &declared, scope, initial->value.getType(), initial->dims});
  net.states.push_back({declared.name.text, root});
  Binding *alias = bind(Binding::Alias, declared.name, scope);
  alias->of = root;
  scope = alias;
  return success();
}

/// Makes the parameters of a net, or of each net of a list: walks its body for what owns some, and evaluates nothing else.
FailureOr<Value> Elaborator::instantiate(const Value &net, ParameterSet &set, const std::string &path, SourceRange where) {
  if (auto list = net.as<List>()) {
    std::vector<Value> instances;
    for (auto [i, element] : llvm::enumerate(*list)) {
      FailureOr<Value> instance = instantiate(element, set, path + "." + std::to_string(i), where);
      if (failed(instance))
        return failure();
      instances.push_back(*instance);
    }
    return makeList(std::move(instances));
  }
  auto given = net.as<NetTemplate>();
  if (!given)
    return error(where) << "requires a net with its sizes, such as dense(64, 10), but got " << describe(net);
  if (failed(checkCallDepth(where, given->decl->name.text)))
    return failure();
  Frame frame(*this, given->decl->name.text.str(), where);

  nets.push_back({given->decl, *given->statics, &set, path, {}, {}});
  NetInstance &instance = nets.back();
  const Binding *scope = nullptr;
  for (auto [parameter, value] : llvm::zip_equal(given->decl->statics, instance.statics))
    scope = bindStatic(parameter.name, value, scope);
  for (const StmtPtr &statement : given->decl->body.statements) {
    auto *declare = llvm::dyn_cast<DeclareStmt>(statement.get());
    if (declare && declare->role == DeclareStmt::State) {
      if (failed(addState(instance, *declare, scope)))
        return failure();
    } else if (declare) {
      std::string leafPath = path + "." + declare->name.text.str();
      if (failed(addLeaf(set, leafPath, *declare, scope)))
        return failure();
      Binding *leaf = bind(Binding::Leaf, declare->name, scope);
      leaf->set = &set;
      leaf->path = leafPath;
      scope = leaf;
    } else if (auto *binding = llvm::dyn_cast<BindStmt>(statement.get()); binding && binding->role == BindStmt::Net) {
      FailureOr<Value> child = evaluate(*binding->value, scope);
      if (succeeded(child))
        child = instantiate(*child, set, path + "." + binding->names[0].text.str(), binding->value->range);
      if (failed(child))
        return failure();
      instance.children.push_back({binding->names[0].text, *child});
      scope = bindStatic(binding->names[0], *child, scope);
    } else if (binding && binding->names.size() == 1) {
      scope = bindDefinition(binding->names[0], *binding->value, scope, scope); // a size, perhaps
    } else if (auto *each = llvm::dyn_cast<EachStmt>(statement.get())) {
      for (const StmtPtr &inner : each->body.statements) {
        auto *bound = llvm::dyn_cast<BindStmt>(inner.get());
        if (llvm::isa<DeclareStmt>(*inner) || (bound && bound->role == BindStmt::Net))
          return error(inner->range) << "requires params and nets outside of 'each'; 'net layers = [... for ...]' makes a list of nets";
      }
    }
  }
  return Value(&std::as_const(instance));
}

FailureOr<Tensor> Elaborator::initialValue(const ParameterSet &set, const ParameterSet::Leaf &leaf, const Tensor &key) {
  std::vector<Value> shape;
  for (int64_t extent : leaf.shape)
    shape.push_back(Number::of(extent));
  const Expr &e = *leaf.declared->value;
  b.location = location(e.range);
  current->key = key;
  current->label.clear();
  current->draws = 0;
  declaredShape = makeList(std::move(shape));
  FailureOr<Value> value = evaluate(e, leaf.scope);
  declaredShape.reset();
  FailureOr<Tensor> tensor = toTensor(value, e.range, real);
  if (failed(tensor))
    return failure();
  graph::Dims dims = b.staticDims(leaf.shape);
  if (tensor->rank() == 0)
    tensor = b.broadcast(*tensor, dims);
  if (tensor->dims != dims)
    return error(e.range) << "requires the initial value of '" << leaf.path << "' to be " << typeName(real, dims) << ", but got "
                          << typeName(*tensor);
  return tensor;
}

/// f.layers.0.w: a child of a net, a parameter of it, or an element of a list
FailureOr<Value> Elaborator::member(const MemberExpr &e, const Binding *scope) {
  FailureOr<Value> base = evaluate(*e.base, scope);
  if (failed(base))
    return failure();
  StringRef name = e.member.text;
  if (auto net = base->as<const NetInstance *>()) {
    for (const auto &[child, value] : (*net)->children)
      if (child == name)
        return value;
    std::string path = (*net)->path + "." + name.str();
    for (const ParameterSet::Leaf &leaf : (*net)->set->leaves)
      if (leaf.path == path) {
        FailureOr<Value> arena = valueOf((*net)->set->root);
        if (failed(arena))
          return failure();
        b.location = location(e.range);
        return Value(b.leaf(*arena->as<Tensor>(), leaf.path, leaf.shape));
      }
    for (const auto &[state, root] : (*net)->states)
      if (state == name)
        return valueOf(root);
    std::vector<StringRef> members;
    for (const auto &[child, value] : (*net)->children)
      members.push_back(child);
    for (const ParameterSet::Leaf &leaf : (*net)->set->leaves)
      if (StringRef rest = leaf.path; rest.consume_front((*net)->path + ".") && !rest.contains('.'))
        members.push_back(rest);
    for (const auto &[state, root] : (*net)->states)
      members.push_back(state);
    return error(e.member.range) << "'" << (*net)->path << "' has no param, state or net '" << name << "'"
                                 << (members.empty() ? "" : "; it has '" + llvm::join(members, "', '") + "'");
  }
  int64_t index;
  if (auto list = base->as<List>(); list && !name.getAsInteger(10, index)) {
    if (index >= int64_t(list->size()))
      return error(e.member.range) << "requires an index into a list of " << list->size() << ", but got " << index;
    return (*list)[index];
  }
  if (base->is<Tensor>()) {
    Failure failure = error(e.member.range) << "a tensor has no member '" << name << "'; ";
    if (StringRef advice = adviceForName(name); !advice.empty())
      return std::move(failure) << advice;
    std::move(failure) << "functions stand before their arguments";
    if (!findBuiltin(builtins, name) && !declarations.contains(name))
      return failure;
    return std::move(failure) << ": '" << name << "(" << spell(*e.base) << ")'";
  }
  return error(e.member.range) << "requires a net before '.', but got " << describe(*base);
}

} // namespace costate::importer
