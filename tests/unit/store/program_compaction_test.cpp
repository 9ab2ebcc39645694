#include "store/compaction.hpp"
#include "unit/temp_folder.hpp"

#include "base/tables.hpp"
#include "store/journal_view.hpp"
#include "store/segment.hpp"
#include "unit/store/journal_fixture.hpp"
#include "unit/store/merge_properties.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace kiln::store {
namespace {

using namespace testing;

constexpr std::uint64_t kPerFolder = 8;
constexpr std::uint64_t kUnits = 24;
constexpr std::uint32_t kStages = 3;

Tables tables_of(std::uint32_t stage) {
  const std::string name = "t" + std::to_string(stage);
  return {{name, {{"x", ColumnType::f64, "m", ""}, {"text", ColumnType::text, "", ""}}},
          {name + "_more", {{"n", ColumnType::i64, "", ""}}}};
}

/// What a reader finds of all stages: what is done and dead, of each unit its rows, and the partial results.
struct Story {
  std::map<std::uint32_t, schedule::IntervalSet> done;
  std::map<std::uint32_t, std::uint32_t> round;
  std::map<std::pair<std::uint32_t, std::uint64_t>, std::string> dead;
  std::multiset<std::string> rows;
  std::multiset<std::string> partials;
  std::multiset<double> batches;
  std::size_t roots = 0, plans = 0;
};

/// Several stages in several rounds, with two tables, partial results and segments; units come twice now and then,
/// segments get lost. Two run directories get the same entries; only one of them is merged.
class ProgramHistory {
 public:
  explicit ProgramHistory(std::uint64_t seed, bool small_files = true) : random_(seed) {
    options_.fan_in = 3 + random_() % 3;
    if (small_files) options_.small_segment = random_() % 3 == 0 ? 0 : 12000;
    if (small_files && random_() % 3 == 0) options_.most_bytes = 30000 + random_() % 90000;
    restart();
  }

  void restart() {
    for (Side* side : {&merged_, &plain_}) {
      fs::create_directories(side->folder.path() / "segments");
      side->compactor.reset();
      side->journal = std::make_unique<Journal>(side->folder.path(), JournalOptions{"launch", kPerFolder}, ops_);
      side->journal->begin_epoch({"launch", "host", 1, 0});
      const ScanOptions options{.numbers_per_folder = kPerFolder, .whole_segments = true};
      const ScanResult scan = scan_journal(side->folder.path(), options, [](const Visit&) {});
      side->journal->repair(scan);
      side->compactor = std::make_unique<Compactor>(*side->journal, scan, options_);
    }
  }

  void act() {
    const auto stage = static_cast<std::uint32_t>(random_() % kStages);
    switch (random_() % 14) {
      case 0:
        if (random_() % 4 == 0) ++round_[stage];
        return plan(stage);
      case 1:
        return append(ReopenEntry{schedule::IntervalSet(some_units())}, {}, stage);
      case 2:
        return append(RootEntry{"root", 1, 7}, {}, stage);
      case 3:
        lose_segment();
        return restart();
      case 4:
        return append(EndEntry{"launch", protocol::Outcome::interrupted, 75, 0}, {}, 0);
      default:
        return commit(stage);
    }
  }

  bool step() { return merged_.compactor->step(); }
  const std::string& blocked() const { return merged_.compactor->blocked(); }
  std::uint64_t draw(std::uint64_t below) { return random_() % below; }
  std::uint64_t last() const { return merged_.journal->last().value(); }

  void check() {
    const Story is = read(merged_.folder.path()), should = read(plain_.folder.path());
    EXPECT_EQ(is.done, should.done);
    EXPECT_EQ(is.round, should.round);
    EXPECT_EQ(is.dead, should.dead);
    EXPECT_EQ(is.rows, should.rows);
    EXPECT_EQ(is.partials, should.partials);
    EXPECT_EQ(is.batches, should.batches);
    EXPECT_EQ(is.roots, should.roots);
    EXPECT_EQ(is.plans, should.plans);
  }

  std::size_t files() const { return files_below(merged_.folder.path()); }

