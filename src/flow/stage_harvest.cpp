#include "flow/stage_harvest.hpp"

#include <fmt/core.h>
#include <kiln/detail/join_failure.hpp>
#include <kiln/detail/keyed/keyed_forest.hpp>
#include <kiln/detail/stage_loop.hpp>
#include <kiln/error.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace kiln::flow {
namespace {

/// Joining, into the reduction of this name, runs the user's op.
template <class F>
void guarded(const std::string& name, const detail::Forest& forest, F&& join) {
  const auto of_units = [&] { return fmt::format("of {} for '{}'", detail::units_text(forest.units()), name); };
  try {
    join();
  } catch (const Error&) {
    throw;
  } catch (const detail::JoinFailure& failure) {
    detail::throw_fold_failed(fmt::format("{} for '{}'", failure.where(), name), detail::cause_text(failure));
  } catch (const std::exception& error) {
    detail::throw_fold_failed(of_units(), detail::failure_text(error));
  } catch (...) {
    detail::throw_fold_failed(of_units(), detail::kUnknownException);
  }
}

}  // namespace

StageHarvest::StageHarvest(const std::vector<detail::ReduceSink>& sinks, std::shared_ptr<detail::RunPlace> place,
                           std::size_t most_held)
    : place_(std::move(place)) {
  forests_.reserve(sinks.size());
  names_.reserve(sinks.size());
  for (const detail::ReduceSink& sink : sinks) {
    forests_.push_back(sink.make_forest());
    if (sink.keyed && most_held != 0) static_cast<detail::KeyedForest&>(*forests_.back()).keep_to(most_held);
    names_.push_back(sink.keyed ? sink.description : sink.name);
  }
}

void StageHarvest::absorb(exec::Harvest& later) {
  auto& other = static_cast<StageHarvest&>(later);
  for (std::size_t i = 0; i < forests_.size(); ++i) {
    guarded(names_[i], *forests_[i], [&] { forests_[i]->absorb(*other.forests_[i]); });
  }
}

std::size_t StageHarvest::bytes() const {
  std::size_t total = 0;
  for (const auto& forest : forests_) total += forest->bytes();
  return total;
}

void StageHarvest::encode(ByteWriter& out) const {
  for (const auto& forest : forests_) forest->encode(out);
}

bool StageHarvest::may_ride() const {
  return std::all_of(forests_.begin(), forests_.end(), [](const auto& forest) { return forest->may_ride(); });
}

// Entries of one key may be joined on the way.
void StageHarvest::put_down() {
  if (place_ == nullptr) return;
  for (std::size_t i = 0; i < forests_.size(); ++i) {
    guarded(names_[i], *forests_[i], [&] { forests_[i]->put_down(*place_); });
  }
}

bool StageHarvest::joinable() const {
  std::size_t beside = 0;
  bool any = false;
  for (const auto& forest : forests_) {
    const std::uint64_t length = forest->count_length();
    const std::size_t here = forest->counts().size();
    if (here != 0 && here != length) return false;  // a monoid that does not keep its word
    if (length == 0) beside += forest->bytes();
    any = any || length != 0;
  }
  return any && beside <= kMostBeside;
}

void StageHarvest::encode_beside(ByteWriter& out) const {
  for (const auto& forest : forests_) forest->count_length() == 0 ? forest->encode(out) : forest->encode_beside(out);
}

void StageHarvest::admit_beside(ByteReader& in) {
  for (std::size_t i = 0; i < forests_.size(); ++i) {
    detail::Forest& forest = *forests_[i];
    guarded(names_[i], *forests_[i], [&] { forest.count_length() == 0 ? forest.admit(in) : forest.admit_beside(in); });
  }
}

void StageHarvest::admit(ByteView encoded) {
  ByteReader in(encoded, "partial results");
  for (std::size_t i = 0; i < forests_.size(); ++i) {
    guarded(names_[i], *forests_[i], [&] { forests_[i]->admit(in); });
  }
  in.expect_done();
}

std::vector<std::optional<Bytes>> StageHarvest::values() const {
  std::vector<std::optional<Bytes>> values;
  values.reserve(forests_.size());
  for (std::size_t i = 0; i < forests_.size(); ++i) {
    guarded(names_[i], *forests_[i], [&] { values.push_back(forests_[i]->value()); });
  }
  return values;
}

}  // namespace kiln::flow
