#pragma once

#include "store/journal.hpp"
#include "store/ledger_state.hpp"
#include "unit/store/entry_samples.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace kiln::store::testing {

namespace fs = std::filesystem;

/// How many seeds a property test plays: `few`, or what KILN_PROPERTY_SEEDS says.
inline std::uint64_t property_seeds(std::uint64_t few) {
  const char* const wanted = std::getenv("KILN_PROPERTY_SEEDS");  // NOLINT(concurrency-mt-unsafe)
  return wanted == nullptr ? few : std::strtoull(wanted, nullptr, 10);
}

/// System calls that go wrong when told to.
class FaultyOps : public FileOps {
 public:
  int fail_writes = 0, fail_fsyncs = 0, fail_folder_fsyncs = 0, fail_links = 0;  ///< that many of the next calls fail
  int link_error = EIO;
  int write_error = ENOSPC;
  std::size_t short_writes = 0;       ///< when not 0: no write moves more bytes
  bool link_answers_eexist = false;   ///< links are made, and denied (NFS)
  std::function<void()> before_link;  ///< called once, before the next link
  long steps_left = -1;               ///< after that many calls everything fails: the process died there
  long steps = 0;

  int open(const char* path, int flags, mode_t mode) override {
    if ((flags & O_DIRECTORY) != 0) return is_dead(false) ? -1 : FileOps::open(path, flags, mode);
    return is_dead() ? -1 : FileOps::open(path, flags, mode);
  }
  ssize_t write(int fd, const void* data, std::size_t size) override {
    if (is_dead()) {
      if (size > 1) static_cast<void>(FileOps::write(fd, data, size / 2));  // torn
      return -1;
    }
    if (take(fail_writes, write_error)) return -1;
    if (short_writes != 0) size = std::min(size, short_writes);
    return FileOps::write(fd, data, size);
  }
  int fsync(int fd) override {
    if (is_dead() || take(fail_fsyncs, EIO)) return -1;
    struct stat status {};
    if (::fstat(fd, &status) == 0 && S_ISDIR(status.st_mode) && take(fail_folder_fsyncs, EIO)) return -1;
    return 0;  // the tests ask for order and names, not for a platter
  }
  int link(const char* from, const char* to) override {
    if (before_link) std::exchange(before_link, nullptr)();
    if (is_dead() || take(fail_links, link_error)) return -1;
    const int code = FileOps::link(from, to);
    if (code == 0 && link_answers_eexist) {
      errno = EEXIST;
      return -1;
    }
    return code;
  }
  int rename(const char* from, const char* to) override { return is_dead() ? -1 : FileOps::rename(from, to); }
  int unlink(const char* path) override { return is_dead() ? -1 : FileOps::unlink(path); }
  int mkdir(const char* path, mode_t mode) override { return is_dead() ? -1 : FileOps::mkdir(path, mode); }
  int rmdir(const char* path) override { return is_dead() ? -1 : FileOps::rmdir(path); }

 private:
  static bool take(int& left, int error) {
    if (left == 0) return false;
    --left;
    errno = error;
    return true;
  }
  bool is_dead(bool counts = true) {
    if (counts) ++steps;
    if (steps_left < 0) return false;
    if (steps_left == 0) {
      errno = EIO;
      return true;
    }
    if (counts) --steps_left;
    return false;
  }
};

/// What a reader knows of the units in the end.
struct Picture {
  LedgerState ledger;
  std::map<std::uint64_t, Bytes> rows;  ///< of each unit the row that counts
  std::vector<double> batch_starts;     ///< sorted
  ScanResult scan;
};

inline void add_rows(Picture& picture, const Rows& rows, const schedule::IntervalSet& units) {
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (!units.contains(UnitId(rows.units()[row]))) continue;
    Rows one(sample_schema());
    one.append_row(rows, row);
    EXPECT_TRUE(picture.rows.emplace(rows.units()[row], encoded(one)).second) << "a unit has two rows that count";
  }
}

/// Resolves entries in the order of their numbers.
inline Picture resolve(const std::vector<Entry>& entries) {
  Picture picture;
  LedgerBuilder builder;
  for (const Entry& entry : entries) builder.add(entry);
  picture.ledger = builder.state();
  RowResolver resolver(StageId(0), picture.ledger);
  for (const Entry& entry : entries) {
    const auto units = resolver.take(entry);
    if (const auto* commit = std::get_if<CommitEntry>(&entry.body)) {
      add_rows(picture, commit->rows, units);
      for (const auto& batch : commit->batches) picture.batch_starts.push_back(batch.start);
    }
  }
  std::sort(picture.batch_starts.begin(), picture.batch_starts.end());
  return picture;
}

inline Picture read_picture(const fs::path& root, std::uint64_t per_folder = 1000) {
  std::vector<Entry> entries;
  ScanOptions options{true, per_folder, [&] { entries.clear(); }};
  ScanResult scan = scan_journal(root, options, [&](const Visit& visit) { entries.push_back(visit.entry); });
  for (std::size_t i = 1; i < entries.size(); ++i) EXPECT_LE(entries[i - 1].number, entries[i].number);
  Picture picture = resolve(entries);
  picture.scan = std::move(scan);
  return picture;
}

inline void expect_same(const Picture& is, const Picture& should) {
  EXPECT_EQ(is.ledger.done, should.ledger.done);
  ASSERT_EQ(is.ledger.dead.size(), should.ledger.dead.size());
  for (const auto& [unit, dead] : should.ledger.dead) {
    ASSERT_TRUE(is.ledger.dead.contains(unit));
    EXPECT_EQ(is.ledger.dead.at(unit).number, dead.number);
    EXPECT_EQ(is.ledger.dead.at(unit).letter.reason, dead.letter.reason);
  }
  EXPECT_EQ(is.rows, should.rows);
  EXPECT_EQ(is.batch_starts, should.batch_starts);
  EXPECT_EQ(is.ledger.epochs.size(), should.ledger.epochs.size());
  EXPECT_EQ(is.ledger.sources.size(), should.ledger.sources.size());
  EXPECT_EQ(is.ledger.ends.size(), should.ledger.ends.size());
}

inline CommitEntry done_only(std::uint64_t first, std::uint64_t last) {
  CommitEntry commit;
  commit.done.insert(make_interval(first, last));
  return commit;
}

inline void overwrite(const fs::path& path, std::uintmax_t at, char byte) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(at));
  file.put(byte);
}

}  // namespace kiln::store::testing
