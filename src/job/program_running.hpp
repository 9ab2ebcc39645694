#pragma once

#include "job/program_run.hpp"

namespace kiln::job {

/// What exists while a program runs, for the files of ProgramRun.
struct ProgramRun::Running {
  ProgramArchive archive;
  Writer writer;
  RunObserver observer;
  CoordinatorLoop loop;

  explicit Running(ProgramRun& run)
      : archive(*run.store_),
        writer(archive, [&waiter = run.rank0_.waiter] { waiter.wake(); }),
        observer(run.observer_facts(), writer),
        loop(run.rank0_.transport, run.rank0_.waiter, run.store_->recovered().epoch, run.workers(), writer, observer,
             run.rank0_.rank.execution(Rank(0))) {}
};

}  // namespace kiln::job
