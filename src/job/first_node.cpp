#include "job/first_node.hpp"

#include "job/slurm_job_options.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <sstream>
#include <utility>

namespace kiln::job {
namespace {

std::string value(const Variables& variables, const char* name, const char* otherwise) {
  const auto found = variables.find(name);
  return found == variables.end() || found->second.empty() ? otherwise : found->second;
}

}  // namespace

std::vector<std::uint32_t> watching_nodes(std::uint32_t nodes) {
  std::vector<std::uint32_t> all;
  for (const std::uint32_t node : {std::uint32_t{1}, nodes / 2, nodes - std::min(nodes, std::uint32_t{1})}) {
    if (node < nodes && node > (all.empty() ? 0 : all.back())) all.push_back(node);
  }
  return all;
}

bool first_node_is_lost(const std::string& node, const Variables& variables, const std::string& scontrol,
                        const Ask& ask) {
  const Answer job = ask({scontrol, "show", "job", value(variables, "SLURM_JOB_ID", "")});
  if (!job.well) return false;
  auto fields = fields_of_job(job.text);
  const bool as_begun = fields["Restarts"] == value(variables, "SLURM_RESTART_COUNT", "0");
  if (fields["JobState"] != "RUNNING" || !as_begun || fields["NodeList"].empty()) return false;
  const Answer names = ask({scontrol, "show", "hostnames", fields["NodeList"]});
  std::istringstream lines(names.text);
  bool any = false;
  for (std::string line; names.well && std::getline(lines, line); any = any || !line.empty()) {
    if (line == node) return false;
  }
  return any;
}

WatchingNode::WatchingNode(std::string name, std::string first, Duration patience, Instant now)
    : name_(std::move(name)), first_(std::move(first)), patience_(patience), heard_(now) {}

std::string WatchingNode::fails(std::string why) { return trouble_ = std::move(why); }

std::string WatchingNode::hear(const std::vector<std::string>& lines, bool ended, Instant now) {
  if (ended_) return "";
  bool looks = false;
  for (const std::string& line : lines) {
    if (line == kLooks) {
      looks = true;
    } else if (!line.empty()) {
      said_ = line;
    }
  }
  ended_ = ended;
  if (ended) {
    return fails(fmt::format("{} does not watch the first one, {}: {}", name_, first_,
                             said_.empty() ? "srun has ended" : said_));
  }
  if (looks) {
    heard_ = now;
    return std::exchange(trouble_, "").empty() ? "" : name_ + " is heard again";
  }
  if (!trouble_.empty() || now - heard_ < patience_) return "";
  return fails(fmt::format("{} has not been heard for {:.3g} s and may not watch the first one, {}{}{}", name_,
                           to_seconds(patience_), first_, said_.empty() ? "" : ": ", said_));
}

}  // namespace kiln::job
