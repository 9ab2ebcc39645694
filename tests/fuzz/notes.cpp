#include "job/cut_off.hpp"
#include "job/launch_word.hpp"
#include "job/slurm_again.hpp"
#include "job/until_note.hpp"
#include "observe/print_file.hpp"
#include "store/crash_mark.hpp"
#include "store/launch_note.hpp"
#include "store/source_copy.hpp"
#include "target.hpp"
#include "unit/temp_folder.hpp"

#include <cstdint>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

// Small notes and marks in the run directory, and the words of ranks to their launcher.
namespace {

using namespace kiln;  // NOLINT(google-build-using-namespace): a target is one file
namespace fs = std::filesystem;

constexpr std::string_view kLaunch = "launch";

/// A run directory of its own, gone at the end.
const store::RunDirectory& run_directory() {
  static const TempFolder folder;
  static const store::RunDirectory run = store::RunDirectory::create(folder / "run", {});
  return run;
}

void put(const fs::path& path, ByteView bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(as_text(bytes).data(), static_cast<std::streamsize>(bytes.size()));
}

template <class Note>
void same_again(const std::optional<Note>& note, std::optional<Note> (*parse)(std::string_view)) {
  if (note) fuzz::require(parse(job::to_json(*note)) == note, "a note says the same again");
}

void read_mark(ByteView bytes) {
  const fs::path path = store::crash_mark(run_directory().path(), kLaunch, Rank(1));
  put(path, bytes);
  const auto mark = store::find_crash_mark(run_directory().path(), kLaunch, Rank(1));
  fuzz::require(mark.has_value(), "a mark that is there is found");
  for (const store::CrashMark& one : store::read_crash_marks(run_directory().path())) {
    fuzz::require(!one.units.empty() && one.rank.value() >= 0, "a mark names units and a rank");
  }
  store::remove_crash_marks(run_directory().path());
  fuzz::require(!fs::exists(path), "marks are removed");
}

void read_launch(ByteView bytes) {
  put(run_directory().file("launch.json"), bytes);
  const auto note = store::read_launch_note(run_directory());
  fuzz::require(note.has_value(), "a note that is there is read, or refused");
  store::write_launch_note(run_directory(), *note);
  fuzz::require(store::read_launch_note(run_directory()) == note, "a note says the same again");
}

void read_word(std::string_view line) {
  const auto word = job::launch_word_in(line, kLaunch);
  if (word) fuzz::require(line.starts_with(word->before), "what stands before a word is shown");
}

/// status.json and outcome.json of a run that was cut off.
void read_cut_off(fuzz::Choices& input) {
  const ByteView status = input.take(input.next() * std::size_t{16});
  put(run_directory().file("status.json"), status);
  put(run_directory().file("outcome.json"), input.rest());
  job::read_cut_off(run_directory().path().string());
}

/// Headers have the checksums that they ought to have where `sealed` says so: what they say is still anything.
void read_printed(fuzz::Choices& input) {
  constexpr std::size_t kHeader = 56, kBodySumAt = 40, kSumAt = 48;
  const fs::path path = run_directory().file("print");
  Bytes bytes;
  while (!input.done()) {
    const std::uint8_t sealed = input.next();
    Bytes header = fuzz::bytes_of(input.take(kSumAt));
    header.resize(kHeader);
    const ByteView body = input.take(input.next());
    if ((sealed & 1U) != 0) std::memcpy(header.data(), "PPRT", 4);
    const std::uint64_t body_sum = checksum(body);
    if ((sealed & 2U) != 0) std::memcpy(header.data() + kBodySumAt, &body_sum, sizeof body_sum);
    const std::uint64_t sum = checksum(ByteView(header).first(kSumAt));
    if ((sealed & 4U) != 0) std::memcpy(header.data() + kSumAt, &sum, sizeof sum);
    bytes.insert(bytes.end(), header.begin(), header.end());
    bytes.insert(bytes.end(), body.begin(), body.end());
  }
  put(path, bytes);
  observe::PrintFileReader reader;
  fuzz::require(reader.open(path), "a file that is there is opened");
  std::size_t most = bytes.size() / kHeader;
  while (const auto record = reader.next()) {
    fuzz::require(most-- != 0, "records lie one behind the other");
    reader.units(*record);
    reader.unit_at(record->place);
  }
}

/// With its checksum at the end.
void read_source(ByteView bytes) {
  const fs::path folder = run_directory().path() / "source";
  fs::create_directories(folder);
  Bytes sealed = fuzz::bytes_of(as_bytes(std::string_view("KILNSRC1")));
  sealed.insert(sealed.end(), bytes.begin(), bytes.end());
  const std::uint64_t sum = checksum(sealed);
  const ByteView end = as_bytes({reinterpret_cast<const char*>(&sum), sizeof sum});
  sealed.insert(sealed.end(), end.begin(), end.end());
  put(folder / "1.units", sealed);
  const auto entry = store::rebuild_source_entry(run_directory().path(), 1);
  if (!entry) return;
  store::write_source_copy(run_directory().path(), *entry, {});
  const auto again = store::rebuild_source_entry(run_directory().path(), 1);
  fuzz::require(again && again->hashes == entry->hashes && again->lines == entry->lines,
                "an entry says the same again");
}

void read(std::uint8_t what, fuzz::Choices& input) {
  const std::string text = fuzz::text_of(input.rest());
  switch (what % 8) {
    case 0:
      return read_mark(input.rest());
    case 1:
      return read_launch(input.rest());
    case 2:
      return same_again(job::parse_until_note(text), job::parse_until_note);
    case 3:
      return same_again(job::parse_again_note(text), job::parse_again_note);
    case 4:
      return read_word(text);
    case 5:
      return read_cut_off(input);
    case 6:
      return read_printed(input);
    default:
      read_source(input.rest());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Choices input(data, size);
  const std::uint8_t what = input.next();
  try {
    read(what, input);
  } catch (const Error&) {
  }
  return 0;
}
