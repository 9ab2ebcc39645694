#pragma once

#include "protocol/messages.hpp"

#include <cstdint>
#include <deque>

namespace kiln::protocol {

/// What a worker has sent and keeps, so that it is not lost with the coordinator, until it hears that it is committed.
/// Bounded: what does not fit is dropped, oldest first; such units run again should the coordinator die.
class Retained {
 public:
  static constexpr std::uint64_t kBytes = std::uint64_t{16} << 20;

  /// `most`: bytes, about; 0: nothing is retained and nothing is numbered.
  explicit Retained(std::uint64_t most) : most_(most) {}

  bool on() const { return most_ != 0; }
  /// For the part or segment that is about to be sent. 0 where nothing is retained.
  std::uint64_t next_number() { return on() ? ++number_ : 0; }
  /// It was sent (or would have been, had there been a coordinator); keeps of it what is of use later. Of a part whose
  /// results the worker holds, that is only its failures: what is held is said by Holding.
  void keep(Message&& message);
  /// What is kept says this of what the worker holds, no longer what was so as it was sent.
  void restate(std::uint64_t held_bytes, bool full, bool joinable);
  /// Everything up to this number is committed.
  void committed(std::uint64_t number);
  /// Another setup: numbers begin anew.
  void clear();

  /// In the order in which they were sent.
  const std::deque<Message>& messages() const { return messages_; }
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t most() const { return most_; }
  bool dropped() const { return dropped_; }  ///< something did not fit since the last clear()

  /// What keeping a part takes, about. Nothing for one without rows, partial results and failures: many of them are
  /// kept as one.
  static std::uint64_t bytes_of(const Part& part);
  static std::uint64_t bytes_of(const Segment& segment);

 private:
  void put(Message&& message);
  bool add_to_last(const Part& part);

  std::uint64_t most_;
  std::uint64_t number_ = 0;
  std::uint64_t bytes_ = 0;
  bool dropped_ = false;
  std::deque<Message> messages_;
};

}  // namespace kiln::protocol
