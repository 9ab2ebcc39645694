#include "job/recovery_note.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::job {
namespace {

using testing::HasSubstr;

constexpr const char* kLibrary = "Open MPI v4.1.4";

Environment under_mpirun(std::optional<bool> survives) {
  Environment environment;
  environment.mpi_rank = 0;
  environment.mpi_size = 4;
  environment.survives_deaths = survives;
  return environment;
}

TEST(RecoveryNote, NothingWhereAnyRankMayDieOrNobodyKnows) {
  EXPECT_EQ(recovery_note(RunOptions(), under_mpirun(true), kLibrary), "");
  EXPECT_EQ(recovery_note(RunOptions(), under_mpirun(std::nullopt), kLibrary), "");
}

TEST(RecoveryNote, AnMpirunStartedWithoutTheOptionIsToldOf) {
  EXPECT_THAT(recovery_note(RunOptions(), under_mpirun(false), kLibrary), HasSubstr("mpirun --enable-recovery …"));
  EXPECT_EQ(recovery_note(RunOptions(), under_mpirun(false), "MPICH"),
            "this mpirun ends with the first rank that dies");
}

TEST(RecoveryNote, OptionsThatGiveItUp) {
  RunOptions options;
  options.fast_network = true;
  EXPECT_THAT(recovery_note(options, under_mpirun(true), kLibrary), HasSubstr("--fast-network"));
  options.heartbeat = Duration::zero();
  EXPECT_THAT(recovery_note(options, under_mpirun(true), kLibrary), HasSubstr("--heartbeat 0"));
}

TEST(RecoveryNote, NobodyIsDeclaredDeadWhereTheFirstDeathEndsAll) {
  const RunOptions options;
  EXPECT_EQ(heartbeat_of(options, under_mpirun(false)), Duration::zero());
  EXPECT_EQ(heartbeat_of(options, under_mpirun(true)), options.heartbeat);
  EXPECT_EQ(heartbeat_of(options, under_mpirun(std::nullopt)), options.heartbeat);
}

TEST(RecoveryNote, ARankAloneHasNobodyToOutlive) {
  Environment alone = under_mpirun(false);
  alone.mpi_size = 1;
  EXPECT_EQ(recovery_note(RunOptions(), alone, kLibrary), "");
}

}  // namespace
}  // namespace kiln::job
