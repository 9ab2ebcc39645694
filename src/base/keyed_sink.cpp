#include <kiln/detail/keyed/append_buffer.hpp>
#include <kiln/detail/keyed/keyed_sink.hpp>
#include <kiln/error.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace kiln::detail {

void SectionWriter::add(std::uint32_t shard, std::string_view entries) {
  if (!open_ || shard != shard_) {
    out_.put(shard);
    out_.put(std::uint32_t{0});
    head_ = out_.size();
    out_.put(std::uint64_t{0});
    shard_ = shard;
    open_ = true;
  }
  out_.put_raw(entries.data(), entries.size());
  out_.patch(head_, static_cast<std::uint64_t>(out_.size() - head_ - sizeof(std::uint64_t)));
}

bool SectionReader::next(std::uint32_t& shard, std::string_view& entries) {
  if (in_.done()) return false;
  shard = in_.get<std::uint32_t>();
  if (shard >= shards_ || in_.get<std::uint32_t>() != 0) {
    throw Error(ExitCode::internal, "a block of keyed data is damaged: it has entries for shard " +
                                        std::to_string(shard) + " of " + std::to_string(shards_) +
                                        ": please report it, with the log");
  }
  entries = in_.get_text();
  return true;
}

void take_own_of(AppendPieces& pieces, std::span<KeyedShard* const> shards) {
  for (std::uint32_t shard = 0; shard < pieces.shards(); ++shard) {
    if (shards[shard] == nullptr || pieces.held(shard) == 0) continue;
    pieces.take(shard, [&](const Piece& piece) { shards[shard]->admit_piece(piece, pieces.pool()); });
  }
}

void take_blocks_of(AppendPieces& pieces, std::span<const std::uint32_t> owners, std::size_t at_least,
                    std::size_t at_most, std::vector<Bytes>& rooms, std::vector<KeyedBlock>& out) {
  struct Shard {
    std::uint32_t owner, shard;
    std::size_t held;
  };
  std::vector<Shard> all;
  for (std::uint32_t shard = 0; shard < pieces.shards(); ++shard) {
    if (const std::size_t held = pieces.held(shard); held != 0) all.push_back({owners[shard], shard, held});
  }
  std::stable_sort(all.begin(), all.end(), [](const Shard& a, const Shard& b) { return a.owner < b.owner; });
  for (std::size_t begin = 0, end = 0; begin < all.size(); begin = end) {
    std::size_t held = 0;
    for (; end < all.size() && all[end].owner == all[begin].owner; ++end) held += all[end].held;
    if (held < at_least) continue;
    const std::uint32_t owner = all[begin].owner;
    SectionWriter block;
    const auto send = [&] {
      if (block.size() != 0) out.push_back({owner, block.take()});
      Bytes room;
      if (!rooms.empty()) {
        room = std::move(rooms.back());
        rooms.pop_back();
      }
      block = SectionWriter(std::move(room));
    };
    for (; begin < end; ++begin) {
      pieces.take(all[begin].shard, [&](const Piece& piece) {
        if (block.size() == 0 || block.size() + piece.used > at_most) send();
        block.add(all[begin].shard, {piece.data, piece.used});
        pieces.pool().give(piece);
      });
    }
    if (block.size() != 0) out.push_back({owner, block.take()});
  }
}

}  // namespace kiln::detail
