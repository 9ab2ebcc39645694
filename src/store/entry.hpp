#pragma once

#include <kiln/detail/bytes.hpp>
#include <kiln/detail/rows.hpp>
#include "protocol/coordinator_port.hpp"
#include "schedule/interval_set.hpp"

#include <kiln/ids.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

/// What a journal entry says. The bytes on disk are the business of entry_file.hpp.
namespace kiln::store {

/// A 128-bit name of a unit: XXH3-128 of its command, seeded with its occurrence among equal commands.
struct UnitHash {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend auto operator<=>(const UnitHash&, const UnitHash&) = default;
};

/// A coordinator's reign begins.
struct EpochEntry {
  std::string launch_id;
  std::string host;
  std::int32_t pid = 0;
  double started = 0;  ///< Unix seconds UTC
};

/// The source as it is from here on. Units keep their ids for good; a changed source appends another such entry.
struct SourceEntry {
  std::uint32_t version = 1;        ///< 1, 2, …; source/<version> is the copy of the file
  std::uint64_t fingerprint = 0;    ///< checksum of the copy
  std::uint64_t units = 0;          ///< all units after this entry
  std::vector<UnitHash> hashes;     ///< of the new units only, in id order (the last `hashes.size()` of `units`)
  std::vector<std::int64_t> lines;  ///< of every unit: its line in the present source, -1 for removed; empty where the
                                    ///< source has no lines (a range)
};

/// Results. `rows` holds the rows of done units and of dead letters, sorted by unit.
struct CommitEntry {
  schedule::IntervalSet done;
  struct Dead {
    protocol::DeadLetter letter;
    EntryNumber number;  ///< of the entry that first said it (differs from this entry's after a merge)
  };
  std::vector<Dead> dead;
  Rows rows;
  std::vector<protocol::BatchRecord> batches;
};

/// These dead letters are withdrawn (`kiln retry`): a later success or dead letter counts for them.
/// It concerns dead letters with a lower number only.
struct ReopenEntry {
  schedule::IntervalSet units;
};

/// Merged files stand in for ranges of entries. Each such entry holds the complete list, so only the highest valid one
/// counts.
struct CompactionEntry {
  struct Merged {
    EntryNumber first, last;  ///< the numbers it covers, both included
    std::uint32_t level = 1;
    std::string file;  ///< below merged/; empty where what the numbers said is lost: they say nothing
    std::uint64_t length = 0, checksum = 0;
  };
  std::vector<Merged> merged;  ///< sorted, disjoint
};

/// The entry at `number` is damaged or missing and says nothing.
struct VoidEntry {
  EntryNumber number;
  std::string reason;
};

/// A launch has ended.
struct EndEntry {
  std::string launch_id;
  protocol::Outcome outcome = protocol::Outcome::complete;
  std::int32_t exit_code = 0;
  double ended = 0;  ///< Unix seconds UTC
};

using EntryBody = std::variant<EpochEntry, SourceEntry, CommitEntry, ReopenEntry, CompactionEntry, VoidEntry, EndEntry>;

struct Entry {
  EntryNumber number;
  Epoch epoch;
  StageId stage;
  std::uint32_t round = 0;
  EntryBody body;
};

}  // namespace kiln::store
