#pragma once

#include "flow/byte_stream.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::flow {

/// Cuts the bytes of a file into blocks of whole lines. A line ends with '\n', the last of a file may lack it; a range
/// [begin, end) of the file owns the lines that begin in it. So for any borders, the texts of neighbouring ranges one
/// behind the other are the file, each byte once. The same of words instead of lines: a word ends with white space.
class LineBlocks {
 public:
  enum class Cut : std::uint8_t { lines, words };
  /// Of a longer line only the begin is given. Bytes, with its end.
  static constexpr std::size_t kLongestLine = std::size_t{64} << 20;
  static constexpr std::size_t kBegin = std::size_t{64} << 10;  ///< bytes of that

  /// The stream stands at place_before(begin), and must live until the last call of next().
  void open(ByteStream& stream, std::uint64_t begin, std::uint64_t end, Cut cut = Cut::lines);
  static std::uint64_t place_before(std::uint64_t begin) { return begin == 0 ? 0 : begin - 1; }

  /// The next lines, at least one; false at the end of the range. `offset` is that of the first byte in the file. The
  /// text lives until the next call. Throws what the stream throws.
  bool next(std::string_view& text, std::uint64_t& offset);
  /// The text that next() gave is the begin of a line that is too long; the rest of it was skipped.
  bool is_cut() const { return cut_; }
  /// Whether lines (words) end with this byte.
  bool is_end(char byte) const { return byte == '\n' || (words_ && (byte == ' ' || (byte >= '\t' && byte <= '\r'))); }

 private:
  std::size_t behind_first_end(std::size_t from) const;
  std::size_t behind_last_end(std::size_t from, std::size_t to) const;
  bool skip_to_first();
  std::size_t whole_lines(std::size_t looked_at) const;
  std::size_t lines_that_fit() const;
  void skip_line();
  void drop(std::size_t bytes);
  bool read_more();

  ByteStream* stream_ = nullptr;
  std::uint64_t end_ = 0;
  std::vector<char> buffer_;
  std::uint64_t base_ = 0;     // place of buffer_[0] in the file
  std::size_t filled_ = 0;     // bytes in the buffer
  std::size_t delivered_ = 0;  // of these, the caller had these
  std::size_t step_ = 0;       // bytes to read behind the end of the range
  bool skipping_ = false;      // the first line that begins in the range was not found yet
  bool done_ = true;
  bool words_ = false;
  bool cut_ = false;
  std::string begin_;  // of the line that is too long
};

}  // namespace kiln::flow
