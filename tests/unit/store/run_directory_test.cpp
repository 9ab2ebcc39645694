#include "store/run_directory.hpp"

#include "unit/temp_folder.hpp"

#include "unit/refusal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kiln/error.hpp>

#include <cerrno>

namespace kiln::store {
namespace {

namespace fs = std::filesystem;
using Found = RunDirectory::Found;
using testing::HasSubstr;
using testing::Not;

RunFacts some_facts() {
  RunFacts facts;
  facts.program = "kiln";
  facts.arguments = {"run", "tasks.txt", "bad \xff byte"};
  facts.seed = 18'000'000'000'000'000'000u;
  facts.created = 1234.5;
  facts.kiln_version = "9.9";
  return facts;
}

// The message of the Error with code run_directory that `action` throws.
template <class Action>
std::string refusal(const Action& action) {
  return refusal_of(ExitCode::run_directory, action);
}

TEST(RunDirectory, IsCreatedAndOpenedAgain) {
  const TempFolder scratch;
  const fs::path path = scratch / "deep/er/tasks.kiln/";
  EXPECT_EQ(RunDirectory::examine(path), Found::nothing);
  const RunDirectory made = RunDirectory::create(path, some_facts());
  for (const char* folder : {"source", "journal", "merged", "segments", "damaged"}) {
    EXPECT_TRUE(fs::is_directory(made.file(folder))) << folder;
  }
  EXPECT_EQ(RunDirectory::examine(path), Found::run);
  const RunDirectory opened = RunDirectory::open_for_writing(path, "commands");
  EXPECT_EQ(opened.facts(), made.facts());
  EXPECT_EQ(opened.facts().seed, some_facts().seed);
  EXPECT_EQ(opened.facts().arguments[2], "bad \\xFF byte");
}

TEST(RunDirectory, TheSecondCreatorGetsTheFirstOnesFacts) {
  const TempFolder scratch;
  RunDirectory::create(scratch / "r", some_facts());
  RunFacts other = some_facts();
  other.seed = 2;
  EXPECT_EQ(RunDirectory::create(scratch / "r", other).facts().seed, some_facts().seed);
}

TEST(RunDirectory, LeavesNoTemporaries) {
  const TempFolder scratch;
  const RunDirectory made = RunDirectory::create(scratch / "r", some_facts());
  made.write_replaced("status.json", "one");
  made.write_replaced("status.json", "two", Durable::yes);
  EXPECT_EQ(read_text(scratch / "r/status.json"), "two");
  std::size_t names = 0;
  for ([[maybe_unused]] const auto& item : fs::directory_iterator(scratch / "r")) ++names;
  EXPECT_EQ(names, 7u);
}

TEST(RunDirectory, ACreationThatEndedEarlyIsNew) {
  const TempFolder scratch;
  fs::create_directories(scratch / "r/journal");
  fs::create_directories(scratch / "r/source");
  write_text(scratch / "r/.kiln-tmp-run.json-1-0", "{\"form");
  EXPECT_EQ(RunDirectory::examine(scratch / "r"), Found::nothing);
  EXPECT_EQ(RunDirectory::create(scratch / "r", some_facts()).facts().kind, "commands");
}

TEST(RunDirectory, ForeignDirectoriesAreRefusedByName) {
  const TempFolder scratch;
  fs::create_directory(scratch / "r");
  write_text(scratch / "r/thesis.tex", "x");
  write_text(scratch / "r/zebra", "x");
  const std::string why = refusal([&] { RunDirectory::examine(scratch / "r"); });
  EXPECT_THAT(why, HasSubstr("thesis.tex and 1 more"));
  EXPECT_THAT(why, HasSubstr("--out"));
  EXPECT_EQ(read_text(scratch / "r/thesis.tex"), "x");
}

TEST(RunDirectory, AJournalWithoutRunJsonIsNotTakenAsNew) {
  const TempFolder scratch;
  fs::create_directories(scratch / "r/journal/000");
  EXPECT_THAT(refusal([&] { RunDirectory::examine(scratch / "r"); }), HasSubstr("journal/ is not empty"));
}

TEST(RunDirectory, WhatIsNoDirectoryIsRefused) {
  const TempFolder scratch;
  write_text(scratch / "file", "x");
  EXPECT_THAT(refusal([&] { RunDirectory::examine(scratch / "file"); }), HasSubstr("not a directory"));
  const fs::path below = scratch / "file/tasks.kiln";
  EXPECT_THAT(refusal([&] { RunDirectory::create(below, some_facts()); }), HasSubstr("not a directory"));
  EXPECT_THAT(refusal([&] { RunDirectory::open(scratch / "none"); }), HasSubstr("does not exist"));
  EXPECT_THAT(refusal([&] { RunDirectory::examine(""); }), HasSubstr("--out"));
}

TEST(RunDirectory, AnUnwritablePlaceIsRefused) {
  // /proc refuses everybody, root too.
  EXPECT_THAT(refusal([&] { RunDirectory::create("/proc/tasks.kiln", some_facts()); }), HasSubstr("cannot be created"));
  EXPECT_THAT(refusal([&] { require_link("/proc/self"); }), HasSubstr("cannot be written"));
}

// One call of this kind fails, the others are the system's.
class NoRoom final : public FileOps {
 public:
  enum class At { open, link, mkdir };
  NoRoom(At at, int error) : at_(at), error_(error) {}
  int open(const char* path, int flags, mode_t mode) override {
    return fails(At::open) ? -1 : FileOps::open(path, flags, mode);
  }
  int link(const char* from, const char* to) override { return fails(At::link) ? -1 : FileOps::link(from, to); }
  int mkdir(const char* path, mode_t mode) override { return fails(At::mkdir) ? -1 : FileOps::mkdir(path, mode); }

