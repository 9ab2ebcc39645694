#pragma once

#include "job/groups.hpp"
#include "job/program_run.hpp"
#include "job/recovery_note.hpp"

#include <memory>
#include <utility>

namespace kiln::job {

/// What exists while a program runs, for the files of ProgramRun.
struct ProgramRun::Running {
  ProgramArchive archive;
  Writer writer;
  RunObserver observer;
  CoordinatorLoop loop;
  Groups groups;

  Running(ProgramRun& run, std::unique_ptr<Inheritance> inheritance)
      : archive(*run.store_),
        writer(archive, [&waiter = run.rank0_.waiter] { waiter.wake(); }),
        observer(facts_of(run, inheritance != nullptr), writer),
        loop(run.rank0_.transport, run.rank0_.waiter, run.store_->recovered().epoch, run.workers(), writer, observer,
             run.rank0_.rank.execution(run.rank0_.transport.rank(), heartbeat_of(run.options_, run.environment_)),
             std::move(inheritance)),
        groups(loop, run.rank0_.collectives, run.rank0_.transport.rank(), run.store_->recovered().epoch,
               heartbeat_of(run.options_, run.environment_)) {}

 private:
  static RunObserver::Facts facts_of(ProgramRun& run, bool takes_over) {
    RunObserver::Facts facts = run.observer_facts();
    facts.takes_over = takes_over;
    return facts;
  }
};

}  // namespace kiln::job
