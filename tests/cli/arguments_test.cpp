#include "command_line.hpp"

#include "unit/refusal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kiln/error.hpp>

#include <chrono>
#include <csignal>
#include <ostream>

namespace kiln::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

using Words = std::vector<std::string>;

Command parse(const Words& words) { return parse_command_line(words); }

job::RunOptions run(Words words) {
  words.insert(words.begin(), "run");
  return std::get<RunCommand>(parse(words)).options;
}

// The options in front of a task file.
job::RunOptions run_with(Words options) {
  options.emplace_back("tasks.txt");
  return run(options);
}

// The message of the usage error that parsing must end in.
std::string complaint(const Words& words) {
  return refusal_of(ExitCode::usage, [&] { parse(words); });
}

std::string run_complaint(Words options) {
  options.insert(options.begin(), "run");
  options.emplace_back("tasks.txt");
  return complaint(options);
}

TEST(RunArguments, DefaultsAreThoseOfTheContract) {
  const job::RunOptions given = run({"jobs/tasks.txt"});
  const job::RunOptions fresh;
  EXPECT_EQ(given.task_file, "jobs/tasks.txt");
  EXPECT_EQ(given.directory, "tasks.kiln");
  EXPECT_EQ(given.workers, std::nullopt);
  EXPECT_EQ(given.retries, fresh.retries);
  EXPECT_EQ(given.backoff, fresh.backoff);
  EXPECT_EQ(given.timeout, std::nullopt);
  EXPECT_FALSE(given.max_failures.has_value());
  EXPECT_EQ(given.batch, fresh.batch);
  EXPECT_EQ(given.checkpoint_every, std::nullopt);
  EXPECT_EQ(given.keep_output, fresh.keep_output);
  EXPECT_EQ(given.output_limit, fresh.output_limit);
  EXPECT_EQ(given.grace, fresh.grace);
  EXPECT_EQ(given.heartbeat, fresh.heartbeat);
  EXPECT_EQ(given.restarts, fresh.restarts);
  EXPECT_EQ(given.task_signal, "");
  EXPECT_EQ(given.shell, "");
  EXPECT_EQ(given.seed, fresh.seed);
  EXPECT_FALSE(given.fresh || given.takeover || given.coordinator_works || given.fast_network || given.retry);
  EXPECT_EQ(given.progress, job::ProgressMode::automatic);
  EXPECT_EQ(given.verbosity, 0);
}

TEST(RunArguments, EveryOptionArrives) {
  const job::RunOptions given = run({"--out",
                                     "o.kiln",
                                     "-n",
                                     "8",
                                     "--retries",
                                     "2",
                                     "--backoff",
                                     "500ms",
                                     "--timeout",
                                     "1h30m",
                                     "--batch",
                                     "64KiB",
                                     "--max-failures",
                                     "10",
                                     "--checkpoint-every",
                                     "5s",
                                     "--keep-output",
                                     "failed",
                                     "--grace",
                                     "0",
                                     "--output-limit",
                                     "1MiB",
                                     "--task-signal",
                                     "SIGUSR2",
                                     "--shell",
                                     "/bin/dash",
                                     "--seed",
                                     "7",
                                     "--progress",
                                     "log",
                                     "--fresh",
                                     "--takeover",
                                     "--fast-network",
                                     "--coordinator-works",
                                     "-vv",
                                     "tasks.txt"});
  EXPECT_EQ(given.directory, "o.kiln");
  EXPECT_EQ(given.workers, 8U);
  EXPECT_EQ(given.retries, 2U);
  EXPECT_EQ(given.backoff, 500ms);
  EXPECT_EQ(given.timeout, Duration(90min));
  EXPECT_EQ(given.batch, "64KiB");
  EXPECT_EQ(given.max_failures.value().count, 10U);
  EXPECT_EQ(given.checkpoint_every, Duration(5s));
  EXPECT_EQ(given.keep_output, exec::KeepOutput::failed);
  EXPECT_EQ(given.grace, 0s);
  EXPECT_EQ(given.output_limit, 1024U * 1024U);
  EXPECT_EQ(given.task_signal, std::to_string(SIGUSR2));
  EXPECT_EQ(given.shell, "/bin/dash");
  EXPECT_EQ(given.seed, 7U);
  EXPECT_EQ(given.progress, job::ProgressMode::log);
  EXPECT_TRUE(given.fresh && given.takeover && given.coordinator_works && given.fast_network);
  EXPECT_EQ(given.verbosity, 2);
}

