// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "costate/tools/records/RunRecords.h"

#include "costate/runtime/data/ArrayFile.h"

#include <algorithm>

namespace costate::records {

using runtime::Metric;
using runtime::Status;
using runtime::text;

void StepMeans::add(Point step) {
  constexpr size_t most = 512;
  if (sums.empty() || sums.back().steps == width) {
    if (sums.size() == most) {
      for (size_t i = 0; i < most / 2; ++i)
        sums[i] = {sums[2 * i].x + sums[2 * i + 1].x, sums[2 * i].y + sums[2 * i + 1].y, 2 * width};
      sums.resize(most / 2);
      width *= 2;
    }
    sums.emplace_back();
  }
  Sum &sum = sums.back();
  sum = {sum.x + step.x, sum.y + step.y, sum.steps + 1};
}

std::vector<Point> StepMeans::points() const {
  std::vector<Point> means;
  for (const Sum &sum : sums)
    means.push_back({sum.x / sum.steps, sum.y / sum.steps});
  return means;
}

/// Each value as the mean of a window around it, which reaches over a fortieth of all to each side. At the begin, where a loss falls, it reaches as far forward as
/// back, so that the line begins with the first value; at the end it is cut, so that the line does not end with the noise of the last one.
static std::vector<Point> smooth(const std::vector<Point> &points) {
  std::vector<Point> means = points;
  for (size_t i = 0; i < points.size(); ++i) {
    size_t reach = std::min(points.size() / 40, i), end = std::min(i + reach + 1, points.size());
    means[i].y = 0;
    for (size_t k = i - reach; k < end; ++k)
      means[i].y += points[k].y / double(end - (i - reach));
  }
  return means;
}

Status RunRecords::open() {
  if (options.events.empty())
    return {};
  runtime::Result<EventFile> file = EventFile::create(options.events);
  if (!file.ok())
    return file.status();
  events = std::move(*file);
  return {};
}

void RunRecords::step(const runtime::StepReport &report) {
  if (events) {
    if (!hasBegun && report.step > 0)
      events->restart(report.step);
    if (report.step % options.eventsEvery == 0) {
      scalars.clear();
      for (const Metric &metric : report.metrics)
        scalars.push_back({metric.name + "/step", metric.value});
      const costate_model_info &info = *costate_model_get_info(model);
      for (int64_t i = 0; i < info.num_hypers; ++i) {
        Scalar &hyper = scalars.emplace_back(text("hyper/", info.hypers[i].name), 0);
        costate_model_get(model, info.hypers[i].name, &hyper.value);
      }
      events->write(report.step, scalars);
      if (flushes.isDue())
        (void)events->flush(); // a failure stays until the epoch ends
    }
  }
  hasBegun = true;
  if (!options.plot.empty())
    for (const Metric &metric : report.metrics)
      historyOf(metric.name).steps.add({double(report.step + 1) / batchesAnEpoch, metric.value});
}

Status RunRecords::epoch(const runtime::EpochReport &report) {
  if (events) {
    scalars.clear();
    for (auto [metrics, split] : {std::pair(&report.train, "/train"), std::pair(&report.validation, "/val"), std::pair(&report.test, "/test")})
      for (const Metric &metric : *metrics)
        scalars.push_back({metric.name + split, metric.value});
    events->write((report.epoch + 1) * batchesAnEpoch - 1, scalars);
    COSTATE_RETURN_IF_ERROR(events->flush());
  }
  if (options.plot.empty())
    return {};
  for (const Metric &metric : report.validation)
    historyOf(metric.name).validation.push_back({double(report.epoch + 1), metric.value});
  for (const Metric &metric : report.test)
    historyOf(metric.name).test.push_back({double(report.epoch + 1), metric.value});
  return plots.isDue() ? writePlot() : Status();
}

Status RunRecords::finish() {
  if (events)
    COSTATE_RETURN_IF_ERROR(events->flush());
  return options.plot.empty() || !hasBegun ? Status() : writePlot();
}

RunRecords::History &RunRecords::historyOf(const std::string &metric) {
  auto found = std::find_if(histories.begin(), histories.end(), [&](const History &history) { return history.name == metric; });
  return found != histories.end() ? *found : histories.emplace_back(History{metric, {}, {}, {}});
}

LinePlot RunRecords::picture() const {
  LinePlot plot{costate_model_get_info(model)->name, "epoch", {}};
  for (const History &history : histories) {
    Panel &panel = plot.panels.emplace_back(Panel{history.name, history.name == "loss", {}});
    std::vector<Point> steps = history.steps.points();
    enum { train, validation, test }; // colors
    panel.curves.push_back({"train", train, Stroke::Faint, steps});
    panel.curves.push_back({"train", train, Stroke::Line, smooth(steps)});
    if (!history.validation.empty())
      panel.curves.push_back({"validation", validation, Stroke::Marked, history.validation});
    if (!history.test.empty())
      panel.curves.push_back({"test", test, Stroke::Marked, history.test});
  }
  return plot;
}

Status RunRecords::writePlot() const {
  std::string svg = picture().toSvg();
  std::span<const std::byte> bytes = std::as_bytes(std::span(svg));
  return runtime::writeFileAtomically(options.plot, {&bytes, 1});
}

} // namespace costate::records
