#include "command_fixture.hpp"
#include "exec/output_pattern.hpp"

#include <sys/stat.h>

namespace kiln::exec {
namespace {

class OutputFiles : public CommandFixture {
 protected:
  OutputFiles() { setup_.output_files = "logs/{unit}/{attempt}.{stream}"; }
  bool exists(const std::string& name) const { return std::filesystem::exists(path(name)); }
  std::size_t files() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) count += entry.is_regular_file();
    return count;
  }
};

TEST_F(OutputFiles, HoldBothStreamsWhole) {
  setup_.output_limit = 10;
  const CommandResult result = run("head -c 3000000 /dev/zero; printf 'a\\0\\377' >&2");
  EXPECT_EQ(result.header.exit_code, 0);
  EXPECT_EQ(result.header.file_error, 0);
  EXPECT_EQ(result.out, std::string(10, '\0'));
  EXPECT_TRUE(result.header.stdout_cut);
  EXPECT_EQ(read("logs/7/2.out"), std::string(3'000'000, '\0'));
  EXPECT_EQ(read("logs/7/2.err"), std::string("a\0\377", 3));
  EXPECT_EQ(files(), 2U) << "nothing else is left";
}

TEST_F(OutputFiles, AreKeptWhereOutputIsNot) {
  setup_.keep_output = KeepOutput::none;
  const CommandResult result = run("echo out; echo err >&2; exit 3");
  EXPECT_EQ(result.out, "");
  EXPECT_FALSE(result.header.stdout_cut);
  EXPECT_EQ(read("logs/7/2.out"), "out\n");
  EXPECT_EQ(read("logs/7/2.err"), "err\n");
}

TEST_F(OutputFiles, FollowTheUmaskAndReplaceWhatIsThere) {
  setup_.umask = 027;
  setup_.output_files = "{unit}";
  write("7.out", "old and longer");
  write("7.out.part", "left over");
  run("echo new");
  EXPECT_EQ(read("7.out"), "new\n");
  EXPECT_FALSE(exists("7.out.part"));
  struct stat facts {};
  ASSERT_EQ(stat(path("7.out").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777U, 0640U);
}

TEST_F(OutputFiles, AreNotThereBeforeTheEnd) {
  client().begin({UnitId(7), 1, "echo begun; echo $$ > pid; until test -e go; do sleep 0.01; done; echo ended"});
  pid_in("pid");
  EXPECT_TRUE(eventually([&] { return read("logs/7/1.out.part") == "begun\n"; }));
  EXPECT_FALSE(exists("logs/7/1.out"));
  write("go", "");
  client().finish();
  EXPECT_EQ(read("logs/7/1.out"), "begun\nended\n");
  EXPECT_EQ(files(), 4U);
}

TEST_F(OutputFiles, OfACancelledCommandAreRemoved) {
  client().begin({UnitId(7), 1, "echo begun; echo $$ > pid; exec sleep 1000"});
  pid_in("pid");
  client().cancel();
  EXPECT_EQ(client().finish().header.ending, Ending::cancelled);
  EXPECT_EQ(files(), 1U) << "the pid alone";
}

TEST_F(OutputFiles, OfACommandPastItsTimeAreKept) {
  setup_.timeout = std::chrono::milliseconds(200);
  EXPECT_EQ(run("echo begun; exec sleep 1000").header.ending, Ending::timed_out);
  EXPECT_EQ(read("logs/7/2.out"), "begun\n");
}

TEST_F(OutputFiles, ThatCannotBeMadeKeepTheCommandFromStarting) {
  write("logs", "a file, no folder");
  const CommandResult result = run("touch ran");
  EXPECT_EQ(result.header.ending, Ending::not_started);
  EXPECT_EQ(result.header.step, Step::output_file);
  EXPECT_EQ(result.header.file_error, ENOTDIR);
  EXPECT_FALSE(exists("ran"));
  std::filesystem::remove(path("logs"));
  EXPECT_EQ(run("echo again").header.exit_code, 0) << "the next one is not concerned";
  EXPECT_EQ(read("logs/7/2.out"), "again\n");
}

TEST_F(OutputFiles, OfWhichTheSecondCannotBeMadeLeaveNothing) {
  setup_.output_files = "{stream}/{unit}";
  write("err", "a file, no folder");
  const CommandResult result = run("touch ran");
  EXPECT_EQ(result.header.ending, Ending::not_started);
  EXPECT_EQ(result.header.file_stream, static_cast<std::uint8_t>(OutputStream::err));
  EXPECT_EQ(files(), 1U);
}

TEST_F(OutputFiles, OnAFullDiskDoNotHoldTheCommandUp) {
  // A name that cannot be renamed to stands for a disk that refuses at the end.
  setup_.output_files = "{unit}";
  std::filesystem::create_directories(path("7.out/inside"));
  const CommandResult result = run("head -c 3000000 /dev/zero; echo done > said");
  EXPECT_EQ(result.header.ending, Ending::exited);
  EXPECT_EQ(result.header.exit_code, 0);
  EXPECT_EQ(result.header.file_error, EISDIR);
  EXPECT_EQ(read("said"), "done\n");
  EXPECT_FALSE(exists("7.out.part"));
  EXPECT_TRUE(exists("7.err"));
}

}  // namespace
}  // namespace kiln::exec