TEST(RunArguments, FormsOfValues) {
  EXPECT_EQ(run_with({"-n4"}).workers, 4U);
  EXPECT_EQ(run_with({"-vn", "4"}).workers, 4U);
  EXPECT_EQ(run_with({"--workers=4"}).workers, 4U);
  EXPECT_EQ(run_with({"--retries", "1", "--retries", "3"}).retries, 3U);
  EXPECT_EQ(run_with({"--max-failures", "5%"}).max_failures.value().percent, 5.0);
  EXPECT_EQ(run_with({"--max-failures", "0.5%"}).max_failures.value().percent, 0.5);
  EXPECT_FALSE(run_with({"--max-failures", "none"}).max_failures.has_value());
  EXPECT_EQ(run_with({"--task-signal", "TERM"}).task_signal, std::to_string(SIGTERM));
  EXPECT_EQ(run_with({"--task-signal", "usr1"}).task_signal, std::to_string(SIGUSR1));
  EXPECT_EQ(run_with({"--task-signal", "12"}).task_signal, "12");
  EXPECT_EQ(run_with({"--task-signal", "none"}).task_signal, "");
  EXPECT_EQ(run_with({"--timeout", "none"}).timeout, std::nullopt);
  EXPECT_EQ(run_with({"--timeout", "30"}).timeout, Duration(30s));
  EXPECT_EQ(run_with({"--retries", "0"}).retries, 0U);
  EXPECT_EQ(run_with({"--backoff", "0"}).backoff, 0s);
  EXPECT_EQ(run_with({"--heartbeat", "1.5s"}).heartbeat, 1500ms);
  EXPECT_EQ(run_with({"--restarts", "7"}).restarts, 7U);
  EXPECT_EQ(run_with({"--heartbeat", "0"}).heartbeat, 0s);
  EXPECT_EQ(run_with({"--heartbeat", "0.2"}).heartbeat, 200ms);
  EXPECT_EQ(run_with({"--restarts", "0"}).restarts, 0U);
  EXPECT_EQ(run_with({"--output-limit", "64MiB"}).output_limit, 64U << 20U);
  EXPECT_EQ(run_with({"--batch", "200ms"}).batch, "200ms");
  EXPECT_EQ(run_with({"--batch", "guided"}).batch, "guided");
  EXPECT_EQ(run_with({"-q"}).verbosity, -1);
  EXPECT_EQ(run_with({"-q"}).progress, job::ProgressMode::none);
  EXPECT_EQ(run_with({"-q", "--progress", "bar"}).progress, job::ProgressMode::bar);
}

struct Bad {
  std::string option, value;
};
void PrintTo(const Bad& bad, std::ostream* out) { *out << bad.option << ' ' << testing::PrintToString(bad.value); }
class BadValue : public testing::TestWithParam<Bad> {};

