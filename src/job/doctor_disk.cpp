#include "job/doctor_disk.hpp"

#include "base/quantity.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "exec/fd.hpp"
#include "job/scratch_folder.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <string_view>
#include <utility>

namespace kiln::job {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLeastSpace = std::uint64_t{64} << 20, kLittleSpace = std::uint64_t{2} << 30;
constexpr std::uint64_t kFewFiles = 1000;
constexpr double kSlowFsync = 0.1;     // seconds; a commit needs a few
constexpr double kClockTolerance = 2;  // seconds; a live run beats about once a second
constexpr int kFsyncs = 5;
constexpr std::size_t kLongPath = 80;  // bytes; Open MPI puts sockets below it, whose names end at 107

constexpr std::array<std::pair<std::uint64_t, std::string_view>, 20> kTypes{{
    {0xEF53, "ext4"},          {0x58465342, "xfs"},    {0x9123683E, "btrfs"}, {0x01021994, "tmpfs"},
    {0x6969, "nfs"},           {0x0BD00BD0, "lustre"}, {0x47504653, "gpfs"},  {0x19830326, "beegfs"},
    {0x794C7630, "overlayfs"}, {0x65735546, "fuse"},   {0xFF534D42, "cifs"},  {0xFE534D42, "smb2"},
    {0x2FC12FC1, "zfs"},       {0x00C36400, "ceph"},   {0x01021997, "9p"},    {0x5346414F, "afs"},
    {0x4D44, "vfat"},          {0x2011BAB0, "exfat"},  {0x858458F6, "ramfs"}, {0xAAD7AAEA, "panfs"},
}};

constexpr const char* kElsewhere = "keep run directories on another file system: kiln run --out DIR";

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

Finding free_space(const fs::path& directory) {
  struct statfs kind {};
  struct statvfs room {};
  const std::string name = for_message(directory.string());
  if (::statfs(directory.c_str(), &kind) != 0 || ::statvfs(directory.c_str(), &room) != 0) {
    return note("disk.space", fmt::format("{} does not say how much is free: {}", name, std::strerror(errno)), "df -h");
  }
  const auto type = static_cast<std::uint64_t>(kind.f_type) & 0xFFFFFFFFU;
  // Some file systems do not count files: 0 of 0 are free.
  const std::uint64_t files = room.f_files == 0 ? UINT64_MAX : std::uint64_t{room.f_favail};
  return judge_space(name, file_system_name(type), std::uint64_t{room.f_bavail} * room.f_frsize, files);
}

Finding links(const fs::path& file, store::FileOps& ops) {
  const std::string second = file.string() + "-b";
  if (ops.link(file.c_str(), second.c_str()) != 0) {
    return bad("disk.links",
               fmt::format("it has no hard links (link: {}), which run directories need", std::strerror(errno)),
               kElsewhere);
  }
  // Taken names must be refused: that is the only lock a run has.
  const bool refused = ops.link(file.c_str(), second.c_str()) != 0 && errno == EEXIST;
  if (!refused) return bad("disk.links", "a hard link replaced a name that was taken", kElsewhere);
  if (ops.rename(second.c_str(), (file.string() + "-c").c_str()) != 0) {
    return bad("disk.links", fmt::format("a file cannot be renamed: {}", std::strerror(errno)), kElsewhere);
  }
  return good("disk.links", "hard links and renaming work");
}

Finding fsync_time(const fs::path& file, store::FileOps& ops) {
  double best = 1e9;
  for (int i = 0; i < kFsyncs; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const exec::Fd fd(ops.open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    const std::array<char, 4096> block{};
    const bool done = fd && ops.write(fd.get(), block.data(), block.size()) == static_cast<ssize_t>(block.size()) &&
                      ops.fsync(fd.get()) == 0;
    if (!done) {
      return bad("disk.fsync", fmt::format("a file cannot be written and synced: {}", std::strerror(errno)),
                 kElsewhere);
    }
    best = std::min(best, seconds_since(begin));
  }
  return judge_fsync(best);
}

Finding locking(const fs::path& file) {
  const exec::Fd fd(::open(file.c_str(), O_RDWR | O_CLOEXEC));
  if (fd && ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0)
    return good("disk.locking", "file locking works (kiln needs none)");
  return note("disk.locking", fmt::format("no file locking ({}): kiln needs none, but h5py does", std::strerror(errno)),
              "for reading results with h5py: export HDF5_USE_FILE_LOCKING=FALSE");
}

Finding clock_difference(const fs::path& file, store::FileOps& ops) {
  const exec::Fd fd(ops.open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  struct stat made {};
  const bool written = fd && ops.write(fd.get(), "x", 1) == 1 && ops.fsync(fd.get()) == 0;
  if (!written || ::fstat(fd.get(), &made) != 0) {
    return bad("disk.clock", fmt::format("a file cannot be made: {}", std::strerror(errno)), kElsewhere);
  }
  const double now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  return judge_clock(static_cast<double>(made.st_mtim.tv_sec) + 1e-9 * static_cast<double>(made.st_mtim.tv_nsec) - now);
}

}  // namespace

std::string file_system_name(std::uint64_t magic) {
  for (const auto& [number, name] : kTypes) {
    if (number == magic) return std::string(name);
  }
  return fmt::format("unknown ({:#x})", magic);
}

Finding judge_space(const std::string& directory, const std::string& type, std::uint64_t free_bytes,
                    std::uint64_t free_files) {
  const std::string text = fmt::format("{}: file system {}, {} free", directory, type, format_size(free_bytes));
  if (free_bytes < kLeastSpace) return bad("disk.space", text, "make room: a run that cannot write stops");
  if (free_files < kFewFiles) {
    return bad("disk.space", fmt::format("{}, but only {} more files", text, format_count(free_files)),
               "remove files that are not needed, or ask for a larger quota of files");
  }
  if (free_bytes < kLittleSpace)
    return note("disk.space", text, "enough for small outputs; see --output-limit, --keep-output");
  if (type == "tmpfs" || type == "ramfs") {
    return note("disk.space", text + "; what is there is lost when the machine restarts", kElsewhere);
  }
  return good("disk.space", text);
}

Finding judge_fsync(double seconds) {
  const std::string text = fmt::format("writing and syncing 4 KiB takes {:.1f} ms", seconds * 1000);
  if (seconds < kSlowFsync) return good("disk.fsync", text);
  return note("disk.fsync", text + ", which is slow",
              "commits become rarer by themselves; a local or faster file system is better");
}

Finding judge_clock(double seconds) {
  const double apart = std::abs(seconds);
  if (apart <= kClockTolerance) return good("disk.clock", "the clock of the file system agrees with this machine's");
  return note("disk.clock",
              fmt::format("the file system's clock is {} {} this machine's",
                          format_duration(from_seconds(std::min(apart, 1e9))), seconds > 0 ? "ahead of" : "behind"),
              "times in results come from the nodes' clocks: let NTP set them (timedatectl shows how it stands)");
}

Findings examine_disk(const fs::path& directory, store::FileOps& ops) {
  const std::string name = for_message(directory.string());
  std::error_code failed;
  if (!fs::is_directory(directory, failed)) {
    return {bad("disk.write", fmt::format("{} is no directory", name), "name one that exists: kiln doctor DIR")};
  }
  Findings found;
  try {
    const ScratchFolder folder(directory);
    found.push_back(free_space(directory));
    found.push_back(fsync_time(folder.path() / "a", ops));
    if (found.back().verdict == Verdict::bad) return found;
    found.push_back(links(folder.path() / "a", ops));
    found.push_back(locking(folder.path() / "a"));
    found.push_back(clock_difference(folder.path() / "time", ops));
  } catch (const store::StorageError& error) {
    found.push_back(bad("disk.write",
                        fmt::format("{} cannot be written: {}", name, std::strerror(error.error_number())),
                        "go to a directory of yours, or name one: kiln doctor DIR, kiln run --out DIR"));
  }
  return found;
}

Finding examine_temporary(const fs::path& directory) {
  const std::string name = for_message(directory.string());
  try {
    const ScratchFolder folder(directory);
  } catch (const store::StorageError& error) {
    return bad("tmpdir", fmt::format("TMPDIR ({}) cannot be written: {}", name, std::strerror(error.error_number())),
               "mpirun needs it: export TMPDIR=/tmp, or another local directory");
  }
  if (directory.string().size() > kLongPath) {
    return note("tmpdir",
                fmt::format("TMPDIR is long ({} bytes): Open MPI's socket names below it may not fit",
                            directory.string().size()),
                "export TMPDIR=/tmp, or another short name");
  }
  return good("tmpdir", fmt::format("TMPDIR: {} can be written", name));
}

}  // namespace kiln::job
