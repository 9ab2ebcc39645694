#pragma once

#include "shuffle/block_file.hpp"

#include <kiln/detail/keyed/run_place.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace kiln::shuffle {

/// A run in a file: docs/file-format.md, "Runs of keyed data". It is there as a whole or not at all: without finish(),
/// or where anything throws, the file is removed.
class RunFileWriter final : public detail::NewRun {
 public:
  /// A new file; there must be none of that name. `durable`: finish() waits until file and name are on the disk.
  /// Throws kiln::Error.
  RunFileWriter(const std::filesystem::path& path, bool durable, WriteCall write = {});
  ~RunFileWriter() override;
  RunFileWriter(const RunFileWriter&) = delete;
  RunFileWriter& operator=(const RunFileWriter&) = delete;

  void write(std::uint32_t shard, std::string_view block, std::uint64_t entries) override;
  detail::RunReference finish() override;

 private:
  void put(const Frame& frame, ByteView block);

  std::filesystem::path path_;
  bool durable_;
  WriteCall write_;
  File file_;
  detail::PieceList pieces_;
  std::uint64_t at_ = 0, blocks_ = 0, sum_ = 0;
  std::uint32_t shard_ = 0, in_shard_ = 0;  // the last one, and its blocks
};

/// Whether it is the file that was written, as far as its length, begin and end tell: what is wrong with it; "" where
/// nothing is. Throws kiln::Error where it cannot be read.
std::string run_fault(const std::filesystem::path& path, const detail::RunReference& run);

/// Number of a block: of its shard, and its place there.
inline std::uint64_t block_number(std::uint32_t shard, std::uint32_t place) {
  return std::uint64_t{shard} << 32U | place;
}

}  // namespace kiln::shuffle
