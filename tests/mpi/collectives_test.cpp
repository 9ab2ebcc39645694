#include "net/collectives.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <numeric>
#include <vector>

#include "mpi_test_main.hpp"
#include "net/mpi_collectives.hpp"

namespace kiln::net {
namespace {

std::uint64_t rank() { return static_cast<std::uint64_t>(transport().rank().value()); }
std::uint64_t ranks() { return static_cast<std::uint64_t>(transport().size()); }

// Polls until it is done; how often it was not.
std::uint64_t finish(Collectives& collectives) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  std::uint64_t polls = 0;
  while (!collectives.poll()) {
    ++polls;
    if (std::chrono::steady_clock::now() > deadline) {
      ADD_FAILURE() << "not done on rank " << rank();
      break;
    }
  }
  return polls;
}

Bytes noise(std::size_t size, std::uint64_t seed) {
  Bytes bytes(size);
  std::uint64_t state = seed + 1;
  for (std::byte& byte : bytes) byte = static_cast<std::byte>((state = state * 6364136223846793005ULL + 1) >> 56U);
  return bytes;
}

std::uint64_t count_at(std::uint64_t from, std::uint64_t place) {
  return (from + 1) * 0x9E3779B97F4A7C15ULL + place * (from + 3);  // overflows: sums are modulo 2^64
}

void sum_and_check(Collectives& collectives, std::uint64_t length) {
  std::uint64_t given = 0, taken = 0, wrong = 0;
  const auto give = [&](std::uint64_t first, std::span<std::uint64_t> piece) {
    EXPECT_EQ(first, given);
    EXPECT_LE(piece.size_bytes(), Collectives::kPieceBytes);
    for (std::size_t i = 0; i < piece.size(); ++i) piece[i] = count_at(rank(), first + i);
    given += piece.size();
  };
  const auto take = [&](std::uint64_t first, std::span<const std::uint64_t> piece) {
    EXPECT_EQ(first, taken);
    for (std::size_t i = 0; i < piece.size(); ++i) {
      std::uint64_t sum = 0;
      for (std::uint64_t from = 0; from < ranks(); ++from) sum += count_at(from, first + i);
      wrong += piece[i] == sum ? 0 : 1;
    }
    taken += piece.size();
  };
  collectives.begin_sum(length, give, take);
  finish(collectives);
  EXPECT_EQ(given, length);
  EXPECT_EQ(taken, rank() == 0 ? length : 0);
  EXPECT_EQ(wrong, 0U);
}

TEST(MpiCollectives, NothingIsUnderWayAtFirst) {
  MpiCollectives collectives;
  EXPECT_EQ(collectives.members().size(), ranks());
  EXPECT_TRUE(collectives.poll());
}

// The last rank comes when all others have said that they are in it, and that they are not through.
TEST(MpiCollectives, BarrierWaitsForTheLastWithoutBlocking) {
  MpiCollectives collectives;
  const bool last = rank() + 1 == ranks();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  if (!last) {
    collectives.begin_barrier();
    for (int turn = 0; turn < 100; ++turn) EXPECT_FALSE(collectives.poll());
    transport().send(Rank(static_cast<std::int32_t>(ranks() - 1)), Bytes(1));
  } else {
    for (std::uint64_t heard = 0; heard + 1 < ranks();) {
      if (transport().receive()) ++heard;
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    }
    collectives.begin_barrier();
  }
  finish(collectives);
  while (transport().unsent() != 0) transport().receive();
}

TEST(MpiCollectives, GathersBytesOfAnyLength) {
  MpiCollectives collectives;
  const std::vector<std::vector<std::size_t>> rounds = {
      {0}, {1, 0, 3}, {0, 100'000}, {Collectives::kPieceBytes + 5, 0, 1}, {7, 3 * Collectives::kPieceBytes, 0, 70'000}};
  std::uint64_t round = 0;
  for (const std::vector<std::size_t>& sizes : rounds) {
    collectives.begin_gather(noise(sizes[rank() % sizes.size()], rank() + 100 * round));
    finish(collectives);
    const std::vector<Bytes> all = collectives.gathered();
    EXPECT_EQ(all.size(), rank() == 0 ? ranks() : 0);
    for (std::uint64_t from = 0; from < all.size(); ++from) {
      EXPECT_TRUE(all[from] == noise(sizes[from % sizes.size()], from + 100 * round)) << "round " << round;
    }
    ++round;
  }
}

TEST(MpiCollectives, SumsCountsOfAnyLength) {
  MpiCollectives collectives;
  constexpr std::uint64_t kPiece = Collectives::kPieceBytes / sizeof(std::uint64_t);
  for (const std::uint64_t length :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1'000}, kPiece / 4, kPiece / 4 + 1, 2 * kPiece + 17}) {
    sum_and_check(collectives, length);
  }
}

TEST(MpiCollectives, SpreadsCountsOfAnyLength) {
  MpiCollectives collectives;
  constexpr std::uint64_t kPiece = Collectives::kPieceBytes / sizeof(std::uint64_t);
  for (const std::uint64_t length : {std::uint64_t{0}, std::uint64_t{1}, kPiece / 4 + 1, 2 * kPiece + 17}) {
    std::uint64_t given = 0, taken = 0, wrong = 0;
    const auto give = [&](std::uint64_t first, std::span<std::uint64_t> piece) {
      EXPECT_EQ(first, given);
      for (std::size_t i = 0; i < piece.size(); ++i) piece[i] = count_at(7, first + i);
      given += piece.size();
    };
    const auto take = [&](std::uint64_t first, std::span<const std::uint64_t> piece) {
      EXPECT_EQ(first, taken);
      for (std::size_t i = 0; i < piece.size(); ++i) wrong += piece[i] == count_at(7, first + i) ? 0 : 1;
      taken += piece.size();
    };
    collectives.begin_spread(length, give, take);
    finish(collectives);
    EXPECT_EQ(given, rank() == 0 ? length : 0);
    EXPECT_EQ(taken, rank() == 0 ? 0 : length);
    EXPECT_EQ(wrong, 0U);
  }
}

TEST(MpiCollectives, BroadcastsBytesOfAnyLength) {
  MpiCollectives collectives;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{70'000}, Collectives::kPieceBytes,
                                 2 * Collectives::kPieceBytes + 1}) {
    collectives.begin_broadcast(rank() == 0 ? noise(size, size) : noise(rank() * 1'000, 1));
    finish(collectives);
    EXPECT_TRUE(collectives.received() == noise(size, size)) << size << " bytes";
    EXPECT_TRUE(collectives.received().empty());
  }
}

// One after the other without a word in between: a rank may be far ahead of the others.
TEST(MpiCollectives, ManyInARowBesideMessages) {
  MpiCollectives collectives;
  for (std::uint64_t i = 0; i < 50; ++i) {
    transport().send(transport().rank(), noise(i, i));
    collectives.begin_broadcast(rank() == 0 ? noise(i * 100, i) : Bytes());
    finish(collectives);
    EXPECT_TRUE(collectives.received() == noise(i * 100, i));
    sum_and_check(collectives, i);
    const auto received = transport().receive();
    ASSERT_TRUE(received);
    EXPECT_TRUE(received->bytes == noise(i, i));
  }
}

TEST(MpiCollectives, RefusesASecondOneAtATime) {
  MpiCollectives collectives;
  collectives.begin_broadcast(Bytes(100));
  bool refused = false;
  try {
    collectives.begin_barrier();
  } catch (const std::exception&) {
    refused = true;
  }
  EXPECT_TRUE(refused);
  finish(collectives);
}

}  // namespace
}  // namespace kiln::net
