#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

namespace kiln::detail {

/// The blocks of a run in order. Throws kiln::Error where it is damaged.
class RunReader {
 public:
  virtual ~RunReader() = default;
  /// False at the end. The block lives until the next call.
  virtual bool next(std::string_view& block) = 0;
  /// Memory that it takes from the first next() on, about; 0 where the run lies in memory anyway.
  virtual std::size_t bytes() const { return 0; }
};

/// Bytes of a block of a run, about; a single entry may be larger.
inline constexpr std::size_t kRunBlock = std::size_t{256} << 10;
/// The same of a sort's run: a range reads one more of each run than it wants.
inline constexpr std::size_t kSortBlock = std::size_t{32} << 10;
/// The same of a run that others were merged to.
inline constexpr std::size_t kMergeBlock = std::size_t{64} << 10;

/// Where runs of one unit that are too many to be read at once are merged to fewer. Nothing of it outlives the process.
class MergeSpace {
 public:
  virtual ~MergeSpace() = default;
  /// Memory for the runs that are read at once (RunReader::bytes).
  virtual std::size_t memory() const = 0;
  /// Whole entries, behind those that were written. Throws kiln::Error where the disk says no.
  virtual void write(std::string_view block) = 0;
  /// What was written since the last call. It lives on its own.
  virtual std::unique_ptr<RunReader> end_run() = 0;
};

}  // namespace kiln::detail
