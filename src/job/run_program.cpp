#include "job/run_program.hpp"

#include "base/log.hpp"
#include "job/crash_note.hpp"
#include "job/environment.hpp"
#include "job/launcher.hpp"
#include "job/machine.hpp"
#include "job/on_finish.hpp"
#include "job/program_run.hpp"
#include "job/rank_loop.hpp"
#include "job/slice_memory.hpp"
#include "job/tell_fault.hpp"
#include "net/mpi_collectives.hpp"
#include "net/mpi_transport.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <kiln/error.hpp>
#include <optional>

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
        rank_(thread_, build_, machine_,
              slice_cache_bytes("/", static_cast<unsigned>(std::max(environment.mpi_ranks_here, 1))),
              std::min<Duration>(give_up_after(options), std::chrono::seconds(2))) {}

  /// The journal has the end entry of this launch.
  bool ended() const { return ended_; }
  /// Returns the exit code. When the program's thread cannot be ended, the process is over then.
  int run() {
    int code = 0;
    {
      int argc = 0;
      char** argv = nullptr;
      net::MpiTransport transport(argc, argv);
      net::MpiCollectives collectives;
      rank_.use(collectives);
      log::set_rank(transport.rank().value());
      install_crash_note(transport.rank().value());
      code = transport.rank() == Rank(0) ? coordinate(transport, collectives) : work_on(transport);
      announce_end();
    }
    if (rank_.stuck() || !thread_.leave(kPatience)) {
      std::cout.flush();
      std::fflush(nullptr);  // NOLINT(cert-err33-c): nobody is left to hear of it
      std::_Exit(ended_ && environment_.launched() ? 0 : code);
    }
    return code;
  }

 private:
  int work_on(net::MpiTransport& transport) {
    try {
      work(transport, waiter_, rank_.execution(transport.rank()),
           [this](WorkerSide& worker) { return rank_.turn(worker); });
      if (const ProgramCall* const call = thread_.call(); call != nullptr && call->kind == ProgramCall::Kind::end) {
        thread_.answer();
      }
    } catch (const std::exception& fault) {
      announce_end();
      transport.abort(tell_fault(fault));
    }
    return 0;
  }

  int coordinate(net::MpiTransport& transport, net::Collectives& collectives) {
    std::optional<ProgramRun> run;
    try {
      run.emplace(options_, environment_, arguments_, program_,
                  ProgramRun::Rank0{transport, collectives, waiter_, thread_, rank_, build_, machine_});
    } catch (const std::exception& fault) {
      const int code = tell_fault(fault);
      send_home(transport, waiter_, code);
      return code;
    }
    try {
      const int code = run->run();
      ended_ = true;
      return code;
    } catch (const std::exception& fault) {
      return tell_fault(fault);
    }
  }

  const RunOptions& options_;
  const Environment& environment_;
  const std::vector<std::string>& arguments_;
  const ProgramFacts& program_;
  std::string build_, machine_;
  Waiter waiter_;
  ProgramThread thread_;
  ProgramRank rank_;
  bool ended_ = false;
};

}  // namespace

int run_program(const RunOptions& options, const std::vector<std::string>& arguments, const ProgramFacts& program) {
  const Environment environment = read_environment();
  if (!environment.inside_mpi()) return launch(options, environment, arguments);

  ProgramProcess process(options, environment, arguments, program);
  const int code = process.run();
  if (!environment.launched()) {
    if (environment.first_rank()) run_on_finish(options, code, true);  // after MPI: nobody waits for it
    return environment.first_rank() ? code : 0;
  }
  // A launcher reads the outcome from the journal: a zero keeps mpirun from explaining other codes to the user.
  return process.ended() ? 0 : code;
}

}  // namespace kiln::job
