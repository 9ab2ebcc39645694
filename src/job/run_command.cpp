#include "job/run_command.hpp"

#include "base/log.hpp"
#include "exec/command_runner.hpp"
#include "exec/spawner_client.hpp"
#include "job/begin_watch.hpp"
#include "job/claimant.hpp"
#include "job/clock.hpp"
#include "job/command_facts.hpp"
#include "job/command_run.hpp"
#include "job/crash_note.hpp"
#include "job/environment.hpp"
#include "job/folder_probe.hpp"
#include "job/launch_word.hpp"
#include "job/launcher.hpp"
#include "job/leave.hpp"
#include "job/on_finish.hpp"
#include "job/rank_loop.hpp"
#include "job/recovery_note.hpp"
#include "job/tell_fault.hpp"
#include "job/told_by_mpirun.hpp"
#include "job/unit_needs.hpp"
#include "net/mpi_transport.hpp"
#include "protocol/retained.hpp"
#include "store/journal.hpp"

#include <csignal>
#include <exception>
#include <kiln/error.hpp>
#include <optional>

namespace kiln::job {
namespace {

// One rank's part in a run of commands, from the begin of MPI to its end.
class CommandRank {
 public:
  CommandRank(const RunOptions& options, const Environment& environment, const std::vector<std::string>& arguments,
              Waiter& waiter, exec::SpawnerClient& spawner)
      : options_(options), environment_(environment), arguments_(arguments), waiter_(waiter) {
    execution_.answer = [this](const protocol::Answer& greeting) {
      look_.begin(decode_probes(greeting.content), now());
    };
    execution_.make_runner = [this, &spawner](const protocol::Setup& setup,
                                              Rank rank) -> std::unique_ptr<exec::Runner> {
      if (look_.under_way()) return nullptr;
      exec::CommandSetup own = exec::decode_command_setup(setup.content);
      const std::string note =
          take_place(own, rank, environment_.mpi_local_rank, usable_cpus(), visible_gpus(read_variables()));
      if (!note.empty() && !environment_.goes_on()) log::warning("{}: {}", host_name(), note);
      return std::make_unique<exec::CommandRunner>(spawner, own, rank, host_name());
    };
    execution_.beat = [&spawner] { spawner.beat(); };
    execution_.heartbeat = heartbeat_of(options, environment);
    execution_.most_buried = memory_budget(options, environment).buried();
    if (execution_.heartbeat > Duration::zero()) execution_.retain_bytes = protocol::Retained::kBytes;
  }

  WorkEnd run() {
    int argc = 0;
    char** argv = nullptr;
    outlive_readers();  // MPI may have something to say, too
    BeginWatch watch(environment_);
    net::MpiTransport transport(argc, argv);
    watch.end();
    log::set_rank(transport.rank().value());
    WorkEnd end;
    if (transport.rank() == Rank(0)) {
      tell_launcher(environment_, 0, Says::up);
      if (execution_.heartbeat > Duration::zero()) say_where(transport);
      end.exit_code = begin(transport);
      end.finalise = !transport.forgot_any() && !deposed_;
    } else {
      end = work_on(transport);
    }
    if (!end.finalise) transport.leave_unfinalised();
    return end;
  }

  /// This rank was the coordinator at the end.
  bool ended_run() const { return coordinated_ && !deposed_; }

 private:
  int begin(net::MpiTransport& transport) {
    try {
      run_.emplace(options_, environment_, arguments_, transport, waiter_);
    } catch (const std::exception& fault) {
      coordinated_ = true;
      const int code = tell_fault(fault);
      send_home(transport, waiter_, code);
      tell_launcher(environment_, code);
      return code;
    }
    return coordinate(nullptr);
  }

  int coordinate(std::unique_ptr<Inheritance> inheritance) {
    coordinated_ = true;
    int code = to_int(ExitCode::stopped_early);
    try {
      code = run_->run(execution_, std::move(inheritance));
    } catch (const store::Deposed& deposed) {
      log::warning("{}", deposed.what());
      deposed_ = true;
      return code;
    } catch (const std::exception& fault) {
      code = tell_fault(fault);
    }
    // Before MPI ends, which may take long after a death.
    if (code != to_int(ExitCode::stopped_early) || !told_by_mpirun(environment_, waiter_)) {
      tell_launcher(environment_, code);
    }
    return code;
  }

  WorkEnd work_on(net::MpiTransport& transport) {
    try {
      WorkEnd end = work(transport, waiter_, execution_, [this](WorkerSide& worker) { return look(worker); },
                         {[&](Epoch follows) { return claim(transport, follows); }});
      if (end.inheritance) {
        log::set_rank(0);  // from here on its lines are the run's
        end.exit_code = coordinate(std::move(end.inheritance));
      }
      if (end.finalise) end.exit_code = 0;
      return end;
    } catch (const std::exception& fault) {
      const int code = tell_fault(fault);
      tell_launcher(environment_, code, Says::rank_ends);
      transport.abort(code);
    }
  }

  // At every turn. Nothing of it moves on only while this rank looks.
  bool look(WorkerSide& worker) {
    if (!look_.turn(now())) return false;
    if (look_.fault()) {
      worker.on_fault(*look_.fault());
    } else {
      worker.on_passed({});
      worker.catch_up();
    }
    return false;
  }

  // On a thread of its own.
  std::optional<int> claim(net::Transport& transport, Epoch follows) {
    return claimant_.claim(follows, [&](const std::string& launch_id, Epoch epoch) {
      run_.emplace(options_, environment_, arguments_, transport, waiter_, launch_id, epoch);
    });
  }

  const RunOptions& options_;
  const Environment& environment_;
  const std::vector<std::string>& arguments_;
  Waiter& waiter_;
  FolderLook look_;
  Execution execution_;
  std::optional<CommandRun> run_;
  Claimant claimant_{options_, environment_};
  bool coordinated_ = false, deposed_ = false;
};

// A launcher reads the outcome from the journal: a zero keeps mpirun from explaining other codes to the user.
int code_for_mpirun(int code) {
  return code == to_int(ExitCode::units_failed) || code == to_int(ExitCode::stopped_early) ? 0 : code;
}

}  // namespace

int run_command(const RunOptions& options, const std::vector<std::string>& arguments) {
  const Environment environment = read_environment();
  if (!environment.inside_mpi()) return launch(options, environment, arguments);

  std::unique_ptr<exec::SpawnerClient> spawner = exec::SpawnerClient::start({.ends_rank = true});
  Waiter waiter({SIGUSR1, SIGTERM, SIGINT});
  CommandRank rank(options, environment, arguments, waiter, *spawner);
  const WorkEnd end = rank.run();
  if (!environment.launched() && rank.ended_run()) {
    run_on_finish(options, end.exit_code, true);  // after MPI: nobody waits for it
  }
  const int code = environment.launched() ? code_for_mpirun(end.exit_code) : end.exit_code;
  if (end.finalise) return code;
  spawner.reset();
  leave_at_once(code);
}

}  // namespace kiln::job
