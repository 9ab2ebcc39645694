#pragma once

#include "store/entry.hpp"
#include "store/entry_file.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace kiln::store {

/// One entry as the journal's reader meets it. Entries come in ascending order of number; a merged file's commits come
/// as one entry a stage and round at the first number it covers, then the entries it carries at their own numbers.
/// Compaction and void entries are not visited: the scan follows them.
struct Visit {
  const Entry& entry;        ///< rows only where asked for
  const EntryFile& in;       ///< the verified file that holds it; its rows can be read here, during the visit
  std::size_t part;          ///< of `in`, for a commit
  EntryNumber last;          ///< the last number this stands for
  const LostSegments& lost;  ///< so far; those of this entry are in it
};
using Visitor = std::function<void(const Visit&)>;

struct ScanOptions {
  bool rows = false;                        ///< decode the rows of commits too
  std::uint64_t numbers_per_folder = 1000;  ///< as the writer's
  /// Called where a file vanished because the run's writer merged it: all visited so far must be forgotten, the scan
  /// begins again. Without it such a scan throws StorageError (ENOENT). Not needed where no writer lives.
  std::function<void()> on_restart = nullptr;
  bool whole_segments = false;  ///< verify every byte of the segments too; else their lengths
};

struct ScanResult {
  EntryNumber highest;                          ///< 0: the journal is empty
  Epoch highest_epoch;                          ///< 0: none
  EntryNumber compaction;                       ///< the compaction entry that counts; 0: none
  std::vector<CompactionEntry::Merged> merged;  ///< of that entry, those that are readable, and what is lost (no file)
  bool merged_lost = false;                     ///< some were not: repair writes the list anew

  std::set<std::string> segments;  ///< that entries name
  LostSegments lost;               ///< of them, those that are missing or damaged

  struct Problem {
    EntryNumber number;          ///< 0: not one entry (a merged file)
    std::filesystem::path file;  ///< relative to the run directory
    bool missing = false;        ///< no file at all
    std::string why;
  };
  std::vector<Problem> problems;  ///< what is damaged or missing and not yet void
  /// The problems for people, one line each: "journal/000/000000017.h5: checksum differs; what it said runs again".
  std::vector<std::string> lines() const;
};

/// Reads the journal below `run_directory` and visits what counts. Changes nothing, and may run while a writer appends
/// and merges (see ScanOptions::on_restart).
/// Every file is verified whole. Throws StorageError, kiln::Error (run_directory) for a newer format, and what the
/// visitor throws.
ScanResult scan_journal(const std::filesystem::path& run_directory, const ScanOptions& options,
                        const Visitor& visitor = nullptr);

}  // namespace kiln::store
