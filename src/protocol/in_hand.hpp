#pragma once

#include "protocol/messages.hpp"
#include "schedule/interval_set.hpp"

#include <cstdint>
#include <deque>
#include <vector>

namespace kiln::protocol {

/// A worker's own books: the units that it was handed and has neither reported nor given back, by batch.
class InHand {
 public:
  void add(const Batch& batch);
  /// Of its units, which attempt it is; 0 where the batch is not known.
  std::uint32_t attempt(BatchId id) const;
  void remove(const Part& part);
  void remove(const GivenBack::Piece& piece);
  void clear() { batches_.clear(); }

  /// In the order in which they came, which is that of their ids.
  std::vector<Holding::Batch> batches() const;

 private:
  struct Entry {
    BatchId id;
    std::uint32_t attempt = 1;
    schedule::IntervalSet units;
  };
  std::deque<Entry>::iterator find(BatchId id);
  void end_if(std::deque<Entry>::iterator entry, bool last);

  std::deque<Entry> batches_;  // a few; the first is mostly the one that is asked for
};

}  // namespace kiln::protocol
