#include <kiln/codec.hpp>

#include <gtest/gtest.h>

#include <kiln/columns.hpp>
#include <kiln/inputs.hpp>
#include <kiln/serialization.hpp>

#include <bit>
#include <cmath>
#include <deque>
#include <map>
#include <random>
#include <set>

#include <boost/serialization/complex.hpp>
#include <boost/serialization/vector.hpp>

namespace kiln {
namespace {

enum class Colour : std::int16_t { red = -1, blue = 300 };

struct Point {
  double x = 0;
  std::vector<int> list;
  std::string corner[2];
  std::map<int, std::string> names;  // no column, but it travels
  friend bool operator==(const Point& a, const Point& b) {
    return a.x == b.x && a.list == b.list && a.corner[0] == b.corner[0] && a.corner[1] == b.corner[1] &&
           a.names == b.names;
  }
};
KILN_COLUMNS(Point, x, list, corner, names)

// Neither a default constructor nor an assignment.
struct Own {
  explicit Own(int number) : value(number) {}
  const int value;
  void encode(ByteWriter& out) const { out.put(std::int32_t{value}); }
  static Own decode(ByteReader& in) { return Own(in.get<std::int32_t>()); }
  friend bool operator==(const Own& a, const Own& b) { return a.value == b.value; }
};

struct Nothing {
  void encode(ByteWriter&) const {}
  static Nothing decode(ByteReader&) { return {}; }
  friend bool operator==(Nothing, Nothing) { return true; }
};

struct Boosted {
  int a = 0;
  std::vector<double> list;
  template <class Archive>
  void serialize(Archive& archive, unsigned) {
    archive& a& list;
  }
  friend bool operator==(const Boosted&, const Boosted&) = default;
};

template <class T>
Bytes encoded(const T& value) {
  ByteWriter out;
  Codec<T>::write(out, value);
  return out.take();
}

template <class T>
T decoded(const Bytes& bytes) {
  ByteReader in(bytes, "a value");
  T value = Codec<T>::read(in);
  in.expect_done();
  return value;
}

// There and back, then every way to cut the bytes, then many ways to spoil them.
template <class T>
void expect_travels(const T& value) {
  const Bytes good = encoded(value);
  EXPECT_EQ(decoded<T>(good), value);
  EXPECT_EQ(encoded(decoded<T>(good)), good);
  for (std::size_t length = 0; length < good.size(); ++length) {
    const Bytes cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_THROW(decoded<T>(cut), Error) << length;
  }
  std::mt19937_64 random(5);
  for (int round = 0; round < 300 && !good.empty(); ++round) {
    Bytes bad = good;
    bad[random() % bad.size()] = static_cast<std::byte>(random());
    try {
      const T other = decoded<T>(bad);
      EXPECT_EQ(encoded(other), bad);  // canonical: what can be read is what would be written
    } catch (const Error&) {
    }
  }
}

TEST(Codec, Numbers) {
  expect_travels(std::int8_t{-5});
  expect_travels(true);
  expect_travels(Colour::blue);
  expect_travels(~0ULL);
  expect_travels(-0.0);
  EXPECT_TRUE(std::signbit(decoded<double>(encoded(-0.0))));
  const auto nan = std::bit_cast<double>(0x7ff0'0000'dead'beefULL);
  EXPECT_EQ(std::bit_cast<std::uint64_t>(decoded<double>(encoded(nan))), 0x7ff0'0000'dead'beefULL);
}

TEST(Codec, LongDoubleHasNoPadding) {
  const long double third = 1.0L / 3;
  EXPECT_EQ(decoded<long double>(encoded(third)), third);
  if (std::numeric_limits<long double>::digits == 64) {
    EXPECT_EQ(encoded(third).size(), 10U);
  }
}

TEST(Codec, Containers) {
  expect_travels(std::string("a\0\xff", 3));
  expect_travels(std::vector<double>{1, 2, 3});
  expect_travels(std::vector<bool>{true, false, true});
  expect_travels(std::vector<std::string>{"", "b"});
  expect_travels(std::deque<int>{1, 2});
  expect_travels(std::array<float, 3>{1, 2, 3});
  expect_travels(std::array<std::string, 2>{"x", "yy"});
  expect_travels(std::pair<int, std::string>{1, "x"});
  expect_travels(std::tuple<int, bool, std::vector<int>>{1, true, {2}});
  expect_travels(std::optional<int>{3});
  expect_travels(std::optional<int>{});
  expect_travels(std::variant<std::monostate, int, std::string>{"text"});
  expect_travels(std::map<std::string, std::vector<int>>{{"a", {1}}, {"b", {}}});
  expect_travels(std::multimap<int, int>{{1, 2}, {1, 1}, {2, 0}});
  expect_travels(std::set<std::pair<int, int>>{{1, 2}, {2, 1}});
}

TEST(Codec, TypesOfTheUser) {
  expect_travels(Point{1.5, {1, 2}, {"a", ""}, {{1, "one"}}});
  expect_travels(std::vector<Point>{{}, {2, {3}, {"", "z"}, {}}});
  expect_travels(Own(7));
  expect_travels(std::vector<Own>{Own(1), Own(2)});
  expect_travels(std::optional<Own>(Own(3)));
  expect_travels(std::vector<Nothing>(5));
}

TEST(Codec, BoostSerialization) {
  const Boosted value{7, {1.5, 2.5}};
  const Bytes bytes = encoded(value);
  EXPECT_EQ(decoded<Boosted>(bytes), value);
  EXPECT_EQ(encoded(decoded<Boosted>(bytes)), bytes);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_THROW(decoded<Boosted>(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length))), Error);
  }
  using Complex = std::vector<std::complex<double>>;
  EXPECT_EQ(decoded<Complex>(encoded(Complex{{1, 2}, {3, 4}})), (Complex{{1, 2}, {3, 4}}));
}

// A count that cannot be true costs an error and no memory.
TEST(Codec, CountsAreNotBelieved) {
  for (const std::uint64_t count : {std::uint64_t{3}, std::uint64_t{1} << 40, ~std::uint64_t{0}}) {
    ByteWriter out;
    out.put(count);
    out.put(std::uint16_t{0});
    const Bytes bytes = out.take();
    EXPECT_THROW(decoded<std::vector<double>>(bytes), Error);
    EXPECT_THROW(decoded<std::vector<Nothing>>(bytes), Error);
    EXPECT_THROW(decoded<std::string>(bytes), Error);
    EXPECT_THROW((decoded<std::map<int, int>>(bytes)), Error);
    EXPECT_THROW(decoded<std::vector<Point>>(bytes), Error);
  }
}

TEST(Codec, KeysTwiceOrOutOfOrderAreDamage) {
  const auto bytes_of = [](std::int32_t a, std::int32_t b) {
    ByteWriter out;
    out.put(std::uint64_t{2});
    out.put(a);
    out.put(b);
    return out.take();
  };
  EXPECT_EQ(decoded<std::set<int>>(bytes_of(1, 2)), (std::set<int>{1, 2}));
  EXPECT_THROW(decoded<std::set<int>>(bytes_of(2, 1)), Error);
  EXPECT_THROW(decoded<std::set<int>>(bytes_of(1, 1)), Error);
}

TEST(Inputs, DifferInEachBitOrderAndNumber) {
  const std::vector<double> a{1, 2}, b{2, 1}, zero{0.0, 1}, minus{-0.0, 1};
  EXPECT_EQ(inputs(a, 1), inputs(std::vector<double>{1, 2}, 1));
  EXPECT_NE(inputs(a), inputs(b));
  EXPECT_NE(inputs(a, b), inputs(b, a));
  EXPECT_NE(inputs(zero), inputs(minus));
  EXPECT_NE(inputs(a), inputs(a, a));
  EXPECT_NE(inputs(), inputs(0));
  EXPECT_EQ(inputs("text"), inputs(std::string("text")));
  EXPECT_NE(inputs("ab", "c"), inputs("a", "bc"));
}

}  // namespace
}  // namespace kiln
