#pragma once

#include <kiln/detail/columns_of.hpp>
#include <kiln/detail/for_each.hpp>

/// KILN_COLUMNS(Type, field, …) behind a struct, in its namespace: from here on objects of it can be rows. The fields
/// become columns in HDF5 and CSV under their names, and the object travels between ranks.
///
///     struct Priced { double strike, maturity, price, error; };
///     KILN_COLUMNS(Priced, strike, maturity, price, error)
///
/// A field is a number (not long double), a bool (0 or 1), an enum (its number), a std::string, a std::array or T[N] of
/// these numbers (a 2-D dataset), or a std::vector of them (a list of its own length in each row). Up to 250 fields;
/// those of a base class too. Fields that are not named are not kept. No field may be called "unit": kiln adds that
/// column to every table.
#define KILN_COLUMNS(Type, ...)                                                                    \
  [[maybe_unused]] constexpr auto kiln_columns(::kiln::detail::TypeTag<Type>) {                    \
    return ::kiln::detail::Members<Type, KILN_DETAIL_LIST(KILN_DETAIL_MEMBER, Type, __VA_ARGS__)>{ \
        {KILN_DETAIL_LIST(KILN_DETAIL_NAME, Type, __VA_ARGS__)}};                                  \
  }

/// KILN_DESCRIBE(Type, field, "unit of measure", "one line for people") behind KILN_COLUMNS: attributes of the column
/// in HDF5. Either text may be "".
///
///     KILN_DESCRIBE(Priced, maturity, "a", "time to maturity")
#define KILN_DESCRIBE(Type, field, unit, text)                                                         \
  static_assert(decltype(kiln_columns(::kiln::detail::TypeTag<Type>{}))::template has<&Type::field>(), \
                "kiln: KILN_DESCRIBE names a field that KILN_COLUMNS does not");                       \
  [[maybe_unused]] constexpr ::kiln::detail::ColumnWords kiln_describe(                                \
      ::kiln::detail::MemberTag<Type, &Type::field>) {                                                 \
    return {unit, text};                                                                               \
  }
