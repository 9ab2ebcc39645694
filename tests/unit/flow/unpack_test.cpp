#include "flow/byte_stream.hpp"
#include "unit/flow/packed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <ostream>
#include <random>
#include <stdexcept>
#include <string>

using namespace kiln::flow;
using ::testing::HasSubstr;

namespace {

/// Gives `step` bytes at a time.
class TextStream : public ByteStream {
 public:
  TextStream(std::string_view text, std::size_t step) : rest_(text), step_(step) {}
  std::size_t read(std::span<char> buffer) override {
    const std::size_t most = std::min({buffer.size(), rest_.size(), step_});
    std::copy_n(rest_.data(), most, buffer.data());
    rest_.remove_prefix(most);
    return most;
  }

 private:
  std::string_view rest_;
  std::size_t step_;
};

struct Packing {
  const char* name;
  std::function<std::string(std::string_view)> pack;
  std::unique_ptr<ByteStream> (*unpack)(ByteStream&, std::string);
};
void PrintTo(const Packing& packing, std::ostream* out) { *out << packing.name; }

class Unpack : public ::testing::TestWithParam<Packing> {
 protected:
  static std::string unpacked(std::string_view bytes, std::size_t in_step = 1 << 20, std::size_t out_step = 1 << 16) {
    TextStream packed(bytes, in_step);
    const auto stream = GetParam().unpack(packed, "dir/file");
    std::string all, piece(out_step, '\0');
    while (const std::size_t got = stream->read(piece)) all.append(piece, 0, got);
    EXPECT_EQ(stream->read(piece), 0U) << "the end stays the end";
    return all;
  }
  static std::string failure(std::string_view bytes) {
    try {
      unpacked(bytes);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return "";
  }
  static std::string pack(std::string_view text) { return GetParam().pack(text); }
};

std::string numbers(int lines) {
  std::string text;
  for (int i = 0; i < lines; ++i) text += std::to_string(i * 7919L) + "\n";
  return text;
}

}  // namespace

TEST_P(Unpack, GivesTheTextBackHoweverItIsRead) {
  const std::string text = numbers(20'000), bytes = pack(text);
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, std::size_t{65'536}, bytes.size()}) {
    EXPECT_TRUE(unpacked(bytes, step) == text) << step;
    EXPECT_TRUE(unpacked(bytes, bytes.size(), step) == text) << step;
  }
}

TEST_P(Unpack, UnpacksWhatPacksVeryWell) {
  std::string zeros;
  zeros.resize(50'000'000, 'z');
  EXPECT_TRUE(unpacked(pack(zeros)) == zeros);
}

TEST_P(Unpack, JoinsPartsThatStandOneBehindTheOther) {
  const std::string bytes = pack("one\ntw") + pack("") + pack("o\n") + pack("three");
  for (const std::size_t step : {std::size_t{1}, std::size_t{3}, bytes.size()}) {
    EXPECT_EQ(unpacked(bytes, step), "one\ntwo\nthree");
  }
  EXPECT_EQ(unpacked(pack("")), "");
}

TEST_P(Unpack, EveryCutIsAnErrorThatNamesTheFile) {
  const std::string bytes = pack(numbers(200));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::string what = failure(std::string_view(bytes).substr(0, size));
    ASSERT_THAT(what, HasSubstr("dir/file: cannot unpack")) << size;
    ASSERT_THAT(what, HasSubstr(" at byte " + std::to_string(size))) << size;
  }
  EXPECT_THAT(failure(bytes + bytes.substr(0, bytes.size() / 2)), HasSubstr("cut off")) << "also of a later part";
}

TEST_P(Unpack, AFlippedByteNeverGivesAnotherTextInSilence) {
  const std::string text = numbers(300), bytes = pack(text);
  std::mt19937_64 random(5);
  for (int round = 0; round < 3000; ++round) {
    std::string damaged = bytes;
    char& byte = damaged[random() % damaged.size()];
    byte = static_cast<char>(byte ^ static_cast<char>(1 + random() % 255));
    std::string got;
    try {
      got = unpacked(damaged);
    } catch (const std::runtime_error&) {
      continue;
    }
    ASSERT_TRUE(got == text) << "round " << round;  // such as the time in a gzip header
  }
}

INSTANTIATE_TEST_SUITE_P(Both, Unpack,
                         ::testing::Values(Packing{"gzip", gzip, unpack_gzip}, Packing{"zstd", zstd, unpack_zstd}),
                         [](const auto& each) { return std::string(each.param.name); });

TEST(UnpackGzip, TakesZerosBehindTheLastMemberButNothingElse) {
  const auto read_all = [](const std::string& bytes) {
    TextStream packed(bytes, 5);
    const auto stream = unpack_gzip(packed, "f");
    std::string all, piece(100, '\0');
    while (const std::size_t got = stream->read(piece)) all.append(piece, 0, got);
    return all;
  };
  EXPECT_EQ(read_all(gzip("a\n") + std::string(1, '\0')), "a\n");
  EXPECT_EQ(read_all(gzip("a\n") + std::string(70'000, '\0')), "a\n");
  EXPECT_THROW(read_all(gzip("a\n") + std::string(3, '\0') + "x"), std::runtime_error);
  EXPECT_THROW(read_all(gzip("a\n") + "rubbish"), std::runtime_error);
}

TEST(UnpackZstd, GivesAllOfAFrameWhoseLastByteWasReadLongBefore) {
  const std::string text(200'000, 'z');
  std::string bytes(ZSTD_compressBound(text.size()), '\0');
  bytes.resize(ZSTD_compress(bytes.data(), bytes.size(), text.data(), text.size(), 1));  // no checksum at its end
  TextStream packed(bytes, bytes.size());
  const auto stream = unpack_zstd(packed, "f");
  std::string piece(1000, '\0');
  std::size_t all = 0;
  while (const std::size_t got = stream->read(piece)) all += got;
  EXPECT_EQ(all, text.size());
}

TEST(UnpackZstd, PassesOverSkippableFrames) {
  const std::string skippable("\x50\x2A\x4D\x18\x03\0\0\0abc", 11);
  const std::string bytes = skippable + zstd("a\n") + skippable;
  TextStream packed(bytes, 4);
  const auto stream = unpack_zstd(packed, "f");
  std::string piece(100, '\0');
  EXPECT_EQ(stream->read(piece), 2U);
  EXPECT_EQ(stream->read(piece), 0U);
}
