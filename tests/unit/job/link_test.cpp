#include "job/link.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <vector>

namespace kiln::job {
namespace {

using protocol::Beat;
using protocol::Candidate;
using protocol::Stamp;

/// What is sent stays; what comes in is put there by the test.
class Letters final : public net::Transport {
 public:
  explicit Letters(Rank rank) : rank_(rank) {}
  Rank rank() const override { return rank_; }
  std::int32_t size() const override { return 4; }
  void send(Rank to, Bytes message) override { sent[to].push_back(std::move(message)); }
  std::optional<net::Received> receive() override {
    if (waiting.empty()) return std::nullopt;
    net::Received first = std::move(waiting.front());
    waiting.pop_front();
    return first;
  }
  std::size_t unsent() override { return 0; }
  bool under_way() const override { return false; }

  void put(int from, const protocol::Message& message, std::uint32_t epoch, std::uint32_t view = 1) {
    waiting.push_back({Rank(from), protocol::encode(message, Stamp{Epoch(epoch), View(view)})});
  }
  std::map<Rank, std::vector<Bytes>> sent;
  std::deque<net::Received> waiting;

 private:
  Rank rank_;
};

class WorkerLink : public testing::Test {
 protected:
  Letters letters{Rank(2)};
  Link link{letters};
};

TEST_F(WorkerLink, FollowsWhoeverHasTheHigherEpoch) {
  letters.put(0, Beat{}, 0);
  letters.put(0, Beat{}, 3);
  EXPECT_FALSE(link.receive()->took_over) << "the reign that was announced";
  EXPECT_FALSE(link.receive()->took_over);
  letters.put(1, Beat{}, 4);
  const auto first = link.receive();
  EXPECT_TRUE(first->took_over);
  EXPECT_FALSE(first->anew);
  EXPECT_EQ(link.coordinator(), Rank(1));
  letters.put(0, protocol::Stop{}, 3);
  letters.put(1, Beat{}, 4);
  EXPECT_EQ(link.receive()->from, Rank(1)) << "the one before is not heard any more";
}

TEST_F(WorkerLink, BeginsAnewWhereTheNewOneHadGivenItUp) {
  letters.put(0, Beat{}, 3);
  EXPECT_TRUE(link.receive());
  letters.put(1, Beat{}, 4, 2);
  const auto first = link.receive();
  EXPECT_TRUE(first->took_over);
  EXPECT_TRUE(first->anew);
}

TEST_F(WorkerLink, OthersSpeakOfThemselvesAndAreNotFollowed) {
  letters.put(1, Beat{}, 0);
  EXPECT_TRUE(link.receive()->peer) << "before the coordinator was heard";
  letters.put(0, Beat{}, 3);
  EXPECT_FALSE(link.receive()->peer);
  letters.put(1, Candidate{}, 3);
  EXPECT_TRUE(link.receive()->peer);
  letters.put(1, Candidate{}, 5);
  EXPECT_TRUE(link.receive()->peer);
  EXPECT_EQ(link.coordinator(), Rank(0));
  letters.put(1, protocol::Stop{}, 3);
  EXPECT_FALSE(link.receive()) << "of this epoch only the coordinator counts";
}

TEST_F(WorkerLink, AFirstReignOfAnotherRankIsATakeover) {
  letters.put(1, Beat{}, 4);
  EXPECT_TRUE(link.receive()->took_over);
}

class HeirLink : public testing::Test {
 protected:
  HeirLink() { members.begin({}); }
  Letters letters{Rank(1)};
  protocol::Membership members{{Rank(2), Rank(3)}, std::chrono::seconds(1)};
  Link link{letters, Epoch(4), members};
};

TEST_F(HeirLink, SpeaksAsTheCoordinator) {
  EXPECT_EQ(link.coordinator(), Rank(1));
  letters.put(2, Beat{}, 4);
  EXPECT_EQ(link.receive()->from, Rank(2));
}

TEST_F(HeirLink, TellsTheOneBeforeThatItIsDeposed) {
  letters.put(0, Beat{}, 3);
  EXPECT_FALSE(link.receive());
  ASSERT_EQ(letters.sent[Rank(0)].size(), 1U);
  EXPECT_EQ(protocol::stamp_of(letters.sent[Rank(0)].front())->epoch, Epoch(4));
}

TEST_F(HeirLink, TakesUpWhoWasLostBefore) {
  members.lost_before(Rank(3));
  letters.put(3, Candidate{}, 3);
  const auto back = link.receive();
  ASSERT_TRUE(back);
  EXPECT_TRUE(back->anew);
  EXPECT_TRUE(members.lives(Rank(3)));
}

TEST_F(HeirLink, IsDeposedByAHigherEpoch) {
  letters.put(2, Beat{}, 4);
  letters.put(3, Beat{}, 5);
  EXPECT_TRUE(link.receive());
  EXPECT_FALSE(link.deposed());
  EXPECT_FALSE(link.receive());
  EXPECT_TRUE(link.deposed());
}

}  // namespace
}  // namespace kiln::job
