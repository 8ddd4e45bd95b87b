// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each call writes its table at once; a node is the offset of one. Nothing is checked that the reader checks (ModelReader.cpp): only what no table
// could say becomes a fault of the file.
#include "costate/frontends/GraphBuilder.h"
#include "costate/frontends/model_generated.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace costate {

using namespace build;

template <typename T> using Offset = flatbuffers::Offset<T>;

namespace {

/// A FlatBuffer of 2 GiB ends the process; a builder runs out of memory before.
struct Memory : flatbuffers::DefaultAllocator {
  uint8_t *allocate(size_t size) override {
    if (size > size_t(1) << 30)
      throw std::bad_alloc();
    return DefaultAllocator::allocate(size);
  }
};

} // namespace

struct GraphBuilder::Parts {
  /// A file of the program, and the positions in it that calls were made from.
  struct Source {
    std::string name;
    std::vector<fbs::Position> positions;
    std::map<std::pair<uint32_t, uint32_t>, uint32_t> numbers;
  };
  struct Fn {
    Offset<fbs::Name> name;
    Offset<flatbuffers::Vector<Offset<fbs::Parameter>>> parameters;
    Offset<fbs::Type> result;
    Offset<fbs::Block> body;
    Offset<fbs::CustomVjp> vjp;
    fbs::Range range;
    Offset<fbs::Extern> external;
  };

  GraphBuilder &builder;
  unsigned round;
  Memory memory;
  flatbuffers::FlatBufferBuilder fb{1024, &memory};
  std::vector<Source> sources;
  std::vector<std::vector<Offset<fbs::Stmt>>> bodies; // those being added, the innermost last
  std::vector<Fn> fns;
  std::vector<Offset<fbs::NetDecl>> nets;
  std::vector<Offset<fbs::OptimizerDecl>> optimizers;
  std::vector<Offset<fbs::ModelDecl>> models;
  std::vector<Offset<fbs::CheckDecl>> checks;
  std::vector<Offset<fbs::Fault>> faults;
  std::vector<Offset<fbs::Import>> imports;
  std::vector<Offset<fbs::Stmt>> constants;

  Parts(GraphBuilder &builder, unsigned round) : builder(builder), round(round) {}

  //===--- Places and words -----------------------------------------------===//

  fbs::Range place(Site site) {
    auto source = std::find_if(sources.begin(), sources.end(), [&](const Source &s) { return s.name == site.file_name(); });
    if (source == sources.end())
      source = sources.insert(sources.end(), Source{site.file_name(), {}, {}});
    auto [entry, isNew] = source->numbers.try_emplace({site.line(), site.column()}, source->positions.size());
    if (isNew)
      source->positions.emplace_back(site.line(), site.column());
    return fbs::Range(source - sources.begin(), entry->second, entry->second + 1);
  }

  void fault(std::string_view requirement, Site site) {
    fbs::Range range = place(site);
    faults.push_back(fbs::CreateFault(fb, string(requirement), &range));
  }

  Offset<flatbuffers::String> string(std::string_view text) { return fb.CreateString(text.data(), text.size()); }

  Offset<fbs::Name> word(std::string_view text, Site site) {
    fbs::Range range = place(site);
    return fbs::CreateName(fb, string(text), &range);
  }

  auto words(const Names &names, Site site) {
    std::vector<Offset<fbs::Name>> written;
    for (const std::string &name : names)
      written.push_back(word(name, site));
    return fb.CreateVector(written);
  }

  /// Names given as operands: what a call returned, or a text.
  Offset<fbs::Name> word(const Operand &operand) {
    if (auto *text = std::get_if<std::string>(&operand.value))
      return word(*text, operand.site);
    if (auto *node = std::get_if<Node>(&operand.value); node && node->reference)
      return word(*node->reference, operand.site);
    fault("a name", operand.site);
    return word("_", operand.site);
  }

  auto words(const std::vector<Operand> &operands) {
    std::vector<Offset<fbs::Name>> written;
    for (const Operand &operand : operands)
      written.push_back(word(operand));
    return fb.CreateVector(written);
  }

  auto patterns(const Names &paths, Site site) {
    std::vector<Offset<fbs::Pattern>> written;
    for (const std::string &path : paths)
      written.push_back(pattern(path, site));
    return fb.CreateVector(written);
  }

  Offset<fbs::Pattern> pattern(std::string_view path, Site site) {
    fbs::Range range = place(site);
    return fbs::CreatePattern(fb, string(path), &range);
  }

