// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/tools/records/LinePlot.h"

#include "costate/runtime/Status.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace costate::records {

using runtime::append;
using runtime::text;

namespace {

// Pixels.
constexpr double width = 640, left = 60, right = 16, top = 62, firstHeight = 260, otherHeight = 140, between = 34, bottom = 46;
constexpr double letter = 6.3; // about as wide as one of 12 pixels' height is

struct Style {
  const char *color, *dashes;
};
// Okabe and Ito's colors, which most eyes tell apart, and dashes, which paper without colors does.
constexpr std::array<Style, 4> styles = {{{"#0072b2", ""}, {"#d55e00", "7 3"}, {"#009e73", "2 2.5"}, {"#cc79a7", "8 3 2 3"}}};

const Style &styleOf(const Curve &curve) { return styles[curve.color % styles.size()]; }

/// With so many decimals, without a sign for zero.
std::string fixed(double value, int decimals) {
  char digits[400];
  if (std::abs(value) < 0.5 * std::pow(10, -decimals))
    value = 0;
  return {digits, std::to_chars(digits, digits + sizeof digits, value, std::chars_format::fixed, decimals).ptr};
}

std::string escaped(const std::string &words) {
  std::string out;
  for (char c : words)
    switch (c) {
    case '&': out += "&amp;"; break;
    case '<': out += "&lt;"; break;
    case '>': out += "&gt;"; break;
    default: out += c;
    }
  return out;
}

/// "10⁻⁵"
std::string powerOfTen(int exponent) {
  constexpr const char *digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
  std::string out = exponent < 0 ? "10⁻" : "10";
  for (char digit : text(std::abs(exponent)))
    out += digits[digit - '0'];
  return out;
}

/// A multiple of a power of ten: 200, 0.05, 5k, 2×10⁻⁵. `decimals`: of the factor.
std::string labelOf(double value, int exponent, int decimals = 0) {
  if (value == 0)
    return "0";
  if (exponent >= -4 && exponent < 4)
    return fixed(value, std::max(0, decimals - exponent));
  if (exponent >= 4 && exponent < 6)
    return fixed(value * 1e-3, std::max(0, decimals - exponent + 3)) + "k";
  double factor = value * std::pow(10, -exponent);
  return (std::abs(factor - 1) < 1e-9 ? "" : fixed(factor, decimals) + "×") + powerOfTen(exponent);
}

struct Tick {
  double value;
  std::string label; // empty: a line only
};

/// The values of an axis and where they are drawn.
struct Scale {
  double low, high, from, to; // values, and their pixels
  bool logarithmic = false;

  double operator()(double value) const {
    auto place = [&](double x) { return logarithmic ? std::log10(x) : x; };
    return from + (to - from) * (place(value) - place(low)) / (place(high) - place(low));
  }
  bool has(double value) const { return std::isfinite(value) && value >= low && value <= high; }

  std::vector<Tick> ticks(int about) const { return logarithmic ? logarithmicTicks(about) : linearTicks(about); }

private:
  /// Multiples of 1, 2 or 5 times a power of ten.
  std::vector<Tick> linearTicks(int about) const {
    double rough = (high - low) / about;
    int exponent = static_cast<int>(std::floor(std::log10(rough)));
    double power = std::pow(10, exponent), factor = rough / power;
    int multiple = factor < std::sqrt(2) ? 1 : factor < std::sqrt(10) ? 2 : factor < std::sqrt(50) ? 5 : 10; // the nearest
    double step = power * multiple;
    exponent += multiple == 10;
    double largest = std::max(std::abs(low), std::abs(high));
    int magnitude = static_cast<int>(std::floor(std::log10(largest)));
    std::vector<Tick> out;
    for (double number = std::ceil(low / step - 1e-9); number * step <= high + 1e-9 * step; ++number)
      out.push_back({number * step, number == 0 ? "0" : labelOf(number * step, magnitude, std::max(0, magnitude - exponent))});
    return out;
  }

