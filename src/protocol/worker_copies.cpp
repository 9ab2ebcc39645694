#include "protocol/worker.hpp"

#include <utility>

/// Worker: copies of units that others have as well, and units that others were faster with.
namespace kiln::protocol {

void Worker::on(const GiveUp& question) {
  GivenUp given = port_.give_up(question.batch, question.units);
  busy_ = busy_ || given.busy;
  if (retained_.on()) {
    for (const GivenBack::Piece& piece : given.pieces) in_hand_.remove(piece);
  }
  port_.send(given);
}

// One that has ended in vain meanwhile is gone already.
void Worker::on(const Settle& settled) {
  if (!copy_ || copy_->id != settled.batch) return;
  if (!settled.keep) return drop_copy();
  if (retained_.on()) in_hand_.add(*copy_);
  copy_.reset();
  port_.settle(settled.batch, true);
}

void Worker::drop_copy() {
  if (!copy_) return;
  if (port_.settle(copy_->id, false)) busy_ = true;
  copy_.reset();
}

void Worker::on_ended(BatchId batch, bool done) {
  if (left_) return;
  if (copy_ && copy_->id == batch) {
    if (!done) copy_.reset();
  } else {
    busy_ = false;
  }
  if (!between_) port_.send(Ended{batch, done});
}

}  // namespace kiln::protocol
