#include "units/array_source.hpp"

#include "units/command_list.hpp"
#include "units/command_source.hpp"

#include "unit/refusal.hpp"

#include <gmock/gmock.h>
#include <kiln/error.hpp>

#include <set>

namespace kiln::units {
namespace {

using testing::HasSubstr;

TaskFile array_of(std::string_view range, std::string_view command) {
  return parse_source(make_array_source(range, command), "the array");
}

std::string complaint(std::string_view text) {
  return refusal_of(ExitCode::bad_input, [&] {
    parse_source({as_bytes(text).begin(), as_bytes(text).end()}, "the array");
  });
}

TEST(ArraySource, IsOneCommandForAllIndices) {
  const TaskFile array = array_of("10-30:10", "echo a\nb");
  EXPECT_EQ(array.form, TaskFile::Form::array);
  EXPECT_EQ(array.size(), 3U);
  EXPECT_EQ(array.commands.size(), 1U);
  EXPECT_EQ(array.command(2), "echo a\nb");
  EXPECT_EQ(array.line(2), 30);
  EXPECT_EQ(array.fields(1).array_index, 20U);
  EXPECT_FALSE(array.fields(1).line.has_value());
  EXPECT_EQ(array.place(20), "array index 20");
  EXPECT_EQ(array.origin, "--array echo a\nb");
  const Bytes bytes = make_array_source("10-30:10", "echo a\nb");
  EXPECT_EQ(source_origin(as_text(bytes)), array.origin);
  EXPECT_EQ(source_origin(as_text(bytes).substr(0, bytes.size() - 3)), array.origin);
  EXPECT_EQ(source_origin(as_text(bytes).substr(0, 20)), "");
}

TEST(ArraySource, TheIndexBelongsToTheKey) {
  const TaskFile array = array_of("0-3", "echo a");
  std::set<std::string> keys{"echo a"};
  std::string scratch;
  for (std::uint64_t place = 0; place < array.size(); ++place) keys.emplace(array.key(place, scratch));
  EXPECT_EQ(keys.size(), 5U);
  const TaskFile longer = array_of("2-9", "echo a");
  std::string other;
  EXPECT_EQ(longer.key(1, scratch), array.key(3, other));
  EXPECT_TRUE(array.distinct());
}

TEST(ArraySource, MillionsOfIndicesCostNoCopies) {
  const std::string command(100'000, 'x');
  const TaskFile array = array_of("1-1000000000", command);
  EXPECT_LT(array.bytes.size(), 2 * command.size());
  const CommandSource source(array);
  EXPECT_EQ(source.size(), 1'000'000'000U);
  ByteWriter out;
  source.append_payloads(make_interval(999'999'998, 1'000'000'000), out);
  const Bytes bytes = out.take();
  const PayloadReader reader(make_interval(999'999'998, 1'000'000'000), bytes);
  EXPECT_EQ(decode_payload(reader.payload(UnitId(999'999'999))).fields.array_index, 1'000'000'000U);
}

TEST(ArraySource, IsRefusedWhenItIsCutOrNew) {
  const Bytes whole = make_array_source("1-3", "echo a");
  for (std::size_t size = 14; size < whole.size(); ++size) {
    EXPECT_THAT(complaint(as_text(whole).substr(0, size)), HasSubstr("cut off")) << size;
  }
  EXPECT_THAT(complaint(std::string(as_text(whole)) + "x"), HasSubstr("goes on"));
  EXPECT_THAT(complaint("#kiln array 2\n"), HasSubstr("another version"));
  EXPECT_THAT(complaint(as_text(make_array_source("3-1", "echo a"))), HasSubstr("backwards"));
  EXPECT_THAT(complaint(as_text(make_array_source("1", std::string(kLongestCommand + 1, 'x')))),
              HasSubstr("131072 bytes"));
}

}  // namespace
}  // namespace kiln::units