  //===--- Expressions ----------------------------------------------------===//

  template <typename T> Expr expr(Offset<T> table, Site site) {
    fbs::Range range = place(site);
    Expr expr;
    expr.builder = &builder;
    expr.round = round;
    expr.offset = fbs::CreateExpr(fb, fbs::ExprNodeTraits<T>::enum_value, table.Union(), &range).o;
    expr.source = range.source();
    expr.position = range.begin();
    return expr;
  }

  Expr reference(std::string_view name, Site site) {
    Expr result = expr(fbs::CreateReferenceExpr(fb, string(name)), site);
    result.reference = std::make_shared<const std::string>(name);
    return result;
  }

  Offset<fbs::Expr> write(const Node &node, Site site) {
    if (node.builder == &builder && node.round == round)
      return node.offset;
    fault("an expression of this builder and the model it is building", site);
    return reference("_", site).offset;
  }

  Expr number(int64_t value, Site site) {
    if (value >= 0 || value == INT64_MIN) // which no text can say either: the reader refuses it
      return expr(fbs::CreateIntegerExpr(fb, value), site);
    return builder.unary("-", number(-value, site), site);
  }

  Expr number(double value, Site site, bool isImaginary = false) {
    if (isImaginary && !std::isfinite(value)) // of which the language has the real ones
      return builder.binary("*", number(value, site), number(1.0, site, isImaginary), site);
    if (std::isnan(value))
      return reference("nan", site);
    if (std::signbit(value))
      return builder.unary("-", number(-value, site, isImaginary), site);
    return std::isinf(value) ? reference("inf", site) : expr(fbs::CreateRealExpr(fb, value, isImaginary), site);
  }

  Expr make(const Operand &operand) {
    Site site = operand.site;
    if (auto *value = std::get_if<bool>(&operand.value))
      return expr(fbs::CreateBoolExpr(fb, *value), site);
    if (auto *value = std::get_if<int64_t>(&operand.value))
      return number(*value, site);
    if (auto *value = std::get_if<double>(&operand.value))
      return number(*value, site);
    if (auto *value = std::get_if<std::string>(&operand.value))
      return reference(*value, site);
    fault("a value", site);
    return reference("_", site);
  }

  Offset<fbs::Expr> write(const Operand &operand) {
    auto *node = std::get_if<Node>(&operand.value);
    if (!node)
      return make(operand).offset;
    // A name is located where it is used, not where it was declared.
    return node->reference ? Offset<fbs::Expr>(reference(*node->reference, operand.site).offset) : write(*node, operand.site);
  }

  Offset<fbs::Expr> writeIf(const Operand &operand) { return operand.isEmpty() ? 0 : write(operand); }

  auto list(const std::vector<Operand> &operands) {
    std::vector<Offset<fbs::Expr>> written;
    for (const Operand &operand : operands)
      written.push_back(write(operand));
    return fb.CreateVector(written);
  }

  Offset<fbs::Subscript> write(const Subscript &subscript) {
    fbs::Range range = place(subscript.site);
    if (std::holds_alternative<Rest>(subscript.special))
      return fbs::CreateSubscript(fb, fbs::SubscriptKind::Rest, 0, 0, 0, &range);
    if (std::holds_alternative<NewAxis>(subscript.special))
      return fbs::CreateSubscript(fb, fbs::SubscriptKind::New, 0, 0, 0, &range);
    if (auto *slice = std::get_if<Slice>(&subscript.special)) {
      auto first = writeIf(slice->first), last = writeIf(slice->last), step = writeIf(slice->step);
      return fbs::CreateSubscript(fb, fbs::SubscriptKind::Slice, first, last, step, &range);
    }
    return fbs::CreateSubscript(fb, fbs::SubscriptKind::Element, write(static_cast<const Operand &>(subscript)), 0, 0, &range);
  }

  auto carries(const std::vector<Carry> &carries) {
    std::vector<Offset<fbs::Carry>> written;
    for (const Carry &carry : carries) {
      auto name = word(carry.name, carry.site);
      written.push_back(fbs::CreateCarry(fb, name, write(carry.start)));
    }
    return fb.CreateVector(written);
  }

  //===--- Types and parameters -------------------------------------------===//

