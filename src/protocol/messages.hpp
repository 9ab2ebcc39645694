#pragma once

#include "base/bytes.hpp"
#include "base/interval.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kiln::protocol {

/// Coordinator to worker: do these units. Payloads are filled in from the source when the message is sent.
struct Batch {
  BatchId id;
  Interval units;
  std::uint32_t attempt = 1;  ///< number of the attempt; a retry is a batch of one
  ByteSlice payloads;         ///< as units::Source::append_payloads writes them; empty where the id says all
};

/// Coordinator to worker: give back what you have not begun, so that others can do it.
struct TakeBack {
  enum class Share : std::uint8_t { half, all };
  Share share = Share::half;  ///< half: the later half (rounded up) of all units not begun; all: every one
};

/// Coordinator to worker: stop what is running. The attempts are not charged.
struct Cancel {};

/// Coordinator to worker: send the task signal to what is running (a drain has begun).
struct SignalUnits {};

/// Coordinator to worker: the run is over, leave.
struct Stop {
  std::int32_t exit_code = 0;
};

/// Worker to coordinator: here I am. Sent once, first.
struct Ready {
  std::string host;
  std::int32_t pid = 0;
};

enum class FailureKind : std::uint8_t {
  failed = 1,     ///< of the unit's own: exit status, signal, exception, time-out; charged
  cancelled = 2,  ///< ended by kiln; not charged, the unit is open again
};
struct UnitFailure {
  UnitId unit;
  FailureKind kind = FailureKind::failed;
  std::string reason;  ///< one line for people: "exit code 3", "signal 11 (Segmentation fault)", "timed out after 10s"
  Bytes row;           ///< kiln::Rows of this unit's one row, encoded; kept when it becomes a dead letter
};

/// Worker to coordinator: some units of a batch have ended.
struct Part {
  BatchId batch;
  std::vector<Interval> done;  ///< succeeded; sorted, disjoint
  std::vector<UnitFailure> failures;
  Bytes rows;               ///< kiln::Rows of the done units in ascending order of unit, encoded; empty for none
  double start = 0;         ///< Unix seconds UTC when the first of these units began
  double busy_seconds = 0;  ///< time spent on these units
  bool last = false;        ///< nothing of this batch is left on the worker
};

/// Worker to coordinator, the answer to TakeBack: these units were not begun and are the coordinator's again.
struct GivenBack {
  struct Piece {
    BatchId batch;
    Interval units;
    bool last = false;  ///< nothing of this batch is left on the worker
  };
  std::vector<Piece> pieces;  ///< may be empty
};

/// Any rank to coordinator: a signal came in here; stop the run.
struct Interrupted {
  bool at_once = false;
};

/// Coordinator to worker, first: what the executor needs; its content belongs to exec.
struct Setup {
  Bytes content;
};

using Message = std::variant<Setup, Batch, TakeBack, Cancel, SignalUnits, Stop, Ready, Part, GivenBack, Interrupted>;

/// Whether a worker is meant; else the coordinator is.
bool is_for_worker(const Message& message);

/// In front of every message. A message whose header does not fit is dropped unread.
struct Stamp {
  Epoch epoch;
  View view;
};

/// The stamp of an intact message; nothing where the header does not fit. A worker takes over the stamp of the first
/// message it gets.
std::optional<Stamp> stamp_of(ByteView bytes);

/// Layout: docs/file-format.md, "Messages".
Bytes encode(const Message& message, Stamp stamp);
/// The same for a batch whose payloads `append` writes straight into the message; `batch.payloads` is not looked at.
Bytes encode_batch(const Batch& batch, std::size_t payload_bytes, const std::function<void(ByteWriter&)>& append,
                   Stamp stamp);
/// Nothing, with the reason, where magic, version, length, checksum, epoch or view is wrong, or the body does not
/// parse.
struct Decoded {
  std::optional<Message> message;
  std::string why_dropped;
};
Decoded decode(Bytes bytes, Stamp expected);

}  // namespace kiln::protocol