  /// Powers of ten, those between them too if there are few.
  std::vector<Tick> logarithmicTicks(int about) const {
    int first = static_cast<int>(std::floor(std::log10(low))), last = static_cast<int>(std::ceil(std::log10(high)));
    int every = std::max(1, (last - first + about - 1) / about);
    bool isNarrow = std::log10(high / low) < 2.5;
    std::vector<Tick> out;
    for (int exponent = first; exponent <= last; ++exponent)
      for (int factor = 1; factor < 10; ++factor)
        if (double value = factor * std::pow(10, exponent); has(value)) {
          bool isNamed = factor == 1 ? exponent % every == 0 : isNarrow && (factor == 2 || factor == 5);
          if (isNamed || every == 1)
            out.push_back({value, isNamed ? labelOf(value, exponent) : ""});
        }
    return out;
  }
};

/// What the values of the curves lie in, with a margin.
Scale scaleOf(const Panel &panel, double from, double to) {
  constexpr double largest = 1e150, least = 1e-150; // what is drawn: ratios, too, are numbers then, and powers of ten
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const Curve &curve : panel.curves)
    for (Point point : curve.points)
      if (std::abs(point.y) < largest) {
        low = std::min(low, point.y);
        high = std::max(high, point.y);
      }
  if (low > high)
    return {0, 1, from, to};
  constexpr double decades = 1.5, margin = 0.04;
  if (panel.mayBeLogarithmic && low > least && std::log10(high / low) > decades) {
    double factor = std::pow(high / low, margin);
    return {low / factor, high * factor, from, to, true};
  }
  double extent = high - low, wider = margin * extent;
  if (extent <= 1e-9 * std::max(std::abs(low), std::abs(high))) // one value
    wider = low != 0 ? 0.1 * std::abs(low) : 1;
  wider = std::max(wider, least);
  return {low - wider, high + wider, from, to};
}

class Drawing {
public:
  explicit Drawing(const LinePlot &plot) : plot(plot) {
    double y = top + (hasLegendRow() ? 20 : 0);
    for (size_t i = 0; i < plot.panels.size(); ++i) {
      double height = i == 0 ? firstHeight : otherHeight;
      scales.push_back(scaleOf(plot.panels[i], y + height, y));
      y += height + between;
    }
    height = y - between + bottom;
  }

  std::string draw() {
    append(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 ");
    append(out, text(fixed(width, 0), ' ', fixed(height, 0), "\" width=\"", fixed(width, 0), "\" height=\"", fixed(height, 0)));
    append(out, "\" role=\"img\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"12\" fill=\"#333\">\n");
    append(out, text("<title>", escaped(plot.title), "</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n"));
    write(left, 24, "start", plot.title, " font-size=\"15\" font-weight=\"bold\" fill=\"#111\"");
    drawLegend();
    Scale x = scaleOfX();
    for (size_t i = 0; i < plot.panels.size(); ++i)
      drawPanel(plot.panels[i], x, scales[i], i + 1 == plot.panels.size());
    append(out, "</svg>\n");
    return std::move(out);
  }

private:
  /// One of each name, in order.
  std::vector<const Curve *> named() const {
    std::vector<const Curve *> found;
    for (const Panel &panel : plot.panels)
      for (const Curve &curve : panel.curves)
        if (curve.stroke != Stroke::Faint && std::none_of(found.begin(), found.end(), [&](const Curve *other) { return other->name == curve.name; }))
          found.push_back(&curve);
    return found;
  }
  static constexpr double sample = 26, gap = 18;
  double legendWidth() const {
    double sum = -gap;
    for (const Curve *curve : named())
      sum += sample + 6 + letter * curve->name.size() + gap;
    return sum;
  }
  /// Has the title no room for the legend beside it?
  bool hasLegendRow() const { return left + 8.5 * plot.title.size() + 24 + legendWidth() > width - right; }

  void drawLegend() {
    double x = hasLegendRow() ? left : width - right - legendWidth(), y = hasLegendRow() ? 44 : 24;
    for (const Curve *curve : named()) {
      stroke(*curve, text('M', fixed(x, 1), ' ', fixed(y - 4, 1), 'h', fixed(sample, 0)));
      if (curve->stroke == Stroke::Marked)
        mark(*curve, x + sample / 2, y - 4);
      write(x + sample + 6, y, "start", curve->name);
      x += sample + 6 + letter * curve->name.size() + gap;
    }
  }

  Scale scaleOfX() const {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const Panel &panel : plot.panels)
      for (const Curve &curve : panel.curves)
        for (Point point : curve.points) {
          low = std::min(low, point.x);
          high = std::max(high, point.x);
        }
    if (low > high)
      low = 0, high = 1;
    if (low > 0 && low < 0.25 * high)
      low = 0;
    if (low == high)
      low -= 0.5, high += 0.5;
    return {low, high, left + 6, width - right - 6};
  }

