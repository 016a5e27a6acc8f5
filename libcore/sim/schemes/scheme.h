// Baselines to compare with: other ways to spread a stream, after the literature.
//
// They are reconstructions from papers, not the systems of these papers, and no part of the product. They run over the
// same network, links, population and churn as the real nodes, and leave the same figures. README.md says what they are
// spared. A scheme is two things: a host (host.h), and what all its hosts may ask the tracker (stage.h).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "libcore/sim/event_queue.h"
#include "libcore/sim/scenario.h"

namespace spate::sim {

enum class SchemeName : std::uint8_t { kSingleTree, kPullMesh, kRandomPush };

struct SchemeEntry {
  SchemeName name;
  std::string_view text;
};
inline constexpr std::array<SchemeEntry, 3> kSchemes{{{SchemeName::kSingleTree, "single-tree"},
                                                      {SchemeName::kPullMesh, "pull-mesh"},
                                                      {SchemeName::kRandomPush, "random-push"}}};

class SchemeHost;
class Stage;

// A host's program, with all that it shares with the others on that stage.
using SchemeFactory = std::unique_ptr<SchemeHost> (*)(Stage& stage, HostId host);
std::unique_ptr<SchemeHost> make_tree_host(Stage& stage, HostId host);
std::unique_ptr<SchemeHost> make_pull_host(Stage& stage, HostId host);
std::unique_ptr<SchemeHost> make_push_host(Stage& stage, HostId host);

// Why a scenario makes no sense with a baseline, in one line; nothing if it does.
std::optional<std::string> unfit_for_baselines(const Scenario& scenario);

}  // namespace spate::sim
