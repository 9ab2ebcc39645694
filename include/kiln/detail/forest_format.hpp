#pragma once

#include <kiln/codec.hpp>
#include <kiln/detail/bytes.hpp>
#include <kiln/detail/place.hpp>
#include <kiln/error.hpp>
#include <kiln/monoid.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace kiln::detail {

/// The first byte of a forest's encoding: docs/file-format.md, "Partial results".
enum class ForestKind : std::uint8_t { tree = 1, exact = 2, keyed = 3 };

[[noreturn]] void throw_damaged_forest(std::string_view why);
/// Throws kiln::Error (internal) unless the next byte is this kind.
void expect_kind(ByteReader& in, ForestKind kind);
/// Throws kiln::Error (internal) unless the next byte is 0 or 1.
bool read_flag(ByteReader& in);

/// Reads places: whether each is a node of the tree, and behind the one before.
class PlaceCheck {
 public:
  /// Throws kiln::Error (internal) where it is not.
  Place next(ByteReader& in);

 private:
  std::uint64_t end_ = 0;  // behind the last place
};

/// `other` as a forest of the same kind and monoid; throws kiln::Error (internal) where it is another.
template <class F, class Base>
F& same_forest(Base& other) {
  auto* same = dynamic_cast<F*>(&other);
  if (same == nullptr) throw Error(ExitCode::internal, "partial results of two different reductions were to be joined");
  return *same;
}

template <class T>
std::optional<Bytes> encoded(const std::optional<T>& value) {
  if (!value) return std::nullopt;
  ByteWriter out;
  Codec<T>::write(out, *value);
  return out.take();
}

}  // namespace kiln::detail