  void drawPanel(const Panel &panel, const Scale &x, const Scale &y, bool isLast) {
    write(left, y.to - 9, "start", panel.quantity + (y.logarithmic ? " (logarithmic)" : ""), " font-weight=\"bold\"");
    std::string lines, strong;
    for (const Tick &tick : y.ticks(panel.curves.empty() ? 1 : y.from - y.to > 200 ? 6 : 4)) {
      double at = y(tick.value);
      append(tick.label.empty() ? lines : strong, text('M', fixed(left, 0), ' ', fixed(at, 1), 'H', fixed(width - right, 0)));
      if (!tick.label.empty())
        write(left - 8, at + 4, "end", tick.label);
    }
    path(lines, " stroke=\"#f2f2f2\"");
    path(strong, " stroke=\"#dcdcdc\"");
    std::string marks = text('M', fixed(left, 0), ' ', fixed(y.from, 1), 'H', fixed(width - right, 0));
    for (const Tick &tick : x.ticks(8)) {
      append(marks, text('M', fixed(x(tick.value), 1), ' ', fixed(y.from, 1), "v5"));
      if (isLast)
        write(x(tick.value), y.from + 18, "middle", tick.label);
    }
    path(marks, " stroke=\"#777\"");
    if (isLast)
      write((x.from + x.to) / 2, y.from + 36, "middle", plot.axis, " font-weight=\"bold\"");
    for (Stroke behind : {Stroke::Faint, Stroke::Line, Stroke::Marked})
      for (const Curve &curve : panel.curves)
        if (curve.stroke == behind)
          drawCurve(curve, x, y);
  }

  void drawCurve(const Curve &curve, const Scale &x, const Scale &y) {
    constexpr size_t manyMarkers = 40;
    std::string line;
    bool isOpen = false;
    for (Point point : curve.points) {
      if (!y.has(point.y)) {
        isOpen = false;
        continue;
      }
      append(line, text(std::exchange(isOpen, true) ? 'L' : 'M', fixed(x(point.x), 1), ' ', fixed(y(point.y), 1)));
    }
    stroke(curve, line);
    if (curve.stroke == Stroke::Marked && curve.points.size() <= manyMarkers)
      for (Point point : curve.points)
        if (y.has(point.y))
          mark(curve, x(point.x), y(point.y));
  }

  void stroke(const Curve &curve, const std::string &line) {
    const Style &style = styleOf(curve);
    bool isFaint = curve.stroke == Stroke::Faint;
    path(line, text(" stroke=\"", style.color, isFaint ? "\" stroke-opacity=\"0.25" : "\" stroke-width=\"1.8",
                    isFaint || !*style.dashes ? "" : text("\" stroke-dasharray=\"", style.dashes), "\" stroke-linejoin=\"round\""));
  }
  void mark(const Curve &curve, double x, double y) {
    append(out, text("<circle cx=\"", fixed(x, 1), "\" cy=\"", fixed(y, 1), "\" r=\"2.3\" fill=\"", styleOf(curve).color, "\"/>\n"));
  }
  void path(const std::string &line, const std::string &style) {
    if (!line.empty())
      append(out, text("<path d=\"", line, "\" fill=\"none\"", style, "/>\n"));
  }
  void write(double x, double y, const char *anchor, const std::string &words, const char *style = "") {
    append(out, text("<text x=\"", fixed(x, 1), "\" y=\"", fixed(y, 1), "\" text-anchor=\"", anchor, '"', style, '>', escaped(words), "</text>\n"));
  }

  const LinePlot &plot;
  std::vector<Scale> scales;
  double height;
  std::string out;
};

} // namespace

std::string LinePlot::toSvg() const { return Drawing(*this).draw(); }

} // namespace costate::records
