#include "store/h5_type.hpp"

#include <kiln/error.hpp>

namespace kiln::store {

h5::Type h5_type_of(ColumnType type) {
  switch (type) {
    case ColumnType::u8:
      return h5::Type::u8;
    case ColumnType::i8:
      return h5::Type::i8;
    case ColumnType::u16:
      return h5::Type::u16;
    case ColumnType::i16:
      return h5::Type::i16;
    case ColumnType::u32:
      return h5::Type::u32;
    case ColumnType::i32:
      return h5::Type::i32;
    case ColumnType::u64:
      return h5::Type::u64;
    case ColumnType::i64:
      return h5::Type::i64;
    case ColumnType::f32:
      return h5::Type::f32;
    case ColumnType::f64:
      return h5::Type::f64;
    case ColumnType::text:
      return h5::Type::text;
  }
  throw Error(ExitCode::internal, "unknown column type");
}

}  // namespace kiln::store
