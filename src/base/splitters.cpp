#include <algorithm>
#include <kiln/detail/keyed/splitters.hpp>

namespace kiln::detail {

Splitters::Splitters(std::vector<Begin> begins) : begins_(std::move(begins)) {
  prefixes_.reserve(begins_.size());
  for (const Begin& begin : begins_) prefixes_.push_back(key_prefix(begin.key));
}

Splitters SplitterSample::choose(std::uint32_t shards) {
  std::sort(sample_.begin(), sample_.end());
  std::vector<Splitters::Begin> begins;
  for (std::uint32_t shard = 1; shard < shards; ++shard) {
    begins.push_back(sample_.empty() ? Splitters::Begin{} : sample_[sample_.size() * shard / shards]);
  }
  return Splitters(std::move(begins));
}

}  // namespace kiln::detail
