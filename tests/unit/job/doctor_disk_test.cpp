#include "job/doctor_disk.hpp"
#include "unit/temp_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <functional>

namespace kiln::job {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

class DoctorDisk : public testing::Test {
 protected:
  TempFolder temp_;
  fs::path folder_ = temp_.path();
};

// System calls that fail as told.
class Failing : public store::FileOps {
 public:
  int link_error = 0, fsync_error = 0, rename_error = 0;
  bool link_replaces = false;

  int link(const char* from, const char* to) override {
    if (link_error != 0) return fail(link_error);
    if (link_replaces) ::unlink(to);
    return FileOps::link(from, to);
  }
  int fsync(int fd) override { return fsync_error != 0 ? fail(fsync_error) : FileOps::fsync(fd); }
  int rename(const char* from, const char* to) override {
    return rename_error != 0 ? fail(rename_error) : FileOps::rename(from, to);
  }

 private:
  static int fail(int error) {
    errno = error;
    return -1;
  }
};

Finding worst(const Findings& all) {
  return *std::max_element(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.verdict < b.verdict; });
}

TEST_F(DoctorDisk, LeavesNothingBehind) {
  const Findings all = examine_disk(folder_, store::system_file_ops());
  EXPECT_EQ(all.size(), 5U);
  EXPECT_NE(worst(all).verdict, Verdict::bad) << worst(all).text;
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(DoctorDisk, NoHardLinks) {
  Failing ops;
  ops.link_error = EPERM;
  const Finding found = worst(examine_disk(folder_, ops));
  EXPECT_EQ(found.check, "disk.links");
  EXPECT_EQ(found.verdict, Verdict::bad);
  EXPECT_THAT(found.advice, HasSubstr("--out"));
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(DoctorDisk, LinksThatReplaceAreNoLock) {
  Failing ops;
  ops.link_replaces = true;
  EXPECT_THAT(worst(examine_disk(folder_, ops)).text, HasSubstr("replaced a name"));
}

TEST_F(DoctorDisk, NothingCanBeRenamedOrSynced) {
  Failing ops;
  ops.rename_error = EACCES;
  EXPECT_THAT(worst(examine_disk(folder_, ops)).text, HasSubstr("cannot be renamed"));
  ops.fsync_error = EIO;
  const Finding found = worst(examine_disk(folder_, ops));
  EXPECT_EQ(found.check, "disk.fsync");
  EXPECT_THAT(found.text, HasSubstr("Input/output error"));
}

TEST_F(DoctorDisk, DirectoriesThatAreNone) {
  EXPECT_THAT(worst(examine_disk(folder_ / "none", store::system_file_ops())).text, HasSubstr("is no directory"));
  EXPECT_THAT(worst(examine_disk("/dev/null", store::system_file_ops())).text, HasSubstr("is no directory"));
}

TEST_F(DoctorDisk, ADirectoryThatCannotBeWritten) {
  // /proc refuses root as well.
  const Finding found = worst(examine_disk("/proc", store::system_file_ops()));
  EXPECT_EQ(found.check, "disk.write");
  EXPECT_EQ(found.verdict, Verdict::bad);
  EXPECT_THAT(found.advice, HasSubstr("kiln doctor DIR"));
}

TEST_F(DoctorDisk, TemporaryDirectory) {
  EXPECT_EQ(examine_temporary(folder_).verdict, Verdict::good);
  EXPECT_EQ(examine_temporary("/proc").verdict, Verdict::bad);
  EXPECT_EQ(examine_temporary(folder_ / "none").verdict, Verdict::bad);
  const fs::path deep = folder_ / std::string(90, 'x');
  fs::create_directory(deep);
  EXPECT_EQ(examine_temporary(deep).verdict, Verdict::note);
}

TEST(DoctorSpace, Verdicts) {
  EXPECT_EQ(judge_space("d", "ext4", 100 * kGiB, 1'000'000).verdict, Verdict::good);
  EXPECT_EQ(judge_space("d", "ext4", kGiB, 1'000'000).verdict, Verdict::note);
  EXPECT_EQ(judge_space("d", "ext4", kGiB / 100, 1'000'000).verdict, Verdict::bad);
  EXPECT_EQ(judge_space("d", "ext4", 100 * kGiB, 3).verdict, Verdict::bad);
  EXPECT_EQ(judge_space("d", "tmpfs", 100 * kGiB, 1'000'000).verdict, Verdict::note);
}

TEST(DoctorSpace, FileSystemsByName) {
  EXPECT_EQ(file_system_name(0xEF53), "ext4");
  EXPECT_EQ(file_system_name(0x0BD00BD0), "lustre");
  EXPECT_EQ(file_system_name(0x12345), "unknown (0x12345)");
}

TEST(DoctorTimes, Verdicts) {
  EXPECT_EQ(judge_fsync(0.01).verdict, Verdict::good);
  EXPECT_EQ(judge_fsync(0.5).verdict, Verdict::note);
  EXPECT_EQ(judge_clock(0.1).verdict, Verdict::good);
  EXPECT_THAT(judge_clock(60).text, HasSubstr("ahead of"));
  EXPECT_THAT(judge_clock(-60).text, HasSubstr("behind"));
  EXPECT_EQ(judge_clock(-60).verdict, Verdict::note);
  EXPECT_EQ(judge_clock(1e300).verdict, Verdict::note);
}

}  // namespace
}  // namespace kiln::job
