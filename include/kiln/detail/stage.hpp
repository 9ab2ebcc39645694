#pragma once

#include <kiln/detail/bytes.hpp>
#include <kiln/detail/interval.hpp>
#include <kiln/detail/keyed/key_sample.hpp>
#include <kiln/detail/keyed/run.hpp>
#include <kiln/detail/place.hpp>
#include <kiln/detail/rows.hpp>
#include <kiln/schema.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What lies between a user's typed flow, compiled into his program, and the engine, which knows no types: bytes and
/// virtual calls, once a chunk of units and never once a unit.
namespace kiln::detail {

// ---- Reductions

class RunPlace;       // kiln/detail/keyed/run_place.hpp
struct RecordFormat;  // kiln/detail/records.hpp

/// A set of complete nodes with their values, siblings joined: what a worker folds, what travels, what the coordinator
/// collects. Joining two forests is a union that joins siblings, so neither the order of arrival nor the cut of the
/// batches can change a bit. Of an exact monoid, places do not matter: one value and the set of its units. One thread
/// at a time. Operations of the user's type may throw; the forest is not to be used any more then.
class Forest {
 public:
  virtual ~Forest() = default;
  /// Takes all nodes of `other` (made by the same sink), which is left empty. A node that is there already, or inside
  /// one that is, is dropped; of an exact monoid, where that is not possible,
  /// units in both throw kiln::Error (internal).
  virtual void absorb(Forest& other) = 0;
  /// The same of what encode() wrote. Throws kiln::Error (internal) where the bytes are damaged.
  virtual void admit(ByteReader& in) = 0;
  /// All nodes, canonical and lossless: docs/file-format.md, "Partial results".
  virtual void encode(ByteWriter& out) const = 0;
  /// The units that are in it, ascending, disjoint, not touching.
  virtual std::vector<Interval> units() const = 0;
  virtual std::size_t nodes() const = 0;
  /// Memory of the values, about.
  virtual std::size_t bytes() const = 0;
  /// The value of all units, holes taken for empty, in the shape of the tree; nothing where no unit gave any. Encoded
  /// by the value's codec. Changes nothing.
  virtual std::optional<Bytes> value() const = 0;
  /// Where merge() adds 64-bit numbers one by one, and nothing else: how many a value has; else 0. Then MPI may add
  /// them.
  virtual std::uint64_t count_length() const { return 0; }
  /// These numbers of the value that is here: count_length() of them, or none where no unit gave any. Views into the
  /// forest.
  virtual std::span<std::uint64_t> counts() { return {}; }
  /// What encode() writes, without these numbers; and takes it: units, and a value of zeros where there was one and
  /// here is none. Only where count_length() is not 0.
  virtual void encode_beside(ByteWriter& /*out*/) const {}
  virtual void admit_beside(ByteReader& /*in*/) {}
  /// A value of zeros where there is none.
  virtual void provide_counts() {}
  /// Takes the memory for that now, so that it is there when it is needed.
  virtual void reserve_counts() {}
  /// Whether it may travel with a message when it is small; else it is held until it is put down.
  virtual bool may_ride() const { return true; }
  /// Before encode(), on a thread that does files: what is too much to travel goes to a file. Throws kiln::Error where
  /// the disk says no; then all is here as it was.
  virtual void put_down(RunPlace& /*place*/) {}
  /// Tries on the values here what the monoid and its codec promise (--verify): what is broken, "" where nothing was
  /// found. Costs a few merges. Changes nothing.
  virtual std::string verify() const { return {}; }
};

/// The value of a forest for who knows its type.
template <class Value>
class TypedValue {
 public:
  virtual ~TypedValue() = default;
  /// Gives it away; nothing where no unit gave any.
  virtual std::optional<Value> take_value() = 0;
};

// ---- Sources

/// One of the values that the stages of a job give.
struct StageValue {
  std::uint32_t stage = 0;   ///< in the job
  std::uint32_t reduce = 0;  ///< place in StagePlan::reduces
};

/// Where units come from, as the program says it: the same on every rank. What only the coordinator can find out (the
/// files behind a glob, the shape of a dataset) is added when the stage begins and travels in its setup.
struct SourceSpec {
  enum class Kind : std::uint8_t {
    range = 1,
    grid = 2,
    items = 3,
    lines = 4,
    hdf5 = 5,
    shards = 6,
    merged = 7,
    records = 8
  };
  Kind kind = Kind::range;
  std::uint64_t units = 0;               ///< range, grid, items: how many; of files: found out
  std::string description;               ///< canonical; two sources with one description are the same source
  std::vector<std::string> files;        ///< lines, records: paths and globs; hdf5: one path
  std::string dataset;                   ///< hdf5
  ColumnType element = ColumnType::f64;  ///< hdf5: what the dataset must hold
  std::uint32_t rank = 0;                ///< hdf5: its number of dimensions; 0: any
  std::uint64_t unit_size = 0;           ///< lines, records: bytes of a unit (split); hdf5: its rows
  std::uint64_t record_size = 0;         ///< records: bytes
  bool words = false;                    ///< lines: the text is cut at any white space, not only at line ends
  bool keep = false;  ///< hdf5: a worker keeps the slices it has read, for later stages of the session
  std::shared_ptr<const RecordFormat> records = {};  ///< lines: what is made of them; null for text
  /// shards: which stages give the runs, and the runs (encode_runs), set when these are over. No other kind has any.
  std::vector<StageValue> from = {};
  std::vector<std::shared_ptr<const Bytes>> runs = {};
  /// merged: its sources; its units are those of the first, then those of the second, and so on.
  std::vector<SourceSpec> parts = {};
};

/// Part of a dataset along its first axis, as read by the worker. The memory is the engine's, for the present unit.
struct RawSlice {
  const void* data = nullptr;
  std::uint64_t first = 0;  ///< index of the first row in the dataset
  std::uint64_t rows = 0;
  std::uint64_t row_values = 0;           ///< values in a row (1 for a one-dimensional dataset)
  std::vector<std::uint64_t> dimensions;  ///< of a row: those of the dataset behind the first
};

/// Whole lines (or words), or records, of one file.
struct LineBlock {
  std::string_view text;     ///< complete lines; the last one of a file may lack its newline
  std::uint64_t offset = 0;  ///< of the text's first byte in the (uncompressed) file
  std::uint32_t file = 0;    ///< place in files()
  /// lines: where the text is the begin of one line that is none for its length, why; else null
  const char* rejected = nullptr;
};

/// What the engine reads for a unit; on the executor thread. Errors of reading throw std::exception: the unit fails.
class UnitInput {
 public:
  virtual ~UnitInput() = default;
  /// hdf5: the slice of the unit.
  virtual RawSlice slice(UnitId unit) = 0;
  /// lines, records: begins to read the unit; then each call of next_lines gives more, false at its end.
  virtual void open_lines(UnitId unit) = 0;
  virtual bool next_lines(LineBlock& block) = 0;
  virtual std::string_view file_name(std::uint32_t file) const = 0;
  /// lines: the first record of the open unit's file as it is there, with its line end; a quoted field may go over
  /// several lines.
  virtual std::string header() { return {}; }
  /// lines: the number in its file, from 1, of the first line that next_lines gave of the open unit; -1 where lines are
  /// not counted so far into a file. It may have to read the file up to there.
  virtual std::int64_t first_line() { return -1; }
  /// shards: what each run of a list (SourceSpec::runs) has of the shard, sorted. Other sources have none.
  virtual std::vector<std::unique_ptr<RunReader>> open_shard(UnitId /*unit*/, std::size_t /*list*/) { return {}; }
  /// shards, of a sort: the range that the unit is, and what each run has of it, sorted, with some entries in front and
  /// behind. Other sources have none.
  virtual std::vector<std::unique_ptr<RunReader>> open_range(UnitId /*unit*/, KeyRange& /*range*/) { return {}; }
  /// shards: where runs of the open unit are merged that are too many to be read at once; null: all are read.
  virtual MergeSpace* merge_space() { return nullptr; }
  /// merged: where the units of each part begin, and where the last one's end; and what reads those of a part, by their
  /// numbers in it, null for range, grid and items. Other sources have no parts.
  virtual std::span<const std::uint64_t> part_bounds() const { return {}; }
  virtual UnitInput* part(std::size_t /*number*/) { return this; }
};

// ---- Running

struct FailedUnit {
  UnitId unit;
  std::string reason;
};

/// A record inside a unit that the user's code does not want: data of that unit, not a failure of it.
struct RejectedRecord {
  UnitId unit;
  std::string file;          ///< "" where the source has no files
  std::uint64_t offset = 0;  ///< of the record in the (uncompressed) file; for other sources its number in the unit
  std::string text;          ///< its first bytes (RejectedList)
  std::string reason;
  std::int64_t line = -1;   ///< number of its first line in the file, from 1; -1 where it is not counted
  std::uint64_t count = 1;  ///< records that it stands for: those of a unit that are too many for a list are one
};

/// Where the code of a stage puts what came of units. Belongs to one call of StageCode::run.
struct StageOutput {
  std::vector<Rows>* tables = nullptr;                      ///< of the rows sinks, in the order of the plan
  std::vector<std::unique_ptr<Forest>>* forests = nullptr;  ///< of the reduce sinks, in the order of the plan
  std::vector<FailedUnit> failures;                         ///< nothing of these units is in tables, forests, rejected
  std::vector<RejectedRecord> rejected;
  std::uint64_t ran = 0;  ///< units from the front that were run; all of them unless cancelled
};

/// Which unit runs, for the case that it ends the process.
class RunningUnit {
 public:
  static constexpr std::uint64_t kSeveral = UINT64_MAX;  ///< of those that were claimed
  void set(UnitId unit) noexcept { unit_.store(unit.value(), std::memory_order_relaxed); }
  void set_several() noexcept { unit_.store(kSeveral, std::memory_order_relaxed); }
  std::uint64_t get() const noexcept { return unit_.load(std::memory_order_relaxed); }
  /// Where nobody looks.
  static RunningUnit& nobodys() noexcept {
    static RunningUnit unit;
    return unit;
  }

