#include "flow/counts.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <functional>

namespace kiln::flow {
namespace {

/// f(first number of the sink in the row, its numbers) for each sink that has any here.
template <class F>
void each_sink(StageHarvest& harvest, F f) {
  std::uint64_t first = 0;
  for (const auto& forest : harvest.forests()) {
    const std::uint64_t length = forest->count_length();
    if (const auto counts = forest->counts(); !counts.empty()) {
      if (counts.size() != length) {
        throw Error(ExitCode::bad_input,
                    fmt::format("a monoid's counts() promises {} numbers, and a value has {}", length, counts.size()));
      }
      f(first, counts);
    }
    first += length;
  }
}

/// f(place in the piece, place in the run, how many) where a run of numbers and a piece of the row have some in common.
template <class F>
void each_common(std::uint64_t run, std::size_t run_size, std::uint64_t piece, std::size_t piece_size, F f) {
  const std::uint64_t first = std::max(run, piece);
  const std::uint64_t last = std::min(run + run_size, piece + piece_size);
  if (first < last) f(first - piece, first - run, last - first);
}

}  // namespace

std::uint64_t count_length(const std::vector<detail::ReduceSink>& sinks) {
  // What a step by key gives is put down in files, where these are.
  if (std::any_of(sinks.begin(), sinks.end(), [](const auto& sink) { return sink.keyed; })) return 0;
  std::uint64_t length = 0;
  for (const detail::ReduceSink& sink : sinks) length += sink.make_forest()->count_length();
  return length;
}

HeldCounts::HeldCounts(const std::vector<StageHarvest*>& harvests) {
  for (StageHarvest* const harvest : harvests) {
    each_sink(*harvest, [this](std::uint64_t first, std::span<std::uint64_t> counts) {
      runs_.push_back({first, counts});
    });
  }
}

void HeldCounts::give(std::uint64_t first, std::span<std::uint64_t> piece) const {
  bool written = false;
  for (const Run& run : runs_) {
    each_common(run.first, run.counts.size(), first, piece.size(), [&](auto to, auto from, auto count) {
      const std::uint64_t* const source = run.counts.data() + from;
      std::uint64_t* const target = piece.data() + to;
      if (!written && count == piece.size()) {
        std::copy_n(source, count, target);
      } else {
        if (!written) std::fill(piece.begin(), piece.end(), 0);
        std::transform(source, source + count, target, target, std::plus<>());
      }
      written = true;
    });
  }
  if (!written) std::fill(piece.begin(), piece.end(), 0);
}

void copy_counts(StageHarvest& from, StageHarvest& to) {
  for (std::size_t i = 0; i < from.forests().size(); ++i) {
    const auto counts = from.forests()[i]->counts();
    if (counts.empty()) continue;
    detail::Forest& target = *to.forests()[i];
    target.provide_counts();
    if (target.counts().size() != counts.size()) {
      throw Error(ExitCode::bad_input, fmt::format("a monoid's zero() has {} numbers, and a value has {}",
                                                   target.counts().size(), counts.size()));
    }
    std::copy(counts.begin(), counts.end(), target.counts().begin());
  }
}

SummedCounts::SummedCounts(StageHarvest& harvest) {
  each_sink(harvest, [this](std::uint64_t first, std::span<std::uint64_t> counts) {
    runs_.push_back({first, counts});
  });
}

void SummedCounts::take(std::uint64_t first, std::span<const std::uint64_t> piece) {
  for (const Run& run : runs_) {
    each_common(run.first, run.counts.size(), first, piece.size(), [&](auto from, auto to, auto count) {
      std::copy_n(piece.data() + from, count, run.counts.data() + to);
    });
  }
}

}  // namespace kiln::flow
