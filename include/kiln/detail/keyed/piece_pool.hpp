#pragma once

#include <kiln/detail/keyed/pages.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace kiln::detail {

/// Memory that entries lie in, one behind the other: from a pool, and given back to it.
struct Piece {
  char* data = nullptr;
  std::size_t size = 0;
  std::size_t used = 0;
};

/// Pieces of one size, cut from huge pages, for all sinks and shards of a rank: what one gives back another uses, so
/// that memory is touched for the first time only once, and entries for the own rank change hands without being
/// copied. Larger ones are made as needed. It must outlive who has pieces of it. One thread at a time.
class PiecePool {
 public:
  /// 256 of them are 4 MiB: as many are written in turn.
  static constexpr std::size_t kPiece = std::size_t{16} << 10;

  PiecePool() = default;
  PiecePool(const PiecePool&) = delete;
  PiecePool& operator=(const PiecePool&) = delete;

  /// At least `size` bytes, none used. Throws std::bad_alloc.
  Piece take(std::size_t size) {
    if (size > kPiece) return Piece{new char[size], size, 0};
    if (free_.empty()) add_slab();
    const Piece piece{free_.back(), kPiece, 0};
    free_.pop_back();
    return piece;
  }
  void give(const Piece& piece) noexcept {
    if (piece.size == kPiece) {
      free_.push_back(piece.data);  // there is room for all
    } else {
      delete[] piece.data;
    }
  }
  /// Memory that nobody uses.
  std::size_t free_bytes() const { return free_.size() * kPiece; }
  /// Gives back what of it can be given back: slabs of which nothing is used.
  void trim();

 private:
  static constexpr std::size_t kSlab = std::size_t{2} << 20;

  void add_slab();

  std::vector<Pages> slabs_;
  std::vector<char*> free_;
};

/// Pieces that belong to one holder; given back with it.
class HeldPieces {
 public:
  explicit HeldPieces(PiecePool& pool) : pool_(&pool) {}
  HeldPieces(HeldPieces&& other) noexcept
      : pool_(other.pool_), pieces_(std::move(other.pieces_)), bytes_(std::exchange(other.bytes_, 0)) {
    other.pieces_.clear();
  }
  HeldPieces& operator=(HeldPieces&& other) noexcept {
    std::swap(pool_, other.pool_);
    pieces_.swap(other.pieces_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  HeldPieces(const HeldPieces&) = delete;
  HeldPieces& operator=(const HeldPieces&) = delete;
  ~HeldPieces() { clear(); }

  const std::vector<Piece>& all() const { return pieces_; }
  /// Room behind the last entry.
  std::size_t room() const { return pieces_.empty() ? 0 : pieces_.back().size - pieces_.back().used; }
  /// Copies to where there is room(), or to a new piece.
  void append(const char* data, std::size_t size);
  /// A piece of the same pool, as it is.
  void adopt(const Piece& piece) {
    pieces_.push_back(piece);
    bytes_ += piece.size;
  }
  void clear() noexcept;
  std::size_t bytes() const { return bytes_ + pieces_.capacity() * sizeof(Piece); }
  PiecePool& pool() const { return *pool_; }

 private:
  PiecePool* pool_;
  std::vector<Piece> pieces_;
  std::size_t bytes_ = 0;
};

}  // namespace kiln::detail
