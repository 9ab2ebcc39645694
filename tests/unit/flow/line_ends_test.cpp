#include "flow/line_ends.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace kiln::flow {
namespace {

TEST(LineEnds, AreCountedInTextsOfAnyLength) {
  std::mt19937 random(5);
  for (const std::size_t size : {0UL, 1UL, 63UL, 64UL, 65UL, 1000UL, 64UL * 255, 64UL * 256 + 3, 100'000UL}) {
    std::string text(size, '\n');
    EXPECT_EQ(count_line_ends(text), size);
    for (char& byte : text) byte = static_cast<char>(random() % 3 == 0 ? '\n' : random());
    EXPECT_EQ(count_line_ends(text), static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'))) << size;
  }
}

}  // namespace
}  // namespace kiln::flow
