#include "protocol/worker.hpp"

#include <utility>

namespace kiln::protocol {

Worker::Worker(Ready ready, WorkerPort& port) : ready_(std::move(ready)), port_(port) {}

void Worker::on_message(Message message) {
  if (left_) return;
  if (auto* setup = std::get_if<Setup>(&message)) {
    if (std::exchange(set_up_, true)) return;
    port_.set_up(*setup);
    port_.send(ready_);
  } else if (auto* batch = std::get_if<Batch>(&message)) {
    port_.submit(std::move(*batch));
  } else if (auto* take_back = std::get_if<TakeBack>(&message)) {
    port_.send(GivenBack{port_.take_back(take_back->share)});
  } else if (std::holds_alternative<Cancel>(message)) {
    port_.cancel();
  } else if (std::holds_alternative<SignalUnits>(message)) {
    port_.signal_units();
  } else if (auto* stop = std::get_if<Stop>(&message)) {
    left_ = true;
    port_.leave(stop->exit_code);
  }
}

void Worker::on_part(Part part) {
  if (!left_) port_.send(std::move(part));
}

void Worker::on_interrupt(bool at_once) {
  if (!left_) port_.send(Interrupted{at_once});
}

}  // namespace kiln::protocol
