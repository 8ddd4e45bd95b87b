// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The layout of a model file. A text is read as lines of pieces, tokens and comments; then each piece gets the blanks that stand before it: first those
// that follow from the tokens around it, then those that bring pieces of neighbouring lines into one column.
#include "costate/frontends/Formatter.h"

#include "costate/frontends/Lexer.h"
#include "costate/frontends/SyntaxRules.h"

#include "llvm/ADT/EquivalenceClasses.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Unicode.h"

#include <map>

namespace costate {

using llvm::StringRef;

namespace {

constexpr unsigned indentation = 2;
constexpr unsigned headIndentation = 4; // of what a loop carries, over its body
constexpr unsigned nearby = 8;          // columns that were one before an edit are not further apart

/// A token or a comment, at its place in a line.
struct Piece {
  StringRef text;
  const Token *token; // null: a comment
  unsigned inputColumn;
  bool isBlankBefore;    // in the input
  unsigned gap = 0;      // blanks before it
  unsigned padding = 0;  // and more of them, which bring it into its column
  bool isPadded = false; // the input has more than `gap`,
  bool isKept = false;   // and stands in a column
  bool beginsElement = false;
  std::string column = {}; // what it may stand in one column with, in neighbouring lines
};

struct Line {
  std::vector<Piece> pieces;
  bool isBehindEmpty = false;
  bool beginsStatement = false;
  const Token *room = nullptr; // the brace of its declaration or the bracket in which it is
  size_t statement = 0;        // the line with which its statement begins
  size_t base = 0;             // the line from which it is indented,
  unsigned offset = 0;         // so far,
  int anchor = -1;             // or whose piece it stands under

  bool hasComment() const { return !pieces.empty() && !pieces.back().token; }
  bool isComment() const { return pieces.size() == 1 && hasComment(); }
};

unsigned widthOf(StringRef text) {
  int width = llvm::sys::unicode::columnWidthUTF8(text);
  return width < 0 ? text.size() : width;
}

bool endsValue(const Token &token) {
  return token.kind != Token::Symbol ? token.kind != Token::Newline : token.is(")") || token.is("]") || token.is("}");
}

/// Words after which an operand stands, and nothing that could be their own call or difference.
bool isBeforeOperand(const Token &token) {
  const Word *word = token.kind == Token::Name ? findWord(token.text) : nullptr;
  return word && (word->kind == Word::Operator || word->kind == Word::Control);
}

class Formatter {
public:
  Formatter(StringRef text, llvm::ArrayRef<Token> tokens) : text(text), tokens(tokens) {}

  std::string run() {
    readLines();
    for (size_t i = 0; i < lines.size(); ++i)
      placeLine(i);
    findColumns();
    fillColumns();
    return write();
  }

private:
  //===--- Lines ------------------------------------------------------------===//

  void readLines();
  void readGap(size_t begin, size_t end);
  void addPiece(StringRef piece, const Token *token);

  //===--- Blanks of their own ----------------------------------------------===//

  struct Bracket {
    char symbol = 0;
    size_t line = 0, piece = 0;
    bool hasType = false;    // the argument that is read has one
    bool hasCarries = false; // what is read are those of a loop
    bool isRange = false;    // what is read is the end of a range
  };
  void placeLine(size_t i);
  void indent(size_t i);
  bool isPart(const Line &line, const Line &statement) const;
  unsigned gapBetween(const Piece &left, const Piece &right);
  std::optional<unsigned> gapAround(const Piece &piece) const;
  bool isUnary(const Piece &piece) const { return unary.contains(piece.token); }
  bool isInBlock() const { return open.back().symbol != '(' && open.back().symbol != '['; }
  size_t baseOf(size_t bracket) const;

  //===--- Columns ----------------------------------------------------------===//

  using Place = std::pair<size_t, size_t>; // a line and a piece in it
  Piece &pieceAt(Place place) { return lines[place.first].pieces[place.second]; }
  void nameColumns(Line &line);
  void findColumns();
  void fillColumns();
  std::vector<unsigned> columnsOf(size_t i, const std::vector<std::vector<unsigned>> &before) const;

  std::string write() const;

