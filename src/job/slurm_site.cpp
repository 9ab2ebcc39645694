#include "job/slurm_site.hpp"

#include "base/did_you_mean.hpp"
#include "base/quantity.hpp"
#include "base/text.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <kiln/error.hpp>
#include <map>
#include <sstream>

namespace kiln::job {
namespace {

using Fields = std::map<std::string, std::string>;

Fields fields_of(const std::string& line) {
  Fields fields;
  std::istringstream words(line);
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    if (equals != std::string::npos) fields.emplace(word.substr(0, equals), word.substr(equals + 1));
  }
  return fields;
}

std::string field(const Fields& fields, const char* name) {
  const auto found = fields.find(name);
  return found == fields.end() ? "" : found->second;
}

TimeLimit limit_of(const std::string& text) {
  try {
    return text.empty() ? TimeLimit() : parse_slurm_time("MaxTime", text);
  } catch (const Error&) {
    return std::nullopt;  // as if there were none: Slurm itself will say
  }
}

// Why the partition cannot run it; "" where it can.
std::string obstacle(const JobRequest& request, const Partition& one) {
  if (!one.up) return fmt::format("partition {} is not up: it starts no jobs now (sinfo shows which do)", one.name);
  if (one.nodes != 0 && request.nodes > one.nodes) {
    return fmt::format("--nodes {} is more than partition {} has: {}", request.nodes, one.name, one.nodes);
  }
  if (one.max_nodes && request.nodes > *one.max_nodes) {
    return fmt::format("--nodes {} is more than a job may have in partition {}: {}", request.nodes, one.name,
                       *one.max_nodes);
  }
  if (!one.max_time || !request.time) return "";
  const TimeLimit& asked = *request.time;
  if (asked && *asked <= *one.max_time) return "";
  return fmt::format("--time {} is more than partition {} allows: {}. Take {}: the job goes on in a next one",
                     format_slurm_time(asked), one.name, format_slurm_time(one.max_time),
                     format_slurm_time(one.max_time));
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> names;
  std::istringstream text(list);
  for (std::string name; std::getline(text, name, ',');) names.push_back(name);
  return names;
}

const Partition* find(const std::vector<Partition>& partitions, const std::string& name) {
  const auto found = std::find_if(partitions.begin(), partitions.end(), [&](const auto& p) { return p.name == name; });
  return found == partitions.end() ? nullptr : &*found;
}

[[noreturn]] void refuse_unknown(const std::string& name, const std::vector<Partition>& partitions) {
  std::vector<std::string> known;
  for (const Partition& one : partitions) known.push_back(one.name);
  throw Error(ExitCode::usage,
              fmt::format("this Slurm has no partition '{}'.{} All there are: {}", for_message(name, 60),
                          did_you_mean(name, known), for_message(fmt::format("{}", fmt::join(known, ", ")), 400)));
}

std::vector<const Partition*> candidates(const JobRequest& request, const std::vector<Partition>& partitions) {
  std::vector<const Partition*> found;
  for (const std::string& name : split(request.partition)) {
    const Partition* const one = find(partitions, name);
    if (one == nullptr) refuse_unknown(name, partitions);
    found.push_back(one);
  }
  if (!found.empty()) return found;
  const Partition* const usual = partition_of(request, partitions);
  if (usual != nullptr) found.push_back(usual);
  return found;
}

}  // namespace

std::vector<Partition> parse_partitions(std::string_view text) {
  std::vector<Partition> partitions;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    const Fields fields = fields_of(line);
    Partition one;
    one.name = field(fields, "PartitionName");
    if (one.name.empty()) continue;
    one.usual = field(fields, "Default") == "YES";
    const std::string state = field(fields, "State");
    one.up = state.empty() || state == "UP";
    one.max_time = limit_of(field(fields, "MaxTime"));
    one.max_nodes = parse_count(field(fields, "MaxNodes"));
    one.nodes = parse_count(field(fields, "TotalNodes")).value_or(0);
    one.cpus = parse_count(field(fields, "TotalCPUs")).value_or(0);
    partitions.push_back(std::move(one));
  }
  return partitions;
}

std::optional<std::vector<Partition>> ask_partitions(const std::string& scontrol, const Ask& ask) {
  if (scontrol.empty()) return std::nullopt;
  const Answer answer = ask({scontrol, "show", "partition", "--oneliner"});
  if (!answer.well) return std::nullopt;
  return parse_partitions(answer.text);
}

std::vector<std::string> check_request(const JobRequest& request, const std::vector<Partition>& partitions) {
  if (partitions.empty()) return {};
  const std::vector<const Partition*> named = candidates(request, partitions);
  if (named.empty()) {
    throw Error(ExitCode::usage, "this Slurm has no default partition: name one with --partition (sinfo lists them)");
  }
  std::string why;
  for (const Partition* const one : named) {
    const std::string this_one = obstacle(request, *one);
    if (this_one.empty()) return {};
    if (why.empty()) why = this_one;
  }
  if (!request.quality) throw Error(ExitCode::usage, why);
  return {why + " (unless the --qos lifts that)"};
}

const Partition* partition_of(const JobRequest& request, const std::vector<Partition>& partitions) {
  if (!request.partition.empty()) return find(partitions, split(request.partition).front());
  const auto usual = std::find_if(partitions.begin(), partitions.end(), [](const auto& p) { return p.usual; });
  return usual == partitions.end() ? nullptr : &*usual;
}

}  // namespace kiln::job
