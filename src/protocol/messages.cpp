#include "protocol/messages.hpp"

#include "protocol/message_bodies.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <utility>

namespace kiln::protocol {
namespace {

constexpr std::uint32_t kMagic = 0x4E4C494B;  // "KILN"
constexpr std::uint16_t kVersion = 5;
constexpr std::size_t kHeaderBytes = 40;

void put(ByteWriter& out, const Setup& message) {
  out.put_bytes(message.content);
  out.put(message.call);
  out.put(message.plan);
}
void put(ByteWriter& out, const Batch& message) {
  out.put(message.id.value());
  put_interval(out, message.units);
  out.put(message.attempt);
  out.put(message.copy);
  out.put_bytes(message.payloads.view());
}
void put(ByteWriter& out, const TakeBack& message) { out.put(message.share); }
void put(ByteWriter&, const Cancel&) {}
void put(ByteWriter&, const SignalUnits&) {}
void put(ByteWriter& out, const Stop& message) {
  out.put(message.exit_code);
  out.put(message.finalise);
}
void put(ByteWriter& out, const Ready& message) {
  out.put_text(message.host);
  out.put(message.pid);
  out.put(message.call);
}
void put(ByteWriter& out, const Interrupted& message) { out.put(message.at_once); }
void put(ByteWriter&, const Flush&) {}
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
void put(ByteWriter& out, const Beat& message) {
  out.put_text(message.host);
  out.put_text(message.machine);
  out.put(message.pid);
  out.put(message.started);
}
void put(ByteWriter& out, const JoinOver& message) { out.put(message.keep); }
void put(ByteWriter& out, const Committed& message) { out.put(message.number); }
void put(ByteWriter&, const Candidate&) {}
void put(ByteWriter& out, const Passed& message) { out.put(message.call); }
void put(ByteWriter& out, const GiveUp& message) {
  out.put(message.batch.value());
  put_interval(out, message.units);
}
void put(ByteWriter& out, const Settle& message) {
  out.put(message.batch.value());
  out.put(message.keep);
}
void put(ByteWriter& out, const Ended& message) {
  out.put(message.batch.value());
  out.put(message.done);
}

void put(ByteWriter& out, const Group& message) {
  out.put(message.number);
  put(out, message.members);
}
void put(ByteWriter& out, const MakeGroup& message) { out.put(message.number); }
void put(ByteWriter& out, const Grouped& message) {
  out.put(message.number);
  out.put(message.step);
}

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

Batch get_batch(ByteReader& in, ByteView& payloads) {
  Batch message;
  message.id = BatchId(in.get<std::uint64_t>());
  message.units = get_interval(in);
  message.attempt = in.get<std::uint32_t>();
  message.copy = get_flag(in);
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

Beat get_beat(ByteReader& in) {
  Beat message;
  message.host = in.get_text();
  message.machine = in.get_text();
  message.pid = in.get<std::int32_t>();
  message.started = in.get<std::uint64_t>();
  return message;
}

GiveUp get_give_up(ByteReader& in) {
  GiveUp message;
  message.batch = BatchId(in.get<std::uint64_t>());
  message.units = get_interval(in);
  return message;
}

Ready get_ready(ByteReader& in) {
  Ready message;
  message.host = in.get_text();
  message.pid = in.get<std::int32_t>();
  message.call = in.get<std::uint32_t>();
  return message;
}

Grouped get_grouped(ByteReader& in) {
  Grouped message;
  message.number = in.get<std::uint64_t>();
  message.step = in.get<Grouped::Step>();
  if (message.step > Grouped::Step::failed) throw Error(ExitCode::internal, "an unknown step of a group");
  return message;
}

Message get_of_groups(std::uint16_t kind, ByteReader& in) {
  switch (kind) {
    case 28: {
      const auto number = in.get<std::uint64_t>();
      return Group{number, get_living(in)};
    }
    case 29:
      return MakeGroup{in.get<std::uint64_t>()};
    case 30:
      return get_grouped(in);
    default:
      throw Error(ExitCode::internal, fmt::format("unknown kind of message {}", kind));
  }
}

Message get_of_copies(std::uint16_t kind, ByteReader& in) {
  switch (kind) {
    case 24:
      return get_give_up(in);
    case 25:
      return get_given_up(in);
    case 26:
      return Settle{BatchId(in.get<std::uint64_t>()), get_flag(in)};
    case 27:
      return Ended{BatchId(in.get<std::uint64_t>()), get_flag(in)};
    default:
      return get_of_groups(kind, in);
  }
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
      return Stop{in.get<std::int32_t>(), get_flag(in)};
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
      return get_beat(in);
    case 18:
      return JoinOver{get_flag(in)};
    case 19:
      return Committed{in.get<std::uint64_t>()};
    case 20:
      return get_holding(in);
    case 21:
      return get_living(in);
    case 22:
      return Candidate{};
    case 23:
      return Passed{in.get<std::uint32_t>()};
    default:
      return get_of_copies(kind, in);
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
         std::holds_alternative<JoinOver>(message) || std::holds_alternative<Committed>(message) ||
         std::holds_alternative<Living>(message) || std::holds_alternative<Candidate>(message) ||
         std::holds_alternative<GiveUp>(message) || std::holds_alternative<Settle>(message) ||
         std::holds_alternative<Group>(message) || std::holds_alternative<MakeGroup>(message);
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
  put(out, Batch{batch.id, batch.units, batch.attempt, {}, batch.copy});
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