 private:
  struct Side {
    TempFolder folder;
    std::unique_ptr<Journal> journal;
    std::unique_ptr<Compactor> compactor;
  };

  Interval some_units() {
    const std::uint64_t first = random_() % kUnits;
    return make_interval(first, std::min(kUnits, first + 1 + random_() % 6));
  }

  void append(const EntryBody& body, const Schema& schema, std::uint32_t stage) {
    for (Side* side : {&merged_, &plain_}) side->journal->append(body, schema, StageId(stage), round_[stage]);
  }

  void plan(std::uint32_t stage) {
    PlanEntry plan;
    plan.name = fmt::format("stage {}", stage);
    plan.units = kUnits;
    plan.tables = tables_of(stage);
    append(plan, {}, stage);
  }

  void put(Rows& rows, Rows& more, std::uint64_t unit) {
    rows.begin_row(UnitId(unit));
    rows.put(static_cast<double>(salt_));
    rows.put_text(fmt::format("{}-{}", unit, salt_));
    for (std::uint64_t i = 0; i < unit % 3; ++i) {
      more.begin_row(UnitId(unit));
      more.put(static_cast<std::int64_t>(salt_ * 100 + i));
    }
  }

  static Bytes text(const std::string& text) {
    const ByteView view = as_bytes(text);
    return {view.begin(), view.end()};
  }

  SegmentFile segment(std::uint32_t stage, Interval units) {
    const Tables tables = tables_of(stage);
    std::vector<Rows> rows = make_tables(tables);
    for (auto unit = units.first.value(); unit < units.last.value(); ++unit) put(rows[0], rows[1], unit);
    ByteWriter out;
    encode_tables(rows, out);
    const Bytes blob = out.take();
    SegmentContent content{StageId(stage), schedule::IntervalSet(units), tables, {blob}, {}};
    if (stage != 0) content.partials.push_back(text(fmt::format("s{}", salt_)));
    SegmentFile file =
        write_segment(merged_.folder.path(), merged_.journal->epoch(), Rank(1), ++number_, std::move(content), ops_);
    // Copied: HDF5 puts the time into a file, so that one written again might have another checksum.
    fs::copy_file(segment_path(merged_.folder.path(), file.file), segment_path(plain_.folder.path(), file.file));
    segments_.push_back(file.file);
    return file;
  }

  void commit(std::uint32_t stage) {
    ++salt_;
    const Tables tables = tables_of(stage);
    CommitEntry commit;
    std::vector<Rows> rows = make_tables(tables);
    const Interval units = some_units();
    for (auto unit = units.first.value(); unit < units.last.value(); ++unit) {
      const auto kind = random_() % 8;
      if (kind == 0) continue;
      if (kind == 1) commit.dead.push_back({{UnitId(unit), 2, fmt::format("reason {}", salt_)}, EntryNumber()});
      if (kind > 1) commit.done.insert(single(UnitId(unit)));
      put(rows[0], rows[1], unit);
    }
    if (stage != 0) commit.partials.push_back(text(fmt::format("p{}", salt_)));
    commit.has_partials = !commit.partials.empty();
    commit.rows = std::move(rows[0]);
    if (rows[1].size() > 0) commit.more.push_back({1, tables[1], std::move(rows[1])});
    const Interval far = some_units();
    if (random_() % 3 == 0 && (far.first >= units.last || far.last <= units.first)) {
      commit.segments.push_back(segment(stage, far));
      commit.done.insert(far);
    }
    commit.batches.push_back({BatchId(salt_), Rank(1), units, units.size(), static_cast<double>(salt_), 0.5});
    append(commit, tables[0].schema, stage);
  }

  // In both folders, where it is still a file of its own in both; what was folded cannot be lost.
  void lose_segment() {
    if (segments_.empty() || random_() % 2 == 0) return;
    const std::string& name = segments_[random_() % segments_.size()];
    for (Side* side : {&merged_, &plain_}) {
      if (!fs::exists(segment_path(side->folder.path(), name))) return;
    }
    for (Side* side : {&merged_, &plain_}) fs::remove(segment_path(side->folder.path(), name));
  }

