#pragma once

#include <kiln/ids.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kiln::store {

/// Who writes a run: the content of owner.json. It saves work; it is never what keeps two writers apart.
struct Owner {
  std::uint64_t beat = 0;  ///< grows while the owner lives
  std::string host;
  std::string boot_id;  ///< of the host's kernel, with the process's pid namespace; "" where unknown
  std::int32_t pid = 0;
  std::uint64_t process_start = 0;  ///< clock ticks after boot, /proc/PID/stat field 22; 0 where unknown
  std::string job_id;               ///< SLURM_JOB_ID; "" outside Slurm
  std::int32_t restart_count = 0;   ///< SLURM_RESTART_COUNT
  std::string launch_id;
  Epoch epoch;
  bool released = false;  ///< the owner has ended in good order

  friend bool operator==(const Owner&, const Owner&) = default;
};

std::string to_json(const Owner& owner);
/// Nothing where the text is not an owner's (a torn file after a power failure).
std::optional<Owner> parse_owner(std::string_view text);

/// This process; beat, launch id and epoch are the caller's to set. Reads /proc and the environment.
Owner this_process();

/// When a process on this host began, in clock ticks after boot; nothing where it does not exist or is a zombie.
std::optional<std::uint64_t> process_start(std::int32_t pid);

/// "pid 4711 on node7 (Slurm job 42)", for messages.
std::string describe(const Owner& owner);

}  // namespace kiln::store
