#pragma once

#include <kiln/detail/keyed/key.hpp>
#include <kiln/detail/keyed/keyed_output.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kiln::detail {

/// Where the shards of a sort begin: each at a key and a unit, so that many equal keys are spread over shards, too, and
/// still in the order of their units. The first begins before all.
class Splitters {
 public:
  struct Begin {
    std::string key;  ///< encoding
    std::uint64_t unit = 0;
    friend auto operator<=>(const Begin&, const Begin&) = default;
  };

  Splitters() = default;
  /// Ascending; one less than there are shards. Equal ones make empty shards.
  explicit Splitters(std::vector<Begin> begins);

  std::uint32_t shards() const { return static_cast<std::uint32_t>(begins_.size() + 1); }
  const std::vector<Begin>& begins() const { return begins_; }
  std::uint32_t shard_of(std::string_view key, std::uint64_t unit) const {
    const std::uint64_t prefix = key_prefix(key);
    // Among the prefixes first, without a branch on what is found.
    const std::uint64_t* at = prefixes_.data();
    for (std::size_t left = prefixes_.size(); left != 0;) {
      const std::size_t half = left / 2;
      const bool is_behind = at[half] < prefix;
      at += is_behind ? half + 1 : 0;
      left = is_behind ? left - half - 1 : half;
    }
    auto shard = static_cast<std::size_t>(at - prefixes_.data());
    while (shard < begins_.size() && prefixes_[shard] == prefix && !is_before(key, unit, begins_[shard])) ++shard;
    return static_cast<std::uint32_t>(shard);
  }

 private:
  static bool is_before(std::string_view key, std::uint64_t unit, const Begin& begin) {
    const int order = key.compare(begin.key);
    return order != 0 ? order < 0 : unit < begin.unit;
  }

  std::vector<Begin> begins_;
  std::vector<std::uint64_t> prefixes_;  // of their keys
};

/// Keys of a sort, of which splitters are chosen: whoever adds takes care that they are a fair sample.
class SplitterSample {
 public:
  explicit SplitterSample(std::size_t expected = 0) { sample_.reserve(expected); }
  void add(std::string_view key, std::uint64_t unit) { sample_.push_back({std::string(key), unit}); }
  /// Splitters between equally many of the sample.
  Splitters choose(std::uint32_t shards);

 private:
  std::vector<Splitters::Begin> sample_;
};

/// Where the units of a sort put records: by the range of their key.
template <class K, class V>
class SortingOutput final : public AppendingOutput<K, V, true, ShardBy::key> {
  using Base = AppendingOutput<K, V, true, ShardBy::key>;

 public:
  SortingOutput(PiecePool& pool, Splitters splitters)
      : Base(pool, splitters.shards()), splitters_(std::move(splitters)) {}

  void emit(typename Base::Keys::View key, typename ValueTraits<V>::Given value) {
    const std::string_view bytes = Base::Keys::encode(key, room_);
    if (bytes.size() > kLongestKey) refuse_long_key(bytes.size());
    this->append(splitters_.shard_of(bytes, this->unit().value()), {bytes, {}, 0}, value);
  }

 private:
  Splitters splitters_;
  typename Base::Keys::Room room_;
};

}  // namespace kiln::detail
