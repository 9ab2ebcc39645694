#include "exec/shell_syntax.hpp"

#include "command_fixture.hpp"

namespace kiln::exec {
namespace {

struct Case {
  const char* command;
  bool plain;
};

constexpr Case kCases[] = {
    {"/bin/true", true},
    {"ls -d /", true},
    {"  ls   -d\t/  ", true},
    {"args a b c", true},
    {"args 'a b' \"c d\" e'f'\"g\"h", true},
    {"args '' \"\"", true},
    {"args '$HOME' '*' '~' '\\' '`x`' '#' ';'", true},
    {"args \"it's\" 'say \"hi\"'", true},
    {"args \"*\" \"~\" \"a;b\" \"#\" \"(x)\" \"a|b\" \"<>\"", true},
    {"args a=b if=/dev/null --x=y,z k:v @ % +1 a@b", true},
    {"'args' x", true},
    {"ar'gs' x", true},
    {"true", true},
    {"false", true},
    {"printenv GREETING", true},
    {"no-such-program", true},
    {"./missing a", true},
    {"/usr", true},
    {"true --help", false},
    {"false --version", false},
    {"args $HOME", false},
    {"args \"$HOME\"", false},
    {"args `args x`", false},
    {"args $(args x)", false},
    {"args *", false},
    {"args [a-z]", false},
    {"args ?", false},
    {"args {a,b}", false},
    {"args {}", false},
    {"args ~", false},
    {"args a=~/x", false},
    {"args a\\ b", false},
    {"args \"a\\\"b\"", false},
    {"args a # comment", false},
    {"# comment", false},
    {"args a; args b", false},
    {"args a && args b", false},
    {"false || args b", false},
    {"args a | cat", false},
    {"args a > out; cat out", false},
    {"cat < /dev/null", false},
    {"args a & wait", false},
    {"! true", false},
    {"(args a)", false},
    {"{ args a; }", false},
    {"A=1 printenv A", false},
    {"A=1", false},
    {"A+=1", false},
    {"echo -e 'a\\tb'", false},
    {"printf '%s' x", false},
    {"pwd", false},
    {"test -d /", false},
    {"[ -d / ]", false},
    {"cd /", false},
    {"exec args x", false},
    {"exit 3", false},
    {"eval args x", false},
    {"export A=1", false},
    {"ulimit -n", false},
    {"type ls", false},
    {"command args x", false},
    {":", false},
    {"if true; then args x; fi", false},
    {"if", false},
    {"for", false},
    {"time", false},
    {"%1", false},
    {"'' x", false},
    {"args 'unclosed", false},
    {"args \"unclosed", false},
    {"args a\nargs b", false},
    {"args 'a\nb'", false},
    {"args a\rb", false},
    {"args \xc3\xa4", false},
    {"args '\xff'", false},
    {"wait", false},
    {"kill", false},
    {"let x=1", false},
    {"function", false},
    {"", false},
    {"   ", false},
};

class ShellSyntax : public CommandFixture {
 protected:
  void SetUp() override {
    CommandFixture::SetUp();
    std::filesystem::create_directory(path("bin"));
    write("bin/args", "#!/bin/sh\nfor a in \"$@\"; do printf '<%s>' \"$a\"; done\n", true);
    setup_.environment = {"PATH=" + path("bin").string() + ":/usr/bin:/bin", "HOME=/nowhere", "GREETING=good day",
                          "TIMEFORMAT=timed", "LC_ALL=C"};
    std::filesystem::create_directory(path("work"));
    setup_.working_directory = path("work");
  }
};

TEST_F(ShellSyntax, KnowsWhatNeedsAShell) {
  std::vector<std::string> words;
  for (const Case& c : kCases) EXPECT_EQ(plain_words(c.command, words), c.plain) << c.command;
}

/// Each command gives what bash -c gives: a shell that is not known gets every command.
TEST_F(ShellSyntax, CommandsDoTheSameWithAndWithoutAShell) {
  write("always", "#!/bin/bash\nexec -a /bin/bash /bin/bash \"$@\"\n", true);
  CommandSetup through_bash = setup_;
  through_bash.shell = path("always");
  const auto reference = SpawnerClient::start();
  reference->set_up(through_bash);
  for (const Case& c : kCases) {
    const CommandResult direct = run(c.command);
    const CommandResult bash = reference->run(UnitId(7), 2, c.command);
    EXPECT_EQ(direct.out, bash.out) << c.command;
    EXPECT_EQ(direct.err, bash.err) << c.command;
    EXPECT_EQ(direct.header.exit_code, bash.header.exit_code) << c.command;
    EXPECT_EQ(direct.header.signal, bash.header.signal) << c.command;
  }
}

/// Nothing of the running bash is missing in the list.
TEST_F(ShellSyntax, LeavesEveryBuiltinAndKeywordOfBashToIt) {
  std::vector<std::string> names, words;
  std::string list = out_of("compgen -b; compgen -k");
  for (std::size_t begin = 0, end = 0; (end = list.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string name = list.substr(begin, end - begin);
    EXPECT_FALSE(plain_words(name + " x", words)) << name;
  }
  EXPECT_GT(list.size(), 300U);
}

TEST(KnownShell, IsToldByItsName) {
  EXPECT_TRUE(is_known_shell("/bin/bash"));
  EXPECT_TRUE(is_known_shell("sh"));
  EXPECT_FALSE(is_known_shell("/usr/bin/zsh"));
  EXPECT_FALSE(is_known_shell("/opt/bash/fish"));
}

}  // namespace
}  // namespace kiln::exec
