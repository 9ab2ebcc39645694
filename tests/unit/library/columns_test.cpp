#include <kiln/columns.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

namespace outer::inner {

enum class Colour : std::uint8_t { red = 1, blue = 200 };
enum Plain { kOne = 1, kBig = 70'000 };

struct Base {
  std::int16_t inherited = 0;
};

struct Everything : Base {
  bool yes = false;
  char letter = 0;
  std::int8_t a = 0;
  std::uint16_t b = 0;
  int c = 0;
  unsigned d = 0;
  long e = 0;
  unsigned long long f = 0;
  float g = 0;
  double h = 0;
  Colour colour = Colour::red;
  Plain plain = kOne;
  std::array<double, 3> place{};
  short corner[2] = {0, 0};
  std::array<bool, 2> flags{};
  std::string text;
  std::vector<float> list;
  std::vector<bool> bits;
  std::vector<Colour> colours;
  int left_out = 5;
};
KILN_COLUMNS(Everything, inherited, yes, letter, a, b, c, d, e, f, g, h, colour, plain, place, corner, flags, text,
             list, bits, colours)
KILN_DESCRIBE(Everything, place, "m", "where it was")

}  // namespace outer::inner

struct Global {
  double x = 0, y = 0;
};
KILN_COLUMNS(Global, x, y);

namespace kiln {
namespace {

using detail::ColumnsOf;
using outer::inner::Colour;
using outer::inner::Everything;

struct Wide {
  int a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4, c5, c6, c7,
      c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9;
};
KILN_COLUMNS(Wide, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, c0, c1, c2, c3, c4,
             c5, c6, c7, c8, c9, d0, d1, d2, d3, d4, d5, d6, d7, d8, d9)

Everything sample() {
  Everything one;
  one.inherited = -300;
  one.yes = true;
  one.letter = 'k';
  one.a = -7;
  one.b = 65'535;
  one.c = std::numeric_limits<int>::min();
  one.d = std::numeric_limits<unsigned>::max();
  one.e = std::numeric_limits<long>::min();
  one.f = std::numeric_limits<unsigned long long>::max();
  one.g = 0.1F;
  one.h = std::numeric_limits<double>::quiet_NaN();
  one.colour = Colour::blue;
  one.plain = outer::inner::kBig;
  one.place = {1, -0.0, std::numeric_limits<double>::infinity()};
  one.corner[0] = -1;
  one.corner[1] = 2;
  one.flags = {true, false};
  one.text = std::string("a\0\xff", 3);
  one.list = {1.5F, -2.5F};
  one.bits = {true, false, true};
  one.colours = {Colour::blue};
  return one;
}

TEST(Columns, HaveNamesTypesAndWords) {
  const Schema schema = ColumnsOf<Everything>::schema();
  ASSERT_EQ(schema.size(), 20U);
  const std::vector<ColumnType> types = {ColumnType::i16,  ColumnType::u8,  ColumnType::i8,  ColumnType::i8,
                                         ColumnType::u16,  ColumnType::i32, ColumnType::u32, ColumnType::i64,
                                         ColumnType::u64,  ColumnType::f32, ColumnType::f64, ColumnType::u8,
                                         ColumnType::u32,  ColumnType::f64, ColumnType::i16, ColumnType::u8,
                                         ColumnType::text, ColumnType::f32, ColumnType::u8,  ColumnType::u8};
  for (std::size_t i = 0; i < schema.size(); ++i) EXPECT_EQ(schema[i].type, types[i]) << schema[i].name;
  EXPECT_EQ(schema[0].name, "inherited");
  EXPECT_EQ(schema[13], (Column{"place", ColumnType::f64, "m", "where it was", 3, false}));
  EXPECT_EQ(schema[14].count, 2U);
  EXPECT_EQ(schema[17], (Column{"list", ColumnType::f32, "", "", 1, true}));
  EXPECT_TRUE(schema[19].list);
}

TEST(Columns, ObjectsComeBackAsTheyWere) {
  Rows rows(ColumnsOf<Everything>::schema());
  const Everything wanted = sample();
  for (std::uint64_t unit = 0; unit < 3; ++unit) {
    rows.begin_row(UnitId(unit));
    ColumnsOf<Everything>::append(rows, unit == 1 ? wanted : Everything());
  }
  const Everything back = ColumnsOf<Everything>::read(rows, 1);
  EXPECT_EQ(back.inherited, wanted.inherited);
  EXPECT_EQ(back.yes, wanted.yes);
  EXPECT_EQ(back.letter, wanted.letter);
  EXPECT_EQ(back.a, wanted.a);
  EXPECT_EQ(back.b, wanted.b);
  EXPECT_EQ(back.c, wanted.c);
  EXPECT_EQ(back.d, wanted.d);
  EXPECT_EQ(back.e, wanted.e);
  EXPECT_EQ(back.f, wanted.f);
  EXPECT_EQ(back.g, wanted.g);
  EXPECT_TRUE(std::isnan(back.h));
  EXPECT_EQ(back.colour, wanted.colour);
  EXPECT_EQ(back.plain, wanted.plain);
  EXPECT_EQ(back.place, wanted.place);
  EXPECT_TRUE(std::signbit(back.place[1]));
  EXPECT_EQ(back.corner[0], wanted.corner[0]);
  EXPECT_EQ(back.corner[1], wanted.corner[1]);
  EXPECT_EQ(back.flags, wanted.flags);
  EXPECT_EQ(back.text, wanted.text);
  EXPECT_EQ(back.list, wanted.list);
  EXPECT_EQ(back.bits, wanted.bits);
  EXPECT_EQ(back.colours, wanted.colours);
  EXPECT_EQ(back.left_out, 5);
  EXPECT_EQ(ColumnsOf<Everything>::read(rows, 2).list, std::vector<float>());
}

TEST(Columns, FortyFieldsAndTheGlobalNamespace) {
  EXPECT_EQ(ColumnsOf<Wide>::schema().size(), 40U);
  EXPECT_EQ(ColumnsOf<Wide>::schema().back().name, "d9");
  EXPECT_EQ(ColumnsOf<Global>::schema()[1].name, "y");
}

template <class T>
T there_and_back(const T& value) {
  Rows rows(ColumnsOf<T>::schema());
  rows.begin_row(UnitId(0));
  ColumnsOf<T>::append(rows, value);
  return ColumnsOf<T>::read(rows, 0);
}

TEST(Columns, OfPlainTypesAreOneCalledValue) {
  EXPECT_EQ(ColumnsOf<double>::schema(), (Schema{{"value", ColumnType::f64, "", ""}}));
  EXPECT_EQ((ColumnsOf<std::array<int, 4>>::schema()[0].count), 4U);
  EXPECT_EQ(there_and_back(2.5), 2.5);
  EXPECT_EQ(there_and_back(true), true);
  EXPECT_EQ(there_and_back(Colour::blue), Colour::blue);
  EXPECT_EQ(there_and_back(std::string("text")), "text");
  EXPECT_EQ(there_and_back(std::vector<int>{1, 2}), (std::vector<int>{1, 2}));
  EXPECT_EQ(there_and_back(std::array<char, 2>{'a', 'b'}), (std::array<char, 2>{'a', 'b'}));
  static_assert(detail::kHasColumns<std::pair<int, std::string>>);
  static_assert(!detail::kHasColumns<std::pair<int, std::pair<int, int>>>);
}

static_assert(!detail::are_distinct(std::array<std::string_view, 2>{"a", "a"}));
static_assert(!detail::are_distinct(std::array<std::string_view, 2>{"a", "a_offsets"}));
static_assert(detail::are_distinct(std::array<std::string_view, 2>{"a", "b_offsets"}));

}  // namespace
}  // namespace kiln
