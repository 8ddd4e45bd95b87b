// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// A model from calls instead of text. Every construct of the language (docs/language.md) is a function here, and means what it means there.
///
///     costate::GraphBuilder b;
///     auto mean = b.name("mean"), cross_entropy = b.name("cross_entropy"), adam = b.name("adam");
///     b.defineModel("digits", [&] {
///       auto x = b.input("x", {"f32", {"batch", 64}});
///       auto y = b.target("y", {"i32", {"batch"}});
///       auto f = b.net("f", b.call("mlp", {b.list({64, 128, 10}), {"activation", "relu"}}));
///       b.minimize(mean(cross_entropy(f(x), y)), adam({"lr", 1e-3}));
///     });
///     session.compile({"digits", b.finish()});
///
/// Calls check nothing: a mistake is an error when the model is compiled, located at the call (file, line, column of the program) that made it.
#ifndef COSTATE_FRONTENDS_GRAPHBUILDER_H
#define COSTATE_FRONTENDS_GRAPHBUILDER_H

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

namespace costate {

class GraphBuilder;

namespace build {

/// The call that an error is located at.
using Site = std::source_location;

/// A part of the model under construction: a value to copy and to use as often as one likes, in its builder, up to the end of that.
class Node {
public:
  GraphBuilder *owner() const { return builder; }

private:
  friend class costate::GraphBuilder;
  GraphBuilder *builder = nullptr;
  uint32_t offset = 0, source = 0, position = 0;
  unsigned round = 0;                           // of the builder: how often it had finished
  std::shared_ptr<const std::string> reference; // the name, if it is one
};

/// What stands where an expression is wanted: one, a number, a truth value, or a text, which is a name. Empty where it may be left out.
class Operand {
public:
  Operand(Site site = Site::current()) : site(site) {}
  Operand(Node value, Site site = Site::current()) : value(std::move(value)), site(site) {}
  template <std::same_as<bool> T> Operand(T value, Site site = Site::current()) : value(value), site(site) {}
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  Operand(T value, Site site = Site::current()) : value(int64_t(value)), site(site) {}
  Operand(double value, Site site = Site::current()) : value(value), site(site) {}
  Operand(const char *name, Site site = Site::current()) : value(std::string(name)), site(site) {}
  Operand(std::string name, Site site = Site::current()) : value(std::move(name)), site(site) {}

  /// The builder of the expression, if it is one.
  GraphBuilder *owner() const { return std::holds_alternative<Node>(value) ? std::get<Node>(value).owner() : nullptr; }

