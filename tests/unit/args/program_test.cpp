#include "args/program_options.hpp"

#include "unit/refusal.hpp"

#include <gmock/gmock.h>
#include <kiln/program.hpp>

namespace kiln {
namespace {

using detail::ProgramOptions;
using testing::HasSubstr;
using Words = std::vector<std::string>;

struct Values {
  int top = 10;
  double scale = 0.5;
  std::string kind = "call";
  bool deep = false;
  std::vector<std::string> files{"a.txt"};

  Program program() {
    Program made("wordcount", "Counts words in text files.");
    made.option("-t,--top", top, "print so many words").option("--scale", scale, "of the counts");
    made.choice("--kind", kind, {"call", "put"}, "which").flag("--deep", deep, "look deeper").only_shown("-t");
    made.files(files, "text files");
    return made;
  }
};

std::string refusal(const Words& words) {
  Values values;
  Program program = values.program();
  return refusal_of(ExitCode::usage, [&] { ProgramOptions::parse(program, words); });
}

std::uint64_t digest(const Words& words) {
  Values values;
  Program program = values.program();
  return ProgramOptions::parse(program, words).digest;
}

TEST(ProgramTest, AnotherLaunchIsToldAllButWhatIsOfThisOne) {
  Values values;
  Program program = values.program();
  const auto parsed = ProgramOptions::parse(program, {"-t5", "--fresh", "b.txt", "--out=d", "--kind", "put", "-vn3",
                                                      "--takeover", "--retry", "-o", "e", "--", "--fresh"});
  EXPECT_EQ(parsed.options, (Words{"-t", "5", "--kind", "put", "-v", "-n", "3"}));
  EXPECT_EQ(parsed.operands, (Words{"b.txt", "--fresh"}));
}

TEST(ProgramTest, OwnOptionsStandBesideThoseOfKiln) {
  Values values;
  Program program = values.program();
  const auto parsed =
      ProgramOptions::parse(program, {"-t5", "-n", "3", "b.txt", "--scale=2e-1", "--deep", "--kind", "put", "--out",
                                      "d", "--heartbeat=2s", "--restarts", "1", "c.txt"});
  EXPECT_EQ(values.top, 5);
  EXPECT_EQ(values.scale, 0.2);
  EXPECT_EQ(values.kind, "put");
  EXPECT_TRUE(values.deep);
  EXPECT_EQ(values.files, (Words{"b.txt", "c.txt"}));
  EXPECT_EQ(parsed.run.workers, 3U);
  EXPECT_EQ(parsed.run.directory, "d");
  EXPECT_EQ(parsed.run.heartbeat, std::chrono::seconds(2));
  EXPECT_EQ(parsed.run.restarts, 1U);
}

TEST(ProgramTest, WithoutWordsDefaultsHold) {
  Values values;
  Program program = values.program();
  const auto parsed = ProgramOptions::parse(program, {});
  EXPECT_EQ(values.top, 10);
  EXPECT_EQ(values.files, Words{"a.txt"});
  EXPECT_EQ(parsed.run.directory, "wordcount.kiln");
  EXPECT_FALSE(parsed.run.max_failures_given);
}

TEST(ProgramTest, HelpNamesOptionsWithTheirDefaults) {
  Values values;
  Program program = values.program();
  const auto parsed = ProgramOptions::parse(program, {"--help"});
  ASSERT_TRUE(parsed.help.has_value());
  const std::string text = args::help_text(*parsed.help, 80);
  EXPECT_THAT(text, HasSubstr("Counts words in text files.\n\nUsage: wordcount [options] [FILE…]\n"));
  EXPECT_THAT(text, HasSubstr("  FILE                      text files (default a.txt)\n"));
  EXPECT_THAT(text, HasSubstr("  -t,--top N                print so many words (default 10)\n"));
  EXPECT_THAT(text, HasSubstr("  --kind WORD               which: call, put (default call)\n"));
  EXPECT_THAT(text, HasSubstr("--checkpoint-every TIME"));
  EXPECT_THAT(text, HasSubstr("default: PROGRAM.kiln"));
  EXPECT_THAT(text, testing::Not(HasSubstr("--array")));
}

TEST(ProgramTest, HelpSaysHowResultsAreReadBehindTheProgramsOwnWords) {
  Program program("plain");
  const std::string own_nothing = args::help_text(*ProgramOptions::parse(program, {"--help"}).help, 80);
  EXPECT_THAT(own_nothing, HasSubstr("this text\n\nResults: kiln results DIR shows them"));
  EXPECT_THAT(own_nothing, HasSubstr("h5py opens DIR/results.h5"));
  program.footer("See the manual.");
  const std::string with_words = args::help_text(*ProgramOptions::parse(program, {"--help"}).help, 80);
  EXPECT_THAT(with_words, HasSubstr("this text\n\nSee the manual.\n\nResults: kiln results DIR"));
}

TEST(ProgramTest, WrongWordsAreRefusedWithWhatIsMeant) {
  EXPECT_THAT(refusal({"--topp", "3"}), HasSubstr("there is no option --topp. Did you mean --top?"));
  EXPECT_THAT(refusal({"--progres", "log"}), HasSubstr("Did you mean --progress?"));
  EXPECT_THAT(refusal({"--top", "x"}), HasSubstr("--top does not take 'x'; accepted: a whole number in range"));
  EXPECT_THAT(refusal({"--top", "99999999999"}), HasSubstr("--top does not take"));
  EXPECT_THAT(refusal({"--kind", "x"}), HasSubstr("accepted: call, put"));
  EXPECT_THAT(refusal({"--top"}), HasSubstr("--top needs a value"));
  EXPECT_THAT(refusal({"--batch", "often"}), HasSubstr("--batch"));
}

TEST(ProgramTest, WordsWithoutAPlaceAreRefused) {
  Program program("plain");
  EXPECT_THROW(ProgramOptions::parse(program, {"word"}), Error);
  std::string input;
  program.argument("INPUT", input, "what to read");
  EXPECT_THROW(ProgramOptions::parse(program, {}), Error);
  ProgramOptions::parse(program, {"word"});
  EXPECT_EQ(input, "word");
}

TEST(ProgramTest, NamesOfKilnsOptionsAreTaken) {
  int value = 0;
  EXPECT_THROW(Program("p").option("--batch", value, ""), Error);
  EXPECT_THROW(Program("p").option("-n", value, ""), Error);
  EXPECT_THROW(Program("p").option("--one", value, "").option("-o2,--one", value, ""), Error);
  EXPECT_THROW(Program("p").option("--one", value, "").option("--one", value, ""), Error);
  EXPECT_THROW(Program("a/b"), Error);
}

TEST(ProgramTest, TheDigestKnowsWhatChangesResults) {
  EXPECT_EQ(digest({}), digest({"--kind", "call", "-n", "7", "--top", "3"}));
  EXPECT_NE(digest({}), digest({"--scale", "0.25"}));
  EXPECT_NE(digest({}), digest({"--deep"}));
  EXPECT_NE(digest({}), digest({"b.txt"}));
  Program plain("plain");
  EXPECT_EQ(ProgramOptions::parse(plain, {"--batch", "5"}).digest, 0U);
}

}  // namespace
}  // namespace kiln
