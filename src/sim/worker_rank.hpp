#pragma once

#include "protocol/worker.hpp"
#include "sim/executor.hpp"
#include "sim/groups.hpp"
#include "sim/launch.hpp"
#include "sim/violation.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace kiln::sim {

/// A simulated worker: the real protocol::Worker with a simulated executor.
class Launch::WorkerRank final : public protocol::WorkerPort {
 public:
  WorkerRank(Launch& launch, Rank rank, double slowness)
      : launch_(launch),
        rank_(rank),
        executor_(launch.scenario_, rank, slowness, launch.context_.mutation, holdings_, launch),
        coordinator_(launch.chief_),
        epoch_(launch.epoch()) {}

  void start() {
    worker_.emplace(protocol::Ready{fmt::format("node{}", rank_.value() / 3), rank_.value()}, *this,
                    launch_.scenario_.hold_bytes, launch_.scenario_.retain_bytes);
    if (followed_) worker_->on_takeover();
    for (protocol::Message& message : std::exchange(early_, {})) worker_->on_message(std::move(message));
  }
  void on_message(protocol::Message message) {
    if (worker_) {
      worker_->on_message(std::move(message));
      worker_->on_tick();
    } else {
      early_.push_back(std::move(message));
    }
  }
  void on_interrupt(bool at_once) {
    if (worker_) worker_->on_interrupt(at_once);
  }
  void unit_ended(std::uint64_t number) {
    executor_.unit_ended(number, launch_.now_);
    worker_->on_tick();
  }
  /// What is being written when everything dies: it may be there, whole or torn, and nothing names it.
  void die(Random& random) {
    if (writing_ && random.chance(0.7)) launch_.journal_.write_segment(file(), content(), random.chance(0.5));
  }
  void segment_ended();
  void report(protocol::Part part) {
    worker_->on_part(std::move(part));
    if (worker_->retained_bytes() > launch_.scenario_.retain_bytes + 2 * sizeof(protocol::Message) + (64U << 10)) {
      violated("rank {} retains {} bytes", rank_.value(), worker_->retained_bytes());
    }
  }

  /// The coordinator had declared it dead and takes it up again.
  void taken_up(View view) {
    view_ = view;
    early_.clear();
    followed_ = false;  // as on_taken_up() forgets it
    if (worker_) worker_->on_taken_up();
  }

  /// The coordinator is silent: from now on it looks whether it is its turn.
  void seek(protocol::Succession succession) {
    succession_.emplace(std::move(succession));
    succession_->begin(launch_.now_);
  }
  std::optional<protocol::Succession>& succession() { return succession_; }
  void hear_candidate(Rank candidate) {
    if (succession_) succession_->candidate(candidate, launch_.now_);
  }
  /// A coordinator of a higher epoch is heard.
  void follow(Epoch epoch, Rank coordinator) {
    epoch_ = epoch;
    coordinator_ = coordinator;
    view_ = View(1);
    if (succession_) succession_->follow(coordinator, launch_.now_);
    early_.clear();
    followed_ = true;
    if (worker_) worker_->on_takeover();
  }
  /// It reads the journal: whether there is an epoch that it had not read of, nor heard.
  bool reads_newer(Epoch epoch) { return std::exchange(read_, std::max(epoch, read_)) < epoch && epoch_ < epoch; }
  bool retained_all() const { return worker_ && worker_->retained_all(); }
  Epoch epoch() const { return epoch_; }
  Rank coordinator() const { return coordinator_; }
  const SimExecutor& executor() const { return executor_; }
  Rank rank() const { return rank_; }
  View view() const { return view_; }
  bool left() const { return left_; }

