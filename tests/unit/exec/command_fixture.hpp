#pragma once

#include "exec/spawner_client.hpp"
#include "unit/temp_folder.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

namespace kiln::exec {

/// Looks every few milliseconds until it holds; false after the deadline.
inline bool eventually(const std::function<bool()>& holds, Duration deadline = std::chrono::seconds(20)) {
  const auto until = std::chrono::steady_clock::now() + deadline;
  while (!holds()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    poll(nullptr, 0, 2);
  }
  return true;
}

/// Neither gone nor a zombie.
inline bool alive(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return false;
  const std::size_t name_end = line.rfind(')');
  return name_end != std::string::npos && line[name_end + 2] != 'Z' && line[name_end + 2] != 'X';
}

/// A helper of its own and an empty working directory for each test.
class CommandFixture : public testing::Test {
 protected:
  void SetUp() override {
    setup_.environment = {"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/nowhere", "GREETING=good day"};
    setup_.working_directory = folder_;
    setup_.run_directory = "/some/run.kiln";
  }
  void TearDown() override { client_.reset(); }

  SpawnerClient& client() {
    if (client_ == nullptr) {
      client_ = SpawnerClient::start(options_);
      client_->set_up(setup_);
    }
    return *client_;
  }
  CommandResult run(std::string_view command) { return client().run(UnitId(7), 2, command); }
  std::string out_of(std::string_view command) { return std::string(run(command).out); }

  std::filesystem::path path(const std::string& name) const { return folder_ / name; }
  void write(const std::string& name, const std::string& text, bool executable = false) const {
    std::ofstream(path(name)) << text;
    if (executable) std::filesystem::permissions(path(name), std::filesystem::perms::all);
  }
  std::string read(const std::string& name) const {
    std::ifstream file(path(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }
  /// The number in a file that a command writes, with a newline at its end; waits for it.
  pid_t pid_in(const std::string& name) const {
    EXPECT_TRUE(eventually([&] { return read(name).ends_with('\n'); })) << name << " was not written";
    return static_cast<pid_t>(std::atol(read(name).c_str()));
  }

  TempFolder temp_;
  std::filesystem::path folder_ = temp_.path();
  CommandSetup setup_;
  SpawnerClient::Options options_;
  std::unique_ptr<SpawnerClient> client_;
};

}  // namespace kiln::exec
