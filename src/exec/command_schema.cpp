#include "exec/command_setup.hpp"

namespace kiln::exec {

const Schema& command_schema() {
  static const Schema schema = {
      {"units/command", ColumnType::text, "", "the command, as the shell gets it"},
      {"units/status", ColumnType::text, "", "ok, failed, signaled or timeout: how the last attempt ended"},
      {"units/exit_code", ColumnType::i32, "", "exit code; -1: ended by a signal, or not started"},
      {"units/signal", ColumnType::i32, "", "number of the signal that ended it; -1: none"},
      {"units/attempts", ColumnType::i32, "", "number of the attempt that this row tells of, from 1"},
      {"units/rank", ColumnType::i32, "", "rank that ran it"},
      {"units/host", ColumnType::text, "", "name of that rank's host"},
      {"units/start", ColumnType::f64, "s", "start, Unix time in UTC"},
      {"units/seconds", ColumnType::f64, "s", "wall time"},
      {"units/user", ColumnType::f64, "s", "processor time in user mode, with waited-for children"},
      {"units/system", ColumnType::f64, "s", "processor time in the kernel, with waited-for children"},
      {"units/max_rss", ColumnType::i64, "B", "largest resident size of one process"},
      {"output/stdout", ColumnType::text, "", "standard output, its first bytes"},
      {"output/stderr", ColumnType::text, "", "standard error, its first bytes"},
      {"output/stdout_cut", ColumnType::u8, "", "1: standard output was longer than what is kept"},
      {"output/stderr_cut", ColumnType::u8, "", "1: standard error was longer than what is kept"},
  };
  return schema;
}

Schema command_schema(const std::vector<ResultColumn>& columns) {
  Schema schema = command_schema();
  for (const ResultColumn& column : columns) schema.push_back(column_of(column));
  return schema;
}

}  // namespace kiln::exec
