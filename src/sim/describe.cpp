#include "sim/describe.hpp"

#include <fmt/format.h>

namespace kiln::sim {
namespace {

using namespace protocol;

std::string text(Interval units) { return fmt::format("[{},{})", units.first.value(), units.last.value()); }

std::string text(const Setup&) { return "setup"; }
std::string text(const Batch& message) {
  return fmt::format("batch {} {} attempt {}", message.id.value(), text(message.units), message.attempt);
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
std::string text(const GivenBack& message) {
  std::string line = "given back:";
  for (const GivenBack::Piece& piece : message.pieces) {
    line += fmt::format(" {} of {}{}", text(piece.units), piece.batch.value(), piece.last ? " (last)" : "");
  }
  return line;
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
std::string text(const JoinOver& message) { return message.keep ? "the join is given up" : "the join is over"; }

}  // namespace

std::string describe(const protocol::Message& message) {
  return std::visit([](const auto& body) { return text(body); }, message);
}

}  // namespace kiln::sim
