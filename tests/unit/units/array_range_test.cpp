#include "units/array_range.hpp"

#include <gmock/gmock.h>
#include <kiln/error.hpp>

#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace kiln::units {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;

ArrayRange parse(std::string_view text) { return ArrayRange::parse(text, "--array"); }

std::vector<std::uint64_t> indices(std::string_view text) {
  const ArrayRange range = parse(text);
  std::vector<std::uint64_t> all;
  for (std::uint64_t place = 0; place < range.count(); ++place) all.push_back(range.at(place));
  return all;
}

TEST(ArrayRange, ReadsWhatSlurmReads) {
  const std::vector<std::pair<std::string_view, std::vector<std::uint64_t>>> table = {
      {"5", {5}},
      {"0-3", {0, 1, 2, 3}},
      {"0-15:4", {0, 4, 8, 12}},
      {"1-10:3", {1, 4, 7, 10}},
      {"7-7", {7}},
      {"1-5:9", {1}},
      {"1,3,7-9", {1, 3, 7, 8, 9}},
      {"7-9,3,1", {1, 3, 7, 8, 9}},
      {"0-8:4,2-10:4,1", {0, 1, 2, 4, 6, 8, 10}},
      {"007", {7}},
      {"999999999999999998-999999999999999999", {999999999999999998, 999999999999999999}},
  };
  for (const auto& [text, wanted] : table) EXPECT_THAT(indices(text), ElementsAreArray(wanted)) << text;
}

TEST(ArrayRange, SaysWhatSlurmSays) {
  const ArrayRange stepped = parse("4-15:4");
  EXPECT_EQ(stepped.count(), 3U);
  EXPECT_EQ(stepped.least(), 4U);
  EXPECT_EQ(stepped.greatest(), 12U);
  EXPECT_EQ(stepped.step(), 4U);
  EXPECT_EQ(parse("9,1-3").step(), 1U);
  EXPECT_EQ(parse("9,1-3").greatest(), 9U);
  EXPECT_EQ(parse("1-1000000000").count(), 1'000'000'000U);
  EXPECT_EQ(parse("1-1000000000").at(999'999'999), 1'000'000'000U);
}

TEST(ArrayRange, PointsAtWhatIsWrong) {
  const std::vector<std::tuple<std::string_view, std::string_view, std::string_view>> table = {
      {"", "character 1:", "is missing"},
      {"a", "character 1:", "an index is missing"},
      {"1-", "character 3:", "the end of the range is missing"},
      {"9-1", "character 3:", "backwards"},
      {"1,9-2", "character 5:", "meant: 2-9"},
      {"1-9:0", "character 5:", "a step of 0"},
      {"1-9:", "character 5:", "the step is missing"},
      {"1-9%4", "character 4:", "-n 4"},
      {"1-9%", "character 4:", "-n N"},
      {"1,,2", "character 3:", "an index is missing"},
      {"1,", "character 3:", "an index is missing"},
      {"1-9 ", "character 4:", "is not understood"},
      {"1-9-12", "character 4:", "is not understood"},
      {"-5", "character 1:", "0 or more"},
      {"1000000000000000000", "character 1:", "too large"},
      {"1-99999999999999999999999", "character 3:", "too large"},
      {"0-1000000000", "character 1:", "more than 1,000,000,000"},
      {"1,2-1000000001", "character 3:", "more than 1,000,000,000"},
      {"1-5,3", "character 5:", "index 3 is named twice"},
      {"4,4", "character 3:", "index 4 is named twice"},
      {"1-9:2,2-8:2,5", "character 13:", "index 5 is named twice"},
      {"1-20000000:2,2-20000000:2", "character 1:", "interlock"},
  };
  for (const auto& [text, character, why] : table) {
    try {
      parse(text);
      ADD_FAILURE() << text << " was taken";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::usage);
      EXPECT_THAT(error.what(), testing::StartsWith("--array")) << text;
      EXPECT_THAT(error.what(), HasSubstr(character)) << text;
      EXPECT_THAT(error.what(), HasSubstr(why)) << text;
    }
  }
}

}  // namespace
}  // namespace kiln::units
