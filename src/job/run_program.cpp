#include "job/run_program.hpp"

#include "base/log.hpp"
#include "job/begin_watch.hpp"
#include "job/claimant.hpp"
#include "job/crash_note.hpp"
#include "job/environment.hpp"
#include "job/launch_word.hpp"
#include "job/launcher.hpp"
#include "job/leave.hpp"
#include "job/machine.hpp"
#include "job/on_finish.hpp"
#include "job/program_run.hpp"
#include "job/rank_loop.hpp"
#include "job/recovery_note.hpp"
#include "job/slice_memory.hpp"
#include "job/tell_fault.hpp"
#include "job/told_by_mpirun.hpp"
#include "net/mpi_collectives.hpp"
#include "net/mpi_transport.hpp"
#include "store/journal.hpp"

#include <algorithm>
#include <csignal>
#include <exception>
#include <kiln/error.hpp>
#include <memory>
#include <optional>
#include <utility>

namespace kiln::job {
namespace {

constexpr Duration kPatience = std::chrono::seconds(10);

/// A rank's part of a program's run, from the begin of MPI to its end.
class ProgramProcess {
 public:
  ProgramProcess(const RunOptions& options, const Environment& environment, const std::vector<std::string>& arguments,
                 const ProgramFacts& program)
      : options_(options),
        environment_(environment),
        arguments_(arguments),
        program_(program),
        build_(build_id()),
        machine_(machine_text()),
        waiter_({SIGUSR1, SIGTERM, SIGINT}),
        thread_(program.body, program.inputs, [this] { waiter_.wake(); }),
        rank_(thread_, build_, machine_, memory_budget(options, environment),
              slice_cache_bytes("/", static_cast<unsigned>(std::max(environment.mpi_ranks_here, 1))),
              std::min<Duration>(give_up_after(options), std::chrono::seconds(2)),
              options.checkpoint_every.value_or(protocol::CoordinatorOptions().checkpoint_every)) {}

  /// No rank was lost: MPI was finalised.
  bool finalised() const { return finalise_; }
  /// This rank was the coordinator at the end.
  bool ended_run() const { return coordinated_ && !deposed_; }
  /// A launcher reads the outcome from the journal: a zero keeps mpirun from explaining other codes to the user.
  int code_to_end_with(int code) const { return ended_ && environment_.launched() ? 0 : code; }
  /// Returns the exit code. When the program's thread cannot be ended, the process is over then.
  int run() {
    int code = 0;
    {
      int argc = 0;
      char** argv = nullptr;
      outlive_readers();  // MPI may have something to say, too
      BeginWatch watch(environment_);
      net::MpiTransport transport(argc, argv);
      watch.end();
      net::MpiCollectives collectives;
      rank_.use(collectives);
      log::set_rank(transport.rank().value());
      install_crash_note(transport.rank().value());
      if (transport.rank() == Rank(0)) tell_launcher(environment_, 0, Says::up);
      const Duration heartbeat = heartbeat_of(options_, environment_);
      if (transport.rank() == Rank(0) && heartbeat > Duration::zero()) say_where(transport);
      code = transport.rank() == Rank(0) ? begin(transport, collectives) : work_on(transport, collectives, heartbeat);
      // Before MPI ends, which may take long. Not where the launcher starts again: after a death that cannot be gone on
      // with, or when mpirun takes the run for lost.
      const bool starts_again =
          code == to_int(ExitCode::stopped_early) && ((!finalise_ && !ended_) || told_by_mpirun(environment_, waiter_));
      if (ended_run() && !starts_again) tell_launcher(environment_, code);
      announce_end();
      if (!finalise_) transport.leave_unfinalised();
    }
    if (deposed_ || rank_.stuck() || !thread_.leave(kPatience)) {
      leave_at_once(code_to_end_with(code));
    }
    return code;
  }

 private:
  int work_on(net::MpiTransport& transport, net::Collectives& collectives, Duration heartbeat) {
    try {
      Claim claim{[&](Epoch follows) { return this->claim(transport, collectives, follows); }, false};
      WorkEnd end = work(
          transport, waiter_, rank_.execution(transport.rank(), heartbeat),
          [this](WorkerSide& worker) { return rank_.turn(worker); }, std::move(claim));
      if (end.inheritance) {
        log::set_rank(0);  // from here on its lines are the run's
        return coordinate(transport, std::move(end.inheritance));
      }
      finalise_ = end.finalise;
      if (const ProgramCall* const call = thread_.call(); call != nullptr && call->kind == ProgramCall::Kind::end) {
        thread_.answer();
      }
      if (!finalise_) return end.exit_code;
    } catch (const std::exception& fault) {
      announce_end();
      const int code = tell_fault(fault);
      tell_launcher(environment_, code, Says::rank_ends);
      transport.abort(code);
    }
    return 0;
  }

  ProgramRun::Rank0 place(net::Transport& transport, net::Collectives& collectives) {
    return {transport, collectives, waiter_, thread_, rank_, build_, machine_};
  }

  // On a thread of its own.
  std::optional<int> claim(net::Transport& transport, net::Collectives& collectives, Epoch follows) {
    return claimant_.claim(follows, [&](const std::string& launch_id, Epoch epoch) {
      run_.emplace(options_, environment_, program_, place(transport, collectives), launch_id, epoch);
    });
  }

  int begin(net::MpiTransport& transport, net::Collectives& collectives) {
    try {
      run_.emplace(options_, environment_, arguments_, program_, place(transport, collectives));
    } catch (const std::exception& fault) {
      coordinated_ = true;
      const int code = tell_fault(fault);
      send_home(transport, waiter_, code);
      return code;
    }
    return coordinate(transport, nullptr);
  }

  int coordinate(net::MpiTransport& transport, std::unique_ptr<Inheritance> inheritance) {
    coordinated_ = true;
    int code = to_int(ExitCode::stopped_early);
    try {
      code = run_->run(std::move(inheritance));
      ended_ = true;
    } catch (const store::Deposed& deposed) {
      log::warning("{}", deposed.what());
      deposed_ = true;
    } catch (const std::exception& fault) {
      code = tell_fault(fault);
    }
    finalise_ = !transport.forgot_any() && !deposed_;
    return code;
  }

  const RunOptions& options_;
  const Environment& environment_;
  const std::vector<std::string>& arguments_;
  const ProgramFacts& program_;
  std::string build_, machine_;
  Waiter waiter_;
  ProgramThread thread_;
  ProgramRank rank_;
  Claimant claimant_{options_, environment_};
  std::optional<ProgramRun> run_;
  bool coordinated_ = false, deposed_ = false;
  bool ended_ = false;  // the journal has the end entry of this launch
  bool finalise_ = true;
};

}  // namespace

int run_program(const RunOptions& options, const std::vector<std::string>& arguments, const ProgramFacts& program) {
  const Environment environment = read_environment();
  if (!environment.inside_mpi()) return launch(options, environment, arguments);

  ProgramProcess process(options, environment, arguments, program);
  const int code = process.run();
  if (!environment.launched() && process.ended_run()) {
    run_on_finish(options, code, true);  // after MPI: nobody waits for it
  }
  int ends_with = process.code_to_end_with(code);
  if (!environment.launched() && !environment.first_rank() && process.finalised()) ends_with = 0;
  if (!process.finalised()) leave_at_once(ends_with);
  return ends_with;
}

}  // namespace kiln::job