  StringRef text;
  llvm::ArrayRef<Token> tokens;
  std::vector<Line> lines;
  size_t lineStart = 0; // in the input
  unsigned emptyLines = 0;
  std::vector<Bracket> open = {{}}; // the first is the file
  const Token *previous = nullptr;  // what has been placed last
  size_t current = 0;               // the line that is being placed
  llvm::SmallPtrSet<const Token *, 16> unary, spaced;
  std::vector<std::vector<Place>> groups;
};

//===----------------------------------------------------------------------===//
// Lines
//===----------------------------------------------------------------------===//

void Formatter::readLines() {
  size_t end = 0;
  bool begins = true;
  lines.emplace_back();
  for (const Token &token : tokens) {
    if (token.kind == Token::Newline) {
      begins = true;
      continue;
    }
    readGap(end, token.range.begin);
    end = token.range.end;
    if (token.kind == Token::EndOfFile)
      break;
    lines.back().beginsStatement |= begins && lines.back().pieces.empty();
    addPiece(token.range.text(), &token);
    begins = token.is("{") || token.is("}") || token.is(";");
  }
  llvm::erase_if(lines, [](const Line &line) { return line.pieces.empty(); });
}

/// Between two tokens stand blanks, ends of lines and comments.
void Formatter::readGap(size_t begin, size_t end) {
  for (size_t at = begin; at < end;) {
    if (text[at] == '#') {
      size_t last = std::min(text.find('\n', at), end);
      addPiece(text.slice(at, last).rtrim(), nullptr);
      at = last;
    } else if (text[at] == '\n') {
      emptyLines = lines.back().pieces.empty() ? emptyLines + 1 : 0;
      if (!lines.back().pieces.empty())
        lines.emplace_back();
      lineStart = ++at;
    } else {
      ++at;
    }
  }
}

void Formatter::addPiece(StringRef piece, const Token *token) {
  Line &line = lines.back();
  size_t begin = piece.begin() - text.begin();
  if (line.pieces.empty())
    line.isBehindEmpty = emptyLines > 0 && lines.size() > 1;
  bool isBlankBefore = begin > lineStart && llvm::isSpace(text[begin - 1]);
  line.pieces.push_back({piece, token, widthOf(text.slice(lineStart, begin)), isBlankBefore});
}

//===----------------------------------------------------------------------===//
// Blanks of their own
//===----------------------------------------------------------------------===//

void Formatter::placeLine(size_t i) {
  Line &line = lines[current = i];
  indent(i);
  auto bracket = std::find_if(open.rbegin(), open.rend(), [](const Bracket &b) { return b.symbol == '(' || b.symbol == '['; });
  if (bracket != open.rend())
    line.room = lines[bracket->line].pieces[bracket->piece].token;
  else if (open.size() > 1)
    line.room = lines[open[1].line].pieces[open[1].piece].token;
  open.back().isRange &= !line.beginsStatement;
  for (size_t k = 0; k < line.pieces.size(); ++k) {
    Piece &piece = line.pieces[k];
    if (!piece.token) {
      piece.gap = k > 0;
    } else {
      const Token &token = *piece.token;
      bool isSign = (token.is("-") || token.is("+")) &&
                    (!previous || !endsValue(*previous) || isBeforeOperand(*previous) || (k == 0 && line.beginsStatement));
      // A word that may be a name is one if the blanks say so: `minimize -loss`, but `batch - 1`.
      if (!isSign && (token.is("-") || token.is("+")) && k > 0 && previous->kind == Token::Name && findWord(previous->text))
        isSign = piece.isBlankBefore && k + 1 < line.pieces.size() && !line.pieces[k + 1].isBlankBefore;
      if (isSign)
        unary.insert(&token);
      if ((k > 0 && endsValue(*previous) && piece.isBlankBefore) || (k + 1 < line.pieces.size() && line.pieces[k + 1].isBlankBefore))
        spaced.insert(&token);
      piece.gap = k ? gapBetween(line.pieces[k - 1], piece) : 0;
      if (k && token.kind == Token::Symbol &&
          symbolAt((line.pieces[k - 1].text + piece.text).str()).size() > line.pieces[k - 1].text.size())
        piece.gap = 1; // or both would be one
      bool isFirst = !previous || previous->is("(") || previous->is("[") || previous->is(",") || previous->is("=") || previous->is("<-") ||
                     previous->is("->") || previous->is("carry");
      piece.beginsElement = k > 0 && isFirst;

      if (token.is("(") || token.is("[") || token.is("{")) {
        if (token.is("{"))
          open.back().hasCarries = false;
        open.push_back({token.text.front(), i, k});
      } else if (token.is(")") || token.is("]") || token.is("}")) {
        if (open.size() > 1)
          open.pop_back();
      } else {
        Bracket &around = open.back();
        bool endsRange = token.is(",") || token.is(";") || token.is(":") || (token.kind == Token::Name && previous && endsValue(*previous));
        around.isRange = (around.isRange && !endsRange) || (token.is("..") && previous && endsValue(*previous));
        around.hasType = (around.hasType || token.is(":")) && !token.is(",");
        around.hasCarries |= token.is("carry");
      }
      previous = &token;
    }
    piece.isPadded = k && piece.inputColumn > line.pieces[k - 1].inputColumn + widthOf(line.pieces[k - 1].text) + piece.gap;
  }
  nameColumns(line);
}

/// The line from which what is in a bracket or block is indented: that of its statement, or the line where it opens in a list of several.
size_t Formatter::baseOf(size_t bracket) const {
  const Bracket &around = open[bracket - 1];
  size_t opening = open[bracket].line;
  return (around.symbol == '(' || around.symbol == '[') && around.line < opening ? opening : lines[opening].statement;
}

/// Where a line begins. What it depends on is known when the columns of the lines before it are.
void Formatter::indent(size_t i) {
  Line &line = lines[i];
  const Token *first = line.pieces.front().token;
  size_t innermost = open.size() - 1, last = i; // the line before
  while (last > 0 && (last == i || lines[last].isComment()))
    --last;
  auto from = [&](size_t base, unsigned offset) {
    line.base = base;
    line.offset = offset;
  };
  if (first && innermost > 0 && (first->is(")") || first->is("]") || first->is("}"))) {
    line.statement = lines[open.back().line].statement;
    return from(baseOf(innermost), 0);
  }
  line.statement = i;
  if (isInBlock() && (!first || line.beginsStatement)) {
    size_t before = lines[last].statement;
    if (last < i && first && previous && !previous->is("{") && isPart(line, lines[before])) {
      line.statement = before;
      bool isLevel = first->is("else") && (lines[before].pieces.front().token->is("if") || lines[last].pieces.front().token->is("}"));
      return from(before, isLevel ? 0 : first->is("carry") || first->is("tape") ? headIndentation : indentation);
    }
    return innermost > 0 ? from(baseOf(innermost), indentation) : from(i, 0);
  }
  line.statement = lines[last].statement;
  for (size_t above = i; above-- > line.statement;)
    for (auto [k, piece] : llvm::enumerate(lines[above].pieces))
      if (lines[above].statement == line.statement && piece.beginsElement && piece.inputColumn == line.pieces.front().inputColumn) {
        line.base = above;
        line.anchor = k;
        return;
      }
  if (isInBlock())
    return from(line.statement, open.back().hasCarries ? headIndentation : indentation);
  const Bracket &bracket = open.back();
  const std::vector<Piece> &opening = lines[bracket.line].pieces;
  if (bracket.piece + 1 == opening.size() || !opening[bracket.piece + 1].token)
    return from(baseOf(innermost), indentation);
  line.base = bracket.line;
  line.anchor = bracket.piece + 1;
}

/// Is the line a part of the statement before it, one that may stand on a line of its own?
bool Formatter::isPart(const Line &line, const Line &statement) const {
  const Token &first = *line.pieces.front().token, *begin = statement.pieces.front().token;
  if (!begin || first.is("else"))
    return begin;
  if (begin->is("minimize") || begin->is("update"))
    return first.is("with") || first.is("over") || first.is("from") || first.is("subject");
  const Token *second = line.pieces.size() > 1 ? line.pieces[1].token : nullptr;
  if (second && second->kind == Token::Name && (first.is("over") || first.is("subject") || first.is("with"))) // of an argmin
    return true;
  if (begin->is("fn") || begin->is("extern"))
    return first.is("vjp");
  return (first.is("carry") || first.is("tape")) && second && second->kind == Token::Name;
}

/// The blanks that an operator wants on both sides; nothing for what is none.
std::optional<unsigned> Formatter::gapAround(const Piece &piece) const {
  const Token &token = *piece.token;
  if (token.kind != Token::Symbol || isUnary(piece))
    return std::nullopt;
  if (token.is("**") || token.is("..") || token.is("."))
    return 0;
  if (token.is(":"))
    return open.back().symbol != '[';
  if (token.is("="))
    return open.back().symbol != '(' || open.back().hasType || open.back().hasCarries;
  if (token.is("+") || token.is("-"))
    return !open.back().isRange;
  if (llvm::is_contained({"->", "<-", "~=", "|>", "==", "!=", "<", "<=", ">", ">=", "%", "@"}, token.text))
    return 1;
  if (llvm::is_contained({"(", ")", "[", "]", "{", "}", ",", ";"}, token.text))
    return std::nullopt;
  return spaced.contains(&token);
}

unsigned Formatter::gapBetween(const Piece &left, const Piece &right) {
  const Token &a = *left.token, &b = *right.token;
  if (b.is(")") || b.is("]") || b.is(",") || b.is(";") || a.is("(") || a.is("[") || isUnary(left))
    return 0;
  if (a.is("{") || b.is("}"))
    return !(a.is("{") && b.is("}"));
  if (a.is(","))
    return 1;
  if (a.is(";")) // statements of a block on one line stand closer
    return open.back().symbol == '{' && open.back().line == current ? 1 : 2;
  if (isUnary(right))
    return gapAround(left).value_or(1);
  if (std::optional<unsigned> gap = gapAround(right))
    return *gap;
  if (std::optional<unsigned> gap = gapAround(left))
    return *gap;
  if (b.is("(") || b.is("[")) { // behind a value: a call, an index
    if (a.kind != Token::Name)
      return !endsValue(a) || a.kind == Token::String;
    if (isBeforeOperand(a))
      return 1;
    const Word *word = findWord(a.text);
    return word && (word->kind == Word::Begin || word->kind == Word::Part) && right.isBlankBefore;
  }
  return 1;
}

//===----------------------------------------------------------------------===//
// Columns
//===----------------------------------------------------------------------===//

/// Names the pieces that may stand in columns: those of a statement itself, outside of brackets and blocks.
void Formatter::nameColumns(Line &line) {
  if (line.hasComment())
    line.pieces.back().column = "#";
  if (!line.beginsStatement)
    return;
  unsigned depth = 0;
  std::map<StringRef, unsigned> counts;
  const Token &first = *line.pieces.front().token;
  for (size_t k = 0; k < line.pieces.size() && line.pieces[k].token; ++k) {
    Piece &piece = line.pieces[k];
    const Token &token = *piece.token;
    if (token.is("(") || token.is("[") || token.is("{"))
      ++depth;
    else if (token.is(")") || token.is("]") || token.is("}"))
      --depth;
    bool isWord = k == 1 && first.kind == Token::Name && endsValue(token);
    const Word *word = token.kind == Token::Name ? findWord(token.text) : nullptr;
    bool isNext = k > 0 && line.pieces[k - 1].token->is(";");
    bool isMark = token.is("=") || token.is(":") || token.is("<-") || token.is("~=") || (word && word->kind == Word::Part);
    if (depth == 0 && k > 0 && (isWord || isMark || isNext)) {
      StringRef name = isWord ? "word" : isNext ? ";" : token.text;
      piece.column = (name + llvm::Twine(counts[name]++)).str();
    }
  }
}

/// Which pieces stand in one column: those of a declaration that do so in the input, if one of them has more blanks than it needs. A piece that has more,
/// but stands in no column, is meant to stand in one with the lines beside it.
void Formatter::findColumns() {
  // And where it is one: in a declaration or bracket, outside of them between empty lines. So the lines of a bracket, whose places follow from columns
  // around it, have columns of their own.
  using Name = std::tuple<std::string, const Token *, size_t>;
  std::map<std::pair<Name, unsigned>, std::vector<Place>> columns;
  std::vector<std::map<Name, Place>> placesOf(lines.size());
  size_t part = 0; // between empty lines
  for (auto [i, line] : llvm::enumerate(lines)) {
    part += line.isBehindEmpty;
    for (auto [k, piece] : llvm::enumerate(line.pieces)) {
      if (piece.column.empty())
        continue;
      bool isInRoom = piece.token && line.room;
      Name name(piece.column, isInRoom ? line.room : nullptr, isInRoom ? 0 : part);
      auto isSameColumn = [&](const auto &above) {
        return std::get<0>(above.first) == "#" && pieceAt(above.second).inputColumn == piece.inputColumn;
      };
      if (line.isComment() && (i == 0 || llvm::none_of(placesOf[i - 1], isSameColumn)))
        continue; // a line of its own, none that goes on with the comment above it
      columns[{name, piece.inputColumn}].push_back({i, k});
      placesOf[i][name] = {i, k};
    }
  }
  llvm::EquivalenceClasses<Place> joined;
  for (const auto &[name, places] : columns) {
    if (llvm::none_of(places, [&](Place place) { return pieceAt(place).isPadded; }))
      continue;
    for (Place place : places) {
      pieceAt(place).isKept = pieceAt(place).isPadded && (places.size() > 1 || !pieceAt(place).token);
      joined.unionSets(places.front(), place);
    }
  }
  for (size_t i = 0; i < lines.size(); ++i)
    for (const auto &[name, place] : placesOf[i]) {
      if (!pieceAt(place).isPadded || pieceAt(place).isKept)
        continue;
      for (size_t beside : {i - 1, i + 1}) {
        if (beside >= lines.size() || lines[std::max(i, beside)].isBehindEmpty)
          continue;
        auto found = placesOf[beside].find(name);
        if (found != placesOf[beside].end() &&
            llvm::AbsoluteDifference(pieceAt(found->second).inputColumn, pieceAt(place).inputColumn) <= nearby)
          joined.unionSets(place, found->second);
      }
    }
  for (const auto *place : joined)
    if (place->isLeader())
      groups.emplace_back(joined.member_begin(*place), joined.member_end());
}

/// Columns of the pieces of a line; those of the lines before it are known.
std::vector<unsigned> Formatter::columnsOf(size_t i, const std::vector<std::vector<unsigned>> &before) const {
  const Line &line = lines[i];
  unsigned at = line.anchor >= 0 ? before[line.base][line.anchor] : (line.base == i ? 0 : before[line.base].front()) + line.offset;
  std::vector<unsigned> columns;
  for (const Piece &piece : line.pieces) {
    at += piece.gap + piece.padding;
    columns.push_back(at);
    at += widthOf(piece.text);
  }
  return columns;
}

/// Where a column moves, others may have to follow; each round settles all that hang on settled ones alone.
void Formatter::fillColumns() {
  bool moves = true;
  for (size_t round = 0; moves && round <= groups.size(); ++round) {
    moves = false;
    std::vector<std::vector<unsigned>> columns;
    for (size_t i = 0; i < lines.size(); ++i)
      columns.push_back(columnsOf(i, columns));
    auto ownColumn = [&](Place place) { return columns[place.first][place.second] - pieceAt(place).padding; };
    for (const std::vector<Place> &group : groups) {
      unsigned column = 0;
      for (Place place : group)
        column = std::max({column, ownColumn(place), pieceAt(place).isKept ? pieceAt(place).inputColumn : 0});
      for (Place place : group)
        moves |= column - ownColumn(place) != std::exchange(pieceAt(place).padding, column - ownColumn(place));
    }
  }
}

std::string Formatter::write() const {
  std::string out;
  std::vector<std::vector<unsigned>> columns;
  for (size_t i = 0; i < lines.size(); ++i) {
    columns.push_back(columnsOf(i, columns));
    out.append(lines[i].isBehindEmpty ? 1 : 0, '\n');
    unsigned at = 0;
    for (auto [piece, column] : llvm::zip_equal(lines[i].pieces, columns.back())) {
      out.append(column - at, ' ');
      out += piece.text;
      at = column + widthOf(piece.text);
    }
    out += '\n';
  }
  return out;
}

} // namespace

mlir::FailureOr<std::string> format(const SourceFile &source, Diagnostics &diagnostics) {
  unsigned errors = diagnostics.errorCount();
  std::vector<Token> tokens = tokenize(source, diagnostics);
  if (diagnostics.errorCount() > errors)
    return mlir::failure();
  std::string text = Formatter(source.text(), tokens).run();

  // Whatever it looks like now, it must mean what it meant.
  SourceFile formatted(source.name(), text);
  std::vector<Token> after;
  {
    Diagnostics::Silence silence(diagnostics);
    after = tokenize(formatted, diagnostics);
  }
  if (!llvm::equal(tokens, after, [](const Token &a, const Token &b) { return a.kind == b.kind && a.text == b.text; }))
    return diagnostics.error({&source, 0, 0}) << "internal error: this file cannot be laid out without a change of its tokens";
  return text;
}

} // namespace costate