 private:
  std::atomic<std::uint64_t> unit_ = kSeveral;
};

/// What units may ask for while they run; outlives the call.
struct StageHost {
  std::uint64_t seed = 0;   ///< of the run
  std::uint32_t stage = 0;  ///< ordinal of the stage in the run
  std::uint32_t attempt = 1;
  UnitInput* input = nullptr;                              ///< null for range, grid and items
  std::function<bool()> cancelled = [] { return false; };  ///< any time; cheap
  RunningUnit* running = &RunningUnit::nobodys();          ///< told of each unit
  std::function<std::string(UnitId)> scratch;              ///< makes the unit's scratch directory, on first use
};

/// The user's functions of one stage as one loop over units.
class StageCode {
 public:
  virtual ~StageCode() = default;
  /// Runs the units in order. An exception of the user's code fails its unit and no other. One thread at a time.
  virtual void run(Interval units, const StageHost& host, StageOutput& output) = 0;
};

// ---- The plan

struct RowsSink {
  Table table;
};
struct ReduceSink {
  std::string name;           ///< below /reduced in results.h5; unique in its stage
  std::string description;    ///< canonical: the monoid and its parameters
  bool exact = false;         ///< associative and commutative in bits
  bool keyed = false;         ///< of a step by key: its value is encode_runs of runs, and of no interest to people
  std::size_t most_held = 0;  ///< of a step by key: bytes beyond which its runs gain nothing from being longer
  std::function<std::unique_ptr<Forest>()> make_forest;
  /// The value as tables for people and HDF5, from its encoding: each with one or more columns of equal length.
  std::function<std::vector<std::pair<Table, Rows>>(ByteView value)> show;
  /// kiln::so_far(): the user's function, with the encoding of what so many units gave. Empty where nobody asks.
  std::function<void(ByteView value, std::uint64_t units)> tell_so_far;
  std::chrono::nanoseconds tell_every{};
};

/// One stage: a source, the fused steps, the sinks.
struct StagePlan {
  std::string name;  ///< of the flow, with the steps by key that it ends in and begins behind: "sales: sort, behind
                     ///< reduce_by_key"
  std::string description;  ///< canonical, one line: source, steps, sinks with their schemas. Equal plans, equal text
  SourceSpec source;
  std::vector<RowsSink> rows;
  std::vector<ReduceSink> reduces;
  std::function<std::unique_ptr<StageCode>()> make_code;
  std::function<std::int32_t(UnitId)> priority;  ///< higher first; empty: all the same
  bool descending = false;                       ///< units with high ids first
  std::uint64_t most_in_flight = 0;              ///< units handed out at a time, over all workers; 0: no limit
  bool pure = true;                              ///< home order is allowed, units may run twice (--verify)
  std::uint32_t reader = 1;  ///< of one that gives runs: so many stages behind it is the last one that reads them
  std::vector<std::string> strands;   ///< for people: what runs as one loop, a line each
  std::vector<std::uint32_t> behind;  ///< for people: so many stages in front of it are those that it reads; ascending
};

struct StageCounts {
  std::uint64_t units = 0, done = 0, failed = 0, rejected = 0;
};

/// What a stage gave, on every rank the same.
struct StageResult {
  std::vector<std::optional<Bytes>> values;  ///< of the reduce sinks
  /// Empty, or of each reduce sink: null, or the forest that has its value, a TypedValue; then `values` does not.
  std::vector<std::unique_ptr<Forest>> forests;
  StageCounts counts;
  double seconds = 0;    ///< of this launch
  bool resumed = false;  ///< it was over before this launch
};

/// What a Session asks of the engine; program thread.
class SessionPort {
 public:
  virtual ~SessionPort() = default;
  /// Collective. `inputs`: a digest of everything the stage's code reads besides its source. Throws kiln::Error where
  /// the ranks differ; what it throws when the run is stopped is not to be caught.
  virtual StageResult run(const StagePlan& plan, std::uint64_t inputs) = 0;
  /// Collective; `f` runs on one rank.
  virtual void at_root(std::string_view name, const std::function<void()>& f) = 0;
  virtual std::uint64_t seed() const = 0;
  virtual std::string directory() const = 0;
};

}  // namespace kiln::detail
