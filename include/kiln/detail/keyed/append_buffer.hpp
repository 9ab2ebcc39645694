#pragma once

#include <kiln/detail/keyed/combine_table.hpp>
#include <kiln/detail/keyed/entry.hpp>
#include <kiln/detail/keyed/piece_pool.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace kiln::detail {

/// Entries by shard, one behind the other in pieces of a pool. What a unit, or a record in it, has put in can be taken
/// back. Knows no types.
class AppendPieces {
 public:
  AppendPieces(PiecePool& pool, std::uint32_t shards) : pool_(&pool), parts_(shards), chains_(shards) {}
  AppendPieces(const AppendPieces&) = delete;
  AppendPieces& operator=(const AppendPieces&) = delete;
  ~AppendPieces() { clear(); }

  void begin_unit() {
    stamps_.begin_unit([&] {
      for (Part& part : parts_) part.stamp = 0;
    });
    unit_log_.clear();
  }
  void end_unit() { unit_log_.clear(); }
  void drop_unit() {
    record_log_.clear();
    undo(unit_log_);
  }
  void begin_record() {
    stamps_.begin_record();
    record_log_.clear();
  }
  void end_record() { record_log_.clear(); }
  void reject_record() { undo(record_log_); }

  /// Room for the next entry of a shard, to be filled before anything else.
  char* extend(std::uint32_t shard, std::size_t size) {
    Part& part = parts_[shard];
    if (part.stamp != stamps_.now()) note(shard);
    if (static_cast<std::size_t>(part.end - part.at) < size) add_piece(shard, size);
    char* const begin = part.at;
    part.at += size;
    return begin;
  }

  std::uint32_t shards() const { return static_cast<std::uint32_t>(parts_.size()); }
  /// Bytes of the entries of a shard.
  std::size_t held(std::uint32_t shard) const {
    const auto& pieces = chains_[shard];
    if (pieces.empty()) return 0;
    return pieces.back().before + static_cast<std::size_t>(parts_[shard].at - pieces.back().data);
  }
  /// f(Piece) for each piece of a shard in order, whole entries: who gets it gives it back to the pool. Between units.
  template <class F>
  void take(std::uint32_t shard, F&& f) {
    auto& pieces = chains_[shard];
    if (!pieces.empty()) pieces.back().used = static_cast<std::size_t>(parts_[shard].at - pieces.back().data);
    for (const Piece& piece : pieces) {
      bytes_ -= piece.size;
      f(piece);
    }
    pieces.clear();
    parts_[shard].at = parts_[shard].end = nullptr;
  }
  void clear() {
    for (std::uint32_t shard = 0; shard < shards(); ++shard) cut(shard, 0, nullptr);
  }
  PiecePool& pool() const { return *pool_; }
  std::size_t bytes() const {
    return bytes_ + parts_.size() * (sizeof(Part) + sizeof(std::vector<Link>)) +
           (unit_log_.capacity() + record_log_.capacity()) * sizeof(Mark);
  }

 private:
  struct Part {
    char* at = nullptr;
    char* end = nullptr;
    std::uint32_t stamp = 0;
  };
  /// `used` of all but the last.
  struct Link : Piece {
    std::size_t before = 0;  // bytes in the pieces before
  };
  struct Mark {
    char* at;
    std::uint32_t shard, pieces;
  };

  void note(std::uint32_t shard) {
    Part& part = parts_[shard];
    const Mark mark{part.at, shard, static_cast<std::uint32_t>(chains_[shard].size())};
    if (stamps_.in_record()) record_log_.push_back(mark);
    if (stamps_.is_before_unit(part.stamp)) unit_log_.push_back(mark);
    part.stamp = stamps_.now();
  }
  void undo(std::vector<Mark>& log) {
    for (; !log.empty(); log.pop_back()) cut(log.back().shard, log.back().pieces, log.back().at);
  }
  /// Keeps so many pieces, the last one up to `at`.
  void cut(std::uint32_t shard, std::size_t keep, char* at) {
    auto& pieces = chains_[shard];
    for (; pieces.size() > keep; pieces.pop_back()) {
      bytes_ -= pieces.back().size;
      pool_->give(pieces.back());
    }
    parts_[shard].at = at;
    parts_[shard].end = pieces.empty() ? nullptr : pieces.back().data + pieces.back().size;
  }
  void add_piece(std::uint32_t shard, std::size_t size);

  PiecePool* pool_;
  std::vector<Part> parts_;                // where the next entry goes
  std::vector<std::vector<Link>> chains_;  // all pieces of a shard
  std::size_t bytes_ = 0;                  // of pieces
  TouchStamps stamps_;
  std::vector<Mark> unit_log_, record_log_;
};

/// The typed side of it: entries of one format.
template <class Format>
class AppendBuffer {
 public:
  AppendBuffer(PiecePool& pool, std::uint32_t shards) : pieces_(pool, shards) {}

  void append(std::uint32_t shard, const PreparedKey& key, const typename Format::PreparedValue& value,
              std::uint64_t unit) {
    Format::put(pieces_.extend(shard, Format::size(key, value)), key, value, unit);
  }
  AppendPieces& pieces() { return pieces_; }
  const AppendPieces& pieces() const { return pieces_; }

 private:
  AppendPieces pieces_;
};

}  // namespace kiln::detail
