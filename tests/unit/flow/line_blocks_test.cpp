#include "flow/line_blocks.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

using namespace kiln::flow;

namespace {

/// A text as a file that gives as many bytes at a time as it likes.
class TextStream : public ByteStream {
 public:
  TextStream(std::string_view text, std::size_t place, std::uint64_t seed)
      : rest_(text.substr(std::min(place, text.size()))), random_(seed) {}
  std::size_t read(std::span<char> buffer) override {
    std::size_t most = std::min(buffer.size(), rest_.size());
    if (most > 1 && random_() % 2 == 0) most = 1 + random_() % most;
    std::copy_n(rest_.data(), most, buffer.data());
    rest_.remove_prefix(most);
    return most;
  }

 private:
  std::string_view rest_;
  std::mt19937_64 random_;
};

/// All of a range's text; checks that blocks are whole lines where they say they are.
std::string text_of(LineBlocks& blocks, std::string_view file, std::uint64_t begin, std::uint64_t end,
                    std::uint64_t seed = 1) {
  TextStream stream(file, LineBlocks::place_before(begin), seed);
  blocks.open(stream, begin, end);
  std::string all;
  std::string_view text;
  std::uint64_t offset = 0, expected = 0;
  while (blocks.next(text, offset)) {
    EXPECT_FALSE(text.empty());
    EXPECT_TRUE(all.empty() || offset == expected) << "blocks follow one another";
    EXPECT_EQ(text, file.substr(offset, text.size()));
    EXPECT_TRUE(offset == 0 || file[offset - 1] == '\n') << "a block begins with a line";
    expected = offset + text.size();
    EXPECT_TRUE(text.back() == '\n' || expected == file.size()) << "a block ends with a line";
    EXPECT_TRUE(!all.empty() || (begin <= offset && offset < end)) << "the first line begins in the range";
    all += text;
  }
  EXPECT_FALSE(blocks.next(text, offset)) << "the end stays the end";
  return all;
}

std::string random_text(std::mt19937_64& random, std::size_t size, unsigned lines_per_1000) {
  std::string text(size, '\0');
  for (char& c : text) c = random() % 1000 < lines_per_1000 ? '\n' : static_cast<char>(random());
  return text;
}

}  // namespace

TEST(LineBlocks, ARangeOwnsTheLinesThatBeginInIt) {
  LineBlocks blocks;
  const std::string file = "one\ntwo\n\nfour";
  EXPECT_EQ(text_of(blocks, file, 0, 100), file);
  EXPECT_EQ(text_of(blocks, file, 0, 4), "one\n");
  EXPECT_EQ(text_of(blocks, file, 0, 5), "one\ntwo\n");
  EXPECT_EQ(text_of(blocks, file, 1, 4), "");
  EXPECT_EQ(text_of(blocks, file, 1, 5), "two\n");
  EXPECT_EQ(text_of(blocks, file, 4, 8), "two\n");
  EXPECT_EQ(text_of(blocks, file, 5, 8), "");
  EXPECT_EQ(text_of(blocks, file, 8, 9), "\n");
  EXPECT_EQ(text_of(blocks, file, 8, 10), "\nfour");
  EXPECT_EQ(text_of(blocks, file, 10, 13), "");
  EXPECT_EQ(text_of(blocks, "", 0, 5), "");
  EXPECT_EQ(text_of(blocks, "\n", 0, 1), "\n");
  EXPECT_EQ(text_of(blocks, std::string("a\0b\r\nc", 6), 0, 6), std::string("a\0b\r\nc", 6)) << "NUL and CR stay";
}

TEST(LineBlocks, ForRandomTextsAndSplitsTheUnitsTogetherAreTheFile) {
  std::mt19937_64 random(20261121);
  LineBlocks blocks;
  for (int round = 0; round < 3000; ++round) {
    const std::string file = random_text(random, random() % 300, 1 + static_cast<unsigned>(random() % 400));
    const std::uint64_t split = 1 + random() % 40;
    std::string all;
    for (std::uint64_t begin = 0; begin < file.size(); begin += split) {
      all += text_of(blocks, file, begin, std::min<std::uint64_t>(begin + split, file.size()), random());
    }
    ASSERT_EQ(all, file) << "split " << split;
  }
}

TEST(LineBlocks, ItMayCutAtAnyWhiteSpace) {
  std::mt19937_64 random(7);
  LineBlocks blocks;
  for (int round = 0; round < 3000; ++round) {
    std::string file(random() % 300, ' ');
    for (char& c : file) c = "ab \n\t\v\f\r\0\x0e"[random() % 10];
    const std::uint64_t split = 1 + random() % 40;
    std::string all;
    for (std::uint64_t begin = 0; begin < file.size(); begin += split) {
      TextStream stream(file, LineBlocks::place_before(begin), random());
      blocks.open(stream, begin, std::min<std::uint64_t>(begin + split, file.size()), LineBlocks::Cut::words);
      std::string_view text;
      std::uint64_t offset = 0;
      while (blocks.next(text, offset)) {
        ASSERT_EQ(offset, all.size()) << "split " << split;
        all += text;
        ASSERT_TRUE(blocks.is_end(text.back()) || all.size() == file.size()) << "a word is whole";
      }
    }
    ASSERT_EQ(all, file) << "split " << split;
  }
}

