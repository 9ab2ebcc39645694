#include "units/line_files.hpp"

#include <gtest/gtest.h>
#include <kiln/error.hpp>

#include <limits>
#include <random>

using namespace kiln;
using namespace kiln::units;

namespace {

constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max();

LineFile plain(std::string path, std::uint64_t size) {
  return {std::move(path), size, -5, 77 + size, Compression::none};
}
LineFile packed(std::string path, std::uint64_t size) { return {std::move(path), size, 9, 3, Compression::gzip}; }

Bytes encoded(const LineFiles& files) {
  ByteWriter out;
  files.encode(out);
  return out.take();
}

LineFiles decoded(ByteView bytes) {
  ByteReader in(bytes, "files");
  LineFiles files = LineFiles::decode(in);
  in.expect_done();
  return files;
}

LineFiles sample() {
  LineFiles files(10);
  for (const LineFile& file : {plain("data/a.txt", 25), plain("data/empty", 0), packed("data/b.gz", 500),
                               plain("data/bb.txt", 10), packed("z", 0), plain("zz", 0)}) {
    files.add(file);
  }
  return files;
}

}  // namespace

TEST(LineFiles, GivesEachPlainFileAUnitForEachSplitAndEachPackedFileOne) {
  const LineFiles files = sample();
  ASSERT_EQ(files.units(), 6U);
  EXPECT_EQ(files.range_of(UnitId(0)), (LineRange{0, 0, 10}));
  EXPECT_EQ(files.range_of(UnitId(1)), (LineRange{0, 10, 20}));
  EXPECT_EQ(files.range_of(UnitId(2)), (LineRange{0, 20, 25}));
  EXPECT_EQ(files.range_of(UnitId(3)), (LineRange{2, 0, kAll}));
  EXPECT_EQ(files.range_of(UnitId(4)), (LineRange{3, 0, 10}));
  EXPECT_EQ(files.range_of(UnitId(5)), (LineRange{4, 0, kAll}));
  EXPECT_THROW(files.range_of(UnitId(6)), Error);
  EXPECT_EQ(files.units_of(0), make_interval(0, 3));
  EXPECT_TRUE(files.units_of(1).empty());
  EXPECT_EQ(files.units_of(4), make_interval(5, 6));
  EXPECT_TRUE(files.units_of(5).empty());
}

TEST(LineFiles, CountsHugeFilesWithoutOverflow) {
  LineFiles files(3);
  files.add(plain("a", (std::uint64_t{1} << 63) + 1));
  EXPECT_EQ(files.units(), 3'074'457'345'618'258'603U);
  EXPECT_EQ(files.range_of(UnitId(files.units() - 1)).end, (std::uint64_t{1} << 63) + 1);
  LineFiles many(1);
  many.add(plain("a", std::uint64_t{1} << 62));
  many.add(plain("b", std::uint64_t{1} << 62));
  try {
    many.add(plain("c", 1));
    FAIL() << "2^63 units and one more";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::bad_input);
  }
}

TEST(LineFiles, TravelUnchanged) {
  const LineFiles files = sample();
  const LineFiles back = decoded(encoded(files));
  EXPECT_EQ(back.files(), files.files());
  EXPECT_EQ(back.split(), 10U);
  EXPECT_EQ(back.units(), 6U);
}

TEST(LineFiles, TakeFortyBytesAFile) {
  LineFiles files(1 << 20);
  for (int i = 0; i < 100'000; ++i) {
    files.add(plain("/scratch/project/year-2026/station-" + std::to_string(1'000'000 + i) + "/readings.csv", 1000));
  }
  EXPECT_LT(encoded(files).size(), 100'000U * 50);
  EXPECT_EQ(decoded(encoded(files)).files(), files.files());
}

TEST(LineFiles, EveryCutOfTheirBytesIsNoticed) {
  const Bytes bytes = encoded(sample());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(decoded(ByteView(bytes).first(size)), Error) << size;
  }
}

TEST(LineFiles, DamagedBytesAreRefusedOrGiveFilesThatHoldTogether) {
  const Bytes bytes = encoded(sample());
  std::mt19937_64 random(7);
  for (int round = 0; round < 20'000; ++round) {
    Bytes damaged = bytes;
    for (int flips = 0; flips < 1 + round % 3; ++flips) {
      damaged[random() % damaged.size()] = static_cast<std::byte>(random());
    }
    try {
      const LineFiles files = decoded(damaged);
      for (const std::uint64_t unit : {std::uint64_t{0}, files.units() / 2, files.units() - 1}) {
        if (unit >= files.units()) continue;
        const LineRange range = files.range_of(UnitId(unit));
        ASSERT_LT(range.file, files.files().size());
        ASSERT_LT(range.begin, range.end);
      }
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), ExitCode::internal);
    }
  }
}
