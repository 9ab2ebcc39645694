#pragma once

#include "shuffle/run_file.hpp"

#include <kiln/detail/keyed/run_place.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <kiln/error.hpp>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kiln::shuffle {

/// The folder with the runs of a run directory, as one rank sees it in one stage.
class RunFolder final : public detail::RunPlace {
 public:
  struct Options {
    std::filesystem::path folder;  ///< is made when it is needed
    std::string prefix;            ///< of the names: no other rank, reign or stage has it
    /// A stage that lasts longer writes its runs durably: a shorter one is simply run again where they are lost.
    std::chrono::steady_clock::duration durable_after{};
    std::size_t merge_memory = SIZE_MAX;  ///< for the runs of a unit that are read at once; others are merged first
  };
  explicit RunFolder(Options options);

  std::unique_ptr<detail::NewRun> new_run() override;
  std::unique_ptr<detail::RunReader> open(const detail::RunReference& run, const detail::RunPiece& piece) override;

  std::unique_ptr<detail::MergeSpace> merge_space() override;
  void expect_well() override;

  /// An open file; kept open while few others are asked for. Throws kiln::Error.
  std::shared_ptr<const File> file(const std::string& name);
  std::filesystem::path path(const std::string& name) const { return options_.folder / name; }
  /// The file is damaged: it is set aside, so that whoever looks next makes what it held anew.
  void set_aside(const std::string& name) noexcept;

 private:
  static constexpr std::size_t kMostOpen = 256;

  const Options options_;
  const std::chrono::steady_clock::time_point begun_;
  std::atomic<std::uint64_t> number_ = 0;
  std::mutex mutex_;
  std::optional<Error> fault_;
  std::list<std::pair<std::string, std::shared_ptr<const File>>> open_;  // the one used last in front
};

/// What is wrong with the first of these that is not there as it was written, with its name; "" where all are.
std::string first_fault(const std::filesystem::path& folder, const std::vector<detail::RunReference>& runs);

/// Removes the files whose names begin with `prefix`, but for the named ones. The caller knows that nobody lives who
/// might write one. What cannot be removed stays.
void remove_other_runs(const std::filesystem::path& folder, const std::string& prefix,
                       const std::set<std::string>& named) noexcept;

}  // namespace kiln::shuffle
