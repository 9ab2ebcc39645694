#include "job/run_command.hpp"

#include "base/log.hpp"
#include "exec/command_runner.hpp"
#include "exec/spawner_client.hpp"
#include "job/command_facts.hpp"
#include "job/command_run.hpp"
#include "job/environment.hpp"
#include "job/launcher.hpp"
#include "job/on_finish.hpp"
#include "job/rank_loop.hpp"
#include "job/tell_fault.hpp"
#include "net/mpi_transport.hpp"

#include <csignal>
#include <exception>
#include <kiln/error.hpp>
#include <optional>

namespace kiln::job {
namespace {

int coordinate(const RunOptions& options, const Environment& environment, const std::vector<std::string>& arguments,
               net::Transport& transport, Waiter& waiter, const Execution& execution) {
  std::optional<CommandRun> run;
  try {
    run.emplace(options, environment, arguments, transport, waiter);
  } catch (const std::exception& fault) {
    const int code = tell_fault(fault);
    send_home(transport, waiter, code);
    return code;
  }
  try {
    return run->run(execution);
  } catch (const std::exception& fault) {
    return tell_fault(fault);
  }
}

// This rank's part of the run, from the begin of MPI to its end. Returns the exit code.
int run_rank(const RunOptions& options, const Environment& environment, const std::vector<std::string>& arguments,
             Waiter& waiter, exec::SpawnerClient& spawner) {
  int argc = 0;
  char** argv = nullptr;
  net::MpiTransport transport(argc, argv);
  log::set_rank(transport.rank().value());
  Execution execution;
  execution.make_runner = [&spawner](const protocol::Setup& setup, Rank rank) {
    return std::make_unique<exec::CommandRunner>(spawner, exec::decode_command_setup(setup.content), rank, host_name());
  };
  execution.beat = [&spawner] { spawner.beat(); };
  if (transport.rank() == Rank(0)) return coordinate(options, environment, arguments, transport, waiter, execution);
  try {
    work(transport, waiter, execution);
  } catch (const std::exception& fault) {
    transport.abort(tell_fault(fault));
  }
  return 0;
}

}  // namespace

int run_command(const RunOptions& options, const std::vector<std::string>& arguments) {
  const Environment environment = read_environment();
  if (!environment.inside_mpi()) return launch(options, environment, arguments);

  const std::unique_ptr<exec::SpawnerClient> spawner = exec::SpawnerClient::start();
  Waiter waiter({SIGUSR1, SIGTERM, SIGINT});
  const int code = run_rank(options, environment, arguments, waiter, *spawner);
  if (!environment.launched()) {
    if (environment.first_rank()) run_on_finish(options, code, true);  // after MPI: nobody waits for it
    return code;
  }
  // A launcher reads the outcome from the journal: a zero keeps mpirun from explaining other codes to the user.
  return code == to_int(ExitCode::units_failed) || code == to_int(ExitCode::stopped_early) ? 0 : code;
}

}  // namespace kiln::job
