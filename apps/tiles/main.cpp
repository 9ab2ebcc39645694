// tiles: the Mandelbrot set as a PNG, rendered in tiles of very uneven cost. docs/programs/tiles.md
#include "mandelbrot.hpp"
#include "png_file.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdint>
#include <cstdio>
#include <kiln/kiln.hpp>
#include <string>
#include <vector>

namespace mandelbrot {
KILN_COLUMNS(Tile, number, work, inside, pixels)
}  // namespace mandelbrot

namespace {

using mandelbrot::Tile;
using mandelbrot::View;

/// All tiles as one picture.
std::vector<std::uint8_t> assemble(const View& view, const std::vector<Tile>& tiles) {
  std::vector<std::uint8_t> picture(view.size * view.size);
  for (const Tile& tile : tiles) {
    const std::uint64_t row = tile.number / view.across() * view.tile, column = tile.number % view.across() * view.tile;
    const std::uint64_t wide = std::min(view.tile, view.size - column);
    for (std::size_t i = 0; i < tile.pixels.size(); ++i) {
      picture[(row + i / wide) * view.size + column + i % wide] = tile.pixels[i];
    }
  }
  return picture;
}

/// How much longer the largest of `workers` equal shares of consecutive tiles takes than their mean.
double fixed_split(const std::vector<Tile>& tiles, std::size_t workers) {
  double all = 0, most = 0;
  for (std::size_t i = 0; i < workers; ++i) {
    double share = 0;
    for (std::size_t t = tiles.size() * i / workers; t < tiles.size() * (i + 1) / workers; ++t) {
      share += static_cast<double>(tiles[t].work);
    }
    all += share;
    most = std::max(most, share);
  }
  return most * static_cast<double>(workers) / all;
}

/// The picture against the definition, z -> z^2 + c in complex numbers, at every `step`-th pixel: how many differ.
std::size_t differences(const View& view, const std::vector<std::uint8_t>& picture, std::size_t step) {
  std::size_t different = 0;
  for (std::size_t i = 0; i < picture.size(); i += step) {
    const std::complex<double> c(view.x(i % view.size), view.y(i / view.size));
    std::complex<double> z = 0;
    std::uint32_t n = 0;
    for (; n < view.most && std::norm(z) <= 4; ++n) z = z * z + c;
    different += picture[i] != mandelbrot::shade(n, view.most) ? 1 : 0;
  }
  return different;
}

}  // namespace

int main(int argc, char** argv) {
  View view;
  std::string picture_name;
  kiln::Program program("tiles", "Renders the Mandelbrot set in tiles and writes it as a PNG.");
  program.option("--size", view.size, "pixels on each side");
  program.option("--tile", view.tile, "pixels on each side of a tile");
  program.option("--most", view.most, "iterations after which a point counts as inside");
  program.option("--picture", picture_name, "the PNG; without it a file beside the run directory");
  return kiln::run_main(program, argc, argv, [&](kiln::Session& session) {
    if (view.size == 0 || view.tile == 0 || view.most == 0)
      throw kiln::Error(kiln::ExitCode::usage, "--size, --tile and --most want at least 1");
    if (picture_name.empty()) picture_name = session.beside("png");
    kiln::Flow flow("tiles");
    auto tiles = flow.range(view.across() * view.across())
                     .map([&](std::uint64_t number) { return mandelbrot::render(view, number); })
                     .reduce(kiln::Collect<Tile>{}, "tiles");
    const auto report = session.run(tiles, kiln::inputs(view.size, view.tile, view.most));
    const std::vector<Tile>& all = report.value;

    std::uint64_t inside = 0;
    for (const Tile& tile : all) inside += tile.inside;
    const double pixel = view.width / static_cast<double>(view.size);
    const double area = static_cast<double>(inside) * pixel * pixel;
    const std::vector<std::uint8_t> picture = assemble(view, all);
    const std::size_t different = differences(view, picture, 997);
    // 1.5065918849(28): pixel counting by T. Foerstemann, 2012. What needs more iterations to escape is counted here
    // too.
    const bool good = std::abs(area - 1.50659) < 0.01 && different <= picture.size() / 997 / 1000;
    session.at_root("write the picture", [&] { write_png(picture_name, picture, view.size); });
    session.at_root("print", [&] {
      std::printf("%zu tiles; in 2, 4 and 8 fixed shares the largest would take %.2f, %.2f and %.2f times the mean\n",
                  all.size(), fixed_split(all, 2), fixed_split(all, 4), fixed_split(all, 8));
      std::printf("area %.4f (known: 1.5066); %zu of %zu pixels differ from the definition\n", area, different,
                  picture.size() / 997 + 1);
      std::printf("the stage took %.3f s\n", report.seconds);
      std::printf("picture: %s\ncheck: %s\n", picture_name.c_str(), good ? "good" : "NOT GOOD");
    });
    return good ? report.exit_code() : 1;
  });
}
