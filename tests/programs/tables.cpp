// Rows of two tables, lists and arrays, values of several kinds, dead letters and rejected lines, in three stages.
#include <kiln/kiln.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

namespace {

struct Point {
  std::array<float, 3> place;
  std::vector<std::int16_t> codes;
  std::string name;
  double root;
};
KILN_COLUMNS(Point, place, codes, name, root)
KILN_DESCRIBE(Point, root, "m", "square root of the unit's number")

struct Parity {
  bool even;
  std::uint64_t square;
};
KILN_COLUMNS(Parity, even, square)

Point make_point(std::uint64_t unit) {
  if (unit % 1000 == 7) throw std::runtime_error("unlucky\xff");
  Point point;
  const auto x = static_cast<float>(unit);
  point.place = {x, x / 2, -x};
  point.codes.assign(unit % 4, static_cast<std::int16_t>(-static_cast<std::int32_t>(unit % 100)));
  point.name = unit % 10 == 3 ? std::string("a\0b", 3) : "unit " + std::to_string(unit);
  point.root = unit == 0 ? std::numeric_limits<double>::quiet_NaN() : std::sqrt(static_cast<double>(unit));
  return point;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t units = 100;
  std::vector<std::string> files;
  kiln::Program program("tables", "Fills every kind of table.");
  program.option("--units", units, "how many");
  program.files(files, "lines, each a number");
  return kiln::run_main(program, argc, argv, [&](kiln::Session& session) {
    kiln::Flow first("points");
    const auto points = first.range(units).map(make_point);
    const auto report = session.run(points.into(
        kiln::to_rows("points"),
        kiln::to_rows("parities",
                      [](const Point& point) {
                        const auto x = static_cast<std::uint64_t>(point.place[0]);
                        return std::vector<Parity>(x % 3, Parity{x % 2 == 0, x * x});
                      }),
        kiln::to_reduce(
            kiln::Histogram(0, 10, 5), [](const Point& point) { return point.root; }, "roots"),
        kiln::to_reduce(
            std::plus<>{}, [](const Point& point) { return point.codes.size(); }, "codes"),
        kiln::to_reduce(
            kiln::All(kiln::Mean{}, kiln::Count{}), [](const Point& point) { return point.place[1]; }, "halves")));

    kiln::Flow second("lines");
    const auto numbers = second.lines(files).map([](const kiln::Line& line) {
      const std::string text(line.text);
      if (text.find_first_not_of("0123456789") != std::string::npos) throw kiln::Rejected("no number");
      return std::stoull(text);
    });
    session.run(numbers.into(kiln::to_rows("numbers"), kiln::to_reduce(std::plus<>{}, "sum"),
                             kiln::to_reduce(kiln::Collect<std::uint64_t>{}, "all")));

    kiln::Flow third("again");
    session.run(third.range(10).filter([](std::uint64_t) { return false; }).reduce(std::plus<>{}, "none"));
    session.run(kiln::Flow("last").range(10).reduce(std::plus<>{}, "sum"));
    return report.exit_code();
  });
}
