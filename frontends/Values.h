// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an expression of the language may stand for while a model is imported: a tensor of the IR, or one of the things that
// exist only at import, such as sizes, lists, functions, nets and optimizers.
#ifndef COSTATE_FRONTENDS_VALUES_H
#define COSTATE_FRONTENDS_VALUES_H

#include "costate/dialects/graph/Graph.h"
#include "costate/frontends/Syntax.h"

#include "llvm/ADT/StringMap.h"

#include <variant>

namespace costate::importer {

struct Binding;
struct Builtin;
struct Module;
struct Value;

/// A tensor of the IR; `dims` has an entry per axis. `arena` names the layout if the tensor holds a parameter set.
struct Tensor {
  mlir::Value value;
  graph::Dims dims;
  mlir::FlatSymbolRefAttr arena;

  mlir::Type elementType() const { return mlir::cast<mlir::RankedTensorType>(value.getType()).getElementType(); }
  int64_t rank() const { return dims.size(); }
};

/// A number known at import. It has no type of its own: it takes that of the tensor it meets.
struct Number {
  bool isInteger;
  int64_t integer;
  double real; // also of an integer

  static Number of(int64_t v) { return {true, v, double(v)}; }
  static Number of(double v) { return {false, 0, v}; }
};

/// A number known when the program runs: a hyper-parameter, the step, a size with names in it, and what is computed from such
/// alone. Like a Number it has no type of its own. It is held in 64 bits, as Python's numbers are, so that 1 - beta**t loses
/// nothing before it takes the type of the tensor it meets.
struct RuntimeNumber {
  Tensor tensor; // a scalar, i64 or f64
};

/// A complex number, or an array of them. It exists at import only, the IR has its parts: tensors of one shape and one type, f32 or f64, or, of what has no
/// type yet, numbers.
struct Complex {
  std::shared_ptr<const std::pair<Value, Value>> parts;

  const Value &re() const;
  const Value &im() const;
  /// Of a number that has no type yet, null.
  mlir::Type elementType() const;
};

/// A list, or a tuple of results: then a function that gives it gives several
struct List {
  std::shared_ptr<const std::vector<Value>> elements;
  bool isTuple = false;

  size_t size() const;
  const Value &operator[](size_t i) const;
  const Value *begin() const;
  const Value *end() const;
};

/// What a tensor or a complex array is to a program: the type of its elements, which may be complex, and its axes.
struct ArrayType {
  mlir::Type element;
  graph::Dims dims;

  bool operator==(const ArrayType &) const = default;
};

struct Function {
  const syntax::FnDecl *decl;
  const Binding *scope = nullptr; // of a fn inside of a check: what stands before it
};

/// v -> body, with the names it can see
struct Closure {
  const syntax::LambdaExpr *lambda;
  const Binding *scope;
};

/// dense(64, 10): sizes are bound, parameters do not exist yet
struct NetTemplate {
  const syntax::NetDecl *decl;
  std::shared_ptr<const std::vector<Value>> statics; // one per static parameter
  SourceRange where;
};

/// adam(lr=1e-3): arguments given at the use, by name
struct Optimizer {
  const syntax::OptimizerDecl *decl;
  std::shared_ptr<const std::vector<std::pair<const syntax::Parameter *, Value>>> given;
  SourceRange where;
};

struct ParameterSet;

/// A net whose parameters live in a set, under a path
struct NetInstance {
  const syntax::NetDecl *decl;
  std::vector<Value> statics;
  ParameterSet *set;
  std::string path;
  std::vector<std::pair<syntax::Name, Value>> children;            // the nets it binds: instances, or lists of them
  std::vector<std::pair<llvm::StringRef, const Binding *>> states; // by name in the net
};

/// A dimension that is no number, such as `batch`; it acts as an integer does
using Dimension = graph::DimAttr;

struct Value : std::variant<std::monostate, Tensor, Number, RuntimeNumber, Complex, bool, llvm::StringRef, Dimension, List, mlir::Type,
                            Function, Closure, const Builtin *, const syntax::NetDecl *, NetTemplate, const NetInstance *,
                            const syntax::OptimizerDecl *, Optimizer, const ParameterSet *, const Module *> {
  using variant::variant;

  template <typename T> bool is() const { return std::holds_alternative<T>(*this); }
  template <typename T> const T *as() const { return std::get_if<T>(this); }
};

inline const Value &Complex::re() const { return parts->first; }
inline const Value &Complex::im() const { return parts->second; }
inline mlir::Type Complex::elementType() const { return re().is<Tensor>() ? re().as<Tensor>()->elementType() : mlir::Type(); }
inline size_t List::size() const { return elements->size(); }
inline const Value &List::operator[](size_t i) const { return (*elements)[i]; }
inline const Value *List::begin() const { return elements->data(); }
inline const Value *List::end() const { return elements->data() + elements->size(); }

Value makeList(std::vector<Value> elements);
Value makeTuple(std::vector<Value> elements);
/// The parts fit each other: see Elaborator::joinParts for those that may not.
Value makeComplex(Value re, Value im);
/// A complex value or type, or a list with one in it
bool isComplex(const Value &value);
/// Of a tensor or a complex array
ArrayType arrayType(const Value &array);

/// Which round of each unrolled list it is, from the outermost.
using Rounds = llvm::SmallVector<unsigned, 2>;

/// A name and what it stands for. A definition is kept as an expression, so that it can be evaluated again at another
/// point; its value is found per function (FunctionScope). Bindings form a chain: each sees those before it.
struct Binding {
  enum Kind {
    Static,     // `value`
    Root,       // a value that a function is given: an argument
    Definition, // `expr`, seen from `scope`
    Element,    // element `index` of `of`
    Constant,   // `expr`, of a file: it depends on nothing that a function is given, and each evaluates it for itself
    Leaf,       // the parameter `path` of `set`
    Alias,      // another name of `of`
  };
  Kind kind = Static;
  unsigned serial = 0; // definitions refer to smaller ones only
  llvm::StringRef name;
  SourceRange where;
  const Binding *previous = nullptr; // what can be seen from behind this one