  Offset<fbs::Type> write(const Type &type) {
    auto element = word(type.element, type.site);
    std::vector<Offset<fbs::Axis>> axes;
    for (const Axis &axis : type.axes) {
      fbs::Range range = place(axis.site);
      axes.push_back(fbs::CreateAxis(fb, axis.isRest ? 0 : write(static_cast<const Operand &>(axis)), &range));
    }
    auto written = fb.CreateVector(axes);
    fbs::Range range = place(type.site);
    return fbs::CreateType(fb, element, written, &range);
  }

  auto list(const std::vector<Parameter> &parameters) {
    std::vector<Offset<fbs::Parameter>> written;
    for (const Parameter &parameter : parameters) {
      auto name = word(parameter.name, parameter.site);
      Offset<fbs::Type> type = parameter.type ? write(*parameter.type) : 0;
      written.push_back(fbs::CreateParameter(fb, name, type, writeIf(parameter.value), parameter.isStatic));
    }
    return fb.CreateVector(written);
  }

  //===--- Bodies and statements ------------------------------------------===//

  template <typename T> void add(Offset<T> table, fbs::Range range, Site site, bool mayBeConstant = false) {
    Offset<fbs::Stmt> statement = fbs::CreateStmt(fb, fbs::StmtNodeTraits<T>::enum_value, table.Union(), &range);
    if (!bodies.empty())
      bodies.back().push_back(statement);
    else if (mayBeConstant)
      constants.push_back(statement);
    else
      fault("a statement to stand in the body of a definition", site);
  }
  template <typename T> void add(Offset<T> table, Site site, bool mayBeConstant = false) { add(table, place(site), site, mayBeConstant); }

  Offset<fbs::Block> write(const Body &body, Site site) {
    struct Adding { // also where the program throws
      decltype(bodies) &open;
      explicit Adding(decltype(bodies) &open) : open(open) { open.emplace_back(); }
      ~Adding() { open.pop_back(); }
    } adding(bodies);
    if (body.run)
      if (Node value = body.run(); value.builder)
        add(fbs::CreateResultStmt(fb, write(value, site)), fbs::Range(value.source, value.position, value.position + 1), site);
    auto statements = fb.CreateVector(bodies.back());
    fbs::Range range = place(site);
    return fbs::CreateBlock(fb, statements, &range);
  }

  Offset<fbs::OptimizerUse> write(const Optimizer &with) {
    auto optimizer = write(static_cast<const Operand &>(with));
    return fbs::CreateOptimizerUse(fb, optimizer, list(with.groups));
  }

  Expr branch(const Operand &condition, const Body &then, const Body &otherwise, Site site) {
    auto written = write(condition);
    auto whenTrue = write(then, site);
    Offset<fbs::Block> whenFalse = otherwise.run ? write(otherwise, site) : 0;
    return expr(fbs::CreateBranchExpr(fb, written, whenTrue, whenFalse), site);
  }

  Expr forLoop(std::string_view index, const Operand &low, const Operand &high, const std::vector<Carry> &starts, const Body &body,
               bool isScan, Tape tape, Site site) {
    auto name = word(index, site);
    auto from = write(low), to = write(high);
    auto written = carries(starts);
    return expr(fbs::CreateLoopExpr(fb, name, from, to, 0, 0, written, write(body, site), isScan, fbs::Tape(tape)), site);
  }

  Expr whileLoop(const Operand &condition, const Operand &limit, const std::vector<Carry> &starts, const Body &body, Tape tape, Site site) {
    auto goesOn = write(condition), most = write(limit);
    auto written = carries(starts);
    return expr(fbs::CreateLoopExpr(fb, 0, 0, 0, goesOn, most, written, write(body, site), /*is_scan=*/false, fbs::Tape(tape)), site);
  }

  Expr declare(fbs::DeclareRole role, std::string_view name, const Type *type, const Operand &value, Site site,
               const Operand &outAxis = {}) {
    auto written = word(name, site);
    Offset<fbs::Type> shape = type ? write(*type) : 0;
    auto initial = writeIf(value);
    add(fbs::CreateDeclareStmt(fb, role, written, shape, initial, writeIf(outAxis)), site);
    return reference(name, site);
  }

  Expr bind(fbs::BindRole role, std::string_view name, const Operand &value, Site site) {
    auto names = words(Names{std::string(name)}, site);
    add(fbs::CreateBindStmt(fb, role, names, write(value)), site, /*mayBeConstant=*/role == fbs::BindRole::Plain);
    return reference(name, site);
  }