 private:
  bool fails(At at) const {
    if (at == at_) errno = error_;
    return at == at_;
  }
  At at_;
  int error_;
};

TEST(RunDirectory, ADiskWithoutRoomIsToBeMadeRoomOn) {
  for (const NoRoom::At at : {NoRoom::At::open, NoRoom::At::link, NoRoom::At::mkdir}) {
    for (const int error : {ENOSPC, EDQUOT}) {
      const TempFolder scratch;
      NoRoom ops(at, error);
      const std::string why =
          refusal_of(ExitCode::stopped_early, [&] { RunDirectory::create(scratch / "r", some_facts(), ops); });
      EXPECT_THAT(why, HasSubstr("make room, then run again"));
      EXPECT_THAT(why, Not(HasSubstr("another")));
      EXPECT_FALSE(fs::exists(scratch / "r")) << "nothing was begun";
      RunDirectory::create(scratch / "r", some_facts());
      refusal_of(ExitCode::stopped_early, [&] {
        if (at == NoRoom::At::mkdir) fs::remove(scratch / "r/merged");
        RunDirectory::open_for_writing(scratch / "r", "commands", ops);
      });
    }
  }
}

TEST(RunDirectory, OtherFaultsOfLinkAreOfTheFileSystem) {
  const TempFolder scratch;
  NoRoom ops(NoRoom::At::link, EPERM);
  EXPECT_THAT(refusal([&] { require_link(scratch.path(), ops); }), HasSubstr("does not support hard links"));
}

TEST(RunDirectory, DamagedFactsSayWhatToDo) {
  const TempFolder scratch;
  RunDirectory::create(scratch / "r", some_facts());
  const char* kind_is_a_number =
      R"({"format_version":1,"kind":3,"program":"","arguments":[],"seed":0,"created":0,"kiln_version":"1"})";
  for (const char* text :
       {"", "{", "[]", "{\"format_version\":1}", "{\"format_version\":\"x\"}", kind_is_a_number, "\xff\xff"}) {
    write_text(scratch / "r/run.json", text);
    const std::string why = refusal([&] { RunDirectory::open(scratch / "r", RunDirectory::For::writing); });
    EXPECT_THAT(why, HasSubstr("run.json is damaged")) << text;
    EXPECT_THAT(why, HasSubstr("--fresh")) << text;
    const std::string reading = refusal([&] { RunDirectory::open(scratch / "r"); });
    EXPECT_THAT(reading, HasSubstr("run.json is damaged")) << text;
    EXPECT_THAT(reading, Not(HasSubstr("--"))) << "options of kiln run mean nothing to who reads: " << text;
  }
}

TEST(RunDirectory, ColumnsAreKeptAndRaiseTheVersion) {
  RunFacts facts = some_facts();
  EXPECT_EQ(needed_version(facts), 1U);
  EXPECT_THAT(to_json(facts), Not(HasSubstr("columns")));
  facts.columns = {"loss=float:/\"loss\" (\\S+)/", "n=int:/n/"};
  EXPECT_EQ(needed_version(facts), 2U);
  EXPECT_EQ(parse_run_facts(to_json(facts), "run.json").columns, facts.columns);
}

TEST(RunDirectory, ANewerFormatIsRefused) {
  const TempFolder scratch;
  RunDirectory::create(scratch / "r", some_facts());
  write_text(scratch / "r/run.json", "{\"format_version\": 4, \"kiln_version\": \"7.1\", \"new\": true}");
  const std::string why = refusal([&] { RunDirectory::open(scratch / "r"); });
  EXPECT_THAT(why, HasSubstr("version 4"));
  EXPECT_THAT(why, HasSubstr("kiln 7.1"));
}

TEST(RunDirectory, AnotherKindIsRefused) {
  const TempFolder scratch;
  RunFacts facts = some_facts();
  facts.kind = "flow";
  RunDirectory::create(scratch / "r", facts);
  EXPECT_THAT(refusal([&] { RunDirectory::open_for_writing(scratch / "r", "commands"); }), HasSubstr("\"flow\""));
}

TEST(RunDirectory, RemovalSparesWhatIsNotKilns) {
  const TempFolder scratch;
  RunDirectory::create(scratch / "r", some_facts());
  write_text(scratch / "r/notes.txt", "mine");
  write_text(scratch / "r/results.h5", "old");
  fs::create_directories(scratch / "r/journal/000");
  write_text(scratch / "r/journal/000/000000001.h5", "old");
  RunDirectory::remove_content(scratch / "r");
  EXPECT_EQ(RunDirectory::examine(scratch / "r"), Found::half_gone);
  RunFacts again = some_facts();
  again.seed = 5;
  EXPECT_EQ(RunDirectory::create(scratch / "r", again).facts().seed, 5u);
  EXPECT_EQ(read_text(scratch / "r/notes.txt"), "mine");
  EXPECT_FALSE(fs::exists(scratch / "r/results.h5"));
  EXPECT_TRUE(fs::is_empty(scratch / "r/journal"));
  EXPECT_FALSE(fs::exists(scratch / "r/.kiln-removed-run.json"));
}

TEST(RunDirectory, ARemovalThatEndedEarlyIsFinishedByTheNextRun) {
  const TempFolder scratch;
  RunDirectory::create(scratch / "r", some_facts());
  write_text(scratch / "r/notes.txt", "mine");
  fs::create_directories(scratch / "r/journal/000");
  write_text(scratch / "r/journal/000/000000001.h5", "old");
  fs::rename(scratch / "r/run.json", scratch / "r/.kiln-removed-run.json");
  EXPECT_EQ(RunDirectory::examine(scratch / "r"), Found::half_gone);
  RunDirectory::create(scratch / "r", some_facts());
  EXPECT_TRUE(fs::is_empty(scratch / "r/journal"));
  EXPECT_EQ(read_text(scratch / "r/notes.txt"), "mine");
}

TEST(RunDirectory, RemovalLeavesForeignDirectoriesAlone) {
  const TempFolder scratch;
  fs::create_directories(scratch / "r/journal/x");
  refusal([&] { RunDirectory::remove_content(scratch / "r"); });
  EXPECT_TRUE(fs::exists(scratch / "r/journal/x"));
}

TEST(SmallFile, AFailedWriteKeepsTheOldText) {
  const TempFolder scratch;
  write_text(scratch / "a", "old");
  EXPECT_THROW(write_replaced(scratch / "none/a", "new", Durable::yes), Error);
  fs::create_directories(scratch / "dir/full");
  EXPECT_THROW(write_replaced(scratch / "dir", "new", Durable::no), Error);
  std::size_t names = 0;
  for ([[maybe_unused]] const auto& item : fs::directory_iterator(scratch.path())) ++names;
  EXPECT_EQ(names, 2u) << "the temporary is left behind";
  EXPECT_FALSE(write_new(scratch / "a", "new"));
  EXPECT_EQ(read_small_file(scratch / "a"), "old");
  EXPECT_EQ(read_small_file(scratch / "none"), std::nullopt);
  EXPECT_THROW(read_small_file(scratch / "a", 2), Error);
}

}  // namespace
}  // namespace kiln::store
