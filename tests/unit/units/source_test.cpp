#include "units/source.hpp"

#include "units/command_source.hpp"
#include "units/range_source.hpp"

#include <gtest/gtest.h>
#include <kiln/error.hpp>

namespace kiln::units {
namespace {

Bytes payloads(const Source& source, Interval units) {
  ByteWriter out;
  source.append_payloads(units, out);
  return out.take();
}

TaskFile list_of(std::vector<std::string_view> commands) {
  TaskFile tasks;
  tasks.commands = std::move(commands);
  return tasks;
}

std::string command_of(ByteView payload) { return std::string(decode_payload(payload).command); }

TEST(CommandSource, ShipsTheCommandsOfAnInterval) {
  const TaskFile tasks = list_of({"zero", "", "two", "three"});
  const CommandSource source(tasks);
  EXPECT_EQ(source.size(), 4U);
  EXPECT_EQ(source.payload_bytes(UnitId(3)), 6U);
  const Bytes bytes = payloads(source, make_interval(1, 4));
  const PayloadReader reader(make_interval(1, 4), bytes);
  EXPECT_EQ(command_of(reader.payload(UnitId(1))), "");
  EXPECT_EQ(command_of(reader.payload(UnitId(2))), "two");
  EXPECT_EQ(command_of(reader.payload(UnitId(3))), "three");
  EXPECT_THROW(reader.payload(UnitId(0)), Error);
  EXPECT_THROW(reader.payload(UnitId(4)), Error);
}

TEST(CommandSource, WhatItSaysOfSizesIsTrue) {
  const std::string_view text = "#kiln timeout=3s\necho a\n#DISBATCH REPEAT 2 start 999999 echo b\n";
  const TaskFile tasks = parse_task_file({as_bytes(text).begin(), as_bytes(text).end()}, "tasks.txt");
  const CommandSource source(tasks);
  ASSERT_EQ(source.size(), 3U);
  for (UnitId unit(0); unit.value() < source.size(); unit = unit.next()) {
    const Bytes bytes = payloads(source, single(unit));
    EXPECT_EQ(source.payload_bytes(unit), bytes.size() - sizeof(std::uint32_t));
    EXPECT_LE(source.payload_bytes(unit), source.most_payload_bytes());
    const Bytes all = payloads(source, make_interval(0, 3));
    const UnitPayload one = decode_payload(PayloadReader(make_interval(0, 3), all).payload(unit));
    EXPECT_EQ(one.fields, tasks.fields(unit.value()));
    EXPECT_EQ(one.command, tasks.command(unit.value()));
  }
}

TEST(CommandSource, IdsNeedNotFollowTheLines) {
  const TaskFile tasks = list_of({"new", "old"});
  const std::vector<std::uint64_t> places = {1, CommandSource::kNone, 0};
  const CommandSource source(tasks, places);
  EXPECT_EQ(source.size(), 3U);
  EXPECT_EQ(source.command(UnitId(0)), "old");
  EXPECT_EQ(source.command(UnitId(1)), "");
  EXPECT_EQ(source.command(UnitId(2)), "new");
  const Bytes bytes = payloads(source, make_interval(0, 3));
  const PayloadReader reader(make_interval(0, 3), bytes);
  EXPECT_EQ(command_of(reader.payload(UnitId(1))), "");
  EXPECT_EQ(command_of(reader.payload(UnitId(2))), "new");
  EXPECT_EQ(source.payload_bytes(UnitId(1)), 1U);
}

TEST(CommandSource, RefusesPlacesAndUnitsThatAreNotThere) {
  const TaskFile tasks = list_of({"a"});
  const std::vector<std::uint64_t> places = {1};
  EXPECT_THROW(CommandSource(tasks, places), Error);
  EXPECT_THROW(CommandSource(tasks).command(UnitId(1)), Error);
}

TEST(RangeSource, ShipsNothing) {
  const RangeSource source(1'000'000'000);
  EXPECT_EQ(source.size(), 1'000'000'000U);
  EXPECT_EQ(source.payload_bytes(UnitId(7)), 0U);
  EXPECT_TRUE(payloads(source, make_interval(0, 1'000'000)).empty());
  EXPECT_EQ(source.likely_bytes(make_interval(0, 1'000'000'000)), 0U) << "memory that nothing is written into";
}

TEST(CommandSource, RoomForPayloadsIsAboutWhatTheyTake) {
  const std::string longer(5'000, 'x');
  const TaskFile tasks = list_of({"one", "two", "six"});
  const CommandSource source(tasks);
  const Interval all = make_interval(0, 3);
  EXPECT_GE(source.likely_bytes(all), payloads(source, all).size());
  const TaskFile long_tasks = list_of({"one", longer, "six"});
  const CommandSource with_long(long_tasks);
  EXPECT_LT(with_long.likely_bytes(all), 1'000U) << "one long command is not the measure of all";
}

TEST(PayloadReader, RefusesWrongLayouts) {
  const TaskFile tasks = list_of({"one", "two"});
  const CommandSource source(tasks);
  const Interval units = make_interval(0, 2);
  Bytes bytes = payloads(source, units);
  EXPECT_THROW(PayloadReader(units, ByteView(bytes).first(bytes.size() - 1)), Error);
  EXPECT_THROW(PayloadReader(units, ByteView(bytes).first(7)), Error);
  EXPECT_THROW(PayloadReader(units, ByteView()), Error);
  EXPECT_THROW(PayloadReader(make_interval(2, 2), bytes), Error);
  EXPECT_THROW(PayloadReader(make_interval(0, ~0ULL), bytes), Error);
  bytes[0] = std::byte{200};  // the first ends behind the second
  const PayloadReader reader(units, bytes);
  EXPECT_THROW(reader.payload(UnitId(0)), Error);
  EXPECT_THROW(reader.payload(UnitId(1)), Error);
}

}  // namespace
}  // namespace kiln::units