TEST(LineBlocks, ALineOfAnyLengthIsWords) {
  const std::string file = std::string(std::size_t{50} << 20, 'x') + " " + std::string(std::size_t{30} << 20, 'y');
  LineBlocks blocks;
  TextStream stream(file, 0, 1);
  blocks.open(stream, 0, 1, LineBlocks::Cut::words);
  std::string_view text;
  std::uint64_t offset = 0;
  ASSERT_TRUE(blocks.next(text, offset));
  EXPECT_FALSE(blocks.is_cut());
  EXPECT_EQ(text.size(), (std::size_t{50} << 20) + 1);
  EXPECT_FALSE(blocks.next(text, offset)) << "the range ends in it";
}

TEST(LineBlocks, TheSameWithFilesOfManyBlocksAndLinesLongerThanThem) {
  std::mt19937_64 random(3);
  LineBlocks blocks;
  for (const unsigned lines_per_million : {0U, 1U, 20U, 5000U}) {
    std::string file(3'000'000, 'x');
    for (char& c : file) c = random() % 1'000'000 < lines_per_million ? '\n' : c;
    for (const std::uint64_t split : {std::uint64_t{100'003}, std::uint64_t{1} << 20, std::uint64_t{262'144}}) {
      std::string all;
      for (std::uint64_t begin = 0; begin < file.size(); begin += split) {
        all += text_of(blocks, file, begin, std::min<std::uint64_t>(begin + split, file.size()), random());
      }
      ASSERT_TRUE(all == file) << "split " << split << ", " << lines_per_million << " lines";
    }
  }
}

TEST(LineBlocks, MemoryIsThatOfTheLongestLineNotOfTheRange) {
  std::string file;
  for (int i = 0; i < 200'000; ++i) file += "a line of some forty bytes, more or less\n";
  LineBlocks blocks;
  TextStream stream(file, 0, 1);
  blocks.open(stream, 0, file.size());
  std::string_view text;
  std::uint64_t offset = 0;
  std::size_t largest = 0;
  while (blocks.next(text, offset)) largest = std::max(largest, text.size());
  EXPECT_LE(largest, std::size_t{512} << 10);
}

namespace {

/// A line, one of many zeros, and one more.
class LongLine : public ByteStream {
 public:
  static constexpr std::string_view kFirst = "one\n", kLast = "\nlast\n";
  explicit LongLine(std::uint64_t zeros) : zeros_(zeros) {}
  std::uint64_t size() const { return kFirst.size() + zeros_ + kLast.size(); }
  std::size_t read(std::span<char> buffer) override {
    const std::size_t got = std::min<std::uint64_t>(buffer.size(), size() - place_);
    for (std::size_t i = 0; i < got; ++i, ++place_) {
      buffer[i] = place_ < kFirst.size()            ? kFirst[place_]
                  : place_ - kFirst.size() < zeros_ ? '\0'
                                                    : kLast[place_ - kFirst.size() - zeros_];
    }
    return got;
  }

 private:
  std::uint64_t zeros_, place_ = 0;
};

}  // namespace

TEST(LineBlocks, OfALineThatIsTooLongTheBeginIsGivenAndTheRestSkipped) {
  const std::uint64_t longest = LineBlocks::kLongestLine;
  for (const std::uint64_t zeros : {longest - 1, longest, 5 * longest / 2}) {
    for (const bool whole : {true, false}) {  // the range ends behind the file, or in its first line
      LineBlocks blocks;
      LongLine stream(zeros);
      blocks.open(stream, 0, whole ? stream.size() : 5);
      std::vector<std::pair<std::uint64_t, std::string>> cut;
      std::string all;
      std::string_view text;
      std::uint64_t offset = 0;
      while (blocks.next(text, offset)) {
        if (blocks.is_cut()) {
          cut.emplace_back(offset, text);
        } else if (text.size() < 100) {
          all += text;
        } else {
          all += "[long]";
        }
      }
      if (zeros + 1 <= longest) {
        EXPECT_TRUE(cut.empty());
        EXPECT_NE(all.find("[long]"), std::string::npos);
        continue;
      }
      EXPECT_EQ(all, whole ? "one\nlast\n" : "one\n") << zeros;
      ASSERT_EQ(cut.size(), 1U);
      EXPECT_EQ(cut[0], std::pair(std::uint64_t{4}, std::string(LineBlocks::kBegin, '\0')));
    }
  }
}

TEST(LineBlocks, ALineFarBeyondItsRangeIsWhole) {
  const std::string line = std::string(std::size_t{40} << 20, 'x') + "\n";
  LineBlocks blocks;
  EXPECT_TRUE(text_of(blocks, line + "next\n", 0, 1) == line);
  EXPECT_EQ(text_of(blocks, line + "next\n", 1, line.size() + 5), "next\n");
}
