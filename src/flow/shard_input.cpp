#include "flow/shard_input.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <utility>

namespace kiln::flow {

ShardInput::ShardInput(const std::vector<std::shared_ptr<const Bytes>>& lists, std::shared_ptr<detail::RunPlace> place)
    : place_(std::move(place)) {
  for (const auto& list : lists) {
    for (const detail::RunReference& run : lists_.emplace_back(detail::decode_runs(*list))) {
      if (run.name.empty() || place_ != nullptr) continue;
      throw Error(ExitCode::internal,
                  fmt::format("run {} of keyed data lies in a file, and there is no place", run.name));
    }
  }
}

std::vector<std::unique_ptr<detail::RunReader>> ShardInput::open_shard(UnitId unit, std::size_t list) {
  std::vector<std::unique_ptr<detail::RunReader>> readers;
  for (const detail::RunReference& run : lists_.at(list)) {
    const auto piece =
        std::lower_bound(run.pieces.begin(), run.pieces.end(), unit.value(),
                         [](const detail::RunPiece& one, std::uint64_t shard) { return one.shard < shard; });
    if (piece == run.pieces.end() || piece->shard != unit.value()) continue;
    readers.push_back(run.name.empty() ? read_memory(run, *piece) : place_->open(run, *piece));
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
      for (const detail::RunReference& run : detail::decode_runs(*list)) {
        if (!run.pieces.empty()) units = std::max<std::uint64_t>(units, run.pieces.back().shard + std::uint64_t{1});
      }
    }
  }
  return {units, {}, identity, identity, units, {}};
}

}  // namespace kiln::flow
