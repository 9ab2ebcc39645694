#include "job/slurm_site.hpp"

#include "base/did_you_mean.hpp"
#include "base/quantity.hpp"
#include "base/text.hpp"
#include "job/slurm_memory.hpp"

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

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> names;
  std::istringstream text(list);
  for (std::string name; std::getline(text, name, ',');) names.push_back(name);
  return names;
}

std::vector<std::string> names_of(const std::string& list) {
  return list == "ALL" || list == "(null)" ? std::vector<std::string>() : split(list);
}

// Slurm does not look at case in names of accounts.
bool contains(const std::vector<std::string>& names, const std::string& name) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : +c; };
  return std::any_of(names.begin(), names.end(), [&](const std::string& one) {
    return std::equal(one.begin(), one.end(), name.begin(), name.end(),
                      [&](char a, char b) { return lower(a) == lower(b); });
  });
}

std::string mebi(std::uint64_t bytes) { return fmt::format("{}M", bytes >> 20); }

std::uint64_t largest(const Partition& one, std::uint64_t NodeShape::*what) {
  std::uint64_t most = 0;
  for (const NodeShape& shape : one.shapes) most = std::max(most, shape.*what);
  return most;
}

std::string node_obstacle(const JobRequest& request, const Partition& one) {
  if (one.nodes != 0 && request.nodes > one.nodes) {
    return fmt::format("--nodes {} is more than partition {} has: {}", request.nodes, one.name, one.nodes);
  }
  if (one.max_nodes && request.nodes > *one.max_nodes) {
    return fmt::format("--nodes {} is more than a job may have in partition {}: {}", request.nodes, one.name,
                       *one.max_nodes);
  }
  if (request.most_nodes == 0 || request.most_nodes >= one.min_nodes) return "";
  return fmt::format(
      "--nodes {0} is fewer than a job must have in partition {1}: {2}. Take -N {2}, or another partition",
      request.most_nodes, one.name, one.min_nodes);
}

std::string time_obstacle(const JobRequest& request, const Partition& one) {
  if (!one.max_time || !request.time) return "";
  const TimeLimit& asked = *request.time;
  if (asked && *asked <= *one.max_time) return "";
  return fmt::format("--time {} is more than partition {} allows: {}. Take {}: the job goes on in a next one",
                     format_slurm_time(asked), one.name, format_slurm_time(one.max_time),
                     format_slurm_time(one.max_time));
}

std::string memory_obstacle(const JobRequest& request, const Partition& one) {
  if (!one.max_memory || request.memory <= *one.max_memory) return "";
  return fmt::format(
      "{0} of memory a node (--mem, --mem-per-cpu) is more than partition {1} allows: {2}. Take --mem {2}, or another "
      "partition",
      mebi(request.memory), one.name, mebi(*one.max_memory));
}

std::string account_obstacle(const JobRequest& request, const Partition& one) {
  if (request.account.empty()) return "";
  if (!one.accounts.empty() && !contains(one.accounts, request.account)) {
    return fmt::format("partition {} takes no jobs of account {}, only those of {}", one.name,
                       for_message(request.account, 60),
                       for_message(fmt::format("{}", fmt::join(one.accounts, ", ")), 400));
  }
  if (!contains(one.not_accounts, request.account)) return "";
  return fmt::format("partition {} takes no jobs of account {}: take another partition, or another --account", one.name,
                     for_message(request.account, 60));
}

// Nobody says here whose job it is where it names no account.
std::vector<std::string> account_doubt(const JobRequest& request, const Partition& one) {
  if (one.accounts.empty() || !request.account.empty()) return {};
  return {
      fmt::format("partition {} takes jobs of these accounts only: {}. Unless yours is one of them, name one: -A {}",
                  one.name, for_message(fmt::format("{}", fmt::join(one.accounts, ", ")), 400), one.accounts.front())};
}

std::string size_obstacle(const JobRequest& request, const Partition& one) {
  const std::uint64_t all = one.max_cpus ? std::min(one.cpus, one.nodes * *one.max_cpus) : one.cpus;
  if (all != 0 && request.cpus > all) {
    return fmt::format(
        "--ntasks: {0} CPUs are more than a job may have in partition {1}: {2}. Ask for {2} at most: the commands run "
        "on them one after the other",
        request.cpus, one.name, all);
  }
  if (one.shapes.empty()) return "";
  const std::uint64_t cpus = std::min(largest(one, &NodeShape::cpus), one.max_cpus.value_or(UINT64_MAX));
  if (request.cpus_per_unit > cpus) {
    return fmt::format(
        "--cpus-per-unit {}: a job has {} on a node of partition {} at most, and a unit runs on one node",
        request.cpus_per_unit, cpus == 1 ? "1 CPU" : fmt::format("{} CPUs", cpus), one.name);
  }
  const std::uint64_t gpus = largest(one, &NodeShape::gpus);
  if (request.gpus_per_unit <= gpus) return "";
  return fmt::format("--gpus-per-unit {}: no node of partition {} has {} (sinfo --format='%R %G')",
                     request.gpus_per_unit, one.name,
                     gpus == 0 ? "a GPU that Slurm knows of" : fmt::format("more than {}", gpus));
}