  bool isEmpty() const { return std::holds_alternative<std::monostate>(value); }
  Site where() const { return site; }

private:
  friend class costate::GraphBuilder;
  std::variant<std::monostate, Node, bool, int64_t, double, std::string> value;
  Site site;
};

/// x, {"axis", -1}
class Argument : public Operand {
public:
  using Operand::Operand;
  Argument(std::string name, Operand value) : Operand(std::move(value)), name(std::move(name)) {}

private:
  friend class costate::GraphBuilder;
  std::string name;
};

/// `..` of types and indices; `None` of indices.
struct Rest {};
struct NewAxis {};
inline constexpr Rest rest;
inline constexpr NewAxis newAxis;

/// first:last:step
struct Slice {
  Operand first, last, step;
};
inline Slice slice(Operand first = {}, Operand last = {}, Operand step = {}) {
  return {std::move(first), std::move(last), std::move(step)};
}

class Subscript : public Operand {
public:
  using Operand::Operand;
  Subscript(Rest, Site site = Site::current()) : Operand(Node(), site), special(rest) {}
  Subscript(NewAxis, Site site = Site::current()) : Operand(Node(), site), special(newAxis) {}
  Subscript(Slice slice, Site site = Site::current()) : Operand(Node(), site), special(std::move(slice)) {}

private:
  friend class costate::GraphBuilder;
  std::variant<std::monostate, Rest, NewAxis, Slice> special;
};

class Axis : public Operand {
public:
  using Operand::Operand;
  Axis(Rest, Site site = Site::current()) : Operand(Node(), site), isRest(true) {}

private:
  friend class costate::GraphBuilder;
  bool isRest = false;
};

/// {"f32", {"batch", 64}}
struct Type {
  std::string element;
  std::vector<Axis> axes;
  Site site;
  Type(std::string element, std::vector<Axis> axes = {}, Site site = Site::current())
      : element(std::move(element)), axes(std::move(axes)), site(site) {}
};

/// "x", {"x", Type("f32")}, {"axis", -1}, {"x", type, value}
struct Parameter {
  std::string name;
  std::optional<Type> type;
  Operand value;
  bool isStatic = false;
  Site site;
  Parameter(const char *name, Site site = Site::current()) : name(name), site(site) {}
  Parameter(std::string name, Operand value, Site site = Site::current()) : name(std::move(name)), value(std::move(value)), site(site) {}
  Parameter(std::string name, Type type, Operand value = {}, Site site = Site::current())
      : name(std::move(name)), type(std::move(type)), value(std::move(value)), site(site) {}
};
/// Of an optimizer: known at import.
inline Parameter fixed(Parameter parameter) {
  parameter.isStatic = true;
  return parameter;
}

/// What reverse mode keeps of the carries of a loop: of each trip, of about every root of the trips, or only of the start.
enum class Tape { All, Sqrt, None };

/// carry x = start
struct Carry {
  std::string name;
  Operand start;
  Site site;
  Carry(std::string name, Operand start, Site site = Site::current()) : name(std::move(name)), start(std::move(start)), site(site) {}
};

/// adamw({"lr", 1e-3}), or {adamw({"lr", 1e-3}), {biases({"weight_decay", 0})}} with what differs for groups
class Optimizer : public Operand {
public:
  using Operand::Operand;
  Optimizer(Operand optimizer, std::vector<Operand> groups) : Operand(std::move(optimizer)), groups(std::move(groups)) {}

private:
  friend class costate::GraphBuilder;
  std::vector<Operand> groups;
};

/// An expression, and what the language makes of expressions.
class Expr : public Node {
public:
  Expr() = default;
  Expr(Node node) : Node(std::move(node)) {}

  /// f(a, {"axis", -1}); GraphBuilder::call where there are more arguments, or a number of them that is not known.
  Expr operator()(Argument a = {}, Argument b = {}, Argument c = {}, Argument d = {}, Argument e = {}, Argument f = {},
                  Site site = Site::current()) const;
  /// x[i], x[slice(1, 3)]; x.at({i, slice(1, 3), rest}) where there are several.
  Expr operator[](Subscript subscript) const;
  Expr at(std::vector<Subscript> subscripts, Site site = Site::current()) const;
  /// f.layers.0.w, for the path "layers.0.w"
  Expr member(std::string_view path, Site site = Site::current()) const;
};

/// What adds the statements of a body. The expression that it returns, if it does, is the value of the body.
class Body {
public:
  Body() = default;
  template <std::invocable F> Body(F add) {
    using Result = std::invoke_result_t<F>;
    static_assert(std::is_void_v<Result> || std::derived_from<Result, Node>, "a body returns an expression or nothing");
    if constexpr (std::is_void_v<Result>)
      run = [add = std::move(add)]() mutable { return add(), Node(); };
    else
      run = std::move(add);
  }

private:
  friend class costate::GraphBuilder;
  std::function<Node()> run;
};

// Elementwise operators; `matmul` is @ of the language, `floorDivide` //, `power` **.
Expr operator+(Operand a, Operand b);
Expr operator-(Operand a, Operand b);
Expr operator*(Operand a, Operand b);
Expr operator/(Operand a, Operand b);
Expr operator%(Operand a, Operand b);
Expr operator==(Operand a, Operand b);
Expr operator!=(Operand a, Operand b);
Expr operator<(Operand a, Operand b);
Expr operator<=(Operand a, Operand b);
Expr operator>(Operand a, Operand b);
Expr operator>=(Operand a, Operand b);
Expr operator&&(Operand a, Operand b);
Expr operator||(Operand a, Operand b);
Expr operator!(Operand a);
Expr operator-(Operand a);
Expr matmul(Operand a, Operand b);
Expr floorDivide(Operand a, Operand b);
Expr power(Operand a, Operand b);

} // namespace build

/// Builds one file. Definitions stand beside each other; a statement goes to the end of the innermost body that is being added. Not for several
/// threads at once.
class GraphBuilder {
public:
  using Argument = build::Argument;
  using Body = build::Body;
  using Carry = build::Carry;
  using Expr = build::Expr;
  using Operand = build::Operand;
  using Optimizer = build::Optimizer;
  using Parameter = build::Parameter;
  using Site = build::Site;
  using Tape = build::Tape;
  using Type = build::Type;
  using Names = std::vector<std::string>;

