#include "job/print_rows.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <kiln/error.hpp>

namespace kiln::job {
namespace {

std::size_t column(const Schema& schema, std::string_view name) {
  const auto found = std::find_if(schema.begin(), schema.end(), [name](const Column& one) { return one.name == name; });
  if (found == schema.end()) throw Error(ExitCode::internal, fmt::format("there is no column {}", name));
  return static_cast<std::size_t>(found - schema.begin());
}

struct Places {
  explicit Places(const Schema& schema)
      : out(column(schema, "output/stdout")),
        err(column(schema, "output/stderr")),
        out_cut(column(schema, "output/stdout_cut")),
        err_cut(column(schema, "output/stderr_cut")) {}
  std::size_t out, err, out_cut, err_cut;
};

Rows decode(ByteView bytes, const Schema& schema) {
  ByteReader in(bytes, "rows to be printed");
  return Rows::decode(in, schema);
}

}  // namespace

void for_each_output(ByteView bytes, const Schema& schema, const std::function<void(const RowOutputs&)>& visit) {
  const Places places(schema);
  const Rows rows = decode(bytes, schema);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    visit({UnitId(rows.units()[row]), rows.text_at(places.out, row), rows.text_at(places.err, row),
           rows.at<std::uint8_t>(places.out_cut, row) != 0, rows.at<std::uint8_t>(places.err_cut, row) != 0});
  }
}

Bytes without_outputs(ByteView bytes, const Schema& schema) {
  const Places places(schema);
  const Rows rows = decode(bytes, schema);
  Rows kept(schema);
  for (std::size_t row = 0; row < rows.size(); ++row) {
    kept.begin_row(UnitId(rows.units()[row]));
    for (std::size_t i = 0; i < schema.size(); ++i) {
      const std::size_t width = column_width(schema[i].type);
      if (width == 0) {
        kept.put_text(i == places.out || i == places.err ? std::string_view() : rows.text_at(i, row));
      } else if (i == places.out_cut || i == places.err_cut) {
        kept.put(std::uint8_t{0});
      } else if (width == 1) {
        kept.put(rows.at<std::uint8_t>(i, row));
      } else if (width == 4) {
        kept.put(rows.at<std::uint32_t>(i, row));
      } else {
        kept.put(rows.at<std::uint64_t>(i, row));
      }
    }
  }
  ByteWriter out;
  kept.encode(out);
  return out.take();
}

}  // namespace kiln::job
