// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/tools/records/LinePlot.h"
#include "costate/tools/records/RunRecords.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include <cmath>
#include <limits>

namespace costate::records {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

/// Labels on y, from below, of a curve through these values.
std::vector<std::string> labelsOn(std::vector<double> values, bool mayBeLogarithmic = false) {
  LinePlot plot{"t", "x", {{"y", mayBeLogarithmic, {{"c", 0, Stroke::Line, {}}}}}};
  for (double value : values)
    plot.panels[0].curves[0].points.push_back({double(plot.panels[0].curves[0].points.size()), value});
  std::string svg = plot.toSvg();
  std::vector<std::string> labels;
  for (size_t at = svg.find("\"end\">"); at != std::string::npos; at = svg.find("\"end\">", at)) {
    at += 6;
    labels.push_back(svg.substr(at, svg.find('<', at) - at));
  }
  return labels;
}

TEST(LinePlotTest, PutsTicksAtRoundNumbers) {
  EXPECT_THAT(labelsOn({0.12, 0.98}), ElementsAre("0.2", "0.4", "0.6", "0.8", "1.0"));
  EXPECT_THAT(labelsOn({-3, 12})[0], "-2");
  EXPECT_THAT(labelsOn({12000, 58000}), ElementsAre("20k", "30k", "40k", "50k"));
  EXPECT_THAT(labelsOn({1.2e-7, 5.8e-7}), ElementsAre("2×10⁻⁷", "3×10⁻⁷", "4×10⁻⁷", "5×10⁻⁷"));
  EXPECT_THAT(labelsOn({1.05e9, 1.95e9}), ElementsAre("1.2×10⁹", "1.4×10⁹", "1.6×10⁹", "1.8×10⁹"));
}

TEST(LinePlotTest, IsLogarithmicOverDecadesOfPositiveValuesOnly) {
  EXPECT_THAT(labelsOn({3, 0.02}, true), ElementsAre("0.02", "0.05", "0.1", "0.2", "0.5", "1", "2"));
  EXPECT_THAT(labelsOn({2e-9, 50}, true), ElementsAre("10⁻⁹", "10⁻⁶", "0.001", "1"));
  EXPECT_THAT(labelsOn({3, 0.2}, true), ElementsAre("0.5", "1.0", "1.5", "2.0", "2.5", "3.0"));
  EXPECT_THAT(labelsOn({300, 0}, true), ElementsAre("0", "50", "100", "150", "200", "250", "300"));
}

TEST(LinePlotTest, InterruptsALineAtWhatIsNoNumber) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  LinePlot plot{"t", "x", {{"y", false, {{"c", 0, Stroke::Line, {{0, 1}, {1, 2}, {2, nan}, {3, 1}, {4, inf}, {5, 2}}}}}}};
  std::string svg = plot.toSvg();
  size_t begin = svg.rfind("<path d=\"");
  std::string line = svg.substr(begin, svg.find("\" fill", begin) - begin);
  EXPECT_EQ(std::count(line.begin(), line.end(), 'M'), 3);
  EXPECT_EQ(std::count(line.begin(), line.end(), 'L'), 1);
  EXPECT_THAT(svg, AllOf(Not(HasSubstr("nan")), Not(HasSubstr("inf"))));
}

TEST(LinePlotTest, DrawsWhatHasNoExtent) {
  EXPECT_FALSE(labelsOn({0.5, 0.5}).empty());
  EXPECT_FALSE(labelsOn({0}).empty());
  EXPECT_FALSE(labelsOn({1e308, -1e308}).empty());
  EXPECT_FALSE(labelsOn({0, 5e-324}).empty());
  EXPECT_FALSE(labelsOn({1e299, 1e-320}, true).empty());
  EXPECT_FALSE(labelsOn({1e149, 1e-149}, true).empty());
  EXPECT_THAT(LinePlot{}.toSvg(), HasSubstr("</svg>"));
  EXPECT_THAT(LinePlot({"t", "x", {{"y", true, {}}}}).toSvg(), HasSubstr("</svg>"));
}

TEST(LinePlotTest, EscapesWhatXmlReserves) {
  LinePlot plot{"a<b & c", "x", {}};
  EXPECT_THAT(plot.toSvg(), AllOf(HasSubstr("a&lt;b &amp; c"), Not(HasSubstr("a<b"))));
}

TEST(StepMeansTest, KeepsMeansOfAllStepsInBoundedRoom) {
  StepMeans means;
  constexpr int64_t steps = 100000;
  double sum = 0;
  for (int64_t i = 0; i < steps; ++i) {
    means.add({double(i), double(i % 7)});
    sum += i % 7;
  }
  std::vector<Point> points = means.points();
  EXPECT_GT(points.size(), 256u);
  EXPECT_LE(points.size(), 512u);
  double mean = 0;
  for (size_t i = 0; i + 1 < points.size(); ++i) {
    mean += points[i].y;
    EXPECT_LT(points[i].x, points[i + 1].x);
  }
  EXPECT_NEAR(mean / (points.size() - 1), sum / steps, 0.02);
  EXPECT_LT(points.back().x, steps);
}

} // namespace
} // namespace costate::records