  GraphBuilder();
  ~GraphBuilder();
  GraphBuilder(const GraphBuilder &) = delete;
  GraphBuilder &operator=(const GraphBuilder &) = delete;

  /// The model in binary form: for a session, or for a file that `costate` takes as it takes a text. The builder is empty again.
  std::string finish(Site site = Site::current());

  //===--- Definitions ----------------------------------------------------===//

  /// import "path" as name: of a file that the program gives beside the model (ModelSource::imports).
  Expr importFile(std::string_view path, std::string_view name, Site site = Site::current());
  /// from "path" import names
  std::vector<Expr> importNames(std::string_view path, Names names, Site site = Site::current());

  void defineModel(std::string_view name, const Body &body, Site site = Site::current());
  void defineFn(std::string_view name, std::vector<Parameter> parameters, const Body &body, Site site = Site::current());
  void defineFn(std::string_view name, std::vector<Parameter> parameters, Type result, const Body &body, Site site = Site::current());
  /// extern fn: a C function, whose parameters have types. symbol: its name in C, if it is another.
  void defineExternFn(std::string_view name, std::vector<Parameter> parameters, std::vector<Type> results, std::string_view symbol = "",
                      Site site = Site::current());
  /// The derivative of the fn that was defined last: gradients of its first parameters, from the cotangents of its results.
  void defineVjp(Names cotangents, std::vector<Operand> gradients, Site site = Site::current());
  void defineNet(std::string_view name, std::vector<Parameter> sizes, std::vector<Parameter> inputs, const Body &body,
                 Site site = Site::current());
  void defineNet(std::string_view name, std::vector<Parameter> sizes, std::vector<Parameter> inputs, Type result, const Body &body,
                 Site site = Site::current());
  void defineOptimizer(std::string_view name, std::vector<Parameter> parameters, const Body &body, Site site = Site::current());
  void defineCheck(std::string_view title, const Body &body, Site site = Site::current());

  //===--- Expressions ----------------------------------------------------===//

  Expr name(std::string_view name, Site site = Site::current());
  /// A number or truth value where C++ asks for an Expr.
  Expr constant(Operand value);
  /// value times the imaginary unit
  Expr imaginary(double value, Site site = Site::current());
  Expr string(std::string_view text, Site site = Site::current());
  Expr list(std::vector<Operand> elements, Site site = Site::current());
  Expr tuple(std::vector<Operand> elements, Site site = Site::current());
  /// low..high, the integers from low to high - 1
  Expr range(Operand low, Operand high, Site site = Site::current());
  /// An operator of the language by its sign: `-` and `not`; `+`, `@`, `and`, `..` and so on.
  Expr unary(std::string_view op, Operand operand, Site site = Site::current());
  Expr binary(std::string_view op, Operand lhs, Operand rhs, Site site = Site::current());
  Expr index(Operand base, std::vector<build::Subscript> subscripts, Site site = Site::current());
  Expr member(Operand base, std::string_view name, Site site = Site::current());
  Expr call(Operand callee, std::vector<Argument> arguments = {}, Site site = Site::current());
  /// [element for names in list if condition]
  Expr comprehension(Operand element, Names names, Operand list, Operand condition = {}, Site site = Site::current());
  /// (parameters) -> body
  Expr lambda(Names parameters, Operand body, Site site = Site::current());
  /// (parameters) -> { body }, which ends with a value
  Expr function(Names parameters, const Body &body, Site site = Site::current());
  /// for index in low..high tape ... carry ... { body }
  Expr forLoop(std::string_view index, Operand low, Operand high, std::vector<Carry> carries, const Body &body, Tape tape = Tape::All,
               Site site = Site::current());
  /// scan index in low..high tape ... carry ... { body }, which ends with a value
  Expr scan(std::string_view index, Operand low, Operand high, std::vector<Carry> carries, const Body &body, Tape tape = Tape::All,
            Site site = Site::current());
  /// while condition max limit tape ... carry ... { body }
  Expr whileLoop(Operand condition, Operand limit, std::vector<Carry> carries, const Body &body, Tape tape = Tape::All,
                 Site site = Site::current());
  /// if condition { then } else { otherwise }, both of which end with a value
  Expr branch(Operand condition, const Body &then, const Body &otherwise, Site site = Site::current());

