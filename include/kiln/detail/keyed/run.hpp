#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kiln::detail {

/// A sorted run of one shard that is being written; entries in order, in blocks that each hold whole entries. Throws
/// kiln::Error where the disk says no.
class RunWriter {
 public:
  virtual ~RunWriter() = default;
  virtual void write(std::string_view block) = 0;
};

/// The blocks of a run in order. Throws kiln::Error where it is damaged.
class RunReader {
 public:
  virtual ~RunReader() = default;
  /// False at the end. The block lives until the next call.
  virtual bool next(std::string_view& block) = 0;
};

/// A run that is written once and then read again and again: for what is too large for memory for a moment.
class RewindableRun : public RunWriter, public RunReader {
 public:
  /// Reading begins at the first block (again); nothing is written from now on.
  virtual void rewind() = 0;
};

/// Bytes of a block of a run, about; a single entry may be larger.
inline constexpr std::size_t kRunBlock = std::size_t{256} << 10;

}  // namespace kiln::detail
