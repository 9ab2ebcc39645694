#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace mandelbrot {

/// The part of the plane that is shown: `size` x `size` pixels.
struct View {
  double left = -2.3, top = 1.3, width = 3.4;
  std::uint64_t size = 2048, tile = 64;
  std::uint32_t most = 2000;  // iterations

  std::uint64_t across() const { return (size + tile - 1) / tile; }
  double x(std::uint64_t column) const {
    return left + (static_cast<double>(column) + 0.5) * width / static_cast<double>(size);
  }
  double y(std::uint64_t row) const {
    return top - (static_cast<double>(row) + 0.5) * width / static_cast<double>(size);
  }
};

/// Iterations until z -> z^2 + c leaves the circle of radius 2; `most` where it does not.
inline std::uint32_t escape(double cx, double cy, std::uint32_t most) {
  double x = 0, y = 0, xx = 0, yy = 0;
  std::uint32_t n = 0;
  for (; n < most && xx + yy <= 4; ++n) {
    y = 2 * x * y + cy;
    x = xx - yy + cx;
    xx = x * x;
    yy = y * y;
  }
  return n;
}

struct Tile {
  std::uint64_t number = 0;
  std::uint64_t work = 0;            // iterations
  std::uint64_t inside = 0;          // pixels that never escaped
  std::vector<std::uint8_t> pixels;  // row by row, at most tile x tile
};

inline std::uint8_t shade(std::uint32_t n, std::uint32_t most) {
  if (n == most) return 0;
  return static_cast<std::uint8_t>(40 + 215 * std::sqrt(std::min(1.0, std::log1p(n) / std::log1p(most))));
}

inline Tile render(const View& view, std::uint64_t number) {
  Tile tile{number, 0, 0, {}};
  const std::uint64_t row = number / view.across() * view.tile, column = number % view.across() * view.tile;
  for (std::uint64_t r = row; r < std::min(row + view.tile, view.size); ++r) {
    for (std::uint64_t c = column; c < std::min(column + view.tile, view.size); ++c) {
      const std::uint32_t n = escape(view.x(c), view.y(r), view.most);
      tile.work += n;
      tile.inside += n == view.most ? 1 : 0;
      tile.pixels.push_back(shade(n, view.most));
    }
  }
  return tile;
}

}  // namespace mandelbrot
