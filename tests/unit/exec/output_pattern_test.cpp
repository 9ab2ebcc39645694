#include "exec/output_pattern.hpp"

#include "unit/refusal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kiln/error.hpp>

namespace kiln::exec {
namespace {

using testing::HasSubstr;

std::string out(std::string_view pattern, std::uint64_t unit = 7, std::uint32_t attempt = 2) {
  return OutputPattern(pattern).path(OutputStream::out, UnitId(unit), attempt);
}

std::string why_refused(std::string_view pattern) {
  return refusal_of(ExitCode::usage, [&] { OutputPattern parsed(pattern); });
}

TEST(OutputPattern, FillsInWhatItIsTold) {
  EXPECT_EQ(out("logs/{unit}.{stream}"), "logs/7.out");
  EXPECT_EQ(OutputPattern("logs/{unit}.{stream}").path(OutputStream::err, UnitId(7), 1), "logs/7.err");
  EXPECT_EQ(out("{unit:06}"), "000007.out");
  EXPECT_EQ(out("{unit:2}-{attempt:03}", 12'345), "12345-002.out");
  EXPECT_EQ(out("{stream}/{unit}"), "out/7");
  EXPECT_EQ(out("a{{b}}{unit}"), "a{b}7.out");
  EXPECT_EQ(out("{{{unit}}}"), "{7}.out");
  EXPECT_EQ(out("-x y\n{unit}\xff"), "-x y\n7\xff.out");
  EXPECT_EQ(out("{unit}", UINT64_MAX), "18446744073709551615.out");
  EXPECT_EQ(out("{unit}{unit}"), "77.out");
}

TEST(OutputPattern, KnowsTheIndexOfAnArray) {
  const OutputPattern pattern("{index:03}.{stream}");
  EXPECT_TRUE(pattern.names_index());
  EXPECT_EQ(pattern.path(OutputStream::out, UnitId(1), 1, 10), "010.out");
  EXPECT_EQ(pattern.path(OutputStream::err, UnitId(1), 1), "001.err");
  EXPECT_EQ(OutputPattern("{unit}-{index}").path(OutputStream::out, UnitId(1), 1, 10), "1-10.out");
  EXPECT_THAT(why_refused("{unit}{index}"), HasSubstr("two units could write the same file"));
  EXPECT_FALSE(OutputPattern("{unit}").names_index());
}

TEST(OutputPattern, PointsAtWhatIsWrong) {
  EXPECT_THAT(why_refused("logs/{unti}"), HasSubstr("character 6: there is no {unti}"));
  EXPECT_THAT(why_refused("{unit}{"), HasSubstr("character 7: a { without its }"));
  EXPECT_THAT(why_refused("{unit}}"), HasSubstr("character 7: a } without its {"));
  EXPECT_THAT(why_refused("{}{unit}"), HasSubstr("character 1: there is no {}"));
  for (const char* const pattern : {"{unit:}", "{unit:0}", "{unit:21}", "{unit:x}", "{unit:-1}", "{stream:3}{unit}"}) {
    EXPECT_THAT(why_refused(pattern), HasSubstr("number of digits")) << pattern;
  }
  EXPECT_THAT(why_refused("logs/{unit}/"), HasSubstr("names a folder"));
}

TEST(OutputPattern, KeepsUnitsApart) {
  EXPECT_THAT(why_refused("logs/all"), HasSubstr("needs {unit}"));
  EXPECT_THAT(why_refused("{attempt}.{stream}"), HasSubstr("needs {unit}"));
  for (const char* const pattern : {"{unit}{attempt}", "{attempt}{unit}", "{unit}1{attempt}", "a{unit:3}0{attempt}b"}) {
    EXPECT_THAT(why_refused(pattern), HasSubstr("two units could write the same file")) << pattern;
  }
  for (const char* const pattern : {"{unit}-{attempt}", "{unit}{stream}{attempt}", "{attempt}/{unit}", "1{unit}1"}) {
    EXPECT_NO_THROW(OutputPattern{pattern}) << pattern;
  }
}

}  // namespace
}  // namespace kiln::exec
