#pragma once

#include <kiln/codec.hpp>
#include <kiln/columns.hpp>
#include <kiln/detail/bytes.hpp>
#include <kiln/detail/rows.hpp>
#include <kiln/schema.hpp>

#include <concepts>
#include <cstdint>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace kiln::detail {

/// A value as tables for people and HDF5; the one that says most is called "" and comes first.
using Shown = std::vector<std::pair<Table, Rows>>;

struct ShownColumn {
  std::string name;
  std::variant<std::vector<double>, std::vector<std::uint64_t>> values;
  std::string description;
};
/// Adds a table; the columns have equally many values.
void add_table(Shown& shown, std::string name, const std::vector<ShownColumn>& columns);
/// The one column of these bytes.
Shown show_bytes(ByteView bytes);
/// The tables of a part of a value: `name`, `name`.bins, …
void add_part(Shown& shown, const std::string& name, Shown&& part);

template <class T>
Shown show_rows(const T* values, std::size_t count) {
  Table table{"", ColumnsOf<T>::schema()};
  Rows rows(table.schema);
  for (std::size_t i = 0; i < count; ++i) {
    rows.begin_row(UnitId(i));
    ColumnsOf<T>::append(rows, values[i]);
  }
  Shown shown;
  shown.emplace_back(std::move(table), std::move(rows));
  return shown;
}

template <class T>
concept ShowsItself = requires(const T& value) {
  { value.show() } -> std::same_as<Shown>;
};
template <class T>
inline constexpr bool kIsShownVector = false;
template <class T>
inline constexpr bool kIsShownVector<std::vector<T>> = kHasColumns<T> && !std::is_same_v<T, bool>;

/// A reduced value as tables: what has columns as a row, a std::vector of such as rows, a tuple as one after the other
/// ("0", "1", …); a type may say it itself (`Shown show() const`); what is none of these as the bytes of its codec.
template <class T>
Shown show_value(const T& value) {
  if constexpr (ShowsItself<T>) {
    return value.show();
  } else if constexpr (kIsShownVector<T>) {
    return show_rows(value.data(), value.size());
  } else if constexpr (kHasColumns<T>) {
    return show_rows(&value, 1);
  } else if constexpr (requires { std::tuple_size<T>::value; }) {
    Shown shown;
    std::size_t number = 0;
    std::apply([&](const auto&... part) { (add_part(shown, std::to_string(number++), show_value(part)), ...); }, value);
    return shown;
  } else {
    ByteWriter out;
    Codec<T>::write(out, value);
    return show_bytes(out.view());
  }
}

}  // namespace kiln::detail
