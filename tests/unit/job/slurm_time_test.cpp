#include "job/slurm_time.hpp"

#include "unit/refusal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::job {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

TEST(SlurmTime, AllOfItsForms) {
  const std::pair<const char*, int> forms[] = {{"90", 5400},      {"0:30", 30},          {"90:15", 5415},
                                               {"2:00:00", 7200}, {"100:01:02", 360062}, {"1-0", 86400},
                                               {"1-2", 93600},    {"1-2:30", 95400},     {"2-00:00:01", 172801}};
  for (const auto& [text, count] : forms) EXPECT_EQ(parse_slurm_time("--time", text), seconds(count)) << text;
  for (const char* none : {"UNLIMITED", "infinite", "0", "0-0"}) {
    EXPECT_EQ(parse_slurm_time("--time", none), std::nullopt) << none;
  }
}

TEST(SlurmTime, PointsAtWhatItDoesNotRead) {
  const std::pair<const char*, std::size_t> wrong[] = {
      {"", 0},   {"2h", 1},        {"1:2:3:4", 5}, {"1-2-3", 3}, {"1:", 2},
      {"-1", 0}, {"1-2:3:4:5", 7}, {"1.5", 1},     {" 1", 0},    {"99999999999999999999", 0}};
  for (const auto& [text, at] : wrong) {
    const std::string said = refusal_of(ExitCode::usage, [text = text] { parse_slurm_time("--time", text); });
    EXPECT_THAT(said, HasSubstr("--time takes a time as Slurm writes it"));
    EXPECT_TRUE(said.ends_with("\n  " + std::string(at, ' ') + "^")) << said;
  }
}

TEST(SlurmTime, IsWrittenAsSlurmDoes) {
  for (const char* text : {"0:00:30", "2:00:00", "23:59:59", "1-00:00:00", "12-03:04:05", "UNLIMITED"}) {
    EXPECT_EQ(format_slurm_time(parse_slurm_time("--time", text)), text);
  }
}

}  // namespace
}  // namespace kiln::job
