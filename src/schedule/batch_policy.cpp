#include "schedule/batch_policy.hpp"

#include "base/quantity.hpp"
#include "base/text.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <limits>

namespace kiln::schedule {
namespace {

constexpr double kAdaptiveSeconds = 0.1;  // batch time that hides a message's way without making others wait
constexpr double kCoordinatorLoad = 0.5;  // share of the coordinator's time that batches may take
constexpr std::uint64_t kMaxGrowth = 4;   // a batch is at most this many times the last one
constexpr std::uint64_t kSharesEach = 2;  // near the end: batches that each worker should still get
constexpr double kAheadSeconds = 0.5;     // a second batch is ahead of a worker that has less left
constexpr double kDeepSeconds = 0.0005;   // and more than two, to hide the way of messages, below this
constexpr std::uint64_t kMostAhead = 16;
constexpr double kLargestBatch = 1e15;  // keeps the way from double to integer defined

std::uint64_t ceil_div(std::uint64_t a, std::uint64_t b) { return a / b + (a % b != 0 ? 1 : 0); }

std::uint64_t fair_share(const BatchContext& context, std::uint64_t batches_each) {
  const std::uint64_t workers = std::max<std::uint64_t>(context.workers, 1);
  return std::max<std::uint64_t>(ceil_div(context.units_left, workers * batches_each), 1);
}

std::uint64_t timed_size(const BatchContext& context, double seconds) {
  if (context.last_size == 0) return 1;
  if (!(context.unit_seconds > 0)) return context.last_size;
  const double wanted = std::clamp(seconds / context.unit_seconds, 1.0, kLargestBatch);
  const std::uint64_t most = context.last_size > std::numeric_limits<std::uint64_t>::max() / kMaxGrowth
                                 ? std::numeric_limits<std::uint64_t>::max()
                                 : context.last_size * kMaxGrowth;
  return std::min({static_cast<std::uint64_t>(wanted), most, fair_share(context, kSharesEach)});
}

class Adaptive final : public BatchPolicy {
 public:
  BatchLimit next(const BatchContext& context) const override {
    const double coordinator = context.coordinator_seconds * static_cast<double>(context.workers) / kCoordinatorLoad;
    return {.units = timed_size(context, std::max(kAdaptiveSeconds, coordinator))};
  }
  std::string describe() const override { return "adaptive"; }
};

class Guided final : public BatchPolicy {
 public:
  BatchLimit next(const BatchContext& context) const override { return {.units = fair_share(context, kSharesEach)}; }
  std::string describe() const override { return "guided"; }
};

class FixedCount final : public BatchPolicy {
 public:
  explicit FixedCount(std::uint64_t units) : units_(units) {}
  BatchLimit next(const BatchContext&) const override { return {.units = units_}; }
  std::string describe() const override { return fmt::format("{}", units_); }

 private:
  std::uint64_t units_;
};

class FixedBytes final : public BatchPolicy {
 public:
  FixedBytes(std::uint64_t bytes, std::string_view text) : bytes_(bytes), text_(text) {}
  BatchLimit next(const BatchContext& context) const override {
    return {.units = fair_share(context, 1), .bytes = bytes_};
  }
  std::string describe() const override { return text_; }

 private:
  std::uint64_t bytes_;
  std::string text_;
};

class TargetTime final : public BatchPolicy {
 public:
  TargetTime(Duration time, std::string_view text) : seconds_(to_seconds(time)), text_(text) {}
  BatchLimit next(const BatchContext& context) const override { return {.units = timed_size(context, seconds_)}; }
  std::string describe() const override { return text_; }

 private:
  double seconds_;
  std::string text_;
};

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  throw Error(
      ExitCode::usage,
      fmt::format("--batch {}: {}; use adaptive, guided, a count of units (100), a size (64KiB) or a time (200ms)",
                  for_message(text, 40), why));
}

}  // namespace

bool may_have_ahead(std::uint64_t batches, double seconds_left) {
  return batches < 2 ? seconds_left < kAheadSeconds : batches < kMostAhead && seconds_left < kDeepSeconds;
}

std::unique_ptr<BatchPolicy> make_batch_policy(std::string_view text) {
  if (text == "adaptive") return std::make_unique<Adaptive>();
  if (text == "guided") return std::make_unique<Guided>();
  if (const auto count = parse_count(text)) {
    if (*count == 0) refuse(text, "a batch holds at least one unit");
    return std::make_unique<FixedCount>(*count);
  }
  // Before sizes: "1m" is a minute, "1M" a mebibyte.
  if (const auto time = parse_duration(text)) {
    if (*time <= Duration::zero()) refuse(text, "a batch takes longer than no time");
    return std::make_unique<TargetTime>(*time, text);
  }
  if (const auto bytes = parse_size(text)) {
    if (*bytes == 0) refuse(text, "a batch holds at least one byte");
    return std::make_unique<FixedBytes>(*bytes, text);
  }
  refuse(text, "this is none of the ways to size a batch");
}

}  // namespace kiln::schedule
