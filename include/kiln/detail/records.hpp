#pragma once

#include <kiln/detail/columns_of.hpp>
#include <kiln/detail/sources.hpp>
#include <kiln/detail/stage.hpp>
#include <kiln/records.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// Structs with KILN_COLUMNS read from lines of JSON or CSV. The parsers are compiled once, in the library: they know
/// fields, not types; a call of theirs reads many records.
namespace kiln::detail {

/// A field of a struct, for who does not know the struct.
struct RecordField {
  Column column;          ///< name, type of the numbers, how many
  bool boolean = false;   ///< of type u8, which is 0 or 1
  bool optional = false;  ///< may be missing
  /// Sets the field of `object`: of text `count` bytes, else `count` numbers of the column's type.
  void (*assign)(void* object, const void* data, std::size_t count) = nullptr;
  /// Sets an optional field to none.
  void (*clear)(void* object) = nullptr;
};

struct RecordFormat {
  enum class Kind : std::uint8_t { json = 1, csv = 2 };
  Kind kind = Kind::json;
  bool strict = false;
  char separator = ',';
  bool multiline = false;
  std::vector<RecordField> fields;
};

/// Room for records that are read at a time, `size` of each.
struct RecordSlots {
  void* objects = nullptr;  ///< the first; the next one is `stride` bytes behind it
  std::size_t stride = 0;
  std::size_t size = 0;
  RecordPlace* places = nullptr;
  std::string* reasons = nullptr;  ///< why it was rejected; "" where the object has what it says
};

/// Reads the records of units. One thread at a time.
class RecordReader {
 public:
  virtual ~RecordReader() = default;
  /// Begins with a unit. `input` must live until the last read().
  virtual void open(UnitId unit, UnitInput& input) = 0;
  /// Fills the first slots and returns how many: the next records in order; 0 at the unit's end. Places are valid
  /// until the next call. Throws as UnitInput.
  virtual std::size_t read(const RecordSlots& slots) = 0;
};

/// `format` must live as long.
std::unique_ptr<RecordReader> make_record_reader(const RecordFormat& format);
/// The files of `patterns`. Throws kiln::Error (usage) where options make no sense, or as lines_spec().
SourceSpec records_spec(std::vector<std::string> patterns, std::uint64_t split,
                        std::shared_ptr<const RecordFormat> format);

template <class F>
struct OptionalOf {
  using type = F;
  static constexpr bool kIs = false;
};
template <class F>
struct OptionalOf<std::optional<F>> {
  using type = F;
  static constexpr bool kIs = true;
};

/// How a value is made of what a parser has read.
template <class F>
struct RecordValue {
  static_assert(kIsNumber<F>, "kiln: a field of this type cannot be read from records");
  static void assign(F& value, const void* data, std::size_t) {
    value = from_number<F>(*static_cast<const Number<F>*>(data));
  }
};
template <>
struct RecordValue<std::string> {
  static void assign(std::string& value, const void* data, std::size_t count) {
    value.assign(static_cast<const char*>(data), count);
  }
};
template <class N>
struct RecordNumbers {
  template <class Out>
  static void copy(const void* data, std::size_t count, Out out) {
    const std::span numbers(static_cast<const Number<N>*>(data), count);
    std::transform(numbers.begin(), numbers.end(), out, from_number<N>);
  }
};
template <class N, std::size_t kCount>
struct RecordValue<std::array<N, kCount>> {
  static void assign(std::array<N, kCount>& value, const void* data, std::size_t count) {
    RecordNumbers<N>::copy(data, count, value.begin());
  }
};
template <class N, std::size_t kCount>
struct RecordValue<N[kCount]> {
  static void assign(N (&value)[kCount], const void* data, std::size_t count) {
    RecordNumbers<N>::copy(data, count, &value[0]);
  }
};
template <class N, class Allocator>
struct RecordValue<std::vector<N, Allocator>> {
  static void assign(std::vector<N, Allocator>& value, const void* data, std::size_t count) {
    value.resize(count);
    RecordNumbers<N>::copy(data, count, value.begin());
  }
};

template <class T, auto Pointer>
struct RecordMember {
  using Given = FieldType<Pointer>;
  using Value = typename OptionalOf<Given>::type;

  static void assign(void* object, const void* data, std::size_t count) {
    Given& field = static_cast<T*>(object)->*Pointer;
    if constexpr (OptionalOf<Given>::kIs) {
      if (!field) field.emplace();
      RecordValue<Value>::assign(*field, data, count);
    } else {
      RecordValue<Value>::assign(field, data, count);
    }
  }
  static void clear(void* object) {
    if constexpr (OptionalOf<Given>::kIs) (static_cast<T*>(object)->*Pointer).reset();
  }
  static RecordField describe() {
    return {Field<Value>::column(), std::is_same_v<Value, bool>, OptionalOf<Given>::kIs, &assign, &clear};
  }
};

template <class T, auto... Pointers>
std::vector<RecordField> record_fields(const Members<T, Pointers...>& members) {
  std::vector<RecordField> fields{RecordMember<T, Pointers>::describe()...};
  for (std::size_t i = 0; i < fields.size(); ++i) fields[i].column.name = members.names[i];
  return fields;
}

/// The records of the units of a source of lines, as objects of T.
template <class T>
struct RecordSource {
  static_assert(Described<T>,
                "kiln: records of this type have no fields: write KILN_COLUMNS(TheType, field, ...) behind the struct, "
                "in its own namespace (#include <kiln/columns.hpp>)");
  static_assert(std::is_default_constructible_v<T>,
                "kiln: to be read from records, a type needs a default constructor");
  using Item = const T&;
  static constexpr bool kHasRecords = true;
  /// each() has a second function, for records that are none.
  static constexpr bool kRejects = true;
  static constexpr std::size_t kAtOnce = 64;

  /// Calls record(T, RecordPlace) with each record of the unit, or reject(reason, RecordPlace).
  template <class Record, class Reject>
  void each(UnitId unit, const StageHost& host, Record&& record, Reject&& reject) const {
    const std::unique_ptr<RecordReader> reader = make_record_reader(*format);
    std::vector<T> objects(kAtOnce);
    std::array<RecordPlace, kAtOnce> places;
    std::array<std::string, kAtOnce> reasons;
    const RecordSlots slots{objects.data(), sizeof(T), kAtOnce, places.data(), reasons.data()};
    reader->open(unit, *host.input);
    while (const std::size_t count = reader->read(slots)) {
      for (std::size_t i = 0; i < count; ++i) {
        if (reasons[i].empty()) {
          record(std::as_const(objects[i]), places[i]);
        } else {
          reject(reasons[i].c_str(), places[i]);
        }
      }
      end_block(record);
    }
  }

  std::shared_ptr<const RecordFormat> format;
};

template <class T>
RecordSource<T> json_source(const JsonOptions& options) {
  RecordFormat format;
  format.strict = options.strict;
  format.fields = record_fields(kiln_columns(TypeTag<T>{}));
  return {std::make_shared<const RecordFormat>(std::move(format))};
}

template <class T>
RecordSource<T> csv_source(const CsvOptions& options) {
  RecordFormat format;
  format.kind = RecordFormat::Kind::csv;
  format.strict = options.strict;
  format.separator = options.separator;
  format.multiline = options.multiline;
  format.fields = record_fields(kiln_columns(TypeTag<T>{}));
  return {std::make_shared<const RecordFormat>(std::move(format))};
}

}  // namespace kiln::detail
