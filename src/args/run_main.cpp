#include "args/program_options.hpp"
#include "args/run_words.hpp"
#include "args/version_text.hpp"
#include "base/start_directory.hpp"
#include "job/environment.hpp"
#include "job/launch_word.hpp"
#include "job/run_program.hpp"
#include "job/tell_fault.hpp"

#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <kiln/error.hpp>
#include <kiln/program.hpp>
#include <kiln/run_main.hpp>
#include <kiln/session.hpp>

namespace kiln {
namespace {

int show(const std::string& text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  return to_int(written ? ExitCode::ok : ExitCode::internal);
}

/// Of a program that runs no job: all calls but Session::run, which does not come here.
class NoRun final : public detail::SessionPort {
 public:
  explicit NoRun(const job::RunOptions& options) : options_(options) {}
  detail::StageResult run(const detail::StagePlan&, std::uint64_t) override {
    throw Error(ExitCode::internal, "a job runs that is to be explained");
  }
  void at_root(std::string_view, const std::function<void()>&) override {}
  std::uint64_t seed() const override { return options_.seed; }
  std::string directory() const override { return options_.directory; }

 private:
  const job::RunOptions& options_;
};

int explain(const job::RunOptions& options, const std::function<int(Session&)>& body) {
  NoRun port(options);
  Session session(port, true);
  try {
    body(session);
  } catch (const detail::Explained& explained) {
    return show(explained.text +
                "\nNothing was run. Jobs that the program runs behind this one may depend on what it "
                "gives: they are planned then.\n");
  }
  return show("The program came to its end without a job.\n");
}

// Under mpirun every rank comes here with the same words: only the first says what is wrong with them.
int carry_out(Program& program, const std::vector<std::string>& arguments, bool first_rank,
              const std::function<int(Session&)>& body) {
  detail::ProgramOptions::Parsed parsed;
  try {
    parsed = detail::ProgramOptions::parse(program, arguments);
  } catch (const Error&) {
    if (first_rank) throw;
    return to_int(ExitCode::ok);  // mpirun would end the first rank before it has said what is wrong
  }
  if (parsed.help || parsed.version) {
    if (!first_rank) return to_int(ExitCode::ok);
    return show(parsed.help ? args::help_text(*parsed.help, 80) : args::version_text());
  }
  args::set_log_level(parsed.run);
  if (parsed.explain) return first_rank ? explain(parsed.run, body) : to_int(ExitCode::ok);
  job::ProgramFacts facts;
  facts.name = detail::ProgramOptions::name(program);
  facts.inputs = parsed.digest;
  facts.options = parsed.options;
  facts.operands = parsed.operands;
  facts.body = [&body](detail::SessionPort& port) {
    Session session(port);
    return body(session);
  };
  return job::run_program(parsed.run, arguments, facts);
}

}  // namespace

int run_main(Program& program, int argc, char** argv, const std::function<int(Session&)>& body) {
  try {
    remember_start_directory();
    std::setlocale(LC_CTYPE, "");
    return carry_out(program, {argv + std::min(argc, 1), argv + argc}, job::read_environment().first_rank(), body);
  } catch (const std::exception& fault) {
    const int code = job::tell_fault(fault);
    job::tell_launcher(job::read_environment(), code);
    return code;
  }
}

int run_main(int argc, char** argv, const std::function<int(Session&)>& body) {
  const std::string name = argc > 0 ? std::filesystem::path(argv[0]).filename().string() : "";
  Program program(name.empty() ? "program" : name);
  return run_main(program, argc, argv, body);
}

}  // namespace kiln
