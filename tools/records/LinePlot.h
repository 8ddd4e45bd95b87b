// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
/// Line plots as SVG: panels one above the other over one axis, as of a loss and of metrics by epoch, or of a residual by iteration.
#ifndef COSTATE_TOOLS_RECORDS_LINE_PLOT_H
#define COSTATE_TOOLS_RECORDS_LINE_PLOT_H

#include <string>
#include <vector>

namespace costate::records {

struct Point {
  double x, y;
};

enum class Stroke {
  Line,
  Marked, ///< a line with a marker at each point, unless they are many
  Faint   ///< behind the others and not in the legend: what another line smooths
};

struct Curve {
  std::string name;
  int color; ///< from 0; curves of one name have one color in all panels
  Stroke stroke;
  std::vector<Point> points; ///< by ascending x; one that is not finite interrupts the line
};

struct Panel {
  std::string quantity;  ///< on the y axis
  bool mayBeLogarithmic; ///< if its values are positive and span more than a decade and a half
  std::vector<Curve> curves;
};

struct LinePlot {
  std::string title, axis; ///< axis: the quantity on x
  std::vector<Panel> panels;

  std::string toSvg() const;
};

} // namespace costate::records

#endif // COSTATE_TOOLS_RECORDS_LINE_PLOT_H
