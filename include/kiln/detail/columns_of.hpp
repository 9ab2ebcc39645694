#pragma once

#include <kiln/detail/field.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace kiln::detail {

/// Argument-dependent lookup by a type: how what stands beside a type is found from anywhere.
template <class T>
struct TypeTag {};
template <class T, auto Member>
struct MemberTag {};

/// What KILN_COLUMNS says of T.
template <class T, auto... Pointers>
struct Members {
  using Type = T;
  static constexpr std::size_t kCount = sizeof...(Pointers);
  static_assert(kCount > 0, "kiln: KILN_COLUMNS wants the names of fields behind the type");
  std::array<std::string_view, kCount> names;

  template <auto Pointer>
  static constexpr bool has() {
    return (std::is_same_v<MemberTag<T, Pointers>, MemberTag<T, Pointer>> || ...);
  }
};

/// What KILN_DESCRIBE says of a column.
struct ColumnWords {
  std::string_view unit, text;
};

template <class T>
concept Described = requires(TypeTag<T> tag) { kiln_columns(tag); };

template <class Pointer>
struct FieldTypeOf;
template <class T, class F>
struct FieldTypeOf<F T::*> {
  using type = std::remove_cv_t<F>;
};
template <auto Pointer>
using FieldType = typename FieldTypeOf<decltype(Pointer)>::type;

/// Whether the names of columns, with those that are made of them in files, are all different.
constexpr bool are_distinct(std::span<const std::string_view> names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (names[i] == names[j]) return false;
    }
    for (const std::string_view end : {"_ends", "_bytes", "_values", "_offsets", "_escaped"}) {
      if (!names[i].ends_with(end)) continue;
      const std::string_view begin = names[i].substr(0, names[i].size() - end.size());
      for (const std::string_view other : names) {
        if (other == begin) return false;
      }
    }
  }
  return true;
}
constexpr bool has_name(std::span<const std::string_view> names, std::string_view wanted) {
  for (const std::string_view name : names) {
    if (name == wanted) return true;
  }
  return false;
}

template <class List>
struct StructColumns;

/// The columns of a type with KILN_COLUMNS.
template <class T, auto... Pointers>
struct StructColumns<Members<T, Pointers...>> {
  static constexpr auto kMembers = kiln_columns(TypeTag<T>{});
  static_assert(
      !has_name(kMembers.names, "unit"),
      "kiln: a field in KILN_COLUMNS is called 'unit', as the column with the number of the unit that kiln adds "
      "to every table: give the field another name");
  static_assert(are_distinct(kMembers.names),
                "kiln: two fields in KILN_COLUMNS have the same name, or one is called as another with _ends, _bytes, "
                "_values, _offsets or _escaped behind it, which files need: give one another name");

  static Schema schema() {
    Schema all{column<Pointers>()...};
    for (std::size_t i = 0; i < all.size(); ++i) all[i].name = kMembers.names[i];
    return all;
  }
  static void append(Rows& rows, const T& object) { (Field<FieldType<Pointers>>::put(rows, object.*Pointers), ...); }
  static T read(const Rows& rows, std::size_t row) {
    static_assert(std::is_default_constructible_v<T>, "kiln: to be read from rows, a type needs a default constructor");
    T object{};
    std::size_t column = 0;
    (Field<FieldType<Pointers>>::get(rows, column++, row, object.*Pointers), ...);
    return object;
  }

 private:
  template <auto Pointer>
  static Column column() {
    Column one = Field<FieldType<Pointer>>::column();
    if constexpr (requires { kiln_describe(MemberTag<T, Pointer>{}); }) {
      constexpr ColumnWords words = kiln_describe(MemberTag<T, Pointer>{});
      one.unit = words.unit;
      one.description = words.text;
    }
    return one;
  }
};

/// The columns of a row type: of a struct with KILN_COLUMNS its fields; of a number, text, array or std::vector of
/// numbers the one column "value".
template <class T>
struct ColumnsOf {
  static_assert(
      kNever<T>,
      "kiln: rows of this type have no columns. Write KILN_COLUMNS(TheType, field, ...) behind the struct, in "
      "its own namespace (#include <kiln/columns.hpp>); or let a row be a number, a std::string, a std::array "
      "or a std::vector of numbers; or a std::pair of these: its columns are called key and value. Of other pairs "
      "and tuples make a struct: columns need names");
  static Schema schema();
  static void append(Rows& rows, const T& object);
  static T read(const Rows& rows, std::size_t row);
};

template <Described T>
using MembersOf = decltype(kiln_columns(TypeTag<T>{}));

template <Described T>
struct ColumnsOf<T> {
  using Columns = StructColumns<MembersOf<T>>;

  static Schema schema() { return Columns::schema(); }
  /// Behind rows.begin_row().
  static void append(Rows& rows, const T& object) { Columns::append(rows, object); }
  static T read(const Rows& rows, std::size_t row) { return Columns::read(rows, row); }
};

template <class T>
  requires(!Described<T> && kIsField<T>)
struct ColumnsOf<T> {
  static Schema schema() {
    Schema schema{Field<T>::column()};
    schema[0].name = "value";
    return schema;
  }
  static void append(Rows& rows, const T& object) { Field<T>::put(rows, object); }
  static T read(const Rows& rows, std::size_t row) {
    T object{};
    Field<T>::get(rows, 0, row, object);
    return object;
  }
};

/// What steps by key give: the columns "key" and "value".
template <class K, class V>
  requires(kIsField<K> && kIsField<V>)
struct ColumnsOf<std::pair<K, V>> {
  static Schema schema() {
    Schema schema{Field<K>::column(), Field<V>::column()};
    schema[0].name = "key";
    schema[1].name = "value";
    return schema;
  }
  static void append(Rows& rows, const std::pair<K, V>& row) {
    Field<K>::put(rows, row.first);
    Field<V>::put(rows, row.second);
  }
  static std::pair<K, V> read(const Rows& rows, std::size_t row) {
    std::pair<K, V> both;
    Field<K>::get(rows, 0, row, both.first);
    Field<V>::get(rows, 1, row, both.second);
    return both;
  }
};

template <class T>
inline constexpr bool kIsFieldPair = false;
template <class K, class V>
inline constexpr bool kIsFieldPair<std::pair<K, V>> = kIsField<K> && kIsField<V>;

/// Whether rows of T have columns.
template <class T>
inline constexpr bool kHasColumns = Described<T> || kIsField<T> || kIsFieldPair<T>;

}  // namespace kiln::detail
