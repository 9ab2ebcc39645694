#include "protocol/worker.hpp"

#include <utility>

namespace kiln::protocol {

Worker::Worker(Ready ready, WorkerPort& port) : port_(port) { port_.send(std::move(ready)); }

void Worker::on_message(Message message) {
  if (left_) return;
  if (auto* setup = std::get_if<Setup>(&message)) {
    if (!set_up_) port_.set_up(*setup);
    set_up_ = true;
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
