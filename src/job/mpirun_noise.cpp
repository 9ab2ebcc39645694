#include "job/mpirun_noise.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace kiln::job {
namespace {

using Texts = std::span<const std::string_view>;

// Texts of Open MPI 4.1 and 5.0 with their PMIx.
constexpr std::array<std::string_view, 5> kDroppedBlocks{"Primary job", "detected that one or more processes exited",
                                                         "MPI_ABORT was invoked", "CMA support",
                                                         "Open MPI accepted a TCP connection"};
// Of blocks whose writer may be killed meanwhile: how they begin.
constexpr std::array<std::string_view, 1> kCutOffBlocks{"WARNING: Open MPI accepted a TCP connection"};
constexpr std::size_t kLeastOfABlock = 8;  // less of its begin says nothing
constexpr std::array<std::string_view, 2> kBlocksOfADeath{"peer process has unexpectedly disconnected",
                                                          "exiting improperly"};
constexpr std::array<std::string_view, 1> kBlocksAfterADeath{"failed to TCP connect to a peer MPI process"};

// The two before the last are one line of Open MPI 5's where shared memory does, too, and it may be cut off; ranks that
// cannot reach each other say so in a block. The last one is said of a connection that is closed already, often before
// anything says why.
constexpr std::array<std::string_view, 8> kDroppedLines{
    "mpirun: Forwarding signal",
    "more processes have sent help message",
    "more process has sent help message",
    "Set MCA parameter \"orte_base_help_aggregate\"",
    "util/show_help.c at line",
    "Unable to find reachable pairing between local and remote interfaces",
    "btl_tcp_proc_create_interface_graph]",
    "send_handler] invalid connection state"};
constexpr std::array<std::string_view, 7> kLinesOfADeath{
    "NBC_Progress: an error 75", "NBC_Progress: an error 77",   "Error in NBC_Start_round()", "PMIX ERROR: BAD-PARAM",
    "PMIX ERROR: UNREACHABLE",   "PMIX ERROR: LOST-CONNECTION", "pml_ob1_sendreq.c:"};
constexpr std::array<std::string_view, 2> kLinesAfterADeath{"[btl_tcp_", "/btl_tcp_"};
// A peer that is gone, whichever end of the connection notices it first.
constexpr std::array<std::string_view, 2> kGonePeer{"Connection reset by peer", "Broken pipe"};

bool is_rule(std::string_view line) {
  return line.size() >= 40 && line.find_first_not_of('-') == std::string_view::npos;
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

bool has_any(std::string_view text, Texts parts) {
  return std::any_of(parts.begin(), parts.end(), [&](std::string_view part) { return has(text, part); });
}

// The first letters of a block that was to be dropped.
bool is_cut_off(const std::vector<std::string>& block) {
  if (block.size() != 1 || block[0].size() < kLeastOfABlock) return false;
  return std::ranges::any_of(kCutOffBlocks, [&](std::string_view begin) { return begin.starts_with(block[0]); });
}

// What stands behind `begin`, up to the end of its line of the block.
std::string rest_of_line(const std::vector<std::string>& block, std::string_view begin) {
  for (const std::string& line : block) {
    if (const std::size_t at = line.find(begin); at != std::string::npos) return line.substr(at + begin.size());
  }
  return "";
}

}  // namespace

std::vector<std::string> MpirunNoise::line(std::string_view text) {
  if (all_) return {std::string(text)};
  if (is_rule(text)) {
    inside_ = !inside_;
    return inside_ ? std::vector<std::string>{} : judge();
  }
  if (inside_) {
    block_.emplace_back(text);
    // A banner is short: a longer run of lines is something else that happens to follow a rule.
    if (block_.size() < 40) return {};
    inside_ = false;
    return std::exchange(block_, {});
  }
  if (is_dropped(text)) return {};
  return {std::string(text)};
}

// Of connections only what comes of a death is dropped: a network that does not work is to be seen.
bool MpirunNoise::is_dropped(std::string_view text) {
  if (has_any(text, kLinesOfADeath)) {
    death_ = true;
    return true;
  }
  if (has_any(text, kDroppedLines)) return true;
  if (!has_any(text, kLinesAfterADeath)) return false;
  death_ = death_ || has_any(text, kGonePeer);
  return death_;
}

std::vector<std::string> MpirunNoise::end() {
  inside_ = false;
  if (is_cut_off(block_)) block_.clear();
  return judge();
}

std::vector<std::string> MpirunNoise::judge() {
  std::vector<std::string> block = std::exchange(block_, {});
  std::string all;
  for (const std::string& line : block) all += line + " ";
  if (has(all, "exited on signal")) {
    death_ = true;
    const std::size_t rank = all.find("process rank");
    const std::size_t begin = rank == std::string::npos ? 0 : rank;
    return {"kiln: " + all.substr(begin, all.find_last_not_of(" .") + 1 - begin)};
  }
  if (has(all, "lost communication with a remote daemon")) {
    death_ = true;
    const std::string node = rest_of_line(block, "on node ");
    const std::string remote = rest_of_line(block, "Remote daemon: ");
    const std::size_t at = remote.find("on node ");
    return {"kiln: mpirun has lost the node " + (at == std::string::npos ? node : remote.substr(at + 8))};
  }
  if (has_any(all, kBlocksOfADeath)) {
    death_ = true;
    return {};
  }
  const bool dropped = has_any(all, kDroppedBlocks) || (death_ && has_any(all, kBlocksAfterADeath));
  return dropped ? std::vector<std::string>{} : block;
}

}  // namespace kiln::job