  void set(std::string_view keyword, Expr value, Site site) {
    auto name = word(keyword, site);
    add(fbs::CreateSettingStmt(fb, name, value.offset), site);
  }

  void defineFn(std::string_view name, const std::vector<Parameter> &parameters, const Type *result, const Body &body, Site site) {
    Fn fn;
    fn.name = word(name, site);
    fn.parameters = list(parameters);
    fn.result = result ? write(*result) : 0;
    fn.body = write(body, site);
    fn.range = place(site);
    fns.push_back(fn);
  }

  void defineNet(std::string_view name, const std::vector<Parameter> &sizes, const std::vector<Parameter> &inputs, const Type *result,
                 const Body &body, Site site) {
    auto written = word(name, site);
    auto statics = list(sizes), arguments = list(inputs);
    Offset<fbs::Type> type = result ? write(*result) : 0;
    auto block = write(body, site);
    fbs::Range range = place(site);
    nets.push_back(fbs::CreateNetDecl(fb, written, statics, arguments, type, block, &range));
  }

  std::string finish() {
    std::vector<Offset<fbs::Source>> files;
    for (const Source &source : sources) {
      auto name = string(source.name);
      files.push_back(fbs::CreateSource(fb, name, 0, fb.CreateVectorOfStructs(source.positions)));
    }
    std::vector<Offset<fbs::FnDecl>> functions;
    for (const Fn &fn : fns)
      functions.push_back(fbs::CreateFnDecl(fb, fn.name, fn.parameters, fn.result, fn.body, fn.vjp, &fn.range, fn.external));
    fbs::FinishFileBuffer(
        fb, fbs::CreateFileDirect(fb, &files, &functions, &nets, &optimizers, &models, &checks, &faults, &imports, &constants));
    return std::string(reinterpret_cast<const char *>(fb.GetBufferPointer()), fb.GetSize());
  }
};

GraphBuilder::GraphBuilder() : parts(std::make_unique<Parts>(*this, 0)) {}
GraphBuilder::~GraphBuilder() = default;

std::string GraphBuilder::finish(Site site) {
  if (!parts->bodies.empty()) {
    Parts early(*this, parts->round);
    early.fault("a model to be finished after its bodies", site);
    return early.finish();
  }
  std::string bytes = parts->finish();
  parts = std::make_unique<Parts>(*this, parts->round + 1);
  return bytes;
}

//===----------------------------------------------------------------------===//
// Definitions
//===----------------------------------------------------------------------===//

void GraphBuilder::defineModel(std::string_view name, const Body &body, Site site) {
  auto word = parts->word(name, site);
  auto block = parts->write(body, site);
  fbs::Range range = parts->place(site);
  parts->models.push_back(fbs::CreateModelDecl(parts->fb, word, block, &range));
}

Expr GraphBuilder::importFile(std::string_view path, std::string_view name, Site site) {
  auto file = parts->word(path, site), alias = parts->word(name, site);
  fbs::Range range = parts->place(site);
  parts->imports.push_back(fbs::CreateImport(parts->fb, file, alias, 0, 0, &range));
  return parts->reference(name, site);
}

std::vector<Expr> GraphBuilder::importNames(std::string_view path, Names names, Site site) {
  if (names.empty())
    parts->fault("at least one name", site);
  auto file = parts->word(path, site);
  std::vector<Offset<fbs::ImportedMember>> members;
  std::vector<Expr> known;
  for (const std::string &name : names) {
    members.push_back(fbs::CreateImportedMember(parts->fb, parts->word(name, site)));
    known.push_back(parts->reference(name, site));
  }
  auto written = parts->fb.CreateVector(members);
  fbs::Range range = parts->place(site);
  parts->imports.push_back(fbs::CreateImport(parts->fb, file, 0, written, 0, &range));
  return known;
}

void GraphBuilder::defineFn(std::string_view name, std::vector<Parameter> parameters, const Body &body, Site site) {
  parts->defineFn(name, parameters, nullptr, body, site);
}

void GraphBuilder::defineFn(std::string_view name, std::vector<Parameter> parameters, Type result, const Body &body, Site site) {
  parts->defineFn(name, parameters, &result, body, site);
}

