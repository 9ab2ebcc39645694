#pragma once

#include <kiln/detail/interval.hpp>
#include <kiln/detail/stage.hpp>

#include <cstdint>
#include <filesystem>
#include <string_view>

/// Which units user code runs, for the case that it ends the process: a signal, or exit().
namespace kiln::job {

/// From now on a deadly signal, or an end of the process that nobody announced, leaves a line on standard error with
/// what this rank was running; the process then ends as it would have. Once per process.
void install_crash_note(std::int32_t rank);

/// From now on what leaves that line leaves the file as well, which says the same (store::CrashMark), where it can be
/// written; but not a signal that another process has sent, nor what a child of this process does. The first call
/// counts.
void mark_crash(const std::filesystem::path& mark, std::string_view build);

/// From now on a rank whose output nobody reads any more goes on: the write fails instead of ending the process. What
/// it starts is not changed.
void outlive_readers();

/// From now on an overflow of this thread's stack leaves that line as well. Any number of times.
void survive_overflow();

/// Of those of note_running, the one that runs: who runs them tells it.
detail::RunningUnit& noted_unit();

/// The units that run from now on, one after the other; on the executor thread. Empty for none.
void note_running(std::uint32_t stage, Interval units, std::uint32_t attempt);

/// The process may end now.
void announce_end();

}  // namespace kiln::job
