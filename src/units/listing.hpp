#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace kiln::units {

/// What tells units of a source apart, by their place in it: 0..size()-1.
class Listing {
 public:
  virtual ~Listing() = default;
  virtual std::uint64_t size() const = 0;
  /// The unit's line, or its index in an array; never negative.
  virtual std::int64_t line(std::uint64_t place) const = 0;
  /// The bytes by which the unit is known: its command, and behind a NUL what else belongs to it. A view into the
  /// source, or into `scratch` where it must be put together.
  virtual std::string_view key(std::uint64_t place, std::string& scratch) const = 0;
  /// It is certain that no key comes twice.
  virtual bool distinct() const { return false; }

 protected:
  Listing() = default;
  Listing(const Listing&) = default;
  Listing(Listing&&) = default;
  Listing& operator=(const Listing&) = default;
  Listing& operator=(Listing&&) = default;
};

}  // namespace kiln::units