void GraphBuilder::defineExternFn(std::string_view name, std::vector<Parameter> parameters, std::vector<Type> results,
                                  std::string_view symbol, Site site) {
  parts->defineFn(name, parameters, nullptr, [] {}, site);
  std::vector<Offset<fbs::Type>> types;
  for (const Type &type : results)
    types.push_back(parts->write(type));
  auto written = parts->fb.CreateVector(types);
  parts->fns.back().external = fbs::CreateExtern(parts->fb, written, parts->word(symbol.empty() ? name : symbol, site));
}

void GraphBuilder::defineVjp(Names cotangents, std::vector<Operand> gradients, Site site) {
  if (parts->fns.empty())
    return parts->fault("a fn before its derivative", site);
  auto names = parts->words(cotangents, site);
  auto values = parts->list(gradients);
  fbs::Range range = parts->place(site);
  parts->fns.back().vjp = fbs::CreateCustomVjp(parts->fb, names, values, &range);
}

void GraphBuilder::defineNet(std::string_view name, std::vector<Parameter> sizes, std::vector<Parameter> inputs, const Body &body,
                             Site site) {
  parts->defineNet(name, sizes, inputs, nullptr, body, site);
}

void GraphBuilder::defineNet(std::string_view name, std::vector<Parameter> sizes, std::vector<Parameter> inputs, Type result,
                             const Body &body, Site site) {
  parts->defineNet(name, sizes, inputs, &result, body, site);
}

void GraphBuilder::defineOptimizer(std::string_view name, std::vector<Parameter> parameters, const Body &body, Site site) {
  auto word = parts->word(name, site);
  auto list = parts->list(parameters);
  auto block = parts->write(body, site);
  fbs::Range range = parts->place(site);
  parts->optimizers.push_back(fbs::CreateOptimizerDecl(parts->fb, word, list, block, &range));
}

void GraphBuilder::defineCheck(std::string_view title, const Body &body, Site site) {
  auto text = parts->string(title);
  auto block = parts->write(body, site);
  fbs::Range range = parts->place(site);
  parts->checks.push_back(fbs::CreateCheckDecl(parts->fb, text, block, &range));
}

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

Expr GraphBuilder::name(std::string_view name, Site site) { return parts->reference(name, site); }

Expr GraphBuilder::constant(Operand value) {
  auto *node = std::get_if<Node>(&value.value);
  return node ? Expr(*node) : parts->make(value);
}

Expr GraphBuilder::imaginary(double value, Site site) { return parts->number(value, site, /*isImaginary=*/true); }

Expr GraphBuilder::string(std::string_view text, Site site) {
  return parts->expr(fbs::CreateStringExpr(parts->fb, parts->string(text)), site);
}

Expr GraphBuilder::list(std::vector<Operand> elements, Site site) {
  return parts->expr(fbs::CreateListExpr(parts->fb, parts->list(elements)), site);
}

Expr GraphBuilder::tuple(std::vector<Operand> elements, Site site) {
  return parts->expr(fbs::CreateTupleExpr(parts->fb, parts->list(elements)), site);
}

Expr GraphBuilder::range(Operand low, Operand high, Site site) { return binary("..", std::move(low), std::move(high), site); }

Expr GraphBuilder::unary(std::string_view op, Operand operand, Site site) {
  auto word = parts->word(op, site);
  return parts->expr(fbs::CreateUnaryExpr(parts->fb, word, parts->write(operand)), site);
}

Expr GraphBuilder::binary(std::string_view op, Operand lhs, Operand rhs, Site site) {
  auto word = parts->word(op, site);
  auto left = parts->write(lhs), right = parts->write(rhs);
  return parts->expr(fbs::CreateBinaryExpr(parts->fb, word, left, right), site);
}

Expr GraphBuilder::index(Operand base, std::vector<Subscript> subscripts, Site site) {
  auto value = parts->write(base);
  std::vector<Offset<fbs::Subscript>> written;
  for (const Subscript &subscript : subscripts)
    written.push_back(parts->write(subscript));
  return parts->expr(fbs::CreateIndexExprDirect(parts->fb, value, &written), site);
}

Expr GraphBuilder::member(Operand base, std::string_view name, Site site) {
  auto value = parts->write(base);
  return parts->expr(fbs::CreateMemberExpr(parts->fb, value, parts->word(name, site)), site);
}

Expr GraphBuilder::call(Operand callee, std::vector<Argument> arguments, Site site) {
  auto function = parts->write(callee);
  std::vector<Offset<fbs::Argument>> written;
  for (const Argument &argument : arguments) {
    Offset<fbs::Name> name = argument.name.empty() ? 0 : parts->word(argument.name, argument.site);
    written.push_back(fbs::CreateArgument(parts->fb, name, parts->write(static_cast<const Operand &>(argument))));
  }
  return parts->expr(fbs::CreateCallExprDirect(parts->fb, function, &written), site);
}

