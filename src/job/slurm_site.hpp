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

struct Partition {
  std::string name;
  bool usual = false;                      ///< jobs that name none go there
  bool up = true;                          ///< takes jobs and starts them
  TimeLimit max_time;                      ///< nothing: unlimited
  std::optional<std::uint64_t> max_nodes;  ///< of one job; nothing: unlimited
  std::uint64_t nodes = 0;                 ///< that it has
  std::uint64_t cpus = 0;                  ///< of all of them
};

/// From `scontrol show partition --oneliner`. What does not parse is left at its default; lines without a name are
/// left out.
std::vector<Partition> parse_partitions(std::string_view text);

/// Asks `scontrol` (a path). Nothing where it does not answer.
std::optional<std::vector<Partition>> ask_partitions(const std::string& scontrol, const Ask& ask);

/// What a job asks for, as far as partitions have a word in it.
struct JobRequest {
  std::string partition;          ///< as given, several with commas; "": the usual one
  std::uint64_t nodes = 1;        ///< the least that it takes
  std::optional<TimeLimit> time;  ///< nothing: not said
  bool quality = false;           ///< a --qos is named, which may lift limits
};

/// Whether one of the partitions that it names can run it. Throws kiln::Error (usage): what, which limit, what to do;
/// for a partition that does not exist the nearest name. Returns warnings, a line each.
std::vector<std::string> check_request(const JobRequest& request, const std::vector<Partition>& partitions);

/// The partition that a job would go to first; nullptr where none is known.
const Partition* partition_of(const JobRequest& request, const std::vector<Partition>& partitions);

}  // namespace kiln::job
