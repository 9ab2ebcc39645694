#pragma once

#include <functional>

namespace kiln {

class Program;
class Session;

/// The main() of a program whose work kiln runs. Started by hand it starts mpirun with itself; under mpirun or srun
/// this is one rank of the run. `body` is called once on every rank, on a thread of its own; calls of the Session are
/// made by all ranks in the same order. Returns the exit code for main() to return: that of `body`, or what
/// kiln::ExitCode says of the run. What the command line, the run directory or `body` get wrong is printed; nothing is
/// thrown.
///
/// The command line is kiln's (NAME --help shows it). Call it first thing in main(), once, before any thread is
/// started.
int run_main(int argc, char** argv, const std::function<int(Session&)>& body);

/// The same with options of the program's own.
int run_main(Program& program, int argc, char** argv, const std::function<int(Session&)>& body);

}  // namespace kiln
