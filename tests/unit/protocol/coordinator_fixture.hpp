#pragma once

#include "protocol/coordinator.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kiln::protocol {

/// Keeps everything that the coordinator does; commits end when the test says so.
class RecordingPort final : public CoordinatorPort {
 public:
  void send(Rank to, Message message) override { sent.emplace_back(to, std::move(message)); }
  std::uint64_t payload_bytes(UnitId) override { return 0; }
  std::uint64_t most_payload_bytes() override { return 0; }
  void commit(std::unique_ptr<CommitPlan> plan) override {
    EXPECT_EQ(committing, nullptr);
    committing = std::move(plan);
  }
  void give(const schedule::IntervalSet& units) override {
    EXPECT_TRUE(giving.empty());
    giving = units;
  }
  CanJoin can_join() const override { return joining; }
  void join(const Join&) override { ++joins; }
  void leave_join() override { ++joins_left; }
  void look_who_ended(Rank rank) override { looks.push_back(rank); }
  void work_alone() override { ++alone; }
  void finish(Outcome outcome) override {
    EXPECT_FALSE(finished);
    finished = outcome;
  }
  void fault(Rank rank, const Fault& fault) override { faults.emplace_back(rank, fault); }
  void note_failure(UnitId, Rank, std::uint32_t, const std::string&, bool) override {}

  std::vector<std::pair<Rank, Message>> sent;
  std::unique_ptr<CommitPlan> committing;
  schedule::IntervalSet giving;
  CanJoin joining = CanJoin::yes;
  int joins = 0, joins_left = 0;
  int alone = 0;
  std::vector<Rank> looks;  // for who has ended them; until they are answered
  std::optional<Outcome> finished;
  std::vector<std::pair<Rank, Fault>> faults;
};

/// A coordinator whose workers and disk are the test.
class CoordinatorTest : public testing::Test {
 protected:
  void begin(CoordinatorStart start) {
    coordinator.emplace(options, std::move(start), port);
    coordinator->begin(now);
  }
  /// Units 0..units-1 and that many workers, all ready.
  void begin(std::uint64_t units, int workers, CoordinatorStart start = {}) {
    start.units = units;
    for (int rank = 1; rank <= workers; ++rank) start.workers.emplace_back(rank);
    begin(std::move(start));
    for (int rank = 1; rank <= workers; ++rank) hear(rank, Ready{"node", 1, 0});
  }
  void hear(int rank, Message message) { coordinator->on_message(Rank(rank), std::move(message), now); }
  void pass(Duration time) {
    now += time;
    coordinator->on_tick(now);
  }
  void committed() {
    ASSERT_NE(port.committing, nullptr);
    port.committing.reset();
    coordinator->on_committed(std::chrono::milliseconds(1), now);
  }
  /// The rank has died with nobody else of its node, ended by its own code or by somebody else.
  enum class By { itself, others };
  void dies(int rank, By by) {
    coordinator->on_dead(Rank(rank), true, now);
    for (const Rank asked : std::exchange(port.looks, {})) coordinator->on_who_ended(asked, {by == By::itself}, now);
  }
  /// The rank's own code has ended it while it ran these.
  void ends(int rank, Interval running) {
    coordinator->on_dead(Rank(rank), true, now);
    for (const Rank asked : std::exchange(port.looks, {})) coordinator->on_who_ended(asked, {true, running}, now);
  }
  void commit_fails() { coordinator->on_commit_failed(std::move(port.committing), now); }

  static Part part(const Batch& batch, bool held) {
    Part part;
    part.batch = batch.id;
    part.done = {batch.units};
    part.busy_seconds = 100;  // long units: nobody gets a second batch
    part.held = held;
    part.last = true;
    if (!held) {
      part.rows = Bytes(8);
      part.partials = Bytes(4);
    }
    return part;
  }
  static Segment segment(std::vector<Interval> units, bool asked) {
    Segment segment;
    segment.file = units.empty() ? "" : "w.h5";
    segment.length = units.empty() ? 0 : 100;
    segment.units = std::move(units);
    segment.asked = asked;
    return segment;
  }
  static Segment failed(bool asked) {
    Segment segment;
    segment.failed = "no space left";
    segment.asked = asked;
    return segment;
  }
  /// Takes the messages of a kind out of what was sent.
  template <class T>
  std::vector<std::pair<int, T>> take() {
    std::vector<std::pair<int, T>> found;
    for (auto& [rank, message] : port.sent) {
      if (auto* one = std::get_if<T>(&message)) found.emplace_back(rank.value(), std::move(*one));
    }
    std::erase_if(port.sent, [](const auto& one) { return std::holds_alternative<T>(one.second); });
    return found;
  }

  CoordinatorOptions options = [] {
    CoordinatorOptions usual;
    usual.batch = "4";
    usual.checkpoint_adapts = false;
    return usual;
  }();
  RecordingPort port;
  Instant now{};
  std::optional<Coordinator> coordinator;
};

}  // namespace kiln::protocol
