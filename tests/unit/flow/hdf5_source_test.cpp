#include "flow/slice_cache.hpp"
#include "flow/source_resolver.hpp"
#include "store/h5.hpp"
#include "unit/refusal.hpp"
#include "unit/temp_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kiln/error.hpp>

#include <numeric>
#include <vector>

using namespace kiln;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

namespace {

class Hdf5Source : public ::testing::Test {
 protected:
  Hdf5Source() { write(250); }
  void write(std::size_t rows) {
    std::vector<double> values(rows * 4);
    std::iota(values.begin(), values.end(), 0.0);
    const store::h5::Handle file = store::h5::create_file(path_);
    store::h5::write_table<double>(file, "x", values, 4, {.chunk_rows = 16, .deflate = 1});
  }
  detail::SourceSpec source(std::uint64_t unit_rows, bool keep = false) const {
    detail::SourceSpec spec;
    spec.kind = detail::SourceSpec::Kind::hdf5;
    spec.files = {path_.string()};
    spec.dataset = "x";
    spec.unit_size = unit_rows;
    spec.keep = keep;
    return spec;
  }
  static double sum(const detail::RawSlice& slice) {
    const std::span values(static_cast<const double*>(slice.data), slice.rows * slice.row_values);
    return std::accumulate(values.begin(), values.end(), 0.0);
  }
  static std::string refusal(const detail::SourceSpec& source, const flow::ResolveOptions& options = {}) {
    return refusal_of(ExitCode::bad_input, [&] { flow::resolve_source(source, options); });
  }
  TempFolder folder_;
  const fs::path path_ = folder_ / "data.h5";
};

}  // namespace

TEST_F(Hdf5Source, GivesEachUnitItsRows) {
  const auto spec = source(100);
  const auto resolved = flow::resolve_source(spec, {});
  ASSERT_EQ(resolved.units, 3U);
  const auto input = flow::open_input(spec, resolved.descriptor);
  double all = 0;
  for (std::uint64_t unit = 0; unit < 3; ++unit) {
    const detail::RawSlice slice = input->slice(UnitId(unit));
    EXPECT_EQ(slice.first, unit * 100);
    EXPECT_EQ(slice.rows, unit == 2 ? 50U : 100U);
    EXPECT_EQ(slice.row_values, 4U);
    EXPECT_EQ(slice.dimensions, std::vector<std::uint64_t>{4});
    all += sum(slice);
  }
  EXPECT_EQ(all, 999.0 * 1000 / 2);
  EXPECT_THROW(input->open_lines(UnitId(0)), Error);
}

TEST_F(Hdf5Source, SlicesThatAreKeptAreNotReadAgain) {
  flow::SliceCache cache(std::size_t{250} * 4 * 8);
  const auto spec = source(50, true);
  const auto resolved = flow::resolve_source(spec, {});
  const auto stage = [&] {
    const auto input = flow::open_input(spec, resolved.descriptor, &cache);
    double all = 0;
    for (std::uint64_t unit = 0; unit < resolved.units; ++unit) all += sum(input->slice(UnitId(unit)));
    return all;
  };
  EXPECT_EQ(stage(), 999.0 * 1000 / 2);
  EXPECT_EQ(cache.bytes(), cache.limit());
  // The same size and time with another content: only who reads again sees it.
  const auto time = fs::last_write_time(path_);
  std::string bytes = read_text(path_);
  std::fill(bytes.begin() + 100, bytes.end(), '\0');
  std::fstream(path_, std::ios::in | std::ios::out | std::ios::binary) << bytes;
  fs::last_write_time(path_, time);
  EXPECT_EQ(stage(), 999.0 * 1000 / 2);
  fs::last_write_time(path_, time + std::chrono::seconds(1));
  EXPECT_ANY_THROW(stage()) << "a file that was written to is another one";
}

TEST_F(Hdf5Source, WithoutKeepOrRoomSlicesAreReadEachTime) {
  flow::SliceCache cache(50 * 4 * 8 + 7);
  for (const bool keep : {false, true}) {
    const auto spec = source(50, keep);
    const auto resolved = flow::resolve_source(spec, {});
    const auto input = flow::open_input(spec, resolved.descriptor, &cache);
    for (int round = 0; round < 2; ++round) {
      for (std::uint64_t unit = 0; unit < resolved.units; ++unit) {
        const double first = static_cast<double>(unit * 200);
        EXPECT_EQ(sum(input->slice(UnitId(unit))), first * 200 + 199.0 * 200 / 2);
      }
    }
    EXPECT_EQ(cache.bytes(), keep ? 1600U : 0U);
  }
}

TEST_F(Hdf5Source, AFileThatChangesFailsItsUnits) {
  const auto spec = source(100);
  const auto resolved = flow::resolve_source(spec, {});
  const auto input = flow::open_input(spec, resolved.descriptor);
  write(5000);
  try {
    input->slice(UnitId(0));
    FAIL();
  } catch (const std::exception& error) {
    EXPECT_THAT(error.what(), HasSubstr("when the stage began"));
  }
}

TEST_F(Hdf5Source, ARecordedFileMustBeWhatItWas) {
  const auto spec = source(100);
  const auto resolved = flow::resolve_source(spec, {});
  const flow::ResolveOptions again{.recorded = resolved.descriptor};
  const auto same = flow::resolve_source(spec, again);
  EXPECT_EQ(same.descriptor, resolved.descriptor);
  EXPECT_EQ(same.identity, resolved.identity);
  EXPECT_EQ(same.recorded_identity, resolved.identity);
  const auto time = fs::last_write_time(path_);
  fs::last_write_time(path_, time + std::chrono::seconds(1));
  EXPECT_THAT(refusal(spec, again), HasSubstr("was written to or replaced since this run began"));
  fs::last_write_time(path_, time);
  EXPECT_NO_THROW(flow::resolve_source(spec, again));
  EXPECT_THAT(refusal(source(50), again), HasSubstr("another number of rows a unit"));
  write(251);
  EXPECT_THAT(refusal(spec, again), HasSubstr("has another shape since this run began"));
  fs::remove(path_);
  EXPECT_THAT(refusal(spec, again), HasSubstr("No such file"));
}

TEST_F(Hdf5Source, UnitsThatShareCompressedChunksAreWorthALine) {
  EXPECT_THAT(flow::resolve_source(source(50), {}).advice,
              HasSubstr("in compressed chunks of 16 rows: units of 48 rows instead of 50 would unpack each once"));
  EXPECT_THAT(flow::resolve_source(source(3), {}).advice, HasSubstr("units of 16 rows instead of 3"));
  for (const std::uint64_t rows : {16U, 160U, 200U, 1000U}) {
    EXPECT_EQ(flow::resolve_source(source(rows), {}).advice, "") << rows;
  }
}

TEST_F(Hdf5Source, UnitsThatNoMemoryHoldsAreRefused) {
  store::h5::create_dataset(store::h5::create_file(path_), "x", store::h5::Type::f64, std::uint64_t{1} << 45,
                            {1024, 1});
  EXPECT_THAT(refusal(source(std::uint64_t{1} << 40)), HasSubstr("more than half of this machine's memory"));
  EXPECT_NO_THROW(flow::resolve_source(source(1000), {}));
}
