#include "unit/temp_folder.hpp"

#include <kiln/kiln.hpp>
#include <kiln/testing.hpp>

#include <gtest/gtest.h>

#include <charconv>
#include <fstream>
#include <string>
#include <vector>

namespace {

using kiln::TempFolder;
using Strings = std::vector<std::string>;

/// A file with this text, gone at the end.
class TextFile {
 public:
  explicit TextFile(const std::string& text) { std::ofstream(path(), std::ios::binary) << text; }
  std::string path() const { return (folder_ / "lines.txt").native(); }

 private:
  TempFolder folder_;
};

long number(std::string_view text) {
  long value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (result.ec != std::errc() || result.ptr != text.data() + text.size()) throw kiln::Rejected("not a number");
  return value;
}
long sum(long a, long b) { return a + b; }
std::string concat(const std::string& a, const std::string& b) { return a + b; }
std::string text_of(std::string_view line) { return std::string(line) + "|"; }

struct CountLines {
  using value_type = std::uint64_t;
  static constexpr bool exact = true;
  std::string describe() const { return "count lines"; }
  value_type lift(const kiln::Line&) const { return 1; }
  void merge(value_type& left, value_type right) const { left += right; }
};

TEST(Lines, AreTheItemsInOrder) {
  const TextFile file("one\ntwo\r\n\nfour\rx\nlast\r");
  for (const std::uint64_t split : {1U, 3U, 5U, 1000U}) {
    const auto lines = kiln::Flow("lines").lines(file.path(), {split});
    const auto result = kiln::testing::run(lines.into(
        kiln::to_reduce(concat, text_of), kiln::to_reduce(CountLines{}, "n"), kiln::to_rows("lines", text_of)));
    EXPECT_EQ(std::get<0>(result.values), "one|two||four\rx|last\r|") << split;
    EXPECT_EQ(std::get<1>(result.values), 5U);
    EXPECT_EQ(result.rows<std::string>("lines"), (Strings{"one|", "two|", "|", "four\rx|", "last\r|"}));
  }
}

TEST(Lines, ABadOneIsRejectedWithItsPlaceAndTheOthersCount) {
  std::string text;
  long expected = 0;
  for (int i = 0; i < 1000; ++i) {
    text += i % 100 == 50 ? "bad" + std::to_string(i) + "\n" : std::to_string(i) + "\n";
    expected += i % 100 == 50 ? 0 : i;
  }
  const TextFile file(text);
  const auto numbers = kiln::Flow("numbers").lines(file.path(), {100}).map(number);
  const auto result = kiln::testing::run(numbers.into(kiln::to_reduce(sum), kiln::to_rows("numbers")));
  EXPECT_EQ(result.value, expected);
  EXPECT_EQ(result.rows<long>("numbers").size(), 990U);
  EXPECT_EQ(result.counts.failed, 0U);
  EXPECT_EQ(result.exit_code(), 0);
  ASSERT_EQ(result.rejected.size(), 10U);
  EXPECT_EQ(result.rejected[1].text, "bad150");
  EXPECT_EQ(result.rejected[1].reason, "not a number");
  EXPECT_EQ(result.rejected[1].file, file.path());
  EXPECT_EQ(result.rejected[1].offset, text.find("bad150"));
}

TEST(Lines, NothingOfARejectedRecordIsKept) {
  const TextFile file("1 2 3\n4 x 5\n6 7\n\n8");
  const auto split = [](std::string_view line) {
    Strings words;
    for (std::size_t begin = 0; begin < line.size();) {
      const std::size_t end = std::min(line.find(' ', begin), line.size());
      words.emplace_back(line.substr(begin, end - begin));
      begin = end + 1;
    }
    return words;
  };
  const auto words = kiln::Flow("words").lines(file.path()).flat_map(split).map(number);
  const auto result = kiln::testing::run(words.into(kiln::to_reduce(sum),
                                                    kiln::to_reduce(
                                                        concat, [](long i) { return std::to_string(i); }, "text"),
                                                    kiln::to_rows("numbers")));
  EXPECT_EQ(std::get<0>(result.values), 1 + 2 + 3 + 6 + 7 + 8);
  EXPECT_EQ(std::get<1>(result.values), "123678");
  EXPECT_EQ(result.rows<long>("numbers"), (std::vector<long>{1, 2, 3, 6, 7, 8}));
  ASSERT_EQ(result.rejected.size(), 1U);
  EXPECT_EQ(result.rejected[0].text, "4 x 5");
}

TEST(Lines, AFailureLosesTheWholeUnitAndNoOther) {
  const TextFile file("a\nb\nc\nd\n");
  const auto fragile = [](std::string_view line) {
    if (line == "b") throw std::runtime_error("b");
    return text_of(line);
  };
  const auto lines = kiln::Flow("fragile").lines(file.path(), {4}).map(fragile);
  const auto result = kiln::testing::run(lines.into(kiln::to_reduce(concat), kiln::to_rows("lines")));
  EXPECT_EQ(result.value, "c|d|");
  EXPECT_EQ(result.rows<std::string>("lines"), (Strings{"c|", "d|"}));
  EXPECT_EQ(result.dead_letters.size(), 1U);
}

}  // namespace
