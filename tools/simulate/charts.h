// The pictures of a run, drawn by gnuplot as SVG to be put into a page.
//
// Colours are the page's variables --ink, --muted, --grid and --c1 to --c7, so that they follow its scheme. No picture
// names anything outside itself.
#pragma once

#include <string>
#include <vector>

#include "tools/simulate/outcome.h"

namespace spate::tools {

// Of a part of the overhead: its name, share and colour (1 to 7).
struct OverheadPart {
  std::string name;
  double share;
  int colour;
};
std::vector<OverheadPart> overhead_parts(const sim::Overhead& overhead);

// Each throws ToolError(kRuntime) if gnuplot fails. Empty if there is nothing to draw.
std::string lag_chart(const Outcome& outcome);
std::string lag_over_time_chart(const Outcome& outcome);
std::string continuity_chart(const Outcome& outcome);
std::string viewers_chart(const Outcome& outcome);
std::string traffic_chart(const Outcome& outcome);
std::string overhead_chart(const Outcome& outcome);
std::string uplink_chart(const Outcome& outcome);
std::string hops_chart(const Outcome& outcome);
std::string startup_chart(const Outcome& outcome);

// One scheme's lags, and which share of what was owed they are of.
struct LagCurve {
  std::string name;
  const WideHistogram* lag;
  double delivered;
  int colour;
};
std::string lag_curves_chart(const std::vector<LagCurve>& curves);

// So many marks have a number in the pictures.
inline constexpr std::size_t kMarksShown = 40;

}  // namespace spate::tools
