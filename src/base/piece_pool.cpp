#include <algorithm>
#include <cstring>
#include <kiln/detail/keyed/piece_pool.hpp>

namespace kiln::detail {

void PiecePool::add_slab() {
  constexpr std::size_t kEach = kSlab / kPiece;
  if (free_.capacity() < (slabs_.size() + 1) * kEach) free_.reserve((2 * slabs_.size() + 1) * kEach);
  slabs_.emplace_back(kSlab);
  for (std::size_t at = kSlab; at != 0; at -= kPiece) {
    free_.push_back(reinterpret_cast<char*>(slabs_.back().data()) + at - kPiece);
  }
}

void PiecePool::trim() {
  const auto begin_of = [](const Pages& slab) { return reinterpret_cast<const char*>(slab.data()); };
  std::sort(slabs_.begin(), slabs_.end(), [&](const Pages& a, const Pages& b) { return begin_of(a) < begin_of(b); });
  std::sort(free_.begin(), free_.end());
  std::vector<char*> kept;
  kept.reserve(free_.size());
  auto at = free_.begin();
  for (Pages& slab : slabs_) {
    const char* const end = begin_of(slab) + kSlab;
    const auto first = at;
    while (at != free_.end() && *at < end) ++at;
    if (static_cast<std::size_t>(at - first) == kSlab / kPiece) {
      slab = Pages();
    } else {
      kept.insert(kept.end(), first, at);
    }
  }
  std::erase_if(slabs_, [](const Pages& slab) { return slab.data() == nullptr; });
  kept.reserve(slabs_.size() * (kSlab / kPiece));
  free_.swap(kept);
}

void HeldPieces::append(const char* data, std::size_t size) {
  if (size == 0) return;
  if (size > room()) {
    pieces_.reserve(pieces_.size() == pieces_.capacity() ? 2 * pieces_.size() + 1 : pieces_.size());
    adopt(pool_->take(size));
  }
  Piece& piece = pieces_.back();
  std::memcpy(piece.data + piece.used, data, size);
  piece.used += size;
}

void HeldPieces::clear() noexcept {
  for (const Piece& piece : pieces_) pool_->give(piece);
  std::vector<Piece>().swap(pieces_);
  bytes_ = 0;
}

}  // namespace kiln::detail
