#include "flow/line_input.hpp"

#include "flow/source_resolver.hpp"
#include "unit/flow/packed.hpp"
#include "unit/temp_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kiln/error.hpp>

#include <chrono>
#include <map>
#include <random>

using namespace kiln;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

namespace {

detail::SourceSpec lines_of(std::vector<std::string> files, std::uint64_t split) {
  detail::SourceSpec source;
  source.kind = detail::SourceSpec::Kind::lines;
  source.files = std::move(files);
  source.unit_size = split;
  return source;
}

/// Text of a unit; where reading fails "!" and why, without what was read before.
std::string text_of(detail::UnitInput& input, std::uint64_t unit) {
  std::string all;
  try {
    input.open_lines(UnitId(unit));
    detail::LineBlock block;
    while (input.next_lines(block)) all += block.text;
  } catch (const std::exception& error) {
    return std::string("!") + error.what();
  }
  return all;
}

std::vector<std::string> all_units(const detail::SourceSpec& source) {
  const auto resolved = flow::resolve_source(source, {});
  const auto input = flow::open_input(source, resolved.descriptor);
  std::vector<std::string> texts;
  for (std::uint64_t unit = 0; unit < resolved.units; ++unit) texts.push_back(text_of(*input, unit));
  return texts;
}

}  // namespace

TEST(LineInput, ReadsFilesInOrderPlainAndPacked) {
  TempFolder folder;
  write_text(folder / "a.txt", "1\n22\n333\n");
  write_text(folder / "b.txt", "");
  write_text(folder / "c.txt", "no newline");
  write_text(folder / "d", gzip("packed\nby its ") + gzip("magic\n"));
  write_text(folder / "e.zst", zstd("z\n") + zstd("std"));
  const auto source = lines_of({(folder / "*").string()}, 4);
  EXPECT_THAT(all_units(source),
              ElementsAre("1\n22\n", "333\n", "", "no newline", "", "", "packed\nby its magic\n", "z\nstd"));
}

TEST(LineInput, SaysWhichFileAndWhereInIt) {
  TempFolder folder;
  const std::string a = (folder / "a.txt").string(), b = (folder / "b.gz").string();
  write_text(a, "11\n22\n");
  write_text(b, gzip("33\n"));
  const auto source = lines_of({b, a}, 3);
  const auto resolved = flow::resolve_source(source, {});
  const auto input = flow::open_input(source, resolved.descriptor);
  ASSERT_EQ(resolved.units, 3U);
  input->open_lines(UnitId(2));
  detail::LineBlock block;
  ASSERT_TRUE(input->next_lines(block));
  EXPECT_EQ(block.text, "22\n");
  EXPECT_EQ(block.offset, 3U);
  EXPECT_EQ(input->file_name(block.file), a);
  EXPECT_FALSE(input->next_lines(block));
  input->open_lines(UnitId(0));
  ASSERT_TRUE(input->next_lines(block));
  EXPECT_EQ(input->file_name(block.file), b);
  EXPECT_THROW(input->slice(UnitId(0)), Error);
}

TEST(LineInput, CountsTheLinesOfEachUnitOnce) {
  TempFolder folder;
  write_text(folder / "a.txt", "1\n22\n\n333");
  write_text(folder / "b.gz", gzip("4\r\n5\n"));
  const auto source = lines_of({(folder / "*").string()}, 4);
  const auto resolved = flow::resolve_source(source, {});
  const auto input = flow::open_input(source, resolved.descriptor);
  auto& counted = dynamic_cast<flow::CountedInput&>(*input);
  ASSERT_EQ(resolved.units, 4U);
  EXPECT_EQ(counted.take_records(), 0U);
  for (const unsigned unit : {0U, 0U, 1U, 1U, 1U, 2U, 3U})
    text_of(*input, unit);  // a unit with a bad record is read again
  EXPECT_EQ(counted.take_records(), 6U);
  EXPECT_EQ(counted.take_records(), 0U);
  text_of(*input, 3);
  EXPECT_EQ(counted.take_records(), 2U);
}

