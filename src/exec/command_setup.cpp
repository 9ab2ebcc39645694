#include "exec/command_setup.hpp"

#include <kiln/error.hpp>

namespace kiln::exec {
namespace {

constexpr std::uint32_t kVersion = 5;

}  // namespace

Bytes encode(const CommandSetup& setup) {
  ByteWriter out;
  out.put(kVersion);
  out.put(static_cast<std::uint64_t>(setup.environment.size()));
  for (const std::string& entry : setup.environment) out.put_text(entry);
  out.put_text(setup.working_directory);
  out.put(setup.umask);
  out.put_text(setup.shell);
  out.put_text(setup.run_directory);
  out.put(setup.first_worker);
  out.put(static_cast<std::int64_t>(setup.timeout ? setup.timeout->count() : -1));
  out.put(static_cast<std::int64_t>(setup.grace.count()));
  out.put(setup.task_signal);
  out.put(setup.keep_output);
  out.put(setup.output_limit);
  out.put_text(setup.output_files);
  out.put(static_cast<std::uint64_t>(setup.columns.size()));
  for (const ResultColumn& column : setup.columns) {
    out.put_text(column.name);
    out.put(column.type);
    out.put(column.stream);
    out.put_text(column.pattern);
  }
  out.put(setup.needs.cpus);
  out.put(setup.needs.gpus);
  out.put(setup.needs.memory);
  out.put(setup.done_before);
  out.put(setup.failed_before);
  out.put(static_cast<std::uint64_t>(setup.cpus.size()));
  for (const std::uint32_t cpu : setup.cpus) out.put(cpu);
  return out.take();
}

CommandSetup decode_command_setup(ByteView bytes) {
  ByteReader in(bytes, "the set-up for commands");
  CommandSetup setup;
  if (in.get<std::uint32_t>() != kVersion) {
    throw Error(ExitCode::internal, "the set-up for commands has another version: all ranks must run the same kiln");
  }
  setup.environment.resize(in.get_count(sizeof(std::uint64_t)));
  for (std::string& entry : setup.environment) entry = in.get_text();
  setup.working_directory = in.get_text();
  setup.umask = in.get<std::uint32_t>();
  setup.shell = in.get_text();
  setup.run_directory = in.get_text();
  setup.first_worker = in.get<std::int32_t>();
  const auto timeout = in.get<std::int64_t>();
  if (timeout >= 0) setup.timeout = Duration(timeout);
  setup.grace = Duration(in.get<std::int64_t>());
  setup.task_signal = in.get<std::int32_t>();
  setup.keep_output = in.get<KeepOutput>();
  setup.output_limit = in.get<std::uint64_t>();
  setup.output_files = in.get_text();
  setup.columns.resize(in.get_count(2 * sizeof(std::uint64_t)));
  for (ResultColumn& column : setup.columns) {
    column.name = in.get_text();
    column.type = in.get<ResultColumn::Type>();
    column.stream = in.get<ResultColumn::Stream>();
    column.pattern = in.get_text();
  }
  setup.needs.cpus = in.get<std::uint32_t>();
  setup.needs.gpus = in.get<std::uint32_t>();
  setup.needs.memory = in.get<std::uint64_t>();
  setup.done_before = in.get<std::uint64_t>();
  setup.failed_before = in.get<std::uint64_t>();
  setup.cpus.resize(in.get_count(sizeof(std::uint32_t)));
  for (std::uint32_t& cpu : setup.cpus) cpu = in.get<std::uint32_t>();
  in.expect_done();
  return setup;
}

}  // namespace kiln::exec