TEST_P(BadValue, IsRefusedByNameAndValue) {
  const auto& [option, value] = GetParam();
  const std::string said = run_complaint({option, value});
  EXPECT_THAT(said, HasSubstr(option));
  if (!value.empty()) {
    EXPECT_THAT(said, HasSubstr(value));
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, BadValue,
    testing::Values(Bad{"--workers", "0"}, Bad{"--workers", "-1"}, Bad{"--workers", "two"}, Bad{"--workers", "1000001"},
                    Bad{"--workers", "99999999999999999999"}, Bad{"--retries", "-1"}, Bad{"--retries", "1.5"},
                    Bad{"--retries", ""}, Bad{"--backoff", "-1s"}, Bad{"--backoff", "soon"}, Bad{"--timeout", "-5s"},
                    Bad{"--timeout", "0"}, Bad{"--timeout", "5 parsecs"}, Bad{"--timeout", ""},
                    Bad{"--max-failures", "0"}, Bad{"--max-failures", "0%"}, Bad{"--max-failures", "101%"},
                    Bad{"--max-failures", "-3"}, Bad{"--max-failures", "%"}, Bad{"--max-failures", "nan%"},
                    Bad{"--max-failures", "1e1%"}, Bad{"--batch", "0"}, Bad{"--batch", "-4"}, Bad{"--batch", "0s"},
                    Bad{"--batch", "lots"}, Bad{"--batch", "0KiB"}, Bad{"--checkpoint-every", "0"},
                    Bad{"--checkpoint-every", "-1s"}, Bad{"--keep-output", "some"}, Bad{"--output-limit", "65MiB"},
                    Bad{"--output-limit", "-1"}, Bad{"--output-limit", "12 elephants"}, Bad{"--output-limit", "1e9"},
                    Bad{"--grace", "-10s"}, Bad{"--heartbeat", "199ms"}, Bad{"--heartbeat", "-1s"},
                    Bad{"--heartbeat", "never"}, Bad{"--restarts", "-1"}, Bad{"--restarts", "1000001"},
                    Bad{"--restarts", "often"}, Bad{"--task-signal", "0"}, Bad{"--task-signal", "65"},
                    Bad{"--task-signal", "SIGNAL"}, Bad{"--task-signal", ""}, Bad{"--seed", "-1"}, Bad{"--seed", "x"},
                    Bad{"--progress", "loud"}, Bad{"--shell", ""}));

TEST(RunArguments, AHeartbeatThatIsTooShortIsRefusedWithTheShortest) {
  EXPECT_THAT(run_complaint({"--heartbeat", "100ms"}), HasSubstr("a time of 0.2 s or more"));
}

TEST(RunArguments, UnknownOptionNamesTheNearest) {
  EXPECT_THAT(run_complaint({"--retires", "3"}), HasSubstr("Did you mean --retries?"));
  EXPECT_THAT(run_complaint({"--max", "3"}), HasSubstr("Did you mean --max-failures?"));
  EXPECT_THAT(run_complaint({"--checkpoint", "3"}), HasSubstr("Did you mean --checkpoint-every?"));
  EXPECT_THAT(run_complaint({"--zebra"}), AllOf(HasSubstr("--zebra"), Not(HasSubstr("Did you mean"))));
  EXPECT_THAT(run_complaint({"-x"}), HasSubstr("-x"));
}

TEST(RunArguments, FlagsAndValuesAreNotMixedUp) {
  EXPECT_THAT(run_complaint({"--fresh=yes"}), HasSubstr("--fresh takes no value"));
  EXPECT_THAT(complaint({"run", "--timeout"}), HasSubstr("--timeout needs a value"));
  EXPECT_THAT(run_complaint({"--out", ""}), HasSubstr("empty"));
  EXPECT_THAT(run_complaint({"--out="}), HasSubstr("empty"));
  EXPECT_THAT(run_complaint({"--workers", ""}), HasSubstr("empty"));
  EXPECT_THAT(run_complaint({"-v", "-q"}), HasSubstr("exclude"));
}

TEST(RunArguments, OneWordIsTheTaskFile) {
  EXPECT_EQ(run({"-"}).task_file, "-");
  EXPECT_EQ(run({"-"}).directory, "stdin.kiln");
  EXPECT_EQ(run({"--", "--odd.txt"}).task_file, "--odd.txt");
  EXPECT_EQ(run({"a/b/plain"}).directory, "plain.kiln");
  EXPECT_THAT(complaint({"run"}), HasSubstr("task file is missing"));
  EXPECT_THAT(complaint({"run", ""}), HasSubstr("empty"));
  EXPECT_THAT(complaint({"run", "gzip", "a.log"}),
              AllOf(HasSubstr("one task file is wanted"), HasSubstr("echo 'gzip a.log'")));
  EXPECT_THAT(complaint({"run", "--out", "tasks.txt", "tasks.txt"}), HasSubstr("--out"));
}

TEST(CommandLine, CommandsAndTheirWords) {
  EXPECT_THAT(complaint({}), HasSubstr("kiln run tasks.txt"));
  EXPECT_THAT(complaint({"stauts"}), HasSubstr("Did you mean status?"));
  EXPECT_THAT(complaint({"status"}), HasSubstr("run directory is missing"));
  EXPECT_THAT(complaint({"status", "a", "b"}), HasSubstr("one run directory"));
  EXPECT_THAT(std::get<ShowText>(parse({"--version"})).text, testing::StartsWith("kiln 0.1.0\n"));
  const auto status = std::get<StatusCommand>(parse({"status", "d.kiln", "--json"}));
  EXPECT_EQ(status.directory, "d.kiln");
  EXPECT_TRUE(status.json);
}

TEST(CommandLine, RetryTakesADirectoryAndTheOptionsOfARun) {
  const job::RunOptions given = std::get<RunCommand>(parse({"retry", "d.kiln", "--retries", "2", "-n4"})).options;
  EXPECT_TRUE(given.retry);
  EXPECT_EQ(given.directory, "d.kiln");
  EXPECT_EQ(given.task_file, "");
  EXPECT_EQ(given.retries, 2U);
  EXPECT_EQ(given.workers, 4U);
  EXPECT_THAT(complaint({"retry", "d.kiln", "--fresh"}), HasSubstr("--fresh"));
  EXPECT_THAT(complaint({"retry", "d.kiln", "--out", "x"}), HasSubstr("--out"));
}

TEST(CommandLine, ResultsOptions) {
  auto given = std::get<ResultsCommand>(parse({"results", "d.kiln", "--unit", "17", "--stdout"}));
  EXPECT_EQ(given.unit, 17U);
  EXPECT_EQ(given.stream, ResultsCommand::Stream::out);
  given = std::get<ResultsCommand>(parse({"results", "--failed", "--csv", "d.kiln"}));
  EXPECT_TRUE(given.selection.failed_only);
  EXPECT_EQ(given.format, ResultsCommand::Format::csv);
  EXPECT_THAT(complaint({"results", "d", "--stdout"}), HasSubstr("--unit"));
  EXPECT_THAT(complaint({"results", "d", "--csv", "--json"}), HasSubstr("exclude"));
  EXPECT_THAT(complaint({"results", "d", "--unit", "1", "--stdout", "--stderr"}), HasSubstr("exclude"));
  EXPECT_THAT(complaint({"results", "d", "--unit", "1", "--failed"}), HasSubstr("exclude"));
  EXPECT_THAT(complaint({"results", "d", "--unit", "-1"}), HasSubstr("--unit"));
  EXPECT_THAT(complaint({"results", "d", "--unit", ""}), HasSubstr("--unit"));
}

TEST(Help, ShowsEveryOptionWithItsDefaultAndAnExample) {
  const std::string text = std::get<ShowText>(parse({"run", "--help"})).text;
  for (const char* part : {"--out DIR",
                           "--workers N",
                           "--coordinator-works",
                           "--batch",
                           "(default adaptive)",
                           "--shell",
                           "--fresh",
                           "--takeover",
                           "--fast-network",
                           "--seed",
                           "--retries N",
                           "(default 0)",
                           "--backoff",
                           "(default 1s)",
                           "--timeout",
                           "--max-failures",
                           "--keep-output",
                           "(default all)",
                           "--output-limit",
                           "(default 64KiB)",
                           "--checkpoint-every",
                           "(default auto)",
                           "--grace",
                           "(default 10s)",
                           "--heartbeat TIME",
                           "(default 5s)",
                           "--restarts N",
                           "(default 3)",
                           "--task-signal",
                           "--progress",
                           "--verbose",
                           "--quiet",
                           "Exit codes",
                           "Example"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  std::size_t begin = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; begin = end + 1, end = text.find('\n', begin)) {
    EXPECT_LE(end - begin, 80U) << text.substr(begin, end - begin);
  }
  EXPECT_EQ(std::get<ShowText>(parse({"help", "run"})).text, text);
  for (const char* command : {"retry", "status", "results"}) {
    EXPECT_THAT(std::get<ShowText>(parse({command, "--help"})).text, HasSubstr("Usage: kiln"));
  }
}

}  // namespace
}  // namespace kiln::cli
