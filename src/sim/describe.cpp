#include "sim/describe.hpp"

#include <fmt/format.h>

#include <array>

namespace kiln::sim {
namespace {

using namespace protocol;

std::string text(Interval units) { return fmt::format("[{},{})", units.first.value(), units.last.value()); }

std::string text(const Setup&) { return "setup"; }
std::string text(const Batch& message) {
  return fmt::format("{} {} {} attempt {}", message.copy ? "copy" : "batch", message.id.value(), text(message.units),
                     message.attempt);
}
std::string text(const TakeBack& message) {
  return message.share == TakeBack::Share::all ? "take back all" : "take back half";
}
std::string text(const Cancel&) { return "cancel"; }
std::string text(const SignalUnits&) { return "signal units"; }
std::string text(const Stop&) { return "stop"; }
std::string text(const Ready&) { return "ready"; }
std::string text(const Part& message) {
  std::string line = fmt::format("part of {}: done", message.batch.value());
  for (const Interval units : message.done) line += " " + text(units);
  for (const UnitFailure& failure : message.failures) {
    line += fmt::format(", {} {}", failure.kind == FailureKind::failed ? "failed" : "cancelled", failure.unit.value());
  }
  return line + (message.last ? ", last" : "");
}
std::string text(const std::vector<GivenBack::Piece>& pieces) {
  std::string line;
  for (const GivenBack::Piece& piece : pieces) {
    line += fmt::format(" {} of {}{}", text(piece.units), piece.batch.value(), piece.last ? " (last)" : "");
  }
  return line;
}
std::string text(const GivenBack& message) { return "given back:" + text(message.pieces); }
std::string text(const GivenUp& message) { return "given up:" + text(message.pieces) + (message.busy ? ", busy" : ""); }
std::string text(const GiveUp& message) {
  return fmt::format("give up {} of {}", text(message.units), message.batch.value());
}
std::string text(const Settle& message) {
  return fmt::format("{} {}", message.keep ? "keep" : "drop", message.batch.value());
}
std::string text(const Ended& message) {
  return fmt::format("ended {}{}", message.batch.value(), message.done ? ", done" : "");
}
std::string text(const Interrupted& message) { return message.at_once ? "interrupted at once" : "interrupted"; }
std::string text(const Flush&) { return "flush"; }
std::string text(const Segment& message) {
  std::string line = "segment " + (message.failed.empty() ? message.file : "failed: " + message.failed) + ":";
  for (const Interval units : message.units) line += " " + text(units);
  return line;
}
std::string text(const Announce& message) { return fmt::format("announce the answer to call {}", message.call); }
std::string text(const Join& message) { return fmt::format("join {} counts", message.counts); }
std::string text(const Answer& message) { return fmt::format("answer to call {}", message.call); }
std::string text(const Fault& message) { return "fault: " + message.text; }
std::string text(const Remark& message) { return "remark: " + message.text; }
std::string text(const Beat&) { return "beat"; }
std::string text(const Group& message) { return fmt::format("group {}", message.number); }
std::string text(const MakeGroup& message) { return fmt::format("make group {}", message.number); }
std::string text(const Grouped& message) {
  constexpr std::array kSteps = {"heard", "made", "failed"};
  return fmt::format("group {} {}", message.number, kSteps.at(static_cast<std::size_t>(message.step)));
}
std::string text(const JoinOver& message) { return message.keep ? "the join is given up" : "the join is over"; }
std::string text(const Committed& message) { return fmt::format("committed up to {}", message.number); }
std::string text(const Holding& message) {
  std::string line = "holding:";
  for (const Holding::Batch& batch : message.batches) {
    line += fmt::format(" {} (attempt {})", batch.id.value(), batch.attempt);
    for (const Interval units : batch.units) line += " " + text(units);
  }
  line += "; held";
  for (const Interval units : message.held) line += " " + text(units);
  return line + fmt::format("; {} follow", message.kept);
}
std::string text(const Living& message) {
  std::string line = "living:";
  for (const Living::Span& span : message.spans)
    line += fmt::format(" {}-{}", span.first.value(), span.last.value() - 1);
  return line;
}
std::string text(const Candidate&) { return "candidate"; }
std::string text(const Passed& message) { return fmt::format("passed {}", message.call); }

}  // namespace

std::string describe(const protocol::Message& message) {
  return std::visit([](const auto& body) { return text(body); }, message);
}

}  // namespace kiln::sim
