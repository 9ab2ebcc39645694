#include "job/run_command.hpp"

#include "base/log.hpp"
#include "exec/command_runner.hpp"
#include "exec/spawner_client.hpp"
#include "job/command_facts.hpp"
#include "job/command_run.hpp"
#include "job/environment.hpp"
#include "job/launcher.hpp"
#include "net/mpi_transport.hpp"

#include <csignal>
#include <kiln/error.hpp>
#include <optional>

namespace kiln::job {
namespace {

// Before anything has begun: the others wait for their setup.
void send_home(net::Transport& transport, Waiter& waiter, int exit_code) {
  Link link(transport, protocol::Stamp{});
  for (std::int32_t rank = 1; rank < transport.size(); ++rank) link.send(Rank(rank), protocol::Stop{exit_code});
  while (transport.unsent() != 0) waiter.pause(std::chrono::milliseconds(1));
}

int coordinate(const RunOptions& options, const Environment& environment, const std::vector<std::string>& arguments,
               net::Transport& transport, Waiter& waiter, const Execution& execution) {
  std::optional<CommandRun> run;
  try {
    run.emplace(options, environment, arguments, transport, waiter);
  } catch (const Error& error) {
    log::error("{}", error.what());
    send_home(transport, waiter, to_int(error.code()));
    return to_int(error.code());
  }
  try {
    return run->run(execution);
  } catch (const Error& error) {
    log::error("{}", error.what());
    return to_int(error.code());
  }
}

}  // namespace

int run_command(const RunOptions& options, const std::vector<std::string>& arguments) {
  const Environment environment = read_environment();
  if (!environment.inside_mpi()) return launch(options, environment, arguments);

  const std::unique_ptr<exec::SpawnerClient> spawner = exec::SpawnerClient::start();
  Waiter waiter({SIGUSR1, SIGTERM, SIGINT});
  int argc = 0;
  char** argv = nullptr;
  net::MpiTransport transport(argc, argv);
  log::set_rank(transport.rank().value());
  const Execution execution{[&spawner](const Bytes& setup, Rank rank) {
                              return std::make_unique<exec::CommandRunner>(*spawner, exec::decode_command_setup(setup),
                                                                           rank, host_name());
                            },
                            [&spawner] { spawner->beat(); }};
  if (transport.rank() == Rank(0)) {
    const int code = coordinate(options, environment, arguments, transport, waiter, execution);
    // A launcher reads the outcome from the journal: a zero keeps mpirun from explaining other codes to the user.
    return environment.launched() && (code == to_int(ExitCode::units_failed) || code == to_int(ExitCode::stopped_early))
               ? 0
               : code;
  }
  try {
    work(transport, waiter, execution);
  } catch (const Error& error) {
    log::error("{}", error.what());
    transport.abort(to_int(error.code()));
  }
  return 0;
}

}  // namespace kiln::job