  static void add_rows(Story& story, const EntryFile& file, const RowsPart& part, std::size_t table) {
    const RowsPlace place(part.part, table);
    const Schema schema = file.schema(place);
    const Rows rows = file.rows(place, 0, file.row_count(place));
    for (std::size_t row = 0; row < rows.size(); ++row) {
      if (!part.take.contains(UnitId(rows.units()[row]))) continue;
      Rows one(schema);
      one.append_row(rows, row);
      const Bytes bytes = encoded(one);
      story.rows.insert(fmt::format("{} {} {}", part.stage.value(), table, as_text(bytes)));
    }
  }

  Story read(const fs::path& folder) const {
    Story story;
    LostSegments lost;
    std::map<std::uint32_t, LedgerBuilder> builders;
    std::vector<std::pair<RowsPart, Entry>> parts;
    for (std::uint32_t stage = 0; stage < kStages; ++stage) builders.try_emplace(stage, StageId(stage), &lost);
    scan_journal(folder, {.numbers_per_folder = kPerFolder}, [&](const Visit& visit) {
      lost = visit.lost;
      for (auto& [stage, builder] : builders) builder.add(visit.entry);
      const auto* commit = std::get_if<CommitEntry>(&visit.entry.body);
      if (std::holds_alternative<PlanEntry>(visit.entry.body)) ++story.plans;
      if (commit == nullptr) return;
      for (const auto& batch : commit->batches) story.batches.insert(batch.start);
      parts.push_back({{visit.in.path(), visit.part, visit.entry.stage, visit.entry.number, {}}, visit.entry});
    });
    std::map<std::uint32_t, LedgerState> states;
    std::map<std::uint32_t, RowResolver> resolvers;
    for (auto& [stage, builder] : builders) {
      const LedgerState& state = states.emplace(stage, builder.state()).first->second;
      story.done[stage] = state.done;
      story.round[stage] = state.round;
      for (const auto& [unit, dead] : state.dead) story.dead[{stage, unit.value()}] = dead.letter.reason;
      story.roots = state.roots.size();
      resolvers.try_emplace(stage, StageId(stage), state, &lost);
    }
    for (auto& [part, entry] : parts) {
      const Taken taken = resolvers.at(part.stage.value()).take_all(entry);
      part.take = taken.units;
      const EntryFile file(part.file);
      for (std::size_t table = 0; table < 2; ++table) add_rows(story, file, part, table);
      for (std::size_t i = 0; taken.partials && i < file.partials(part.part); ++i) {
        if (std::find(taken.skip.begin(), taken.skip.end(), i) != taken.skip.end()) continue;
        story.partials.emplace(as_text(file.partial(part.part, i)));
      }
      for (const SegmentFile& segment : taken.segments) add_segment(story, folder, segment, part.stage);
    }
    return story;
  }

  static void add_segment(Story& story, const fs::path& folder, const SegmentFile& segment, StageId stage) {
    const EntryFile file = open_segment(folder, segment);
    const RowsPart part{file.path(), 0, stage, EntryNumber(), segment.units, true};
    for (std::size_t table = 0; table < 2; ++table) add_rows(story, file, part, table);
    for (std::size_t i = 0; i < file.partials(); ++i) story.partials.emplace(as_text(file.partial(0, i)));
  }

  std::mt19937_64 random_;
  FaultyOps ops_;
  CompactionOptions options_;
  Side merged_, plain_;
  std::map<std::uint32_t, std::uint32_t> round_;
  std::vector<std::string> segments_;
  std::uint64_t salt_ = 0, number_ = 0;
};

TEST(ProgramCompactionProperty, ReadersCannotTellWhatWasMerged) { expect_readers_cannot_tell<ProgramHistory>(4); }

TEST(ProgramCompactionProperty, TheNumberOfFilesStaysSmall) {
  ProgramHistory history(3, false);
  expect_few_files(history, 500, kPerFolder);
}

}  // namespace
}  // namespace kiln::store
