#include "store/ledger_state.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace kiln::store {
namespace {

Entry commit(std::uint64_t number, const std::vector<std::uint64_t>& done, const std::vector<std::uint64_t>& dead,
             std::uint32_t stage = 0, std::uint32_t round = 0) {
  CommitEntry body;
  for (const auto unit : done) body.done.insert(single(UnitId(unit)));
  for (const auto unit : dead) body.dead.push_back({{UnitId(unit), 1, std::to_string(number)}, EntryNumber()});
  return {EntryNumber(number), Epoch(1), StageId(stage), round, body};
}

Entry reopen(std::uint64_t number, std::uint64_t unit) {
  return {EntryNumber(number), Epoch(1), StageId(0), 0, ReopenEntry{schedule::IntervalSet(single(UnitId(unit)))}};
}

Entry given(std::uint64_t number, std::uint64_t first, std::uint64_t last) {
  return {EntryNumber(number), Epoch(1), StageId(0), 0, GivenEntry{schedule::IntervalSet(make_interval(first, last))}};
}

Entry end(std::uint64_t number, protocol::Outcome outcome) {
  return {EntryNumber(number), Epoch(1), StageId(0), 0, EndEntry{"launch", outcome, 0, 0}};
}

LedgerState resolve(const std::vector<Entry>& entries) {
  LedgerBuilder builder;
  for (const Entry& entry : entries) builder.add(entry);
  return builder.state();
}

TEST(LedgerState, SuccessBeatsDeadLetterBeforeAndAfter) {
  EXPECT_TRUE(resolve({commit(1, {7}, {}), commit(2, {}, {7})}).dead.empty());
  EXPECT_TRUE(resolve({commit(1, {}, {7}), commit(2, {7}, {})}).dead.empty());
}

TEST(LedgerState, TheLowerNumberWinsAmongEquals) {
  const auto state = resolve({commit(5, {}, {7}), commit(2, {}, {7})});
  EXPECT_EQ(state.dead.at(UnitId(7)).letter.reason, "2");
}

TEST(LedgerState, AReopeningWithdrawsOnlyWhatCameBefore) {
  EXPECT_TRUE(resolve({commit(1, {}, {7}), reopen(2, 7)}).dead.empty());
  EXPECT_EQ(resolve({commit(1, {}, {7}), reopen(2, 7), commit(3, {}, {7})}).dead.at(UnitId(7)).number, EntryNumber(3));
  EXPECT_TRUE(resolve({commit(1, {7}, {}), reopen(2, 7)}).done.contains(UnitId(7)));
}

TEST(LedgerState, WhatWasGivenAndHasNoResultMayHaveBegun) {
  const auto state = resolve({given(1, 0, 5), commit(2, {1}, {2}), given(3, 8, 9)});
  EXPECT_EQ(state.given.intervals(), (std::vector{make_interval(0, 1), make_interval(3, 5), make_interval(8, 9)}));
}

Entry epoch(std::uint64_t number, const std::string& launch) {
  return {EntryNumber(number), Epoch(static_cast<std::uint32_t>(number)), StageId(0), 0, EpochEntry{launch, "", 0, 0}};
}

TEST(LedgerState, AnOrderlyEndReleasesWhatItsLaunchGave) {
  using protocol::Outcome;
  for (const Outcome outcome :
       {Outcome::complete, Outcome::units_failed, Outcome::too_many_failures, Outcome::interrupted}) {
    EXPECT_TRUE(resolve({epoch(1, "launch"), given(2, 0, 5), end(3, outcome)}).given.empty());
    EXPECT_EQ(resolve({epoch(1, "launch"), given(2, 0, 5), end(3, outcome), given(4, 2, 3)}).given.count(), 1u);
  }
  EXPECT_EQ(resolve({epoch(1, "launch"), given(2, 0, 5), end(3, Outcome::storage)}).given.count(), 5u);
  // Of a unit that is not in the source for a while, no later launch writes a dead letter.
  EXPECT_EQ(resolve({epoch(1, "killed"), given(2, 0, 5), epoch(3, "launch"), given(4, 8, 9), epoch(5, "launch"),
                     given(6, 9, 10), end(7, Outcome::interrupted)})
                .given.intervals(),
            (std::vector{make_interval(0, 5)}));
}

TEST(LedgerState, AReopeningWithdrawsWhatWasGivenBeforeIt) {
  EXPECT_TRUE(resolve({given(1, 7, 8), commit(2, {}, {7}), reopen(3, 7)}).given.empty());
  EXPECT_EQ(resolve({given(1, 7, 8), commit(2, {}, {7}), reopen(3, 7), given(4, 7, 8)}).given.count(), 1u);
}

TEST(LedgerState, TheOrderOfEntriesDoesNotMatter) {
  std::vector<Entry> entries = {commit(1, {1, 2}, {3, 4}), reopen(2, 3), commit(3, {4}, {3, 5}), commit(4, {}, {5, 2})};
  const LedgerState first = resolve(entries);
  std::reverse(entries.begin(), entries.end());
  const LedgerState second = resolve(entries);
  EXPECT_EQ(first.done, second.done);
  ASSERT_EQ(first.dead.size(), 2u);
  ASSERT_EQ(second.dead.size(), 2u);
  for (const auto& [unit, dead] : first.dead) EXPECT_EQ(second.dead.at(unit).number, dead.number);
}

TEST(LedgerState, OnlyTheHighestRoundOfTheStageCounts) {
  const auto state =
      resolve({commit(1, {1}, {2}), commit(2, {3}, {}, 0, 1), commit(3, {4}, {}), commit(4, {5}, {}, 1)});
  EXPECT_EQ(state.round, 1u);
  EXPECT_EQ(state.done, schedule::IntervalSet(single(UnitId(3))));
  EXPECT_TRUE(state.dead.empty());
}

TEST(RowResolver, GivesEachUnitToOneEntry) {
  const std::vector<Entry> entries = {commit(1, {1}, {2, 3}), commit(2, {1, 2}, {3})};
  const LedgerState state = resolve(entries);
  RowResolver resolver(StageId(0), state);
  schedule::IntervalSet first(single(UnitId(1)));
  first.insert(single(UnitId(3)));
  EXPECT_EQ(resolver.take(entries[0]), first);
  EXPECT_EQ(resolver.take(entries[1]), schedule::IntervalSet(single(UnitId(2))));
}

}  // namespace
}  // namespace kiln::store