  //===--- Statements: what is declared or bound is returned as its name ---===//

  Expr input(std::string_view name, Type type, Site site = Site::current());
  Expr rows(std::string_view name, Type type, Site site = Site::current());
  Expr target(std::string_view name, Type type, Site site = Site::current());
  Expr param(std::string_view name, Type type, Operand initial, Operand outAxis = {}, Site site = Site::current());
  Expr state(std::string_view name, Operand initial, Site site = Site::current());
  Expr state(std::string_view name, Type type, Operand initial, Site site = Site::current());
  Expr hyper(std::string_view name, Operand value, Site site = Site::current());

  /// Outside of all bodies, a constant of the file.
  Expr bind(std::string_view name, Operand value, Site site = Site::current());
  std::vector<Expr> bindEach(Names names, Operand value, Site site = Site::current());
  Expr net(std::string_view name, Operand value, Site site = Site::current());
  Expr metric(std::string_view name, Operand value, Site site = Site::current());
  /// metric NAME = VALUE over split
  Expr splitMetric(std::string_view name, Operand value, Site site = Site::current());
  Expr predict(std::string_view name, Operand value, Site site = Site::current());
  /// name <- value
  void rebind(Operand name, Operand value, Site site = Site::current());
  /// name[subscripts] <- value
  void rebindAt(Operand name, std::vector<build::Subscript> subscripts, Operand value, Site site = Site::current());
  /// a, b <- value
  void rebindEach(std::vector<Operand> names, Operand value, Site site = Site::current());

  void data(std::string_view file, Site site = Site::current());
  void epochs(int64_t count, Site site = Site::current());
  void batch(int64_t size, Site site = Site::current());
  void dim(std::string_view name, int64_t hint, Site site = Site::current());
  /// The name of a group, to be called with what differs for it.
  Expr group(std::string_view name, Names patterns, Site site = Site::current());
  void freeze(Names patterns, Site site = Site::current());
  void tie(std::string_view path, std::string_view to, Site site = Site::current());

  void minimize(Operand objective, Optimizer with, std::vector<Operand> over = {}, Site site = Site::current());
  void step(const Body &body, Site site = Site::current());
  /// A function of the model beside those that every model has: a step with arguments, and with results if its body ends with a value.
  void entry(std::string_view name, std::vector<Parameter> parameters, const Body &body, Site site = Site::current());
  void update(std::vector<Operand> sets, Optimizer with, Operand gradient, Site site = Site::current());

  void each(Names names, Operand list, const Body &body, Site site = Site::current());
  /// Statements of a step: for index in low..high { body }; while condition max limit { body }
  void forLoop(std::string_view index, Operand low, Operand high, const Body &body, Site site = Site::current());
  void whileLoop(Operand condition, Operand limit, const Body &body, Site site = Site::current());
  /// if condition { then } else { otherwise }, which rebind names or, in a step, do what that does
  void when(Operand condition, const Body &then, const Body &otherwise = {}, Site site = Site::current());
  void require(Operand condition, Site site = Site::current());
  void require(Operand condition, std::string_view message, Site site = Site::current());
  /// Shows the value under this name whenever the program comes here; `b.call("inspect", {value, b.string(name)})` in an expression.
  void print(std::string_view name, Operand value, Site site = Site::current());
  void expect(Operand actual, Operand expected, Operand tolerance, Site site = Site::current());
  /// The tolerance counts in magnitudes of what is expected.
  void expectRelative(Operand actual, Operand expected, Operand tolerance, Site site = Site::current());
  void expectThat(Operand condition, Site site = Site::current());
  /// The value of a body, where it does not return it.
  void result(Operand value, Site site = Site::current());

private:
  struct Parts;
  std::unique_ptr<Parts> parts;
};

} // namespace costate

#endif // COSTATE_FRONTENDS_GRAPHBUILDER_H
