#include "protocol/messages.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <utility>

namespace kiln::protocol {
namespace {

constexpr std::uint32_t kMagic = 0x4E4C494B;  // "KILN"
constexpr std::uint16_t kVersion = 2;
constexpr std::size_t kHeaderBytes = 40;

void put(ByteWriter& out, Interval units) {
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

void put(ByteWriter& out, const Setup& message) {
  out.put_bytes(message.content);
  out.put(message.call);
  out.put(message.plan);
}
void put(ByteWriter& out, const Batch& message) {
  out.put(message.id.value());
  put(out, message.units);
  out.put(message.attempt);
  out.put_bytes(message.payloads.view());
}
void put(ByteWriter& out, const TakeBack& message) { out.put(message.share); }
void put(ByteWriter&, const Cancel&) {}
void put(ByteWriter&, const SignalUnits&) {}
void put(ByteWriter& out, const Stop& message) { out.put(message.exit_code); }
void put(ByteWriter& out, const Ready& message) {
  out.put_text(message.host);
  out.put(message.pid);
  out.put(message.call);
}
void put(ByteWriter& out, const Part& message) {
  out.put(message.batch.value());
  out.put(static_cast<std::uint64_t>(message.done.size()));
  for (const Interval units : message.done) put(out, units);
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
}
void put(ByteWriter& out, const GivenBack& message) {
  out.put(static_cast<std::uint64_t>(message.pieces.size()));
  for (const GivenBack::Piece& piece : message.pieces) {
    out.put(piece.batch.value());
    put(out, piece.units);
    out.put(piece.last);
  }
}
void put(ByteWriter& out, const Interrupted& message) { out.put(message.at_once); }
void put(ByteWriter&, const Flush&) {}
void put(ByteWriter& out, const Segment& message) {
  out.put_text(message.file);
  out.put(message.length);
  out.put(message.checksum);
  out.put(static_cast<std::uint64_t>(message.units.size()));
  for (const Interval units : message.units) put(out, units);
  out.put_text(message.failed);
  out.put(message.held_bytes);
  out.put(message.full);
  out.put(message.joinable);
  out.put(message.asked);
  out.put(message.rejected);
}
void put(ByteWriter& out, const Answer& message) {
  out.put(message.call);
  out.put(message.plan);
  out.put_bytes(message.content);
}
void put(ByteWriter& out, const Fault& message) {
  out.put(message.exit_code);
  out.put_text(message.text);
}
void put(ByteWriter& out, const Remark& message) { out.put_text(message.text); }
void put(ByteWriter&, const Beat&) {}
void put(ByteWriter& out, const JoinOver& message) { out.put(message.keep); }

void put(ByteWriter& out, const Announce& message) {
  out.put(message.call);
  out.put(message.plan);
  out.put(message.length);
  out.put(message.checksum);
}

void put(ByteWriter& out, const Join& message) {
  out.put(message.call);
  out.put(message.counts);
}

bool get_flag(ByteReader& in) { return in.get<std::uint8_t>() != 0; }

Part get_part(ByteReader& in) {
  Part message;
  message.batch = BatchId(in.get<std::uint64_t>());
  message.done.resize(in.get_count(16));
  for (Interval& units : message.done) units = get_interval(in);
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
  return message;
}

GivenBack get_given_back(ByteReader& in) {
  GivenBack message;
  message.pieces.resize(in.get_count(25));
  for (GivenBack::Piece& piece : message.pieces) {
    piece.batch = BatchId(in.get<std::uint64_t>());
    piece.units = get_interval(in);
    piece.last = get_flag(in);
  }
  return message;
}

Batch get_batch(ByteReader& in, ByteView& payloads) {
  Batch message;
  message.id = BatchId(in.get<std::uint64_t>());
  message.units = get_interval(in);
  message.attempt = in.get<std::uint32_t>();
  payloads = in.get_bytes();
  return message;
}

Setup get_setup(ByteReader& in) {
  Setup message;
  message.content = get_blob(in);
  message.call = in.get<std::uint32_t>();
  message.plan = in.get<std::uint64_t>();
  return message;
}

Segment get_segment(ByteReader& in) {
  Segment message;
  message.file = in.get_text();
  message.length = in.get<std::uint64_t>();
  message.checksum = in.get<std::uint64_t>();
  message.units.resize(in.get_count(16));
  for (Interval& units : message.units) units = get_interval(in);
  message.failed = in.get_text();
  message.held_bytes = in.get<std::uint64_t>();
  message.full = get_flag(in);
  message.joinable = get_flag(in);
  message.asked = get_flag(in);
  message.rejected = in.get<std::uint64_t>();
  return message;
}

Answer get_answer(ByteReader& in) {
  Answer message;
  message.call = in.get<std::uint32_t>();
  message.plan = in.get<std::uint64_t>();
  message.content = get_blob(in);
  return message;
}

Fault get_fault(ByteReader& in) {
  Fault message;
  message.exit_code = in.get<std::int32_t>();
  message.text = in.get_text();
  return message;
}

Announce get_announce(ByteReader& in) {
  Announce message;
  message.call = in.get<std::uint32_t>();
  message.plan = in.get<std::uint64_t>();
  message.length = in.get<std::uint64_t>();
  message.checksum = in.get<std::uint64_t>();
  return message;
}

Join get_join(ByteReader& in) {
  Join message;
  message.call = in.get<std::uint32_t>();
  message.counts = in.get<std::uint64_t>();
  return message;
}

Ready get_ready(ByteReader& in) {
  Ready message;
  message.host = in.get_text();
  message.pid = in.get<std::int32_t>();
  message.call = in.get<std::uint32_t>();
  return message;
}

// The kinds are the variant's places; a new one goes to the end.
// A batch gets its payloads later, with the bytes that `payloads` looks into.
Message get_body(std::uint16_t kind, ByteReader& in, ByteView& payloads) {
  switch (kind) {
    case 0:
      return get_setup(in);
    case 1:
      return get_batch(in, payloads);
    case 2:
      return TakeBack{in.get<TakeBack::Share>()};
    case 3:
      return Cancel{};
    case 4:
      return SignalUnits{};
    case 5:
      return Stop{in.get<std::int32_t>()};
    case 6:
      return get_ready(in);
    case 7:
      return get_part(in);
    case 8:
      return get_given_back(in);
    case 9:
      return Interrupted{get_flag(in)};
    case 10:
      return Flush{};
    case 11:
      return get_segment(in);
    case 12:
      return get_answer(in);
    case 13:
      return get_fault(in);
    case 14:
      return get_announce(in);
    case 15:
      return get_join(in);
    case 16:
      return Remark{std::string(in.get_text())};
    case 17:
      return Beat{};
    case 18:
      return JoinOver{get_flag(in)};
    default:
      throw Error(ExitCode::internal, fmt::format("unknown kind of message {}", kind));
  }
}

void begin_message(ByteWriter& out, std::size_t kind, Stamp stamp) {
  out.put(kMagic);
  out.put(kVersion);
  out.put(static_cast<std::uint16_t>(kind));
  out.put(stamp.epoch.value());
  out.put(stamp.view.value());
  out.put(std::uint64_t{0});  // length of the body
  out.put(std::uint64_t{0});  // checksum of the body
  out.put(std::uint64_t{0});  // checksum of the header before it
}

Bytes seal_message(ByteWriter&& out) {
  const ByteView body = out.view().subspan(kHeaderBytes);
  out.patch(16, static_cast<std::uint64_t>(body.size()));
  out.patch(24, checksum(body));
  out.patch(32, checksum(out.view().first(32)));
  return out.take();
}

Decoded dropped(std::string why) { return {std::nullopt, std::move(why), {}}; }

}  // namespace

bool is_for_worker(const Message& message) {
  return std::holds_alternative<Setup>(message) || std::holds_alternative<Batch>(message) ||
         std::holds_alternative<TakeBack>(message) || std::holds_alternative<Cancel>(message) ||
         std::holds_alternative<SignalUnits>(message) || std::holds_alternative<Stop>(message) ||
         std::holds_alternative<Flush>(message) || std::holds_alternative<Answer>(message) ||
         std::holds_alternative<Announce>(message) || std::holds_alternative<Join>(message) ||
         std::holds_alternative<JoinOver>(message);
}

std::size_t length_hint(const Message& message) {
  if (const auto* batch = std::get_if<Batch>(&message)) return kHeaderBytes + 64 + batch->payloads.size();
  const auto* part = std::get_if<Part>(&message);
  return part == nullptr ? 0 : kHeaderBytes + 128 + part->rows.size() + part->partials.size();
}

Bytes encode(const Message& message, Stamp stamp, Bytes room) {
  ByteWriter out(std::move(room));
  out.reserve(length_hint(message));
  begin_message(out, message.index(), stamp);
  std::visit([&out](const auto& body) { put(out, body); }, message);
  return seal_message(std::move(out));
}

Bytes encode_batch(const Batch& batch, std::size_t payload_bytes, const std::function<void(ByteWriter&)>& append,
                   Stamp stamp, Bytes room) {
  ByteWriter out(std::move(room));
  out.reserve(kHeaderBytes + 64 + payload_bytes);
  begin_message(out, Message(Batch{}).index(), stamp);
  put(out, Batch{batch.id, batch.units, batch.attempt, {}});
  const std::size_t begin = out.size();
  append(out);
  out.patch(begin - sizeof(std::uint64_t), static_cast<std::uint64_t>(out.size() - begin));
  return seal_message(std::move(out));
}

std::optional<Stamp> stamp_of(ByteView bytes) {
  if (bytes.size() < kHeaderBytes) return std::nullopt;
  ByteReader header(bytes.first(kHeaderBytes), "a message header");
  if (header.get<std::uint32_t>() != kMagic) return std::nullopt;
  header.get_raw(4);
  const Epoch epoch(header.get<std::uint32_t>());
  const View view(header.get<std::uint32_t>());
  header.get_raw(16);
  if (header.get<std::uint64_t>() != checksum(bytes.first(32))) return std::nullopt;
  return Stamp{epoch, view};
}

Decoded decode(Bytes message_bytes, Stamp expected) {
  const ByteView bytes = message_bytes;
  if (bytes.size() < kHeaderBytes) return dropped("shorter than a header");
  ByteReader header(bytes.first(kHeaderBytes), "a message header");
  if (header.get<std::uint32_t>() != kMagic) return dropped("not a message of kiln's");
  if (const auto version = header.get<std::uint16_t>(); version != kVersion) {
    return dropped(fmt::format("message format {} (this is {})", version, kVersion));
  }
  const auto kind = header.get<std::uint16_t>();
  const Epoch epoch(header.get<std::uint32_t>());
  const View view(header.get<std::uint32_t>());
  const auto length = header.get<std::uint64_t>();
  const auto body_sum = header.get<std::uint64_t>();
  const ByteView body = bytes.subspan(kHeaderBytes);
  if (header.get<std::uint64_t>() != checksum(bytes.first(32))) return dropped("header checksum differs");
  if (length != body.size()) return dropped("length differs");
  if (checksum(body) != body_sum) return dropped("checksum differs");
  if (epoch != expected.epoch) return dropped("another epoch");
  if (view != expected.view) return dropped("another view");
  try {
    ByteReader in(body, "a message");
    ByteView payloads;
    Message message = get_body(kind, in, payloads);
    in.expect_done();
    if (auto* const batch = std::get_if<Batch>(&message)) {
      const auto offset = static_cast<std::size_t>(payloads.data() - bytes.data());
      batch->payloads = {std::move(message_bytes), offset, payloads.size()};
      return {std::move(message), {}, {}};
    }
    return {std::move(message), {}, std::move(message_bytes)};
  } catch (const Error& error) {
    return dropped(error.what());
  }
}

}  // namespace kiln::protocol
