#pragma once

#include "base/time.hpp"
#include "observe/status.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace kiln::job {

/// How long a launcher waits for ranks that it has told to stop: running units get their grace, then what is done is
/// committed, however slow the disk is, as long as anything is seen to happen.
class StopBound {
 public:
  /// With nothing to be seen of the run. More than failed commits are tried again for, and than a slow one takes.
  static constexpr Duration kPatience = std::chrono::seconds(60);

  explicit StopBound(Duration grace) : grace_(grace) {}

  /// They were told; again changes nothing.
  void told(Instant now);
  bool was_told() const { return told_.has_value(); }
  /// What is seen of the run now, as sight_of(): another text than before is a sign that it gets on.
  void seen(const std::string& sight, Instant now);
  /// They are not waited for any longer.
  bool passed(Instant now) const;
  /// Since they were told.
  Duration waited(Instant now) const { return told_ ? now - *told_ : Duration::zero(); }

 private:
  Duration grace_;
  std::optional<Instant> told_, changed_;
  std::string sight_;
};

/// What changes while a run gets on or writes, and does not where it only beats. Never throws for what cannot be read.
std::string sight_of(const std::optional<observe::StatusSnapshot>& status, const std::filesystem::path& run_directory);

}  // namespace kiln::job
