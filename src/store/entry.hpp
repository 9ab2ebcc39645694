#pragma once

#include <kiln/detail/bytes.hpp>
#include <kiln/detail/rows.hpp>
#include <kiln/detail/stage.hpp>
#include "protocol/coordinator_port.hpp"
#include "schedule/interval_set.hpp"

#include <kiln/ids.hpp>

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
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

/// A worker's file below segments/ as an entry names it. Its results count as those of the entry, all or none.
struct SegmentFile {
  std::string file;  ///< without a folder
  std::uint64_t length = 0, checksum = 0;
  schedule::IntervalSet units;
};

/// Names of segment files that are missing or damaged: what they held does not count.
using LostSegments = std::set<std::string>;

/// Rows of one of a stage's tables behind the first.
struct MoreRows {
  std::uint32_t place = 0;  ///< of the table in the stage's plan; not 0
  Table table;
  Rows rows;  ///< sorted by unit
};

/// Results. `rows` holds the rows of done units and of dead letters, sorted by unit.
struct CommitEntry {
  schedule::IntervalSet done;  ///< those in segments included
  struct Dead {
    protocol::DeadLetter letter;
    EntryNumber number;  ///< of the entry that first said it (differs from this entry's after a merge)
  };
  std::vector<Dead> dead;
  Rows rows;  ///< of the stage's first table
  std::vector<protocol::BatchRecord> batches;
  // Of programs only:
  std::vector<MoreRows> more;   ///< ascending by place
  std::vector<Bytes> partials;  ///< what flow folded of the done units that are in no segment; opaque here. Where
                                ///< there are some, these units count all or none
  bool has_partials = false;    ///< set also where the partials themselves were not read
  /// Of merged files: units that count all or none, with so many of the partial results, which are in their order.
  /// Where there are any, units of none of them count one by one. Disjoint from each other and from the segments.
  struct Whole {
    schedule::IntervalSet units;
    std::uint64_t partials = 0;
    friend bool operator==(const Whole&, const Whole&) = default;
  };
  std::vector<Whole> wholes;
  std::vector<SegmentFile> segments;  ///< disjoint
};

/// The table of a plan that holds rejected records; all stages share it in results.h5.
inline constexpr std::string_view kRejectedTable = "rejected";
/// Its column of the number of records that a row stands for (u64).
inline constexpr std::string_view kRejectedCount = "count";

/// A round of a stage begins: what the program asks for. Readers need it to know the tables.
struct PlanEntry {
  std::string name;          ///< of the flow
  std::string description;   ///< canonical text of the plan
  std::string build;         ///< which executable: another text is another program
  std::uint64_t inputs = 0;  ///< digest of what the program declared to read besides
  std::uint64_t units = 0;
  Tables tables;
  struct Reduce {
    std::string name, description;
    bool exact = false;
    friend bool operator==(const Reduce&, const Reduce&) = default;
  };
  std::vector<Reduce> reduces;
  Bytes setup;                       ///< descriptor of the resolved source; opaque here
  std::vector<std::string> records;  ///< the source's files for people, one line each
  std::uint64_t before = 0;          ///< chain_after() the stage before; 0 for the first
  std::uint64_t identity = 0;        ///< identity_of() this
};

/// A stage is over: every unit is settled and committed.
struct StageEndEntry {
  detail::StageCounts counts;
  std::vector<std::optional<Bytes>> values;  ///< of the reduces, in the order of the plan
  struct Shown {
    std::uint32_t reduce = 0;  ///< its place in the plan
    Table table;               ///< its name: "" for the one table of a value
    Rows rows;
  };
  std::vector<Shown> show;  ///< the values as tables for people and results.h5
  double seconds = 0;       ///< of the launch that ended it
};

/// What a program does once (`Session::at_root`) is done.
struct RootEntry {
  std::string name;
  std::uint32_t call = 0;      ///< its ordinal among the program's calls
  std::uint64_t identity = 0;  ///< of what came before it; with another it counts for nothing
};

/// These dead letters are withdrawn (`kiln retry`): a later success or dead letter counts for them.
/// It concerns dead letters with a lower number only.
struct ReopenEntry {
  schedule::IntervalSet units;
};

/// These units may begin from here on (`--no-rerun-lost`). Whoever reads that of a unit without a result, while no rank
/// says that it has it, takes it for begun. A reopening withdraws it, and so does the end of the launch that gave it,
/// where that has waited for all it had handed out.
struct GivenEntry {
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

using EntryBody = std::variant<EpochEntry, SourceEntry, CommitEntry, ReopenEntry, CompactionEntry, VoidEntry, EndEntry,
                               PlanEntry, StageEndEntry, RootEntry, GivenEntry>;

struct Entry {
  EntryNumber number;
  Epoch epoch;
  StageId stage;
  std::uint32_t round = 0;
  EntryBody body;
};

}  // namespace kiln::store
