// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parameters: the sets they live in, the nets that own them, their initial values.
#include "costate/dialects/optim/Optim.h"
#include "costate/frontends/Elaborator.h"
#include "costate/frontends/LeafRules.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SaveAndRestore.h"

#include <unordered_map>

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
  FailureOr<mlir::Type> element = elementType(*declared.type, scope);
  if (failed(element))
    return failure();
  if (!llvm::isa<mlir::FloatType>(*element))
    return error(declared.type->element.range) << "requires params of type f32 or f64, but got " << typeName(*element);
  if (set.element && set.element != *element)
    return error(declared.type->element.range).note(location(set.leaves.front().declared->range), "the first one is declared here")
           << "requires params of one type in '" << set.name << "', " << typeName(set.element) << ", but got " << typeName(*element);
  set.element = *element;
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
      return error(declared.outAxis->range) << "requires an axis of " << typeName(*element, *dims) << " as 'out axis', but got " << describe(*axis);
    leaf.outAxis = axis->integer;
  }
  if (leaf.outAxis < 0 && rank > 0)
    leaf.outAxis += rank;
  set.add(std::move(leaf));
  return success();
}

LogicalResult Elaborator::closeSet(ParameterSet &set) {
  mlir::OpBuilder::InsertionGuard guard(b.builder);
  b.builder.setInsertionPointToStart(module.getBody());
  if (!set.element)
    set.element = real;
  auto arena = optim::ArenaOp::create(b.builder, location(set.root->where), set.symbol.getValue(), set.element);
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

static const NetInstance *firstNet(const Value &value) {
  if (auto net = value.as<const NetInstance *>())
    return *net;
  auto list = value.as<List>();
  return list && list->size() > 0 ? firstNet((*list)[0]) : nullptr;
}

const ParameterSet *Elaborator::wholeSet(const Value &value) const {
  if (auto set = value.as<const ParameterSet *>())
    return *set;
  const NetInstance *first = firstNet(value);
  if (!first || value.is<const NetInstance *>())
    return first && first->path == first->set->name ? first->set : nullptr;
  return identity(value) == first->set->identity ? first->set : nullptr;
}

Tensor Elaborator::fillGaps(const Tensor &x, const Number &fill) {
  const ParameterSet *set = layoutOf(x);
  if (!set || x.dims.size() != 1)
    return x;
  LeafRules rules(b, module, *set);
  return rules.hasGaps() ? b.select(rules.inside(), x, b.full(x.elementType(), x.dims, fill)) : x;
}

Tensor Elaborator::withoutGaps(const Tensor &x) {
  const ParameterSet *set = layoutOf(x);
  if (!set)
    return x;
  LeafRules rules(b, module, *set);
  if (!rules.hasGaps())
    return {x.value, x.dims, {}};
  Tensor places = rules.places();
  graph::Dims lanes(llvm::ArrayRef(x.dims).drop_back()), dims = lanes;
  dims.push_back(places.dims.front());
  Tensor elements = b.gather(x, b.broadcast(places, dims), lanes.size());
  return {elements.value, elements.dims, {}};
}

/// The parameter set whose layout a tensor has.
const ParameterSet *Elaborator::layoutOf(const Tensor &x) const {
  auto set = llvm::find_if(sets, [&](const ParameterSet &known) { return x.arena && known.symbol == x.arena; });
  return set == sets.end() ? nullptr : &*set;
}

FailureOr<Tensor> Elaborator::initialState(const DeclareStmt &declared, const Binding *scope) {
  std::string what = ("state '" + declared.name.text + "'").str();
  std::optional<graph::Dims> dims;
  mlir::Type element;
  if (declared.type) {
    FailureOr<mlir::Type> named = elementType(*declared.type, scope);
    if (failed(named))
      return failure();
    element = *named;
    const Binding *inside = scope;
    FailureOr<graph::Dims> given = bindType(*declared.type, nullptr, what, declared.name.range, inside);
    if (failed(given))
      return failure();
    dims = *given;
  }
  FailureOr<Tensor> initial = evaluateState(*declared.value, scope, dims, element);
  if (failed(initial))
    return failure();
  if (declared.type) {
    initial = b.convert(*initial, element);
    ArrayType type = arrayType(*initial);
    if (failed(bindType(*declared.type, &type, what, declared.value->range, scope)))
      return failure();
  }
  if (llvm::any_of(initial->dims, [](graph::DimAttr dim) { return !dim.constant(); }))
    return error(declared.range) << "requires sizes of a state that are numbers at import, but got " << typeName(*initial);
  return initial;
}

/// The initial value of a state. A declared shape reaches it as that of a parameter does, and a scalar fills it; so does the type, if it is a float.
FailureOr<Tensor> Elaborator::evaluateState(const Expr &e, const Binding *scope, const std::optional<graph::Dims> &dims, mlir::Type element) {
  llvm::SaveAndRestore kept(real, llvm::isa_and_nonnull<mlir::FloatType>(element) ? element : real);
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
      instance.children.push_back({binding->names[0], *child});
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

/// A net or param of a check, which has the initial values that it draws from seed 0. A param is a set of its own.
LogicalResult Elaborator::declareInCheck(const Stmt &statement, const Binding *&scope) {
  auto *declare = llvm::dyn_cast<DeclareStmt>(&statement);
  Name name = declare ? declare->name : llvm::cast<BindStmt>(statement).names[0];
  if (current->kind != FunctionScope::Entry)
    return error(statement.range) << "requires '" << name.text << "' where it is certain at import, but the condition around it is known when the program runs only";
  if (failed(checkUnbound(name, scope)))
    return failure();
  ParameterSet &set = *addSet(name.text, name.range);
  size_t firstState = netStates.size();
  const Binding *bound = nullptr;
  if (declare) {
    if (failed(addLeaf(set, set.name, *declare, scope)))
      return failure();
    Binding *leaf = bind(Binding::Leaf, name, scope);
    leaf->set = &set;
    leaf->path = set.name;
    bound = leaf;
  } else {
    const Expr &value = *llvm::cast<BindStmt>(statement).value;
    FailureOr<Value> net = evaluate(value, scope);
    if (succeeded(net))
      net = instantiate(*net, set, set.name, value.range);
    if (failed(net))
      return failure();
    set.identity = identity(*net);
    bound = bindStatic(name, *net, scope);
  }
  if (failed(closeSet(set)))
    return failure();
  auto key = current->key;
  std::string label = current->label;
  unsigned draws = current->draws;
  b.location = location(statement.range);
  FailureOr<Tensor> values = initialValues(set, b.constant(b.builder.getI64Type(), Number::of(int64_t(0))));
  if (failed(values))
    return failure();
  current->values[set.root] = *values;
  for (; firstState < netStates.size(); ++firstState) {
    const NetState &state = netStates[firstState];
    mlir::Type element = mlir::cast<mlir::RankedTensorType>(state.type).getElementType();
    FailureOr<Tensor> initial = evaluateState(*state.declared->value, state.scope, state.dims, element);
    if (failed(initial))
      return failure();
    current->values[state.root] = b.convert(*initial, element);
  }
  current->key = key;
  current->label = label;
  current->draws = draws;
  scope = bound;
  return success();
}

//===----------------------------------------------------------------------===//
// Initial values of parameters
//===----------------------------------------------------------------------===//

/// The current function is one for this leaf alone.
FailureOr<Tensor> Elaborator::initialValue(const ParameterSet::Leaf &leaf, mlir::Type element, const Tensor &key) {
  llvm::SaveAndRestore kept(real, element);
  std::vector<Value> shape;
  for (int64_t extent : leaf.shape)
    shape.push_back(Number::of(extent));
  const Expr &e = *leaf.declared->value;
  b.location = location(e.range);
  current->key = key;
  declaredShape = makeList(std::move(shape));
  FailureOr<Value> value = evaluate(e, leaf.scope);
  declaredShape.reset();
  FailureOr<Tensor> tensor = toTensor(value, e.range, element);
  if (failed(tensor))
    return failure();
  graph::Dims dims = b.staticDims(leaf.shape);
  if (tensor->rank() == 0)
    tensor = b.broadcast(*tensor, dims);
  if (tensor->dims != dims)
    return error(e.range) << "requires the initial value of '" << leaf.path << "' to be " << typeName(element, dims) << ", but got "
                          << typeName(*tensor);
  return tensor;
}

static bool isZero(mlir::Value value) {
  while (auto broadcast = value.getDefiningOp<graph::BroadcastInDimOp>())
    value = broadcast.getOperand();
  auto constant = value.getDefiningOp<graph::ConstantOp>();
  return constant && mlir::matchPattern(constant.getResult(), mlir::m_PosZeroFloat());
}

static mlir::Value returned(mlir::func::FuncOp func) { return func.front().getTerminator()->getOperand(0); }

/// Each leaf is evaluated in a function of its own; functions that say the same are one kind. Zeros, which an arena has by itself, are none.
FailureOr<std::vector<Elaborator::LeafKind>> Elaborator::leafKinds(const ParameterSet &set, const Tensor &keys) {
  std::vector<LeafKind> kinds;
  std::unordered_map<size_t, std::vector<size_t>> known; // kinds by the hash of their ops
  for (auto [number, leaf] : llvm::enumerate(set.leaves)) {
    if (!leaf.tied.empty())
      continue;
    // A definition of the model that draws does so for the leaf that asks first.
    current->key = b.gather(keys, b.constant(b.builder.getI64Type(), Number::of(int64_t(number))), 0);
    FunctionInstance draw;
    unsigned draws;
    {
      Building building(*this, FunctionScope::Instance, set.name + ".init", leaf.declared->value->range);
      FailureOr<Tensor> value = initialValue(leaf, set.element, addArgument(*current->parent->key));
      if (failed(value))
        return failure();
      draws = current->draws;
      draw = finish(*value);
    }
    current->label.clear();
    current->draws = draws; // states go on counting
    mlir::Block &body = draw.func.front();
    if (isZero(returned(draw.func))) {
      draw.func.erase();
      continue;
    }
    size_t hash = 0;
    for (mlir::Operation &op : body)
      hash = llvm::hash_combine(hash, mlir::OperationEquivalence::computeHash(&op, mlir::OperationEquivalence::ignoreHashValue,
                                                                              mlir::OperationEquivalence::ignoreHashValue,
                                                                              mlir::OperationEquivalence::IgnoreLocations));
    std::vector<size_t> &candidates = known[hash];
    auto same = llvm::find_if(candidates, [&](size_t kind) {
      FunctionInstance &other = kinds[kind].draw;
      return other.captures == draw.captures &&
             mlir::OperationEquivalence::isRegionEquivalentTo(&other.func.getBody(), &draw.func.getBody(), mlir::OperationEquivalence::IgnoreLocations);
    });
    if (same != candidates.end()) {
      kinds[*same].leaves.push_back(number);
      draw.func.erase();
      continue;
    }
    candidates.push_back(kinds.size());
    kinds.push_back({std::move(draw), {number}});
  }
  return kinds;
}

/// The arena `before` with the leaves of a kind written into it, one a trip.
FailureOr<Tensor> Elaborator::drawInLoop(const ParameterSet &set, const LeafKind &kind, const Tensor &keys, const Tensor &before) {
  auto operands = operandsOf(kind.draw, {keys}, /*freshKey=*/false); // the key in place of the keys comes with each trip
  if (failed(operands))
    return failure();
  llvm::StringMap<int64_t> offsets;
  for (const ArenaLeaf &leaf : mlir::cast<ArenaLayout>(mlir::SymbolTable::lookupSymbolIn(module, set.symbol)).getArenaLeaves())
    offsets[leaf.name] = leaf.offset;
  std::vector<Number> numbers, places;
  for (size_t leaf : kind.leaves) {
    numbers.push_back(Number::of(int64_t(leaf)));
    places.push_back(Number::of(offsets.lookup(set.leaves[leaf].path)));
  }
  b.location = location(set.root->where);
  mlir::Type i64 = b.builder.getI64Type();
  auto count = int64_t(kind.leaves.size());
  Tensor number = b.constant(i64, {count}, numbers), place = b.constant(i64, {count}, places);
  Tensor zero = b.constant(i64, Number::of(int64_t(0))), one = b.constant(i64, Number::of(int64_t(1)));
  auto index = [&](int64_t value) { return mlir::arith::ConstantIndexOp::create(b.builder, b.location, value); };
  mlir::Value from = index(0), to = index(count), step = index(1);
  mlir::OpBuilder::InsertionGuard guard(b.builder);
  auto loop = mlir::scf::ForOp::create(b.builder, b.location, from, to, step, mlir::ValueRange{before.value, zero.value});
  b.builder.setInsertionPointToStart(loop.getBody());
  Tensor trip{loop.getRegionIterArg(1), {}, {}};
  operands->front() = b.gather(keys, b.gather(number, trip, 0), 0).value;
  auto drawn = mlir::func::CallOp::create(b.builder, b.location, kind.draw.func, *operands);
  const std::vector<int64_t> &shape = set.leaves[kind.leaves.front()].shape;
  Tensor leaf{drawn.getResult(0), b.staticDims(shape), {}};
  leaf = b.reshape(leaf, {b.dim(mlir::ShapedType::getNumElements(shape))});
  Tensor start = b.gather(place, trip, 0);
  mlir::Value after = graph::DynamicUpdateSliceOp::create(b.builder, b.location, before.value.getType(), loop.getRegionIterArg(0), leaf.value, start.value);
  mlir::scf::YieldOp::create(b.builder, b.location, mlir::ValueRange{after, b.binary<graph::AddOp>(trip, one).value});
  return Tensor{loop.getResult(0), before.dims, set.symbol};
}

/// Code grows with the kinds of leaves, not with their number: leaves that have their kind for themselves are packed, the others are written in a loop.
FailureOr<Tensor> Elaborator::initialValues(const ParameterSet &set, const Tensor &seed) {
  // A key is made of the seed and the path of the leaf, so that other leaves have no influence. All are made at once.
  b.location = location(set.root->where);
  std::vector<Number> paths;
  for (const ParameterSet::Leaf &leaf : set.leaves)
    paths.push_back(Number::of(stableHash(leaf.path)));
  auto count = int64_t(paths.size());
  Tensor keys = b.foldIn(b.broadcast(seed, {b.dim(count)}), b.constant(b.builder.getI64Type(), {count}, paths));
  FailureOr<std::vector<LeafKind>> kinds = leafKinds(set, keys);
  if (failed(kinds))
    return failure();

  std::vector<StringRef> alone;
  std::vector<Tensor> values;
  for (LeafKind &kind : *kinds) {
    if (kind.leaves.size() > 1)
      continue;
    const ParameterSet::Leaf &leaf = set.leaves[kind.leaves.front()];
    b.location = location(leaf.declared->value->range);
    Tensor key = b.gather(keys, b.constant(b.builder.getI64Type(), Number::of(int64_t(kind.leaves.front()))), 0);
    auto operands = operandsOf(kind.draw, {key}, /*freshKey=*/false);
    if (failed(operands))
      return failure();
    mlir::IRMapping inlined;
    inlined.map(kind.draw.func.getArguments(), *operands);
    for (mlir::Operation &op : kind.draw.func.front().without_terminator())
      b.builder.clone(op, inlined);
    alone.push_back(leaf.path);
    values.push_back({inlined.lookup(returned(kind.draw.func)), b.staticDims(leaf.shape), {}});
    kind.draw.func.erase();
  }
  b.location = location(set.root->where);
  Tensor packed = values.empty() ? b.full(set.element, {b.dim(set.size)}, Number::of(0.0)) : b.pack(set, alone, values);
  for (const LeafKind &kind : *kinds)
    if (kind.leaves.size() > 1) {
      FailureOr<Tensor> filled = drawInLoop(set, kind, keys, packed);
      if (failed(filled))
        return failure();
      packed = *filled;
    }
  packed.arena = set.symbol; // zeros are no pack
  return packed;
}

/// f.layers.0.w: a child of a net, a parameter of it, or an element of a list; losses.huber: what a file declares
FailureOr<Value> Elaborator::member(const MemberExpr &e, const Binding *scope) {
  FailureOr<Value> base = evaluate(*e.base, scope);
  if (failed(base))
    return failure();
  StringRef name = e.member.text;
  if (auto module = base->as<const Module *>()) {
    FailureOr<const Module::Declared *> declared = memberOf(**module, e.member);
    reference = e.member.range;
    FailureOr<Value> value = failed(declared) ? FailureOr<Value>(failure()) : valueOf(**declared);
    if (succeeded(value) && (*declared)->constant)
      observe(e.member.range, (*declared)->constant, *value);
    return value;
  }
  if (auto net = base->as<const NetInstance *>()) {
    auto found = [&](SourceRange declared, const Value &value, StringRef path = {}) {
      observe(e.member.range, declared, value, path);
      return value;
    };
    for (const auto &[child, value] : (*net)->children)
      if (child.text == name)
        return found(child.range, value);
    std::string path = (*net)->path + "." + name.str();
    if (const ParameterSet::Leaf *leaf = (*net)->set->find(path)) {
      FailureOr<Value> arena = valueOf((*net)->set->root);
      if (failed(arena))
        return failure();
      b.location = location(e.range);
      return found(leaf->declared->name.range, b.leaf(*arena->as<Tensor>(), leaf->path, leaf->shape), leaf->path);
    }
    for (const auto &[state, root] : (*net)->states)
      if (state == name) {
        FailureOr<Value> value = valueOf(root);
        return failed(value) ? value : FailureOr<Value>(found(root->where, *value));
      }
    std::vector<StringRef> members;
    for (const auto &[child, value] : (*net)->children)
      members.push_back(child.text);
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
  if (base->is<Tensor>() || base->is<Complex>()) {
    Failure failure = error(e.member.range) << "a tensor has no member '" << name << "'; ";
    if (StringRef advice = adviceForName(name); !advice.empty())
      return std::move(failure) << advice;
    std::move(failure) << "functions stand before their arguments";
    if (!findDeclared(name, e.member.range))
      return failure;
    return std::move(failure) << ": '" << name << "(" << spell(*e.base) << ")'";
  }
  return error(e.member.range) << "requires a net or an imported file before '.', but got " << describe(*base);
}

} // namespace costate::importer
