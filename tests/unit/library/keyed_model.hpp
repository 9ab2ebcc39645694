#pragma once

#include "unit/library/naive_tree.hpp"

#include <cmath>
#include <cstdint>
#include <kiln/detail/keyed/entry.hpp>
#include <kiln/detail/keyed/keyed_sink.hpp>
#include <map>
#include <string>
#include <vector>

namespace kiln::testing {

/// How the keys of a play are drawn.
enum class KeyKind : std::uint8_t { few, skewed, one, distinct, lengths, longs };
inline constexpr KeyKind kKeyKinds[] = {KeyKind::few,      KeyKind::skewed,  KeyKind::one,
                                        KeyKind::distinct, KeyKind::lengths, KeyKind::longs};

class KeyDraw {
 public:
  KeyDraw(KeyKind kind, Draw& draw) : kind_(kind), draw_(&draw) {}
  std::string operator()() {
    Draw& draw = *draw_;
    switch (kind_) {
      case KeyKind::few:
        return "k" + std::to_string(draw.below(20));
      case KeyKind::skewed:
        return draw.one_in(3) ? "" : std::to_string(static_cast<int>(std::exp(draw.part() * 8)));
      case KeyKind::one:
        return "the only key there is";
      case KeyKind::distinct:
        return "d" + std::to_string(++count_);
      case KeyKind::lengths:  // around the longest that is inline, with zero bytes
        return std::string(draw.below(20), '\0') + static_cast<char>(draw.below(2));
      case KeyKind::longs:
        break;
    }
    return std::string(draw.below(3) * 1000, 'x') + std::to_string(draw.below(50));
  }

 private:
  KeyKind kind_;
  Draw* draw_;
  std::uint64_t count_ = 0;
};

/// All blocks that a sink gives now, for one owner.
inline std::vector<detail::KeyedBlock> all_blocks(detail::KeyedSink& sink, std::size_t at_most = 4096) {
  sink.flush();
  std::vector<detail::KeyedBlock> blocks;
  std::vector<Bytes> rooms;
  sink.take_blocks(std::vector<std::uint32_t>(sink.shards()), 1, at_most, rooms, blocks);
  return blocks;
}

/// All entries of a format in blocks, in order, as f(shard, entry).
template <class Format, class F>
void each_entry(const std::vector<detail::KeyedBlock>& blocks, std::uint32_t shards, F f) {
  for (const auto& block : blocks) {
    detail::SectionReader in(block.bytes, shards);
    std::uint32_t shard = 0;
    std::string_view entries;
    while (in.next(shard, entries)) Format::for_each(entries, [&](const detail::Entry& entry) { f(shard, entry); });
  }
}

}  // namespace kiln::testing
