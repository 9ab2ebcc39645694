#include "job/folder_probe.hpp"
#include "unit/temp_folder.hpp"

#include <gmock/gmock.h>
#include <kiln/error.hpp>

#include <fstream>

namespace kiln::job {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr Instant kBegin{std::chrono::seconds(100)};
constexpr Duration kTurn = std::chrono::milliseconds(50);

class FolderProbes : public testing::Test {
 protected:
  fs::path folder() const { return temp_.path(); }

 private:
  TempFolder temp_;
};

TEST_F(FolderProbes, WhatIsThereIsSeenAtOnce) {
  FolderLook look;
  EXPECT_FALSE(look.turn(kBegin)) << "nothing is looked for yet";
  const FolderProbe probe = lay_probe(FolderProbe::Of::run_directory, folder(), "launch-1");
  EXPECT_TRUE(fs::exists(probe.file));
  look.begin({probe}, kBegin);
  EXPECT_TRUE(look.under_way());
  EXPECT_TRUE(look.turn(kBegin));
  EXPECT_FALSE(look.under_way());
  EXPECT_FALSE(look.fault());
  EXPECT_FALSE(look.turn(kBegin + FolderLook::kPatience)) << "once";
  remove_probes({probe});
  EXPECT_FALSE(fs::exists(probe.file));
}

TEST_F(FolderProbes, WhatComesLaterIsWaitedFor) {
  FolderLook look;
  const FolderProbe probe{FolderProbe::Of::run_directory, (folder() / "late").string()};
  look.begin({probe}, kBegin);
  EXPECT_FALSE(look.turn(kBegin));
  std::ofstream(probe.file).put('\n');
  EXPECT_FALSE(look.turn(kBegin + kTurn / 2)) << "it does not look all the time";
  EXPECT_TRUE(look.turn(kBegin + kTurn));
  EXPECT_FALSE(look.fault());
}

TEST_F(FolderProbes, WhatDoesNotComeIsAFault) {
  FolderLook look;
  const FolderProbe there = lay_probe(FolderProbe::Of::scratch, folder(), "launch-1");
  look.begin({there, {FolderProbe::Of::run_directory, (folder() / "far" / "file").string()}}, kBegin);
  EXPECT_FALSE(look.turn(kBegin));
  EXPECT_FALSE(look.turn(kBegin + FolderLook::kPatience - kTurn));
  EXPECT_TRUE(look.turn(kBegin + FolderLook::kPatience));
  ASSERT_TRUE(look.fault());
  EXPECT_EQ(look.fault()->exit_code, to_int(ExitCode::run_directory));
  EXPECT_THAT(look.fault()->text, HasSubstr("does not see the run directory " + (folder() / "far").string() + ","));
  EXPECT_THAT(look.fault()->text, HasSubstr("--out"));

  look.begin({{FolderProbe::Of::scratch, (folder() / "far" / "file").string()}}, kBegin);
  EXPECT_FALSE(look.fault()) << "that was of the look before";
  EXPECT_TRUE(look.turn(kBegin + FolderLook::kPatience));
  EXPECT_EQ(look.fault()->exit_code, to_int(ExitCode::bad_input));
  EXPECT_THAT(look.fault()->text, HasSubstr("--scratch must name a folder that all ranks see"));
}

TEST_F(FolderProbes, TravelAsBytes) {
  const std::vector<FolderProbe> probes{{FolderProbe::Of::run_directory, "/a"}, {FolderProbe::Of::scratch, "/b"}};
  const std::vector<FolderProbe> came = decode_probes(encode(probes));
  ASSERT_EQ(came.size(), 2U);
  EXPECT_EQ(came[1].of, FolderProbe::Of::scratch);
  EXPECT_EQ(came[1].file, "/b");
  EXPECT_TRUE(decode_probes(encode(std::vector<FolderProbe>{})).empty());
}

TEST_F(FolderProbes, AFolderThatTakesNoFilesIsRefused) {
  EXPECT_THROW(lay_probe(FolderProbe::Of::run_directory, folder() / "none", "x"), Error);
}

}  // namespace
}  // namespace kiln::job
