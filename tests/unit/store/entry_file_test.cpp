#include "store/entry_file.hpp"

#include "store/rows_codec.hpp"
#include "unit/store/entry_samples.hpp"

#include <gtest/gtest.h>
#include <kiln/error.hpp>

#include <cstdlib>
#include <random>

namespace kiln::store {
namespace {

using testing::encoded;
using testing::sample_commit;
using testing::sample_schema;

Entry entry_of(EntryBody body) { return {EntryNumber(17), Epoch(3), StageId(2), 5, std::move(body)}; }

Entry round_trip(const Entry& entry, bool rows = true) {
  const Bytes bytes = encode_entry(entry, sample_schema());
  Entry back = EntryFile(bytes, "17").entry(rows);
  EXPECT_EQ(back.number, entry.number);
  EXPECT_EQ(back.epoch, entry.epoch);
  EXPECT_EQ(back.stage, entry.stage);
  EXPECT_EQ(back.round, entry.round);
  return back;
}

TEST(EntryFile, KeepsAnEpoch) {
  const Entry back = round_trip(entry_of(EpochEntry{"launch", "node-1", 4711, 1.25e9}));
  const auto& body = std::get<EpochEntry>(back.body);
  EXPECT_EQ(body.launch_id, "launch");
  EXPECT_EQ(body.host, "node-1");
  EXPECT_EQ(body.pid, 4711);
  EXPECT_EQ(body.started, 1.25e9);
}

TEST(EntryFile, KeepsASource) {
  const Entry back = round_trip(entry_of(SourceEntry{2, 99, 3, {{1, 2}, {3, 4}}, {1, -1, 7}}));
  const auto& body = std::get<SourceEntry>(back.body);
  EXPECT_EQ(body.version, 2u);
  EXPECT_EQ(body.fingerprint, 99u);
  EXPECT_EQ(body.units, 3u);
  EXPECT_EQ(body.hashes, (std::vector<UnitHash>{{1, 2}, {3, 4}}));
  EXPECT_EQ(body.lines, (std::vector<std::int64_t>{1, -1, 7}));
}

TEST(EntryFile, KeepsACommit) {
  CommitEntry commit = sample_commit(100, 200);
  commit.done.insert(make_interval(1000, 2000));
  commit.dead.push_back({{UnitId(5), 3, "exit code 3"}, EntryNumber(12)});
  commit.dead.push_back({{UnitId(6), 1, ""}, EntryNumber()});
  const Entry back = round_trip(entry_of(commit));
  const auto& body = std::get<CommitEntry>(back.body);
  EXPECT_EQ(body.done, commit.done);
  ASSERT_EQ(body.dead.size(), 2u);
  EXPECT_EQ(body.dead[0].letter.unit, UnitId(5));
  EXPECT_EQ(body.dead[0].letter.attempts, 3u);
  EXPECT_EQ(body.dead[0].letter.reason, "exit code 3");
  EXPECT_EQ(body.dead[0].number, EntryNumber(12));
  EXPECT_EQ(body.dead[1].number, EntryNumber(17)) << "a dead letter without a number has its entry's";
  ASSERT_EQ(body.batches.size(), 1u);
  EXPECT_EQ(body.batches[0].rank, Rank(3));
  EXPECT_EQ(body.batches[0].units, make_interval(100, 200));
  EXPECT_EQ(body.batches[0].busy_seconds, 0.25);
  EXPECT_EQ(body.batches[0].records, 4711u);
  EXPECT_EQ(encoded(body.rows), encoded(commit.rows));
}

TEST(EntryFile, ReadsTheLedgerWithoutTheRows) {
  const Entry back = round_trip(entry_of(sample_commit(0, 50)), false);
  EXPECT_EQ(std::get<CommitEntry>(back.body).rows.size(), 0u);
  EXPECT_EQ(std::get<CommitEntry>(back.body).done.count(), 50u);
}

TEST(EntryFile, ReadsRangesOfRowsAndTheSchema) {
  const CommitEntry commit = sample_commit(10, 110);
  const Bytes bytes = encode_entry(entry_of(commit), sample_schema());
  const EntryFile file(bytes, "17");
  EXPECT_EQ(file.schema(), sample_schema());
  EXPECT_EQ(file.parts(), 1u);
  EXPECT_EQ(file.row_count(), 100u);
  EXPECT_EQ(file.row_units(0, 98, 2), (std::vector<std::uint64_t>{108, 109}));
  Rows expected(sample_schema());
  for (std::size_t row = 37; row < 60; ++row) expected.append_row(commit.rows, row);
  EXPECT_EQ(encoded(file.rows(0, 37, 23)), encoded(expected));
  EXPECT_THROW(file.rows(0, 99, 2), Error);
}

TEST(Schema, TextOfItReadsBackAndOldOnesToo) {
  EXPECT_EQ(parse_schema(schema_text(sample_schema())), sample_schema());
  EXPECT_EQ(parse_schema("a\tf64\ts\twhat\nb\ttext\n"),
            (Schema{{"a", ColumnType::f64, "s", "what"}, {"b", ColumnType::text, "", ""}}));
  EXPECT_EQ(schema_text({{"a", ColumnType::f64, "s", "what"}}), "a\tf64\ts\twhat\n");
  for (const char* bad : {"a\tf64\t\t\t1\n", "a\tf64\t\t\t0\n", "a\tf64\t\t\t-2\n", "a\tf64\t\t\t3x\n",
                          "a\tf64\t\t\t99999999999\n", "a\ttext\t\t\tlist\n", "a\tf99\n"}) {
    EXPECT_THROW(parse_schema(bad), Error) << bad;
  }
  using namespace std::string_view_literals;
  EXPECT_THROW(parse_schema("a\0b\tf64\n"sv), Error);
  EXPECT_THROW(parse_schema("\tf64\n"), Error);
}

TEST(EntryFile, KeepsTheSmallKinds) {
  const Entry reopen = round_trip(entry_of(ReopenEntry{schedule::IntervalSet(make_interval(3, 9))}));
  EXPECT_EQ(std::get<ReopenEntry>(reopen.body).units.count(), 6u);
  const Entry compaction = round_trip(entry_of(CompactionEntry{
      {{EntryNumber(1), EntryNumber(4), 2, "a.h5", 10, 11}, {EntryNumber(5), EntryNumber(5), 1, "b.h5", 12, 13}}}));
  const auto& merged = std::get<CompactionEntry>(compaction.body).merged;
  ASSERT_EQ(merged.size(), 2u);
  EXPECT_EQ(merged[0].file, "a.h5");
  EXPECT_EQ(merged[0].level, 2u);
  EXPECT_EQ(merged[1].last, EntryNumber(5));
  EXPECT_EQ(merged[1].checksum, 13u);
  const Entry voided = round_trip(entry_of(VoidEntry{EntryNumber(4), "checksum differs"}));
  EXPECT_EQ(std::get<VoidEntry>(voided.body).number, EntryNumber(4));
  EXPECT_EQ(std::get<VoidEntry>(voided.body).reason, "checksum differs");
  const Entry given = round_trip(entry_of(GivenEntry{schedule::IntervalSet(make_interval(3, 9))}));
  EXPECT_EQ(std::get<GivenEntry>(given.body).units.count(), 6u);
  const Entry end = round_trip(entry_of(EndEntry{"launch", protocol::Outcome::interrupted, 75, 2.5}));
  EXPECT_EQ(std::get<EndEntry>(end.body).outcome, protocol::Outcome::interrupted);
  EXPECT_EQ(std::get<EndEntry>(end.body).exit_code, 75);
}

TEST(EntryFile, KeepsAMergedFile) {
  Merged merged{EntryNumber(1), EntryNumber(9), Epoch(4), {}, {}};
  merged.parts.push_back({EntryNumber(1), Epoch(4), StageId(0), 0, sample_commit(0, 20)});
  merged.parts.push_back({EntryNumber(1), Epoch(4), StageId(1), 2, sample_commit(5, 6)});
  merged.carried.push_back({EntryNumber(7), encode_entry(entry_of(ReopenEntry{}), {})});
  const Bytes bytes = encode_merged(merged, {sample_schema(), sample_schema()});
  const EntryFile file(bytes, "merged");
  EXPECT_EQ(file.header().last, EntryNumber(9));
  EXPECT_EQ(file.parts(), 2u);
  EXPECT_EQ(file.row_count(1), 1u);
  const Merged back = file.merged(true);
  ASSERT_EQ(back.parts.size(), 2u);
  EXPECT_EQ(back.parts[1].stage, StageId(1));
  EXPECT_EQ(back.parts[1].round, 2u);
  EXPECT_EQ(std::get<CommitEntry>(back.parts[0].body).rows.size(), 20u);
  ASSERT_EQ(back.carried.size(), 1u);
  EXPECT_EQ(back.carried[0].number, EntryNumber(7));
  EXPECT_EQ(back.carried[0].file, merged.carried[0].file);
}

TEST(EntryFile, SmallEntriesAreSmall) {
  CommitEntry commit;
  commit.done.insert(make_interval(0, 100));
  EXPECT_LT(encode_entry(entry_of(commit), {}).size(), 4096u);
  EXPECT_LT(encode_entry(entry_of(sample_commit(0, 20)), sample_schema()).size(), 12000u);
}

TEST(EntryFile, KnowsEveryTruncation) {
  const Bytes bytes = encode_entry(entry_of(sample_commit(0, 30)), sample_schema());
  for (std::size_t size = 0; size < bytes.size(); size += 64) {
    EXPECT_THROW(EntryFile(ByteView(bytes).first(size), "cut"), Damage) << size;
  }
  EXPECT_THROW(EntryFile(ByteView(bytes).first(bytes.size() - 1), "cut"), Damage);
  Bytes longer = bytes;
  longer.push_back(std::byte{0});
  EXPECT_THROW(EntryFile(longer, "longer"), Damage);
}

TEST(EntryFile, KnowsEveryFlippedBit) {
  const Bytes bytes = encode_entry(entry_of(sample_commit(0, 30)), sample_schema());
  std::mt19937_64 random(7);
  for (int i = 0; i < 5000; ++i) {
    Bytes flipped = bytes;
    const std::size_t at = i < 512 ? static_cast<std::size_t>(i) : random() % bytes.size();
    flipped[at] ^= static_cast<std::byte>(1u << (random() % 8));
    EXPECT_THROW(EntryFile(flipped, "flipped"), Damage) << at;
  }
}

TEST(EntryFile, AReaderThatDoesNotKnowWhatWasGivenRefusesIt) {
  const Bytes bytes = encode_entry(entry_of(GivenEntry{}), {});
  EXPECT_EQ(read_header(bytes).format, 3u);
  const Merged merged{EntryNumber(1), EntryNumber(9), Epoch(4), {}, {{EntryNumber(3), bytes}}};
  EXPECT_EQ(read_header(encode_merged(merged, {})).format, 3u);
  EXPECT_EQ(read_header(encode_entry(entry_of(ReopenEntry{}), {})).format, 1u);
}

TEST(EntryFile, RefusesANewerFormatWithoutCallingItDamage) {
  Bytes bytes = encode_entry(entry_of(ReopenEntry{}), {});
  bytes[8] = std::byte{kEntryFormat + 1};
  const std::uint64_t check = checksum(ByteView(bytes).first(kHeaderBytes - 8));
  std::memcpy(bytes.data() + kHeaderBytes - 8, &check, sizeof check);
  try {
    const EntryFile file(bytes, "newer");
    FAIL() << "must be refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::run_directory);
  }
}

}  // namespace
}  // namespace kiln::store
