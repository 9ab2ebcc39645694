#include "store/h5.hpp"
#include "unit/store/journal_fixture.hpp"
#include "unit/temp_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <kiln/array_file.hpp>
#include <kiln/error.hpp>
#include <numeric>
#include <vector>

namespace kiln {
namespace {

TEST(ArrayFile, HoldsWhatWasAppendedPieceByPiece) {
  const TempFolder folder;
  const std::string path = (folder.path() / "in.h5").string();
  std::vector<float> values(3 * 1000);
  std::iota(values.begin(), values.end(), 0.5F);
  ArrayFile file(path);
  file.create<float>("a/readings", 1000, 3, 100, 1);
  file.append<float>(std::span(values).first(3 * 10));
  file.append<float>(std::span(values).subspan(3 * 10));
  const std::vector<std::int16_t> ids{4, -5};
  file.write<std::int16_t>("ids", ids);
  file.attribute("made by", std::string("a test"));
  EXPECT_FALSE(std::filesystem::exists(path)) << "not before close()";
  file.close();
  EXPECT_FALSE(std::filesystem::exists(path + ".part"));
  const store::h5::Handle in = store::h5::open_file(path);
  EXPECT_EQ(store::h5::shape(store::h5::open_dataset(in, "a/readings")), (std::vector<std::uint64_t>{1000, 3}));
  EXPECT_EQ(store::h5::read_values<float>(in, "a/readings", 1 << 20), values);
  EXPECT_EQ(store::h5::dataset_type(store::h5::open_dataset(in, "ids")), store::h5::Type::i16);
  EXPECT_EQ(store::h5::read_text_attribute(in, "made by"), "a test");
}

TEST(ArrayFile, IsNotThereWithoutClose) {
  const TempFolder folder;
  const std::string path = (folder.path() / "in.h5").string();
  {
    ArrayFile file(path);
    file.write<double>("x", std::vector<double>{1, 2});
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(ArrayFile, RefusesTooMuchTooLittleAndAnotherType) {
  const TempFolder folder;
  ArrayFile file((folder.path() / "in.h5").string());
  file.create<double>("x", 4, 2);
  EXPECT_THROW(file.append<double>(std::vector<double>{1}), Error) << "half a row";
  EXPECT_THROW(file.append<float>(std::vector<float>{1, 2}), Error) << "another type";
  file.append<double>(std::vector<double>{1, 2});
  EXPECT_THROW(file.close(), Error) << "three rows are missing";
  EXPECT_THROW(file.create<double>("y", 4), Error) << "three rows are missing";
  EXPECT_THROW(file.append<double>(std::vector<double>(8)), Error) << "one row too many";
  file.append<double>(std::vector<double>(6));
  EXPECT_THROW(file.create<double>("x", 4), Error) << "there already";
  file.close();
  EXPECT_THROW(ArrayFile("/no/such/folder/in.h5"), Error);
}

}  // namespace
}  // namespace kiln
