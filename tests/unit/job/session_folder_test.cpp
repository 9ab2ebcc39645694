#include "job/session_folder.hpp"

#include "unit/temp_folder.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

namespace kiln::job {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> entries(const fs::path& folder) { return {fs::directory_iterator(folder), {}}; }

TEST(SessionFolder, IsMadeOnceAndIsTheUsersAlone) {
  const TempFolder dir;
  for (int i = 0; i < 2; ++i) make_session_folder({{"TMPDIR", dir.path().string()}});
  const auto made = entries(dir.path());
  ASSERT_EQ(made.size(), 1U);
  const std::string name = made[0].filename().string();
  EXPECT_TRUE(name.starts_with("ompi.")) << name;
  EXPECT_TRUE(name.ends_with("." + std::to_string(geteuid()))) << name;
  EXPECT_EQ(fs::status(made[0]).permissions(), fs::perms::owner_all);
}

TEST(SessionFolder, StandsWhereOpenMpiWasToldTo) {
  const TempFolder usual, told;
  make_session_folder({{"TMPDIR", usual.path().string()}, {"OMPI_MCA_orte_tmpdir_base", told.path().string()}});
  EXPECT_TRUE(entries(usual.path()).empty());
  EXPECT_EQ(entries(told.path()).size(), 1U);
}

TEST(SessionFolder, WhereItCannotBeMadeNothingHappens) { make_session_folder({{"TMPDIR", "/proc/none"}}); }

}  // namespace
}  // namespace kiln::job
