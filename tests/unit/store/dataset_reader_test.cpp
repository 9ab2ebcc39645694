#include "store/dataset_reader.hpp"

#include "store/h5_check.hpp"
#include "unit/refusal.hpp"
#include "unit/temp_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>
#include <kiln/error.hpp>

#include <numeric>
#include <random>

using namespace kiln;
using namespace kiln::store;
using ::testing::HasSubstr;

namespace {

constexpr hsize_t kRows = 1000, kColumns = 6;

std::vector<double> numbers(std::size_t count) {
  std::vector<double> values(count);
  std::iota(values.begin(), values.end(), 0.5);
  return values;
}

struct Shape {
  std::vector<hsize_t> dimensions, chunk;
  bool deflate = false;
};

/// A dataset of any shape, type and layout, filled with numbers().
void make(const h5::Handle& file, const std::string& name, hid_t type, const Shape& shape) {
  const int rank = static_cast<int>(shape.dimensions.size());
  const h5::Handle space(H5Screate_simple(rank, shape.dimensions.data(), nullptr));
  const h5::Handle creation(H5Pcreate(H5P_DATASET_CREATE));
  if (!shape.chunk.empty()) H5Pset_chunk(creation.id(), rank, shape.chunk.data());
  if (shape.deflate) H5Pset_deflate(creation.id(), 1);
  const h5::Handle dataset(
      H5Dcreate2(file.id(), name.c_str(), type, space.id(), H5P_DEFAULT, creation.id(), H5P_DEFAULT));
  hsize_t count = 1;
  for (const hsize_t n : shape.dimensions) count *= n;
  const std::vector<double> values = numbers(count);
  h5::check(H5Dwrite(dataset.id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), "write");
}

class Datasets : public ::testing::Test {
 protected:
  Datasets() {
    const h5::Handle file = h5::create_file(path_);
    make(file, "plain", H5T_NATIVE_DOUBLE, {{kRows, kColumns}, {}, false});
    make(file, "chunked", H5T_NATIVE_DOUBLE, {{kRows, kColumns}, {64, 4}, true});
    make(file, "cube", H5T_NATIVE_DOUBLE, {{11, 3, 5}, {2, 2, 2}, true});
    make(file, "foreign", H5T_IEEE_F64BE, {{kRows}, {}, false});
    make(file, "short", H5T_NATIVE_FLOAT, {{kRows}, {}, false});
    make(file, "count", H5T_NATIVE_UINT16, {{kRows}, {}, false});
    make(file, "none", H5T_NATIVE_DOUBLE, {{0, 3}, {5, 3}, false});
    h5::write_text_values(file, "names", std::vector<std::string>{"a"});
    const h5::Handle group = h5::create_group(file, "group");
    const h5::Handle scalar(H5Screate(H5S_SCALAR));
    const h5::Handle single(
        H5Dcreate2(file.id(), "single", H5T_NATIVE_DOUBLE, scalar.id(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  }
  std::vector<double> read(const DatasetReader& reader, std::uint64_t first, std::uint64_t rows) {
    std::uint64_t each = 1;
    for (std::size_t i = 1; i < reader.dimensions().size(); ++i) each *= reader.dimensions()[i];
    std::vector<double> values(rows * each);
    reader.read(first, rows, std::as_writable_bytes(std::span(values)));
    return values;
  }
  std::string refusal(const std::string& dataset, ColumnType element, std::uint32_t rank) {
    return refusal_of(ExitCode::bad_input, [&] { const DatasetReader reader(path_, dataset, element, rank); });
  }
  TempFolder folder_;
  const std::filesystem::path path_ = folder_ / "data.h5";
};

}  // namespace

TEST_F(Datasets, AnyRowsOfAnyLayoutAreRead) {
  std::mt19937_64 random(4);
  for (const char* name : {"plain", "chunked", "cube", "foreign"}) {
    const DatasetReader reader(path_, name, ColumnType::f64, 0);
    const std::uint64_t rows = reader.dimensions()[0];
    const std::vector<double> all = read(reader, 0, rows);
    EXPECT_EQ(all, numbers(all.size())) << name;
    for (int round = 0; round < 50; ++round) {
      const std::uint64_t first = random() % (rows + 1), count = random() % (rows - first + 1);
      const std::uint64_t each = all.size() / rows;
      const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first * each);
      EXPECT_EQ(read(reader, first, count),
                std::vector<double>(begin, begin + static_cast<std::ptrdiff_t>(count * each)));
    }
  }
}

TEST_F(Datasets, ShapeAndChunksAreKnown) {
  const DatasetReader plain(path_, "/plain", ColumnType::f64, 2);
  EXPECT_EQ(plain.dimensions(), (std::vector<std::uint64_t>{kRows, kColumns}));
  EXPECT_EQ(plain.chunk_rows(), 0U);
  const DatasetReader chunked(path_, "chunked", ColumnType::f64, 2);
  EXPECT_EQ(chunked.chunk_rows(), 64U);
  EXPECT_TRUE(chunked.packed());
  const DatasetReader none(path_, "none", ColumnType::f64, 2);
  EXPECT_EQ(none.dimensions()[0], 0U);
  EXPECT_TRUE(read(none, 0, 0).empty());
}

TEST_F(Datasets, LargeSlicesComeInPiecesWithoutAGap) {
  const std::filesystem::path path = folder_ / "large.h5";
  {
    const h5::Handle file = h5::create_file(path);
    make(file, "tall", H5T_NATIVE_DOUBLE, {{3'000'000}, {700'001}, false});
    make(file, "wide", H5T_NATIVE_DOUBLE, {{2, 1'500'001}, {1, 300'000}, false});
  }
  const DatasetReader tall(path, "tall", ColumnType::f64, 1), wide(path, "wide", ColumnType::f64, 2);
  EXPECT_TRUE(read(tall, 0, 3'000'000) == numbers(3'000'000));
  EXPECT_TRUE(read(wide, 0, 2) == numbers(3'000'002));
}

TEST_F(Datasets, WhatTheProgramDoesNotReadIsRefusedWithWhatWasFound) {
  EXPECT_THAT(refusal("plane", ColumnType::f64, 0),
              HasSubstr("data.h5 has no dataset 'plane'; it holds chunked, count, "));
  EXPECT_THAT(refusal("group/x", ColumnType::f64, 0), HasSubstr("has no dataset 'group/x'"));
  EXPECT_THAT(refusal("plain/x", ColumnType::f64, 0), HasSubstr("'plain/x'"));
  EXPECT_THAT(refusal("group", ColumnType::f64, 0), HasSubstr("cannot be read as a dataset"));
  EXPECT_THAT(refusal("short", ColumnType::f64, 0), HasSubstr("holds 32-bit floats; the program reads 64-bit floats"));
  EXPECT_THAT(refusal("count", ColumnType::i16, 0),
              HasSubstr("holds unsigned 16-bit integers; the program reads signed 16-bit integers"));
  EXPECT_THAT(refusal("names", ColumnType::f64, 0), HasSubstr("holds texts; the program reads"));
  EXPECT_THAT(refusal("plain", ColumnType::f64, 1), HasSubstr("has 2 dimensions (1000 x 6); the program reads 1"));
  EXPECT_THAT(refusal("single", ColumnType::f64, 0),
              HasSubstr("has 0 dimensions (a single value); the program reads one or more"));
  EXPECT_NO_THROW(DatasetReader(path_, "count", ColumnType::u16, 1));
}

TEST_F(Datasets, FilesThatAreNoneAreRefused) {
  const auto why = [&](const std::filesystem::path& path) -> std::string {
    return refusal_of(ExitCode::bad_input, [&] { const DatasetReader reader(path, "x", ColumnType::f64, 0); });
  };
  write_text(folder_ / "text.h5", "no HDF5 at all");
  write_text(folder_ / "empty.h5", "");
  write_text(folder_ / "cut.h5", read_text(path_).substr(0, 3000));
  EXPECT_THAT(why(folder_ / "gone.h5"), HasSubstr("gone.h5: No such file"));
  EXPECT_THAT(why(folder_.path()), HasSubstr("is a directory"));
  EXPECT_THAT(why(folder_ / "text.h5"), HasSubstr("cannot be read as an HDF5 file"));
  EXPECT_THAT(why(folder_ / "empty.h5"), HasSubstr("cannot be read as an HDF5 file"));
  EXPECT_THAT(why(folder_ / "cut.h5"), HasSubstr("cannot be read as an HDF5 file"));
}

TEST_F(Datasets, ADamagedChunkFailsItsRowsAndNoOthers) {
  haddr_t place = 0;
  {
    const h5::Handle file = h5::open_file(path_);
    const h5::Handle dataset = h5::open_dataset(file, "chunked");
    const hsize_t chunk[2] = {128, 0};
    hsize_t size = 0;
    unsigned filters = 0;
    h5::check(H5Dget_chunk_info_by_coord(dataset.id(), chunk, &filters, &place, &size), "find a chunk");
  }
  std::string bytes = read_text(path_);
  for (std::size_t i = 0; i < 40; ++i) bytes[place + i] = '\xA5';
  write_text(path_, bytes);
  const DatasetReader reader(path_, "chunked", ColumnType::f64, 2);
  for (int round = 0; round < 2; ++round) {
    try {
      read(reader, 100, 50);
      FAIL();
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("cannot read rows 100 to 150 of dataset 'chunked' of "));
    }
    EXPECT_EQ(read(reader, 0, 128).front(), 0.5);
    EXPECT_EQ(read(reader, 192, 808).back(), kRows * kColumns - 0.5);
  }
}

TEST_F(Datasets, RowsThatAreNotThereAreRefused) {
  const DatasetReader reader(path_, "plain", ColumnType::f64, 2);
  std::vector<std::byte> room(6 * 8 * 2);
  EXPECT_THROW(reader.read(999, 2, room), Error);
  EXPECT_THROW(reader.read(1001, 0, {}), Error);
  EXPECT_THROW(reader.read(~std::uint64_t{0}, 2, room), Error);
  EXPECT_THROW(reader.read(0, 1, room), Error);
}
