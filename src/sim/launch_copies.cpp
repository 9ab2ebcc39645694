#include "sim/launch.hpp"

/// Units that two workers have, as the coordinator knows of them.
namespace kiln::sim {

void Launch::note_sent(Rank to, const protocol::Message& message) {
  Occupation& rank = occupied_[index(to)];
  if (const auto* batch = std::get_if<protocol::Batch>(&message); batch != nullptr && batch->copy) {
    books_.copy_sent(to, *batch);
    rank = {true, false, rank.busy, rank.asked};
  } else if (const auto* settle = std::get_if<protocol::Settle>(&message)) {
    books_.settled(to, *settle);
    rank.busy = !settle->keep && !rank.copy_done;
    rank.copy = false;
  } else if (std::holds_alternative<protocol::GiveUp>(message)) {
    ++rank.asked;
  }
}

void Launch::note_copies(Rank from, const protocol::Message& message) {
  Occupation& rank = occupied_[index(from)];
  if (const auto* given = std::get_if<protocol::GivenUp>(&message)) {
    books_.given_up_arrived(from, *given);
    if (rank.asked != 0) --rank.asked;
    rank.busy = rank.busy || given->busy;
  } else if (const auto* ended = std::get_if<protocol::Ended>(&message)) {
    if (!ended->done) books_.copy_failed(from, ended->batch);
    if (!rank.copy) {
      rank.busy = false;
    } else if (ended->done) {
      rank.copy_done = true;
    } else {
      rank.copy = false;
    }
  }
}

}  // namespace kiln::sim
