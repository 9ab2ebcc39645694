#include "job/rank_join.hpp"

#include <fmt/core.h>

#include <algorithm>
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
  while (at_ != At::over && collectives_.poll()) at_ = next();
  return at_ == At::over;
}

// What was under way is done.
RankJoin::At RankJoin::next() {
  switch (at_) {
    case At::begin:
      collectives_.begin_gather(beside());
      return At::gathering;
    case At::gathering:
      if (sum_) hear(collectives_.gathered());
      begin_sum();
      return At::adding;
    case At::adding:
      collectives_.begin_broadcast(said());
      return At::telling;
    case At::telling:
      if (!hear_said(collectives_.received())) break;
      begin_spread();
      return At::spreading;
    case At::spreading:
    case At::over:
      break;
  }
  mine_ = {};
  return At::over;
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
  for (std::size_t place = 0; place < gathered.size(); ++place) {
    const Rank rank = collectives_.members().at(place);
    ByteReader in(gathered[place], "what a rank gives to a join");
    const auto call = in.get<std::uint32_t>();
    const auto counts = in.get<std::uint64_t>();
    if (call != join_.call || counts != join_.counts) {
      throw Error(ExitCode::internal, fmt::format("rank {} joins {} counts of call {}, rank 0 joins {} of call {}",
                                                  rank.value(), counts, call, join_.counts, join_.call));
    }
    joined_.push_back({rank, get_units(in)});
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

// One of what this rank held; the rest is freed.
std::unique_ptr<flow::StageHarvest> RankJoin::take_mine() {
  std::unique_ptr<flow::StageHarvest> one;
  if (!mine_.harvests.empty()) one.reset(static_cast<flow::StageHarvest*>(mine_.harvests.front().release()));
  mine_ = {};
  return one;
}

// Rank 0: the answer, and which sinks have counts; nothing where there is no answer.
Bytes RankJoin::said() {
  if (!sum_) return {};
  std::uint64_t units = 0;
  for (const auto& one : joined_) {
    for (const Interval interval : one.units) units += interval.size();
  }
  const auto answer = give_answer_(*sum_, units, take_mine());
  if (!answer) return {};
  ByteWriter out;
  out.put(answer->plan);
  out.put(static_cast<std::uint64_t>(sum_->forests().size()));
  for (const auto& forest : sum_->forests()) out.put(static_cast<std::uint8_t>(!forest->counts().empty()));
  out.put_raw(answer->content.data(), answer->content.size());
  return out.take();
}

// Whether the counts follow.
bool RankJoin::hear_said(const Bytes& said) {
  if (said.empty() || sum_) return !said.empty();
  ByteReader in(said, "what rank 0 says at the end of a join");
  answer_.emplace();
  answer_->answer.call = join_.call;
  answer_->answer.plan = in.get<std::uint64_t>();
  std::vector<std::uint8_t> has(in.get_count(1));
  for (std::uint8_t& one : has) one = in.get<std::uint8_t>();
  const ByteView content = in.get_raw(in.left());
  answer_->answer.content.assign(content.begin(), content.end());

  answer_->harvest = take_mine();
  if (answer_->harvest == nullptr) {
    answer_->counts.resize(join_.counts);
    return true;
  }
  const auto& forests = answer_->harvest->forests();
  if (has.size() != forests.size()) throw Error(ExitCode::internal, "rank 0 joins another number of reductions");
  for (std::size_t i = 0; i < forests.size(); ++i) {
    if (has[i] != 0) forests[i]->provide_counts();
  }
  summed_.emplace(*answer_->harvest);
  return true;
}

void RankJoin::begin_spread() {
  const auto give = [from = sum_ ? flow::HeldCounts({sum_.get()}) : flow::HeldCounts({})](
                        std::uint64_t first, std::span<std::uint64_t> piece) { from.give(first, piece); };
  const auto take = [this](std::uint64_t first, std::span<const std::uint64_t> piece) {
    if (summed_) return summed_->take(first, piece);
    std::copy(piece.begin(), piece.end(), answer_->counts.begin() + static_cast<std::ptrdiff_t>(first));
  };
  collectives_.begin_spread(join_.counts, give, take);
}

// It is whole until the sums come back: pieces are copied.
exec::HeldResults RankJoin::give_back() {
  if (taken_ || at_ == At::spreading || at_ == At::over) return {};
  return std::move(mine_);
}

RankJoin::Result RankJoin::result() {
  Result result{std::move(joined_), std::move(sum_), 0};
  result.bytes = result.sum->bytes();
  return result;
}

}  // namespace kiln::job
