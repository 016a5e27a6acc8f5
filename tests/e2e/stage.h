// What the programs of a real swarm have in common: the scenario, the same chance that the simulator draws it with,
// and the run's time zero on the machine's monotonic clock.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "libcore/base/time.h"
#include "libcore/crypto/chacha_rng.h"
#include "libcore/sim/broadcast.h"
#include "libcore/sim/resident.h"

namespace spate::e2e {

// Throws std::runtime_error if the file is no scenario, or one that cannot be staged with real processes.
sim::Scenario read_scenario(const std::string& path);

class Stage {
 public:
  Stage(sim::Scenario scenario, std::int64_t start_ns);

  const sim::Scenario& scenario() const { return scenario_; }
  const Rng& rng() const { return rng_; }
  const sim::Broadcast& broadcast() const { return broadcast_; }
  // Nanoseconds of the monotonic clock.
  std::int64_t start_ns() const { return start_ns_; }
  // The run's time now; zero before its start.
  Instant now() const;

 private:
  sim::Scenario scenario_;
  crypto::ChaChaRng rng_;
  sim::Broadcast broadcast_;
  std::int64_t start_ns_;
};

// The command line of a program of the stage: SCENARIO START_NS WORD...
struct Arguments {
  Stage stage;
  std::vector<std::string> words;
};
// Ends the program with 2 if there are too few.
Arguments read_arguments(int argc, char** argv, const char* usage);

}  // namespace spate::e2e
