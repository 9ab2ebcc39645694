#include "observe/progress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::observe {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

StatusSnapshot running(std::uint64_t done = 1258, std::uint64_t failed = 2) {
  StatusSnapshot s;
  s.state = RunState::running;
  s.started = 1000;
  s.updated = 1006;
  s.totals.units = 2000;
  s.totals.done = done;
  s.totals.failed = failed;
  s.rate = 212;
  s.expected_end = 1009.5;
  return s;
}

std::size_t characters(const std::string& text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

TEST(BarLine, AsItLooks) {
  EXPECT_EQ(bar_line(running(), 80, true),
            "  63% ━━━━━━━━━━━━━━━━━━━━━───────────── 1,260/2,000  212/s  2 failed  eta 3.5 s");
  EXPECT_EQ(bar_line(running(), 60, false), "  63% ========>..... 1,260/2,000  212/s  2 failed  eta 3.5 s");
}

TEST(BarLine, FitsAnyWidth) {
  StatusSnapshot large = running();
  large.totals = {1'000'000'000, 999'999'998, 0, 123'456'789, 5, 7, 0};
  large.rate = 98'765'432.1;
  for (const StatusSnapshot& s : {running(), running(0, 0), running(2000, 0), large, StatusSnapshot()}) {
    for (std::size_t columns = 20; columns <= 200; ++columns) {
      for (const bool utf8 : {false, true}) {
        const std::string line = bar_line(s, columns, utf8);
        EXPECT_LE(characters(line), columns) << line;
        if (!utf8) {
          EXPECT_EQ(characters(line), line.size()) << line;
        }
      }
    }
  }
}

TEST(BarLine, NamesTheStagesAtWork) {
  using State = schedule::Gates::State;
  StatusSnapshot s = running();
  s.task_stages = {
      {"fetch", 10, 10, 0, State::over}, {"align", 10, 3, 0, State::open}, {"call", 5, 0, 0, State::waiting}};
  EXPECT_THAT(bar_line(s, 80, true), EndsWith("eta 3.5 s  stage align"));
  EXPECT_THAT(log_line(s), HasSubstr("2 failed, stage align, 3.5 s left"));
  s.task_stages[2].state = State::open;
  EXPECT_THAT(log_line(s), HasSubstr("stages align, call"));
  for (int i = 0; i < 2; ++i) s.task_stages.push_back(s.task_stages[1]);
  EXPECT_THAT(log_line(s), HasSubstr("4 stages"));
}

TEST(BarLine, KeepsWhatMattersWhenNarrow) {
  EXPECT_EQ(bar_line(running(), 20, true), "  63% 1,260/2,000");
  EXPECT_EQ(bar_line(running(), 30, true), "  63% 1,260/2,000  2 failed");
  EXPECT_THAT(bar_line(running(), 40, true), EndsWith("2 failed  eta 3.5 s"));
}

TEST(BarLine, SaysHundredOnlyWhenAllIsDone) {
  EXPECT_THAT(bar_line(running(1999, 0), 80, true), StartsWith("  99%"));
  EXPECT_THAT(bar_line(running(1998, 2), 80, true), StartsWith(" 100%"));
  StatusSnapshot empty = running(0, 0);
  empty.totals.units = 0;
  EXPECT_THAT(bar_line(empty, 80, true), StartsWith(" 100%"));
}

TEST(BarLine, StatesOtherThanRunningAreNamed) {
  StatusSnapshot s = running();
  s.state = RunState::draining;
  EXPECT_THAT(bar_line(s, 80, true), EndsWith("stopping"));
  EXPECT_THAT(bar_line(s, 80, true), Not(HasSubstr("eta")));
  s.state = RunState::assembling;
  EXPECT_THAT(bar_line(s, 80, true), EndsWith("writing results"));
}

TEST(BarLine, SlowRatesGetAUnitThatSuits) {
  StatusSnapshot s = running();
  s.rate = 0.5;
  EXPECT_THAT(bar_line(s, 100, true), HasSubstr(" 30.0/min"));
  s.rate = 0.001;
  EXPECT_THAT(bar_line(s, 100, true), HasSubstr(" 3.6/h"));
  s.rate = 0;
  EXPECT_THAT(bar_line(s, 100, true), Not(HasSubstr("/h")));
}

TEST(LogLine, OneSentence) {
  EXPECT_EQ(log_line(running()), "1,260 of 2,000 units (63 %), 212/s, 2 failed, 3.5 s left");
  StatusSnapshot s = running(10, 0);
  s.state = RunState::draining;
  s.totals.waiting = 3;
  EXPECT_EQ(log_line(s), "10 of 2,000 units (0 %), 212/s, 3 to be tried again, stopping");
}

TEST(LogPace, IntervalsGrowUpToFiveMinutes) {
  LogPace pace;
  StatusSnapshot s = running();
  std::vector<double> written;
  for (int second = 0; second < 7200; ++second) {
    s.updated = 1000 + second;
    if (pace.due(s)) written.push_back(s.updated);
  }
  ASSERT_GE(written.size(), 10U);
  EXPECT_EQ(written.front(), 1005);
  EXPECT_LE(written.size(), 45U);
  for (std::size_t i = 2; i < written.size(); ++i) {
    EXPECT_GE(written[i] - written[i - 1], written[i - 1] - written[i - 2]);
  }
  EXPECT_EQ(written.back() - written[written.size() - 2], 300);
}

TEST(LogPace, AStopIsSaidAtOnce) {
  LogPace pace;
  StatusSnapshot s = running();
  EXPECT_FALSE(pace.due(s));
  s.updated += 1;
  s.state = RunState::draining;
  EXPECT_TRUE(pace.due(s));
  EXPECT_FALSE(pace.due(s));
}

}  // namespace
}  // namespace kiln::observe
