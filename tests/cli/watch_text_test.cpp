#include "watch_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::cli {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

StatusReport live(std::int32_t ranks) {
  StatusReport r;
  r.directory = "a run with a rather long name of its own, über alles.kiln";
  r.now = 1.75e9 + 60;
  r.live = true;
  r.owner = "pid 4711 on node-with-a-long-name-007.cluster.example.org";
  observe::StatusSnapshot s;
  s.state = observe::RunState::running;
  s.started = 1.75e9;
  s.updated = 1.75e9 + 59;
  s.rate = 212;
  s.expected_end = 1.75e9 + 63.5;
  s.totals = {123'456'789, 1'260'000, 1'200'000, 2'000, 8, 17, 5};
  for (std::int32_t i = 1; i <= ranks; ++i)
    s.ranks.push_back({i, "node-with-a-long-name-007", 12, "working", 1'260, 29.5, 4});
  s.groups = {{257, 9'999, 9'743, 5, 98 * 59.0, 1}};
  for (std::uint64_t i = 0; i < 7; ++i)
    s.slowest.push_back({1'000'000 + i, 1, "node8", 9.5, "sleep\n10; echo 日本 " + std::string(300, 'x')});
  r.totals = s.totals;
  r.snapshot = s;
  return r;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string all;
  for (const std::string& line : lines) all += line + "\n";
  return all;
}

TEST(WatchText, FitsTheTerminal) {
  for (const std::size_t columns : {20U, 39U, 40U, 79U, 80U, 120U, 200U}) {
    for (const std::size_t rows : {5U, 12U, 24U, 60U, 500U}) {
      for (const bool utf8 : {false, true}) {
        const auto lines = watch_lines(live(256), {columns, rows}, utf8);
        EXPECT_LE(lines.size(), rows);
        for (const std::string& line : lines) EXPECT_LE(text_width(line), columns) << line;
      }
    }
  }
}

TEST(WatchText, SaysTheSameAtEveryWidth) {
  for (const std::size_t columns : {40U, 80U, 200U}) {
    const std::string text = joined(watch_lines(live(3), {columns, 100}, false));
    std::string words = text;
    words.erase(std::remove_if(words.begin(), words.end(), [](char c) { return c == '\n' || c == ' '; }), words.end());
    EXPECT_THAT(words, HasSubstr("123,456,789:1,260,000done,2,000failed"));
    EXPECT_THAT(words, HasSubstr("212units/s;atthisrate3.5sleft,untilabout20"));
    EXPECT_THAT(words, HasSubstr("50%"));
    EXPECT_THAT(words, HasSubstr("unit1000000sleep\\n10"));
    EXPECT_THAT(words, HasSubstr("kilnresults--failed"));
    EXPECT_THAT(words, HasSubstr("257-9999"));
  }
  EXPECT_THAT(joined(watch_lines(live(3), {80, 100}, false)), HasSubstr("node-with-a-long-n"));
  EXPECT_THAT(joined(watch_lines(live(3), {200, 100}, false)), HasSubstr("node8"));
}

TEST(WatchText, OfManyRanksTheFirst) {
  const auto lines = watch_lines(live(256), {100, 30}, false);
  EXPECT_EQ(lines.size(), 30U);
  EXPECT_THAT(lines, Contains(HasSubstr(" and 2")));
  EXPECT_THAT(lines, Contains(HasSubstr("running longest")));
  EXPECT_THAT(joined(watch_lines(live(2), {100, 30}, false)), Not(HasSubstr("more")));
}

TEST(WatchText, OfARunThatHasEnded) {
  StatusReport r = live(1);
  r.live = false;
  r.snapshot.reset();
  r.launches = 1;
  r.last_end = store::EndEntry{"l", protocol::Outcome::complete, 0, 1.75e9};
  const std::string text = joined(watch_lines(r, {200, 24}, false));
  EXPECT_THAT(text, HasSubstr("every unit is done, exit code 0"));
  EXPECT_THAT(text, Not(HasSubstr("running longest")));
}

TEST(WrapText, BreaksAtBlanks) {
  EXPECT_THAT(wrap_text("short", 20, 4), ElementsAre("short"));
  EXPECT_THAT(wrap_text("  units  12: 8 done, 4 to do", 20, 4), ElementsAre("  units  12: 8 done,", "    4 to do"));
  EXPECT_THAT(wrap_text(std::string(45, 'x'), 20, 4),
              ElementsAre(std::string(20, 'x'), "    " + std::string(16, 'x'), "    " + std::string(9, 'x')));
  EXPECT_THAT(wrap_text("", 20, 4), ElementsAre(""));
  EXPECT_EQ(text_width("a…ü日"), 5U);
}

}  // namespace
}  // namespace kiln::cli
