#pragma once

#include <kiln/detail/keyed/run_place.hpp>
#include <kiln/detail/stage.hpp>
#include "flow/source_resolver.hpp"

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace kiln::flow {

/// Reads the shards of a step by key: a unit is a shard.
class ShardInput final : public detail::UnitInput {
 public:
  /// `lists` as encode_runs writes them. Throws kiln::Error (internal) where the bytes are damaged.
  ShardInput(const std::vector<std::shared_ptr<const Bytes>>& lists, std::shared_ptr<detail::RunPlace> place);

  std::vector<std::unique_ptr<detail::RunReader>> open_shard(UnitId unit, std::size_t list) override;
  /// There are none: throw kiln::Error (internal).
  detail::RawSlice slice(UnitId unit) override;
  void open_lines(UnitId unit) override;
  bool next_lines(detail::LineBlock& block) override;
  std::string_view file_name(std::uint32_t) const override { return {}; }

 private:
  std::vector<std::vector<detail::RunReference>> lists_;
  const std::shared_ptr<detail::RunPlace> place_;
};

/// As resolve_source of a source of shards: its identity has the digests of the lists. Where it does not know its
/// number of shards, that of those up to the last one that holds anything.
ResolvedSource resolve_shards(const detail::SourceSpec& source);

}  // namespace kiln::flow
