#pragma once

#include "exec/executor.hpp"
#include "job/crash_note.hpp"

#include <kiln/error.hpp>
#include <memory>
#include <utility>

namespace kiln::job {

/// Notes what another runner runs, in case that ends the process.
class NotedRunner final : public exec::Runner {
 public:
  NotedRunner(std::unique_ptr<exec::Runner> runner, std::uint32_t stage) : runner_(std::move(runner)), stage_(stage) {}

  const Tables& tables() const override { return runner_->tables(); }
  std::unique_ptr<exec::Harvest> make_harvest() const override { return runner_->make_harvest(); }
  std::size_t most_held() const override { return runner_->most_held(); }
  void run(const exec::Work& work, Interval claimed, exec::Results& results) override {
    survive_overflow();
    note_running(stage_, claimed, work.attempt);
    runner_->run(work, claimed, results);
    note_running(stage_, {}, 0);
  }
  std::uint64_t claim(double unit_seconds) const override { return runner_->claim(unit_seconds); }
  void cancel() override { runner_->cancel(); }
  void give_up() override { runner_->give_up(); }
  void signal() override { runner_->signal(); }

 private:
  const std::unique_ptr<exec::Runner> runner_;
  const std::uint32_t stage_;
};

/// For a setup that brings no units: the end of the program.
class NoRunner final : public exec::Runner {
 public:
  const Tables& tables() const override { return none_; }
  void run(const exec::Work&, Interval, exec::Results&) override {
    throw Error(ExitCode::internal, "units of a program that has ended");
  }
  std::uint64_t claim(double) const override { return 1; }
  void cancel() override {}
  void signal() override {}

 private:
  Tables none_;
};

}  // namespace kiln::job
