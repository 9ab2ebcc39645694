#include "observe/status.hpp"

#include <gtest/gtest.h>
#include <kiln/error.hpp>

#include <limits>

namespace kiln::observe {
namespace {

StatusSnapshot full() {
  StatusSnapshot s;
  s.state = RunState::draining;
  s.launch_id = "l-1";
  s.epoch = 3;
  s.host = "node7";
  s.pid = 4711;
  s.job_id = "42";
  s.started = 1.75e9;
  s.updated = 1.75e9 + 12.3456789;
  s.totals = {2000, 1260, 1200, 2, 8, 1, 5};
  s.done_before = 100;
  s.stage = StageStatus{2, "caf\xc3\xa9"};
  s.task_stages = {{"fetch", 10, 10, 0, schedule::Gates::State::over},
                   {"align", 20, 5, 1, schedule::Gates::State::open},
                   {"call", 7, 0, 0, schedule::Gates::State::blocked},
                   {"report", 1, 0, 0, schedule::Gates::State::waiting}};
  s.rate = 212.25;
  s.expected_end = 1.75e9 + 15.5;
  s.result_bytes = 123456;
  s.last_commit = 1.75e9 + 10;
  s.last_commit_seconds = 0.0031;
  s.workers = 2;
  s.ranks = {{0, "node7", 4711, "coordinator", 0, 0.5, 0}, {1, "node8", 12, "working", 1260, 11.25, 4}};
  s.slowest = {{17, 1, "node8", 9.5, "sleep 10"}};
  return s;
}

// Names as long as they come, full of what JSON must escape.
StatusSnapshot huge(std::int32_t ranks) {
  StatusSnapshot s = full();
  s.ranks.clear();
  for (std::int32_t i = 0; i < ranks; ++i) {
    s.ranks.push_back({i, std::string(255, '"'), 4'000'000, std::string(100, '\\'), 1'000'000'000'000ULL, 1e7 / 3, 9});
  }
  s.task_stages.assign(1000, {std::string(255, '"'), 1'000'000'000'000ULL, 7, 8, schedule::Gates::State::waiting});
  s.slowest.assign(50, {std::numeric_limits<std::uint64_t>::max(), ranks, std::string(255, '"'), 1e6 / 3,
                        std::string(100'000, '\x01')});
  return s;
}

std::uint64_t counted(const StatusSnapshot& s) {
  std::uint64_t ranks = s.ranks.size();
  for (const RankGroup& group : s.groups) ranks += group.ranks;
  return ranks;
}

TEST(Status, RoundTripKeepsEverything) {
  const StatusSnapshot before = full();
  EXPECT_EQ(status_from_json(to_json(before)), before);
  EXPECT_EQ(status_from_json(to_json(StatusSnapshot())), StatusSnapshot());
  EXPECT_EQ(to_json(before).back(), '\n');
}

TEST(Status, EveryStateHasAName) {
  for (const RunState state :
       {RunState::starting, RunState::running, RunState::draining, RunState::assembling, RunState::ended}) {
    StatusSnapshot s;
    s.state = state;
    EXPECT_EQ(status_from_json(to_json(s)).state, state);
  }
}

TEST(Status, StaysSmallHoweverManyRanks) {
  for (const std::int32_t ranks : {0, 1, 255, 256, 257, 10'000, 100'000}) {
    const std::string text = to_json(huge(ranks));
    EXPECT_LE(text.size(), kStatusBytes) << ranks;
    const StatusSnapshot back = status_from_json(text);
    EXPECT_EQ(counted(back), static_cast<std::uint64_t>(ranks));
    EXPECT_LE(back.groups.size(), kRankGroups);
    EXPECT_LE(back.slowest.size(), kSlowUnits);
  }
}

TEST(Status, OfManyStagesThoseThatAreNotOver) {
  StatusSnapshot s;
  s.task_stages.assign(100, {"a", 1, 1, 0, schedule::Gates::State::over});
  s.task_stages.push_back({"last", 1, 0, 0, schedule::Gates::State::open});
  const StatusSnapshot back = status_from_json(to_json(s));
  ASSERT_EQ(back.task_stages.size(), 1U);
  EXPECT_EQ(to_text(back.task_stages[0]), "running");
}

TEST(Status, PlainNamesAreListedUpTo256) {
  StatusSnapshot s = full();
  s.ranks.clear();
  for (std::int32_t i = 0; i < 100'000; ++i)
    s.ranks.push_back({i, "node" + std::to_string(i / 64), i, "working", 2, 1.5, 1});
  const StatusSnapshot back = status_from_json(to_json(s));
  ASSERT_EQ(back.ranks.size(), kListedRanks);
  EXPECT_EQ(back.ranks.back(), s.ranks[255]);
  ASSERT_FALSE(back.groups.empty());
  EXPECT_EQ(back.groups.front().first, 256);
  EXPECT_EQ(back.groups.back().last, 99'999);
  std::uint64_t done = 0, running = 0;
  double busy = 0;
  for (const RankGroup& group : back.groups) {
    done += group.units_done;
    busy += group.busy_seconds;
    running += group.running;
  }
  EXPECT_EQ(done, 2U * (100'000 - 256));
  EXPECT_EQ(running, 100'000U - 256);
  EXPECT_DOUBLE_EQ(busy, 1.5 * (100'000 - 256));
  EXPECT_EQ(status_from_json(to_json(back)).groups, back.groups);
}

TEST(Status, NumbersThatAreNoneAndBytesThatAreNoText) {
  StatusSnapshot s = full();
  s.rate = std::numeric_limits<double>::quiet_NaN();
  s.expected_end = std::numeric_limits<double>::infinity();
  s.host = "h\xff\n";
  s.ranks[1].host = "\xfe";
  const StatusSnapshot back = status_from_json(to_json(s));
  EXPECT_EQ(back.rate, 0);
  EXPECT_EQ(back.expected_end, std::nullopt);
  EXPECT_EQ(back.host, "h\\xFF\\n");
  EXPECT_EQ(back.ranks[1].host, "\\xFE");
}

TEST(Status, WhatIsNoStatusIsRefused) {
  const std::string good = to_json(full());
  for (const std::string& text : {std::string(), std::string("{}"), std::string("[1]"), std::string("null"),
                                  good.substr(0, good.size() / 2), std::string(R"({"version":1,"state":"flying"})"),
                                  std::string(R"({"version":1,"state":"running","totals":[1]})"),
                                  std::string(R"({"version":1,"state":"running","totals":{},"pid":2795291873.4})"),
                                  std::string(R"({"version":1,"state":"running","totals":{},"pid":2147483648})"),
                                  std::string(R"({"version":1,"state":"running","totals":{},"workers":-1})"),
                                  std::string(R"({"version":99,"state":"running","totals":{}})")}) {
    try {
      status_from_json(text);
      ADD_FAILURE() << "accepted: " << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::run_directory);
    }
  }
}

}  // namespace
}  // namespace kiln::observe
