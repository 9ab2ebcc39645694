#pragma once

#include <kiln/detail/bytes.hpp>
#include <kiln/detail/interval.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace kiln::units {

/// How a file of lines is packed. The numbers are part of the formats.
enum class Compression : std::uint8_t { none = 0, gzip = 1, zstd = 2 };

/// A file of lines as it was when its stage began.
struct LineFile {
  std::string path;            ///< as it is opened; never empty, without NUL
  std::uint64_t size = 0;      ///< bytes on disk
  std::int64_t modified = 0;   ///< nanoseconds since 1970, UTC
  std::uint64_t checksum = 0;  ///< of its first and last 64 KiB
  Compression compression = Compression::none;
  friend bool operator==(const LineFile&, const LineFile&) = default;
};

/// A unit's part of a file: its lines are those that begin in [begin, end). The last of them may end behind it.
struct LineRange {
  std::uint32_t file = 0;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;  ///< at most the file's size; of a packed file no bound is known: the largest number
  friend bool operator==(const LineRange&, const LineRange&) = default;
};

/// Files of lines in order, and the units they fall into: file after file, each `split` bytes of a plain file are a
/// unit, each packed file is one, an empty plain file is none. What is added later changes no unit before it.
class LineFiles {
 public:
  /// `split` is at least 1.
  explicit LineFiles(std::uint64_t split) : split_(split) {}

  /// Throws kiln::Error (bad_input) where there would be more than 2^32 - 1 files or 2^63 units.
  void add(LineFile file);

  std::uint64_t split() const { return split_; }
  std::uint64_t units() const { return units_; }
  const std::vector<LineFile>& files() const { return files_; }
  Interval units_of(std::uint32_t file) const;
  /// Throws kiln::Error (internal) where there is no such unit.
  LineRange range_of(UnitId unit) const;

  /// What travels and is recorded: some 30 bytes a file, and of each path what differs from the one before.
  void encode(ByteWriter& out) const;
  /// Throws kiln::Error (internal) where the bytes are damaged.
  static LineFiles decode(ByteReader& in);

 private:
  std::uint64_t split_;
  std::uint64_t units_ = 0;
  std::vector<LineFile> files_;
  std::vector<std::uint64_t> first_units_;  // of each file
};

}  // namespace kiln::units
