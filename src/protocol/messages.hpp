#pragma once

#include <kiln/detail/bytes.hpp>
#include <kiln/detail/interval.hpp>
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
  bool copy =
      false;  ///< another worker has these units as well: nothing of them is reported, but Ended, until a Settle
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

/// Coordinator to worker: the run is over, leave. A worker that is not to finalise answers by the same message: it has
/// heard it.
struct Stop {
  std::int32_t exit_code = 0;
  bool finalise = true;  ///< no rank was lost: MPI is finalised, which all ranks do together
};

/// Worker to coordinator, the answer to Setup: here I am. It may come late, when the worker's program is behind.
struct Ready {
  std::string host;
  std::int32_t pid = 0;
  std::uint32_t call = 0;  ///< of the setup
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
  Bytes rows;         ///< tables (base/tables.hpp) with rows of the done units, encoded; empty for none
  Bytes partials;     ///< partial results of the done units; their content belongs to flow; empty for none
  bool held = false;  ///< the worker holds rows and partials of the done units (both empty here) until a flush
  std::uint64_t held_bytes = 0;  ///< all that this worker holds now
  bool full = false;             ///< it holds as much as it may: nothing more for it until a Segment says otherwise
  bool joinable = false;         ///< all that it holds now may go into a Join
  double start = 0;              ///< Unix seconds UTC when the first of these units began
  double busy_seconds = 0;       ///< time spent on these units
  bool last = false;             ///< nothing of this batch is left on the worker
  std::uint32_t attempt = 0;     ///< as in its Batch; 0: the worker keeps no books of that (no membership)
  std::uint64_t number = 0;      ///< 1, 2, … over all parts and segments since the setup; 0: it is not retained
  std::uint64_t records = 0;     ///< lines, or binary records, of files that were read for these units
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

/// Coordinator to worker, first, and again at the begin of each stage: what the executor needs; its content belongs to
/// exec and flow.
struct Setup {
  Bytes content;
  std::uint32_t call = 0;  ///< ordinal of the program's collective call that it belongs to; 0 for commands
  std::uint64_t plan = 0;  ///< digest of what the coordinator's program asks for: the worker's must be the same
};

/// Coordinator to worker: write what you hold to a segment. Answered by a Segment, also where nothing is held.
struct Flush {};

/// Worker to coordinator: what it held until then is in a file of its own, durable, or could not be written.
/// Unasked when it holds too much.
struct Segment {
  std::string file;  ///< below segments/; "" where nothing was held or `failed` says why
  std::uint64_t length = 0, checksum = 0;
  std::vector<Interval> units;  ///< whose results are in it; sorted, disjoint. None, asked: it holds nothing (any more)
  std::string failed;           ///< it could not be written: it holds them still
  std::uint64_t held_bytes = 0;  ///< what it holds after this
  bool full = false;             ///< as in Part
  bool joinable = false;         ///< as in Part
  bool asked = false;            ///< answers a Flush
  std::uint64_t rejected = 0;    ///< rejected records in it
  std::uint64_t number = 0;      ///< as in Part
};

/// Coordinator to worker: what a collective call of the program gave. Content belongs to job.
struct Answer {
  std::uint32_t call = 0;
  std::uint64_t plan = 0;  ///< as in Setup
  Bytes content;
};

/// Worker to coordinator: its program cannot go on (an exception, or it asks for something else than the others); the
/// run ends with this.
struct Fault {
  std::int32_t exit_code = 70;
  std::string text;
};

/// Coordinator to worker: the answer to this call is large and comes by a broadcast in which every rank's main thread
/// takes part, wherever its program is.
struct Announce {
  std::uint32_t call = 0;
  std::uint64_t plan = 0;                  ///< as in Setup
  std::uint64_t length = 0, checksum = 0;  ///< of the answer's content
};

/// Coordinator to worker, when no unit is left to run: take part, with what you hold, in the collectives that add the
/// counts of all ranks; with nothing, where you hold nothing. What is being written to a segment is not in it.
struct Join {
  std::uint32_t call = 0;    ///< ordinal of the call whose stage it ends
  std::uint64_t counts = 0;  ///< numbers to be added, over all reductions of the stage
};

/// Worker to coordinator: what people are to be told of a unit whose second run (--verify) gave something else.
struct Remark {
  std::string text;
};

/// Any rank, first of all and when it has sent nothing else for a while: it lives, here.
struct Beat {
  std::string host;     ///< for people
  std::string machine;  ///< kernel and pid namespace; the same where one rank may look for another's process; or ""
  std::int32_t pid = 0;
  std::uint64_t started = 0;  ///< of the process, clock ticks after boot; 0 where unknown
};

/// Coordinator to worker: the join has ended, or was given up because a rank died in it: whoever is still in it leaves.
struct JoinOver {
  bool keep = false;  ///< what it gave has got nowhere: it holds it again; else the coordinator has it
};

/// Coordinator to worker: of all that this worker has sent since its setup, what has a number up to this one is in the
/// journal, or has nothing in it that could be: it need not be kept.
struct Committed {
  std::uint64_t number = 0;
};

/// Worker to a coordinator that has taken over, the answer to its first setup: what the worker has from the coordinator
/// before. After it, it sends again what it has retained, in the old order, and then whatever is new. A worker that is
/// not in that call has nothing.
struct Holding {
  std::uint32_t call = 0;  ///< of the setup
  struct Batch {
    BatchId id;
    std::uint32_t attempt = 1;
    std::vector<Interval> units;  ///< neither reported nor given back; sorted, disjoint
  };
  std::vector<Batch> batches;    ///< by id
  std::vector<Interval> held;    ///< done; their results are with the worker and in no segment that it has reported
  std::uint64_t held_bytes = 0;  ///< as in Part
  bool full = false;             ///< as in Part
  bool joinable = false;         ///< as in Part
  double unit_seconds = 0;       ///< what its units take, about; 0: not known
  std::uint64_t kept = 0;        ///< parts and segments that follow and were sent before
  bool busy = false;             ///< as in GivenUp
};

/// Coordinator to worker: somebody else has the result of these units of your batch: give them up, even if they run,
/// unless they have ended. Answered by GivenUp.
struct GiveUp {
  BatchId batch;
  Interval units;
};

/// Worker to coordinator, the answer to GiveUp: what it has not begun, and what it ran where the units asked for are
/// among that, are the coordinator's again. Without these units: they have ended, and a part that has them was sent
/// before or follows.
struct GivenUp {
  std::vector<GivenBack::Piece> pieces;
  bool busy = false;  ///< it is still in what it ran, and can do nothing else before an Ended
};

/// Coordinator to worker: what becomes of the copy in this batch, at any time after it was sent.
struct Settle {
  BatchId batch;
  bool keep =
      false;  ///< the batch is this worker's like any other: it is reported; else it is dropped, even if it runs
};

/// Worker to coordinator: a copy, or what it gave up while it ran, has ended. Nothing of it is in hand or held.
struct Ended {
  BatchId batch;
  bool done = false;  ///< the copy has succeeded, all of its units; its results wait here for a Settle
};

/// Coordinator to all ranks, at the begin and after each change: who lives, itself included.
struct Living {
  struct Span {
    Rank first, last;  ///< half-open
    friend bool operator==(const Span&, const Span&) = default;
  };
  std::vector<Span> spans;  ///< sorted, disjoint
};

/// Coordinator to the other ranks of it: after a death or a return these, the coordinator among them, are to have a
/// communicator of their own. Whatever collective a rank is in comes first. Answered by Grouped.
struct Group {
  std::uint64_t number = 0;  ///< grows over all reigns of a launch
  Living members;
};

/// Coordinator to the others of the group: all have heard of it: make it.
struct MakeGroup {
  std::uint64_t number = 0;
};

/// Worker to coordinator: where it is with this group.
struct Grouped {
  enum class Step : std::uint8_t { heard, made, failed };
  std::uint64_t number = 0;
  Step step = Step::heard;
};

/// To all ranks, at least every quarter of the deadline: the coordinator is silent, this rank is about to take over and
/// reads the journal. Its stamp is that of the coordinator before.
struct Candidate {};

/// Worker to coordinator, when that has greeted it: its program has the answers to all calls before this one.
struct Passed {
  std::uint32_t call = 0;
};

using Message = std::variant<Setup, Batch, TakeBack, Cancel, SignalUnits, Stop, Ready, Part, GivenBack, Interrupted,
                             Flush, Segment, Answer, Fault, Announce, Join, Remark, Beat, JoinOver, Committed, Holding,
                             Living, Candidate, Passed, GiveUp, GivenUp, Settle, Ended, Group, MakeGroup, Grouped>;

/// Whether a worker is meant; else the coordinator is.
bool is_for_worker(const Message& message);

/// In front of every message. A message whose header does not fit is dropped unread. Between a coordinator and a rank
/// the view is that in which the rank was taken up.
struct Stamp {
  Epoch epoch;
  View view;
  friend bool operator==(const Stamp&, const Stamp&) = default;
};

/// The stamp of an intact message; nothing where the header does not fit. A worker takes over the stamp of the first
/// message it gets.
std::optional<Stamp> stamp_of(ByteView bytes);

/// Layout: docs/file-format.md, "Messages".
/// Written over `room`, as ByteWriter does.
Bytes encode(const Message& message, Stamp stamp, Bytes room = {});
/// How long it will be, about, for those that may be large; 0 else.
std::size_t length_hint(const Message& message);
/// The same for a batch whose payloads `append` writes straight into the message; `batch.payloads` is not looked at.
Bytes encode_batch(const Batch& batch, std::size_t payload_bytes, const std::function<void(ByteWriter&)>& append,
                   Stamp stamp, Bytes room = {});
/// Nothing, with the reason, where magic, version, length, checksum, epoch or view is wrong, or the body does not
/// parse.
struct Decoded {
  std::optional<Message> message;
  std::string why_dropped;
  Bytes spare;  ///< the bytes given, where the message does not look into them
};
Decoded decode(Bytes bytes, Stamp expected);

}  // namespace kiln::protocol