TEST(LineInput, EveryLineOfRandomFilesComesOnce) {
  TempFolder folder;
  std::mt19937_64 random(99);
  for (int round = 0; round < 20; ++round) {
    std::vector<std::string> paths;
    std::string expected;
    for (int i = 0; i < 6; ++i) {
      std::string text(random() % 2000, '\0');
      for (char& c : text) c = random() % 20 == 0 ? '\n' : static_cast<char>(random());
      if (text.starts_with("\x1F\x8B") || text.starts_with("BZh")) text.clear();
      paths.push_back((folder / ("f" + std::to_string(i))).string());
      write_text(paths.back(), i % 3 == 0 ? text : i % 3 == 1 ? gzip(text) : zstd(text));
      expected += text;
    }
    std::string all;
    for (const std::string& text : all_units(lines_of(paths, 1 + random() % 500))) all += text;
    ASSERT_EQ(all, expected);
  }
}

TEST(LineInput, ADamagedFileFailsItsUnitAndNoOther) {
  TempFolder folder;
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += std::to_string(i) + "\n";
  const std::string cut = gzip(text).substr(0, 30'000);
  write_text(folder / "1.gz", cut);
  write_text(folder / "2.gz", gzip("fine\n"));
  write_text(folder / "3.gz", "plain text under a wrong name\n");
  write_text(folder / "4.zst", "");
  const auto texts = all_units(lines_of({(folder / "*").string()}, 1 << 20));
  ASSERT_EQ(texts.size(), 4U);
  EXPECT_EQ(texts[0], "!" + (folder / "1.gz").string() +
                          ": cannot unpack gzip at byte 30000: it ends in the middle: the file is cut off");
  EXPECT_EQ(texts[1], "fine\n");
  EXPECT_THAT(texts[2], HasSubstr("3.gz: cannot unpack gzip at byte "));
  EXPECT_THAT(texts[2], HasSubstr("if it is plain text, give it another name"));
  EXPECT_THAT(texts[3], HasSubstr("4.zst: cannot unpack zstd at byte 0: it is empty"));
}

TEST(LineInput, AFileThatChangedOrWentFailsItsUnits) {
  TempFolder folder;
  for (const char* name : {"grows", "shrinks", "goes", "stays"}) write_text(folder / name, "one\ntwo\n");
  const auto source = lines_of({(folder / "*").string()}, 4);
  const auto resolved = flow::resolve_source(source, {});
  const auto input = flow::open_input(source, resolved.descriptor);
  write_text(folder / "grows", "one\ntwo\nthree\n");
  write_text(folder / "shrinks", "one\n");
  std::filesystem::remove(folder / "goes");
  EXPECT_THAT(text_of(*input, 0), HasSubstr("No such file"));
  EXPECT_THAT(text_of(*input, 2), HasSubstr("grows has 14 bytes; it had 8 when the stage began"));
  EXPECT_THAT(text_of(*input, 5), HasSubstr("shrinks has 4 bytes; it had 8 when the stage began"));
  EXPECT_EQ(text_of(*input, 6), "one\n");
  EXPECT_EQ(text_of(*input, 7), "two\n");
  write_text(folder / "grows", "one\ntwo\n");
  EXPECT_EQ(text_of(*input, 2), "one\n") << "a new attempt looks again";
}

TEST(LineInput, AFileOfTheSameSizeWithOtherBytesFailsItsUnits) {
  TempFolder folder;
  for (const char* name : {"other", "touched"}) write_text(folder / name, "one\ntwo\n");
  const auto source = lines_of({(folder / "*").string()}, 4);
  const auto resolved = flow::resolve_source(source, {});
  const auto input = flow::open_input(source, resolved.descriptor);
  EXPECT_EQ(text_of(*input, 0), "one\n");
  const auto later = std::filesystem::last_write_time(folder / "other") + std::chrono::seconds(2);
  write_text(folder / "other", "one\nTWO\n");
  for (const char* name : {"other", "touched"}) std::filesystem::last_write_time(folder / name, later);
  const auto same = "other changed since the stage began: it is the same 8 bytes long, but with another content";
  EXPECT_THAT(text_of(*input, 1), HasSubstr(same)) << "while the file is open";
  EXPECT_THAT(text_of(*input, 0), HasSubstr(same));
  EXPECT_EQ(text_of(*input, 2), "one\n") << "only the time is another one";
  EXPECT_EQ(text_of(*input, 3), "two\n");
}

TEST(LineInput, ADamagedDescriptorIsNotBelieved) {
  TempFolder folder;
  write_text(folder / "a", "x\n");
  const auto source = lines_of({(folder / "a").string()}, 4);
  Bytes descriptor = flow::resolve_source(source, {}).descriptor;
  descriptor.push_back(std::byte{0});
  EXPECT_THROW(flow::open_input(source, descriptor), Error);
  EXPECT_THROW(flow::open_input(source, {}), Error);
}