Expr GraphBuilder::comprehension(Operand element, Names names, Operand list, Operand condition, Site site) {
  auto value = parts->write(element);
  auto words = parts->words(names, site);
  auto elements = parts->write(list);
  return parts->expr(fbs::CreateComprehensionExpr(parts->fb, value, words, elements, parts->writeIf(condition)), site);
}

Expr GraphBuilder::lambda(Names parameters, Operand body, Site site) {
  auto words = parts->words(parameters, site);
  return parts->expr(fbs::CreateLambdaExpr(parts->fb, words, parts->write(body)), site);
}

Expr GraphBuilder::function(Names parameters, const Body &body, Site site) {
  auto words = parts->words(parameters, site);
  return parts->expr(fbs::CreateLambdaExpr(parts->fb, words, 0, parts->write(body, site)), site);
}

Expr GraphBuilder::forLoop(std::string_view index, Operand low, Operand high, std::vector<Carry> carries, const Body &body, Tape tape,
                           Site site) {
  return parts->forLoop(index, low, high, carries, body, /*isScan=*/false, tape, site);
}

Expr GraphBuilder::scan(std::string_view index, Operand low, Operand high, std::vector<Carry> carries, const Body &body, Tape tape,
                        Site site) {
  return parts->forLoop(index, low, high, carries, body, /*isScan=*/true, tape, site);
}

Expr GraphBuilder::whileLoop(Operand condition, Operand limit, std::vector<Carry> carries, const Body &body, Tape tape, Site site) {
  return parts->whileLoop(condition, limit, carries, body, tape, site);
}

