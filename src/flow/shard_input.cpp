#include "flow/shard_input.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <functional>
#include <iterator>
#include <span>
#include <utility>

namespace kiln::flow {

namespace {

/// Pieces of a run, one behind the other; each is opened when it is needed.
class PieceSequence final : public detail::RunReader {
 public:
  using Open = std::function<std::unique_ptr<detail::RunReader>(const detail::RunPiece&)>;
  PieceSequence(std::span<const detail::RunPiece> pieces, Open open) : rest_(pieces), open_(std::move(open)) {}

  bool next(std::string_view& block) override {
    while (true) {
      if (piece_ != nullptr && piece_->next(block)) return true;
      if (rest_.empty()) return false;
      piece_ = open_(rest_.front());
      rest_ = rest_.subspan(1);
    }
  }
  // One block at a time.
  std::size_t bytes() const override {
    std::size_t bytes = 0;
    for (const detail::RunPiece& piece : rest_) bytes += piece.length;
    return std::min(bytes, detail::kSortBlock);
  }

 private:
  std::span<const detail::RunPiece> rest_;
  Open open_;
  std::unique_ptr<detail::RunReader> piece_;
};

}  // namespace

ShardInput::ShardInput(const detail::SourceSpec& source, std::shared_ptr<detail::RunPlace> place)
    : place_(std::move(place)) {
  for (const auto& list : source.runs) {
    for (const detail::RunReference& run : lists_.emplace_back(detail::decode_runs(*list)).runs) {
      if (run.name.empty() || place_ != nullptr) continue;
      throw Error(ExitCode::internal,
                  fmt::format("run {} of keyed data lies in a file, and there is no place", run.name));
    }
  }
  cuts_ = lists_.at(0).sample.cut(source.units);
}

// What was merged for the unit before is not needed any more.
void ShardInput::begin_unit() { space_ = place_ == nullptr ? nullptr : place_->merge_space(); }

std::unique_ptr<detail::RunReader> ShardInput::open(const detail::RunReference& run, const detail::RunPiece& piece) {
  return run.name.empty() ? read_memory(run, piece) : place_->open(run, piece);
}

std::vector<std::unique_ptr<detail::RunReader>> ShardInput::open_shard(UnitId unit, std::size_t list) {
  if (list == 0) begin_unit();
  std::vector<std::unique_ptr<detail::RunReader>> readers;
  for (const detail::RunReference& run : lists_.at(list).runs) {
    const auto piece =
        std::lower_bound(run.pieces.begin(), run.pieces.end(), unit.value(),
                         [](const detail::RunPiece& one, std::uint64_t shard) { return one.shard < shard; });
    if (piece == run.pieces.end() || piece->shard != unit.value()) continue;
    readers.push_back(open(run, *piece));
  }
  return readers;
}

// Without cuts all is in the first range.
std::vector<std::unique_ptr<detail::RunReader>> ShardInput::open_range(UnitId unit, detail::KeyRange& range) {
  begin_unit();
  range = {};
  if (unit.value() > cuts_.size()) return {};
  if (unit.value() != 0) range.begin = cuts_[unit.value() - 1];
  range.ends = unit.value() < cuts_.size();
  if (range.ends) range.end = cuts_[unit.value()];

  std::vector<std::unique_ptr<detail::RunReader>> readers;
  for (const detail::RunReference& run : lists_.at(0).runs) {
    if (run.pieces.empty()) continue;
    if (run.places.empty()) throw Error(ExitCode::internal, "a sort reads a run without places");
    // The last piece that begins behind nothing of the range, and the first that has nothing of it any more.
    const auto begin = std::upper_bound(run.places.begin() + 1, run.places.end(), range.begin) - run.places.begin() - 1;
    const auto end = range.ends ? std::lower_bound(run.places.begin(), run.places.end(), range.end) - run.places.begin()
                                : std::ssize(run.places);
    for (std::ptrdiff_t i = 0; i < begin; ++i) range.before += run.pieces[static_cast<std::size_t>(i)].entries;
    if (end <= begin) continue;
    const auto pieces =
        std::span(run.pieces).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
    readers.push_back(
        std::make_unique<PieceSequence>(pieces, [this, &run](const auto& piece) { return open(run, piece); }));
  }
  return readers;
}

detail::RawSlice ShardInput::slice(UnitId) { throw Error(ExitCode::internal, "a shard has no slice"); }
void ShardInput::open_lines(UnitId) { throw Error(ExitCode::internal, "a shard has no lines"); }
bool ShardInput::next_lines(detail::LineBlock&) { return false; }

ResolvedSource resolve_shards(const detail::SourceSpec& source) {
  if (source.runs.empty()) throw Error(ExitCode::internal, "a stage by key begins without the runs of the one before");
  std::string identity = source.description;
  for (const auto& list : source.runs) identity += fmt::format(" of {:016x}", checksum(*list));
  std::uint64_t units = source.units;
  if (units == 0) {
    for (const auto& list : source.runs) {
      for (const detail::RunReference& run : detail::decode_runs(*list).runs) {
        if (!run.pieces.empty()) units = std::max<std::uint64_t>(units, run.pieces.back().shard + std::uint64_t{1});
      }
    }
  }
  return {units, {}, identity, identity, units, {}};
}

}  // namespace kiln::flow
