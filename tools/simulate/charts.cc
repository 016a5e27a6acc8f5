#include "tools/simulate/charts.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "tools/exit_code.h"
#include "tools/simulate/filter.h"
#include "tools/simulate/text.h"

namespace spate::tools {
namespace {

// Colours that stand for the page's variables until gnuplot is done.
constexpr int kStandInRed = 161;
constexpr int kInk = 10;
constexpr int kMuted = 11;
constexpr int kGrid = 12;

std::string colour(int index) {
  char text[24];
  std::snprintf(text, sizeof text, "'#%02x00%02x'", static_cast<unsigned>(kStandInRed), static_cast<unsigned>(index));
  return text;
}

std::string variable(int index) {
  switch (index) {
    case kInk:
      return "var(--ink)";
    case kMuted:
      return "var(--muted)";
    case kGrid:
      return "var(--grid)";
    default:
      return "var(--c" + std::to_string(index) + ")";
  }
}

std::string num(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

// Between single quotes gnuplot replaces nothing; what could end the string or the line is left out.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text)
    if (static_cast<unsigned char>(c) >= 0x20 && c != '\'' && c != '`' && c != '\\') out += c;
  return out + "'";
}

void erase_between(std::string& text, const std::string& begin, const std::string& end) {
  for (std::size_t at = text.find(begin); at != text.npos; at = text.find(begin, at)) {
    const std::size_t stop = text.find(end, at + begin.size());
    if (stop == text.npos) return;
    text.erase(at, stop + end.size() - at);
  }
}

// gnuplot's SVG without what a page does not need: the XML prologue, name spaces, definitions of point symbols.
std::string for_page(std::string svg) {
  svg.erase(0, svg.find("<svg"));
  erase_between(svg, " xmlns=\"", "\"");
  erase_between(svg, " xmlns:xlink=\"", "\"");
  erase_between(svg, "<defs>", "</defs>");
  erase_between(svg, "<desc>", "</desc>");
  erase_between(svg, " id=\"", "\"");
  erase_between(svg, " font-family=\"", "\"");
  for (std::size_t at = svg.find("rgb("); at != svg.npos; at = svg.find("rgb(", at + 1)) {
    int red = 0, green = 0, blue = 0;
    const std::size_t end = svg.find(')', at);
    if (end != svg.npos && std::sscanf(svg.c_str() + at, "rgb(%d,%d,%d)", &red, &green, &blue) == 3 &&
        red == kStandInRed && green == 0)
      svg.replace(at, end + 1 - at, variable(blue));
  }
  return svg;
}

// Sizes are those that the page shows them in, so that letters are equally large everywhere.
constexpr int kHalf = 490;
constexpr int kWide = 1'024;

std::string draw(const std::string& name, int width, int height, const std::string& script) {
  const std::string begin = "set terminal svg size " + std::to_string(width) + "," + std::to_string(height) +
                            " dynamic noenhanced font 'sans-serif,13'\n"
                            "set encoding utf8\n"
                            "unset key\n"
                            "set border 1 lc rgb " +
                            colour(kGrid) + " lw 1\n" + "set tics nomirror textcolor rgb " + colour(kMuted) +
                            " scale 0\n" + "set xlabel textcolor rgb " + colour(kMuted) + " offset 0,0.2\n" +
                            "set grid y linetype 1 linewidth 1 linecolor rgb " + colour(kGrid) + "\n" +
                            "set style fill solid 1.0 noborder\n"
                            "set rmargin 3\nset tmargin 1\nset yrange [0:*]\n";
  const auto svg = filter({"gnuplot", "-d"}, begin + script + "\n");
  if (!svg || svg->find("</svg>") == std::string::npos)
    throw ToolError(kRuntime, "gnuplot did not draw '" + name + "'");
  return for_page(*svg);
}

using Rows = std::vector<std::vector<double>>;

// NaN stands for no value: the line is broken there.
std::string block(const std::string& name, const Rows& rows) {
  std::string text = "$" + name + " << END\n";
  for (const auto& row : rows) {
    for (const double value : row) text += (std::isnan(value) ? "NaN" : num(value)) + " ";
    text += "\n";
  }
  return text + "END\n";
}

// Of a logarithmic axis in milliseconds.
const std::string kLagTics =
    "set xtics (1, 2, 5, 10, 20, 50, 100, 200, 500, '1 s' 1000, '2 s' 2000, '5 s' 5000, '10 s' 10000)\n";

// Steps of a distribution: share of samples up to each value.
template <typename Count>
Rows distribution(const BasicHistogram<Count>& histogram) {
  Rows rows;
  const auto all = static_cast<double>(histogram.count());
  for (const auto& point : histogram.points())
    rows.push_back({std::max(0.1, to_ms(point.value)), 100 * static_cast<double>(point.count) / all});
  if (!rows.empty()) rows.insert(rows.begin(), {rows.front()[0], 0});
  return rows;
}

double at_seconds(Instant time) { return to_seconds(time - Instant{}); }

std::string time_axis(const Outcome& outcome) {
  return "set xlabel 'seconds'\nset xrange [0:" + num(std::max(1.0, to_seconds(outcome.result.simulated))) + "]\n";
}

// A thin line with the mark's number at its top, for each; behind the curves it is grey as long as it lasts.
std::string marks(const Outcome& outcome) {
  const auto all = outcome.recorder.marks();
  std::string script = all.empty() ? "" : "set tmargin 2\n";
  for (std::size_t i = 0; i < std::min(all.size(), kMarksShown); ++i) {
    const std::string at = num(at_seconds(all[i].at));
    script += "set arrow from " + at + ",graph 0 to " + at + ",graph 1 nohead dashtype 3 lw 1.2 lc rgb " +
              colour(kMuted) + "\n";
    if (all[i].lasts > Duration::zero())
      script += "set object " + std::to_string(i + 1) + " rectangle from " + at + ",graph 0 to " +
                num(at_seconds(all[i].at + all[i].lasts)) + ",graph 1 behind fillcolor rgb " + colour(kMuted) +
                " fillstyle transparent solid 0.12 noborder\n";
    script += "set label '" + std::to_string(i + 1) + "' at " + at + ",graph 1.05 center tc rgb " + colour(kMuted) +
              " font ',12'\n";
  }
  return script;
}

// Of a logarithmic axis.
struct Range {
  double least;
  double most;
};

// Down from a distribution's curve to what it reads there. What it is stands on that side of the line where there is
// more room.
std::string quantile_line(const std::string& name, Duration value, double percent, int height, const Range& range) {
  const double ms = std::max(0.1, to_ms(value));
  const bool left_half = ms * ms < range.least * range.most;
  const std::string at = num(ms);
  return "set arrow from " + at + ",0 to " + at + "," + num(percent) + " nohead dashtype 3 lw 1.2 lc rgb " +
         colour(kMuted) + " front\nset label " + quoted(name + "  " + milliseconds_text(value)) + " at " + at + "," +
         std::to_string(height) + (left_half ? " left offset 0.8,0" : " right offset -0.8,0") + " tc rgb " +
         colour(kInk) + " front\n";
}

template <typename Row>
Rows series_rows(const Outcome& outcome, Row row) {
  Rows rows;
  for (const sim::Recorder::Sample& sample : outcome.recorder.series()) rows.push_back(row(sample));
  return rows;
}

}  // namespace

std::vector<OverheadPart> overhead_parts(const sim::Overhead& overhead) {
  return {{"headers", overhead.headers, 1}, {"signatures", overhead.signatures, 2}, {"parity", overhead.parity, 3},
          {"repairs", overhead.repairs, 4}, {"duplicates", overhead.duplicates, 5}, {"control", overhead.control, 6},
          {"rest", overhead.rest, 7}};
}

namespace {

// A little more than there is, so that the ends are seen.
Range lag_range(const sim::Recorder& recorder) {
  double least = to_ms(recorder.lag().points().front().value);
  double most = to_ms(recorder.lag().max());
  if (recorder.bound().count() > 0) {
    least = std::min(least, to_ms(recorder.bound().points().front().value));
    most = std::max(most, to_ms(recorder.bound().max()));
  }
  return {std::max(0.1, least) * 0.8, most * 1.25};
}

}  // namespace

std::string lag_chart(const Outcome& outcome) {
  const sim::Recorder& recorder = outcome.recorder;
  if (recorder.lag().count() == 0) return "";
  const Range range = lag_range(recorder);
  std::string script =
      quantile_line("median", recorder.lag().quantile(0.5), 50, 6, range) +
      quantile_line("99 %", recorder.lag().quantile(0.99), 99, 14, range) + block("lag", distribution(recorder.lag())) +
      block("bound", distribution(recorder.bound())) + "set xrange [" + num(range.least) + ":" + num(range.most) +
      "]\n" + "set logscale x\nset xlabel 'milliseconds'\nset format y '%g %%'\nset yrange [0:100]\n" + kLagTics +
      "plot $lag using 1:2 with filledcurves y1=0 fs transparent solid 0.10 noborder lc rgb " + colour(1) +
      " title 'lag', $lag using 1:2 with lines lw 2.5 lc rgb " + colour(1) + " title 'lag'";
  if (recorder.bound().count() > 0)
    script += ", $bound using 1:2 with lines lw 2 dt 2 lc rgb " + colour(7) + " title 'least possible'";
  return draw("lag", kWide, 320, script);
}

std::string lag_over_time_chart(const Outcome& outcome) {
  double most_ms = 0;
  const auto rows = series_rows(outcome, [&](const sim::Recorder::Sample& s) -> std::vector<double> {
    if (s.lag.max == Duration::zero()) return {at_seconds(s.at), NAN, NAN};
    most_ms = std::max(most_ms, to_ms(s.lag.p99));
    return {at_seconds(s.at), to_ms(s.lag.p50), to_ms(s.lag.p99)};
  });
  const bool in_seconds = most_ms > 2'000;
  return draw("lag over time", kHalf, 230,
              block("d", rows) + time_axis(outcome) + marks(outcome) +
                  (in_seconds ? "set format y '%g s'\nunit = 1000.0\n" : "set format y '%g ms'\nunit = 1.0\n") +
                  "plot $d using 1:($3/unit) with lines lw 2 lc rgb " + colour(2) +
                  " title 'p99', $d using 1:($2/unit) with lines lw 2.5 lc rgb " + colour(1) + " title 'p50'");
}

std::string continuity_chart(const Outcome& outcome) {
  double least = 100;
  const auto rows = series_rows(outcome, [&](const sim::Recorder::Sample& s) -> std::vector<double> {
    if (s.frames == 0) return {at_seconds(s.at), NAN};
    const double percent = 100 * static_cast<double>(s.frames_whole) / static_cast<double>(s.frames);
    least = std::min(least, percent);
    return {at_seconds(s.at), percent};
  });
  // What is near to all is looked at closely.
  const double floor = least > 99 ? 99 : least > 90 ? 90 : 0;
  return draw("continuity", kHalf, 230,
              block("d", rows) + time_axis(outcome) + marks(outcome) + "set format y '%g %%'\nset yrange [" +
                  num(floor) + ":" + num(100 + (100 - floor) * 0.06) + "]\n" + "set ytics " + num((100 - floor) / 5) +
                  "\nplot $d using 1:2 with lines lw 2.5 lc rgb " + colour(3) + " title 'continuity'");
}

std::string viewers_chart(const Outcome& outcome) {
  const auto rows = series_rows(outcome, [](const sim::Recorder::Sample& s) -> std::vector<double> {
    return {at_seconds(s.at), static_cast<double>(s.viewers_present), static_cast<double>(s.viewers_playing)};
  });
  return draw("viewers", kHalf, 230,
              block("d", rows) + time_axis(outcome) + marks(outcome) +
                  "plot $d using 1:2 with filledcurves y1=0 fs transparent solid 0.16 noborder lc rgb " + colour(7) +
                  " title 'present', $d using 1:2 with lines lw 1.5 lc rgb " + colour(7) +
                  " title 'present', $d using 1:3 with lines lw 2.5 lc rgb " + colour(1) + " title 'playing'");
}

std::string traffic_chart(const Outcome& outcome) {
  Instant before{};
  const auto rows = series_rows(outcome, [&](const sim::Recorder::Sample& s) -> std::vector<double> {
    const double length = std::max(to_seconds(s.at - before), 1e-3);
    before = s.at;
    if (length < 0.5) return {at_seconds(s.at), NAN, NAN};  // the rest of a second tells no rate
    return {at_seconds(s.at), static_cast<double>(s.wire_bytes_sent) * 8e-6 / length,
            static_cast<double>(s.stream_bytes_delivered) * 8e-6 / length};
  });
  return draw("traffic", kHalf, 230,
              block("d", rows) + time_axis(outcome) + marks(outcome) +
                  "set format y '%g M'\n"
                  "plot $d using 1:2 with lines lw 2 lc rgb " +
                  colour(2) + " title 'sent', $d using 1:3 with lines lw 2.5 lc rgb " + colour(1) +
                  " title 'delivered'");
}

std::string overhead_chart(const Outcome& outcome) {
  std::string script = "unset ytics\nset yrange [0:1]\nunset grid\nset grid x linetype 1 linewidth 1 linecolor rgb " +
                       colour(kGrid) + "\nset format x '%g %%'\nunset xlabel\n";
  double at = 0;
  int object = 1;
  for (const OverheadPart& part : overhead_parts(outcome.result.overhead)) {
    if (part.share <= 0) continue;
    const double end = at + 100 * part.share;
    script += "set object " + std::to_string(object++) + " rect from " + num(at) + ",0.12 to " + num(end) +
              ",0.92 fc rgb " + colour(part.colour) + " fs solid noborder front\n";
    at = end;
  }
  if (at == 0) return "";
  return draw(
      "overhead", kWide, 120,
      script + "set xrange [0:" + num(at * 1.02) + "]\nplot NaN with lines lc rgb " + colour(kGrid) + " title ''");
}

std::string uplink_chart(const Outcome& outcome) {
  const auto uplinks = outcome.recorder.uplinks();
  if (uplinks.empty()) return "";
  Rows rows;
  std::string names;
  double y = 0;
  double most = 0;
  for (auto it = uplinks.rbegin(); it != uplinks.rend(); ++it, y += 1) {
    const double used = static_cast<double>(it->used_bps) / 1e6;
    const double offered = static_cast<double>(it->offered_bps) / 1e6;
    rows.push_back({y, used, offered});
    most = std::max({most, used, offered});
    names += (names.empty() ? "" : ", ") + quoted(it->name + " (" + std::to_string(it->hosts) + ")") + " " + num(y);
    rows.back().push_back(std::max(used, offered));
  }
  std::string script = block("d", rows);
  for (const auto& row : rows) {
    char label[96];
    if (row[2] > 0)
      std::snprintf(label, sizeof label, "%.3g of %.3g Mbit/s", row[1], row[2]);
    else
      std::snprintf(label, sizeof label, "%.3g Mbit/s", row[1]);
    script += "set label '" + std::string(label) + "' at " + num(row[3]) + "," + num(row[0]) +
              " left offset 0.8,0 tc rgb " + colour(kInk) + "\n";
  }
  script += "set ytics (" + names + ") textcolor rgb " + colour(kInk) +
            "\nunset grid\nset yrange [-0.6:" + num(y - 0.4) + "]\nset xrange [0:" + num(most * 1.4) +
            "]\nunset xtics\nunset xlabel\nunset border\n" +
            "plot $d using (0):1:(0):3:($1-0.30):($1+0.30) with boxxyerror fs solid 0.22 noborder lc rgb " + colour(7) +
            " title 'offered', $d using (0):1:(0):2:($1-0.30):($1+0.30) with boxxyerror fs solid 1 noborder lc rgb " +
            colour(1) + " title 'used'";
  return draw("uplinks", kWide, static_cast<int>(20 + 40 * uplinks.size()), script);
}

std::string hops_chart(const Outcome& outcome) {
  Rows rows;
  std::string script;
  const auto hops = outcome.recorder.hops();
  for (std::size_t i = 1; i < hops.size(); ++i) {
    rows.push_back({static_cast<double>(i), static_cast<double>(hops[i])});
    script += "set label '" + std::to_string(hops[i]) + "' at " + std::to_string(i) + "," + std::to_string(hops[i]) +
              " center offset 0,0.7 tc rgb " + colour(kInk) + "\n";
  }
  if (rows.empty()) return "";
  return draw(
      "hops", kHalf, 230,
      block("d", rows) + script + "set xlabel 'hops from the publisher'\nset boxwidth 0.62\nset xtics 1\n" +
          "set tmargin 2\nset xrange [0.4:" + num(static_cast<double>(std::max<std::size_t>(hops.size(), 5)) - 0.4) +
          "]\nplot $d using 1:2 with boxes lc rgb " + colour(1) + " title 'hosts'");
}

std::string startup_chart(const Outcome& outcome) {
  const bool startups = outcome.recorder.startup().count() > 0;
  const bool failovers = outcome.recorder.failover().count() > 0;
  if (!startups && !failovers) return "";
  std::string script = block("d", distribution(outcome.recorder.startup())) +
                       block("f", distribution(outcome.recorder.failover())) +
                       "set xlabel 'milliseconds'\nset format y '%g %%'\nset yrange [0:100]\nset xrange [0:*]\n"
                       "plot ";
  if (startups) script += "$d using 1:2 with steps lw 2.5 lc rgb " + colour(1) + " title 'start-up'";
  if (startups && failovers) script += ", ";
  if (failovers) script += "$f using 1:2 with steps lw 2 lc rgb " + colour(2) + " title 'fail-over'";
  return draw("start-up", kHalf, 230, script);
}

std::string lag_curves_chart(const std::vector<LagCurve>& curves) {
  std::string data;
  std::string plot;
  for (const LagCurve& curve : curves) {
    if (curve.lag->count() == 0) continue;
    Rows rows = distribution(*curve.lag);
    for (auto& row : rows) row[1] *= curve.delivered;
    data += block("d" + std::to_string(curve.colour), rows);
    plot += std::string(plot.empty() ? "plot " : ", ") + "$d" + std::to_string(curve.colour) +
            " using 1:2 with lines lw 2.5 lc rgb " + colour(curve.colour) + " title " + quoted(curve.name);
  }
  if (plot.empty()) return "";
  return draw(
      "lags", kWide, 320,
      data + "set logscale x\nset xlabel 'milliseconds'\nset format y '%g %%'\nset yrange [0:100]\n" + kLagTics + plot);
}

}  // namespace spate::tools
