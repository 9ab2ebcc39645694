#pragma once

#include <kiln/detail/interval.hpp>
#include <kiln/detail/stage.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace kiln::flow {

/// A recorded file that is not there any more.
struct GoneFile {
  std::string path;
  Interval units;  ///< that read it; none of an empty file
};

/// A source as the coordinator found it when its stage began.
struct ResolvedSource {
  std::uint64_t units = 0;
  /// What a worker needs to read it (files, sizes, shape), shipped once in the stage's setup and kept in the journal's
  /// plan entry; empty where the spec says all. Belongs to the source; versioned and checked by it.
  Bytes descriptor;
  /// Canonical text of what was found: part of the stage's identity. Two sources with one identity give the same items
  /// for the same unit, as far as sizes, times and checksums can tell.
  std::string identity;
  /// The same of what was recorded; it differs where new files were added (only_new): the units below `recorded_units`
  /// are what they were, those behind are new. Empty where nothing was recorded.
  std::string recorded_identity;
  std::uint64_t recorded_units = 0;
  /// A line for the log, the same for each stage that reads so: what would be faster. Mostly empty.
  std::string advice;
  std::vector<GoneFile> gone{};  ///< they keep their units (gone_stay): none of these may be left to run
};

class SliceCache;

struct ResolveOptions {
  /// The descriptor that the journal has of this stage; empty for a new one. What it names must still be the same, and
  /// keeps its units.
  ByteView recorded;
  bool only_new = false;   ///< new files of a glob get units after the recorded ones; else they are an error
  bool gone_stay = false;  ///< recorded files that a glob does not find any more keep their place; else an error
};

/// Finds out what only the coordinator can. Reads files' names, sizes, heads and tails, so never on the main thread.
/// Throws kiln::Error (bad input) naming the pattern, file or dataset, and what was found instead.
ResolvedSource resolve_source(const detail::SourceSpec& source, const ResolveOptions& options);

/// All of a stage is to be read again: throws kiln::Error (bad input) naming a recorded file of lines that is gone.
/// Says nothing where `recorded` is of a source of another kind.
void expect_all_there(const detail::SourceSpec& source, ByteView recorded);

/// The worker's side: what reads units. Null for range, grid and items. It opens files when they are first needed;
/// throws kiln::Error (internal) only where the descriptor is damaged. `source` and `cache` must outlive what is
/// returned; the cache is that of the process, used for sources whose slices are to be kept, on the executor thread.
/// `place`: where runs that have a name lie, for a source of shards.
std::unique_ptr<detail::UnitInput> open_input(const detail::SourceSpec& source, ByteView descriptor,
                                              SliceCache* cache = nullptr,
                                              std::shared_ptr<detail::RunPlace> place = nullptr);

}  // namespace kiln::flow
