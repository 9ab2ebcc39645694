#pragma once

#include "exec/executor.hpp"
#include "job/link.hpp"
#include "protocol/worker.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace kiln::job {

/// How a rank runs units.
struct Execution {
  /// Makes the runner from the setup that the coordinator sent. Called once, on the main thread.
  std::function<std::unique_ptr<exec::Runner>(const Bytes& setup, Rank rank)> make_runner;
  /// Called at every turn of the main thread's loop: the rank lives.
  std::function<void()> beat = [] {};
};

/// A rank as worker: joins the protocol's state machine, the link and the executor.
class WorkerSide final : public protocol::WorkerPort {
 public:
  /// `wake` may be called from any thread. `link` outlives this.
  WorkerSide(Link& link, Execution execution, std::function<void()> wake);

  void on_message(protocol::Message message) { worker_.on_message(std::move(message)); }
  void on_interrupt(bool at_once) { worker_.on_interrupt(at_once); }
  /// Reports what the executor has finished; whether there was anything. Throws kiln::Error on a fault of the runner.
  bool step();
  /// The run is over, with this exit code.
  std::optional<int> left() const { return left_; }

 private:
  void send(protocol::Message message) override;
  void set_up(const protocol::Setup& setup) override;
  void submit(protocol::Batch batch) override;
  std::vector<protocol::GivenBack::Piece> take_back(protocol::TakeBack::Share share) override;
  void cancel() override;
  void signal_units() override;
  void leave(int exit_code) override { left_ = exit_code; }

  Link& link_;
  Execution execution_;
  std::function<void()> wake_;
  std::unique_ptr<exec::Executor> executor_;
  std::optional<int> left_;
  protocol::Worker worker_;
};

}  // namespace kiln::job
