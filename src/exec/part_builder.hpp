#pragma once

#include "base/tables.hpp"
#include "exec/holdings.hpp"
#include "exec/results.hpp"

#include <atomic>
#include <chrono>
#include <memory>
#include <utility>

namespace kiln::exec {

/// What became of units of one batch that were not reported yet. Not thread-safe but for the two flags.
class PartBuilder : public Results {
 public:
  using Clock = std::chrono::steady_clock;

  PartBuilder(const Tables& tables, std::unique_ptr<Harvest> harvest)
      : tables_(make_tables(tables)), harvest_(std::move(harvest)) {}

  std::vector<Rows>& tables() override { return tables_; }
  Harvest* harvest() override { return harvest_.get(); }
  void succeeded(Interval units) override;
  void failed(protocol::UnitFailure failure) override;
  void count_records(std::uint64_t records) override { records_ += records; }
  bool cancelled() const override { return cancelled_.load(std::memory_order_acquire); }
  bool signalled() const override { return signalled_.load(std::memory_order_acquire); }

  /// Any thread: what cancelled() and signalled() say from now on.
  void set_cancelled() { cancelled_.store(true, std::memory_order_release); }
  void set_signalled() { signalled_.store(true, std::memory_order_release); }

  void begin();  ///< the clocks start
  void end();    ///< and stop
  double seconds() const { return busy_; }
  /// Throws kiln::Error (internal) unless each unit of `claimed`, and no other, was said to have succeeded or failed.
  void expect_complete(Interval claimed) const;

  bool empty() const { return outcomes_ == 0; }
  bool any_failed() const { return !failures_.empty(); }
  std::size_t bytes() const {
    return bytes_of(tables_) + failure_bytes_ + (harvest_ == nullptr ? 0 : harvest_->bytes());
  }
  Clock::time_point first_ended() const { return first_ended_; }
  /// Takes over what is in `later` (units behind the ones here), which is left to be thrown away.
  void append(PartBuilder& later);
  /// What is reported; leaves this empty of outcomes, to be thrown away. Where tables and harvest are larger than
  /// `ride_bytes`, or may not ride, they go to `holdings` (to be published when the part is put out) and the part says
  /// `held`.
  protocol::Part take_part(BatchId batch, std::size_t ride_bytes, Holdings& holdings, Holdings::Join join);

 private:
  Bytes encode_rows();
  void hold(protocol::Part& part, std::size_t bytes, Holdings& holdings, Holdings::Join join);

  std::vector<Rows> tables_;
  std::unique_ptr<Harvest> harvest_;
  std::vector<Interval> done_;
  std::vector<protocol::UnitFailure> failures_;
  std::uint64_t outcomes_ = 0;
  std::size_t failure_bytes_ = 0;
  std::uint64_t records_ = 0;
  double start_ = 0;
  double busy_ = 0;
  Clock::time_point began_, first_ended_;
  std::atomic<bool> cancelled_ = false;
  std::atomic<bool> signalled_ = false;
};

}  // namespace kiln::exec
