#include "store/chunk_codec.hpp"

#include "store/h5.hpp"
#include "store/table_writer.hpp"

#include <gtest/gtest.h>
#include <kiln/error.hpp>

#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace kiln::store {
namespace {

constexpr std::uint64_t kChunk = 1000;

template <class T>
class ChunkCodecTest : public ::testing::Test {
 public:
  /// Half of them close to each other, half of them random bits: the one deflates well, the other not at all.
  static std::vector<T> values(std::uint64_t count) {
    std::mt19937_64 random(7);
    std::vector<T> values(count);
    for (std::uint64_t i = 0; i < count; ++i) values[i] = static_cast<T>(i < count / 2 ? i : random());
    return values;
  }
};
using Numbers = ::testing::Types<std::uint8_t, std::int16_t, float, std::uint64_t, double>;
TYPED_TEST_SUITE(ChunkCodecTest, Numbers);

TYPED_TEST(ChunkCodecTest, WritesWhatHdf5Reads) {
  constexpr h5::Type kType = h5::type_of<TypeParam>();
  const auto values = TestFixture::values(3 * kChunk);
  h5::MemoryFile file;
  const h5::Handle dataset =
      h5::create_dataset(file.root(), "x", kType, values.size(), {.chunk_rows = kChunk, .deflate = 1});
  ASSERT_EQ(h5::packed_chunk_rows(dataset, kType), kChunk);
  ChunkCodec codec(sizeof(TypeParam));
  for (std::uint64_t row = 0; row < values.size(); row += kChunk) {
    h5::write_chunk(dataset, row, codec.pack(std::as_bytes(std::span(values).subspan(row, kChunk))));
  }
  EXPECT_EQ(h5::read_values<TypeParam>(file.root(), "x", 1 << 20), values);
}

TYPED_TEST(ChunkCodecTest, ReadsWhatHdf5Wrote) {
  const auto values = TestFixture::values(3 * kChunk);
  h5::MemoryFile file;
  h5::write_values<TypeParam>(file.root(), "x", values, {.chunk_rows = kChunk, .deflate = 1});
  h5::flush(file.root());
  const h5::Handle dataset = h5::open_dataset(file.root(), "x");
  std::vector<TypeParam> got(kChunk);
  ChunkCodec codec(sizeof(TypeParam));
  codec.unpack(h5::read_chunk(dataset, kChunk, 1 << 20), std::as_writable_bytes(std::span(got)));
  EXPECT_EQ(got, std::vector<TypeParam>(values.begin() + kChunk, values.begin() + 2 * kChunk));
}

TYPED_TEST(ChunkCodecTest, RefusesDamagedChunks) {
  const auto values = TestFixture::values(kChunk);
  ChunkCodec codec(sizeof(TypeParam));
  const ByteView view = codec.pack(std::as_bytes(std::span(values)));
  const Bytes packed(view.begin(), view.end());
  std::vector<TypeParam> got(kChunk);
  codec.unpack(packed, std::as_writable_bytes(std::span(got)));
  EXPECT_EQ(got, values);
  got.resize(kChunk - 1);
  EXPECT_THROW(codec.unpack(packed, std::as_writable_bytes(std::span(got))), Error);
  got.resize(kChunk + 1);
  EXPECT_THROW(codec.unpack(packed, std::as_writable_bytes(std::span(got))), Error);
  got.resize(kChunk);
  EXPECT_THROW(codec.unpack(ByteView(packed).first(packed.size() / 2), std::as_writable_bytes(std::span(got))), Error);
  Bytes changed = packed;
  changed[changed.size() / 2] ^= std::byte{8};
  EXPECT_THROW(codec.unpack(changed, std::as_writable_bytes(std::span(got))), Error);
}

// Whatever is in the memory that it comes to work with.
TEST(ChunkCodecOf, RegularNumbersMakesThemSmall) {
  std::vector<double> values(65'536);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
  const auto dirty_stack = [] {
    volatile std::uint16_t memory[100'000];
    for (auto& number : memory) number = 10;
  };
  dirty_stack();
  ChunkCodec codec(sizeof(double));
  EXPECT_LT(codec.pack(std::as_bytes(std::span(values))).size(), 8'000U);
}

TEST(PackedChunks, AreKnownByTheirFilters) {
  const h5::MemoryFile file;
  const auto rows = [&](const char* name, h5::DatasetOptions options, h5::Type asked) {
    return h5::packed_chunk_rows(h5::create_dataset(file.root(), name, h5::Type::f64, 5000, options), asked);
  };
  EXPECT_EQ(rows("plain", {}, h5::Type::f64), 0U);
  EXPECT_EQ(rows("chunked", {.chunk_rows = 100}, h5::Type::f64), 0U);
  EXPECT_EQ(rows("packed", {.chunk_rows = 100, .deflate = 1}, h5::Type::f64), 100U);
  EXPECT_EQ(rows("another type", {.chunk_rows = 100, .deflate = 1}, h5::Type::u64), 0U);
}

TEST(PackedChunks, ThatClaimTooMuchOrAreNotThereAreRefused) {
  const h5::MemoryFile file;
  const h5::Handle dataset =
      h5::create_dataset(file.root(), "x", h5::Type::u8, 2000, {.chunk_rows = 1000, .deflate = 1});
  h5::write_chunk(dataset, 0, Bytes(500));
  EXPECT_EQ(h5::read_chunk(dataset, 0, 500).size(), 500U);
  EXPECT_THROW(h5::read_chunk(dataset, 0, 499), Error);
  EXPECT_THROW(h5::read_chunk(dataset, 1000, 500), Error);
}

TEST(PackedColumns, HoldAllRowsWhateverPiecesTheyComeIn) {
  constexpr std::uint64_t kRows = 3 * 65'536 + 77;
  std::vector<std::uint32_t> values(kRows);
  for (std::uint64_t i = 0; i < kRows; ++i) values[i] = static_cast<std::uint32_t>(i * 2654435761U);
  h5::MemoryFile file;
  ColumnWriter column(file.root(), "x", ColumnType::u32, kRows);
  ListColumnWriter list(file.root(), "list", ColumnType::u32, 2);
  const std::size_t pieces[] = {1, 7, 65'535, 65'536, 1, 65'540, 12};
  std::size_t at = 0;
  for (const std::size_t piece : pieces) {
    column.append(std::as_bytes(std::span(values).subspan(at, piece)));
    at += piece;
  }
  for (; at < kRows; ++at) column.put(values[at]);
  list.put(std::as_bytes(std::span(values).first(70'000)));
  list.put(std::as_bytes(std::span(values).subspan(70'000)));
  column.finish();
  list.finish();
  EXPECT_EQ(h5::read_values<std::uint32_t>(file.root(), "x", 1 << 20), values);
  EXPECT_EQ(h5::read_values<std::uint32_t>(file.root(), "list", 1 << 20), values);
  EXPECT_EQ(h5::read_values<std::uint64_t>(file.root(), "list_offsets", 1 << 20),
            (std::vector<std::uint64_t>{0, 70'000, kRows}));
}

}  // namespace
}  // namespace kiln::store
