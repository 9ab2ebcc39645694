#pragma once

#include "base/time.hpp"

#include <functional>
#include <optional>
#include <string>

namespace kiln::job {

/// When a launcher gives up a launch that was seen to live and has fallen silent, though its mpirun goes on: its ranks
/// hang. Counts only time in which the launcher itself ran. Pure.
class SilenceBound {
 public:
  /// What is asked where no beat has come for a while: it may cost something.
  struct Sights {
    std::function<std::string()> files;  ///< as sight_of(): another text than before is a sign of life
    std::function<bool()> stopped;       ///< somebody has stopped ranks: they are silent by a wish
  };

  /// For ranks of which one is dead after so long a silence; zero, which is never, where nobody is declared dead.
  static Duration limit_for(Duration heartbeat);

  /// `limit` zero: never.
  explicit SilenceBound(Duration limit) : limit_(limit) {}

  /// What is seen of the launch now. `beat`: "" where there is none to be seen, as before it begins; another than
  /// before is a sign of life.
  void look(const std::string& beat, const Sights& sights, Instant now);
  /// It is not waited for any longer.
  bool passed() const { return limit_ > Duration::zero() && silence_ >= limit_; }
  /// Since the last sign of life.
  Duration silence() const { return silence_; }

 private:
  void begin_anew();

  Duration limit_;
  Duration silence_{};
  Duration next_sights_{};  // at this silence
  std::optional<Instant> looked_at_;
  std::string beat_;
  std::optional<std::string> files_;
};

}  // namespace kiln::job
