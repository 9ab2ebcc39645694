#pragma once

#include <kiln/detail/bytes.hpp>
#include "base/time.hpp"
#include "protocol/messages.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Whether every rank sees the folders that all must see: any of them may become the coordinator.
namespace kiln::job {

/// The call of the Answer that comes before all others: what a rank must know before it begins.
inline constexpr std::uint32_t kGreetingCall = UINT32_MAX;

/// A file that the coordinator has just put into such a folder. Its name is new: no file system remembers that there is
/// none.
struct FolderProbe {
  enum class Of : std::uint8_t { run_directory, scratch };
  Of of = Of::run_directory;
  std::string file;  ///< absolute
};

/// Puts the file into the folder, which is there. `name`: of this reign. Throws store::StorageError.
FolderProbe lay_probe(FolderProbe::Of of, const std::filesystem::path& folder, std::string_view name);

/// They are needed no more. What cannot be removed goes with the other temporaries when the run is opened next.
void remove_probes(const std::vector<FolderProbe>& probes);

void put_probes(const std::vector<FolderProbe>& probes, ByteWriter& out);
std::vector<FolderProbe> get_probes(ByteReader& in);
Bytes encode(const std::vector<FolderProbe>& probes);
std::vector<FolderProbe> decode_probes(ByteView bytes);

/// A rank's look for such files. What another machine has just written may take a while to be seen: it looks again for
/// kPatience.
class FolderLook {
 public:
  static constexpr Duration kPatience = std::chrono::seconds(10);

  /// What was looked for before is forgotten.
  void begin(std::vector<FolderProbe> probes, Instant now);
  /// Looks, twenty times a second at most. Whether this look was the last: all are seen, or there is a fault().
  bool turn(Instant now);
  bool under_way() const { return under_way_; }
  /// Which folder is not seen, where, and what to do: exit code run_directory, or bad_input for --scratch.
  const std::optional<protocol::Fault>& fault() const { return fault_; }

 private:
  std::vector<FolderProbe> probes_;
  bool under_way_ = false;
  Instant until_{}, next_{};
  std::optional<protocol::Fault> fault_;
};

}  // namespace kiln::job
