#include "store/entry_codec.hpp"
#include "store/entry_file.hpp"
#include "store/h5.hpp"
#include "target.hpp"

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

// Entries of the journal and segments. HDF5 itself sees only files whose checksum is right; what is tried here are
// whole files of any bytes, and files that are right as HDF5 but whose columns, sizes and numbers are not: a sample of
// an entry is copied, and on the way columns are left out, made longer or shorter, overwritten or given another type.
namespace {

using namespace kiln;  // NOLINT(google-build-using-namespace): a target is one file
using namespace kiln::store;

constexpr std::uint64_t kLimit = 1 << 16;
constexpr std::uint8_t kMostRows = 40;
constexpr std::array<double, 3> kPlace{1, 2, 3};
constexpr std::array<std::uint16_t, 2> kList{1, 2};

Schema columns() {
  return {{"exit_code", ColumnType::i32, "", "", 1, false},
          {"place", ColumnType::f64, "m", "", 3, false},
          {"stdout", ColumnType::text, "", "", 1, false},
          {"list", ColumnType::u16, "", "", 1, true}};
}

Rows some_rows() {
  Rows rows(columns());
  for (const std::uint64_t unit : {2U, 3U, 9U}) {
    rows.begin_row(UnitId(unit));
    rows.put(std::int32_t{7});
    rows.put_array(std::span<const double>(kPlace));
    rows.put_text("out");
    rows.put_list(std::span<const std::uint16_t>(kList));
  }
  return rows;
}

CommitEntry commit() {
  CommitEntry entry;
  for (const std::uint64_t unit : {2U, 3U, 5U, 6U, 20U}) entry.done.insert(single(UnitId(unit)));
  entry.dead.push_back({{UnitId(9), 2, "exit code 3"}, EntryNumber(4)});
  entry.rows = some_rows();
  entry.batches.push_back({BatchId(1), Rank(2), make_interval(2, 7), 5, 1.5, 0.5});
  entry.partials = {Bytes(9), Bytes(3)};
  entry.has_partials = true;
  entry.more.push_back({1, {"more", columns()}, some_rows()});
  SegmentFile segment{"w-1-r0003-000001.h5", 4096, 99, {}};
  segment.units.insert(single(UnitId(20)));
  entry.segments.push_back(segment);
  return entry;
}

std::vector<EntryBody> samples() {
  SourceEntry source{1, 7, 2, {{1, 2}, {3, 4}}, {1, 2}};
  ReopenEntry reopen;
  reopen.units.insert(make_interval(3, 9));
  PlanEntry plan;
  plan.name = "pi";
  plan.description = "range";
  plan.tables = {{"results", columns()}};
  plan.reduces = {{"value", "sum", true}};
  plan.setup = Bytes(5);
  plan.records = {"a file"};
  StageEndEntry end;
  end.values = {Bytes(8), std::nullopt};
  end.show.push_back({0, {"", columns()}, some_rows()});
  return {EpochEntry{"launch", "node7", 11, 1.5},
          source,
          commit(),
          reopen,
          CompactionEntry{{{EntryNumber(1), EntryNumber(64), 1, "m-1.h5", 4096, 5}}},
          VoidEntry{EntryNumber(3), "missing"},
          EndEntry{"launch", protocol::Outcome::complete, 0, 2.5},
          plan,
          end,
          RootEntry{"print", 2, 9},
          GivenEntry{reopen.units}};
}

class Copy {
 public:
  explicit Copy(fuzz::Choices& input) : input_(input) {}

  void group(const h5::Handle& from, const h5::Handle& to) {
    for (const char* name :
         {"launch_id", "host",     "pid",       "started", "version", "fingerprint", "units",    "voided",
          "reason",    "outcome",  "exit_code", "ended",   "inputs",  "before",      "identity", "done",
          "failed",    "rejected", "seconds",   "reduce",  "call",    "name",        "schema"}) {
      if (h5::has_attribute(from, name)) attribute(from, to, name);
    }
    for (const std::string& name : h5::members(from)) {
      std::optional<h5::Handle> dataset;
      try {
        dataset = h5::open_dataset(from, name);
      } catch (const Error&) {
        group(h5::open_group(from, name), h5::create_group(to, name));
      }
      if (dataset) column(*dataset, to, name);
    }
  }

 private:
  void attribute(const h5::Handle& from, const h5::Handle& to, const std::string& name) {
    const std::uint8_t how = input_.next();
    if (how == 1) return;
    if (how == 2) return h5::write_attribute(to, name, as_text(input_.take(input_.next())));
    if (how == 3) {
      std::array<std::byte, 8> value{};
      std::ranges::copy(input_.take(value.size()), value.begin());
      return h5::write_attribute_raw(to, name, h5::Type::u64, value);
    }
    try {
      h5::write_attribute(to, name, h5::read_text_attribute(from, name));
    } catch (const Error&) {
      h5::write_attribute(to, name, h5::read_attribute<double>(from, name));
    }
  }

  void column(const h5::Handle& from, const h5::Handle& to, const std::string& name) {
    const h5::Type type = h5::dataset_type(from);
    const auto dims = h5::shape(from);
    const std::uint64_t columns = dims.size() > 1 ? dims[1] : 0;
    Bytes values(dims[0] * std::max<std::uint64_t>(columns, 1) * h5::width(type));
    if (!values.empty()) h5::read_raw(from, type, 0, dims[0], values);
    const std::uint8_t how = input_.next();
    if (how == 1) return;
    if (how == 2) return write(to, name, h5::Type(input_.next() % 10), input_.next() % 4);
    if (how == 3) return write(to, name, type, columns);
    if (how == 4 && !values.empty()) {
      const auto at = static_cast<std::ptrdiff_t>(input_.next() % values.size());
      const std::size_t room = values.size() - static_cast<std::size_t>(at);
      std::ranges::copy(input_.take(std::min<std::size_t>(input_.next(), room)), values.begin() + at);
    }
    const h5::Handle made = h5::create_dataset(to, name, type, dims[0], {}, columns);
    if (!values.empty()) h5::write_raw(made, type, 0, dims[0], values);
  }

  void write(const h5::Handle& to, const std::string& name, h5::Type type, std::uint64_t columns) {
    const std::uint64_t rows = input_.next() % kMostRows;
    const h5::Handle made = h5::create_dataset(to, name, type, rows, {}, columns);
    Bytes values(rows * std::max<std::uint64_t>(columns, 1) * h5::width(type));
    std::ranges::copy(input_.take(values.size()), values.begin());
    if (!values.empty()) h5::write_raw(made, type, 0, rows, values);
  }

  fuzz::Choices& input_;
};

void read_changed(fuzz::Choices& input) {
  static const std::vector<EntryBody> all = samples();
  const EntryBody& sample = all[input.next() % all.size()];
  const h5::MemoryFile from, to;
  const auto* const committed = std::get_if<CommitEntry>(&sample);
  if (committed != nullptr && input.next() % 2 == 1) {
    write_segment_body(from.root(), *committed, columns());
  } else {
    write_body(from.root(), sample, columns());
  }
  Copy(input).group(from.root(), to.root());
  try {
    const EntryBody body = read_body(to.root(), type_of(sample), true, kLimit);
    fuzz::require(type_of(body) == type_of(sample), "a body is of its type");
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Choices input(data, size);
  if (input.next() % 8 != 0) {
    read_changed(input);
    return 0;
  }
  try {
    const EntryFile file(input.rest(), "entry.h5");
    file.parts();
  } catch (const Damage&) {
  } catch (const Error&) {
  }
  return 0;
}
