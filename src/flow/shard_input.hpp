#pragma once

#include <kiln/detail/keyed/run_place.hpp>
#include <kiln/detail/stage.hpp>
#include "flow/source_resolver.hpp"

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace kiln::flow {

/// Reads the shards of a step by key, or the ranges of a sort: a unit is one of them.
class ShardInput final : public detail::UnitInput {
 public:
  /// `source` of shards. Throws kiln::Error (internal) where the bytes of its lists are damaged.
  ShardInput(const detail::SourceSpec& source, std::shared_ptr<detail::RunPlace> place);

  std::vector<std::unique_ptr<detail::RunReader>> open_shard(UnitId unit, std::size_t list) override;
  std::vector<std::unique_ptr<detail::RunReader>> open_range(UnitId unit, detail::KeyRange& range) override;
  detail::MergeSpace* merge_space() override { return space_.get(); }
  /// There are none: throw kiln::Error (internal).
  detail::RawSlice slice(UnitId unit) override;
  void open_lines(UnitId unit) override;
  bool next_lines(detail::LineBlock& block) override;
  std::string_view file_name(std::uint32_t) const override { return {}; }

 private:
  void begin_unit();
  std::unique_ptr<detail::RunReader> open(const detail::RunReference& run, const detail::RunPiece& piece);

  std::vector<detail::RunList> lists_;
  std::vector<detail::SortPlace> cuts_;  // between the ranges of a sort
  const std::shared_ptr<detail::RunPlace> place_;
  std::unique_ptr<detail::MergeSpace> space_;  // of the open unit
};

/// As resolve_source of a source of shards: its identity has the digests of the lists. Where it does not know its
/// number of shards, that of those up to the last one that holds anything.
ResolvedSource resolve_shards(const detail::SourceSpec& source);

}  // namespace kiln::flow
