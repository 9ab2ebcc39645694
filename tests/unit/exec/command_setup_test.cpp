#include "exec/command_setup.hpp"

#include <gmock/gmock.h>
#include <kiln/error.hpp>

namespace kiln::exec {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;

TEST(CommandSetup, TravelsWhole) {
  CommandSetup setup;
  setup.environment = {"A=1", "B=\xff\n"};
  setup.working_directory = "/a b";
  setup.umask = 077;
  setup.shell = "/bin/dash";
  setup.run_directory = "/run";
  setup.first_worker = 1;
  setup.timeout = std::chrono::milliseconds(1500);
  setup.grace = std::chrono::seconds(3);
  setup.task_signal = 10;
  setup.keep_output = KeepOutput::failed;
  setup.output_limit = 12345;
  setup.done_before = 7;
  setup.failed_before = 8;
  Bytes bytes = encode(setup);
  const CommandSetup copy = decode_command_setup(bytes);
  EXPECT_EQ(copy.environment, setup.environment);
  EXPECT_EQ(copy.working_directory, setup.working_directory);
  EXPECT_EQ(copy.umask, setup.umask);
  EXPECT_EQ(copy.shell, setup.shell);
  EXPECT_EQ(copy.run_directory, setup.run_directory);
  EXPECT_EQ(copy.first_worker, setup.first_worker);
  EXPECT_EQ(copy.timeout, setup.timeout);
  EXPECT_EQ(copy.grace, setup.grace);
  EXPECT_EQ(copy.task_signal, setup.task_signal);
  EXPECT_EQ(copy.keep_output, setup.keep_output);
  EXPECT_EQ(copy.output_limit, setup.output_limit);
  EXPECT_EQ(copy.done_before, setup.done_before);
  EXPECT_EQ(copy.failed_before, setup.failed_before);
  EXPECT_FALSE(decode_command_setup(encode(CommandSetup())).timeout.has_value());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THROW(decode_command_setup(ByteView(bytes).first(size)), Error);
  }
  bytes.push_back(std::byte{0});
  EXPECT_THROW(decode_command_setup(bytes), Error);
}

std::vector<std::string> clean(std::vector<std::string> entries) {
  std::vector<char*> pointers;
  for (std::string& entry : entries) pointers.push_back(entry.data());
  pointers.push_back(nullptr);
  return clean_environment(pointers.data());
}

TEST(CleanEnvironment, DropsWhatIsKilnsOwn) {
  EXPECT_THAT(clean({"PATH=/bin", "OMPI_COMM_WORLD_RANK=1", "PMIX_RANK=1", "PMI_RANK=0", "PRTE_X=1", "KILN_UNIT=4",
                     "OMPIX=kept", "SLURM_NTASKS=2", "EMPTY="}),
              ElementsAre("PATH=/bin", "OMPIX=kept", "SLURM_NTASKS=2", "EMPTY="));
  EXPECT_THAT(clean({"SLURM_OVERLAP=1"}), ElementsAre("SLURM_OVERLAP=1"));
  EXPECT_THAT(clean({"SLURM_OVERLAP=1", "KILN_OWN_OVERLAP=1", "A=1"}), ElementsAre("A=1"));
  EXPECT_TRUE(clean_environment(nullptr).empty());
}

TEST(CleanEnvironment, GivesBackThePathOfTheCaller) {
  EXPECT_THAT(clean({"PATH=/tmp/x:/bin::/usr/bin", "KILN_OWN_PATH=/tmp/x"}), ElementsAre("PATH=/bin::/usr/bin"));
  EXPECT_THAT(clean({"KILN_OWN_PATH=/tmp/x", "PATH=/mpi/bin:/tmp/x:/bin:", "A=1"}),
              ElementsAre("PATH=/mpi/bin:/bin:", "A=1"));
  EXPECT_THAT(clean({"PATH=/bin:/tmp/xy", "KILN_OWN_PATH=/tmp/x"}), ElementsAre("PATH=/bin:/tmp/xy"));
  EXPECT_THAT(clean({"PATH=/tmp/x:/bin"}), ElementsAre("PATH=/tmp/x:/bin"));
}

TEST(CleanEnvironment, SwitchesSlurmsLauncherOff) {
  const auto inside = clean({"SLURM_JOB_ID=12", "HYDRA_BOOTSTRAP=slurm"});
  EXPECT_THAT(inside, Contains("SLURM_JOB_ID=12"));
  EXPECT_THAT(inside, Contains("OMPI_MCA_plm=^slurm"));
  EXPECT_THAT(inside, Contains("HYDRA_BOOTSTRAP=fork"));
  EXPECT_THAT(inside, Not(Contains("HYDRA_BOOTSTRAP=slurm")));
}

}  // namespace
}  // namespace kiln::exec
