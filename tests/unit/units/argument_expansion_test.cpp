#include "units/argument_expansion.hpp"

#include "units/task_file.hpp"

#include "unit/refusal.hpp"

#include <gmock/gmock.h>
#include <kiln/error.hpp>

#include <map>
#include <string>

namespace kiln::units {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Words = std::vector<std::string>;

// Files of a test, by name.
class Arguments : public testing::Test {
 protected:
  std::map<std::string, std::string> files_;

  ReadFile reader() {
    return [this](const std::string& name) {
      const ByteView view = as_bytes(files_.at(name));
      return Bytes(view.begin(), view.end());
    };
  }
  Words expand(const ArgumentWords& words) {
    Words commands;
    const ArgumentExpansion expansion(words, reader());
    expansion.for_each([&](std::string_view command) { commands.emplace_back(command); });
    EXPECT_EQ(commands.size(), expansion.count());
    return commands;
  }
  Words expand(const Words& words) { return expand(parse_argument_words(words, {})); }

  std::string complaint(const ArgumentWords& words, ExitCode code) {
    return refusal_of(code, [&] { expand(words); });
  }
  std::string complaint(const Words& words, ExitCode code) { return complaint(parse_argument_words(words, {}), code); }
};

TEST_F(Arguments, WithoutAReplacementStringValuesComeLast) {
  EXPECT_THAT(expand(Words{"gzip", "-9", ":::", "a", "b c"}), ElementsAre("gzip -9 a", "gzip -9 'b c'"));
}

TEST_F(Arguments, TheLastSourceVariesFastest) {
  EXPECT_THAT(expand(Words{"p {1} {2} {#}", ":::", "a", "b", ":::", "1", "2"}),
              ElementsAre("p a 1 1", "p a 2 2", "p b 1 3", "p b 2 4"));
}

TEST_F(Arguments, LinkedSourcesGoAlongWithTheOneBefore) {
  EXPECT_THAT(expand(Words{"p", ":::", "a", "b", ":::", "1", "2", ":::+", "x", "y"}),
              ElementsAre("p a 1 x", "p a 2 y", "p b 1 x", "p b 2 y"));
}

TEST_F(Arguments, LinkedSourcesOfOtherLengthsAreRefusedByName) {
  files_["names"] = "x\ny\nz\n";
  EXPECT_THAT(complaint(Words{"p", ":::", "a", "::::+", "names"}, ExitCode::bad_input),
              AllOf(HasSubstr("source 1 has 1 value,"), HasSubstr("names has 3 values")));
}

TEST_F(Arguments, PositionsMustBeThere) {
  EXPECT_THAT(complaint(Words{"p {3}", ":::", "a", ":::", "b"}, ExitCode::usage),
              AllOf(HasSubstr("{3}"), HasSubstr("only 2 sources")));
  EXPECT_THAT(complaint(Words{"p {-2/}", ":::", "a"}, ExitCode::usage), HasSubstr("only 1 source of values"));
  EXPECT_THAT(complaint(Words{"p {0}", ":::", "a"}, ExitCode::usage), HasSubstr("count from 1"));
  EXPECT_THAT(complaint(Words{"p {99999999999999999999}", ":::", "a"}, ExitCode::usage), HasSubstr("no position"));
  EXPECT_THAT(complaint(Words{"p {-9223372036854775808}", ":::", "a"}, ExitCode::usage), HasSubstr("no position"));
}

TEST_F(Arguments, ForeignReplacementStringsAreRefused) {
  EXPECT_THAT(complaint(Words{"p {%}", ":::", "a"}, ExitCode::usage), HasSubstr("{#}"));
  EXPECT_THAT(complaint(Words{"p {= uc =}", ":::", "a"}, ExitCode::usage), HasSubstr("{= uc =}"));
  EXPECT_THAT(expand(Words{"p {= {}", ":::", "a"}), ElementsAre("p {= a"));
}

TEST_F(Arguments, ColumnsCanBeFewer) {
  files_["rows"] = "a,b\nc\n";
  ArgumentWords words = parse_argument_words({"p {2}:{1}:{-1}", "::::", "rows"}, {});
  words.column_separator = ",";
  EXPECT_THAT(expand(words), ElementsAre("p b:a:b", "p :c:c"));
  words.command = "p {3}";
  EXPECT_THAT(complaint(words, ExitCode::usage), HasSubstr("at most 2 columns"));
}

TEST_F(Arguments, ExpressionsThatSplitNothingAreRefused) {
  ArgumentWords words = parse_argument_words({"p", ":::", "a"}, {});
  for (const char* separator : {"(", "a*", "(?=x)", "|"}) {
    words.column_separator = separator;
    EXPECT_THAT(complaint(words, ExitCode::usage), AllOf(HasSubstr("--colsep"), HasSubstr(separator)));
  }
  words.column_separator = "\\b";  // has no width, so it separates nothing
  EXPECT_THAT(expand(words), ElementsAre("p a"));
}

TEST_F(Arguments, HeadersNameColumns) {
  files_["rows"] = "name, size\na b,1\n";
  ArgumentWords words = parse_argument_words({"p {size} {name/} {none}", "::::", "rows"}, {});
  words.column_separator = ",";
  words.header = true;
  EXPECT_THAT(expand(words), ElementsAre("p 1 'a b' {none}"));
  files_["rows"] = "name,name\n1,2\n";
  EXPECT_THAT(complaint(words, ExitCode::usage), HasSubstr("more than once"));
  words.command = "p {2}";
  EXPECT_THAT(expand(words), ElementsAre("p 2"));
  files_["rows"] = "name,size\n";
  EXPECT_THAT(complaint(words, ExitCode::bad_input), HasSubstr("no values behind its header"));
}

TEST_F(Arguments, NulBytesInLinesAreRefusedWithTheirPlace) {
  files_["list"] = std::string("good\nb\0ad\n", 10);
  EXPECT_THAT(complaint(Words{"p", "::::", "list"}, ExitCode::bad_input), AllOf(HasSubstr("list:2"), HasSubstr("-0")));
  ArgumentWords words = parse_argument_words({"p", "::::", "list"}, {});
  words.nul_ended = true;
  EXPECT_THAT(expand(words), ElementsAre("p 'good\nb'", "p 'ad\n'"));
}

TEST_F(Arguments, CarriageReturnsGoOnlyWhereEveryLineHasOne) {
  files_["list"] = "a\r\nb\r\nc";
  EXPECT_THAT(expand(Words{"p", "::::", "list"}), ElementsAre("p a", "p b", "p c"));
  files_["list"] = "a\r\nb\n";
  EXPECT_THAT(expand(Words{"p", "::::", "list"}), ElementsAre("p 'a\r'", "p b"));
  files_["list"] = "a\r";
  EXPECT_THAT(expand(Words{"p", "::::", "list"}), ElementsAre("p 'a\r'"));
  files_["list"] = "a";
  EXPECT_THAT(expand(Words{"p", "::::", "list"}), ElementsAre("p a"));
}

TEST_F(Arguments, ACommandThatIsTooLongNamesItsLongestValue) {
  files_["list"] = "short\n" + std::string(kLongestCommand, 'x') + "\n";
  EXPECT_THAT(complaint(Words{"p", ":::", "a", "::::", "list"}, ExitCode::bad_input), HasSubstr("list:2:"));
  files_["list"] = std::string(kLongestCommand - 2, 'x');
  EXPECT_EQ(expand(Words{"p", "::::", "list"}).front().size(), kLongestCommand);
}

TEST_F(Arguments, EmptyFilesGiveNoCommands) {
  files_["none"] = "";
  EXPECT_THAT(expand(Words{"p", "::::", "none"}), IsEmpty());
  EXPECT_THAT(expand(Words{"p {2}", ":::", "a", "::::", "none"}), IsEmpty());
}

TEST_F(Arguments, TooManyCombinationsAreCountedNotMade) {
  std::string lines;
  for (int i = 0; i < 2000; ++i) lines += "x\n";
  files_["list"] = lines;
  EXPECT_THAT(complaint(Words{"p", "::::", "list", "list", "list"}, ExitCode::bad_input), HasSubstr("1000000000"));
  EXPECT_THAT(
      complaint(Words{"p", "::::", "list", "list", "list", "list", "list", "list", "list"}, ExitCode::bad_input),
      HasSubstr("combinations"));
}

TEST_F(Arguments, StandardInputIsReadOnce) {
  EXPECT_THAT(complaint(Words{"p", "::::", "-", "-"}, ExitCode::usage), HasSubstr("standard input"));
}

TEST_F(Arguments, ValuesOfTheFirstWordAreNotQuoted) {
  EXPECT_THAT(expand(Words{"{1} {2}", ":::", "ls -l", ":::", "a b"}), ElementsAre("ls -l a b"));
  EXPECT_THAT(expand(Words{"X={1} p {2}", ":::", "a b", ":::", "c"}), ElementsAre("X='a b' p c"));
}

TEST(ArgumentWords, WhatIsMissingIsSaid) {
  const auto complaint = [](const Words& words, const Words& files = {}) -> std::string {
    return refusal_of(ExitCode::usage, [&] { parse_argument_words(words, files); });
  };
  EXPECT_THAT(complaint({":::", "a"}), HasSubstr("command is missing"));
  EXPECT_THAT(complaint({" ", ":::", "a"}), HasSubstr("command is missing"));
  EXPECT_THAT(complaint({}, {"file"}), HasSubstr("command is missing"));
  EXPECT_THAT(complaint({"p", ":::"}), HasSubstr("nothing stands behind ':::'"));
  EXPECT_THAT(complaint({"p", "::::+"}), HasSubstr("nothing stands behind '::::+'"));
  EXPECT_THAT(complaint({"p", ":::", ":::", "a"}), HasSubstr("nothing stands behind ':::'"));
  EXPECT_THAT(complaint({"p", "::::", ""}), HasSubstr("empty"));
  EXPECT_THAT(complaint({"p"}), HasSubstr("values are missing"));
}

TEST(ArgumentWords, FilesOfOptionsComeFirst) {
  const std::vector<std::string> typed = {"p", "q", ":::+", "a", "", ":::+", "b", "c"};
  const ArgumentWords words = parse_argument_words(typed, {"f", "-"});
  EXPECT_EQ(words.command, "p q");
  ASSERT_EQ(words.sources.size(), 4U);
  EXPECT_EQ(words.sources[0].file, "f");
  EXPECT_EQ(words.sources[1].file, "-");
  EXPECT_TRUE(words.sources[2].linked);
  EXPECT_THAT(words.sources[2].values, ElementsAre("a", ""));
}

}  // namespace
}  // namespace kiln::units
