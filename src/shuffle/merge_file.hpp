#pragma once

#include "shuffle/block_file.hpp"

#include <kiln/detail/keyed/run.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <kiln/error.hpp>
#include <memory>
#include <string_view>

namespace kiln::shuffle {

/// Runs that others were merged to, in a file without a name: it is gone with the process, or with the last run that is
/// read from it.
class MergeFile final : public detail::MergeSpace {
 public:
  using Failed = std::function<void(const Error&)>;

  /// The file is made in `folder` (made, too, where it is not there) when it is first needed. `memory`: as memory().
  /// `failed` hears what write() throws.
  MergeFile(std::filesystem::path folder, std::size_t memory, Failed failed, WriteCall write = {});

  std::size_t memory() const override { return memory_; }
  void write(std::string_view block) override;
  std::unique_ptr<detail::RunReader> end_run() override;

 private:
  void make();
  void put(std::string_view block);

  const std::filesystem::path folder_;
  const std::size_t memory_;
  const Failed failed_;
  const WriteCall write_;
  std::shared_ptr<const File> file_;
  std::uint64_t begin_ = 0, at_ = 0;  // of the run that is written
  std::uint64_t blocks_ = 0;          // of it
};

}  // namespace kiln::shuffle
