#include "job/program_messages.hpp"

#include <gtest/gtest.h>
#include <kiln/error.hpp>
#include <kiln/kiln.hpp>

#include <random>

namespace kiln::job {
namespace {

detail::StageResult result(std::vector<std::optional<Bytes>> values) {
  return {std::move(values), {}, {10, 8, 2, 1}, 0.5, false};
}

TEST(CallAnswer, ComesBackAsItWas) {
  const std::vector<std::vector<std::optional<Bytes>>> all = {
      {}, {Bytes(5)}, {std::nullopt}, {Bytes()}, {Bytes(3), std::nullopt, Bytes(7)}, {std::nullopt, Bytes(1)}};
  for (const auto& values : all) {
    const CallAnswer answer = decode_call_answer(encode_call_answer("a call", 5, result(values)));
    EXPECT_EQ(answer.described, "a call");
    EXPECT_EQ(answer.result.values, values);
    EXPECT_EQ(answer.result.counts.failed, 2U);
    EXPECT_EQ(answer.result.seconds, 0.5);
  }
}

TEST(CallAnswer, SaysWhichValuesComeApart) {
  detail::StageResult some = result({std::nullopt, Bytes(4), std::nullopt});
  some.forests.resize(3);
  some.forests[2] = std::make_unique<detail::ForestOf<Histogram>>(Histogram(0, 1, 1'000));
  some.forests[2]->provide_counts();
  const Bytes encoded = encode_call_answer("a call", 5, some);
  EXPECT_LT(encoded.size(), 200U);
  const CallAnswer answer = decode_call_answer(encoded);
  EXPECT_EQ(answer.in_counts, std::vector<std::uint32_t>{2});
  EXPECT_EQ(answer.result.values, some.values);
}

TEST(CallAnswer, DamagedBytesAreRefused) {
  const Bytes good = encode_call_answer("a call", 5, result({Bytes(3), Bytes(7)}));
  for (std::size_t length = 0; length < good.size(); ++length) {
    EXPECT_THROW(decode_call_answer(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(length))), Error);
  }
  std::mt19937_64 random(1);
  for (int round = 0; round < 2000; ++round) {
    Bytes broken = good;
    broken[random() % broken.size()] = static_cast<std::byte>(random());
    try {
      decode_call_answer(broken);
    } catch (const Error&) {
    }  // either, but no crash
  }
}

}  // namespace
}  // namespace kiln::job
