// Help that cannot lie: what help, the man page, the completions and the topics say is what the parser knows.
#include "command_line.hpp"
#include "help/choices.hpp"
#include "help/commands.hpp"
#include "help/topics.hpp"
#include "shell_split.hpp"

#include "unit/refusal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <sstream>

namespace kiln::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using Words = std::vector<std::string>;

constexpr std::size_t kScreenLines = 40;

ShowText shown(const Words& words) { return std::get<ShowText>(parse_command_line(words)); }

HelpPage page(const std::string& command) { return shown({command, "--help"}).page.value(); }

std::vector<HelpPage> pages() {
  std::vector<HelpPage> all;
  for (const std::string& name : command_names()) all.push_back(page(name));
  return all;
}

Words lines_of(const std::string& text) {
  Words lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::size_t width(const std::string& line) {
  return static_cast<std::size_t>(
      std::count_if(line.begin(), line.end(), [](unsigned char c) { return (c & 0xC0U) != 0x80U; }));
}

// Every text of help, with the words that show it.
std::vector<std::pair<std::string, std::string>> all_texts() {
  std::vector<std::pair<std::string, std::string>> texts{{"--help", shown({"--help"}).text},
                                                         {"help", shown({"help"}).text}};
  for (const std::string& name : command_names()) texts.emplace_back("help " + name, shown({"help", name}).text);
  for (const Topic& topic : topics()) texts.emplace_back("help " + topic.name, shown({"help", topic.name}).text);
  return texts;
}

std::string complaint(const Words& words) {
  return refusal_of(ExitCode::usage, [&] { parse_command_line(words); });
}

TEST(Help, NoLineIsWiderThanEightyColumns) {
  for (const auto& [words, text] : all_texts()) {
    for (const std::string& line : lines_of(text)) EXPECT_LE(width(line), 80U) << words << ": " << line;
  }
  for (const HelpPage& one : pages()) {  // as written, before they are folded
    for (const std::string& line : lines_of(one.head + one.footer)) EXPECT_LE(width(line), 80U) << line;
  }
}

TEST(Help, TopicsFitOnAScreen) {
  for (const Topic& topic : topics()) EXPECT_LE(lines_of(topic.text).size(), kScreenLines) << topic.name;
  EXPECT_LE(lines_of(shown({"--help"}).text).size(), kScreenLines);
}

TEST(Help, TopicsHaveATitleAndNoCommandsName) {
  const Words names = command_names();
  for (const Topic& topic : topics()) {
    EXPECT_FALSE(topic.title().empty()) << topic.name;
    EXPECT_LE(width(std::string(topic.title())), 58U) << topic.name;
    EXPECT_EQ(std::count(names.begin(), names.end(), topic.name), 0) << topic.name << " would never be shown";
    EXPECT_THAT(shown({"help"}).text, HasSubstr("\n  " + topic.name + " ")) << "kiln help does not list it";
  }
}

TEST(Help, IsTheSameInAllWays) {
  for (const std::string& name : command_names()) {
    const std::string text = shown({name, "--help"}).text;
    EXPECT_EQ(shown({"help", name}).text, text);
    EXPECT_EQ(shown({name, "-h"}).text, text);
    EXPECT_THAT(shown({"--help"}).text, HasSubstr("\n  " + name + " "));
    EXPECT_THAT(text, HasSubstr("Usage: kiln " + name)) << name;
    EXPECT_THAT(text, HasSubstr("xample")) << name;
  }
}

TEST(Help, EveryOptionIsShownEverywhere) {
  const std::string man = shown({"help", "--man"}).text;
  const std::string completion = shown({"completion", "bash"}).text;
  const std::string list = shown({"help", "--markdown"}).text;
  for (const HelpPage& one : pages()) {
    ASSERT_FALSE(one.options.empty()) << one.command;
    const std::string text = args::help_text(one, 80);
    for (const OptionText& option : one.options) {
      EXPECT_FALSE(option.text.empty()) << one.command << " " << option.names.back();
      for (const std::string& name : option.names) {
        std::string troff;
        for (const char c : name) troff += c == '-' ? std::string("\\-") : std::string(1, c);
        EXPECT_THAT(man, HasSubstr("\\fB" + troff + "\\fR")) << one.command;
        EXPECT_THAT(text, HasSubstr(name)) << one.command;
        EXPECT_THAT(list, HasSubstr(name)) << one.command;
        EXPECT_THAT(completion, testing::ContainsRegex("[ ']" + name + "[ ']")) << one.command;
      }
    }
  }
}

TEST(Help, ChoicesAreInTheTextAndAreAccepted) {
  std::size_t seen = 0;
  for (const OptionText& option : page("run").options) {
    for (const std::string& choice : option_choices(option.names.back())) {
      ++seen;
      EXPECT_THAT(option.text, HasSubstr(choice)) << option.names.back();
      EXPECT_NO_THROW(parse_command_line({"run", option.names.back(), choice, "tasks.txt"})) << option.names.back();
    }
  }
  EXPECT_GE(seen, 9U);
}

// "  kiln run …" in any text of help: the words up to the first sign of the shell are a command line that parses.
TEST(Help, ExamplesParse) {
  std::size_t seen = 0;
  for (const auto& [shown_by, text] : all_texts()) {
    for (const std::string& line : lines_of(text)) {
      const std::size_t at = line.find("kiln ");
      const bool example = line.starts_with("  ") && at != std::string::npos &&
                           (line.find_first_not_of(' ') == at || line.substr(0, at).ends_with("| "));
      const bool placeholder = line.find("COMMAND ") != std::string::npos || line.find('[') != std::string::npos;
      if (!example || placeholder) continue;
      ++seen;
      Words words = tests::shell_split(line.substr(at + 5));
      EXPECT_NO_THROW(parse_command_line(words)) << "kiln " << shown_by << ": " << line;
    }
  }
  EXPECT_GE(seen, 20U);
}

TEST(Help, GuessesTopicsAndCommands) {
  EXPECT_THAT(complaint({"help", "exit-code"}), HasSubstr("Did you mean exit-codes?"));
  EXPECT_THAT(complaint({"help", "resutls"}), HasSubstr("Did you mean results?"));
  EXPECT_THAT(complaint({"help", "xyzzy"}), HasSubstr("All topics: kiln help"));
  EXPECT_THAT(complaint({"hlep"}), HasSubstr("Did you mean help?"));
  EXPECT_THAT(complaint({"completion", "zsh"}), HasSubstr("kiln completion bash"));
  EXPECT_THAT(complaint({"completion"}), HasSubstr("kiln completion bash"));
  EXPECT_THAT(complaint({"help", "a", "b"}), HasSubstr("one topic"));
}

TEST(Help, OtherNamesOfTopics) {
  for (const auto& [word, part] : {std::pair{":::", "kiln run"}, std::pair{"exit", "75"}, std::pair{"pandas", "h5py"},
                                   std::pair{"errors", "--retries"}}) {
    EXPECT_THAT(shown({"help", word}).text, HasSubstr(part)) << word;
  }
}

TEST(Help, NamesTheCommandThatHasAnOption) {
  EXPECT_THAT(complaint({"status", "--slow", "d.kiln"}), HasSubstr("kiln results has it."));
  EXPECT_THAT(complaint({"results", "--timeout", "1s", "d.kiln"}), HasSubstr("kiln run, kiln retry have it."));
  EXPECT_THAT(complaint({"results", "--faild", "d.kiln"}), HasSubstr("Did you mean --failed?"));
}

TEST(Help, AloneIsAUsageErrorThatShowsIt) { EXPECT_THAT(complaint({}), HasSubstr("Usage: kiln COMMAND")); }

TEST(Help, VersionsOfTheLibraries) {
  for (const char* word : {"--version", "-V"}) {
    const Words lines = lines_of(shown({word}).text);
    ASSERT_EQ(lines.size(), 5U);
    EXPECT_THAT(lines[0], testing::MatchesRegex("kiln [0-9]+\\.[0-9]+\\.[0-9]+"));
    EXPECT_THAT(lines[1], testing::MatchesRegex("MPI +[A-Za-z].*[0-9]"));
    EXPECT_THAT(lines[2], testing::MatchesRegex("HDF5 +1\\.[0-9]+\\.[0-9]+"));
    EXPECT_THAT(lines[3], testing::MatchesRegex("Boost +1\\.[0-9]+\\.[0-9]+"));
    EXPECT_THAT(lines[4], testing::ContainsRegex("^compiler +.*[0-9]"));
  }
}

TEST(Help, FoldsToNarrowTerminals) {
  for (const std::size_t columns : {40U, 60U, 80U, 200U}) {
    for (const HelpPage& one : pages()) {
      for (const std::string& line : lines_of(args::help_text(one, columns))) {
        const bool one_word = line.find(' ', line.find_first_not_of(' ')) == std::string::npos;
        if (one_word) continue;
        EXPECT_LE(width(line), std::min<std::size_t>(columns, 80)) << one.command << ": " << line;
      }
    }
  }
}

TEST(Help, FoldsBetweenWords) {
  EXPECT_EQ(args::fold("", 20), "");
  EXPECT_EQ(args::fold("a short line\n", 20), "a short line\n");
  EXPECT_EQ(args::fold("one two three four five six\n\n", 20), "one two three four\nfive six\n\n");
  EXPECT_EQ(args::fold("  kiln run one two three\n", 20), "  kiln run one two\n  three\n");
  EXPECT_EQ(args::fold("äöüäöüäöü äöüäöüäöü äö\n", 20), "äöüäöüäöü äöüäöüäöü\näö\n");
  EXPECT_EQ(args::fold("  a/very/long/word/that/does/not/fit b\n", 20), "  a/very/long/word/that/does/not/fit\n  b\n");
  EXPECT_EQ(args::fold("  run     " + std::string(20, 'x') + " " + std::string(20, 'y') + "\n", 40),
            "  run     " + std::string(20, 'x') + "\n" + std::string(10, ' ') + std::string(20, 'y') + "\n");
}

}  // namespace
}  // namespace kiln::cli
