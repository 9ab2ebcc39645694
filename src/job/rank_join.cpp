#include "job/rank_join.hpp"

#include <fmt/core.h>

#include <kiln/error.hpp>
#include <utility>

namespace kiln::job {
namespace {

std::vector<flow::StageHarvest*> harvests_of(const exec::HeldResults& results) {
  std::vector<flow::StageHarvest*> all;
  all.reserve(results.harvests.size());
  for (const auto& one : results.harvests) all.push_back(static_cast<flow::StageHarvest*>(one.get()));
  return all;
}

std::vector<Interval> get_units(ByteReader& in) {
  std::vector<Interval> units(in.get_count(2 * sizeof(std::uint64_t)));
  for (Interval& one : units) {
    const auto first = in.get<std::uint64_t>();
    const auto last = in.get<std::uint64_t>();
    if (last < first) throw Error(ExitCode::internal, "an interval ends before it begins");
    one = make_interval(first, last);
  }
  return units;
}

}  // namespace

RankJoin::RankJoin(net::Collectives& collectives, const protocol::Join& join, exec::HeldResults mine)
    : collectives_(collectives), join_(join), mine_(std::move(mine)), counts_(harvests_of(mine_)) {}

bool RankJoin::poll() {
  if (at_ == At::over) return true;
  if (!collectives_.poll()) return false;
  if (at_ == At::begin) {
    collectives_.begin_gather(beside());
    at_ = At::gathering;
  } else if (at_ == At::gathering) {
    if (sum_) hear(collectives_.gathered());
    begin_sum();
    at_ = At::adding;
  } else {
    mine_ = {};
    at_ = At::over;
    return true;
  }
  return poll();
}

// Call and counts, so that nobody adds what is not alike; units; harvests without their counts.
Bytes RankJoin::beside() const {
  ByteWriter out;
  out.put(join_.call);
  out.put(join_.counts);
  const std::vector<Interval> units = mine_.units.intervals();
  out.put(static_cast<std::uint64_t>(units.size()));
  for (const Interval one : units) {
    out.put(one.first.value());
    out.put(one.last.value());
  }
  const auto harvests = harvests_of(mine_);
  out.put(static_cast<std::uint64_t>(harvests.size()));
  for (const flow::StageHarvest* const harvest : harvests) harvest->encode_beside(out);
  return out.take();
}

void RankJoin::hear(const std::vector<Bytes>& gathered) {
  for (std::size_t rank = 0; rank < gathered.size(); ++rank) {
    ByteReader in(gathered[rank], "what a rank gives to a join");
    const auto call = in.get<std::uint32_t>();
    const auto counts = in.get<std::uint64_t>();
    if (call != join_.call || counts != join_.counts) {
      throw Error(ExitCode::internal, fmt::format("rank {} joins {} counts of call {}, rank 0 joins {} of call {}",
                                                  rank, counts, call, join_.counts, join_.call));
    }
    joined_.push_back({Rank(static_cast<std::int32_t>(rank)), get_units(in)});
    const std::uint64_t harvests = in.get_count(1);
    for (std::uint64_t i = 0; i < harvests; ++i) sum_->admit_beside(in);
    in.expect_done();
  }
  summed_.emplace(*sum_);
}

void RankJoin::begin_sum() {
  const auto give = [this](std::uint64_t first, std::span<std::uint64_t> piece) { counts_.give(first, piece); };
  const auto take = [this](std::uint64_t first, std::span<const std::uint64_t> piece) { summed_->take(first, piece); };
  collectives_.begin_sum(join_.counts, give, take);
}

RankJoin::Result RankJoin::result() {
  Result result{std::move(joined_), std::move(sum_), 0};
  result.bytes = result.sum->bytes();
  return result;
}

}  // namespace kiln::job
