#include "base/condition.hpp"
#include "base/quantity.hpp"
#include "base/tables.hpp"
#include "exec/command_setup.hpp"
#include "store/chunk_codec.hpp"
#include "target.hpp"
#include "units/dataset_slices.hpp"
#include "units/line_files.hpp"
#include "units/unit_payload.hpp"

#include <kiln/codec.hpp>
#include <kiln/detail/forest.hpp>
#include <kiln/monoids.hpp>

#include <map>
#include <string>
#include <vector>

// What travels inside of messages and stands inside of entries: payloads, setups, rows, partial results, packed chunks;
// and the small languages of options.
namespace {

using namespace kiln;  // NOLINT(google-build-using-namespace): a target is one file

constexpr std::size_t kMostChunk = 4096;

template <class T>
Bytes encoded(const T& value) {
  ByteWriter out;
  Codec<T>::write(out, value);
  return out.take();
}

template <class T>
void read_value(ByteView bytes) {
  ByteReader in(bytes, "a value");
  const Bytes once = encoded(Codec<T>::read(in));
  ByteReader again(once, "a value");
  fuzz::require(encoded(Codec<T>::read(again)) == once, "a value means the same when it is read again");
}

template <class T>
void read_descriptor(ByteView bytes) {
  ByteReader in(bytes, "a descriptor");
  const T first = T::decode(in);
  ByteWriter once, twice;
  first.encode(once);
  ByteReader again(once.view(), "a descriptor");
  T::decode(again).encode(twice);
  fuzz::require(std::ranges::equal(once.view(), twice.view()), "a descriptor means the same when it is read again");
}

template <class M>
void read_forest(M monoid, ByteView bytes) {
  detail::ForestOf<M> forest(monoid), again(monoid);
  ByteReader in(bytes, "a forest");
  forest.admit(in);
  ByteWriter once, twice;
  forest.encode(once);
  ByteReader written(once.view(), "a forest");
  again.admit(written);
  again.encode(twice);
  fuzz::require(std::ranges::equal(once.view(), twice.view()), "a forest means the same when it is read again");
  fuzz::require(forest.units() == again.units(), "a forest keeps its units");
}

void read_tables(ByteView bytes) {
  static const Tables tables = {{"a",
                                 {{"n", ColumnType::i32, "", "", 1, false},
                                  {"at", ColumnType::f64, "", "", 3, false},
                                  {"text", ColumnType::text, "", "", 1, false}}},
                                {"b", {{"list", ColumnType::u16, "", "", 1, true}}}};
  ByteReader in(bytes, "tables");
  const std::vector<Rows> rows = decode_tables(in, tables);
  for (std::size_t table = 0; table < rows.size(); ++table) {
    for (std::size_t column = 0; column < rows[table].columns(); ++column) {
      for (std::size_t row = 0; row < rows[table].size(); ++row) rows[table].value_at(column, row);
    }
  }
}

void unpack_chunk(fuzz::Choices& input) {
  const std::size_t width = std::size_t{1} << (input.next() % 4);
  Bytes values(input.next() * width % kMostChunk);
  store::ChunkCodec(width).unpack(input.rest(), values);
}

void read(std::uint8_t what, fuzz::Choices& input) {
  const ByteView bytes = input.rest();
  switch (what % 21) {
    case 0:
      return read_tables(bytes);
    case 1:
      return unpack_chunk(input);
    case 2:
      exec::encode(exec::decode_command_setup(bytes));
      return;
    case 3:
      units::decode_payload(bytes);
      return;
    case 4:
      return read_descriptor<units::LineFiles>(bytes);
    case 5:
      return read_descriptor<units::DatasetSlices>(bytes);
    case 6:
      return read_descriptor<detail::UnitSet>(bytes);
    case 7:
      return read_value<ExactSumValue>(bytes);
    case 8:
      return read_value<QuantileValue>(bytes);
    case 9:
      return read_value<MomentsValue>(bytes);
    case 10:
      return read_value<HistogramValue>(bytes);
    case 11:
      return read_value<TopKValue<double>>(bytes);
    case 12:
      return read_value<std::map<std::string, std::vector<std::int32_t>>>(bytes);
    case 13:
      return read_forest(Sum<double>{}, bytes);
    case 14:
      return read_forest(Sum<std::int64_t>{}, bytes);
    case 15:
      return read_forest(Mean{}, bytes);
    case 16:
      return read_forest(Histogram(0.0, 1.0, 4), bytes);
    case 17:
      parse_condition("--where", as_text(bytes));
      return;
    case 18:
      parse_duration(as_text(bytes));
      return;
    case 19:
      parse_size(as_text(bytes));
      return;
    default:
      parse_count(as_text(bytes));
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
