#include "units/dataset_slices.hpp"

#include <gtest/gtest.h>
#include <kiln/error.hpp>

#include <random>

using namespace kiln;
using namespace kiln::units;

namespace {

DatasetSlices sample() {
  DatasetSlices slices;
  slices.path = "/data/readings.h5";
  slices.dataset = "a/b";
  slices.element = ColumnType::f32;
  slices.dimensions = {1003, 7, 2};
  slices.unit_rows = 100;
  slices.file_size = 56'168;
  slices.modified = 1'700'000'000'123'456'789;
  return slices;
}

Bytes encoded(const DatasetSlices& slices) {
  ByteWriter out;
  slices.encode(out);
  return out.take();
}

DatasetSlices decoded(ByteView bytes) {
  ByteReader in(bytes, "slices");
  DatasetSlices slices = DatasetSlices::decode(in);
  in.expect_done();
  return slices;
}

}  // namespace

TEST(DatasetSlices, TheLastUnitHasWhatIsLeft) {
  const DatasetSlices slices = sample();
  EXPECT_EQ(slices.units(), 11U);
  EXPECT_EQ(slices.row_values(), 14U);
  EXPECT_EQ(slices.part_of(UnitId(0)).rows, 100U);
  EXPECT_EQ(slices.part_of(UnitId(10)).first, 1000U);
  EXPECT_EQ(slices.part_of(UnitId(10)).rows, 3U);
  EXPECT_THROW(slices.part_of(UnitId(11)), Error);
}

TEST(DatasetSlices, ADatasetWithoutRowsHasNoUnits) {
  DatasetSlices slices = sample();
  slices.dimensions = {0};
  EXPECT_EQ(slices.units(), 0U);
  EXPECT_EQ(slices.row_values(), 1U);
}

TEST(DatasetSlices, TravelUnchangedAndEveryCutIsNoticed) {
  const Bytes bytes = encoded(sample());
  EXPECT_EQ(decoded(bytes), sample());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(decoded(ByteView(bytes).first(size)), Error) << size;
  }
}

TEST(DatasetSlices, WhatCannotBeCountedIsRefused) {
  EXPECT_TRUE(fits({std::uint64_t{1} << 59}, 8));
  EXPECT_FALSE(fits({std::uint64_t{1} << 60}, 8));
  EXPECT_FALSE(fits({std::uint64_t{1} << 40, std::uint64_t{1} << 30}, 1));
  EXPECT_FALSE(fits({0, std::uint64_t{1} << 40, std::uint64_t{1} << 30}, 1));
  DatasetSlices slices = sample();
  slices.dimensions = {std::uint64_t{1} << 40, std::uint64_t{1} << 30};
  EXPECT_THROW(decoded(encoded(slices)), Error);
  slices = sample();
  slices.unit_rows = 0;
  EXPECT_THROW(decoded(encoded(slices)), Error);
  slices = sample();
  slices.element = ColumnType::text;
  EXPECT_THROW(decoded(encoded(slices)), Error);
  slices = sample();
  slices.dimensions.assign(33, 1);
  EXPECT_THROW(decoded(encoded(slices)), Error);
}

TEST(DatasetSlices, DamagedBytesAreRefusedOrGiveSlicesThatHoldTogether) {
  const Bytes bytes = encoded(sample());
  std::mt19937_64 random(11);
  for (int round = 0; round < 20'000; ++round) {
    Bytes damaged = bytes;
    damaged[random() % damaged.size()] = static_cast<std::byte>(random());
    try {
      const DatasetSlices slices = decoded(damaged);
      if (slices.units() == 0) continue;
      const auto part = slices.part_of(UnitId(slices.units() - 1));
      ASSERT_GT(part.rows, 0U);
      ASSERT_EQ(part.first + part.rows, slices.rows());
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), ExitCode::internal);
    }
  }
}