  void send(const protocol::Message& message) override {
    const auto* holding = std::get_if<protocol::Holding>(&message);
    if (holding != nullptr && !holding->batches.empty() && launch_.context_.mutation == Mutation::forget_in_hand) {
      protocol::Holding less = *holding;
      less.batches.pop_back();
      return launch_.send_to_coordinator(rank_, less);
    }
    launch_.send_to_coordinator(rank_, message);
  }
  bool set_up(const protocol::Setup&) override {
    set_up_ = true;
    return !executor_.stuck();
  }
  void submit(protocol::Batch batch) override {
    if (!set_up_) violated("rank {} got a batch before its set-up", rank_.value());
    executor_.submit(batch, launch_.now_);
  }
  std::vector<protocol::GivenBack::Piece> take_back(protocol::TakeBack::Share share) override {
    return executor_.take_back(share);
  }
  void cancel() override { executor_.cancel(launch_.now_); }
  protocol::GivenUp give_up(BatchId batch, Interval units) override {
    return executor_.give_up(batch, units, launch_.now_);
  }
  bool settle(BatchId batch, bool keep) override { return executor_.settle(batch, keep, launch_.now_); }
  void ended(BatchId batch, bool done) { worker_->on_ended(batch, done); }
  void signal_units() override {}
  void answer(protocol::Answer) override {}
  Held held() override {
    return {holdings_.bytes(), holdings_.largest_part(), rank_.value() % launch_.scenario_.joinable_every == 0};
  }
  bool join(const protocol::Join&) override {
    exec::HeldResults results;
    if (holdings_.hand_over(results) == exec::Holdings::Taken::later) return false;
    launch_.give_to_join(rank_, std::move(results));
    return true;
  }
  void group(const protocol::Group& group) override {
    if (launch_.in_join_.contains(rank_)) violated("rank {} is in a join and hears of a group", rank_.value());
    launch_.groups_->told(rank_, group);
    send(protocol::Grouped{group.number, protocol::Grouped::Step::heard});
  }
  void make_group(std::uint64_t number) override { launch_.groups_->enter(rank_, number); }
  bool leave_join(bool keep) override {
    if (keep) launch_.groups_->abandon(rank_);
    auto results = launch_.take_from_join(rank_);
    const bool mutated = launch_.context_.mutation == Mutation::book_lost_join;
    if (!keep || !results || results->units.empty()) return keep && mutated;
    holdings_.add(std::move(*results), exec::Holdings::Join::now);
    holdings_.publish();
    return true;
  }
  void forget_all() override {
    executor_.forget();
    launch_.groups_->abandon(rank_);
    static_cast<void>(launch_.take_from_join(rank_));
    exec::HeldResults dropped;
    holdings_.hand_over(dropped);
    forget_segment_ = writing_.has_value();
  }
  Writing write_segment() override {
    if (forget_segment_) return Writing::later;
    exec::HeldResults results;
    const auto taken = holdings_.take(results);
    if (taken == exec::Holdings::Taken::nothing) return Writing::nothing;
    if (taken == exec::Holdings::Taken::later) return Writing::later;
    if (writing_) violated("rank {} writes two segments at a time", rank_.value());
    writing_ = std::move(results);
    ++files_;
    launch_.end_segment_of(rank_);
    return Writing::began;
  }
  void leave(int) override {
    left_ = true;
    if (launch_.presence_[launch_.index(rank_)].declared) return;
    if (executor_.running() || executor_.behind() != 0) violated("rank {} left with units in hand", rank_.value());
  }

 private:
  std::string file() const {
    return fmt::format("w-{}-r{:04}-{:06}.h5", launch_.context_.number + 1, rank_.value(), files_);
  }
  protocol::SegmentContent content() const {
    protocol::SegmentContent content{writing_->units.intervals(), writing_->rows, {}};
    for (const auto& harvest : writing_->harvests) {
      ByteWriter out;
      harvest->encode(out);
      content.partials.push_back(out.take());
    }
    return content;
  }

  Launch& launch_;
  Rank rank_;
  exec::Holdings holdings_;
  std::optional<exec::HeldResults> writing_;  // to a segment
  std::uint64_t files_ = 0;
  SimExecutor executor_;
  std::optional<protocol::Worker> worker_;
  std::vector<protocol::Message> early_;
  bool set_up_ = false;
  bool left_ = false;
  Rank coordinator_;
  Epoch epoch_;
  Epoch read_;
  bool followed_ = false;
  std::optional<protocol::Succession> succession_;
  View view_{1};
  bool forget_segment_ = false;  // what is being written is nobody's any more
};

inline void Launch::WorkerRank::segment_ended() {
  if (std::exchange(forget_segment_, false)) {
    launch_.journal_.write_segment(file(), content(), false);  // nobody will name it
    holdings_.written();
    writing_.reset();
    return worker_->on_tick();
  }
  protocol::Segment segment;
  if (launch_.segments_fail(rank_)) {
    segment.failed = "no space left on the simulated disk";
    holdings_.failed(*std::exchange(writing_, std::nullopt));
  } else {
    protocol::SegmentContent content = this->content();
    segment.file = file();
    segment.length = Journal::length(content);
    segment.units = content.units;
    launch_.journal_.write_segment(segment.file, std::move(content), launch_.segment_is_torn());
    holdings_.written();
    writing_.reset();
  }
  worker_->on_segment(std::move(segment));
}

}  // namespace kiln::sim
