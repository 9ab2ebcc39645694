#include "observe/printer.hpp"
#include "unit/temp_folder.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace kiln::observe {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

bool eventually(const std::function<bool()>& holds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!holds()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    poll(nullptr, 0, 2);
  }
  return true;
}

std::string much(std::size_t size) { return std::string(size, 'm'); }

// Both ends of a pipe.
struct Pipe {
  Pipe() {
    if (pipe2(ends.data(), O_CLOEXEC) != 0) std::abort();
  }
  ~Pipe() {
    for (const int end : ends) {
      if (end >= 0) close(end);
    }
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  void close_end(int i) { close(std::exchange(ends[static_cast<std::size_t>(i)], -1)); }
  std::string read_some(std::size_t most) const {
    std::string text(most, 0);
    const ssize_t got = read(ends[0], text.data(), most);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
  }
  /// What comes within the deadline.
  std::string read_exactly(std::size_t size) const {
    std::string text;
    pollfd ready{ends[0], POLLIN, 0};
    while (text.size() < size && poll(&ready, 1, 20'000) > 0) {
      const std::string piece = read_some(size - text.size());
      if (piece.empty()) break;
      text += piece;
    }
    return text;
  }

  std::array<int, 2> ends{};
};

class PrinterTest : public testing::Test {
 protected:
  void TearDown() override { printer_.reset(); }

  void start(PrintMode mode, bool remove_at_once = false, ProgressDisplay* display = nullptr) {
    Printer::Options options{folder_ / "file", mode, out_.ends[1], err_.ends[1], display, remove_at_once};
    printer_.emplace(options, [this](const std::string& line) {
      const std::lock_guard lock(mutex_);
      said_.push_back(line);
    });
  }
  PrintFileWriter& writer(std::uint64_t units = 100) {
    if (!writer_) writer_.emplace(folder_ / "file", schedule::IntervalSet(make_interval(0, units)));
    return *writer_;
  }
  void add(std::uint64_t unit, std::string_view out, std::string_view err = "", bool cut = false) {
    writer().add({UnitId(unit), out, err, cut, false});
  }
  bool finishes() {
    return eventually([this] { return printer_->finished(); });
  }
  std::vector<std::string> said() {
    const std::lock_guard lock(mutex_);
    return said_;
  }
  bool exists() const { return std::filesystem::exists(folder_ / "file"); }

  TempFolder temp_;
  std::filesystem::path folder_ = temp_.path();
  Pipe out_, err_;
  std::mutex mutex_;
  std::vector<std::string> said_;
  std::optional<PrintFileWriter> writer_;
  std::optional<Printer> printer_;
};

TEST_F(PrinterTest, PrintsEveryByteWhileUnitsCome) {
  start(PrintMode::grouped);
  const std::string odd("a\0\r\n\xff{}%s", 9);
  add(5, odd, "E5");
  EXPECT_EQ(out_.read_exactly(9), odd);
  EXPECT_EQ(err_.read_exactly(2), "E5");
  EXPECT_FALSE(printer_->finished());
  add(1, "", "");
  add(2, "second\n");
  EXPECT_EQ(out_.read_exactly(7), "second\n");
  writer().end();
  EXPECT_TRUE(finishes()) << "the end stands in the file";
  EXPECT_TRUE(exists());
  printer_.reset();
  EXPECT_FALSE(exists());
  EXPECT_THAT(said(), IsEmpty());
}

TEST_F(PrinterTest, KeepsTheOrderOfTheUnits) {
  start(PrintMode::ordered, true);
  add(2, "2");
  add(0, "0");
  EXPECT_EQ(out_.read_exactly(1), "0");
  add(1, "1");
  EXPECT_EQ(out_.read_exactly(2), "12");
  add(9, "9");
  add(7, "7");
  writer().end();
  EXPECT_EQ(out_.read_exactly(2), "79");
  EXPECT_TRUE(finishes());
  EXPECT_FALSE(exists()) << "it has no name while it is printed";
}

TEST_F(PrinterTest, GoesOnWithTheNextFile) {
  start(PrintMode::ordered);
  add(0, "0");
  add(2, "2");
  EXPECT_EQ(out_.read_exactly(1), "0");
  {
    std::ofstream file(folder_ / "file", std::ios::binary | std::ios::app);
    file << std::string(17, 'x');  // the beginning of a record
  }
  const auto next = print_file_at(folder_ / "file", 1);
  PrintFileWriter second(next, schedule::IntervalSet(make_interval(1, 4)));
  second.add({UnitId(0), "again", "", false, false});
  second.add({UnitId(1), "1", "", false, false});
  EXPECT_EQ(out_.read_exactly(2), "12") << "what the first file has, too, and nothing twice";
  second.add({UnitId(3), "3", "", false, false});
  second.end();
  EXPECT_TRUE(finishes());
  EXPECT_EQ(out_.read_exactly(1), "3");
  printer_.reset();
  EXPECT_FALSE(exists());
  EXPECT_FALSE(std::filesystem::exists(next));
}

TEST_F(PrinterTest, PrintsWhatIsThereWhenTheWriterWasCutOff) {
  add(3, "3");
  add(1, "1");
  {
    std::ofstream file(folder_ / "file", std::ios::binary | std::ios::app);
    file << std::string(17, 'x');  // the beginning of a record
  }
  start(PrintMode::ordered);
  printer_->no_more();
  EXPECT_EQ(out_.read_exactly(2), "13");
  EXPECT_TRUE(finishes());
}

TEST_F(PrinterTest, ThatNeverGetsAFileEnds) {
  start(PrintMode::grouped);
  printer_->no_more();
  EXPECT_TRUE(finishes());
}

TEST_F(PrinterTest, ABlockedReaderBlocksNobodyElse) {
  start(PrintMode::grouped);
  for (std::uint64_t i = 0; i < 10; ++i) add(i, much(3'000'000));  // the writer goes on although nobody reads
  writer().end();
  EXPECT_EQ(out_.read_exactly(5'000'000), much(5'000'000));
  EXPECT_FALSE(printer_->finished());
  EXPECT_EQ(out_.read_exactly(25'000'000), much(25'000'000));
  EXPECT_TRUE(finishes());
}

TEST_F(PrinterTest, GivesSpaceBack) {
  start(PrintMode::grouped);
  for (std::uint64_t i = 0; i < 20; ++i) {
    add(i, much(3'000'000));
    ASSERT_EQ(out_.read_exactly(3'000'000).size(), 3'000'000U);
  }
  struct stat facts {};
  EXPECT_TRUE(eventually([&] {
    return stat((folder_ / "file").c_str(), &facts) == 0 && facts.st_blocks * 512 < 20'000'000;
  })) << facts.st_blocks;
  EXPECT_GE(facts.st_size, 60'000'000);
}

TEST_F(PrinterTest, IsAbandonedWhileItsReaderBlocks) {
  start(PrintMode::grouped);
  add(0, much(3'000'000));
  EXPECT_EQ(out_.read_exactly(1), "m");
  printer_->abandon();
  EXPECT_TRUE(finishes());
}

TEST_F(PrinterTest, AReaderThatIsGoneIsSaidOnce) {
  start(PrintMode::grouped);
  out_.close_end(0);
  for (std::uint64_t i = 0; i < 5; ++i) add(i, "nobody reads it\n", "E");
  writer().end();
  EXPECT_TRUE(finishes());
  EXPECT_EQ(err_.read_exactly(5), "EEEEE") << "the other stream goes on";
  EXPECT_THAT(said(), ElementsAre(HasSubstr("standard output cannot be written (Broken pipe)")));
}

TEST_F(PrinterTest, SaysWhatIsCutAFewTimes) {
  start(PrintMode::grouped);
  for (std::uint64_t i = 0; i < 20; ++i) add(i, "abc", "", true);
  writer().end();
  EXPECT_TRUE(finishes());
  EXPECT_THAT(said(), SizeIs(6));
  EXPECT_THAT(said().front(),
              HasSubstr("unit 0: its standard output is longer than --output-limit: the first 3 bytes"));
}

TEST_F(PrinterTest, ADamagedRecordDoesNotHoldTheRestForEver) {
  add(0, std::string(1000, 'a'));
  add(1, "1");
  writer().end();
  {
    std::fstream file(folder_ / "file", std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(56 + 16 + 56 + 500);  // in the middle of the first unit's output
    file << 'b';
  }
  start(PrintMode::grouped);
  EXPECT_EQ(out_.read_exactly(1), "1");
  EXPECT_TRUE(finishes());
  EXPECT_THAT(said(), ElementsAre(HasSubstr("could not be read back")));
}

TEST_F(PrinterTest, LinesOfOthersStandBetweenUnits) {
  // The bar's descriptor is the one that outputs go to.
  TerminalFacts terminal;
  terminal.fd = out_.ends[1];
  ProgressDisplay display(DisplayMode::bar, terminal);
  display.lend();
  display.line("kiln: a line");
  EXPECT_EQ(write(out_.ends[1], "output", 6), 6);
  display.give_back(true);
  display.line("kiln: another");
  display.lend();
  display.give_back(false);
  out_.close_end(1);
  EXPECT_EQ(out_.read_exactly(1000), "output\nkiln: a line\nkiln: another\n");
}

}  // namespace
}  // namespace kiln::observe
