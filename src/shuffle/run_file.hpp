#pragma once

#include "shuffle/block_file.hpp"

#include <kiln/detail/keyed/run.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace kiln::shuffle {

/// What a run says of itself.
struct RunLabel {
  std::uint32_t shard = 0;
  Bytes about;  ///< whose it is and which units it includes: for who wrote it
};

/// A run of one shard in a file: docs/file-format.md, "Runs of keyed data". It is there as a whole or not at all:
/// without finish(), or where anything throws, the file is removed.
class RunFileWriter final : public detail::RunWriter {
 public:
  /// A new file; one of that name is replaced. Throws kiln::Error.
  RunFileWriter(std::filesystem::path path, const RunLabel& label, WriteCall write = {});
  ~RunFileWriter() override;
  RunFileWriter(const RunFileWriter&) = delete;
  RunFileWriter& operator=(const RunFileWriter&) = delete;

  void write(std::string_view block) override;
  /// Ends the file. `durable`: waits until it is on the disk (its name is so only after an fsync of the folder).
  void finish(bool durable);
  std::uint64_t bytes() const { return bytes_; }

 private:
  std::filesystem::path path_;
  WriteCall write_;
  File file_;
  std::uint64_t blocks_ = 0, bytes_ = 0;
};

/// Reads it. Throws kiln::Error (run directory) where it is not a whole run; foreign and cut files are known at once,
/// damaged blocks when they are reached.
class RunFileReader final : public detail::RunReader {
 public:
  explicit RunFileReader(std::filesystem::path path);
  const RunLabel& label() const { return label_; }
  bool next(std::string_view& block) override;

 private:
  std::filesystem::path path_;
  RunLabel label_;
  File file_;
  BlockReader blocks_;
};

/// A run without a name below `folder`, gone with the object: the large side of a join.
class TemporaryRun final : public detail::RewindableRun {
 public:
  /// Throws kiln::Error.
  explicit TemporaryRun(const std::filesystem::path& folder, WriteCall write = {});
  void write(std::string_view block) override;
  void rewind() override;
  bool next(std::string_view& block) override;

 private:
  std::filesystem::path folder_;
  WriteCall write_;
  File file_;
  BlockReader blocks_;
  std::uint64_t written_ = 0;
  bool ended_ = false;
};

}  // namespace kiln::shuffle