// Why the partition cannot run it; "" where it can.
std::string obstacle(const JobRequest& request, const Partition& one) {
  if (!one.up) return fmt::format("partition {} is not up: it starts no jobs now (sinfo shows which do)", one.name);
  for (const auto look : {node_obstacle, time_obstacle, memory_obstacle, account_obstacle, size_obstacle}) {
    std::string why = look(request, one);
    if (!why.empty()) return why;
  }
  return "";
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
    one.min_nodes = parse_count(field(fields, "MinNodes")).value_or(0);
    one.max_memory = parse_slurm_memory(field(fields, "MaxMemPerNode"));
    one.gives_memory = parse_count(field(fields, "DefMemPerNode")) || parse_count(field(fields, "DefMemPerCPU"));
    one.max_cpus = parse_count(field(fields, "MaxCPUsPerNode"));
    one.accounts = names_of(field(fields, "AllowAccounts"));
    one.not_accounts = names_of(field(fields, "DenyAccounts"));
    one.nodes = parse_count(field(fields, "TotalNodes")).value_or(0);
    one.cpus = parse_count(field(fields, "TotalCPUs")).value_or(0);
    partitions.push_back(std::move(one));
  }
  return partitions;
}

std::uint64_t cpus_of_a_node(const Partition& partition) {
  return partition.nodes == 0 ? 0 : partition.cpus / partition.nodes;
}

std::uint64_t parse_gpus(std::string_view text) {
  std::uint64_t all = 0;
  std::string one;
  int depth = 0;
  const auto take = [&] {
    const bool gpu = one == "gpu" || one.starts_with("gpu:");
    if (gpu) all += parse_count(one.substr(one.rfind(':') + 1)).value_or(1);
    one.clear();
  };
  for (const char c : text) {
    if (c == '(') ++depth;
    if (c == ',' && depth == 0)
      take();
    else if (depth == 0)
      one += c;
    if (c == ')') --depth;
  }
  take();
  return all;
}

void add_shapes(std::vector<Partition>& partitions, std::string_view text) {
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> fields;
    std::istringstream parts(line);
    for (std::string part; std::getline(parts, part, '|');) fields.push_back(part);
    if (fields.size() != 5) continue;
    // "4+": nodes that differ in something else.
    const auto number = [&](std::size_t place) {
      return parse_count(fields[place].substr(0, fields[place].find('+'))).value_or(0);
    };
    const auto one =
        std::find_if(partitions.begin(), partitions.end(), [&](const auto& p) { return p.name == fields[0]; });
    if (one != partitions.end()) one->shapes.push_back({number(3), number(1), parse_gpus(fields[2]), number(4) << 20});
  }
}

std::optional<std::vector<Partition>> ask_partitions(const std::string& scontrol, const std::string& sinfo,
                                                     const Ask& ask) {
  if (scontrol.empty()) return std::nullopt;
  const Answer answer = ask({scontrol, "show", "partition", "--oneliner"});
  if (!answer.well) return std::nullopt;
  std::vector<Partition> partitions = parse_partitions(answer.text);
  if (sinfo.empty()) return partitions;
  const Answer nodes = ask({sinfo, "--noheader", "--exact", "--format=%R|%c|%G|%D|%m"});
  if (nodes.well) add_shapes(partitions, nodes.text);
  return partitions;
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
    if (this_one.empty()) return account_doubt(request, *one);
    if (why.empty()) why = this_one;
  }
  if (!request.quality) throw Error(ExitCode::usage, why);
  return {why + " (unless the --qos lifts that)"};
}

TimeLimit usual_time(const JobRequest& request, const std::vector<Partition>& partitions, TimeLimit usual) {
  TimeLimit most;
  for (const Partition* const one : candidates(request, partitions)) {
    if (!one->max_time || !usual || *one->max_time >= *usual) return usual;
    if (!most || *one->max_time > *most) most = one->max_time;
  }
  return most ? most : usual;
}

std::optional<std::uint64_t> memory_to_ask(const Partition& partition) {
  if (!partition.max_memory || partition.gives_memory || partition.shapes.empty()) return std::nullopt;
  const bool all_have_more = std::all_of(partition.shapes.begin(), partition.shapes.end(),
                                         [&](const NodeShape& shape) { return shape.memory > *partition.max_memory; });
  return all_have_more ? partition.max_memory : std::nullopt;
}

const Partition* partition_of(const JobRequest& request, const std::vector<Partition>& partitions) {
  if (!request.partition.empty()) return find(partitions, split(request.partition).front());
  const auto usual = std::find_if(partitions.begin(), partitions.end(), [](const auto& p) { return p.usual; });
  return usual == partitions.end() ? nullptr : &*usual;
}

}  // namespace kiln::job
