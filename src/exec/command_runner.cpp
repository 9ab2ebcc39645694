#include "exec/command_runner.hpp"

#include "base/quantity.hpp"
#include "base/text.hpp"
#include "units/source.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <cstring>

namespace kiln::exec {
namespace {

std::string_view status_of(const ReplyHeader& header) {
  switch (header.ending) {
    case Ending::exited:
      return header.exit_code == 0 && header.file_error == 0 ? "ok" : "failed";
    case Ending::signaled:
      return "signaled";
    case Ending::timed_out:
      return "timeout";
    case Ending::cancelled:
      return "cancelled";
    case Ending::not_started:
    case Ending::helper_killed:
      return "failed";
    case Ending::over_memory:
      return "memory";
  }
  return "failed";
}

/// As short as people write it: "10s", "500ms", "1h30m".
std::string short_duration(Duration duration) {
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  if (milliseconds % 1000 != 0) return fmt::format("{}ms", milliseconds);
  const auto seconds = milliseconds / 1000;
  if (seconds % 3600 == 0 && seconds != 0) return fmt::format("{}h", seconds / 3600);
  if (seconds % 60 == 0 && seconds != 0) return fmt::format("{}m", seconds / 60);
  return fmt::format("{}s", seconds);
}

}  // namespace

CommandRunner::CommandRunner(SpawnerClient& client, const CommandSetup& setup, Rank rank, std::string host)
    : client_(client),
      extractor_(setup.columns),
      tables_{{"", command_schema(setup.columns)}},
      rank_(rank),
      host_(std::move(host)),
      directory_(setup.working_directory),
      shell_(setup.shell),
      variables_(rank.value() - setup.first_worker),
      timeout_(setup.timeout.value_or(Duration::zero())),
      memory_(setup.needs.memory),
      sends_signal_(setup.task_signal != 0) {
  if (setup.output_limit > kLargestOutputLimit) {
    throw Error(ExitCode::usage, fmt::format("--output-limit is {}, the largest is {}; let the commands write files",
                                             format_size(setup.output_limit), format_size(kLargestOutputLimit)));
  }
  if (!setup.output_files.empty()) output_files_.emplace(setup.output_files);
  client_.set_up(setup);
}

void CommandRunner::run(const Work& work, Interval claimed, Results& results) {
  const units::PayloadReader payloads(work.units, work.payloads.view());
  for (UnitId unit = claimed.first; unit < claimed.last; unit = unit.next()) {
    run_one(unit, work.attempt, units::decode_payload(payloads.payload(unit)), results);
  }
}

void CommandRunner::run_one(UnitId unit, std::uint32_t attempt, const units::UnitPayload& payload, Results& results) {
  const std::string_view command = payload.command;
  client_.begin({unit, attempt, command, variables_.of(payload.fields), payload.fields.timeout});
  // What came before begin() was sent is seen here, what comes later goes to the helper by itself.
  if (results.cancelled()) client_.cancel();
  if (sends_signal_ && results.signalled()) client_.signal();
  const CommandResult result = client_.finish();
  const ReplyHeader& header = result.header;
  if (header.ending == Ending::exited && header.exit_code == 0 && header.file_error == 0) {
    put_row(results.rows(), unit, attempt, command, result);
    results.succeeded(single(unit));
    return;
  }
  protocol::UnitFailure failure;
  failure.unit = unit;
  failure.reason = reason(header, unit, attempt, payload);
  if (header.ending == Ending::cancelled) {
    failure.kind = protocol::FailureKind::cancelled;
  } else {
    Rows row(tables_.front().schema);
    put_row(row, unit, attempt, command, result);
    ByteWriter out;
    row.encode(out);
    failure.row = out.take();
  }
  results.failed(std::move(failure));
}

void CommandRunner::put_row(Rows& rows, UnitId unit, std::uint32_t attempt, std::string_view command,
                            const CommandResult& result) {
  const ReplyHeader& header = result.header;
  rows.begin_row(unit);
  rows.put_text(command);
  rows.put_text(status_of(header));
  rows.put(header.exit_code);
  rows.put(header.signal);
  rows.put(static_cast<std::int32_t>(attempt));
  rows.put(rank_.value());
  rows.put_text(host_);
  rows.put(header.start);
  rows.put(header.seconds);
  rows.put(header.user_seconds);
  rows.put(header.system_seconds);
  rows.put(header.max_rss);
  rows.put_text(result.out);
  rows.put_text(result.err);
  rows.put(static_cast<std::uint8_t>(header.stdout_cut));
  rows.put(static_cast<std::uint8_t>(header.stderr_cut));
  extractor_.put(rows, result.whole_out, result.whole_err);
}

std::string CommandRunner::reason(const ReplyHeader& header, UnitId unit, std::uint32_t attempt,
                                  const units::UnitPayload& payload) const {
  const Duration timeout = payload.fields.timeout.value_or(timeout_);
  if (header.file_error == 0 || !output_files_) return ending(header, timeout);
  const std::string file =
      output_files_->path(static_cast<OutputStream>(header.file_stream), unit, attempt, payload.fields.array_index);
  const std::string why = fmt::format("cannot write its output to {}: {}", for_message(file, 200),
                                      std::strerror(header.file_error));  // NOLINT(concurrency-mt-unsafe)
  return header.ending == Ending::not_started ? why + "; it was not started"
                                              : fmt::format("{} ({})", why, ending(header, timeout));
}

std::string CommandRunner::ending(const ReplyHeader& header, Duration timeout) const {
  switch (header.ending) {
    case Ending::exited:
      if (header.exit_code == 126) return "exit code 126 (command not executable)";
      if (header.exit_code == 127) return "exit code 127 (command not found)";
      return fmt::format("exit code {}", header.exit_code);
    case Ending::signaled:
      return fmt::format("signal {} ({})", header.signal, strsignal(header.signal));
    case Ending::timed_out:
      return fmt::format("timed out after {}", short_duration(timeout));
    case Ending::cancelled:
      return "cancelled";
    case Ending::helper_killed:
      return fmt::format("kiln's helper process, which ran it, was killed with it (signal {}: {})", header.signal,
                         strsignal(header.signal));
    case Ending::over_memory:
      return fmt::format("used more than {} of memory", format_size(memory_));
    case Ending::not_started:
      break;
  }
  const char* error = std::strerror(header.error);
  switch (header.step) {
    case Step::directory:
      return fmt::format("cannot enter the working directory {}: {}", directory_, error);
    case Step::shell:
      return fmt::format("cannot execute the shell {}: {}", shell_, error);
    case Step::pipe:
      return fmt::format("cannot make a pipe: {}", error);
    case Step::output_file:
    case Step::fork:
    case Step::none:
      break;
  }
  return fmt::format("cannot start a process: {}", error);
}

}  // namespace kiln::exec
