#include "job/lasting_srun.hpp"
#include "unit/temp_folder.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>
#include <utility>

namespace kiln::job {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// A shell as mpirun, with a rank, and an srun that ends when it is told to.
class LastingSrunTest : public testing::Test {
 protected:
  void SetUp() override {
    write("status.json", R"({"launch_id":"a1-2"})");
    write("real", "#!/bin/sh\ncd '" + name_ + R"sh('
for last in "$@"; do :; done
if [ "$last" = true ]; then echo "$*" >>asked; exec test -e answers; fi
echo "$*" >said
echo "$PATH ${KILN_OWN_PATH-none} $PPID" >finding
mv finding found
until test -e code; do sleep 0.01; done
exit "$(cat code)"
)sh");
    fs::permissions(folder() / "real", fs::perms::owner_all);
  }
  void TearDown() override {
    if (mpirun_ > 0) {
      ::kill(-mpirun_, SIGKILL);
      ::waitpid(mpirun_, nullptr, 0);
    }
  }

  fs::path folder() const { return name_; }
  void write(const char* name, const std::string& text) const {
    std::ofstream(folder() / "new") << text;
    fs::rename(folder() / "new", folder() / name);
  }
  std::string read(const char* name) const {
    std::stringstream text;
    text << std::ifstream(folder() / name).rdbuf();
    return text.str();
  }

  void start(const std::string& words) {
    srun_.emplace(SrunFacts{name_ + "/real", std::getenv("PATH"), name_ + "/status.json", "a1-2"}, folder());
    ASSERT_EQ(srun_->variables().size(), 2U);
    const std::string script = fmt::format(
        "cd '{}'; export '{}' '{}'; sleep 1000 & echo $! >rank; srun {} & wait $!; code=$?; echo \"$code\" >new; mv "
        "new "
        "ended",
        name_, srun_->variables()[0], srun_->variables()[1], words);
    mpirun_ = ::fork();
    if (mpirun_ == 0) {
      ::setpgid(0, 0);
      ::execl("/bin/sh", "sh", "-c", script.c_str(), nullptr);
      ::_exit(127);
    }
    await([&] { return fs::exists(folder() / "found") || fs::exists(folder() / "ended"); });
  }
  void await(const std::function<bool()>& done) const {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!done() && std::chrono::steady_clock::now() < until) ::poll(nullptr, 0, 5);
    EXPECT_TRUE(done()) << "asked: " << read("asked");
  }
  /// What it ended with.
  std::string ended() const {
    await([&] { return fs::exists(folder() / "ended"); });
    return read("ended");
  }
  bool is_there() const { return !fs::exists(folder() / "ended"); }
  void end_rank() const { ::kill(std::stoi(read("rank")), SIGKILL); }
  long asked() const {
    const std::string all = read("asked");
    return std::count(all.begin(), all.end(), '\n');
  }

 private:
  TempFolder temp_;
  std::string name_ = temp_.path().string();
  std::optional<LastingSrun> srun_;

 protected:
  pid_t mpirun_ = -1;
};

constexpr const char* kDaemons = "--nodes=2 --nodelist=n2,n3 orted 'a b'";

TEST_F(LastingSrunTest, StartsTheRealOneAsMpirunWould) {
  start(kDaemons);
  EXPECT_EQ(read("said"), "--nodes=2 --nodelist=n2,n3 orted a b\n");
  EXPECT_THAT(read("found"), testing::StartsWith(std::string(std::getenv("PATH")) + " none "));
  for (const auto& entry : fs::directory_iterator(folder())) {
    EXPECT_FALSE(entry.is_directory()) << "nothing is left while it runs: " << entry.path();
  }
}

TEST_F(LastingSrunTest, StaysWhenAllNodesAreLostUntilTheLastRankHasGone) {
  for (const char* code : {"0", "205"}) {
    start(kDaemons);
    write("code", code);
    await([&] { return asked() == 2; });
    EXPECT_THAT(read("asked"), HasSubstr("--nodelist=n2 true"));
    EXPECT_THAT(read("asked"), HasSubstr("--nodelist=n3 true"));
    EXPECT_TRUE(is_there());
    end_rank();
    EXPECT_EQ(ended(), "0\n");
    for (const char* name : {"code", "asked", "found", "ended"}) fs::remove(folder() / name);
    ::waitpid(std::exchange(mpirun_, -1), nullptr, 0);
  }
}

TEST_F(LastingSrunTest, EndsWhereANodeStillStartsProcesses) {
  start(kDaemons);
  write("answers", "");
  write("code", "205");
  EXPECT_EQ(ended(), "205\n");
  EXPECT_EQ(asked(), 1);
}

TEST_F(LastingSrunTest, EndsAtOnceBeforeTheRunHasBegun) {
  write("status.json", R"({"launch_id":"a1-1"})");
  start(kDaemons);
  write("code", "1");
  EXPECT_EQ(ended(), "1\n");
  EXPECT_EQ(asked(), 0);
}

TEST_F(LastingSrunTest, EndsWithMpirun) {
  start(kDaemons);
  const std::string found = read("found");
  const std::string srun = "/proc/" + found.substr(found.rfind(' ') + 1, found.size() - found.rfind(' ') - 2);
  EXPECT_TRUE(fs::exists(srun));
  write("code", "205");
  await([&] { return asked() == 2; });
  ::kill(mpirun_, SIGKILL);
  await([&] {  // where nobody reaps orphans, it has no words any more
    std::string words;
    return !(std::ifstream(srun + "/cmdline") >> words);
  });
}

TEST_F(LastingSrunTest, SignalsAreNotForIt) {
  start(kDaemons);
  const std::string found = read("found");
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1}) ::kill(std::stoi(found.substr(found.rfind(' '))), signal);
  write("code", "3");
  await([&] { return asked() == 2; });
  EXPECT_TRUE(is_there());
}

TEST_F(LastingSrunTest, IsTheRealOneWhereNoDaemonsAreStarted) {
  start("--version");
  EXPECT_EQ(read("said"), "--version\n");
  write("code", "4");
  EXPECT_EQ(ended(), "4\n");
  EXPECT_EQ(asked(), 0);
}

TEST(LastingSrun, WhereItCannotBeMadeMpirunFindsTheRealOne) {
  EXPECT_TRUE(LastingSrun({"", "/bin", "s", "a1-2"}, "/tmp").variables().empty());
  EXPECT_TRUE(LastingSrun({"/bin/srun", "/bin", "s", "a1-2"}, "/no/such/folder").variables().empty());
}

}  // namespace
}  // namespace kiln::job
