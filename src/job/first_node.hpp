#pragma once

#include "base/time.hpp"
#include "job/ask.hpp"
#include "job/environment.hpp"

#include <cstdint>
#include <string>
#include <vector>

/// A job with --no-kill that loses its first node is left as it is, with nobody in it: so other nodes watch that one.
namespace kiln::job {

/// Those that watch it, of this many: the second, one in the middle and the last, as neighbours are often lost
/// together. The first is 0.
std::vector<std::uint32_t> watching_nodes(std::uint32_t nodes);

/// Whether Slurm has taken the node from the job of these variables, which is still running and has not been started
/// anew. Not where Slurm does not answer. `scontrol`: a path.
bool first_node_is_lost(const std::string& node, const Variables& variables, const std::string& scontrol,
                        const Ask& ask);

/// What is to be said of a node that watches, by who hears it.
class WatchingNode {
 public:
  /// What it says each time it looks.
  static constexpr const char* kLooks = "kiln: looks";

  /// `name`: "node 2 of 4"; `first`: the node that it watches; `patience`: how long it may be silent.
  WatchingNode(std::string name, std::string first, Duration patience, Instant now);

  /// Lines that it, or what starts it, has said; `ended`: no more will come. What is to be said now; "": nothing.
  std::string hear(const std::vector<std::string>& lines, bool ended, Instant now);
  /// Why it may not watch; "" while it does.
  const std::string& trouble() const { return trouble_; }
  bool ended() const { return ended_; }

 private:
  std::string fails(std::string why);

  std::string name_, first_, said_, trouble_;
  Duration patience_;
  Instant heard_;
  bool ended_ = false;
};

}  // namespace kiln::job
