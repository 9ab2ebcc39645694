#pragma once

#include "protocol/messages.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace kiln::protocol {

/// What a worker can do to its own rank: send, and drive its executor. Calls return at once.
class WorkerPort {
 public:
  virtual ~WorkerPort() = default;
  /// To the coordinator.
  virtual void send(Message message) = 0;
  /// Makes the executor ready to run units; called once, before the first batch.
  virtual void set_up(const Setup& setup) = 0;
  virtual void submit(Batch batch) = 0;
  virtual std::vector<GivenBack::Piece> take_back(TakeBack::Share share) = 0;
  virtual void cancel() = 0;
  virtual void signal_units() = 0;
  virtual void leave(int exit_code) = 0;
};

/// The worker's side of the conversation. Pure. Membership (beats, views, takeover) will live here too.
class Worker {
 public:
  /// Says `ready` to the coordinator once it is set up. `port` outlives the worker.
  Worker(Ready ready, WorkerPort& port);

  void on_message(Message message);
  /// The executor has finished some units.
  void on_part(Part part);
  /// A signal came in on this rank.
  void on_interrupt(bool at_once);

  bool left() const { return left_; }

 private:
  Ready ready_;
  WorkerPort& port_;
  bool set_up_ = false;
  bool left_ = false;
};

}  // namespace kiln::protocol
