#pragma once

#include "job/ask.hpp"
#include "job/slurm_time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a Slurm says of itself, and whether it can grant what a job asks for.
namespace kiln::job {

/// Nodes of a partition that are alike.
struct NodeShape {
  std::uint64_t nodes = 0, cpus = 0, gpus = 0;
  std::uint64_t memory = 0;  ///< bytes
};

struct Partition {
  std::string name;
  bool usual = false;                      ///< jobs that name none go there
  bool up = true;                          ///< takes jobs and starts them
  TimeLimit max_time;                      ///< nothing: unlimited
  std::optional<std::uint64_t> max_nodes;  ///< of one job; nothing: unlimited
  std::uint64_t min_nodes = 0;             ///< of one job
  std::optional<std::uint64_t>
      max_memory;                         ///< bytes that a job may have on a node; nothing: unlimited, or said of CPUs
  bool gives_memory = false;              ///< a job that asks for none gets some; else all of its nodes
  std::optional<std::uint64_t> max_cpus;  ///< that jobs may have on a node; nothing: all
  std::vector<std::string> accounts;      ///< whose jobs it takes; empty: all
  std::vector<std::string> not_accounts;  ///< whose it does not
  std::uint64_t nodes = 0;                ///< that it has
  std::uint64_t cpus = 0;                 ///< of all of them
  std::vector<NodeShape> shapes;          ///< empty: not known
};
/// CPUs of its nodes, in the mean; 0: not known.
std::uint64_t cpus_of_a_node(const Partition& partition);

/// From `scontrol show partition --oneliner`. What does not parse is left at its default; lines without a name are
/// left out.
std::vector<Partition> parse_partitions(std::string_view text);

/// From `sinfo --format=%R|%c|%G|%D|%m`: into the partitions that it names.
void add_shapes(std::vector<Partition>& partitions, std::string_view text);

/// Asks `scontrol`, and `sinfo` for the nodes (paths, or ""). Nothing where scontrol does not answer.
std::optional<std::vector<Partition>> ask_partitions(const std::string& scontrol, const std::string& sinfo,
                                                     const Ask& ask);

/// "gpu:a100:4(S:0,2),shard:8" are 4: of --gres, and as sinfo has it.
std::uint64_t parse_gpus(std::string_view text);

/// What a job asks for, as far as partitions have a word in it.
struct JobRequest {
  std::string partition;          ///< as given, several with commas; "": the usual one
  std::uint64_t nodes = 1;        ///< the least that it takes; 0: not said
  std::uint64_t most_nodes = 0;   ///< 0: not said
  std::optional<TimeLimit> time;  ///< nothing: not said
  std::string account;            ///< "": not known
  std::uint64_t cpus = 0;         ///< of all nodes together; 0: not said
  std::uint64_t memory = 0;       ///< bytes on each node; 0: not said, or all that it has
  std::uint64_t cpus_per_unit = 0, gpus_per_unit = 0;
  bool quality = false;  ///< a --qos is named, which may lift limits
};

/// Whether one of the partitions that it names can run it. Throws kiln::Error (usage): what, which limit, what to do;
/// for a partition that does not exist the nearest name. Returns warnings, a line each.
std::vector<std::string> check_request(const JobRequest& request, const std::vector<Partition>& partitions);

/// What a job may have that does not say a time: `usual`, or the longest that a partition which it names allows.
TimeLimit usual_time(const JobRequest& request, const std::vector<Partition>& partitions, TimeLimit usual);

/// What a job that does not say how much memory it needs must ask for on a node, as all of it would be more than it may
/// have; nothing: it need not.
std::optional<std::uint64_t> memory_to_ask(const Partition& partition);

/// The partition that a job would go to first; nullptr where none is known.
const Partition* partition_of(const JobRequest& request, const std::vector<Partition>& partitions);

}  // namespace kiln::job