Expr GraphBuilder::branch(Operand condition, const Body &then, const Body &otherwise, Site site) {
  return parts->branch(condition, then, otherwise, site);
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

Expr GraphBuilder::input(std::string_view name, Type type, Site site) {
  return parts->declare(fbs::DeclareRole::Input, name, &type, {}, site);
}

Expr GraphBuilder::rows(std::string_view name, Type type, Site site) {
  return parts->declare(fbs::DeclareRole::Rows, name, &type, {}, site);
}

Expr GraphBuilder::target(std::string_view name, Type type, Site site) {
  return parts->declare(fbs::DeclareRole::Target, name, &type, {}, site);
}

Expr GraphBuilder::param(std::string_view name, Type type, Operand initial, Operand outAxis, Site site) {
  return parts->declare(fbs::DeclareRole::Param, name, &type, initial, site, outAxis);
}

Expr GraphBuilder::state(std::string_view name, Operand initial, Site site) {
  return parts->declare(fbs::DeclareRole::State, name, nullptr, initial, site);
}

Expr GraphBuilder::state(std::string_view name, Type type, Operand initial, Site site) {
  return parts->declare(fbs::DeclareRole::State, name, &type, initial, site);
}

Expr GraphBuilder::hyper(std::string_view name, Operand value, Site site) {
  return parts->declare(fbs::DeclareRole::Hyper, name, nullptr, value, site);
}

Expr GraphBuilder::bind(std::string_view name, Operand value, Site site) { return parts->bind(fbs::BindRole::Plain, name, value, site); }

std::vector<Expr> GraphBuilder::bindEach(Names names, Operand value, Site site) {
  auto words = parts->words(names, site);
  parts->add(fbs::CreateBindStmt(parts->fb, fbs::BindRole::Plain, words, parts->write(value)), site, /*mayBeConstant=*/true);
  std::vector<Expr> bound;
  for (const std::string &name : names)
    bound.push_back(parts->reference(name, site));
  return bound;
}

Expr GraphBuilder::net(std::string_view name, Operand value, Site site) { return parts->bind(fbs::BindRole::Net, name, value, site); }

Expr GraphBuilder::metric(std::string_view name, Operand value, Site site) { return parts->bind(fbs::BindRole::Metric, name, value, site); }

Expr GraphBuilder::splitMetric(std::string_view name, Operand value, Site site) {
  return parts->bind(fbs::BindRole::SplitMetric, name, value, site);
}

Expr GraphBuilder::predict(std::string_view name, Operand value, Site site) {
  return parts->bind(fbs::BindRole::Predict, name, value, site);
}

void GraphBuilder::rebind(Operand name, Operand value, Site site) {
  auto word = parts->word(name);
  parts->add(fbs::CreateRebindStmt(parts->fb, word, parts->write(value)), site);
}

void GraphBuilder::rebindAt(Operand name, std::vector<Subscript> subscripts, Operand value, Site site) {
  auto word = parts->word(name);
  auto place = parts->write(index(std::move(name), std::move(subscripts), site), site);
  auto write = parts->expr(fbs::CreateWriteExpr(parts->fb, place, parts->write(value)), site);
  parts->add(fbs::CreateRebindStmt(parts->fb, word, Offset<fbs::Expr>(parts->write(write, site))), site);
}

void GraphBuilder::rebindEach(std::vector<Operand> names, Operand value, Site site) {
  if (names.empty()) {
    parts->fault("at least one name", site);
    return;
  }
  auto first = parts->word(names.front());
  auto others = parts->words(std::vector<Operand>(names.begin() + 1, names.end()));
  parts->add(fbs::CreateRebindStmt(parts->fb, first, parts->write(value), others), site);
}

void GraphBuilder::data(std::string_view file, Site site) { parts->set("data", string(file, site), site); }

void GraphBuilder::epochs(int64_t count, Site site) { parts->set("epochs", parts->number(count, site), site); }

void GraphBuilder::batch(int64_t size, Site site) { parts->set("batch", parts->number(size, site), site); }

void GraphBuilder::dim(std::string_view name, int64_t hint, Site site) {
  auto word = parts->word(name, site);
  parts->add(fbs::CreateDimStmt(parts->fb, word, parts->write(Operand(hint, site))), site);
}

Expr GraphBuilder::group(std::string_view name, Names patterns, Site site) {
  auto word = parts->word(name, site);
  parts->add(fbs::CreateGroupStmt(parts->fb, word, parts->patterns(patterns, site)), site);
  return parts->reference(name, site);
}

void GraphBuilder::freeze(Names patterns, Site site) {
  parts->add(fbs::CreateFreezeStmt(parts->fb, parts->patterns(patterns, site)), site);
}

void GraphBuilder::tie(std::string_view path, std::string_view to, Site site) {
  auto leaf = parts->pattern(path, site);
  parts->add(fbs::CreateTieStmt(parts->fb, leaf, parts->pattern(to, site)), site);
}

void GraphBuilder::minimize(Operand objective, Optimizer with, std::vector<Operand> over, Site site) {
  auto value = parts->write(objective);
  auto sets = parts->words(over);
  parts->add(fbs::CreateMinimizeStmt(parts->fb, value, sets, parts->write(with)), site);
}

void GraphBuilder::entry(std::string_view name, std::vector<Parameter> parameters, const Body &body, Site site) {
  auto word = parts->word(name, site);
  auto list = parts->list(parameters);
  parts->add(fbs::CreateEntryStmt(parts->fb, word, list, parts->write(body, site)), site);
}

void GraphBuilder::step(const Body &body, Site site) { parts->add(fbs::CreateStepStmt(parts->fb, parts->write(body, site)), site); }

void GraphBuilder::update(std::vector<Operand> sets, Optimizer with, Operand gradient, Site site) {
  auto names = parts->words(sets);
  auto use = parts->write(with);
  parts->add(fbs::CreateUpdateStmt(parts->fb, names, use, parts->write(gradient)), site);
}

void GraphBuilder::each(Names names, Operand list, const Body &body, Site site) {
  auto words = parts->words(names, site);
  auto elements = parts->write(list);
  parts->add(fbs::CreateEachStmt(parts->fb, words, elements, parts->write(body, site)), site);
}

void GraphBuilder::forLoop(std::string_view index, Operand low, Operand high, const Body &body, Site site) {
  parts->add(fbs::CreateLoopStmt(parts->fb, parts->forLoop(index, low, high, {}, body, /*isScan=*/false, Tape::All, site).offset), site);
}

void GraphBuilder::whileLoop(Operand condition, Operand limit, const Body &body, Site site) {
  parts->add(fbs::CreateLoopStmt(parts->fb, parts->whileLoop(condition, limit, {}, body, Tape::All, site).offset), site);
}

void GraphBuilder::when(Operand condition, const Body &then, const Body &otherwise, Site site) {
  parts->add(fbs::CreateBranchStmt(parts->fb, parts->branch(condition, then, otherwise, site).offset), site);
}

void GraphBuilder::require(Operand condition, Site site) { parts->add(fbs::CreateRequireStmt(parts->fb, parts->write(condition)), site); }

void GraphBuilder::require(Operand condition, std::string_view message, Site site) {
  auto value = parts->write(condition);
  parts->add(fbs::CreateRequireStmt(parts->fb, value, parts->string(message)), site);
}

void GraphBuilder::print(std::string_view name, Operand value, Site site) {
  auto shown = parts->write(value);
  parts->add(fbs::CreatePrintStmt(parts->fb, parts->string(name), shown), site);
}

void GraphBuilder::expect(Operand actual, Operand expected, Operand tolerance, Site site) {
  auto found = parts->write(actual), wanted = parts->write(expected);
  parts->add(fbs::CreateExpectStmt(parts->fb, found, wanted, parts->write(tolerance)), site);
}

void GraphBuilder::expectRelative(Operand actual, Operand expected, Operand tolerance, Site site) {
  auto found = parts->write(actual), wanted = parts->write(expected);
  parts->add(fbs::CreateExpectStmt(parts->fb, found, wanted, parts->write(tolerance), /*relative=*/true), site);
}

void GraphBuilder::expectThat(Operand condition, Site site) { parts->add(fbs::CreateExpectStmt(parts->fb, parts->write(condition)), site); }

void GraphBuilder::result(Operand value, Site site) { parts->add(fbs::CreateResultStmt(parts->fb, parts->write(value)), site); }

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

namespace build {

Expr Expr::operator()(Argument a, Argument b, Argument c, Argument d, Argument e, Argument f, Site site) const {
  std::vector<Argument> arguments;
  for (Argument *argument : {&a, &b, &c, &d, &e, &f})
    if (!argument->isEmpty())
      arguments.push_back(std::move(*argument));
  return owner() ? owner()->call({*this, site}, std::move(arguments), site) : Expr();
}

Expr Expr::operator[](Subscript subscript) const {
  Site site = subscript.where();
  return at({std::move(subscript)}, site);
}

Expr Expr::at(std::vector<Subscript> subscripts, Site site) const {
  return owner() ? owner()->index({*this, site}, std::move(subscripts), site) : Expr();
}

Expr Expr::member(std::string_view path, Site site) const {
  size_t dot = std::min(path.find('.'), path.size());
  Expr first = owner() ? owner()->member({*this, site}, path.substr(0, dot), site) : Expr();
  return dot < path.size() ? first.member(path.substr(dot + 1), site) : first;
}

/// One of the operands is an expression, or nobody could know of what model this is a part.
static Expr binary(std::string_view op, Operand &a, Operand &b) {
  GraphBuilder *builder = a.owner() ? a.owner() : b.owner();
  Site site = a.where();
  return builder ? builder->binary(op, std::move(a), std::move(b), site) : Expr();
}

static Expr unary(std::string_view op, Operand &a) {
  Site site = a.where();
  return a.owner() ? a.owner()->unary(op, std::move(a), site) : Expr();
}

Expr operator+(Operand a, Operand b) { return binary("+", a, b); }
Expr operator-(Operand a, Operand b) { return binary("-", a, b); }
Expr operator*(Operand a, Operand b) { return binary("*", a, b); }
Expr operator/(Operand a, Operand b) { return binary("/", a, b); }
Expr operator%(Operand a, Operand b) { return binary("%", a, b); }
Expr operator==(Operand a, Operand b) { return binary("==", a, b); }
Expr operator!=(Operand a, Operand b) { return binary("!=", a, b); }
Expr operator<(Operand a, Operand b) { return binary("<", a, b); }
Expr operator<=(Operand a, Operand b) { return binary("<=", a, b); }
Expr operator>(Operand a, Operand b) { return binary(">", a, b); }
Expr operator>=(Operand a, Operand b) { return binary(">=", a, b); }
Expr operator&&(Operand a, Operand b) { return binary("and", a, b); }
Expr operator||(Operand a, Operand b) { return binary("or", a, b); }
Expr operator!(Operand a) { return unary("not", a); }
Expr operator-(Operand a) { return unary("-", a); }
Expr matmul(Operand a, Operand b) { return binary("@", a, b); }
Expr floorDivide(Operand a, Operand b) { return binary("//", a, b); }
Expr power(Operand a, Operand b) { return binary("**", a, b); }

} // namespace build

} // namespace costate
