#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::units {

/// The indices of a job array: "1-1000", "0-15:4", "1,3,7-9". Ascending, each once. Memory goes by the number of
/// pieces.
class ArrayRange {
 public:
  static constexpr std::uint64_t kMostIndices = 1'000'000'000;
  static constexpr std::uint64_t kLargestIndex = 999'999'999'999'999'999;
  /// Pieces that interlock ("1-9:2,2-8:2") are written out one by one, up to so many indices.
  static constexpr std::uint64_t kMostInterlocked = 10'000'000;

  /// Throws kiln::Error (usage) that begins with `where` and names the character: no index, a range that is empty or
  /// goes backwards, a step of 0, numbers that do not fit, more than kMostIndices, an index that is named twice.
  static ArrayRange parse(std::string_view text, std::string_view where);

  std::uint64_t count() const { return count_; }
  std::uint64_t least() const { return pieces_.front().first; }
  std::uint64_t greatest() const { return pieces_.back().last(); }
  /// Of a single range; else 1.
  std::uint64_t step() const { return pieces_.size() == 1 ? pieces_.front().step : 1; }
  /// The index at a place, from 0; `place` is below count().
  std::uint64_t at(std::uint64_t place) const;

 private:
  struct Piece {
    std::uint64_t first = 0;
    std::uint64_t step = 1;
    std::uint64_t count = 0;
    std::size_t character = 0;  // where it stands in the text, from 1
    std::uint64_t before = 0;   // indices in the pieces before it
    std::uint64_t last() const { return first + (count - 1) * step; }
  };
  class Parser;

  void put_in_order(std::string_view text, std::string_view where);
  void write_out(std::string_view text, std::string_view where);

  std::vector<Piece> pieces_;
  std::uint64_t count_ = 0;
};

}  // namespace kiln::units