  Value value;
  const syntax::Expr *expr = nullptr;
  const Binding *scope = nullptr;
  const Binding *of = nullptr;
  unsigned index = 0, count = 0; // an element, out of how many
  ParameterSet *set = nullptr;
  std::string path;
  std::string label; // of a definition: the name of its random draws
  Rounds rounds;     // in which it was bound
};

/// What a file declares and imports: what its lines see behind the names that are bound around them. The files of the library are one module.
struct Module {
  struct Declared {
    Value value;                       // nothing for a constant
    const Binding *constant = nullptr; // or an element of one
    SourceRange where = {};
    const Module *from = nullptr;         // where an imported name comes from, until it is looked up there
    const syntax::Name *member = nullptr; // and what it is called there
  };
  std::string name; // of the file
  llvm::StringMap<Declared> declared;

  static bool isPrivate(llvm::StringRef name) { return name.starts_with("_"); }
  std::vector<llvm::StringRef> publicNames() const;
};

/// Leaves that live in one arena. `root` stands for the arena as a value: an argument of an entry.
struct ParameterSet {
  struct Leaf {
    std::string path;
    std::vector<int64_t> shape;
    const syntax::DeclareStmt *declared;
    const Binding *scope; // where the initial value is evaluated
    int64_t group = 0;    // 0: none
    bool frozen = false;
    std::string tied; // the path whose place it shares, or empty
    int64_t outAxis = -1; // of its shape: that of the outputs, if it has axes
  };
  /// Elements [begin, end) of the arena: leaves of one group, all of them frozen or none
  struct Range {
    int64_t group;
    bool frozen;
    int64_t begin, end;
  };
  std::string name;
  std::string identity; // of the net, or list of nets, that owns it
  mlir::FlatSymbolRefAttr symbol;
  std::vector<Leaf> leaves; // grows by `add` alone
  Binding *root;
  mlir::Type element;        // of all leaves
  int64_t size = 0;          // of the arena, in elements
  std::vector<Range> ranges; // by ascending place

  void add(Leaf leaf) {
    numbers.try_emplace(leaf.path, leaves.size());
    leaves.push_back(std::move(leaf));
  }
  /// Null if there is none.
  Leaf *find(llvm::StringRef path) {
    auto number = numbers.find(path);
    return number == numbers.end() ? nullptr : &leaves[number->second];
  }
  const Leaf *find(llvm::StringRef path) const { return const_cast<ParameterSet *>(this)->find(path); }

private:
  llvm::StringMap<size_t> numbers; // of leaves, by path
};

//===----------------------------------------------------------------------===//
// Words for messages
//===----------------------------------------------------------------------===//

/// "f32[batch, 64]"; that of complex elements is "complex64" or "complex128"
std::string typeName(mlir::Type elementType);
std::string typeName(mlir::Type elementType, llvm::ArrayRef<graph::DimAttr> dims);
inline std::string typeName(const Tensor &t) { return typeName(t.elementType(), t.dims); }
inline std::string typeName(const ArrayType &t) { return typeName(t.element, t.dims); }

/// What a message calls a value: a tensor by its type, a number by itself, anything else by its kind: "a list of 3"
std::string describe(const Value &value);

/// A text that two values share only if a function treats them alike: the key under which its instances are kept.
std::string identity(const Value &value);

/// What can be called
bool isFunction(const Value &value);

/// The tensor that is a value or holds a number; null for all else
const Tensor *heldTensor(const Value &value);
/// The tensors in a value, in order, and the value with others in their places. A complex value has two.
void forEachTensor(const Value &value, llvm::function_ref<void(const Tensor &)> visit);
Value mapTensors(const Value &value, llvm::function_ref<Tensor(const Tensor &)> replace);
bool hasTensor(const Value &value);
std::vector<Tensor> tensorsOf(llvm::ArrayRef<Value> values);

} // namespace costate::importer

#endif // COSTATE_FRONTENDS_VALUES_H
