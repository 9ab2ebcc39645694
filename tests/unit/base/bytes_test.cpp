#include <kiln/detail/bytes.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <kiln/error.hpp>

namespace kiln {
namespace {

Bytes sample() {
  ByteWriter out;
  out.put(std::uint8_t{7});
  out.put(std::uint32_t{0x01020304});
  out.put_text("text");
  out.put_bytes({});
  out.put(-1.5);
  return out.take();
}

TEST(Bytes, AreLittleEndianWithLengthsOf64Bits) {
  ByteWriter out;
  out.put(std::uint32_t{0x01020304});
  out.put_text("ab");
  EXPECT_EQ(as_text(out.view()), std::string_view("\x04\x03\x02\x01\x02\0\0\0\0\0\0\0ab", 14));
}

TEST(Bytes, WhatIsWrittenIsRead) {
  const Bytes bytes = sample();
  ByteReader in(bytes, "the sample");
  EXPECT_EQ(in.get<std::uint8_t>(), 7);
  EXPECT_EQ(in.get<std::uint32_t>(), 0x01020304U);
  EXPECT_EQ(in.get_text(), "text");
  EXPECT_TRUE(in.get_bytes().empty());
  EXPECT_EQ(in.get<double>(), -1.5);
  EXPECT_TRUE(in.done());
  EXPECT_NO_THROW(in.expect_done());
}

TEST(Bytes, PatchOverwritesInPlace) {
  ByteWriter out;
  out.put(std::uint64_t{0});
  out.put(std::uint8_t{9});
  out.patch(0, std::uint64_t{5});
  const Bytes bytes = out.take();
  ByteReader in(bytes, "it");
  EXPECT_EQ(in.get<std::uint64_t>(), 5U);
  EXPECT_EQ(in.get<std::uint8_t>(), 9);
}

TEST(Bytes, AWriterOverOldBytesShowsNothingOfThem) {
  for (const std::size_t old : {0U, 1U, 60U, 5000U}) {
    ByteWriter out(Bytes(old, std::byte{'x'}));
    EXPECT_EQ(out.size(), 0U);
    const std::string large(3000, 'l');
    out.put(std::uint8_t{1});
    out.put_text(large);
    out.put(std::uint32_t{2});
    const Bytes bytes = out.take();
    ASSERT_EQ(bytes.size(), 1 + 8 + large.size() + 4);
    ByteReader in(bytes, "it");
    EXPECT_EQ(in.get<std::uint8_t>(), 1);
    EXPECT_EQ(in.get_text(), large);
    EXPECT_EQ(in.get<std::uint32_t>(), 2U);
  }
}

TEST(Bytes, SmallAndLargePiecesMixedStayInOrder) {
  ByteWriter out;
  std::string expected;
  for (std::size_t i = 0; i < 200; ++i) {
    const std::string piece(i * 37 % 700, static_cast<char>('a' + i % 26));
    out.put_raw(piece.data(), piece.size());
    out.put(static_cast<std::uint8_t>('0' + i % 10));
    expected += piece + static_cast<char>('0' + i % 10);
    if (i % 50 == 49) {
      out.truncate(out.size() - 20);
      expected.resize(expected.size() - 20);
    }
  }
  EXPECT_EQ(as_text(out.view()), expected);
}

TEST(Bytes, ASliceGivesAwayAllItsBytes) {
  ByteSlice slice(Bytes(10), 4, 3);
  EXPECT_EQ(slice.take_all().size(), 10U);
  EXPECT_EQ(slice.view().size(), 0U);
  EXPECT_EQ(slice.take_all().size(), 0U);
}

TEST(Bytes, AWriterThatGrowsKeepsWhatIsThereAndTakesNoMore) {
  ByteWriter out;
  out.reserve(3);
  Bytes expected;
  for (int i = 0; i < 1000; ++i) {
    out.put(static_cast<std::uint8_t>(i));
    expected.push_back(static_cast<std::byte>(i));
  }
  std::memset(out.extend(500), 7, 500);
  expected.resize(1500, std::byte{7});
  EXPECT_EQ(out.size(), 1500U);
  ByteWriter moved = std::move(out);
  out.put(std::uint8_t{1});  // NOLINT(bugprone-use-after-move): what is moved from is empty
  EXPECT_EQ(out.take(), Bytes{std::byte{1}});
  EXPECT_EQ(moved.take(), expected);
  EXPECT_EQ(moved.size(), 0U);
}

TEST(Bytes, ASliceIsWithinItsBytes) {
  const ByteSlice slice(Bytes(as_bytes("0123456789").begin(), as_bytes("0123456789").end()), 2, 3);
  EXPECT_EQ(as_text(slice.view()), "234");
  EXPECT_EQ(as_text(ByteSlice(slice).view()), "234");
  EXPECT_THROW(ByteSlice(Bytes(10), 8, 3), Error);
  EXPECT_THROW(ByteSlice(Bytes(10), 11, 0), Error);
  EXPECT_EQ(ByteSlice(Bytes(10), 10, 0).size(), 0U);
}

TEST(Bytes, CutOffAnywhereIsAnErrorThatNamesThem) {
  const Bytes whole = sample();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    ByteReader in(ByteView(whole).first(size), "the sample");
    try {
      in.get<std::uint8_t>();
      in.get<std::uint32_t>();
      in.get_text();
      in.get_bytes();
      in.get<double>();
      ADD_FAILURE() << size << " bytes were enough";
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), testing::StartsWith("the sample is damaged"));
    }
  }
}

TEST(Bytes, LengthsAndCountsOfDamagedBytesReserveNothing) {
  for (const std::uint64_t huge : {UINT64_MAX, UINT64_MAX / 8, std::uint64_t{1} << 63}) {
    ByteWriter out;
    out.put(huge);
    out.put(std::uint64_t{1});
    const Bytes bytes = out.take();
    EXPECT_THROW(ByteReader(bytes, "it").get_bytes(), Error);
    EXPECT_THROW(ByteReader(bytes, "it").get_count(8), Error);
    EXPECT_THROW(ByteReader(bytes, "it").get_count(1), Error);
  }
}

TEST(Bytes, ACountThatFitsIsTaken) {
  ByteWriter out;
  out.put(std::uint64_t{2});
  out.put_raw("abcd", 4);
  const Bytes bytes = out.take();
  EXPECT_EQ(ByteReader(bytes, "it").get_count(2), 2U);
  EXPECT_THROW(ByteReader(bytes, "it").get_count(3), Error);
}

TEST(Bytes, BytesLeftOverAreAnError) {
  const Bytes bytes(3);
  ByteReader in(bytes, "it");
  in.get_raw(2);
  EXPECT_THROW(in.expect_done(), Error);
}

TEST(Bytes, AChecksumSeesEveryBit) {
  Bytes bytes = sample();
  const std::uint64_t whole = checksum(bytes);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    EXPECT_NE(checksum(bytes), whole) << bit;
    bytes[bit / 8] ^= std::byte{1} << (bit % 8);
  }
  EXPECT_EQ(checksum(bytes), whole);
}

}  // namespace
}  // namespace kiln
