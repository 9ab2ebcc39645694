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

TEST(CommandSource, ShipsTheCommandsOfAnInterval) {
  const CommandSource source({"zero", "", "two", "three"});
  EXPECT_EQ(source.size(), 4U);
  EXPECT_EQ(source.payload_bytes(UnitId(3)), 5U);
  const Bytes bytes = payloads(source, make_interval(1, 4));
  const PayloadReader reader(make_interval(1, 4), bytes);
  EXPECT_EQ(as_text(reader.payload(UnitId(1))), "");
  EXPECT_EQ(as_text(reader.payload(UnitId(2))), "two");
  EXPECT_EQ(as_text(reader.payload(UnitId(3))), "three");
  EXPECT_THROW(reader.payload(UnitId(0)), Error);
  EXPECT_THROW(reader.payload(UnitId(4)), Error);
}

TEST(CommandSource, IdsNeedNotFollowTheLines) {
  const CommandSource source({"new", "old"}, {1, CommandSource::kNone, 0});
  EXPECT_EQ(source.size(), 3U);
  EXPECT_EQ(source.command(UnitId(0)), "old");
  EXPECT_EQ(source.command(UnitId(1)), "");
  EXPECT_EQ(source.command(UnitId(2)), "new");
  const Bytes bytes = payloads(source, make_interval(0, 3));
  EXPECT_EQ(as_text(PayloadReader(make_interval(0, 3), bytes).payload(UnitId(2))), "new");
}

TEST(CommandSource, RefusesIndicesAndUnitsThatAreNotThere) {
  EXPECT_THROW(CommandSource({"a"}, {1}), Error);
  EXPECT_THROW(CommandSource({"a"}, {-2}), Error);
  EXPECT_THROW(CommandSource({"a"}).command(UnitId(1)), Error);
}

TEST(RangeSource, ShipsNothing) {
  const RangeSource source(1'000'000'000);
  EXPECT_EQ(source.size(), 1'000'000'000U);
  EXPECT_EQ(source.payload_bytes(UnitId(7)), 0U);
  EXPECT_TRUE(payloads(source, make_interval(0, 1'000'000)).empty());
}

TEST(PayloadReader, RefusesWrongLayouts) {
  const CommandSource source({"one", "two"});
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
