#include <kiln/detail/keyed/append_buffer.hpp>

namespace kiln::detail {

void AppendPieces::add_piece(std::uint32_t shard, std::size_t size) {
  auto& pieces = chains_[shard];
  Part& part = parts_[shard];
  if (pieces.size() == pieces.capacity()) pieces.reserve(2 * pieces.capacity() + 4);
  Link link{pool_->take(size), 0};
  if (!pieces.empty()) {
    Link& last = pieces.back();
    last.used = static_cast<std::size_t>(part.at - last.data);
    link.before = last.before + last.used;
  }
  pieces.push_back(link);
  bytes_ += link.size;
  part.at = link.data;
  part.end = link.data + link.size;
}

}  // namespace kiln::detail
