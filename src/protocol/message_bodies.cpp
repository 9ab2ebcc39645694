#include "protocol/message_bodies.hpp"

#include <kiln/error.hpp>

namespace kiln::protocol {
namespace {

void put(ByteWriter& out, const std::vector<Interval>& intervals) {
  out.put(static_cast<std::uint64_t>(intervals.size()));
  for (const Interval units : intervals) put_interval(out, units);
}

std::vector<Interval> get_intervals(ByteReader& in) {
  std::vector<Interval> intervals(in.get_count(16));
  for (Interval& units : intervals) units = get_interval(in);
  return intervals;
}

void put(ByteWriter& out, const std::vector<GivenBack::Piece>& pieces) {
  out.put(static_cast<std::uint64_t>(pieces.size()));
  for (const GivenBack::Piece& piece : pieces) {
    out.put(piece.batch.value());
    put_interval(out, piece.units);
    out.put(piece.last);
  }
}

std::vector<GivenBack::Piece> get_pieces(ByteReader& in) {
  std::vector<GivenBack::Piece> pieces(in.get_count(25));
  for (GivenBack::Piece& piece : pieces) {
    piece.batch = BatchId(in.get<std::uint64_t>());
    piece.units = get_interval(in);
    piece.last = get_flag(in);
  }
  return pieces;
}

}  // namespace

void put_interval(ByteWriter& out, Interval units) {
  out.put(units.first.value());
  out.put(units.last.value());
}

Interval get_interval(ByteReader& in) {
  const auto first = in.get<std::uint64_t>();
  const auto last = in.get<std::uint64_t>();
  if (last < first) throw Error(ExitCode::internal, "an interval ends before it begins");
  return make_interval(first, last);
}

Bytes get_blob(ByteReader& in) {
  const ByteView view = in.get_bytes();
  return {view.begin(), view.end()};
}

bool get_flag(ByteReader& in) { return in.get<std::uint8_t>() != 0; }

void put(ByteWriter& out, const Part& message) {
  out.put(message.batch.value());
  put(out, message.done);
  out.put(static_cast<std::uint64_t>(message.failures.size()));
  for (const UnitFailure& failure : message.failures) {
    out.put(failure.unit.value());
    out.put(failure.kind);
    out.put_text(failure.reason);
    out.put_bytes(failure.row);
  }
  out.put_bytes(message.rows);
  out.put_bytes(message.partials);
  out.put(message.held);
  out.put(message.held_bytes);
  out.put(message.full);
  out.put(message.joinable);
  out.put(message.start);
  out.put(message.busy_seconds);
  out.put(message.last);
  out.put(message.attempt);
  out.put(message.number);
  out.put(message.records);
}
void put(ByteWriter& out, const GivenBack& message) { put(out, message.pieces); }
void put(ByteWriter& out, const GivenUp& message) {
  put(out, message.pieces);
  out.put(message.busy);
}

Part get_part(ByteReader& in) {
  Part message;
  message.batch = BatchId(in.get<std::uint64_t>());
  message.done = get_intervals(in);
  message.failures.resize(in.get_count(25));
  for (UnitFailure& failure : message.failures) {
    failure.unit = UnitId(in.get<std::uint64_t>());
    failure.kind = in.get<FailureKind>();
    failure.reason = in.get_text();
    failure.row = get_blob(in);
  }
  message.rows = get_blob(in);
  message.partials = get_blob(in);
  message.held = get_flag(in);
  message.held_bytes = in.get<std::uint64_t>();
  message.full = get_flag(in);
  message.joinable = get_flag(in);
  message.start = in.get<double>();
  message.busy_seconds = in.get<double>();
  message.last = get_flag(in);
  message.attempt = in.get<std::uint32_t>();
  message.number = in.get<std::uint64_t>();
  message.records = in.get<std::uint64_t>();
  return message;
}

GivenBack get_given_back(ByteReader& in) { return {get_pieces(in)}; }

GivenUp get_given_up(ByteReader& in) {
  GivenUp message;
  message.pieces = get_pieces(in);
  message.busy = get_flag(in);
  return message;
}

void put(ByteWriter& out, const Segment& message) {
  out.put_text(message.file);
  out.put(message.length);
  out.put(message.checksum);
  put(out, message.units);
  out.put_text(message.failed);
  out.put(message.held_bytes);
  out.put(message.full);
  out.put(message.joinable);
  out.put(message.asked);
  out.put(message.rejected);
  out.put(message.number);
}

Segment get_segment(ByteReader& in) {
  Segment message;
  message.file = in.get_text();
  message.length = in.get<std::uint64_t>();
  message.checksum = in.get<std::uint64_t>();
  message.units = get_intervals(in);
  message.failed = in.get_text();
  message.held_bytes = in.get<std::uint64_t>();
  message.full = get_flag(in);
  message.joinable = get_flag(in);
  message.asked = get_flag(in);
  message.rejected = in.get<std::uint64_t>();
  message.number = in.get<std::uint64_t>();
  return message;
}

void put(ByteWriter& out, const Holding& message) {
  out.put(message.call);
  out.put(static_cast<std::uint64_t>(message.batches.size()));
  for (const Holding::Batch& batch : message.batches) {
    out.put(batch.id.value());
    out.put(batch.attempt);
    put(out, batch.units);
  }
  put(out, message.held);
  out.put(message.held_bytes);
  out.put(message.full);
  out.put(message.joinable);
  out.put(message.unit_seconds);
  out.put(message.kept);
  out.put(message.busy);
}

Holding get_holding(ByteReader& in) {
  Holding message;
  message.call = in.get<std::uint32_t>();
  message.batches.resize(in.get_count(20));
  for (Holding::Batch& batch : message.batches) {
    batch.id = BatchId(in.get<std::uint64_t>());
    batch.attempt = in.get<std::uint32_t>();
    batch.units = get_intervals(in);
  }
  message.held = get_intervals(in);
  message.held_bytes = in.get<std::uint64_t>();
  message.full = get_flag(in);
  message.joinable = get_flag(in);
  message.unit_seconds = in.get<double>();
  message.kept = in.get<std::uint64_t>();
  message.busy = get_flag(in);
  return message;
}

void put(ByteWriter& out, const Living& message) {
  out.put(static_cast<std::uint64_t>(message.spans.size()));
  for (const Living::Span& span : message.spans) {
    out.put(span.first.value());
    out.put(span.last.value());
  }
}

Living get_living(ByteReader& in) {
  Living message;
  message.spans.resize(in.get_count(8));
  Rank after(0);
  for (Living::Span& span : message.spans) {
    span.first = Rank(in.get<std::int32_t>());
    span.last = Rank(in.get<std::int32_t>());
    if (span.first < after || span.last <= span.first) throw Error(ExitCode::internal, "a list of ranks out of order");
    after = span.last;
  }
  return message;
}

}  // namespace kiln::protocol
