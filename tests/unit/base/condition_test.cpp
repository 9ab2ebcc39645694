#include "base/condition.hpp"

#include "unit/refusal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kiln/error.hpp>

#include <limits>

namespace kiln {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

const std::vector<Field> kFields{{"unit", false, ""},         {"status", true, ""},    {"exit_code", false, ""},
                                 {"command", true, ""},       {"seconds", false, "s"}, {"max_rss", false, "B"},
                                 {"loss", false, ""},         {"user", false, "s"},    {"host", true, ""},
                                 {"places", false, "m", true}};

std::vector<Value> record() {
  return {std::uint64_t{17},
          std::string_view("failed"),
          std::int64_t{2},
          std::string_view("run alpha=0.5 \xff 'x'"),
          90.5,
          std::int64_t{2'000'000},
          Value(),
          1.0,
          std::string_view()};
}

bool holds(const std::string& text, const std::vector<Value>& values = record()) {
  Condition condition("--where", text);
  condition.bind(kFields);
  return condition.holds([&](std::size_t field) { return values.at(field); });
}

std::string refusal(const std::string& text) {
  return refusal_of(ExitCode::usage, [&] {
    Condition condition("--where", text);
    condition.bind(kFields);
  });
}

// The caret stands below this place of the condition's line.
std::size_t caret(const std::string& text) {
  const std::string message = refusal(text);
  EXPECT_THAT(message, StartsWith("--where: "));
  return message.size() - 1 - (message.rfind('\n') + 1) - 2;
}

TEST(Condition, Numbers) {
  for (const char* yes : {"exit_code>1", "exit_code >= 2", "exit_code==2", "exit_code=2", "exit_code!=3", "exit_code<3",
                          "exit_code<=2", "unit==17", "unit==+17", "seconds>90.4", "seconds==90.5", "seconds==905e-1",
                          "1<exit_code", "2<=exit_code", "2==exit_code", "exit_code>-1", "user<seconds"}) {
    EXPECT_TRUE(holds(yes)) << yes;
  }
  for (const char* no : {"exit_code>2", "exit_code<2", "exit_code!=2", "exit_code==3", "seconds<user", "2<exit_code"}) {
    EXPECT_FALSE(holds(no)) << no;
  }
}

TEST(Condition, NumbersAreExact) {
  std::vector<Value> values = record();
  values[0] = std::numeric_limits<std::uint64_t>::max();
  EXPECT_TRUE(holds("unit==18446744073709551615", values));
  EXPECT_FALSE(holds("unit==18446744073709551614", values));
  values[6] = 0.1;
  EXPECT_TRUE(holds("loss==0.1", values));
}

TEST(Condition, TimesAndSizes) {
  EXPECT_TRUE(holds("seconds>1m30s and seconds<2m and seconds>90500ms or max_rss>1KiB and seconds>1.5m"));
  EXPECT_TRUE(holds("max_rss>1.5MiB"));
  EXPECT_FALSE(holds("max_rss>2MiB"));
  EXPECT_THAT(refusal("exit_code>1m"), HasSubstr("exit_code is a number, but '1m' is none\n"));
  EXPECT_THAT(refusal("seconds>soon"), HasSubstr("nor a time as 1m30s"));
}

TEST(Condition, Texts) {
  for (const char* yes : {"status==failed", "status=='failed'", "status==\"failed\"", "status!=ok", "status<g",
                          "status>=failed", "command~'alpha=0\\.5'", "command~alpha", "command!~beta",
                          "command=='run alpha=0.5 \xff ''x'''", "command~'\xff'", "host==''", "status=='failed'"}) {
    EXPECT_TRUE(holds(yes)) << yes;
  }
  for (const char* no : {"status==ok", "status!=failed", "command~'alpha=05'", "command!~alpha", "status==fail"}) {
    EXPECT_FALSE(holds(no)) << no;
  }
}

TEST(Condition, MissingValues) {
  for (const char* no : {"loss<0.1", "loss>=0.1", "loss!=0.1", "loss==0", "loss!=missing", "seconds==missing"}) {
    EXPECT_FALSE(holds(no)) << no;
  }
  for (const char* yes : {"loss==missing", "loss==nan", "seconds!=missing", "not loss<0.1", "host==missing"}) {
    EXPECT_TRUE(holds(yes)) << yes;
  }
  std::vector<Value> values = record();
  values[6] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(holds("loss==missing", values));
  EXPECT_FALSE(holds("loss!=1", values));
}

TEST(Condition, JoinedInTheUsualOrder) {
  EXPECT_TRUE(holds("unit==17 or unit==1 and unit==2"));
  EXPECT_FALSE(holds("(unit==17 or unit==1) and unit==2"));
  EXPECT_TRUE(holds("not unit==1 and unit==17"));
  EXPECT_FALSE(holds("not (unit==1 or unit==17)"));
  EXPECT_TRUE(holds("not not unit==17"));
  EXPECT_TRUE(holds("unit==17&&(exit_code==2||unit==0)&&!unit==3"));
  EXPECT_TRUE(holds("unit==17 AND NOT unit==3 OR unit==4"));
}

TEST(Condition, FaultsPointAtTheCharacter) {
  EXPECT_EQ(refusal("exit_code>1 andd unit==2"),
            "--where: `and` or `or` is missing before this\n"
            "  exit_code>1 andd unit==2\n"
            "              ^");
  EXPECT_EQ(caret(""), 0U);
  EXPECT_EQ(caret("exit_code>"), 10U);
  EXPECT_EQ(caret("exit_code"), 9U);
  EXPECT_EQ(caret("(unit==1"), 0U);
  EXPECT_EQ(caret("unit==1)"), 7U);
  EXPECT_EQ(caret("unit==1 and "), 12U);
  EXPECT_EQ(caret("unit==1 & unit==2"), 8U);
  EXPECT_EQ(caret("unit=='1"), 6U);
  EXPECT_EQ(caret("1<unit<3"), 6U);
  EXPECT_EQ(caret("status==x and unit=='1'"), 20U);
  EXPECT_EQ(caret("unit~1"), 4U);
  EXPECT_EQ(caret("unit==status"), 6U);
  EXPECT_EQ(caret("loss<missing"), 4U);
  EXPECT_EQ(caret("command~'a(b'"), 13U - 4U + 0U);
  EXPECT_EQ(caret("command~'ab[z-a]'"), 12U);
  EXPECT_EQ(caret("\xc3\xbc==1"), 0U);
  EXPECT_EQ(caret("status=='\xc3\xbc' and nonsense==1"), 16U);
}

TEST(Condition, UnknownColumns) {
  EXPECT_THAT(refusal("exitcode>1"), HasSubstr("there is no column 'exitcode'. Did you mean exit_code?\n"));
  EXPECT_THAT(refusal("zzz>1"), HasSubstr("There are: unit, status, exit_code"));
  EXPECT_THAT(refusal("1==2"), HasSubstr("there is no column '1'"));
  EXPECT_THAT(refusal("'unit'==2"), HasSubstr("there is no column 'unit'"));
}

TEST(Condition, DepthIsBounded) {
  const std::string open(100'000, '(');
  EXPECT_THAT(refusal(open), HasSubstr("more than 200 levels"));
  EXPECT_THAT(refusal(std::string(100'000, '!')), HasSubstr("more than 200 levels"));
  const std::string message = refusal(std::string(10'000, ' ') + "zzz==1" + std::string(10'000, ' '));
  EXPECT_LT(message.size(), 500U);
  EXPECT_THAT(message, EndsWith("^"));
}

TEST(Condition, ListsAreNotCompared) {
  for (const char* text : {"places>1", "1<places", "places==missing", "places~'1'", "exit_code==places"}) {
    EXPECT_THAT(refusal(text), HasSubstr("places is a list of numbers: conditions compare single values")) << text;
  }
  EXPECT_EQ(caret("exit_code==places"), 11U);
  EXPECT_EQ(caret("1<places"), 2U);
}

}  // namespace
}  // namespace kiln
